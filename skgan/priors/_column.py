"""One column of the chain: its distribution given those before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._decision_tree import Tree
from ._numbers import NumberScale
from ._predictors import score_predictor
from ._row_streams import Uniforms

# Of the Student distribution that scores a leaf's continuum.
FREEDOM = 4.0
# How many rows the spread of all leaves counts for in that of one.
SPREAD_ROWS = 2.0
# Above what single precision takes for 0.
MIN_SPREAD = 1e-30
# A leaf holds at most as many intervals, of more values some.
MAX_INTERVALS = 256
# Of the square root of a leaf's rows: over how many neighbours on each side a score is
# spread. Of 1, 2 and 4, in halves of eight tables, 2 copied less than 1 and was as hard
# to tell from held-out rows.
NEIGHBOURS = 2.0
# A gap so many times wider than the leaf's median gap lies between two clusters.
CLUSTER_GAPS = 20.0
# For how many rows the marginal distribution counts in the density of a leaf.
MARGINAL_ROWS = 1.0


@dataclass(frozen=True)
class LeafItems:
    """Distinct items of each leaf and their counts.

    `keys` are ``leaf · n_items + item``, ascending; `ends` counts rows up to and with
    each; `start` says where each leaf begins.
    """

    keys: np.ndarray
    ends: np.ndarray
    start: np.ndarray
    n_items: int

    def draw(self, leaf: np.ndarray, rng: Uniforms) -> np.ndarray:
        """Draw an item for each row, from the counts of its leaf."""
        first, last = self._rows(leaf)
        row = first + rng.random(len(leaf)) * (last - first)
        place = np.searchsorted(self.ends, row, side="right")
        return self.keys[np.minimum(place, self.start[leaf + 1] - 1)] % self.n_items

    def counts(self, leaf: np.ndarray, item: np.ndarray):
        """Rows with an item in a leaf, and rows of the leaf."""
        first, last = self._rows(leaf)
        key = leaf * self.n_items + item
        place = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        before = np.where(place > 0, self.ends[place - 1], 0)
        found = self.keys[place] == key
        return np.where(found, self.ends[place] - before, 0), last - first

    def _rows(self, leaf):
        bounds = np.concatenate([[0], self.ends])[self.start]
        return bounds[leaf], bounds[leaf + 1]


def fit_items(leaf: np.ndarray, item: np.ndarray, n_leaves: int, n_items: int):
    """Count the items of each leaf."""
    keys, counts = np.unique(leaf * n_items + item, return_counts=True)
    start = np.searchsorted(keys, np.arange(n_leaves + 1) * n_items)
    return LeafItems(keys.astype(np.int64), np.cumsum(counts), start, n_items)


@dataclass(frozen=True)
class LeafIntervals:
    """Equally likely intervals of each leaf, its mean and its spread."""

    low: np.ndarray
    high: np.ndarray
    start: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    def draw(self, leaf: np.ndarray, rng: Uniforms) -> np.ndarray:
        """Draw a score for each row: an interval of its leaf, a point in it."""
        return self.place(leaf, rng.random(len(leaf)))

    def place(self, leaf: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Turn numbers uniform in [0, 1) into scores."""
        first, last = self.start[leaf], self.start[leaf + 1]
        place = uniform * (last - first)
        which = place.astype(np.intp)
        inside = place - which
        which += first
        low = self.low[which]
        return low + inside * (self.high[which] - low)

    def log_density(self, leaf: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Student log-density with the leaf's mean and spread."""
        deviation = (score - self.mean[leaf]) / self.spread[leaf]
        constant = np.log(3 / 8)  # Γ(5/2) / (√(4π) Γ(2))
        return (
            constant
            - np.log(self.spread[leaf])
            - (FREEDOM + 1) / 2 * np.log1p(deviation**2 / FREEDOM)
        )

    def probability(self, leaf, low, high) -> np.ndarray:
        """Student probability of scores from `low` to `high`."""
        mean, spread = self.mean[leaf], self.spread[leaf]
        return student_cdf((high - mean) / spread) - student_cdf((low - mean) / spread)


def student_cdf(t: np.ndarray) -> np.ndarray:
    """Distribution function of Student's t with four degrees of freedom."""
    with np.errstate(over="ignore", invalid="ignore"):
        sine = t / np.sqrt(t**2 + FREEDOM)
    sine = np.where(np.isinf(t), np.sign(t), sine)
    return 0.5 + 0.75 * (sine - sine**3 / 3)


def fit_intervals(leaf: np.ndarray, score: np.ndarray, n_leaves: int, floor: float):
    """Turn the scores of each leaf into intervals: a smoothed bootstrap.

    Each score is spread over its neighbours, and all are drawn towards the leaf's mean
    by as much as that adds to its variance (Silverman and Young 1987).
    """
    order = np.lexsort((score, leaf))
    leaf, score = leaf[order], score[order]
    start = np.searchsorted(leaf, np.arange(n_leaves + 1))
    counts = np.diff(start)
    low, high = _spread(leaf, score, floor)
    mean = np.bincount(leaf, score, n_leaves) / np.maximum(counts, 1)
    square = np.bincount(leaf, (score - mean[leaf]) ** 2, n_leaves)
    pooled = square.sum() / max(len(score) - (counts > 0).sum(), 1)
    pooled = max(pooled, floor**2)
    variance = (square + SPREAD_ROWS * pooled) / (
        np.maximum(counts - 1, 0) + SPREAD_ROWS
    )
    # A leaf without a continuum is never drawn from, but may be scored.
    mean = np.where(counts > 0, mean, score.mean() if len(score) else 0.0)
    if counts.max(initial=0) > MAX_INTERVALS:
        low, high, start = _thinned(low, high, start)
    spread = np.maximum(0.8 * np.sqrt(variance), MIN_SPREAD)
    # Single precision is more than scores need, and files are half as large.
    low, high, mean, spread = (
        part.astype(np.float32).astype(np.float64) for part in (low, high, mean, spread)
    )
    return LeafIntervals(low, high, start, mean, spread)


def _spread(leaf, score, floor):
    """Intervals around sorted scores; each cluster of a leaf keeps its variance."""
    gap, inner = np.diff(score), leaf[1:] == leaf[:-1]
    median = _medians(gap[inner], leaf[1:][inner], leaf.max(initial=0) + 1)[leaf]
    is_edge = ~inner | (gap > CLUSTER_GAPS * np.maximum(median[1:], floor))
    cluster = np.insert(np.cumsum(is_edge), 0, 0)[: len(leaf)]
    start = np.searchsorted(cluster, np.arange(cluster.max(initial=0) + 2))
    # Over neighbours of the nearer side, so that little falls beyond an edge.
    n, place = np.diff(start)[cluster], np.arange(len(leaf))
    n_near = np.rint(NEIGHBOURS * np.sqrt(n)).astype(np.intp)
    n_near = np.minimum(n_near, place - start[cluster])
    n_near = np.minimum(n_near, start[cluster + 1] - 1 - place)
    reach = np.minimum(score[place + n_near] - score, score - score[place - n_near])
    # The least and the greatest of a cluster have no neighbour on one side.
    gap = np.where(inner, gap, np.inf)
    after, before = np.append(gap, np.inf), np.insert(gap, 0, np.inf)
    ends = np.minimum(after, before)[: len(leaf)] / 2
    reach = np.where(n_near == 0, ends, reach)
    reach = np.minimum(reach, np.maximum(n_near, 0.5) * median)
    reach = np.maximum(reach, floor)
    mean = (np.bincount(cluster, score) / np.maximum(np.diff(start), 1))[cluster]
    square = np.bincount(cluster, (score - mean) ** 2)
    added = np.bincount(cluster, reach**2 / 3)
    shrink = np.sqrt(square / np.maximum(square + added, floor**2))[cluster]
    center = mean + shrink * (score - mean)
    reach = np.maximum(shrink * reach, floor)
    return center - reach, center + reach


def _medians(values, group, n_groups):
    """Median of each group; 0 of an empty one."""
    order = np.lexsort((values, group))
    values, counts = values[order], np.bincount(group, minlength=n_groups)
    start = np.concatenate([[0], np.cumsum(counts)[:-1]])
    middle = np.minimum(start + counts // 2, max(len(values) - 1, 0))
    if not len(values):
        return np.zeros(n_groups)
    return np.where(counts > 0, values[middle], 0.0)


def _thinned(low, high, start):
    """Every so many-th interval of full leaves: they overlap, and so stand for all."""
    counts = np.minimum(np.diff(start), MAX_INTERVALS)
    new_start = np.concatenate([[0], np.cumsum(counts)])
    leaf = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(leaf)) - new_start[leaf] + 0.5
    kept = start[leaf] + (place * (np.diff(start) / counts.clip(1))[leaf]).astype(int)
    return low[kept], high[kept], new_start


@dataclass(frozen=True)
class LevelModel:
    """Levels: a tree whose leaves count them."""

    tree: Tree
    items: LeafItems
    # Of each level of the schema: its share of the training rows, none quite 0.
    shares: np.ndarray

    def draw(self, x: np.ndarray, rng: Uniforms):
        """Draw values, and what they are as a predictor."""
        item = self.items.draw(self.tree.apply(x), rng)
        return item.astype(np.float64), item.astype(np.float32)

    def log_density(self, x, values, *, strict: bool = False) -> np.ndarray:
        """Log-probability; of a level that a leaf lacks, -inf if strict."""
        item = values.astype(np.intp)
        count, total = self.items.counts(self.tree.apply(x), item)
        with np.errstate(divide="ignore"):
            if strict:
                return np.log(count / total)
            share = MARGINAL_ROWS * self.shares[item]
            return np.log((count + share) / (total + MARGINAL_ROWS))


@dataclass(frozen=True)
class NumberModel:
    """Numbers: a tree counts atoms, missing values and the continuum.

    What belongs to the continuum is drawn from intervals of scores in the same leaf,
    or, with `rest`, around that tree's sum of other columns, from intervals of what the
    sum leaves over. A grid with `rest` has all of its values in the continuum and
    rounds them to the nearest atom.
    """

    scale: NumberScale
    tree: Tree
    items: LeafItems
    intervals: LeafIntervals
    rest: Tree | None

    @property
    def form(self) -> str:
        """How the numbers follow from other columns."""
        if self.rest is not None:
            return "rest"
        return "sum" if len(self.tree.sum_columns) else "plain"

    @property
    def rounds(self) -> bool:
        """Whether atoms are drawn by rounding."""
        return self.rest is not None and self.scale.is_grid

    def draw(self, x: np.ndarray, rng: Uniforms):
        """Draw values, and what they are as a predictor."""
        scale, n = self.scale, x.shape[1]
        leaf = self.tree.apply(x)
        if self._is_continuum:
            item = np.full(n, scale.continuum)
            score = self._draw_continuum(x, leaf, rng.random(size=(n,)))
        else:
            item = self.items.draw(leaf, rng)
            score = np.zeros(n)
            atoms = item < scale.missing
            score[atoms] = scale.atom_scores[item[atoms]]
            rows = np.flatnonzero(item == scale.continuum)
            part = x if self.rest is None else x[:, rows]
            # Every row takes a number, so that no row depends on those before it.
            uniform: np.ndarray = rng.random(size=(n,))[rows]
            score[rows] = self._draw_continuum(part, leaf[rows], uniform)
        if self.rounds:
            rows = np.flatnonzero(item == scale.continuum)
            item[rows] = scale.nearest_atoms(score[rows])
            score[rows] = scale.atom_scores[item[rows]]
        return scale.to_values(score, item), score_predictor(score, item, scale)

    @property
    def _is_continuum(self):
        return len(self.items.keys) == 1 and (
            self.items.keys[0] == self.scale.continuum
        )

    def _draw_continuum(self, x, leaf, uniform):
        if self.rest is None:
            return self.intervals.place(leaf, uniform)
        leaf = self.rest.apply(x)
        return self.rest.total(x) + self.intervals.place(leaf, uniform)

    def log_density(self, x, values, *, strict: bool = False) -> np.ndarray:
        """Log-density; if strict, -inf for a missing value that a leaf lacks."""
        scale = self.scale
        leaf = self.tree.apply(x)
        item = scale.to_items(values)
        score = scale.to_scores(values, item)
        missing, off = item == scale.missing, item == scale.continuum
        if self.rest is None:
            place, offset = leaf, np.zeros(len(leaf))
        else:
            place, offset = self.rest.apply(x), self.rest.total(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            density = self.intervals.log_density(
                place, score - offset
            ) + scale.log_slope(values)
            if scale.is_grid:
                mass = self._grid_mass(leaf, item, place, offset)
            else:
                mass = self._mass(leaf, item)
            log = np.log(mass)
            log = np.where(off, log + density, log)
            if strict:
                count, _ = self.items.counts(leaf, item)
                log = np.where(missing & (count == 0), -np.inf, log)
                if scale.is_discrete:
                    log = np.where(off, -np.inf, log)
                    if not self.rounds:
                        log = np.where(count == 0, -np.inf, log)
        return log

    @property
    def _shares(self):
        """Marginal shares of the items, those of missing and continuum never 0."""
        n = self.items.ends[-1]
        extra = np.zeros(len(self.scale.shares))
        extra[-2:] = 0.5
        return (self.scale.shares * n + extra) / (n + 1)

    def _mass(self, leaf, item):
        """Probabilities of items: leaves, with a row's worth of the marginal."""
        count, total = self.items.counts(leaf, item)
        share = MARGINAL_ROWS * self._shares[item]
        return (count + share) / (total + MARGINAL_ROWS)

    def _grid_mass(self, leaf, item, place, offset):
        """The same on a grid, where neighbours of seen atoms are likely too."""
        scale = self.scale
        missing = np.full(len(leaf), scale.missing)
        count, total = self.items.counts(leaf, missing)
        lost = (count + MARGINAL_ROWS * self._shares[scale.missing]) / (
            total + MARGINAL_ROWS
        )
        present = (1 - lost) / (1 + self._off_grid)
        bounds = np.concatenate([[-np.inf], scale.atom_bounds, [np.inf]])
        atom = np.minimum(item, max(scale.missing - 1, 0))
        near = self.intervals.probability(
            place, bounds[atom] - offset, bounds[atom + 1] - offset
        )
        if not self.rounds:
            seen, _ = self.items.counts(leaf, atom)
            near = (seen + MARGINAL_ROWS * near) / (total - count + MARGINAL_ROWS)
        mass = np.where(item == scale.missing, lost, present * near)
        return np.where(item == scale.continuum, present * self._off_grid, mass)

    @property
    def _off_grid(self):
        """Odds of a value that is no atom."""
        return 0.0 if self.scale.is_discrete else 1 / (self.items.ends[-1] + 1)


ColumnModel = LevelModel | NumberModel
