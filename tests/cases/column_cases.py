"""Columns of every dtype of pandas and polars: the one table of them.

Encoders of tables take all and those of vectors the numbers in tests/encoding and
tests/frames; samplers take rows of any mix of them in tests/samplers.
"""

import datetime
import decimal
import functools
import uuid
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

N = 60
RNG = np.random.default_rng(0)
WHOLE = RNG.integers(0, 9, N)
REAL = RNG.normal(size=N)
OTHER = np.round(RNG.normal(size=N), 3)
IS_MISSING = RNG.random(N) < 0.25
WORDS = np.array(["low", "mid", "high", "ünïcode"], dtype=object)[WHOLE % 4]
MOMENTS = np.datetime64("2024-02-28T10:00", "s") + RNG.integers(0, 10**7, N)
DAYS = np.datetime64("1969-12-01", "D") + WHOLE * 7
ROME = zoneinfo.ZoneInfo("Europe/Rome")


def masked(values, missing=None):
    """A list with about a quarter of its values missing."""
    return [
        missing if hide else value
        for hide, value in zip(IS_MISSING, list(values), strict=True)
    ]


def objects(values):
    column = np.empty(N, dtype=object)
    column[:] = list(values)
    return pd.Series(column, dtype=object)


def arrow(values, kind):
    return pd.array(pa.array(values, type=kind), dtype=pd.ArrowDtype(kind))


def python_moments(zone=None):
    return [
        moment.replace(tzinfo=datetime.UTC).astimezone(zone) if zone else moment
        for moment in MOMENTS.tolist()
    ]


CENTS = [decimal.Decimal(int(v)) / 4 for v in WHOLE]
TIMES = [datetime.time(int(v), 30) for v in WHOLE]
CATEGORIES = pd.CategoricalDtype(["never", *sorted(set(WORDS))], ordered=True)

