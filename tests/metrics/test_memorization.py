"""Metrics of copying: copies, near-copies, collapse and fresh rows."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score

from skgan.metrics import authenticity, dcr_share, duplicate_rate, membership_auc


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 400, 3))


@pytest.mark.parametrize("n_dimensions", [1, 3, 12])
def test_formulas(n_dimensions):
    rng = np.random.default_rng(0)
    train, holdout, synthetic = rng.normal(size=(3, 60, n_dimensions))
    params = {"standardize": False}
    to_train, to_holdout = cdist(synthetic, train), cdist(synthetic, holdout)
    within = cdist(train, train)
    np.fill_diagonal(within, np.inf)
    radii = within.min(axis=1)
    assert authenticity(train, synthetic, **params) == np.mean(
        [row.min() > radii[row.argmin()] for row in to_train]
    )
    assert dcr_share(train, holdout, synthetic, **params) == np.mean(
        to_train.min(axis=1) < to_holdout.min(axis=1)
    )
    attack = -np.concatenate([to_train.min(axis=0), to_holdout.min(axis=0)])
    assert membership_auc(train, holdout, synthetic, **params) == roc_auc_score(
        [1] * 60 + [0] * 60, attack
    )


@pytest.mark.parametrize("n_dimensions", [2, 12])
def test_samples_collapsed_onto_training_rows_are_not_authentic(n_dimensions):
    train = np.random.default_rng(0).normal(size=(300, n_dimensions))
    for row in range(0, 300, 29):
        assert authenticity(train, np.repeat(train[[row]], 500, axis=0)) == 0
    assert authenticity(train, train) == 0
    assert authenticity(train + 1e6, train + 1e6) == 0


def test_repeated_training_rows():
    train = np.repeat(np.random.default_rng(0).normal(size=(30, 8)), 2, axis=0)
    assert authenticity(train, train) == 0  # 0 > 0 is false
    assert authenticity(train, train + 1e-3) == 1


def test_copies_jitter_and_fresh_rows(rows):
    train, holdout, fresh = rows
    rng = np.random.default_rng(1)
    copies = train[rng.integers(len(train), size=len(train))]
    jittered = copies + rng.normal(scale=1e-3, size=copies.shape)
    for synthetic in (copies, jittered):
        assert authenticity(train, synthetic) < 0.02
        assert dcr_share(train, holdout, synthetic) > 0.98
        assert membership_auc(train, holdout, synthetic) > 0.75
    assert authenticity(train, fresh) == pytest.approx(0.45, abs=0.1)
    assert dcr_share(train, holdout, fresh) == pytest.approx(0.5, abs=0.08)
    assert membership_auc(train, holdout, fresh) == pytest.approx(0.5, abs=0.06)
    assert authenticity(train, fresh + 50) == 1


def test_a_larger_training_set_is_not_closer_by_its_size(rows):
    _, holdout, fresh = rows
    large = np.random.default_rng(2).normal(size=(8000, 3))
    share = dcr_share(large, holdout, fresh, random_state=0)
    assert share == pytest.approx(0.5, abs=0.08)
    assert dcr_share(large, holdout, fresh, random_state=0) == share
    assert dcr_share(holdout, large, fresh, random_state=0) == pytest.approx(
        0.5, abs=0.08
    )
    assert len({dcr_share(large, holdout, fresh, random_state=i) for i in range(5)}) > 1


def test_ties_count_half():
    train = np.array([[0.0], [1.0]])
    assert dcr_share(train, train, train) == 0.5
    assert membership_auc(train, train, train) == 0.5


def mixed(make, shift=0):
    return make(
        {
            "n": [1 + shift, 2, 3],
            "x": [0.5, None, -0.0],
            "b": [True, False, True],
            "c": ["a", None, "b"],
            "d": [datetime.datetime(2020, 1, 1)] * 3,
        }
    )


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_mixed_frames(make):
    train, other = mixed(make), mixed(make, shift=4)
    assert duplicate_rate(train, train) == 1
    assert duplicate_rate(train, other) == pytest.approx(2 / 3)
    assert authenticity(train, train) == 0
    assert dcr_share(train, other, train) > 0.5
    assert membership_auc(train, other, train) > 0.5


def test_duplicates_are_exact():
    train = np.array([[0.0, np.nan], [2.0, 3.0]])
    synthetic = np.array([[-0.0, -np.nan], [2.0, 3], [2.0, 3.0], [2.0, 0]])
    assert duplicate_rate(train, synthetic) == 0.75
    synthetic[1, 1] = np.nextafter(3.0, 4)
    assert duplicate_rate(train, synthetic) == 0.5
    big = np.array([[2**60], [2**60 + 2]])
    assert duplicate_rate(big, big + 1) == 0
    assert duplicate_rate(pd.DataFrame({"a": ["x"]}), pd.DataFrame({"a": ["y"]})) == 0


def test_unseen_and_rare_levels_are_no_duplicates():
    train = pd.DataFrame({"code": np.arange(500).astype(str)})
    unseen = pd.DataFrame({"code": np.arange(500, 600).astype(str)})
    assert duplicate_rate(train, unseen) == 0
    assert duplicate_rate(train, train[-100:]) == 1


def test_images(rows):
    images = rows[0].reshape(100, 3, 4)
    assert duplicate_rate(images, images[:7]) == 1
    assert authenticity(images, images[:7]) == 0


@pytest.mark.parametrize("metric", [dcr_share, membership_auc])
def test_errors_name_the_set(metric):
    X = np.zeros((5, 2))
    with pytest.raises(ValueError, match="X_holdout has 0 row"):
        metric(X, X[:0], X)
    with pytest.raises(ValueError, match="X_synthetic has 3 columns"):
        metric(X, X, np.zeros((5, 3)))


def test_errors_of_two_sets():
    X = np.zeros((5, 2))
    with pytest.raises(ValueError, match="X_train has 1 row"):
        authenticity(X[:1], X)
    with pytest.raises(ValueError, match="X_synthetic has 0 row"):
        duplicate_rate(X, X[:0])


def test_copies_are_found_however_few_samples_are_used(rows):
    train, holdout, fresh = rows
    few = {"max_samples": 50, "random_state": 0}
    assert authenticity(train, train, **few) == 0
    assert dcr_share(train, holdout, train, **few) == 1
    # All synthetic rows are there to be found near those that are attacked.
    assert membership_auc(train, holdout, train, **few) == 1
    assert authenticity(train, fresh, **few) == pytest.approx(0.45, abs=0.2)


def test_max_samples_is_seeded_and_idle_for_fewer_rows(rows):
    for metric, sets in (
        (authenticity, rows[:2]),
        (dcr_share, rows),
        (membership_auc, rows),
    ):
        whole = metric(*sets)
        assert (
            metric(*sets, max_samples=400) == metric(*sets, max_samples=None) == whole
        )
        few = [metric(*sets, max_samples=50, random_state=i) for i in (0, 0, 1, 2)]
        assert few[0] == few[1]
        assert len(set(few)) > 1
        with pytest.raises(ValueError, match="max_samples must be"):
            metric(*sets, max_samples=0)
