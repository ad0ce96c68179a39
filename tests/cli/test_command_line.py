"""The verbs that read and write files: `fit`, `sample`, `score`.

Most run in this process, some as the program that is installed.
"""

import gzip
import io
import os
import pickle
import re
import shlex
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skgan
from skgan.__main__ import main

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "skgan")
SEED = ("--seed", "1")
FIT = ("--max-iter", "3", "--seed", "0", "--quiet")


def write_people(path, n=120):
    """Columns of every kind that a CSV file holds; every fifth row lacks some."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n), "D"),
            "age": rng.integers(17, 90, n),
            "work": rng.choice(["private", "state", "self, other"], n),
            "hours": rng.normal(40, 10, n).round(1),
            "kids": pd.array(rng.integers(0, 4, n), dtype="Int64"),
            "member": rng.random(n) < 0.4,
            "income": rng.choice(["<=50K", ">50K"], n),
        }
    )
    for name in ("work", "hours", "kids"):
        frame.loc[::5, name] = None
    frame.to_csv(path, index=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with `people.csv`, and a model that learnt it for a moment."""
    folder = tmp_path_factory.mktemp("files")
    write_people(folder / "people.csv")
    data, model = str(folder / "people.csv"), str(folder / "people.skgan")
    assert main(["fit", data, "-o", model, *FIT]) == 0
    return folder


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """An empty folder to work in, with the files of `folder` above it."""
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    """Run the program in this process; it has to go well."""
    assert main([str(argument) for argument in arguments]) == 0


def fail(capsys, *arguments):
    """Run the program, which has to fail, and return its one line."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    line = printed.err.splitlines()[-1]
    assert line.startswith(f"skgan {arguments[0]}: error: ")
    assert "Traceback" not in printed.err
    return line


# -- the program that is installed


def test_installed_program():
    printed = subprocess.check_output([PROGRAM, "--version"], text=True, timeout=300)
    assert printed == f"skgan {skgan.__version__}\n"


NOBODY_READS_ON = """
    import os, sys
    from skgan.__main__ import main

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(writer, 1)
        code = main(sys.argv[1:])
        # As an interpreter does that ends.
        sys.stdout.flush()
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        start = pipe.read(5000).decode()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(start)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_another_process_draws_the_same_and_ends_quietly(folder, tmp_path, run_script):
    ask = ["sample", folder / "people.skgan", "-n", "2500", *SEED, "-o"]
    run(*ask, tmp_path / "s.csv")
    output, errors = run_script(NOBODY_READS_ON, *ask, "-", PYTHONWARNINGS="error")
    expected = (tmp_path / "s.csv").read_text("utf-8")
    assert (output, errors) == (f"141\n{expected[:5000]}".strip(), "")


def test_progress_is_on_standard_error(here, capfd):
    run("fit", "people.csv", "-o", "m.skgan", "--max-iter", "3", "--seed", "0")
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "3/3" in printed.err and "120 rows, 7 columns" in printed.err


# -- tables


def test_columns_order_dtypes_and_levels_come_back(here):
    run("sample", "people.skgan", "-n", 300, "-o", "drawn.csv", *SEED)
    real, drawn = pd.read_csv("people.csv"), pd.read_csv("drawn.csv")
    assert list(drawn.columns) == list(real.columns)
    assert (drawn.dtypes == real.dtypes).all()
    assert len(drawn) == 300
    for name in ("work", "income", "member", "since"):
        assert set(drawn[name].dropna()) <= set(real[name].dropna())
    assert drawn["hours"].isna().any() and not drawn["age"].isna().any()
    # Whole numbers that are missing here and there are written as whole numbers.
    text = pd.read_csv("drawn.csv", dtype=str)
    assert text["kids"].dropna().str.fullmatch(r"\d+").all()


def test_seeds_repeat_bit_for_bit(here, capsys):
    for name in ("a", "b"):
        run("fit", "people.csv", "-o", f"{name}.skgan", "--max-iter", 3, "--seed", 5)
        run("sample", f"{name}.skgan", "-o", f"{name}.csv", "--seed", 2)
    first = Path("a.csv").read_bytes()
    assert first == Path("b.csv").read_bytes()
    run("sample", "a.skgan", "-o", "c.csv", "--seed", 3)
    assert Path("c.csv").read_bytes() != first


