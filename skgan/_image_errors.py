"""How unlike an image is to what was made in its place."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import max_pool2d

# A stroke may be off its place by one pixel for so many of the image's shorter side.
_SIZE_A_PIXEL = 28
# What keeps ratios of nothing to nothing finite.
TINY = 1e-12


def compare_images(one: Tensor, other: Tensor) -> Tensor:
    """Return how unlike images are to others: their difference over their contrast.

    A pixel differs by how far it lies outside of what the other image has nearby, so
    that a stroke a little off its place is none. What is left is squared and divided by
    the squared contrast of both: nearly empty images are made well by anything.

    Parameters
    ----------
    one, other : Tensor of shape (n, channels, height, width)
        Images.

    Returns
    -------
    Tensor of shape (n,)
        0 where they are alike; about 1 where they have nothing in common.

    Examples
    --------
    >>> import torch
    >>> from skgan._image_errors import compare_images
    >>> image = torch.zeros(1, 1, 28, 28)
    >>> image[0, 0, 5:20, 10:12] = 1
    >>> shifted = image.roll(1, dims=3)
    >>> compare_images(image, shifted), compare_images(image, image.mT) > 0.5
    (tensor([0.]), tensor([True]))
    """
    gaps = _squared_sum(_outside(one, other)) + _squared_sum(_outside(other, one))
    contrasts = _squared_sum(one - one.mean((2, 3), keepdim=True))
    contrasts += _squared_sum(other - other.mean((2, 3), keepdim=True))
    return gaps / contrasts.clamp_min(TINY)


def _outside(images: Tensor, others: Tensor) -> Tensor:
    """How far each pixel is outside of the range that other images have near it."""
    radius = round(min(images.shape[2:]) / _SIZE_A_PIXEL)
    size = 2 * radius + 1
    high = max_pool2d(others, size, 1, radius)
    low = -max_pool2d(-others, size, 1, radius)
    return (images - high).clamp_min(0) + (low - images).clamp_min(0)


def _squared_sum(images: Tensor) -> Tensor:
    return images.square().flatten(1).sum(1)
