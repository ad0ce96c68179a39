"""Rows drawn given any of their cells."""

import numpy as np
import pytest
from scipy.stats import chisquare

from skgan.priors import LevelColumn, NumberColumn, TreesPrior


@pytest.fixture(scope="module")
def discrete():
    """A prior of three columns of levels, and their joint shares in training."""
    rng = np.random.default_rng(0)
    joint = rng.dirichlet(np.ones(24)).reshape(2, 3, 4)
    cells = rng.choice(24, 20_000, p=joint.ravel())
    columns = np.stack(np.unravel_index(cells, joint.shape), axis=1).astype(float)
    schema = (LevelColumn(2), LevelColumn(3), LevelColumn(4))
    shares = np.bincount(cells, minlength=24).reshape(2, 3, 4) / 20_000
    prior = TreesPrior(split_cost=0.0).fit(columns, schema, random_state=0)
    return prior, shares


@pytest.mark.parametrize("known", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)])
def test_drawn_cells_follow_the_exact_conditional(discrete, known):
    prior, shares = discrete
    n, at = 4000, (1, 2, 3)
    given = np.tile(np.array(at, float), (n, 1))
    is_given = np.zeros((n, 3), bool)
    is_given[:, known] = True
    drawn = prior.sample_given(given, is_given, 1).columns.astype(int)
    index = tuple(at[j] if j in known else slice(None) for j in range(3))
    expected = shares[index] / shares[index].sum()
    rest = [j for j in range(3) if j not in known]
    counts = np.zeros(expected.shape)
    np.add.at(counts, tuple(drawn[:, rest].T), 1)
    used = expected.ravel() > 0
    counts, expected = counts.ravel()[used], expected.ravel()[used] * n
    assert counts.sum() == n
    assert chisquare(counts, expected).pvalue > 1e-3


def test_given_cells_are_kept_to_the_bit(mixed):
    columns, schema = mixed
    prior = TreesPrior().fit(columns, schema, random_state=0)
    rng = np.random.default_rng(0)
    given = columns[:200].copy()
    is_given = rng.random(given.shape) < 0.5
    given[:, 1] = np.where(given[:, 1] > 0, given[:, 1] * 1.01, 0)
    given[~is_given] = np.nan
    draw = prior.sample_given(given, is_given, 3)
    kept = draw.columns[is_given]
    assert kept.tobytes() == given[is_given].tobytes()
    rest = draw.columns[~is_given]
    assert not np.isnan(draw.columns[:, [0, 1, 3, 4]]).any() and len(rest)
    assert (draw.effective_sample_size >= 1).all()
    assert (draw.effective_sample_size <= prior.n_particles + 1e-9).all()
    again = prior.sample_given(given, is_given, 3)
    assert np.array_equal(draw.columns, again.columns, equal_nan=True)


def test_what_is_given_moves_what_came_before():
    rng = np.random.default_rng(0)
    x = rng.normal(size=3000)
    columns = np.column_stack([x, 2 * x + 0.5 * rng.normal(size=3000)])
    prior = TreesPrior().fit(columns, (NumberColumn(),) * 2, random_state=0)
    given = np.full((2000, 2), 2.0)
    is_given = np.tile([False, True], (2000, 1))
    drawn = prior.sample_given(given, is_given, 0).columns[:, 0]
    # x given y is normal around 2 y / 4.25, with variance .25 / 4.25.
    assert np.mean(drawn) == pytest.approx(4 / 4.25, abs=0.08)
    assert np.std(drawn) == pytest.approx(np.sqrt(0.25 / 4.25), rel=0.35)


def test_a_given_missing_value_is_a_value(mixed):
    columns, schema = mixed
    prior = TreesPrior().fit(columns, schema, random_state=0)
    given = np.full((1500, 5), np.nan)
    is_given = np.tile(np.arange(5) == 2, (1500, 1))
    drawn = prior.sample_given(given, is_given, 0).columns
    assert np.isnan(drawn[:, 2]).all()
    real = columns[np.isnan(columns[:, 2])]
    assert np.mean(drawn[:, 1] > 0) == pytest.approx(np.mean(real[:, 1] > 0), abs=0.07)


def test_columns_that_stand_first_weigh_nothing(mixed):
    columns, schema = mixed
    prior = TreesPrior().fit(columns, schema, first=(4, 1), random_state=0)
    is_given = np.tile(np.isin(np.arange(5), (1, 4)), (300, 1))
    draw = prior.sample_given(columns[:300], is_given, 0)
    assert (draw.effective_sample_size == prior.n_particles).all()


def test_all_or_nothing_given(mixed):
    columns, schema = mixed
    prior = TreesPrior().fit(columns, schema, random_state=0)
    every = np.ones((20, 5), bool)
    draw = prior.sample_given(columns[:20], every, 0)
    assert np.array_equal(draw.columns, columns[:20], equal_nan=True)
    draw = prior.sample_given(columns[:2000], np.zeros((2000, 5), bool), 0)
    shares = np.bincount(draw.columns[:, 0].astype(int)) / 2000
    assert np.abs(shares - np.bincount(columns[:, 0].astype(int)) / 3000).max() < 0.05
    empty = prior.sample_given(np.empty((0, 5)), np.empty((0, 5), bool), 0)
    assert empty.columns.shape == (0, 5)


@pytest.mark.parametrize("known", [(0, 1), (1, 2)])
def test_what_never_occurs_together_is_named_or_relaxed(known):
    bit = np.tile([0.0, 1.0], 200)
    columns = np.column_stack([bit, bit, np.repeat([0.0, 1.0], 200)])
    columns[:, 2] = bit
    prior = TreesPrior().fit(columns, (LevelColumn(2),) * 3, random_state=0)
    given = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    given[1, known[1]] = 1.0
    is_given = np.zeros((2, 3), bool)
    is_given[:, known] = True
    with pytest.raises(ValueError, match=rf"nothing fits 1 .* column {known[1]} "):
        prior.sample_given(given, is_given, 0)
    draw = prior.sample_given(given, is_given, 0, on_impossible="relax")
    assert np.array_equal(draw.columns[is_given], given[is_given])
    assert draw.effective_sample_size[1] == 0 < draw.effective_sample_size[0]


def test_wrong_conditions_are_named(mixed):
    columns, schema = mixed
    prior = TreesPrior().fit(columns, schema, random_state=0)
    with pytest.raises(ValueError, match="is_given must be a mask"):
        prior.sample_given(columns[:3], np.ones((2, 5), bool), 0)
    with pytest.raises(ValueError, match="on_impossible"):
        prior.sample_given(columns[:3], np.ones((3, 5), bool), 0, on_impossible="skip")
    wrong = columns[:1].copy()
    wrong[0, 0] = 3
    with pytest.raises(ValueError, match="column 0 must hold codes"):
        prior.sample_given(wrong, np.ones((1, 5), bool), 0)
