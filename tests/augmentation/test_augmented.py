"""Augmented estimators: what they train on, and what never leaks."""

import inspect
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_blobs
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from skgan import (
    AugmentedClassifier,
    AugmentedRegressor,
    ConditionalGANSampler,
    GANSampler,
    make_sampler_pipeline,
)
from skgan.augmentation._class_sampling import default_sampler

# The identities, in the first column, of the rows that each fit of a sampler saw.
SEEN_BY_SAMPLERS = []
SYNTHETIC = -1.0


class Bootstrap(BaseEstimator):
    """Draws rows of the training set again, marked as synthetic in column 0."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.X_, self.y_ = np.asarray(X), np.asarray(y)
        SEEN_BY_SAMPLERS.append(set(self.X_[:, 0].tolist()))
        return self

    def sample(self, n_samples=1, *, y=None, random_state=None):
        rng = np.random.default_rng(random_state)
        if y is None:
            lines = rng.integers(len(self.y_), size=n_samples)
        else:
            assert len(y) == n_samples
            lines = [rng.choice(np.flatnonzero(self.y_ == label)) for label in y]
        rows = self.X_[lines].copy()
        rows[:, 0] = SYNTHETIC
        return rows, self.y_[lines]


class Recorder(ClassifierMixin, BaseEstimator):
    """A classifier that keeps what it was fitted on."""

    def __init__(self, strength=1):
        self.strength = strength

    def fit(self, X, y, sample_weight=None, order=None, verbose=False):
        self.X_, self.y_, self.weight_ = X, y, sample_weight
        self.order_, self.verbose_ = order, verbose
        self.classes_ = np.unique(y)
        self.n_features_in_ = np.shape(X)[1]
        return self

    def predict(self, X, offset=0):
        return np.full(len(X), self.classes_[offset])


def numbered(n=120, seed=0):
    """Rows with an identity in column 0, three classes of 60, 36 and 24 rows."""
    rng = np.random.default_rng(seed)
    y = np.array(["a", "b", "c"]).repeat([n // 2, 3 * n // 10, n // 5])
    X = rng.normal(size=(n, 3)) + 2 * (y == "b")[:, None]
    X[:, 0] = np.arange(n)
    order = rng.permutation(n)
    return X[order], y[order]


@pytest.fixture
def rows():
    return numbered()


def augmented(**params):
    params = {"sampler": Bootstrap(), "random_state": 0, **params}
    return AugmentedClassifier(params.pop("estimator", Recorder()), **params)


def trained_on(model):
    return model.estimator_.X_, model.estimator_.y_


def test_originals_come_first_and_synthetic_rows_follow(rows):
    X, y = rows
    model = augmented().fit(X, y)
    X_fit, y_fit = trained_on(model)
    np.testing.assert_array_equal(X_fit[:120], X)
    np.testing.assert_array_equal(y_fit[:120], y)
    assert (X_fit[120:, 0] == SYNTHETIC).all()
    assert model.n_synthetic_ == {"a": 60, "b": 36, "c": 24}
    labels, counts = np.unique(y_fit[120:], return_counts=True)
    assert (
        dict(zip(labels.tolist(), counts.tolist(), strict=True)) == model.n_synthetic_
    )
    # Rows are of the class that they are said to be.
    for row, label in zip(X_fit[120:], y_fit[120:], strict=True):
        assert label in y[(X[:, 1:] == row[1:]).all(axis=1)]
    assert list(model.classes_) == ["a", "b", "c"]
    assert model.n_features_in_ == 3


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"n_synthetic": 0.5}, (30, 18, 12)),
        ({"n_synthetic": 2.0}, (120, 72, 48)),
        ({"n_synthetic": 10}, (5, 3, 2)),
        ({"n_synthetic": 1}, (1, 0, 0)),
        ({"n_synthetic": np.int64(7)}, (4, 2, 1)),
        ({"sampling_strategy": "auto"}, (0, 24, 36)),
        ({"sampling_strategy": "not majority"}, (0, 24, 36)),
        ({"sampling_strategy": "all"}, (0, 24, 36)),
        ({"sampling_strategy": "minority"}, (0, 0, 36)),
        ({"sampling_strategy": "not minority"}, (0, 24, 0)),
        ({"sampling_strategy": {"b": 50, "a": 61}}, (1, 14, 0)),
        ({"sampling_strategy": lambda y: {"c": 2 * int(sum(y == "c"))}}, (0, 0, 24)),
        ({"sampling_strategy": "auto", "n_synthetic": 0.5}, (0, 12, 18)),
        ({"sampling_strategy": "auto", "n_synthetic": 600}, (0, 240, 360)),
        ({"sampling_strategy": "minority", "keep_original": False}, (60, 36, 60)),
    ],
)
def test_amounts(rows, params, expected):
    model = augmented(**params).fit(*rows)
    assert model.n_synthetic_ == dict(zip("abc", expected, strict=True))
    n_kept = 120 if params.get("keep_original", True) else 0
    assert len(trained_on(model)[1]) == n_kept + sum(expected)


def test_strategies_agree_with_imbalanced_learn():
    from imblearn.utils import check_sampling_strategy

    from skgan.augmentation._sampling_strategy import STRATEGIES, missing_rows

    y = numbered()[1]
    two = y[y != "b"]
    cases = [(y, name) for name in STRATEGIES] + [(y, {"c": 99}), (two, 0.7), (two, 1)]
    for labels, strategy in cases:
        theirs = check_sampling_strategy(strategy, labels, "over-sampling")
        ours = missing_rows(strategy, labels)
        assert {k: n for k, n in ours.items() if n} == {
            str(k): n for k, n in theirs.items() if n
        }, strategy


def test_zero_turns_it_off(rows):
    X, y = rows
    frame = pd.DataFrame(X, columns=list("ijk"))
    model = augmented(n_synthetic=0).fit(frame, y)
    assert trained_on(model)[0] is frame
    assert model.n_synthetic_ == {"a": 0, "b": 0, "c": 0}
    assert not hasattr(model, "sampler_")
    again = augmented().fit(X, y).set_params(n_synthetic=0.0).fit(X, y)
    assert not hasattr(again, "sampler_")


def test_synthetic_rows_alone(rows):
    model = augmented(keep_original=False, n_synthetic=0.5).fit(*rows)
    assert len(trained_on(model)[0]) == 60
    assert (trained_on(model)[0][:, 0] == SYNTHETIC).all()


def recording_scorer(seen):
    def score(model, X, y):
        seen.append(set(np.asarray(X)[:, 0].tolist()))
        return accuracy_score(y, model.predict(X))

    return score


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: model,
        lambda model: make_pipeline(FunctionTransformer(), model),
        lambda model: GridSearchCV(model, {"n_synthetic": [0.5, 2.0]}, cv=2),
    ],
    ids=["alone", "in a pipeline", "in a search"],
)
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(solver="newton-cholesky"),
        make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky")),
    ],
    ids=["classifier", "pipeline"],
)
def test_no_synthetic_row_is_scored_and_no_validation_row_is_learnt(
    rows, wrap, estimator
):
    X, y = rows
    scored = []
    SEEN_BY_SAMPLERS.clear()
    model = wrap(augmented(estimator=estimator, sampling_strategy="auto"))
    if isinstance(model, GridSearchCV):
        model.set_params(scoring=recording_scorer(scored))
    n_splits, every = 4, set(range(len(X)))
    folds = []
    for train, validation in StratifiedKFold(n_splits).split(X, y):
        n_before = len(SEEN_BY_SAMPLERS)
        result = cross_validate(
            model,
            X,
            y,
            cv=[(train, validation)],
            scoring=recording_scorer(scored),
            return_estimator=True,
            error_score="raise",
        )
        folds.append(result["test_score"])
        learnt = SEEN_BY_SAMPLERS[n_before:]
        held_out = set(X[validation, 0].tolist())
        assert learnt
        assert all(not seen & held_out for seen in learnt)
        # The last fit, the only one but in a search, sees all training rows.
        assert learnt[-1] == set(X[train, 0].tolist())
        assert scored[-1] == held_out
    assert len(scored) >= n_splits
    assert all(seen <= every for seen in scored)


def test_in_a_search_each_fit_learns_from_its_own_training_rows(rows):
    X, y = rows
    scored = []
    SEEN_BY_SAMPLERS.clear()
    search = GridSearchCV(
        augmented(estimator=LogisticRegression(solver="newton-cholesky")),
        {"n_synthetic": [0, 1.0], "estimator__C": [0.1, 1]},
        scoring=recording_scorer(scored),
        cv=3,
        error_score="raise",
    ).fit(X, y)
    pairs = [
        (seen, other) for seen in SEEN_BY_SAMPLERS for other in scored if seen == other
    ]
    assert not pairs
    # Two of the four settings draw; the refit may, too.
    assert len(SEEN_BY_SAMPLERS) in (6, 7)
    assert len(scored) == 12
    held_out = [rows for rows in scored if SYNTHETIC in rows]
    assert not held_out
    assert set(search.cv_results_["param_n_synthetic"]) == {0, 1.0}


def test_a_fitted_sampler_is_refused_and_the_error_says_why(rows):
    X, y = rows
    sampler = Bootstrap().fit(X, y)
    for n_synthetic in (0, 1.0):
        with pytest.raises(ValueError, match=r"fitted already.*leaks.*FrozenEstimator"):
            augmented(sampler=sampler, n_synthetic=n_synthetic).fit(X, y)
    augmented(sampler=clone(sampler)).fit(X, y)


def test_a_frozen_sampler_is_used_as_it_is(rows):
    X, y = rows
    sampler = Bootstrap().fit(X + 1000, y)
    SEEN_BY_SAMPLERS.clear()
    model = clone(augmented(sampler=FrozenEstimator(sampler))).fit(X, y)
    assert SEEN_BY_SAMPLERS == []
    assert trained_on(model)[0][120:, 1].min() > 900
    plain = FrozenEstimator(GaussianMixture(reg_covar=1).fit(X))
    with pytest.raises(TypeError, match="GaussianMixture draws rows without a class"):
        augmented(sampler=plain).fit(X, y)


def test_parameters_are_left_alone_and_clones_pickle(rows):
    X, y = rows
    estimator, sampler = LogisticRegression(solver="newton-cholesky"), Bootstrap()
    model = augmented(estimator=estimator, sampler=sampler).fit(X, y)
    assert model.estimator is estimator
    assert not hasattr(estimator, "coef_")
    assert not hasattr(sampler, "X_")
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
    assert len(copy.sampler_.sample(4)[0]) == 4


def test_random_state_fixes_the_draws_and_touches_no_global_stream(rows):
    X, y = rows
    state = np.random.get_state()[1].copy()
    first, second, other = (
        trained_on(
            augmented(sampler=GaussianMixture(reg_covar=1), random_state=seed).fit(X, y)
        )[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    free = [augmented(random_state=None).fit(X, y) for _ in range(2)]
    assert (trained_on(free[0])[0] != trained_on(free[1])[0]).any()
    np.testing.assert_array_equal(state, np.random.get_state()[1])


@pytest.mark.parametrize(
    "sampler",
    [
        GaussianMixture(2, reg_covar=1e-3),
        KernelDensity(bandwidth=0.1),
        GANSampler(max_iter=5, hidden_dims=(8,)),
        ConditionalGANSampler(max_iter=5, hidden_dims=(8,)),
    ],
    ids=lambda sampler: type(sampler).__name__,
)
def test_any_sampler_draws_the_classes_asked_for(sampler):
    X, y = make_blobs(90, centers=[[0, 0], [50, 0], [0, 90]], random_state=0)
    model = augmented(sampler=sampler, sampling_strategy={0: 40, 2: 41}).fit(X, y)
    X_fit, y_fit = trained_on(model)
    assert y_fit[90:].tolist() == [0] * 10 + [2] * 11
    new = X_fit[90:]
    assert np.isfinite(new).all()
    if not isinstance(sampler, ConditionalGANSampler):
        assert np.abs(new[:10]).max() < 20
        assert (new[10:, 1] > 70).all()
        assert set(model.sampler_.samplers_) == {0, 2}
        drawn = model.sampler_.sample(4, y=np.array([2, 0, 2, 0]))[0]
        assert (drawn[:, 1] > 70).tolist() == [True, False, True, False]


def test_many_numbered_classes_are_classes():
    rng = np.random.default_rng(0)
    y = np.arange(75) % 25
    X = rng.normal(size=(75, 2))
    sampler = ConditionalGANSampler(max_iter=2, hidden_dims=(4,))
    model = augmented(sampler=sampler, n_synthetic=25).fit(X, y)
    assert list(model.sampler_.classes_) == list(range(25))
    assert sampler.y_kind == "auto"


def test_whole_numbers_stay_whole():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(100, 2)).astype(np.int16)
    y = np.arange(100) % 2
    sampler = GaussianMixture(reg_covar=0.01)
    X_fit, _ = trained_on(augmented(sampler=sampler, n_synthetic=5.0).fit(X, y))
    assert X_fit.dtype == np.int16
    # Cut off, not rounded, most ones would be zeros.
    assert abs((X_fit[100:] == 1).mean() - X.mean()) < 0.1
    frame = pd.DataFrame(X, columns=["p", "q"]).astype({"q": "Int64"})
    X_fit, _ = trained_on(augmented(sampler=sampler).fit(frame, y))
    assert (X_fit.dtypes == frame.dtypes).all()
    assert len(X_fit) == 200


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables(library):
    rng = np.random.default_rng(0)
    columns = {
        "size": rng.normal(size=80),
        "city": np.array(["Rome", "Oslo"])[rng.integers(2, size=80)],
    }
    frame, y = pd.DataFrame(columns), np.array(["no", "yes"])[np.arange(80) % 8 // 7]
    frame["city"] = frame["city"].astype("category")
    labels = pd.Series(y, index=np.arange(80) + 7)
    if library == "polars":
        schema = {"size": pl.Float32, "city": pl.Enum(["Rome", "Oslo", "Bern"])}
        frame, labels = pl.DataFrame(columns, schema=schema), pl.Series(y)
    sampler = GANSampler(max_iter=2, hidden_dims=(4,))
    model = augmented(sampler=sampler, sampling_strategy="auto").fit(frame, labels)
    X_fit, y_fit = trained_on(model)
    assert isinstance(X_fit, type(frame))
    assert len(X_fit) == len(y_fit) == 140
    assert list(X_fit.dtypes) == list(frame.dtypes)
    assert X_fit[:80].equals(frame)
    assert set(X_fit["city"]) == {"Rome", "Oslo"}
    assert model.n_synthetic_ == {"no": 0, "yes": 60}


def test_frames_with_missing_values_reach_an_estimator_that_takes_them():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"p": rng.normal(size=60), "q": list("xyz") * 20})
    frame["q"] = frame["q"].astype("category")
    frame.loc[::4, "p"] = np.nan
    model = AugmentedClassifier(
        HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype"),
        GANSampler(max_iter=2, hidden_dims=(4,)),
        random_state=0,
    ).fit(frame, np.arange(60) % 2)
    assert model.predict(frame).shape == (60,)
    assert list(model.feature_names_in_) == ["p", "q"]


def test_images_and_lists(rows):
    images = np.random.default_rng(0).integers(0, 17, (40, 8, 8)).astype(np.uint8)
    sampler = ConditionalGANSampler(max_iter=2, hidden_dims=(4,))
    model = augmented(sampler=sampler).fit(images, np.arange(40) % 2)
    assert trained_on(model)[0].shape == (80, 8, 8)
    assert trained_on(model)[0].dtype == np.uint8
    model = augmented().fit(rows[0].tolist(), rows[1].tolist())
    assert trained_on(model)[0].shape == (240, 3)


def test_sparse_rows_are_refused_unless_it_is_off(rows):
    X, y = csr_array(rows[0]), rows[1]
    with pytest.raises(TypeError, match=r"Sparse.*toarray\(\).*n_synthetic=0"):
        augmented().fit(X, y)
    model = augmented(
        estimator=LogisticRegression(solver="newton-cholesky"), n_synthetic=0
    ).fit(X, y)
    assert model.predict(X).shape == (120,)


def test_what_the_estimator_has_is_there(rows):
    X, y = rows
    model = augmented(estimator=LogisticRegression(solver="newton-cholesky")).fit(X, y)
    inner = model.estimator_
    for name in (
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
    ):
        own = getattr(model, name)(X)
        np.testing.assert_array_equal(own, getattr(inner, name)(X))
    assert model.score(X, y) == inner.score(X, y)
    svc = augmented(estimator=LinearSVC())
    assert not hasattr(svc, "predict_proba")
    assert not hasattr(svc, "transform")
    assert hasattr(augmented(estimator=make_pipeline(StandardScaler())), "transform")
    with pytest.raises(NotFittedError):
        augmented(estimator=LogisticRegression(solver="newton-cholesky")).predict(X)


def test_weights_of_synthetic_rows_are_the_mean_of_their_class(rows):
    X, y = rows
    weight = np.where(y == "a", 3.0, 0.5)
    model = augmented().fit(X, y, sample_weight=weight)
    own = model.estimator_.weight_
    np.testing.assert_array_equal(own[:120], weight)
    np.testing.assert_allclose(
        own[120:], np.where(trained_on(model)[1][120:] == "a", 3, 0.5)
    )
    pipe = make_pipeline(StandardScaler(), Recorder())
    model = augmented(estimator=pipe).fit(X, y, recorder__sample_weight=weight)
    assert model.estimator_[-1].weight_.shape == (240,)
    alone = augmented(keep_original=False).fit(X, y, sample_weight=weight)
    assert alone.estimator_.weight_.shape == (120,)


def test_rows_without_weight_are_not_learnt(rows):
    X, y = rows
    weight = (X[:, 0] >= 30).astype(float)
    SEEN_BY_SAMPLERS.clear()
    model = augmented().fit(X, y, sample_weight=weight)
    assert SEEN_BY_SAMPLERS[-1] == set(range(30, 120))
    assert sum(model.n_synthetic_.values()) == 90
    assert (model.estimator_.weight_[120:] == 1).all()
    assert len(trained_on(model)[0]) == 210
    with pytest.raises(ValueError, match="0 or less for every"):
        augmented().fit(X, y, sample_weight=np.zeros(120))


def test_other_parameters_of_fit(rows):
    X, y = rows
    model = augmented().fit(X, y, verbose=True, sample_weight=None)
    assert model.estimator_.verbose_ is True
    assert model.estimator_.weight_ is None
    with pytest.raises(ValueError, match=r"order of fit.*n_synthetic=0"):
        augmented().fit(X, y, order=np.arange(120))
    model = augmented(n_synthetic=0).fit(X, y, order=np.arange(120))
    assert len(model.estimator_.order_) == 120


def test_metadata_routing(rows):
    X, y = rows
    weight = np.arange(120.0) + 1
    with config_context(enable_metadata_routing=True):
        inner = Recorder().set_fit_request(sample_weight=True)
        inner.set_predict_request(offset=True)
        model = augmented(estimator=inner).fit(X, y, sample_weight=weight)
        assert model.estimator_.weight_.shape == (240,)
        assert set(model.predict(X, offset=1)) == {"b"}
        with pytest.raises(UnsetMetadataPassedError, match="order"):
            augmented(estimator=Recorder()).fit(X, y, order=np.arange(120))
        weighing = LogisticRegression(solver="newton-cholesky").set_fit_request(
            sample_weight=True
        )
        weighing.set_score_request(sample_weight=True)
        # scikit-learn 1.6 asks the pipeline, later versions its last step.
        pipeline = make_pipeline(FunctionTransformer(), augmented(estimator=weighing))
        pipeline.set_score_request(sample_weight=True)
        result = cross_validate(
            pipeline,
            X,
            y,
            params={"sample_weight": weight},
            cv=3,
            error_score="raise",
        )
        assert np.isfinite(result["test_score"]).all()


BAD = {
    "share": ({"n_synthetic": -0.5}, ValueError, "n_synthetic must be finite"),
    "count": ({"n_synthetic": -1}, ValueError, "n_synthetic must be at least 0"),
    "nan": ({"n_synthetic": float("nan")}, ValueError, "n_synthetic"),
    "boolean": ({"n_synthetic": True}, TypeError, "n_synthetic"),
    "word": ({"n_synthetic": "most"}, TypeError, "n_synthetic must be a number"),
    "strategy": (
        {"sampling_strategy": "majority"},
        ValueError,
        r"'majority' is not known; choose one of.*'not majority'",
    ),
    "strategy type": ({"sampling_strategy": [1]}, TypeError, "sampling_strategy must"),
    "absent class": (
        {"sampling_strategy": {"z": 3}},
        ValueError,
        r"without training rows: \['z'\]; there are \['a', 'b', 'c'\]",
    ),
    "fewer": (
        {"sampling_strategy": {"c": 3}},
        ValueError,
        "asks for 3 rows of class 'c', which has 24",
    ),
    "no integer": ({"sampling_strategy": {"c": 30.5}}, TypeError, r"\['c'\] must be"),
    "function": ({"sampling_strategy": lambda y: 3}, TypeError, "must return a dict"),
    "ratio": ({"sampling_strategy": 0.5}, ValueError, "ratio of two classes"),
    "keep": ({"keep_original": "no"}, TypeError, "keep_original must be True or"),
    "nothing left": (
        {"keep_original": False, "n_synthetic": 0},
        ValueError,
        "leave no rows",
    ),
    "class lost": (
        {"keep_original": False, "n_synthetic": 2},
        ValueError,
        r"no rows of the classes \['c'\]",
    ),
    "seed": ({"random_state": "x"}, ValueError, "random_state"),
    "no sampler": ({"sampler": StandardScaler()}, TypeError, "methods fit and sample"),
    "a class": ({"sampler": GANSampler}, TypeError, "must be an instance"),
}


@pytest.mark.parametrize(("params", "error", "message"), BAD.values(), ids=BAD)
def test_bad_parameters(rows, params, error, message):
    with pytest.raises(error, match=message):
        augmented(**params).fit(*rows)


def test_bad_targets(rows):
    X, y = rows
    with pytest.raises(ValueError, match="requires y to be passed"):
        augmented().fit(X, None)
    with pytest.raises(ValueError, match="several labels a row"):
        augmented().fit(X, np.c_[y == "a", y == "b"].astype(int))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        augmented().fit(X, y[:-1])
    with pytest.raises(ValueError, match="Unknown label type"):
        augmented().fit(X, X[:, 1])


def test_a_class_of_one_row(rows):
    X, y = rows
    y = y.astype(object)
    y[0] = "lonely"
    with pytest.raises(ValueError, match=r"'lonely' has 1 row.*sampling_strategy"):
        augmented(sampler=GaussianMixture(reg_covar=1)).fit(X, y)
    model = augmented(sampler=GaussianMixture(reg_covar=1), sampling_strategy={"c": 30})
    assert model.fit(X, y).n_synthetic_["c"] > 0
    # One that learns all classes together draws it, too.
    assert augmented().fit(X, y).n_synthetic_["lonely"] == 1


def test_a_sampler_for_each_class_is_asked_for_their_rows(rows):
    X, y = rows
    model = augmented(sampler=GaussianMixture(reg_covar=1)).fit(X, y)
    drawn, labels = model.sampler_.sample(y=["c", "a", "c"], random_state=0)
    assert drawn.shape == (3, X.shape[1]) and labels.tolist() == ["c", "a", "c"]
    with pytest.raises(ValueError, match=r"of \['a', 'b', 'c'\].*got \['z'\]"):
        model.sampler_.sample(y=["a", "z"])
    with pytest.raises(ValueError, match="2 labels for n_samples=3"):
        model.sampler_.sample(3, y=["a", "b"])


def test_samplers_within_pipelines_are_seeded_and_told_that_y_are_classes():
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = np.arange(60) // 2
    inner = ConditionalGANSampler(max_iter=2, hidden_dims=(4,))
    pipeline = make_sampler_pipeline(StandardScaler(), inner)
    coefs = []
    for _ in range(2):
        model = augmented(estimator=Ridge(), sampler=pipeline).fit(X, y)
        coefs.append(model.estimator_.coef_)
    assert model.sampler_.classes_.tolist() == list(range(30))
    np.testing.assert_array_equal(*coefs)
    assert inner.random_state is None and inner.y_kind == "auto"


class Careless(Bootstrap):
    def sample(self, n_samples=1, *, y=None, random_state=None):
        rows, labels = super().sample(n_samples, y=y, random_state=random_state)
        return rows[1:], labels[1:]


class Narrow(Bootstrap):
    def sample(self, n_samples=1, *, y=None, random_state=None):
        rows, labels = super().sample(n_samples, y=y, random_state=random_state)
        return rows[:, 1:], labels


class Rowwise(Bootstrap):
    def sample(self, n_samples=1, *, y=None, random_state=None):
        return super().sample(n_samples, y=y, random_state=random_state)[0]


def test_samplers_that_break_the_contract(rows):
    X, y = rows
    with pytest.raises(ValueError, match="Careless returned 119 rows where 120"):
        augmented(sampler=Careless()).fit(X, y)
    with pytest.raises(ValueError, match=r"rows of shape \(2,\) for rows of shape"):
        augmented(sampler=Narrow()).fit(X, y)
    with pytest.raises(TypeError, match=r"must return \(X, y\), got a ndarray"):
        AugmentedRegressor(Ridge(), Rowwise()).fit(X, X[:, 1])
    with pytest.raises(ValueError, match="Careless returned 119 rows"):
        AugmentedRegressor(Ridge(), Careless()).fit(X, X[:, 1])


class Line(LinearRegression):
    def fit(self, X, y, sample_weight=None):
        self.X_, self.y_, self.weight_ = X, y, sample_weight
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize(("n_synthetic", "n"), [(0.25, 30), (7, 7), (0, 0), (1.0, 120)])
def test_regressor(rows, n_synthetic, n):
    X = rows[0]
    y = X[:, 1] * 2
    model = AugmentedRegressor(
        Line(), Bootstrap(), n_synthetic=n_synthetic, random_state=0
    ).fit(X, y, sample_weight=np.full(120, 4.0))
    assert model.n_synthetic_ == n
    np.testing.assert_array_equal(model.estimator_.y_[:120], y)
    new = slice(120, None)
    np.testing.assert_allclose(
        model.estimator_.y_[new], model.estimator_.X_[new, 1] * 2
    )
    assert (model.estimator_.weight_ == 4).all()
    assert len(model.estimator_.weight_) == 120 + n
    assert model.score(X, y) > 0.99
    assert not hasattr(model, "predict_proba")


def test_regressor_draws_targets_as_they_are_spread():
    rng = np.random.default_rng(0)
    y = rng.gamma(2, size=200)
    X = np.c_[y + rng.normal(size=200), rng.normal(size=200)]
    sampler = ConditionalGANSampler(max_iter=20, hidden_dims=(8,))
    model = AugmentedRegressor(Line(), sampler, n_synthetic=500, random_state=0)
    drawn = model.fit(X, y).estimator_.y_[200:]
    assert abs(np.median(drawn) - np.median(y)) < 0.3
    assert drawn.min() >= y.min()
    assert drawn.max() <= y.max()


def test_regressor_of_several_targets(rows):
    X = rows[0]
    y = X[:, 1:] @ [[1, 2], [3, 4]]
    sampler = ConditionalGANSampler(max_iter=2, hidden_dims=(4,))
    model = AugmentedRegressor(Line(), sampler, random_state=0).fit(X, y)
    assert model.estimator_.y_.shape == (240, 2)
    assert model.predict(X).shape == (120, 2)


def test_regressor_needs_a_sampler_of_pairs(rows):
    X = rows[0]
    with pytest.raises(TypeError, match="GANSampler draws rows without targets"):
        AugmentedRegressor(Ridge(), GANSampler()).fit(X, X[:, 1])


def test_the_default_sampler_learns_a_chain_of_trees_for_each_class(rows):
    X, y = rows
    y = y.astype(object)
    y[0] = "lonely"
    model = AugmentedClassifier(Recorder(), random_state=0).fit(X, y)
    drawn = trained_on(model)[0][120:]
    # The classes differ in their second column by 2, and so do rows drawn of them.
    labels = trained_on(model)[1][120:]
    assert drawn[labels == "b", 1].mean() - drawn[labels == "a", 1].mean() > 1
    assert np.isfinite(drawn).all()
    # Of a single row there is nothing to learn but itself.
    np.testing.assert_allclose(drawn[labels == "lonely"], X[:1])
    more, labels = model.sampler_.sample(400, random_state=0)
    assert more.shape == (400, 3)
    assert abs((labels == "a").mean() - 0.5) < 0.1
    over = AugmentedClassifier(Recorder(), sampling_strategy="minority", random_state=0)
    with pytest.raises(ValueError, match=r"of \['lonely'\]"):
        over.fit(X, y).sampler_.sample(y=["a"])


def test_the_default_chains_learn_from_7000_rows_in_all_the_scarce_class_whole():
    rng = np.random.default_rng(0)
    y = np.repeat(["few", "many", "more"], [300, 4000, 5000])
    X = rng.normal(size=(len(y), 1)) + 9 * (y == "more")[:, None]
    model = AugmentedClassifier(Recorder(), n_synthetic=20, random_state=0).fit(X, y)
    samplers = model.sampler_.samplers_
    learnt = {name: own.prior_.n_rows_ for name, own in samplers.items()}
    assert learnt == {"few": 300, "many": 3350, "more": 3350}
    # What is drawn without labels has the shares of all rows.
    rows, labels = model.sampler_.sample(2000, random_state=0)
    assert abs((labels == "more").mean() - 5000 / 9300) < 0.05
    assert abs(rows[labels == "more"].mean() - 9) < 0.2


def test_the_default_sampler_of_numbers_and_of_images_is_the_conditional_one(rows):
    X, _ = rows
    model = AugmentedRegressor(Line(), random_state=0).fit(X, 3 * X[:, 1])
    assert isinstance(model.sampler_, ConditionalGANSampler)
    assert model.sampler_.n_iter_ == 0
    drawn = model.estimator_.X_[120:]
    assert np.corrcoef(drawn[:, 1], model.estimator_.y_[120:])[0, 1] > 0.9
    for kind in (AugmentedClassifier, AugmentedRegressor):
        assert inspect.signature(kind).parameters["sampler"].default is None
    # Adversarial training is not left out where nothing else could draw.
    default = default_sampler(np.zeros((4, 8, 8)), of_classes=True)
    assert isinstance(default, ConditionalGANSampler)
    assert default.max_iter == "auto"
