"""The one reader: which container rows came in, and its columns as raw columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from math import prod

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from skgan.frames._formats import ColumnFormat, RawColumn, read_array_column
from skgan.frames._pandas import number_format_of_pandas, read_pandas_column
from skgan.frames._polars import number_format_of_polars, read_polars_column

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
    return [series for _, series in X.items()]


def find_missing(series) -> NDArray:
    """Return where a Series holds no value."""
    is_polars = series_library(series) == "polars"
    return (series.is_null() if is_polars else series.isna()).to_numpy()


def as_rows(X, name: str = "X"):
    """Return `X` as it is if it is a frame or sparse, else as an ndarray.

    Tables of Arrow, and what exports itself as one, become frames of pandas; Datasets
    of torch that hold equal tensors become arrays. Errors call it `name`.
    """
    kind = type(X).__name__
    if kind in ("LazyFrame", "RowSource"):
        advice = f"; pass {name}.collect()" if kind == "LazyFrame" else ""
        raise TypeError(
            f"{name} is a {kind}, which names rows; only fit of GANSampler and of "
            f"ConditionalGANSampler reads such{advice}."
        )
    if np.ma.is_masked(X):
        raise ValueError(
            f"{name} is a masked array with masked values; fill them ({name}.filled) "
            "or pass a DataFrame, where NaN is kept as missing."
        )
    X = open_container(X, name)
    is_read = frame_library(X) is not None or issparse(X)
    return X if is_read else _as_array(X, name)


def open_container(X, name: str = "X"):
    """Return tables of Arrow as frames and Datasets of torch as arrays; others pass.

    An object without rows, or that gives them only once, is refused with advice.
    """
    if frame_library(X) is not None or issparse(X):
        return X
    if _exports_a_table(X):
        return _read_arrow_table(X)
    refuse_what_has_no_rows(X, name)
    return _read_dataset(X, name) if _is_of_torch(X, "Dataset") else X


def is_table(X) -> bool:
    """Tell whether `as_rows` returns a frame for `X`."""
    return frame_library(X) is not None or _exports_a_table(X)


def _exports_a_table(X) -> bool:
    exports = hasattr(X, "__arrow_c_stream__") or hasattr(X, "__dataframe__")
    return exports and series_library(X) is None


def _as_array(X, name: str) -> NDArray:
    """Return an array; arrays of several shapes, as of images, are an error."""
    try:
        rows = np.asarray(X)
    except ValueError as error:
        _refuse_several_shapes(X, name, error)
        raise
    if rows.dtype == object and rows.ndim == 1:
        _refuse_several_shapes(rows, name, None)
    return rows


def _refuse_several_shapes(X, name: str, error: ValueError | None) -> None:
    """Raise if rows are arrays of several shapes."""
    shapes = [getattr(row, "shape", ()) for row in X] if hasattr(X, "__iter__") else []
    first = shapes[0] if shapes else ()
    for place, shape in enumerate(shapes):
        if len(first) > 1 and shape != first:
            raise ValueError(
                f"{name} holds images of several sizes: {name}[0] has the shape "
                f"{first} and {name}[{place}] {shape}. Scale them to one; "
                "skgan.datasets.load_image_folder does so as it reads them."
            ) from error


def refuse_what_has_no_rows(X, name: str = "X") -> None:
    """Raise an error that says what to pass if `X` is no table or array."""
    kind, advice = type(X).__name__, None
    fields = getattr(getattr(X, "dtype", None), "names", None)
    if X is None:
        advice = "; pass an array or a DataFrame."
    elif fields is not None:
        kind = f"structured array with the fields {list(fields)}"
        advice = f"; pass pandas.DataFrame({name})."
    elif _is_of_torch(X, "DataLoader"):
        advice = f", which gives batches; pass {name}.dataset, or an array."
    elif _is_of_torch(X, "IterableDataset"):
        kind, advice = "IterableDataset", ", which has no length; pass an array."
    elif isinstance(X, Mapping):
        advice = f"; pass pandas.DataFrame({name})."
    elif isinstance(X, Iterator):
        advice = f", which is read once; pass list({name})."
    elif isinstance(X, list | tuple) and len(X) and isinstance(X[0], Mapping):
        advice = f" of dicts; pass pandas.DataFrame({name})."
    if advice is not None:
        article = "an" if kind[0] in "AEIOaeio" else "a"
        kind = "None" if X is None else f"{article} {kind}"
        raise TypeError(f"{name} is {kind}{advice}")


def _is_of_torch(X, class_name: str) -> bool:
    """Whether `X` is what torch.utils.data calls so; torch need not be there."""
    return any(
        base.__name__ == class_name and base.__module__.startswith("torch.utils.data")
        for base in type(X).__mro__
    )


def _read_dataset(dataset, name: str) -> NDArray:
    """Return the tensors of a Dataset of torch as rows of an array."""
    if not hasattr(dataset, "__len__"):
        raise TypeError(
            f"{name} is a {type(dataset).__name__} without a length; pass an array."
        )
    rows: list[NDArray] = []
    for i in range(len(dataset)):
        item = dataset[i]
        if isinstance(item, tuple | list) and len(item) > 1:
            raise TypeError(
                f"{name} is a {type(dataset).__name__} whose items hold {len(item)} "
                f"values; pass the first ones as an array {name}, and labels as y."
            )
        item = np.asarray(item[0] if isinstance(item, tuple | list) else item)
        if rows and item.shape != rows[0].shape:
            raise TypeError(
                f"{name} is a {type(dataset).__name__} whose items have the shapes "
                f"{rows[0].shape} and {item.shape}; they must be equal."
            )
        rows.append(item)
    return np.stack(rows) if rows else np.empty((0, 1))


def _read_arrow_table(X):
    """Return a table that exports itself as a frame of pandas."""
    pandas = import_module("pandas")
    if not hasattr(X, "__arrow_c_stream__") and not hasattr(X, "to_pandas"):
        return pandas.api.interchange.from_dataframe(X)
    arrow = import_module("pyarrow")
    table = X if isinstance(X, arrow.Table) else arrow.table(X)
    types = arrow.types
    # NumPy's integers and booleans cannot be missing, and floats lose digits.
    nullable = {
        column.type
        for column in table.columns
        if column.null_count
        and (types.is_integer(column.type) or types.is_boolean(column.type))
    }

    def find_dtype(kind):
        if kind not in nullable:
            return None
        nullable_name = str(kind).replace("u", "U").replace("i", "I")
        name = "boolean" if types.is_boolean(kind) else nullable_name
        return pandas.api.types.pandas_dtype(name)

    return table.to_pandas(types_mapper=find_dtype)


def flatten_rows(X):
    """Return rows, as of `as_rows`, with all axes behind the first in one."""
    if getattr(X, "ndim", 2) > 2:
        return X.reshape(len(X), prod(X.shape[1:]))
    return X


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
