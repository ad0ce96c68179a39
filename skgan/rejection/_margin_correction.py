"""Factors column by column that give accepted rows the margins of real ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._groups import is_levels
from ._state_checks import check_margins

_N_QUANTILES = 20
_MIN_ROWS = 50  # of real rows in a bin; rarer levels are one bin together
_N_ROUNDS = 8
_LARGEST = 1.0  # of a column's correction, in logarithms
_REST = 0  # the bin of rare and unseen levels, and of missing numbers


class MarginCorrection:
    """A log-linear term a column, added to a log-ratio (iterative fitting).

    Levels, and some twenty bins of each number between its quantiles, get the factor
    that brings the margins of accepted rows within a standard error of the real
    ones': iterative proportional fitting (Deming and Stephan 1940) on drawn rows
    weighted by their probability of acceptance. To go further would fit chance.
    """

    def fit(
        self,
        real: np.ndarray,
        drawn: np.ndarray,
        schema: tuple[Any, ...],
        log_score: np.ndarray,
    ) -> MarginCorrection:
        """Learn from real rows, drawn ones and these' tempered log-ratios over the cap.

        `log_score` is (n_drawn,); a drawn row is kept with probability
        min(1, exp(score)).
        """
        self._bins = [
            _level_bins(real[:, j], column.n_levels)
            if is_levels(column)
            else _number_edges(real[:, j])
            for j, column in enumerate(schema)
        ]
        self.is_levels_ = np.array([is_levels(column) for column in schema])
        where = self._cells(drawn)
        sizes = [int(cells.max(initial=0)) + 1 for cells in where]
        shares = []
        for j, cells in enumerate(self._cells(real)):
            sizes[j] = max(sizes[j], int(cells.max(initial=0)) + 1)
            shares.append(np.bincount(cells, minlength=sizes[j]) / len(real))
        self._terms = [np.zeros(size) for size in sizes]
        scores = log_score.astype(np.float64)
        # Half a row in each bin: no infinite step where nothing was drawn.
        half = 0.5 / len(real)
        for _ in range(_N_ROUNDS):
            for j, cells in enumerate(where):
                kept = np.exp(np.minimum(0.0, scores))
                now = np.bincount(cells, kept, sizes[j]) / kept.sum()
                chance = np.sqrt(shares[j] * (1 - shares[j]) / len(real))
                wanted = np.clip(now, shares[j] - chance, shares[j] + chance)
                step = np.log((wanted + half) / (now + half))
                new = np.clip(self._terms[j] + step, -_LARGEST, _LARGEST)
                scores += (new - self._terms[j])[cells]
                self._terms[j] = new
        return self

    def log_factor(self, columns: np.ndarray) -> np.ndarray:
        """Return the sum of the terms of each row, (n,) float64."""
        total = np.zeros(len(columns))
        for terms, cells in zip(self._terms, self._cells(columns), strict=True):
            total += terms[np.minimum(cells, len(terms) - 1)]
        return total

    def _cells(self, columns: np.ndarray) -> list[np.ndarray]:
        cells = []
        for j, bins in enumerate(self._bins):
            values = columns[:, j]
            if self.is_levels_[j]:
                last = len(bins) - 1  # of a missing level
                is_seen = (values >= 0) & (values < last)
                codes = np.where(np.isnan(values), last, np.where(is_seen, values, -1))
                cell = bins[codes.astype(np.intp)]
                cells.append(np.where(codes < 0, _REST, cell))
            else:
                cell = 1 + np.searchsorted(bins, values)
                cells.append(np.where(np.isnan(values), _REST, cell))
        return cells

    def get_state(self) -> dict[str, Any]:
        """Arrays by name: the bins and terms of all columns end to end."""
        return {
            "is_levels": self.is_levels_,
            "bins": np.concatenate([b.astype(np.float64) for b in self._bins]),
            "bins_first": np.cumsum([0] + [len(b) for b in self._bins]),
            "terms": np.concatenate(self._terms),
            "terms_first": np.cumsum([0] + [len(t) for t in self._terms]),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> MarginCorrection:
        """Return the correction that `get_state` described, or raise a ValueError."""
        new = cls()
        new.is_levels_ = state["is_levels"]
        bins, new._terms = check_margins(
            *(state[name] for name in ("is_levels", "bins", "bins_first")),
            *(state[name] for name in ("terms", "terms_first")),
        )
        new._bins = [
            part.astype(np.intp) if levels else part
            for part, levels in zip(bins, new.is_levels_, strict=True)
        ]
        return new


def _level_bins(codes: np.ndarray, n_levels: int) -> np.ndarray:
    """The bin of each level, then of the missing one."""
    missing = np.isnan(codes)
    counts = np.bincount(codes[~missing].astype(np.intp), minlength=n_levels)
    counts = np.append(counts, missing.sum())
    bins = np.full(len(counts), _REST, dtype=np.intp)
    common = np.flatnonzero(counts >= _MIN_ROWS)
    bins[common] = 1 + np.arange(len(common))
    return bins


def _number_edges(values: np.ndarray) -> np.ndarray:
    """Upper ends of bins, the last open; a frequent value is a bin alone."""
    seen = values[~np.isnan(values)]
    distinct, counts = np.unique(seen, return_counts=True)
    n_bins = max(1, min(_N_QUANTILES, len(seen) // _MIN_ROWS))
    if len(distinct) < 2 or n_bins < 2:
        return np.empty(0)
    grid = np.arange(1, n_bins) / n_bins
    ends = np.quantile(seen, grid, method="inverted_cdf")
    heavy = np.flatnonzero(counts * n_bins >= len(seen))
    below = distinct[np.maximum(heavy - 1, 0)[heavy > 0]]
    ends = np.unique(np.concatenate([ends, distinct[heavy], below]))
    ends = ends[ends < distinct[-1]]
    # A bin of few rows joins the one above it.
    upto = np.cumsum(counts)[np.searchsorted(distinct, ends)]
    kept, last = [], 0
    for end, rows in zip(ends, upto, strict=True):
        if rows - last >= _MIN_ROWS:
            kept.append(end)
            last = rows
    return np.array(kept)
