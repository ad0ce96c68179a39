"""Rows kept of those that are read once: a sample, and what it lacks."""

import numpy as np
import pandas as pd
import pytest

from skgan import RowSource
from skgan.encoding import DateParts, Inequality, TableEncoder, read_source

pytest.importorskip("pyarrow.parquet")
N, KEPT = 30_000, 1000


def make_frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "city": rng.choice(["Rome", "Oslo"], N).astype(object),
            "kind": pd.Categorical(rng.choice(["a", "b"], N), ["a", "b", "c", "d"]),
            "age": rng.integers(18, 90, N),
            "price": np.round(rng.exponential(size=N), 1),
            "since": pd.to_datetime("2024-01-01")
            + pd.to_timedelta(rng.integers(1, 99, N), "D"),
            "note": np.where(rng.random(N) < 0.5, 1.0, 2.0),
        }
    )
    frame.loc[N - 7, "city"] = "Bonn"
    frame.loc[N // 2, "kind"] = "c"
    frame.loc[5, "age"] = 101
    frame.loc[N - 1, ["price", "since"]] = [0.123, pd.Timestamp("2023-12-31 10:30")]
    frame.loc[[3, N - 9], ["age", "note"]] = [40, np.nan]
    return frame.astype({"city": "str"})


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    make_frame().to_parquet(path, row_group_size=4096)
    return path


def test_all_rows_are_kept_up_to_the_bound(path):
    rows = read_source(RowSource(path, max_rows=N))
    pd.testing.assert_frame_equal(rows.X, make_frame())
    assert (rows.n_rows, rows.n_parts) == (N, 1)


def test_nothing_that_the_sample_lacks_is_forgotten(path):
    rows = read_source(RowSource(path, max_rows=KEPT))
    kept, frame = rows.X, make_frame()
    assert rows.n_rows == N
    assert KEPT <= len(kept) <= KEPT * 1.02
    assert set(kept["city"]) == {"Rome", "Oslo", "Bonn"}
    assert kept["kind"].dtype == frame["kind"].dtype
    assert "c" in set(kept["kind"])
    for name in "age", "price", "since":
        assert (kept[name].min(), kept[name].max()) == (
            frame[name].min(),
            frame[name].max(),
        )
    assert 0.123 in set(kept["price"])
    assert kept["note"].isna().any()
    assert rows.missing_share["note"] == 2 / N
    encoders = [TableEncoder().fit(X) for X in (frame, kept)]
    assert encoders[0].schema_ == encoders[1].schema_


def test_the_sample_is_uniform_and_seeded(path):
    draws = [
        read_source(RowSource(path, max_rows=KEPT, random_state=seed)).X
        for seed in (0, 0, 1)
    ]
    pd.testing.assert_frame_equal(draws[0], draws[1])
    assert not draws[0].equals(draws[2])


def test_a_place_far_behind_is_as_likely_as_one_in_front(tmp_path):
    pd.DataFrame({"place": range(N)}).to_parquet(tmp_path / "rows.parquet")
    kept = read_source(RowSource(tmp_path / "rows.parquet", max_rows=KEPT)).X["place"]
    # Five standard errors of the mean of so many places.
    assert abs(kept.mean() / N - 0.5) < 5 * np.sqrt(1 / 12 / KEPT)
    assert kept.is_monotonic_increasing


def test_levels_that_no_row_kept_has_are_told(tmp_path):
    city = np.where(np.arange(N) % 3, "Rome", np.arange(N) // 30).astype(str)
    pd.DataFrame({"city": city}).to_parquet(tmp_path / "rows.parquet")
    with pytest.warns(UserWarning, match=r"levels of 'city' \(0\.\d+ of all rows\)"):
        kept = read_source(RowSource(tmp_path / "rows.parquet", max_rows=KEPT)).X
    assert KEPT * 1.01 <= len(kept) < KEPT * 1.02


def test_a_dependency_is_held_to_all_rows(tmp_path):
    rng = np.random.default_rng(0)
    net, tax = rng.integers(100, size=N), rng.integers(9, size=N)
    frame = pd.DataFrame({"net": net, "tax": tax})
    frame["total"] = frame["net"] + frame["tax"]
    frame["word"] = rng.choice(["a", "b"], N)
    for n_broken in 0, 1:
        frame.loc[N - n_broken :, "total"] = 50
        frame.to_parquet(tmp_path / "rows.parquet")
        X = read_source(RowSource(tmp_path / "rows.parquet", max_rows=KEPT)).X
        assert len(TableEncoder().fit(X).dependencies_) == 1 - n_broken


def test_a_constraint_is_held_to_all_rows(path, tmp_path):
    frame = make_frame()
    frame["until"] = frame["since"] + pd.Timedelta("1D")
    rows = RowSource(tmp_path / "rows.parquet", max_rows=KEPT)
    frame.to_parquet(tmp_path / "rows.parquet")
    encoder = TableEncoder(constraints=[Inequality("since", "until")])
    assert len(read_source(rows, encoder).X) < 2 * KEPT
    frame.loc[20_000, ["since", "until"]] = pd.to_datetime(["2024-02-09", "2024-02-08"])
    frame.to_parquet(tmp_path / "rows.parquet")
    message = r"Inequality.* is broken by 1 row of .*position 20000 of all rows"
    with pytest.raises(ValueError, match=message):
        read_source(rows, encoder)


def test_a_computed_column_is_held_to_all_rows(tmp_path):
    frame = make_frame().dropna()
    frame["month"] = frame["since"].dt.month
    frame.iloc[20_000, frame.columns.get_loc("month")] = 12
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    encoder = TableEncoder(constraints=[DateParts("since", month="month")])
    with pytest.raises(ValueError, match=r"rows kept of .*DateParts.* broken by 1 of"):
        read_source(RowSource(tmp_path / "rows.parquet", max_rows=KEPT), encoder)


def test_infinity_is_refused_with_its_file(tmp_path):
    frame = make_frame()
    frame.loc[N - 1, "price"] = np.inf
    frame.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(
        ValueError, match=r"rows\.parquet': Column 'price' contains inf"
    ):
        read_source(RowSource(tmp_path / "rows.parquet"))


def test_a_column_whose_first_batches_are_missing_keeps_its_bounds(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    values = np.r_[
        np.full(20_000, np.nan), np.random.default_rng(0).normal(size=10_000)
    ]
    table = arrow.table({"x": arrow.array(values), "word": ["a"] * N})
    arrow.parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=20_000)
    kept = read_source(RowSource(tmp_path / "rows.parquet", max_rows=KEPT)).X["x"]
    assert kept.min() == np.nanmin(values)
    assert kept.max() == np.nanmax(values)


def test_files_without_rows_are_refused(tmp_path):
    make_frame()[:0].to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match="There are no rows"):
        read_source(RowSource(tmp_path / "rows.parquet"))
