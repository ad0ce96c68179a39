"""Rows in files, datasets and lazy frames, read in batches."""

import gzip
import os

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan import RowSource

arrow = pytest.importorskip("pyarrow")
dataset = pytest.importorskip("pyarrow.dataset")
N = 60


def make_frame(n=N, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "city": rng.choice(["Rome", "Oslo", None], n),
            "price": np.round(rng.normal(size=n), 2),
            "since": pd.to_datetime("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 99, n), "D"),
        }
    )


def read_all(rows, **params):
    reader = RowSource(rows, **params).open()
    try:
        batches = [batch for _, batch in reader.batches()]
        return reader.frame_of(arrow.Table.from_batches(batches, reader.schema))
    finally:
        reader.close()


@pytest.fixture
def folder(tmp_path):
    frame = make_frame()
    for part in range(3):
        rows = frame[part * 20 : part * 20 + 20].reset_index(drop=True)
        rows.to_parquet(tmp_path / f"{part}.parquet")
    return tmp_path


def test_what_names_rows_gives_them(folder):
    wanted, files = make_frame(), [folder / f"{part}.parquet" for part in range(3)]
    pd.testing.assert_frame_equal(read_all(f"{folder}/*.parquet"), wanted)
    pd.testing.assert_frame_equal(read_all(files), wanted)
    pd.testing.assert_frame_equal(read_all(dataset.dataset(files)), wanted)
    lazy = read_all(pl.scan_parquet(files), scratch=folder)
    pd.testing.assert_frame_equal(lazy, wanted)
    assert len(list(folder.iterdir())) == 3
    columns = ["price", "age"]
    pd.testing.assert_frame_equal(
        read_all(f"{folder}/*.parquet", columns=columns), wanted[columns]
    )


def test_a_lazy_frame_that_has_no_room_in_scratch(tmp_path, monkeypatch):
    def sink_parquet(self, path):
        raise pl.exceptions.ComputeError("No space left on device (os error 28)")

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", sink_parquet)
    with pytest.raises(
        OSError, match=r"could not be written to '.*RowSource\(frame, sc"
    ):
        RowSource(pl.LazyFrame({"a": [1]}), scratch=tmp_path).open()
    assert not list(tmp_path.iterdir())


def test_partitions_of_dask_are_read_one_at_a_time():
    dask = pytest.importorskip("dask.dataframe")
    frame = make_frame()
    lazy = dask.from_pandas(frame, npartitions=4)
    got = read_all(lazy)
    pd.testing.assert_frame_equal(got.astype(frame.dtypes), frame)
    assert RowSource(lazy).open().n_parts == 4


# pandas 2 says so of a missing text, which is None here and NaN there.
@pytest.mark.filterwarnings("ignore:Mismatched null-like values:FutureWarning")
@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".tsv"])
def test_csv_is_read_as_pandas_does(tmp_path, ending):
    frame, path = make_frame(), tmp_path / f"rows{ending}"
    separator = "\t" if ending == ".tsv" else ";"
    frame.to_csv(path, index=False, sep=separator)
    wanted, got = (
        pd.read_csv(path, sep=separator, parse_dates=["since"]),
        read_all(path),
    )
    # pandas 2 counts nanoseconds.
    wanted = wanted.astype({"since": got["since"].dtype})
    pd.testing.assert_frame_equal(got, wanted)


def test_a_late_cell_widens_a_column_of_csv(tmp_path, monkeypatch):
    monkeypatch.setattr("skgan.frames._row_files._CSV_BLOCK", 64)
    path = tmp_path / "rows.csv"
    codes = [*map(str, range(40)), "1.5", "A7"]
    lines = [f"{code},{i},{i if i > 30 else ''}" for i, code in enumerate(codes)]
    path.write_text("\n".join(["code,place,late", *lines]))
    from skgan.encoding import read_source

    X = read_source(RowSource(path)).X
    assert X["code"].tolist() == codes
    assert X["place"].tolist() == list(range(42))
    assert X["late"].dropna().tolist() == list(range(31, 42))


def test_a_late_cell_of_some_columns_in_another_order(tmp_path, monkeypatch):
    monkeypatch.setattr("skgan.frames._row_files._CSV_BLOCK", 64)
    path = tmp_path / "rows.csv"
    lines = [f"{i},{i},{i}" for i in range(40)]
    path.write_text("\n".join(["place,more,code", *lines, "40,40,A7"]))
    from skgan.encoding import read_source

    X = read_source(RowSource(path, columns=["code", "place"])).X
    assert X["code"].tolist() == [*map(str, range(40)), "A7"]
    assert X["place"].tolist() == list(range(41))


