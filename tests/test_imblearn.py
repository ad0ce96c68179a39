"""GANOverSampler: counts, containers, tiny classes, pipelines and searches."""

import importlib
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from scipy import sparse
from sklearn.datasets import make_blobs
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler

from skgan import ConditionalGANSampler, GANSampler
from skgan.imblearn import GANOverSampler

TINY = {"max_iter": 3, "hidden_dims": (8,), "batch_size": 32}


def mixture():
    return GaussianMixture(reg_covar=1e-2)


@pytest.fixture
def blobs():
    """60, 30 and 15 rows of three classes, in no order."""
    X, y = make_blobs([60, 30, 15], centers=[[0, 0], [20, 0], [0, 30]], random_state=0)
    return X, np.array(["a", "b", "c"])[y]


def counts(y):
    labels, n = np.unique(np.asarray(y), return_counts=True)
    return dict(zip(labels.tolist(), n.tolist(), strict=True))


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", (60, 60, 60)),
        ("minority", (60, 30, 60)),
        ("not minority", (60, 60, 15)),
        ({"a": 61, "c": 15}, (61, 30, 15)),
        (lambda y: {"b": 33}, (60, 33, 15)),
    ],
)
@pytest.mark.parametrize("sampler", [mixture(), ConditionalGANSampler(**TINY)])
def test_counts_are_exact_and_originals_first(blobs, strategy, expected, sampler):
    X, y = blobs
    over = GANOverSampler(sampling_strategy=strategy, sampler=sampler, random_state=0)
    X_more, y_more = over.fit_resample(X, y)
    assert counts(y_more) == dict(zip("abc", expected, strict=True))
    np.testing.assert_array_equal(X_more[:105], X)
    np.testing.assert_array_equal(y_more[:105], y)
    if isinstance(sampler, GaussianMixture):
        assert (X_more[y_more == "b", 0] > 12).all()
        assert (X_more[y_more == "c", 1] > 22).all()


def test_random_state(blobs):
    drawn = [
        GANOverSampler(sampler=mixture(), random_state=seed).fit_resample(*blobs)[0]
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()


def test_whole_numbers_are_rounded_not_cut_off():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(300, 3))
    y = (np.arange(300) % 6 == 0).astype(int)
    for rows in (X, pd.DataFrame(X, columns=list("pqr"))):
        X_more, _ = GANOverSampler(sampler=mixture(), random_state=0).fit_resample(
            rows, y
        )
        new = np.asarray(X_more)[300:]
        assert np.asarray(X_more).dtype == X.dtype
        # Cut off, the share of ones would be about a fifth.
        assert abs((new >= 1).mean() - X[y == 1].mean()) < 0.12


def table(n=90):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(170, 8, n).round(1),
            "city": pd.Categorical(
                rng.choice(["Rome", "Oslo"], n), ["Oslo", "Rome", "Bern"]
            ),
            "word": rng.choice(["x", "y"], n),
            "rooms": rng.integers(1, 5, n),
            "born": pd.Timestamp("2000-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "income": pd.Series(rng.lognormal(10, 1, n)).mask(rng.random(n) < 0.2),
        },
        index=np.arange(n) + 5,
    )
    y = pd.Series(
        np.where(np.arange(n) % 5 == 0, "yes", "no"), frame.index, name="left"
    )
    return frame, y


def check_table(X_more, y_more, frame, y):
    assert counts(y_more) == {"no": 72, "yes": 72}
    assert list(X_more.dtypes) == list(frame.dtypes)
    assert list(X_more.columns) == list(frame.columns)
    assert set(X_more["city"]) == {"Rome", "Oslo"}
    assert set(X_more["word"]) == {"x", "y"}
    assert set(X_more["rooms"]) <= {1, 2, 3, 4}
    assert list(y_more[:90]) == list(y)


@pytest.mark.parametrize("small_class", ["raise", "duplicate", "jitter"])
def test_pandas_tables(small_class):
    frame, y = table()
    over = GANOverSampler(
        sampler=GANSampler(**TINY),
        small_class=small_class,
        min_rows=2 if small_class == "raise" else 40,
        random_state=0,
    )
    X_more, y_more = over.fit_resample(frame, y)
    assert isinstance(y_more, pd.Series)
    assert y_more.name == "left"
    assert (X_more.index == y_more.index).all()
    pd.testing.assert_frame_equal(X_more[:90], frame.reset_index(drop=True))
    check_table(X_more, y_more, frame, y)
    if small_class == "jitter":
        new = X_more["size"][90:]
        assert not set(new) <= set(frame["size"])
        assert new.between(frame["size"].min(), frame["size"].max()).all()
        assert set(X_more["born"]) <= set(frame["born"])


