"""The one reader: a container of any library to raw columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan.frames._containers import frame_library, list_series
from skgan.frames._formats import ColumnFormat, RawColumn, read_array_column
from skgan.frames._pandas import number_format_of_pandas, read_pandas_column
from skgan.frames._polars import number_format_of_polars, read_polars_column


def read_columns(X, dtype: np.dtype | None = None) -> list[RawColumn]:
    """Read all columns of a frame, or of an array that came with `dtype`."""
    library = frame_library(X)
    if library is not None:
        read = read_polars_column if library == "polars" else read_pandas_column
        return list(map(read, list_series(X), X.columns))
    rows = X.reshape(len(X), -1)
    rows = rows.astype(np.float64) if rows.dtype.kind == "O" else rows
    return [read_array_column(column, dtype or rows.dtype) for column in rows.T]


def read_values(X) -> list[NDArray]:
    """Read all columns as arrays of what they hold, without their formats."""
    if frame_library(X) is None:
        return list(np.asarray(X).T)
    return [series.to_numpy() for series in list_series(X)]


def number_formats(X) -> list[ColumnFormat]:
    """Return the formats of a frame's columns, all of numbers, or raise ValueError."""
    series, formats = list_series(X), _number_formats(X)
    others = [
        f"{name!r} ({column.dtype})"
        for name, column, column_format in zip(X.columns, series, formats, strict=True)
        if column_format is None
    ]
    if others:
        raise ValueError(
            f"Columns that hold no numbers: {', '.join(others)}. Encode them "
            "first, with sklearn.preprocessing.OrdinalEncoder or OneHotEncoder "
            "for categories, cast them to numbers, or drop them."
        )
    return [column_format for column_format in formats if column_format is not None]


def holds_numbers_only(X) -> bool:
    """Whether all columns of a frame hold numbers or booleans."""
    return None not in _number_formats(X)


def _number_formats(X) -> list[ColumnFormat | None]:
    is_polars = frame_library(X) == "polars"
    find = number_format_of_polars if is_polars else number_format_of_pandas
    return list(map(find, list_series(X)))
