"""The networks: shapes, conditions, initial weights, names."""

import pickle
import re
from copy import deepcopy
from math import prod

import pytest
import torch
from torch import nn

from skgan import modules
from skgan.modules import (
    DISCRIMINATORS,
    GENERATORS,
    KaimingMLPDiscriminator,
    MLPDiscriminator,
    MLPGenerator,
    ResidualLatentGenerator,
    ResidualMLPGenerator,
    resolve_network,
)
from skgan.modules._mlp import ACTIVATIONS, ResidualBlock, make_activation

# Those that look at one row at a time and keep no state.
PLAIN_GENERATORS = [GENERATORS[n] for n in ("mlp", "residual_mlp", "transport")]
PLAIN_DISCRIMINATORS = [
    DISCRIMINATORS[n] for n in ("kaiming_mlp", "mlp", "residual_mlp")
]
SHAPES = [(1,), (7,), (1, 4, 6), (3, 5, 5)]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("condition_dim", [0, 3])
@pytest.mark.parametrize("network", PLAIN_GENERATORS)
def test_generator_returns_rows_of_the_output_shape(network, condition_dim, shape):
    generator = network(
        latent_dim=80, output_shape=shape, condition_dim=condition_dim, hidden_dims=(8,)
    )
    z = torch.randn(4, 80)
    condition = torch.randn(4, condition_dim) if condition_dim else None
    rows = generator(z) if condition is None else generator(z, condition)
    assert rows.shape == (4, *shape) and rows.dtype == torch.float32


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("condition_dim", [0, 3])
@pytest.mark.parametrize("network", PLAIN_DISCRIMINATORS)
def test_discriminator_returns_a_logit_a_row(network, condition_dim, shape):
    discriminator = network(
        input_shape=shape, condition_dim=condition_dim, hidden_dims=(8, 6)
    )
    x = torch.randn(4, *shape)
    given = (torch.randn(4, condition_dim),) if condition_dim else ()
    assert discriminator(x, *given).shape == (4, 1)
    features = discriminator.features(x, *given)
    assert features.shape == (4, 6)
    assert torch.equal(discriminator.head(features), discriminator(x, *given))


