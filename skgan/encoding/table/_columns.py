"""Columns of a table in one canonical form: float64, NaN where missing.

A column knows how to read raw values into that form and how to write the form back
as what it was. Numbers are themselves; levels are their place in the list of levels;
times are whole counts of the coarsest step that fits all times of the table, so that
two dates compare.
"""

from __future__ import annotations

import datetime
import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import counted, warn_user
from skgan.encoding._grid import find_decimals, find_single_grid
from skgan.encoding.dependencies._date_parts import Clock
from skgan.frames import (
    UNITS,
    ColumnFormat,
    RawColumn,
    ToSpelled,
    level_key,
    local_time,
)

# Every integer up to this one has a float64 of its own.
EXACT_INTEGERS = 2**53
_MAX_SHOWN = 20


class Column(ABC):
    """What every column shares."""

    # "number", "boolean", "category", "time", "duration" or "identifier".
    kind = "number"
    # The step whose multiples canonical values are; None if they are continuous.
    step: float | None = None
    # Decimal places of all values, if they have few.
    decimals: int | None = None
    # The place of the column whose random numbers it shares; None is its own.
    partner: int | None = None

    def __init__(self, name: Hashable, column_format: ColumnFormat):
        self.name = name
        self.column_format = column_format

    @property
    def clock(self) -> Clock | None:
        """How moments are counted; None of other columns, times of day among them."""
        return None

    @property
    def is_discrete(self) -> bool:
        """Whether values are levels."""
        return self.kind in ("boolean", "category")

    def read(self, raw_column: RawColumn) -> NDArray:
        """Return canonical values of a column like the one in ``fit``."""
        if raw_column.missing.all():
            return np.full(len(raw_column.missing), np.nan)
        spelled = self.column_format.to_column
        is_text = raw_column.column_format.kind == "level"
        if is_text and isinstance(spelled, ToSpelled):
            raw_column = spelled.read(raw_column, self.name)
        values = self._read(raw_column)
        values[raw_column.missing] = np.nan
        return values

    def write(
        self, values: NDArray, rng: np.random.Generator, first_row: int = 0
    ) -> Any:
        """Return canonical values as the column that they came from.

        `first_row` is the number of the first row in its sample.
        """
        missing = np.isnan(values)
        raw = self._write(np.where(missing, 0.0, values) if missing.any() else values)
        return self.column_format.to_column(raw, missing)

    @abstractmethod
    def parse(self, value) -> float:
        """Return one value of the user's in canonical form, or raise ValueError."""

    def without_words(self, what):
        """Return what a user gives, None for a word that texts have for missing."""
        spelled = self.column_format.to_column
        if not isinstance(spelled, ToSpelled):
            return what
        if isinstance(what, list | set | frozenset):
            return [self.without_words(part) for part in what]
        return None if isinstance(what, str) and spelled.is_word(what) else what

    def _unspelled(self, value):
        """Return what a text of the user's spells, in a column of such texts."""
        spelled = self.column_format.to_column
        is_spelled = isinstance(value, str) and isinstance(spelled, ToSpelled)
        return spelled.parse(value) if is_spelled else value

    @abstractmethod
    def _read(self, raw_column: RawColumn) -> NDArray:
        """Return canonical values, whatever those of what is missing."""

    def _write(self, values: NDArray) -> NDArray:
        """Return raw values of canonical ones without NaN: by default the same."""
        return values

    def _refuse(self, raw_column: RawColumn):
        raise TypeError(
            f"Column {self.name!r} held {self.kind} values in fit and holds "
            f"{raw_column.column_format.kind} values now; pass it with the dtype it "
            "had in fit."
        )


