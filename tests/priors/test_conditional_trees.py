"""Trees of each column given all others: states, rows of their own, refusals."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from skgan.priors import ConditionalTrees, LevelColumn, NumberColumn

N = 400


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    level, many = rng.integers(0, 3, N), rng.integers(0, 40, N)
    number = level + rng.normal(size=N)
    columns = np.column_stack([level, many, number, 2 * number + rng.normal(size=N)])
    return columns, rng.random(columns.shape) < 0.25


@pytest.fixture(scope="module")
def trees(rows):
    schema = (LevelColumn(3), LevelColumn(40), NumberColumn(), NumberColumn())
    return ConditionalTrees(n_trees=2).fit(*rows, schema, random_state=0)


def test_draws_come_from_observed_values(trees, rows):
    columns, is_missing = rows
    # Whatever stands in missing cells.
    spoilt = np.where(is_missing, -99.0, columns)
    drawn = trees.draw(spoilt, is_missing, seed=1)
    assert (drawn == trees.draw(columns, is_missing, seed=1)).all()
    assert (drawn[~is_missing] == columns[~is_missing]).all()
    assert np.isfinite(drawn).all()
    for j in (0, 1):
        assert np.isin(drawn[:, j], columns[~is_missing[:, j], j]).all()


def test_two_columns_that_determine_each_other_are_drawn_alike():
    """Turns over the columns alone would never leave the values they begin with."""
    rng = np.random.default_rng(1)
    group, twin = rng.integers(0, 2, 600), rng.integers(0, 4, 600)
    twin = np.where(rng.random(600) < 0.9, 2 * group, twin)
    columns = np.column_stack([twin, twin, group]).astype(float)
    is_missing = rng.random(columns.shape) < 0.3
    is_missing[:300, :2] = True
    schema = (LevelColumn(4), LevelColumn(4), LevelColumn(2))
    trees = ConditionalTrees().fit(columns, is_missing, schema, random_state=0)
    drawn = trees.draw(columns, is_missing, seed=0)
    both = is_missing[:, 0] & is_missing[:, 1] & ~is_missing[:, 2]
    assert (drawn[both, 0] == drawn[both, 1]).mean() > 0.97
    assert (drawn[both, 0] == 2 * group[both]).mean() > 0.8


def test_states_and_pickles_draw_the_same(trees, rows):
    for other in (
        ConditionalTrees.from_state(trees.get_state()),
        pickle.loads(pickle.dumps(trees)),
    ):
        assert (other.draw(*rows, seed=3) == trees.draw(*rows, seed=3)).all()
        same = other.expect(*rows, 3, n_draws=4) == trees.expect(*rows, 3, n_draws=4)
        assert same.all()


def test_means_are_those_of_draws(trees, rows):
    columns, is_missing = rows
    draws = [trees.draw(columns, is_missing, 0, index)[:, 2] for index in range(200)]
    means = trees.expect(columns, is_missing, 0, n_draws=60)[:, 2]
    hidden = is_missing[:, 2]
    gap = np.mean(draws, axis=0)[hidden] - means[hidden]
    assert np.abs(gap).mean() < 0.08


def test_states_that_are_none(trees):
    state = trees.get_state()
    wrong = {
        "sizes": np.array([N, 10**9]),
        "n_levels": np.zeros(0, np.int64),
        "foretells": np.ones(3, bool),
        "layout": state["layout"][:-1],
    }
    for name, value in wrong.items():
        with pytest.raises(ValueError, match=r"\.$"):
            ConditionalTrees.from_state({**state, name: value})
    with pytest.raises(ValueError, match="other arrays"):
        ConditionalTrees.from_state({"sizes": state["sizes"]})
    other = ConditionalTrees.from_state(state)
    model = other._trees[0][2]
    split = model.rest if model.rest is not None else model.tree
    feature = split.feature.copy()
    feature[0] = 2
    name = "tree" if model.rest is None else "rest"
    other._trees[0][2] = replace(model, **{name: replace(split, feature=feature)})
    with pytest.raises(ValueError, match="a split must be on a column before"):
        ConditionalTrees.from_state(other.get_state())


def test_refusals(trees, rows):
    columns, is_missing = rows
    with pytest.raises(ValueError, match="observed cell"):
        ConditionalTrees().fit(columns, is_missing | True, trees.schema_)
    with pytest.raises(ValueError, match="mask of the shape"):
        trees.draw(columns, is_missing[:, :2], 0)
    with pytest.raises(ValueError, match=r"of shape \(n, 4\)"):
        trees.draw(columns[:, :2], is_missing[:, :2], 0)
