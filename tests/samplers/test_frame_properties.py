"""Frames and arrays of any mix of columns: what samples must keep of each.

The same columns, dtypes, grids, ranges and levels and, in 2000 rows, shares within
chance. ``make nightly`` tries sixteen times as many.
"""

import datetime
import decimal
import os
import warnings
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from skgan import GANSampler

IS_NIGHTLY = bool(os.environ.get("SKGAN_NIGHTLY"))
N_EXAMPLES = 2000 if IS_NIGHTLY else 90
N_DRAWN = 2000
# Chance of one false alarm among all examples of about fifty comparisons each.
CHANCE = 1e-4 / (N_EXAMPLES * 50)
ZONES = (
    *("America/Sao_Paulo", "America/Havana", "Asia/Beirut", "Africa/Cairo"),
    *("Asia/Tehran", "Europe/Rome", "UTC"),
)
EXAMPLES = settings(
    max_examples=N_EXAMPLES,
    deadline=None,
    derandomize=not IS_NIGHTLY,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


# -- columns: a list of values, None where missing, and the dtype in either library


def rare(rng, n, levels):
    """Levels of which the last has but a row or two."""
    values = [levels[i] for i in rng.integers(0, max(len(levels) - 1, 1), n)]
    for place in rng.integers(0, n, size=rng.integers(1, 3)):
        values[place] = levels[-1]
    return values


def stepped(rng, n, draw):
    """Whole numbers from an offset on, in steps."""
    offset = draw(st.sampled_from([0, -7, 10**6, 2**40, -(10**9)]))
    step = draw(st.sampled_from([1, 5, 12, 1000]))
    return [offset + step * int(k) for k in rng.integers(0, 500, n)]


def priced(rng, n, draw):
    """Decimals on a grid with an offset, or with few endings."""
    whole = rng.integers(0, 200, n)
    endings = draw(
        st.sampled_from([[0.99], [0.5], [0.49, 0.99], [0.0, 0.25, 0.5, 0.75], [0.1]])
    )
    offset = draw(st.sampled_from([0, -100, 10**5]))
    return [
        round(float(offset + k + e), 2)
        for k, e in zip(whole, rng.choice(endings, n), strict=True)
    ]


def smooth(rng, n, draw):
    scale = draw(st.sampled_from([1e-6, 1.0, 1e9]))
    values = scale * rng.normal(size=n)
    if draw(st.booleans()):
        values[rng.random(n) < 0.6] = 0.0
    return values.tolist()


def texts(rng, n, draw):
    n_levels = draw(st.sampled_from([1, 2, 5, 20]))
    return rare(rng, n, [f"level {i}" for i in range(n_levels)])


def flags(rng, n, draw):
    return rare(rng, n, [True, False])


def days(rng, n, draw):
    start = datetime.datetime(2016, 1, 1)
    return [start + datetime.timedelta(days=int(k)) for k in rng.integers(0, 1500, n)]


def spans(rng, n, draw):
    return [datetime.timedelta(minutes=15 * int(k)) for k in rng.integers(-99, 999, n)]


KINDS = {
    "int": (stepped, "Int64", pl.Int64),
    "decimals": (priced, "float64", pl.Float64),
    "single": (priced, "float32", pl.Float32),
    "nullable": (priced, "Float64", pl.Float64),
    "Decimal": (priced, "object", pl.Decimal(14, 2)),
    "smooth": (smooth, "float64", pl.Float64),
    "text": (texts, "str", pl.String),
    "object": (texts, "object", pl.Categorical),
    "category": (texts, "category", pl.Categorical),
    "flag": (flags, "boolean", pl.Boolean),
    "day": (days, "datetime64[us]", pl.Datetime("us")),
    "zoned": (days, None, None),
    "span": (spans, "timedelta64[us]", pl.Duration("us")),
}
LEVELS = ("text", "object", "category", "flag")


@st.composite
def tables(draw, kinds=tuple(KINDS)):
    """Columns by name, their dtypes, and in which container they come."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.sampled_from([20, 60, 150]))
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=5))
    library = draw(st.sampled_from(["pandas", "polars"]))
    zone = draw(st.sampled_from(ZONES))
    columns = {}
    for i, kind in enumerate(chosen):
        values = KINDS[kind][0](rng, n, draw)
        if kind == "Decimal":
            values = [decimal.Decimal(str(round(value, 2))) for value in values]
        missing = draw(st.sampled_from([0, 0, 0.05, 0.5]))
        gone = rng.random(n) < missing
        values = [None if g else v for g, v in zip(gone, values, strict=True)]
        columns[f"{i} {kind}"] = make_column(kind, values, library, zone)
    frame = pd.DataFrame(columns) if library == "pandas" else pl.DataFrame(columns)
    return frame


def make_column(kind, values, library, zone):
    _, of_pandas, of_polars = KINDS[kind]
    if library == "polars":
        if kind == "zoned":
            series = pl.Series(values, dtype=pl.Datetime("us"))
            # A midnight that clocks skip is moved forward.
            local = [v and v.replace(tzinfo=zoneinfo.ZoneInfo(zone)) for v in values]
            moments = [v and v.astimezone(datetime.UTC) for v in local]
            series = pl.Series(moments, dtype=pl.Datetime("us", "UTC"))
            return series.dt.convert_time_zone(zone)
        return pl.Series(values, dtype=of_polars, strict=False)
    if kind == "zoned":
        series = pd.Series(values, dtype="datetime64[us]")
        return series.dt.tz_localize(
            zone, nonexistent="shift_forward", ambiguous=np.ones(len(series), bool)
        )
    return pd.Series(values, dtype=of_pandas)


def values_of(frame, name):
    """Return the values of a column, None where missing."""
    if isinstance(frame, pl.DataFrame):
        return frame[name].to_list()
    return [None if pd.isna(v) else v for v in frame[name].astype(object)]


# -- what must hold


def fit_and_draw(X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler = GANSampler(max_iter=0, prior="trees", random_state=0).fit(X)
        return sampler.sample(N_DRAWN, random_state=1)


def check_share(name, n_seen, n_rows, n_drawn):
    if n_seen in (0, n_rows):
        assert n_drawn == (N_DRAWN if n_seen else 0), name
        return
    p = binomtest(n_drawn, N_DRAWN, n_seen / n_rows).pvalue
    assert p > CHANCE, f"{name}: {n_drawn} of {N_DRAWN} for {n_seen} of {n_rows}"


def check_grid(name, seen, drawn):
    """Numbers and times lie on the grid that all of those seen lie on."""
    whole = [exact(value) for value in seen]
    if len(set(whole)) < 5:
        # So few have a step by chance.
        return
    steps = np.gcd.reduce(np.array([w - whole[0] for w in whole], dtype=object))
    for value in {exact(value) for value in drawn}:
        if steps:
            assert (value - whole[0]) % steps == 0, f"{name}: {value} is off {steps}"
        else:
            assert value == whole[0], name


def exact(value):
    """Return a value in whole hundredths, or seconds of a local clock."""
    if isinstance(value, datetime.datetime):
        return round((value.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)) / SEC)
    if isinstance(value, datetime.timedelta):
        return round(value / SEC)
    return round(float(value) * 100)


SEC = datetime.timedelta(seconds=1)


@EXAMPLES
@given(frame=tables())
def test_samples_keep_what_columns_are(frame):
    drawn = fit_and_draw(frame)
    assert type(drawn) is type(frame)
    assert list(drawn.columns) == list(frame.columns)
    assert list(drawn.dtypes) == list(frame.dtypes)
    for name in frame.columns:
        kind = name.split(" ")[1]
        old, new = values_of(frame, name), values_of(drawn, name)
        seen = [value for value in old if value is not None]
        fresh = [value for value in new if value is not None]
        check_share(f"{name}, present", len(seen), len(old), len(fresh))
        if not seen:
            continue
        if kind in LEVELS:
            assert set(fresh) <= set(seen), name
            for level in set(seen):
                check_share(
                    f"{name}={level}", seen.count(level), len(old), fresh.count(level)
                )
            continue
        if fresh:
            assert min(seen) <= min(fresh) and max(fresh) <= max(seen), name
            assert {type(value) for value in fresh} <= {type(value) for value in seen}
        if kind == "zoned":
            midnights = [v for v in seen if v.hour == v.minute == 0]
            if len(midnights) == len(seen):
                check_grid(name, seen, [v for v in fresh if is_kept(v)])
        elif kind != "smooth":
            check_grid(name, seen, fresh)


def is_kept(moment):
    """Whether a local midnight exists; what does not exist is moved forward."""
    return moment.hour == 0


@settings(EXAMPLES, max_examples=N_EXAMPLES // 2)
@given(frame=tables(kinds=("int", "decimals", "single", "smooth")))
def test_arrays_and_frames_of_numbers_give_the_same_guarantees(frame):
    if isinstance(frame, pl.DataFrame):
        X = frame.fill_null(0).to_numpy()
    else:
        X = frame.fillna(0).to_numpy(dtype=float)
    drawn = fit_and_draw(X)
    assert type(drawn) is np.ndarray and drawn.dtype == X.dtype
    assert (drawn >= X.min(axis=0)).all() and (drawn <= X.max(axis=0)).all()
