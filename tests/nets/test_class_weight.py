"""Classes that the discriminator reads off rows: what they add to both losses."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from skgan.modules import (
    MLPDiscriminator,
    ResidualConvDiscriminator,
    ResidualConvGenerator,
    StridedConvDiscriminator,
    StridedConvGenerator,
)
from skgan.nets import AdversarialNet

SHAPE, N_CLASSES = (2, 8, 8), 3
PAIRS = [
    (StridedConvGenerator, StridedConvDiscriminator),
    (ResidualConvGenerator, ResidualConvDiscriminator),
]


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    y = np.eye(N_CLASSES, dtype="float32")[rng.integers(N_CLASSES, size=24)]
    return rng.normal(size=(24, *SHAPE)).astype("float32"), y


def nothing(real_logits, fake_logits):
    return 0 * fake_logits.sum()


def make_net(generator, discriminator, **params):
    return AdversarialNet(
        generator,
        discriminator,
        **{
            "latent_dim": 4,
            "loss": (nothing, nothing),
            "batch_size": 24,
            "max_epochs": 1,
            "verbose": 0,
            "random_state": 0,
            "generator__output_shape": SHAPE,
            "generator__condition_dim": N_CLASSES,
            "generator__channels": (4, 4),
            "discriminator__input_shape": SHAPE,
            "discriminator__condition_dim": N_CLASSES,
            "discriminator__channels": (4, 4),
            "discriminator__hidden_dims": (8,),
            "discriminator__n_classes": N_CLASSES,
            **params,
        },
    )


def losses(net):
    return np.array(
        [net.history[0, k] for k in ("discriminator_loss", "generator_loss")]
    )


@pytest.mark.parametrize(("generator", "discriminator"), PAIRS)
def test_losses_are_what_is_not_read_of_classes(generator, discriminator, images):
    X, y = images
    net = make_net(generator, discriminator, class_weight=2.0, lr=0.0).fit(X, y)
    with torch.no_grad():
        judged = net.discriminator_.judge_and_classify(*map(torch.as_tensor, (X, y)))
        logits = net.discriminator_(*map(torch.as_tensor, (X, y)))
    of_real = cross_entropy(judged[1], torch.as_tensor(y), label_smoothing=0.1)
    assert torch.equal(judged[0], logits)
    of_discriminator, of_generator = losses(net)
    assert of_discriminator == pytest.approx(2 * float(of_real), rel=1e-4)
    # Of networks that know nothing it is about log 3.
    assert 1.5 < of_generator < 3.5
    half = make_net(generator, discriminator, class_weight=1.0, lr=0.0).fit(X, y)
    np.testing.assert_allclose(losses(half), losses(net) / 2, rtol=1e-4)
    assert not losses(make_net(generator, discriminator).fit(X, y)).any()


def test_both_networks_learn_from_classes_alone(images):
    X, y = images
    X[:, 0] += 3 * y.argmax(1)[:, None, None]
    net = make_net(*PAIRS[0], class_weight=1.0, lr=0.01, max_epochs=100).fit(X, y)
    first, last = (
        [net.history[place, f"{name}_loss"] for name in ("discriminator", "generator")]
        for place in (0, -1)
    )
    assert all(b < 0.7 * a for a, b in zip(first, last, strict=True))


def test_a_discriminator_that_tells_no_classes_is_refused(images):
    net = make_net(StridedConvGenerator, MLPDiscriminator, class_weight=1.0, lr=0.0)
    message = (
        "judge_and_classify, which MLPDiscriminator has not; set class_weight to 0"
    )
    with pytest.raises(ValueError, match=message):
        net.fit(*images)


def test_no_classes_are_told_by_networks_made_without(images):
    discriminator = StridedConvDiscriminator(input_shape=SHAPE)
    with pytest.raises(ValueError, match="n_classes=0"):
        discriminator.judge_and_classify(torch.as_tensor(images[0]))
