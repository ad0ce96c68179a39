"""Rows that cannot be learnt are refused in words; odd ones that can be are learnt."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from input_cases import ARRAYS
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from torch import nn

import skgan
import skgan.imblearn
from skgan import GANOutlierDetector, InfoGANSampler, SamplerPipeline
from skgan.modules import MLPDiscriminator, MLPGenerator

TAKE_NO_TABLES = (InfoGANSampler, GANOutlierDetector)


def test_the_list_has_every_public_estimator(everything):
    rooms = (skgan, skgan.imblearn)
    public = {
        name
        for room in rooms
        for name, kind in inspect.getmembers(room, inspect.isclass)
        if name in room.__all__ and issubclass(kind, BaseEstimator)
    }
    # It takes what is missing, trains no network and draws no rows of its own.
    assert public - {"GANImputer"} == set(everything)


def with_value(X, value):
    X = X.copy()
    X[3, 1] = value
    return X


# -- what is refused


@pytest.mark.parametrize(("value", "what"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_what_is_no_number_is_named_with_its_column(public, X, value, what):
    with pytest.raises(ValueError, match=what) as raised:
        public.fitted(with_value(X, value))
    message = str(raised.value)
    if public.kind is SamplerPipeline and what == "infinity":
        assert "MinMaxScaler" in message or "Input X" in message  # its first step's
    else:
        assert f"{what} in column 1" in message and re.search(public.own, message)


def test_one_row(public, X):
    with pytest.raises(ValueError) as raised:
        public.fitted(X[:1])
    message = str(raised.value)
    assert "1 sample" in message and re.search(public.own, message)


# Rows of the one table of them, and what every estimator says, its first step too.
REFUSED = {
    "complex": "Complex data not supp",
    "strings": "numeric|could not convert string",
    "string among objects": "red",
    "one axis": "Expected 2D array, got 1D",
    "no rows": r"0 sample|empty|least",
    "no columns": r"0 feature\(s\)",
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_rows_that_cannot_be_learnt(public, name):
    with pytest.raises((TypeError, ValueError), match=REFUSED[name]):
        public.fitted(ARRAYS[name][0])


def test_sparse_rows(public, X):
    sparse = scipy.sparse.csr_matrix(X)
    if public.kind is skgan.imblearn.GANOverSampler:
        # It learns from dense ones, and gives back what it got.
        assert scipy.sparse.issparse(public.fitted(sparse).resampled_)
        return
    with pytest.raises(TypeError, match=r"(?i)sparse.*toarray|sparse"):
        public.fitted(sparse)


def test_a_refused_fit_leaves_what_was_fitted(public, X):
    if public.kind is SamplerPipeline:
        estimator = public.build({}).set_params(first="passthrough").fit(X)
    else:
        estimator = public.fitted(X)
    before = public.rows(estimator, X)
    n_known = getattr(estimator, "n_features_in_", None)
    bad = with_value(np.hstack([X, X]), np.nan)
    with pytest.raises(ValueError, match="NaN in column 1"):
        public.fit(estimator, bad)
    if hasattr(estimator, "score_samples"):
        assert np.isfinite(estimator.score_samples(X)).all()
    elif public.draws:
        assert np.isfinite(estimator.score(X))
    if public.kind is not skgan.imblearn.GANOverSampler:
        assert getattr(estimator, "n_features_in_", None) == n_known
    np.testing.assert_array_equal(public.rows(estimator, X), before)


# -- what is learnt


def test_objects_that_are_numbers(public, X):
    rows = public.rows(public.fitted(X.astype(object)), X)
    assert np.isfinite(np.asarray(rows, dtype=float)).all()


def test_constant_columns_come_back_exactly(public, X):
    X[:, 2] = 0.1
    rows = public.rows(public.fitted(X), X)
    assert len(rows) and (rows[:, 2] == 0.1).all()
    ones = np.ones((24, 2))
    assert (public.rows(public.fitted(ones), ones) == 1).all()


@pytest.mark.parametrize("n_columns", [1, 30])
def test_one_column_and_more_columns_than_rows(public, n_columns):
    X = np.random.default_rng(0).normal(size=(24, n_columns))
    rows = public.rows(public.fitted(X), X)
    assert rows.shape[1] == n_columns and np.isfinite(rows).all()


@pytest.mark.parametrize("scale", [1e30, 1e300, 5e-320])
def test_extremes_stay_finite_and_in_range(public, X, scale):
    X = X * scale
    rows = public.rows(public.fitted(X), X)
    assert np.isfinite(rows).all()
    if public.kind is not SamplerPipeline:
        assert (rows >= X.min(axis=0)).all() and (rows <= X.max(axis=0)).all()


def test_large_integers_come_back_as_integers_with_a_warning(public):
    X = np.random.default_rng(0).integers(0, 99, (24, 2)) + 2**60
    if public.kind is SamplerPipeline:
        # Its first step has made fractions of them.
        estimator = public.make().set_params(first="passthrough")
    else:
        estimator = public.make()
    with pytest.warns(UserWarning, match=r"beyond 2\*\*53 are scaled in float64"):
        estimator = public.fit(estimator, X)
    rows = public.rows(estimator, X)
    assert rows.dtype == X.dtype and (abs(rows - 2**60) <= 1024).all()


def test_what_is_missing_in_a_frame_stays_missing(public, X):
    frame = pd.DataFrame(X, columns=list("abc"))
    frame.loc[::2, "b"] = np.nan
    estimator = public.make()
    if public.kind is SamplerPipeline:
        estimator.set_params(first="passthrough")
    rows = public.rows(public.fit(estimator, frame), frame, n=400)
    assert list(rows.columns) == ["a", "b", "c"]
    shares = rows.isna().mean()
    assert shares["a"] == shares["c"] == 0 and shares["b"] > 0
    if public.draws:
        assert 0.35 < shares["b"] < 0.65


def test_levels_that_fit_did_not_see(public, X):
    frame = pd.DataFrame({"a": X[:, 0], "word": list("xyz") * 8})
    estimator = public.make()
    if public.kind is SamplerPipeline:
        estimator.set_params(first="passthrough")
    if public.kind in TAKE_NO_TABLES:
        with pytest.raises((TypeError, ValueError), match=r"table|categories"):
            public.fit(estimator, frame)
        return
    estimator = public.fit(estimator, frame)
    other = frame.assign(word="new")
    if public.draws:
        assert np.isfinite(estimator.score(other, public.labels(other)))
        assert np.isfinite(estimator.transform(other)).all()
    elif hasattr(estimator, "predict"):
        # What it was trained with says what it makes of them.
        assert len(estimator.predict(other)) == len(other)
    assert set(public.rows(estimator, frame)["word"]) <= set("xyz")


def test_batches_larger_than_the_data(public, X):
    assert np.isfinite(public.rows(public.fitted(X, batch_size=10_000), X)).all()


class NormedGenerator(MLPGenerator):
    """Fails on a batch of one row, in training."""

    def __init__(self, **params):
        super().__init__(**params)
        self.norm = nn.BatchNorm1d(params["latent_dim"])

    def forward(self, latents, *condition):
        return super().forward(self.norm(latents), *condition)


class NormedDiscriminator(MLPDiscriminator):
    def forward(self, rows, *condition):
        assert len(rows) > 1 or not self.training
        return super().forward(rows, *condition)


def test_no_batch_of_a_single_row_reaches_a_layer(public):
    X = np.random.default_rng(0).normal(size=(25, 3))
    networks = {"generator": NormedGenerator, "discriminator": NormedDiscriminator}
    estimator = public.fitted(X, batch_size=8, max_iter=10, latent_dim=3, **networks)
    assert np.isfinite(public.rows(estimator, X)).all()


# -- what is asked of it


@pytest.mark.parametrize("as_frame", [False, True])
def test_no_rows_keep_columns_and_dtypes(drawing, X, as_frame):
    data = pd.DataFrame(X, columns=list("abc")).astype("float32") if as_frame else X
    estimator = drawing.make()
    if drawing.kind is SamplerPipeline:
        estimator.set_params(first="passthrough")
    none = drawing.rows(drawing.fit(estimator, data), data, n=0)
    assert none.shape == (0, 3) and type(none) is type(data)
    dtypes = (none.dtypes, data.dtypes) if as_frame else ([none.dtype], [data.dtype])
    assert list(dtypes[0]) == list(dtypes[1])


@pytest.mark.parametrize(
    ("n", "error"),
    [(-1, ValueError), (1.5, TypeError), (True, TypeError), ("a", TypeError)],
)
def test_numbers_of_rows_that_are_none(drawing, X, n, error):
    with pytest.raises(error, match="n_samples must be"):
        drawing.fitted(X).sample(n)


METHODS = (
    *("sample", "score", "transform", "predict", "score_samples", "diagnose"),
    *("decision_function", "reconstruct", "invert", "interpolate", "generate"),
)


def test_nothing_is_said_before_fit(public, X):
    estimator, n_methods = public.make(), 0
    for name in METHODS:
        if not hasattr(estimator, name):
            continue
        n_methods += 1
        arguments = {"sample": (), "generate": (np.zeros((2, 3)),)}.get(name, (X,))
        arguments = (X[0], X[1], 3) if name == "interpolate" else arguments
        if name == "score" and hasattr(estimator, "estimator"):
            arguments = (X, public.labels(X))
        with pytest.raises(NotFittedError):
            getattr(estimator, name)(*arguments)
    assert n_methods >= 1 or public.kind is skgan.imblearn.GANOverSampler


def test_seeds_fix_all_and_no_global_stream_moves(public, X, streams):
    # By the stream of the fit itself: trees of few rows may be the same for each seed.
    rows = [public.rows(public.fitted(X), X, seed=None) for _ in range(2)]
    np.testing.assert_array_equal(*rows)
    other = clone(public.make(random_state=1))
    if "random_state" in other.get_params(deep=False):
        other.set_params(random_state=1)
    others = public.rows(public.fit(other, X), X, seed=None)
    assert not np.array_equal(others, rows[0])
    assert streams.are_where_they_were()


def test_a_short_draw_is_the_start_of_a_long_one(drawing, X):
    estimator = drawing.fitted(X)
    long = drawing.rows(estimator, X, n=1500, seed=3)
    for n in (1, 1024, 1100):
        short = drawing.rows(estimator, X, n=n, seed=3)
        np.testing.assert_array_equal(short, long[:n])
