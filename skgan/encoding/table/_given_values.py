"""What a user gives for some columns, as conditions: values, lists and ranges."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from skgan.encoding._given_items import Choice, Interval, PartialValues, Value, at_rows
from skgan.encoding.table._column_encoders import LevelEncoder, NumberEncoder
from skgan.encoding.table._columns import Column, LevelColumn, show_levels
from skgan.encoding.table._row_encoder import ColumnSlice
from skgan.encoding.table._table_output import TableBuffer
from skgan.frames import frame_library, is_missing, read_columns

if TYPE_CHECKING:
    from skgan.encoding.table._table import TableEncoder


class Conditions:
    """Conditions that were read and found possible.

    Items, in canonical form, go by the name of the column. `n_rows` is the number of
    partial rows, None where the same holds for any number of rows.
    """

    def __init__(self, items: dict[Hashable, Any], n_rows: int | None):
        self.items = items
        self.n_rows = n_rows

    def take(self, rows: NDArray) -> Conditions:
        """Return what some rows are given."""
        items = {name: at_rows(item, rows) for name, item in self.items.items()}
        return Conditions(items, None if self.n_rows is None else len(rows))

    def rows(self, start: int, stop: int) -> Conditions:
        """Return what is given for some rows; nothing is beyond the last one."""
        if self.n_rows is None:
            return self
        items = {
            name: PartialValues(
                _padded(item.values[start:stop], stop - start, np.nan),
                _padded(item.is_given[start:stop], stop - start, False),
            )
            for name, item in self.items.items()
        }
        return Conditions(items, stop - start)


def _padded(values: NDArray, n: int, fill) -> NDArray:
    return np.r_[values, np.full(n - len(values), fill, dtype=values.dtype)]


def read_given(encoder: TableEncoder, given, n: int | None = None) -> Conditions:
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
            f"given has {result.n_rows} rows for {n} samples; it needs one for each."
        )
    return result


def _slot_of(encoder: TableEncoder, name: Hashable, names: list) -> ColumnSlice:
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


def _read_frame(encoder: TableEncoder, frame, names: list) -> Conditions:
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


def _read_item(encoder: TableEncoder, slot: ColumnSlice, what):
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
    else:
        levels = getattr(column_encoder, "levels_", column_encoder)
        is_possible = number in levels.values_
    if not is_possible:
        raise ValueError(
            f"given[{column.name!r}] cannot be {value!r}. {_possible(column, slot)}"
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
    # This form also refuses a NaN bound.
    if not low <= high:
        raise ValueError(
            f"given[{column.name!r}]={bounds!r} holds nothing. "
            f"{_possible(column, slot)}"
        )
    return Interval(float(low), float(high), column_encoder.encode_range(low, high))


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


def encode_given(
    encoder: TableEncoder, given: Conditions, n: int, rng: np.random.Generator
) -> tuple[NDArray, NDArray]:
    """Encode conditions; see `TableEncoder.encode_given`."""
    names = encoder.condition_columns_
    values = np.zeros((n, encoder.layout_.width), dtype=np.float32)
    is_given = np.zeros((n, len(names)), dtype=bool)
    for unit, name in enumerate(names):
        item = given.items.get(name)
        if item is None:
            continue
        slot = encoder._slots[name]
        rows = (
            item.is_given if isinstance(item, PartialValues) else np.ones(n, dtype=bool)
        )
        is_given[:, unit] = rows
        lines = np.flatnonzero(rows)
        if isinstance(item, Interval):
            values[lines, slot.score] = _draw_scores(item.scores, n, rng)
            continue
        canonical = _canonical(item, n, rng)[lines]
        encoded = values[lines]
        slot.write(encoded, slot.column_encoder.encode(canonical, rng))
        values[lines] = encoded
    return values, is_given


def _canonical(item, n: int, rng: np.random.Generator) -> NDArray:
    if isinstance(item, PartialValues):
        return item.values
    if isinstance(item, Choice):
        return rng.choice(item.values, size=n, p=item.shares)
    return np.full(n, item.value)


def _draw_scores(edges: tuple[float, float], n: int, rng) -> NDArray:
    """Draw from the normal distribution between two scores."""
    low, high = edges
    # The lower tail has more digits than the upper, so the upper is mirrored.
    sign = -1.0 if low > 0 else 1.0
    ranks = sorted((ndtr(sign * low), ndtr(sign * high)))
    drawn = sign * ndtri(ranks[0] + (ranks[1] - ranks[0]) * rng.uniform(size=n))
    return np.clip(drawn, low, high)


def write_given(
    encoder: TableEncoder,
    buffer: TableBuffer,
    start: int,
    given: Conditions,
    Z: NDArray,
) -> None:
    """Write conditions into a buffer; see `TableEncoder.write_given`."""
    stop = start + len(Z)
    for name, item in given.items.items():
        index = encoder._index[name]
        target = buffer.values[index, start:stop]
        rows = np.ones(len(Z), dtype=bool)
        if isinstance(item, Value):
            target[:] = item.value
        elif isinstance(item, PartialValues):
            rows = item.is_given[: len(Z)]
            target[rows] = item.values[: len(Z)][rows]
        elif isinstance(item, Interval):
            target[:] = np.clip(encoder._slots[name].read(Z), item.low, item.high)
        else:
            target[:] = _nearest(item.values, encoder._slots[name].read(Z))
        mask = buffer.is_given.setdefault(name, np.zeros(len(buffer), dtype=bool))
        mask[start:stop] = rows


def _nearest(allowed: NDArray, values: NDArray) -> NDArray:
    """Return the nearest of the allowed values, which are in order; NaN is last."""
    present = allowed[~np.isnan(allowed)]
    if not len(present):
        return np.full(len(values), np.nan)
    right = np.searchsorted(present, values).clip(0, len(present) - 1)
    left = (right - 1).clip(0)
    is_left = np.abs(values - present[left]) < np.abs(present[right] - values)
    nearest = present[np.where(is_left, left, right)]
    may_miss = len(present) < len(allowed)
    return np.where(np.isnan(values) & may_miss, np.nan, nearest)
