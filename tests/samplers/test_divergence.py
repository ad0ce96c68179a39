"""Divergence through the estimator: caught, restored, warned about; never NaN."""

import pickle
import warnings
from copy import deepcopy

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from skgan import GANSampler
from skgan.callbacks import DivergenceWarning
from skgan.encoding import ImageEncoder, VectorEncoder
from skgan.modules import DISCRIMINATORS, GENERATORS
from skgan.objectives import LOSSES, PENALTIES
from skgan.samplers._training import epoch_length

# Three epochs, as short as they are made.
EPOCH = epoch_length(1000)
MAX_ITER = 3 * EPOCH
NETWORKS = ("generator_", "discriminator_", "averaged_generator_")


def make_rows(n=100, d=2):
    return np.random.default_rng(0).normal([5.0, -3.0, 0.0, 9.0][:d], 2.0, (n, d))


def make_sampler(**params):
    defaults = {
        "hidden_dims": (8,),
        "batch_size": 16,
        "max_iter": MAX_ITER,
        "learning_rate": 1e-3,
        "average_halflife": 10.0,
        "random_state": 0,
    }
    return GANSampler(**{**defaults, **params})


def states_of(net):
    return {name: deepcopy(getattr(net, name).state_dict()) for name in NETWORKS}


def assert_equal(ours, theirs):
    """Compare weights; the calibration is made anew from those restored."""
    for name in NETWORKS:
        for key, value in ours[name].items():
            if key in ("mixing", "shift"):
                continue
            assert torch.equal(value, theirs[name][key]), (name, key)


def assert_sound(sampler, rows):
    """Every weight is finite, and every sample too, within the range seen."""
    for name in NETWORKS:
        for parameter in getattr(sampler.net_, name).parameters():
            assert parameter.isfinite().all()
    drawn = sampler.sample(300, random_state=0)
    assert np.isfinite(drawn).all()
    assert (drawn >= rows.min(axis=0)).all() and (drawn <= rows.max(axis=0)).all()
    assert np.isfinite(sampler.score(rows))
    assert np.isfinite(sampler.transform(rows)).all()


class Poison(Callback):
    """Write NaN into a network after so many updates; keep the states before."""

    def __init__(self, network, after, exception=None):
        self.network, self.after, self.exception = network, after, exception

    def on_train_begin(self, net, **kwargs):
        self.n_updates, self.good = 0, [states_of(net)]

    def on_batch_end(self, net, **kwargs):
        self.n_updates += 1
        if self.n_updates == self.after:
            nn.init.constant_(next(getattr(net, self.network).parameters()), np.nan)
            if self.exception is not None:
                raise self.exception

    def on_epoch_end(self, net, **kwargs):
        self.good.append(states_of(net))


@pytest.mark.parametrize("network", ["generator_", "discriminator_"])
@pytest.mark.parametrize("after", [1, EPOCH, EPOCH + 10, 2 * EPOCH + 1])
def test_weights_go_back_to_the_last_good_epoch(network, after):
    poison = Poison(network, after)
    sampler = make_sampler(callbacks=[poison])
    with pytest.warns(DivergenceWarning) as caught:
        sampler.fit(make_rows())
    assert len(caught) == 1
    n_good = (after - 1) // EPOCH
    assert f"update {n_good * EPOCH} were restored" in str(caught[0].message)
    assert_equal(states_of(sampler.net_), poison.good[n_good])
    # It ends with the epoch in which it diverged, and that is in the history.
    assert len(sampler.history_) == n_good + 1
    assert sampler.n_iter_ == (n_good + 1) * EPOCH <= after + EPOCH
    assert_sound(sampler, make_rows())


def test_divergence_in_the_first_epoch_leaves_the_start():
    poison = Poison("generator_", after=3)
    with pytest.warns(DivergenceWarning, match="update 0 were restored"):
        sampler = make_sampler(callbacks=[poison]).fit(make_rows())
    untrained = make_sampler(max_iter=1, learning_rate=1e-30).fit(make_rows())
    np.testing.assert_allclose(
        sampler.sample(99, random_state=0),
        untrained.sample(99, random_state=0),
        rtol=1e-5,
    )


