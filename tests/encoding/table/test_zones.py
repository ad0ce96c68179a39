"""Times with zones are what local clocks show."""

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan.encoding import TableEncoder

N = 400
ZONES = [
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "Asia/Tehran",
    "Europe/Rome",
]


def localize(naive, zone):
    is_first = np.ones(len(naive), dtype=bool)
    return naive.dt.tz_localize(zone, ambiguous=is_first, nonexistent="shift_forward")


def make_frame(zone, form):
    rng = np.random.default_rng(0)
    days = pd.to_timedelta(rng.integers(0, 9000, N), unit="D")
    day = pd.Series(pd.Timestamp("1995-01-01") + days)
    frame = pd.DataFrame(
        {
            "midnight": localize(day, zone),
            "morning": localize(day + pd.Timedelta(hours=8), zone),
            "word": rng.choice(["a", "b"], N),
        }
    )
    if form == "polars":
        return pl.from_pandas(frame)
    if form == "arrow":
        pytest.importorskip("pyarrow")
        kind = f"timestamp[us, tz={zone}][pyarrow]"
        return frame.astype({"midnight": kind, "morning": kind})
    if form == "objects":
        for name in ("midnight", "morning"):
            moments = [
                v.astimezone(ZoneInfo(zone)) for v in frame[name].dt.to_pydatetime()
            ]
            frame[name] = pd.Series(moments, dtype=object)
    return frame


@pytest.mark.filterwarnings("ignore:.*to_pydatetime")
@pytest.mark.parametrize("form", ["pandas", "polars", "arrow", "objects"])
@pytest.mark.parametrize("zone", ZONES)
def test_local_clock_times_are_modelled(zone, form):
    frame = make_frame(zone, form)
    encoder = TableEncoder(condition_on=["midnight", "word"]).fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    Z = np.random.default_rng(1).standard_normal((600, encoder.tensor_shape_[0]))
    new = encoder.inverse_transform(Z)
    for name in ("midnight", "morning"):
        assert back[name].to_list() == frame[name].to_list()
        assert new[name].dtype == frame[name].dtype
    assert {moment.hour for moment in new["morning"].to_list()} == {8}
    for moment in new["midnight"].to_list():
        # A midnight that clocks skip is the first moment behind the gap.
        before = pd.Timestamp(moment) - pd.Timedelta(1, "us")
        assert moment.hour == 0 or before.date() < moment.date()
        assert moment.minute == 0
    # A date without a zone is local, one with a zone is that moment.
    seen = next(v for v in frame["midnight"].to_list() if v.hour == 0)
    naive = seen.replace(tzinfo=None)
    for given in (naive, naive.isoformat(), seen, seen.astimezone(datetime.UTC)):
        value = encoder.read_given({"midnight": given}).items["midnight"].value
        written = encoder._columns[0].write(np.array([value]), None)
        assert next(iter(written)) == seen
    partial = {"midnight": [naive]}
    library = pl if form == "polars" else pd
    values = encoder.read_given(library.DataFrame(partial)).items["midnight"].values
    assert values.tolist() == [value]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_the_hour_that_clocks_repeat(library):
    hours = pd.date_range("2024-10-26", periods=96, freq="h", tz="UTC")
    frame = pd.DataFrame({"t": hours.tz_convert("Europe/Rome"), "x": range(96)})
    frame.loc[5, "t"] = pd.NaT
    frame = pl.from_pandas(frame) if library == "polars" else frame
    with pytest.warns(UserWarning, match=r"'t' holds 1 time of an hour"):
        encoder = TableEncoder(dependencies=False).fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    pairs = zip(back["t"].to_list(), frame["t"].to_list(), strict=True)
    pairs = [(a, b) for a, b in pairs if not (pd.isna(a) and pd.isna(b))]
    assert (
        len(pairs) == 95 and sum(a.timestamp() != b.timestamp() for a, b in pairs) == 1
    )
    assert all(
        a.replace(tzinfo=None, fold=0) == b.replace(tzinfo=None, fold=0)
        for a, b in pairs
    )


def test_another_zone_is_refused():
    frame = make_frame("Europe/Rome", "pandas")
    encoder = TableEncoder().fit(frame)
    moved = frame.assign(morning=frame["morning"].dt.tz_convert("Asia/Tehran"))
    with pytest.raises(TypeError, match=r"'morning' held times of Europe/Rome"):
        encoder.transform(moved)
