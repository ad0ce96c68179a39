"""The convolutional networks: shapes, conditions, gradients, a fit."""

import pickle
from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from skgan import GANSampler
from skgan.modules import (
    DISCRIMINATORS,
    GENERATORS,
    geometry,
    initialize,
    pad_to_even,
    pyramid,
)
from skgan.modules._image_layers import fold, fold_factor, unfold
from skgan.modules._residual_convolutional import InvertedBlock

NAMES = ["dcgan", "residual_conv", "strided_conv"]
# Without batch normalisation.
PLAIN = ["residual_conv", "strided_conv"]
SHAPES = [(1, 8, 8), (1, 28, 28), (3, 15, 22), (4, 64, 48), (2, 1, 30), (3, 5, 5)]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def make(name, shape=(3, 15, 22), condition_dim=0, **params):
    params = {"latent_dim": 6, "hidden_dims": (16,), **params}
    return (
        GENERATORS[name](output_shape=shape, condition_dim=condition_dim, **params),
        DISCRIMINATORS[name](input_shape=shape, condition_dim=condition_dim, **params),
    )


def rouse(network):
    """Give layers that start at zero something to say."""
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return network


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("condition_dim", [0, 3])
@pytest.mark.parametrize("name", NAMES)
def test_shapes(name, condition_dim, shape):
    generator, discriminator = make(name, shape, condition_dim, channels=None)
    given = (torch.randn(2, condition_dim),) if condition_dim else ()
    for training in (True, False):
        x = generator.train(training)(torch.randn(2, 6), *given)
        assert x.shape == (2, *shape) and x.dtype == torch.float32
        assert x.is_contiguous()
        logits = discriminator.train(training)(x, *given)
        assert logits.shape == (2, 1) and logits.dtype == torch.float32
    features = discriminator.features(x, *given).flatten(1)
    assert len(features) == 2 and features.shape[1] >= 16


@pytest.mark.parametrize("name", NAMES)
def test_vectors_are_refused_with_a_way_out(name):
    for registry, shape in (
        (GENERATORS, {"output_shape": (7,)}),
        (DISCRIMINATORS, {"input_shape": (7,)}),
    ):
        with pytest.raises(ValueError, match=r"\(7,\).*ImageEncoder"):
            registry[name](latent_dim=6, **shape)


