"""Whether states describe boosted trees and groups that rows can be scored by."""

from __future__ import annotations

from typing import Any

import numpy as np

from skgan._validation import check_array, check_starts

from ._trees import LEAF, MAX_GROUPS, MAX_LEAVES, NO_SET, Trees

# Of the tables of masks, four bytes each: three times those of 600 full trees.
_MAX_CELLS = 2**25


def check_number(name: str, value: Any, low: float, high: float) -> float:
    """Return a number of a state, or raise a ValueError."""
    is_number = isinstance(value, int | float | np.number)
    if not is_number or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, got {value!r:.80}.")
    return float(value)


def check_count(name: str, value: Any, low: int, high: int) -> int:
    """Return an integer of a state, or raise a ValueError."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise ValueError(f"{name} must be an integer, got {value!r:.80}.")
    return int(check_number(name, int(value), low, high))


def check_order(name: str, value: Any) -> np.ndarray:
    """Return an order of columns, each of which it names once, or raise."""
    check_array(name, value, "int64")
    if not len(value) or not (np.sort(value) == np.arange(len(value))).all():
        raise ValueError(f"{name} must name each column once.")
    return value


def check_groups(groups: Any, first: Any, n_levels: int) -> list[np.ndarray]:
    """Return the groups of the codes of each column of levels, or raise."""
    last = MAX_GROUPS - 1
    check_array("groups", groups, "int16", minimum=-1, maximum=last)
    starts = check_starts("groups_first", first, len(groups), n_levels)
    return np.split(groups, starts[1:-1]) if n_levels else []


def check_trees(trees: Trees, n_columns: int, n_levels: int) -> None:
    """Raise a ValueError unless the trees are some, of columns with levels first."""
    n = len(trees.feature)
    for name in ("feature", "left", "right", "left_set"):
        check_array(name, getattr(trees, name), "int32", n)
    check_array("threshold", trees.threshold, "float64", n, is_finite=False)
    check_array("value", trees.value, "float64", n)
    check_array("missing_left", trees.missing_left, "bool", n)
    starts = check_starts("first", trees.first, n)
    sizes = np.diff(starts)
    if len(sizes) and not 1 <= sizes.min() <= sizes.max() < 2 * MAX_LEAVES:
        raise ValueError(f"a tree must have from 1 to {MAX_LEAVES} leaves.")
    check_number("baseline", trees.baseline, -1e300, 1e300)
    sets = trees.sets
    is_array = isinstance(sets, np.ndarray) and sets.dtype == np.uint8
    if not is_array or sets.ndim != 2 or sets.shape[1] != (MAX_GROUPS + 1) // 8:
        raise ValueError("sets must be an array of bits, 256 a line.")
    _check_children(trees, sizes)
    _check_splits(trees, n_columns, n_levels)


def _check_children(trees: Trees, sizes: np.ndarray) -> None:
    """Raise unless each node but the root is once the child of one before it."""
    root = np.repeat(trees.first[:-1], sizes)
    inner = np.flatnonzero(trees.feature != LEAF)
    children = np.concatenate([trees.left[inner], trees.right[inner]])
    parents, roots = np.tile(inner, 2), np.tile(root[inner], 2)
    size = np.tile(np.repeat(sizes, sizes)[inner], 2)
    is_inside = (children > parents - roots) & (children < size)
    others = np.delete(np.arange(len(root)), trees.first[:-1])
    if not is_inside.all() or not np.array_equal(np.sort(children + roots), others):
        raise ValueError("each node of a tree must have one parent, before it.")


def _check_splits(trees: Trees, n_columns: int, n_levels: int) -> None:
    """Raise unless splits are of columns, levels by sets and numbers by thresholds."""
    last = n_columns - 1
    check_array("feature", trees.feature, "int32", minimum=LEAF, maximum=last)
    is_split = trees.feature != LEAF
    of_levels = is_split & (trees.feature < n_levels)
    sets = trees.left_set[of_levels]
    check_array("left_set", sets, "int32", minimum=0, maximum=len(trees.sets) - 1)
    if not (trees.left_set[is_split & ~of_levels] == NO_SET).all():
        raise ValueError("a split of numbers cannot have a set of levels.")
    pairs = np.stack([trees.feature, trees.threshold], axis=1)
    n_bins = len(np.unique(pairs[is_split & ~of_levels], axis=0))
    n_bins += 2 * n_columns + (MAX_GROUPS + 1) * min(n_levels, len(sets))
    if n_bins * (len(trees.first) - 1) > _MAX_CELLS:
        raise ValueError("its trees have more thresholds than can be held.")


def check_margins(is_levels: Any, bins: Any, bins_first: Any, terms: Any, first: Any):
    """Return the bins and the terms of each column, or raise a ValueError."""
    check_array("is_levels", is_levels, "bool")
    n = len(is_levels)
    check_array("bins", bins, "float64")
    check_array("terms", terms, "float64")
    bins = np.split(bins, check_starts("bins_first", bins_first, len(bins), n)[1:-1])
    terms = np.split(terms, check_starts("terms_first", first, len(terms), n)[1:-1])
    if not n or min(map(len, terms)) < 1:
        raise ValueError("each column must have a term.")
    for levels, part, own in zip(is_levels, bins, terms, strict=True):
        if not levels and not (np.diff(part) > 0).all():
            raise ValueError("ends of bins must ascend.")
        if levels and not (len(part) and np.isin(part, np.arange(len(own))).all()):
            raise ValueError("a level must have one of the bins.")
    return bins, terms
