"""Decision trees as plain arrays: grown by scikit-learn, walked by NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

# Stands for a missing number among the predictors: below every normal score.
MISSING_SCORE = -9.0
# After so many steps, rows that have reached their leaves are left behind.
STEPS_BETWEEN_CHECKS = 4
# For how many rows the node above counts in a leaf's variance, and its least value.
VARIANCE_ROWS = 4.0
MIN_VARIANCE = 1e-6
# The feature that is the weighted sum.
SUM = -1


@dataclass(frozen=True)
class Tree:
    """A binary tree: a row goes right if ``low < x[feature] <= high``.

    So one test serves numbers (`high` infinite) and levels (an interval around one
    code). The right child of a node follows its left one; a leaf points to itself.
    Features from `n_columns` on are levels in an order of this tree's own; -1 is a
    weighted sum of number columns.
    """

    feature: np.ndarray
    low: np.ndarray
    high: np.ndarray
    left: np.ndarray
    leaf: np.ndarray
    # Columns that have an order, its start, and the place of each code in it.
    ordered: np.ndarray
    order_start: np.ndarray
    order: np.ndarray
    sum_columns: np.ndarray
    weights: np.ndarray
    intercept: float
    depth: int

    @property
    def n_leaves(self) -> int:
        """Number of leaves."""
        return int(self.leaf.max()) + 1

    def apply(self, x: np.ndarray, total: np.ndarray | None = None) -> np.ndarray:
        """Return the leaf of each row of `x`, (n_columns, n) float32 in C order.

        The weighted sum may be handed in as `total`.
        """
        n = x.shape[1]
        if self.depth == 0 or n == 0:
            return np.zeros(n, np.intp)
        if len(self.ordered):
            x = np.concatenate([x, self._in_order(x)])
        if self.splits_on_sum:
            total = self.total(x) if total is None else total
            x = np.concatenate([x, total[None].astype(np.float32)])
        x, rows = x.ravel(), np.arange(n)
        # The sum is the last row.
        feature = self.feature.astype(np.intp)
        offset = np.where(feature == SUM, len(x) // n - 1, feature) * n
        node = np.zeros(n, np.intp)
        active = None
        for step in range(self.depth):
            if step and step % STEPS_BETWEEN_CHECKS == 0:
                at = node if active is None else node[active]
                going = np.flatnonzero(self._left.take(at) != at)
                if len(going) < 0.7 * len(at):
                    active = going if active is None else active[going]
            at, who = (node, rows) if active is None else (node[active], active)
            value = x.take(offset.take(at) + who)
            goes = (value > self.low.take(at)) & (value <= self.high.take(at))
            at = self._left.take(at) + goes
            if active is None:
                node = at
            else:
                node[active] = at
        return self.leaf.take(node)

    def total(self, x: np.ndarray) -> np.ndarray:
        """The weighted sum of each row; missing numbers count as 0, the middle."""
        # Term by term, so that a row's bits do not depend on the rows beside it.
        total = np.full(x.shape[1], self.intercept)
        if len(self.sum_columns):
            for term in self.weights[:, None] * linear_terms(x[self.sum_columns]):
                total += term
        return total

    @cached_property
    def splits_on_sum(self) -> bool:
        """Whether any split is on the sum."""
        return bool((self.feature == SUM).any())

    def _in_order(self, x):
        """The levels of this tree's ordered columns as places in their orders."""
        starts = np.append(self.order_start, len(self.order))
        return np.stack(
            [
                self.order[start:stop].take(x[column].astype(np.intp))
                for column, start, stop in zip(
                    self.ordered, starts[:-1], starts[1:], strict=True
                )
            ]
        )

    @cached_property
    def _left(self):
        return self.left.astype(np.intp)


class Sum(NamedTuple):
    """A weighted sum of number columns, and its values in the training rows."""

    columns: np.ndarray
    weights: np.ndarray
    intercept: float
    values: np.ndarray


NO_SUM = Sum(np.zeros(0, np.int32), np.zeros(0), 0.0, np.zeros(0))


