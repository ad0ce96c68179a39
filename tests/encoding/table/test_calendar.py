"""Dates of a table stay on the days, and at the hours, on which they were."""

import numpy as np
import pandas as pd
import pytest

from skgan import GANSampler
from skgan.encoding import TableEncoder

N = 200
RNG = np.random.default_rng(0)
OPEN = np.r_[9:13, 14:18]
DATES = {
    "first": pd.date_range("1970-01-01", periods=N, freq="MS"),
    "last": pd.date_range("1950-01-31", periods=N, freq="QE"),
    "payday": [pd.Timestamp("1990-01-25") + pd.DateOffset(months=i) for i in range(N)],
    "workday": pd.bdate_range("2018-01-01", periods=N),
    "visit": pd.Timestamp("2020-01-01")
    + pd.to_timedelta(RNG.integers(0, 900, N), unit="D")
    + pd.to_timedelta(RNG.choice(OPEN, N), unit="h")
    + pd.to_timedelta(RNG.integers(0, 60, N), unit="min"),
    "any": pd.Timestamp("1960-01-01")
    + pd.to_timedelta(RNG.integers(0, 9999, N), unit="D"),
}
FRAME = pd.DataFrame(DATES).assign(
    group=RNG.choice(list("ab"), N),
    text=lambda frame: frame["workday"].dt.strftime("%d.%m.%Y"),
)
FRAME["text"] = RNG.permutation(FRAME["text"])
FRAME.loc[:20, "visit"] = pd.NaT


@pytest.fixture(scope="module")
def sampler():
    return GANSampler(max_iter=0, rejection=None, random_state=0).fit(FRAME)


@pytest.fixture(scope="module")
def drawn(sampler):
    return sampler.sample(2000)


def test_dates_keep_to_the_calendar(drawn):
    assert (drawn["first"].dt.day == 1).all()
    assert drawn["last"].dt.is_quarter_end.all()
    assert (drawn["payday"].dt.day == 25).all()
    assert (drawn["workday"].dt.day_of_week < 5).all()
    assert (pd.to_datetime(drawn["text"], dayfirst=True).dt.day_of_week < 5).all()
    assert drawn["visit"].dropna().dt.hour.isin(OPEN).all()
    assert 0.03 < drawn["visit"].isna().mean() < 0.12


def test_no_day_and_no_hour_is_left_out(drawn):
    assert drawn["first"].nunique() > 0.9 * N and drawn["any"].dt.day.nunique() == 31
    for part, column in (
        ("day_of_week", "workday"),
        ("day_of_week", "any"),
        ("hour", "visit"),
    ):
        shares = [
            getattr(frame[column].dt, part).value_counts(normalize=True)
            for frame in (FRAME, drawn)
        ]
        assert abs(shares[0] - shares[1]).max() < 0.07


def test_ranges_of_such_dates_are_met(sampler):
    given = {"visit": ("2020-03-01", "2020-05-01"), "first": ("1980-01-02", None)}
    rows = sampler.sample(40, given=given)
    assert rows["visit"].between("2020-03-01", "2020-05-01").all()
    assert rows["visit"].dt.hour.isin(OPEN).all()
    assert (rows["first"] >= "1980-02-01").all() and (rows["first"].dt.day == 1).all()


def test_what_is_on_the_calendar_stays_there(sampler, drawn):
    for slot in sampler.encoder_._rows.slots_:
        snap = getattr(slot.column_encoder, "snap", None)
        if snap is not None:
            values = snap(np.linspace(-1e9, 1e9, 1001) + np.linspace(0, 99, 1001))
            values = snap(slot.column_encoder.decode(RNG.normal(size=1000), None))
            np.testing.assert_array_equal(snap(values), values)


def test_weeks_and_months_beside_a_date_are_its_own():
    day = pd.Timestamp("2023-01-02") + pd.to_timedelta(RNG.integers(0, 500, 300), "D")
    week = day.isocalendar().reset_index(drop=True)
    frame = pd.DataFrame({"day": day, "x": RNG.normal(size=300)})
    frame["week"] = [f"{y}-W{w:02d}" for y, w in zip(week.year, week.week, strict=True)]
    frame["number"] = week["week"].astype(int)
    frame["month"] = day.strftime("%b %Y")
    frame["period"] = day.year * 100 + day.month
    frame["quarter"] = [f"{d.year}Q{d.quarter}" for d in day]
    encoder = TableEncoder().fit(frame)
    assert len(encoder.dependencies_) == 5
    rows = encoder.inverse_transform(
        RNG.normal(size=(200, len(encoder.transform(frame)[0])))
    )
    assert (rows["month"] == rows["day"].dt.strftime("%b %Y")).all()
    weeks = rows["day"].dt.isocalendar()
    is_own = rows["week"].str[-2:].astype(int) == weeks["week"]
    # A week that no training row has takes the text of one beside it.
    assert is_own.mean() > 0.95 and (rows["number"] == weeks["week"]).all()
