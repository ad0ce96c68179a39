"""n_synthetic="auto": amounts are chosen on folds, ties go to none, nothing leaks."""

import warnings
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GroupKFold, StratifiedShuffleSplit, cross_val_score

import skgan
from skgan import AugmentedClassifier, AugmentedRegressor

SYNTHETIC = -1.0


class Teacher(BaseEstimator):
    """Draws rows of the class asked for, marked as synthetic in column 0."""

    fits: ClassVar[list] = []

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.X_, self.y_ = np.asarray(X), np.asarray(y)
        self.fits.append(set(self.X_[:, 0].tolist()))
        return self

    def sample(self, n_samples=1, *, y=None, random_state=None):
        rng = np.random.default_rng(random_state)
        if y is None:
            lines = rng.integers(len(self.y_), size=n_samples)
        else:
            lines = [rng.choice(np.flatnonzero(self.y_ == label)) for label in y]
        rows = self.X_[lines].copy()
        rows[:, 0] = SYNTHETIC
        return rows, self.y_[lines]


class Counter(ClassifierMixin, BaseEstimator):
    """Its score is a function of the rows that it was trained on."""

    scored: ClassVar[list] = []

    def __init__(self, value=None):
        self.value = value

    def fit(self, X, y, sample_weight=None, order=None):
        self.X_, self.y_, self.weight_ = np.asarray(X), np.asarray(y), sample_weight
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y, sample_weight=None):
        assert SYNTHETIC not in np.asarray(X)[:, 0]
        self.scored.append((set(np.asarray(X)[:, 0].tolist()), sample_weight))
        return self.value(self.X_, self.y_)


def share_of_b(X, y):
    """The more of the scarce class, the better."""
    return (y == "b").mean()


def rows(n=60, n_scarce=12):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    X[:, 0] = np.arange(n)
    y = np.where(np.arange(n) < n_scarce, "b", "a")
    order = rng.permutation(n)
    return X[order], y[order]


@pytest.fixture(autouse=True)
def forget():
    Teacher.fits.clear()
    Counter.scored.clear()


def auto(value=share_of_b, **params):
    params = {"sampler": Teacher(), "random_state": 0, **params}
    return AugmentedClassifier(Counter(value), n_synthetic="auto", **params)


def test_the_amount_that_scores_best_is_drawn_and_the_table_says_why():
    X, y = rows()
    model = auto().fit(X, y)
    assert model.n_synthetic_ == {"a": 0, "b": 36}
    assert len(model.estimator_.X_) == 96
    table = model.cv_results_
    assert table["params"][0] == {"n_synthetic": 0, "sampling_strategy": None}
    assert table["params"][model.best_index_] == {
        "n_synthetic": 1.0,
        "sampling_strategy": "auto",
    }
    assert table["n_synthetic"][0] == 0
    assert table["n_synthetic"][model.best_index_] == 36
    assert table["rank_test_score"][model.best_index_] == 1
    splits = np.stack([table[f"split{i}_test_score"] for i in range(5)])
    assert splits[:, 0] == pytest.approx(0.2, abs=0.02)
    assert splits[:, model.best_index_] == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(table["mean_test_score"], splits.mean(axis=0))
    gains = splits - splits[:, :1]
    np.testing.assert_allclose(table["mean_gain"], gains.mean(axis=0))
    # Of five folds: a fifth, and a fourth for the rows that they share.
    errors = gains.std(axis=0, ddof=1) * np.sqrt(1 / 5 + 1 / 4)
    np.testing.assert_allclose(table["gain_error"], errors)
    assert len(pd.DataFrame(table)) == len(table["params"])


def test_the_sampler_is_fitted_once_a_fold_and_scored_rows_are_real_and_unseen():
    X, y = rows()
    model = auto().fit(X, y)
    n_settings, everything = len(model.cv_results_["params"]), set(range(60))
    assert len(Teacher.fits) == 5 + 1
    assert Teacher.fits[-1] == everything
    held_out = [seen for seen, _ in Counter.scored]
    assert len(held_out) == 5 * n_settings
    for i, learnt in enumerate(Teacher.fits[:-1]):
        for seen in held_out[i * n_settings : (i + 1) * n_settings]:
            assert seen == everything - learnt
    assert set().union(*held_out) == everything


@pytest.mark.parametrize(
    "value", [lambda X, y: 1.0, lambda X, y: -float((X[:, 0] == SYNTHETIC).mean())]
)
def test_ties_and_losses_go_to_none(value):
    X, y = rows()
    model = auto(value).fit(X, y)
    assert model.n_synthetic_ == {"a": 0, "b": 0}
    assert model.best_index_ == 0
    assert len(model.estimator_.X_) == 60
    assert not hasattr(model, "sampler_")
    # One fit a fold: there is nothing to draw afterwards.
    assert len(Teacher.fits) == 5


