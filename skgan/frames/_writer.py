"""The one writer: columns to a container of any library.

An output builder remembers how X came. Rows are written block by block into a buffer,
of which the container is built at the end.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.frames._formats import cast_numbers, numbers_and_missing
from skgan.frames._pandas import cast_to_pandas
from skgan.frames._polars import cast_to_polars
from skgan.frames._reader import (
    LIBRARIES,
    find_missing,
    frame_library,
    list_series,
    number_formats,
)


def make_frame(columns, names, library: str) -> Any:
    """Return columns as a frame of a library.

    Columns are arrays or what formats make of them; names may be an Index of pandas,
    which keeps levels and names that a list would lose.
    """
    package = import_module(library)
    if library == "polars":
        pairs = zip(names, columns, strict=True)
        return package.DataFrame([package.Series(*pair) for pair in pairs])
    # Objects stay objects, even where all of them are strings.
    kept = [
        package.Series(c, dtype=object) if c.dtype == object else c for c in columns
    ]
    frame = package.DataFrame(dict(enumerate(kept)), copy=False)
    frame.columns = names
    return frame


def make_series(values, name, dtype, library: str) -> Any:
    """Return an array as a Series of a library, cast to a dtype of it."""
    column = cast_column(values, dtype, library)
    if library == "polars":
        return column.alias(name)
    return import_module("pandas").Series(column, dtype=dtype, name=name)


def cast_column(values: NDArray, dtype: Any, library: str) -> Any:
    """Return an array as a column of a dtype of a library, rounded where it must."""
    cast = cast_to_polars if library == "polars" else cast_to_pandas
    return cast(values, dtype)


@persistent("row_shape", "dtype", "is_whole")
class ArrayOutputBuilder:
    """How an ndarray came: its dtype and trailing shape."""

    def __init__(self, X, values: NDArray):
        self.row_shape = X.shape[1:]
        dtype = X.dtype if X.dtype.kind in "biuf" else values.dtype
        self.dtype = dtype.newbyteorder("=")
        self.is_whole = np.full(values.shape[1], self.dtype.kind in "biu")

    def make_buffer(self, n: int, seed: int = 0, first_row: int = 0) -> NDArray:
        """Return an array for `n` rows; nothing that is drawn later needs a seed."""
        return np.empty((n, *self.row_shape), dtype=self.dtype)

    def write(self, buffer: NDArray, start: int, values: NDArray) -> None:
        """Write float64 `values`, of shape (m, n_features), from row `start` on."""
        block = cast_numbers(values, self.dtype)
        buffer[start : start + len(values)] = block.reshape(-1, *self.row_shape)

    def build(self, buffer: NDArray) -> NDArray:
        """Return what was written as what ``fit`` was given."""
        return buffer


@persistent(
    "library", "names", "formats", "is_whole", "storages", values={"library": LIBRARIES}
)
class FrameOutputBuilder:
    """How a frame of numbers came: its library, names and formats of columns."""

    def __init__(self, X, library: str):
        self.library = library
        self.names = X.columns
        self.formats = number_formats(X)
        storages = [column_format.storage for column_format in self.formats]
        self.is_whole = np.array([storage.kind in "biu" for storage in storages])
        # An integer or boolean cannot hold NaN, which marks what is missing.
        self.storages = [
            np.dtype(np.float64)
            if storage.kind != "f" and find_missing(series).any()
            else storage
            for storage, series in zip(storages, list_series(X), strict=True)
        ]

    def make_buffer(self, n: int, seed: int = 0, first_row: int = 0) -> list[NDArray]:
        """Return an array of `n` values for each column; no seed is needed."""
        return [np.empty(n, dtype=storage) for storage in self.storages]

    def write(self, buffer: list[NDArray], start: int, values: NDArray) -> None:
        """Write float64 `values`, of shape (m, n_features), from row `start` on."""
        for column, target in zip(values.T, buffer, strict=True):
            target[start : start + len(values)] = cast_numbers(column, target.dtype)

    def build(self, buffer: list[NDArray]):
        """Return what was written as what ``fit`` was given."""
        columns = []
        for i, column_format in enumerate(self.formats):
            # A column of the buffer is freed as soon as its copy exists.
            raw, buffer[i] = buffer[i], np.empty(0)
            columns.append(column_format.to_column(*numbers_and_missing(raw)))
            del raw
        return make_frame(columns, self.names, self.library)


def make_output_builder(X, values: NDArray) -> ArrayOutputBuilder | FrameOutputBuilder:
    """Remember how `X` came, given its validated `values`."""
    library = frame_library(X)
    if library is None:
        return ArrayOutputBuilder(X, values)
    return FrameOutputBuilder(X, library)
