"""Scorers in searches, with small samplers."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KernelDensity
from sklearn.utils import resample

from skgan import metrics
from skgan.metrics import (
    SCORERS,
    column_shapes,
    coverage,
    energy_distance,
    make_sampler_scorer,
)

DISTANCES = {
    "energy_distance",
    "sliced_wasserstein",
    "mmd",
    "frechet_distance",
    "kernel_distance",
}


class Bootstrapper(BaseEstimator):
    """Repeats training rows, moved by `shift`."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y=None):
        self.X_ = X
        return self

    def sample(self, n_samples=1, *, random_state=None):
        drawn = resample(self.X_, n_samples=n_samples, random_state=random_state)
        return drawn + self.shift if self.shift else drawn


class PairBootstrapper(Bootstrapper):
    """The same, as a conditional sampler: returns (X, y)."""

    def sample(self, n_samples=1, *, y=None, random_state=None):
        y = np.zeros(n_samples) if y is None else y
        return super().sample(len(y), random_state=random_state), y


class ByLabel(BaseEstimator):
    """Draws training rows of the label asked for, or, if it is deaf, any."""

    def __init__(self, is_deaf=False):
        self.is_deaf = is_deaf

    def fit(self, X, y):
        self.X_, self.y_ = X, np.asarray(y)
        if self.y_.dtype.kind not in "f":
            self.classes_ = np.unique(self.y_)
        return self

    def sample(self, n_samples=1, *, y=None, random_state=None):
        rng = np.random.default_rng(random_state)
        if y is None:
            y = rng.choice(self.y_, n_samples)
        asked = rng.permutation(y) if self.is_deaf else np.asarray(y)
        if hasattr(self, "classes_"):
            rows = [rng.choice(np.flatnonzero(self.y_ == label)) for label in asked]
        else:
            rows = np.abs(self.y_ - asked[:, None]).argmin(axis=1)
        return self.X_[rows], y


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(150, 2))


def test_every_scorer_prefers_the_better_sampler(X):
    assert set(SCORERS) >= DISTANCES | {"c2st", "coverage", "pair_trends"}
    rotated = X @ np.array([[1, 0.9], [0, 0.1]])
    good, bad = Bootstrapper().fit(X), Bootstrapper(shift=3.0).fit(rotated)
    holdout = np.random.default_rng(1).normal(size=(150, 2))
    for name, scorer in SCORERS.items():
        assert scorer(good, holdout) > scorer(bad, holdout), name
        assert scorer(good, holdout) == scorer(good, holdout), name


def test_value_and_sign(X):
    sampler = Bootstrapper().fit(X)
    drawn = sampler.sample(40, random_state=5)
    scorer = make_sampler_scorer("energy_distance", n_samples=40, random_state=5)
    assert scorer(sampler, X) == -energy_distance(X, drawn)
    scorer = make_sampler_scorer(coverage, n_samples=40, random_state=5, k=3)
    assert scorer(sampler, X) == coverage(X, drawn, k=3)


def test_n_samples_defaults_to_the_rows_held_out(X):
    def count(X_real, X_synthetic):
        return len(X_synthetic)

    scorer = make_sampler_scorer(count, greater_is_better=True)
    assert scorer(Bootstrapper().fit(X), X[:33]) == 33


@pytest.mark.parametrize("sampler", [Bootstrapper(), PairBootstrapper()])
@pytest.mark.parametrize("with_y", [False, True])
def test_grid_search(X, sampler, with_y):
    search = GridSearchCV(
        sampler,
        {"shift": [2.0, 0.0, -1.0]},
        scoring=SCORERS["energy_distance"],
        cv=3,
        error_score="raise",
    )
    search.fit(X, np.zeros(150) if with_y else None)
    assert search.best_params_ == {"shift": 0.0}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_several_scorers_at_once(X):
    search = GridSearchCV(
        Bootstrapper(),
        {"shift": [0.0, 2.0]},
        scoring={name: SCORERS[name] for name in ("energy_distance", "coverage")},
        refit="coverage",
        cv=3,
        error_score="raise",
    ).fit(X)
    assert search.best_params_ == {"shift": 0.0}
    assert np.isfinite(search.cv_results_["mean_test_energy_distance"]).all()


def labelled(kind, n=240):
    rng = np.random.default_rng(0)
    t = rng.uniform(-2, 2, size=n)
    X = np.column_stack([t, t**2]) + 0.1 * rng.normal(size=(n, 2))
    return X, {
        "text": np.where(t > 0, "up", "down"),
        "whole": np.digitize(t, [-1, 0, 1]) * 100,
        "number": t,
    }[kind]


