"""What columns of any library are read into, and that they leave as they came."""

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from input_cases import NESTED

from skgan.frames import read_columns

DAY, HOUR, SECOND = 86_400 * 10**9, 3600 * 10**9, 10**9
EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.UTC
ROME = "Europe/Rome"


def read(series):
    """Read one column, named x."""
    library = pd if isinstance(series, pd.Series) else pl
    return read_columns(library.DataFrame({"x": series}))[0]


def arrow(values, kind):
    return pd.Series(pd.array(pa.array(values, kind), dtype=pd.ArrowDtype(kind)))


def objects(*values):
    return pd.Series(values, dtype=object)


def moments(*seconds):
    return [EPOCH + datetime.timedelta(seconds=s) for s in seconds]


D, T, TD = datetime.date, datetime.time, datetime.timedelta
# Series; kind, raw where present, what else its port says.
PANDAS = {
    "int16": (pd.Series([3, -1], dtype="i2"), "number", [3, -1], {"storage": "i2"}),
    "float32": (
        pd.Series([0.5, None, 2], dtype="f4"),
        *("number", [0.5, 2], {"storage": "f4"}),
    ),
    "bool": (pd.Series([True, False]), "boolean", [True, False], {"storage": "?"}),
    "datetime ns": (
        pd.Series(moments(1, 2)).astype("M8[ns]"),
        *("time", [SECOND, 2 * SECOND], {"unit": 1}),
    ),
    "datetime s": (
        pd.Series([*moments(1, -2), pd.NaT]).astype("M8[s]"),
        *("time", [1, -2], {"unit": SECOND}),
    ),
    "timedelta": (
        pd.Series([TD(seconds=3), pd.NaT]).astype("m8[ms]"),
        *("duration", [3000], {"unit": 10**6}),
    ),
    "zoned": (
        pd.Series([*moments(5, 7200), pd.NaT]).astype("M8[us]").dt.tz_localize(UTC),
        *("time", [5 * 10**6, 7200 * 10**6], {"unit": 1000}),
    ),
    "zoned midnights": (
        pd.Series(pd.to_datetime(["2024-03-30", "2024-03-31", "2024-04-01", None]))
        .astype("M8[s]")
        .dt.tz_localize(ROME),
        "time",
        [1711756800, 1711843200, 1711929600],
        {"unit": SECOND},
    ),
    "period": (
        pd.Series(pd.PeriodIndex(["1970-03", "1971-01", None], freq="M")),
        *("number", [2, 12], {"storage": "i8"}),
    ),
    "Int8": (pd.Series([7, None], dtype="Int8"), "number", [7], {"storage": "i1"}),
    "Float32": (pd.Series([7.5, None], dtype="Float32"), "number", [7.5], {}),
    "boolean": (
        pd.Series([True, None, False], dtype="boolean"),
        *("boolean", [True, False], {"storage": "?"}),
    ),
    "sparse": (
        pd.Series(pd.arrays.SparseArray([0.0, 2.0, 0.0])),
        *("number", [0, 2, 0], {}),
    ),
    "category": (
        pd.Series(["b", "a", None]).astype(pd.CategoricalDtype(["c", "b", "a"])),
        *("level", [1, 2], {"levels": ["c", "b", "a"], "is_closed": True}),
    ),
    "string": (
        pd.Series(["b", "a", None, "b"], dtype="string"),
        *("level", [1, 0, 1], {"levels": ["a", "b"]}),
    ),
    "object strings": (
        objects("b", "a", np.nan, "b"),
        *("level", [1, 0, 1], {"levels": ["a", "b"]}),
    ),
    "interval": (
        pd.Series(pd.arrays.IntervalArray.from_breaks([0, 1, 2])),
        *("level", [0, 1], {}),
    ),
    "arrow bool": (arrow([True, None], pa.bool_()), "boolean", [True], {}),
    "arrow int8": (arrow([5, None, -2], pa.int8()), "number", [5, -2], {}),
    "arrow int64": (arrow([5, 2**60], pa.int64()), "number", [5, 2**60], {}),
    "arrow float": (arrow([0.5, None], pa.float32()), "number", [0.5], {}),
    "arrow decimal": (
        arrow([decimal.Decimal("1.25"), None], pa.decimal128(9, 2)),
        *("number", [1.25], {"decimals": 2}),
    ),
    "arrow date32": (
        arrow([D(1970, 1, 3), None], pa.date32()),
        *("time", [2], {"unit": DAY}),
    ),
    "arrow date64": (
        arrow([D(1970, 1, 3)], pa.date64()),
        *("time", [2 * 86_400_000], {"unit": 10**6}),
    ),
    "arrow time32": (
        arrow([T(0, 1), None], pa.time32("s")),
        *("duration", [60], {"unit": SECOND}),
    ),
    "arrow time64": (
        arrow([T(0, 1)], pa.time64("us")),
        *("duration", [60_000_000], {"unit": 1000}),
    ),
    "arrow timestamp": (
        arrow(moments(9), pa.timestamp("ms")),
        *("time", [9000], {"unit": 10**6}),
    ),
    "arrow duration": (
        arrow([TD(seconds=9), None], pa.duration("s")),
        *("duration", [9], {"unit": SECOND}),
    ),
    "arrow string": (
        arrow(["b", "a"], pa.string()),
        *("level", [1, 0], {"levels": ["a", "b"]}),
    ),
    "object ints": (objects(3, None, 5), "number", [3, 5], {"storage": "i8"}),
    "large ints": (objects(3, 2**64), "number", [3, 2**64], {"storage": "O"}),
    "object floats": (objects(0.5, None, 5.0), "number", [0.5, 5], {"storage": "f8"}),
    "object bools": (objects(True, None, False), "boolean", [True, False], {}),
    "decimals": (
        objects(decimal.Decimal("0.50"), decimal.Decimal("-3.125"), None),
        *("number", [0.5, -3.125], {"decimals": 3}),
    ),
    "dates": (
        objects(D(1970, 1, 2), None, D(1969, 12, 31)),
        *("time", [1, -1], {"unit": DAY}),
    ),
    "object times": (
        objects(T(0, 0, 1, 5), None),
        *("duration", [1_000_005], {"unit": 1000}),
    ),
    "object durations": (
        objects(TD(days=1, microseconds=7), None),
        *("duration", [86_400_000_007], {"unit": 1000}),
    ),
    "object moments": (
        objects(*moments(5, -5), None),
        *("time", [5_000_000, -5_000_000], {"unit": 1000}),
    ),
    "object zoned": (
        objects(datetime.datetime(1970, 1, 1, 2, tzinfo=UTC), None),
        *("time", [7_200_000_000], {"unit": 1000}),
    ),
    "times of zones": (
        objects(T(5, tzinfo=UTC), None, T(4, tzinfo=UTC)),
        *("level", [1, 0], {}),
    ),
    "mixed": (
        objects("a", 1, None, True, 1),
        *("level", [2, 1, 0, 1], {"levels": [True, 1, "a"]}),
    ),
    "bytes": (objects(b"b", None, b"a"), "level", [1, 0], {"levels": [b"a", b"b"]}),
}
# Made when they are needed: polars starts threads.
POLARS = {
    "Int8": lambda: (pl.Series([5, None, -2], dtype=pl.Int8), "number", [5, -2], {}),
    "Int128": lambda: (
        pl.Series([5, None], dtype=pl.Int128),
        "number",
        [5],
        {"storage": "i8"},
    ),
    "Float32": lambda: (pl.Series([0.5, None], dtype=pl.Float32), "number", [0.5], {}),
    "Boolean": lambda: (pl.Series([True, None, False]), "boolean", [True, False], {}),
    "Decimal": lambda: (
        pl.Series([decimal.Decimal("1.25"), None], dtype=pl.Decimal(9, 2)),
        *("number", [1.25], {"decimals": 2}),
    ),
    "Null": lambda: (pl.Series([None, None]), "number", [], {}),
    "Date": lambda: (pl.Series([D(1970, 1, 3), None]), "time", [2], {"unit": DAY}),
    "Time": lambda: (
        pl.Series([T(0, 0, 2), None]),
        "duration",
        [2 * SECOND],
        {"unit": 1},
    ),
    "Datetime": lambda: (
        pl.Series([*moments(1), None], dtype=pl.Datetime("ms")),
        *("time", [1000], {"unit": 10**6}),
    ),
    "Duration": lambda: (
        pl.Series([TD(seconds=1), None], dtype=pl.Duration("us")),
        *("duration", [10**6], {"unit": 1000}),
    ),
    "zoned": lambda: (
        pl.Series(moments(5, 7200)).dt.replace_time_zone("UTC"),
        *("time", [5 * 10**6, 7200 * 10**6], {"unit": 1000}),
    ),
    "zoned midnights": lambda: (
        pl.Series([datetime.datetime(2024, 3, d) for d in (30, 31)])
        .cast(pl.Datetime("ms"))
        .dt.replace_time_zone(ROME),
        *("time", [1711756800000, 1711843200000], {"unit": 10**6}),
    ),
    "String": lambda: (
        pl.Series(["b", None, "a", "b"]),
        *("level", [1, 0, 1], {"levels": ["a", "b"]}),
    ),
    "Categorical": lambda: (
        pl.Series(["b", None, "a"], dtype=pl.Categorical),
        *("level", [1, 0], {"levels": ["a", "b"]}),
    ),
    "Enum": lambda: (
        pl.Series(["b", None, "a"], dtype=pl.Enum(["c", "b", "a"])),
        *("level", [1, 2], {"levels": ["c", "b", "a"], "is_closed": True}),
    ),
    "Binary": lambda: (
        pl.Series([b"b", None, b"a"]),
        *("level", [1, 0], {"levels": [b"a", b"b"]}),
    ),
    "Object": lambda: (
        pl.Series([3, None, 5], dtype=pl.Object),
        *("number", [3, 5], {"storage": "i8"}),
    ),
    "no strings": lambda: (pl.Series([None, None], dtype=pl.String), "level", [], {}),
}


