"""SamplesDisplay with the nearest training image beside each sample."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skgan import ConditionalGANSampler, GANSampler
from skgan.plotting import SamplesDisplay


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 4, 5), dtype=np.uint8)


def labels(display):
    return [label.get_text() for label in display.ax_.get_xticklabels()]


def test_a_copy_stands_beside_what_it_was_copied_from(images):
    """Samples are training images of which one pixel changed."""
    synthetic = images[[7, 3, 11]].copy()
    synthetic[:, 0, 0] ^= 1
    display = SamplesDisplay.from_samples(synthetic, train=images)
    assert (display.neighbors == images[[7, 3, 11]]).all()
    assert display.neighbors.dtype == images.dtype
    sheet = display.synthetic_image_.get_array()
    # Twos touch, and there is a gap between them.
    assert (sheet[:4, :5] == synthetic[0]).all()
    assert (sheet[:4, 5:10] == images[7]).all()
    assert np.ma.getmaskarray(np.ma.masked_invalid(sheet))[:4, 10:12].all()
    assert labels(display) == ["synthetic | nearest in training"]


def test_nearest_is_by_all_channels():
    train = np.zeros((2, 3, 3, 3))
    train[0, ..., 0] = train[1, ..., 2] = 1.0
    display = SamplesDisplay.from_samples(train[::-1] * 0.9, train=train)
    assert (display.neighbors == train[::-1]).all()
    assert display.synthetic_image_.get_array().shape[-1] == 4


def test_real_images_stay_to_the_left(images):
    display = SamplesDisplay.from_samples(images[:9], real=images[9:18], train=images)
    assert labels(display) == ["real", "synthetic | nearest in training"]
    assert (display.real_image_.get_array()[:4, :5] == images[9]).all()
    left = display.synthetic_image_.get_extent()[0]
    assert left > display.real_image_.get_extent()[1]


@pytest.mark.parametrize("n", [1, 2, 24, 64])
def test_every_two_is_on_the_sheet(images, n):
    many = np.concatenate([images] * 2)[:n]
    display = SamplesDisplay.from_samples(many, train=images)
    sheet = np.ma.masked_invalid(display.synthetic_image_.get_array())
    assert (~np.ma.getmaskarray(sheet)).sum() == n * 2 * 20
    height, width = sheet.shape
    assert n < 24 or 0.5 < height / width < 2


def test_from_estimator(images):
    sampler = GANSampler(hidden_dims=(8,), max_iter=2, random_state=0).fit(images)
    display = SamplesDisplay.from_estimator(sampler, X_train=images, n_samples=6)
    drawn = sampler.sample(6, random_state=np.random.RandomState(0))
    assert (display.synthetic == drawn).all()
    distances = np.square(drawn[:, None].astype(float) - images).sum(axis=(2, 3))
    assert (display.neighbors == images[distances.argmin(axis=1)]).all()
    alone = SamplesDisplay.from_estimator(sampler, n_samples=6)
    assert alone.neighbors is None and labels(alone) == ["synthetic"]


def test_samples_that_come_with_labels(images):
    sampler = ConditionalGANSampler(hidden_dims=(8,), max_iter=2, random_state=0)
    sampler.fit(images, np.arange(40) % 2)
    display = SamplesDisplay.from_estimator(sampler, X_train=images, n_samples=5)
    assert display.neighbors.shape == display.synthetic.shape == (5, 4, 5)


def test_what_does_not_fit_is_said(images):
    with pytest.raises(ValueError, match=r"synthetic and train images differ"):
        SamplesDisplay.from_samples(images[:3], train=images[:, :3])
    with pytest.raises(ValueError, match="There are 2 neighbors of 3 synthetic"):
        SamplesDisplay(synthetic=images[:3], neighbors=images[:2]).plot()
    with pytest.raises(ValueError, match="train has shape"):
        SamplesDisplay.from_samples(images[:3], train=images.reshape(40, -1))