def test_files_of_csv_have_types_in_common(tmp_path):
    # As pandas writes the parts of a column of whole numbers of which one is missing.
    (tmp_path / "0.csv").write_text("n,late,code,text\n1,,1,A\n2,,2,B\n")
    (tmp_path / "1.csv").write_text("n,late,text,code\n3.0,5,3,A7\n,6,4,8\n")
    X = read_all(f"{tmp_path}/*.csv")
    assert X["n"].dropna().tolist() == [1.0, 2.0, 3.0]
    assert X["late"].dropna().tolist() == [5, 6]
    assert X["code"].tolist() == ["1", "2", "A7", "8"]
    assert X["text"].tolist() == ["A", "B", "3", "4"]


def test_integers_and_floats_of_several_files_mix(folder):
    make_frame().astype({"age": "float64"}).to_parquet(folder / "3.parquet")
    assert read_all(f"{folder}/*.parquet")["age"].dtype == np.float64


def damage(folder, name):
    """Damage the last of three files, and return what shall be said of it."""
    path = folder / "2.parquet"
    if name == "cut off":
        path.write_bytes(path.read_bytes()[:-100])
        return r"2\.parquet' cannot be read as Parquet, or is cut off"
    if name == "other columns":
        make_frame().drop(columns="age").assign(x=1).to_parquet(path)
        return r"2\.parquet' has other columns.*lacks \['age'\] and has \['x'\]"
    make_frame().assign(age="old").to_parquet(path)
    return r"Column 'age' is .*string in .*2\.parquet' and int64 in .*0\.parquet'"


@pytest.mark.parametrize("name", ["cut off", "other columns", "other types"])
def test_files_that_cannot_be_read_together(folder, name):
    message = damage(folder, name)
    with pytest.raises(ValueError, match=message):
        RowSource(f"{folder}/*.parquet").open()


def test_a_file_that_vanishes_or_changes_while_rows_are_read(folder):
    reader = RowSource(f"{folder}/*.parquet").open()
    os.utime(folder / "1.parquet", (1, 1))
    with pytest.raises(ValueError, match=r"1\.parquet'.* it has changed"):
        list(reader.batches())
    (folder / "0.parquet").unlink()
    with pytest.raises(FileNotFoundError, match=r"0\.parquet' is gone"):
        list(reader.batches())


def test_a_csv_file_that_is_cut_off(tmp_path):
    whole = "a,b\n" + "1,2\n" * 50
    (tmp_path / "rows.csv").write_text(whole + "3")
    with pytest.raises(ValueError, match=r"rows\.csv' cannot be read as CSV.*Expected"):
        read_all(tmp_path / "rows.csv")
    packed = gzip.compress(whole.encode() * 99)
    (tmp_path / "rows.csv.gz").write_bytes(packed[:-20])
    with pytest.raises(ValueError, match=r"rows\.csv\.gz' cannot be read as CSV"):
        read_all(tmp_path / "rows.csv.gz")


@pytest.mark.parametrize(
    "rows, params, error, message",
    [
        ("no/*.parquet", {}, FileNotFoundError, r"No file matches 'no/\*\.parquet'"),
        ("no.parquet", {}, FileNotFoundError, "There is no file 'no.parquet'"),
        (__file__, {}, ValueError, r"must end in one of \.parquet"),
        (os.path.dirname(__file__), {}, IsADirectoryError, r"is a folder.*\*\.parquet"),
        ([], {}, ValueError, "empty list"),
        (pl.LazyFrame({"a": [1]}), {"scratch": "no"}, FileNotFoundError, "scratch"),
        ("x.csv", {"max_rows": 10}, ValueError, "max_rows must be at least 1000"),
    ],
)
def test_what_names_no_rows(rows, params, error, message):
    with pytest.raises(error, match=message):
        RowSource(rows, **params).open()


def test_columns_that_there_are_not(folder):
    with pytest.raises(ValueError, match=r"columns names \['x'\].*have \['age'"):
        RowSource(f"{folder}/*.parquet", columns=["x"]).open()


def test_pyarrow_is_named_with_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'pip install "skgan\[scale\]"'):
        RowSource("rows.parquet").open()
