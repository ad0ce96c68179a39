"""The code of the README and of the documentation runs, and shows what it says.

A page is run whole, statement by statement, as by a reader who goes through it, but
with few updates of narrow networks, plain trees, people made up in place of Adult's,
and, for the many fits of some pages, fewer rows and folds. What the comment behind or
below an expression says of its value has to be so.
"""

import ast
import contextlib
import importlib
import io
import re
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, make_moons
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch

import skgan
import skgan.metrics
import skgan.samplers._base
import skgan.samplers._inversion
import skgan.samplers._trees_mixin

ROOT = Path(__file__).parents[1]
PAGES = [
    "docs/installing.rst",
    "README.md",
    "docs/index.rst",
    "docs/quickstart.rst",
    "docs/tables.rst",
    "docs/large_tables.rst",
    "docs/saving.rst",
    "docs/augmenting.rst",
    "docs/conditions.rst",
    "docs/codes.rst",
    "docs/images.rst",
    "docs/judging_images.rst",
    "docs/outliers.rst",
    "docs/imputing.rst",
    "docs/diagnosing.rst",
    "docs/privacy.rst",
    "docs/report.rst",
    "docs/choosing_parameters.rst",
    "docs/tuning.rst",
    "docs/scaling.rst",
    "docs/own_networks.rst",
    "docs/callbacks.rst",
    "docs/gpus.rst",
    "docs/pitfalls.rst",
    "docs/coming_from.rst",
]
MARKS = {".rst": ".. code-block:: python", ".md": "```python"}
BLOCKS = {
    ".rst": r"^( *)\.\. code-block:: python\n\n((?:\1    .*\n|\n)+)",
    ".md": r"^```python\n(.*?)^```",
}
# A comment that says a value, and not what the value is for.
VALUE = re.compile(r"about -?\d|-?\d[\d.]*$|[\[({'\"]|True$|False$|None$")
SHAPE = re.compile(r"(\([\d, ]+\))(?:, (u?int\d+|float\d+))?")


def code_of(page: Path) -> list[str]:
    """Return the blocks of a page, each below as many lines as are above it."""
    text = page.read_text(encoding="utf-8")
    flags = re.MULTILINE | (re.DOTALL if page.suffix == ".md" else re.NOFLAG)
    blocks = []
    for match in re.finditer(BLOCKS[page.suffix], text, flags=flags):
        code, start = match[match.lastindex], match.start(match.lastindex)
        if page.suffix == ".rst":
            code = re.sub(rf"^{match[1]}    ", "", code, flags=re.MULTILINE)
        blocks.append("\n" * text[:start].count("\n") + code)
    return blocks


def comment_of(statement: ast.stmt, lines: list[str]) -> str:
    """Return the comment behind a statement or, without one, the lines below it."""
    last = statement.end_lineno or 0
    behind = lines[last - 1].encode()[statement.end_col_offset or 0 :].decode().strip()
    if behind:
        return behind.removeprefix("#").strip()
    below = []
    for line in lines[last:]:
        if not line.startswith("# "):
            break
        below.append(line.removeprefix("# "))
    return " ".join(below)


def check_shown(shown: str, said: str) -> None:
    """Fail unless what is shown is what was said; "about" leaves a tenth of room."""
    if said.startswith("about "):
        assert abs(float(shown) - float(said.removeprefix("about "))) < 0.1
    else:
        assert shown == said


def run_statement(statement: ast.stmt, said: str, names: dict, page: Path) -> int:
    """Run a statement, check what was said of it, and return the checks made."""
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        if isinstance(statement, ast.Expr):
            code = compile(ast.Expression(statement.value), str(page), "eval")
            value = eval(code, names)
        else:
            exec(compile(ast.Module([statement], []), str(page), "exec"), names)
    shape = SHAPE.match(said)
    if isinstance(statement, ast.Assign) and shape:
        value = names[ast.unparse(statement.targets[0])]
        assert str(value.shape) == shape[1]
        assert shape[2] in (None, str(value.dtype))
        return 1
    shown = printed.getvalue().strip() or repr(value)
    if said.endswith("..."):
        assert shown.startswith(said.removesuffix("..."))
    elif VALUE.match(said) and isinstance(statement, ast.Expr):
        check_shown(shown, said)
    else:
        return 0
    return 1


def run_page(page: Path) -> tuple[dict, int]:
    """Run a page; return the names it defines and how many values were as it said."""
    names: dict = {"__name__": page.stem}
    n_checked = 0
    for code in code_of(page):
        lines = code.splitlines()
        for statement in ast.parse(code).body:
            said = comment_of(statement, lines)
            n_checked += run_statement(statement, said, names, page)
    return names, n_checked


