"""What all rows of a column show, learnt batch by batch, and in which rows.

Each class looks at one column of Arrow, and returns the places of the rows of a batch
without which something seen in them would be forgotten.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from importlib import import_module
from typing import Any

import numpy as np

from skgan.encoding._grid import find_decimals
from skgan.frames import UNITS

# Levels of a column that are counted; one of more is told of.
MAX_LEVELS = 10_000
_MAX_PATTERNS = 10_000


class ColumnFacts(ABC):
    """Of one column: which rows hold what it must not lose."""

    def __init__(self, name: str):
        self.name = name

    @property
    @abstractmethod
    def rows(self) -> set[int]:
        """Those rows, by their places among all."""

    @abstractmethod
    def add(self, column: Any, start: int) -> set[int]:
        """Return those of one more batch, whose first row is at place `start`."""


class LevelFacts(ColumnFacts):
    """How often each level comes, and the first row that has it."""

    def __init__(self, name: str):
        super().__init__(name)
        self.counts: Counter = Counter()
        self.first: dict[Any, int] = {}

    @property
    def is_open(self) -> bool:
        """Whether there are more levels than are counted."""
        return len(self.counts) > MAX_LEVELS

    @property
    def rows(self) -> set[int]:
        """The first row of each level."""
        return set(self.first.values())

    def add(self, column: Any, start: int) -> set[int]:
        """Count levels, and note the first row of each, see `ColumnFacts`."""
        if self.is_open:
            return set()
        compute = import_module("pyarrow.compute")
        counted = compute.value_counts(column)
        levels = counted.field("values").to_pylist()
        numbers = counted.field("counts").to_pylist()
        for level, number in zip(levels, numbers, strict=True):
            if level is not None:
                self.counts[level] += number
        if self.is_open:
            self.first = {}
            return set()
        new = [level is not None and level not in self.first for level in levels]
        if not any(new):
            return set()
        # Old versions of pyarrow take no list.
        wanted = counted.field("values").filter(import_module("pyarrow").array(new))
        if hasattr(wanted, "dictionary_decode"):
            wanted, column = wanted.dictionary_decode(), column.dictionary_decode()
        found = compute.index_in(column, value_set=wanted).fill_null(-1)
        codes, places = np.unique(
            found.to_numpy(zero_copy_only=False), return_index=True
        )
        places = (places[codes >= 0] + start).tolist()
        self.first.update(zip(wanted.to_pylist(), places, strict=True))
        return set(places)


class RangeFacts(ColumnFacts):
    """Least and greatest value, and the rows that have them."""

    def __init__(self, name: str):
        super().__init__(name)
        self.low: Any = None
        self.high: Any = None
        self._row_of: dict[str, int] = {}
        self._fine: set[int] = set()

    @property
    def rows(self) -> set[int]:
        """Rows of the bounds, and those off the grid of others."""
        return {*self._row_of.values(), *self._fine}

    def add(self, column: Any, start: int) -> set[int]:
        """Note rows beyond all before them, see `ColumnFacts`."""
        compute = import_module("pyarrow.compute")
        if str(column.type).startswith("duration"):
            column = column.cast("int64")
        found = compute.min_max(column)
        low, high = found["min"], found["max"]
        # Of floats of pandas, what is missing is NaN.
        if not low.is_valid or low.as_py() != low.as_py():
            return set()
        if self.low is None or _less(low, self.low):
            self.low = low
            self._row_of["low"] = start + compute.index(column, low).as_py()
        if self.high is None or _less(self.high, high):
            self.high = high
            self._row_of["high"] = start + compute.index(column, high).as_py()
        self._look_finer(column, start)
        return {row for row in self.rows if row >= start}

    def _look_finer(self, column: Any, start: int) -> None:
        """Note rows that are off the grid of those before."""


class FloatFacts(RangeFacts):
    """Range and decimal places of floats."""

    def __init__(self, name: str):
        super().__init__(name)
        self._decimals: int | None = -1  # -1 before the first value; None is any

    def _look_finer(self, column: Any, start: int) -> None:
        if np.isinf([self.low.as_py(), self.high.as_py()]).any():
            raise ValueError(
                f"Column {self.name!r} contains infinity; clip it or drop these rows."
            )
        values = column.to_numpy(zero_copy_only=False)
        present = np.flatnonzero(~np.isnan(values))
        values = values[present]
        while self._decimals is not None and len(values):
            is_off = np.ones(len(values), dtype=bool)
            if self._decimals >= 0:
                rounded = np.round(values.astype(np.float64), self._decimals)
                is_off = rounded.astype(values.dtype) != values
            if not is_off.any():
                break
            first = int(is_off.argmax())
            self._fine.add(start + int(present[first]))
            found = find_decimals(values[first : first + 1])
            self._decimals = None if found is None else max(found, self._decimals)


class TimeFacts(RangeFacts):
    """Range and coarsest step of times, dates and durations."""

    def __init__(self, name: str, unit: int):
        super().__init__(name)
        # Steps in units of the column, the coarsest first.
        self._grains = [g // unit for g in sorted(UNITS.values())[::-1] if g > unit]

    def _look_finer(self, column: Any, start: int) -> None:
        if not self._grains:
            return
        arrow = import_module("pyarrow")
        wide = column.cast(arrow.int32()) if column.type.bit_width == 32 else column
        present = column.is_valid().to_numpy(zero_copy_only=False)
        counts = wide.cast(arrow.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        while self._grains:
            is_off = present & (counts % self._grains[0] != 0)
            if not is_off.any():
                break
            self._fine.add(start + int(is_off.argmax()))
            self._grains.pop(0)


class MissingFacts:
    """Which columns are missing together, and a row that shows it."""

    def __init__(self, n_columns: int):
        self.counts = np.zeros(n_columns, dtype=np.int64)
        self.first: dict[int, int] = {}
        # Random weights: sums of different sets are different.
        self._weights = np.random.default_rng(0).integers(
            2**63, size=n_columns, dtype=np.uint64
        )

    def add(self, batch: Any, start: int) -> set[int]:
        """Return the first row of each pattern that is new."""
        compute = import_module("pyarrow.compute")
        keys = np.zeros(batch.num_rows, dtype=np.uint64)
        for place, column in enumerate(batch.columns):
            missing = compute.is_null(column, nan_is_null=True)
            n_missing = compute.sum(missing).as_py() or 0
            if not n_missing:
                continue
            self.counts[place] += n_missing
            is_missing = missing.to_numpy(zero_copy_only=False)
            keys += is_missing * self._weights[place]
        seen, first = np.unique(keys, return_index=True) if keys.any() else ([0], [0])
        new = {
            int(key): start + int(place)
            for key, place in zip(seen, first, strict=True)
            if int(key) not in self.first
        }
        if len(self.first) + len(new) > _MAX_PATTERNS:
            return set()
        self.first |= new
        return set(new.values())

    @property
    def rows(self) -> set[int]:
        """A row of each pattern."""
        return set(self.first.values())


def make_facts(name: str, kind: Any) -> ColumnFacts | None:
    """Return what looks at a column of a type of Arrow; None where nothing has to."""
    types = import_module("pyarrow.types")
    is_text = str(kind) in ("string", "large_string")
    if is_text or types.is_dictionary(kind) or types.is_boolean(kind):
        return LevelFacts(name)
    if types.is_float16(kind):
        return None
    if types.is_floating(kind):
        return FloatFacts(name)
    if types.is_integer(kind):
        return RangeFacts(name)
    if types.is_date32(kind):
        return TimeFacts(name, UNITS["D"])
    if types.is_timestamp(kind) or types.is_time(kind) or types.is_duration(kind):
        return TimeFacts(name, UNITS[kind.unit])
    return RangeFacts(name) if types.is_date64(kind) or types.is_decimal(kind) else None


def _less(one: Any, other: Any) -> bool:
    """Whether a scalar of Arrow is less than another."""
    compute = import_module("pyarrow.compute")
    return bool(compute.less(one, other).as_py())