def check(column, n_missing, kind, raw, column_format):
    assert column.column_format.kind == kind
    assert column.missing.dtype == bool and int(column.missing.sum()) == n_missing
    assert column.raw[~column.missing].tolist() == raw
    assert column.column_format.is_closed == column_format.get("is_closed", False)
    assert column.column_format.decimals == column_format.get("decimals")
    assert column.column_format.unit == column_format.get("unit", 1)
    if "storage" in column_format:
        assert column.column_format.storage == np.dtype(column_format["storage"])
    if "levels" in column_format:
        assert column.column_format.levels == column_format["levels"]
        assert list(map(type, column.column_format.levels)) == list(
            map(type, column_format["levels"])
        )


@pytest.mark.parametrize("name", PANDAS)
def test_columns_of_pandas(name):
    series, kind, raw, column_format = PANDAS[name]
    column = read(series)
    check(column, int(series.isna().sum()), kind, raw, column_format)
    whole = column.raw.astype(float) if kind == "number" else column.raw
    if series.dtype == object and "large" not in name and kind == "number":
        whole = column.raw
    back = column.column_format.to_column(whole.copy(), column.missing.copy())
    pd.testing.assert_series_equal(pd.Series(back, dtype=series.dtype), series)
    assert getattr(back, "dtype", None) == series.dtype
    if series.dtype == object:
        assert list(map(type, back)) == list(map(type, series))