@pytest.mark.parametrize("network", [*PLAIN_GENERATORS, *PLAIN_DISCRIMINATORS])
def test_condition_changes_what_comes_out(network):
    made = network(latent_dim=4, output_shape=(4,), input_shape=(4,), condition_dim=2)
    for parameter in made.parameters():
        nn.init.normal_(parameter)  # some networks start deaf to it
    x = torch.randn(3, 4)
    first = made(x, torch.tensor([[1.0, 0.0]]).expand(3, 2))
    second = made(x, torch.tensor([[0.0, 1.0]]).expand(3, 2))
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("network", [*PLAIN_GENERATORS, *PLAIN_DISCRIMINATORS])
def test_rows_do_not_look_at_each_other(network):
    made = network(latent_dim=4, output_shape=(4,), input_shape=(4,)).double()
    x = torch.randn(6, 4, dtype=torch.float64)
    torch.testing.assert_close(made(x)[2:3], made(x[2:3]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("network", [*PLAIN_GENERATORS, *PLAIN_DISCRIMINATORS])
def test_seed_fixes_the_weights(network):
    def weights(seed):
        torch.manual_seed(seed)
        made = network(latent_dim=4, output_shape=(4,), input_shape=(4,))
        return torch.cat([p.flatten() for p in made.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize("network", [*PLAIN_GENERATORS, *PLAIN_DISCRIMINATORS])
def test_networks_copy_pickle_and_let_other_keywords_go_by(network):
    made = network(latent_dim=4, output_shape=(4,), input_shape=(4,), something_else=1)
    x = torch.randn(3, 4)
    assert torch.equal(deepcopy(made)(x), made(x))
    assert torch.equal(pickle.loads(pickle.dumps(made))(x), made(x))


def test_mlp_generator_is_the_plain_perceptron():
    generator = MLPGenerator(
        latent_dim=100,
        output_shape=(784,),
        hidden_dims=(256,),
        output_activation="sigmoid",
    )
    first, second = (m for m in generator.modules() if isinstance(m, nn.Linear))
    z = torch.randn(5, 100)
    by_hand = torch.sigmoid(second(torch.relu(first(z))))
    assert torch.equal(generator(z), by_hand)
    assert sum(p.numel() for p in generator.parameters()) == 101 * 256 + 257 * 784


def test_mlp_discriminator_is_the_plain_perceptron():
    discriminator = MLPDiscriminator(input_shape=(784,), hidden_dims=(256,))
    first, second = (m for m in discriminator.modules() if isinstance(m, nn.Linear))
    x = torch.rand(5, 784)
    assert torch.equal(discriminator(x), second(torch.relu(first(x))))


def test_mlp_without_hidden_layers_is_linear():
    generator = MLPGenerator(latent_dim=3, output_shape=(2,), hidden_dims=())
    (linear,) = (m for m in generator.modules() if isinstance(m, nn.Linear))
    z = torch.randn(4, 3)
    assert torch.equal(generator(z), linear(z))
    discriminator = MLPDiscriminator(input_shape=(2, 2), hidden_dims=())
    x = torch.randn(4, 2, 2)
    assert torch.equal(discriminator.features(x), x.flatten(1))
    assert discriminator(x).shape == (4, 1)


@pytest.mark.parametrize("name", ["residual_mlp"])
def test_residual_without_blocks_is_refused_by_name(name):
    with pytest.raises(ValueError, match="hidden_dims"):
        GENERATORS[name](latent_dim=3, output_shape=(2,), hidden_dims=())
    with pytest.raises(ValueError, match="hidden_dims"):
        DISCRIMINATORS[name](input_shape=(2,), hidden_dims=())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_residual_blocks_start_as_the_identity(name):
    x = torch.randn(5, 6)
    assert torch.equal(ResidualBlock(6, 3, name)(x), x)


def test_residual_blocks_are_scaled_by_depth():
    torch.manual_seed(1)
    shallow = ResidualBlock(6, 1, "relu").layers[1].weight
    torch.manual_seed(1)
    deep = ResidualBlock(6, 16, "relu").layers[1].weight
    torch.testing.assert_close(deep, shallow * 16**-0.25)


def test_residual_blocks_learn():
    generator = ResidualMLPGenerator(latent_dim=3, output_shape=(2,), hidden_dims=(8,))
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    (block,) = (m for m in generator.modules() if isinstance(m, ResidualBlock))
    for _ in range(2):
        optimizer.zero_grad()
        generator(torch.randn(16, 3)).square().sum(1).mean().backward()
        optimizer.step()
    assert all(p.grad.abs().sum() > 0 for p in block.parameters())
    assert block.layers[3].weight.abs().sum() > 0


def test_residual_trunk_changes_width_where_it_is_asked_to():
    generator = ResidualMLPGenerator(
        latent_dim=3, output_shape=(2,), hidden_dims=(8, 8, 4)
    )
    blocks = [m for m in generator.modules() if isinstance(m, ResidualBlock)]
    assert [block.layers[1].in_features for block in blocks] == [8, 8, 4]
    linears = [m for m in generator.trunk if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linears] == [(3, 8), (8, 4)]


@pytest.mark.parametrize("name", ["mlp", "residual_mlp"])
def test_output_activation_bounds_the_rows(name):
    made = {
        bound: GENERATORS[name](
            latent_dim=3, output_shape=(2,), output_activation=bound
        )(100 * torch.randn(64, 3))
        for bound in ("sigmoid", "tanh")
    }
    assert made["sigmoid"].min() >= 0 and made["sigmoid"].max() <= 1
    assert -1 <= made["tanh"].min() < 0 and made["tanh"].max() <= 1


def test_leaky_relu_has_the_slope_usual_in_gans():
    assert make_activation("leaky_relu")(torch.tensor(-1.0)) == pytest.approx(-0.2)


@pytest.mark.parametrize("network", [*PLAIN_GENERATORS, *PLAIN_DISCRIMINATORS])
def test_unknown_activation_lists_the_known_ones(network):
    with pytest.raises(ValueError, match=r"activation 'reul' is not known") as caught:
        network(latent_dim=3, output_shape=(2,), input_shape=(2,), activation="reul")
    assert re.findall(r"'(\w+)'", str(caught.value))[1:] == sorted(ACTIVATIONS)


@pytest.mark.parametrize("shape", [(2,), (1, 2, 3)])
def test_transport_starts_as_the_identity_on_the_first_latents(shape):
    generator = ResidualLatentGenerator(
        latent_dim=7, output_shape=shape, condition_dim=2
    )
    z, condition = torch.randn(5, 7), torch.randn(5, 2)
    n = prod(shape)
    assert torch.equal(generator(z, condition), z[:, :n].reshape(5, *shape))
    for parameter in generator.parameters():
        nn.init.normal_(parameter)
    moved = generator(z, condition).flatten(1)
    hidden = generator.layers(torch.cat([z, condition], dim=1))
    torch.testing.assert_close(moved, z[:, :n] + generator.head(hidden))


def test_transport_without_hidden_layers_is_affine():
    generator = ResidualLatentGenerator(latent_dim=3, output_shape=(2,), hidden_dims=())
    nn.init.normal_(generator.head.weight)
    z = torch.randn(4, 3)
    torch.testing.assert_close(generator(z), z[:, :2] + generator.head(z))


def test_transport_learns_all_its_weights():
    generator = ResidualLatentGenerator(
        latent_dim=3, output_shape=(2,), hidden_dims=(8,)
    )
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        generator(torch.randn(16, 3)).square().sum(1).mean().backward()
        optimizer.step()
    assert all(p.grad.abs().sum() > 0 for p in generator.parameters())


def test_transport_needs_a_latent_for_each_number_of_a_row():
    with pytest.raises(ValueError, match=r"latent_dim=5 is smaller .* 6 numbers"):
        ResidualLatentGenerator(latent_dim=5, output_shape=(1, 2, 3))


def test_kaiming_weights_keep_the_scale_and_kinks_are_spread():
    network = KaimingMLPDiscriminator(input_shape=(50,), hidden_dims=(400, 400))
    first, second = (m for m in network.layers if isinstance(m, nn.Linear))
    for layer in (first, second):
        wanted = (2 / layer.in_features) ** 0.5
        assert layer.weight.std().item() == pytest.approx(wanted, rel=0.05)
    assert first.bias.std().item() == pytest.approx(1, rel=0.15)
    assert not second.bias.any() and not network.head.bias.any()
    assert network.head.weight.std().item() == pytest.approx(1 / 20, rel=0.15)


@pytest.mark.parametrize("registry", [GENERATORS, DISCRIMINATORS])
def test_registered_networks_are_public(registry):
    for network in registry.values():
        assert network.__name__ in modules.__all__
        assert getattr(modules, network.__name__) is network


@pytest.mark.parametrize(
    ("role", "registry"), [("generator", GENERATORS), ("discriminator", DISCRIMINATORS)]
)
def test_resolve_network(role, registry):
    for name, network in registry.items():
        assert resolve_network(name, registry, role) is network
    assert resolve_network(nn.Linear, registry, role) is nn.Linear
    with pytest.raises(ValueError, match=rf"{role}='mpl' is not known") as caught:
        resolve_network("mpl", registry, role)
    assert all(repr(name) in str(caught.value) for name in registry)
    for wrong in (nn.Linear(1, 1), 3, None, int):
        with pytest.raises(TypeError, match=rf"{role} must be a registered name"):
            resolve_network(wrong, registry, role)
