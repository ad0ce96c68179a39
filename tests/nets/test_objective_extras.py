"""Finite differences, augmentation and networks that mix rows, inside the net."""

import pickle
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from skgan.objectives import (
    LOSSES,
    PENALTIES,
    Penalty,
    instance_noise,
    label_smoothing,
    resolve_augmentation,
)
from skgan.objectives._penalties import at_both, half_mean_of_both


def test_finite_differences_estimate_the_exact_penalty(make_net, X):
    net = make_net(penalty="r1+r2", penalty_weight=1.0).fit(X)
    rows = torch.as_tensor(X).repeat(200, 1)

    def value(penalty):
        net.set_params(penalty=penalty)
        with_penalty = net._discriminator_loss(rows, rows + 1, None)
        net.set_params(penalty=None)
        return (with_penalty - net._discriminator_loss(rows, rows + 1, None)).item()

    exact = value("r1+r2")
    assert exact > 1e-4
    estimate = value(Penalty(half_mean_of_both, at_both, step=1e-3))
    assert estimate == pytest.approx(exact, rel=0.05)
    assert PENALTIES["r1+r2-difference"].step == 0.02


def test_finite_differences_need_no_double_backward(make_net, X, monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError("a gradient of a gradient was asked for")

    monkeypatch.setattr("skgan.nets._adversarial.squared_gradient_norms", refuse)
    net = make_net(penalty="r1+r2-difference").fit(X)
    assert np.isfinite(net.history[:, "discriminator_loss"]).all()
    with pytest.raises(AssertionError, match="gradient of a gradient"):
        make_net(penalty="r1+r2").fit(X)


def test_an_augmentation_is_applied_to_all_that_the_discriminator_sees(make_net, X):
    seen = []

    class Spy(nn.Module):
        def __init__(self, **ignored):
            super().__init__()
            self.head = nn.Linear(2, 1)

        def forward(self, x):
            seen.append(x.detach())
            return self.head(x)

    def lift(rows, generator):
        return rows + 1000

    net = make_net(
        discriminator=Spy, augmentation=lift, loss="relativistic", max_epochs=1
    )
    net.fit(X)
    assert len(seen) == 3 * 3
    assert min(x.min() for x in seen) > 900


def test_instance_noise_is_fixed_by_the_seed_and_moves_no_global_stream(make_net, X):
    before = torch.get_rng_state()
    losses = [
        make_net(augmentation=noise).fit(X).history[:, "discriminator_loss"]
        for noise in ("instance_noise", "instance_noise", None)
    ]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(torch.get_rng_state(), before)
    stream = torch.Generator().manual_seed(0)
    noisy = instance_noise(torch.zeros(20_000, 2), stream, scale=0.5)
    assert noisy.std().item() == pytest.approx(0.5, rel=0.02)


def test_augmentations_that_are_none_are_refused(make_net, X):
    with pytest.raises(ValueError, match=r"augmentation='blur'.*instance_noise"):
        make_net(augmentation="blur").fit(X)
    with pytest.raises(TypeError, match="augmentation must be"):
        resolve_augmentation(3)
    own = partial(instance_noise, scale=0.3)
    assert resolve_augmentation(own) is own
    assert resolve_augmentation("instance_noise") is instance_noise


def test_a_network_that_couples_a_batch_never_sees_real_beside_fake(make_net, X):
    sizes = []

    class Mixes(nn.Module):
        couples_batch = True

        def __init__(self, **ignored):
            super().__init__()
            self.norm, self.head = nn.BatchNorm1d(2), nn.Linear(2, 1)

        def forward(self, x):
            sizes.append(len(x))
            return self.head(self.norm(x))

    make_net(discriminator=Mixes, max_epochs=1).fit(X)
    assert sizes == [32] * 9


def test_label_smoothing_lowers_the_label_of_real_rows_only():
    real, fake = torch.tensor([[2.0], [-1.0]]), torch.tensor([[0.5], [3.0]])
    loss = label_smoothing(0.2)
    d, g = torch.sigmoid(real), torch.sigmoid(fake)
    wanted = -(0.8 * d.log() + 0.2 * (1 - d).log()).mean() - (1 - g).log().mean()
    torch.testing.assert_close(loss.discriminator(real, fake), wanted)
    torch.testing.assert_close(loss.generator(None, fake), softplus(-fake).mean())
    torch.testing.assert_close(
        label_smoothing(0.0).discriminator(real, fake),
        LOSSES["nonsaturating"].discriminator(real, fake),
    )
    again = pickle.loads(pickle.dumps(loss))
    assert again.discriminator(real, fake) == loss.discriminator(real, fake)
    with pytest.raises(ValueError, match="smoothing"):
        label_smoothing(0.5)
