"""How X came: arrays, images and frames of numbers, and how to give them back."""

from __future__ import annotations

from importlib import import_module
from math import prod
from numbers import Integral, Number

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from skgan._estimator import persistent

# Libraries of frames; None stands for arrays.
LIBRARIES = (None, "pandas", "polars")


def frame_library(X) -> str | None:
    """Return "pandas" or "polars" if `X` is a frame of theirs, else None."""
    for base in type(X).__mro__:
        library = base.__module__.partition(".")[0]
        if library in ("pandas", "polars") and base.__name__ == "DataFrame":
            return library
    return None


def as_rows(X):
    """Return `X` as it is if it is a frame or sparse, else as an ndarray.

    Raises
    ------
    TypeError
        If `X` is a polars LazyFrame, which has no rows yet.
    ValueError
        If `X` is a masked array with masked values, which would be forgotten.
    """
    if type(X).__name__ == "LazyFrame":
        raise TypeError("X is a LazyFrame, which has no rows yet; pass X.collect().")
    if np.ma.is_masked(X):
        raise ValueError(
            "X is a masked array with masked values; fill them (X.filled) or pass a "
            "DataFrame, where NaN is kept as missing."
        )
    return X if frame_library(X) is not None or issparse(X) else np.asarray(X)


def flatten_rows(X):
    """Return rows, as of `as_rows`, with all axes behind the first in one."""
    if getattr(X, "ndim", 2) > 2:
        return X.reshape(len(X), prod(X.shape[1:]))
    return X


@persistent("row_shape", "dtype", "is_whole")
class ArrayContainer:
    """An ndarray, or a list that becomes one, with its dtype and trailing shape.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        What ``fit`` was given.
    values : ndarray of shape (n_samples, n_features)
        The same, validated.
    """

    def __init__(self, X, values: NDArray):
        self.row_shape = X.shape[1:]
        dtype = X.dtype if X.dtype.kind in "biuf" else values.dtype
        self.dtype = dtype.newbyteorder("=")
        self.is_whole = np.full(values.shape[1], self.dtype.kind in "biu")

    def allocate(self, n: int) -> NDArray:
        """Make room for `n` rows."""
        return np.empty((n, *self.row_shape), dtype=self.dtype)

    def write(self, room: NDArray, start: int, values: NDArray) -> None:
        """Put float64 `values`, of shape (m, n_features), at row `start`."""
        block = cast_numbers(values, self.dtype)
        room[start : start + len(values)] = block.reshape(-1, *self.row_shape)

    def wrap(self, room: NDArray) -> NDArray:
        """Return what was written as what ``fit`` was given."""
        return room


@persistent(
    "columns",
    "dtypes",
    "is_boolean",
    "is_whole",
    "storages",
    values={"library": LIBRARIES},
)
class FrameContainer:
    """A pandas or polars frame of numbers, with its columns and their dtypes.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_features)
        What ``fit`` was given.
    library : {"pandas", "polars"}
        Whose frame it is.

    Raises
    ------
    ValueError
        If a column holds anything but numbers.
    """

    def __init__(self, X, library: str):
        self.library = library
        # An Index of pandas keeps levels and names that a list would lose.
        self.columns = X.columns
        columns = _read_columns(X, library)
        self.dtypes = [column.dtype for column in columns]
        storages = check_columns(X, library)
        self.is_boolean = [storage.kind == "b" for storage in storages]
        self.is_whole = np.array([storage.kind in "biu" for storage in storages])
        # An integer or boolean cannot hold NaN, which marks what is missing.
        self.storages = [
            np.dtype(np.float64)
            if storage.kind != "f" and _has_missing(column)
            else storage
            for storage, column in zip(storages, columns, strict=True)
        ]

    def allocate(self, n: int) -> list[NDArray]:
        """Make room for `n` rows, a column at a time."""
        return [np.empty(n, dtype=storage) for storage in self.storages]

    def write(self, room: list[NDArray], start: int, values: NDArray) -> None:
        """Put float64 `values`, of shape (m, n_features), at row `start`."""
        for column, target in zip(values.T, room, strict=True):
            target[start : start + len(values)] = cast_numbers(column, target.dtype)

    def wrap(self, room: list[NDArray]):
        """Return what was written as what ``fit`` was given."""
        columns = []
        for i, dtype in enumerate(self.dtypes):
            # Each column of `room` is let go as soon as its copy is made.
            values, room[i] = room[i], np.empty(0)
            if self.library == "polars":
                columns.append(_polars_column(values, dtype))
            elif dtype == np.dtype(object):
                columns.append(self._object_column(values, i))
            else:
                columns.append(_pandas_column(values, dtype))
            del values
        if self.library == "polars":
            polars = import_module("polars")
            return polars.DataFrame(
                [c.alias(name) for c, name in zip(columns, self.columns, strict=True)]
            )
        pandas = import_module("pandas")
        frame = pandas.DataFrame(dict(enumerate(columns)), copy=False)
        frame.columns = self.columns
        return frame

    def _object_column(self, values: NDArray, i: int) -> NDArray:
        """Whole numbers and booleans of Python, where ``fit`` saw nothing else."""
        objects = values.astype(object)
        if values.dtype.kind != "f":
            return objects
        present = ~np.isnan(values)
        if self.is_whole[i]:
            kind = bool if self.is_boolean[i] else np.int64
            objects[present] = values[present].astype(kind)
        objects[~present] = None
        return objects