@pytest.mark.parametrize("small_class", ["raise", "duplicate", "jitter"])
def test_polars_tables(small_class):
    frame, y = table()
    frame = pl.DataFrame(
        {
            **{name: frame[name].to_numpy() for name in ("size", "rooms", "born")},
            "city": frame["city"].astype(str).tolist(),
            "word": frame["word"].tolist(),
            "income": frame["income"].to_numpy(),
        },
        schema_overrides={"city": pl.Enum(["Oslo", "Rome", "Bern"]), "rooms": pl.UInt8},
    ).with_columns(pl.col("income").fill_nan(None))
    labels = pl.Series("left", y.tolist(), dtype=pl.Enum(["no", "yes"]))
    over = GANOverSampler(
        sampler=GANSampler(**TINY),
        small_class=small_class,
        min_rows=2 if small_class == "raise" else 40,
        random_state=0,
    )
    X_more, y_more = over.fit_resample(frame, labels)
    assert X_more[:90].equals(frame)
    assert X_more.schema == frame.schema
    assert y_more.dtype == labels.dtype
    assert y_more.name == "left"
    check_table(X_more, y_more, frame, y)
    only_y = over.fit_resample(np.arange(180.0).reshape(90, 2), labels)
    assert only_y[1].equals(y_more)
    assert isinstance(only_y[0], np.ndarray)
    columns = over.fit_resample(frame, labels.to_frame())[1]
    assert columns.equals(y_more.to_frame())


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows_stay_sparse(blobs, container):
    X, y = container(blobs[0]), blobs[1]
    over = GANOverSampler(sampler=mixture(), random_state=0)
    X_more, y_more = over.fit_resample(X, y)
    assert isinstance(X_more, container)
    assert X_more.shape == (180, 2)
    np.testing.assert_array_equal(X_more.toarray()[:105], blobs[0])
    assert counts(y_more) == {"a": 60, "b": 60, "c": 60}


def test_sparse_columns_of_a_frame(blobs):
    X, y = pd.DataFrame(blobs[0], columns=["p", "q"]), blobs[1]
    X["q"] = X["q"].astype(pd.SparseDtype(float, 0))
    X_more, _ = GANOverSampler(sampler=mixture(), random_state=0).fit_resample(X, y)
    assert (X_more.dtypes == X.dtypes).all()


def with_tiny_class(blobs):
    X, y = blobs
    y = y.copy()
    X = np.vstack([X, [[50, 50], [51, 52], [52, 50]]])
    return X, np.r_[y, ["d"] * 3]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_new_rows_have_keys_of_their_own(library):
    """Those of no row of any class, though a class alone is too small to show them."""
    rng = np.random.default_rng(0)
    names = [f"{a}-{b}" for a, b in rng.integers(10**6, size=(80, 2))]
    data = {"order_id": range(100, 180), "name": names, "x": rng.normal(size=80)}
    X = pd.DataFrame(data) if library == "pandas" else pl.DataFrame(data)
    y = np.arange(80) % 5 == 0
    rows, _ = GANOverSampler(random_state=0).fit_resample(X, y)
    assert len(rows) == 128 and rows["order_id"].to_list()[80:82] == [180, 181]
    assert len(set(rows["name"])) == 128 and type(rows) is type(X)
    jittered = GANOverSampler(small_class="jitter", min_rows=20, random_state=0)
    rows, _ = jittered.fit_resample(X, y)
    assert len(set(rows["name"])) == len(set(rows["order_id"])) == 128


def test_a_tiny_class_is_an_error_that_says_what_to_do(blobs):
    X, y = with_tiny_class(blobs)
    with pytest.raises(
        ValueError, match=r"min_rows=10.*\{'d': 3\}.*'duplicate' or 'jitter'"
    ):
        GANOverSampler(sampler=mixture()).fit_resample(X, y)
    over = GANOverSampler(sampling_strategy={"b": 40}, sampler=mixture())
    assert counts(over.fit_resample(X, y)[1])["b"] == 40


