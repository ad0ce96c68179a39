"""Odd tables that can be learnt: all missing, all the same, of several types."""

import numpy as np
import pandas as pd
import pytest

from skgan import GANSampler

N = 30


def make_sampler():
    return GANSampler(max_iter=1, hidden_dims=(4,), batch_size=8, random_state=0)


def make_frame(**columns):
    rng = np.random.default_rng(0)
    frame = {"word": list("abc") * (N // 3), "real": rng.normal(size=N)}
    return pd.DataFrame(frame | columns)


def test_what_fit_did_not_see_can_be_judged():
    sampler = make_sampler().fit(make_frame(count=np.arange(N)))
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
    frame = make_frame(odd=pd.Series(values, dtype=object))
    drawn = make_sampler().fit(frame).sample(200, random_state=0)["odd"]
    assert {(type(v), v) for v in drawn} == {(type(v), v) for v in values}
