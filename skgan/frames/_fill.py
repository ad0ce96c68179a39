"""Cells of a container filled by those of another, all others to the bit."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan.frames._containers import frame_library, list_series
from skgan.frames._writer import make_frame


def fill_cells(X: Any, cells: NDArray, filling: Any) -> Any:
    """Return `X` with some of its cells from other rows.

    Parameters
    ----------
    X : ndarray, DataFrame of pandas or polars, or pyarrow.Table of n rows
        What is kept: container, index, dtypes, and cells as they are.
    cells : ndarray of bool of shape (n, n_columns)
        Which are taken from `filling`.
    filling : ndarray or DataFrame of shape (n, n_columns)
        Like `X`; of a table of Arrow, a frame of pandas.

    Raises
    ------
    TypeError
        If a column cannot hold what it is filled with.
    """
    if hasattr(X, "schema") and hasattr(X, "column_names"):
        return _fill_arrow(X, cells, filling)
    library = frame_library(X)
    if library is None:
        filled = X.copy()
        filled[cells] = np.asarray(filling)[cells]
        return filled
    if frame_library(filling) != library:
        names = list(X.columns)
        columns = [np.asarray(column) for column in list_series(filling)]
        filling = make_frame(columns, names, library)
    fill = _fill_pandas if library == "pandas" else _fill_polars
    return fill(X, cells, filling)


def _fill_pandas(X, cells: NDArray, filling):
    pandas = import_module("pandas")
    filled = X.copy()
    for j, mask in enumerate(cells.T):
        if not mask.any():
            continue
        column, new = X.iloc[:, j], filling.iloc[:, j]
        dtype = column.dtype
        if isinstance(dtype, pandas.SparseDtype):
            column, new = column.sparse.to_dense(), new.sparse.to_dense()
        if new.dtype != column.dtype:
            new = _cast(new, column)
        values = column.array.copy()
        values[mask] = new.array[mask]
        column = pandas.Series(values, index=X.index, dtype=column.dtype)
        filled.isetitem(j, column.astype(dtype))
    return filled


def _cast(new, column):
    """A column in the dtype of another."""
    try:
        return new.astype(column.dtype)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"Column {column.name!r} is of dtype {column.dtype}, which cannot hold "
            f"values of {new.dtype}: {error}. Pass it with the dtype it had in fit."
        ) from error


def _fill_polars(X, cells: NDArray, filling):
    polars = import_module("polars")
    filled = []
    for j, (column, mask) in enumerate(zip(X.get_columns(), cells.T, strict=True)):
        if mask.any():
            new = filling.get_columns()[j]
            if column.dtype == polars.Object:
                values = np.where(mask, new.to_numpy(), column.to_numpy())
                column = polars.Series(column.name, values.tolist(), dtype=column.dtype)
            else:
                new = new.cast(column.dtype)
                column = column.zip_with(~polars.Series(mask), new)
        filled.append(column)
    return polars.DataFrame(filled)


def _fill_arrow(X, cells: NDArray, filling):
    arrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    filled = X
    for j, mask in enumerate(cells.T):
        if not mask.any():
            continue
        field = X.schema.field(j)
        new = arrow.array(filling.iloc[:, j], from_pandas=True)
        column, kind = X.column(j), field.type
        if arrow.types.is_dictionary(kind):
            column, new = column.cast(kind.value_type), new.cast(kind.value_type)
        column = compute.if_else(arrow.array(mask), new.cast(column.type), column)
        if arrow.types.is_dictionary(kind):
            column = column.dictionary_encode().cast(kind)
        filled = filled.set_column(j, field, column)
    return filled
