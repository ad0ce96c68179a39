"""Frames of any dtypes: fitted, drawn, scored, saved and loaded."""

import datetime
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from skgan import ConditionalGANSampler, GANSampler, load, save

TINY = {"max_iter": 2, "hidden_dims": (4,), "batch_size": 8, "random_state": 0}
ROME = zoneinfo.ZoneInfo("Europe/Rome")
WORDS = np.array(["low", "mid", "high", "ü 漢", "", "NaN"], dtype=object)


def whole(rng, n):
    return rng.integers(0, 100, n)


def wide(bits, signed=True):
    """Integers from the whole range of their dtype."""
    bounds = np.iinfo(f"{'' if signed else 'u'}int{bits}")
    return lambda rng, n: rng.integers(
        bounds.min, bounds.max, n, dtype=bounds.dtype, endpoint=True
    )


def real(rng, n):
    return rng.normal(size=n).astype(np.float16).astype(float)


def truth(rng, n):
    return rng.random(n) < 0.4


def words(rng, n):
    return WORDS[rng.integers(0, len(WORDS), n)]


def moments(rng, n):
    return np.datetime64("2020-03-29", "s") + rng.integers(0, 10**7, n)


def spans(rng, n):
    return rng.integers(-99, 999, n).astype("m8[m]").astype("m8[s]")


def months(rng, n):
    return pd.PeriodIndex.from_ordinals(rng.integers(500, 560, n), freq="M")


def zoned(rng, n):
    return pd.DatetimeIndex(moments(rng, n)).tz_localize("UTC").tz_convert(ROME)


ORDERED = pd.CategoricalDtype(["unused", *WORDS], ordered=True)
# What makes the values, and whether some may be missing. Dtypes stand before a space.
NUMBERS = {
    **{f"int{b}": (whole, False) for b in (8, 16, 32, 64)},
    **{f"uint{b}": (whole, False) for b in (8, 16, 32, 64)},
    **{f"int{b} wide": (wide(b), False) for b in (8, 16, 32)},
    **{f"uint{b} wide": (wide(b, False), False) for b in (8, 16, 32)},
    **{f"Int{b}": (whole, True) for b in (8, 16, 32, 64)},
    **{f"UInt{b}": (whole, True) for b in (8, 16, 32, 64)},
    **{f"float{b}": (real, True) for b in (16, 32, 64)},
    **{f"Float{b}": (real, True) for b in (32, 64)},
    "bool": (truth, False),
    "boolean": (truth, True),
    "int64[pyarrow]": (whole, True),
    "double[pyarrow]": (real, True),
}
OTHERS = {
    "object": (words, True),
    "object truth": (truth, True),
    "object whole": (whole, True),
    "str": (words, True),
    "string[python]": (words, True),
    "string[pyarrow]": (words, True),
    "category": (words, True),
    "category whole": (whole, True),
    "category moments": (moments, True),
    "ordered": (words, True),
    **{f"datetime64[{unit}]": (moments, True) for unit in ("s", "ms", "us", "ns")},
    "datetime64[us, Europe/Rome]": (zoned, True),
    "datetime64[ns, UTC]": (zoned, True),
    **{f"timedelta64[{unit}]": (spans, True) for unit in ("s", "ms", "us", "ns")},
    "period[M]": (months, True),
}
POLARS = {
    **dict.fromkeys([pl.Int8, pl.Int16, pl.Int32, pl.Int64], whole),
    **dict.fromkeys([pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64], whole),
    **dict.fromkeys([pl.Float32, pl.Float64], real),
    pl.Boolean: truth,
    **dict.fromkeys([pl.String, pl.Categorical, pl.Enum(list(WORDS))], words),
    **{pl.Datetime(unit): moments for unit in ("ms", "us", "ns")},
    pl.Datetime("us", "Europe/Rome"): moments,
    **{pl.Duration(unit): spans for unit in ("ms", "us", "ns")},
    pl.Date: lambda rng, n: moments(rng, n).astype("M8[D]"),
    pl.Time: lambda rng, n: [
        datetime.time(int(h), 30) for h in rng.integers(24, size=n)
    ],
}


def dtype_of(kind):
    if kind == "ordered":
        return ORDERED
    return kind if kind.startswith("datetime") else kind.partition(" ")[0]


def make_series(kind, n, n_values, missing, rng):
    make, may_lack = {**NUMBERS, **OTHERS}[kind]
    values = (
        pd.Series(make(rng, n)).iloc[np.arange(n) % n_values].reset_index(drop=True)
    )
    if may_lack and missing:
        # As objects: else whole numbers would pass through float64.
        values = values.astype(object).mask(rng.random(n) < missing, None)
    return values.astype(dtype_of(kind))


def make_pandas(kinds, n, n_values, missing, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            f"{i} {kind}": make_series(kind, n, min(n, n_values), missing, rng)
            for i, kind in enumerate(kinds)
        }
    )


