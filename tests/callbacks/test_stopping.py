"""TimeLimit by a clock of one's own, and through the estimator."""

import time

import numpy as np
import pytest
from skorch.callbacks import Callback

from skgan import GANSampler
from skgan.callbacks import TimeLimit
from skgan.modules import MLPDiscriminator, MLPGenerator
from skgan.nets import AdversarialNet

X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")


class TimeUnit:
    """Seconds that pass when one says so."""

    def __init__(self):
        self.now = 50.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def time_unit(monkeypatch):
    time_unit = TimeUnit()
    monkeypatch.setattr("skgan.callbacks._stopping.time", time_unit)
    return time_unit


class Ticks(Callback):
    """One second an update."""

    def __init__(self, time_unit):
        self.time_unit = time_unit

    def on_batch_end(self, net, **kwargs):
        self.time_unit.now += 1


def make_net(*callbacks):
    """Epochs of four updates."""
    return AdversarialNet(
        MLPGenerator,
        MLPDiscriminator,
        latent_dim=3,
        batch_size=16,
        max_epochs=5,
        verbose=0,
        generator__output_shape=(2,),
        discriminator__input_shape=(2,),
        random_state=0,
        callbacks=list(callbacks),
    )


@pytest.mark.parametrize(
    ("seconds", "batches"),
    [
        (0.5, [1]),
        (3.0, [3]),
        (4.0, [4]),
        (4.5, [4, 1]),
        (10.0, [4, 4, 2]),
        (19.5, [4, 4, 4, 4, 4]),
        (21.0, [4, 4, 4, 4, 4]),
    ],
)
def test_ends_with_the_update_in_which_the_time_runs_out(time_unit, seconds, batches):
    net = make_net(Ticks(time_unit), TimeLimit(seconds)).fit(X)
    assert net.history[:, "train_batch_count"] == batches
    assert [len(epoch["batches"]) for epoch in net.history] == batches
    assert not net.interrupted_
    for epoch in net.history:
        losses = [batch["generator_loss"] for batch in epoch["batches"]]
        assert epoch["generator_loss"] == pytest.approx(np.mean(losses))


def test_the_clock_starts_with_training(time_unit):
    limit = TimeLimit(4.0)
    time_unit.now += 1000
    net = make_net(Ticks(time_unit), limit).fit(X)
    assert net.history[:, "train_batch_count"] == [4]
    time_unit.now += 1000
    net.partial_fit(X)
    assert net.history[:, "train_batch_count"] == [4, 4]


class Rates(Callback):
    def __init__(self):
        self.rates = []

    def on_batch_end(self, net, **kwargs):
        self.rates.append(net.optimizer_generator_.param_groups[0]["lr"])


def test_a_fit_of_a_fraction_of_a_second():
    rates = Rates()
    sampler = GANSampler(
        hidden_dims=(8,),
        learning_rate=0.01,
        max_iter=10**6,
        max_time=0.4,
        random_state=0,
        callbacks=[rates],
    )
    start = time.perf_counter()
    sampler.fit(X)
    # Much above it on a busy machine, but nowhere near an epoch of 10 000 updates.
    assert time.perf_counter() - start < 8
    n_updates = sampler.n_iter_
    assert 1 <= n_updates == len(rates.rates) < 10_000
    assert len(sampler.history_) == 1
    epoch = sampler.history_[-1]
    assert epoch["train_batch_count"] == len(epoch["batches"]) == n_updates
    # The callbacks that watch saw the end of that epoch too.
    for name in ("generator_loss", "real_gradient_norm", "fake_gradient_norm"):
        assert np.isfinite(epoch[name])
    assert np.isfinite(sampler.sample(20)).all()


def test_the_schedule_reaches_its_end_by_time(monkeypatch):
    time_unit = TimeUnit()
    for room in ("callbacks._stopping", "callbacks._schedules", "_deadline"):
        monkeypatch.setattr(f"skgan.{room}.time", time_unit)
    rates = Rates()
    sampler = GANSampler(
        hidden_dims=(8,),
        learning_rate=0.01,
        max_iter=10**6,
        max_time=40.0,
        schedule={"learning_rate": ("linear", 0.0)},
        random_state=0,
        callbacks=[Ticks(time_unit), rates],
    ).fit(X)
    assert sampler.n_iter_ == 40
    expected = 0.01 * (1 - np.arange(40) / 40)
    np.testing.assert_allclose(rates.rates, expected, rtol=1e-9)


def test_time_that_is_not_used_up_changes_nothing():
    params = {"hidden_dims": (8,), "max_iter": 7, "random_state": 0}
    limited = GANSampler(max_time=1e6, **params).fit(X)
    free = GANSampler(**params).fit(X)
    assert limited.n_iter_ == free.n_iter_ == 7
    np.testing.assert_allclose(
        limited.sample(9, random_state=0), free.sample(9, random_state=0), rtol=1e-5
    )


def test_held_out_rows_are_scored_though_time_ran_out():
    sampler = GANSampler(
        hidden_dims=(8,),
        max_iter=10**6,
        max_time=0.05,
        early_stopping=True,
        prior="normal",
        random_state=0,
    ).fit(X)
    assert np.isfinite(sampler.history_[-1]["valid_score"])
