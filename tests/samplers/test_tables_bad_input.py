"""Tables that cannot be learnt or judged say so; odd ones that can are."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan import GANSampler

N = 30


def make_sampler():
    return GANSampler(max_iter=1, hidden_dims=(4,), batch_size=8, random_state=0)


def make_frame(**columns):
    rng = np.random.default_rng(0)
    frame = {"word": list("abc") * (N // 3), "real": rng.normal(size=N)}
    return pd.DataFrame(frame | columns)


def objects(values):
    column = pd.Series([None] * N, dtype=object)
    for i, value in enumerate(values):
        column[i] = value
    return column


REFUSED = {
    "nothing": (pd.DataFrame(), ValueError, r"0 feature\(s\)"),
    "no columns": (pd.DataFrame(index=range(N)), ValueError, r"0 feature\(s\)"),
    "no rows": (make_frame().head(0), ValueError, r"0 sample\(s\)"),
    "one row": (make_frame().head(1), ValueError, r"1 sample\(s\)"),
    "polars no rows": (pl.DataFrame({"a": ["x"]}).head(0), ValueError, r"0 sample"),
    "polars one row": (pl.DataFrame({"a": ["x"]}), ValueError, r"1 sample\(s\)"),
    "repeated names": (
        pd.concat([make_frame(), make_frame()[["word"]]], axis=1),
        ValueError,
        "Column names are repeated: word. Rename them",
    ),
    "names of several types": (
        make_frame().rename(columns={"real": 1}),
        TypeError,
        "only supported if all",
    ),
    "lists": (make_frame(bad=[[1]] * N), TypeError, "'bad' holds nested.*list"),
    "dicts": (make_frame(bad=[{"a": 1}] * N), TypeError, "'bad' holds nested.*dict"),
    "arrays": (
        make_frame(bad=objects([np.zeros(2)] * N)),
        TypeError,
        "'bad' holds nested.*ndarray",
    ),
    "one list among words": (
        make_frame(bad=objects(["a"] * (N - 1) + [[1]])),
        TypeError,
        "'bad' holds nested.*list",
    ),
    "polars lists": (
        pl.DataFrame({"word": ["a"] * N, "bad": [[1]] * N}),
        TypeError,
        "'bad' holds nested.*List",
    ),
    "polars structs": (
        pl.DataFrame({"word": ["a"] * N, "bad": [{"b": 1}] * N}),
        TypeError,
        "'bad' holds nested.*Struct",
    ),
    "infinity": (
        make_frame(bad=[np.inf] + [0.5] * (N - 1)),
        ValueError,
        "'bad' contains infinity; clip it or drop",
    ),
    "minus infinity of float32": (
        make_frame(bad=np.array([-np.inf] * N, "f4")),
        ValueError,
        "'bad' contains infinity",
    ),
    "infinity among objects": (
        make_frame(bad=objects([np.inf, 1.5] * (N // 2))),
        ValueError,
        "'bad' contains infinity",
    ),
    "polars infinity": (
        pl.DataFrame({"word": ["a"] * N, "bad": [np.inf] * N}),
        ValueError,
        "'bad' contains infinity",
    ),
    "complex": (make_frame(bad=[1j] * N), TypeError, "'bad' holds complex128"),
    "polars lazy": (pl.DataFrame({"a": ["x"] * N}).lazy(), TypeError, "collect"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_tables_that_cannot_be_learnt(name):
    frame, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        make_sampler().fit(frame)


@pytest.fixture(scope="module")
def sampler():
    return make_sampler().fit(make_frame(count=np.arange(N)))


OTHERS = {
    "missing column": (lambda f: f.drop(columns="count"), ValueError, "count"),
    "one more": (lambda f: f.assign(more=1), ValueError, "more"),
    "renamed": (lambda f: f.rename(columns={"real": "x"}), ValueError, "real|x"),
    "reordered": (lambda f: f[["real", "word", "count"]], ValueError, "order"),
    "repeated": (lambda f: f[["word", "real", "real"]], ValueError, "repeated: real"),
    "no rows": (lambda f: f.head(0), ValueError, r"0 sample\(s\)"),
    "words for numbers": (
        lambda f: f.assign(real="tall"),
        TypeError,
        "'real' held number values in fit and holds level values now",
    ),
    "infinity": (lambda f: f.assign(real=np.inf), ValueError, "'real' contains inf"),
    "nested": (lambda f: f.assign(word=[[1]] * N), TypeError, "'word' holds nested"),
}


@pytest.mark.parametrize("method", ["score", "transform"])
@pytest.mark.parametrize("name", OTHERS)
def test_tables_that_cannot_be_judged(sampler, name, method):
    change, error, message = OTHERS[name]
    with pytest.raises(error, match=message):
        getattr(sampler, method)(change(make_frame(count=np.arange(N))))


def test_one_row_cannot_be_scored(sampler):
    with pytest.raises(ValueError, match="needs at least 2 of X, got 1"):
        sampler.score(make_frame(count=np.arange(N)).head(1))


def test_what_fit_did_not_see_can_be_judged(sampler):
    frame = make_frame(count=np.arange(N) * 1000)
    frame.loc[:3, "word"] = "new"
    frame.loc[4:6, "real"] = np.nan
    assert np.isfinite(sampler.score(frame))
    assert np.isfinite(sampler.transform(frame)).all()


ODD = {
    "all missing": {
        "a": [np.nan] * N,
        "b": [None] * N,
        "c": pd.array([None] * N, "Int64"),
        "word": ["x"] * N,
    },
    "all the same": {"a": ["x"] * N, "b": [1.5] * N, "c": [True] * N},
    "one column": {"a": list("ab") * (N // 2)},
    "two rows": {"a": ["x", "y"], "b": [1.0, np.nan]},
    "one column of many missing": {
        "a": ["x"] * N,
        "b": [np.nan] * N,
        "c": list(range(N)),
    },
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tables_come_back_as_they_are(name):
    frame = pd.DataFrame(ODD[name])
    drawn = make_sampler().fit(frame).sample(20, random_state=0)
    pd.testing.assert_series_equal(drawn.dtypes, frame.dtypes)
    for column in frame:
        is_missing = frame[column].isna()
        if is_missing.all() or not is_missing.any():
            assert drawn[column].isna().all() == is_missing.all()
            assert drawn[column].isna().any() == is_missing.any()
        if frame[column].nunique() <= 1:
            assert set(drawn[column].dropna()) <= set(frame[column].dropna())


def test_objects_of_several_types_keep_them():
    values = [1, "1", 2.5, True, (1, 2), None] * (N // 6)
    frame = make_frame(odd=objects(values))
    drawn = make_sampler().fit(frame).sample(200, random_state=0)["odd"]
    assert {(type(v), v) for v in drawn} == {(type(v), v) for v in values}
