"""Images: pixels scaled to a range, channels first."""

from __future__ import annotations

from math import isfinite, prod
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray

from skgan.encoding._base import BaseEncoder


class ImageEncoder(BaseEncoder):
    """Scale pixels linearly to a range and put channels first.

    Parameters
    ----------
    shape : tuple of int or None, default=None
        ``(height, width)`` or ``(height, width, channels)`` of images handed over
        flat. None reads it off X's trailing axes; flat rows without a shape count
        as one line of pixels, and rows that look like ``(channels, height, width)``
        are an error.
    value_range : tuple of float, default=(-1.0, 1.0)
        Range that the pixels' own range is mapped to; ``(0, 1)`` for a generator
        that ends in a sigmoid.

    Attributes
    ----------
    pixel_range_ : tuple of float
        Darkest and brightest pixel seen, between which all that come back are. Images
        whose pixels are all the same come back the same.
    constant_channels_ : ndarray of shape (channels,)
        The value of channels whose pixels are all the same, such as an alpha that hides
        nothing, and which samples have as well; NaN for the others.
    tensor_shape_ : tuple of int
        ``(channels, height, width)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding import ImageEncoder
    >>> images = np.array([[[0, 255], [255, 0]], [[51, 0], [0, 102]]], dtype=np.uint8)
    >>> encoder = ImageEncoder().fit(images)
    >>> encoder.tensor_shape_
    (1, 2, 2)
    >>> encoder.transform(images)[1].round(1)
    array([-0.6, -1. , -1. , -0.2])
    >>> bool((encoder.inverse_transform(encoder.transform(images)) == images).all())
    True
    """

    def __init__(self, shape=None, value_range=(-1.0, 1.0)):
        self.shape = shape
        self.value_range = value_range

    def _check_parameters(self) -> None:
        bounds = self.value_range
        if (
            not isinstance(bounds, tuple | list)
            or len(bounds) != 2
            or not all(isinstance(b, Real) and isfinite(b) for b in bounds)
            or not bounds[0] < bounds[1]
        ):
            raise ValueError(
                "value_range must be two finite numbers (low, high) with low < high, "
                f"got {bounds!r}."
            )
        shape = self.shape
        if shape is not None and not (
            isinstance(shape, tuple | list)
            and all(isinstance(size, Integral) and int(size) > 0 for size in shape)
        ):
            raise ValueError(
                "shape must be None or whole numbers (height, width[, channels]), got "
                f"{shape!r}."
            )

    def _fit_rows(self, values: NDArray) -> None:
        height, width, channels = self._image_shape(values.shape[1])
        self.tensor_shape_ = (channels, height, width)
        low, high = values.min(axis=0), values.max(axis=0)
        self.pixel_range_ = float(low.min()), float(high.max())
        low = low.reshape(-1, channels).min(axis=0)
        high = high.reshape(-1, channels).max(axis=0)
        self.constant_channels_ = np.where(low == high, low, np.nan)

    def _image_shape(self, n_pixels: int) -> tuple[int, int, int]:
        shape = self.shape
        if shape is None:
            trailing = getattr(self.output_builder_, "row_shape", ())
            _check_channels_last(trailing)
            shape = trailing if len(trailing) > 1 else (1, n_pixels)
        shape = tuple(int(size) for size in shape)
        if len(shape) not in (2, 3) or prod(shape) != n_pixels:
            raise ValueError(
                f"shape={shape} must be (height, width[, channels]) of {n_pixels} "
                "pixels, the size of one row of X."
            )
        return (*shape, 1)[:3]

    def _scale(self) -> tuple[float, float, float]:
        """Return the darkest pixel, its place in the range, and the slope there."""
        dark, bright = self.pixel_range_
        low, high = self.value_range
        return dark, low, (high - low) / ((bright - dark) or 1.0)

    def _encode(self, values: NDArray) -> NDArray:
        dark, low, slope = self._scale()
        channels, height, width = self.tensor_shape_
        rows = (values - dark) * slope + low
        rows = rows.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
        return rows.reshape(len(values), -1)

    def _decode(self, rows: NDArray) -> NDArray:
        dark, low, slope = self._scale()
        channels, height, width = self.tensor_shape_
        rows = rows.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        values = (rows.reshape(len(rows), -1) - low) / slope + dark
        values = np.clip(values, *self.pixel_range_)
        # Encoders of older files tell of no channel that it never varied.
        constant = getattr(self, "constant_channels_", np.full(channels, np.nan))
        for channel in np.flatnonzero(~np.isnan(constant)):
            values.reshape(-1, channels)[:, channel] = constant[channel]
        return values

    def _share_out(self, ends: NDArray, first: NDArray, slopes: NDArray) -> NDArray:
        channels, height, width = self.tensor_shape_
        shares = (self._encode(ends) - self._encode(first)) * slopes
        shares = shares.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        return shares.reshape(len(ends), -1)


def _check_channels_last(shape: tuple[int, ...]) -> None:
    """Raise if an image looks like one of PyTorch, whose channels come first."""
    few = (1, 3, 4)
    if len(shape) == 3 and shape[0] in few and min(shape[1:]) > max(few):
        raise ValueError(
            f"rows of X have the shape {shape}, which looks like (channels, height, "
            "width); give images with the channels last, as in np.moveaxis(X, 1, -1). "
            f"If they are {shape[0]} pixels high and have {shape[2]} channels, say so "
            f"by encoder=ImageEncoder(shape={shape})."
        )
