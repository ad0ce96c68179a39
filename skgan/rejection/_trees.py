"""Boosted trees as plain arrays, whoever grew them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

LEAF = -1  # the feature of a leaf
NO_SET = -1  # the set of a split of numbers
MAX_LEAVES = 32  # a leaf is a bit of a uint32
MAX_GROUPS = 255  # levels of a column that trees tell apart

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
        """Arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Trees:
        """The trees whose arrays these are; other members are left alone."""
        return cls(**{field.name: state[field.name] for field in fields(cls)})


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