def linear_terms(x: np.ndarray) -> np.ndarray:
    """Scores as terms of a sum: missing ones are 0, the middle."""
    x = x.astype(np.float64)
    return np.where(x == MISSING_SCORE, 0.0, x)


def stump(total: Sum = NO_SUM) -> Tree:
    """A tree that is one leaf."""
    no_floats, no_integers = np.zeros(0, np.float32), np.zeros(0, np.int32)
    return Tree(
        np.zeros(1, np.int32),
        np.full(1, np.inf, np.float32),
        np.full(1, np.inf, np.float32),
        np.zeros(1, np.int32),
        np.zeros(1, np.int32),
        no_integers,
        no_integers,
        no_floats,
        *total[:3],
        0,
    )


@dataclass(frozen=True)
class Design:
    """Predictors as scikit-learn's trees take them, and what each column is.

    `tests` has a row for each column of `matrix`: the feature, and the code that it
    tells from all others (-1 for a number or an order).
    """

    matrix: np.ndarray
    tests: np.ndarray
    ordered: np.ndarray
    order_start: np.ndarray
    order: np.ndarray


def read_tree(
    grown, design: Design, *, is_level: bool, cost: float, total: Sum = NO_SUM
) -> Tree:
    """Turn scikit-learn's fitted tree into plain arrays, in breadth-first order.

    A split whose branch lowers the loss by less than `cost` a leaf is taken back.
    """
    left = _pruned(grown, is_level, cost)
    right = grown.children_right
    levels, frontier = [], np.zeros(1, np.intp)
    while len(frontier):
        levels.append(frontier)
        parents = frontier[left[frontier] >= 0]
        frontier = np.stack([left[parents], right[parents]], axis=1).ravel()
    old = np.concatenate(levels)
    new = np.empty(len(left), np.int32)
    new[old] = np.arange(len(old), dtype=np.int32)
    is_leaf = left[old] < 0
    feature, code = design.tests[np.maximum(grown.feature[old], 0)].T
    threshold = grown.threshold[old]
    # The nearest float32 at or below the threshold splits float32 values as it does.
    low = threshold.astype(np.float32)
    low = np.where(low > threshold, np.nextafter(low, np.float32(-np.inf)), low)
    low = np.where(code >= 0, code - 0.5, low)
    low = np.where(is_leaf, np.inf, low)
    high = np.where((code >= 0) & ~is_leaf, code + 0.5, np.inf)
    leaf = np.where(is_leaf, np.cumsum(is_leaf) - 1, -1)
    return Tree(
        feature.astype(np.int32),
        low.astype(np.float32),
        high.astype(np.float32),
        np.where(is_leaf, np.arange(len(old)), new[left[old]]).astype(np.int32),
        leaf.astype(np.int32),
        design.ordered,
        design.order_start,
        design.order,
        *total[:3],
        len(levels) - 1,
    )


def _pruned(grown, is_level, cost):
    """Left children after pruning: -1 where a node becomes a leaf."""
    left, right = grown.children_left.copy(), grown.children_right
    inner = np.flatnonzero(left >= 0)
    size = grown.n_node_samples.astype(np.float64)
    if is_level:
        share = grown.value[:, 0] / grown.value[:, 0].sum(axis=1, keepdims=True)
        loss = -size * (share * np.log(np.maximum(share, 1e-300))).sum(axis=1)
    else:
        # A leaf's variance is drawn to that of the node above it: few equal values
        # are no sign of none.
        above = grown.impurity.copy()
        above[left[inner]] = above[right[inner]] = grown.impurity[inner]
        variance = (size * grown.impurity + VARIANCE_ROWS * above) / (
            size + VARIANCE_ROWS
        )
        loss = size / 2 * np.log(variance + MIN_VARIANCE)
    # Children come after their parents.
    for node in inner[::-1].tolist():
        branch = loss[left[node]] + loss[right[node]] + cost
        if branch < loss[node]:
            loss[node] = branch
        else:
            left[node] = -1
    return left
