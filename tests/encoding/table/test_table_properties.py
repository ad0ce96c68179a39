"""TableEncoder: round trips over tables made at random from every kind of column."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest

from skgan.encoding import TableEncoder

LETTERS = list("aZ é漢0?-")
EPOCH = datetime.datetime(1970, 1, 1)


def make_text(rng, n):
    return ["".join(rng.choice(LETTERS, size=rng.integers(4))) for _ in range(n)]


def make_moments(rng, n):
    microseconds = rng.integers(-(2**51), 2**51, n)
    return [EPOCH + datetime.timedelta(microseconds=int(v)) for v in microseconds]


def make_days(rng, n):
    return [
        EPOCH + datetime.timedelta(days=int(v)) for v in rng.integers(-999, 9999, n)
    ]


def make_durations(rng, n):
    return [
        datetime.timedelta(seconds=int(v)) for v in rng.integers(-(10**7), 10**7, n)
    ]


# A kind of column: how its values are made, and its dtype in pandas and in polars.
KINDS = {
    "int": (lambda r, n: r.integers(-(2**40), 2**40, n), "Int64", pl.Int64),
    "big int": (lambda r, n: r.integers(2**62, 2**62 + 999, n), "Int64", pl.Int64),
    "uint8": (lambda r, n: r.integers(0, 256, n), "UInt8", pl.UInt8),
    "cents": (lambda r, n: r.integers(-(10**6), 10**6, n) / 100, "f8", pl.Float64),
    "halves": (lambda r, n: r.integers(0, 9, n) / 2, "float32", pl.Float32),
    "truth": (lambda r, n: r.random(n) < 0.5, "boolean", pl.Boolean),
    "text": (make_text, "str", pl.String),
    "object": (make_text, "object", pl.Categorical),
    "category": (lambda r, n: r.choice(list("bac"), n), "category", pl.Enum("bac")),
    "moment": (make_moments, "datetime64[us]", pl.Datetime("us")),
    "day": (make_days, "datetime64[ns]", pl.Datetime("ns")),
    "duration": (make_durations, "timedelta64[us]", pl.Duration("us")),
}


def make_table(seed):
    """A dict of columns of one length: name to kind and values."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    table = {}
    for i, kind in enumerate(rng.choice(list(KINDS), size=rng.integers(1, 7))):
        values = list(np.asarray(KINDS[kind][0](rng, n), dtype=object))
        if rng.random() < 0.5:
            few = rng.integers(0, rng.integers(1, min(n, 4) + 1), n)
            values = [values[j] for j in few]
        if rng.random() < 0.5:
            share = rng.choice([0.1, 0.5, 0.95])
            values = [None if rng.random() < share else value for value in values]
        table[f"{i} {kind}"] = (kind, values)
    return table


def check(frame, assert_equal, seed):
    for parameters in ({}, {"dependencies": False, "max_levels": 3}):
        encoder = TableEncoder(**parameters).fit(frame)
        rows = encoder.transform(frame)
        assert np.isfinite(rows).all()
        assert_equal(encoder.inverse_transform(rows), frame, check_exact=True)
        assert np.isfinite(encoder.encode_for_training(frame, 0)).all()
        noise = np.random.default_rng(seed).normal(0, 3, size=(50, rows.shape[1]))
        drawn = encoder.inverse_transform(noise)
        assert list(drawn.dtypes) == list(frame.dtypes)
        for name in frame.columns:
            may_miss = any(pd.isna(value) for value in frame[name].to_list())
            assert may_miss or not any(pd.isna(v) for v in drawn[name].to_list())


@pytest.mark.parametrize("seed", range(60))
def test_pandas(seed):
    columns = {
        name: pd.Series(values, dtype=KINDS[kind][1])
        for name, (kind, values) in make_table(seed).items()
    }
    check(pd.DataFrame(columns), pd.testing.assert_frame_equal, seed)


@pytest.mark.parametrize("seed", range(60))
def test_polars(seed):
    columns = {
        name: pl.Series(values, dtype=KINDS[kind][2])
        for name, (kind, values) in make_table(seed).items()
    }
    check(pl.DataFrame(columns), pl.testing.assert_frame_equal, seed)
