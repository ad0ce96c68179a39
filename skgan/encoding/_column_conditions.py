"""Conditions on columns in canonical form, and which values keep to them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Values of a range that are looked at for one that samples can have.
MAX_TRIED = 5000


class Value(NamedTuple):
    """One value for all rows, in canonical form."""

    value: float


class PartialValues(NamedTuple):
    """A value for each row that has one."""

    values: NDArray
    is_given: NDArray


class Choice(NamedTuple):
    """Values to draw from, with their shares."""

    values: NDArray
    shares: NDArray


class Interval(NamedTuple):
    """A range, bounds included, and the scores that it takes up."""

    low: float
    high: float
    scores: tuple[float, float] = (np.nan, np.nan)


class AnyOf(NamedTuple):
    """Values and ranges of which any may hold."""

    items: tuple[Any, ...]


@dataclass(frozen=True)
class PartialItems:
    """What only some rows are given: an item for each, and which rows these are."""

    items: tuple[Any, ...]
    masks: tuple[NDArray, ...]


def keeps_to(item: Any, values: NDArray) -> NDArray:
    """Tell which canonical values are what an item asks for."""
    if isinstance(item, Value):
        return _are_same(values, item.value)
    if isinstance(item, Interval):
        return (item.low <= values) & (values <= item.high)
    if isinstance(item, Choice):
        is_allowed = np.isin(values, item.values)
        if np.isnan(item.values).any():
            is_allowed |= np.isnan(values)
        return is_allowed
    if isinstance(item, AnyOf):
        return np.any([keeps_to(part, values) for part in item.items], axis=0)
    if isinstance(item, PartialValues):
        return ~item.is_given | _are_same(values, item.values)
    keeps = np.ones(len(values), dtype=bool)
    for part, mask in zip(item.items, item.masks, strict=True):
        keeps[mask] &= keeps_to(part, values[mask])
    return keeps


def are_kept(values, snapped, is_stepped: bool) -> NDArray:
    """Tell which numbers are on a grid, as far as they are told apart on it.

    Decimals may come in single precision.
    """
    return np.isclose(snapped, values, rtol=1e-12 if is_stepped else 1e-6, atol=0)


def tried_values(low: float, high: float, step: float | None) -> NDArray:
    """Return numbers of a range: all of it from step to step, if these are few."""
    if step is None:
        return np.linspace(low, high, MAX_TRIED)
    n_steps = (high - low) / step
    stride = max(n_steps / MAX_TRIED, 1.0)
    return low + np.rint(np.arange(0, n_steps + 0.5, stride)) * step


def _are_same(values: NDArray, wanted) -> NDArray:
    return (values == wanted) | (np.isnan(values) & np.isnan(wanted))


def at_rows(item: Any, rows: NDArray) -> Any:
    """Return what some rows are given; a row number of -1 is given nothing."""
    is_there = rows >= 0
    if isinstance(item, PartialValues):
        is_given = item.is_given[rows] & is_there
        return PartialValues(np.where(is_given, item.values[rows], np.nan), is_given)
    if isinstance(item, PartialItems):
        masks = tuple(mask[rows] & is_there for mask in item.masks)
        return PartialItems(item.items, masks)
    return item


def collect_rows(rows: list[dict]) -> dict[Any, Any]:
    """Turn items of each row into items of all rows, by name."""
    n = len(rows)
    collected: dict[Any, Any] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values, is_given = np.full(n, np.nan), np.zeros(n, dtype=bool)
        items, masks = [], []
        for i, row in enumerate(rows):
            item = row.get(name)
            if isinstance(item, Value):
                values[i], is_given[i] = item.value, True
            elif item is not None:
                items.append(item)
                masks.append(np.arange(n) == i)
        if not items:
            collected[name] = PartialValues(values, is_given)
            continue
        items += [Value(value) for value in values[is_given]]
        masks += [np.arange(n) == i for i in np.flatnonzero(is_given)]
        collected[name] = PartialItems(tuple(items), tuple(masks))
    return collected


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
