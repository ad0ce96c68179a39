"""Columns that are missing wherever another one is, in all rows seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding._grid import CHANCE

_MIN_ROWS = 5


@persistent("sources", "targets")
class Absences:
    """What is missing with what: the time of a departure, and its delay.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.table._absences import Absences
    >>> start = np.r_[np.full(9, np.nan), np.arange(20.0)]
    >>> end = np.r_[np.full(10, np.nan), np.arange(19.0)]
    >>> absences = Absences().fit(np.column_stack([start, end]))
    >>> absences.apply(np.array([[np.nan, 3], [5, np.nan]]).T)
    array([[nan,  5.],
           [nan, nan]])
    """

    def fit(self, values: NDArray) -> Absences:
        """Learn from canonical rows of shape (n, n_columns), NaN where missing."""
        self.sources, self.targets = find_absences(np.isnan(values))
        return self

    def apply(self, values: NDArray) -> NDArray:
        """Take what is to be missing from columns of shape (n_columns, n)."""
        if not len(self.sources):
            return values
        is_missing = np.isnan(values)
        for source, target in zip(self.sources, self.targets, strict=True):
            values[target, is_missing[source]] = np.nan
        return values

    def join(self, is_missing: NDArray) -> NDArray:
        """Let what is always missing together be so in rows, as the first of it is."""
        pairs = set(zip(self.sources.tolist(), self.targets.tolist(), strict=True))
        for source, target in sorted(pairs):
            if source < target and (target, source) in pairs:
                is_missing[:, target] = is_missing[:, source]
        return is_missing


def find_absences(missing: NDArray) -> tuple[NDArray, NDArray]:
    """Return pairs of columns of which the second is missing wherever the first is.

    Of shape (n, n_columns), `missing` says what is.
    """
    counts = missing.sum(axis=0)
    places = np.flatnonzero((counts >= _MIN_ROWS) & (counts < len(missing)))
    shown = missing[:, places].astype(np.float32)
    broken = shown.T @ (1 - shown)
    # Of as many rows as the first has, all lack the second by chance.
    chance = np.outer(counts[places], np.log(counts[places] / len(missing)))
    holds = (broken == 0) & (chance < -np.log(CHANCE * max(len(places), 1) ** 2))
    np.fill_diagonal(holds, False)
    first, second = np.nonzero(holds)
    return places[first], places[second]
