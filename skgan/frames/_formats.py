"""Raw columns, and the formats that turn them back into columns of a container.

A raw column is an array of raw values, a mask of what is missing, and its format, by
which such a pair becomes a column of the same dtype again. Raw values are numbers,
booleans, whole counts of a unit of time, or codes of levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent

# Nanoseconds of each unit of time.
UNITS = {
    "D": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}


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


@persistent("n_repeated")
class ColumnFormat:
    """What the raw values of a column are, and how they become a column again."""

    def __init__(
        self,
        kind: str,  # "number", "boolean", "time", "duration" or "level"
        to_column: Any,  # called with raw values and the mask of what is missing
        *,
        storage: Any = np.float64,  # dtype of raw numbers
        unit: int = 1,  # nanoseconds of a raw unit of time
        levels: Iterable = (),  # what codes stand for
        is_closed: bool = False,  # whether the dtype itself lists the levels
        decimals: int | None = None,  # decimal places that the dtype has
        is_time_of_day: bool = False,  # of a duration: since midnight
    ):
        self.kind = kind
        self.to_column = to_column
        self.storage = np.dtype(storage)
        self.unit = unit
        self.levels = list(levels)
        self.is_closed = is_closed
        self.decimals = decimals
        self.is_time_of_day = is_time_of_day
        # Moments of an hour that clocks repeat, which come back as the first of two.
        self.n_repeated = 0


class RawColumn(NamedTuple):
    """A column's format, its raw values and where they are missing."""

    column_format: ColumnFormat
    raw: NDArray
    missing: NDArray


@persistent()
class ToArray:
    """To a NumPy array of a dtype, NaN or NaT where values are missing."""

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)

    def __call__(self, raw: NDArray, missing: NDArray) -> NDArray:
        """Return the array."""
        if self.dtype.kind in "mM":
            column = np.asarray(raw, dtype=np.int64).view(self.dtype)
            return np.where(missing, np.array("NaT", dtype=self.dtype), column)
        column = (
            cast_numbers(raw, self.dtype)
            if raw.dtype.kind == "f"
            else raw.astype(self.dtype)
        )
        if self.dtype.kind == "f":
            column[missing] = np.nan
        return column


@persistent()
class ToObjects:
    """To Python objects: a function makes each of a raw value."""

    def __init__(self, make: Callable, sentinel: Any = None, to_series=None):
        self.make = make  # called with a Python number
        self.sentinel = sentinel  # what stands for missing
        self.to_series = to_series  # called with the array of objects; None keeps it

    @property
    def zone(self):
        """The time zone, None without one."""
        return getattr(self.make, "zone", None)

    def __call__(self, raw: NDArray, missing: NDArray):
        """Return the objects."""
        objects = np.empty(len(raw), dtype=object)
        present = ~missing
        # Raw values repeat, so each object is made once.
        unique, inverse = np.unique(raw[present], return_inverse=True)
        made = np.empty(len(unique), dtype=object)
        for i, value in enumerate(unique.tolist()):
            made[i] = self.make(value)
        objects[present] = made[inverse]
        return self.from_objects(objects, missing)

    def forget_levels(self):
        """Keep none of the levels that objects were taken from."""
        if hasattr(self.make, "levels"):
            self.make.levels = []

    def from_objects(self, objects: NDArray, missing: NDArray):
        """Return other objects than those made, as a column like it."""
        objects[missing] = self.sentinel
        return objects if self.to_series is None else self.to_series(objects)


def read_array_column(values: NDArray, dtype: np.dtype) -> RawColumn:
    """Read a column of an ndarray that came with `dtype`."""
    kind = "boolean" if dtype.kind == "b" else "number"
    values, missing = numbers_and_missing(values)
    column_format = ColumnFormat(kind, ToArray(dtype), storage=dtype)
    return RawColumn(column_format, values, missing)
