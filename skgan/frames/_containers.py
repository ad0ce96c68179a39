"""Which container rows came in: an array, a sparse matrix, a frame of a library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from math import prod

import numpy as np
from numpy.typing import NDArray
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
    """Return `X` as it is if it is a frame or sparse, else as an ndarray.

    Tables of Arrow, and what exports itself as one, become frames of pandas; Datasets
    of torch that hold equal tensors become arrays.
    """
    name = type(X).__name__
    if name in ("LazyFrame", "RowSource"):
        advice = "; pass X.collect()" if name == "LazyFrame" else ""
        raise TypeError(
            f"X is a {name}, which names rows; only fit of GANSampler and of "
            f"ConditionalGANSampler reads such{advice}."
        )
    if np.ma.is_masked(X):
        raise ValueError(
            "X is a masked array with masked values; fill them (X.filled) or pass a "
            "DataFrame, where NaN is kept as missing."
        )
    if frame_library(X) is not None or issparse(X):
        return X
    if hasattr(X, "__arrow_c_stream__") or hasattr(X, "__dataframe__"):
        return X if series_library(X) else _read_arrow_table(X)
    _refuse_what_has_no_rows(X)
    if _is_of_torch(X, "Dataset"):
        X = _read_dataset(X)
    rows = _as_array(X)
    if rows.dtype.names is not None:
        raise TypeError(
            f"X is a structured array with the fields {list(rows.dtype.names)}; pass "
            "pandas.DataFrame(X)."
        )
    return rows


def _as_array(X) -> NDArray:
    """Return an array; arrays of several shapes, as of images, are an error."""
    try:
        rows = np.asarray(X)
    except ValueError as error:
        _refuse_several_shapes(X, error)
        raise
    if rows.dtype == object and rows.ndim == 1:
        _refuse_several_shapes(rows, None)
    return rows


def _refuse_several_shapes(X, error: ValueError | None) -> None:
    """Raise if rows are arrays of several shapes."""
    shapes = [getattr(row, "shape", ()) for row in X] if hasattr(X, "__iter__") else []
    first = shapes[0] if shapes else ()
    for place, shape in enumerate(shapes):
        if len(first) > 1 and shape != first:
            raise ValueError(
                f"X holds images of several sizes: X[0] has the shape {first} and "
                f"X[{place}] {shape}. Scale them to one; "
                "skgan.datasets.load_image_folder does so as it reads them."
            ) from error


def _refuse_what_has_no_rows(X) -> None:
    """Say in one line what to pass in the place of what is no table or array."""
    advice = None
    if X is None:
        advice = "X is None; pass an array or a DataFrame."
    elif _is_of_torch(X, "DataLoader"):
        advice = "X is a DataLoader, which gives batches; pass X.dataset, or an array."
    elif _is_of_torch(X, "IterableDataset"):
        advice = "X is an IterableDataset, which has no length; pass an array."
    elif isinstance(X, Mapping):
        advice = f"X is a {type(X).__name__}; pass pandas.DataFrame(X)."
    elif isinstance(X, Iterator):
        advice = f"X is a {type(X).__name__}, which is read once; pass list(X)."
    elif isinstance(X, list | tuple) and len(X) and isinstance(X[0], Mapping):
        advice = f"X is a {type(X).__name__} of dicts; pass pandas.DataFrame(X)."
    if advice is not None:
        raise TypeError(advice)


def _is_of_torch(X, class_name: str) -> bool:
    """Whether `X` is what torch.utils.data calls so; torch need not be there."""
    return any(
        base.__name__ == class_name and base.__module__.startswith("torch.utils.data")
        for base in type(X).__mro__
    )


def _read_dataset(dataset) -> NDArray:
    """Return the tensors of a Dataset of torch as rows of an array."""
    if not hasattr(dataset, "__len__"):
        raise TypeError(
            f"X is a {type(dataset).__name__} without a length; pass an array."
        )
    rows: list[NDArray] = []
    for i in range(len(dataset)):
        item = dataset[i]
        if isinstance(item, tuple | list) and len(item) > 1:
            raise TypeError(
                f"X is a {type(dataset).__name__} whose items hold {len(item)} values; "
                "pass the first ones as an array X, and labels as y."
            )
        item = np.asarray(item[0] if isinstance(item, tuple | list) else item)
        if rows and item.shape != rows[0].shape:
            raise TypeError(
                f"X is a {type(dataset).__name__} whose items have the shapes "
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
