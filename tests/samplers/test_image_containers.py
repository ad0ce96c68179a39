"""Images of every size, number of channels and range, in every estimator for them."""

import sys

import numpy as np
import pytest

from skgan import (
    ConditionalGANSampler,
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
)
from skgan.encoding import ImageEncoder

BRIEF = {"max_iter": 1, "batch_size": 4, "random_state": 0}
# Few pixels and many, for which "auto" takes other networks; odd sides, and lines.
SHAPES = [(8, 8), (28, 28), (17, 13, 1), (30, 45, 3), (9, 40, 4)]
RANGES = {
    "uint8": (0, 255, np.uint8),
    "from 0 to 1": (0, 1, np.float32),
    "from -1 to 1": (-1, 1, np.float64),
    "floats from 0 to 255": (0, 255, np.float32),
    "16 bits": (0, 65_535, np.uint16),
}


def make_images(shape, low=0, high=255, dtype=np.uint8, n=12):
    images = np.random.default_rng(0).uniform(low, high, (n, *shape))
    images[0].flat[:2] = low, high
    return images.astype(dtype)


def check_like(drawn, X, n=3):
    """Rows drawn have the shape, the dtype and the range of X, and values inside."""
    assert (drawn.shape, drawn.dtype) == ((n, *X.shape[1:]), X.dtype)
    assert X.min() <= drawn.min() < drawn.max() <= X.max()
    if X.dtype.kind == "f":
        # A generator that has learnt next to nothing draws in the middle.
        share = (drawn - X.min()) / (X.max() - X.min())
        assert 0.2 < share.mean() < 0.8


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sizes_and_channels(shape):
    X = make_images(shape)
    sampler = GANSampler(**BRIEF).fit(X)
    check_like(sampler.sample(3), X)
    assert sampler.encoder_.tensor_shape_ == ((*shape, 1)[2], *shape[:2])


@pytest.mark.parametrize("side", [5, 18], ids=["few pixels", "many pixels"])
@pytest.mark.parametrize("name", RANGES)
def test_ranges(name, side):
    low, high, dtype = RANGES[name]
    X = make_images((side, side + 2, 3), low, high, dtype)
    check_like(GANSampler(**BRIEF).fit(X).sample(3), X)


@pytest.mark.parametrize("shape", [(6, 5, 4), (13, 20, 3)], ids=str)
def test_every_estimator(shape):
    X, y = make_images(shape), np.array(["sea", "sun"] * 6)
    drawn, labels = ConditionalGANSampler(**BRIEF).fit(X, y).sample(y=y[:3])
    check_like(drawn, X)
    assert labels.tolist() == ["sea", "sun", "sea"]
    check_like(InfoGANSampler(n_categories=2, **BRIEF).fit(X).sample(3), X)
    scores = GANOutlierDetector(**BRIEF).fit(X).score_samples(X[:3])
    assert scores.shape == (3,) and np.isfinite(scores).all()


def test_lists_of_images():
    X = make_images((6, 5, 3))
    check_like(GANSampler(**BRIEF).fit(list(X)).sample(3), X)


@pytest.mark.parametrize("Sampler", [GANSampler, InfoGANSampler, GANOutlierDetector])
def test_images_of_several_sizes(Sampler):
    images = [np.zeros((6, 5)), np.zeros((6, 5)), np.zeros((6, 4))]
    message = r"several sizes: X\[0\] .*\(6, 5\) and X\[2\] \(6, 4\).*load_image_folder"
    with pytest.raises(ValueError, match=message):
        Sampler(**BRIEF).fit(images)
    ragged = np.empty(3, dtype=object)
    ragged[:] = images
    with pytest.raises(ValueError, match=message):
        Sampler(**BRIEF).fit(ragged)


@pytest.mark.parametrize("n_channels", [1, 3, 4])
def test_channels_first(n_channels):
    """They would be taken for images of few pixels' height and many channels."""
    X = make_images((n_channels, 12, 10))
    with pytest.raises(ValueError, match=r"channels last, as in np\.moveaxis"):
        GANSampler(**BRIEF).fit(X)
    last = np.moveaxis(X, 1, -1)
    check_like(GANSampler(**BRIEF).fit(last).sample(3), last)
    encoder = ImageEncoder(shape=(n_channels, 12, 10))
    check_like(GANSampler(encoder=encoder, **BRIEF).fit(X).sample(3), X)


def test_without_updates_nobody_draws_images():
    X = make_images((6, 5, 3))
    with pytest.warns(UserWarning, match="max_iter=0 .* an untrained generator draws"):
        sampler = GANSampler(max_iter=0, hidden_dims=(4,), random_state=0).fit(X)
    sampler.set_params(max_iter=1).partial_fit(X)
    # What is trained stays so.
    sampler.set_params(max_iter=0).partial_fit(X)


def test_sets_of_hardly_any_images():
    X = make_images((6, 5, 3))
    for Estimator in (GANSampler, InfoGANSampler, GANOutlierDetector):
        with pytest.raises(ValueError, match=r"1 sample\(s\).*minimum of 2"):
            Estimator(**BRIEF).fit(X[:1])
    with pytest.raises(ValueError, match=r"1 sample\(s\).*minimum of 2"):
        ConditionalGANSampler(**BRIEF).fit(X[:1], ["sea"])
    check_like(GANSampler(**BRIEF).fit(X[:2]).sample(3), X[:2])


@pytest.mark.parametrize("y", [[0, 0], [0, 1], [0, 0, 0, 0, 1, 1]], ids=str)
def test_classes_of_two_images_or_one(y):
    X = make_images((6, 5, 3))[: len(y)]
    sampler = ConditionalGANSampler(**BRIEF).fit(X, y)
    drawn, labels = sampler.sample(y=np.repeat(y[-1], 3))
    check_like(drawn, X)
    assert labels.tolist() == [y[-1]] * 3


@pytest.mark.skipif(sys.platform == "win32", reason="WINDOWS DOES NOT TELL THE PEAK")
def test_memory_of_large_colour_images(run_script):
    """500 of 64 x 64 x 3 with the batch of "auto": 2 GiB, what is imported included."""
    script = """
import resource, sys
import numpy as np
from skgan import GANSampler
X = np.random.default_rng(0).integers(0, 256, (500, 64, 64, 3), dtype=np.uint8)
GANSampler(max_iter=1, random_state=0).fit(X).sample(2)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / 2 ** (30 if sys.platform == "darwin" else 20))
"""
    output, errors = run_script(script)
    assert output, errors
    assert float(output) < 2