def people() -> Bunch:
    """Return a few made-up people with columns of Adult."""
    rng = np.random.default_rng(0)
    levels = np.array(["Bachelors", "HS-grad", "Masters", "Doctorate"])
    level = rng.integers(4, size=400)
    frame = pd.DataFrame(
        {
            "age": rng.integers(17, 90, 400),
            "workclass": rng.choice(["Private", "State-gov"], 400),
            "education": levels[level],
            "education-num": np.array([13, 9, 14, 16])[level],
            "sex": rng.choice(["Female", "Male"], 400),
            "hours-per-week": rng.integers(1, 99, 400),
            "income": rng.choice(["<=50K", ">50K"], 400),
        }
    )
    frame.loc[::9, "workclass"] = np.nan
    return Bunch(train=frame, test=frame[:100])


def few_digits(n, n_pixels=64):
    """Return what loads the first `n` digits, and so many of their pixels."""

    def load_few(return_X_y=False):
        bunch = load_digits()
        bunch.data, bunch.target = bunch.data[:n, :n_pixels], bunch.target[:n]
        return (bunch.data, bunch.target) if return_X_y else bunch

    return load_few


def few_tumours(as_frame=False, **options):
    if as_frame:
        return Bunch(frame=load_breast_cancer(as_frame=True).frame[:260])
    X, y = load_breast_cancer(return_X_y=True)
    return X[:160], y[:160]


def few_moons(n_samples, **options):
    return make_moons(min(n_samples, 300), **options)


@pytest.fixture
def short(monkeypatch, tmp_path, plain_trees, few_trees, named_charts):
    """Fits of three updates, plain trees, made-up people, and an empty folder."""
    resolve = skgan.samplers._base.resolve_settings

    def resolve_briefly(*args, **options):
        found = resolve(*args, **options)
        return found._replace(
            max_iter=min(found.max_iter, 3), hidden_dims=(8,), discriminator_dims=(8,)
        )

    train_inverter = skgan.samplers._inversion.train_inverter

    def train_briefly(net, rows, conditions, training):
        training = training._replace(max_iter=min(training.max_iter, 3))
        return train_inverter(net, rows, conditions, training)

    for path in (skgan.samplers._base, skgan.samplers._trees_mixin):
        monkeypatch.setattr(path, "resolve_settings", resolve_briefly)
    monkeypatch.setattr(skgan.samplers._inversion, "train_inverter", train_briefly)
    monkeypatch.setattr("skgan.datasets.load_adult", people)
    monkeypatch.setattr("skgan.augmentation._base.check_cv", lambda cv: check_cv(2))
    # In three folds, not ten, the thresholds of outliers are rougher.
    monkeypatch.setattr("skgan.samplers._column_outliers._FOLDS", ())
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_found(name):
    page = ROOT / name
    assert len(code_of(page)) == page.read_text("utf-8").count(MARKS[page.suffix]) > 0


