"""Encoders of latents: shapes, the ball, the names they can be saved by."""

import pickle

import pytest
import torch

from skgan.modules import LATENT_ENCODERS, MLPEncoder, StridedConvEncoder

CASES = [
    ("mlp", (7,)),
    ("mlp", (1, 4, 6)),
    ("strided_conv", (1, 8, 8)),
    ("strided_conv", (1, 28, 28)),
    ("strided_conv", (3, 15, 22)),
    ("strided_conv", (2, 5, 3)),
]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(("name", "shape"), CASES)
@pytest.mark.parametrize("condition_dim", [0, 3])
def test_rows_become_latents(name, shape, condition_dim):
    encoder = LATENT_ENCODERS[name](5, shape, condition_dim, hidden_dims=(8,))
    given = (torch.randn(4, condition_dim),) if condition_dim else ()
    assert encoder(torch.randn(4, *shape), *given).shape == (4, 5)


@pytest.mark.parametrize("kind", [MLPEncoder, StridedConvEncoder])
def test_condition_changes_the_latent(kind):
    encoder = kind(4, (1, 8, 8), 2, hidden_dims=(8,))
    x = torch.randn(3, 1, 8, 8)
    first, second = torch.eye(2)[:, None].expand(2, 3, 2)
    assert not torch.allclose(encoder(x, first), encoder(x, second))


@pytest.mark.parametrize("kind", [MLPEncoder, StridedConvEncoder])
def test_latents_stay_in_the_ball(kind):
    encoder = kind(4, (1, 8, 8), hidden_dims=(8,))
    assert encoder.radius == 4  # two more than the root of four
    torch.nn.init.normal_(encoder.head.weight, std=100)
    norms = encoder(torch.randn(50, 1, 8, 8)).norm(dim=1)
    assert norms.max() <= 4 + 1e-5 and (norms > 3.9).any()


def test_the_ball_moves_only_what_lies_outside():
    encoder = MLPEncoder(2, (3,), radius=5.0)
    z = torch.tensor([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0], [30.0, -40.0]])
    wanted = torch.tensor([[3.0, 4.0], [0.3, -0.4], [0.0, 0.0], [3.0, -4.0]])
    torch.testing.assert_close(encoder.project(z), wanted)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_made_again_by_what_it_was_made_with(name, shape):
    encoder = LATENT_ENCODERS[name](5, shape, radius=1.5, hidden_dims=(6, 4))
    again = LATENT_ENCODERS[name](**encoder.made_with)
    again.load_state_dict(encoder.state_dict())
    x = torch.randn(4, *shape)
    assert torch.equal(again(x), encoder(x))
    assert torch.equal(pickle.loads(pickle.dumps(encoder))(x), encoder(x))


def test_rows_do_not_look_at_each_other():
    encoder = StridedConvEncoder(4, (1, 9, 8), hidden_dims=(8,)).double()
    x = torch.randn(6, 1, 9, 8, dtype=torch.float64)
    torch.testing.assert_close(encoder(x)[2:3], encoder(x[2:3]), rtol=1e-12, atol=0)


def test_vectors_are_no_images():
    with pytest.raises(ValueError, match="input_shape"):
        StridedConvEncoder(4, (9,))
