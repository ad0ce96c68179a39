"""Values of pandas, polars and the standard library in a file: forms, and refusals."""

import datetime
import zoneinfo
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skgan.io._codec import Decoder, Encoder
from skgan.io._memory_bound import MemoryBound
from skgan.storage import ContentError, TensorReader, TensorWriter, UnsaveableError

ROME = zoneinfo.ZoneInfo("Europe/Rome")
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


def decoder_of(writer=None):
    readers = [TensorReader((writer or TensorWriter()).to_bytes(), "it")] * 2
    return Decoder(*readers, {}, {}, MemoryBound(100, 10))


def coded(value):
    encoder = Encoder()
    node = encoder.encode(value)
    return node, decoder_of(encoder.arrays).decode(node)


def refused(node, match):
    with pytest.raises(ContentError, match=match):
        decoder_of().decode(node)


VALUES = [
    (
        datetime.datetime(2024, 2, 29, 23, 5, 6, 7, tzinfo=ROME, fold=1),
        {"datetime": [[2024, 2, 29, 23, 5, 6, 7, 1], ["zoneinfo", "Europe/Rome"]]},
    ),
    (datetime.datetime(1, 1, 1), {"datetime": [[1, 1, 1, 0, 0, 0, 0, 0], None]}),
    (datetime.date(1969, 12, 31), {"date": [1969, 12, 31]}),
    (
        datetime.time(1, 2, 3, 4, tzinfo=datetime.UTC, fold=1),
        {"time": [[1, 2, 3, 4, 1], ["utc"]]},
    ),
    (datetime.timedelta(-1, 2, 3), {"timedelta": [-1, 2, 3]}),
    (Decimal("-1.50"), {"decimal": "-1.50"}),
    (Decimal("1E+400"), {"decimal": "1E+400"}),
    (Decimal("-Infinity"), {"decimal": "-Infinity"}),
    (UUID(int=5), {"uuid": "00000000000000000000000000000005"}),
    (EAST, {"zone": ["offset", 19800]}),
    (datetime.datetime, {"moment": "datetime"}),
    (pd.Timestamp, {"moment": "Timestamp"}),
    (pd.NA, {"pandas": "NA"}),
    (pd.NaT, {"pandas": "NaT"}),
    (pd.Timestamp(np.datetime64(7, "s")), {"timestamp": [7, "s", None]}),
    (
        pd.Timestamp(10**9 + 1, tz=ROME),
        {"timestamp": [10**9 + 1, "ns", {"zone": ["zoneinfo", "Europe/Rome"]}]},
    ),
    (pd.Timedelta(np.timedelta64(-5, "ms")), {"pandas_timedelta": [-5, "ms"]}),
    (pd.Period("2024-03", "M"), {"period": [650, "M"]}),
    (pd.Interval(1, 2, closed="left"), {"interval": [1, 2, "left"]}),
    (pd.Int16Dtype(), {"pandas_dtype": ["nullable", "Int16"]}),
    (pd.BooleanDtype(), {"pandas_dtype": ["nullable", "Boolean"]}),
    (pd.PeriodDtype("W-TUE"), {"pandas_dtype": ["period", "W-TUE"]}),
    (pd.StringDtype("python"), {"pandas_dtype": ["string", "python", "NA"]}),
    (
        pd.StringDtype("pyarrow", na_value=np.nan),
        {"pandas_dtype": ["string", "pyarrow", "nan"]},
    ),
    (
        pd.DatetimeTZDtype("us", ROME),
        {"pandas_dtype": ["zoned", "us", {"zone": ["zoneinfo", "Europe/Rome"]}]},
    ),
    (
        pd.IntervalDtype("int64", "both"),
        {"pandas_dtype": ["interval", {"dtype": "<i8"}, "both"]},
    ),
    (
        pd.SparseDtype("float64", 0.5),
        {"pandas_dtype": ["sparse", {"dtype": "<f8"}, 0.5]},
    ),
    (pd.RangeIndex(1, 9, 2, name="n"), {"pandas_index": ["range", [1, 9, 2], ["n"]]}),
    (
        pd.MultiIndex.from_tuples([("a", 1)], names=["x", None]),
        {"pandas_index": ["multi", [{"tuple": ["a", 1]}], ["x", None]]},
    ),
    (
        pd.Index([0.5, 2.0], name="i"),
        {"pandas_index": ["plain", [{"dtype": "<f8"}, [0.5, 2.0]], ["i"]]},
    ),
    (
        pd.array([1, None], dtype="Int8"),
        {
            "pandas_array": [
                {"pandas_dtype": ["nullable", "Int8"]},
                [1, {"pandas": "NA"}],
            ]
        },
    ),
]


