"""How dense leaves are where their rows are, so that two clusters have a gap."""

from __future__ import annotations

import numpy as np

# Narrower intervals count as so wide: sums of their heights must stay precise.
_LEAST_WIDTH = 1e-9


class IntervalDensity:
    """Density of what is drawn from leaves: a mean of uniform distributions.

    At a point it is the heights of the intervals that begin before it, less those of
    the ones that end before it; both are differences of running sums.

    Parameters
    ----------
    low, high : ndarray of shape (n,)
        Ends of intervals, those of one leaf side by side.
    start : ndarray of shape (n_leaves + 1,)
        Where the intervals of each leaf begin.
    """

    def __init__(self, low: np.ndarray, high: np.ndarray, start: np.ndarray):
        self.start, self.counts = start, np.diff(start)
        leaf = np.repeat(np.arange(len(self.counts)), self.counts)
        high = np.maximum(high, low + _LEAST_WIDTH)
        height = 1 / (high - low)
        # Room on both sides, so that what is beyond all intervals has its own keys.
        width = high.max(initial=1.0) - low.min(initial=0.0)
        self._least, self._width = low.min(initial=0.0) - width, 4 * width
        self._begins = _RunningSums(self._keys(leaf, low), low, height)
        self._ends = _RunningSums(self._keys(leaf, high), high, height)

    def _keys(self, leaf, score):
        """Order scores by leaf, then by size."""
        share = np.clip((score - self._least) / self._width, 0.0, 0.75)
        return leaf + share

    def density(self, leaf: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Return the density of scores in their leaves, 0 in those without rows."""
        key, first = self._keys(leaf, score), self.start[leaf]
        total = self._begins.heights(key, first) - self._ends.heights(key, first)
        return np.maximum(total, 0) / np.maximum(self.counts[leaf], 1)

    def cdf(self, leaf: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Return the share of a leaf's draws below scores, 0 in those without rows."""
        bounded = np.clip(score, self._least, self._least + 0.75 * self._width)
        key, first = self._keys(leaf, bounded), self.start[leaf]
        total = self._begins.areas(key, first, bounded) - self._ends.areas(
            key, first, bounded
        )
        return np.clip(total / np.maximum(self.counts[leaf], 1), 0.0, 1.0)


class _RunningSums:
    """Sums over the ends of intervals up to a key, from the first of its leaf."""

    def __init__(self, keys, ends, height):
        order = np.argsort(keys, kind="stable")
        self.keys = keys[order]
        height = height[order]
        self.height = np.concatenate([[0.0], np.cumsum(height)])
        self.moment = np.concatenate([[0.0], np.cumsum(height * ends[order])])

    def heights(self, key, first):
        place = np.searchsorted(self.keys, key, side="right")
        return self.height[place] - self.height[first]

    def areas(self, key, first, score):
        """Integral of the heights up to a score."""
        place = np.searchsorted(self.keys, key, side="right")
        height = self.height[place] - self.height[first]
        return height * score - (self.moment[place] - self.moment[first])
