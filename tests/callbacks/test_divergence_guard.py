"""DivergenceGuard: what is looked at, what is restored, also where a fit breaks off."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from skgan.callbacks import DivergenceGuard, DivergenceWarning, GradientNorms
from skgan.modules import MLPDiscriminator, MLPGenerator
from skgan.nets import AdversarialNet

X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
KEPT = (
    "generator_",
    "discriminator_",
    "averaged_generator_",
    "optimizer_generator_",
    "optimizer_discriminator_",
)


def make_net(*callbacks, **params):
    """Four epochs of four updates, with an averaged generator."""
    defaults = {
        "generator__output_shape": (2,),
        "generator__hidden_dims": (8,),
        "discriminator__input_shape": (2,),
        "discriminator__hidden_dims": (8,),
        "latent_dim": 3,
        "batch_size": 16,
        "max_epochs": 4,
        "lr": 0.01,
        "average_halflife": 3.0,
        "random_state": 0,
        "verbose": 0,
        "callbacks": list(callbacks),
    }
    return AdversarialNet(MLPGenerator, MLPDiscriminator, **{**defaults, **params})


def states_of(net):
    return {name: deepcopy(getattr(net, name).state_dict()) for name in KEPT}


def tensors(state):
    """All tensors of nested dicts and lists, in their order."""
    if isinstance(state, torch.Tensor):
        return [state]
    if isinstance(state, dict | list | tuple):
        values = state.values() if isinstance(state, dict) else state
        return [tensor for value in values for tensor in tensors(value)]
    return []


def assert_equal(ours, theirs):
    ours, theirs = tensors(ours), tensors(theirs)
    assert len(ours) == len(theirs) > 0
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b)


class Poison(Callback):
    """Write a value into a network after so many updates, and keep what was good."""

    def __init__(self, network, value, after, exception=None):
        self.network, self.value, self.after = network, value, after
        self.exception = exception
        self.n_updates = 0
        self.good = []

    def on_train_begin(self, net, **kwargs):
        self.good.append(states_of(net))

    def on_batch_end(self, net, **kwargs):
        self.n_updates += 1
        if self.n_updates == self.after:
            nn.init.constant_(next(getattr(net, self.network).parameters()), self.value)
            if self.exception is not None:
                raise self.exception

    def on_epoch_end(self, net, **kwargs):
        self.good.append(states_of(net))


@pytest.mark.parametrize("network", KEPT[:3])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("after", [2, 8, 10])
def test_everything_goes_back_to_the_last_good_state(network, value, after):
    poison = Poison(network, value, after)
    net = make_net(poison, DivergenceGuard())
    with pytest.warns(DivergenceWarning) as caught:
        net.fit(X)
    n_good = (after - 1) // 4
    assert len(caught) == 1
    assert f"weights of update {4 * n_good} were restored" in str(caught[0].message)
    assert_equal(states_of(net), poison.good[n_good])
    # The epoch that diverged is the last of the history, which keeps it.
    assert len(net.history) == n_good + 1
    assert len(net.history[-1, "batches"]) == 4
    assert not net.interrupted_


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_a_loss_that_turns_into_nan(role):
    calls = []

    def nan_from_the_tenth(real_logits, fake_logits):
        calls.append(None)
        return fake_logits.mean() * (np.nan if len(calls) >= 10 else 1.0)

    def fine(real_logits, fake_logits):
        return fake_logits.square().mean()

    pair = (nan_from_the_tenth, fine)
    poison = Poison("generator_", 0.0, after=-1)
    net = make_net(
        poison, DivergenceGuard(), loss=pair if role == "discriminator" else pair[::-1]
    )
    with pytest.warns(DivergenceWarning, match="loss reached nan") as caught:
        net.fit(X)
    assert len(caught) == 1 and len(net.history) == 3
    assert_equal(states_of(net), poison.good[2])
    losses = [row[f"{role}_loss"] for row in net.history[-1, "batches"]]
    assert np.isfinite(losses[0]) and np.isnan(losses[1:]).all()


def test_a_loss_that_explodes_before_it_is_infinite():
    class Limit(Callback):
        def on_epoch_end(self, net, **kwargs):
            assert np.isfinite(net.history[-1, "generator_loss"])

    net = make_net(Limit(), DivergenceGuard(limit=1e-3))
    with pytest.warns(DivergenceWarning, match="update 0 were restored"):
        net.fit(X)


def test_gradients_on_fake_rows_are_looked_at_where_they_are_known():
    class Steepens(Callback):
        def on_batch_end(self, net, **kwargs):
            with torch.no_grad():
                net.discriminator_.head.weight.mul_(1e6)

    # One update an epoch: no loss sees the steep weights before its end.
    params = {"batch_size": 64, "max_epochs": 1}
    silent = make_net(Steepens(), DivergenceGuard(), **params).fit(X)
    assert silent.discriminator_.head.weight.abs().max() > 1e4
    net = make_net(Steepens(), GradientNorms(), DivergenceGuard(1e3), **params)
    with pytest.warns(DivergenceWarning, match="fake gradient norm reached"):
        net.fit(X)
    assert net.discriminator_.head.weight.abs().max() < 10


def test_a_fit_broken_off_with_bad_weights():
    """Nobody sees the end of its last epoch but the end of training."""
    poison = Poison("generator_", np.nan, after=6, exception=KeyboardInterrupt)
    guard = DivergenceGuard()
    net = make_net(poison, guard)
    with pytest.warns(DivergenceWarning, match="update 4 were restored") as caught:
        net.fit(X)
    assert len(caught) == 1 and guard.diverged_ and net.interrupted_
    assert_equal(states_of(net), poison.good[1])


def test_a_callback_that_stops_before_the_guard_has_looked():
    class Stops(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                nn.init.constant_(net.generator_.layers[0].weight, np.nan)
                raise KeyboardInterrupt

    poison = Poison("generator_", 0.0, after=-1)
    net = make_net(poison, Stops(), DivergenceGuard())
    with pytest.warns(DivergenceWarning, match="update 4 were restored"):
        net.fit(X)
    assert_equal(states_of(net), poison.good[1])


def test_a_sound_fit_broken_off_keeps_its_last_step():
    poison = Poison("generator_", 0.25, after=6, exception=KeyboardInterrupt)
    net = make_net(poison, DivergenceGuard()).fit(X)
    assert (next(net.generator_.parameters()) == 0.25).all()


def test_silent_on_sound_fits_and_nothing_is_kept_afterwards():
    guard = DivergenceGuard()
    net = make_net(guard, GradientNorms(), penalty="r1+r2", loss="relativistic").fit(X)
    assert not guard.diverged_ and guard.kept_ == {} and guard.n_good_ == 16
    assert len(net.history) == 4


def test_a_second_call_starts_from_where_the_first_was_restored():
    poison = Poison("generator_", np.nan, after=6)
    net = make_net(poison, DivergenceGuard())
    with pytest.warns(DivergenceWarning):
        net.fit(X)
    net.partial_fit(X)
    assert len(net.history) == 2 + 4
    assert all(tensor.isfinite().all() for tensor in tensors(states_of(net)))


def test_without_an_average():
    net = make_net(Poisoned(), DivergenceGuard(), average_halflife=None, max_epochs=2)
    with pytest.warns(DivergenceWarning, match="update 0"):
        net.fit(X)
    assert all(p.isfinite().all() for p in net.generator_.parameters())


class Poisoned(Callback):
    def on_batch_end(self, net, **kwargs):
        nn.init.constant_(net.generator_.layers[0].weight, np.nan)
