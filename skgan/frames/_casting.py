"""Floats cast to the dtypes of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cast_numbers(values: NDArray, dtype: np.dtype) -> NDArray:
    """Cast float64 `values` to `dtype`, rounding and clipping to what it holds."""
    if dtype.kind == "b":
        return values >= 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        whole = np.rint(values)
        # float64 rounds 2**63 - 1 up to 2**63, which would wrap around.
        top = np.nextafter(float(limits.max), 0) if limits.bits > 53 else limits.max
        cast = np.clip(whole, limits.min, top).astype(dtype)
        return np.where(whole > top, dtype.type(limits.max), cast)
    finite = np.finfo(dtype)
    return np.clip(values, finite.min, finite.max).astype(dtype, copy=False)


def numbers_and_missing(values: NDArray) -> tuple[NDArray, NDArray]:
    """Return values as numbers, and where they are missing."""
    if values.dtype.kind not in "biuf":
        values = values.astype(np.float64)
    if values.dtype.kind == "f":
        return values, np.isnan(values)
    return values, np.zeros(len(values), dtype=bool)