def check_columns(X, library: str) -> list[np.dtype]:
    """Return the NumPy dtypes that hold the columns of a frame.

    Raises
    ------
    ValueError
        If a column holds anything but numbers.
    """
    columns = _read_columns(X, library)
    storages = [_storage_dtype(column, library) for column in columns]
    strange = [
        f"{name!r} ({column.dtype})"
        for name, column, storage in zip(X.columns, columns, storages, strict=True)
        if storage is None
    ]
    if strange:
        raise ValueError(
            f"Columns that hold no numbers: {', '.join(strange)}. Encode them "
            "first, with sklearn.preprocessing.OrdinalEncoder or OneHotEncoder "
            "for categories, cast them to numbers, or drop them."
        )
    return [storage for storage in storages if storage is not None]


def holds_numbers_only(X, library: str) -> bool:
    """Whether all columns of a frame hold numbers or booleans."""
    columns = _read_columns(X, library)
    return all(_storage_dtype(column, library) is not None for column in columns)


def make_container(X, values: NDArray) -> ArrayContainer | FrameContainer:
    """Remember how `X` came, given its validated `values`."""
    library = frame_library(X)
    if library is None:
        return ArrayContainer(X, values)
    return FrameContainer(X, library)


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
    return np.clip(values, finite.min, finite.max).astype(dtype)


def _read_columns(X, library: str) -> list:
    read = X.to_series if library == "polars" else lambda i: X.iloc[:, i]
    return [read(i) for i in range(X.shape[1])]


def _storage_dtype(column, library: str) -> np.dtype | None:
    """Return the NumPy dtype that holds a column of numbers, None for others."""
    dtype = column.dtype
    if library == "polars":
        # NumPy has no integers of 128 bits.
        is_number = dtype.is_numeric() and not str(dtype).endswith("nt128")
        if not (is_number or str(dtype) == "Boolean"):
            return None
        storage = np.dtype(float) if dtype.is_decimal() else column[:0].to_numpy().dtype
    else:
        # Nullable and arrow dtypes name the NumPy dtype they extend.
        storage = getattr(dtype, "numpy_dtype", dtype)
    if isinstance(storage, np.dtype) and storage.kind in "biuf":
        return storage
    if isinstance(storage, np.dtype) and storage.kind == "O":
        return _object_storage(column)
    return None


def _object_storage(column) -> np.dtype | None:
    """Return the dtype of a column of objects, None if they are no numbers."""
    # NaN, which differs from itself, is missing; so is None.
    present = [v for v in column if v is not None and not _is_nan(v)]
    if all(isinstance(value, bool | np.bool_) for value in present) and present:
        return np.dtype(bool)
    if all(_is_small_integer(value) for value in present) and present:
        return np.dtype(np.int64)
    is_number = [isinstance(v, Number) and not isinstance(v, complex) for v in present]
    return np.dtype(np.float64) if all(is_number) else None


def _is_nan(value) -> bool:
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _is_small_integer(value) -> bool:
    return (
        isinstance(value, Integral)
        and not isinstance(value, bool)
        and -(2**63) <= int(value) < 2**63
    )


def _has_missing(column) -> bool:
    is_missing = column.is_null() if hasattr(column, "is_null") else column.isna()
    return bool(is_missing.any())


def _pandas_column(values: NDArray, dtype):
    pandas = import_module("pandas")
    if values.dtype == dtype:
        return values
    missing = np.isnan(values)
    if not missing.any() or isinstance(dtype, np.dtype):
        return pandas.array(values, dtype=dtype)
    column = pandas.array(np.where(missing, 0, values), dtype=dtype)
    column[missing] = pandas.NA
    return column


def _polars_column(values: NDArray, dtype):
    polars = import_module("polars")
    column = polars.Series(values)
    if values.dtype.kind == "f":
        column = column.fill_nan(None)
    return column.cast(dtype)
