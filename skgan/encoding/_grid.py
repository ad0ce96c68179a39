"""The grid that the values of a column lie on: an offset, a step, and endings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent

# Rows that have a step in common by chance, in one of so many columns.
CHANCE = 500.0
_MIN_VALUES = 3
# Endings are told from a spread one where values lie in many whole numbers, none of
# which holds a quarter of the rows.
_MIN_UNITS = 10
_MAX_UNIT_SHARE = 0.25
_MIN_EXCESS = 0.2
_MAX_ENDINGS = 10_000
_DIGITS = {8: 15, 4: 6, 2: 3}
_MAX_DECIMALS = 10
_MAX_ROUNDED_DECIMALS = 6
_MIN_MULTIPLES = 50
_SAME = 1e-6
# How far sums are off their decimals, of the largest; and what has no digits to spare.
_ROUNDED, _LARGEST_PLACE = 2.0**-49, 1e11
# Single numbers up to this one tell hundredths; beyond the other nothing of them.
_ALL_TOLD, _NONE_TOLD = 2.0**17, 2.0**21
_SCALE = 100
_MAX_SINGLE_ENDINGS = 4
_ROWS_LOOKED_AT = 2000
# Of so many whole numbers all end below 60 by less than chance.
_MIN_CLOCK_TIMES, _MIN_HOURS, _LAST_CLOCK_TIME = 30, 6, 2400
# Where several endings are rounded alike, the first of these is meant.
_USUAL = (0, 99, 95, 50, 49, 90, 25, 75)


@persistent("_start", "_scale", "_step", "_endings", "_tops")
class Grid:
    """Values as ``start + k * step``, in units of the last decimal place.

    Prices at x.99 are 99, 199, 299 hundredths: a start of 99 and a step of 100. Where
    a few endings behind the point carry more of the values than an even spread would,
    a value that was not seen gets the ending that stands at its own place among the
    endings' shares, so that these come out as they were.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding._grid import Grid
    >>> prices = np.arange(1, 30) + 0.99
    >>> Grid(2).fit(prices).snap(np.array([3.2, 7.6, 12.99]))
    array([ 2.99,  7.99, 12.99])
    """

    def __init__(self, decimals: int):
        self.decimals = decimals

    def fit(self, values: NDArray) -> Grid:
        """Learn from values of shape (n,), without NaN, of so many decimals."""
        self._scale = 10.0**self.decimals
        places, counts = np.unique(np.rint(values * self._scale), return_counts=True)
        self._start = float(places[0])
        self._step = chance_free_divisor(places)
        self._learn_endings(places, counts)
        return self

    @property
    def step(self) -> float | None:
        """What differences are multiples of, if it is more than a decimal place."""
        return None if self._step == 1 else self._step / self._scale

    def _learn_endings(self, places: NDArray, counts: NDArray) -> None:
        self._endings: NDArray | None = None
        self._tops: NDArray | None = None
        if not self.decimals or self._scale > _MAX_ENDINGS:
            return
        n = counts.sum()
        unit = np.floor(places / self._scale)
        _, unit_of = np.unique(unit, return_inverse=True)
        in_unit = np.bincount(unit_of, weights=counts)
        if len(in_unit) < _MIN_UNITS or in_unit.max() > _MAX_UNIT_SHARE * n:
            return
        endings, ending_of = np.unique(places - unit * self._scale, return_inverse=True)
        shares = np.bincount(ending_of, weights=counts) / n
        n_even = max(self._scale / self._step, 1.0)
        excess = np.maximum(shares - 1 / n_even, 0).sum()
        # An even spread over so many endings has this excess by chance.
        if len(endings) > 1 and excess > _MIN_EXCESS + 0.4 * np.sqrt(n_even / n):
            self._endings, self._tops = endings, np.cumsum(shares)

    def snap(self, values: NDArray) -> NDArray:
        """Move values to the grid."""
        places = values * self._scale
        if self._endings is not None:
            nearest = self._with_seen_endings(places)
        elif self._step == 1:
            return np.round(values, self.decimals)
        else:
            nearest = np.rint((places - self._start) / self._step) * self._step
            nearest += self._start
        return np.round(nearest / self._scale, self.decimals)

    def _with_seen_endings(self, places: NDArray) -> NDArray:
        assert self._endings is not None and self._tops is not None
        nearest = np.rint(places)
        unit = np.floor(nearest / self._scale) * self._scale
        last = len(self._endings) - 1
        at = np.searchsorted(self._endings, nearest - unit).clip(0, last)
        tolerance = _SAME + 1e-12 * np.abs(places)
        is_seen = (self._endings[at] == nearest - unit) & (
            np.abs(places - nearest) <= tolerance
        )
        floor = np.floor(places / self._scale) * self._scale
        share = (places - floor) / self._scale
        at = np.searchsorted(self._tops, share, side="right").clip(0, last)
        # NaN has no place among endings and stays what it is.
        return np.where(is_seen, nearest, floor + self._endings[at])


@persistent("_step")
class Multiples:
    """Values as ``k * step`` of a step that binary floats round, 3 * 0.05 say."""

    def __init__(self, step: float):
        self._step = step

    def snap(self, values: NDArray) -> NDArray:
        """Move values to the nearest multiples."""
        return np.rint(values / self._step) * self._step


def find_grid(
    values: NDArray, decimals: int | None
) -> Grid | Multiples | ClockTimes | None:
    """Return the grid of values of so many decimals; None if they are continuous."""
    times = find_clock_times(values) if decimals == 0 else None
    if times is not None:
        return times
    if decimals is not None:
        return Grid(decimals).fit(values)
    for decimals in range(1, _MAX_ROUNDED_DECIMALS + 1):
        head, scale = values[:_MIN_MULTIPLES], 10.0**decimals
        if np.abs(head * scale - np.rint(head * scale)).max(initial=0) > _SAME:
            continue
        if len(head) >= _MIN_MULTIPLES:
            places = np.rint(np.r_[0.0, values] * scale)
            grid = Multiples(chance_free_divisor(np.unique(places)) / scale)
            if (grid.snap(values) == values).all():
                return grid
        return Grid(decimals).fit(values) if _are_near(values, scale) else None
    return None


def _are_near(values: NDArray, scale: float) -> bool:
    """Whether sums of decimals, such as 0.1 + 0.2, are off them by rounding alone."""
    places = np.abs(values * scale)
    off = np.abs(places - np.rint(places))
    largest = float(places.max(initial=0))
    return largest < _LARGEST_PLACE and bool((off <= _ROUNDED * largest).all())


def chance_free_divisor(places: NDArray) -> float:
    """Return what all differences of whole numbers are multiples of, 1 by chance."""
    if len(places) < _MIN_VALUES:
        return 1.0
    with np.errstate(over="ignore"):
        differences = np.diff(places)
    if differences.max() > 2**53:
        return 1.0
    divisor = float(np.gcd.reduce(differences.astype(np.int64)))
    with np.errstate(divide="ignore"):
        is_chance = (len(places) - 1) * np.log(divisor) < np.log(CHANCE)
    return 1.0 if is_chance else divisor


@persistent("_start", "_step")
class ClockTimes:
    """Hours and minutes as one whole number, such as 1559 before 1600.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding._grid import ClockTimes
    >>> quarters = np.add.outer(100 * np.arange(24), [0, 15, 30, 45]).ravel()
    >>> ClockTimes(quarters).snap(np.array([1529.0, 1586.0]))
    array([1530., 1545.])
    """

    def __init__(self, unique: NDArray):
        minutes = unique // 100 * 60 + unique % 100
        self._start, self._step = float(minutes[0]), chance_free_divisor(minutes)

    def snap(self, values: NDArray) -> NDArray:
        """Move values to minutes; what is 60 to 99 spreads over those of the hour."""
        values = np.rint(values)
        hours = np.floor(values / 100)
        rest = values - 100 * hours
        rest = np.where(rest < 60, rest, np.floor((rest - 60) * 1.5))
        n_steps = np.rint((60 * hours + rest - self._start) / self._step)
        minutes = self._start + n_steps * self._step
        return minutes + 40 * np.floor(minutes / 60)


AnyGrid = Grid | Multiples | ClockTimes


def find_clock_times(values: NDArray) -> ClockTimes | None:
    """Return what whole numbers are that are hours and minutes; None of others."""
    unique = np.unique(values)
    if len(unique) < _MIN_CLOCK_TIMES or unique[0] < 0 or unique[-1] > _LAST_CLOCK_TIME:
        return None
    n_hours = len(np.unique(unique // 100))
    is_clock = n_hours >= _MIN_HOURS and bool((unique % 100 < 60).all())
    return ClockTimes(unique) if is_clock else None


def find_decimals(values: NDArray) -> int | None:
    """Return the fewest decimal places that all values have; None if they have many."""
    largest = float(np.abs(values).max())
    digits = _DIGITS.get(values.dtype.itemsize, 15)
    before_point = int(np.ceil(np.log10(largest))) if largest > 0 else 0
    head = values[:500]
    for decimals in range(min(_MAX_DECIMALS, digits - before_point) + 1):
        if _has_decimals(head, decimals) and _has_decimals(values, decimals):
            return decimals
    if _has_decimals(values, 0):
        return 0
    if values.dtype.itemsize < 8:
        for decimals in range(1, 4):
            if _have_surprising_decimals(values, decimals):
                return decimals
    # Single numbers beyond their safe digits still hold halves, quarters and eighths.
    eighths = values.astype(np.float64) * 8 if values.dtype.itemsize < 8 else None
    if eighths is None or (eighths % 1).any():
        return None
    return 1 if not (eighths % 4).any() else 2 if not (eighths % 2).any() else 3


def _has_decimals(values: NDArray, decimals: int) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.round(values.astype(np.float64), decimals)
        return bool((rounded.astype(values.dtype) == values).all())


def _have_surprising_decimals(values: NDArray, decimals: int) -> bool:
    """Whether single numbers have decimals that few others of their size have."""
    if not _has_decimals(values, decimals):
        return False
    unique = np.unique(values)
    places = np.unique(np.round(unique.astype(np.float64) * 10.0**decimals))
    if len(places) < len(unique):
        return False
    divisor = chance_free_divisor(places)
    spacing = np.spacing(np.abs(unique)).astype(np.float64)
    # The share of numbers there that lie on such a grid.
    share = np.minimum(spacing * 10.0**decimals / divisor, 1.0)
    return bool(np.log(share).sum() < -np.log(CHANCE))


@persistent("decimals", "_start", "_scale", "_step", "_endings", "_tops")
class SingleGrid(Grid):
    """Values of few endings, as far as single precision tells them.

    At 131 072 single numbers are 1/64 apart, and 140000.99 is 140000.984375: no
    multiple of a decimal place, but the number nearest to one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding._grid import find_single_grid
    >>> prices = (np.arange(100_000, 170_000, 700) + 0.99).astype(np.float32)
    >>> grid = find_single_grid(prices.astype(float))
    >>> grid.snap(np.array([150_000.3, 160_000.6]))
    array([150000.99, 160000.99])
    """

    def __init__(self, endings: NDArray, shares: NDArray):
        super().__init__(2)
        self._start, self._scale, self._step = 0.0, float(_SCALE), 1.0
        order = np.argsort(endings)
        self._endings = endings[order].astype(np.float64)
        self._tops = np.cumsum(shares[order])

    def snap(self, values: NDArray) -> NDArray:
        """Give values that are no rounded endings those at their place."""
        assert self._endings is not None and self._tops is not None
        floor = np.floor(values)
        at = np.searchsorted(self._tops, values - floor, side="right")
        snapped = floor + self._endings[at.clip(0, len(self._endings) - 1)] / _SCALE
        for whole in (floor - 1, floor):
            for ending in self._endings / _SCALE:
                is_seen = _single(whole + ending) == _single(values)
                snapped = np.where(is_seen, whole + ending, snapped)
        return np.round(snapped, 2)


def find_single_grid(values: NDArray) -> SingleGrid | None:
    """Return the few endings of values that were rounded to single precision.

    None if values have all their digits, or if none stands out.
    """
    largest = np.abs(values).max(initial=0)
    if not _ALL_TOLD <= largest < _NONE_TOLD or (_single(values) != values).any():
        return None
    if (values * _SCALE == np.rint(values * _SCALE)).all():
        return None
    unique = np.unique(values)
    step = -(-len(unique) // _ROWS_LOOKED_AT)
    fits = _fitting_endings(unique[::step])
    chosen: list[int] = []
    is_open = np.ones(len(fits), dtype=bool)
    while is_open.any() and len(chosen) < _MAX_SINGLE_ENDINGS:
        counts = fits[is_open].sum(axis=0)
        best = np.flatnonzero(counts == counts.max())
        usual = [ending for ending in _USUAL if ending in best]
        chosen.append(usual[0] if usual else int(best[0]))
        is_open &= ~fits[:, chosen[-1]]
    spacing = np.spacing(_single(np.abs(unique[::step]))).astype(np.float64)
    by_chance = np.minimum(len(chosen) * np.maximum(spacing, 1 / _SCALE), 1.0)
    ways = len(chosen) * np.log(_SCALE)
    if is_open.any() or np.log(by_chance).sum() + ways > -np.log(CHANCE):
        return None
    first = _fitting_endings(values)[:, chosen]
    if not first.any(axis=1).all():
        return None
    shares = np.bincount(first.argmax(axis=1), minlength=len(chosen)) / len(values)
    return SingleGrid(np.array(chosen), shares)


def _fitting_endings(values: NDArray) -> NDArray:
    """Say which hundredths, rounded, are which of the values: shape (n, 100)."""
    fits = np.zeros((len(values), _SCALE), dtype=bool)
    for whole in (np.floor(values) - 1, np.floor(values)):
        for ending in range(_SCALE):
            fits[:, ending] |= _single(whole + ending / _SCALE) == values
    return fits


def _single(values: NDArray) -> NDArray:
    return values.astype(np.float32)


def find_any_grid(values: NDArray, decimals: int | None) -> AnyGrid | None:
    """Return the grid of values, of endings that were rounded among them."""
    single = find_single_grid(values)
    return find_grid(values, decimals) if single is None else single