@persistent(
    *("column_format", "step", "offset", "decimals", "span", "factor", "is_wide"),
    "is_single",
)
class NumberColumn(Column):
    """Numbers; integers that float64 cannot tell apart go by offset and step."""

    # Whether raw values are Python's integers; files of the first schema do not say.
    is_wide = False
    # Whether decimals were rounded to single precision before they came as doubles.
    is_single = False

    def __init__(self, name: Hashable, raw_column: RawColumn):
        super().__init__(name, raw_column.column_format)
        present = raw_column.raw[~raw_column.missing]
        self.offset: int | None = None
        self.is_wide = raw_column.column_format.storage.kind == "O"
        if self.is_wide:
            self.step = 1.0
            self._learn_wide(present)
        elif raw_column.column_format.storage.kind in "iu":
            self.step = 1.0
            self._learn_offset(present)
        elif raw_column.column_format.decimals is not None:
            self.decimals = raw_column.column_format.decimals
        elif len(present):
            if np.isinf(present).any():
                raise ValueError(
                    f"Column {name!r} contains infinity; clip it or drop these rows."
                )
            # Rounded endings are their encoder's to find, in all of their digits.
            if find_single_grid(present.astype(np.float64)) is None:
                self.decimals = find_decimals(present)
                if self.decimals is None:
                    self._learn_single(present)
        if self.decimals == 0:
            self.step, self.decimals = 1.0, None

    def _learn_single(self, present: NDArray) -> None:
        """Learn the decimals of doubles that once were single numbers: 0.1f is .1."""
        single = present.astype(np.float32)
        if present.dtype.itemsize == 8 and (single == present).all():
            self.decimals = find_decimals(single)
            self.is_single = self.decimals is not None

    def _learn_wide(self, present: NDArray) -> None:
        """Learn the offset and the step of Python's integers, in their own digits."""
        whole = present.tolist()
        low, high = min(whole), max(whole)
        self.offset, self.span = low, high - low
        self.factor = math.gcd(*(value - low for value in whole)) or 1
        if self.span // self.factor > EXACT_INTEGERS:
            raise ValueError(
                f"Column {self.name!r} spans more than 2**53 of its smallest steps, "
                f"from {_shown(self, low)} to {_shown(self, high)}, which float64 does "
                "not tell apart. Cast it to float64 or, if it is a key, to text, or "
                "drop it."
            )

    def _read_wide(self, raw_column: RawColumn) -> NDArray:
        """Return canonical values of integers, exactly where they are steps."""
        places = self.column_format.decimals or 0
        others = raw_column.column_format.decimals or 0
        is_scaled = raw_column.raw.dtype.kind == "O"
        shift = 10 ** max(places - (others if is_scaled else 0), 0)
        shrink = 10 ** max((others if is_scaled else 0) - places, 0)
        assert self.offset is not None
        values = np.empty(len(raw_column.raw))
        for i, value in enumerate(raw_column.raw.tolist()):
            if isinstance(value, float):
                value = 0 if value != value else Fraction(value)
            distance = value * shift - self.offset * shrink
            steps, rest = divmod(distance, self.factor * shrink)
            values[i] = float(steps) + float(rest) / float(self.factor * shrink)
        return values

    def _learn_offset(self, present: NDArray) -> None:
        low, high = (int(present.min()), int(present.max())) if len(present) else (0, 0)
        if max(-low, high) <= EXACT_INTEGERS:
            return
        self.offset, self.span = low, high - low
        above = present.astype(np.uint64) - np.uint64(low % 2**64)
        self.factor = max(int(np.gcd.reduce(above)), 1)
        if self.span // self.factor > EXACT_INTEGERS:
            warn_user(
                f"Column {self.name!r} spans more than 2**53, where float64 no longer "
                "tells neighbours apart; samples are whole but may be off in the last "
                "digits. If it is a key, turn it into strings."
            )

    def _read(self, raw_column: RawColumn) -> NDArray:
        if raw_column.column_format.kind not in ("number", "boolean"):
            self._refuse(raw_column)
        raw = raw_column.raw
        if raw.dtype.kind == "f" and np.isinf(raw[~raw_column.missing]).any():
            raise ValueError(
                f"Column {self.name!r} contains infinity; clip it or drop these rows."
            )
        if self.is_wide:
            return self._read_wide(raw_column)
        if raw.dtype.kind == "O":
            raw = raw.astype(np.float64) / 10 ** (
                raw_column.column_format.decimals or 0
            )
        if self.offset is None:
            values = raw.astype(np.float64)
            return values if self.decimals is None else np.round(values, self.decimals)
        if raw.dtype.kind == "f":
            return (raw - float(self.offset)) / self.factor
        low = np.uint64(self.offset % 2**64)
        whole = raw.astype(np.uint64)
        is_above = raw >= self.offset
        # Unsigned differences wrap around to the right distance.
        distance = np.where(is_above, whole - low, low - whole).astype(np.float64)
        return np.where(is_above, distance, -distance) / self.factor

    def _write(self, values: NDArray) -> NDArray:
        if self.is_wide:
            raw = np.empty(len(values), dtype=object)
            steps = np.rint(values).astype(np.int64).tolist()
            raw[:] = [self.offset + step * self.factor for step in steps]
            return raw
        if self.offset is None:
            if self.column_format.storage.kind in "iu":
                return np.rint(values)
            values = (
                values if self.decimals is None else np.round(values, self.decimals)
            )
            return values.astype(np.float32) if self.is_single else values
        top = np.nextafter(2.0**64, 0)
        steps = np.clip(np.rint(values) * self.factor, 0, top).astype(np.uint64)
        is_top = values * self.factor >= float(self.span)
        steps = np.where(is_top, np.uint64(self.span), steps)
        whole = steps + np.uint64(self.offset % 2**64)
        return whole.astype(self.column_format.storage)

    def parse(self, value) -> float:
        """Return a number in canonical form."""
        value = self._unspelled(value)
        if isinstance(value, str | bytes):
            raise ValueError(f"column {self.name!r} holds numbers, got {value!r}.")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"column {self.name!r} holds numbers, got {value!r}."
            ) from None
        if self.is_wide:
            exact = Fraction(value) * 10 ** (self.column_format.decimals or 0)
            return float((exact - self.offset) / self.factor)
        if self.offset is not None:
            return float((int(value) - self.offset) / self.factor)
        # A single number is not the decimal that it stands for.
        is_single = self.is_single or isinstance(value, np.float32)
        if not is_single or (self.decimals is None and self.step is None):
            return number
        rounded = round(number, self.decimals or 0)
        return rounded if np.float32(rounded) == np.float32(number) else number