@pytest.mark.parametrize("name", POLARS)
def test_columns_of_polars(name):
    series, kind, raw, column_format = POLARS[name]()
    column = read(series)
    check(column, series.null_count(), kind, raw, column_format)
    back = column.column_format.to_column(column.raw.copy(), column.missing.copy())
    assert back.dtype == series.dtype
    assert back.to_list() == series.to_list()
    if kind == "number" and name != "Object":
        holes = np.where(column.missing, np.nan, column.raw)
        assert (
            column.column_format.to_column(holes, column.missing).to_list()
            == series.to_list()
        )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_midnights_are_whole_days_of_local_clocks(library):
    days = [datetime.datetime(2024, 3, d) for d in (29, 30, 31)]
    if library == "pandas":
        series = pd.Series(days).astype("M8[s]").dt.tz_localize(ROME)
    else:
        series = pl.Series(days).dt.replace_time_zone(ROME)
    column = read(series)
    raw, back = column.raw, column.column_format.to_column
    day, none = 24 * HOUR // column.column_format.unit, np.zeros(3, bool)
    assert (raw % day == 0).all() and list(back(raw, none)) == list(series)
    assert column.column_format.n_repeated == 0
    # Clocks of 2024-03-31 skip 2:30.
    gap = back(raw[2:] + day * 5 // 48, none[:1])
    assert [moment.hour for moment in gap] == [3]


def test_other_strings_than_the_levels():
    missing = np.array([False, True])
    for series in (
        pd.Series(["a", None], dtype="string"),
        arrow(["a", None], pa.string()),
        objects("a", np.nan),
    ):
        to_column = read(series).column_format.to_column
        back = to_column.from_objects(np.array(["z", "y"], dtype=object), missing)
        assert back[0] == "z" and pd.isna(back).tolist() == [False, True]
        assert back.dtype == series.dtype
    to_column = read(pl.Series(["a", None])).column_format.to_column
    back = to_column.from_objects(np.array(["z", "y"], dtype=object), missing)
    assert back.to_list() == ["z", None] and back.dtype == pl.String


@pytest.mark.parametrize("name", NESTED)
def test_what_no_encoder_takes(name):
    with pytest.raises(TypeError, match="Column 'bad' holds"):
        read_columns(NESTED[name])


def test_nested_columns_of_arrow():
    with pytest.raises(TypeError, match="Column 'x' holds"):
        read(arrow([[1]], pa.list_(pa.int64())))
