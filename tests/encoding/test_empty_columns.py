"""Columns without a value are kept, and levels that came later are told of."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan import GANSampler
from skgan.encoding import TableEncoder, VectorEncoder, make_encoder
from skgan.metrics import c2st, make_sampler_scorer, train_on_synthetic

N = 120
rng = np.random.default_rng(0)
X = rng.normal(size=N)
COLUMNS = {
    "float": np.full(N, np.nan),
    "NaT": pd.Series([pd.NaT] * N),
    "None": pd.Series([None] * N, dtype=object),
    "Int64": pd.array([None] * N, dtype="Int64"),
    "string": pd.array([None] * N, dtype="string"),
    "category": pd.Categorical([None] * N, categories=["u", "v"]),
    "boolean": pd.array([None] * N, dtype="boolean"),
    "zoned": pd.Series([pd.NaT] * N).dt.tz_localize("Europe/Rome"),
    "polars null": pl.Series([None] * N),
    "polars float": pl.Series([None] * N, dtype=pl.Float64),
    "polars date": pl.Series([None] * N, dtype=pl.Date),
    "polars decimal": pl.Series([None] * N, dtype=pl.Decimal(10, 2)),
    "polars zoned": pl.Series([None] * N, dtype=pl.Datetime("us", "Asia/Tehran")),
}


@pytest.mark.parametrize("is_mixed", [True, False])
@pytest.mark.parametrize("name", COLUMNS)
def test_come_back_missing(name, is_mixed):
    package = pl if name.startswith("polars") else pd
    columns = {"x": X, "m": COLUMNS[name]} | (
        {"s": ["a", "b"] * 60} if is_mixed else {}
    )
    frame = package.DataFrame(columns)
    encoder = make_encoder("auto", frame).fit(frame)
    moved = encoder.snap_columns(encoder.encode_columns(frame) + 0.01)
    buffer = encoder.output_builder_.make_buffer(N)
    encoder.write_columns(buffer, 0, moved)
    for new in (
        encoder.inverse_transform(encoder.transform(frame)),
        encoder.output_builder_.build(buffer),
    ):
        assert list(new.dtypes) == list(frame.dtypes)
        assert pd.isna(np.array(new["m"].to_list(), dtype=object)).all()
    half = frame[:60], frame[60:]
    assert 0 <= c2st(*half, random_state=0) <= 1


def test_all_columns_may_be_empty():
    frame = pd.DataFrame({"a": np.full(N, np.nan), "b": np.full(N, np.nan)})
    for encoder in (VectorEncoder(), TableEncoder()):
        encoder.fit(frame)
        new = encoder.inverse_transform(encoder.transform(frame))
        pd.testing.assert_frame_equal(new, frame)


@pytest.mark.parametrize("is_mixed", [True, False])
def test_samplers_and_scores(is_mixed):
    frame = pd.DataFrame({"x": X, "y": X + rng.normal(size=N), "m": np.nan})
    if is_mixed:
        frame["s"] = pd.Series(["a", "b"] * 60)
    sampler = GANSampler(max_iter=2, hidden_dims=(4,), random_state=0).fit(frame)
    new = sampler.sample(80)
    assert new["m"].isna().all() and list(new.dtypes) == list(frame.dtypes)
    # A column that is missing in one of the sets alone is told apart.
    filled = frame.assign(m=rng.normal(size=N))
    assert c2st(frame, filled, random_state=0) < 0.1
    rare = frame.assign(x=frame["x"] + 1, m=np.where(np.arange(N) == 3, 1.0, np.nan))
    assert 0 <= c2st(frame, rare, random_state=0) <= 1
    target = "s" if is_mixed else "y"
    score = train_on_synthetic(frame, frame, new, target=target, random_state=0)
    assert np.isfinite(score)
    assert np.isfinite(make_sampler_scorer("c2st")(sampler, frame))


def test_a_new_level_is_told_of():
    frame = pd.DataFrame({"s": ["a", "b"] * 60, "n": [1, 2, 3] * 40, "x": X})
    encoder = TableEncoder().fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder.encode_for_training(frame, 0)
    with pytest.warns(UserWarning, match=r"'s' holds levels .* in 5 rows: 'new'"):
        encoder.encode_for_training(frame.assign(s=["new"] * 5 + ["a"] * 115), 0)
    with pytest.warns(UserWarning, match=r"'n' holds levels .* in 120 rows: '9'"):
        encoder.encode_for_training(frame.assign(n=9), 0)


@pytest.mark.parametrize("prior", ["normal", "trees"])
def test_partial_fit_of_a_sampler_tells_of_a_new_level(prior):
    frame = pd.DataFrame({"s": ["a", "b"] * 60, "x": X})
    sampler = GANSampler(max_iter=2, hidden_dims=(4,), random_state=0, prior=prior)
    sampler.fit(frame)
    with pytest.warns(UserWarning, match=r"'s' holds levels .*: 'new'"):
        sampler.partial_fit(frame.assign(s=["new"] * 5 + ["a"] * 115))
    assert set(sampler.sample(50)["s"]) <= {"a", "b"}
