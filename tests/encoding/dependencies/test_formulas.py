"""Formulas that hold wherever none of their columns is missing."""

import numpy as np
import pandas as pd
import pytest

from skgan import GANImputer, GANSampler, RowSource, load, save
from skgan.encoding import Range, TableEncoder, make_encoder, read_source

N = 400


def make_orders(n=N, gaps=0.1, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "price": rng.lognormal(3, 1, n).round(2),
            "count": rng.integers(1, 9, n).astype(float),
            "kind": rng.choice(["a", "b"], n),
        }
    )
    frame["total"] = (frame["price"] * frame["count"]).round(2)
    frame["tax"] = rng.integers(0, 90, n) / 4
    frame["paid"] = frame["total"] + frame["tax"]
    return frame.mask(rng.random(frame.shape) < gaps)


def off(rows, n_least=100):
    """Return how far rows are from both formulas, where nothing is missing."""
    parts = (rows["price"] * rows["count"] - rows["total"]).dropna()
    whole = (rows["total"] + rows["tax"] - rows["paid"]).dropna()
    assert min(len(parts), len(whole)) > n_least
    return max(parts.abs().max(), whole.abs().max())


@pytest.fixture(scope="module")
def sampler():
    return GANSampler(max_iter=0, random_state=0).fit(make_orders())


def test_terms_keep_their_order_and_make_up_for_a_given_sum():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"net": rng.integers(50, 90, N) / 1.0, "kind": ["a", "b"] * 200}
    )
    frame["tax"] = frame["net"] - rng.integers(0, 30, N)
    frame["gross"] = frame["net"] + frame["tax"]
    frame.loc[::9, "tax"] = np.nan
    drawer = GANSampler(max_iter=0, random_state=0).fit(frame)
    assert ("tax", "net") in drawer.encoder_.orders_
    rows = drawer.sample(500).dropna()
    assert (rows["tax"] <= rows["net"]).all()
    assert (rows["net"] + rows["tax"] == rows["gross"]).all()
    given = drawer.sample(300, given={"gross": 120.0, "net": (65.0, 75.0)}).dropna()
    assert given["net"].between(65, 75).all() and (given["gross"] == 120).all()
    assert (given["net"] + given["tax"] == 120).all()


def test_samples_keep_to_them_and_to_the_gaps(sampler):
    encoder = sampler.encoder_
    assert encoder.dependencies_ == []
    assert {str(f) for f in encoder.formulas_} == {
        "total = price * count",
        "paid = total + tax",
    }
    rows = sampler.sample(1000)
    assert off(rows) < 0.0051
    assert set(map(str, encoder.formulas_)) <= set(encoder.repaired_share_)
    assert rows[["price", "total", "paid"]].isna().mean().between(0.03, 0.2).all()
    # Where the price is missing the total is learnt all the same.
    assert rows.loc[rows["price"].isna(), "total"].notna().any()


def test_none_is_sought_where_dependencies_are_not():
    encoder = TableEncoder(dependencies=False).fit(make_orders())
    assert encoder.formulas_ == []


def test_without_gaps_they_are_dependencies():
    encoder = TableEncoder().fit(make_orders(gaps=0))
    assert len(encoder.dependencies_) == 2 and encoder.formulas_ == []


def test_one_broken_row_is_enough():
    frame = make_orders()
    present = frame.dropna(subset=["price", "count", "total"]).index[-1]
    frame.loc[present, "total"] += 1
    assert "total" not in {f.target for f in TableEncoder().fit(frame).formulas_}


def test_too_few_whole_rows_say_nothing():
    assert TableEncoder().fit(make_orders(60)).formulas_ == []


def test_declared_columns_are_left_to_what_is_declared():
    encoder = TableEncoder(constraints=[Range("total", low=0)]).fit(make_orders())
    assert [f.target for f in encoder.formulas_] == ["paid"]


