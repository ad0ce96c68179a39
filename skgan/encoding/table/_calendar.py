"""What dates keep to: firsts or lasts of months, weekdays, hours of the day."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from skgan._estimator import persistent
from skgan._mixing import row_uniforms
from skgan.encoding._grid import CHANCE, chance_free_divisor
from skgan.encoding.dependencies._date_parts import Clock, seconds_of

_DAY = 86_400
# Seconds of a unit, how many make a cycle, and where in one the year 1970 began.
_CYCLES = ((_DAY, 7, 3), (3600, 24, 0), (60, 60, 0), (1, 60, 0))
_MIN_DATES = 30
_MIN_MONTHS = 3
# Draws that tell what comes of dates between those seen.
_N_DRAWS = 4000
_SEED = 0xDA7E


@persistent()
class Months:
    """One day in each month, or in each of so many: the first, the last, the 15th.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.dependencies._date_parts import Clock
    >>> from skgan.encoding.table._calendar import Months
    >>> day = Clock(86_400 * 10**9, 0)
    >>> firsts = np.arange("2020-01", "2021-01", dtype="M8[M]").astype("M8[D]")
    >>> Months.find(firsts.astype(float), day).snap(np.array([18_270.0]))
    array([18262.])
    """

    def __init__(self, clock: Clock, day: int, start: int, step: int):
        self.clock = clock
        # Counted from 1 on, or from the end of the month on: 0 is the last one.
        self.day = day
        self.start = start
        self.step = step

    @classmethod
    def find(cls, values: NDArray, clock: Clock) -> Months | None:
        """Return what all dates keep to; None if that is nothing, or chance."""
        unique = np.unique(values)
        seconds = seconds_of(unique, clock)
        if len(unique) < _MIN_MONTHS or len(np.unique(_rest(seconds, clock))) > 1:
            return None
        month, place, length = _month_of(seconds)
        for day in (place, place - length):
            if (day == day[0]).all() and len(np.unique(month)) >= _MIN_MONTHS:
                step = int(chance_free_divisor(np.unique(month).astype(np.float64)))
                return cls(clock, int(day[0]), int(month[0]), step)
        return None

    def snap(self, values: NDArray) -> NDArray:
        """Move dates to the nearest such day."""
        seconds = seconds_of(values, self.clock)
        month, place, length = _month_of(seconds)
        day = self.day if self.day > 0 else self.day + length
        share = (place - np.minimum(day, length)) / length
        n_steps = np.rint((month + share - self.start) / self.step).astype(np.int64)
        wanted = self.start + n_steps * self.step
        first = wanted.astype("M8[M]").astype("M8[D]").astype(np.int64)
        length = (wanted + 1).astype("M8[M]").astype("M8[D]").astype(np.int64) - first
        day = self.day if self.day > 0 else self.day + length
        old = seconds.astype("M8[D]").astype(np.int64)
        moved = first + np.minimum(day, length) - 1 - old
        return values + moved * (_DAY * 10**9 / self.clock.step)


@persistent("cycles")
class Cycles:
    """Weekdays, hours, minutes and seconds, each as often as in the rows learnt from.

    Dates drawn between those seen fall on any day and at any hour. Of each place in a
    cycle a share is kept, and the others go to places that would come too seldom; which
    a date's whole days, hours, minutes or seconds tell, so that it moves no more then.
    """

    def __init__(self, clock: Clock):
        self.clock = clock
        # Of each cycle that counts: its number, shares kept, and tops of the others'.
        self.cycles: list[tuple[int, NDArray, NDArray]] = []

    def fit(self, values: NDArray, drawn: NDArray) -> Cycles:
        """Learn from dates, and from others drawn without regard to the calendar."""
        for number, (unit, n_places, _) in enumerate(_CYCLES):
            if self.clock.step > unit * 10**9:
                break
            shares = [
                np.bincount(self._places(dates, number)[1], minlength=n_places)
                for dates in (values, drawn)
            ]
            real = shares[0] / len(values)
            found = (shares[1] + 1 / n_places) / (len(drawn) + 1)
            statistic = len(values) * ((real - found) ** 2 / found).sum()
            if statistic > chdtri(n_places - 1, 1 / CHANCE):
                kept = np.minimum(real / found, 1)
                tops = np.cumsum(np.maximum(real - found, 0))
                self.cycles.append((number, kept, tops / tops[-1]))
                drawn = self._move(drawn, *self.cycles[-1])
        return self

    def snap(self, values: NDArray) -> NDArray:
        """Move dates to days and hours that are as frequent as they were."""
        for cycle in self.cycles:
            values = self._move(values, *cycle)
        return values

    def _places(self, values: NDArray, number: int) -> tuple[NDArray, NDArray]:
        unit, n_places, start = _CYCLES[number]
        counts = seconds_of(values, self.clock).astype(np.int64) // unit
        return counts, (counts + start) % n_places

    def _move(self, values, number: int, kept: NDArray, tops: NDArray) -> NDArray:
        counts, places = self._places(values, number)
        lots = row_uniforms([_SEED, number], counts)
        goes = lots >= kept[places]
        rest = (lots - kept[places]) / np.maximum(1 - kept[places], 1e-12)
        wanted = np.searchsorted(tops, rest, side="right").clip(0, len(tops) - 1)
        shift = np.where(goes, wanted - places, 0)
        return values + shift * (_CYCLES[number][0] * 10**9 / self.clock.step)


def find_calendar(
    values: NDArray, repeated: NDArray, clock: Clock, draw: Callable[[NDArray], NDArray]
) -> Months | Cycles | None:
    """Return what the dates of a column keep to; None if that is nothing.

    `draw` returns the dates at ranks from 0 to 1 that are drawn without regard to it;
    those that are `repeated` are drawn as they are.
    """
    months = Months.find(values, clock)
    if months is not None:
        return months
    single = values[~np.isin(values, repeated)]
    if len(single) < _MIN_DATES:
        return None
    drawn = draw((np.arange(_N_DRAWS) + 0.5) / _N_DRAWS)
    drawn = drawn[~np.isin(drawn, repeated)]
    if not len(drawn):
        return None
    cycles = Cycles(clock).fit(single, drawn)
    return cycles if cycles.cycles else None


def _rest(seconds: NDArray, clock: Clock) -> NDArray:
    """Seconds since midnight."""
    if clock.step < 10**9:
        return np.arange(len(seconds))
    return seconds.astype(np.int64) % _DAY


def _month_of(seconds: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Months since 1970, days of the month from 1 on, and how many it has."""
    months = seconds.astype("M8[M]")
    first = months.astype("M8[D]").astype(np.int64)
    length = (months + 1).astype("M8[D]").astype(np.int64) - first
    place = seconds.astype("M8[D]").astype(np.int64) - first + 1
    return months.astype(np.int64), place, length