def _shown(column: NumberColumn, whole: int) -> str:
    places = column.column_format.decimals or 0
    return f"{Decimal(whole)}" + (f"e-{places}" if places else "")


@persistent(
    "column_format",
    "step",
    "kind",
    "levels",
    "_by_key",
    "_by_value",
    rebuilt=("new_levels",),
)
class LevelColumn(Column):
    """Categories: the place of each level in the list of levels; also booleans."""

    kind = "category"
    # Of the rows read last, what `fit` did not see.
    new_levels: Sequence = ()

    def __init__(self, name: Hashable, raw_column: RawColumn):
        super().__init__(name, raw_column.column_format)
        self.step = 1.0
        self.levels: list = [False, True]
        if raw_column.column_format.kind == "boolean":
            self.kind = "boolean"
        else:
            self.levels = raw_column.column_format.levels
        self._by_key = {level_key(level): i for i, level in enumerate(self.levels)}
        self._by_value = {level: i for i, level in reversed([*enumerate(self.levels)])}

    def code_of(self, level) -> int:
        """Return the place of a level; -1 if `fit` did not see it."""
        try:
            code = self._by_key.get(level_key(level))
            return self._by_value.get(level, -1) if code is None else code
        except TypeError:
            return -1

    def _read(self, raw_column: RawColumn) -> NDArray:
        raw, levels = raw_column.raw, raw_column.column_format.levels
        self.new_levels = ()
        if raw_column.column_format.kind == "boolean":
            levels = [False, True]
        elif raw_column.column_format.kind != "level":
            present = raw[~raw_column.missing]
            unique = np.unique(present)
            raw, levels = np.searchsorted(unique, raw), unique.tolist()
            raw = np.minimum(raw, len(unique) - 1)
        elif levels == self.levels and not _mixes_types(levels):
            return raw.astype(np.float64)
        codes = np.array([self.code_of(level) for level in levels], dtype=np.float64)
        # Levels that are listed without a row do no harm.
        present = np.unique(raw[~raw_column.missing].astype(np.int64))
        self.new_levels = [levels[i] for i in present if codes[i] < 0]
        return codes[raw.astype(np.int64)]

    def _write(self, values: NDArray) -> NDArray:
        # A level that fit did not see has no place; it stays within the list.
        codes = np.clip(np.rint(values), 0, max(len(self.levels) - 1, 0))
        return codes.astype(bool if self.kind == "boolean" else np.int64)

    def parse(self, value) -> float:
        """Return the place of a level."""
        code = self.code_of(value)
        if code < 0:
            raise ValueError(
                f"column {self.name!r} has no level {value!r}; it has "
                f"{show_levels(self.levels)}."
            )
        return float(code)


