"""CSV files through the verbs: dialect and kinds travel with the model file."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skgan
from skgan.__main__ import main
from skgan.cli._demo_table import COLUMNS

FIT = ("--max-iter", "3", "--seed", "0")
SEED = ("--seed", "1")
HEADER = ["", "PLZ", "Preis", "Tag", "Zeit", "aktiv", "Leistung", "Land", "Land"]


def write_cars(path, n=150, seed=0):
    """A table as a German spreadsheet writes it, its rows numbered."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, n), "D")
    land = ["NA", "DE", "Côte d'Ivoire"]
    with open(path, "w", encoding="latin-1", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADER)
        for i, day in enumerate(days):
            euros = f"{rng.integers(900, 30_000):,}".replace(",", ".")
            power = "?" if rng.random() < 0.1 else rng.integers(40, 200)
            writer.writerow(
                [
                    *(i, f"0{rng.integers(1000, 1009)}", f"{euros},{i % 2 * 5}0"),
                    *(f"{day:%d.%m.%Y}", f"{day:%Y-%m-%d}T{i % 24:02d}:00:00Z"),
                    *("TRUE" if rng.random() < 0.5 else "FALSE", power),
                    *(land[i % 3], rng.choice(land)),
                ]
            )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with files of cars and a model that learnt them for a moment."""
    folder = tmp_path_factory.mktemp("cars")
    write_cars(folder / "cars.csv")
    write_cars(folder / "holdout.csv", 60, seed=1)
    data, model = str(folder / "cars.csv"), str(folder / "cars.skgan")
    assert main(["fit", data, "-o", model, "-q", *FIT]) == 0
    return folder


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """An empty folder to work in, with the files of `folder`."""
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    """Run the program in this process; it has to go well."""
    assert main([str(argument) for argument in arguments]) == 0


def fail(capsys, *arguments):
    """Run the program, which has to fail, and return its last line."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 1
    return capsys.readouterr().err.splitlines()[-1]


def draw(*arguments, n=200):
    """Return the header and the rows drawn, as text."""
    run(
        "sample", "cars.skgan", "-n", n, "-o", "drawn.csv", "--force", *SEED, *arguments
    )
    with open("drawn.csv", encoding="latin-1", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    return header, [dict(zip(range(len(row)), row, strict=True)) for row in rows]


def test_samples_are_spelled_as_the_file_is(here):
    header, rows = draw()
    assert header == HEADER
    assert Path("drawn.csv").read_bytes().count(b"\r\n") == 201
    assert [row[0] for row in rows] == [str(i) for i in range(200)]
    patterns = {
        1: r"010\d\d",
        2: r"(\d{1,2}\.)?\d{3},\d\d",
        3: r"\d\d\.\d\d\.202[45]",
        4: r"202[45]-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        5: "TRUE|FALSE",
        6: r"\d+|\?",
        7: "NA|DE|Côte d'Ivoire",
        8: "NA|DE|Côte d'Ivoire",
    }
    for place, pattern in patterns.items():
        assert all(re.fullmatch(pattern, row[place]) for row in rows), place
    assert {row[7] for row in rows} == {"NA", "DE", "Côte d'Ivoire"}
    assert any(row[6] == "?" for row in rows)


def test_what_was_guessed_is_said_in_one_line_each(here, capsys):
    run("fit", "cars.csv", "-o", "m.skgan", *FIT)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == (
        "cars.csv: 150 rows, 8 columns; separator ';', decimal ',', latin-1"
    )
    assert lines[1] == (
        "cars.csv: another column 'Land' goes by 'Land.1'; the first column numbers "
        "the rows and is not learnt; '?' is read as missing in 'Leistung'"
    )


def test_given_in_the_spelling_of_the_file(here):
    _, rows = draw("--given", "Tag=01.03.2024..30.06.2024", "--given", "Land=DE,NA")
    days = pd.to_datetime([row[3] for row in rows], format="%d.%m.%Y")
    assert days.min() >= pd.Timestamp("2024-03-01")
    assert days.max() <= pd.Timestamp("2024-06-30")
    assert {row[7] for row in rows} == {"DE", "NA"}
    _, rows = draw("--given", "Preis=2.000,00..9.000", "--given", "Land.1=DE", n=50)
    prices = [float(row[2].replace(".", "").replace(",", ".")) for row in rows]
    assert min(prices) >= 2000 and max(prices) <= 9000
    assert {row[8] for row in rows} == {"DE"}
    _, rows = draw("--given", "Leistung=60..70", "--given", "aktiv=TRUE", n=20)
    assert {row[5] for row in rows} == {"TRUE"}
    assert {row[6] for row in rows} <= set(map(str, range(60, 71)))
    _, rows = draw("--given", "Zeit=2024-03-01..2024-04-01T12:00:00Z", n=50)
    assert min(row[4] for row in rows) >= "2024-03-01"
    assert max(row[4] for row in rows) <= "2024-04-01T12:00:00Z"


def test_ranges_of_texts_that_spell_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prices = [f"${value / 4:,.2f}" for value in range(3800, 4200, 4)]
    pd.DataFrame({"price": prices, "y": range(100)}).to_csv("a.csv", index=False)
    run("fit", "a.csv", "-o", "a.skgan", "--max-iter", 0, "--seed", 0)
    ask = ("sample", "a.skgan", "-n", 9, "--seed", 1, "-o", "b.csv", "--force")
    run(*ask, "--given", "price=$990.00..$1,010.00")
    drawn = pd.read_csv("b.csv")["price"].str.replace("[$,]", "", regex=True)
    assert drawn.astype(float).between(990, 1010).all()
    run(*ask, "--given", "price=$1,000.00")
    assert set(pd.read_csv("b.csv")["price"]) == {"$1,000.00"}


def test_given_that_is_of_another_kind(here, capsys):
    ask = ("sample", "cars.skgan", "-o", "-", "--given")
    assert "'1.5.24' is not a date" in fail(capsys, *ask, "Tag=1.5.24")
    assert "'x' is not a number" in fail(capsys, *ask, "Preis=x..5")


@pytest.mark.parametrize("dialect", ["as in fit", "another"])
def test_score_reads_what_the_model_holds(here, capsys, dialect):
    if dialect == "another":
        text = Path("holdout.csv").read_text("latin-1").replace("\r\n", "\n")
        Path("holdout.csv").write_text(text, encoding="utf-8-sig")
    run("score", "cars.skgan", "holdout.csv")
    score = float(capsys.readouterr().out.split("\t")[1])
    # A wrong decimal mark or code would be far off; an estimate of no distance has
    # either sign.
    assert score == pytest.approx(0, abs=1)


def test_one_word_for_missing_is_no_error(here, capsys):
    lines = Path("holdout.csv").read_bytes().splitlines(keepends=True)
    cells = lines[2].split(b";")
    cells[2] = b"n/a"
    Path("holdout.csv").write_bytes(
        b"".join([*lines[:2], b";".join(cells), *lines[3:]])
    )
    run("score", "cars.skgan", "holdout.csv")
    assert "'n/a' is read as missing in 'Preis'" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["score", "report"])
