"""How normal rows of columns are, by four measures, cell by cell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri

from skgan._deadline import Deadline
from skgan._estimator import persistent
from skgan.priors import LevelColumn, NumberColumn, Schema, TreesPrior, find_repeated

# Column orders whose likelihoods are averaged, and what each is fitted with.
N_CHAINS, _LEAF_ROWS, _MAX_CHAIN_ROWS = 4, 20, 10_000
_N_NEIGHBORS, _MAX_REFERENCE_ROWS = 10, 2000
# Added to distances, in standard deviations, since rows may be repeated.
_SMALL_DISTANCE = 0.01
# Added to squared Mahalanobis distances, for each column.
_SMALL_SQUARE = 0.001
_MAX_KNOTS = 1024
_LARGEST_SCORE = 1e6
_BLOCK_ROWS = 1024


@persistent()
@dataclass
class ColumnScale:
    """Normal scores and standard units of a column of numbers, or codes of levels.

    Attributes
    ----------
    is_level : bool
        Whether the column holds levels.
    knots : ndarray of shape (k,)
        Values whose scores are known, or all levels.
    scores : ndarray of shape (k,)
        Normal scores of the mid-ranks of `knots`; unused for levels.
    center, spread : float
        Mean and standard deviation of a column of numbers.
    """

    is_level: bool
    knots: NDArray
    scores: NDArray
    center: float = 0.0
    spread: float = 1.0

    @classmethod
    def fit(cls, values: NDArray, is_level: bool) -> ColumnScale:
        """Learn the scale of a column with NaN where values are missing."""
        if is_level:
            return cls(True, np.unique(values), np.zeros(0))
        present = values[~np.isnan(values)]
        if not len(present):
            return cls(False, np.zeros(1), np.zeros(1))
        knots, counts = np.unique(present, return_counts=True)
        scores = ndtri((np.cumsum(counts) - counts / 2) / len(present))
        if len(knots) > _MAX_KNOTS:
            kept = np.linspace(0, len(knots) - 1, _MAX_KNOTS).round().astype(int)
            knots, scores = knots[kept], scores[kept]
        # The square of a very large number is infinite.
        unit = np.abs(present).max() or 1.0
        spread = float((present / unit).std() * unit)
        center = float((present / unit).mean() * unit)
        return cls(False, knots, scores, center, spread or 1.0)

    @property
    def schema(self) -> NumberColumn | LevelColumn:
        """Description of the plain column; levels not seen are one more level."""
        return LevelColumn(len(self.knots) + 1) if self.is_level else NumberColumn()

    def to_plain(self, values: NDArray) -> NDArray:
        """Return normal scores, linear beyond the range seen, or codes of levels."""
        if self.is_level:
            places = np.minimum(
                np.searchsorted(self.knots, values), len(self.knots) - 1
            )
            level = self.knots[places]
            is_seen = (level == values) | (np.isnan(level) & np.isnan(values))
            return np.where(is_seen, places, len(self.knots)).astype(np.float64)
        low, high = self.knots[0], self.knots[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            width = high / self.spread - low / self.spread
            rise = (self.scores[-1] - self.scores[0]) / width if width > 0 else 1.0
            below = np.minimum(values / self.spread - low / self.spread, 0)
            above = np.maximum(values / self.spread - high / self.spread, 0)
            result = np.interp(values, self.knots, self.scores)
            result = result + (below + above) * rise
        return np.clip(result, -_LARGEST_SCORE, _LARGEST_SCORE)

    def to_units(self, values: NDArray) -> NDArray:
        """Return standard units, 0 where missing, or codes of levels."""
        if self.is_level:
            return self.to_plain(values)
        with np.errstate(over="ignore"):
            units = values / self.spread - self.center / self.spread
        return np.clip(np.nan_to_num(units), -_LARGEST_SCORE, _LARGEST_SCORE)


class CellScores(NamedTuple):
    """Scores of cells, higher where normal, and distances of rows.

    Attributes
    ----------
    likelihood : ndarray of shape (n, d)
        Log-density of each cell given others of its row.
    tail : ndarray of shape (n, d)
        Logarithm of the share of training values that are further out; 0 for levels.
    distance : ndarray of shape (n,)
        Logarithm of the mean distance to the nearest training rows.
    distance_share : ndarray of shape (n, d)
        Share of each column in the squared distance.
    copula : ndarray of shape (n,)
        Logarithm of the squared Mahalanobis distance of normal scores.
    copula_share : ndarray of shape (n, d)
        Share of each column in it; shares of columns that correlate may be negative.
    """

    likelihood: NDArray
    tail: NDArray
    distance: NDArray
    distance_share: NDArray
    copula: NDArray
    copula_share: NDArray


def find_repeated_values(
    values: NDArray, is_level: Collection[int]
) -> dict[int, NDArray]:
    """Return, by column of numbers, the values whose likelihood is a probability.

    That of others is a density. Scores of two fits compare only if they agree on it.
    """
    numbers = set(range(values.shape[1])) - set(is_level)
    return {j: find_repeated(values[:, j]) for j in sorted(numbers)}


@persistent()
class RowNormality:
    """Likelihood, tails, neighbours and a Gaussian copula of rows of columns.

    Parameters
    ----------
    n_rows : int or None, default=None
        Rows that leaves and neighbours are meant for, if more than those it is fitted
        to: both then take in the same share of the rows.

    Attributes
    ----------
    scales_ : list of ColumnScale
        One for each column.
    chains_ : list of TreesPrior
        Chains of trees, each in a random order of the columns.
    n_neighbors_ : int
        Neighbours whose distances are averaged.
    reference_ : ndarray of shape (n_reference, d)
        Training rows, in standard units, among which neighbours are looked for.
    location_ : ndarray of shape (d,)
        Means of the normal scores.
    precision_ : ndarray of shape (d, d)
        Inverse of their covariance, which is shrunk; 0 for levels.
    """

    scales_: list[ColumnScale]
    chains_: list[TreesPrior]
    n_neighbors_: int
    reference_: NDArray
    location_: NDArray
    precision_: NDArray

    def __init__(self, n_rows: int | None = None):
        self.n_rows = n_rows

    def fit(
        self,
        values: NDArray,
        is_level: Collection[int],
        repeated: dict[int, NDArray],
        rng: np.random.Generator,
        deadline: Deadline,
    ) -> RowNormality:
        """Learn from canonical rows of shape (n, d), with levels at some places."""
        n, d = values.shape
        share = 1.0 if self.n_rows is None else n / self.n_rows
        leaf_rows = max(1, round(share * _LEAF_ROWS))
        self.scales_ = [
            ColumnScale.fit(column, j in is_level) for j, column in enumerate(values.T)
        ]
        schema: Schema = tuple(scale.schema for scale in self.scales_)
        plain = self._plain(values)
        plain_repeated = {j: self.scales_[j].to_plain(v) for j, v in repeated.items()}
        self.chains_ = [
            TreesPrior(
                leaf_rows,
                linear=False,
                max_fit_rows=_MAX_CHAIN_ROWS,
                match_moments=False,
            ).fit(
                plain,
                schema,
                first=rng.permutation(d).tolist(),
                random_state=int(rng.integers(2**31)),
                max_time=_seconds(deadline.share(1 / (N_CHAINS - place))),
                repeated=plain_repeated,
            )
            for place in range(N_CHAINS)
        ]
        kept = rng.permutation(n)[:_MAX_REFERENCE_ROWS]
        share = len(kept) / min(self.n_rows or n, _MAX_REFERENCE_ROWS)
        self.n_neighbors_ = max(1, round(share * _N_NEIGHBORS))
        self.reference_ = self._units(values[kept])
        self._fit_copula(plain)
        return self

    def _fit_copula(self, plain: NDArray) -> None:
        from sklearn.covariance import LedoitWolf

        d = plain.shape[1]
        self.location_, self.precision_ = np.zeros(d), np.zeros((d, d))
        numbers = np.flatnonzero(~self._is_level)
        if len(numbers):
            model = LedoitWolf().fit(np.nan_to_num(plain[:, numbers]))
            self.location_[numbers] = model.location_
            self.precision_[np.ix_(numbers, numbers)] = model.get_precision()

    def score_cells(self, values: NDArray) -> CellScores:
        """Return the scores of the cells of canonical rows of shape (n, d)."""
        plain = self._plain(values)
        likelihood = np.mean(
            [chain.score_columns(plain) for chain in self.chains_], axis=0
        )
        is_level = self._is_level
        tail = np.where(is_level, 0.0, np.log(2) + log_ndtr(-np.abs(plain)))
        units = self._units(values)
        blocks = [
            self._distances(units[start : start + _BLOCK_ROWS])
            for start in range(0, max(len(units), 1), _BLOCK_ROWS)
        ]
        distances, shares = zip(*blocks, strict=True)
        return CellScores(
            likelihood,
            np.nan_to_num(tail),
            np.concatenate(distances),
            np.concatenate(shares),
            *self._mahalanobis(plain),
        )

    def _mahalanobis(self, plain: NDArray) -> tuple[NDArray, NDArray]:
        """Log squared distance from the middle, and the columns' shares in it."""
        gaps = np.nan_to_num(plain) - self.location_
        cells = gaps * (gaps @ self.precision_)
        totals = np.maximum(cells.sum(axis=1, keepdims=True), 0)
        d = plain.shape[1]
        shares = np.where(totals > 0, cells / np.maximum(totals, 1e-300), 1 / d)
        return np.log(totals[:, 0] + _SMALL_SQUARE * d), shares

    @property
    def _is_level(self) -> NDArray:
        return np.array([scale.is_level for scale in self.scales_])

    def _plain(self, values: NDArray) -> NDArray:
        pairs = zip(self.scales_, values.T, strict=True)
        return np.stack([scale.to_plain(column) for scale, column in pairs], axis=1)

    def _units(self, values: NDArray) -> NDArray:
        pairs = zip(self.scales_, values.T, strict=True)
        return np.stack([scale.to_units(column) for scale, column in pairs], axis=1)

    def _distances(self, units: NDArray) -> tuple[NDArray, NDArray]:
        """Log mean distance to the nearest rows, and the columns' shares in it.

        A row at distance zero is left out, once: it may be the row itself.
        """
        from sklearn.metrics import euclidean_distances

        is_level, reference = self._is_level, self.reference_
        squares = (
            euclidean_distances(
                units[:, ~is_level], reference[:, ~is_level], squared=True
            )
            if not is_level.all()
            else np.zeros((len(units), len(reference)))
        )
        for j in np.flatnonzero(is_level):
            squares += units[:, j, None] != reference[:, j]
        n_near = min(self.n_neighbors_ + 1, len(reference))
        near = np.argpartition(squares, n_near - 1, axis=1)[:, :n_near]
        gaps = units[:, None, :] - reference[near]
        cells = np.where(is_level, gaps != 0, gaps**2)
        lengths = np.sqrt(cells.sum(axis=2))
        order = np.argsort(lengths, axis=1, kind="stable")
        lengths = np.take_along_axis(lengths, order, axis=1)
        cells = np.take_along_axis(cells, order[:, :, None], axis=1)
        if n_near > 1:
            is_same = lengths[:, 0] == 0
            kept = np.arange(n_near - 1) + is_same[:, None]
            lengths = np.take_along_axis(lengths, kept, axis=1)
            cells = np.take_along_axis(cells, kept[:, :, None], axis=1)
        totals = cells.sum(axis=1)
        sums = totals.sum(axis=1, keepdims=True)
        shares = np.where(
            sums > 0, totals / np.maximum(sums, 1e-300), 1 / len(is_level)
        )
        return np.log(lengths.mean(axis=1) + _SMALL_DISTANCE), shares


def _seconds(deadline: Deadline) -> float | None:
    return max(deadline.left, 0.0) if deadline.is_set else None
