"""Numbers that few rows' chain draws vary together as those of training rows do."""

import numpy as np
import pytest

from skgan.priors import LevelColumn, NumberColumn, TreesPrior

NUMBER = NumberColumn()


def weak_rows(n=60, d=6):
    """Rows of few: a level, numbers of two factors, one with gaps and one of spikes."""
    rng = np.random.default_rng(0)
    level = rng.integers(0, 2, n)
    factors = rng.normal(size=(n, 2))
    numbers = factors @ rng.normal(size=(2, d)) + 1.2 * rng.normal(size=(n, d))
    numbers[:, 0] += level
    numbers[::7, 1] = np.nan
    numbers[::4, 2] = 9.0
    return np.column_stack([level, numbers]), (LevelColumn(2), *[NUMBER] * d)


@pytest.fixture(scope="module")
def priors():
    """One that moves numbers, and the chain alone."""
    rows, schema = weak_rows()
    return tuple(
        TreesPrior(match_moments=setting).fit(rows, schema, random_state=0)
        for setting in ("auto", False)
    )


def correlations(rows):
    """Correlations of the numbers that are not missing anywhere, and no spikes."""
    numbers = rows[:, [1, 4, 5, 6]]
    return np.corrcoef(numbers.T)[np.triu_indices(4, 1)]


def kept(rows, drawn):
    real = correlations(rows)
    return real @ correlations(drawn) / (real @ real)


def test_correlations_are_nearly_those_of_training(priors):
    rows, _ = weak_rows()
    moved, chain = (prior.sample(3000, 1) for prior in priors)
    assert kept(rows, chain) < 0.5
    assert kept(rows, moved) > kept(rows, chain) + 0.15
    spread = np.nanstd(moved, axis=0) / np.nanstd(rows, axis=0)
    np.testing.assert_allclose(spread, 1, atol=0.15)


def test_only_the_continuum_is_moved(priors):
    moved, chain = (prior.sample(1000, 1) for prior in priors)
    stays = np.isnan(chain) | (chain == 9.0)
    stays[:, 0] = True
    np.testing.assert_array_equal(moved[stays], chain[stays])
    assert np.mean(moved[~stays] != chain[~stays]) > 0.99
    rows, _ = weak_rows()
    assert (np.nanmin(moved, axis=0) >= np.nanmin(rows, axis=0)).all()
    assert (np.nanmax(moved, axis=0) <= np.nanmax(rows, axis=0)).all()


def test_densities_are_those_of_the_chain(priors):
    rows, _ = weak_rows()
    scores = [prior.score_samples(rows) for prior in priors]
    np.testing.assert_array_equal(*scores)


def test_given_cells_stay_and_others_follow_them(priors):
    given = np.full((400, 7), np.nan)
    is_given = np.zeros(given.shape, bool)
    is_given[:, 4] = True
    rows, _ = weak_rows()
    given[:, 4] = np.tile(np.quantile(rows[:, 4], [0.1, 0.9]), 200)
    is_given[::5, 0] = True
    given[::5, 0] = 1.0
    draws = [prior.sample_given(given, is_given, 0).columns for prior in priors]
    for drawn in draws:
        np.testing.assert_array_equal(drawn[is_given], given[is_given])
    scale = np.nanstd(rows, axis=0)
    apart = [
        np.abs(np.nanmean(drawn[1::2] - drawn[::2], axis=0) / scale)[[1, 5, 6]].sum()
        for drawn in draws
    ]
    assert apart[0] > apart[1] + 0.2


def test_a_state_moves_the_same_rows_to_the_bit(priors):
    state = priors[0].get_state()
    again = TreesPrior.from_state({name: part.copy() for name, part in state.items()})
    same = {"equal_nan": True}
    assert np.array_equal(again.sample(50, 1), priors[0].sample(50, 1), **same)
    assert "moved" not in priors[1].get_state()


@pytest.mark.parametrize(
    "part, change",
    [
        ("moved", lambda moved: moved + 3),
        ("moved", lambda moved: moved[[0, 0, *range(2, len(moved))]]),
        ("moved", lambda moved: moved * 0),
        ("beside", lambda beside: beside + 5),
        ("beside", lambda beside: beside[:, :1]),
        ("means", lambda means: means * np.nan),
        ("means", lambda means: means[:1]),
        ("covariances", lambda parts: parts[:, :-1]),
        ("covariances", np.tril),
        ("covariances", lambda parts: parts.astype(float)),
    ],
)
def test_other_states_are_refused(priors, part, change):
    state = priors[0].get_state()
    with pytest.raises(ValueError, match=rf"^{part} [^\n]+\.$"):
        TreesPrior.from_state(state | {part: change(state[part])})
    del state[part]
    with pytest.raises(ValueError, match="other arrays"):
        TreesPrior.from_state(state)


def test_what_the_chain_keeps_is_left_alone():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 300)
    circle = np.column_stack([np.cos(angle), np.sin(angle), angle])
    many = rng.normal(size=(1500, 1)) + rng.normal(size=(1500, 2))
    for rows in (circle, many):
        drawn = [
            TreesPrior(match_moments=setting, linear=False)
            .fit(rows, [NUMBER] * rows.shape[1], random_state=0)
            .sample(100, 0)
            for setting in ("auto", False)
        ]
        np.testing.assert_array_equal(*drawn)
