"""Columns that hold the year, the month, the weekday of a date beside them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding.dependencies._discovery import (
    Table,
    example_rows,
    is_function,
    is_surprising,
)
from skgan.encoding.dependencies._relations import Columns, Dependency

_SECOND = 10**9
_DAY = "datetime64[D]"
_FIRST_ROWS = 50


@persistent()
class Clock(NamedTuple):
    """What a column of times counts."""

    step: int  # nanoseconds
    origin: int  # steps from 1970 to the moment that counts as 0


def seconds_of(values: NDArray, clock: Clock) -> NDArray:
    """Return canonical times as whole seconds."""
    counts = np.rint(np.nan_to_num(values)).astype(np.int64) + clock.origin
    if clock.step >= _SECOND:
        return (counts * (clock.step // _SECOND)).astype("datetime64[s]")
    return (counts // (_SECOND // clock.step)).astype("datetime64[s]")


def _since(moments: NDArray, unit: str, of: str) -> NDArray:
    start = moments.astype(f"datetime64[{of}]")
    return (moments.astype(f"datetime64[{unit}]") - start).astype(np.int64)


def _iso_week(moments: NDArray) -> NDArray:
    """Return 100 times the year of the week, by its Thursday, and the week in it."""
    days = moments.astype(_DAY).astype(np.int64)
    thursday = (days - (days + 3) % 7 + 3).astype(_DAY)
    year = thursday.astype("datetime64[Y]").astype(np.int64) + 1970
    return year * 100 + _since(thursday, "D", "Y") // 7 + 1


def _with_year(part: str) -> Callable[[NDArray], NDArray]:
    return lambda s: PARTS["year"](s) * 100 + PARTS[part](s)


PARTS: dict[str, Callable[[NDArray], NDArray]] = {
    "year": lambda s: s.astype("datetime64[Y]").astype(np.int64) + 1970,
    "quarter": lambda s: _since(s, "M", "Y") // 3 + 1,
    "month": lambda s: _since(s, "M", "Y") + 1,
    "day": lambda s: _since(s, "D", "M") + 1,
    # Monday is 0; 1970 began on a Thursday.
    "weekday": lambda s: (s.astype(_DAY).astype(np.int64) + 3) % 7,
    "isoweekday": lambda s: (s.astype(_DAY).astype(np.int64) + 3) % 7 + 1,
    "dayofyear": lambda s: _since(s, "D", "Y") + 1,
    "hour": lambda s: _since(s, "h", "D"),
    "minute": lambda s: _since(s, "m", "h"),
    "week": lambda s: _iso_week(s) % 100,
    # 202405 for May, or for the fifth week, of 2024.
    "yearmonth": _with_year("month"),
    "yearquarter": _with_year("quarter"),
    "yearweek": _iso_week,
}


def part_of(values: NDArray, part: str, clock: Clock) -> NDArray:
    """Return a part of canonical times, float64, NaN where they are missing."""
    numbers = PARTS[part](seconds_of(values, clock)).astype(np.float64)
    return np.where(np.isnan(values), np.nan, numbers)


@persistent()
@dataclass(frozen=True, eq=False, repr=False)
class DatePartDependency(Dependency):
    """A part of a date, as a number or by the level that stands for it.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.dependencies._date_parts import Clock, DatePartDependency
    >>> day = Clock(86_400 * 10**9, 0)
    >>> year = DatePartDependency(
    ...     "year", ("date",), "date part", "year", day, None, None, np.nan
    ... )
    >>> print(year)
    year is the year of date
    >>> year.restore({"date": np.array([0.0, 364, 365, np.nan])})
    array([1970., 1970., 1971.,   nan])
    """

    part: str
    clock: Clock
    # Of levels: parts, ascending, and the level for each; None of numbers.
    keys: NDArray | None
    values: NDArray | None
    value_of_missing: float

    def restore(self, columns: Columns) -> NDArray:
        """Return the target from its source, see `Dependency.restore`."""
        parts = part_of(columns[self.sources[0]], self.part, self.clock)
        if self.keys is None or self.values is None:
            return parts
        place = np.searchsorted(self.keys, parts).clip(0, len(self.keys) - 1)
        return np.where(np.isnan(parts), self.value_of_missing, self.values[place])

    def holds(self, columns: Columns) -> NDArray:
        """Tell which rows keep to it."""
        got, wanted = self.restore(columns), columns[self.target]
        return (got == wanted) | (np.isnan(got) & np.isnan(wanted))

    def __str__(self):
        return f"{self.target} is the {self.part} of {self.sources[0]}"

    __repr__ = __str__


def make_date_part(
    columns: Columns,
    is_discrete: bool,
    target: Hashable,
    date: Hashable,
    part: str,
    clock: Clock,
) -> DatePartDependency:
    """Return a column as a part of a date: the number, or a level for each part."""
    named = (target, (date,), "date part", part, clock)
    if not is_discrete:
        return DatePartDependency(*named, None, None, np.nan)
    parts, column = part_of(columns[date], part, clock), columns[target]
    is_there = ~np.isnan(parts)
    keys, first = np.unique(parts[is_there], return_index=True)
    missing = column[~is_there]
    value_of_missing = float(missing[0]) if len(missing) else np.nan
    return DatePartDependency(*named, keys, column[is_there][first], value_of_missing)


def find_date_parts(table: Table, clocks: Mapping[Hashable, Clock]) -> Iterator:
    """Find columns that hold a part of a date, as numbers or under other names."""
    targets = [c for c in table.columns if c not in table.keep and c not in clocks]
    for date, part in product([d for d in clocks if d in table.columns], PARTS):
        column, clock = table.columns[date], clocks[date]
        # Nearly all columns differ in the first rows, which spares reading the others.
        near = _that_agree(table, part_of(column[:_FIRST_ROWS], part, clock), targets)
        if not near:
            continue
        parts = part_of(column, part, clock)
        for target in near:
            is_discrete = target in table.discrete
            is_same = _stands_for if is_discrete else _is_equal
            if is_same(table, parts, target) and is_surprising(table, target, 1):
                yield make_date_part(
                    table.columns, is_discrete, target, date, part, clock
                )


def _that_agree(
    table: Table, parts: NDArray, targets: list[Hashable]
) -> list[Hashable]:
    """Return the columns that may be a date's part, of which `parts` are the first."""
    _, first, part_of_row = np.unique(parts, return_index=True, return_inverse=True)
    found = []
    for target in targets:
        if target in table.discrete:
            codes = table.factors[target].codes[: len(parts)]
            is_near = (codes[first][part_of_row] == codes).all()
        else:
            numbers = table.columns[target][: len(parts)]
            is_near = np.array_equal(parts, numbers, equal_nan=True)
        if is_near:
            found.append(target)
    return found


def _is_equal(table: Table, parts: NDArray, target: Hashable) -> bool:
    return np.array_equal(parts, table.columns[target], equal_nan=True)


def _stands_for(table: Table, parts: NDArray, target: Hashable) -> bool:
    """Whether levels tell no more than a part of a date does."""
    columns: dict[Hashable, NDArray] = {
        "part": parts,
        "level": table.columns[target],
    }
    pair = Table(columns, {"level", "part"}, {"part"})
    if len(pair.columns) < 2 or pair.n_rows < table.n_rows:
        return False
    example = example_rows(pair.factors["part"])
    return is_function(pair, "part", "level", example)
