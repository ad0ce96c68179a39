"""Several processes train what one would: same start, same batches, same weights.

Run as a script, this file forks processes that fit together over the loopback address,
after everything was imported once.
"""

import os
import pickle
import signal
import socket
import sys
import traceback
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from skgan import ConditionalGANSampler, GANSampler
from skgan.callbacks import TrainingCheckpoint
from skgan.modules import MLPDiscriminator, MLPGenerator
from skgan.nets import AdversarialNet, InfoGANNet, is_first_process
from skgan.nets._joint import whole_batch_layers

N_UPDATES = 30
FEW_UPDATES = 10


class NormalizedGenerator(nn.Module):
    """Its rows depend on the other rows of a batch, and on numbers drawn for it."""

    def __init__(self, latent_dim, output_shape, **ignored):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, 8),
            nn.BatchNorm1d(8),
            nn.SiLU(),
            nn.Linear(8, output_shape[0]),
        )

    def forward(self, z):
        return self.layers(z)


class NormalizedDiscriminator(NormalizedGenerator):
    couples_batch = True

    def __init__(self, input_shape, **ignored):
        super().__init__(input_shape[0], (1,))
        self.layers.append(nn.Dropout(0.3))


class TellingDiscriminator(MLPDiscriminator):
    """Tells two classes by the same number as real from fake."""

    def judge_and_classify(self, x, condition):
        logits = self(x, condition)
        return logits, torch.cat([logits, -logits], dim=1)


def two_classes(rows, y, generator):
    is_first = rows[:, :1] > 1
    return torch.cat([is_first, ~is_first], dim=1).to(rows.dtype)


NETS = {
    "exact penalty": {
        "loss": "relativistic",
        "penalty": "r1+r2",
        "average_halflife": 5.0,
        "n_updates": N_UPDATES,
    },
    "penalty by differences": {
        "loss": "relativistic",
        "penalty": "r1+r2-difference",
    },
    "penalty between": {
        "loss": "wasserstein",
        "penalty": "wgan-gp",
        "penalty_interval": 2,
        "n_discriminator_steps": 2,
        "augmentation": "instance_noise",
    },
    "batch statistics": {
        "generator": NormalizedGenerator,
        "discriminator": NormalizedDiscriminator,
        "penalty": "r1",
    },
    "classes": {
        "discriminator": TellingDiscriminator,
        "loss": "relativistic",
        "penalty": "r1+r2-difference",
        "conditioning": two_classes,
        "class_weight": 1.0,
        "generator__condition_dim": 2,
        "discriminator__condition_dim": 2,
    },
    "codes": {
        "net_class": InfoGANNet,
        "loss": "relativistic",
        "n_categories": 3,
        "n_continuous": 1,
    },
}


def digest(net):
    return {
        f"{name}.{key}": value.double().numpy()
        for name, module in net.modules_.items()
        for key, value in module.state_dict().items()
    }


def fit_net(X, net_class=AdversarialNet, n_updates=FEW_UPDATES, **params):
    """Weights after a fit in float64, so that only what is wrong differs."""
    defaults = {
        "generator": MLPGenerator,
        "discriminator": MLPDiscriminator,
        "latent_dim": 3,
        "batch_size": 33,
        "max_epochs": 1,
        "lr": 1e-3,
        "random_state": 0,
        "verbose": 0,
        "generator__output_shape": (2,),
        "generator__hidden_dims": (8,),
        "discriminator__input_shape": (2,),
        "discriminator__hidden_dims": (8,),
        "iterator_train__n_batches": n_updates,
    }
    torch.set_default_dtype(torch.float64)
    try:
        net = net_class(**{**defaults, **params}).fit(X)
    finally:
        torch.set_default_dtype(torch.float32)
    return digest(net)


def two_columns(n=96):
    return torch.as_tensor(np.random.default_rng(0).normal(1, 2, size=(n, 2)))


def fit_nets():
    return {name: fit_net(two_columns(), **params) for name, params in NETS.items()}


def table():
    import pandas as pd

    rng = np.random.default_rng(0)
    levels = rng.choice(["x", "y", "z"], 120)
    numbers = rng.normal(size=120) + 2 * (levels == "x")
    return pd.DataFrame({"number": numbers, "level": levels})


