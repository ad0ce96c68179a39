"""Columns in canonical form against what they are by hand, at their bounds as well."""

import datetime

import numpy as np
import pandas as pd
import pytest

from skgan.encoding.table._columns import (
    LevelColumn,
    NumberColumn,
    TimeColumn,
    TimeUnit,
    _nanoseconds,
    find_decimals,
    grain_of,
    show_levels,
)
from skgan.frames import UNITS, ColumnFormat, RawColumn

DAY, HOUR, MINUTE, SECOND = (UNITS[unit] for unit in ("D", "h", "m", "s"))
RNG = np.random.default_rng(0)


def pair(raw, missing):
    return raw.tolist(), missing.tolist()


def opened(kind, raw, missing=None, dtype=None, **options):
    raw = np.array(raw, dtype=dtype)
    missing = np.zeros(len(raw), bool) if missing is None else np.array(missing, bool)
    return RawColumn(ColumnFormat(kind, pair, **options), raw, missing)


def times(raw, unit, missing=None, kind="time"):
    return opened(kind, raw, missing, np.int64, unit=unit)


@pytest.mark.parametrize(
    ("raw", "unit", "grain"),
    [
        ([0, 86_400, -172_800], SECOND, DAY),
        ([0, 86_400, 3600], SECOND, HOUR),
        ([-60, 3600], SECOND, MINUTE),
        ([61], SECOND, SECOND),
        ([2000], UNITS["ms"], SECOND),
        ([2001], UNITS["ms"], UNITS["ms"]),
        ([2000], UNITS["ns"], UNITS["us"]),
        ([2001], UNITS["ns"], UNITS["ns"]),
        ([1, 2], DAY, DAY),
        ([24], HOUR, DAY),
        ([25], HOUR, HOUR),
    ],
)
def test_grain(raw, unit, grain):
    assert grain_of(times(raw, unit)) == grain
    assert grain_of(times([*raw, 1], unit, [False] * len(raw) + [True])) == grain


def test_a_clock_has_the_finest_grain_and_an_origin_where_counts_are_long():
    hourly, daily = times([3600, 7200], SECOND), times([1, 2], DAY)
    gone = times([1, 7], SECOND, [True, True])
    assert TimeUnit.learn([]) == (DAY, 0)
    assert TimeUnit.learn([daily]) == (DAY, 0)
    assert TimeUnit.learn([daily, hourly, gone]) == (HOUR, 0)
    exact = 2**53
    for low, high, origin in (
        (5, exact, 0),
        (5, exact + 1, 5),
        (-exact, 5, 0),
        (-exact - 1, 5, -exact - 1),
    ):
        assert TimeUnit.learn([times([high, low], 1)]) == (1, origin)
    long = times([exact + 1], 1, kind="duration")
    assert TimeUnit.learn([long]) == (1, 0)
    days = times([0, 10_000_000_000], DAY)
    assert TimeUnit.learn([days, times([61], SECOND)]).origin == 0
    far = times([200_000, 200_001], DAY)
    assert TimeUnit.learn([far, times([1], 1, kind="duration")]) == (1, 200_000 * DAY)
    assert TimeUnit(1, 2**62 - 1).is_safe and TimeUnit(1, 1 - 2**62).is_safe
    assert not TimeUnit(1, 2**62).is_safe and not TimeUnit(1, -(2**62)).is_safe


def test_times_finer_than_the_clock():
    column = TimeColumn("t", times([600, 1200], SECOND), TimeUnit(MINUTE, 10))
    assert (column.kind, column.origin, column.step) == ("time", 10, 1.0)
    read = column.read(times([600, 690, -30, 5], SECOND, [0, 0, 0, 1]))
    np.testing.assert_array_equal(read, [0.0, 1.5, -10.5, np.nan])
    written = column.write(np.array([0.0, 1.4, -10.6, np.nan]), RNG)
    assert written == ([600, 660, -60, 600], [False, False, False, True])
    assert np.isnan(column.read(times([1, 2], SECOND, [1, 1]))).all()
    with pytest.raises(TypeError, match="held time values in fit and holds duration"):
        column.read(times([1], SECOND, kind="duration"))