@pytest.mark.parametrize("which", ["discriminator", "generator"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e9])
def test_a_loss_that_breaks_down_after_a_while(which, bad):
    calls = []

    def breaks(real_logits, fake_logits):
        calls.append(None)
        return fake_logits.mean() * 1e-3 + (bad if len(calls) > EPOCH + 5 else 0.0)

    def holds(real_logits, fake_logits):
        return fake_logits.square().mean()

    loss = (breaks, holds) if which == "discriminator" else (holds, breaks)
    sampler = make_sampler(loss=loss)
    with pytest.warns(DivergenceWarning, match="loss reached") as caught:
        sampler.fit(make_rows())
    assert len(caught) == 1 and sampler.n_iter_ == 2 * EPOCH
    losses = [batch[f"{which}_loss"] for batch in sampler.history_[-1]["batches"]]
    assert len(losses) == EPOCH and abs(losses[0]) < 1e6 and not abs(losses[-1]) < 1e6
    assert_sound(sampler, make_rows())


@pytest.mark.parametrize("networks", ["mlp", "residual_mlp"])
def test_a_step_too_long(networks):
    sampler = make_sampler(
        loss="wasserstein",
        penalty=None,
        learning_rate=1e3,
        generator=networks,
        discriminator=networks,
        hidden_dims=(8, 8),
    )
    with pytest.warns(DivergenceWarning, match=r"Training diverged: .* lower learn"):
        sampler.fit(make_rows())
    assert sampler.n_iter_ <= EPOCH
    assert_sound(sampler, make_rows())


def test_the_warning_says_who_diverged_and_what_to_do():
    with pytest.warns(DivergenceWarning) as caught:
        make_sampler(callbacks=[Poison("generator_", 1)]).fit(make_rows())
    message = str(caught[0].message)
    for word in ("diverged", "restored", "learning_rate", "penalty_weight"):
        assert word in message