PANDAS = {
    **{name: REAL.astype(name) for name in ("float64", "float32", "float16")},
    **{f"{k}int{b}": WHOLE.astype(f"{k}int{b}") for k in ("", "u") for b in (8, 16)},
    **{f"{k}int{b}": WHOLE.astype(f"{k}int{b}") for k in ("", "u") for b in (32, 64)},
    "prices": np.round(REAL, 2),
    "prices float32": np.round(REAL, 2).astype("f4"),
    "huge": REAL * 1e300,
    "tiny": REAL * 1e-300,
    "int64 beyond 2**53": WHOLE * 10 + 2**62,
    "uint64 beyond 2**63": WHOLE.astype("u8") * 3 + 2**63,
    "int64 ends": np.r_[[-(2**63), 2**63 - 1], [0] * (N - 2)],
    "bool": WHOLE > 4,
    "missing float": masked(REAL, np.nan),
    "missing whole": masked(WHOLE, np.nan),
    **{
        name: pd.array(masked(WHOLE), dtype=name)
        for name in ("Int8", "Int64", "UInt16", "Float64", "Float32")
    },
    "Int64 complete": pd.array(WHOLE, dtype="Int64"),
    "Float32 complete": pd.array(REAL.astype("f4"), dtype="Float32"),
    "Int64 beyond 2**53": pd.array(masked(WHOLE + 2**60), dtype="Int64"),
    "boolean": pd.array(masked(WHOLE > 4), dtype="boolean"),
    "boolean complete": pd.array(WHOLE > 4, dtype="boolean"),
    "str": pd.array(WORDS, dtype="str"),
    "str missing": pd.array(masked(WORDS), dtype="str"),
    "string": pd.array(masked(WORDS), dtype="string"),
    "object strings": objects(WORDS),
    "object strings None": objects(masked(WORDS)),
    "object strings nan": objects(masked(WORDS, np.nan)),
    "object strings NA": objects(masked(WORDS, pd.NA)),
    "category": pd.Categorical(masked(WORDS)),
    "category ordered, unused": pd.Categorical(WORDS, dtype=CATEGORIES),
    "category of ints": pd.Categorical(WHOLE),
    "category of intervals": pd.cut(REAL, 4),
    "interval": pd.arrays.IntervalArray.from_breaks(np.arange(11.0)).take(WHOLE),
    "period": pd.PeriodIndex.from_ordinals(WHOLE, freq="M").array,
    "sparse": pd.arrays.SparseArray(WHOLE * (WHOLE > 5), fill_value=0),
    **{
        f"datetime64[{unit}]": MOMENTS.astype(f"M8[{unit}]")
        for unit in ("s", "ms", "us", "ns")
    },
    "datetime64 missing": pd.array(masked(MOMENTS.astype("M8[us]"), pd.NaT)),
    "datetime64 of the year 1": np.datetime64("0001-01-01", "s") + WHOLE * 86400,
    "nanoseconds": MOMENTS.astype("M8[ns]") - WHOLE.astype("m8[ns]"),
    "days": DAYS.astype("M8[ns]"),
    "zoned": pd.DatetimeIndex(MOMENTS.astype("M8[us]")).tz_localize("UTC"),
    "zoned missing": pd.DatetimeIndex(masked(python_moments(ROME), pd.NaT)),
    "timedelta64[ns]": WHOLE.astype("m8[h]").astype("m8[ns]"),
    "timedelta64[s]": pd.array(masked(WHOLE.astype("m8[s]"), pd.NaT)),
    "arrow int": pd.array(masked(WHOLE), dtype="int32[pyarrow]"),
    "arrow int complete": pd.array(WHOLE, dtype="int64[pyarrow]"),
    "arrow float": pd.array(masked(REAL), dtype="double[pyarrow]"),
    "arrow half": arrow(masked(WHOLE.astype("f2")), pa.float16()),
    "arrow bool": pd.array(masked(WHOLE > 4), dtype="bool[pyarrow]"),
    "arrow string": pd.array(masked(WORDS), dtype="string[pyarrow]"),
    "arrow large string": arrow(masked(WORDS), pa.large_string()),
    "arrow binary": arrow([word.encode() for word in WORDS], pa.binary()),
    "arrow decimal": arrow(masked(CENTS), pa.decimal128(9, 2)),
    "arrow decimal complete": arrow(CENTS, pa.decimal128(9, 2)),
    "arrow timestamp": arrow(masked(python_moments()), pa.timestamp("ms")),
    "arrow zoned": arrow(python_moments(ROME), pa.timestamp("us", tz="Europe/Rome")),
    "arrow date32": arrow(masked(DAYS.tolist()), pa.date32()),
    "arrow date64": arrow(DAYS.tolist(), pa.date64()),
    "arrow time32": arrow(masked(TIMES), pa.time32("s")),
    "arrow time64": arrow(TIMES, pa.time64("ns")),
    "arrow duration": arrow(masked(WHOLE.tolist()), pa.duration("ms")),
    "arrow dictionary": arrow(WORDS, pa.dictionary(pa.int8(), pa.string())),
    "objects whole": objects(masked(WHOLE.tolist())),
    "objects whole complete": objects(WHOLE.tolist()),
    "objects beyond int64": objects([int(v) * 2**70 for v in WHOLE]),
    "objects real": objects(masked(REAL.tolist())),
    "objects bool": objects(masked((WHOLE > 4).tolist())),
    "objects bool complete": objects((WHOLE > 4).tolist()),
    "objects decimal": objects(masked(CENTS)),
    "objects date": objects(masked(DAYS.tolist())),
    "objects datetime": objects(masked(python_moments())),
    "objects zoned": objects(python_moments(ROME)),
    "objects Timestamp": objects(map(pd.Timestamp, python_moments())),
    "objects timedelta": objects(datetime.timedelta(hours=int(v)) for v in WHOLE),
    "objects time": objects(masked(TIMES)),
    "objects uuid": objects(uuid.UUID(int=int(v)) for v in WHOLE),
    "objects tuple": objects((int(v), "x") for v in WHOLE),
    "objects bytes": objects(word.encode() for word in WORDS),
    "objects mixed": objects([1, "1", 1.5, True, None] * (N // 5)),
    "all missing": np.full(N, np.nan),
    "all None": objects([None] * N),
    "all NaT": np.full(N, np.datetime64("NaT", "ns")),
    "all NA": pd.array([None] * N, dtype="Int64"),
    "all missing strings": pd.array([None] * N, dtype="str"),
    "all missing categories": pd.Categorical([None] * N, categories=["a"]),
    "constant": np.full(N, 0.1),
    "constant date": np.full(N, MOMENTS[0].astype("M8[ns]")),
    "constant word": pd.array(["a"] * N, dtype="str"),
    "constant or missing": masked([7.0] * N, np.nan),
}


# Made when they are asked for: polars starts threads, which no fork would have.
@functools.cache
def polars_columns():
    enum = pl.Enum(["unused", *sorted(set(WORDS))])
    return {
        **{
            str(dtype): pl.Series(masked(WHOLE.tolist()), dtype=dtype)
            for dtype in (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128)
        },
        **{
            str(dtype): pl.Series(WHOLE, dtype=dtype)
            for dtype in (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32)
        },
        "Float64": pl.Series(masked(REAL.tolist())),
        "Float64 NaN": pl.Series(masked(REAL.tolist(), float("nan"))),
        "Boolean": pl.Series(masked((WHOLE > 4).tolist())),
        "Decimal": pl.Series(masked(CENTS), dtype=pl.Decimal(12, 2)),
        "String": pl.Series(masked(WORDS), dtype=pl.String),
        "String complete": pl.Series(WORDS, dtype=pl.String),
        "Categorical": pl.Series(masked(WORDS), dtype=pl.Categorical),
        "Enum": pl.Series(masked(WORDS), dtype=enum),
        "Date": pl.Series(masked(DAYS.tolist())),
        **{
            f"Datetime {unit}": pl.Series(
                masked(python_moments()), dtype=pl.Datetime(unit)
            )
            for unit in ("ms", "us", "ns")
        },
        "Datetime zoned": pl.Series(
            python_moments(ROME), dtype=pl.Datetime("us", "Europe/Rome")
        ),
        "Duration": pl.Series(masked(WHOLE.tolist())).cast(pl.Duration("ms")),
        "Time": pl.Series(masked(TIMES)),
        "Binary": pl.Series([word.encode() for word in WORDS]),
        "Null": pl.Series([None] * N),
        "all null": pl.Series([None] * N, dtype=pl.String),
        "all null Enum": pl.Series([None] * N, dtype=enum),
        "constant": pl.Series(["a"] * N),
    }


POLARS_NAMES = [
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
    *("Int128", "Float32", "Float64", "Float64 NaN", "Boolean", "Decimal", "String"),
    *("String complete", "Categorical", "Enum", "Date", "Datetime ms", "Datetime us"),
    *("Datetime ns", "Datetime zoned", "Duration", "Time", "Binary", "Null"),
    *("all null", "all null Enum", "constant"),
]


# What makes vectors: numbers and truths, in columns of numbers or of objects.
NUMBERS = [
    *("float64", "float32", "float16", "prices", "prices float32", "bool"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("missing float", "missing whole", "Int8", "Int64", "UInt16", "Float64"),
    *("Float32", "Int64 complete", "Float32 complete", "boolean", "boolean complete"),
    *("arrow int", "arrow int complete", "arrow float", "arrow bool"),
    "arrow decimal complete",
    *("objects whole", "objects whole complete", "objects real", "objects bool"),
    "objects bool complete",
]
POLARS_NUMBERS = [
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
    *("Float32", "Float64", "Boolean", "Decimal"),
]
