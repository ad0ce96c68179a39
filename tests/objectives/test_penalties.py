"""Penalties against brute force, row by row, and against closed forms."""

import re

import pytest
import torch
from torch import nn

from skgan.objectives import PENALTIES, Penalty, resolve_penalty, squared_gradient_norms

REAL = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)).double()
FAKE = torch.randn(6, 3, generator=torch.Generator().manual_seed(1)).double() + 1


@pytest.fixture
def discriminator():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double()


def stream():
    return torch.Generator().manual_seed(5)


def penalty_of(name, discriminator, real=REAL, fake=FAKE):
    penalty = PENALTIES[name]
    points = penalty.points(real, fake, stream()).detach().requires_grad_()
    return penalty.cost(squared_gradient_norms(discriminator(points), points))


def norms_one_by_one(discriminator, points):
    """Gradient norms with one backward pass a row."""
    norms = []
    for row in points:
        row = row.detach().clone()[None].requires_grad_()
        (gradient,) = torch.autograd.grad(
            discriminator(row).squeeze(), row, create_graph=True
        )
        norms.append(gradient.norm())
    return torch.stack(norms)


def brute_force(name, discriminator):
    real_norms = norms_one_by_one(discriminator, REAL)
    fake_norms = norms_one_by_one(discriminator, FAKE)
    if name == "wgan-gp":
        share = torch.rand(6, 1, generator=stream(), dtype=torch.float64)
        norms = norms_one_by_one(discriminator, (1 - share) * REAL + share * FAKE)
        return ((norms - 1) ** 2).mean()
    if name == "dragan":
        noise = torch.rand(6, 3, generator=stream(), dtype=torch.float64)
        norms = norms_one_by_one(discriminator, REAL + 0.5 * REAL.std() * noise)
        return ((norms - 1) ** 2).mean()
    r1, r2 = (real_norms**2).mean() / 2, (fake_norms**2).mean() / 2
    return {"r1": r1, "r2": r2, "r1+r2": r1 + r2}[name]


@pytest.mark.parametrize("name", [n for n, p in PENALTIES.items() if p.step is None])
def test_value_and_weight_gradients_are_those_of_brute_force(name, discriminator):
    weights = list(discriminator.parameters())
    ours = penalty_of(name, discriminator)
    wanted = brute_force(name, discriminator)
    torch.testing.assert_close(ours, wanted, rtol=1e-9, atol=1e-12)
    for found, expected in zip(
        torch.autograd.grad(ours, weights, allow_unused=True),
        torch.autograd.grad(wanted, weights, allow_unused=True),
        strict=True,
    ):
        if expected is None:  # the last bias moves no gradient
            assert found is None or not found.any()
        else:
            torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-11)


def test_linear_discriminator_pays_for_its_slope_alone():
    linear = nn.Linear(3, 1).double()
    square = float(linear.weight.detach().square().sum())
    assert penalty_of("r1", linear).item() == pytest.approx(square / 2)
    assert penalty_of("r2", linear).item() == pytest.approx(square / 2)
    assert penalty_of("r1+r2", linear).item() == pytest.approx(square)
    for name in ("wgan-gp", "dragan"):
        assert penalty_of(name, linear).item() == pytest.approx(
            (square**0.5 - 1) ** 2, abs=1e-9
        )


def test_quadratic_discriminator_has_gradient_proportional_to_the_point():
    def quadratic(x):
        return (x**2).sum(1, keepdim=True) * 0.7

    square = (1.4 * REAL).square().sum(1)
    assert penalty_of("r1", quadratic).item() == pytest.approx(float(square.mean()) / 2)
    square = (1.4 * FAKE).square().sum(1)
    assert penalty_of("r2", quadratic).item() == pytest.approx(float(square.mean()) / 2)


def test_norms_are_taken_row_by_row_over_all_other_axes():
    images = torch.arange(24.0).reshape(2, 1, 3, 4).requires_grad_()
    norms = squared_gradient_norms((images**2).flatten(1).sum(1, keepdim=True), images)
    torch.testing.assert_close(norms, (2 * images).flatten(1).square().sum(1))


@pytest.mark.parametrize("name", ["wgan-gp", "dragan"])
def test_dead_discriminator_gives_finite_gradients(name):
    dead = nn.Linear(3, 1).double()
    nn.init.zeros_(dead.weight)
    value = penalty_of(name, dead)
    value.backward()
    assert value.item() == pytest.approx(1, abs=1e-5)
    assert torch.isfinite(dead.weight.grad).all()


def test_points_lie_where_they_are_said_to():
    real, fake = torch.zeros(500, 2), torch.ones(500, 2)
    assert torch.equal(PENALTIES["r1"].points(real, fake, None), real)
    assert torch.equal(PENALTIES["r2"].points(real, fake, None), fake)
    both = PENALTIES["r1+r2"].points(real, fake, None)
    assert torch.equal(both, torch.cat([real, fake]))
    between = PENALTIES["wgan-gp"].points(real, fake, stream())
    assert torch.equal(between[:, 0], between[:, 1]), "one share a row"
    assert 0 <= float(between.min()) < 0.02 and 0.98 < float(between.max()) <= 1
    assert 0.45 < float(between.mean()) < 0.55
    spread = torch.tensor([[-1.0], [1.0]]).repeat(250, 2)
    moved = PENALTIES["dragan"].points(spread, fake, stream()) - spread
    assert float(moved.min()) >= 0 and float(moved.max()) <= 0.5 * float(spread.std())
    assert not torch.equal(moved[:, 0], moved[:, 1])


@pytest.mark.parametrize("name", ["wgan-gp", "dragan"])
def test_random_points_come_from_the_stream_given(name):
    before = torch.get_rng_state()
    points = PENALTIES[name].points
    assert torch.equal(points(REAL, FAKE, stream()), points(REAL, FAKE, stream()))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ["wgan-gp", "dragan"])
def test_random_points_keep_shape_and_dtype(name):
    real, fake = torch.rand(4, 2, 5, 5), torch.rand(4, 2, 5, 5)
    points = PENALTIES[name].points(real, fake, stream())
    assert points.shape == real.shape and points.dtype == real.dtype


def test_resolve_takes_names_none_and_pairs():
    def cost(squared_norms):
        return squared_norms.max()

    def points(real, fake, generator):
        return (real + fake) / 2

    assert resolve_penalty(None) is None
    assert resolve_penalty("r1+r2") is PENALTIES["r1+r2"]
    assert resolve_penalty((cost, points)) == Penalty(cost, points)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"penalty='r3' is not known") as caught:
        resolve_penalty("r3")
    assert re.findall(r"'([\w+-]+)'", str(caught.value))[1:] == sorted(PENALTIES)


@pytest.mark.parametrize("wrong", [0, 1.0, (len,), (len, "r1"), [len, len], True])
def test_what_is_neither_name_nor_pair_is_refused(wrong):
    with pytest.raises(TypeError, match=r"penalty must be a name, None or a tuple"):
        resolve_penalty(wrong)
