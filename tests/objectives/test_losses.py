"""Every loss against its formula, written out with D = sigmoid(logit)."""

import re

import pytest
import torch
from torch import sigmoid

from skgan.objectives import LOSSES, Loss, resolve_loss

REAL = torch.tensor([-2.5, -0.3, 0.0, 0.7, 1.0, 3.1], dtype=torch.float64)[:, None]
FAKE = torch.tensor([1.9, -1.0, 0.2, -0.6, 4.0, -3.3], dtype=torch.float64)[:, None]

FORMULAS = {
    "minimax": (
        lambda r, f: -(sigmoid(r).log().mean() + (1 - sigmoid(f)).log().mean()),
        lambda r, f: (1 - sigmoid(f)).log().mean(),
    ),
    "nonsaturating": (
        lambda r, f: -(sigmoid(r).log().mean() + (1 - sigmoid(f)).log().mean()),
        lambda r, f: -sigmoid(f).log().mean(),
    ),
    "least_squares": (
        lambda r, f: 0.5 * ((r - 1) ** 2).mean() + 0.5 * (f**2).mean(),
        lambda r, f: 0.5 * ((f - 1) ** 2).mean(),
    ),
    "hinge": (
        lambda r, f: (
            -torch.minimum(torch.zeros_like(r), r - 1).mean()
            - torch.minimum(torch.zeros_like(f), -f - 1).mean()
        ),
        lambda r, f: -f.mean(),
    ),
    "wasserstein": (lambda r, f: -(r.mean() - f.mean()), lambda r, f: -f.mean()),
    "relativistic": (
        lambda r, f: -sigmoid(r - f).log().mean(),
        lambda r, f: -sigmoid(f - r).log().mean(),
    ),
}


def generator_value(loss: Loss, real, fake):
    return loss.generator(real if loss.pairs_real else None, fake)


def test_every_registered_loss_has_a_formula_here():
    assert set(FORMULAS) == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_value_is_the_formula(name):
    loss, (discriminator, generator) = LOSSES[name], FORMULAS[name]
    torch.testing.assert_close(
        loss.discriminator(REAL, FAKE), discriminator(REAL, FAKE), rtol=1e-12, atol=0
    )
    torch.testing.assert_close(
        generator_value(loss, REAL, FAKE), generator(REAL, FAKE), rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_that_of_the_formula(name):
    loss, (discriminator, generator) = LOSSES[name], FORMULAS[name]
    # The kink of the hinge at 1 has no gradient to compare.
    real = (REAL + 0.01).requires_grad_()
    fake = (FAKE + 0.01).requires_grad_()
    pairs = [
        (loss.discriminator(real, fake), discriminator(real, fake)),
        (generator_value(loss, real, fake), generator(real, fake)),
    ]
    for ours, formula in pairs:
        for found, wanted in zip(
            torch.autograd.grad(ours, [real, fake], allow_unused=True),
            torch.autograd.grad(formula, [real, fake], allow_unused=True),
            strict=True,
        ):
            if wanted is None:
                assert found is None
            else:
                torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"least_squares"}))
def test_descent_raises_real_logits_and_lowers_fake_ones(name):
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    by_real, by_fake = torch.autograd.grad(
        LOSSES[name].discriminator(real, fake), [real, fake]
    )
    assert (by_real <= 0).all() and (by_real < 0).any()
    assert (by_fake >= 0).all() and (by_fake > 0).any()
    (by_fake,) = torch.autograd.grad(generator_value(LOSSES[name], real, fake), fake)
    assert (by_fake < 0).all(), "the generator must want its rows to look real"


def test_least_squares_pulls_logits_to_their_targets():
    loss = LOSSES["least_squares"]
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    by_real, by_fake = torch.autograd.grad(loss.discriminator(real, fake), [real, fake])
    assert torch.equal(by_real.sign(), (real - 1).sign())
    assert torch.equal(by_fake.sign(), fake.sign())
    (by_fake,) = torch.autograd.grad(loss.generator(None, fake), fake)
    assert torch.equal(by_fake.sign(), (fake - 1).sign())


def test_minimax_value_at_the_equilibrium_is_minus_log_four():
    logits = torch.zeros(7, 1, dtype=torch.float64)
    value = -LOSSES["minimax"].discriminator(logits, logits)
    assert float(value) == pytest.approx(-1.3862943611198906, abs=1e-15)


def test_nonsaturating_differs_from_minimax_in_the_generator_only():
    assert LOSSES["nonsaturating"].discriminator is LOSSES["minimax"].discriminator
    sure = torch.tensor([[-30.0]], dtype=torch.float64, requires_grad=True)
    (saturated,) = torch.autograd.grad(LOSSES["minimax"].generator(None, sure), sure)
    (strong,) = torch.autograd.grad(LOSSES["nonsaturating"].generator(None, sure), sure)
    assert abs(float(saturated)) < 1e-12
    assert float(strong) == pytest.approx(-1)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("extreme", [-1e4, 1e4])
def test_extreme_logits_stay_finite(name, extreme):
    real = torch.full((3, 1), extreme, requires_grad=True)
    fake = torch.full((3, 1), -extreme, requires_grad=True)
    for value in (
        LOSSES[name].discriminator(real, fake),
        generator_value(LOSSES[name], real, fake),
    ):
        assert torch.isfinite(value)
        gradients = torch.autograd.grad(value, [real, fake], allow_unused=True)
        assert all(torch.isfinite(g).all() for g in gradients if g is not None)


@pytest.mark.parametrize("name", LOSSES)
def test_only_pairing_losses_read_real_rows_in_the_generators_step(name):
    loss = LOSSES[name]
    if loss.pairs_real:
        moved = loss.generator(REAL + 1, FAKE)
        assert not torch.isclose(moved, loss.generator(REAL, FAKE))
    else:
        assert torch.equal(loss.generator(None, FAKE), loss.generator(REAL, FAKE))


def test_resolve_takes_names_and_pairs():
    def discriminator(real, fake):
        return (fake - real).mean()

    def generator(real, fake):
        return -fake.mean()

    assert resolve_loss("hinge") is LOSSES["hinge"]
    pair = resolve_loss((discriminator, generator))
    assert pair == Loss(discriminator, generator, pairs_real=False)
    assert resolve_loss((discriminator, generator, True)).pairs_real is True
    assert resolve_loss(LOSSES["relativistic"]) == LOSSES["relativistic"]


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"loss='hinged' is not known") as caught:
        resolve_loss("hinged")
    assert re.findall(r"'(\w+)'", str(caught.value))[1:] == sorted(LOSSES)


@pytest.mark.parametrize(
    "wrong", [None, 3, ("hinge", "hinge"), (len,), (len, len, True, 1), [len, len]]
)
def test_what_is_neither_name_nor_pair_is_refused(wrong):
    with pytest.raises(TypeError, match=r"loss must be a name or a tuple"):
        resolve_loss(wrong)