@pytest.mark.parametrize("name", NAMES)
def test_condition_changes_what_comes_out(name):
    for network, x in zip(
        make(name, condition_dim=2),
        (torch.randn(3, 6), torch.randn(3, 3, 15, 22)),
        strict=True,
    ):
        rouse(network).eval()
        first = network(x, torch.tensor([[1.0, 0.0]]).expand(3, 2))
        second = network(x, torch.tensor([[0.0, 1.0]]).expand(3, 2))
        assert not torch.allclose(first, second, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_condition_enters_the_discriminator_by_projection(name):
    _, discriminator = make(name, condition_dim=2)
    rouse(discriminator).eval().double()
    x = torch.randn(4, 3, 15, 22, dtype=torch.float64)

    def at(*condition):
        given = torch.tensor([condition], dtype=torch.float64).expand(4, 2)
        return discriminator(x, given)

    torch.testing.assert_close(
        at(2, 3) - at(0, 0), 2 * at(1, 0) + 3 * at(0, 1) - 5 * at(0, 0)
    )
    torch.testing.assert_close(at(0, 0), discriminator(x))


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("role", [0, 1])
def test_rows_do_not_look_at_each_other(name, role):
    network = rouse(make(name)[role]).double().train()
    assert not getattr(network, "couples_batch", False)
    x = torch.randn((5, 6) if role == 0 else (5, 3, 15, 22), dtype=torch.float64)
    torch.testing.assert_close(network(x)[2:3], network(x[2:3]), rtol=1e-9, atol=1e-9)


def test_batch_normalisation_says_that_it_couples_a_batch():
    _, discriminator = make("dcgan")
    assert discriminator.couples_batch
    x = torch.randn(5, 3, 15, 22)
    assert not torch.allclose(discriminator(x)[2:3], discriminator(x[2:4])[:1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_mixed", [False, True])
def test_gradients_reach_every_weight(name, is_mixed):
    generator, discriminator = make(name, condition_dim=2)
    condition = torch.randn(4, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_mixed):
        x = rouse(generator)(torch.randn(4, 6), condition)
        logits = rouse(discriminator)(x, condition)
    logits.square().mean().backward()
    for network in (generator, discriminator):
        for key, parameter in network.named_parameters():
            assert parameter.dtype == torch.float32
            assert torch.isfinite(parameter.grad).all(), key
            assert parameter.grad.any(), key


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("is_mixed", [False, True])
def test_a_penalty_can_be_minimised(name, is_mixed):
    """Twice differentiable: a step down the penalty's slope takes off what it says."""
    _, discriminator = make(name, (1, 8, 8))
    rouse(discriminator)
    x = torch.randn(8, 1, 8, 8).requires_grad_()

    def penalty(is_mixed=False):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_mixed):
            logits = discriminator(x)
        (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
        return gradient.flatten(1).square().sum(1).mean()

    penalty(is_mixed).backward()
    # What the step is worth is measured in float32 either way.
    before = penalty().detach()
    moved = [p for p in discriminator.parameters() if p.grad is not None]
    step = 0.05 * before / sum(p.grad.square().sum() for p in moved)
    with torch.no_grad():
        for p in moved:
            p -= step * p.grad
    fall = (before - penalty()) / (0.05 * before)
    assert fall.item() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("name", NAMES)
def test_logits_and_pixels_leave_in_float32(name):
    for network, x in zip(
        make(name, condition_dim=2, output_activation="tanh"),
        (torch.randn(64, 6), torch.randn(64, 3, 15, 22)),
        strict=True,
    ):
        rouse(network).eval()
        condition = torch.randn(64, 2)
        exact = network(x, condition)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = network(x, condition)
        assert rough.dtype == torch.float32 and not torch.equal(exact, rough)
        torch.testing.assert_close(exact, rough, rtol=0.1, atol=0.1)
        assert not torch.equal(rough.bfloat16().float(), rough)


@pytest.mark.parametrize("name", NAMES)
def test_seed_fixes_the_weights_and_networks_copy_and_pickle(name):
    def weights(seed):
        torch.manual_seed(seed)
        return [torch.cat([p.flatten() for p in n.parameters()]) for n in make(name)]

    for first, same, other in zip(weights(1), weights(1), weights(2), strict=True):
        assert torch.equal(first, same) and not torch.equal(first, other)
    generator = make(name, something_else=1)[0].eval()
    z = torch.randn(3, 6)
    assert torch.equal(deepcopy(generator)(z), generator(z))
    assert torch.equal(pickle.loads(pickle.dumps(generator))(z), generator(z))


@pytest.mark.parametrize("name", NAMES)
def test_output_activation_bounds_the_pixels(name):
    for bound, low in (("sigmoid", 0), ("tanh", -1)):
        generator, _ = make(name, output_activation=bound)
        x = rouse(generator)(100 * torch.randn(8, 6))
        assert low <= x.min() and x.max() <= 1


@pytest.mark.parametrize("name", PLAIN)
def test_a_fresh_pair_is_neither_silent_nor_loud(name):
    """Whatever the size, so that one learning rate suits all."""
    for shape in [(1, 8, 8), (3, 28, 28), (1, 64, 48)]:
        generator, discriminator = make(name, shape, hidden_dims=(256,))
        x = generator(torch.randn(16, 6))
        assert 0.01 < x.std() < 0.5
        assert 0.01 < discriminator(torch.randn(16, *shape)).std() < 3


def test_pyramid_halves_what_has_eight_pixels():
    assert pyramid(64, 48) == [(64, 48), (32, 24), (16, 12), (8, 6), (4, 6)]
    assert pyramid(7, 7) == [(7, 7)]
    assert pyramid(28, 28, 1) == [(28, 28), (14, 14)]
    assert pyramid(9, 4, 2) == [(9, 4), (5, 4), (5, 4)]


@pytest.mark.parametrize("size", [(8, 8), (15, 22), (1, 9), (3, 64), (2, 11)])
def test_geometry_leads_from_a_scale_to_the_next_and_back(size):
    for finer, coarser in pairwise(pyramid(*size)):
        form = geometry(finer, coarser)
        x = pad_to_even(torch.randn(1, 1, *finer), coarser)
        assert nn.Conv2d(1, 1, **form)(x).shape[2:] == coarser
        back = nn.ConvTranspose2d(1, 1, **form)(torch.randn(1, 1, *coarser))
        assert all(0 <= b - f <= 1 for b, f in zip(back.shape[2:], finer, strict=True))


def test_no_checkerboard_at_the_start():
    """Every pixel sees as many weights as its neighbour."""
    layer = nn.ConvTranspose2d(1, 1, bias=False, **geometry((28, 28), (14, 14)))
    nn.init.ones_(layer.weight)
    inner = layer(torch.ones(1, 1, 14, 14))[0, 0, 2:-2, 2:-2]
    assert (inner == inner[0, 0]).all()


@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(200, 300),
        nn.Conv2d(32, 64, 4, 2, 1),
        nn.ConvTranspose2d(64, 32, 4, 2, 1),
        nn.Conv2d(64, 64, 3, padding=1, groups=4),
    ],
)
def test_layers_keep_the_scale(layer):
    shape = (200,) if isinstance(layer, nn.Linear) else (layer.in_channels, 14, 14)
    out = initialize(layer, activation_slope=1.0)(torch.randn(64, *shape))
    inner = out if out.ndim == 2 else out[:, :, 2:-2, 2:-2]
    assert inner.std().item() == pytest.approx(1, rel=0.1)


def test_inverted_blocks_start_as_the_identity_scaled_by_depth():
    x = torch.randn(2, 24, 5, 5)
    assert torch.equal(InvertedBlock(24, 3, "leaky_relu")(x), x)
    torch.manual_seed(1)
    shallow = InvertedBlock(8, 1, "relu").layers[0].weight
    torch.manual_seed(1)
    deep = InvertedBlock(8, 16, "relu").layers[0].weight
    torch.testing.assert_close(deep, shallow * 16**-0.25)


def test_channels_set_the_depth():
    generator, discriminator = make("strided_conv", (1, 28, 28), channels=(4, 6, 5))
    assert [layer.out_channels for layer in discriminator.layers] == [4, 6, 5]
    assert [layer.out_channels for layer in generator.layers] == [6, 4]
    # The last one gives four pixels a place.
    assert generator.last.out_channels == 4
    x = torch.randn(2, 1, 28, 28)
    # 14 x 14, 7 x 7 and, no longer halved, 7 x 7: pooled to 4 x 4, and 16 dense ones.
    assert discriminator.features(x).shape == (2, (4 + 6 + 5) * 16 + 16)
    assert [m.shape[2] for m in discriminator.maps(x)] == [14, 7, 7]


def squares(n, rng):
    """Bright squares somewhere on dark images of 12 x 10."""
    images = np.zeros((n, 12, 10, 3), dtype=np.uint8)
    for image, row, column in zip(
        images, rng.integers(9, size=n), rng.integers(7, size=n), strict=True
    ):
        image[row : row + 4, column : column + 4] = rng.integers(180, 256, 3)
    return images


def test_a_short_fit_learns_to_put_squares_everywhere():
    X = squares(500, np.random.default_rng(0))
    params = {"generator__channels": (16,), "discriminator__channels": (16,)}
    sampler = GANSampler(
        generator="strided_conv",
        discriminator="strided_conv",
        hidden_dims=(64,),
        batch_size=32,
        max_iter=300,
        net_params=params,
        random_state=0,
    ).fit(X)
    drawn = sampler.sample(500, random_state=0)
    assert drawn.shape == (500, 12, 10, 3) and drawn.dtype == np.uint8
    light = drawn.astype(float).mean(axis=3)
    assert 0.7 < light.mean() / X.mean() < 1.4
    total = light.sum(axis=(1, 2))
    for axis, size in ((2, 12), (1, 10)):
        centre = light.sum(axis=axis) @ np.arange(size) / total
        assert centre.std() > 0.6, "some high, some low; some left, some right"
        real = X.mean(axis=3).sum(axis=axis) @ np.arange(size)
        real /= X.mean(axis=3).sum(axis=(1, 2))
        assert abs(centre.mean() - real.mean()) < 1
    features = sampler.transform(X)
    assert features.shape == (500, 16 * 16 + 64)
    assert sampler.get_feature_names_out().shape == (16 * 16 + 64,)


def test_dcgan_trains_without_a_penalty():
    X = squares(200, np.random.default_rng(0))
    sampler = GANSampler(
        generator="dcgan",
        discriminator="dcgan",
        loss="nonsaturating",
        penalty=None,
        learning_rate=2e-4,
        batch_size=32,
        max_iter=60,
        net_params={"generator__channels": (16,), "discriminator__channels": (16,)},
        random_state=0,
    )
    untrained = sampler.set_params(max_iter=1).fit(X).score(X)
    assert sampler.set_params(max_iter=60).fit(X).score(X) > untrained
    assert sampler.sample(3).shape == (3, 12, 10, 3)


@pytest.mark.parametrize(
    ("shape", "coarser"),
    [
        ((1, 28, 28), (14, 14)),
        ((3, 15, 22), (8, 11)),
        ((2, 9, 6), (5, 6)),
    ],
)
def test_folding_loses_nothing(shape, coarser):
    images = torch.rand(4, *shape, generator=torch.Generator().manual_seed(0))
    folded = fold(images, coarser)
    assert folded.shape[2:] == coarser
    assert folded.shape[1] == shape[0] * fold_factor(shape[1:], coarser)
    assert folded.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(unfold(folded, shape[1:]), images)


def test_folding_keeps_neighbours_together():
    images = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert fold(images, (2, 2))[0, :, 0, 1].tolist() == [2, 3, 6, 7]