def test_without_a_seed_it_is_drawn_and_said(here, capsys):
    seeds = []
    for name in ("a.csv", "b.csv"):
        run("sample", "people.skgan", "-n", 50, "-o", name)
        seeds += re.findall(r"^seed (\d+)$", capsys.readouterr().err, flags=re.M)
    assert len(set(seeds)) == 2
    assert Path("a.csv").read_bytes() != Path("b.csv").read_bytes()
    run("sample", "people.skgan", "-n", 50, "-o", "c.csv", "--seed", seeds[0])
    assert Path("c.csv").read_bytes() == Path("a.csv").read_bytes()


def test_no_rows_are_a_header(here, capsysbinary):
    run("sample", "people.skgan", "-n", 0, "-o", "-", *SEED)
    header = Path("people.csv").read_bytes().splitlines(keepends=True)[0]
    assert capsysbinary.readouterr().out == header


def test_parquet_keeps_dtypes(here):
    frame = pd.read_csv("people.csv").astype({"income": "category", "age": "int16"})
    frame["since"] = pd.to_datetime(frame["since"])
    frame.to_parquet("people.parquet", index=False)
    run("fit", "people.parquet", "-o", "p.skgan", *FIT)
    run("sample", "p.skgan", "-n", 20, "-o", "drawn.parquet", *SEED)
    drawn = pd.read_parquet("drawn.parquet")
    pd.testing.assert_frame_equal(
        drawn, skgan.load("p.skgan").sample(20, random_state=1)
    )
    assert (drawn.dtypes == pd.read_parquet("people.parquet").dtypes).all()


def test_many_files_are_read_in_batches(here, capsys):
    frame = pd.read_csv("people.csv", parse_dates=["since"]).assign(note="x")
    half = len(frame) // 2
    frame[:half].to_parquet("half0.parquet", index=False)
    frame[half:].to_parquet("half1.parquet", index=False)
    fit = (*FIT[:-1], "--ignore", "note", "--target", "income")
    run("fit", "half*.parquet", "-o", "p.skgan", *fit)
    said = capsys.readouterr().err
    assert "half*.parquet: 2 files, read in batches" in said
    assert f"Read {len(frame)} rows of 2 files; kept all." in said
    run("sample", "p.skgan", "-n", 20, "-o", "drawn.csv", *SEED)
    run("fit", "people.csv", "-o", "t.skgan", *FIT, "--target", "income")
    run("sample", "t.skgan", "-n", 20, "-o", "wanted.csv", *SEED)
    drawn, wanted = pd.read_csv("drawn.csv"), pd.read_csv("wanted.csv")
    assert list(drawn.columns) == list(wanted.columns)
    ask = ("--identifier", "note", "--scratch", ".")
    run("fit", "half0.parquet", "half1.parquet", "-o", "i.skgan", *FIT, *ask)


def test_compressed_csv_and_standard_input(here, monkeypatch, capsysbinary):
    data = Path("people.csv").read_bytes()
    Path("people.csv.gz").write_bytes(gzip.compress(data))
    run("fit", "people.csv.gz", "-o", "zipped.skgan", *FIT)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    run("fit", "-", "-o", "piped.skgan", *FIT)
    capsysbinary.readouterr()
    run("sample", "piped.skgan", "-n", 9, "-o", "-", *SEED)
    drawn = capsysbinary.readouterr().out
    run("sample", "zipped.skgan", "-n", 9, "-o", "drawn.csv.gz", *SEED)
    assert gzip.decompress(Path("drawn.csv.gz").read_bytes()) == drawn


def test_given(here):
    typed = ("--given", "income=>50K", "--given", "member=true")
    typed += ("--given", "work=private", "--given", "work=self, other")
    run("sample", "people.skgan", "-n", 40, "-o", "a.csv", *SEED, *typed)
    drawn = pd.read_csv("a.csv")
    assert set(drawn["income"]) == {">50K"}
    assert set(drawn["work"]) == {"private", "self, other"}
    assert drawn["member"].all()
    run("sample", "people.skgan", "-n", 5, "-o", "b.csv", *SEED, "--given", "work=")
    assert pd.read_csv("b.csv")["work"].isna().all()