def test_what_does_not_fit_is_named_with_its_line(here, capsys, verb):
    data = Path("holdout.csv").read_bytes().splitlines(keepends=True)
    cells = data[7].split(b";")
    cells[6] = b"strong"
    Path("holdout.csv").write_bytes(b"".join([*data[:7], b";".join(cells), *data[8:]]))
    line = fail(capsys, verb, "cars.skgan", "holdout.csv")
    assert "line 8, column 'Leistung': 'strong' is not a whole number" in line


@pytest.mark.filterwarnings("ignore:Almost all values")
def test_columns_that_the_user_names(here, capsys):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "code": rng.integers(1, 4, 80) * 1000,
            "order": np.arange(80) + 100_000,
            "x": rng.normal(size=80).round(2),
            "note": "secret",
        }
    )
    frame.to_csv("orders.csv", index=False)
    ask = ("--categorical", "code", "--identifier", "order", "--ignore", "note")
    run("fit", "orders.csv", "-o", "o.skgan", *FIT, *ask)
    run("sample", "o.skgan", "-n", 50, "-o", "o.csv", *SEED)
    drawn = pd.read_csv("o.csv")
    assert drawn.columns.tolist() == ["code", "order", "x"]
    assert set(drawn["code"]) == {1000, 2000, 3000}
    assert not set(drawn["order"]) & set(frame["order"])
    assert drawn["order"].nunique() == 50
    run("score", "o.skgan", "orders.csv")
    assert "ignored" not in capsys.readouterr().err
    assert "no column 'z'" in fail(
        capsys, "fit", "orders.csv", "-o", "z.skgan", "--ignore", "z"
    )


def test_a_named_identifier_concerns_its_own_column(here, capsys):
    """Columns that were not named stay what they are, and are found as ever."""
    rng = np.random.default_rng(0)
    codes = [f"{c}{i:03d}" for i, c in enumerate(rng.choice(list("abc"), 80))]
    keys = rng.permutation(codes[:40] * 2)
    pd.DataFrame(
        {"key": keys, "mail": codes, "kind": ["u", "v"] * 40, "x": rng.normal(size=80)}
    ).to_csv("k.csv", index=False)
    run("fit", "k.csv", "-o", "k.skgan", *FIT, "--identifier", "key")
    assert "too: mail" in capsys.readouterr().err
    run("sample", "k.skgan", "-n", 60, "-o", "o.csv", *SEED)
    drawn = pd.read_csv("o.csv")
    assert not set(drawn["key"]) & set(keys) and drawn["key"].nunique() == 60
    assert not set(drawn["mail"]) & set(codes)
    assert set(drawn["kind"]) == {"u", "v"}
    ask = ("--identifier", "key", "--identifiers", "raise")
    assert "'mail'" in fail(capsys, "fit", "k.csv", "-o", "r.skgan", *FIT, *ask)