SAMPLERS = {
    "conditions, moments, early stopping": lambda: GANSampler(
        prior="normal",
        early_stopping=True,
        hidden_dims=(8,),
        batch_size=32,
        max_iter=2 * FEW_UPDATES,
        random_state=0,
        net_params={"precision": "float32"},
    ).fit(table()),
    "labels, no seed of their own": lambda: ConditionalGANSampler(
        prior="normal",
        hidden_dims=(8,),
        max_iter=FEW_UPDATES,
        random_state=0 if "RANK" not in os.environ else int(os.environ["RANK"]),
        verbose=1,
    ).fit(table()[["number"]].to_numpy(), table()["level"]),
    "trees": lambda: GANSampler(
        early_stopping=True,
        hidden_dims=(8,),
        max_iter=FEW_UPDATES,
        random_state=0,
        verbose=1,
        net_params={"precision": "float32"},
    ).fit(table()),
}


def fit_samplers():
    """What fits end with: weights, stage, scores, length, a sample."""
    results = {}
    for name, fit in SAMPLERS.items():
        sampler = fit()
        results[name] = {
            "weights": digest(sampler.net_),
            "stage": (sampler.stage_, sampler.n_iter_),
            "scores": [e["valid_score"] for e in sampler.history_ if "valid_score" in e]
            + list(sampler.stage_scores_.values()),
            "sample": str(sampler.sample(4, random_state=0)),
        }
    return results


def message(function):
    try:
        function()
    except (ValueError, RuntimeError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


def fit_wrongly():
    """Messages of fits that are refused, in all processes."""
    rank = int(os.environ["RANK"])
    loader = {"iterator_train": torch.utils.data.DataLoader}
    small = {"hidden_dims": (8,), "max_iter": 2, "prior": "normal"}
    return {
        "rows": message(lambda: fit_net(two_columns(96 + rank))),
        "few": message(lambda: fit_net(two_columns(1))),
        "loader": message(lambda: fit_net(two_columns(), **loader)),
        "parameters": message(
            lambda: GANSampler(learning_rate=0.1 * (rank + 1), **small).fit(table())
        ),
        "sampler's rows": message(
            lambda: GANSampler(**small).fit(table()[: 100 + rank])
        ),
        "first": message(
            lambda: GANSampler(checkpoint="/dev/null/no", **small).fit(table())
        ),
    }


def encode_by_two_clocks():
    """Rows as encoded after a fit for whose rotation the second has no time left."""
    from skgan._deadline import Deadline
    from skgan.encoding.vector import _rotation

    rng = np.random.default_rng(0)
    rows = rng.integers(3, size=(400, 2)) + 0.05 * rng.normal(size=(400, 2))
    rows = rows @ np.array([[1.0, 0.5], [-0.5, 1.0]])
    params = {"early_stopping": False, "rejection": None, "random_state": 0}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # Of networks that are not trained.
        warnings.simplefilter("ignore", UserWarning)
        if os.environ["RANK"] == "1":
            patch.setattr(_rotation, "current_deadline", lambda: Deadline(0.0))
        return [
            GANSampler(max_iter=0, max_time=60, prior=prior, **params)
            .fit(rows)
            .encoder_.transform(rows)
            for prior in ("normal", "trees")
        ]


class Killed(Callback):
    """Ends a process as kill -9 does."""

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == 4 and os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGKILL)


def fit_with_checkpoint(folder, callbacks=()):
    sampler = GANSampler(
        prior="normal",
        hidden_dims=(8,),
        batch_size=16,
        max_iter=30,
        random_state=0,
        early_stopping=True,
        callbacks=list(callbacks),
        checkpoint=TrainingCheckpoint(folder, updates=1),
        net_params={"max_epochs": 10, "iterator_train__n_batches": 3},
    )
    return digest(sampler.fit(two_columns().numpy()).net_)


def run_together(folder):
    """All fits that need a group; the process group is made by the first."""
    printed = StringIO()
    with redirect_stdout(printed):
        results = {
            "nets": fit_nets(),
            "samplers": fit_samplers(),
            "wrong": fit_wrongly(),
            "clocks": encode_by_two_clocks(),
            "whole": fit_with_checkpoint(folder / "whole"),
            "first": is_first_process(),
        }
    return {**results, "printed": printed.getvalue()}


def run_killed(folder):
    return message(lambda: fit_with_checkpoint(folder / "killed", [Killed()]))


def run_again(folder):
    assert list((folder / "killed").iterdir())
    return fit_with_checkpoint(folder / "killed")


def run_alone(folder):
    return {"nets": fit_nets(), "samplers": fit_samplers()}