def test_given_numbers_and_dates(here):
    ask = ("--condition-on", "age", "--condition-on", "since")
    run("fit", "people.csv", "-o", "a.skgan", *FIT, *ask)
    typed = ("--given", "age=30..40", "--given", "since=2024-02-01..")
    run("sample", "a.skgan", "-n", 30, "-o", "a.csv", *SEED, *typed)
    drawn = pd.read_csv("a.csv")
    assert drawn["age"].between(30, 40).all()
    assert (drawn["since"] >= "2024-02-01").all()
    run("sample", "a.skgan", "-n", 3, "-o", "b.csv", *SEED, "--given", "age=33")
    assert set(pd.read_csv("b.csv")["age"]) == {33}


def test_target(here):
    run("fit", "people.csv", "-o", "t.skgan", *FIT, "--target", "income")
    assert isinstance(skgan.load("t.skgan"), skgan.ConditionalGANSampler)
    run("sample", "t.skgan", "-n", 30, "-o", "t.csv", *SEED)
    drawn, real = pd.read_csv("t.csv"), pd.read_csv("people.csv")
    assert list(drawn.columns) == list(real.columns)
    assert set(drawn["income"]) == set(real["income"])
    ask = ("--given", "income=>50K")
    run("sample", "t.skgan", "-n", 9, "-o", "u.csv", *SEED, *ask)
    assert set(pd.read_csv("u.csv")["income"]) == {">50K"}
    run("score", "t.skgan", "people.csv")


@pytest.mark.filterwarnings("ignore:Almost all values")
def test_identifiers(here, capsys):
    frame = pd.read_csv("people.csv")
    frame["order"] = [f"N{i:04d}" for i in range(len(frame))]
    frame.to_csv("orders.csv", index=False)
    line = fail(
        capsys, "fit", "orders.csv", "-o", "o.skgan", *FIT, "--identifiers", "raise"
    )
    assert "'order'" in line and "identifiers" in line
    run("fit", "orders.csv", "-o", "o.skgan", *FIT, "--identifiers", "draw")
    run("sample", "o.skgan", "-n", 20, "-o", "o.csv", *SEED)
    drawn = pd.read_csv("o.csv")["order"]
    assert drawn.str.fullmatch(r"[A-Z]\d{4}").all()
    assert not set(drawn) & set(frame["order"])


def test_numbers_alone_are_vectors(here, capsys):
    frame = pd.read_csv("people.csv")[["age", "kids", "hours"]]
    frame.to_csv("numbers.csv", index=False)
    run("fit", "numbers.csv", "-o", "n.skgan", *FIT)
    run("sample", "n.skgan", "-n", 200, "-o", "n.csv", *SEED)
    drawn = pd.read_csv("n.csv")
    assert (drawn.dtypes == frame.dtypes).all()
    assert drawn["kids"].isna().any()
    line = fail(
        capsys, "sample", "n.skgan", "-o", "-", "--given", "age=30", "--seed", 0
    )
    assert "--condition-on age" in line


# -- arrays


def test_vectors(here):
    X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    np.savez("x.npz", X=X)
    run("fit", "x.npz", "-o", "x.skgan", *FIT)
    run("sample", "x.skgan", "-n", 20, "-o", "drawn.npz", *SEED)
    with np.load("drawn.npz") as drawn:
        assert drawn.files == ["X"]
        assert (drawn["X"].shape, drawn["X"].dtype) == ((20, 3), np.float32)
    run("score", "x.skgan", "x.npz")


