"""Checkpoints: a fit that breaks off goes on, and ends where it would have ended."""

import logging
import os
import pickle
import shutil
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback, EarlyStopping
from torch import nn

import skgan
from skgan import ConditionalGANSampler, GANSampler, load, save
from skgan.callbacks import AugmentationRamp, LRScheduler, TrainingCheckpoint
from skgan.callbacks._checkpoint import FILE_NAME, read_checkpoint
from skgan.encoding import TableEncoder
from skgan.loader import BatchLoader, TensorData
from skgan.modules import MLPDiscriminator, MLPGenerator

N = 60
N_EPOCHS, PER_EPOCH = 5, 4
EPOCHS = {"max_epochs": N_EPOCHS, "iterator_train__n_batches": PER_EPOCH}
CLASSES = np.repeat(["oak", "elm", "ash"], N // 3)


def make_rows(n=N, d=3):
    return np.random.default_rng(0).normal([5.0, -3.0, 0.0, 9.0][:d], 2.0, (n, d))


def make_images():
    return np.random.default_rng(0).integers(0, 256, (N, 8, 8), dtype=np.uint8)


def make_table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": np.where(rng.random(N) < 0.2, np.nan, rng.normal(size=N)),
            "kind": pd.Categorical(rng.choice(["a", "b", "c"], N)),
            "count": rng.poisson(3, N),
            "text": rng.choice(["x", "y"], N),
        }
    )


def make_sampler(kind=GANSampler, net_params=None, **params):
    defaults = {
        "hidden_dims": (8,),
        "batch_size": 16,
        "max_iter": N_EPOCHS * PER_EPOCH,
        "random_state": 0,
    }
    return kind(**{**defaults, **params}, net_params={**EPOCHS, **(net_params or {})})


class Keep(Callback):
    """Keep what lies in a folder when each epoch begins."""

    def __init__(self, folder):
        self.folder = folder

    def on_epoch_begin(self, net, **kwargs):
        file = self.folder / FILE_NAME
        if file.exists():
            shutil.copy(file, self.folder / f"{len(net.history)}.kept")


class Break(Callback):
    """Raise an exception when an epoch has begun."""

    def __init__(self, epoch, exception=KeyboardInterrupt):
        self.epoch, self.exception = epoch, exception

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise self.exception


class Count(Callback):
    def __init__(self):
        self.n_steps = 0

    def on_batch_begin(self, net, **kwargs):
        self.n_steps += 1


def fit_and_keep(sampler, folder, *data):
    """Fit with a checkpoint at each epoch, of which copies are kept."""
    callbacks = [*(sampler.callbacks or ()), Keep(folder)]
    checkpoint = TrainingCheckpoint(folder, updates=1)
    return sampler.set_params(checkpoint=checkpoint, callbacks=callbacks).fit(*data)


def break_off(sampler, folder, *data, epoch=3, exception=KeyboardInterrupt):
    """Fit until an epoch has begun."""
    callbacks = [*(sampler.callbacks or ()), Break(epoch, exception)]
    checkpoint = TrainingCheckpoint(folder, updates=1)
    sampler = clone(sampler).set_params(checkpoint=checkpoint, callbacks=callbacks)
    with pytest.raises(exception):
        sampler.fit(*data)
    return sampler


def without_times(history):
    return [{k: v for k, v in row.items() if k != "dur"} for row in history]


