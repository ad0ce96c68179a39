"""Kinds of columns and of names that few tables have: each comes back as it was."""

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan import GANSampler

N = 200
rng = np.random.default_rng(0)
CODES = rng.integers(0, 4, N)
IS_GONE = np.arange(N) % 5 == 0


def take(values, gaps=False):
    return [
        None if gone and gaps else values[code]
        for code, gone in zip(CODES, IS_GONE, strict=True)
    ]


DAYS = pd.date_range("2020-01-01", periods=4)
PANDAS = {
    "whole beyond 2**53": lambda: pd.array(
        take([2**60 + 1, 2**60 + 3, 2**60 + 7, 2**60 + 12], True), dtype="Int64"
    ),
    "the last of 64 bits": lambda: pd.array(
        take([2**64 - k for k in (1, 2, 3, 9)], True), dtype="UInt64"
    ),
    "uuids": lambda: take([uuid.UUID(int=2**90 + k) for k in range(4)]),
    "months": lambda: pd.PeriodIndex(
        take(list(pd.period_range("2020-01", periods=4, freq="M")), True), freq="M"
    ),
    "intervals": lambda: pd.arrays.IntervalArray.from_tuples(
        take([(k, k + 1) for k in range(4)])
    ),
    "durations": lambda: pd.to_timedelta(
        np.where(IS_GONE, np.nan, CODES), unit="h"
    ).astype("timedelta64[s]"),
    "sparse floats": lambda: pd.arrays.SparseArray(CODES.astype(float)),
    "sparse flags": lambda: pd.arrays.SparseArray(CODES == 1),
    "unused levels": lambda: pd.Categorical(take(list("uvwx")), list("zuvwxy")),
    "ordered levels": lambda: pd.Categorical(
        take(["a", "b", "d", "e"]), list("edcba"), ordered=True
    ),
    "levels that are dates": lambda: pd.Categorical(take(list(DAYS))),
    "only NaT": lambda: pd.to_datetime([pd.NaT] * N).tz_localize("Asia/Tokyo"),
    "only NaT, durations": lambda: pd.to_timedelta([pd.NaT] * N),
    "no level at all": lambda: pd.Categorical([None] * N, ["a", "b"]),
    "arrow strings": lambda: pd.array(take(list("uvwx"), True), "string[pyarrow]"),
    "arrow flags": lambda: pd.array(take([True, False] * 2, True), "bool[pyarrow]"),
    "zones that differ": lambda: pd.Series(
        take(
            [
                dt.datetime(2020, 1, 1 + k, tzinfo=dt.timezone(dt.timedelta(hours=k)))
                for k in range(4)
            ]
        ),
        dtype=object,
    ),
    "text and numbers": lambda: pd.Series(take(["a", 3, "3", 2.5], True), dtype=object),
    "empty text and none": lambda: pd.Series(take(["", "a"] * 2, True), dtype=object),
    "spaces": lambda: take(["a", " a", "a ", "A"]),
    "the ends of int8": lambda: np.array(take([-128, 127, 0, 1]), dtype=np.int8),
    "far from 1970": lambda: np.array(
        take(["1000-01-01", "3000-01-01", "2500-05-05", "1970-01-01"]),
        dtype="datetime64[s]",
    ),
}
POLARS = {
    "enum": lambda: pl.Series(take(list("uvwx")), dtype=pl.Enum(list("zuvwxy"))),
    "decimal": lambda: pl.Series(
        take([Decimal(k) / 4 for k in range(4)], True), dtype=pl.Decimal(10, 2)
    ),
    "128 bits": lambda: pl.Series(
        take([2**100 + k for k in range(4)]), dtype=pl.Int128
    ),
    "times": lambda: pl.Series(take([dt.time(k, 30) for k in range(4)], True)),
    "nothing": lambda: pl.Series([None] * N),
    "no date": lambda: pl.Series([None] * N, dtype=pl.Date),
    "binary": lambda: pl.Series(take([b"a", b"b", b"\xff", b""])),
    "last of 64 bits": lambda: pl.Series(
        take([2**64 - k for k in (1, 2, 3, 9)]), dtype=pl.UInt64
    ),
}


def sample(frame):
    fitted = GANSampler(max_iter=0, random_state=0, rejection=None).fit(frame)
    return fitted.sample(400)


def assert_kept(real: list, drawn: list, name) -> None:
    gone = [np.mean([v is None or v is pd.NaT or v is pd.NA for v in c])
            for c in (real, drawn)]  # fmt: skip
    assert abs(gone[0] - gone[1]) < 0.1, name
    assert set(map(repr, drawn)) == set(map(repr, real)), name


def test_columns_of_pandas():
    frame = pd.DataFrame({name: make() for name, make in PANDAS.items()})
    drawn = sample(frame)
    pd.testing.assert_series_equal(drawn.dtypes, frame.dtypes)
    for name in PANDAS:
        assert_kept(frame[name].tolist(), drawn[name].tolist(), name)


def test_columns_of_polars():
    frame = pl.DataFrame({name: make() for name, make in POLARS.items()})
    drawn = sample(frame)
    assert drawn.schema == frame.schema
    for name in POLARS:
        assert_kept(frame[name].to_list(), drawn[name].to_list(), name)


NAMES = {
    "of two levels": pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]),
    "whole": pd.Index([5, 0]),
    "of an axis": pd.Index(["a", "b"], name="axis"),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_columns(name):
    frame = pd.DataFrame({0: CODES / 7, 1: take(list("uvwx"))})
    frame.columns = NAMES[name]
    pd.testing.assert_index_equal(sample(frame).columns, frame.columns)


@pytest.mark.parametrize(
    ("columns", "message"),
    [(["a", "a"], "names are repeated: a"), ([0, "a"], "string names")],
)
def test_names_that_cannot_be_told_apart(columns, message):
    frame = pd.DataFrame(np.column_stack([CODES, CODES]), columns=columns)
    with pytest.raises((TypeError, ValueError), match=message):
        sample(frame)


NESTED = {
    "lists": lambda: pd.Series(take([[1], [2], [3], [4]])),
    "dicts": lambda: pd.Series(take([{"a": k} for k in range(4)])),
    "structs": lambda: pl.Series("v", take([{"a": k} for k in range(4)])),
    "arrays": lambda: pl.Series("v", take([[k] for k in range(4)]), pl.Array(int, 1)),
}


@pytest.mark.parametrize("name", NESTED)
def test_nested_values_are_refused_with_the_column(name):
    column = NESTED[name]()
    frame = pd.DataFrame if isinstance(column, pd.Series) else pl.DataFrame
    with pytest.raises(TypeError, match=r"'v' holds nested .*columns of their own"):
        sample(frame({"v": column, "n": CODES / 7}))
