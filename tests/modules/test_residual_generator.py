"""The generator that starts as its prior: identity, bounds, gates, the affine map."""

import pytest
import torch

from skgan.modules import ResidualGenerator
from skgan.modules._mlp import ACTIVATIONS
from skgan.objectives import MomentMatching

WIDTHS = (3, 1, 4)
WIDTH = 2 + sum(WIDTHS)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def prior_rows(n):
    """Two normal numbers, then one-hot blocks."""
    levels = [torch.eye(w)[torch.randint(w, (n,))] for w in WIDTHS]
    return torch.cat([torch.randn(n, 2), *levels], dim=1)


def latents(n, n_noise=3):
    return torch.cat([prior_rows(n), torch.randn(n, n_noise)], dim=1)


def make(n_noise=3, **params):
    defaults = {"hidden_dims": (16,), "n_numbers": 2, "block_widths": WIDTHS}
    defaults["noise_dim"] = n_noise
    return ResidualGenerator(WIDTH, (WIDTH,), **{**defaults, **params})


def disturb(generator, scale=1.0):
    torch.nn.init.normal_(generator.head.weight, std=scale)
    return generator


@pytest.mark.parametrize("level_margin", [None, 2.0])
@pytest.mark.parametrize("largest_move", [None, 0.3])
@pytest.mark.parametrize("n_noise", [0, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_start_is_the_prior_to_the_bit(
    level_margin, largest_move, n_noise, activation
):
    generator = make(
        n_noise,
        level_margin=level_margin,
        largest_move=largest_move,
        activation=activation,
    )
    z = latents(50, n_noise)
    assert torch.equal(generator.eval()(z), z[:, :WIDTH])
    torch.testing.assert_close(generator.train()(z), z[:, :WIDTH])


def test_the_start_is_the_prior_in_half_precision_too():
    z = latents(50)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rows = make().eval()(z)
    assert torch.equal(rows, z[:, :WIDTH])


@pytest.mark.parametrize("level_margin", [None, 2.0])
def test_every_weight_learns_once_the_head_has_moved(level_margin):
    generator = make(level_margin=level_margin)
    wanted = torch.randn(WIDTH)
    (generator(latents(64)) * wanted).sum().backward()
    for name, parameter in generator.named_parameters():
        assert bool(parameter.grad.abs().sum() > 0) == name.startswith("head")
    with torch.no_grad():
        for parameter in generator.head.parameters():
            parameter -= 0.01 * parameter.grad.sign()
    generator.zero_grad()
    (generator(latents(64)) * wanted).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in generator.parameters())


def test_levels_stay_as_drawn_without_a_margin():
    z = latents(200)
    rows = disturb(make(), 5.0)(z)
    assert torch.equal(rows[:, 2:], z[:, 2:WIDTH])
    assert not torch.isclose(rows[:, :2], z[:, :2]).any()


def test_levels_change_where_logits_exceed_the_margin():
    generator = make(level_margin=2.0).eval()
    # The second level of the first block becomes more likely than the drawn one.
    with torch.no_grad():
        generator.head.bias[3] = 1.9
    z = latents(200)
    assert torch.equal(generator(z), z[:, :WIDTH])
    with torch.no_grad():
        generator.head.bias[3] = 2.1
    rows = generator(z)
    assert (rows[:, 3] == 1).all()
    assert torch.equal(rows[:, 5:], z[:, 5:WIDTH])


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_every_block_has_exactly_one_level(scale):
    rows = disturb(make(level_margin=0.0), scale).eval()(latents(500))
    for part in rows[:, 2:].split(WIDTHS, 1):
        assert torch.equal(part.sum(1), torch.ones(500))
        assert set(part.unique().tolist()) <= {0.0, 1.0}


def test_moves_are_bounded():
    z = latents(500)
    rows = disturb(make(largest_move=0.25), 50.0)(z)
    moves = (rows - z[:, :WIDTH])[:, :2].abs()
    assert 0.24 < moves.max() <= 0.25 + 1e-6
    free = disturb(make(), 50.0)(z)
    assert (free - z[:, :WIDTH])[:, :2].abs().max() > 1


def test_entries_in_fixed_intervals_do_not_move():
    fixed = [[(-1.0, -0.5), (-0.5, 0.0), (1.0, torch.inf)], []]
    generator = disturb(make(fixed=fixed)).eval()
    generator.calibrate(latents(100), torch.ones(WIDTH), 3 * torch.eye(WIDTH))
    z = latents(500)
    z[0, 0], z[1, 0], z[2, 0] = -1.0, 0.0, -0.5
    first = z[:, 0]
    is_fixed = ((first >= -1) & (first < 0)) | (first >= 1)
    assert 50 < is_fixed.sum() < 450
    rows = generator(z)
    assert torch.equal(rows[:, 0] == first, is_fixed)
    assert not (rows[:, 1] == z[:, 1]).any()


def test_noise_and_condition_change_what_is_drawn():
    generator = disturb(make(condition_dim=2))
    z, condition = (
        latents(5).requires_grad_(),
        torch.randn(5, 2, requires_grad=True),
    )
    generator(z, condition)[:, :2].sum().backward()
    assert (z.grad[:, WIDTH:].abs().sum(0) > 0).all()
    assert (condition.grad.abs().sum(0) > 0).all()


def test_calibration_gives_the_moments_wanted_in_evaluation_only():
    z = torch.randn(4000, 4)
    generator = disturb(ResidualGenerator(3, (3,), hidden_dims=(4,), noise_dim=1), 0.3)
    mixed = torch.tensor([[1.0, 0.8, 0.0], [0.0, 0.5, 0.2], [0.0, 0.0, 2.0]])
    mean, covariance = torch.tensor([3.0, 0.0, -1.0]), mixed.T @ mixed
    before = generator.train()(z)
    generator.calibrate(z, mean, covariance)
    assert generator.training
    assert torch.equal(generator(z), before)
    moved = generator.eval()(z).detach()
    torch.testing.assert_close(moved.mean(0), mean, atol=1e-4, rtol=0)
    torch.testing.assert_close(
        torch.cov(moved.T, correction=0), covariance, atol=1e-3, rtol=1e-3
    )


def test_calibration_leaves_alone_what_has_the_moments_already():
    z = torch.randn(4000, 2)
    generator = ResidualGenerator(2, (2,), hidden_dims=(4,), noise_dim=0).eval()
    generator.calibrate(z, z.mean(0), torch.cov(z.T, correction=0))
    torch.testing.assert_close(generator(z), z, atol=1e-4, rtol=1e-4)


def test_rows_that_are_not_finite_are_not_calibrated():
    generator = make().eval()
    z = latents(50)
    z[0, 0] = torch.inf
    generator.calibrate(z, torch.zeros(WIDTH), torch.eye(WIDTH))
    assert torch.equal(generator.mixing, torch.eye(2))


def test_a_table_of_levels_only():
    generator = ResidualGenerator(
        4,
        (4,),
        hidden_dims=(4,),
        n_numbers=0,
        block_widths=(4,),
        level_margin=2.0,
        noise_dim=1,
    )
    z = torch.cat([torch.eye(4), torch.randn(4, 1)], dim=1)
    generator.calibrate(z, torch.zeros(4), torch.eye(4))
    assert torch.equal(generator.eval()(z), torch.eye(4))


def test_expected_rows_hold_probabilities_that_can_be_matched():
    generator = disturb(make(level_margin=1.0))
    z = latents(256)
    rows, expected = generator.with_expectation(z)
    assert torch.equal(rows[:, :2], expected[:, :2])
    for part in expected[:, 2:].split(WIDTHS, 1):
        torch.testing.assert_close(part.sum(1), torch.ones(256))
    MomentMatching(prior_rows(300), WIDTHS)(expected).backward()
    assert (generator.head.weight.grad[[0, 1, 2, 3, 4, 6, 7, 8, 9]] != 0).any(1).all()


def test_training_shows_levels_with_the_gradient_of_their_probability():
    generator = disturb(make(level_margin=1.0))
    z = latents(64)
    rows, expected = generator.with_expectation(z)
    gradients = [
        torch.autograd.grad(part[:, 4].sum(), generator.head.weight, retain_graph=True)[
            0
        ]
        for part in (rows, expected)
    ]
    torch.testing.assert_close(*gradients)


def test_weights_load_into_a_twin():
    fixed = [[(0.0, 1.0)], [(-2.0, -1.0)]]
    generator = disturb(make(fixed=fixed))
    generator.calibrate(latents(50), torch.ones(WIDTH), 3 * torch.eye(WIDTH))
    twin = make(fixed=fixed)
    twin.load_state_dict(generator.state_dict())
    z = latents(20)
    assert torch.equal(generator.eval()(z), twin.eval()(z))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="latent_dim=9 is smaller than a row of 10"):
        ResidualGenerator(9, (10,))
    with pytest.raises(ValueError, match="3 numbers and blocks of 8 levels"):
        make(n_numbers=3)
    with pytest.raises(ValueError, match="intervals of 1 numbers; a row has 2"):
        make(fixed=[[(0.0, 1.0)]])
    with pytest.raises(ValueError, match="must rise and must not overlap"):
        make(fixed=[[(0.0, 1.0), (0.5, 2.0)], []])
