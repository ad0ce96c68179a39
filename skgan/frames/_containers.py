"""Which container rows came in: an array, a sparse matrix, a frame of a library."""

from __future__ import annotations

from math import prod

import numpy as np
from scipy.sparse import issparse

_LIBRARIES = ("pandas", "polars")
# Libraries of containers; None stands for arrays.
LIBRARIES = (None, *_LIBRARIES)


def frame_library(X) -> str | None:
    """Return "pandas" or "polars" if `X` is a frame of theirs, else None."""
    return _library_of(X, "DataFrame")


def series_library(y) -> str | None:
    """Return "pandas" or "polars" if `y` is a Series of theirs, else None."""
    return _library_of(y, "Series")


def _library_of(container, class_name: str) -> str | None:
    for base in type(container).__mro__:
        library = base.__module__.partition(".")[0]
        if library in _LIBRARIES and base.__name__ == class_name:
            return library
    return None


def list_series(X) -> list:
    """Return the columns of a frame as Series, also where names are repeated."""
    if frame_library(X) == "polars":
        return X.get_columns()
    return [X.iloc[:, i] for i in range(X.shape[1])]


def as_rows(X):
    """Return `X` as it is if it is a frame or sparse, else as an ndarray."""
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
