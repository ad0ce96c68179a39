"""What Python objects and arrays are read into, and leave as."""

import datetime
import decimal

import numpy as np
import pandas as pd

from skgan.frames import is_missing, level_key, read_objects
from skgan.frames._formats import ToArray, read_array_column
from skgan.frames._objects import MakeDatetime, factorize_objects, sort_levels

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.UTC
D, TD = datetime.date, datetime.timedelta


def moments(*seconds):
    return [EPOCH + datetime.timedelta(seconds=s) for s in seconds]


def test_missing_objects():
    nan = decimal.Decimal("NaN")
    for value in (None, np.nan, np.float32("nan"), nan, pd.NA, pd.NaT):
        assert is_missing(value)
    for value in (0, "", "nan", 0.0, decimal.Decimal(1), [np.nan], np.inf):
        assert not is_missing(value)


def test_moments_of_zones_and_libraries():
    (zone,) = {datetime.timezone(TD(hours=2))}
    made = MakeDatetime(datetime.datetime, zone)(5)
    assert made == datetime.datetime(1970, 1, 1, 0, 0, 0, 5, tzinfo=zone)
    assert made.tzinfo is zone and type(made) is datetime.datetime
    assert type(MakeDatetime(pd.Timestamp, None)(5)) is pd.Timestamp
    assert MakeDatetime(pd.Timestamp, None)(5) == pd.Timestamp(5, unit="us")


def as_objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def test_objects_that_look_alike_are_told_apart():
    none = np.zeros(3, bool)
    zones = as_objects(
        *(m.replace(tzinfo=z) for m, z in zip(moments(1, 2), (None, UTC), strict=True))
    )
    assert read_objects(zones, none[:2], "x").column_format.kind == "level"
    exact = as_objects(pd.Timestamp(1), pd.Timestamp(2))
    assert read_objects(exact, none[:2], "x").column_format.kind == "level"
    truths = as_objects(True, 1, 2)
    column = read_objects(truths, none, "x")
    assert column.column_format.kind == "level" and column.column_format.levels == [
        True,
        1,
        2,
    ]
    assert column.column_format.to_column(column.raw, none).tolist() == [True, 1, 2]
    both = as_objects(D(1970, 1, 1), *moments(1))
    assert read_objects(both, none[:2], "x").column_format.kind == "level"
    empty = read_objects(as_objects(None, None), ~none[:2], "x")
    assert empty.column_format.kind == "level" and empty.raw.tolist() == [-1, -1]
    for low, high, storage in (
        (-(2**63), 2**63 - 1, "i8"),
        (-(2**63) - 1, 0, "O"),
        (0, 2**63, "O"),
    ):
        ints = read_objects(as_objects(low, high), none[:2], "x")
        assert ints.column_format.storage == storage
    tens = read_objects(as_objects(decimal.Decimal("1E+2")), none[:1], "x")
    assert tens.column_format.decimals == 0
    assert tens.column_format.to_column(np.array([300.0]), none[:1]).tolist() == [
        decimal.Decimal(300)
    ]


def test_order_of_levels():
    assert sort_levels(["b", "a", "c"]) == [1, 0, 2]
    assert sort_levels(["b", 2, "a", 10]) == [3, 1, 2, 0]
    codes, levels = factorize_objects(as_objects("b", "a", "b"), "x")
    assert codes.tolist() == [1, 0, 1] and levels == ["a", "b"]
    codes, levels = factorize_objects(as_objects(), "x")
    assert codes.tolist() == [] and levels == []
    assert level_key("a") == "a" and level_key(True) != level_key(1)


def test_arrays():
    column = read_array_column(np.array([0.5, np.nan]), np.dtype("f4"))
    assert (column.column_format.kind, column.column_format.storage) == (
        "number",
        np.dtype("f4"),
    )
    assert column.missing.tolist() == [False, True]
    column = read_array_column(np.array([True, False]), np.dtype("?"))
    assert column.column_format.kind == "boolean" and not column.missing.any()
    holes = np.array([False, True])
    back = ToArray("M8[s]")(np.array([3, 4]), holes)
    assert back.dtype == "M8[s]" and back[0].astype(int) == 3 and np.isnat(back[1])
    assert ToArray("i2")(np.array([2.6, 40_000.0]), holes).tolist() == [3, 32_767]
    to_column = ToArray("f4")(np.array([1, 2]), holes)
    assert (
        to_column.dtype == np.float32 and to_column[0] == 1 and np.isnan(to_column[1])
    )
    assert ToArray("i8")(np.array([2**62 + 1, 0]), holes).tolist() == [2**62 + 1, 0]