def test_samples_in_another_dialect(here, capsys):
    ask = ("--sep", "tab", "--encoding", "utf-16")
    run("sample", "cars.skgan", "-n", 60, "-o", "drawn.csv", *SEED, *ask)
    run("sample", "cars.skgan", "-n", 60, "-o", "plain.csv", *SEED)
    with open("drawn.csv", encoding="utf-16", newline="") as file:
        drawn = list(csv.reader(file, delimiter="\t"))
    with open("plain.csv", encoding="latin-1", newline="") as file:
        assert drawn == list(csv.reader(file, delimiter=";"))
    run("sample", "cars.skgan", "-n", 5, "-o", "d.tsv", *SEED, "--sep", "|")
    with open("d.tsv", encoding="latin-1", newline="") as file:
        assert next(csv.reader(file, delimiter="|")) == HEADER
    draw = ("sample", "cars.skgan", "-n", 60, *SEED, "-o")
    line = fail(capsys, *draw, "e.csv", "--encoding", "nope")
    assert "no encoding 'nope'" in line
    line = fail(capsys, *draw, "e.csv", "--encoding", "ascii")
    assert "'ascii'" in line and "'ô'" in line
    assert not (here / "e.csv").exists()
    assert "about CSV" in fail(capsys, *draw, "e.parquet", "--sep", ";")


def test_tabs_by_the_ending(here):
    run("sample", "cars.skgan", "-n", 5, "-o", "drawn.tsv", *SEED)
    with open("drawn.tsv", encoding="latin-1", newline="") as file:
        assert next(csv.reader(file, delimiter="\t")) == HEADER
    run("fit", "drawn.tsv", "-o", "t.skgan", "-q", *FIT)
    assert skgan.load("t.skgan").table_format_.dialect.separator == "\t"


def test_index_of_parquet(here, capsys):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=60), "c": rng.choice(["a", "b"], 60)})
    frame.index = pd.Index(rng.integers(0, 5, 60), name="group")
    frame.to_parquet("p.parquet")
    run("fit", "p.parquet", "-o", "p.skgan", *FIT)
    assert "the index is learnt as columns: group" in capsys.readouterr().err
    run("sample", "p.skgan", "-n", 30, "-o", "drawn.parquet", *SEED)
    drawn = pd.read_parquet("drawn.parquet")
    assert drawn.index.name == "group" and set(drawn.index) <= set(range(5))
    assert drawn.columns.tolist() == ["x", "c"]
    run("score", "p.skgan", "drawn.parquet")
    # As CSV the index is a column, and what came from no CSV keeps its decimals.
    run("sample", "p.skgan", "-n", 30, "-o", "drawn.tsv", *SEED)
    table = pd.read_csv("drawn.tsv", sep="\t")
    assert table.columns.tolist() == ["group", "x", "c"]
    np.testing.assert_allclose(table["x"], drawn["x"])
    run("score", "p.skgan", "drawn.tsv")


def test_question_marks_in_a_table_of_cars(here, capsys, read_data):
    frame = read_data("auto_imports", dtype=str, keep_default_na=False)
    frame[:150].to_csv("auto.csv", index=False)
    frame[150:].to_csv("rest.csv", index=False)
    run("fit", "auto.csv", "-o", "auto.skgan", *FIT)
    assert "'?' is read as missing in 'x1', 'x18'" in capsys.readouterr().err
    run("sample", "auto.skgan", "-n", 300, "-o", "drawn.csv", *SEED)
    drawn, real = (
        pd.read_csv("drawn.csv", dtype=str),
        pd.read_csv("auto.csv", dtype=str),
    )
    assert drawn.columns.tolist() == real.columns.tolist()
    assert drawn["x1"].str.fullmatch(r"\d+|\?").all()
    share = (drawn["x1"] == "?").mean()
    assert share == pytest.approx((real["x1"] == "?").mean(), abs=0.12)
    run("score", "auto.skgan", "rest.csv")


# -- the demo's table


def test_demo_table(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run("demo", "--table")
    frames = [pd.read_csv(name) for name in ("people.csv", "holdout.csv")]
    assert [len(frame) for frame in frames] == [8000, 4000]
    for frame in frames:
        assert tuple(frame.columns) == COLUMNS
        assert frame["hours"].isna().any() and frame["age"].between(18, 80).all()
        assert set(frame["income"]) == {"<=50K", ">50K"}
        rich = frame["income"] == ">50K"
        assert frame["age"][rich].mean() > frame["age"][~rich].mean() + 5
    assert not frames[0][:4000].equals(frames[1])
    before = Path("people.csv").read_bytes()
    assert "--force replaces it" in fail(capsys, "demo", "--table")
    run("demo", "--table", ".", "--force")
    assert Path("people.csv").read_bytes() == before
    Path("more").mkdir()
    run("demo", "--table", "more", "--seed", 1)
    assert Path("more/people.csv").read_bytes() != before
    assert "no folder" in fail(capsys, "demo", "--table", "nowhere")
