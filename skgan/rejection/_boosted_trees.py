"""Boosted trees as plain arrays, whoever grew them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from skgan._validation import check_array, check_starts

from ._state_checks import MAX_GROUPS, check_integers, check_number

LEAF = -1  # the feature of a leaf
NO_SET = -1  # the set of a split of numbers
MAX_LEAVES = 32  # a leaf is a bit of a uint32

_OF_NODES = (
    "feature",
    "threshold",
    "missing_left",
    "left",
    "right",
    "value",
    "left_set",
)


@dataclass(frozen=True)
class Trees:
    """A sum of binary trees: node by node, the root of each tree first.

    A row goes left if its number is at most `threshold`, or if its level is in the
    set; where the value is missing, as `missing_left` says.
    """

    first: np.ndarray  # (n_trees + 1,) int64: where the nodes of each tree begin
    feature: np.ndarray  # (n_nodes,) int32, LEAF at leaves
    threshold: np.ndarray  # (n_nodes,) float64
    missing_left: np.ndarray  # (n_nodes,) bool
    left: np.ndarray  # (n_nodes,) int32, counted from the root of the tree
    right: np.ndarray  # (n_nodes,) int32
    value: np.ndarray  # (n_nodes,) float64, read at leaves
    left_set: np.ndarray  # (n_nodes,) int32: row of `sets`, NO_SET for numbers
    sets: np.ndarray  # (n_sets, 32) uint8: bits of the levels that go left
    baseline: float

    def __len__(self) -> int:
        return len(self.first) - 1

    def get_state(self) -> dict[str, Any]:
        """Arrays by name: nodes in preorder, what splits and leaves have apart.

        So each split's left child is the next node, and its right one the node after
        the left one's branch; `code` is the row of `thresholds` or of `sets`.
        """
        order = _preorder(self)
        feature = self.feature[order]
        splits = order[feature != LEAF]
        of_levels = self.left_set[splits] != NO_SET
        thresholds, numbers = np.unique(
            self.threshold[splits][~of_levels], return_inverse=True
        )
        kept, sets = np.unique(self.left_set[splits][of_levels], return_inverse=True)
        code = np.empty(len(splits), np.int64)
        code[of_levels], code[~of_levels] = sets, numbers
        return {
            "first": _narrowed(self.first),
            "feature": _narrowed(feature),
            "missing_left": self.missing_left[splits],
            "of_levels": of_levels,
            "code": _narrowed(code),
            "value": self.value[order[feature == LEAF]].astype(np.float32),
            "thresholds": thresholds,
            "sets": self.sets[kept],
            "baseline": self.baseline,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Trees:
        """The trees of such arrays, other members left alone; a ValueError if none."""
        feature = check_integers("feature", state["feature"], LEAF, 2**31 - 1)
        first = check_integers("first", state["first"], 0, len(feature))
        first = check_starts("first", first.astype(np.int64), len(feature))
        is_leaf = feature == LEAF
        n_splits = int((~is_leaf).sum())
        of_levels = check_array("of_levels", state["of_levels"], "bool", n_splits)
        missing = check_array("missing_left", state["missing_left"], "bool", n_splits)
        thresholds = check_array(
            "thresholds", state["thresholds"], "float64", is_finite=False
        )
        value = check_array("value", state["value"], "float32", int(is_leaf.sum()))
        sets = state["sets"]
        is_array = isinstance(sets, np.ndarray) and sets.dtype == np.uint8
        if not is_array or sets.ndim != 2 or sets.shape[1] != (MAX_GROUPS + 1) // 8:
            raise ValueError("sets must be an array of bits, 256 a line.")
        code = check_integers("code", state["code"], 0, 2**31 - 1, n_splits)
        check_integers("code", code[of_levels], 0, len(sets) - 1)
        check_integers("code", code[~of_levels], 0, len(thresholds) - 1)
        nodes = {
            "threshold": np.zeros(len(feature)),
            "missing_left": np.zeros(len(feature), bool),
            "value": np.zeros(len(feature)),
            "left_set": np.full(len(feature), NO_SET, np.int32),
        }
        splits = np.flatnonzero(~is_leaf)
        nodes["threshold"][splits[~of_levels]] = thresholds[code[~of_levels]]
        nodes["left_set"][splits[of_levels]] = code[of_levels]
        nodes["missing_left"][splits] = missing
        nodes["value"][is_leaf] = value
        left, right = _children(first, is_leaf)
        return cls(
            first=first,
            feature=feature.astype(np.int32),
            left=left,
            right=right,
            sets=sets,
            baseline=check_number("baseline", state["baseline"], -1e9, 1e9),
            **nodes,
        )


def _narrowed(integers: np.ndarray) -> np.ndarray:
    """The same in two bytes each, or in four."""
    is_short = not len(integers) or integers.max() < 2**15
    return integers.astype(np.int16 if is_short else np.int32)


def _preorder(trees: Trees) -> np.ndarray:
    """All nodes: each before its left branch, and that before its right one."""
    left, right = trees.left.tolist(), trees.right.tolist()
    is_leaf = (trees.feature == LEAF).tolist()
    order: list[int] = []
    for root in trees.first[:-1].tolist():
        pending = [root]
        while pending:
            node = pending.pop()
            order.append(node)
            if not is_leaf[node]:
                pending += [root + right[node], root + left[node]]
    return np.array(order, np.intp)


def _children(first: np.ndarray, is_leaf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Left and right children of nodes in preorder, or a ValueError."""
    n = len(is_leaf)
    left, right = np.zeros(n, np.int32), np.zeros(n, np.int32)
    leaves, bounds = is_leaf.tolist(), first.tolist()
    for root, stop in pairwise(bounds):
        if not 1 <= stop - root < 2 * MAX_LEAVES:
            raise ValueError(f"a tree must have from 1 to {MAX_LEAVES} leaves.")
        waiting: list[int] = []
        for node in range(root, stop):
            if not leaves[node]:
                left[node] = node + 1 - root
                waiting.append(node)
            elif waiting:
                right[waiting.pop()] = node + 1 - root
            elif node + 1 < stop:
                raise ValueError("a tree ends before its nodes do.")
        if waiting or not leaves[stop - 1] or right[root:stop].max() >= stop - root:
            raise ValueError("a tree lacks nodes.")
    return left, right


