"""What the leaves of a tree hold: counted items, and intervals of a continuum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ._leaf_density import IntervalDensity
from ._row_streams import Uniforms

# Of the Student distribution that scores what is far out.
FREEDOM = 4.0
# Weight in a leaf's density of what is drawn, beside that Student distribution.
DRAWN_SHARE = 0.5
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

    def widened(self, n_rows: np.ndarray) -> LeafIntervals:
        """Return them as far from each leaf's mean as rows that it does not hold.

        The variance of a new row is (n + 1) / (n - 1) times that of a leaf's n rows,
        whose mean is as unknown as that of n draws (Rubin and Schenker 1986).
        """
        n = np.repeat(np.maximum(n_rows, 2), np.diff(self.start))
        mean = np.repeat(self.mean, np.diff(self.start))
        factor = np.sqrt((n + 1) / (n - 1))
        low, high = (mean + factor * (end - mean) for end in (self.low, self.high))
        # What single precision rounds files hold to the bit.
        low, high = (end.astype(np.float32).astype(np.float64) for end in (low, high))
        return replace(self, low=low, high=high)

    @cached_property
    def drawn(self) -> IntervalDensity:
        """Density of what is drawn."""
        return IntervalDensity(self.low, self.high, self.start)

    def log_density(self, leaf: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Log-density: half of what is drawn, half a Student's for what is far out."""
        spread = self.spread[leaf]
        square = ((score - self.mean[leaf]) / spread) ** 2
        # Γ(5/2) / (√(4π) Γ(2)) = 3/8
        student = 0.375 / spread * (1 + square / FREEDOM) ** (-(FREEDOM + 1) / 2)
        return np.log(self._mix(leaf, self.drawn.density(leaf, score), student))

    def probability(self, leaf, low, high) -> np.ndarray:
        """Probability of scores from `low` to `high` by the same density."""
        mean, spread = self.mean[leaf], self.spread[leaf]
        student = student_cdf((high - mean) / spread) - student_cdf(
            (low - mean) / spread
        )
        drawn = self.drawn.cdf(leaf, high) - self.drawn.cdf(leaf, low)
        return self._mix(leaf, drawn, student)

    def _mix(self, leaf, drawn, student):
        """What is drawn and the Student's share, the latter alone in empty leaves."""
        share = np.where(self.drawn.counts[leaf] > 0, DRAWN_SHARE, 0.0)
        return share * drawn + (1 - share) * student

    def __getstate__(self):
        """Leave out the sums, which are made anew: pickles do not grow with use."""
        return {name: part for name, part in vars(self).items() if name != "drawn"}


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
