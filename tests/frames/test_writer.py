"""Columns written to containers: dtypes, names, rounding, missing values."""

import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skgan.frames import (
    cast_column,
    cast_like,
    concatenate_rows,
    make_frame,
    make_series,
    read_columns,
    repeat_rows,
    take_rows,
)

ROWS = np.array([[0.6, 2.4], [np.nan, -0.2], [300.0, 7.5]])


@pytest.mark.parametrize("dtype", ["Int8", "UInt8", "int8[pyarrow]"])
def test_whole_numbers_with_gaps_are_rounded_and_clipped_in_pandas(dtype):
    seen = pd.DataFrame({"a": pd.array([1, None], dtype=dtype), "b": [0.5, 1.5]})
    drawn = cast_like(ROWS, seen)
    assert drawn.dtypes.tolist() == seen.dtypes.tolist()
    highest = 255 if dtype[0] == "U" else 127
    assert drawn["a"].tolist() == [1, pd.NA, highest]
    assert drawn["b"].tolist() == [2.4, -0.2, 7.5]


def test_whole_numbers_with_gaps_are_rounded_and_clipped_in_polars():
    seen = pl.DataFrame({"a": pl.Series([1, None], dtype=pl.Int8), "b": [0.5, 1.5]})
    drawn = cast_like(ROWS, seen)
    assert drawn.schema == seen.schema
    assert drawn["a"].to_list() == [1, None, 127]
    assert drawn["b"].to_list() == [2.4, -0.2, 7.5]


def test_names_of_pandas_keep_their_levels():
    names = pd.MultiIndex.from_tuples([("x", 1), ("x", 2)], names=["s", "n"])
    frame = make_frame([np.arange(2), np.array(["a", "b"], object)], names, "pandas")
    assert frame.columns.equals(names) and frame.columns.names == ["s", "n"]
    assert frame.dtypes.tolist() == [np.dtype(int), np.dtype(object)]
    twice = make_frame([np.arange(2), np.ones(2)], pd.Index(["a", "a"]), "pandas")
    assert list(twice.columns) == ["a", "a"]
    assert [column.raw.tolist() for column in read_columns(twice)] == [[0, 1], [1, 1]]


def test_series_have_their_names_and_dtypes():
    series = make_series(np.array([0.4, 1.6]), "y", np.dtype("i2"), "pandas")
    pd.testing.assert_series_equal(series, pd.Series([0, 2], name="y", dtype="i2"))
    colours = pd.CategoricalDtype(["red", "blue"])
    series = make_series(np.array(["blue", "red"], object), None, colours, "pandas")
    assert series.dtype == colours and series.tolist() == ["blue", "red"]
    enum = pl.Enum(["red", "blue"])
    series = make_series(np.array(["blue", "red"], object), "y", enum, "polars")
    assert (series.name, series.dtype, series.to_list()) == ("y", enum, ["blue", "red"])


def test_gaps_need_a_dtype_that_has_them():
    with pytest.raises(ValueError, match="int64 cannot hold missing values"):
        cast_column(np.array([1.0, np.nan]), np.dtype("i8"), "pandas")
    column = cast_column(np.array([1.0, np.nan]), pl.Int64(), "polars")
    assert column.to_list() == [1, None]
    kind = pd.ArrowDtype(pa.decimal128(5, 1))
    column = cast_column(np.array([decimal.Decimal("1.5")], object), kind, "pandas")
    assert list(column) == [decimal.Decimal("1.5")]


@pytest.mark.parametrize("library", [pd, pl, None])
def test_rows_are_taken_by_mask_or_place_and_concatenated(library):
    X = np.arange(8.0).reshape(4, 2)
    X = X if library is None else library.DataFrame(X)
    by_mask = take_rows(X, np.array([True, False, False, True]))
    by_place = take_rows(X, np.array([0, 3]))
    assert np.array_equal(by_mask, by_place)
    both = concatenate_rows([by_mask, take_rows(X, np.array([1]))])
    assert np.asarray(both).tolist() == [[0, 1], [6, 7], [2, 3]]
    assert type(both) is type(X)
    if library is pd:
        assert both.index.tolist() == [0, 1, 2]


def test_noise_is_for_numbers_alone():
    texts = pd.Series([None, "x", "y", "x"], dtype=object)
    frame = pd.DataFrame({"s": texts, "v": 1.5 + np.arange(4)})
    repeated = repeat_rows(frame, 50, 1.0, np.random.RandomState(0))
    assert set(repeated["s"]) <= {None, "x", "y"}
    assert repeated["v"].between(1.5, 4.5).all() and repeated["v"].nunique() > 4
