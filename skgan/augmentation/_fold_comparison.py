"""How many synthetic rows: amounts compared on folds of the training rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold, check_cv

from skgan._validation import check_integer
from skgan.frames import take_rows

# Rows of a class, at least, that each fold leaves to learn from.
_MIN_LEFT = 2


def is_auto(n_synthetic) -> bool:
    """Whether an amount is to be chosen; any other word is an error."""
    if not isinstance(n_synthetic, str):
        return False
    if n_synthetic != "auto":
        raise TypeError(f"n_synthetic must be a number or 'auto', got {n_synthetic!r}.")
    return True


def is_by_row(value, n_rows: int) -> bool:
    """Whether a parameter of a method has a value for each row."""
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__len__"):
        return False
    return getattr(value, "ndim", 1) > 0 and len(value) == n_rows


def select_rows(params: dict, lines: NDArray, n_rows: int) -> dict:
    """Return parameters of a method for some of the rows."""
    return {
        name: take_rows(np.asarray(value), lines) if is_by_row(value, n_rows) else value
        for name, value in params.items()
    }


def make_folds(cv, X, y: NDArray, is_seen: NDArray, params: dict, seed: int, strata):
    """Return pairs of places: of rows to train on, and of rows to score on.

    `cv` is a number of shuffled folds, or what scikit-learn splits by. Rows that are
    not `is_seen` have no weight and are never scored. If rows are too few, there are
    fewer folds or none, after a warning.
    """
    if not isinstance(cv, Integral):
        splits = check_cv(cv, y, classifier=strata).split(X, y, **params)
        return [(a, b[is_seen[b]]) for a, b in splits]
    n_folds = check_integer("cv", cv, 2)
    lines = np.flatnonzero(is_seen)
    seen = y[lines]
    n = int(np.unique(seen, return_counts=True)[1].min()) if strata else len(seen)
    rows = f"{n} row{'s' * (n != 1)} of {'a class' if strata else 'them'}"
    n_left = n - -(-n // min(n, n_folds))
    if n_left < _MIN_LEFT:
        warnings.warn(
            f"n_synthetic='auto' adds no rows: there are {rows}, and folds would leave "
            f"{n_left} to learn from.",
            stacklevel=4,
        )
        return []
    if n < n_folds:
        warnings.warn(
            f"n_synthetic='auto' compares in {n} folds, not cv={n_folds}: there are "
            f"{rows}.",
            stacklevel=4,
        )
    kind = StratifiedKFold if strata else KFold
    splitter = kind(min(n, n_folds), shuffle=True, random_state=seed)
    unseen = np.flatnonzero(~is_seen)
    return [
        (np.concatenate([lines[a], unseen]), lines[b])
        for a, b in splitter.split(lines, seen)
    ]


def compare(settings: list[dict], totals: list[int], folds, score: Callable) -> dict:
    """Score each setting in each fold, and return a table like that of a search.

    The first setting adds nothing: gains are measured from it. ``score(fold)`` returns
    the score of each setting, `totals` are the rows that each adds to all rows.
    """
    scores = np.full((len(folds), len(settings)), np.nan)
    for i, fold in enumerate(folds):
        scores[i] = score(*fold)
    nothing = np.full(len(settings), np.nan)
    gains = scores - scores[:, :1]
    mean = scores.mean(axis=0) if len(folds) else nothing
    order = np.nan_to_num(-mean, nan=np.inf)
    return {
        "params": settings,
        "n_synthetic": np.array(totals),
        **{f"split{i}_test_score": row for i, row in enumerate(scores)},
        "mean_test_score": mean,
        "std_test_score": scores.std(axis=0) if len(folds) else nothing,
        "rank_test_score": np.searchsorted(np.sort(order), order) + 1,
        "mean_gain": gains.mean(axis=0) if len(folds) else nothing,
        "gain_error": standard_error(gains, folds) if len(folds) > 1 else nothing,
    }


def standard_error(gains: NDArray, folds) -> NDArray:
    r"""Return the standard error of the mean gain over folds that share rows.

    Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52,
    2003: :math:`\sqrt{(1 / k + n_\mathrm{test} / n_\mathrm{train}) s^2}`.
    """
    share = np.mean([len(held_out) / len(train) for train, held_out in folds])
    return gains.std(axis=0, ddof=1) * np.sqrt(1 / len(folds) + share)


def best_index(table: dict) -> int:
    """Return the setting of the best mean score; 0 where it gains no standard error."""
    means = np.nan_to_num(table["mean_test_score"], nan=-np.inf)
    best = int(means.argmax())
    is_clear = table["mean_gain"][best] > table["gain_error"][best]
    return best if is_clear else 0