def test_images_with_labels(here, capsysbinary):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (60, 4, 5), dtype=np.uint8), rng.integers(0, 3, 60)
    np.savez("i.npz", X=X, y=y)
    run("fit", "i.npz", "-o", "i.skgan", *FIT)
    capsysbinary.readouterr()
    run("sample", "i.skgan", "-n", 6, "-o", "-", *SEED, "--given", "y=2")
    with np.load(io.BytesIO(capsysbinary.readouterr().out)) as drawn:
        assert (drawn["X"].shape, drawn["X"].dtype) == ((6, 4, 5), np.uint8)
        assert drawn["y"].tolist() == [2] * 6
    bounded = ("-o", "bounded.npz", *SEED, "--truncation", 0.001)
    run("sample", "i.skgan", "-n", 6, "--given", "y=2", *bounded)
    with np.load("bounded.npz") as drawn:
        # All have one label, and no latent to tell them apart.
        assert np.ptp(drawn["X"].astype(int), axis=0).max() <= 1
    run("score", "i.skgan", "i.npz")


# -- scores


def test_scores(here, capsys):
    run("score", "people.skgan", "people.csv", "--metric", "column_shapes")
    printed = capsys.readouterr().out
    assert re.match(r"score\t-?\d+\.\d{6}\n", printed)
    lines = [line.split("\t") for line in printed.splitlines()]
    scores = {name: float(value) for name, value in lines}
    assert list(scores) == ["score", "column_shapes"]
    sampler = skgan.load("people.skgan")
    frame = pd.read_csv("people.csv", dtype_backend="numpy_nullable")
    frame["since"] = pd.to_datetime(frame["since"])
    assert scores["score"] == pytest.approx(sampler.score(frame), abs=1e-6)
    assert 0.5 < scores["column_shapes"] <= 1


def test_text_stays_text_where_rows_held_out_hold_only_digits(here, capsys):
    real = pd.DataFrame({"code": ["13", "A2"] * 30, "x": np.arange(60)})
    real.to_csv("r.csv", index=False)
    real[real["code"] == "13"].to_csv("thirteen.csv", index=False)
    run("fit", "r.csv", "-o", "r.skgan", *FIT)
    capsys.readouterr()
    run("score", "r.skgan", "thirteen.csv", "--metric", "column_shapes")
    found = capsys.readouterr().out.splitlines()[1]
    # Half the rows drawn have the code 13; were it a number, none would.
    assert float(found.split("\t")[1]) > 0.5