@pytest.mark.parametrize(("value", "node"), VALUES, ids=lambda x: repr(x)[:40])
def test_values_have_a_form_and_come_back(value, node):
    written, back = coded(value)
    assert written == node
    assert type(back) is type(value) and repr(back) == repr(value)
    if isinstance(value, datetime.datetime | datetime.time):
        assert back.fold == value.fold and back.tzinfo == value.tzinfo


def test_the_dtype_of_categories():
    for ordered in (True, False):
        dtype = pd.CategoricalDtype(pd.Index(["b", "a"], dtype=object), ordered)
        node, back = coded(dtype)
        kind, levels, was_ordered = node["pandas_dtype"]
        assert (kind, was_ordered) == ("category", ordered) and "pandas_index" in levels
        assert back == dtype and list(back.categories) == ["b", "a"]
        assert back.ordered is ordered


ARROW = {
    "bool": pa.bool_(),
    "float16": pa.float16(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "date32": pa.date32(),
    "date64": pa.date64(),
    "large_string": pa.large_string(),
    "uint16": pa.uint16(),
}


@pytest.mark.parametrize("name", ARROW)
def test_plain_types_of_arrow(name):
    node, back = coded(pd.ArrowDtype(ARROW[name]))
    assert node == {"pandas_dtype": ["arrow", name]}
    assert back == pd.ArrowDtype(ARROW[name])


@pytest.mark.parametrize(
    ("kind", "node"),
    [
        (pa.timestamp("ms", "UTC"), ["timestamp", "ms", "UTC"]),
        (pa.timestamp("s"), ["timestamp", "s", None]),
        (pa.duration("us"), ["duration", "us"]),
        (pa.time32("s"), ["time32", "s"]),
        (pa.time64("ns"), ["time64", "ns"]),
        (pa.decimal128(7, -2), ["decimal128", 7, -2]),
        (pa.decimal256(50, 3), ["decimal256", 50, 3]),
        (
            pa.dictionary(pa.int8(), pa.string()),
            ["dictionary", ["int8"], ["string"]],
        ),
    ],
    ids=str,
)
def test_types_of_arrow_with_parameters(kind, node):
    written, back = coded(pd.ArrowDtype(kind))
    assert written == {"pandas_dtype": ["arrow", *node]}
    assert back.pyarrow_dtype == kind


POLARS = ("Int8", "String", "Null", "Object", "Categorical")


@pytest.mark.parametrize("name", POLARS)
def test_plain_dtypes_of_polars(name):
    dtype = getattr(pl, name)()
    node, back = coded(dtype)
    assert node == {"polars_dtype": [name]}
    assert back == dtype and isinstance(back, pl.DataType)


@pytest.mark.parametrize(
    ("make", "node"),
    [
        (lambda: pl.Enum(["b", "a"]), ["Enum", ["b", "a"]]),
        (lambda: pl.Datetime("ms", "UTC"), ["Datetime", "ms", "UTC"]),
        (lambda: pl.Datetime("ns"), ["Datetime", "ns", None]),
        (lambda: pl.Duration("us"), ["Duration", "us"]),
        (lambda: pl.Decimal(9, 2), ["Decimal", 9, 2]),
    ],
)
def test_dtypes_of_polars_with_parameters(make, node):
    written, back = coded(make())
    assert written == {"polars_dtype": node} and back == make()


def test_series_of_polars():
    series = pl.Series("s", ["b", None], dtype=pl.Enum(["a", "b"]))
    node, back = coded(series)
    levels = {"polars_dtype": ["Enum", ["a", "b"]]}
    assert node == {"polars_series": ["s", levels, ["b", None]]}
    assert back.equals(series, check_dtypes=True, check_names=True)


class OwnZone(datetime.tzinfo):
    def utcoffset(self, moment):
        return datetime.timedelta(0)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (OwnZone(), "in the time zone"),
        (datetime.timezone(datetime.timedelta(microseconds=1)), "in the time zone"),
        (Decimal("NaN123"), "a decimal.Decimal"),
        (pd.DataFrame({"a": [1]}), "a pandas.*DataFrame"),
        (pd.ArrowDtype(pa.list_(pa.int8())), "of arrow's type list"),
    ],
    ids=lambda x: str(x)[:20],
)
def test_what_no_file_holds(value, what):
    with pytest.raises(UnsaveableError, match=what):
        Encoder().encode(value)


