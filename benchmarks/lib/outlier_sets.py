"""Sets of rows with outliers: inliers to learn from, rows to score, and which is what.

Half of the inliers are learnt from; the other half and the outliers are scored.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.lib.table_sets import path_of, read_rows


class OutlierSet(NamedTuple):
    train: object
    test: object
    is_inlier: np.ndarray


def _split(inliers, outliers, seed, n_train=20_000, n_outliers=1000):
    """Half of the inliers to learn from; the rest, and outliers, to score."""
    rng = np.random.default_rng(seed)
    places = rng.permutation(len(inliers))
    half = min(len(inliers) // 2, n_train)
    train, rest = places[:half], places[half : half + 4000]
    odd = rng.permutation(len(outliers))[:n_outliers]
    take = _take_rows(inliers)
    parts = [take(inliers, rest), take(outliers, odd)]
    test = (
        np.concatenate(parts)
        if isinstance(parts[0], np.ndarray)
        else (pd.concat(parts, ignore_index=True))
    )
    return OutlierSet(take(inliers, train), test, np.arange(len(test)) < len(rest))


def _take_rows(rows):
    if isinstance(rows, np.ndarray):
        return lambda X, places: X[places]
    return lambda X, places: X.iloc[places].reset_index(drop=True)


def _one_against_the_rest(load, inlier):
    def make(seed):
        X, y = load(return_X_y=True)
        is_inlier = y == inlier
        return _split(X[is_inlier], X[~is_inlier], seed)

    return make


def _mammography(seed):
    rows = read_rows("mammography")
    X, y = rows.drop(columns="target").to_numpy(), rows["target"].to_numpy()
    return _split(X[y == -1], X[y == 1], seed)


def _abalone(seed):
    """Measures alone: the old are the outliers, among them few very large ones."""
    rows = read_rows("abalone")
    X = rows.drop(columns="target")
    return _split(X[rows["target"] < 16], X[rows["target"] >= 16], seed)


def _young_abalone(seed):
    rows = read_rows("abalone")
    X = rows.drop(columns="target")
    is_odd = rows["target"] <= 4
    return _split(X[~is_odd], X[is_odd], seed)


def _adult(seed):
    """The rare class as a novelty: a table of numbers, categories, missing values."""
    rows = read_rows("adult_train")
    X = rows.drop(columns="income")
    is_odd = (rows["income"].str.strip(" .") == ">50K").to_numpy()
    return _split(X[~is_odd], X[is_odd], seed, n_train=2000)


def _credit(seed):
    rows = read_rows("credit_default")
    X = rows.drop(columns="target").to_numpy(float)
    is_odd = rows["target"].to_numpy() == 1
    return _split(X[~is_odd], X[is_odd], seed, n_train=2000)


def _swapped(seed):
    """Cars, some of which have the engine of another one: each column is usual."""
    rows = read_rows("auto_imports")
    rng = np.random.default_rng(seed)
    odd = rows.copy()
    moved = rng.permutation(len(odd))
    for column in rows.columns[13:22]:
        odd[column] = rows[column].to_numpy()[moved]
    return _split(rows, odd, seed, n_outliers=60)


def _planted(kind):
    """Return a function that makes rows of three factors, and outliers of a kind."""

    def make(seed):
        rng = np.random.default_rng(seed)
        loadings = rng.normal(size=(8, 3))
        noise = 0.4 * rng.normal(size=(1000, 8))
        X = rng.normal(size=(1000, 3)) @ loadings.T + noise
        X[:, 0], X[:, 1] = np.exp(X[:, 0] / 2), np.round(X[:, 1])
        center, spread = X.mean(axis=0), X.std(axis=0)
        n = 300
        outliers = {
            "global": rng.uniform(X.min(axis=0) * 1.1, X.max(axis=0) * 1.1, (n, 8)),
            "local": center + 2 * (X[rng.integers(1000, size=n)] - center),
            "shuffled": np.column_stack([rng.permutation(x)[:n] for x in X.T]),
            "cluster": center
            + spread * (1.3 * rng.normal(size=8) + 0.2 * rng.normal(size=(n, 8))),
        }
        return _split(X, outliers[kind], seed)

    return make


SETS = {
    "Wisconsin": _one_against_the_rest(load_breast_cancer, 1),
    "mammography": _mammography,
    "digits, 8": _one_against_the_rest(load_digits, 8),
    "abalone, old": _abalone,
    "Adult, rich": _adult,
    "credit default": _credit,
    "wine, 1": _one_against_the_rest(load_wine, 1),
    "iris, 1": _one_against_the_rest(load_iris, 1),
    # Settings were chosen on these.
    "wine, 0": _one_against_the_rest(load_wine, 0),
    "wine, 2": _one_against_the_rest(load_wine, 2),
    "digits, 3": _one_against_the_rest(load_digits, 3),
    "digits, 5": _one_against_the_rest(load_digits, 5),
    "abalone, young": _young_abalone,
    "cars, swapped": _swapped,
    "planted, global": _planted("global"),
    "planted, local": _planted("local"),
    "planted, shuffled": _planted("shuffled"),
    "planted, cluster": _planted("cluster"),
}
TUNED_ON = tuple(SETS)[8:]
NEEDS_FILE = {
    "mammography": "mammography",
    "abalone, old": "abalone",
    "abalone, young": "abalone",
    "Adult, rich": "adult_train",
    "credit default": "credit_default",
    "cars, swapped": "auto_imports",
}


def available():
    """Names of the sets whose files are there."""
    return [n for n in SETS if n not in NEEDS_FILE or path_of(NEEDS_FILE[n])]


def plain_numbers(X):
    """Return a transformer that makes standardised numbers of rows for the others."""
    if isinstance(X, np.ndarray):
        return StandardScaler()
    is_number = [pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes]
    numbers = [c for c, number in zip(X.columns, is_number, strict=True) if number]
    levels = [c for c in X.columns if c not in numbers]
    return make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (
            OneHotEncoder(
                handle_unknown="ignore", sparse_output=False, max_categories=50
            ),
            levels,
        ),
    )


def make_set(name, seed, contaminated=0.0):
    """Return a set, with so many outliers among the rows to learn from."""
    rows = SETS[name](seed)
    n = round(contaminated * len(rows.train) / (1 - contaminated))
    if not n:
        return rows
    rng = np.random.default_rng([seed, 1])
    odd = rng.permutation(np.flatnonzero(~rows.is_inlier))[:n]
    kept = np.setdiff1d(np.arange(len(rows.is_inlier)), odd)
    take = _take_rows(rows.test)
    parts = [rows.train, take(rows.test, odd)]
    is_array = isinstance(rows.train, np.ndarray)
    train = np.concatenate(parts) if is_array else pd.concat(parts, ignore_index=True)
    return OutlierSet(train, take(rows.test, kept), rows.is_inlier[kept])
