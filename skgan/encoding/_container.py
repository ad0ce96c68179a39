"""How X came: arrays, images and frames of numbers, and how to give them back."""

from __future__ import annotations

from importlib import import_module
from numbers import Number

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse


def frame_library(X) -> str | None:
    """Return "pandas" or "polars" if `X` is a frame of theirs, else None."""
    for base in type(X).__mro__:
        library = base.__module__.partition(".")[0]
        if library in ("pandas", "polars") and base.__name__ == "DataFrame":
            return library
    return None


def as_rows(X):
    """Return `X` as it is if it is a frame or sparse, else as an ndarray."""
    return X if frame_library(X) is not None or issparse(X) else np.asarray(X)


def flatten_rows(X):
    """Return rows, as of `as_rows`, with all axes behind the first in one."""
    if getattr(X, "ndim", 2) > 2:
        return X.reshape(len(X), -1)
    return X


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
        self.columns = list(X.columns)
        read = X.to_series if library == "polars" else lambda i: X.iloc[:, i]
        columns = [read(i) for i in range(X.shape[1])]
        self.dtypes = [column.dtype for column in columns]
        storages = [_storage_dtype(column, library) for column in columns]
        strange = [
            f"{name!r} ({dtype})"
            for name, dtype, storage in zip(
                self.columns, self.dtypes, storages, strict=True
            )
            if storage is None
        ]
        if strange:
            raise ValueError(
                f"Columns that hold no numbers: {', '.join(strange)}. Encode them "
                "first, with sklearn.preprocessing.OrdinalEncoder or OneHotEncoder "
                "for categories, or drop them."
            )
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
        wrap = _pandas_column if self.library == "pandas" else _polars_column
        columns = [wrap(*pair) for pair in zip(room, self.dtypes, strict=True)]
        if self.library == "polars":
            polars = import_module("polars")
            return polars.DataFrame(
                [c.alias(name) for c, name in zip(columns, self.columns, strict=True)]
            )
        pandas = import_module("pandas")
        frame = pandas.DataFrame(dict(enumerate(columns)), copy=False)
        frame.columns = self.columns
        return frame


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


def _storage_dtype(column, library: str) -> np.dtype | None:
    """Return the NumPy dtype that holds a column of numbers, None for others."""
    dtype = column.dtype
    if library == "polars":
        if not (dtype.is_numeric() or str(dtype) == "Boolean"):
            return None
        storage = np.dtype(float) if dtype.is_decimal() else column[:0].to_numpy().dtype
    else:
        # Nullable and arrow dtypes name the NumPy dtype they extend.
        storage = getattr(dtype, "numpy_dtype", dtype)
    if isinstance(storage, np.dtype) and storage.kind in "biuf":
        return storage
    if isinstance(storage, np.dtype) and storage.kind == "O" and _holds_numbers(column):
        return np.dtype(np.float64)
    return None


def _holds_numbers(column) -> bool:
    return all(
        value is None or (isinstance(value, Number) and not isinstance(value, complex))
        for value in column
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
