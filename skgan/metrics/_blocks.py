"""User data, whatever its container, as blocks of numbers and of categories."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from skgan._estimator import persistent
from skgan._messages import counted
from skgan.frames import (
    RawColumn,
    ToSpelled,
    as_rows,
    is_missing,
    is_table,
    make_objects,
    read_columns,
    read_objects,
    read_spelled,
)

_OFFSET = re.compile(r"(?<=:\d\d)(?:\.0+)?\s?(?:Z|[+-]\d\d:?\d\d)$")


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
    spelled : ToSpelled or None
        How texts spell the numbers or dates, where the column is of texts.
    is_moment : bool
        Whether the numbers are seconds since 1970.
    """

    labels: list[Any]
    values: np.ndarray
    shared_scale: bool = False
    spelled: ToSpelled | None = None
    is_moment: bool = False

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


def read_blocks(X: Any, name: str = "X", *, finds_spelled: bool = True) -> list[Block]:
    """Split X in blocks: one for a numeric array, else one a column.

    Texts of a frame that spell dates or numbers are these, if `finds_spelled`.
    """
    X = as_rows(X, name)
    if is_table(X):
        return _read_frame(X, name, finds_spelled)
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
    if values.dtype.kind in "Mm":
        return [_times(values[:, i], i, name) for i in labels]
    if values.dtype.kind in "OUS":
        return [_read_objects(values[:, i], i, name) for i in labels]
    raise ValueError(f"{name} has the unsupported dtype {values.dtype}.")


def without(blocks: list[Block], ignored: Collection) -> list[Block]:
    """Return the blocks of a frame's other columns; all of them if none is left."""
    return [block for block in blocks if block.labels[0] not in ignored] or blocks


