"""GANImputer: what is missing is drawn, what is there stays, whatever the container."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skgan import GANImputer, load, save
from skgan.metrics import pool_estimates

N = 200


def make_table():
    """Complete rows in which every column follows from the same group."""
    rng = np.random.default_rng(0)
    k = rng.integers(0, 3, N)
    day = pd.to_timedelta(k * 30 + rng.integers(0, 9, N), unit="D")
    return pd.DataFrame(
        {
            "number": rng.normal(size=N) + 5 * k,
            "single": (rng.normal(size=N) + k).astype("f4"),
            "whole": (10.0 * k + rng.integers(0, 5, N)),
            "nullable": pd.array(7 * k + rng.integers(0, 30, N), dtype="Int64"),
            "category": pd.Categorical.from_codes(k, ["low", "middle", "high"]),
            "text": np.array(["x", "y", "z"], object)[k],
            "string": pd.array(np.array(["p", "q", "r"])[k], dtype="string"),
            "flag": pd.array(k > 0, dtype="boolean"),
            "date": pd.Timestamp("2020-01-01") + day,
            "moment": pd.Timestamp("2020-01-01", tz="Europe/Rome") + day,
            "duration": pd.to_timedelta(3 * k + rng.integers(0, 3, N), unit="h"),
            "arrow": pd.array(5.5 * k, dtype="double[pyarrow]"),
            "constant": 1.0,
        },
        index=rng.permutation(N) + 1000,
    )


def without(table, share=0.2, seed=1):
    is_missing = np.random.default_rng(seed).random(table.shape) < share
    hidden = {
        name: table[name].mask(mask)
        for name, mask in zip(table, is_missing.T, strict=True)
    }
    return pd.DataFrame(hidden, index=table.index)


@pytest.fixture(scope="module")
def complete():
    return make_table()


@pytest.fixture(scope="module")
def table(complete):
    return without(complete)


@pytest.fixture(scope="module")
def imputer(table):
    return GANImputer(random_state=0).fit(table)


def check_kept(table, completed):
    pd.testing.assert_index_equal(table.index, completed.index)
    assert table.dtypes.equals(completed.dtypes)
    assert not completed.isna().to_numpy().any()
    for name in table:
        known = table[name].notna().to_numpy()
        assert table.loc[known, name].equals(completed.loc[known, name])


def with_strategy(imputer, strategy):
    """Return what a fit with another strategy would be: it has no part in the fit."""
    return copy.deepcopy(imputer).set_params(strategy=strategy)


@pytest.fixture
def plain(monkeypatch):
    """Trees without sums, where containers are tested and not what is learnt."""
    monkeypatch.setattr("skgan.priors._grower.MIN_LINEAR_ROWS", float("inf"))


# -- what is filled, and what stays


@pytest.mark.parametrize("strategy", ["draw", "expected"])
def test_every_kind_of_column_of_pandas(imputer, table, strategy):
    before = table.copy()
    completed = with_strategy(imputer, strategy).transform(table)
    check_kept(table, completed)
    assert table.equals(before)
    assert (completed["whole"] % 1 == 0).all()
    for name in ("category", "text", "string", "flag"):
        assert completed[name].isin(table[name].dropna()).all()


def test_levels_follow_the_rest_of_the_row(imputer, table, complete):
    completed = imputer.transform(table)
    for name in ("category", "text", "string", "flag", "arrow"):
        hidden = table[name].isna().to_numpy()
        assert (completed[name] == complete[name])[hidden].mean() > 0.9
    hidden = table["number"].isna().to_numpy()
    assert (completed["number"] - complete["number"])[hidden].abs().mean() < 2


def test_polars(table, plain):
    frame = pl.from_pandas(table.reset_index(drop=True))
    completed = GANImputer(random_state=0).fit(frame).transform(frame)
    assert completed.schema == frame.schema
    assert sum(completed.null_count().row(0)) == 0
    for name in frame.columns:
        known = frame[name].is_not_null()
        assert completed[name].filter(known).equals(frame[name].filter(known))


def test_arrow(table, plain):
    frame = pa.Table.from_pandas(table, preserve_index=False)
    completed = GANImputer(random_state=0).fit(frame).transform(frame)
    assert completed.schema == frame.schema
    assert all(column.null_count == 0 for column in completed.columns)
    known = np.flatnonzero(table["date"].notna())
    assert completed["date"].take(known) == frame["date"].take(known)


@pytest.mark.parametrize("dtype", ["f4", "f8", "O"])
def test_arrays(dtype):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=N), rng.integers(0, 90, N)]).astype(dtype)
    hidden = rng.random(X.shape) < 0.3
    X[hidden] = np.nan
    completed = GANImputer(random_state=0).fit_transform(X)
    assert completed.dtype == X.dtype and not pd.isna(completed).any()
    assert (completed[~hidden] == X[~hidden]).all()
    assert (completed[:, 1].astype(float) % 1 == 0).all()


def test_complete_rows_come_back_as_a_copy(imputer, complete):
    completed = imputer.transform(complete)
    assert completed.equals(complete) and completed is not complete


# -- the distribution


def incomplete_normal(n=1500, kind="mcar", seed=3):
    rng = np.random.default_rng(seed)
    X = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], n)
    chance = 0.5 if kind == "mcar" else 1 / (1 + np.exp(-2 * X[:, 0]))
    hidden = np.zeros(X.shape, bool)
    hidden[:, 1] = rng.random(n) < chance
    return X, np.where(hidden, np.nan, X), hidden


@pytest.mark.parametrize("kind", ["mcar", "mar"])
def test_draws_keep_spread_and_correlation(kind):
    X, holes, hidden = incomplete_normal(kind=kind)
    drawn = GANImputer(random_state=0).fit_transform(holes)
    expected = GANImputer("expected", random_state=0).fit_transform(holes)
    assert abs(drawn[:, 1].std() - 1) < 0.07
    assert abs(drawn[:, 1].mean() - X[:, 1].mean()) < 0.08
    assert abs(np.corrcoef(drawn.T)[0, 1] - 0.8) < 0.04
    # The mean is the better guess, and too narrow.
    assert expected[hidden].std() < 0.9 * drawn[hidden].std()
    errors = [np.sqrt(np.mean((e - X)[hidden] ** 2)) for e in (expected, drawn)]
    assert errors[0] < 0.68 < 0.75 < errors[1]


def test_intervals_of_draws_hold_the_truth():
    """Gaps in one column only: trees of all rounds see the same rows."""
    shares = []
    for seed in range(3):
        X, holes, hidden = incomplete_normal(600, seed=seed)
        draws = GANImputer(random_state=0).fit(holes).sample_imputations(holes, 19)
        rank = sum((draw < X)[hidden].astype(int) for draw in draws)
        shares.append(((rank > 0) & (rank < 19)).mean())
    assert 0.87 < np.mean(shares) < 0.93, shares


def test_pooled_estimates_hold_the_mean():
    """Of rows that are missing at random, whose observed mean is far off."""
    X, holes, _ = incomplete_normal(kind="mar")
    draws = GANImputer(random_state=0).fit(holes).sample_imputations(holes, 10)
    pooled = pool_estimates(
        [draw[:, 1].mean() for draw in draws],
        [draw[:, 1].std() / np.sqrt(len(X)) for draw in draws],
    )
    low, high = pooled.interval(0.99)
    assert low < X[:, 1].mean() < high
    assert np.nanmean(holes[:, 1]) < low
    assert 0.02 < pooled.missing_information < 0.9


# -- a row's draws are its own


def test_order_and_subsets_do_not_matter(imputer, table):
    completed = imputer.transform(table)
    order = np.random.default_rng(5).permutation(N)
    assert imputer.transform(table.iloc[order]).equals(completed.iloc[order])
    for place in (0, 7, N - 1):
        row = slice(place, place + 1)
        assert imputer.transform(table.iloc[row]).equals(completed.iloc[row])
    expected = with_strategy(imputer, "expected")
    part = expected.transform(table.iloc[10:20])
    assert part.equals(expected.transform(table).iloc[10:20])


def test_equal_rows_are_drawn_apart():
    flags = np.array([[0.0], [1.0]] * 100)
    imputer = GANImputer(random_state=0).fit(flags)
    drawn = imputer.transform(np.full((400, 1), np.nan))
    assert 0.4 < drawn.mean() < 0.6


def test_seeds(table, imputer):
    first, second = imputer.sample_imputations(table, 2)
    assert first.equals(imputer.transform(table)) and not second.equals(first)
    few = table[["number", "category"]]
    once, again, other = (
        GANImputer(random_state=seed).fit(few).transform(few) for seed in (0, 0, 1)
    )
    assert once.equals(again) and not other.equals(again)


def test_files_and_pickles(imputer, table, tmp_path):
    completed = imputer.transform(table)
    save(imputer, tmp_path / "imputer.skgan")
    assert load(tmp_path / "imputer.skgan").transform(table).equals(completed)
    assert pickle.loads(pickle.dumps(imputer)).transform(table).equals(completed)


def test_names_and_pipelines(table, complete):
    imputer = GANImputer(random_state=0).set_output(transform="pandas")
    numbers = table[["number", "whole"]]
    assert list(imputer.fit(numbers).get_feature_names_out()) == ["number", "whole"]
    assert isinstance(imputer.fit_transform(numbers.to_numpy()), pd.DataFrame)
    model = make_pipeline(GANImputer(random_state=0), LogisticRegression())
    assert model.fit(numbers, complete["text"]).score(numbers, complete["text"]) > 0.9


# -- bad input


def test_a_column_that_is_all_missing_stays_so(table, plain):
    table = table.assign(empty=np.nan, nothing=None)
    with pytest.warns(match="No value of 'empty', 'nothing' is observed") as told:
        imputer = GANImputer(random_state=0).fit(table)
    assert told[0].filename == __file__
    completed = imputer.transform(table)
    assert completed[["empty", "nothing"]].isna().all(axis=None)
    assert completed.drop(columns=["empty", "nothing"]).notna().all(axis=None)


def test_a_row_that_is_all_missing_is_drawn_whole(imputer, table):
    empty = table.iloc[:1].mask(np.ones((1, table.shape[1]), bool))
    assert imputer.transform(empty).notna().all(axis=None)


def test_columns_that_are_never_seen_together():
    X = np.random.default_rng(0).normal(size=(200, 3))
    X[::2, 0], X[1::2, 1] = np.nan, np.nan
    with pytest.warns(match="No row has values of both 0 and 1:.*learnt") as told:
        completed = GANImputer(random_state=0).fit_transform(X)
    assert told[0].filename == __file__
    assert np.isfinite(completed).all()


def test_levels_that_fit_did_not_see(imputer, table):
    """The warning counts rows, and points at the line of the user."""
    rows = table.assign(text=table["text"].mask(table.index % 2 == 0, "new"))
    with pytest.warns(UserWarning, match="'text' holds levels that .* rows") as told:
        completed = imputer.transform(rows)
    assert told[0].filename == __file__
    check_kept(rows, completed)
    assert (completed["text"] == "new").sum() == (rows["text"] == "new").sum()
    row = pd.DataFrame([{**dict.fromkeys(table), "text": "w", "string": "w"}])
    row = row.astype(table.dtypes.to_dict() | {"text": "object"})
    with pytest.warns(match="'text', 'string' hold levels .* did not see, in 1 row. "):
        imputer.transform(row)


def test_gaps_where_fit_saw_none(complete, table, plain):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        imputer = GANImputer(random_state=0).fit(complete)
        check_kept(table, imputer.transform(table))
        whole = pd.DataFrame({"a": np.arange(50), "b": np.arange(50) % 7})
        gaps = whole.astype(float)
        gaps.iloc[::5, 0] = gaps.iloc[3::7, 1] = np.nan
        filled = GANImputer(random_state=0).fit(whole).transform(gaps)
    assert filled.dtypes.equals(gaps.dtypes) and (filled % 1 == 0).all(axis=None)


def test_names_of_rows_teach_nothing():
    """A key would foretell all rows that it was learnt with, and no other.

    Texts that are filled in are those of other rows, which a warning says.
    """
    rng = np.random.default_rng(0)
    n = 60  # of more rows scikit-learn's trees would not warn
    keys = np.array([f"k{i}" for i in range(n)], object)
    keys[::9] = None
    numbers = rng.normal(size=n)
    numbers[::4] = np.nan
    table = pd.DataFrame({"key": keys, "number": numbers})
    with pytest.warns(match="values of 'key' are different.*imputer and") as told:
        imputer = GANImputer(random_state=0).fit(table)
    assert len(told) == 1
    completed = imputer.transform(table)
    check_kept(table, completed)
    assert completed["key"].isin(table["key"].dropna()).all()


@pytest.mark.parametrize("n", [2, 3, 6])
def test_few_rows(n):
    X = np.random.default_rng(0).normal(size=(n, 3))
    X[0, 1] = np.nan
    assert np.isfinite(GANImputer(random_state=0).fit_transform(X)).all()


def test_refusals(imputer, table):
    with pytest.raises(ValueError, match="no observed cell"):
        GANImputer().fit(np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="strategy must be 'draw' or 'expected'"):
        GANImputer("mean").fit(table)
    with pytest.raises(ValueError, match="n_draws must be at least 1"):
        GANImputer(n_draws=0).fit(table)
    with pytest.raises(ValueError, match="n must be at least 1"):
        imputer.sample_imputations(table, 0)
    with pytest.raises(ValueError, match="1 sample"):
        GANImputer().fit(table.iloc[:1])
    with pytest.raises(ValueError, match="infinity"):
        GANImputer().fit(np.array([[1.0, np.inf], [np.nan, 2.0]]))
    with pytest.raises(ValueError, match="Expected 2D array"):
        GANImputer().fit(np.zeros((4, 2, 2)))
