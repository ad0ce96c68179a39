"""The data that is not part of the project, or a loud skip."""

import os
from functools import partial
from pathlib import Path

import pytest
from sklearn import ensemble


def find_data(*names):
    """Return the folder with the files `names`; skip without them."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKGAN_DATA") or default)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        pytest.skip(f"{missing} not in {str(folder)!r}: set SKGAN_DATA to their folder")
    return folder


@pytest.fixture(scope="module")
def plain_trees():
    """Trees without sums of columns, where samplers are only what something is given.

    Which form foretells a column best is most of a fit, and has tests of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skgan.priors._growing.MIN_LINEAR_ROWS", float("inf"))
        yield


@pytest.fixture
def few_trees(monkeypatch):
    """Judges of few trees, where what they find is only shown.

    What a hundred trees find out has tests of its own in tests/metrics.
    """
    for kind in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"):
        trees = partial(getattr(ensemble, kind), max_iter=8)
        for module in ("_classifier", "_global_utility"):
            monkeypatch.setattr(f"skgan.metrics.{module}.{kind}", trees)


@pytest.fixture
def read_data():
    """Return a function that reads a table by its name; it skips without its file."""

    def read(name, **options):
        import pandas

        file = f"{name}.csv.gz"
        return pandas.read_csv(find_data(file) / file, **options)

    return read


@pytest.fixture
def mnist_folder():
    return find_data("mnist.npz")


@pytest.fixture
def adult_folder():
    return find_data("adult_train.csv.gz", "adult_test.csv.gz")
