"""One column to normal scores and back, values that repeat kept apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from skgan._estimator import persistent

_MAX_KNOTS = 2000
# A normal score beyond it is not to be had from any number of rows.
_LARGEST_SCORE = 8.0


@persistent()
class NormalScores:
    """A monotone map of one column to normal scores, linear between a few knots.

    A value that repeats is an *atom*: it takes up the whole interval of scores that
    its share of the rows makes, so that the inverse gives it back exactly and as
    often as it was seen. Between atoms, knots are kept only where the empirical
    distribution function would otherwise be missed by more than its own error:
    single rows leave no trace.

    References
    ----------
    .. [1] van der Waerden, "Order tests for the two-sample problem and their
       power", Indagationes Mathematicae 14, 1952: normal scores.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.vector._normal_scores import NormalScores
    >>> column = np.r_[np.zeros(50), np.linspace(1, 2, 50)]
    >>> scores = NormalScores().fit(column)
    >>> scores.inverse_transform(np.array([-2.0, -0.1, 0.7])).round(2)
    array([0.  , 0.  , 1.51])
    """

    def __init__(
        self, tolerance: float = 0.2, min_repeats: int = 5, min_share: float = 0.001
    ):
        # Standard errors that the map may be off the empirical distribution function.
        self.tolerance = tolerance
        # Rows, and their share if that is more, that make a value an atom.
        self.min_repeats = min_repeats
        self.min_share = min_share

    def fit(self, column: NDArray) -> NormalScores:
        """Learn from a column of shape (n,), at least 2 rows, without NaN."""
        n = len(column)
        values, counts = np.unique(column, return_counts=True)
        top = np.cumsum(counts) / n
        bottom = top - counts / n
        is_atom = counts >= max(self.min_repeats, self.min_share * n)
        self.atoms_ = values[is_atom]
        self.atom_ranks_ = np.column_stack([bottom[is_atom], top[is_atom]])
        # Two points an atom, one any other value.
        points = np.repeat(values, 1 + is_atom)
        first = np.cumsum(1 + is_atom) - (1 + is_atom)
        scores = np.empty(len(points))
        scores[first] = ndtri((bottom + top) / 2)
        edge = 0.25 / n
        scores[first[is_atom]] = ndtri(np.maximum(bottom[is_atom], edge))
        scores[first[is_atom] + 1] = ndtri(np.minimum(top[is_atom], 1 - edge))
        scores = np.maximum.accumulate(scores)
        forced = np.unique(
            np.r_[0, first[is_atom], first[is_atom] + 1, len(points) - 1]
        )
        knots = _sparse_knots(points, scores, forced, n, self.tolerance)
        self.values_, self.scores_ = points[knots], scores[knots]
        self._learn_tails(points, scores, is_atom)
        return self

    def _learn_tails(self, points: NDArray, scores: NDArray, is_atom: NDArray) -> None:
        """Beyond the extremes go on with the slope of the outermost hundredth."""
        reach = max(1, len(points) // 100)

        def slope(a: int, b: int) -> float:
            width = max(scores[b] - scores[a], 1e-6)
            return float((points[b] / width) - (points[a] / width))

        last = len(points) - 1
        self.tails_ = (
            0.0 if is_atom[0] else slope(0, min(reach, last)),
            0.0 if is_atom[-1] else slope(max(last - reach, 0), last),
        )

    def transform(
        self, column: NDArray, rng: np.random.Generator | None = None
    ) -> NDArray:
        """Return the scores of a column of shape (n,)."""
        scores = np.interp(column, self.values_, self.scores_)
        low, high = self.tails_
        if low > 0:
            scores += np.minimum(column - self.values_[0], 0) / low
        if high > 0:
            scores += np.maximum(column - self.values_[-1], 0) / high
        if len(self.atoms_):
            nearest = np.searchsorted(self.atoms_, column).clip(0, len(self.atoms_) - 1)
            hit = self.atoms_[nearest] == column
            bottom, top = self.atom_ranks_[nearest[hit]].T
            share = 0.5 if rng is None else rng.uniform(size=len(column))[hit]
            scores[hit] = ndtri(bottom + (top - bottom) * share)
        return np.clip(scores, -_LARGEST_SCORE, _LARGEST_SCORE)

    def inverse_transform(self, scores: NDArray) -> NDArray:
        """Return the values of scores of shape (n,)."""
        column = np.interp(scores, self.scores_, self.values_)
        low, high = self.tails_
        column += np.minimum(scores - self.scores_[0], 0) * low
        column += np.maximum(scores - self.scores_[-1], 0) * high
        return column


def _sparse_knots(
    points: NDArray, scores: NDArray, forced: NDArray, n: int, tolerance: float
) -> NDArray:
    """Return indices of knots, the `forced` ones among them.

    Douglas and Peucker's algorithm on the distribution function: a segment is split
    at its worst point until it is within `tolerance` standard errors everywhere.
    """
    ranks = ndtr(scores)
    allowed = tolerance * np.sqrt(np.maximum(ranks * (1 - ranks), 0.25 / n) / n)
    knots = set(forced.tolist())
    segments = list(zip(forced[:-1].tolist(), forced[1:].tolist(), strict=True))
    while segments and len(knots) < _MAX_KNOTS:
        a, b = segments.pop()
        if b - a < 2:
            continue
        inside = slice(a + 1, b)
        # Divided before they are subtracted: the span of 1e308 overflows.
        share = (points[inside] / 2 - points[a] / 2) / (points[b] / 2 - points[a] / 2)
        straight = ndtr(scores[a] + share * (scores[b] - scores[a]))
        excess = np.abs(straight - ranks[inside]) / allowed[inside]
        worst = int(excess.argmax())
        if excess[worst] > 1:
            split = a + 1 + worst
            knots.add(split)
            segments += [(a, split), (split, b)]
    return np.array(sorted(knots))
