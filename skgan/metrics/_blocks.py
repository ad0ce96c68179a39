"""User data, whatever its container, as blocks of numbers and of categories."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skgan._estimator import persistent

_MISSING_TYPES = {"NAType", "NaTType"}  # of pandas, which is not imported here


@persistent()
@dataclass
class Block:
    """Columns of one kind that are handled together.

    Parameters
    ----------
    labels : list
        One label a column.
    values : ndarray
        Numbers: shape (n_rows, n_columns), integers or float64, NaN where missing.
        Categories: shape (n_rows,), objects, None where missing.
    shared_scale : bool
        Whether the columns are one quantity measured in many places (pixels).
    """

    labels: list[Any]
    values: np.ndarray
    shared_scale: bool = False

    @property
    def is_numeric(self) -> bool:
        return self.values.ndim == 2

    @property
    def width(self) -> int:
        return len(self.labels)

    def split(self) -> list[Block]:
        """One block a column."""
        if self.width == 1:
            return [self]
        return [
            Block([label], self.values[:, [i]]) for i, label in enumerate(self.labels)
        ]


def is_frame(X: Any) -> bool:
    """Whether X is a pandas or a polars DataFrame."""
    return hasattr(X, "columns") and hasattr(X, "dtypes") and hasattr(X, "shape")


def read_blocks(X: Any, name: str = "X") -> list[Block]:
    """Split X in blocks: one for a numeric array, else one a column.

    Parameters
    ----------
    X : array-like of shape (n_rows, ...) or DataFrame
        Arrays of more than two dimensions are images and are flattened.
    name : str
        What errors call X.

    Returns
    -------
    blocks : list of Block
    """
    if is_frame(X):
        return _read_frame(X, name)
    values = np.asarray(X)
    if values.ndim < 2:
        raise ValueError(
            f"{name} must have one row per sample: expected an array of two or more "
            f"dimensions or a DataFrame, got {values.ndim} dimension(s). Use "
            f"X.reshape(-1, 1) for a single column."
        )
    n_rows, is_image = len(values), values.ndim > 2
    values = values.reshape(n_rows, int(np.prod(values.shape[1:])))
    labels = list(range(values.shape[1]))
    if not labels:
        raise ValueError(f"{name} has no columns.")
    if values.dtype.kind in "biuf":
        return [Block(labels, _numbers(values, labels, name), shared_scale=is_image)]
    if values.dtype.kind in "OUSMm":
        return [_read_objects(values[:, i], i, name) for i in labels]
    raise ValueError(f"{name} has the unsupported dtype {values.dtype}.")


def match_blocks(X: Any, like: list[Block], framed: bool, name: str) -> list[Block]:
    """Read X in the columns, order and kinds of blocks read before.

    Parameters
    ----------
    X : array-like or DataFrame
    like : list of Block
        What the result must match; only labels and kinds are used.
    framed : bool
        Whether `like` was read from a DataFrame, so that columns go by label.
    name : str
        What errors call X.

    Returns
    -------
    blocks : list of Block
    """
    columns = [part for block in read_blocks(X, name) for part in block.split()]
    labels = [label for block in like for label in block.labels]
    if framed and is_frame(X):
        found = {block.labels[0]: block for block in columns}
        absent = [label for label in labels if label not in found]
        extra = [label for label in found if label not in set(labels)]
        if absent or extra:
            raise ValueError(
                f"{name} must have the columns of the reference rows: it lacks "
                f"{absent} and has the unknown {extra}."
            )
        columns = [found[label] for label in labels]
    if len(columns) != len(labels):
        raise ValueError(
            f"{name} has {len(columns)} columns, the reference rows {len(labels)}."
        )
    matched, start = [], 0
    for block in like:
        group = columns[start : start + block.width]
        matched.append(_as_kind_of(block, group, name))
        start += block.width
    return matched


def _as_kind_of(block: Block, group: list[Block], name: str) -> Block:
    if not block.is_numeric:
        values = group[0].values
        if group[0].is_numeric:
            values = _objects(
                None if value != value else value for value in values[:, 0].tolist()
            )
        return Block(block.labels, values)
    parts = [
        part.values if part.is_numeric else _parsed(part.values, part.labels[0], name)
        for part in group
    ]
    # A mixture of integers and floats loses the integers' last digits: float64
    # is then all that the other side can be compared in.
    values = parts[0] if len(parts) == 1 else np.hstack(parts)
    return Block(block.labels, values, block.shared_scale)


def _parsed(values: np.ndarray, label: Any, name: str) -> np.ndarray:
    """Numbers that came as objects, strings for instance."""
    try:
        parsed = np.array([np.nan if v is None else float(v) for v in values])
    except (TypeError, ValueError):
        raise ValueError(
            f"{name}: column {label!r} must be numeric, as in the reference rows."
        ) from None
    return _numbers(parsed[:, None], [label], name)


def _read_frame(X: Any, name: str) -> list[Block]:
    labels = list(X.columns)
    if not labels:
        raise ValueError(f"{name} has no columns.")
    if len(set(labels)) < len(labels):
        raise ValueError(f"{name} has duplicate column names: rename them.")
    if hasattr(X, "iloc"):
        return [_read_pandas(X[label], label, name) for label in labels]
    return [_read_polars(X[label], label, name) for label in labels]


def _read_pandas(column: Any, label: Any, name: str) -> Block:
    kind = getattr(column.dtype, "kind", "O")
    if kind in "iu" and not column.isna().any():
        return _read_array(column.to_numpy(), label, name)
    if kind in "iuf":
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return _read_array(values, label, name)
    if kind in "Mm":
        scalar = np.datetime64 if kind == "M" else np.timedelta64
        missing = scalar("NaT", "us")
        if column.dtype.name.startswith(("date32", "date64")):
            # Arrow's dates come as objects otherwise, among which NaT is none.
            column = column.astype(missing.dtype)
        values = column.to_numpy(dtype=missing.dtype, na_value=missing)
        return _read_array(values, label, name)
    if column.dtype.name == "category":
        levels = _objects([*column.dtype.categories, None])  # code -1 is missing
        return Block([label], _none_for_missing(levels[column.cat.codes], label, name))
    values = column.to_numpy(dtype=object)
    if kind == "O" and column.dtype == object:
        return _read_objects(values, label, name)
    return Block([label], _none_for_missing(values, label, name))


def _read_polars(column: Any, label: Any, name: str) -> Block:
    dtype = column.dtype
    # NumPy has neither decimals nor integers of 128 bits.
    if dtype.is_decimal() or str(dtype).endswith("nt128"):
        return _read_array(np.array(column.cast(float).to_numpy()), label, name)
    if dtype.is_numeric() or (dtype.is_temporal() and str(dtype) != "Time"):
        return _read_array(column.to_numpy(), label, name)
    values = _objects(column.to_list())
    if str(dtype) == "Object":
        return _read_objects(values, label, name)
    return Block([label], _none_for_missing(values, label, name))


def _read_array(values: np.ndarray, label: Any, name: str) -> Block:
    """One column of numbers, dates or durations."""
    if values.dtype.kind in "Mm":
        unit = "datetime64[us]" if values.dtype.kind == "M" else "timedelta64[us]"
        microseconds = values.astype(unit)
        seconds = microseconds.astype(np.int64) / 1e6
        values = np.where(np.isnat(microseconds), np.nan, seconds)
    return Block([label], _numbers(values[:, None], [label], name))


def _read_objects(values: np.ndarray, label: Any, name: str) -> Block:
    """One column of objects: numbers, dates or else categories."""
    if values.dtype.kind in "Mm":
        return _read_array(values, label, name)
    values = _none_for_missing(values, label, name)
    levels = [value for value in dict.fromkeys(values) if value is not None]
    if levels and all(_is_number(level) for level in levels):
        if all(isinstance(v, numbers.Integral) for v in values):
            whole = np.array([int(v) for v in values])
            if whole.dtype.kind in "iu":
                return Block([label], whole[:, None])
        return Block([label], _parsed(values, label, name))
    if levels and all(isinstance(level, datetime.date) for level in levels):
        moments = [np.datetime64("NaT") if v is None else _utc(v) for v in values]
        return _read_array(np.array(moments, dtype="datetime64[us]"), label, name)
    return Block([label], values)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Number) and not isinstance(
        value, (bool, np.bool_, complex, np.complexfloating)
    )


def _utc(moment: datetime.date) -> datetime.date:
    if isinstance(moment, datetime.datetime) and moment.tzinfo is not None:
        return moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return moment


def _none_for_missing(values: np.ndarray, label: Any, name: str) -> np.ndarray:
    try:
        replaced = {
            value: None if _is_missing(value) else value
            for value in dict.fromkeys(values)
        }
    except TypeError:
        raise ValueError(
            f"{name}: column {label!r} holds objects that cannot be hashed, so it is "
            f"neither numbers nor categories."
        ) from None
    return _objects(replaced[value] for value in values)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return True
    return isinstance(value, (float, np.floating)) and bool(value != value)


def _objects(values: Iterable[Any]) -> np.ndarray:
    """A 1-D object array, even of sequences."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _numbers(values: np.ndarray, labels: list[Any], name: str) -> np.ndarray:
    """Integers as they are, all else as float64 without infinities."""
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    values = values.astype(np.float64, copy=False)
    if not np.isfinite(values).all():
        infinite = np.isinf(values).any(axis=0)
        if infinite.any():
            label = labels[int(np.argmax(infinite))]
            raise ValueError(
                f"{name}: column {label!r} holds infinite values: replace or drop them."
            )
    return values
