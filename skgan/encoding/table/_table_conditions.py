"""What a user gives for columns of a table, read and checked as conditions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from skgan._messages import counted
from skgan.encoding._column_conditions import (
    MAX_TRIED,
    AnyOf,
    Choice,
    Conditions,
    Interval,
    PartialValues,
    Value,
    are_kept,
    keeps_to,
    tried_values,
)
from skgan.encoding.table._column_encoders import LevelEncoder, NumberEncoder
from skgan.encoding.table._columns import Column, LevelColumn, show_levels
from skgan.encoding.table._row_encoder import ColumnSlice
from skgan.frames import frame_library, is_missing, read_columns

_SEVERAL = list | set | frozenset | np.ndarray


def read_given(encoder: Any, given, n: int | None = None) -> Conditions:
    """Read conditions; see `TableEncoder.read_given`."""
    names = encoder.condition_columns_
    if isinstance(given, Conditions):
        result = given
    elif frame_library(given) is not None:
        result = _read_frame(encoder, given, names)
    elif isinstance(given, Mapping):
        items = {
            name: _read_item(encoder, _slot_of(encoder, name, names), what)
            for name, what in given.items()
        }
        result = Conditions(items, None)
    else:
        raise TypeError(
            "given must be a dict of columns and values or a DataFrame of partial "
            f"rows, got {type(given).__name__}."
        )
    if n is not None and result.n_rows not in (None, n):
        raise ValueError(
            f"given has {counted(result.n_rows, 'row')} for {counted(n, 'sample')}; it "
            "needs one for each."
        )
    return result


def _slot_of(encoder: Any, name: Hashable, names: list) -> ColumnSlice:
    if name in names:
        return encoder._slots[name]
    possible = f"Columns that can be given: {show_levels(names) or 'none'}."
    if name not in encoder._index:
        raise ValueError(f"given names {name!r}, which is no column. {possible}")
    for dependency in encoder.dependencies_:
        if dependency.target == name:
            raise ValueError(f"{name!r} cannot be given: {dependency}. {possible}")
    raise ValueError(
        f"{name!r} was not learnt as a condition. {possible} To give it, fit with "
        f"TableEncoder(condition_on=[..., {name!r}])."
    )


def _read_frame(encoder: Any, frame, names: list) -> Conditions:
    items: dict[Hashable, Any] = {}
    for name, raw_column in zip(frame.columns, read_columns(frame), strict=True):
        if raw_column.missing.all():
            continue
        slot = _slot_of(encoder, name, names)
        column = encoder._columns[slot.place]
        values = column.read(raw_column)
        is_given = ~raw_column.missing
        present = values[is_given]
        unique, first = np.unique(present, return_index=True)
        for value, row in zip(unique, np.flatnonzero(is_given)[first], strict=True):
            _check_value(column, slot, value, _value_at(frame, name, int(row)))
        items[name] = PartialValues(values, is_given)
    return Conditions(items, len(frame))


def _value_at(frame, name: Hashable, row: int):
    """Return one value as the user wrote it."""
    column = frame[name]
    value = column.iloc[row] if hasattr(column, "iloc") else column[row]
    return value.item() if isinstance(value, np.generic) else value


def _read_item(encoder: Any, slot: ColumnSlice, what):
    column = encoder._columns[slot.place]
    is_number = isinstance(slot.column_encoder, NumberEncoder)
    if isinstance(what, tuple) and is_number:
        return _read_range(column, slot.column_encoder, what)
    if isinstance(what, tuple) and not column.is_discrete:
        what = _levels_between(column, slot, what)
    if isinstance(what, list | tuple | set | frozenset | np.ndarray):
        values = [_read_value(column, slot, value) for value in what]
        if not values:
            raise ValueError(
                f"given[{column.name!r}] is empty. {_possible(column, slot)}"
            )
        unique = np.unique(np.array(values))
        return Choice(unique, _shares(slot, unique))
    return Value(_read_value(column, slot, what))


def _levels_between(column: Column, slot: ColumnSlice, bounds: tuple) -> list:
    """Return the values within a range of a number that is encoded as levels."""
    levels = getattr(slot.column_encoder, "levels_", slot.column_encoder).values_
    levels = levels[~np.isnan(levels)]
    low, high = _read_bounds(column, slot, bounds, (levels.min(), levels.max()))
    inside = levels[(low <= levels) & (levels <= high)]
    if not len(inside):
        raise ValueError(
            f"given[{column.name!r}]={bounds!r} holds nothing. "
            f"{_possible(column, slot)}"
        )
    return list(column.write(inside, np.random.default_rng(0)))


def _read_value(column: Column, slot: ColumnSlice, value) -> float:
    if is_missing(value):
        levels = getattr(slot.column_encoder, "levels_", slot.column_encoder)
        if isinstance(levels, LevelEncoder) and levels.has_missing_:
            return np.nan
        raise ValueError(
            f"given[{column.name!r}] is missing, which it never was in fit. "
            f"{_possible(column, slot)}"
        )
    if isinstance(column, LevelColumn) and column.code_of(value) < 0:
        raise ValueError(
            f"given: column {column.name!r} has no level {value!r}. "
            f"{_possible(column, slot)}"
        )
    try:
        number = column.parse(value)
    except ValueError as error:
        raise ValueError(f"given: {error} {_possible(column, slot)}") from None
    _check_value(column, slot, number, value)
    return number


def _check_value(column: Column, slot: ColumnSlice, number: float, value) -> None:
    """Raise if a canonical value was not seen in fit, or lies out of its range."""
    column_encoder = slot.column_encoder
    if isinstance(column_encoder, NumberEncoder):
        is_possible = column_encoder.minimum_ <= number <= column_encoder.maximum_
        if column.step is not None:
            steps = (number - column_encoder.minimum_) / column.step
            is_possible = is_possible and steps == np.rint(steps)
        elif column.decimals is not None:
            is_possible = is_possible and number == np.round(number, column.decimals)
        if is_possible:
            _check_kept(column, slot, number, value)
    else:
        levels = getattr(column_encoder, "levels_", column_encoder)
        is_possible = number in levels.values_
    if not is_possible:
        raise ValueError(
            f"given[{column.name!r}] cannot be {value!r}. {_possible(column, slot)}"
        )


def _check_kept(column: Column, slot: ColumnSlice, number: float, value) -> None:
    """Raise if samples cannot have a number: it is off the grid or the calendar."""
    nearest = slot.column_encoder.snap(np.array([number]))
    if not are_kept(number, nearest, column.step is not None)[0]:
        (shown,) = column.write(nearest, np.random.default_rng(0))
        raise ValueError(
            f"given[{column.name!r}] cannot be {value!r}, as no row had in fit, but "
            f"{shown!s}. {_possible(column, slot)}"
        )


def _possible(column: Column, slot: ColumnSlice) -> str:
    """Say what can be given."""
    column_encoder = slot.column_encoder
    rng = np.random.default_rng(0)
    if isinstance(column_encoder, NumberEncoder):
        edges = column.write(
            np.array([column_encoder.minimum_, column_encoder.maximum_]), rng
        )
        low, high = (str(edge) for edge in edges)
        whole = " in whole steps" if column.step is not None else ""
        return f"Possible: {low} to {high}{whole}."
    levels = getattr(column_encoder, "levels_", column_encoder)
    shown = levels.values_[:200]
    written = column.write(shown, rng)
    seen = [bool(v) if isinstance(v, bool | np.bool_) else str(v) for v in written]
    more = " (and missing)" if levels.has_missing_ else ""
    return f"Possible: {show_levels(seen)}{more}."


def _read_bounds(
    column: Column, slot: ColumnSlice, bounds: tuple, extremes: tuple[float, float]
) -> tuple[float, float]:
    """Return both ends of a range in canonical form, None or infinity left open."""
    if len(bounds) != 2:
        raise ValueError(
            f"given[{column.name!r}] must be a value, a list of values or a range "
            f"(low, high), got {bounds!r}."
        )
    edges = []
    for bound, open_end in zip(bounds, extremes, strict=True):
        is_open = bound is None or (isinstance(bound, float) and np.isinf(bound))
        try:
            edges.append(open_end if is_open else column.parse(bound))
        except ValueError as error:
            raise ValueError(f"given: {error} {_possible(column, slot)}") from None
    return max(edges[0], extremes[0]), min(edges[1], extremes[1])


def _read_range(
    column: Column, column_encoder: NumberEncoder, bounds: tuple
) -> Interval:
    slot = ColumnSlice(0, column_encoder, None, None)
    low, high = _read_bounds(
        column, slot, bounds, (column_encoder.minimum_, column_encoder.maximum_)
    )
    if column.step is not None:
        start, step = column_encoder.minimum_, column.step
        low = start + np.ceil((low - start) / step) * step
        high = start + np.floor((high - start) / step) * step
    # Written so, the test also refuses a NaN bound.
    kept = np.zeros(0)
    if low <= high:
        kept = _kept_between(column, column_encoder, low, high)
    if not len(kept):
        raise ValueError(
            f"given[{column.name!r}]={bounds!r} holds nothing. "
            f"{_possible(column, slot)}"
        )
    if column.step is not None and high - low <= MAX_TRIED * column.step:
        low, high = float(kept.min()), float(kept.max())
    return Interval(float(low), float(high), column_encoder.encode_range(low, high))


def _kept_between(
    column: Column, column_encoder: NumberEncoder, low: float, high: float
) -> NDArray:
    """Return values of a range that are on the grid and the calendar of a column.

    All of them, if these are not more steps than are looked at.
    """
    values = tried_values(low, high, column.step)
    kept = column_encoder.snap(values)
    return kept[(low <= kept) & (kept <= high)]


def _shares(slot: ColumnSlice, values: NDArray) -> NDArray:
    """Return how often each of some values was seen."""
    if isinstance(slot.column_encoder, NumberEncoder):
        edges = np.array(
            [slot.column_encoder.encode_range(value, value) for value in values]
        )
        shares = np.diff(ndtr(edges), axis=1)[:, 0]
    else:
        levels = getattr(slot.column_encoder, "levels_", slot.column_encoder)
        shares = levels.shares_[levels.code(values)]
    total = shares.sum()
    return shares / total if total > 0 else np.full(len(values), 1 / len(values))


def read_any_item(encoder: Any, name: Hashable, what) -> Any:
    """Read what a column is given; see `TableEncoder.read_any_given`."""
    column = _column_of(encoder, name)
    what = column.without_words(what)
    if name not in encoder._slots and not encoder.has_place(name):
        is_tied = any(tie.target == name for tie in encoder.dependencies_)
        if is_tied:
            return _read_free(column, what)
        return _check_constant(encoder, name, column, what)
    if isinstance(what, _SEVERAL):
        return _read_several(encoder, name, column, list(what))
    if _is_missing(what) and _may_miss(encoder, name):
        return Value(np.nan)
    if name in encoder._slots:
        return _read_item(encoder, encoder._slots[name], what)
    return _read_free(column, what)


def _read_several(encoder: Any, name: Hashable, column: Column, parts: list):
    """Read a list of values and ranges."""
    is_apart = [
        (isinstance(part, tuple) and not column.is_discrete)
        or (_is_missing(part) and _may_miss(encoder, name))
        for part in parts
    ]
    if name in encoder._slots and not any(is_apart):
        return _read_item(encoder, encoder._slots[name], parts)
    return AnyOf(tuple(read_any_item(encoder, name, part) for part in parts))


def _read_free(column: Column, what) -> Any:
    """Read what is given for a column that is no entry of the encoded row."""
    if isinstance(what, _SEVERAL):
        if not len(what):
            raise ValueError(f"given[{column.name!r}] is empty.")
        return AnyOf(tuple(_read_free(column, part) for part in what))
    if _is_missing(what):
        return Value(np.nan)
    try:
        if not isinstance(what, tuple) or column.is_discrete:
            return Value(column.parse(what))
        if len(what) != 2:
            raise ValueError(
                f"column {column.name!r} takes a value, a list of values or a range "
                f"(low, high), got {what!r}."
            )
        low, high = (
            open_end if bound is None else column.parse(bound)
            for bound, open_end in zip(what, (-np.inf, np.inf), strict=True)
        )
        if not low <= high:
            raise ValueError(f"column {column.name!r}: {what!r} holds nothing.")
        return Interval(low, high)
    except ValueError as error:
        raise ValueError(f"given: {error}") from None


def _check_constant(encoder: Any, name: Hashable, column: Column, what):
    """Return None if all rows of a constant column are as asked, else raise."""
    value = encoder._rows.constant(encoder._index[name])
    try:
        if keeps_to(_read_free(column, what), np.array([value]))[0]:
            return None
    except ValueError:
        # A value that cannot be read is no value of the column.
        pass
    shown = "missing"
    if not np.isnan(value):
        written = column.write(np.array([value]), np.random.default_rng(0))
        first = next(iter(written))
        shown = repr(first.item() if isinstance(first, np.generic) else first)
    raise ValueError(
        f"given[{name!r}] cannot be {what!r}: all rows that fit saw hold {shown}."
    )


def read_any_frame(encoder: Any, frame) -> dict[Hashable, Any]:
    """Read partial rows; see `TableEncoder.read_any_frame`."""
    items: dict[Hashable, Any] = {}
    for name, opened in zip(frame.columns, read_columns(frame), strict=True):
        if opened.missing.all():
            continue
        column = _column_of(encoder, name)
        values = column.read(opened)
        # Words for what is missing, in texts that spell numbers, are so, too.
        is_given = ~(opened.missing | np.isnan(values))
        if not is_given.any():
            continue
        unique, first = np.unique(values[is_given], return_index=True)
        rows = np.flatnonzero(is_given)[first]
        for value, row in zip(unique, rows, strict=True):
            shown = _value_at(frame, name, int(row))
            if name in encoder._slots:
                _check_value(column, encoder._slots[name], value, shown)
            else:
                read_any_item(encoder, name, shown)
        items[name] = PartialValues(values, is_given)
    return items


def _column_of(encoder: Any, name: Hashable) -> Column:
    """Return a column that may be given, or say which may."""
    names = [column.name for column in encoder._columns if column.kind != "identifier"]
    possible = f"Columns that can be given: {show_levels(names) or 'none'}."
    try:
        is_known = name in encoder._index
    except TypeError:
        is_known = False
    if not is_known:
        raise ValueError(f"given names {name!r}, which is no column. {possible}")
    column = encoder._columns[encoder._index[name]]
    if column.kind == "identifier":
        raise ValueError(
            f"{name!r} cannot be given: its values are drawn fresh. {possible}"
        )
    return column


def _is_missing(value) -> bool:
    return not isinstance(value, tuple | _SEVERAL) and bool(is_missing(value))


def _may_miss(encoder: Any, name: Hashable) -> bool:
    return encoder._index[name] in encoder._rows.gaps
