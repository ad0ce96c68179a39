"""How y came: one column or several, in an array or a frame, and how to go back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.frames import (
    LIBRARIES,
    cast_column,
    cast_numbers,
    frame_library,
    list_series,
    make_frame,
    make_objects,
    make_series,
    refuse_what_has_no_rows,
    series_library,
)


class LabelColumn(NamedTuple):
    """One column of y: its values, and whether they came as categories."""

    values: NDArray
    is_category: bool


def count_axes(y) -> int:
    """Return 0 for one label, 1 for a column, 2 for a table."""
    if isinstance(y, str | bytes):
        return 0
    return y.ndim if hasattr(y, "ndim") else len(_shape(y))


def _shape(y) -> tuple[int, ...]:
    try:
        return np.asarray(y).shape
    except ValueError:
        raise ValueError("y must be a column or a table of labels.") from None


def as_columns(y) -> list[LabelColumn]:
    """Return the columns of `y`, whatever it came in; no label may be missing."""
    if frame_library(y) is not None:
        columns = list(map(_read_series, list_series(y)))
    elif series_library(y) is not None:
        columns = [_read_series(y)]
    else:
        columns = [LabelColumn(column, False) for column in _read_array(y)]
    if not columns:
        raise ValueError("y has no columns.")
    return [LabelColumn(_checked(values), is_cat) for values, is_cat in columns]


def _read_series(series) -> LabelColumn:
    dtype = series.dtype
    is_category = hasattr(dtype, "categories")
    storage = getattr(dtype, "numpy_dtype", dtype)
    if isinstance(storage, np.dtype) and storage.kind in "biufO":
        has_missing = bool(series.isna().any())
        if storage.kind != "O" and not has_missing:
            return LabelColumn(series.to_numpy(dtype=storage), is_category)
        return LabelColumn(make_objects(series.tolist()), is_category)
    if hasattr(dtype, "is_numeric") and (dtype.is_numeric() or str(dtype) == "Boolean"):
        if not series.null_count():
            return LabelColumn(series.to_numpy(), False)
        return LabelColumn(make_objects(series.to_list()), False)
    is_category |= str(dtype) in ("Categorical", "Enum")
    return LabelColumn(make_objects(list(series)), is_category)


def _read_array(y) -> list[NDArray]:
    refuse_what_has_no_rows(y, "y")
    if np.ma.is_masked(y):
        raise ValueError("y is a masked array with masked values; a label is missing.")
    try:
        values = np.asarray(y)
    except ValueError:
        raise ValueError("y must be a column or a table of labels.") from None
    if values.dtype.kind in "US" and not isinstance(y, np.ndarray):
        # NumPy turns numbers into strings where a list mixes both.
        mixed = np.asarray(y, dtype=object)
        values = mixed if mixed.shape == values.shape else values
    if values.ndim not in (1, 2):
        raise ValueError(
            f"y must be of shape (n_samples,) or (n_samples, n_columns), got "
            f"{values.shape}."
        )
    return [values] if values.ndim == 1 else list(values.T)


def _checked(values: NDArray) -> NDArray:
    """Return labels as numbers, booleans, strings or objects, none missing."""
    if values.dtype.kind == "O":
        values = _plain_objects(values)
    if values.dtype.kind not in "biufUSO":
        raise ValueError(
            f"y has the dtype {values.dtype}, which is neither classes nor numbers; "
            "make it strings or numbers."
        )
    if values.dtype.kind == "f":
        if np.isnan(values).any():
            raise ValueError("Input y contains NaN; drop the rows without a label.")
        if np.isinf(values).any():
            raise ValueError("Input y contains infinity.")
    return values


def _plain_objects(values: NDArray) -> NDArray:
    """Return objects that are all numbers or all booleans as such."""
    items = values.tolist()
    if any(item is None or item != item for item in map(_scalar, items)):
        raise ValueError("Input y contains NaN or None; drop the rows without a label.")
    types = {type(item) for item in items}
    if types == {bool} or types == {np.bool_}:
        return values.astype(bool)
    if types and all(issubclass(t, int | float | np.number) for t in types):
        return np.asarray(items) if bool not in types else values
    return values


def _scalar(item):
    # pandas.NA and NaT compare equal to nothing, so their class tells them.
    name = type(item).__name__
    return None if name in ("NAType", "NaTType") else item


@persistent(
    "frame",
    "library",
    "dtypes",
    "names",
    "dtype",
    "is_flat",
    "n_columns",
    values={"frame": LIBRARIES, "library": LIBRARIES, "n_columns": range(2**24)},
)
class LabelOutputBuilder:
    """How y came: its container, names and dtypes."""

    def __init__(self, y, columns: list[LabelColumn]):
        self.frame = frame_library(y)
        self.library = self.frame or series_library(y)
        self.dtypes: list[Any] = []
        self.names: Any = None
        if self.frame:
            self.names, self.dtypes = y.columns, list(y.dtypes)
        elif self.library:
            self.names, self.dtypes = [y.name], [y.dtype]
        else:
            self.dtype = np.asarray(y).dtype
            self.is_flat = count_axes(y) == 1
            if self.dtype.kind not in "biufUSO":
                self.dtype = columns[0].values.dtype
        self.n_columns = len(columns)

    def in_order(self, y):
        """Return a frame of several columns with them in the order of ``fit``."""
        if not self.frame or not frame_library(y) or y.shape[1] != self.n_columns:
            return y
        names, names_of_fit = list(y.columns), list(self.names)
        if names == names_of_fit or self.n_columns == 1:
            return y
        if set(names) != set(names_of_fit) or len(set(names)) < len(names):
            raise ValueError(
                f"y has the columns {names}, in fit it had {names_of_fit}."
            )
        return y[names_of_fit]

    def build(self, columns: list[NDArray]):
        """Return columns of labels as what ``fit`` was given."""
        if self.library is None:
            columns = [_cast(column, self.dtype) for column in columns]
            return columns[0] if self.is_flat else np.column_stack(columns)
        if not self.frame:
            return make_series(columns[0], self.names[0], self.dtypes[0], self.library)
        pairs = zip(columns, self.dtypes, strict=True)
        columns = [cast_column(values, dtype, self.library) for values, dtype in pairs]
        return make_frame(columns, self.names, self.library)


def _cast(values: NDArray, dtype: np.dtype) -> NDArray:
    if values.dtype.kind == "f" and dtype.kind in "biuf":
        return cast_numbers(values, dtype)
    return values.astype(dtype, copy=False)