# -- what is wrong


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "no.csv", "-o", "m"], r"no\.csv: No such file"),
        (["fit", "people.xls", "-o", "m"], r"'people\.xls' must end in one of \.csv"),
        (["fit", "no/*.csv", "-o", "m"], r"No file matches 'no/\*\.csv'"),
        (["fit", "people.csv", "-o", "m", "--scratch", "no"], "scratch is 'no'"),
        (["fit", "people.csv", "no.csv", "-o", "m"], "There is no file 'no.csv'"),
        (["fit", "p*.csv", "-o", "m", "--sep", ";"], "--sep is about one small file"),
        (["fit", "p*.csv", "-o", "m", "--target", "x"], "no column 'x'.*'income'"),
        (["fit", "empty.csv", "-o", "m"], r"'empty\.csv' cannot be read as CSV"),
        (["fit", "header.csv", "-o", "m"], r"'header\.csv' holds no rows"),
        (["fit", "ragged.csv", "-o", "m"], r"'ragged\.csv' cannot be read.*line 3"),
        (["fit", "long.csv", "-o", "m"], r"'long\.csv' cannot be read as CSV"),
        (["fit", "noise.csv", "-o", "m"], r"'noise\.csv' cannot be read as CSV"),
        (["fit", "noise.csv.gz", "-o", "m"], r"'noise\.csv\.gz' cannot be read"),
        (["fit", "noise.parquet", "-o", "m"], "cannot be read as Parquet"),
        (["fit", "noise.npz", "-o", "m"], "cannot be read as npz: it is no npz"),
        (["fit", "other.npz", "-o", "m"], r"array X and.*holds \['Z'\]"),
        (["fit", "objects.npz", "-o", "m"], r"'objects\.npz' cannot be read as npz"),
        (["fit", "one.csv", "-o", "m"], "1 sample"),
        (["fit", "folder.csv", "-o", "m"], "holds no files to read as images"),
        (["fit", "people.csv", "-o", "people.skgan"], "exists; --force replaces it"),
        (["fit", "people.csv", "-o", "no/m.skgan"], "no folder that exists"),
        (["fit", "people.csv", "-o", "folder.csv"], "is a folder"),
        (["fit", "people.csv", "-o", "-"], "name a file"),
        (["fit", "people.csv", "-o", "m", "--target", "x"], "no column 'x'.*'income'"),
        (["fit", "people.csv", "-o", "m", "--condition-on", "x"], "'x'"),
        (["fit", "people.csv", "-o", "m", "--device", "toaster"], "'toaster'"),
        (["sample", "no.skgan", "-o", "-"], r"no\.skgan: No such file"),
        (["sample", "people.csv", "-o", "-"], "'people.csv' cannot be loaded"),
        (["sample", "pickle.skgan", "-o", "-"], "'pickle.skgan' cannot be loaded"),
        (["sample", "broken.skgan", "-o", "-"], "'broken.skgan' cannot be loaded"),
        (["sample", "people.skgan", "-o", "a.txt"], r"'a\.txt' must end in one of"),
        (["sample", "people.skgan", "-o", "a.npz"], "a table; write .csv or .parquet"),
        (["sample", "people.skgan", "-o", "people.csv"], "--force replaces it"),
        (["sample", "people.skgan", "-o", "-", "--given", "x=1"], "no such column"),
        (["sample", "people.skgan", "-o", "-", "--given", "age=1"], "17 to 89"),
        (
            ["sample", "people.skgan", "-o", "-", "--given", "income=a"],
            r"no level 'a'\. Possible: '<=50K', '>50K'\.$",
        ),
        (
            ["sample", "people.skgan", "-o", "-", "--given", "member=a"],
            "'a' is not true or false",
        ),
        (["sample", "people.skgan", "-o", "-", "--given", "kids=a"], "'a' is not a"),
        (["sample", "people.skgan", "-o", "-", "--truncation", "1"], "prior='normal'"),
        (["score", "people.skgan", "no.csv"], r"no\.csv: No such file"),
        (["score", "people.skgan", "one.csv"], "columns|features|feature"),
        (["score", "people.skgan", "x.npz"], "an array, and the model's are a table"),
    ],
)
def test_errors_take_one_line_and_exit_with_1(arguments, message, here, capsys):
    Path("people.xls").write_bytes(b"")
    Path("empty.csv").write_bytes(b"")
    Path("header.csv").write_text("a,b\n")
    Path("ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    Path("long.csv").write_text("a,b\n1,2,3\n1,2,3\n")
    Path("one.csv").write_text("a,b\n1,2\n")
    for name in ("noise.csv", "noise.csv.gz", "noise.parquet", "noise.npz"):
        Path(name).write_bytes(bytes(range(255, 128, -1)))
    np.savez("x.npz", X=np.zeros((3, 2)))
    np.savez("other.npz", Z=np.zeros((3, 2)))
    np.savez("objects.npz", X=np.array([["a", None]], dtype=object))
    Path("folder.csv").mkdir()
    Path("pickle.skgan").write_bytes(pickle.dumps([1]))
    model = bytearray(Path("people.skgan").read_bytes())
    model[len(model) // 2] ^= 1
    Path("broken.skgan").write_bytes(model)
    before = {file.name for file in here.iterdir()}
    assert re.search(message, fail(capsys, *arguments))
    assert {file.name for file in here.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "people.csv"], "-o/--output"),
        (["fit", "people.csv", "-o", "m", "--time", "0"], "'0' is no number of sec"),
        (["fit", "people.csv", "-o", "m", "--max-iter", "-1"], "at least 0"),
        (["sample", "people.skgan", "-o", "-", "-n", "-1"], "at least 0"),
        (["sample", "people.skgan", "-o", "-", "-n", "1.5"], "'1.5' is not a whole"),
        (["sample", "people.skgan", "-o", "-", "--given", "income"], "COLUMN=VALUE"),
        (
            ["sample", "people.skgan", "-o", "-", "--truncation", "0"],
            "'0' is no number",
        ),
        (["score", "people.skgan", "a.csv", "--metric", "x"], "'x'.*column_shapes"),
        (
            ["fit", "a.csv", "-o", "m", "--target", "x", "--condition-on", "y"],
            "not all",
        ),
    ],
)
def test_wrong_usage_takes_one_line_and_exits_with_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    printed = capsys.readouterr()
    assert (stopped.value.code, printed.out) == (2, "")
    (line,) = printed.err.splitlines()
    assert re.search(f"^skgan {arguments[0]}: error: .*{message}", line)


