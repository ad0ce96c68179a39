"""Whether a state describes a chain of trees: nothing is drawn that could go wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skgan._validation import check_array, check_starts

from ._base import LevelColumn, NumberColumn, Schema
from ._column import ColumnModel, LevelModel
from ._decision_tree import SUM, Tree
from ._leaves import LeafIntervals, LeafItems
from ._numbers import NumberScale


def check_models(
    models: Sequence[ColumnModel], schema: Schema, order: Sequence[int]
) -> None:
    """Raise a ValueError unless each column can be drawn after those before it."""
    for place, column in enumerate(order):
        before = np.zeros(len(schema), bool)
        before[list(order[:place])] = True
        try:
            check_model(models[column], schema, column, before)
        except ValueError as error:
            raise ValueError(f"column {column} of a prior: {error}") from error


def check_model(model: ColumnModel, schema: Schema, index: int, before) -> None:
    column = schema[index]
    _check_tree(model.tree, schema, before)
    n_leaves = len(np.flatnonzero(model.tree.leaf >= 0))
    if isinstance(model, LevelModel):
        assert isinstance(column, LevelColumn)
        check_array("shares", model.shares, "float64", column.n_levels, minimum=0)
        _check_items(model.items, n_leaves, column.n_levels)
        if not (model.shares > 0).all():
            raise ValueError("shares must be above 0.")
        return
    assert isinstance(column, NumberColumn)
    scale = model.scale
    _check_scale(scale)
    if scale.is_discrete != column.discrete or (column.discrete and not scale.is_grid):
        raise ValueError("its scale is of another kind than its column.")
    _check_items(model.items, n_leaves, len(scale.atoms) + 2)
    keys, n_items = model.items.keys, model.items.n_items
    drawn = (keys // n_items)[keys % n_items == scale.continuum]
    if model.rest is not None:
        _check_tree(model.rest, schema, before)
        n_leaves = len(np.flatnonzero(model.rest.leaf >= 0))
        drawn = np.arange(n_leaves)
        if scale.is_grid and not len(scale.atoms):
            raise ValueError("nothing can be rounded to.")
    elif scale.is_grid and len(drawn):
        raise ValueError("a grid has no continuum.")
    _check_intervals(model.intervals, n_leaves)
    if not (np.diff(model.intervals.start)[drawn] > 0).all():
        raise ValueError("a leaf has nothing to draw from.")


def _check_tree(tree: Tree, schema: Schema, before: np.ndarray) -> None:
    """Raise unless nodes stand breadth first and ask for columns that are known."""
    n = len(tree.feature)
    if not n:
        raise ValueError("a tree must have a root.")
    for name in ("feature", "left", "leaf"):
        check_array(name, getattr(tree, name), "int32", n)
    for name in ("low", "high"):
        check_array(name, getattr(tree, name), "float32", n, is_finite=False)
    is_inner = tree.left != np.arange(n)
    inner = np.flatnonzero(is_inner)
    if (
        n != 2 * len(inner) + 1
        or not (
            (tree.left[inner] == 1 + 2 * np.arange(len(inner)))
            & (tree.left[inner] > inner)
            & (tree.leaf[inner] == -1)
        ).all()
    ):
        raise ValueError("nodes must come after their parents, level by level.")
    leaves = np.flatnonzero(~is_inner)
    if not (
        (tree.leaf[leaves] == np.arange(len(leaves))) & np.isposinf(tree.low[leaves])
    ).all():
        raise ValueError("leaves must be numbered one by one, and lead nowhere.")
    if tree.depth != _depth(is_inner):
        raise ValueError(f"a tree is not {tree.depth} splits deep.")
    _check_features(tree, schema, before, inner)


def _depth(is_inner: np.ndarray) -> int:
    """Splits on the longest way, of nodes that stand level by level."""
    n_before = np.concatenate([[0], np.cumsum(is_inner)])
    start, stop, depth = 0, 1, -1
    while start < stop:
        n_parents = int(n_before[stop] - n_before[start])
        start, stop, depth = stop, stop + 2 * n_parents, depth + 1
    return depth


def _check_features(tree: Tree, schema: Schema, before, inner) -> None:
    """Raise unless splits are on columns before, on orders of levels or the sum."""
    d, n_ordered = len(schema), len(tree.ordered)
    check_array("ordered", tree.ordered, "int32", minimum=0, maximum=d - 1)
    check_array("order_start", tree.order_start, "int32", n_ordered)
    check_array("order", tree.order, "float32")
    starts = check_starts(
        "order_start", np.append(tree.order_start, len(tree.order)), len(tree.order)
    )
    levels = np.array([getattr(column, "n_levels", 0) for column in schema])
    is_known = (before & (levels > 0))[tree.ordered]
    if not (is_known & (np.diff(starts) == levels[tree.ordered])).all():
        raise ValueError("an order must name the levels of a column before.")
    check_array("sum_columns", tree.sum_columns, "int32", minimum=0, maximum=d - 1)
    check_array("weights", tree.weights, "float64", len(tree.sum_columns))
    if not np.isfinite(tree.intercept):
        raise ValueError("intercept must be finite.")
    if not (before & (levels == 0))[tree.sum_columns].all():
        raise ValueError("a sum must be of numbers before.")
    last = d + n_ordered - 1
    check_array("feature", tree.feature, "int32", minimum=SUM, maximum=last)
    asked = tree.feature[inner]
    asked = asked[(asked >= 0) & (asked < d)]
    if not before[asked].all():
        raise ValueError("a split must be on a column before.")


def _check_items(items: LeafItems, n_leaves: int, n_items: int) -> None:
    """Raise unless each leaf counts one item or more."""
    n = len(items.keys)
    if items.n_items != n_items:
        raise ValueError(f"leaves must count {n_items} items, not {items.n_items}.")
    last = n_leaves * n_items - 1
    check_array("keys", items.keys, "int64", minimum=0, maximum=last)
    check_array("ends", items.ends, "int64", n, minimum=1)
    if not ((np.diff(items.keys) > 0).all() and (np.diff(items.ends) > 0).all()):
        raise ValueError("keys and ends must ascend.")
    check_starts("start", items.start, n, n_leaves)
    wanted = np.searchsorted(items.keys, np.arange(n_leaves + 1) * n_items)
    if not (items.start == wanted).all() or not (np.diff(wanted) > 0).all():
        raise ValueError("each leaf must count an item.")


def _check_intervals(intervals: LeafIntervals, n_leaves: int) -> None:
    """Raise unless intervals and spreads are some."""
    n = len(intervals.low)
    for name, length in (("low", n), ("high", n), ("mean", n_leaves)):
        check_array(name, getattr(intervals, name), "float64", length)
    check_array("spread", intervals.spread, "float64", n_leaves, minimum=0)
    check_starts("start", intervals.start, n, n_leaves)
    if not ((intervals.low <= intervals.high).all() and (intervals.spread > 0).all()):
        raise ValueError("intervals and spreads must be some.")


def _check_scale(scale: NumberScale) -> None:
    """Raise unless values and scores ascend together."""
    for names in (("knots", "knot_scores"), ("atoms", "atom_scores")):
        length = len(getattr(scale, names[0]))
        for name in names:
            values = check_array(name, getattr(scale, name), "float64", length)
            if not (np.diff(values) > 0).all():
                raise ValueError(f"{name} must ascend.")
    if len(scale.knots) < 2:
        raise ValueError("a scale must have two knots or more.")
    check_array("shares", scale.shares, "float64", len(scale.atoms) + 2, minimum=0)