@pytest.mark.filterwarnings("ignore:given")
def test_what_is_given_stays(sampler):
    new = {"price": 10.0, "count": 2.0, "total": 35.0}
    rows = sampler.sample(5, given=new)
    assert (rows[list(new)] == list(new.values())).all(axis=None)
    rows = sampler.sample(50, given={"price": 10.0, "count": 2.0})
    assert set(rows["total"].dropna()) == {20.0}


@pytest.mark.filterwarnings("ignore:given")
def test_what_is_given_is_solved_for(sampler):
    rows = sampler.sample(60, given={"total": 84.0, "count": 4.0})
    assert set(rows["price"].dropna()) == {21.0}
    rows = sampler.sample(60, given={"total": (50, 90)})
    # Of a given total the price is a share, up to its cents.
    assert rows["total"].between(50, 90).all() and off(rows, 20) < 0.05
    # What no price gives is left as it was given.
    rows = sampler.sample(60, given={"price": 10.0, "total": 84.0})
    assert (rows["total"] == 84.0).all() and set(rows["count"].dropna()) == {8.0}


@pytest.mark.parametrize("strategy", ["draw", "expected"])
def test_gaps_are_filled_with_what_follows(strategy):
    full = make_orders(gaps=0)
    holes = make_orders(gaps=0.15)
    imputer = GANImputer(strategy=strategy, random_state=0).fit(holes)
    filled = imputer.transform(holes)
    assert ((filled == holes) | holes.isna()).all(axis=None)
    alone = holes["total"].isna() & holes[["price", "count"]].notna().all(axis=1)
    assert alone.sum() > 20
    assert np.allclose(filled.loc[alone, "total"], full.loc[alone, "total"], atol=0.006)
    alone = holes["count"].isna() & holes[["price", "total"]].notna().all(axis=1)
    assert (filled.loc[alone, "count"] == full.loc[alone, "count"]).mean() > 0.95
    # One step further: the total from what was paid, and then the price.
    known = holes[["paid", "tax", "count"]].notna().all(axis=1)
    chain = holes[["total", "price"]].isna().all(axis=1) & known
    assert chain.any()
    error = filled.loc[chain, "price"] - full.loc[chain, "price"]
    assert error.abs().max() < 0.006
    # Columns without gaps are tied, too.
    imputer = GANImputer(random_state=0).fit(full)
    filled = imputer.transform(full.assign(paid=full["paid"].mask(full.index < 50)))
    assert np.allclose(filled["paid"], full["paid"], atol=0.006)


def test_files_keep_them(sampler, tmp_path):
    save(sampler, tmp_path / "orders.skgan")
    loaded = load(tmp_path / "orders.skgan")
    assert str(loaded.encoder_.formulas_) == str(sampler.encoder_.formulas_)
    pd.testing.assert_frame_equal(
        loaded.sample(100, random_state=1), sampler.sample(100, random_state=1)
    )


def test_rows_that_were_not_kept_break_a_formula(tmp_path):
    pytest.importorskip("pyarrow.parquet")
    frame = make_orders(5000)
    frame.to_parquet(tmp_path / "rows.parquet")
    rows = RowSource(tmp_path / "rows.parquet", max_rows=1000)
    found = TableEncoder().fit(read_source(rows).X).formulas_
    assert "total" in {f.target for f in found}
    place = frame[3000:].dropna().index[0]
    frame.loc[place, "total"] += 100
    frame.loc[place, "paid"] += 100
    frame.to_parquet(tmp_path / "rows.parquet")
    found = TableEncoder().fit(read_source(rows).X).formulas_
    assert [f.target for f in found] == ["paid"]


def test_a_frame_of_numbers_alone():
    numbers = make_orders(gaps=0).drop(columns="kind")
    sampler = GANSampler(max_iter=0, random_state=0).fit(numbers)
    assert len(sampler.encoder_.dependencies_) == 2
    assert off(sampler.sample(300)) < 0.0051
    assert isinstance(
        make_encoder("auto", make_orders().drop(columns="kind")), TableEncoder
    )
    free = numbers.drop(columns=["total", "paid"])
    for other in (free, numbers[:40], numbers.to_numpy()):
        assert not isinstance(make_encoder("auto", other), TableEncoder)
