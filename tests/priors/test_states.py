"""States that describe no prior are refused, whatever is wrong with them."""

from dataclasses import replace

import numpy as np
import pytest

from skgan.priors import LevelColumn, NumberColumn, TreesPrior


@pytest.fixture(scope="module")
def prior():
    """Levels, many levels, a grid, a continuum with gaps, and a sum."""
    rng = np.random.default_rng(0)
    n = 500
    few, many = rng.integers(0, 3, n), rng.integers(0, 40, n)
    grid, number = rng.integers(0, 9, n), rng.normal(size=n) + few + many / 10
    number[::9] = np.nan
    total = 2 * np.nan_to_num(number) + grid + 0.1 * rng.normal(size=n)
    columns = np.column_stack([few, many, grid, number, total])
    schema = (LevelColumn(3), LevelColumn(40), *[NumberColumn()] * 3)
    return TreesPrior().fit(columns, schema, random_state=0)


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


def in_tree(**change):
    """Change arrays of the tree of the column that has the deepest one."""

    def apply(model):
        tree = model.tree
        values = {name: make(tree) for name, make in change.items()}
        return replace(model, tree=replace(tree, **values))

    return apply


def in_part(part, **change):
    def apply(model):
        inner = getattr(model, part)
        values = {name: make(inner) for name, make in change.items()}
        return replace(model, **{part: replace(inner, **values)})

    return apply


TREES = {
    "a child that is its grandparent": in_tree(
        left=lambda t: changed(t.left, np.flatnonzero(t.leaf < 0)[-1], 0)
    ),
    "a child out of range": in_tree(left=lambda t: changed(t.left, 0, 10**9)),
    "a negative child": in_tree(left=lambda t: changed(t.left, 0, -5)),
    "a leaf that leads on": in_tree(low=lambda t: changed(t.low, -1, 0.0)),
    "a leaf of another number": in_tree(leaf=lambda t: changed(t.leaf, -1, 10**9)),
    "a column out of range": in_tree(feature=lambda t: changed(t.feature, 0, 99)),
    "a column that comes later": in_tree(feature=lambda t: changed(t.feature, 0, 4)),
    "a negative column": in_tree(feature=lambda t: changed(t.feature, 0, -2)),
    "a depth of 10^12": in_tree(depth=lambda t: 10**12),
    "a depth of nothing": in_tree(depth=lambda t: 1),
    "a threshold that is none": in_tree(low=lambda t: changed(t.low, 0, np.nan)),
    "a node less": in_tree(high=lambda t: t.high[:-1]),
    "no node": in_tree(
        **{
            name: lambda t, name=name: getattr(t, name)[:0]
            for name in ("feature", "low", "high", "left", "leaf")
        }
    ),
    "another dtype": in_tree(low=lambda t: t.low.astype(np.float64)),
    "an order of numbers": in_tree(
        ordered=lambda t: np.array([2], np.int32),
        order_start=lambda t: np.zeros(1, np.int32),
        order=lambda t: np.zeros(0, np.float32),
    ),
    "a sum of levels": in_tree(
        sum_columns=lambda t: np.zeros(1, np.int32), weights=lambda t: np.ones(1)
    ),
    "a sum that is infinite": in_tree(intercept=lambda t: np.inf),
}
PARTS = {
    "items of no leaf": in_part("items", keys=lambda i: changed(i.keys, -1, 10**12)),
    "items that descend": in_part("items", keys=lambda i: i.keys[::-1].copy()),
    "a negative item": in_part("items", keys=lambda i: changed(i.keys, 0, -1)),
    "counts of 0": in_part("items", ends=lambda i: np.zeros_like(i.ends)),
    "another number of items": in_part("items", n_items=lambda i: 10**12),
    "leaves that begin elsewhere": in_part(
        "items", start=lambda i: changed(i.start, 1, 10**9)
    ),
    "a leaf less": in_part("items", start=lambda i: i.start[:-1]),
    "intervals without an end": in_part("intervals", high=lambda i: i.high[:-1]),
    "an infinite interval": in_part(
        "intervals", high=lambda i: changed(i.high, 0, np.inf)
    ),
    "no interval": in_part(
        "intervals",
        low=lambda i: i.low[:0],
        high=lambda i: i.high[:0],
        start=lambda i: np.zeros_like(i.start),
    ),
    "a spread of 0": in_part("intervals", spread=lambda i: 0 * i.spread),
    "knots that descend": in_part("scale", knots=lambda s: s.knots[::-1].copy()),
    "one knot": in_part(
        "scale", knots=lambda s: s.knots[:1], knot_scores=lambda s: s.knot_scores[:1]
    ),
    "atoms without scores": in_part("scale", atoms=lambda s: np.zeros(1)),
    "another kind of column": in_part("scale", is_discrete=lambda s: True),
}


def refused(prior, column, change):
    other = TreesPrior.from_state(prior.get_state())
    other._models[column] = change(other._models[column])
    with pytest.raises(ValueError, match=r"^column \d of a prior: .*\.$"):
        TreesPrior.from_state(other.get_state())


@pytest.mark.parametrize("name", TREES)
def test_trees(prior, name):
    column = 3
    assert prior._models[column].tree.depth > 2
    refused(prior, column, TREES[name])


@pytest.mark.parametrize("name", PARTS)
def test_leaves_and_scales(prior, name):
    refused(prior, 3, PARTS[name])


STATES = {
    "an order that is none": ("order", np.zeros(5, np.int64)),
    "no columns": ("n_levels", np.zeros(0, np.int64)),
    "10^15 levels": ("n_levels", np.array([10**15, 40, 0, 0, 0])),
    "10^9 particles": ("sizes", np.array([500, 10**9])),
    "a size less": ("sizes", np.array([500])),
    "another member": ("rows", np.zeros(3)),
    "layouts of floats": ("layout", np.zeros((9, 3))),
    "no layout": ("layout", np.zeros((0, 3), np.int64)),
    "a layout of 10^12": ("layout", np.full((900, 3), 10**12)),
    "a negative layout": ("layout", np.full((900, 3), -1)),
    "a value more": ("float32", np.zeros(10**6, np.float32)),
    "no values": ("float32", np.zeros(0, np.float32)),
    "an array of two axes": ("float32", np.zeros((2, 2), np.float32)),
}


@pytest.mark.parametrize("name", STATES)
def test_members(prior, name):
    member, value = STATES[name]
    state = prior.get_state() | {member: value}
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        TreesPrior.from_state(state)


def test_states_are_small_and_lose_nothing(prior):
    state = prior.get_state()
    again = TreesPrior.from_state(state)
    for name, array in again.get_state().items():
        np.testing.assert_array_equal(array, state[name], strict=True)
    assert not len(state["int64"])
    assert len(state["float32"]) > 4 * len(state["float64"])
