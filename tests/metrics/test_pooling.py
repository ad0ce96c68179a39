"""Rubin's rules, by hand and by simulation."""

import numpy as np
import pytest

from skgan.metrics import pool_estimates


def test_by_hand():
    pooled = pool_estimates([[1.0, 5.0], [3.0, 5.0]], [[1.0, 2.0], [2.0, 2.0]])
    # The mean of 1 and 4, and 1.5 times the variance of 1 and 3.
    assert pooled.estimate.tolist() == [2, 5]
    assert np.allclose(pooled.standard_error**2, [2.5 + 1.5 * 2, 4])
    assert np.allclose(pooled.missing_information, [3 / 5.5, 0])
    assert np.allclose(pooled.degrees_of_freedom, [(5.5 / 3) ** 2, np.inf])
    # Of estimates that agree it is that of a normal distribution.
    low, high = pooled.interval()
    assert np.allclose([low[1], high[1]], [5 - 1.96 * 2, 5 + 1.96 * 2], atol=1e-3)


def test_estimates_without_error_differ_by_what_was_missing_alone():
    pooled = pool_estimates([1.0, 2.0], [0.0, 0.0])
    assert np.isclose(pooled.standard_error**2, 1.5 * 0.5)
    assert pooled.missing_information == 1


def test_degrees_of_freedom_never_exceed_those_of_complete_rows():
    pooled = pool_estimates([1.0, 1.0], [1.0, 1.0], complete_df=9)
    assert np.isclose(pooled.degrees_of_freedom, 9 * 10 / 12)
    few = pool_estimates([1.0, 2.0, 3.0], [0.5, 0.5, 0.5], complete_df=9)
    share = few.missing_information
    observed = (1 - share) * 9 * 10 / 12
    assert np.isclose(few.degrees_of_freedom, 1 / (share**2 / 2 + 1 / observed))


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    n, m, share, trials = 100, 5, 0.5, 2000
    observed = rng.normal(size=(trials, int(n * share)))
    mean, deviation = observed.mean(axis=1), observed.std(axis=1, ddof=1)
    k = observed.shape[1]
    # Draws of a normal's posterior, then of its missing values.
    spread = deviation * np.sqrt((k - 1) / rng.chisquare(k - 1, (m, trials)))
    center = mean + spread / np.sqrt(k) * rng.normal(size=(m, trials))
    filled = center[..., None] + spread[..., None] * rng.normal(size=(m, trials, n - k))
    both = np.concatenate([np.broadcast_to(observed, (m, trials, k)), filled], axis=2)
    pooled = pool_estimates(
        both.mean(axis=2), both.std(axis=2, ddof=1) / np.sqrt(n), complete_df=n - 1
    )
    low, high = pooled.interval(0.9)
    assert 0.87 < ((low < 0) & (high > 0)).mean() < 0.93


def test_refusals():
    with pytest.raises(ValueError, match="two completed sets"):
        pool_estimates([1.0], [1.0])
    with pytest.raises(ValueError, match="shape of estimates"):
        pool_estimates([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="finite"):
        pool_estimates([1.0, np.nan], [1.0, 1.0])
    with pytest.raises(ValueError, match="at least 0"):
        pool_estimates([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(ValueError, match="complete_df"):
        pool_estimates([1.0, 2.0], [1.0, 1.0], complete_df=0)
