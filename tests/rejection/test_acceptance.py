"""Which rows are kept, the margins they have, and blocks filled with them."""

import numpy as np
import pytest

from skgan.rejection import Acceptance, MarginCorrection, accept, fill_block


def test_rows_are_kept_as_often_as_their_ratio_says():
    rule = Acceptance.from_drawn(np.log([1, 2, 3, 4, 5]), quantile=0.75)
    log_ratio = np.repeat(np.log([1.0, 2.0, 4.0, 40.0]), 20_000)
    kept = accept(rule.log_probability(log_ratio), np.random.default_rng(0))
    shares = kept.reshape(4, -1).mean(axis=1)
    np.testing.assert_allclose(shares, [0.25, 0.5, 1, 1], atol=0.015)


def test_temperature_softens_and_cap_bounds():
    log_ratio = np.log([0.25, 1.0, 4.0])
    half = Acceptance(0.0, temperature=0.5).log_probability(log_ratio)
    np.testing.assert_allclose(np.exp(half), [0.5, 1, 1])
    # The cap is a quantile of the tempered ratios, whatever the temperature.
    for temperature in (0.5, 1.0):
        rule = Acceptance.from_drawn(log_ratio, 1.0, temperature)
        kept = np.exp(rule.log_probability(log_ratio))
        np.testing.assert_allclose(kept, (log_ratio_to(log_ratio, temperature)))


def log_ratio_to(log_ratio, temperature):
    return np.exp(temperature * (log_ratio - log_ratio.max()))


def test_impossible_rows_are_never_kept_and_sure_ones_always():
    rng = np.random.default_rng(0)
    assert not accept(np.full(1000, -np.inf), rng).any()
    assert accept(np.zeros(1000), rng).all()


@pytest.mark.parametrize("quantile", [0, -0.1, 1.1])
def test_quantile_is_checked(quantile):
    with pytest.raises(ValueError, match=r"quantile must be in \(0, 1\]"):
        Acceptance.from_drawn([0.0], quantile)


def test_a_cap_of_no_rows_is_refused():
    with pytest.raises(ValueError, match="at least one drawn row"):
        Acceptance.from_drawn([])


def share_kept(rows, weights, value):
    return weights[rows == value].sum() / weights.sum()


def test_margins_of_kept_rows_are_the_real_ones(number, level):
    rng = np.random.default_rng(0)
    n = 20_000
    real = np.column_stack(
        [rng.normal(size=n), rng.choice(3, n, p=[0.5, 0.3, 0.2]), rng.poisson(1, n)]
    ).astype(np.float64)
    drawn = np.column_stack(
        [
            1.3 * rng.normal(size=n) + 0.2,
            rng.choice(3, n, p=[0.4, 0.3, 0.3]),
            rng.poisson(1.2, n),
        ]
    ).astype(np.float64)
    real[rng.random(n) < 0.1, :2] = np.nan
    drawn[rng.random(n) < 0.15, :2] = np.nan
    schema = (number(), level(3), number(True))
    scores = rng.normal(-1, 0.5, n)
    margins = MarginCorrection().fit(real, drawn, schema, scores)
    weights = np.exp(np.minimum(0, scores + margins.log_factor(drawn)))
    chance = 2.5 * np.sqrt(0.25 / n)
    for value in (0, 1, 2):
        wanted = (real[:, 1] == value).mean()
        assert abs(share_kept(drawn[:, 1], weights, value) - wanted) < chance
        wanted = (real[:, 2] == value).mean()
        assert abs(share_kept(drawn[:, 2], weights, value) - wanted) < chance
    for j in (0, 1):
        missing = weights[np.isnan(drawn[:, j])].sum() / weights.sum()
        assert abs(missing - np.isnan(real[:, j]).mean()) < chance
    for end in np.nanquantile(real[:, 0], [0.1, 0.25, 0.5, 0.75, 0.9]):
        below = weights[drawn[:, 0] <= end].sum() / weights.sum()
        assert abs(below - (real[:, 0] <= end).mean()) < 3 * chance


def test_right_margins_are_left_alone(mixed):
    real, drawn = mixed.real(3000, 0), mixed.real(3000, 0)
    margins = MarginCorrection().fit(real, drawn, mixed.schema, np.full(3000, -1.0))
    assert np.abs(margins.log_factor(drawn)).max() < 1e-9


def test_margins_from_state_are_the_same(mixed):
    drawn = mixed.drawn(2000, 1)
    scores = np.minimum(0, drawn[:, 2] - 1)
    margins = MarginCorrection().fit(mixed.real(900, 0), drawn, mixed.schema, scores)
    odd = np.array([[np.nan] * 5, [0, 99, np.inf, -1, 1e9]])
    again = MarginCorrection.from_state(margins.get_state())
    for rows in (drawn, odd):
        assert np.isfinite(margins.log_factor(rows)).all()
        assert np.array_equal(margins.log_factor(rows), again.log_factor(rows))


def draw(n, rng):
    return rng.normal(size=(n, 2))


def prefers_high(columns):
    return np.minimum(0.0, columns[:, 0] - 1)


def test_a_block_is_full_and_follows_its_generator():
    first, again, other = (
        fill_block(500, draw, prefers_high, np.random.default_rng(seed))
        for seed in ([0, 3], [0, 3], [0, 4])
    )
    assert first.shape == (500, 2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    # exp(min(0, x - 1)) moves the mean of a normal column up by less than one.
    assert 0.4 < first[:, 0].mean() < 0.9


def test_a_block_takes_no_more_candidates_than_it_needs():
    drawn = []

    def counted(n, rng):
        drawn.append(n)
        return draw(n, rng)

    def keep_a_tenth(columns):
        return np.full(len(columns), np.log(0.1))

    fill_block(2000, counted, keep_a_tenth, np.random.default_rng(0), share=0.1)
    assert sum(drawn) < 1.35 * 20_000


def test_refused_rows_fill_a_block_by_their_probability():
    def nearly_never(columns):
        return 8 * columns[:, 0] - 40

    rows = fill_block(100, draw, nearly_never, np.random.default_rng(0), max_tries=3)
    assert rows.shape == (100, 2)
    assert rows[:, 0].mean() > 1
    never = fill_block(
        10, draw, lambda c: np.full(len(c), -np.inf), np.random.default_rng(0)
    )
    assert never.shape == (10, 2)
    assert fill_block(0, draw, prefers_high, np.random.default_rng(0)).shape == (0, 2)


def test_tries_are_checked():
    with pytest.raises(ValueError, match="max_tries must be at least 1"):
        fill_block(5, draw, prefers_high, np.random.default_rng(0), max_tries=0)
