"""`skgan report`: a page from a model file and rows."""

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skgan
from skgan.__main__ import main

FEW = ("-n", "60")
FIT = ("--max-iter", "2", "--seed", "0", "--quiet")


def make_people(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(17, 90, n),
            "hours": rng.normal(40, 10, n).round(1),
            "income": rng.choice(["<=50K", ">50K"], n),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    for name, n, seed in (("train", 120, 0), ("holdout", 80, 1)):
        make_people(n, seed).to_csv(folder / f"{name}.csv", index=False)
    data = str(folder / "train.csv")
    assert main(["fit", data, "-o", str(folder / "people.skgan"), *FIT]) == 0
    model = str(folder / "by_income.skgan")
    assert main(["fit", data, "-o", model, "--target", "income", *FIT]) == 0
    images = np.random.default_rng(0).integers(0, 256, (80, 4, 4)).astype(np.uint8)
    np.savez(folder / "images.npz", X=images, y=np.arange(80) % 2)
    data = str(folder / "images.npz")
    assert main(["fit", data, "-o", str(folder / "images.skgan"), *FIT]) == 0
    return folder


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    assert main(["report", *map(str, arguments)]) == 0


def fail(capsys, *arguments):
    """Run the verb, which has to fail, and return its one line."""
    capsys.readouterr()
    assert main(["report", *map(str, arguments)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    line = printed.err.splitlines()[-1]
    assert line.startswith("skgan report: error: ")
    assert "Traceback" not in printed.err
    return line


PROGRAM = """
    import importlib, os, sys
    from functools import partial
    from sklearn import ensemble
    from skgan.__main__ import main

    # As the fixture `few_trees`, in this process.
    for kind in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"):
        for name in ("_classifier", "_global_utility"):
            room = importlib.import_module(f"skgan.metrics.{name}")
            setattr(room, kind, partial(getattr(ensemble, kind), max_iter=8))
    os.chdir(sys.argv[1])
    assert main(["report", *sys.argv[2:], "-o", "-"]) == 0
"""


def test_in_a_process_of_its_own(here, few_trees, capsys, run_script):
    """Progress is on standard error; a page on standard output is that of a file."""
    rows = ("people.skgan", "holdout.csv", "--train", "train.csv", *FEW)
    there, said = run_script(PROGRAM, here, *rows)
    assert "Traceback" not in said, said
    assert "Verdicts" in said and "Pairs" in said and "Settings" in said
    run(*rows, "-o", "page.html", "--quiet")
    page = Path("page.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>") and page.strip() == there
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_what_is_wrong_is_said_in_one_line(here, capsys):
    assert main(["report", "people.skgan", "nowhere.csv", "-o", "-"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "skgan report: error: nowhere.csv: No such file or directory"
    ]
    with pytest.raises(SystemExit) as ended:
        main(["report", "people.skgan"])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert len(printed.err.splitlines()) == 1


def test_page_is_that_of_python(here, few_trees, capsys):
    rows = ("people.skgan", "holdout.csv", "--train", "train.csv")
    run(*rows, "--attacks", "--title", "T", *FEW)
    sampler = skgan.load("people.skgan")
    sets = []
    for name in ("holdout", "train"):
        frame = pd.read_csv(f"{name}.csv", dtype_backend="numpy_nullable")
        sets.append(frame)
    files = ("people.skgan", "holdout.csv", "train.csv")
    sources = dict(zip(("model", "held-out rows", "training rows"), files, strict=True))
    params = {"title": "T", "sources": sources, "attacks": True, "max_samples": 60}
    made = skgan.report(sampler, *sets, **params)
    assert all(name in made.html for name in files)
    assert Path("report.html").read_text("utf-8") == made.html
    assert capsys.readouterr().out == ""


def test_seed(here, few_trees):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        rows = ("people.skgan", "holdout.csv", "--seed", seed, "--quiet", *FEW)
        run(*rows, "-o", f"{name}.html")
    first, same, other = (Path(f"{name}.html").read_bytes() for name in "abc")
    assert first == same != other


@pytest.mark.parametrize("train", [(), ("--train", "train.csv")])
def test_labels_of_a_table(here, few_trees, train):
    run("by_income.skgan", "holdout.csv", *train, *FEW)
    page = Path("report.html").read_text("utf-8")
    assert "income: score" in page
    assert ("give X_train" in page) == (not train)


def test_images_with_labels(here, few_trees):
    run("images.skgan", "images.npz", "--train", "images.npz", *FEW)
    page = Path("report.html").read_text("utf-8")
    assert "images of 4 × 4" in page and "rows a label" in page
    # The same rows twice are no rows held out.
    assert "give rows that the sampler has not seen" in page


def test_a_pipe_of_rows(here, few_trees, monkeypatch):
    data = Path("holdout.csv").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    run("people.skgan", "-", "-o", "piped.html", *FEW)
    run("people.skgan", "holdout.csv", "-o", "read.html", *FEW)
    piped, read = (
        Path(f"{name}.html").read_text("utf-8") for name in ("piped", "read")
    )
    assert "held-out rows: standard input" in piped
    assert piped.replace("standard input", "holdout.csv") == read


def test_what_is_there_is_left_alone(here, capsys):
    Path("report.html").write_text("mine", "utf-8")
    line = fail(capsys, "people.skgan", "holdout.csv")
    assert "--force replaces it" in line
    assert Path("report.html").read_text("utf-8") == "mine"
    run("people.skgan", "holdout.csv", "--force", *FEW)
    assert Path("report.html").read_bytes().startswith(b"<!DOCTYPE")


def test_bad_inputs(here, capsys):
    model, data = "people.skgan", "holdout.csv"
    assert "must end in one of .html" in fail(capsys, model, data, "-o", "page.pdf")
    assert "in no folder" in fail(capsys, model, data, "-o", "no/page.html")
    assert "No such file" in fail(capsys, model, "holdout.txt")
    Path("holdout.txt").write_bytes(b"")
    assert "must end in one of .csv" in fail(capsys, model, "holdout.txt")
    assert "an array, and the model's are a table" in fail(capsys, model, "images.npz")
    line = fail(capsys, model, data, "--train", "images.npz")
    assert "an array, and the model's are a table" in line
    assert "a table, and the model's are an array" in fail(capsys, "images.skgan", data)
    frame = make_people(80, 1)
    frame.drop(columns="age").to_csv("short.csv", index=False)
    assert "age" in fail(capsys, model, "short.csv", *FEW)
    frame.drop(columns="income").to_csv("unlabelled.csv", index=False)
    assert "'income'" in fail(capsys, "by_income.skgan", "unlabelled.csv", *FEW)
    frame[:0].to_csv("empty.csv", index=False)
    assert "holds no rows" in fail(capsys, model, "empty.csv")
    assert "--attacks needs the rows of the fit" in fail(
        capsys, model, data, "--attacks"
    )
    assert "only one of the two" in fail(capsys, model, "-", "--train", "-")
    Path("broken.skgan").write_bytes(b"nothing")
    fail(capsys, "broken.skgan", data)
    assert not Path("report.html").exists()


def test_too_few_samples_are_wrong_usage(here, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["report", "people.skgan", "holdout.csv", "-n", "3"])
    assert ended.value.code == 2
    assert "at least 50" in capsys.readouterr().err


def test_few_rows_are_not_judged_and_copies_are_warned_of(here, capsys):
    make_people(10, 2).to_csv("few.csv", index=False)
    run("people.skgan", "few.csv", *FEW)
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("report.html: not judged, ")