def test_no_page_is_left_out():
    with_code = {
        f"docs/{page.name}"
        for page in (ROOT / "docs").glob("*.rst")
        if MARKS[".rst"] in page.read_text("utf-8")
    }
    assert with_code <= set(PAGES)


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        ("print(1 + 1)  # {}", "2", "3"),
        ("1 / 2 + 0.04  # {}", "about 0.5", "about 0.7"),
        ("[1] * 2\n# {}", "[1, 1]", "[1, 2]"),
        ("import numpy\nX = numpy.ones(2)  # {}", "(2,), float64", "(3,), float64"),
        ("import numpy\nX = numpy.ones(2)  # {}", "(2,), float64", "(2,), float32"),
        ("print('no such file')  # {}", "no such...", "no file..."),
    ],
)
def test_what_a_comment_says_is_checked(code, right, wrong, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"```python\n{code.format(right)}\n```\n", encoding="utf-8")
    assert run_page(page)[1] == 1
    page.write_text(f"```python\n{code.format(wrong)}\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        run_page(page)


def test_a_comment_that_says_no_value_is_left_to_the_reader(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nlen('x')  # of a word\nn = 1  # one\n```\n", "utf-8")
    assert run_page(page)[1] == 0


# -- page by page


# What it makes of a few made-up people is not judged here.
@pytest.mark.filterwarnings("ignore:The sampler copies training rows")
def test_readme(short, capsys, monkeypatch):
    monkeypatch.setattr("sklearn.datasets.load_breast_cancer", few_tumours)
    names, n_checked = run_page(ROOT / "README.md")
    assert n_checked == 1
    assert names["new"].dtype == names["train"].dtype
    assert names["new"].shape == (100, 8, 8)
    assert (names["people"].dtypes == names["adult"].train.dtypes).all()
    assert set(names["some"]["income"]) == {">50K"}
    assert names["some"]["age"].between(30, 40).all()
    assert len(names["people"]) == 1000
    assert names["labels"].tolist() == [3, 1, 4]
    model = names["model"]
    chosen = model.cv_results_["n_synthetic"][model.best_index_]
    assert sum(model.n_synthetic_.values()) == chosen
    assert names["steps"].shape == (8, 8, 8)
    assert set(names["is_normal"]) <= {1, -1}
    assert len(names["features"]) == len(names["test"])
    assert len(names["groups"]) == len(names["train"])
    assert Path("adult.skgan").is_file()
    assert Path("report.html").is_file()


def test_quickstart(short):
    names, n_checked = run_page(ROOT / "docs/quickstart.rst")
    assert n_checked == 4
    assert names["search"].best_estimator_.sample(2).dtype == np.uint8


def test_tables(short):
    names, n_checked = run_page(ROOT / "docs/tables.rst")
    assert n_checked == 2
    assert (names["synthetic"].dtypes == names["frame"].dtypes).all()
    assert len(names["display"].axes_) == 2


def test_saving(short):
    _, n_checked = run_page(ROOT / "docs/saving.rst")
    assert n_checked == 7


def test_augmenting(short, monkeypatch):
    monkeypatch.setattr("sklearn.datasets.load_breast_cancer", few_tumours)
    names, n_checked = run_page(ROOT / "docs/augmenting.rst")
    assert n_checked == 6
    assert names["wrong"] > 0.95 and abs(names["right"] - 0.5) < 0.1
    # Its search says what augmentation is worth.
    tried = set(names["search"].cv_results_["param_n_synthetic"])
    assert 0 in tried and len(tried) > 1
    assert (names["synthetic"].dtypes == names["people"].dtypes).all()
    assert set(names["labels"]) <= {"yes", "no"}


def test_codes(short):
    names, n_checked = run_page(ROOT / "docs/codes.rst")
    assert n_checked == 8
    assert names["fours"].shape == (100, 8, 8)


def test_conditions(short, monkeypatch):
    # The page keeps 500 of them out.
    monkeypatch.setattr("sklearn.datasets.load_digits", few_digits(700))
    names, n_checked = run_page(ROOT / "docs/conditions.rst")
    assert n_checked == 1
    assert set(names["y_new"]) <= set(range(10))


def test_images(short):
    names, n_checked = run_page(ROOT / "docs/images.rst")
    assert n_checked == 6
    assert len(names["photos"].filenames) == 60
    assert names["styles"].shape == (10, 8, 8)


def test_judging_images(short, monkeypatch):
    fit = skgan.metrics.ImageFeatures.fit
    monkeypatch.setattr(
        "skgan.metrics.ImageFeatures.fit",
        lambda features, *rows: fit(features.set_params(max_iter=20), *rows),
    )
    names, n_checked = run_page(ROOT / "docs/judging_images.rst")
    assert n_checked == 5
    assert names["scores"].keys() == names["by_pixels"].keys()
    assert "frechet_distance" in str(names["scores"])


def test_outliers(short):
    names, n_checked = run_page(ROOT / "docs/outliers.rst")
    assert n_checked == 5
    assert set(names["found"]) <= {1, -1}
    assert names["display"].scores.shape == (6,)
    assert (names["is_normal"] == -1).mean() > 0.6


def test_diagnosing(short):
    names, n_checked = run_page(ROOT / "docs/diagnosing.rst")
    assert n_checked == 8
    shown = str(names["diagnosis"]).splitlines()
    assert len(shown) > 10 and max(map(len, shown)) <= 100


def test_report(short, monkeypatch):
    monkeypatch.setattr("sklearn.datasets.load_breast_cancer", few_tumours)
    names, n_checked = run_page(ROOT / "docs/report.rst")
    assert n_checked == 5
    assert Path("report.html").read_text("utf-8") == names["report"].html


def test_choosing_parameters(short):
    """What it makes is not fitted: it has to be accepted."""
    names, _ = run_page(ROOT / "docs/choosing_parameters.rst")
    assert names["GANSampler"] is skgan.GANSampler


@pytest.mark.slow
def test_scaling(short):
    reason = "DASK OR OPTUNA IS NOT THERE: the code of docs/scaling.rst does not run"
    pytest.importorskip("distributed", reason=reason)
    optuna = pytest.importorskip("optuna", reason=reason)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    names, n_checked = run_page(ROOT / "docs/scaling.rst")
    assert n_checked == 6
    assert len(names["here"]) == 1
    assert len(pd.read_parquet("more")) == 5000


def test_tuning(short, monkeypatch):
    reason = "OPTUNA IS NOT THERE: its code in docs/tuning.rst does not run"
    optuna = pytest.importorskip("optuna", reason=reason)
    pytest.importorskip("optuna_integration", reason=reason)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    monkeypatch.setattr("sklearn.datasets.load_digits", few_digits(84, 32))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="optuna")
        warnings.filterwarnings("ignore", message=".*xperimental")
        # What learns nothing has no scores to choose by.
        warnings.filterwarnings("ignore", message="Every candidate copies")
        names, n_checked = run_page(ROOT / "docs/tuning.rst")
    assert n_checked == 0
    assert names["best"].n_iter_ > 3
    assert names["drawn"].shape == (21, 32)
    assert len(names["study"].trials) == 4


def test_index(short):
    names, _ = run_page(ROOT / "docs/index.rst")
    assert (names["synthetic"].dtypes == names["wine"].dtypes).all()
    assert len(names["synthetic"]) == 1000


def test_own_networks(short, monkeypatch):
    monkeypatch.setattr("sklearn.datasets.make_moons", few_moons)
    names, n_checked = run_page(ROOT / "docs/own_networks.rst")
    assert n_checked == 4
    assert names["labelled"].net_.generator_.last.out_features == 2
    assert names["sampler"].encoder_.tensor_shape_ == (2,)


def test_callbacks(short, monkeypatch):
    monkeypatch.setattr("sklearn.datasets.make_moons", few_moons)
    names, n_checked = run_page(ROOT / "docs/callbacks.rst")
    assert n_checked == 3
    assert len(names["watched"].history_[:, "spread"]) > 0
    assert names["longer"].n_iter_ == 12
    # The schedule that was asked for is that of the discriminator alone.
    assert "discriminator_lr" in names["scheduled"].history_[-1]
    assert "generator_lr" not in names["scheduled"].history_[-1]


def test_gpus(short, monkeypatch):
    monkeypatch.setattr("skgan.rejection._rule._MIN_FIT", float("inf"))
    _, n_checked = run_page(ROOT / "docs/gpus.rst")
    assert n_checked == 1


def test_pitfalls(short):
    _, n_checked = run_page(ROOT / "docs/pitfalls.rst")
    assert n_checked == 2


def test_coming_from(short):
    names, _ = run_page(ROOT / "docs/coming_from.rst")
    assert list(names["rest"]["sex"]) == list(names["known"]["sex"])
    assert Path("people.skgan").is_file()


def test_code_of_others_is_python():
    """It cannot be run without them, but it can be read."""
    text = (ROOT / "docs/coming_from.rst").read_text("utf-8")
    found = re.findall(r"^( *)\.\. code:: python\n\n((?:\1    .*\n|\n)+)", text, re.M)
    assert len(found) == 2
    for _, code in found:
        ast.parse(textwrap.dedent(code))


# -- the page of the benchmarks


@pytest.fixture
def to_rst(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    return importlib.import_module("_markdown").to_rst


def test_markdown_becomes_rst(to_rst):
    markdown = "## A `b` c\n\n| x | **y** |\n| --- | --- |\n| a_ * |  |\n\n- one\n  two"
    assert to_rst(markdown).splitlines() == [
        r"A \ ``b``\  c",
        "-" * 13,
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "",
        r"   * - x",
        r"     - \ **y**" + "\\",
        r"   * - a\_ \*",
        "     -",
        "",
        "- one",
        "  two",
    ]


def test_no_row_of_the_results_is_lost(to_rst):
    text = (ROOT / "benchmarks/RESULTS.md").read_text("utf-8")
    rows = re.findall(r"^\|(?! *-)", text, re.M)
    made = to_rst(text)
    assert made.count("\n   * -") == len(rows) > 300
    assert made.count(".. list-table::") == len(re.findall(r"^\| *---", text, re.M))


def test_the_gallery_is_in_order(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    order = importlib.import_module("_gallery_order").ORDER
    scripts = {file.stem.removeprefix("plot_") for file in ROOT.glob("examples/*.py")}
    assert scripts <= set(order) and len(scripts) >= 15
