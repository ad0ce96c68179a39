"""What rows held out decide: a gain where there is one, nothing where there is none."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from skgan.rejection import (
    RejectionRule,
    acceptance_gain,
    choose_cap,
    fit_rejection,
    forest_judge,
)


def kept_rows(rule, rows, seed=0):
    uniform = np.random.default_rng(seed).random(len(rows))
    return rows[uniform < np.exp(rule.log_accept(rows))]


def correlation(rows):
    return np.corrcoef(rows[~np.isnan(rows[:, 0])][:, [0, 2]].T)[0, 1]


@pytest.fixture(scope="module")
def rule(mixed):
    sets = mixed.real(2000, 0), mixed.real(700, 1), mixed.drawn, mixed.schema
    return fit_rejection(*sets, random_state=0)


def test_relations_come_back_and_margins_stay(mixed, rule):
    drawn = mixed.drawn(20_000, 9)
    kept = kept_rows(rule, drawn)
    assert rule.share_ == pytest.approx(len(kept) / len(drawn), abs=0.03)
    assert abs(correlation(drawn)) < 0.05
    assert correlation(kept) > 0.6  # .89 in the real rows
    real = mixed.real(20_000, 8)
    for j in (0, 2, 4):
        assert abs(np.nanmean(kept[:, j]) - np.nanmean(real[:, j])) < 0.1
    for code in range(6):
        assert abs((kept[:, 1] == code).mean() - (real[:, 1] == code).mean()) < 0.04


def test_the_gain_named_is_that_of_rows_never_seen(mixed, rule):
    gain, error = acceptance_gain(
        rule.log_accept(mixed.real(5000, 21)), rule.log_accept(mixed.drawn(20_000, 22))
    )
    assert abs(gain - rule.gain_) < 4 * np.hypot(error, rule.gain_error_)
    assert gain > 0.1


def test_state_gives_the_same_acceptance(mixed, rule):
    rows = mixed.drawn(500, 3)
    state = rule.get_state()
    assert all(np.asarray(value).dtype != object for value in state.values())
    again = RejectionRule.from_state(state)
    assert np.array_equal(again.log_accept(rows), rule.log_accept(rows))
    assert again.share_ == rule.share_
    refitted = again.refit(
        mixed.real(800, 0), mixed.drawn, mixed.schema, random_state=0
    )
    assert correlation(kept_rows(refitted, mixed.drawn(5000, 4))) > 0.5
    assert refitted.n_trees_ == rule.n_trees_


@pytest.mark.parametrize("n_held_out, n_fit", [(99, 900), (400, 299)])
def test_few_rows_decide_nothing(mixed, n_held_out, n_fit):
    held_out = mixed.real(n_held_out, 1)
    real = mixed.real(n_fit, 0)
    assert fit_rejection(real, held_out, mixed.drawn, mixed.schema) is None


@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_is_gained_from_a_perfect_sampler(mixed, seed):
    held_out = mixed.real(200, 100 + seed)
    real = mixed.real(400, 200 + seed)
    rule = fit_rejection(
        real, held_out, mixed.real, mixed.schema, None, random_state=seed
    )
    assert rule is None


def test_the_judge_is_asked_last_and_may_refuse(mixed):
    asked = []

    def refuse(held_out, plain, kept, schema, seed):
        asked.append((len(held_out), len(plain) > len(kept), schema, type(seed)))
        return False

    sets = mixed.real(1200, 0), mixed.real(300, 1), mixed.drawn, mixed.schema
    assert fit_rejection(*sets, refuse, random_state=0) is None
    assert asked == [(300, True, mixed.schema, int)]


def test_a_users_classifier_takes_the_place_of_trees(number):
    def draw(n, seed):
        return np.random.default_rng(seed).normal(size=(n, 2))

    def real(n, seed):
        x = draw(n, seed)
        x[:, 1] = 0.8 * x[:, 0] + 0.6 * x[:, 1]
        return x

    schema = (number(), number())
    model = make_pipeline(PolynomialFeatures(2), LogisticRegression())
    rule = fit_rejection(
        real(2000, 0), real(500, 1), draw, schema, classifier=model, random_state=0
    )
    assert np.corrcoef(kept_rows(rule, draw(5000, 5)).T)[0, 1] > 0.6
    state = rule.get_state()
    with pytest.raises(ValueError, match="pass the fitted one as classifier="):
        RejectionRule.from_state(state)
    again = RejectionRule.from_state(state, rule.ratio_.classifier_)
    rows = draw(100, 6)
    assert np.array_equal(again.log_accept(rows), rule.log_accept(rows))
    refitted = rule.refit(real(2000, 0), draw, schema, random_state=1)
    assert np.corrcoef(kept_rows(refitted, draw(5000, 5)).T)[0, 1] > 0.6


def test_gain_is_the_fall_of_the_divergence():
    # From N(0, 1) to N(1, 1) the divergence is 1/2; a high cap leaves little of it.
    rng = np.random.default_rng(0)
    real, drawn = rng.normal(1, 1, 40_000), rng.normal(0, 1, 400_000)
    log_ratios = [x - 0.5 for x in (real, drawn)]
    gain, error = acceptance_gain(*(np.minimum(0, r - 3) for r in log_ratios))
    assert abs(gain - 0.5) < 0.02 + 3 * error
    assert acceptance_gain(np.zeros(9), np.zeros(9)) == (0, 0)


def test_noise_is_cooled_and_too_dear_a_cap_is_not_taken():
    rng = np.random.default_rng(1)
    real, drawn = rng.normal(1, 1, 5000), rng.normal(0, 1, 20_000)
    noisy = [(3 * (x - 0.5))[:, None] for x in (real, drawn)]
    assert choose_cap(*noisy).acceptance.temperature <= 0.5
    clean = [(x - 0.5)[:, None] for x in (real, drawn)]
    free, bound = (choose_cap(*clean, min_share=share) for share in (0.05, 0.45))
    assert bound.share >= 0.45 > free.share
    assert free.gain > bound.gain > 0


def test_the_stage_that_carries_over_is_chosen():
    rng = np.random.default_rng(2)
    real, drawn = rng.normal(1, 1, 3000), rng.normal(0, 1, 9000)
    nothing = [np.zeros(3000), rng.normal(size=9000)]
    stages = [
        np.column_stack([nothing[i], x - 0.5, x - 0.5 + 3 * rng.normal(size=len(x))])
        for i, x in enumerate((real, drawn))
    ]
    assert choose_cap(*stages).stage == 1


def test_forest_judge_sees_levels_that_moved(level):
    rng = np.random.default_rng(0)
    schema = (level(4), level(50))
    pairs = rng.integers(0, 4, 1500)
    rows = np.column_stack([pairs, pairs * 10 + rng.integers(0, 3, 1500)])
    real, plain = rows[:750].astype(float), rows[750:].astype(float)
    shuffled = plain.copy()
    shuffled[:, 0] = rng.permutation(shuffled[:, 0])
    assert not forest_judge(real, plain, shuffled, schema)
    assert forest_judge(real, shuffled, plain, schema)


def test_a_forest_without_power_does_not_refuse():
    rng = np.random.default_rng(0)
    real, plain = rng.normal(size=(2, 200, 2))  # no relation that a fault could break
    assert forest_judge(real, plain, plain + 0.5, (None, None))