@pytest.mark.parametrize("kind", ["text", "whole", "number"])
def test_rows_must_go_with_their_labels(kind):
    X, y = labelled(kind)
    train, held_out = slice(0, 120), slice(120, 240)
    good = ByLabel().fit(X[train], y[train])
    deaf = ByLabel(is_deaf=True).fit(X[train], y[train])
    for name in ("energy_distance", "mmd", "c2st", "coverage", "beta_recall"):
        scorer = SCORERS[name]
        heard = scorer(good, X[held_out], y[held_out])
        assert heard > scorer(deaf, X[held_out], y[held_out]) + 1e-3, name
    # Without labels, only rows can be judged.
    scorer = SCORERS["energy_distance"]
    assert scorer(deaf, X[held_out]) > -0.1
    assert scorer(deaf, X[held_out], y[held_out]) < -0.01


def test_labels_lie_beside_standardised_rows():
    X, y = labelled("text")
    sampler = ByLabel().fit(X, y)
    drawn, _ = sampler.sample(y=y, random_state=0)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    one_hot = np.column_stack([y == "up", y == "down"]) * np.sqrt(0.5)
    expected = energy_distance(
        np.hstack([(X - mean) / scale, one_hot]),
        np.hstack([(drawn - mean) / scale, one_hot]),
        standardize=False,
    )
    assert SCORERS["energy_distance"](sampler, X, y) == pytest.approx(-expected)
    # Tables of marginals, and what is not to be scaled, look at the rows alone.
    assert SCORERS["column_shapes"](sampler, X, y) == column_shapes(X, drawn)
    scorer = make_sampler_scorer("energy_distance", standardize=False)
    alone = energy_distance(X, drawn, standardize=False)
    assert scorer(sampler, X, y) == -alone


@pytest.mark.parametrize("n_samples", [50, 500])
def test_labels_are_drawn_for_other_numbers_of_rows(n_samples):
    X, y = labelled("text")
    sampler = ByLabel().fit(X, y)

    def count(X_real, X_synthetic):
        return len(X_synthetic)

    scorer = make_sampler_scorer(count, n_samples, greater_is_better=True)
    assert scorer(sampler, X, y) == n_samples
    scorer = make_sampler_scorer("energy_distance", n_samples)
    assert scorer(sampler, X, y) == scorer(sampler, X, y)
    assert abs(scorer(sampler, X, y)) < 0.05


def test_frames_of_labels():
    X, y = labelled("text")
    labels = pd.DataFrame({"way": y, "height": X[:, 1]})

    class Both(ByLabel):
        def fit(self, X, y):
            self.X_ = X
            return self

        def sample(self, n_samples=1, *, y=None, random_state=None):
            rows = np.random.default_rng(0).permutation(len(y))
            return self.X_[rows if self.is_deaf else slice(None)], y

    scorer = SCORERS["energy_distance"]
    good, deaf = (Both(is_deaf).fit(X, labels) for is_deaf in (False, True))
    assert scorer(good, X, labels) > scorer(deaf, X, labels) + 0.1


@pytest.mark.parametrize(
    "sampler", [GaussianMixture(2, random_state=0), KernelDensity(bandwidth=0.3)]
)
def test_samplers_of_scikit_learn(X, sampler):
    scores = cross_val_score(sampler, X, scoring=SCORERS["mmd"], cv=3)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_frames(make):
    rng = np.random.default_rng(0)
    frame = make({"x": rng.normal(size=90), "c": rng.choice(["a", "b"], size=90)})
    for name in ("energy_distance", "c2st", "column_shapes"):
        scores = cross_val_score(
            Bootstrapper(), frame, scoring=SCORERS[name], cv=3, error_score="raise"
        )
        assert np.isfinite(scores).all()


def test_scorers_can_be_pickled_and_printed(X):
    sampler = Bootstrapper().fit(X)
    for scorer in SCORERS.values():
        loaded = pickle.loads(pickle.dumps(scorer))
        assert repr(loaded) == repr(scorer)
    assert loaded(sampler, X) == scorer(sampler, X)
    assert "n_samples=7" in repr(make_sampler_scorer("mmd", n_samples=7))


def test_errors():
    with pytest.raises(ValueError, match="Unknown metric 'energy'"):
        make_sampler_scorer("energy")
    with pytest.raises(ValueError, match="greater_is_better must be given"):
        make_sampler_scorer(np.dot)
    with pytest.raises(ValueError, match="greater_is_better of mmd is False"):
        make_sampler_scorer("mmd", greater_is_better=True)
    with pytest.raises(ValueError, match="n_samples must be an integer"):
        make_sampler_scorer("mmd", n_samples=0)


def test_every_public_name_is_there():
    for name in metrics.__all__:
        assert getattr(metrics, name) is not None