def make_polars(kinds, n, n_values, missing, seed):
    rng, columns = np.random.default_rng(seed), {}
    for i, kind in enumerate(kinds):
        made = list(POLARS[kind](rng, n))
        values = [made[j % min(n, n_values)] for j in range(n)]
        values = [v.item() if isinstance(v, np.generic) else v for v in values]
        is_missing = rng.random(n) < missing
        values = [None if m else v for m, v in zip(is_missing, values, strict=True)]
        zone = getattr(kind, "time_zone", None)
        plain = pl.Datetime(kind.time_unit) if zone else kind
        column = pl.Series(values, dtype=plain, strict=False)
        column = column.dt.replace_time_zone("UTC") if zone else column
        columns[f"{i} {kind}"] = column.dt.convert_time_zone(zone) if zone else column
    return pl.DataFrame(columns)


def present(frame, name):
    """Values of a column that are not missing, as objects."""
    if isinstance(frame, pl.DataFrame):
        return frame[name].drop_nulls().to_list()
    return list(frame[name].dropna().astype(object))


def check_rows(drawn, frame, n):
    """`drawn` holds `n` rows as those of `frame` are."""
    assert type(drawn) is type(frame) and len(drawn) == n
    assert list(drawn.columns) == list(frame.columns)
    assert list(drawn.dtypes) == list(frame.dtypes)
    for name in frame.columns:
        seen, new = present(frame, name), present(drawn, name)
        if len(seen) == len(frame):
            assert len(new) == n, f"{name}: missing where nothing was"
        if not seen:
            assert not new, f"{name}: values where all were missing"
        kinds = {type(value) for value in seen}
        if kinds & {str, bool, np.bool_} or len(set(seen)) == 1:
            assert set(new) <= set(seen), f"{name}: invented"
        elif new and "category" not in name:
            assert min(seen) <= min(new) and max(new) <= max(seen), f"{name}: range"


def same(first, second):
    if isinstance(first, pd.DataFrame):
        pd.testing.assert_frame_equal(first, second)
    elif isinstance(first, pd.Series):
        pd.testing.assert_series_equal(first, second)
    else:
        polars.testing.assert_frame_equal(first, second)


def check(frame, folder):
    sampler = GANSampler(**TINY).fit(frame)
    drawn = sampler.sample(30, random_state=0)
    check_rows(drawn, frame, 30)
    check_rows(sampler.sample(0), frame, 0)
    same(sampler.sample(7, random_state=0), drawn.head(7))
    score = sampler.score(frame)
    assert np.isfinite(score)
    save(sampler, folder / "a.skgan")
    loaded = load(folder / "a.skgan")
    same(loaded.sample(30, random_state=0), drawn)
    assert loaded.score(frame) == score
    # What was drawn is like what was learnt.
    assert np.isfinite(sampler.score(drawn))


PARAMETERS = {
    "n": st.integers(2, 40),
    "n_values": st.sampled_from([1, 2, 5, 40]),
    "missing": st.sampled_from([0, 0, 0.3, 1]),
    "seed": st.integers(0, 2**32 - 1),
}
SOME = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    # Each example is a fit: what fails is shown as it is.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def kinds_of(table):
    return st.lists(st.sampled_from(list(table)), min_size=1, max_size=5)


@SOME
@given(kinds=kinds_of(NUMBERS | OTHERS), **PARAMETERS)
def test_frames_of_pandas(tmp_path, kinds, n, n_values, missing, seed):
    frame = make_pandas(kinds, n, n_values, missing, seed)
    check(frame, tmp_path)


@SOME
@given(kinds=kinds_of(NUMBERS), **PARAMETERS)
def test_frames_of_numbers(tmp_path, kinds, n, n_values, missing, seed):
    frame = make_pandas(kinds, n, n_values, missing, seed)
    check(frame, tmp_path)


@SOME
@given(kinds=kinds_of(POLARS), **PARAMETERS)
def test_frames_of_polars(tmp_path, kinds, n, n_values, missing, seed):
    check(make_polars(kinds, n, n_values, missing, seed), tmp_path)


@SOME
@given(
    kinds=kinds_of(NUMBERS | OTHERS),
    label=st.sampled_from(list(NUMBERS | OTHERS)),
    **{**PARAMETERS, "n": st.integers(4, 40)},
)
def test_labels_of_pandas(tmp_path, kinds, label, n, n_values, missing, seed):
    missing = 0 if missing == 1 else missing
    frame = make_pandas(["str", *kinds], n, n_values, missing, seed)
    y = make_series(label, n, min(n, n_values), 0, np.random.default_rng(seed))
    y = y.rename("label")
    sampler = ConditionalGANSampler(**TINY).fit(frame, y)
    drawn, labels = sampler.sample(30, random_state=0)
    check_rows(drawn, frame, 30)
    check_rows(labels.to_frame(), y.to_frame(), 30)
    score = sampler.score(frame, y)
    assert np.isfinite(score)
    save(sampler, tmp_path / "a.skgan")
    loaded = load(tmp_path / "a.skgan")
    again, labels_again = loaded.sample(30, random_state=0)
    same(again, drawn)
    same(labels_again, labels)
    assert loaded.score(frame, y) == score
