"""Cells hidden from complete tables, and how good their imputations are."""

import warnings

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.metrics import r2_score, roc_auc_score

from benchmarks.lib.table_sets import read_rows
from skgan.metrics import c2st, energy_distance

# Name -> its file and the column that a model learns to foretell.
SETS = {
    "abalone": ("abalone", "target"),
    "beijing_pm25": ("beijing_pm25", "pm2.5"),
    "credit_default": ("credit_default", "target"),
    "adult": ("adult_train", "income"),
}
# A column of numbers with at most so many values is one of levels.
MAX_CODES = 10
# No row loses a cell with a larger chance.
MAX_CHANCE = 0.95


def load(name, n_rows, seed):
    """Return rows to hide cells of, as many fresh ones, and the target's name."""
    file, target = SETS[name]
    rows = read_rows(file).dropna().sample(frac=1, random_state=seed)
    for column in rows:
        is_number = rows[column].dtype.kind in "if"
        if not is_number or rows[column].nunique() <= MAX_CODES:
            rows[column] = rows[column].astype("category")
        else:
            rows[column] = rows[column].astype("float64")
    n = min(n_rows, len(rows) // 2)
    rows = rows.reset_index(drop=True)
    return rows[:n], rows[n : 2 * n].reset_index(drop=True), target


def hide(rows, share, kind, seed):
    """Return which cells are hidden: a share of them, of all columns alike.

    ``kind="mcar"``: completely at random. ``kind="mar"``: with a chance that rises
    with the rank of a column that the seed chooses, and which keeps all its cells.
    """
    rng = np.random.default_rng(seed)
    if kind == "mcar":
        return rng.random(rows.shape) < share
    place = int(rng.integers(rows.shape[1]))
    column = rows.iloc[:, place]
    column = column.cat.codes if column.dtype == "category" else column
    chance = (2 * share * column.rank(pct=True).to_numpy()).clip(0, MAX_CHANCE)
    is_hidden = rng.random(rows.shape) < chance[:, None]
    is_hidden[:, place] = False
    return is_hidden


def judge(rows, fresh, is_hidden, guess, draws, target, seed):
    """Return a dict of measures.

    ``error_numbers``: root mean squared error of the guess over the standard
    deviation, mean over columns; ``error_levels``: share of levels that the guess
    misses. ``energy`` and ``c2st`` compare fresh real rows with the first draw.
    ``cover``: share of numbers whose rank among 19 draws, ties broken at random, is
    neither the first nor the last: .9 is right. ``utility``: ROC AUC, or R², on fresh
    rows of boosted trees that learnt the target from the first draw.
    """
    completed = draws[0]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "c2st: the AUC", UserWarning)
        score = c2st(fresh, completed, random_state=seed)
    measures = {
        "error_numbers": _mean(_errors_of_numbers(rows, is_hidden, guess)),
        "error_levels": _mean(_errors_of_levels(rows, is_hidden, guess)),
        "energy": float(energy_distance(fresh, completed, random_state=seed)),
        "c2st": float(score),
        "utility": _utility(completed, fresh, target, seed),
    }
    if len(draws) > 1:
        measures["cover"] = _mean(_covered(rows, is_hidden, draws, seed))
    return measures


def _mean(values):
    return float(np.mean(values)) if len(values) else None


def _columns(rows, is_hidden, is_level):
    """Names and masks of the columns of a kind of which a cell is hidden."""
    return [
        (name, mask)
        for name, mask in zip(rows, is_hidden.T, strict=True)
        if mask.any() and (rows[name].dtype == "category") == is_level
    ]


def _errors_of_numbers(rows, is_hidden, guess):
    return [
        np.sqrt(((rows[name] - guess[name])[mask] ** 2).mean()) / rows[name].std()
        for name, mask in _columns(rows, is_hidden, is_level=False)
    ]


def _errors_of_levels(rows, is_hidden, guess):
    return [
        (rows[name].astype(object) != guess[name].astype(object))[mask].mean()
        for name, mask in _columns(rows, is_hidden, is_level=True)
    ]


def _covered(rows, is_hidden, draws, seed):
    rng, shares = np.random.default_rng(seed), []
    for name, mask in _columns(rows, is_hidden, is_level=False):
        truth = rows[name].to_numpy()[mask]
        drawn = np.stack([draw[name].to_numpy()[mask] for draw in draws])
        ties = (drawn == truth).sum(axis=0)
        rank = (drawn < truth).sum(axis=0) + rng.integers(0, ties + 1)
        shares.append(((rank > 0) & (rank < len(draws))).mean())
    return shares


def _utility(completed, fresh, target, seed):
    train, test = (rows.drop(columns=target) for rows in (completed, fresh))
    settings = {"categorical_features": "from_dtype", "random_state": seed}
    if fresh[target].dtype != "category":
        model = HistGradientBoostingRegressor(**settings).fit(train, completed[target])
        return float(r2_score(fresh[target], model.predict(test)))
    model = HistGradientBoostingClassifier(**settings)
    model.fit(train, completed[target].astype(str))
    is_last = fresh[target].astype(str) == model.classes_[-1]
    return float(roc_auc_score(is_last, model.predict_proba(test)[:, -1]))


def as_hidden(rows, is_hidden):
    """Return rows without their hidden cells."""
    return pd.DataFrame(
        {name: rows[name].mask(m) for name, m in zip(rows, is_hidden.T, strict=True)}
    )
