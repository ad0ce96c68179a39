"""Tables of every dtype of pandas and polars, made at random, through GANSampler."""

import datetime
import decimal
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from skgan import GANSampler

ROME = zoneinfo.ZoneInfo("Europe/Rome")
EPOCH = datetime.datetime(2020, 1, 1)
LEVELS = ["low", "mid", "high", "ü 漢"]
ORDERED = pd.CategoricalDtype(["unused", *LEVELS], ordered=True)


def whole(rng, n):
    return rng.integers(0, 100, n).tolist()


def real(rng, n):
    return rng.normal(size=n).astype(np.float16).astype(float).tolist()


def truth(rng, n):
    return (rng.random(n) < 0.4).tolist()


def words(rng, n):
    return [LEVELS[i] for i in rng.integers(0, 4, n)]


def cents(rng, n):
    return [decimal.Decimal(int(v)) / 4 for v in rng.integers(-99, 99, n)]


def moments(rng, n):
    return [
        EPOCH + datetime.timedelta(seconds=int(v)) for v in rng.integers(10**8, size=n)
    ]


def zoned(rng, n):
    return [m.replace(tzinfo=datetime.UTC).astimezone(ROME) for m in moments(rng, n)]


def dates(rng, n):
    return [moment.date() for moment in moments(rng, n)]


def times(rng, n):
    return [datetime.time(int(v), 30) for v in rng.integers(0, 24, n)]


def spans(rng, n):
    return [datetime.timedelta(minutes=int(v)) for v in rng.integers(-99, 999, n)]


def mixed(rng, n):
    return [[1, "1", 2.5, True][i] for i in rng.integers(0, 4, n)]


def arrow(kind):
    return pd.ArrowDtype(kind)


# Dtypes, with what makes their values; those that hold nothing missing end in "!".
PANDAS = {
    **{f"{k}int{b}!": whole for k in ("", "u") for b in (8, 16, 32, 64)},
    **{f"{k}Int{b}".replace("uI", "UI"): whole for k in ("", "u") for b in (8, 64)},
    **dict.fromkeys(["float16", "float32", "float64", "Float32", "Float64"], real),
    "bool!": truth,
    "boolean": truth,
    "str": words,
    "string": words,
    "category": words,
    "object": words,
    "object mixed": mixed,
    "object decimal": cents,
    "object date": dates,
    "object time": times,
    **{f"datetime64[{unit}]": moments for unit in ("s", "ms", "us", "ns")},
    "datetime64[us, Europe/Rome]": zoned,
    **{f"timedelta64[{unit}]": spans for unit in ("s", "ms", "us", "ns")},
    "int32[pyarrow]": whole,
    "double[pyarrow]": real,
    "bool[pyarrow]": truth,
    "string[pyarrow]": words,
    "decimal[pyarrow]": cents,
    "timestamp[pyarrow]": moments,
    "zoned[pyarrow]": zoned,
    "date[pyarrow]": dates,
    "time[pyarrow]": times,
    "duration[pyarrow]": spans,
    "ordered": words,
}
SPECIAL = {
    "ordered": ORDERED,
    "decimal[pyarrow]": arrow(pa.decimal128(9, 2)),
    "timestamp[pyarrow]": arrow(pa.timestamp("us")),
    "zoned[pyarrow]": arrow(pa.timestamp("us", tz="Europe/Rome")),
    "date[pyarrow]": arrow(pa.date32()),
    "time[pyarrow]": arrow(pa.time64("us")),
    "duration[pyarrow]": arrow(pa.duration("us")),
}
POLARS = {
    **dict.fromkeys([pl.Int8, pl.Int16, pl.Int32, pl.Int64], whole),
    **dict.fromkeys([pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64], whole),
    **dict.fromkeys([pl.Float32, pl.Float64], real),
    pl.Boolean: truth,
    **dict.fromkeys([pl.String, pl.Categorical, pl.Enum(["unused", *LEVELS])], words),
    pl.Decimal(12, 2): cents,
    pl.Date: dates,
    pl.Time: times,
    **{pl.Datetime(unit): moments for unit in ("ms", "us", "ns")},
    pl.Datetime("us", "Europe/Rome"): zoned,
    **{pl.Duration(unit): spans for unit in ("ms", "us", "ns")},
}