def test_what_is_there_is_replaced_only_when_forced(here, capsys):
    old = Path("people.skgan").read_bytes()
    fail(capsys, "fit", "people.csv", "-o", "people.skgan")
    assert Path("people.skgan").read_bytes() == old
    ask = ("--max-iter", 2, "--seed", 1, "-q", "--force")
    run("fit", "people.csv", "-o", "people.skgan", *ask)
    assert Path("people.skgan").read_bytes() != old


def test_a_model_that_draws_no_rows(here, capsys):
    skgan.save(skgan.GANOutlierDetector(), "detector.skgan")
    line = fail(capsys, "sample", "detector.skgan", "-o", "-")
    assert "holds a GANOutlierDetector, which draws no rows" in line
    skgan.save(skgan.GANSampler(), "unfitted.skgan")
    assert "not fitted" in fail(capsys, "sample", "unfitted.skgan", "-o", "-")


@pytest.mark.parametrize("missing", ["pandas", "pyarrow"])
def test_what_is_not_installed_is_named_with_its_command(
    missing, here, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, missing, None)
    name = {"pandas": "people.csv", "pyarrow": "people.parquet"}[missing]
    Path("people.parquet").write_bytes(b"")
    line = fail(capsys, "fit", name, "-o", "m.skgan")
    assert missing in line and 'pip install "skgan[tables]"' in line


def test_debug_shows_where_an_error_came_from(here):
    with pytest.raises(FileNotFoundError):
        main(["score", "no.skgan", "no.csv", "--debug"])