def test_times_coarser_than_the_clock():
    column = TimeColumn("t", times([1, 2], DAY), TimeUnit(HOUR, 10))
    assert column.step == 24
    assert column.read(times([1, 2, -1], DAY)).tolist() == [14, 38, -34]
    written = column.write(np.array([14.0, 38, 25, 26, -46, -47]), RNG)[0]
    assert written == [1, 2, 1, 2, -1, -2]
    span = TimeColumn("d", times([1, 2], DAY, kind="duration"), TimeUnit(HOUR, 10))
    assert span.origin == 0 and span.kind == "duration"
    assert span.read(times([1, 2], DAY, kind="duration")).tolist() == [24, 48]
    empty = TimeColumn("e", times([1], DAY, [1]), TimeUnit(HOUR, 0))
    assert empty.step == 1
    assert TimeColumn("s", times([1], SECOND), TimeUnit(MINUTE, 0)).step == 1


def test_counts_beyond_64_bits():
    column = TimeColumn("t", times([0, 1], DAY), TimeUnit(1, 0))
    read = column.read(times([106_751, -106_751], DAY))
    assert read.tolist() == [106_751 * float(DAY), -106_751 * float(DAY)]
    for raw in ([200_000, 1], [-200_000, 1]):
        assert column.read(times(raw, DAY)).tolist() == [v * float(DAY) for v in raw]
    shifted = TimeColumn("t", times([0, 1], DAY), TimeUnit(1, 2**61))
    for days in (100_000, -100_000):
        (value,) = shifted.read(times([days], DAY))
        assert value == pytest.approx(days * float(DAY) - 2.0**61, rel=1e-12)
    origin = 2**62 - 1
    micro = TimeColumn("t", times([0, 1], 1000), TimeUnit(1, origin))
    ((count,), _) = micro.write(np.array([6e18]), RNG)
    assert count == pytest.approx((6e18 + origin) / 1000, rel=1e-12)
    ((count,), _) = micro.write(np.array([-3e18]), RNG)
    assert count == pytest.approx((origin - 3e18) / 1000, rel=1e-12)


@pytest.mark.parametrize(
    ("value", "kind", "nanoseconds"),
    [
        (datetime.time(1, 2, 3, 4), "duration", 3_723_000_004_000),
        (datetime.date(1970, 1, 3), "time", 2 * DAY),
        (datetime.datetime(1969, 12, 31, 23), "time", -HOUR),
        ("1969-12-31T23:59:59", "time", -SECOND),
        ("1970-01-01T00:00:00.000000007", "time", 7),
        (np.datetime64("1970-03"), "time", 59 * DAY),
        (np.datetime64("1971"), "time", 365 * DAY),
        (np.datetime64(7, "15m"), "time", 105 * MINUTE),
        (np.timedelta64(2, "W"), "duration", 14 * DAY),
        (np.timedelta64(3, "25s"), "duration", 75 * SECOND),
        (datetime.timedelta(days=1, microseconds=5), "duration", DAY + 5000),
        (pd.Timestamp("1970-01-01 00:00:00.000001003"), "time", 1003),
        (pd.Timestamp("1970-01-01 02:00", tz="Etc/GMT-2"), "time", 0),
    ],
)
def test_nanoseconds(value, kind, nanoseconds):
    assert _nanoseconds(value, kind) == nanoseconds


def test_times_of_the_user():
    column = TimeColumn("t", times([0, 1], SECOND), TimeUnit(HOUR, 10))
    assert column.parse("1970-01-02") == 14 and column.parse("1970-01-01T00:30") == -9.5
    span = TimeColumn("d", times([0], SECOND, kind="duration"), TimeUnit(HOUR, 10))
    assert span.parse(datetime.timedelta(minutes=90)) == 1.5
    for wrong in (5, 2.5, None, "no date"):
        with pytest.raises(ValueError, match="column 't' holds a time, got"):
            column.parse(wrong)
    for wrong in (5, None, "1970-01-02"):
        with pytest.raises(ValueError, match="column 'd' holds a duration, got"):
            span.parse(wrong)