def _mixes_types(levels: list) -> bool:
    return len(set(map(type, levels))) > 1


def show_levels(levels: Iterable) -> str:
    """Return a list of levels for messages, cut off where it grows long."""
    levels = list(levels)
    shown = ", ".join(repr(level) for level in levels[:_MAX_SHOWN])
    more = len(levels) - _MAX_SHOWN
    return shown + (f" and {more} more" if more > 0 else "")


@persistent()
class TimeUnit(NamedTuple):
    """What all times of a table are counted in."""

    step: int  # nanoseconds
    origin: int  # steps from 1970 to the moment that counts as 0

    @classmethod
    def learn(cls, raw_columns: Iterable[RawColumn]) -> TimeUnit:
        """Learn the coarsest step that fits all times of the columns."""
        columns = [column for column in raw_columns if not column.missing.all()]
        step = min((grain_of(column) for column in columns), default=UNITS["D"])
        moments = [column for column in columns if column.column_format.kind == "time"]
        lows = [
            _extreme(column, min) * column.column_format.unit // step
            for column in moments
        ]
        highs = [
            _extreme(column, max) * column.column_format.unit // step
            for column in moments
        ]
        largest = max((abs(count) for count in lows + highs), default=0)
        return cls(step, min(lows) if largest > EXACT_INTEGERS else 0)

    @property
    def is_safe(self) -> bool:
        """Whether counts fit into 64 bits."""
        return abs(self.origin) < 2**62


def _extreme(raw_column: RawColumn, of) -> int:
    present = raw_column.raw[~raw_column.missing]
    return int(present.min() if of is min else present.max())


