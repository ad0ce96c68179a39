"""The sets of the tables' suite, each split once: no seed moves a row."""

from functools import cache

import numpy as np
import pandas as pd
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
)
from sklearn.model_selection import train_test_split

from benchmarks.lib import table_sets
from benchmarks.lib.table_sets import Table

TEST_SHARE = 0.3
N_QUICK = (300, 150)
N_FACTORS, N_NUMBERS, N_ROWS, NOISE = 8, 60, 6000, 0.3


def _breast_cancer():
    """Thirty numbers, and the diagnosis as a text."""
    bunch = load_breast_cancer(as_frame=True)
    names = bunch.target_names.astype(object)
    return bunch.data.assign(target=names[bunch.target])


def _digits():
    """Pixels of 8 × 8 digits, a column each, without the label."""
    return load_digits(as_frame=True).data


def _factors():
    """Linear relations over many columns: eight latent normals in sixty numbers."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(N_ROWS, N_FACTORS))
    loadings = rng.normal(size=(N_FACTORS, N_NUMBERS))
    X = latent @ loadings + NOISE * rng.normal(size=(N_ROWS, N_NUMBERS))
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(N_NUMBERS)])


# Name -> (rows, the column to predict, the file without which it cannot be had).
SETS = {
    "adult": (None, "income", "adult_train"),
    "credit_default": (None, "target", "credit_default"),
    "beijing_pm25": (None, "pm2.5", "beijing_pm25"),
    "abalone": (None, "target", "abalone"),
    "mammography": (None, "target", "mammography"),
    "auto_imports": (None, "target", "auto_imports"),
    "wine": (lambda: load_wine(as_frame=True).frame, "target", None),
    "breast_cancer": (_breast_cancer, "target", None),
    "diabetes": (
        lambda: load_diabetes(as_frame=True, scaled=False).frame,
        "target",
        None,
    ),
    "digits": (_digits, "pixel_3_4", None),
    "factors": (_factors, "x0", None),
}


@cache
def load(name, is_quick=False):
    """Return the table of a name; a quick one has few rows.

    Adult has its official split, and of all others .3 is held out.
    """
    make, target, file = SETS[name]
    if name == "adult":
        rows = (table_sets.read_rows(f"adult_{part}") for part in ("train", "test"))
        train, test = rows
    else:
        rows = make() if make else table_sets.read_rows(file)
        train, test = train_test_split(rows, test_size=TEST_SHARE, random_state=0)
    if is_quick:
        train, test = train[: N_QUICK[0]], test[: N_QUICK[1]]
    return Table(train.reset_index(drop=True), test.reset_index(drop=True), target)


def is_there(name):
    """Whether the file of a set is there, or it needs none."""
    file = SETS[name][2]
    return file is None or table_sets.path_of(file) is not None