def test_breaking_off_leaves_no_file(here, monkeypatch, capsys):
    def break_off(self, X, y=None):
        raise KeyboardInterrupt

    monkeypatch.setattr("skgan.GANSampler.fit", break_off)
    assert main(["fit", "people.csv", "-o", "m.skgan"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "skgan fit: interrupted"
    assert not Path("m.skgan").exists()


def test_warnings_take_one_line(here, monkeypatch, capsys):
    def warn(self, X, y=None):
        warnings.warn("of two\nlines", stacklevel=2)
        raise ValueError("that was it")

    monkeypatch.setattr("skgan.GANSampler.fit", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["fit", "people.csv", "-o", "m.skgan", "-q"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "skgan fit: warning: of two lines",
        "skgan fit: error: that was it",
    ]


# Two updates on a few hundred rows are no model.
@pytest.mark.filterwarnings("ignore::skgan.metrics.CopyingWarning")
def test_documentation(here, monkeypatch, capfd, plain_trees, few_trees, named_charts):
    """What docs/command_line.rst says to type does what it says, in this order."""
    resolve = skgan.samplers._base.resolve_settings
    brief = {"max_iter": 2, "max_time": None}
    brief |= {"hidden_dims": (8,), "discriminator_dims": (8,)}

    def resolve_briefly(*args, **settings):
        return resolve(*args, **settings)._replace(**brief)

    for module in (skgan.samplers._base, skgan.samplers._trees_mixin):
        monkeypatch.setattr(module, "resolve_settings", resolve_briefly)
    files = {"people.csv": 200, "holdout.csv": 150}
    monkeypatch.setattr("skgan.cli._demo_table.FILES", files)
    for name in ("people.skgan", "people.csv"):
        Path(name).unlink()
    rng = np.random.default_rng(0)
    X = rng.integers(0, 17, (40, 8, 8), dtype=np.uint8)
    np.savez("digits.npz", X=X, y=np.arange(40) % 10)
    page = Path(__file__).parents[2] / "docs" / "command_line.rst"
    lines = re.findall(r"^    \$ skgan (.+)$", page.read_text("utf-8"), flags=re.M)
    assert len(lines) > 10
    # Of fewer rows no rejection is learnt.
    fewer = {"-n 3000": "-n 300", "--rows-per-file 1000": "--rows-per-file 100"}
    fewer |= {"-n 5e4": "-n 5e2", "--rows-per-file 20000": "--rows-per-file 200"}
    for line in lines:
        for many, few in fewer.items():
            line = line.replace(many, few)
        run(*shlex.split(line.partition(" | ")[0]))
    rich = pd.read_csv("rich.csv")
    assert len(rich) == 200 and set(rich["income"]) == {">50K"}
    assert rich.columns[-1] == "income"
    assert set(pd.read_csv("two.csv")["work"]) == {"private", "state"}
    assert pd.read_csv("thirties.csv")["age"].between(30, 39).all()
    assert len(pd.read_parquet("rows.parquet")) == 1000
    assert len(pd.read_parquet("many")) == 500
    with np.load("sevens.npz") as drawn:
        assert set(drawn["y"]) == {7} and drawn["X"].shape == (64, 8, 8)


@pytest.mark.parametrize("verb", ["fit", "sample", "score"])
def test_help(verb, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([verb, "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    options = {
        "fit": [
            *("--output", "--seed", "--time", "--max-iter", "--device", "--target"),
            *("--sep", "--encoding", "--decimal", "--na", "--categorical"),
            *("--identifier", "--ignore", "--size", "--mode", "--no-labels"),
        ],
        "sample": [
            *("--output", "--n-samples", "--given", "--seed", "--force"),
            *("--truncation", "--sep", "--encoding"),
        ],
        "score": ["--metric", "--sep", "--encoding", "--decimal", "--na", "--debug"],
    }
    assert all(option in printed for option in options[verb])


# -- a folder of files


def test_a_folder_of_files_is_completed(here, capsys):
    command = ["sample", "people.skgan", "-n", "1e3", "-o", "rows/", "-q"]
    run(*command, "--rows-per-file", 400, *SEED)
    files = sorted(Path("rows").glob("*.parquet"))
    rows = pd.concat(map(pd.read_parquet, files), ignore_index=True)
    wanted = skgan.load("people.skgan").sample(1000, random_state=1)
    pd.testing.assert_frame_equal(rows, wanted)
    assert [len(pd.read_parquet(file)) for file in files] == [400, 400, 200]
    # The folder knows the seed.
    files[1].unlink()
    capsys.readouterr()
    run(*command, "--rows-per-file", 400, "--jobs", 1)
    assert "seed" not in capsys.readouterr().err
    pd.testing.assert_frame_equal(pd.read_parquet("rows"), wanted)
    run("sample", "people.skgan", "-n", 30, "-o", "rich/", "--given", "income=>50K")
    told = capsys.readouterr().err
    assert told.startswith("seed ") and "rich/: 30 rows in 1 file\n" in told
    assert set(pd.read_parquet("rich")["income"]) == {">50K"}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["-o", "-", "--jobs", "2"], "--jobs is about a folder of files"),
        (["-o", "-", "--rows-per-file", "2"], "--rows-per-file is about a folder"),
        (["-o", "rows/", "--force"], "--force is not for a folder"),
        (["-o", "rows/", "--sep", ";"], "--sep is not for a folder"),
        (["-o", "no/rows/"], "no folder that exists"),
        (["-o", "people.csv", "--rows-per-file", "5"], "is a file; name a folder"),
    ],
)
def test_what_is_not_for_folders(typed, message, here, capsys):
    assert message in fail(capsys, "sample", "people.skgan", "-n", "10", *typed)
    assert not Path("rows").exists()


@pytest.mark.parametrize("number", ["-1", "1.5", "1e99", "nan", "many"])
def test_numbers_of_rows_that_are_none(number, capsys):
    with pytest.raises(SystemExit):
        main(["sample", "m.skgan", "-o", "rows.csv", f"-n={number}"])
    assert "such as 1000 or 1e9" in capsys.readouterr().err


def test_without_updates_trees_draw_alone(here):
    run("fit", "people.csv", "-o", "trees", "--max-iter", 0, "--seed", 0, "--quiet")
    sampler = skgan.load("trees")
    assert sampler.stage_ == "prior" and sampler.n_iter_ == 0
