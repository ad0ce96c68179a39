"""A search that refits no copier."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KernelDensity

from skgan.metrics import (
    SCORERS,
    energy_distance,
    make_sampler_scorer,
    membership_auc,
    refit_without_copying,
)

SCORING = {
    "coverage": SCORERS["coverage"],
    "energy_distance": SCORERS["energy_distance"],
    "beta_recall": SCORERS["beta_recall"],
}


class Mixed(BaseEstimator):
    """A mixture of Gaussians, or, if it copies, jittered training rows."""

    def __init__(self, copies=False, n_components=1):
        self.copies = copies
        self.n_components = n_components

    def fit(self, X, y=None):
        if self.copies:
            self.model_ = KernelDensity(bandwidth=1e-3).fit(X)
        else:
            self.model_ = GaussianMixture(self.n_components, random_state=0).fit(X)
        return self

    def sample(self, n_samples=1, *, random_state=None):
        if self.copies:
            return self.model_.sample(n_samples, random_state=random_state)
        rows = self.model_.sample(n_samples)[0]
        return np.random.RandomState(random_state).permutation(rows)


def modes(n, n_columns, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n_columns)) + 8 * rng.integers(2, size=(n, 1))


def search(estimator, grid, **options):
    return GridSearchCV(
        estimator,
        grid,
        scoring=SCORING,
        return_train_score=True,
        cv=3,
        error_score="raise",
        **options,
    )


@pytest.mark.parametrize("n_columns", [1, 3, 12])
def test_a_planted_copier_wins_the_metric_and_is_not_refitted(n_columns):
    X = modes(600, n_columns, 0)
    candidates = {"copies": [True, False], "n_components": [1, 2]}
    refit = refit_without_copying("energy_distance")
    found = search(Mixed(), candidates, refit=refit).fit(X)
    assert found.best_params_ == {"copies": False, "n_components": 2}
    gaps = found.cv_results_["mean_train_beta_recall"]
    gaps = gaps - found.cv_results_["mean_test_beta_recall"]
    copies = np.array([p["copies"] for p in found.cv_results_["params"]])
    assert (gaps[copies] > 0.2).all()
    assert (np.abs(gaps[~copies]) < 0.1).all()
    # No distance tells them apart, however many rows are judged.
    energy = found.cv_results_["mean_test_energy_distance"]
    assert np.abs(energy[copies] - energy[~copies].max()).max() < 0.1


def test_the_metric_alone_would_have_chosen_the_copier():
    # Rows on a thin curve: no mixture fits them, copies score best.
    angle = np.random.default_rng(0).uniform(0, 6, size=600)
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    candidates = {"copies": [True, False], "n_components": [3]}
    naive = search(Mixed(), candidates, refit="energy_distance").fit(X)
    assert naive.best_params_["copies"]
    guarded = search(
        Mixed(), candidates, refit=refit_without_copying("energy_distance")
    ).fit(X)
    assert not guarded.best_params_["copies"]
    train, holdout = X[:300], X[300:]
    aucs = [
        membership_auc(
            train,
            holdout,
            found.best_estimator_.fit(train).sample(300, random_state=0),
        )
        for found in (naive, guarded)
    ]
    assert aucs[0] > 0.75
    assert abs(aucs[1] - 0.5) < 0.06


def test_the_gap_is_the_advantage_of_an_attack():
    X = modes(1200, 3, 0)
    folds = [(np.arange(600), np.arange(600, 1200))]
    results = cross_validate(
        Mixed(copies=True),
        X,
        scoring=SCORERS["beta_recall"],
        cv=folds,
        return_train_score=True,
    )
    drawn = Mixed(copies=True).fit(X[:600]).sample(600, random_state=0)

    def share_within_reach(rows):
        own = np.linalg.norm(rows[:, None] - rows[None], axis=2)
        np.fill_diagonal(own, np.inf)
        to_drawn = np.linalg.norm(rows[:, None] - drawn[None], axis=2)
        return np.mean(to_drawn.min(axis=1) < own.min(axis=1))

    expected = share_within_reach(X[:600]) - share_within_reach(X[600:])
    gap = (results["train_score"] - results["test_score"])[0]
    assert gap == pytest.approx(expected, abs=0.05)
    # Of 600 rows drawn with replacement 1 - 1/e are there, the rest are fresh.
    assert gap == pytest.approx((1 - np.exp(-1)) / 2, abs=0.1)


class Truth(BaseEstimator):
    """Draws fresh rows, whatever it was given."""

    def fit(self, X, y=None):
        return self

    def sample(self, n_samples=1, *, random_state=None):
        return modes(n_samples, 3, 1000 + random_state)


@pytest.mark.parametrize("n", [90, 300])
def test_a_sampler_that_does_not_copy_has_no_gap(n):
    # Folds of a third and of two thirds: reach does not depend on their sizes.
    gaps = []
    for seed in range(20):
        results = cross_validate(
            Truth(),
            modes(n, 3, seed),
            scoring=make_sampler_scorer("beta_recall", random_state=seed),
            cv=3,
            return_train_score=True,
        )
        gaps.append(np.mean(results["train_score"] - results["test_score"]))
    assert abs(np.mean(gaps)) < 0.02
    assert np.std(gaps) < 1 / n**0.5


def results(**columns):
    return {name: np.array(values) for name, values in columns.items()}


def test_choice():
    table = results(
        mean_test_energy_distance=[-0.1, -0.3, -0.2, np.nan],
        mean_train_beta_recall=[0.9, 0.5, 0.55, 0.5],
        mean_test_beta_recall=[0.5, 0.5, 0.5, 0.5],
    )
    assert refit_without_copying("energy_distance")(table) == 2
    assert refit_without_copying("energy_distance", tolerance=0.5)(table) == 0
    assert refit_without_copying("energy_distance", tolerance=0.01)(table) == 1


def test_if_all_copy_the_least_is_taken_with_a_warning():
    table = results(
        mean_test_c2st=[0.9, 0.8, np.nan],
        mean_train_reach=[0.9, 0.8, 0.5],
        mean_test_reach=[0.5, 0.5, 0.5],
    )
    with pytest.warns(UserWarning, match="Every candidate copies: 'reach' is higher"):
        assert refit_without_copying("c2st", guard="reach")(table) == 1


def test_errors_and_repr():
    table = results(mean_test_c2st=[0.9], mean_test_beta_recall=[0.5])
    with pytest.raises(ValueError, match="return_train_score=True"):
        refit_without_copying("c2st")(table)
    with pytest.raises(
        ValueError, match=r"no scorer 'mmd', only \['beta_recall', 'c2st'\]"
    ):
        refit_without_copying("mmd")(table)
    table["mean_train_beta_recall"] = np.array([np.nan])
    with pytest.raises(ValueError, match="No candidate has finite scores"):
        refit_without_copying("c2st")(table)
    refit = refit_without_copying("c2st", tolerance=0.2)
    assert (
        repr(refit)
        == "refit_without_copying('c2st', guard='beta_recall', tolerance=0.2)"
    )
    assert repr(pickle.loads(pickle.dumps(refit))) == repr(refit)


@pytest.mark.parametrize("tolerance", ["0.1", None, True, np.nan, np.inf])
def test_tolerances_that_are_none(tolerance):
    with pytest.raises(ValueError, match="tolerance must be a finite number"):
        refit_without_copying("c2st", tolerance=tolerance)


def test_a_distance_would_not_serve_as_guard():
    X = modes(600, 3, 0)
    sampler = Mixed(copies=True).fit(X[:300])
    drawn = sampler.sample(300, random_state=0)
    gap = energy_distance(X[300:], drawn) - energy_distance(X[:300], drawn)
    assert abs(gap) < 0.05