def test_a_gain_within_one_standard_error_is_a_tie():
    X, y = rows()

    def one_fold_gains(model, X, y):
        return share_of_b(model.X_, model.y_) if 0 in X[:, 0] else 0.0

    model = auto(scoring=one_fold_gains).fit(X, y)
    table = model.cv_results_
    best = int(table["mean_test_score"].argmax())
    assert best > 0
    assert 0 < table["mean_gain"][best] < table["gain_error"][best]
    assert model.best_index_ == 0
    assert model.n_synthetic_ == {"a": 0, "b": 0}


def test_a_strategy_is_followed():
    X, y = rows()
    model = auto(sampling_strategy={"b": 20}).fit(X, y)
    assert model.cv_results_["n_synthetic"].tolist() == [0, 2, 4, 8]
    assert model.n_synthetic_ == {"a": 0, "b": 8}
    # Amounts that are the same are compared once: nothing lacks here.
    X, y = rows(n_scarce=30)
    Teacher.fits.clear()
    model = auto(sampling_strategy="auto").fit(X, y)
    assert model.cv_results_["n_synthetic"].tolist() == [0]
    assert Teacher.fits == []
    assert model.n_synthetic_ == {"a": 0, "b": 0}


def test_scoring_and_cv():
    X, y = rows()
    asked = []

    def scorer(model, X, y):
        asked.append(len(y))
        return len(model.y_)

    model = auto(lambda X, y: 1.0, scoring=scorer, cv=3).fit(X, y)
    assert set(asked) == {20}
    assert not Counter.scored
    # As many rows again are the most that "auto" adds here.
    assert sum(model.n_synthetic_.values()) == 60
    splitter = StratifiedShuffleSplit(4, test_size=15, random_state=0)
    table = auto(cv=splitter).fit(X, y).cv_results_
    assert "split3_test_score" in table and "split4_test_score" not in table
    assert {len(seen) for seen, _ in Counter.scored} == {15}
    model = AugmentedClassifier(
        LogisticRegression(solver="newton-cholesky"),
        GaussianMixture(reg_covar=1.0),
        n_synthetic="auto",
        scoring="average_precision",
        random_state=0,
    ).fit(X, (y == "b").astype(int))
    assert (model.cv_results_["mean_test_score"] <= 1).all()


def test_one_seed_one_choice():
    X, y = make_classification(120, 4, weights=[0.8], flip_y=0.1, random_state=0)
    model = AugmentedClassifier(
        LogisticRegression(solver="newton-cholesky"),
        GaussianMixture(reg_covar=0.1),
        n_synthetic="auto",
        scoring="roc_auc",
        random_state=0,
    )
    tables = [clone(model).fit(X, y).cv_results_ for _ in range(2)]
    other = clone(model).set_params(random_state=1).fit(X, y).cv_results_
    key = "mean_test_score"
    np.testing.assert_array_equal(tables[0][key], tables[1][key])
    assert (tables[0][key] != other[key]).any()
    assert np.isfinite(cross_val_score(model, X, y, cv=2)).all()


def test_the_default_sampler_takes_tables():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"p": rng.normal(size=60), "q": list("xyz") * 20})
    y = np.where(np.arange(60) % 5 == 0, "b", "a")
    frame["p"] += 2 * (y == "b")
    model = AugmentedClassifier(
        Counter(lambda X, y: (y == "b").mean()), n_synthetic="auto", random_state=0
    )
    model.estimator.score = None
    model.set_params(scoring=lambda model, X, y: share_of_b(model.X_, model.y_))
    model.fit(frame, y)
    assert model.n_synthetic_ == {"a": 0, "b": 36}
    drawn = model.estimator_.X_[60:]
    assert set(drawn[:, 1]) <= set("xyz")
    assert drawn[:, 0].astype(float).mean() > 1


def test_regressor():
    rng = np.random.default_rng(0)
    X = np.c_[np.arange(60.0), rng.normal(size=(60, 2))]
    y = X[:, 1] * 2

    def n_rows(model, X, y):
        assert SYNTHETIC not in X[:, 0]
        return float(len(model.y_seen_))

    class Sized(Ridge):
        def fit(self, X, y, sample_weight=None):
            self.y_seen_ = y
            return super().fit(X, y, sample_weight)

    model = AugmentedRegressor(
        Sized(), Teacher(), n_synthetic="auto", scoring=n_rows, random_state=0
    ).fit(X, y)
    assert model.n_synthetic_ == 120
    assert model.cv_results_["n_synthetic"].tolist() == [0, 30, 60, 120]
    model.set_params(scoring=lambda model, X, y: 1.0).fit(X, y)
    assert model.n_synthetic_ == 0