def test_polars_that_no_file_holds():
    for value, what in (
        (pl.List(pl.Int8), "of polars' dtype List"),
        (pl.DataFrame({"a": [1]}), "a polars.*DataFrame"),
    ):
        with pytest.raises(UnsaveableError, match=what):
            Encoder().encode(value)


@pytest.mark.parametrize(
    ("node", "match"),
    [
        ({"zone": "UTC"}, "no time zone"),
        ({"zone": []}, "no time zone"),
        ({"zone": ["zoneinfo", "Europe/Rome", 1]}, "no time zone"),
        ({"zone": ["offset", 86400]}, "no time zone"),
        ({"zone": ["offset", -86400]}, "no time zone"),
        ({"zone": ["offset", True]}, "no time zone"),
        ({"zone": ["offset", "Europe/Rome"]}, "no time zone"),
        ({"zone": ["dateutil", "Europe/Rome"]}, "no time zone"),
        ({"zone": ["zoneinfo", 3]}, "no time zone"),
        ({"zone": ["zoneinfo", "../passwd"]}, "no time zone"),
        ({"zone": ["zoneinfo", "a/b/c/d/e"]}, "no time zone"),
        ({"date": [2024, 1, 1.0]}, "no whole numbers"),
        ({"date": [2024, 1, True]}, "no whole numbers"),
        ({"timedelta": [2**40, 0, 0]}, "no whole numbers"),
        ({"timedelta": [-(2**40), 0, 0]}, "no whole numbers"),
        ({"date": [2024, 1]}, "no list of 3"),
        ({"time": [[0, 0, 0, 0], None]}, "no list of 5"),
        ({"decimal": "1e5"}, "no decimal number"),
        ({"decimal": "1" * 201}, "no decimal number"),
        ({"decimal": 1}, "no string"),
        ({"moment": "date"}, "no kind of moment"),
        ({"pandas": "NaN"}, "no missing value"),
        ({"timestamp": [True, "s", None]}, "no moment"),
        ({"timestamp": [1, "D", None]}, "no moment"),
        ({"timestamp": [1, "s"]}, "no list of 3"),
        ({"pandas_timedelta": [1.0, "s"]}, "no moment"),
        ({"period": [1, "eval()"]}, "no period"),
        ({"period": [1.0, "M"]}, "no period"),
        ({"interval": [1, 2, "up"]}, "no interval"),
        ({"pandas_dtype": []}, "no dtype of pandas"),
        ({"pandas_dtype": "Int8"}, "no dtype of pandas"),
        ({"pandas_dtype": ["category", None, 1]}, "no dtype of pandas"),
        ({"pandas_dtype": ["zoned", "D", None]}, "no dtype of pandas"),
        ({"pandas_dtype": ["interval", None, "up"]}, "no dtype of pandas"),
        ({"pandas_dtype": ["string", "other", "NA"]}, "no dtype of pandas"),
        ({"pandas_dtype": ["string", "python"]}, "no list of 2"),
        ({"pandas_dtype": ["arrow", "int9"]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "int8", 1]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "timestamp", "D", None]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "timestamp", "s"]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "timestamp", "s", 1]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "timestamp", "s", "Z" * 100]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "duration", "D"]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "decimal128", 100, 0]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "decimal128", 5, -100]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "decimal128", 5, True]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "decimal128", 5]}, "no type of arrow"),
        ({"pandas_dtype": ["arrow", "dictionary", ["int8"]]}, "no type of arrow"),
        ({"pandas_index": ["range", [0, 1, 1.0], [None]]}, "no index"),
        ({"pandas_index": ["range", [0, 2**40, 1], [None]]}, "no index"),
        ({"pandas_index": ["range", [0, 1, 1], []]}, "no list of 1"),
        ({"pandas_index": ["other", [0, 1, 1], [None]]}, "no index"),
        ({"pandas_index": ["plain", [{"dtype": "<f8"}, "ab"], [None]]}, "no list"),
        ({"pandas_array": [{"dtype": "<f8"}, []]}, "none of it"),
        ({"pandas_array": [{"pandas_dtype": ["nullable", "Int8"]}, "a"]}, "no list"),
        ({"polars_dtype": []}, "no dtype of polars"),
        ({"polars_dtype": "Int8"}, "no dtype of polars"),
        ({"polars_dtype": ["DataFrame"]}, "no dtype of polars"),
        ({"polars_dtype": ["Int8", 1]}, "no dtype of polars"),
        ({"polars_dtype": ["Enum", [1]]}, "no dtype of polars"),
        ({"polars_dtype": ["Enum"]}, "no dtype of polars"),
        ({"polars_dtype": ["Datetime", "s", None]}, "no dtype of polars"),
        ({"polars_dtype": ["Datetime", "ms", 1]}, "no dtype of polars"),
        ({"polars_dtype": ["Datetime", "ms", "Z" * 100]}, "no dtype of polars"),
        ({"polars_dtype": ["Datetime", "ms"]}, "no dtype of polars"),
        ({"polars_dtype": ["Duration", "s"]}, "no dtype of polars"),
        ({"polars_dtype": ["Decimal", 100, 0]}, "no dtype of polars"),
        ({"polars_dtype": ["Decimal", 5, -1]}, "no dtype of polars"),
        ({"polars_dtype": ["Decimal", True, 0]}, "no dtype of polars"),
        ({"polars_series": ["a", 1, []]}, "none of it"),
        ({"polars_series": [1, {"polars_dtype": ["Int8"]}, []]}, "no string"),
    ],
    ids=str,
)
def test_strange_nodes_are_refused(node, match):
    refused(node, match)


def test_bounds_are_within():
    decoder = decoder_of()
    zone = decoder.decode({"zone": ["offset", -86399]})
    assert zone.utcoffset(None) == datetime.timedelta(seconds=-86399)
    span = decoder.decode({"timedelta": [0, 2**40 - 1, 0]})
    assert span == datetime.timedelta(seconds=2**40 - 1)
    index = decoder.decode({"pandas_index": ["range", [0, 2**40 - 1, 1], ["n"]]})
    assert len(index) == 2**40 - 1 and index.name == "n"
    assert decoder.decode({"polars_dtype": ["Decimal", 38, 0]}) == pl.Decimal(38, 0)


def test_dictionaries_of_dictionaries_have_an_end():
    node = ["int8"]
    for _ in range(2):
        node = ["dictionary", ["int8"], node]
    decoded = decoder_of().decode({"pandas_dtype": ["arrow", *node]})
    assert decoded.pyarrow_dtype.value_type.value_type == pa.int8()
    refused({"pandas_dtype": ["arrow", "dictionary", ["int8"], node]}, "no type of")