def assert_same(ours, theirs):
    """Every weight, moment and stream is the same, bit for bit; so is what is drawn."""
    for name in ours.net_.modules_:
        states = [getattr(s.net_, f"{name}_").state_dict() for s in (ours, theirs)]
        assert states[0].keys() == states[1].keys()
        for key, value in states[0].items():
            assert torch.equal(value, states[1][key]), (name, key)
    for name in ours.net_.optimizers_:
        states = [getattr(s.net_, f"{name}_").state_dict() for s in (ours, theirs)]
        assert repr(states[0]) == repr(states[1])
        for index, moments in states[0]["state"].items():
            for key, value in moments.items():
                value = torch.as_tensor(value)
                there = torch.as_tensor(states[1]["state"][index][key])
                assert torch.equal(value, there)
                assert value.ndim < 4 or value.stride() == there.stride()
    for name in ("latent_stream_", "order_stream_"):
        streams = [getattr(s.net_, name).get_state() for s in (ours, theirs)]
        assert torch.equal(*streams)
    assert without_times(ours.history_) == without_times(theirs.history_)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours._seeds == theirs._seeds
    states = [s._stream.get_state(legacy=False) for s in (ours, theirs)]
    assert repr(states[0]) == repr(states[1])
    draws = [s.sample(9, random_state=1) for s in (ours, theirs)]
    assert repr(draws[0]) == repr(draws[1])


# -- it goes on, whatever is fitted


