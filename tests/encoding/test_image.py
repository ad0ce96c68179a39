"""ImageEncoder: pixels, ranges, channels first."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skgan import GANSampler, load, save
from skgan.encoding import ImageEncoder

SHAPES = [(4, 5), (4, 5, 1), (4, 5, 3)]


def make_images(shape, dtype=np.uint8, n=20):
    rng = np.random.default_rng(0)
    return (rng.random((n, *shape)) * 255).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64, bool])
def test_round_trip(shape, dtype):
    images = make_images(shape, dtype)
    encoder = ImageEncoder().fit(images)
    encoded = encoder.transform(images)
    assert encoded.shape == (20, images[0].size)
    assert encoded.min() >= -1 - 1e-6
    assert encoded.max() <= 1 + 1e-6
    back = encoder.inverse_transform(encoded)
    assert (back.shape, back.dtype) == (images.shape, images.dtype)
    np.testing.assert_allclose(
        back.astype(float), images.astype(float), rtol=1e-5, atol=1e-4
    )


def test_digits_are_the_same_again():
    images = load_digits().images.astype(np.uint8)
    encoder = ImageEncoder().fit(images)
    assert encoder.tensor_shape_ == (1, 8, 8)
    back = encoder.inverse_transform(encoder.transform(images).astype(np.float32))
    np.testing.assert_array_equal(back, images)


def test_channels_come_first():
    images = make_images((4, 5, 3))
    images[0, 0, 0, :2] = 0, 255
    encoder = ImageEncoder(value_range=(0, 255)).fit(images)
    assert encoder.tensor_shape_ == (3, 4, 5)
    tensors = encoder.transform(images).reshape(-1, 3, 4, 5)
    np.testing.assert_allclose(tensors, np.moveaxis(images, -1, 1), atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_flat_images(shape):
    images = make_images(shape)
    flat = images.reshape(20, -1)
    encoder = ImageEncoder(shape=shape).fit(flat)
    whole = ImageEncoder().fit(images)
    assert encoder.tensor_shape_ == whole.tensor_shape_
    np.testing.assert_array_equal(encoder.transform(flat), whole.transform(images))
    np.testing.assert_array_equal(
        encoder.inverse_transform(encoder.transform(flat)), flat
    )


def test_tensors_decode_without_flattening():
    images = make_images((4, 5, 3))
    encoder = ImageEncoder().fit(images)
    tensors = encoder.transform(images).reshape(-1, *encoder.tensor_shape_)
    np.testing.assert_array_equal(encoder.inverse_transform(tensors), images)


@pytest.mark.parametrize("value_range", [(0, 1), (-1.0, 1.0), [0.0, 255.0]])
def test_value_range(value_range):
    images = make_images((4, 5))
    images[0, 0, 0], images[0, 0, 1] = 0, 255
    encoded = ImageEncoder(value_range=value_range).fit_transform(images)
    np.testing.assert_allclose([encoded.min(), encoded.max()], value_range, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32, bool])
def test_pixels_stay_in_the_range_seen(dtype):
    rng = np.random.default_rng(0)
    low, high = (0, 1) if dtype is bool else (3, 12)
    images = rng.integers(low, high + 1, (9, 4, 4, 3)).astype(dtype)
    encoder = ImageEncoder().fit(images)
    assert encoder.pixel_range_ == (low, high)
    # The networks see the whole of their range.
    encoded = encoder.transform(images)
    assert (encoded.min(), encoded.max()) == (-1, 1)
    new = encoder.inverse_transform(3 * rng.standard_normal((50, 48)))
    assert new.dtype == dtype and (new.min(), new.max()) == (low, high)


@pytest.mark.parametrize("value", [0, 7, 255])
def test_constant_images_come_back_constant(value):
    images = np.full((6, 5, 5), value, dtype=np.uint8)
    encoder = ImageEncoder(value_range=(0, 1)).fit(images)
    new = encoder.inverse_transform(np.random.default_rng(0).normal(size=(9, 25)))
    assert (new == value).all() and new.dtype == np.uint8
    sampler = GANSampler(max_iter=2, hidden_dims=(4,), random_state=0).fit(images)
    assert (sampler.sample(4) == value).all()


def test_channels_that_never_vary_are_kept(tmp_path):
    images = make_images((4, 5, 4))
    images[..., 3] = 250
    sampler = GANSampler(max_iter=2, hidden_dims=(4,), random_state=0).fit(images)
    np.testing.assert_array_equal(
        sampler.encoder_.constant_channels_, [np.nan, np.nan, np.nan, 250]
    )
    drawn = sampler.sample(9)
    assert (drawn[..., 3] == 250).all() and np.ptp(drawn[..., :3]) > 0
    save(sampler, tmp_path / "images.skgan")
    assert (load(tmp_path / "images.skgan").sample(9)[..., 3] == 250).all()
    decoded = sampler.encoder_.inverse_transform(sampler.encoder_.transform(images))
    np.testing.assert_array_equal(decoded, images)


def test_other_dtypes_have_the_range_seen():
    images = make_images((4, 5), np.float32) / 100
    encoder = ImageEncoder().fit(images)
    decoded = encoder.inverse_transform(np.full((1, 20), 50.0))
    assert decoded.max() == images.max()
    assert decoded.dtype == np.float32


def test_constant_images():
    images = np.full((5, 2, 2), 0.3)
    encoder = ImageEncoder().fit(images)
    assert np.isfinite(encoder.transform(images)).all()
    assert (encoder.inverse_transform(np.ones((2, 4))) == 0.3).all()


def test_rows_without_a_shape_are_lines_of_pixels():
    encoder = ImageEncoder().fit(make_images((6,)))
    assert encoder.tensor_shape_ == (1, 1, 6)


def test_images_with_pixels_that_are_no_numbers_are_counted():
    images = make_images((8, 8, 3), np.float64)
    images[[4, 9], 2, 3, 1] = np.nan
    with pytest.raises(ValueError, match=r"NaN in 2 of 20 images.* X\[4\].*drop these"):
        ImageEncoder().fit(images)
    images[[4, 9], 2, 3, 1] = 0, np.inf
    with pytest.raises(ValueError, match=r"infinity in 1 of 20 images.* X\[9\]"):
        GANSampler(max_iter=1).fit(images)
