"""Every measure of a sampled table that the benchmarks of tables print."""

import warnings

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

from skgan.metrics import (
    alpha_precision,
    authenticity,
    beta_recall,
    c2st,
    column_shapes,
    coverage,
    dcr_share,
    duplicate_rate,
    global_utility,
    membership_auc,
    pair_trends,
    train_on_synthetic_scores,
)

# Key -> how a table is headed and how it shows the figure, in the tables' order.
MEASURES = {
    "shape": ("Shape", "{:.4f}"),
    "trend": ("Trend", "{:.4f}"),
    "tstr": ("TSTR", "{:.4f}"),
    "global_utility": ("global utility", "{:.3f}"),
    "c2st": ("C2ST trees", "{:.3f}"),
    "c2st_lr": ("C2ST linear", "{:.3f}"),
    "alpha_precision": ("α-precision", "{:.3f}"),
    "beta_recall": ("β-recall", "{:.3f}"),
    "beta_recall_train": ("β-recall, train", "{:.3f}"),
    "coverage": ("coverage", "{:.3f}"),
    "dcr_share": ("DCR share", "{:.3f}"),
    "authenticity": ("authenticity", "{:.3f}"),
    "membership": ("membership AUC", "{:.3f}"),
    "duplicates": ("duplicates", "{:.4f}"),
}


def judge(train, test, synthetic, seed, target="income", quick=False):
    """Return what `skgan.metrics` says of synthetic rows.

    Parameters
    ----------
    train, test : DataFrame
        Rows that the sampler has and has not seen.
    synthetic : DataFrame
        Its rows, with the same columns; best as many as in `train`.
    seed : int
        Shuffles folds and chooses rows where there are too many.
    target : str
        The column that a model learns to predict: by its ROC AUC, or by R² if it
        holds numbers of more than two values.
    quick : bool
        Shape, Trend, TSTR and C2ST by boosted trees only.

    Returns
    -------
    measures : dict of str to float
        Those of `MEASURES`, and ``tstr_real``, of a model that learnt on `train`.
        On Adult, a sample of 16 281 rows takes 6 s of one core if quick, else about
        a minute.

    Notes
    -----
    Shape and Trend compare with the training rows; a perfect sampler falls short
    of 1 by what chance leaves, the more the fewer rows are given. C2ST, α-precision,
    β-recall and coverage compare the test rows with as many synthetic ones, and
    ``beta_recall_train`` as many training rows, which is how published figures are
    made. TSTR and duplicates take all synthetic rows, all other measures as many as
    there are test rows. For the DCR share, training rows are reduced to the number of
    test rows; a copy of a row that this leaves out counts as fresh, so that copies
    get .75, not 1, where the training rows are twice as many. The metrics reduce what
    exceeds 20 000 rows as their parameter `max_samples` says.
    """
    on_synthetic, on_real = _utility(train, test, synthetic, target, seed)
    n = min(len(test), len(synthetic))
    held_out, drawn = _some(test, n, seed), _some(synthetic, n, seed + 1)
    measures = {
        "shape": column_shapes(train, synthetic),
        "trend": pair_trends(train, synthetic),
        "tstr": on_synthetic,
        "tstr_real": on_real,
        "c2st": _c2st(held_out, drawn, random_state=seed),
    }
    if quick:
        return measures
    linear = LogisticRegression(max_iter=1000)
    seen = _some(train, n, seed + 2)
    fixed = {"random_state": seed}
    return measures | {
        "global_utility": global_utility(train, test, synthetic, **fixed),
        "c2st_lr": _c2st(held_out, drawn, estimator=linear, random_state=seed),
        "alpha_precision": alpha_precision(held_out, drawn),
        "beta_recall": beta_recall(held_out, drawn, **fixed),
        "beta_recall_train": beta_recall(seen, drawn, **fixed),
        "coverage": coverage(held_out, drawn, **fixed),
        "dcr_share": dcr_share(train, held_out, drawn, **fixed),
        "authenticity": authenticity(train, drawn, **fixed),
        "membership": membership_auc(train, held_out, drawn, **fixed),
        "duplicates": duplicate_rate(train, synthetic),
    }


def _some(rows, n, seed):
    """Return n rows chosen by the seed, all if there are no more."""
    return rows if len(rows) <= n else rows.sample(n, random_state=seed)


def _c2st(held_out, drawn, **settings):
    with warnings.catch_warnings():
        # Of a bootstrap of few rows: the figure shows it.
        warnings.filterwarnings("ignore", "c2st: the AUC", UserWarning)
        return c2st(held_out, drawn, **settings)


def _utility(train, test, synthetic, target, seed):
    """Scores of a model that learnt on synthetic rows, and of one on real rows."""
    sets = (train, test, synthetic)
    if train[target].dtype.kind not in "iuf" or train[target].nunique() <= 2:
        return train_on_synthetic_scores(*sets, target=target, random_state=seed)
    return train_on_synthetic_scores(
        *((rows.drop(columns=target), np.asarray(rows[target])) for rows in sets),
        estimator=HistGradientBoostingRegressor(random_state=seed),
    )
