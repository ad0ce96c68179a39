"""What models learn of every column from synthetic rows, relative to real ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from skgan._validation import check_stream
from skgan.metrics._classifier import _fitted, _joined, _mean_auc, _tree_columns
from skgan.metrics._inputs import (
    check_count,
    check_n_rows,
    draw_rows,
    draw_seed,
)

# Rarer levels of a column count as one class.
_MAX_CLASSES = 10
_N_TREES = 50
# Values that a column of numbers must have in each set to be foretold.
_MIN_VALUES = 10


def global_utility(
    X_train: Any,
    X_holdout: Any,
    X_synthetic: Any,
    *,
    max_samples: int = 10_000,
    random_state: Any = None,
) -> float:
    """How well synthetic rows teach each column given all others, relative to real.

    Parameters
    ----------
    X_train : array-like of shape (n_train, n_columns) or DataFrame
        Rows that the sampler was trained on. At least two columns.
    X_holdout : array-like of shape (n_holdout, n_columns) or DataFrame
        Real rows that all models are tested on.
    X_synthetic : array-like of shape (n_synthetic, n_columns) or DataFrame
        Rows drawn from the sampler, with the same columns.
    max_samples : int, default=10_000
        Larger sets are reduced to so many rows; training and synthetic rows always
        to equally many.
    random_state : int, RandomState instance or None, default=None
        Chooses rows and seeds the boosted trees.

    Returns
    -------
    ratio : float
        Mean over columns; 1 is ideal. `global_utility_scores` has each.

    Raises
    ------
    ValueError
        If a set has fewer than two rows, the columns differ, or none can be judged.

    Notes
    -----
    For each column j a model of boosted trees learns it from all others, once from
    synthetic and once from training rows, and the mean over columns is taken of
    score_j(synthetic) / score_j(real) [1]_. The score of levels is the ROC AUC, a
    mean over classes against the rest, the tenth and rarer ones taken together; that
    of numbers the inverse of the root mean squared error. Columns that are constant
    in a set are left out.

    References
    ----------
    .. [1] Jiang, X., Simidjievski, N. and Jamnik, M. (2025). TabStruct: Measuring
       structural fidelity of tabular data. arXiv 2509.11950 ("global utility").

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import global_utility
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 1)) + 0.1 * rng.normal(size=(600, 2))
    >>> shuffled = rng.permuted(X[:300], axis=0)
    >>> global_utility(X[:300], X[300:], X[:300], random_state=0)
    1.0
    >>> global_utility(X[:300], X[300:], shuffled, random_state=0) < 0.5
    True
    """
    scores = global_utility_scores(
        X_train,
        X_holdout,
        X_synthetic,
        max_samples=max_samples,
        random_state=random_state,
    )
    return float(np.mean(list(scores.values())))


def global_utility_scores(
    X_train: Any,
    X_holdout: Any,
    X_synthetic: Any,
    *,
    max_samples: int = 10_000,
    random_state: Any = None,
) -> dict[Any, float]:
    """How well synthetic rows teach each column; see `global_utility`.

    Parameters are those of `global_utility`.

    Returns
    -------
    ratios : dict of column name (or index) to float
        Of each column that can be judged.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import global_utility_scores
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 1)) + 0.1 * rng.normal(size=(600, 2))
    >>> global_utility_scores(X[:300], X[300:], X[:300], random_state=0)
    {0: 1.0, 1: 1.0}
    """
    check_count("max_samples", max_samples, minimum=2)
    generator = check_stream("random_state", random_state)
    names = ("X_train", "X_holdout", "X_synthetic")
    sets = (X_train, X_holdout, X_synthetic)
    blocks, ends = _joined(*zip(names, sets, strict=True))
    labels = [label for block in blocks for label in block.labels]
    rows, is_category = _tree_columns(blocks, ends)
    parts = np.split(rows, ends)
    for name, part in zip(names, parts, strict=True):
        check_n_rows(name, len(part), 2)
    n = min(max_samples, len(parts[0]), len(parts[2]))
    sizes = (n, min(max_samples, len(parts[1])), n)
    # The same choice of as many rows, so that a copy of the training rows gets 1.
    choice = draw_seed(generator)
    train, holdout, synthetic = (
        draw_rows(part, size, np.random.RandomState(choice))
        for part, size in zip(parts, sizes, strict=True)
    )
    seed, ratios = draw_seed(generator), {}
    for j, label in enumerate(labels):
        tasks = [_task(part, j, is_category[j]) for part in (train, holdout, synthetic)]
        if len(labels) > 1 and all(_can_be_learnt(y, is_category[j]) for _, y in tasks):
            others = np.delete(is_category, j)
            ratios[label] = _ratio(tasks, others, is_category[j], seed)
    if not ratios:
        raise ValueError(
            "No column can be foretold from others: there must be two at least, of "
            "which one varies in all three sets."
        )
    return ratios


def _task(rows: np.ndarray, j: int, is_class: bool) -> tuple[np.ndarray, np.ndarray]:
    """The other columns and column j, of the rows in which it is known."""
    y = rows[:, j]
    known = ~np.isnan(y)
    X, y = np.delete(rows[known], j, axis=1), y[known]
    return X, np.minimum(y, _MAX_CLASSES - 1).astype(np.int64) if is_class else y


def _can_be_learnt(y: np.ndarray, is_class: bool) -> bool:
    """Whether models can be compared on a column."""
    return len(y) >= (2 if is_class else _MIN_VALUES) and bool((y != y[0]).any())


def _ratio(tasks, others: np.ndarray, is_class: bool, seed: int) -> float:
    """The score of what synthetic rows teach over that of real ones."""
    Trees = (
        HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor
    )
    model = Trees(
        max_iter=_N_TREES,
        early_stopping=False,
        categorical_features=others,
        random_state=seed,
    )
    train, (X, y), synthetic = tasks
    on_real = _fitted(model, train[0], train[1], is_class)
    on_synthetic = _fitted(model, synthetic[0], synthetic[1], is_class)
    if is_class:
        return _mean_auc(on_synthetic, X, y) / _mean_auc(on_real, X, y)
    errors = [np.mean((m.predict(X) - y) ** 2) for m in (on_real, on_synthetic)]
    tiny = np.finfo(np.float64).tiny
    return float(np.sqrt((errors[0] + tiny) / (errors[1] + tiny)))
