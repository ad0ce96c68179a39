"""What is given for columns of vectors: values, lists and ranges."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from skgan.encoding._column_conditions import (
    AnyOf,
    Interval,
    PartialValues,
    Value,
    are_kept,
    keeps_to,
    tried_values,
)
from skgan.frames import is_missing

_SHOWN = 20


def column_names(encoder: Any) -> list[Hashable]:
    """Return names of columns, or their positions where they have none."""
    names = getattr(encoder.output_builder_, "names", None)
    return list(range(encoder.n_features_in_)) if names is None else list(names)


def position_of(encoder: Any, name: Hashable) -> int:
    """Return the position of a column that is given by name or position."""
    names = column_names(encoder)
    if name in names:
        return names.index(name)
    if isinstance(name, int | np.integer) and not isinstance(name, bool):
        position = int(name)
        if 0 <= position < len(names):
            return position
    shown = ", ".join(map(repr, names[:_SHOWN]))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise ValueError(
        f"given names {name!r}, which is no column. Columns that can be given: "
        f"{shown}{more}."
    )


def read_number_item(encoder: Any, name: Hashable, what) -> Any:
    """Read what a column is given; see `VectorEncoder.read_any_given`."""
    i = position_of(encoder, name)
    is_empty = encoder.missing_rate_[i] == 1
    is_constant = encoder.minimum_[i] == encoder.maximum_[i]
    if not is_empty and not (is_constant and not encoder.missing_rate_[i]):
        return _read(encoder, name, i, what)
    value = np.nan if is_empty else float(encoder.minimum_[i])
    shown = "missing" if is_empty else f"{value:g}"
    try:
        holds = keeps_to(_read(encoder, name, i, what), np.array([value]))[0]
    except ValueError:
        holds = False
    if holds:
        return None
    raise ValueError(
        f"given[{name!r}] cannot be {what!r}: all rows that fit saw hold {shown}."
    )


def _read(encoder: Any, name: Hashable, i: int, what) -> Any:
    if isinstance(what, list | set | frozenset | np.ndarray):
        if not len(what):
            raise ValueError(f"given[{name!r}] is empty. {_possible(encoder, i)}")
        return AnyOf(tuple(_read(encoder, name, i, part) for part in what))
    if isinstance(what, tuple):
        return _read_range(encoder, name, i, what)
    if is_missing(what):
        if encoder.missing_rate_[i]:
            return Value(np.nan)
        raise ValueError(
            f"given[{name!r}] is missing, which it never was in fit. "
            f"{_possible(encoder, i)}"
        )
    number = _number(encoder, name, i, what)
    is_possible = encoder.minimum_[i] <= number <= encoder.maximum_[i]
    if not is_possible or (encoder.is_whole_[i] and number != np.rint(number)):
        raise ValueError(f"given[{name!r}] cannot be {what!r}. {_possible(encoder, i)}")
    nearest = encoder.snapped_column(i, np.array([number]))
    if not are_kept(number, nearest, encoder.is_whole_[i])[0]:
        raise ValueError(
            f"given[{name!r}] cannot be {what!r}, as no row had in fit, but "
            f"{nearest[0]:.15g}. {_possible(encoder, i)}"
        )
    return Value(number)


def _read_range(encoder: Any, name: Hashable, i: int, bounds: tuple):
    if len(bounds) != 2:
        raise ValueError(
            f"given[{name!r}] must be a value, a list of values or a range "
            f"(low, high), got {bounds!r}."
        )
    low, high = (
        end if bound is None else _number(encoder, name, i, bound)
        for bound, end in zip(bounds, (-np.inf, np.inf), strict=True)
    )
    low = max(low, float(encoder.minimum_[i]))
    high = min(high, float(encoder.maximum_[i]))
    if encoder.is_whole_[i]:
        low, high = np.ceil(low), np.floor(high)
    # A NaN bound fails here, too.
    is_empty = np.isnan(bounds[0] or 0) or np.isnan(bounds[1] or 0) or not low <= high
    if not is_empty:
        values = tried_values(low, high, 1.0 if encoder.is_whole_[i] else None)
        kept = encoder.snapped_column(i, values)
        is_empty = not ((low <= kept) & (kept <= high)).any()
    if is_empty:
        raise ValueError(
            f"given[{name!r}]={bounds!r} holds nothing. {_possible(encoder, i)}"
        )
    return Interval(float(low), float(high))


def _number(encoder: Any, name: Hashable, i: int, value) -> float:
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"given: column {name!r} holds numbers, got {value!r}. "
            f"{_possible(encoder, i)}"
        ) from None


def _possible(encoder: Any, i: int) -> str:
    whole = " in whole steps" if encoder.is_whole_[i] else ""
    low, high = float(encoder.minimum_[i]), float(encoder.maximum_[i])
    return f"Possible: {low!r} to {high!r}{whole}."


def read_number_frame(encoder: Any, frame) -> dict[Hashable, Any]:
    """Read partial rows; see `VectorEncoder.read_any_frame`."""
    items: dict[Hashable, Any] = {}
    for name in frame.columns:
        column = np.asarray(frame[name])
        is_given = np.array([not is_missing(value) for value in column], dtype=bool)
        if not is_given.any():
            continue
        values = np.full(len(column), np.nan)
        for row in np.flatnonzero(is_given):
            item = read_number_item(encoder, name, column[row])
            values[row] = encoder.minimum_[position_of(encoder, name)]
            if item is not None:
                values[row] = item.value
        items[name] = PartialValues(values, is_given)
    return items