class WithDropout(MLPDiscriminator):
    """Draws from the global stream in training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.layers.insert(1, nn.Dropout(0.5))


class Drift(Callback):
    """Has a state of its own, on which training depends."""

    def on_train_begin(self, net, **kwargs):
        self.offsets = torch.zeros(1)
        self.seen = [0]

    def on_epoch_begin(self, net, **kwargs):
        self.offsets = self.offsets + 1e-3
        self.seen.append(len(self.seen))
        next(net.generator_.parameters()).data.add_(self.offsets * len(self.seen))


class Own(Drift):
    """Says itself what its state is."""

    def get_training_state(self):
        return {"state": [self.offsets, *self.seen]}

    def set_training_state(self, net, state):
        self.offsets, *self.seen = state["state"]


def scheduler(policy, network="generator", **kwargs):
    return LRScheduler(policy, network=network, **kwargs)


SAMPLERS = {
    "vectors": lambda: (make_sampler(), make_rows()),
    "early stopping": lambda: (make_sampler(early_stopping=True), make_rows()),
    "early stopping of labels": lambda: (
        make_sampler(ConditionalGANSampler, early_stopping=True),
        make_rows(),
        CLASSES,
    ),
    "no average": lambda: (make_sampler(average_halflife=None), make_rows()),
    "constant": lambda: (make_sampler(schedule="constant"), make_rows()),
    "beta2": lambda: (
        make_sampler(schedule={"beta2": ("linear", 0.5, 0.9)}),
        make_rows(),
    ),
    "steps of the discriminator": lambda: (
        make_sampler(n_discriminator_steps=2, batch_size=7),
        make_rows(),
    ),
    "an interval of the penalty": lambda: (
        make_sampler(penalty="wgan-gp", net_params={"penalty_interval": 3}),
        make_rows(),
    ),
    "dropout": lambda: (make_sampler(discriminator=WithDropout), make_rows()),
    "momentum": lambda: (
        make_sampler(
            net_params={
                "optimizer_generator": torch.optim.RMSprop,
                "optimizer_discriminator": torch.optim.SGD,
                "optimizer_discriminator__momentum": 0.9,
                "optimizer_generator__lr": 1e-3,
            }
        ),
        make_rows(),
    ),
    "half precision": lambda: (
        make_sampler(net_params={"precision": "bfloat16"}),
        make_rows(),
    ),
    "schedulers": lambda: (
        make_sampler(
            schedule="constant",
            callbacks=[
                scheduler(torch.optim.lr_scheduler.StepLR, step_size=2, gamma=0.5),
                scheduler(
                    torch.optim.lr_scheduler.ReduceLROnPlateau,
                    network="discriminator",
                    monitor="generator_loss",
                    patience=0,
                ),
            ],
        ),
        make_rows(),
    ),
    "states of callbacks": lambda: (
        make_sampler(callbacks=[("drift", Drift())]),
        make_rows(),
    ),
    "states that callbacks tell": lambda: (
        make_sampler(callbacks=[("own", Own())]),
        make_rows(),
    ),
    "skorch's early stopping": lambda: (
        make_sampler(
            callbacks=[
                EarlyStopping("generator_loss", patience=3, load_best=True, sink=id)
            ]
        ),
        make_rows(),
    ),
    "much time": lambda: (make_sampler(max_time=1e6, schedule="constant"), make_rows()),
    "images": lambda: (
        make_sampler(
            net_params={"augmentation": "translation"},
            callbacks=[AugmentationRamp(15)],
        ),
        make_images(),
    ),
    "convolutions": lambda: (
        make_sampler(generator="strided_conv", discriminator="strided_conv"),
        make_images(),
    ),
    "a table": lambda: (make_sampler(), make_table()),
    "a polars table": lambda: (make_sampler(), pl.from_pandas(make_table())),
    "conditions": lambda: (
        make_sampler(encoder=TableEncoder(condition_on=["kind"])),
        make_table(),
    ),
    "classes": lambda: (
        make_sampler(ConditionalGANSampler, condition_sampling="balanced"),
        make_rows(),
        CLASSES,
    ),
    "numbers": lambda: (
        make_sampler(ConditionalGANSampler),
        make_rows(),
        make_rows()[:, 0] + 0.5,
    ),
    "a labelled table": lambda: (
        make_sampler(ConditionalGANSampler),
        make_table(),
        pd.Series(CLASSES, name="tree"),
    ),
    "no seed": lambda: (make_sampler(random_state=None), make_rows()),
    "a stream of seeds": lambda: (
        make_sampler(random_state=np.random.RandomState(3)),
        make_rows(),
    ),
}
if hasattr(skgan, "InfoGANSampler"):
    SAMPLERS["codes"] = lambda: (make_sampler(skgan.InfoGANSampler), make_rows())


@pytest.mark.parametrize("name", SAMPLERS)
def test_it_ends_where_it_would_have_ended(name, tmp_path):
    sampler, *data = SAMPLERS[name]()
    whole = fit_and_keep(sampler, tmp_path, *data)
    kept = sorted(tmp_path.glob("*.kept"))
    assert len(kept) == len(whole.history_) - 1
    # Bitten off after the first epoch, and before the last.
    for file in (kept[0], kept[-1]):
        folder = tmp_path / file.stem
        folder.mkdir()
        shutil.copy(file, folder / FILE_NAME)
        count = Count()
        resumed, *data = SAMPLERS[name]()
        callbacks = [*(resumed.callbacks or ()), count]
        resumed.set_params(checkpoint=folder, callbacks=callbacks).fit(*data)
        assert count.n_steps == whole.n_iter_ - (int(file.stem) - 1) * PER_EPOCH
        assert_same(resumed, whole)


@pytest.mark.parametrize("name", ["vectors", "dropout", "a table"])
def test_writing_changes_nothing(name, tmp_path):
    sampler, *data = SAMPLERS[name]()
    plain = clone(sampler).fit(*data)
    assert_same(fit_and_keep(sampler, tmp_path, *data), plain)


def test_several_times_broken_off(tmp_path):
    whole = make_sampler().fit(make_rows())
    for epoch in (2, 3, 4):
        violations = break_off(make_sampler(), tmp_path, make_rows(), epoch=epoch)
        assert len(violations.history_) == epoch
    resumed = make_sampler(checkpoint=tmp_path).fit(make_rows())
    assert_same(resumed, whole)


def test_broken_off_before_the_first_checkpoint(tmp_path):
    break_off(make_sampler(), tmp_path, make_rows(), epoch=1)
    assert list(tmp_path.iterdir()) == []
    resumed = make_sampler(checkpoint=tmp_path).fit(make_rows())
    assert_same(resumed, make_sampler().fit(make_rows()))


@pytest.mark.parametrize("exception", [ZeroDivisionError, MemoryError, SystemExit])
def test_whatever_broke_it_off(exception, tmp_path):
    break_off(make_sampler(), tmp_path, make_rows(), exception=exception)
    resumed = make_sampler(checkpoint=str(tmp_path)).fit(make_rows())
    assert_same(resumed, make_sampler().fit(make_rows()))


def test_the_last_epoch_needs_no_further_step(tmp_path):
    """Broken off between the last checkpoint and the end."""

    class AtTheEnd(Callback):
        def on_train_end(self, net, **kwargs):
            raise ZeroDivisionError

    sampler = make_sampler(
        checkpoint=TrainingCheckpoint(tmp_path, updates=1), callbacks=[AtTheEnd()]
    )
    with pytest.raises(ZeroDivisionError):
        sampler.fit(make_rows())
    count = Count()
    resumed = make_sampler(checkpoint=tmp_path, callbacks=[count]).fit(make_rows())
    assert count.n_steps == 0
    assert_same(resumed, make_sampler().fit(make_rows()))


def test_time_used_up_counts(tmp_path):
    sampler = make_sampler(max_time=100.0)
    break_off(sampler, tmp_path, make_rows())
    before = read_checkpoint(tmp_path / FILE_NAME)["callbacks"]
    assert 0 < before["annealing"][1]["seconds"] < 100
    assert 0 < before["time_limit"][1]["seconds"] < 100
    limits = []

    class Look(Callback):
        def on_epoch_begin(self, net, **kwargs):
            limits.append(dict(net.callbacks_)["time_limit"].deadline_)

    content = tmp_path / FILE_NAME
    resumed = make_sampler(max_time=100.0, checkpoint=tmp_path, callbacks=[Look()])
    assert content.exists()
    resumed.fit(make_rows())
    fresh = make_sampler(max_time=100.0, callbacks=[Look()]).fit(make_rows())
    assert fresh.n_iter_ == resumed.n_iter_
    # The second fit began later, and had more time left.
    assert limits[0] < limits[-1]


# -- intervals, and the file


def writes_of(sampler, folder, monkeypatch, **intervals):
    """Return the updates after which a checkpoint was written."""
    written = []
    pack = TrainingCheckpoint._pack

    def spy(self, net):
        written.append(self.n_updates_)
        return pack(self, net)

    monkeypatch.setattr(TrainingCheckpoint, "_pack", spy)
    sampler.set_params(checkpoint=TrainingCheckpoint(folder, **intervals))
    sampler.fit(make_rows())
    return written


@pytest.mark.parametrize(
    ("updates", "expected"), [(1, [4, 8, 12, 16, 20]), (5, [8, 16]), (100, [])]
)
def test_intervals_in_updates(updates, expected, tmp_path, monkeypatch):
    assert writes_of(make_sampler(), tmp_path, monkeypatch, updates=updates) == expected


def test_intervals_in_seconds(tmp_path, monkeypatch):
    time_unit = iter(range(10**6))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(time_unit)))
    often = writes_of(make_sampler(), tmp_path, monkeypatch, seconds=0.0)
    # By this clock writing takes long, so that most of them are let go.
    assert 1 <= len(often) < N_EPOCHS
    assert writes_of(make_sampler(), tmp_path, monkeypatch, seconds=1e5) == []


def test_a_fit_that_has_ended_leaves_nothing(tmp_path):
    folder = tmp_path / "made" / "anew"
    sampler = make_sampler(checkpoint=TrainingCheckpoint(folder, updates=1))
    sampler.fit(make_rows())
    assert folder.is_dir() and list(folder.iterdir()) == []
    # It is not taken for one that did not end: the next one trains from the start.
    count = Count()
    again = clone(sampler).set_params(callbacks=[count]).fit(make_rows())
    assert count.n_steps == again.n_iter_ == N_EPOCHS * PER_EPOCH
    assert_same(again, sampler)


def test_early_stopping_is_an_end(tmp_path):
    stopping = EarlyStopping("generator_loss", patience=2, threshold=1e6, sink=id)
    sampler = make_sampler(
        checkpoint=TrainingCheckpoint(tmp_path, updates=1), callbacks=[stopping]
    ).fit(make_rows())
    assert len(sampler.history_) == 3
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_writing_are_cleared_away(tmp_path):
    leftover = tmp_path / f".{FILE_NAME}.0123456789abcdef.tmp"
    leftover.write_bytes(b"half of a")
    other = tmp_path / "notes.tmp"
    other.write_text("the user's")
    make_sampler(checkpoint=tmp_path).fit(make_rows())
    assert list(tmp_path.iterdir()) == [other]


def test_it_holds_no_rows_and_is_no_pickle(tmp_path):
    rows = make_rows() + 1e-3
    break_off(make_sampler(), tmp_path, rows)
    data = (tmp_path / FILE_NAME).read_bytes()
    for row in (rows, rows.astype(np.float32)):
        assert not any(value.tobytes() in data for value in row.ravel())
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(data)


def test_loaded_convolutions_go_on_as_those_in_memory(tmp_path):
    """Moments lie in memory as their weights do, after loading of any kind."""
    networks = {"generator": "strided_conv", "discriminator": "strided_conv"}
    sampler = make_sampler(**networks, warm_start=True).fit(make_images())
    save(sampler, tmp_path / "images.skgan")
    loaded = load(tmp_path / "images.skgan")
    for name in loaded.net_.optimizers_:
        for weight, moments in getattr(loaded.net_, f"{name}_").state.items():
            assert moments["exp_avg"].stride() == weight.stride()
    assert_same(loaded.fit(make_images()), sampler.fit(make_images()))


def test_the_loader_goes_back_to_where_it_was():
    def make_loader():
        data = TensorData(torch.arange(10.0)[:, None])
        stream = torch.Generator().manual_seed(0)
        return BatchLoader(data, 3, shuffle=True, generator=stream, n_total=9)

    first, second = make_loader(), make_loader()
    list(first)
    state, stream = first.state_dict(), first.generator.get_state()
    assert state["n_left"] == 5
    second.load_state_dict(state)
    second.generator.set_state(stream)
    for _ in range(2):
        for (ours, _), (theirs, _) in zip(first, second, strict=True):
            assert torch.equal(ours, theirs)


# -- what it says


@pytest.mark.parametrize("verbose", [0, 1])
def test_it_says_that_it_goes_on(verbose, tmp_path, caplog, capsys):
    break_off(make_sampler(), tmp_path, make_rows())
    with caplog.at_level(logging.INFO, logger="skgan"):
        make_sampler(checkpoint=tmp_path, verbose=verbose).fit(make_rows())
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]
    message, kept = (record.getMessage() for record in caplog.records)
    assert "Going on from update 8" in message and FILE_NAME in message
    printed = capsys.readouterr()
    assert printed.out == (f"{message}\n{kept}\n" if verbose else "")
    if verbose:
        # The bar begins where training does, though there was none before.
        assert "20/20" in printed.err and " 1/20" not in printed.err


def test_it_says_nothing_when_it_begins(tmp_path, caplog, capfd):
    with caplog.at_level(logging.INFO, logger="skgan"):
        make_sampler(checkpoint=tmp_path).fit(make_rows())
    (record,) = caplog.records
    assert "Kept the stage" in record.getMessage()
    assert capfd.readouterr() == ("", "")


# -- other fits are noticed


def moved(rows):
    rows = np.array(rows)
    rows[7, 1] = np.nextafter(rows[7, 1], 100.0)
    return rows


OTHERS = {
    "a value": ({}, moved(make_rows()), "X holds other rows"),
    "the order": ({}, make_rows()[::-1], "X holds other rows"),
    "a dtype": ({}, make_rows().astype(np.float32), "X holds other rows"),
    "fewer rows": ({}, make_rows()[:-1], "X holds other rows"),
    "a frame": ({}, pd.DataFrame(make_rows()), "X holds other rows"),
    "a number": ({"learning_rate": 1e-3}, None, "learning_rate was 'auto' and is 0.00"),
    "a seed": ({"random_state": 1}, None, "random_state was 0 and is 1"),
    "entropy": ({"random_state": None}, None, "random_state was 0 and is none"),
    "a function": (
        {"loss": (torch.add, torch.sub)},
        None,
        r"loss was 'relativistic' and is \[",
    ),
    "a class": ({"generator": MLPGenerator}, None, "generator was 'auto' and is MLP"),
    "an encoder": (
        {"encoder": skgan.encoding.VectorEncoder(clip=False)},
        None,
        "encoder was 'auto' and is VectorEncoder",
    ),
    "the length": ({"max_iter": 30}, None, "max_iter was 20 and is 30"),
    "two of them": ({"penalty": None, "loss": "hinge"}, None, "loss .*; penalty "),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_fit_is_refused(name, tmp_path):
    params, rows, message = OTHERS[name]
    break_off(make_sampler(), tmp_path, make_rows())
    before = (tmp_path / FILE_NAME).read_bytes()
    sampler = make_sampler(checkpoint=tmp_path, **params)
    with pytest.raises(ValueError, match=f"of another fit.*{message}.*delete it"):
        sampler.fit(make_rows() if rows is None else rows)
    assert not hasattr(sampler, "net_")
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_other_labels_are_refused(tmp_path):
    sampler = make_sampler(ConditionalGANSampler)
    break_off(sampler, tmp_path, make_rows(), CLASSES)
    with pytest.raises(ValueError, match="y holds other labels"):
        sampler.set_params(checkpoint=tmp_path).fit(make_rows(), CLASSES[::-1])


def test_labels_that_nothing_looks_at_may_be_others(tmp_path):
    sampler = make_sampler()
    break_off(sampler, tmp_path, make_rows(), CLASSES)
    sampler.set_params(checkpoint=tmp_path).fit(make_rows(), CLASSES[::-1])
    assert_same(sampler, make_sampler().fit(make_rows()))


@pytest.mark.parametrize("change", ["value", "level", "name", "dtype"])
def test_another_table_is_refused(change, tmp_path):
    table = make_table()
    break_off(make_sampler(), tmp_path, table)
    if change == "value":
        table.loc[3, "count"] += 1
    elif change == "level":
        table.loc[3, "text"] = {"x": "y", "y": "x"}[table.loc[3, "text"]]
    elif change == "name":
        table = table.rename(columns={"size": "width"})
    else:
        table = table.astype({"count": "Int64"})
    with pytest.raises(ValueError, match="X holds other rows"):
        make_sampler(checkpoint=tmp_path).fit(table)


def test_another_version_is_refused(tmp_path, monkeypatch):
    break_off(make_sampler(), tmp_path, make_rows())
    monkeypatch.setattr(skgan, "__version__", "99.0")
    with pytest.raises(ValueError, match=r"skgan was .* and is 99\.0"):
        make_sampler(checkpoint=tmp_path).fit(make_rows())


def test_another_estimator_is_refused(tmp_path):
    class Other(GANSampler):
        """The same under another name."""

    break_off(make_sampler(), tmp_path, make_rows())
    with pytest.raises(ValueError, match="estimator was GANSampler and is Other"):
        make_sampler(Other, checkpoint=tmp_path).fit(make_rows())


def test_a_network_that_was_changed_since(tmp_path):
    def make_class(n_inner):
        class Mine(MLPGenerator):
            def __init__(self, **kwargs):
                super().__init__(**{**kwargs, "hidden_dims": (n_inner,)})

        return Mine

    break_off(make_sampler(generator=make_class(5)), tmp_path, make_rows())
    sampler = make_sampler(generator=make_class(6), checkpoint=tmp_path)
    with pytest.raises(ValueError, match="written with another generator"):
        sampler.fit(make_rows())


def test_what_may_be_others(tmp_path):
    """The bar, the place, the interval, and callbacks that only look on."""
    break_off(make_sampler(), tmp_path, make_rows())
    moved_to = tmp_path / "moved"
    moved_to.mkdir()
    shutil.move(tmp_path / FILE_NAME, moved_to)
    resumed = make_sampler(
        checkpoint=TrainingCheckpoint(moved_to, seconds=3.0),
        callbacks=[Count()],
        verbose=1,
        device="cpu",
        warm_start=True,
    ).fit(make_rows())
    assert_same(resumed, make_sampler().fit(make_rows()))


# -- what is in the folder can be anything


def spoil(kind, file):
    data = file.read_bytes()
    if kind == "pickle":
        return pickle.dumps({"weights": [1, 2]})
    if kind == "torch.save":
        torch.save({"weights": torch.ones(2)}, file)
        return file.read_bytes()
    if kind == "estimator":
        save(GANSampler(), file)
        return file.read_bytes()
    if kind == "cut off":
        return data[: len(data) // 2]
    if kind == "empty":
        return b""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "kind", ["pickle", "torch.save", "estimator", "cut off", "empty", "one bit"]
)
def test_files_that_are_none(kind, tmp_path, monkeypatch):
    break_off(make_sampler(), tmp_path, make_rows())
    file = tmp_path / FILE_NAME
    file.write_bytes(spoil(kind, file))

    def refuse(*args, **kwargs):
        raise AssertionError("something was unpickled")

    for owner in (pickle, torch):
        monkeypatch.setattr(owner, "load", refuse)
    monkeypatch.setattr(pickle, "Unpickler", refuse)
    sampler = make_sampler(checkpoint=tmp_path)
    with pytest.raises(skgan.io.FileFormatError) as raised:
        sampler.fit(make_rows())
    assert FILE_NAME in str(raised.value) and "Delete it" in str(raised.value)
    assert not hasattr(sampler, "net_")
    file.unlink()
    sampler.fit(make_rows())


def test_a_checkpoint_is_no_estimator(tmp_path):
    break_off(make_sampler(), tmp_path, make_rows())
    with pytest.raises(skgan.io.FileFormatError, match="members are"):
        load(tmp_path / FILE_NAME)


# -- beside everything else


def test_the_users_own_object_stays_as_it_is(tmp_path):
    checkpoint = TrainingCheckpoint(tmp_path, updates=2)
    sampler = make_sampler(checkpoint=checkpoint).fit(make_rows())
    assert sampler.checkpoint is checkpoint
    assert vars(checkpoint) == {"directory": tmp_path, "seconds": 10.0, "updates": 2}
    twin = clone(sampler)
    assert twin.checkpoint.get_params() == checkpoint.get_params()


def test_it_belongs_to_one_fit(tmp_path):
    sampler = make_sampler(checkpoint=TrainingCheckpoint(tmp_path, updates=1))
    sampler.fit(make_rows())
    kinds = [type(callback) for _, callback in sampler.net_.callbacks_]
    assert TrainingCheckpoint not in kinds and len(kinds) > 5
    sampler.net_.partial_fit(torch.zeros(20, 3))
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(sampler)).sample(3), sampler.sample(3)
    )
    with pytest.warns(UserWarning, match="checkpoint are code or places"):
        save(sampler, tmp_path / "sampler.skgan")


class Pickle(Callback):
    def __init__(self):
        self.sizes = []

    def on_epoch_begin(self, net, **kwargs):
        self.sizes.append(len(pickle.dumps(net)))


def test_a_pickle_made_on_the_way_holds_no_rows(tmp_path):
    callback = Pickle()
    rows = np.random.default_rng(0).normal(size=(20_000, 3))
    # A prior comes with rows that it drew, which are no training rows.
    sampler = make_sampler(callbacks=[callback], checkpoint=tmp_path, prior="normal")
    sampler.fit(rows)
    assert 0 < max(callback.sizes) < rows.nbytes / 4


def test_a_fit_that_goes_on_has_checkpoints_of_its_own(tmp_path):
    rows = make_rows()

    def begin():
        return make_sampler(warm_start=True).fit(rows)

    whole = begin().fit(rows)
    first = begin()
    save(first, tmp_path / "first.skgan")
    violations = first.set_params(
        checkpoint=TrainingCheckpoint(tmp_path, updates=1),
        callbacks=[Break(N_EPOCHS + 3)],
    )
    with pytest.raises(KeyboardInterrupt):
        violations.fit(rows)
    # A sampler that was not there yet cannot go on from it,
    with pytest.raises(ValueError, match="did not set out from the same networks"):
        make_sampler(warm_start=True, checkpoint=tmp_path).fit(rows)
    # one that has been there can.
    resumed = load(tmp_path / "first.skgan").set_params(checkpoint=tmp_path).fit(rows)
    assert resumed.n_iter_ == 2 * N_EPOCHS * PER_EPOCH
    assert_same(resumed, whole)


def test_a_sampler_that_has_come_further_goes_on_from_there(tmp_path):
    """After Ctrl-C, partial_fit goes on with what is in memory."""
    violations = break_off(make_sampler(), tmp_path, make_rows())
    assert (tmp_path / FILE_NAME).exists()
    done = violations.n_iter_
    violations.set_params(callbacks=None).partial_fit(make_rows())
    assert violations.n_iter_ == done + N_EPOCHS * PER_EPOCH
    assert list(tmp_path.iterdir()) == []


def test_what_another_sampler_left_is_not_taken_over(tmp_path):
    break_off(make_sampler(), tmp_path, make_rows())
    other = make_sampler(warm_start=True).fit(make_rows())
    other.set_params(checkpoint=tmp_path)
    other.history_[0]["batches"][0]["generator_loss"] = 0.0
    with pytest.raises(ValueError, match="did not set out from the same networks"):
        other.fit(make_rows())


def test_fits_of_a_search_take_turns(tmp_path):
    from sklearn.model_selection import GridSearchCV

    sampler = make_sampler(checkpoint=TrainingCheckpoint(tmp_path, updates=1))
    search = GridSearchCV(sampler, {"latent_dim": [4]}, cv=2, error_score="raise")
    search.fit(make_rows())
    plain = GridSearchCV(make_sampler(), {"latent_dim": [4]}, cv=2).fit(make_rows())
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )
    assert list(tmp_path.iterdir()) == []


def test_a_loader_that_does_not_say_where_it_is(tmp_path):
    loader = torch.utils.data.DataLoader
    sampler = make_sampler(
        net_params={"iterator_train": loader}, checkpoint=tmp_path, max_iter=4
    )
    sampler.net_params.pop("iterator_train__n_batches")
    with pytest.raises(ValueError, match="where in the order of its rows"):
        sampler.fit(make_rows())


def test_without_callbacks_there_is_none(tmp_path):
    sampler = make_sampler(net_params={"callbacks": "disable"}, checkpoint=tmp_path)
    with pytest.raises(ValueError, match="leave one of the two out"):
        sampler.fit(make_rows())


def test_it_is_no_callback_among_others(tmp_path):
    with pytest.raises(ValueError, match="hand it over as checkpoint="):
        make_sampler(callbacks=[TrainingCheckpoint(tmp_path)]).fit(make_rows())


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"seconds": -1}, ValueError),
        ({"seconds": "10"}, TypeError),
        ({"updates": 0}, ValueError),
        ({"updates": 1.5}, TypeError),
    ],
)
def test_bad_intervals(params, error, tmp_path):
    (name,) = params
    checkpoint = TrainingCheckpoint(tmp_path, **params)
    with pytest.raises(error, match=f"{name} of a TrainingCheckpoint must be"):
        make_sampler(checkpoint=checkpoint).fit(make_rows())


def test_global_streams_are_left_alone(tmp_path):
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    sampler = make_sampler(discriminator=WithDropout)
    break_off(sampler, tmp_path, make_rows())
    sampler.set_params(checkpoint=tmp_path).fit(make_rows())
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


def test_descriptions_are_those_of_every_process():
    describe = skgan.samplers._resume._describe
    assert describe(partial(make_rows, d=2)) == describe(partial(make_rows, d=2))
    for value in (object(), lambda x: x, np.random.RandomState(0), torch.ones(2)):
        assert "0x" not in describe(value)
    assert describe({"b": 1, "a": (2, None)}) == "{a: [2, None], b: 1}"
    assert describe(np.arange(3)) != describe(np.arange(3.0))
    long = describe("x" * 999)
    assert len(long) < 120 and long != describe("x" * 998)


def test_a_folder_that_os_fspath_knows(tmp_path):
    class Place:
        def __fspath__(self):
            return os.fspath(tmp_path / "place")

    make_sampler(checkpoint=Place()).fit(make_rows())
    assert (tmp_path / "place").is_dir()