def make_columns(kinds, n, n_values, missing, seed, makers):
    """Return lists of values, of which a share is missing, by number and kind."""
    rng = np.random.default_rng(seed)
    columns = {}
    for i, kind in enumerate(kinds):
        values = makers[kind](rng, n)
        values = [values[j % n_values] for j in range(n)]
        if not str(kind).endswith("!"):
            is_missing = rng.random(n) < missing
            values = [None if m else v for m, v in zip(is_missing, values, strict=True)]
        columns[f"{i} {kind}"] = (kind, values)
    return columns


def make_pandas(columns):
    return pd.DataFrame(
        {
            name: pd.Series(
                values,
                dtype=SPECIAL.get(kind, kind.partition(" ")[0].rstrip("!"))
                if not kind.startswith("datetime")
                else kind,
            )
            for name, (kind, values) in columns.items()
        }
    )


def make_polars(columns):
    return pl.DataFrame(
        {
            name: pl.Series(values, dtype=kind, strict=False)
            for name, (kind, values) in columns.items()
        }
    )


def rows_of(frame):
    """Return a list of values for each column, None where missing."""
    if isinstance(frame, pl.DataFrame):
        return {name: frame[name].to_list() for name in frame.columns}
    return {
        name: [None if pd.isna(v) else v for v in frame[name].astype(object)]
        for name in frame.columns
    }


def check(frame, assert_equal):
    sampler = GANSampler(
        max_iter=1, hidden_dims=(4,), batch_size=8, random_state=0
    ).fit(frame)
    drawn = sampler.sample(40, random_state=0)
    assert type(drawn) is type(frame)
    assert list(drawn.columns) == list(frame.columns)
    assert list(drawn.dtypes) == list(frame.dtypes)
    assert list(sampler.sample(0).dtypes) == list(frame.dtypes)
    seen, new = rows_of(frame), rows_of(drawn)
    for name in frame.columns:
        old = [value for value in seen[name] if value is not None]
        fresh = [value for value in new[name] if value is not None]
        if len(old) == len(frame):
            assert len(fresh) == 40, f"{name}: missing where nothing was"
        if not old:
            assert not fresh, f"{name}: values where all were missing"
        elif {type(value) for value in old} & {str, bool}:
            assert set(map(repr, fresh)) <= set(map(repr, old)), f"{name}: invented"
        elif fresh:
            assert min(old) <= min(fresh), f"{name}: below the range seen"
            assert max(fresh) <= max(old), f"{name}: above the range seen"
    assert np.isfinite(sampler.score(frame))
    assert_equal(sampler.sample(7, random_state=0), drawn.head(7))
    encoder = sampler.encoder_
    back = encoder.inverse_transform(encoder.transform(frame))
    assert_equal(back, frame)


PARAMETERS = {
    "n": st.integers(2, 40),
    "n_values": st.sampled_from([1, 2, 5, 40]),
    "missing": st.sampled_from([0, 0.1, 0.5, 1]),
    "seed": st.integers(0, 2**32 - 1),
}
SOME = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    # Each example is a fit: what fails is shown as it is.
    phases=[Phase.generate],
)


def check_pandas(kinds, n, n_values, missing, seed):
    makers = PANDAS
    columns = make_columns(kinds, n, min(n, n_values), missing, seed, makers)
    check(make_pandas(columns), pd.testing.assert_frame_equal)


def check_polars(kinds, n, n_values, missing, seed):
    columns = make_columns(kinds, n, min(n, n_values), missing, seed, POLARS)
    check(make_polars(columns), pl.testing.assert_frame_equal)


# A text among the columns makes it a table.
@SOME
@given(kinds=st.lists(st.sampled_from(list(PANDAS)), max_size=4), **PARAMETERS)
def test_tables_of_pandas(kinds, n, n_values, missing, seed):
    check_pandas(["str", *kinds], n, n_values, missing, seed)


@SOME
@given(kinds=st.lists(st.sampled_from(list(POLARS)), max_size=4), **PARAMETERS)
def test_tables_of_polars(kinds, n, n_values, missing, seed):
    check_polars([pl.String, *kinds], n, n_values, missing, seed)


@pytest.mark.parametrize("missing", [0, 0.3])
def test_all_dtypes_of_pandas_in_one_table(missing):
    check_pandas(list(PANDAS), 60, 60, missing, 1)


@pytest.mark.parametrize("missing", [0, 0.3])
def test_all_dtypes_of_polars_in_one_table(missing):
    check_polars(list(POLARS), 60, 60, missing, 1)