def test_small_integers_are_themselves():
    column = NumberColumn("n", opened("number", [3, -2], storage="i8"))
    assert (column.step, column.offset, column.decimals) == (1.0, None, None)
    assert column.write(np.array([1.4, np.nan, 2.6]), RNG)[0] == [1, 0, 3]
    assert column.parse(2.5) == 2.5 and not column.is_discrete


@pytest.mark.parametrize(
    ("values", "has_offset"),
    [
        ([0, 2**53], False),
        ([0, 2**53 + 1], True),
        ([-(2**53), 0], False),
        ([-(2**53) - 1, 0], True),
    ],
)
@pytest.mark.filterwarnings("ignore:Column 'n' spans more")
def test_which_integers_go_by_offset(values, has_offset):
    column = NumberColumn("n", opened("number", values, storage="i8"))
    assert (column.offset is not None) == has_offset
    masked = opened("number", [5, *values], [0, 1, 1], storage="i8")
    assert NumberColumn("n", masked).offset is None


def test_integers_by_offset_and_step():
    base = 2**60
    column = NumberColumn(
        "n", opened("number", [base + 6, base, base + 10], dtype="i8", storage="i8")
    )
    assert (column.offset, column.span, column.factor) == (base, 10, 2)
    raw = [base, base + 6, base + 10, base - 4]
    assert column.read(opened("number", raw, dtype="i8")).tolist() == [0, 3, 5, -2]
    assert column.write(np.array([0, 2.6, 5, 4.6, -1, 9]), RNG)[0] == [
        *(base, base + 6, base + 10, base + 10, base, base + 10),
    ]
    assert column.parse(base + 4) == 2
    (value,) = column.read(opened("number", [2.0**60 + 2**12], dtype=float))
    assert value == 2**11
    top = 2**64 - 1
    wide = opened("number", [2**63, top], dtype="u8", storage="u8")
    column = NumberColumn("n", wide)
    assert column.read(wide).tolist() == [0, 1]
    assert column.write(np.array([0.0, 1.0]), RNG)[0] == [2**63, top]
    below = opened("number", [-(2**62) - 6, -(2**62)], dtype="i8", storage="i8")
    column = NumberColumn("n", below)
    assert column.write(column.read(below), RNG)[0] == below.raw.tolist()


def test_spans_that_float64_does_not_tell_apart():
    with pytest.warns(UserWarning, match="Column 'n' spans more than"):
        NumberColumn("n", opened("number", [0, 1, 2**53 + 1], storage="i8"))
    NumberColumn("n", opened("number", [1, 2, 2**53 + 1], storage="i8"))
    NumberColumn("n", opened("number", [0, 2**54], storage="i8"))


def test_numbers_with_decimals():
    column = NumberColumn("n", opened("number", [0.25, 0.5]))
    assert (column.step, column.decimals) == (None, 2)
    assert column.read(opened("number", [0.2549, 7])).tolist() == [0.25, 7]
    assert column.write(np.array([0.126, 1]), RNG)[0] == [0.13, 1]
    whole = NumberColumn("n", opened("number", [4.0, 5.0, np.nan], [0, 0, 1]))
    assert (whole.step, whole.decimals) == (1.0, None)
    given = NumberColumn("n", opened("number", [0.5], decimals=3))
    assert (given.step, given.decimals) == (None, 3)
    assert NumberColumn("n", opened("number", [0.5], decimals=0)).step == 1
    many = NumberColumn("n", opened("number", [np.pi, 1]))
    assert (many.step, many.decimals) == (None, None)
    assert many.write(np.array([np.e]), RNG)[0] == [np.e]
    assert NumberColumn("n", opened("number", [0.5], [True])).decimals is None