@pytest.mark.parametrize("sampler", [mixture(), ConditionalGANSampler(**TINY)])
def test_a_tiny_class_is_repeated(blobs, sampler):
    X, y = with_tiny_class(blobs)
    for small_class in ("duplicate", "jitter"):
        over = GANOverSampler(sampler=sampler, small_class=small_class, random_state=0)
        X_more, y_more = over.fit_resample(X, y)
        assert counts(y_more) == dict.fromkeys("abcd", 60)
        new = X_more[108:][y_more[108:] == "d"]
        is_copy = (new[:, None] == X[-3:]).all(axis=2).any(axis=1)
        assert is_copy.all() == (small_class == "duplicate")
        assert (new >= 50).all()
        assert (new <= 52).all()
        # The sampler never saw that class.
        seen = getattr(over.sampler_, "classes_", None)
        if seen is not None:
            assert "d" not in list(seen)


def test_jitter_leaves_flags_alone_and_keeps_whole_numbers_whole():
    rng = np.random.default_rng(0)
    X = np.c_[rng.integers(0, 2, 40), rng.integers(0, 99, 40), np.full(40, 7)]
    y = (np.arange(40) < 8).astype(int)
    over = GANOverSampler(small_class="jitter", random_state=0)
    X_more, _ = over.fit_resample(X, y)
    new = X_more[40:]
    assert X_more.dtype == X.dtype
    assert set(new[:, 0]) <= {0, 1}
    assert (new[:, 2] == 7).all()
    assert not set(new[:, 1]) <= set(X[:8, 1])
    # Nothing was left for the sampler to learn.
    assert not hasattr(over, "sampler_")


def test_in_a_pipeline_and_a_search(blobs):
    X, y = blobs
    pipeline = make_imblearn_pipeline(
        StandardScaler(),
        GANOverSampler(sampler=ConditionalGANSampler(**TINY), random_state=0),
        LogisticRegression(),
    )
    grid = {"ganoversampler__sampler__latent_dim": [2, 5]}
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.9
    best = search.best_estimator_[1].sampler_
    assert best.net_.latent_dim == search.best_params_[next(iter(grid))]
    n_seen = []

    class Counting(LogisticRegression):
        def fit(self, X, y):
            n_seen.append(counts(y))
            return super().fit(X, y)

    pipeline = make_imblearn_pipeline(
        GANOverSampler(sampler=mixture(), random_state=0), Counting()
    )
    scores = cross_val_score(
        pipeline, X, y, cv=3, scoring=lambda model, X, y: len(X), error_score="raise"
    )
    # Only training folds are resampled; what is scored is as it was.
    assert scores.sum() == 105
    assert n_seen == [{"a": 40, "b": 40, "c": 40}] * 3


BAD = {
    "fitted": (
        {"sampler": GaussianMixture().fit([[0.0], [1.0]])},
        ValueError,
        "fitted already.*leaks",
    ),
    "no sampler": ({"sampler": StandardScaler()}, TypeError, "methods fit and sample"),
    "small_class": (
        {"small_class": "smote"},
        ValueError,
        "'smote' is not known.*jitter",
    ),
    "min_rows": ({"min_rows": 1}, ValueError, "min_rows must be at least 2"),
    "min_rows type": ({"min_rows": 2.5}, TypeError, "min_rows must be an integer"),
    "strategy": ({"sampling_strategy": "most"}, ValueError, "'sampling_strategy'"),
    "absent": ({"sampling_strategy": {"z": 99}}, ValueError, "not present in the data"),
}


@pytest.mark.parametrize(("params", "error", "message"), BAD.values(), ids=BAD)
def test_bad_parameters(blobs, params, error, message):
    with pytest.raises(error, match=message):
        GANOverSampler(**{"sampler": mixture(), **params}).fit_resample(*blobs)


def test_a_frozen_sampler_is_used_as_it_is(blobs):
    X, y = blobs
    sampler = ConditionalGANSampler(**TINY, random_state=0).fit(X, y)
    over = GANOverSampler(sampler=FrozenEstimator(sampler), random_state=0)
    over.fit_resample(X, y)
    assert over.sampler_.estimator is sampler


def test_bad_data(blobs):
    X, y = blobs
    over = GANOverSampler(sampler=mixture())
    with pytest.raises(ValueError, match="more than 1 class"):
        over.fit_resample(X, np.zeros(105))
    with pytest.raises(ValueError, match="NaN"):
        over.fit_resample(np.full((105, 2), np.nan), y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        over.fit_resample(X, y[1:])
    with pytest.raises(ValueError, match="Unknown label type"):
        over.fit_resample(X, pl.Series(X[:, 0]))


def test_without_imbalanced_learn_it_says_how_to_get_it(monkeypatch):
    for name in list(sys.modules):
        if name.partition(".")[0] == "imblearn":
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "skgan.imblearn")
    with pytest.raises(ImportError, match=r'pip install "skgan\[imblearn\]"'):
        importlib.import_module("skgan.imblearn")