@pytest.mark.parametrize("where", [3, EPOCH + 3])
def test_an_interruption_with_bad_weights(where):
    poison = Poison("generator_", where, exception=KeyboardInterrupt)
    sampler = make_sampler(callbacks=[poison])
    with (
        pytest.warns(DivergenceWarning) as caught,
        pytest.raises(KeyboardInterrupt),
    ):
        sampler.fit(make_rows())
    assert len(caught) == 1
    assert_equal(states_of(sampler.net_), poison.good[where // EPOCH])
    assert_sound(sampler, make_rows())


def test_with_early_stopping_the_best_of_the_good_ones_is_kept():
    poison = Poison("generator_", 2 * EPOCH + 3)
    sampler = make_sampler(early_stopping=True, callbacks=[poison])
    with pytest.warns(DivergenceWarning) as caught:
        sampler.fit(make_rows())
    assert len(caught) == 1
    scores = sampler.history_[:, "valid_score"]
    assert len(scores) == 3 and np.isfinite(scores).all()
    best = int(np.argmax(scores[:2]))
    averages = states_of(sampler.net_)["averaged_generator_"]
    for key, value in poison.good[best + 1]["averaged_generator_"].items():
        assert torch.equal(value, averages[key])


def test_training_can_go_on_from_what_was_restored():
    rows = make_rows()
    sampler = make_sampler(callbacks=[Poison("generator_", 10)], warm_start=True)
    with pytest.warns(DivergenceWarning):
        sampler.fit(rows)
    done = sampler.n_iter_
    sampler.set_params(callbacks=None, max_iter=20).fit(rows)
    assert sampler.n_iter_ == done + 20
    assert_sound(sampler, rows)
    twin = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(twin.sample(9), sampler.sample(9))


def test_within_a_time_limit():
    sampler = make_sampler(
        callbacks=[Poison("generator_", 2)], max_time=1.0, max_iter=10**6
    )
    with pytest.warns(DivergenceWarning):
        sampler.fit(make_rows())
    assert_sound(sampler, make_rows())


@pytest.mark.parametrize("n", [12, 100, 500])
@pytest.mark.parametrize("d", [1, 4])
def test_silent_where_nothing_diverges(n, d):
    sampler = GANSampler(max_iter=40, hidden_dims=(32, 32), random_state=0)
    rows = make_rows(n, d)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampler.fit(rows)
    assert sampler.n_iter_ == 40
    assert_sound(sampler, rows)


# -- settings drawn at random

OF_IMAGES = ("dcgan", "residual_conv", "strided_conv")


def draw_settings(rng):
    """Settings from the whole of the documented ranges, sensible or not."""

    def choose(*values):
        return values[rng.integers(len(values))]

    curve = choose("constant", "linear", "cosine", "geometric")
    halves = {
        "learning_rate": (curve, 0.1),
        "penalty_weight": (curve, 5.0),
        "beta2": (curve, 0.5, 0.999),
    }
    return {
        "generator": choose(*GENERATORS),
        "discriminator": choose(*DISCRIMINATORS),
        "hidden_dims": choose((4,), (8, 8), (16, 4, 8)),
        "latent_dim": choose("auto", 64, 70),
        "loss": choose(*LOSSES),
        "penalty": choose(None, *PENALTIES),
        "penalty_weight": choose("auto", 0, 10.0 ** rng.uniform(-4, 4)),
        "learning_rate": choose("auto", 10.0 ** rng.uniform(-6, 3)),
        "batch_size": choose("auto", 1, 2, 7, 64),
        "n_discriminator_steps": choose(1, 2, 5),
        "average_halflife": choose("auto", None, 0.0, 1e3),
        "schedule": choose("annealed", "constant", halves),
        "early_stopping": bool(rng.random() < 0.3),
        "max_time": choose(None, 60.0),
        "random_state": int(rng.integers(1000)),
    }


def draw_rows(rng):
    """Vectors, counts, heavy tails, constants, huge ones, images."""
    kind = rng.integers(7)
    n = int(rng.choice([10, 40, 90]))
    if kind == 0:
        return rng.random((n, 4, 4)), "auto"
    if kind == 1:
        return rng.integers(0, 256, (n, 16)).astype(float), ImageEncoder(shape=(4, 4))
    d = int(rng.integers(1, 7))
    rows = [
        rng.normal(size=(n, d)),
        rng.standard_t(1, (n, d)),
        rng.poisson(1.0, (n, d)).astype(float),
        rng.normal(size=(n, d)) * 1e300,
        np.ones((n, d)) * np.arange(d),
    ][kind - 2]
    rotate, clip = (bool(flag) for flag in rng.integers(2, size=2))
    return rows, VectorEncoder(rotate=rotate, clip=clip or kind == 5)


@pytest.mark.parametrize("block", range(8))
def test_not_one_sample_that_is_not_a_number(block):
    for i in range(6):
        rng = np.random.default_rng([block, i])
        settings = draw_settings(rng)
        rows, encoder = draw_rows(rng)
        if not (rows.ndim > 2 or isinstance(encoder, ImageEncoder)):
            for role in ("generator", "discriminator"):
                if settings[role] in OF_IMAGES:
                    settings[role] = "mlp"
        sampler = GANSampler(max_iter=10, encoder=encoder, **settings)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sampler.fit(rows)
        kinds = [warning.category for warning in caught]
        assert kinds in ([], [DivergenceWarning]), (settings, kinds)
        assert np.isfinite(sampler.sample(50)).all(), settings
        assert np.isfinite(sampler.score(rows)), settings
        for name, parameter in sampler.net_.get_all_learnable_params():
            assert parameter.isfinite().all(), (name, settings)
        if not kinds:
            losses = [b["generator_loss"] for b in sampler.history_[-1]["batches"]]
            assert np.isfinite(losses).all() and sampler.n_iter_ == 10