def grain_of(raw_column: RawColumn) -> int:
    """Return the coarsest unit, in nanoseconds, that all times are multiples of."""
    present, unit = raw_column.raw[~raw_column.missing], raw_column.column_format.unit
    for grain in UNITS.values():
        if grain <= unit or not (present % (grain // unit)).any():
            return max(grain, unit)
    return unit


@persistent("column_format", "step", "kind", "time_unit", "origin")
class TimeColumn(Column):
    """Moments, dates, times of day and durations as counts of a clock's steps."""

    def __init__(self, name: Hashable, raw_column: RawColumn, time_unit: TimeUnit):
        super().__init__(name, raw_column.column_format)
        self.kind = raw_column.column_format.kind
        self.time_unit = time_unit
        self.origin = time_unit.origin if self.kind == "time" else 0
        n_repeated = raw_column.column_format.n_repeated
        if n_repeated:
            warn_user(
                f"Column {name!r} holds {counted(n_repeated, 'time')} of an hour that "
                f"clocks of {self.zone} repeat; samples have the first of the two."
            )
        has_values = not raw_column.missing.all()
        self.step = (
            float(max(grain_of(raw_column) // time_unit.step, 1)) if has_values else 1.0
        )

    @property
    def clock(self) -> Clock | None:
        """How moments are counted; None of durations and times of day."""
        if self.kind != "time" or self.column_format.is_time_of_day:
            return None
        return Clock(self.time_unit.step, self.origin)

    @property
    def zone(self):
        """The time zone whose clocks are counted; None without one."""
        return getattr(self.column_format.to_column, "zone", None)

    def _read(self, raw_column: RawColumn) -> NDArray:
        if raw_column.column_format.kind != self.kind:
            self._refuse(raw_column)
        zone = getattr(raw_column.column_format.to_column, "zone", None)
        if None not in (zone, self.zone) and str(zone) != str(self.zone):
            raise TypeError(
                f"Column {self.name!r} held times of {self.zone} in fit and holds "
                f"times of {zone} now; convert them."
            )
        raw, unit, step = (
            raw_column.raw,
            raw_column.column_format.unit,
            self.time_unit.step,
        )
        if unit >= step:
            factor = unit // step
            top = (2**63 - 1 - abs(self.origin)) // factor
            if len(raw) and max(-int(raw.min()), int(raw.max())) > top:
                return raw.astype(np.float64) * factor - float(self.origin)
            return (raw * factor - self.origin).astype(np.float64)
        whole, rest = np.divmod(raw, step // unit)
        return (whole - self.origin).astype(np.float64) + rest / (step // unit)

    def _write(self, values: NDArray) -> NDArray:
        unit, step = self.column_format.unit, self.time_unit.step
        if unit <= step:
            return (np.rint(values).astype(np.int64) + self.origin) * (step // unit)
        factor = unit // step
        if np.abs(values).max(initial=0) + abs(self.origin) > 2.0**62:
            return np.rint((values + self.origin) / factor).astype(np.int64)
        counts = np.rint(values).astype(np.int64) + self.origin
        return (counts + factor // 2) // factor

    def parse(self, value) -> float:
        """Return a moment or duration, or a string of one, in canonical form."""
        value = self._unspelled(value)
        try:
            nanoseconds = _nanoseconds(value, self.kind, self.zone)
        except (TypeError, ValueError):
            raise ValueError(
                f"column {self.name!r} holds a {self.kind}, got {value!r}."
            ) from None
        whole, rest = divmod(nanoseconds, self.time_unit.step)
        return float(whole - self.origin) + rest / self.time_unit.step


def _parsed(text: str):
    """Return a string that ends in a zone as a moment, others as they are."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if moment.tzinfo is None else moment


def _nanoseconds(value, kind: str, zone=None) -> int:
    """Return nanoseconds since 1970, or of a duration or time of day, exactly.

    A moment without a zone is what the column's clocks show.
    """
    if isinstance(value, datetime.time):
        value = datetime.datetime.combine(datetime.date(1970, 1, 1), value)
        return _nanoseconds(value, "time")
    if isinstance(value, int | float) or value is None:
        raise TypeError(value)
    if kind == "time" and isinstance(value, str):
        value = _parsed(value)
    if getattr(value, "tzinfo", None) is not None:
        value = local_time(value, zone or datetime.UTC)
    nano = int(getattr(value, "nanosecond", 0)) if kind == "time" else 0
    if kind == "time":
        moment: Any = np.datetime64(value)
    elif isinstance(value, str):
        raise TypeError(value)
    else:
        moment = np.timedelta64(value)
    unit, count = np.datetime_data(moment.dtype)
    if unit not in UNITS:
        moment = moment.astype("M8[D]" if kind == "time" else "m8[D]")
        unit, count = "D", 1
    ticks = int(moment.astype(np.int64)) * count * UNITS[unit]
    return ticks + (nano if unit != "ns" else 0)
