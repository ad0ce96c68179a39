"""The transport pair: a start that samples already, gradients, kinks, errors."""

import numpy as np
import pytest
import torch
from torch import nn

from skgan import GANSampler
from skgan.encoding import VectorEncoder
from skgan.modules import KaimingMLPDiscriminator, ResidualLatentGenerator
from skgan.modules._mlp import ACTIVATIONS

ROWS = np.random.default_rng(0).exponential([1.0, 9.0, 100.0], (300, 3))


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def make_sampler(**params):
    defaults = {"hidden_dims": (8,), "max_iter": 3, "random_state": 0}
    return GANSampler(**{"prior": "normal", **defaults, **params})


@pytest.mark.parametrize("hidden_dims", [(), (4,), (16, 16, 16)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_start_is_the_identity_whatever_the_layers(hidden_dims, activation):
    generator = ResidualLatentGenerator(
        latent_dim=5, output_shape=(3,), hidden_dims=hidden_dims, activation=activation
    )
    z = 10 * torch.randn(20, 5)
    assert torch.equal(generator(z), z[:, :3])


def test_every_weight_gets_a_gradient_once_the_head_has_moved():
    generator = ResidualLatentGenerator(
        latent_dim=3, output_shape=(2,), hidden_dims=(8, 8)
    )
    z = torch.randn(64, 3)
    generator(z).square().sum().backward()
    # At the identity only the head is felt, and that strongly.
    for name, parameter in generator.named_parameters():
        assert bool(parameter.grad.abs().sum() > 0) == name.startswith("head")
    with torch.no_grad():
        for parameter in generator.head.parameters():
            parameter -= 0.01 * parameter.grad.sign()
    generator.zero_grad()
    generator(z).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in generator.parameters())


def test_gradients_reach_the_latent_and_the_condition():
    generator = ResidualLatentGenerator(
        latent_dim=3, output_shape=(2,), condition_dim=2
    )
    nn.init.normal_(generator.head.weight)
    z, condition = (torch.randn(7, n, requires_grad=True) for n in (3, 2))
    generator(z, condition).sum().backward()
    assert (z.grad.abs().sum(dim=0) > 0).all()
    assert (condition.grad.abs().sum(dim=0) > 0).all()


def test_an_untrained_sampler_is_the_encoders_own():
    """One update at no rate: the samples are decoded normal draws."""
    sampler = make_sampler(max_iter=1, learning_rate=1e-12).fit(ROWS)
    drawn = sampler.sample(3000, random_state=0)
    expected = (
        VectorEncoder()
        .fit(ROWS)
        .inverse_transform(np.random.default_rng(1).normal(size=(3000, 3)))
    )
    quantiles = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(
        np.quantile(drawn, quantiles, axis=0),
        np.quantile(expected, quantiles, axis=0),
        rtol=0.15,
    )


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_a_latent_smaller_than_a_row_is_refused_by_the_sampler(latent_dim):
    sampler = make_sampler(latent_dim=latent_dim)
    with pytest.raises(ValueError, match=rf"latent_dim={latent_dim} is smaller .* 3"):
        sampler.fit(ROWS)
    assert not hasattr(sampler, "net_")
    drawn = sampler.set_params(generator="residual_mlp").fit(ROWS).sample(5)
    assert drawn.shape == (5, 3)


@pytest.mark.parametrize("latent_dim", [3, 4, 20])
def test_any_latent_that_is_large_enough(latent_dim):
    sampler = make_sampler(latent_dim=latent_dim).fit(ROWS)
    assert sampler.net_.generator_.head.in_features == 8
    assert np.isfinite(sampler.sample(9)).all()


@pytest.mark.parametrize("d", [1, 2, 30])
def test_kinks_are_spread_over_standardised_rows(d):
    critic = KaimingMLPDiscriminator(input_shape=(d,), hidden_dims=(512,))
    first = critic.layers[0]
    distances = (first.bias / first.weight.norm(dim=1)).abs()
    # Of the hyperplanes on which the units bend, many must lie beyond the origin.
    assert 0.1 < distances.median() < 2
    assert (first.bias > 0).float().mean().item() == pytest.approx(0.5, abs=0.1)
    plain = nn.Linear(d, 512)
    bunched = (plain.bias / plain.weight.norm(dim=1)).abs()
    if d > 10:
        assert distances.median() > bunched.median()


def test_logits_start_at_the_scale_of_one():
    x = torch.randn(500, 4)
    logits = torch.cat(
        [KaimingMLPDiscriminator(input_shape=(4,))(x) for _ in range(10)]
    )
    assert 0.2 < logits.std() < 5


def test_features_are_what_the_head_sees():
    critic = KaimingMLPDiscriminator(
        input_shape=(2,), condition_dim=1, hidden_dims=(8, 6)
    )
    x, condition = torch.randn(5, 2), torch.randn(5, 1)
    features = critic.features(x, condition)
    assert features.shape == (5, 6)
    assert torch.equal(critic(x, condition), critic.head(features))
    sampler = make_sampler(hidden_dims=(8, 6)).fit(ROWS)
    assert sampler.transform(ROWS).shape == (300, 6)
