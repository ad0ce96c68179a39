"""Pairs of columns, the first never above the second, found and kept in samples."""

import numpy as np
import pandas as pd
import pytest

from skgan import GANSampler, RowSource, load, save
from skgan.encoding import Inequality, TableEncoder, read_source

N = 400


def make_orders(n=N, seed=0):
    rng = np.random.default_rng(seed)
    ordered = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        rng.integers(0, 365, n), unit="D"
    )
    days = pd.to_timedelta(rng.integers(0, 9, n), unit="D")
    return pd.DataFrame(
        {
            "ordered": ordered,
            "sent": ordered + days,
            "paid": ordered + days + pd.to_timedelta(rng.integers(0, 9, n), unit="D"),
            "price": rng.lognormal(3, 1, n).round(2),
            "weight": rng.gamma(2, 20, n).round(1),
        }
    )


@pytest.fixture(scope="module")
def sampler():
    return GANSampler(max_iter=0, random_state=0).fit(make_orders())


def test_steps_between_neighbours_are_found():
    assert TableEncoder().fit(make_orders()).orders_ == [
        ("ordered", "sent"),
        ("sent", "paid"),
    ]


def test_samples_keep_to_what_they_would_break(sampler):
    rows = sampler.sample(1000)
    assert (rows["ordered"] <= rows["sent"]).all()
    assert (rows["sent"] <= rows["paid"]).all()
    shares = sampler.encoder_.repaired_share_
    assert set(shares) == {"ordered <= sent", "sent <= paid"}
    assert max(shares.values()) > 0
    encoder = TableEncoder(dependencies=False)
    free = GANSampler(encoder=encoder, max_iter=0, random_state=0).fit(make_orders())
    assert free.encoder_.orders_ == []
    drawn = free.sample(1000)
    assert (drawn["ordered"] > drawn["sent"]).any()


def test_missing_values_break_no_order():
    frame = make_orders()
    frame.loc[::7, "sent"] = pd.NaT
    # Where the middle one is missing, the steps say nothing of the whole.
    assert TableEncoder().fit(frame).orders_ == [
        ("ordered", "sent"),
        ("ordered", "paid"),
        ("sent", "paid"),
    ]
    few = frame.assign(paid=frame["paid"].where(np.arange(N) < 50))
    assert ("sent", "paid") not in TableEncoder().fit(few).orders_


@pytest.mark.filterwarnings("ignore:given")
def test_what_is_given_stays(sampler):
    new = {"ordered": "2024-05-03", "sent": "2024-05-01"}
    rows = sampler.sample(5, given=new)
    assert (rows["ordered"] == "2024-05-03").all()
    assert (rows["sent"] == "2024-05-01").all()
    rows = sampler.sample(50, given={"sent": "2024-06-01"})
    assert (rows["sent"] == "2024-06-01").all()
    waited = (rows["sent"] - rows["ordered"]).dt.days
    assert (
        (waited >= 0).all()
        and waited.median() < 9
        and (rows["paid"] >= rows["sent"]).all()
    )


def breaks_one(frame):
    frame.loc[N - 1, ["ordered", "sent"]] = frame.loc[N - 1, ["paid", "ordered"]].values
    frame.loc[N - 1, "ordered"] += pd.Timedelta("1D")
    return frame


@pytest.mark.parametrize(
    "change",
    [
        breaks_one,
        lambda frame: frame[:45],
        # Ranges that do not overlap say nothing.
        lambda frame: frame.assign(sent=frame["sent"] + pd.Timedelta("900D")),
        # A date and a count of days are not the same.
        lambda frame: frame.assign(
            sent=(frame["sent"] - pd.Timestamp("1970-01-01")).dt.days + 5
        ),
    ],
    ids=["broken once", "few rows", "apart", "kinds"],
)
def test_pairs_that_are_none(change):
    assert ("ordered", "sent") not in TableEncoder().fit(change(make_orders())).orders_


def test_a_declared_one_is_not_found_again():
    encoder = TableEncoder(constraints=[Inequality("ordered", "sent")])
    assert encoder.fit(make_orders()).orders_ == [("sent", "paid")]
    titles = {repair.title for repair in encoder.output_builder_.repairs}
    assert titles == {repr(Inequality("ordered", "sent")), "sent <= paid"}


def test_orders_among_many_columns_are_kept_together():
    """Each value of a row may be changed for several of them."""
    rng = np.random.default_rng(0)
    steps = rng.integers(0, 5, (200, 8))
    frame = pd.DataFrame(steps.cumsum(axis=1), columns=list("abcdefgh"))
    frame["name"] = rng.choice(["x", "y"], 200)
    frame.loc[5] = [*range(8), "x"]
    sampler = GANSampler(max_iter=0, random_state=0).fit(frame)
    assert len(sampler.encoder_.orders_) == 7
    rows = sampler.sample(500).drop(columns="name").to_numpy()
    assert (np.diff(rows, axis=1) >= 0).all()


def test_files_keep_them(sampler, tmp_path):
    save(sampler, tmp_path / "orders.skgan")
    loaded = load(tmp_path / "orders.skgan")
    assert loaded.encoder_.orders_ == sampler.encoder_.orders_
    pd.testing.assert_frame_equal(
        loaded.sample(100, random_state=1), sampler.sample(100, random_state=1)
    )


def test_rows_that_were_not_kept_break_an_order(tmp_path):
    pytest.importorskip("pyarrow.parquet")
    frame = make_orders(5000)
    frame.to_parquet(tmp_path / "rows.parquet")
    rows = RowSource(tmp_path / "rows.parquet", max_rows=1000)
    assert ("ordered", "sent") in TableEncoder().fit(read_source(rows).X).orders_
    frame.loc[3700, "ordered"] = frame.loc[3700, "sent"] + pd.Timedelta("1D")
    frame.to_parquet(tmp_path / "rows.parquet")
    found = TableEncoder().fit(read_source(rows).X).orders_
    assert ("ordered", "sent") not in found and ("sent", "paid") in found
