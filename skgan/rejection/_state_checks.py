"""Whether states describe what rows can be scored by: trees, groups and margins."""

from __future__ import annotations

from typing import Any

import numpy as np

from skgan._validation import check_array, check_starts

MAX_GROUPS = 255  # levels of a column that trees tell apart
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


def check_integers(
    name: str, value: Any, low: int, high: int, length: int | None = None
) -> np.ndarray:
    """Return an array of integers, of two bytes each or more, or raise."""
    kind = getattr(getattr(value, "dtype", None), "name", "")
    kind = kind if kind in ("int16", "int32") else "int64"
    return check_array(name, value, kind, length, minimum=low, maximum=high)


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


def check_splits(trees: Any, n_columns: int, n_levels: int) -> None:
    """Raise unless splits are of columns, levels by sets and numbers by thresholds."""
    is_split = trees.left > 0
    feature, has_set = trees.feature[is_split], trees.left_set[is_split] >= 0
    check_integers("feature", feature, 0, n_columns - 1)
    if not (has_set == (feature < n_levels)).all():
        raise ValueError("levels are split by sets, numbers by thresholds.")
    pairs = np.stack([feature, trees.threshold[is_split]], axis=1)[~has_set]
    # Of a table of masks for each column: a line a threshold or level, and two.
    n_bins = len(np.unique(pairs, axis=0)) + 2 * n_columns
    n_bins += len(np.unique(feature[has_set])) * (MAX_GROUPS + 1)
    if n_bins * len(trees) > _MAX_CELLS:
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
