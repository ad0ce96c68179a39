"""A column of numbers on the scale of its normal scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ._spikes import stand_out

# A value seen as often, or in one row of as many, is kept as a value of its own.
MIN_REPEATS = 5
REPEATED_SHARE = 1 / 2000
# A column whose values are seen as often on average is all such values.
MEAN_REPEATS = 5
# A gap of that share of the range, and so many times wider than any of the nearest on
# each side, holds so little of a row.
GAP_WIDTH = 0.02
GAP_REACH = 2.0
NEAR_GAPS = 3
GAP_SHARE = 0.02
# Of the scale between repeated values: at most, at least, and for so many values one.
MAX_KNOTS = 512
MIN_KNOTS = 16
VALUES_A_KNOT = 8
_LARGEST = np.finfo(np.float64).max
# A score that float32 holds, as predictors are, and sums of such scores.
_FURTHEST = 1e30


@dataclass(frozen=True)
class NumberScale:
    """Normal scores of mid-ranks, and back; repeated values ("atoms") stay exact.

    Between atoms the scale is linear from knot to knot. Knots of a column with a
    continuum are its ends and points halfway between neighbouring values, so that
    no other value is held; of a column that is all atoms, the atoms.
    """

    knots: np.ndarray
    knot_scores: np.ndarray
    atoms: np.ndarray
    atom_scores: np.ndarray
    # Of each atom, of missing, of the continuum: their shares of the training rows.
    shares: np.ndarray
    is_grid: bool
    is_discrete: bool

    @property
    def missing(self) -> int:
        """The item that stands for a missing value."""
        return len(self.atoms)

    @property
    def continuum(self) -> int:
        """The item that stands for any value that is no atom."""
        return len(self.atoms) + 1

    def to_items(self, values: np.ndarray) -> np.ndarray:
        """Atom numbers, or the items for missing and for the continuum."""
        items = np.full(len(values), self.continuum)
        if len(self.atoms):
            near = np.minimum(np.searchsorted(self.atoms, values), self.missing - 1)
            items = np.where(self.atoms[near] == values, near, items)
        return np.where(np.isnan(values), self.missing, items)

    def to_scores(self, values: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Normal scores, linear beyond the training range, NaN where missing."""
        knots = self._in_unit(self.knots)
        values = self._in_unit(values)
        scores = np.interp(values, knots, self.knot_scores)
        beyond = np.minimum(values - knots[0], 0) + np.maximum(values - knots[-1], 0)
        with np.errstate(over="ignore"):
            scores += beyond * self._end_slope
        scores = np.clip(scores, -_FURTHEST, _FURTHEST)
        atoms = items < self.missing
        scores[atoms] = self.atom_scores[items[atoms]]
        return scores

    def to_values(self, scores: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Back again; scores beyond the training range are folded into it."""
        low, high = self.knot_scores[0], self.knot_scores[-1]
        width = max(high - low, 1e-12)
        folded = np.abs((scores - low) % (2 * width))
        folded = low + np.where(folded > width, 2 * width - folded, folded)
        values = np.interp(folded, self.knot_scores, self._in_unit(self.knots))
        values = np.ldexp(values, self._exponent)
        atoms = items < self.missing
        values[atoms] = self.atoms[items[atoms]]
        values[items == self.missing] = np.nan
        return values

    def nearest_atoms(self, scores: np.ndarray) -> np.ndarray:
        """The atom whose score is nearest."""
        return np.searchsorted(self.atom_bounds, scores)

    @property
    def atom_bounds(self) -> np.ndarray:
        """Scores halfway between neighbouring atoms."""
        return (self.atom_scores[1:] + self.atom_scores[:-1]) / 2

    @property
    def _exponent(self) -> int:
        """Of the power of two that values are divided by before they are subtracted.

        Differences of the smallest and of the largest numbers have no finite slope or
        are not finite themselves; divided by a power of two, other numbers stay as
        exact as they are.
        """
        return _exponent_of(self.knots)

    def _in_unit(self, values: np.ndarray) -> np.ndarray:
        """Values in units of that power."""
        with np.errstate(over="ignore"):
            scaled = np.ldexp(values, -self._exponent)
        return np.clip(scaled, -_LARGEST, _LARGEST)

    @property
    def _end_slope(self) -> float:
        """Scores per unit beyond the training range: the mean slope inside it."""
        knots = self._in_unit(self.knots)
        return (self.knot_scores[-1] - self.knot_scores[0]) / (knots[-1] - knots[0])

    def log_slope(self, values: np.ndarray) -> np.ndarray:
        """Logarithm of the scale's derivative at each value."""
        knots = self._in_unit(self.knots)
        with np.errstate(divide="ignore"):
            inner = np.diff(self.knot_scores) / np.diff(knots)
        slopes = np.concatenate([[self._end_slope], inner, [self._end_slope]])
        places = np.searchsorted(knots, self._in_unit(values), side="right")
        return np.log(slopes[places]) - self._exponent * np.log(2)


def _exponent_of(values: np.ndarray) -> int:
    """The exponent of the largest of sorted values, as a power of two above it."""
    return int(np.frexp(max(abs(values[0]), abs(values[-1])))[1])


def find_repeated(values: np.ndarray) -> np.ndarray:
    """Return the values of a column that are repeated, which stay exact, sorted.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        NaN where missing.

    Returns
    -------
    repeated : ndarray of shape (k,)
        All values of a column of few, and of another one those in five rows, and in one
        of 2000, at least.

    See Also
    --------
    TreesPrior.fit : Takes them for those of other rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.priors import find_repeated
    >>> find_repeated(np.array([0.0] * 6 + [0.3, 0.5, 0.8, 0.9]))
    array([0.])
    """
    unique, counts = _count_values(values)
    return unique[_are_atoms(counts)]


def _count_values(values):
    return np.unique(values[~np.isnan(values)] + 0.0, return_counts=True)


def _are_atoms(counts):
    n = counts.sum()
    if len(counts) <= max(1, n / MEAN_REPEATS):
        return np.ones(len(counts), bool)
    return counts >= max(MIN_REPEATS, n * REPEATED_SHARE)


def fit_scale(
    values: np.ndarray,
    *,
    discrete: bool,
    repeated: np.ndarray | None = None,
    is_rounded: bool = False,
) -> NumberScale:
    """Learn the scale of a column, of which some values may be said to be repeated.

    `is_rounded` says that what is drawn will be put onto the column's grid: a value
    that comes no more often than those beside it then needs no place of its own.
    """
    n_rows = len(values)
    unique, counts = _count_values(values)
    n_present = n = counts.sum()
    is_atom = _are_atoms(counts) if repeated is None else np.isin(unique, repeated)
    if is_rounded and repeated is None and not is_atom.all():
        is_atom &= stand_out(unique, counts)
    is_atom |= discrete
    is_grid = bool(is_atom.all())
    if not is_grid:
        # A repeated value takes no more of the scale than any other.
        weights = np.where(is_atom, 1, counts)
        n = weights.sum()
    else:
        weights = counts
    ends = np.cumsum(weights)
    middles = ndtri((ends - weights / 2) / max(n, 1))
    if is_grid:
        knots, scores = _at_atoms(unique, middles)
    else:
        knots, scores = _between_values(unique, ends, is_atom)
    shares = np.concatenate(
        [counts[is_atom], [n_rows - n_present], [counts[~is_atom].sum()]]
    ) / max(n_rows, 1)
    return NumberScale(
        knots, scores, unique[is_atom], middles[is_atom], shares, is_grid, discrete
    )


def _at_atoms(unique, middles):
    """Knots at the atoms themselves; one atom or none gets some at its sides."""
    if len(unique) > 1:
        return unique, middles
    center = unique[0] if len(unique) else 0.0
    step = max(1.0, abs(center))
    return center + np.array([-step, 0.0, step]), np.array([-1.0, 0.0, 1.0])


def _between_values(unique, ends, is_atom):
    """Knots at the ends and halfway between values, thinned out.

    A gap much wider than those beside it has a knot near each of its values, with
    next to nothing between them.
    """
    n = ends[-1]
    exponent = _exponent_of(unique)
    unique = np.ldexp(unique, -exponent)
    gaps = np.diff(unique)
    beside = np.zeros(len(gaps))
    for shift in range(1, NEAR_GAPS + 1):
        before = np.pad(gaps, (shift, 0))[: len(gaps)]
        after = np.pad(gaps, (0, shift))[shift:]
        beside = np.maximum(beside, np.maximum(before, after))
    near = np.where(beside > 0, np.minimum(gaps / 2, GAP_REACH * beside), gaps / 2)
    is_wide = (near < gaps / 2) & (gaps > GAP_WIDTH * (unique[-1] - unique[0]))
    near = np.where(is_wide, near, gaps / 2)
    low, high = unique[:-1] + near, unique[1:] - near
    inner = np.concatenate([low, high[is_wide]])
    share = np.concatenate(
        [ends[:-1] - GAP_SHARE * is_wide, ends[:-1][is_wide] + GAP_SHARE]
    )
    order = np.argsort(inner, kind="stable")
    knots = np.concatenate([unique[:1], inner[order], unique[-1:]])
    shares = np.concatenate([[0.25], share[order], [n - 0.25]]) / n
    scores = ndtri(shares)
    keep = _thinned(knots, shares, scores)
    for side in ("left", "right"):
        beside_atoms = np.searchsorted(knots, unique[is_atom], side=side)
        keep[np.clip(beside_atoms - (side == "left"), 0, len(knots) - 1)] = True
    knots, scores = np.ldexp(knots[keep], exponent), scores[keep]
    rises = np.concatenate([[True], (np.diff(knots) > 0) & (np.diff(scores) > 0)])
    return knots[rises], scores[rises]


def _thinned(knots, shares, scores):
    """Few knots, so that the slope between them is no noise; all at wide gaps."""
    n_knots = int(np.clip(len(knots) / VALUES_A_KNOT, MIN_KNOTS, MAX_KNOTS))
    keep = np.zeros(len(knots), bool)
    for scale in (shares, scores):
        marks = np.linspace(scale[0], scale[-1], n_knots // 2)
        keep[np.minimum(np.searchsorted(scale, marks), len(knots) - 1)] = True
    keep[[0, -1]] = True
    # A gap that fills a third of the way between two kept knots keeps its own.
    kept = np.flatnonzero(keep)
    piece = np.searchsorted(kept, np.arange(len(knots) - 1), side="right") - 1
    widths = np.diff(knots)
    wide = np.flatnonzero(widths > np.diff(knots[kept])[piece] / 3)
    keep[wide] = keep[wide + 1] = True
    return keep
