"""Outlier scores of rows of columns, in units that hold for new rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from skgan._deadline import Deadline
from skgan._estimator import persistent
from skgan.encoding import BaseEncoder, TableEncoder
from skgan.samplers._row_normality import (
    CellScores,
    RowNormality,
    find_repeated_values,
)

# Fewer rows are scored by what was fitted to them.
MIN_FOLDED_ROWS = 20
# So many rows are scored by models of others at most.
_MAX_SCORED_ROWS = 20_000
# Folds for up to so many rows of up to so many columns: more take longer.
_FOLDS = ((500, 32, 10), (1500, 128, 5))
_FEWEST_FOLDS = 3
# The distance between the median and this quantile is the unit of a score.
_LOW = 0.05
_LEAST_UNIT = 0.01
# How usual a row may be by one measure, so that another can still find it odd.
_MOST_USUAL = -0.5
_BLOCK_ROWS = 8192
# Of the time left, for what is fitted to all rows, then for what scores the line.
_SHARE_OF_ALL, _MOST = 0.3, 0.8


@persistent("_units")
class ColumnOutlierModel:
    """Scores of rows: the mean of four measures of `RowNormality`, standardised.

    Each is measured from its median over training rows, scored by what was fitted to
    the others, in units of the distance from there to the worst twentieth. None makes
    up for another by more than half a unit.

    Parameters
    ----------
    encoder : BaseEncoder
        Fitted; reads rows.

    Attributes
    ----------
    normality_ : RowNormality
        Fitted to all rows.
    places_ : ndarray of int
        Columns that are scored: all but identifiers.
    held_out_scores_ : ndarray of shape (n,)
        Scores of training rows by models that were fitted to others, ascending.
    """

    normality_: RowNormality
    places_: NDArray
    held_out_scores_: NDArray
    _units: dict[str, Any]

    def __init__(self, encoder: BaseEncoder):
        self.encoder = encoder

    def fit(self, X, seed: int, deadline: Deadline | None = None) -> ColumnOutlierModel:
        """Learn from rows like those that the encoder was fitted on."""
        deadline = Deadline() if deadline is None else deadline
        rng = np.random.default_rng(seed)
        columns = getattr(self.encoder, "_columns", ())
        names = [c.kind for c in columns] if self._is_table else []
        kept = [j for j, kind in enumerate(names) if kind == "identifier"]
        values = self._read(X)
        self.places_ = np.setdiff1d(np.arange(values.shape[1]), kept)
        values = values[:, self.places_]
        levels = self._levels()
        clock = deadline.share(_SHARE_OF_ALL)
        repeated = find_repeated_values(values, levels)
        self.normality_ = RowNormality().fit(values, levels, repeated, rng, clock)
        held_out = self._score_held_out(values, levels, rng, deadline.share(_MOST))
        self._units = _measure_units(held_out)
        self.held_out_scores_ = np.sort(-self._excess(held_out).sum(axis=1))
        return self

    def score_samples(self, X) -> NDArray:
        """Return how normal rows are, of shape (n,); about 0 in the middle."""
        return -self.explain(X).sum(axis=1)

    def explain(self, X) -> NDArray:
        """Return what each column adds to minus the score, of shape (n, n_columns)."""
        values = self._read(X)
        result = np.zeros(values.shape)
        for start in range(0, len(values), _BLOCK_ROWS):
            part = values[start : start + _BLOCK_ROWS, self.places_]
            excess = self._excess(self.normality_.score_cells(part))
            result[start : start + _BLOCK_ROWS, self.places_] = excess
        return result

    def _excess(self, cells: CellScores) -> NDArray:
        """By how much cells are less normal than usual, of shape (n, d).

        A measure that finds a row most usual hardly makes up for one that finds it odd:
        the middle of a ring is usual in each column and far from all rows.
        """
        units = self._units
        likelihood = (units["likelihood"] - cells.likelihood) / units["likelihood_unit"]
        tail = (units["tail"] - cells.tail) / units["tail_unit"]
        distance = (cells.distance - units["distance"]) / units["distance_unit"]
        copula = (cells.copula - units["copula"]) / units["copula_unit"]
        measures = np.stack(
            [
                likelihood,
                tail,
                distance[:, None] * cells.distance_share,
                copula[:, None] * cells.copula_share,
            ]
        )
        totals = measures.sum(axis=2, keepdims=True)
        kept = np.minimum(_MOST_USUAL / np.minimum(totals, _MOST_USUAL), 1)
        return (measures * kept).mean(axis=0)

    @property
    def _is_table(self) -> bool:
        return isinstance(self.encoder, TableEncoder)

    def _levels(self) -> set[int]:
        """Places, among those scored, of columns of levels."""
        if not self._is_table:
            return set()
        encoder: Any = self.encoder
        return {
            j for j, place in enumerate(self.places_) if place in encoder._level_places
        }

    def _read(self, X) -> NDArray:
        values = self.encoder._validate(X, reset=False)
        return values.astype(np.float64, copy=False)

    def _score_held_out(
        self, values, levels, rng: np.random.Generator, deadline: Deadline
    ) -> CellScores:
        """Score rows by what was fitted to the others, until there is no time."""
        n = len(values)
        if n < MIN_FOLDED_ROWS:
            return self.normality_.score_cells(values)
        repeated = find_repeated_values(values, levels)
        values = values[rng.permutation(n)[:_MAX_SCORED_ROWS]]
        fits = [k for rows, d, k in _FOLDS if n <= rows and values.shape[1] <= d]
        scored: list[CellScores] = []
        n_folds = max([_FEWEST_FOLDS, *fits])
        for place, (train, test) in enumerate(KFold(n_folds).split(values)):
            if scored and deadline.left <= 0:
                break
            clock = deadline.share(1 / (n_folds - place))
            model = RowNormality(len(values))
            model.fit(values[train], levels, repeated, rng, clock)
            scored.append(model.score_cells(values[test]))
        return CellScores(*map(np.concatenate, zip(*scored, strict=True)))


def _measure_units(cells: CellScores) -> dict[str, Any]:
    """Return where each score is usually, by column, and its unit."""
    units: dict[str, Any] = {
        "distance": float(np.median(cells.distance)),
        "copula": float(np.median(cells.copula)),
    }
    rows = {"distance": -cells.distance, "copula": -cells.copula}
    for name in ("likelihood", "tail"):
        scores = getattr(cells, name)
        units[name] = np.median(scores, axis=0)
        rows[name] = scores.sum(axis=1)
    for name, scores in rows.items():
        width = np.median(scores) - np.quantile(scores, _LOW)
        units[f"{name}_unit"] = max(float(width), _LEAST_UNIT)
    return units
