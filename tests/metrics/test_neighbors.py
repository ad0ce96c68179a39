"""Nearest-neighbour metrics against brute force, and on degenerate samples."""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.spatial.distance import cdist

from skgan.metrics import (
    alpha_precision,
    beta_recall,
    coverage,
    density,
    precision,
    recall,
)

METRICS = [precision, recall, density, coverage, alpha_precision, beta_recall]
WITH_K = METRICS[:4]


def radii_of(X, k):
    distances = cdist(X, X)
    np.fill_diagonal(distances, np.inf)
    return np.sort(distances, axis=1)[:, k - 1]


@pytest.mark.parametrize("n_dimensions", [1, 2, 8, 30])
@pytest.mark.parametrize("k", [1, 5])
def test_ball_metrics_are_their_formulas(n_dimensions, k):
    rng = np.random.default_rng(n_dimensions)
    real = rng.normal(size=(80, n_dimensions))
    synthetic = rng.normal(0.5, 0.7, size=(60, n_dimensions))
    between = cdist(real, synthetic)
    in_real = between <= radii_of(real, k)[:, None]
    in_synthetic = between <= radii_of(synthetic, k)
    params = {"k": k, "standardize": False}
    assert precision(real, synthetic, **params) == in_real.any(axis=0).mean()
    assert recall(real, synthetic, **params) == in_synthetic.any(axis=1).mean()
    assert density(real, synthetic, **params) == pytest.approx(
        in_real.sum(axis=0).mean() / k
    )
    assert coverage(real, synthetic, **params) == in_real.any(axis=1).mean()


def test_alpha_precision_is_its_formula():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(50, 3)), rng.normal(0.5, size=(40, 3))
    center = real.mean(axis=0)
    to_center = [np.linalg.norm(X - center, axis=1) for X in (real, synthetic)]
    gaps, levels = 0.0, np.linspace(0, 1, 30)
    for level in levels:
        share = np.mean(to_center[1] <= np.quantile(to_center[0], level))
        gaps += abs(level - share)
    assert alpha_precision(real, synthetic, standardize=False) == pytest.approx(
        1 - gaps / levels.sum()
    )


def test_beta_recall_is_its_formula():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(50, 3)), rng.normal(0.5, size=(40, 3))
    between, radii = cdist(real, synthetic), radii_of(real, 1)
    to_center = np.linalg.norm(synthetic - synthetic.mean(axis=0), axis=1)
    gaps, levels = 0.0, np.linspace(0, 1, 30)
    for level in levels:
        radius = np.quantile(to_center, level)
        found = [
            row.min() <= own and to_center[row.argmin()] <= radius
            for row, own in zip(between, radii, strict=True)
        ]
        gaps += abs(level - np.mean(found))
    assert beta_recall(real, synthetic, standardize=False) == pytest.approx(
        1 - gaps / levels.sum()
    )


def test_fresh_rows_reach_the_expected_figures():
    rng = np.random.default_rng(0)
    real, fresh = rng.normal(size=(2, 3000, 3))
    assert precision(real, fresh) > 0.97
    assert recall(real, fresh) > 0.97
    assert density(real, fresh) == pytest.approx(1, abs=0.05)
    assert coverage(real, fresh) == pytest.approx(1 - 2**-5, abs=0.02)
    assert alpha_precision(real, fresh) > 0.95
    assert beta_recall(real, fresh) == pytest.approx(0.5, abs=0.05)


def test_collapse_is_seen():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(500, 3))
    collapsed = np.repeat(real[:1], 500, axis=0)
    assert precision(real, collapsed) == 1
    assert coverage(real, collapsed) < 0.05
    assert recall(real, collapsed) == 1 / 500  # radius 0, but the row itself is hit
    assert alpha_precision(real, collapsed) < 0.6
    assert beta_recall(real, collapsed) < 0.05
    assert coverage(real, real + 100) == precision(real, real + 100) == 0


@pytest.mark.parametrize("n_dimensions", [2, 12])
def test_repeated_rows_far_from_the_origin_are_still_equal(n_dimensions):
    rows = np.random.default_rng(0).normal(size=(20, n_dimensions))
    real = np.repeat(rows, 10, axis=0) * 1e-3 + 1e4  # all radii are 0
    for metric in (precision, recall, coverage):
        assert metric(real, real, standardize=False) == 1
        assert metric(real, real) == 1
        assert metric(real, real + 1e-6, standardize=False) == 0


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_mixed_frames(metric, make):
    rng = np.random.default_rng(0)

    def rows(n, cities, center=0):
        return make(
            {
                "size": rng.normal(center, size=n),
                "city": rng.choice(cities, size=n),
                "income": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            }
        )

    real = rows(200, ["Rome", "Oslo"])
    alike = metric(real, rows(200, ["Rome", "Oslo"]))
    unlike = metric(real, rows(200, ["Lima"], center=2))
    assert alike > unlike + 0.1


@pytest.mark.parametrize("metric", WITH_K)
def test_too_few_rows(metric):
    X = np.zeros((5, 2))
    with pytest.raises(ValueError, match=r"has 5 row.*at least 6"):
        metric(X, X)
    assert np.isfinite(metric(X, X, k=4))
    with pytest.raises(ValueError, match="k must be an integer of at least 1"):
        metric(X, X, k=0)


@pytest.mark.parametrize("metric", METRICS)
def test_units_do_not_count(metric):
    X, Y = np.random.default_rng(0).normal(size=(2, 60, 2))
    Y[:, 0] += 2
    units = np.array([1.0, 1000.0])
    assert metric(units * X, units * Y) == pytest.approx(metric(X, Y))
    assert metric(units * X, units * Y, standardize=False) != metric(X, Y)


def test_copies_of_repeated_rows_are_recalled():
    X = np.repeat(np.random.default_rng(0).normal(size=(50, 2)), 2, axis=0)
    assert beta_recall(X, X) > 0.9


@pytest.mark.parametrize("metric", [alpha_precision, beta_recall])
def test_too_few_rows_without_k(metric):
    with pytest.raises(ValueError, match="X_real has 1 row"):
        metric([[0.0]], [[0.0], [1.0]])


def traced_peak(metric, n_rows, **params):
    X, Y = np.random.default_rng(0).normal(size=(2, n_rows, 10))
    tracemalloc.start()
    metric(X, Y, **params)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("metric", METRICS)
def test_memory_stays_far_below_a_dense_matrix(metric):
    assert traced_peak(metric, 8000) < 100e6  # of 512 MB


@pytest.mark.parametrize("metric", [precision, recall, density, coverage, beta_recall])
def test_max_samples_is_seeded_and_idle_for_fewer_rows(metric):
    X, Y = np.random.default_rng(0).normal(size=(2, 300, 3))
    whole = metric(X, Y)
    assert metric(X, Y, max_samples=300) == metric(X, Y, max_samples=None) == whole
    few = [metric(X, Y, max_samples=100, random_state=i) for i in (0, 0, 1, 2)]
    assert few[0] == few[1]
    assert len(set(few)) > 1
    assert few == pytest.approx([whole] * 4, abs=0.2)
    with pytest.raises(ValueError, match="max_samples must be"):
        metric(X, Y, max_samples=1)


def test_a_hundred_thousand_rows_cost_no_more_than_the_samples():
    X, Y = np.random.default_rng(0).normal(size=(2, 100_000, 6))
    params = {"max_samples": 2000, "random_state": 0}
    assert coverage(X, Y, **params) == pytest.approx(0.97, abs=0.02)
    assert precision(X, Y, **params) > 0.9
