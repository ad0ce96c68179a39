"""Scarce classes: folds to train and to judge on, and how many rows to add."""

import sys
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits, load_wine
from sklearn.model_selection import StratifiedKFold

from benchmarks.lib import table_sets

_ADULT_NEGATIVES = 6000
_DIGITS_A_CLASS = 20
_QUICK_ROWS = 800
# Of the third cultivar, in training.
_SCARCE_WINES = 10


class Fold(NamedTuple):
    X_train: Any
    y_train: np.ndarray
    X_test: Any
    y_test: np.ndarray
    share: float | None  # of each class to add; None fills classes up to the largest


def _mammography(seed):
    rows = pd.read_csv(table_sets.path_of("mammography"))
    return rows.drop(columns="target").to_numpy(), (rows["target"] == 1).to_numpy(int)


def _credit_default(seed):
    rows = pd.read_csv(table_sets.path_of("credit_default"))
    y = rows.pop("target").to_numpy(int)
    return rows.to_numpy(float), y


def _wine(seed):
    X, y = load_wine(return_X_y=True)
    return X, (y == 2).astype(int)


def _adult(kept):
    """Adult with 6000 of its negatives and a share of its positives, chosen by seed."""

    def read(seed):
        # What is unknown stays "?", a category: not every method takes missing values.
        rows = pd.read_csv(table_sets.path_of("adult_train"), keep_default_na=False)
        y = (rows.pop("income") == ">50K").to_numpy(int)
        for name in rows.select_dtypes(exclude="number"):
            rows[name] = rows[name].astype("category")
        rng = np.random.default_rng(seed)
        positives = np.flatnonzero(y)
        chosen = np.r_[
            rng.choice(np.flatnonzero(y == 0), _ADULT_NEGATIVES, replace=False),
            rng.choice(positives, round(kept * len(positives)), replace=False),
        ]
        return rows.iloc[chosen].reset_index(drop=True), y[chosen]

    return read


def _digits(seed):
    return load_digits(return_X_y=True)


# Name -> how to read it, the file it needs, the share of rows of each class to add.
SETS = {
    "mammography": (_mammography, "mammography", None),
    "credit_default": (_credit_default, "credit_default", None),
    "wine": (_wine, None, None),
    "adult-10%": (_adult(0.10), "adult_train", None),
    "adult-1%": (_adult(0.01), "adult_train", None),
    "digits+100%": (_digits, None, 1.0),
    "digits+400%": (_digits, None, 4.0),
}


def take(X, lines):
    """Return rows of an array or a frame."""
    if isinstance(X, pd.DataFrame):
        return X.iloc[lines].reset_index(drop=True)
    return X[lines]


def load(name, seed, half, is_quick=False):
    """Return one of the two folds of a seed."""
    read, _, share = SETS[name]
    X, y = read(seed)
    rng = np.random.default_rng([seed, half])
    if is_quick and share is None:
        # Few of the many: a half shall still have some of the scarce.
        scarce, rest = np.flatnonzero(y), np.flatnonzero(y == 0)
        lines = np.r_[scarce[:100], rest[:_QUICK_ROWS]]
        X, y = take(X, lines), y[lines]
    splitter = StratifiedKFold(2, shuffle=True, random_state=seed)
    train, test = list(splitter.split(np.zeros(len(y)), y))[half]
    if share is not None:
        own = [rng.permutation(train[y[train] == c]) for c in np.unique(y)]
        train = np.concatenate([lines[:_DIGITS_A_CLASS] for lines in own])
    if name == "wine":
        scarce = rng.permutation(train[y[train] == 1])[:_SCARCE_WINES]
        train = np.concatenate([train[y[train] == 0], scarce])
    train = rng.permutation(train)
    return Fold(take(X, train), y[train], take(X, test), y[test], share)


def available(names):
    """Return the sets that are there; say which are not."""
    found = []
    for name in names:
        file = SETS[name][1]
        if file is None or table_sets.path_of(file):
            found.append(name)
        else:
            print(
                f"*** {name} IS LEFT OUT: set SKGAN_DATA to the folder with its "
                "file. ***",
                file=sys.stderr,
            )
    return found