def tree_of(
    feature: Any,
    threshold: Any,
    missing_left: Any,
    left: Any,
    right: Any,
    value: Any,
    left_sets: Any = None,
) -> Trees:
    """One tree; `left_sets`: the splits of levels, and (n, 256) which go left."""
    n_nodes = len(feature)
    left_set = np.full(n_nodes, NO_SET, dtype=np.int32)
    sets = np.zeros((0, 256), dtype=bool)
    if left_sets is not None:
        of_levels, sets = left_sets
        left_set[of_levels] = np.arange(len(sets))
    return Trees(
        np.array([0, n_nodes]),
        np.asarray(feature, dtype=np.int32),
        np.asarray(threshold, dtype=np.float64),
        np.asarray(missing_left, dtype=bool),
        np.asarray(left, dtype=np.int32),
        np.asarray(right, dtype=np.int32),
        np.asarray(value, dtype=np.float64),
        left_set,
        np.packbits(sets, axis=1),
        0.0,
    )


def baseline(value: float) -> Trees:
    """No tree, a constant alone."""
    none = tree_of([], [], [], [], [], [])
    return replace(none, first=np.zeros(1, dtype=np.int64), baseline=value)


def concatenate(parts: list[Trees]) -> Trees:
    """The sum of all parts, their trees one part after the other."""
    return _join(parts, np.arange(sum(len(part) for part in parts)))


def interleave(parts: list[Trees]) -> Trees:
    """The sum of all parts: the first tree of each, then the second of each."""
    turns = np.concatenate([np.arange(len(part)) for part in parts])
    return _join(parts, np.argsort(turns, kind="stable"))


def _join(parts: list[Trees], order: np.ndarray) -> Trees:
    n_nodes = np.cumsum([0] + [len(part.feature) for part in parts])
    n_sets = np.cumsum([0] + [len(part.sets) for part in parts])
    begins = np.concatenate(
        [
            part.first[:-1] + start
            for part, start in zip(parts, n_nodes[:-1], strict=True)
        ]
    )
    sizes = np.concatenate([np.diff(part.first) for part in parts])
    runs = [np.arange(begins[i], begins[i] + sizes[i]) for i in order]
    nodes = np.concatenate([np.empty(0, dtype=np.int64), *runs])
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])[nodes]
        for name in _OF_NODES
        if name != "left_set"
    }
    left_set = [
        np.where(part.left_set == NO_SET, NO_SET, part.left_set + start)
        for part, start in zip(parts, n_sets[:-1], strict=True)
    ]
    return Trees(
        first=np.cumsum([0, *sizes[order]]),
        left_set=np.concatenate(left_set).astype(np.int32)[nodes],
        sets=np.concatenate([part.sets for part in parts]),
        baseline=float(sum(part.baseline for part in parts)),
        **joined,
    )


def scaled(trees: Trees, factor: float) -> Trees:
    """The sum times a factor."""
    return replace(trees, value=trees.value * factor, baseline=trees.baseline * factor)


def first_trees(trees: Trees, n_trees: int) -> Trees:
    """The sum of the first trees alone."""
    n_nodes = trees.first[min(n_trees, len(trees))]
    cut = {name: getattr(trees, name)[:n_nodes] for name in _OF_NODES}
    return replace(trees, first=trees.first[: n_trees + 1], **cut)
