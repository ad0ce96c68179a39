"""A second opinion on accepted rows, of a family that did not choose them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._groups import is_levels

_MAX_ROWS = 3000  # of each side
_MAX_ONE_HOT = 30
_MISSING = -1e9
_N_ERRORS = 3.0


def forest_judge(
    held_out: np.ndarray,
    plain: np.ndarray,
    accepted: np.ndarray,
    schema: tuple[Any, ...],
    random_state: int = 0,
) -> bool:
    """Whether accepted rows are no easier to tell from real ones than plain rows.

    Parameters
    ----------
    held_out : ndarray of shape (n, d), dtype float64
        Real rows that taught nothing.
    plain, accepted : ndarray of shape (m, d), dtype float64
        Rows as drawn, and those that were kept; at most 3 000 of each set are used.
    schema : tuple of length d
        Entries with an attribute `n_levels` are levels.
    random_state : int, default=0
        Seeds the forests.

    Returns
    -------
    agreed : bool
        False if extremely randomised trees, in two shuffled folds, tell accepted rows
        apart by an AUC above that of plain rows by more than three standard errors of
        the difference: a veto only, for what decides is the gain. True also if the
        judge has no power here: a planted fault, one half of the columns of held-out
        rows shuffled against the other, escapes it.

    References
    ----------
    .. [1] Lopez-Paz, D., Oquab, M. (2017). Revisiting classifier two-sample tests.
       ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.rejection import forest_judge
    >>> rng = np.random.default_rng(0)
    >>> held_out = rng.normal(size=(400, 1)) + 0.1 * rng.normal(size=(400, 2))
    >>> plain = rng.normal(size=(400, 1)) + 0.1 * rng.normal(size=(400, 2))
    >>> worse = rng.normal(size=(400, 2))
    >>> forest_judge(held_out, plain, worse, (None, None))
    False
    """
    rng = np.random.default_rng(random_state)
    n = min(len(held_out), len(plain), len(accepted), _MAX_ROWS)
    real, *drawn = (
        rows[rng.choice(len(rows), n, replace=False)]
        for rows in (held_out, plain, accepted)
    )
    of_plain, of_accepted = (_auc(real, rows, schema, rng) for rows in drawn)
    error = np.sqrt(1 / (3 * max(n, 1)))  # of the difference of AUCs near 0.5
    if of_accepted <= of_plain + _N_ERRORS * error:
        return True
    faulty = real.copy()
    half = rng.permutation(real.shape[1])[: real.shape[1] // 2]
    faulty[:, half] = faulty[rng.permutation(n)][:, half]
    return bool(_auc(real, faulty, schema, rng) < 0.5 + _N_ERRORS * error)


def _auc(
    real: np.ndarray, drawn: np.ndarray, schema: tuple[Any, ...], rng: Any
) -> float:
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    X = _features(np.concatenate([real, drawn]), schema)
    y = np.arange(len(X)) < len(real)
    seed = int(rng.integers(2**31))
    p = np.empty(len(X))
    for train, test in StratifiedKFold(2, shuffle=True, random_state=seed).split(X, y):
        forest = ExtraTreesClassifier(60, min_samples_leaf=3, random_state=seed)
        p[test] = forest.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    return float(roc_auc_score(y, p))


def _features(columns: np.ndarray, schema: tuple[Any, ...]) -> np.ndarray:
    """Numbers and long lists of codes as they are, short ones one-hot."""
    parts = []
    for j, column in enumerate(schema):
        values = columns[:, [j]]
        if is_levels(column) and column.n_levels <= _MAX_ONE_HOT:
            parts.append(values == np.arange(column.n_levels))
        else:
            parts.append(np.where(np.isnan(values), _MISSING, values))
    return np.hstack([part.astype(np.float32) for part in parts])
