"""Confidence intervals by half-samples."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from skgan.metrics import (
    c2st,
    confidence_interval,
    dcr_share,
    energy_distance,
    membership_auc,
)


def test_width_is_that_of_repeated_experiments():
    rng = np.random.default_rng(0)
    repeated = [membership_auc(*rng.normal(size=(3, 200, 2))) for _ in range(100)]
    low, high = confidence_interval(
        membership_auc, *rng.normal(size=(3, 200, 2)), n_resamples=60, random_state=0
    )
    expected = 2 * 1.96 * np.std(repeated)
    assert 0.6 * expected < high - low < 1.6 * expected


def test_width_of_a_classifiers_judgement():
    judge = {"estimator": LogisticRegression(), "cv": 2, "random_state": 0}
    rng = np.random.default_rng(0)

    def sets():
        return rng.normal(size=(250, 2)), rng.normal(0.5, 1, size=(250, 2))

    repeated = [c2st(*sets(), **judge) for _ in range(60)]
    widths = []
    for _ in range(3):
        low, high = confidence_interval(
            lambda *halves: c2st(*halves, **judge),
            *sets(),
            n_resamples=20,
            random_state=0,
        )
        widths.append(high - low)
    assert 0.6 < np.mean(widths) / (2 * 1.96 * np.std(repeated)) < 1.6


def test_coverage_of_the_truth():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(20):
        train, holdout, fresh = rng.normal(size=(3, 100, 2))
        low, high = confidence_interval(
            dcr_share,
            train,
            holdout,
            fresh,
            n_resamples=20,
            random_state=0,
            confidence_level=0.9,
        )
        hits += low < 0.5 < high
    assert hits >= 14


def test_level_seed_and_centre():
    X, Y = np.random.default_rng(0).normal(size=(2, 100, 2))
    params = {"random_state": 0, "standardize": False}
    low, high = confidence_interval(energy_distance, X, Y, **params)
    assert (low, high) == confidence_interval(energy_distance, X, Y, **params)
    center = energy_distance(X, Y, standardize=False)
    assert (low + high) / 2 == pytest.approx(center)
    narrow = confidence_interval(energy_distance, X, Y, confidence_level=0.5, **params)
    assert low < narrow[0] < narrow[1] < high


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_frames(make):
    rng = np.random.default_rng(0)
    frame = make({"x": rng.normal(size=60), "c": rng.choice(["a", "b"], size=60)})
    low, high = confidence_interval(
        membership_auc, frame, frame, frame, n_resamples=5, random_state=0
    )
    assert low < 0.5 < high


def test_errors():
    X = np.zeros((10, 2))
    with pytest.raises(ValueError, match="confidence_level must be between"):
        confidence_interval(energy_distance, X, X, confidence_level=95)
    with pytest.raises(ValueError, match="Set 1 of the samples has 3 row"):
        confidence_interval(energy_distance, X, X[:3])
