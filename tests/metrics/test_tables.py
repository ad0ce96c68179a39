"""Column shapes and pair trends, by values worked out by hand."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import ks_2samp

from skgan.metrics import (
    column_shape_scores,
    column_shapes,
    pair_trend_scores,
    pair_trends,
)

REAL = {
    "age": [1.0, 2.0, 3.0, 4.0],
    "city": ["a", "a", "b", "c"],
    "member": [True, True, False, False],
}
SYNTHETIC = {
    "age": [1.0, 1.0, 3.0, 9.0],
    "city": ["a", "b", "b", "d"],
    "member": [True, False, False, False],
}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_shapes_by_hand(make):
    scores = column_shape_scores(make(REAL), make(SYNTHETIC))
    # age: after 1, .25 against .5. city: shares .5 .25 .25 0 against .25 .5 0 .25.
    assert scores == {"age": 0.75, "city": 0.5, "member": 0.75}
    assert column_shapes(make(REAL), make(SYNTHETIC)) == pytest.approx(2 / 3)
    assert column_shapes(make(REAL), make(REAL)) == 1


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_trends_by_hand(make):
    scores = pair_trend_scores(make(REAL), make(SYNTHETIC))
    # Bins of width .3: the ages fall in bins 0, 3, 6, 9 against 0, 0, 6, 9.
    # (age, city): of 0a 3a 6b 9c against 0a 0b 6b 9d two agree.
    # (age, member): of 0T 3T 6F 9F against 0T 0F 6F 9F three agree.
    # (city, member): aT aT bF cF against aT bF bF dF: aT and bF once each.
    assert scores == {
        ("age", "city"): 0.5,
        ("age", "member"): 0.75,
        ("city", "member"): 0.5,
    }
    assert pair_trends(make(REAL), make(SYNTHETIC)) == pytest.approx(1.75 / 3)
    assert pair_trends(make(REAL), make(REAL)) == 1


def test_numeric_trends_are_correlations():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3)) * [1, 1e6, 1e-6]
    synthetic = rng.normal(size=(40, 3)) + 1e4
    difference = np.corrcoef(real.T) - np.corrcoef(synthetic.T)
    scores = pair_trend_scores(real, synthetic)
    assert list(scores) == [(0, 1), (0, 2), (1, 2)]
    for pair, score in scores.items():
        assert score == pytest.approx(1 - abs(difference[pair]) / 2)
    assert pair_trends(real, synthetic) == pytest.approx(np.mean(list(scores.values())))


def test_correlations_leave_out_missing_values_by_pair():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(2, 60, 3))
    real[:20, 0] = np.nan
    real[15:30, 1] = np.nan
    expected = pd.DataFrame(real).corr() - np.corrcoef(synthetic.T)
    for pair, score in pair_trend_scores(real, synthetic).items():
        assert score == pytest.approx(1 - abs(expected.loc[pair]) / 2)


def test_opposite_and_constant_columns():
    x = np.arange(10.0)
    real = np.column_stack([x, x, np.full(10, 0.1)])
    synthetic = np.column_stack([x, -x, np.full(10, 1e30)])
    assert pair_trend_scores(real, synthetic) == pytest.approx(
        {(0, 1): 0.0, (0, 2): 1.0, (1, 2): 1.0}
    )


def test_shapes_of_numbers_are_kolmogorov_smirnov():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(100, 1)), rng.normal(0.3, 2, size=(70, 1))
    expected = 1 - ks_2samp(real[:, 0], synthetic[:, 0]).statistic
    assert column_shapes(real, synthetic) == pytest.approx(expected)
    dates = [
        pd.DataFrame({"at": pd.to_datetime(X[:, 0], unit="D")})
        for X in (real, synthetic)
    ]
    assert column_shapes(*dates) == pytest.approx(expected)


def test_missing_values_count():
    real = pd.DataFrame({"x": [1.0, 2.0, np.nan, 4.0], "c": ["a", "a", None, "b"]})
    full = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "c": ["a", "a", "b", "b"]})
    assert column_shape_scores(real, full) == {"x": 0.75, "c": 0.75}
    assert pair_trends(real, full) == 0.75
    empty = pd.DataFrame({"x": [np.nan] * 4, "c": [None] * 4})
    assert column_shapes(empty, empty) == pair_trends(empty, empty) == 1
    assert 0 <= pair_trends(empty, full) <= 1
    assert 0 <= column_shapes(real, empty) <= 1


def test_independent_columns_pass_shapes_and_fail_trends():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    real = pd.DataFrame({"x": x, "y": x, "c": np.where(x > 0, "up", "down")})
    shuffled = pd.DataFrame({name: rng.permutation(real[name]) for name in real})
    assert column_shapes(real, shuffled) == 1
    assert pair_trends(real, shuffled) < 0.7


def test_large_whole_numbers_and_hostile_values():
    real = np.array([[2**60, 1], [2**60 + 1, 2]])
    assert column_shapes(real, real + np.array([1, 0])) == 0.75
    wild = np.array([[1e300, 1.0], [-1e300, 2.0], [0.0, 1e-300]])
    for metric in (column_shapes, pair_trends):
        assert np.isfinite(metric(wild, -wild))


def test_many_levels_need_no_dense_table():
    codes = np.arange(20_000).astype(str)
    frame = pd.DataFrame({"a": codes, "b": codes[::-1]})
    assert pair_trends(frame, frame) == 1
    assert pair_trends(frame, frame[::2]) == pytest.approx(0.5)


def test_errors():
    frame = pd.DataFrame(REAL)
    with pytest.raises(ValueError, match="X_synthetic must have the columns"):
        column_shapes(frame, frame[["age"]])
    with pytest.raises(ValueError, match="X_synthetic has 0 row"):
        column_shapes(frame, frame[:0])
    with pytest.raises(ValueError, match="at least two columns"):
        pair_trends(frame[["age"]], frame[["age"]])