def test_weights_are_cut_to_the_folds_and_rows_without_weight_left_out():
    X, y = rows()
    weight = np.where(X[:, 0] < 50, 2.0, 0.0)
    model = auto().fit(X, y, sample_weight=weight)
    assert set().union(*Teacher.fits) == set(range(50))
    assert set().union(*(seen for seen, _ in Counter.scored)) == set(range(50))
    assert all(weights is None for _, weights in Counter.scored)
    assert (model.estimator_.weight_[60:] == 2).all()
    with pytest.raises(ValueError, match=r"order of fit.*n_synthetic=0"):
        auto().fit(X, y, order=np.arange(60))


def test_metadata_reaches_the_scorer_and_the_splitter_that_request_it():
    X, y = rows()
    weight = X[:, 0] + 1
    groups = (X[:, 0] // 6).astype(int)
    with config_context(enable_metadata_routing=True):
        inner = Counter(share_of_b).set_fit_request(sample_weight=True)
        inner.set_score_request(sample_weight=True)
        model = AugmentedClassifier(
            inner, Teacher(), n_synthetic="auto", cv=GroupKFold(5), random_state=0
        ).fit(X, y, sample_weight=weight, groups=groups)
    for seen, weights in Counter.scored:
        assert set((weights - 1).tolist()) == seen
        own = {int(number // 6) for number in seen}
        assert len(seen) == 6 * len(own)
    assert len(model.estimator_.weight_) == len(model.estimator_.X_)


@pytest.mark.parametrize("n_scarce", [1, 2])
def test_too_few_rows_of_a_class_for_folds_add_none(n_scarce):
    X, y = rows(n_scarce=n_scarce)
    with pytest.warns(UserWarning, match=rf"adds no rows.*{n_scarce} row"):
        model = auto().fit(X, y)
    assert model.n_synthetic_ == {"a": 0, "b": 0}
    assert np.isnan(model.cv_results_["mean_test_score"]).all()
    assert Teacher.fits == []
    assert model.predict(X).shape == (60,)


def test_few_rows_of_a_class_make_fewer_folds():
    X, y = rows(n_scarce=3)
    with pytest.warns(UserWarning, match=r"in 3 folds, not cv=5.*3 rows of a class"):
        table = auto().fit(X, y).cv_results_
    assert "split2_test_score" in table and "split3_test_score" not in table
    with pytest.warns(UserWarning, match="adds no rows"):
        model = AugmentedRegressor(Ridge(), Teacher(), n_synthetic="auto")
        model.fit(X[:2], X[:2, 1])
    assert model.n_synthetic_ == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        auto().fit(*rows(n_scarce=5))


BAD = {
    "word": ({"n_synthetic": "most"}, TypeError, "a number or 'auto', got 'most'"),
    "alone": ({"keep_original": False}, ValueError, "n_synthetic='auto' compares with"),
    "folds": ({"cv": 1}, ValueError, "cv must be at least 2"),
    "no splitter": ({"cv": "five"}, ValueError, "cv"),
    "no scorer": ({"scoring": "best"}, ValueError, "best"),
    "scorers": ({"scoring": ["accuracy", "f1"]}, ValueError, "scoring must be one"),
}


@pytest.mark.parametrize(("params", "error", "message"), BAD.values(), ids=BAD)
def test_bad_parameters(params, error, message):
    with pytest.raises(error, match=message):
        auto().set_params(**params).fit(*rows())


def test_sparse_rows_are_refused():
    X, y = rows()
    with pytest.raises(TypeError, match=r"Sparse.*toarray"):
        auto().fit(csr_array(X), y)


def test_another_amount_forgets_what_was_chosen():
    X, y = rows()
    model = auto().fit(X, y).set_params(n_synthetic=1.0).fit(X, y)
    assert not hasattr(model, "cv_results_")
    assert not hasattr(model, "best_index_")


def test_what_was_chosen_is_saved(tmp_path):
    X, y = make_classification(60, 4, weights=[0.8], random_state=0)
    model = AugmentedClassifier(
        LogisticRegression(solver="newton-cholesky"), n_synthetic="auto", random_state=0
    ).fit(X, y)
    skgan.save(model, tmp_path / "model.skgan", leave_out=["estimator_", "estimator"])
    own = {"estimator_": model.estimator_, "estimator": model.estimator}
    loaded = skgan.load(tmp_path / "model.skgan", objects=own)
    assert loaded.cv_results_["params"] == model.cv_results_["params"]
    np.testing.assert_array_equal(
        loaded.cv_results_["mean_gain"], model.cv_results_["mean_gain"]
    )
    assert loaded.n_synthetic_ == model.n_synthetic_