def match_blocks(
    X: Any, like: list[Block], framed: bool, name: str, ignored: Collection = ()
) -> list[Block]:
    """Read X in the columns, order and kinds of blocks read before."""
    blocks = read_blocks(X, name, finds_spelled=False)
    if is_table(X):
        blocks = without(blocks, ignored)
    columns = [part for block in blocks for part in block.split()]
    labels = [label for block in like for label in block.labels]
    if framed and is_table(X):
        by_label = {block.labels[0]: block for block in columns}
        absent = [label for label in labels if label not in by_label]
        extra = [label for label in by_label if label not in set(labels)]
        if absent or extra:
            raise ValueError(
                f"{name} must have the columns of the reference rows: it lacks "
                f"{absent} and has the unknown {extra}."
            )
        columns = [by_label[label] for label in labels]
    if len(columns) != len(labels):
        raise ValueError(
            f"{name} has {counted(len(columns), 'column')}, the reference rows "
            f"{len(labels)}."
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
            values = make_objects(
                [None if value != value else value for value in values[:, 0].tolist()]
            )
        return Block(block.labels, values)
    parts = [
        part.values if part.is_numeric else _parsed(part, block, name) for part in group
    ]
    # A mixture of integers and floats loses the integers' last digits: float64
    # is then all that the other side can be compared in.
    values = parts[0] if len(parts) == 1 else np.hstack(parts)
    return Block(block.labels, values, block.shared_scale, is_moment=block.is_moment)


def _parsed(block: Block, like: Block, name: str) -> np.ndarray:
    """Numbers that came as objects, strings for instance."""
    values, (label,) = block.values, block.labels
    missing = np.array([value is None for value in values.tolist()], dtype=bool)
    if like.spelled is not None:
        column = read_objects(values, missing, label)
        if column.column_format.kind == "level":
            column = _respelled(like.spelled, column, label, name)
        return _to_block(column, label, name).values
    try:
        parsed = _seconds_of(values[~missing], like.is_moment)
    except (TypeError, ValueError):
        column = read_objects(values, missing, label)
        spelled = read_spelled(column, label)
        if spelled is not None:
            found = _to_block(spelled, label, name)
            if found.is_moment == like.is_moment:
                return found.values
        what = "dates" if like.is_moment else "numbers"
        function = "pandas.to_datetime" if like.is_moment else "pandas.to_numeric"
        example = next((v for v in values.tolist() if v is not None), None)
        raise ValueError(
            f"{name}: column {label!r} must be numeric, as in the reference rows: they "
            f"hold {what}, and it holds {example!r}. Convert it to their dtype, by "
            f"{function} or astype."
        ) from None
    numbers = np.full(len(values), np.nan)
    numbers[~missing] = parsed
    return _numbers(numbers[:, None], [label], name)


def _seconds_of(values: np.ndarray, are_moments: bool) -> np.ndarray:
    """Numbers that texts hold; of dates, and of durations of pandas, their seconds."""
    if are_moments:
        # The clocks of a zone are compared, whatever their offset.
        texts = [_OFFSET.sub("", value) for value in values.tolist()]
        return np.array(texts, dtype="M8[us]").astype(np.int64) / 1e6
    try:
        return np.array([float(value) for value in values.tolist()])
    except (TypeError, ValueError):
        if not all(":" in value for value in values.tolist()) or not find_spec(
            "pandas"
        ):
            raise
        durations = import_module("pandas").to_timedelta(values.tolist())
        return durations.total_seconds().to_numpy()


def _respelled(spelled: ToSpelled, column: RawColumn, label: Any, name: str):
    try:
        return spelled.read(column, label)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _read_frame(X: Any, name: str, finds_spelled: bool) -> list[Block]:
    labels = list(X.columns)
    if not labels:
        raise ValueError(f"{name} has no columns.")
    if len(set(labels)) < len(labels):
        raise ValueError(f"{name} has duplicate column names: rename them.")
    try:
        columns = read_columns(X)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None
    blocks = []
    for column, label in zip(columns, labels, strict=True):
        spelled = read_spelled(column, label) if finds_spelled else None
        blocks.append(_to_block(spelled or column, label, name))
        if spelled is not None:
            blocks[-1].spelled = spelled.column_format.to_column
    return blocks


def _read_objects(values: np.ndarray, label: Any, name: str) -> Block:
    """One column of objects: numbers, dates or else categories."""
    objects = values.astype(object)
    missing = np.fromiter(map(is_missing, objects), dtype=bool, count=len(objects))
    try:
        return _to_block(read_objects(objects, missing, label), label, name)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None


def _to_block(column: RawColumn, label: Any, name: str) -> Block:
    """One column of a frame: quantities, or levels as objects with None for missing."""
    column_format, raw, missing = column
    kind = column_format.kind
    if kind == "number":
        if raw.dtype.kind == "O":
            # Decimals too wide for float64 come as whole numbers of their last place.
            raw = np.array([int(v) / 10 ** (column_format.decimals or 0) for v in raw])
        if raw.dtype.kind == "f" or missing.any():
            raw = np.where(missing, np.nan, raw.astype(np.float64))
        return Block([label], _numbers(raw[:, None], [label], name))
    if column_format.is_time_of_day:
        objects = make_objects(list(column_format.to_column(raw, missing)))
        objects[missing] = None
        return Block([label], objects)
    if kind in ("time", "duration"):
        nanoseconds = column_format.unit
        microseconds = (
            raw * (nanoseconds // 1000) if nanoseconds >= 1000 else raw // 1000
        )
        seconds = np.where(missing, np.nan, microseconds / 1e6)
        numbers = _numbers(seconds[:, None], [label], name)
        return Block([label], numbers, is_moment=kind == "time")
    levels = [False, True] if kind == "boolean" else column_format.levels
    codes = np.where(missing, -1, raw.astype(np.int64))
    return Block([label], make_objects([*levels, None])[codes])


def _times(values: np.ndarray, label: Any, name: str) -> Block:
    """One column of dates or durations of NumPy, in seconds."""
    unit = "datetime64[us]" if values.dtype.kind == "M" else "timedelta64[us]"
    microseconds = values.astype(unit)
    seconds = microseconds.astype(np.int64) / 1e6
    seconds = np.where(np.isnat(microseconds), np.nan, seconds)
    numbers = _numbers(seconds[:, None], [label], name)
    return Block([label], numbers, is_moment=values.dtype.kind == "M")


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