def test_what_numbers_refuse():
    column = NumberColumn("n", opened("number", [0.25, 0.5]))
    for wrong in ("3", b"3", [1], None):
        with pytest.raises(ValueError, match="column 'n' holds numbers, got"):
            column.parse(wrong)
    for values in ([np.inf, 1.0], [-np.inf, 1.0]):
        with pytest.raises(ValueError, match="Column 'n' contains infinity"):
            column.read(opened("number", values))
        with pytest.raises(ValueError, match="Column 'n' contains infinity"):
            NumberColumn("n", opened("number", values))
        assert column.read(opened("number", values, [1, 0]))[1] == 1
    with pytest.raises(TypeError, match="held number values in fit and holds level"):
        column.read(opened("level", [0], levels=["a"]))
    assert column.read(opened("boolean", [True, False])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("values", "dtype", "decimals"),
    [
        ([0.0], "f8", 0),
        ([1e20], "f8", 0),
        ([0.1234567891], "f8", 10),
        ([0.12345678912], "f8", None),
        ([12345678901234.5], "f8", 1),
        ([123456789012345.5], "f8", None),
        ([0.5, 12345.5], "f4", 1),
        ([123456.5], "f4", 1),
        ([1234.25], "f4", 2),
        ([1.12345], "f4", 5),
        ([1.123456], "f4", None),
        ([1.25], "f2", 2),
        ([10.25], "f2", 2),
        ([1.0] * 600 + [0.25], "f8", 2),
        ([1.5] * 600 + [np.pi], "f8", None),
        ([-0.5, -123456789.25], "f8", 2),
    ],
)
def test_decimals(values, dtype, decimals):
    assert find_decimals(np.array(values, dtype=dtype)) == decimals


def test_levels():
    column = LevelColumn("c", opened("level", [0, 1], levels=["a", "b"]))
    assert (column.kind, column.step, column.is_discrete) == ("category", 1.0, True)
    assert [column.code_of(v) for v in ("a", "b", "z", [])] == [0, 1, -1, -1]
    assert column.write(np.array([-3, 0.4, 0.6, 9, np.nan]), RNG) == (
        [0, 0, 1, 1, 0],
        [False] * 4 + [True],
    )
    other = opened("level", [0, 1, 2, 0], [0, 0, 0, 1], levels=["b", "a", "z"])
    np.testing.assert_array_equal(column.read(other), [1, 0, -1, np.nan])
    same = opened("level", [1, 0, -1], [0, 0, 1], levels=["a", "b"])
    np.testing.assert_array_equal(column.read(same), [1, 0, np.nan])
    assert column.parse("b") == 1
    with pytest.raises(
        ValueError, match="column 'c' has no level 'z'; it has 'a', 'b'"
    ):
        column.parse("z")


def test_levels_that_are_numbers():
    column = LevelColumn("c", opened("level", [0], levels=[1, 2, 5]))
    read = column.read(opened("number", [5.0, 1, 7, np.nan], [0, 0, 0, 1]))
    np.testing.assert_array_equal(read, [2, 0, -1, np.nan])
    mixed = LevelColumn("c", opened("level", [0], levels=[1, True, 1.0]))
    assert [mixed.code_of(v) for v in (1, True, 1.0, np.int64(1))] == [0, 1, 2, 0]
    assert mixed.read(opened("level", [2, 1, 0], levels=[1, True, 1.0])).tolist() == [
        *(2, 1, 0)
    ]
    truth = LevelColumn("c", opened("boolean", [True]))
    assert truth.kind == "boolean" and truth.is_discrete
    assert truth.read(opened("boolean", [True, False])).tolist() == [1, 0]
    assert truth.write(np.array([0.4, 0.6, -3, 7]), RNG)[0] == [False, True] * 2
    assert column.read(opened("boolean", [True, False])).tolist() == [0, -1]


def test_long_lists_of_levels_are_cut():
    assert show_levels(range(3)) == "0, 1, 2"
    assert show_levels(range(20)).endswith(", 19")
    assert show_levels(range(21)).endswith(", 19 and 1 more")
