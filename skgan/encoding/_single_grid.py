"""Endings of decimals that single precision rounds: .99 of hundreds of thousands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding._grid import CHANCE, Grid, Multiples, find_grid

# Single numbers up to this one tell hundredths; beyond the other nothing of them.
_ALL_TOLD, _NONE_TOLD = 2.0**17, 2.0**21
_SCALE = 100
_MAX_ENDINGS = 4
_ROWS_LOOKED_AT = 2000
# Where several endings are rounded alike, the first of these is meant.
_USUAL = (0, 99, 95, 50, 49, 90, 25, 75)


@persistent("decimals", "_start", "_scale", "_step", "_endings", "_tops")
class SingleGrid(Grid):
    """Values of few endings, as far as single precision tells them.

    At 131 072 single numbers are 1/64 apart, and 140000.99 is 140000.984375: no
    multiple of a decimal place, but the number nearest to one.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding._single_grid import find_single_grid
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
    while is_open.any() and len(chosen) < _MAX_ENDINGS:
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


def find_any_grid(
    values: NDArray, decimals: int | None
) -> Grid | Multiples | SingleGrid | None:
    """Return the grid of values, of endings that were rounded among them."""
    single = find_single_grid(values)
    return find_grid(values, decimals) if single is None else single
