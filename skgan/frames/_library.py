"""Rows of any container: taken, cast like others, concatenated, repeated, filled."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan.frames._reader import frame_library, holds_numbers_only, list_series
from skgan.frames._writer import make_frame, make_output_builder

# The name of labels that have none.
_LABEL = "y"


def take_rows(X, rows: NDArray, new_index: bool = False):
    """Return a copy of the rows of an array or frame by a mask or by their places.

    pandas' index is kept, or with `new_index` counted anew.
    """
    library = frame_library(X)
    if library == "pandas":
        taken = X.iloc[rows]
        return taken.reset_index(drop=True) if new_index else taken
    if library == "polars" and rows.dtype == bool:
        return X.filter(rows)
    return X[rows]


def drop_rows(X, n: int):
    """Return what stands behind the first `n` rows; pandas' index is counted anew."""
    if not n:
        return X
    if frame_library(X) == "pandas":
        return X.iloc[n:].reset_index(drop=True)
    return X[n:]


def concatenate_rows(tables: list):
    """Return the rows of all tables, one below the other; pandas' index is anew."""
    if len(tables) == 1:
        return tables[0]
    library = frame_library(tables[0])
    if library == "pandas":
        return import_module("pandas").concat(tables, ignore_index=True)
    if library == "polars":
        return import_module("polars").concat(tables, how="vertical_relaxed")
    return np.concatenate(tables)


def cast_like(new, X):
    """Return rows that a sampler drew in the container and dtypes of those it learnt.

    Samplers that know nothing of frames and integers return arrays of floats: whole
    numbers are rounded, and columns get their names back.
    """
    library = frame_library(X)
    if library is not None and frame_library(new) == library:
        if list(new.columns) != list(X.columns):
            raise ValueError(
                f"The sampler returned the columns {list(new.columns)} for "
                f"{list(X.columns)}."
            )
        if library == "polars":
            return new if new.schema == X.schema else new.cast(dict(X.schema))
        return new if (new.dtypes == X.dtypes).all() else new.astype(X.dtypes.to_dict())
    new = np.asarray(new)
    if new.shape[1:] != X.shape[1:]:
        raise ValueError(
            f"The sampler returned rows of shape {new.shape[1:]} for rows of shape "
            f"{X.shape[1:]}."
        )
    if library is None and (new.dtype == X.dtype or X.dtype.kind not in "biuf"):
        return new
    flat = new.reshape(len(new), -1).astype(np.float64)
    builder: Any = make_output_builder(X, flat)
    buffer = builder.make_buffer(len(new))
    builder.write(buffer, 0, flat)
    return builder.build(buffer)


def with_columns(X, columns: dict):
    """Return a frame with further columns, or others in the place of its own."""
    if frame_library(X) == "polars":
        series = import_module("polars").Series
        # polars infers a type for objects in a list, not for an array of objects.
        named = [
            series(name, values.tolist() if _holds_objects(values) else values)
            for name, values in columns.items()
        ]
        return X.with_columns(named)
    frame = X.copy()
    for name, values in columns.items():
        frame[name] = values
    return frame


def _holds_objects(values) -> bool:
    return isinstance(values, np.ndarray) and values.dtype == object


def index_names(X) -> list:
    """Return the names of the index of a frame of pandas, if it has any."""
    if frame_library(X) != "pandas":
        return []
    return [name for name in X.index.names if name is not None]


def to_pandas(X):
    """Return a frame of any library as one of pandas."""
    return X.to_pandas() if frame_library(X) == "polars" else X


def to_arrow(X, schema=None):
    """Return a frame of any library as a table of Arrow, with a schema if there is one.

    What pyarrow raises where a column cannot be told in its types is left as it is.
    """
    if frame_library(X) == "polars":
        table = X.to_arrow()
        return table if schema is None else table.cast(schema)
    table = import_module("pyarrow").Table
    return table.from_pandas(X, schema=schema, preserve_index=False)


def without_sparse_columns(X):
    """Return a frame whose columns of pandas' sparse dtypes are dense ones."""
    if frame_library(X) != "pandas":
        return X
    dense = {
        name: X[name].sparse.to_dense()
        for name, dtype in X.dtypes.items()
        if isinstance(dtype, import_module("pandas").SparseDtype)
    }
    return X.assign(**dense) if dense else X


def label_columns(y: Any) -> dict[Any, Any]:
    """Return labels by the names of their columns; none for None."""
    if y is None:
        return {}
    if hasattr(y, "columns"):
        return {name: y[name] for name in y.columns}
    name = getattr(y, "name", None)
    return {_LABEL if name is None else name: y}


def repeat_rows(X, n: int, scale: float, rng: np.random.RandomState):
    """Return rows chosen at random, with normal noise on their numbers.

    A `scale` of 0 is no noise, 1 the width of a kernel density estimate by the normal
    reference rule. Values stay within the range of their column; columns of no numbers,
    and those of at most two whole ones, have no noise.
    """
    library = frame_library(X)
    chosen = rng.randint(len(X), size=n)
    rows = take_rows(X, chosen, new_index=True)
    if scale == 0:
        return rows
    if library is None:
        return cast_like(_with_noise(X, chosen, scale, rng), X)
    names = [name for name in X.columns if holds_numbers_only(X[[name]])]
    if not names:
        return rows
    numbers = X[names]
    if library == "polars":
        polars = import_module("polars")
        values = numbers.cast(polars.Float64).to_numpy()
    else:
        values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    jittered = cast_like(_with_noise(values, chosen, scale, rng), numbers)
    return with_columns(rows, {name: jittered[name] for name in names})


def _with_noise(X, chosen: NDArray, scale: float, rng: np.random.RandomState):
    values = np.asarray(X, dtype=np.float64)
    n, d = values.shape
    present = np.ma.masked_invalid(values)
    is_flag = np.array(
        [
            len(levels) <= 2 and bool((levels == np.rint(levels)).all())
            for levels in (np.unique(column.compressed()) for column in present.T)
        ]
    )
    width = scale * (4 / ((d + 2) * n)) ** (1 / (d + 4))
    deviation = np.where(is_flag, 0, present.std(axis=0).filled(0))
    noise = rng.standard_normal((len(chosen), d)) * width * deviation
    low, high = present.min(axis=0).filled(0), present.max(axis=0).filled(0)
    # NaN plus noise is NaN, so missing values stay missing.
    return np.clip(values[chosen] + noise, low, high)


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