def fork(function, folder, n_processes):
    """Call a function in new processes; return what it gives in each, or None."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    children = []
    for rank in range(n_processes):
        child = os.fork()
        if child == 0:
            try:
                if n_processes > 1:
                    os.environ |= {
                        "RANK": str(rank),
                        "WORLD_SIZE": str(n_processes),
                        "MASTER_ADDR": "127.0.0.1",
                        "MASTER_PORT": port,
                    }
                result = pickle.dumps(function(folder))
                (folder / f"{function.__name__}{rank}").write_bytes(result)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    files = [folder / f"{function.__name__}{rank}" for rank in range(n_processes)]
    return [pickle.loads(f.read_bytes()) if f.exists() else None for f in files]


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    RESULTS = {
        "alone": fork(run_alone, FOLDER, 1)[0],
        "together": fork(run_together, FOLDER, 2),
        "killed": fork(run_killed, FOLDER, 2),
        "again": fork(run_again, FOLDER, 2),
    }
    (FOLDER / "results").write_bytes(pickle.dumps(RESULTS))


@pytest.fixture(scope="module")
def results(tmp_path_factory, run_script):
    if not hasattr(os, "fork"):
        pytest.skip("processes are forked here")
    folder = tmp_path_factory.mktemp("processes")
    _, errors = run_script(Path(__file__).read_text("utf-8"), folder)
    assert "Traceback" not in errors and "exit status" not in errors, errors
    return pickle.loads((folder / "results").read_bytes())


@pytest.mark.parametrize("name", NETS)
def test_two_processes_train_what_one_does(results, name):
    alone = results["alone"]["nets"][name]
    first, second = (process["nets"][name] for process in results["together"])
    for key in alone:
        np.testing.assert_allclose(first[key], alone[key], rtol=0, atol=1e-7)
        assert np.array_equal(first[key], second[key])


@pytest.mark.parametrize("name", SAMPLERS)
def test_two_processes_fit_the_sampler_that_one_does(results, name):
    alone = results["alone"]["samplers"][name]
    first, second = (process["samplers"][name] for process in results["together"])
    assert first["stage"] == second["stage"] == alone["stage"]
    assert first["sample"] == second["sample"]
    assert first["scores"] == second["scores"]
    np.testing.assert_allclose(first["scores"], alone["scores"], rtol=0, atol=0.02)
    for key in alone["weights"]:
        assert np.array_equal(first["weights"][key], second["weights"][key])
        np.testing.assert_allclose(
            first["weights"][key], alone["weights"][key], rtol=0, atol=2e-3
        )


def test_what_the_clock_decides_is_decided_once(results):
    first, second = (process["clocks"] for process in results["together"])
    assert len(first) == 2 and np.array_equal(first, second)


def test_batch_statistics_of_many_rows_in_bfloat16():
    layer, rows = nn.BatchNorm1d(2), 3 + torch.randn(1000, 2)
    processes = SimpleNamespace(n_rows=1000, sum=lambda values: values)
    with whole_batch_layers([layer, nn.Sequential(layer)], processes):
        found = layer(rows.bfloat16())
    wanted = nn.BatchNorm1d(2)(rows)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), wanted, atol=0.02, rtol=0.02)
    assert abs(layer.running_mean - 0.1 * rows.mean(0)).max() < 2e-4


def test_the_first_process_alone_prints(results):
    first, second = results["together"]
    assert first["first"] and not second["first"]
    assert "Kept the stage" in first["printed"]
    assert second["printed"] == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows", "were not given the same: rows"),
        ("few", "2 processes share batches of 1 row,"),
        ("loader", "Several processes share each batch, and iterator_train="),
        ("parameters", "were not given the same: learning_rate"),
        ("sampler's rows", "were not given the same: X"),
    ],
)
def test_what_processes_cannot_share_is_refused_by_all(results, name, text):
    for process in results["together"]:
        assert text in process["wrong"][name]


def test_errors_of_the_first_process_reach_all(results):
    assert (
        "The first process of this fit failed with NotADirectoryError"
        in (results["together"][1]["wrong"]["first"])
    )


def test_a_killed_process_ends_the_others(results):
    first, second = results["killed"]
    assert second is None
    assert first.startswith("RuntimeError: Process 0 of 2 no longer hears from another")
    assert "checkpoint=... goes on from the last checkpoint" in first


def test_a_restart_goes_on_from_the_checkpoint_to_the_bit(results):
    whole = results["together"][0]["whole"]
    for again in results["again"]:
        assert all(np.array_equal(again[key], whole[key]) for key in whole)


def test_an_unknown_backend_is_refused():
    distributed = pytest.importorskip("torch.testing._internal.distributed.fake_pg")
    store = distributed.FakeStore()
    torch.distributed.init_process_group("fake", rank=0, world_size=2, store=store)
    try:
        with pytest.raises(ValueError, match=r"'fake'.*init_process_group\('gloo'\)"):
            fit_net(two_columns())
    finally:
        torch.distributed.destroy_process_group()
