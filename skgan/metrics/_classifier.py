"""Classifiers as judges: can one tell the sets apart, can one learn from samples."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.metrics import get_scorer, r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.utils.multiclass import type_of_target

from skgan._messages import counted
from skgan._tree_threads import tree_threads
from skgan._validation import check_stream
from skgan.frames import as_rows, is_table
from skgan.metrics._blocks import Block, match_blocks, read_blocks, without
from skgan.metrics._inputs import (
    as_vectors,
    check_count,
    check_n_rows,
    draw_rows,
    draw_seed,
)
from skgan.metrics._reference import ReferenceSpace
from skgan.metrics._row_names import shared_identifiers

_MAX_LEVELS = 255  # that scikit-learn's trees take
# Values that a set needs for each of its folds to hold one, all but surely.
_MIN_PRESENT = 50


def c2st(
    X_real: Any,
    X_synthetic: Any,
    *,
    estimator: Any = None,
    cv: int = 5,
    random_state: Any = None,
) -> float:
    """Classifier two-sample test: 1 when real and synthetic rows look alike.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, held out from training. At least `cv`.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least `cv`.
    estimator : classifier or None, default=None
        The judge; a stronger one gives a lower score. None is boosted trees, which
        take the columns as they are. Any other is cloned and given the rows in a
        `ReferenceSpace` fitted on both sets: standardised numbers, one-hot levels.
    cv : int, default=5
        Number of folds, shuffled and stratified.
    random_state : int, RandomState instance or None, default=None
        Shuffles the folds, seeds the trees, and chooses rows of the larger set,
        which is reduced to the size of the other.

    Returns
    -------
    score : float
        1 - 2 max(0, AUC - ½), in [0, 1], where AUC is the mean over folds. Chance
        leaves a perfect sampler slightly below 1: `confidence_interval` says how far
        it goes.

    Raises
    ------
    ValueError
        If a set has too few rows, or the columns differ.

    Warns
    -----
    UserWarning
        If the AUC is far below ½. Then `X_synthetic` repeats rows of `X_real`, and
        the judge mistakes a row for its twin in another fold: the score means
        nothing.

    References
    ----------
    .. [1] Lopez-Paz, D. and Oquab, M. (2017). Revisiting classifier two-sample
       tests. ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skgan.metrics import c2st
    >>> rng = np.random.default_rng(0)
    >>> X_real, X_synthetic = rng.normal(size=(2, 300, 2))
    >>> judge = LogisticRegression()
    >>> bool(c2st(X_real, X_synthetic, estimator=judge, random_state=0) > 0.8)
    True
    >>> c2st(X_real, X_synthetic + 9, estimator=judge, random_state=0)
    0.0
    """
    auc, n_rows = held_out_auc(X_real, X_synthetic, estimator, cv, random_state)
    if auc < 0.5 - 5 / np.sqrt(6 * n_rows):  # five standard errors
        warnings.warn(
            f"c2st: the AUC of {auc:.2f} is far below chance, so X_synthetic repeats "
            f"rows of X_real. Judge with held-out rows, and see duplicate_rate.",
            stacklevel=2,
        )
    return float(1 - 2 * max(0.0, auc - 0.5))


def held_out_auc(
    X_real: Any,
    X_synthetic: Any,
    estimator: Any = None,
    cv: int = 5,
    random_state: Any = None,
) -> tuple[float, int]:
    """Return the mean AUC over folds, and how many rows of each set were judged.

    The parameters are those of `c2st`.
    """
    check_count("cv", cv, minimum=2)
    generator = check_stream("random_state", random_state)
    # Read jointly: a rare level would else tell the sets apart by being unknown.
    blocks, ends = _joined(("X_real", X_real), ("X_synthetic", X_synthetic))
    n_real, n_synthetic = ends[0], len(blocks[0].values) - ends[0]
    check_n_rows("X_real", n_real, cv)
    check_n_rows("X_synthetic", n_synthetic, cv)
    if estimator is None:
        rows, is_category = _tree_columns(blocks, ends)
        estimator = HistGradientBoostingClassifier(
            categorical_features=is_category, random_state=draw_seed(generator)
        )
    else:
        rows = ReferenceSpace()._fit_blocks(blocks)._transform_blocks(blocks)[0]
    n_rows = min(n_real, n_synthetic)
    real = draw_rows(rows[:n_real], n_rows, generator)
    synthetic = draw_rows(rows[n_real:], n_rows, generator)
    # Unshuffled folds would let a bootstrap copy pass for perfect.
    folds = StratifiedKFold(cv, shuffle=True, random_state=draw_seed(generator))
    with tree_threads():
        auc = cross_val_score(
            estimator,
            np.vstack([real, synthetic]),
            np.repeat([0, 1], n_rows),
            scoring="roc_auc",
            cv=folds,
            error_score="raise",
        ).mean()
    return float(auc), n_rows


def train_on_synthetic(
    X_train: Any,
    X_holdout: Any,
    X_synthetic: Any,
    *,
    target: Any = None,
    estimator: Any = None,
    scoring: Any = None,
    random_state: Any = None,
) -> float:
    """What a model learns from synthetic rows, relative to real ones.

    Parameters
    ----------
    X_train : tuple (X, y), array-like of shape (n_train, n_columns) or DataFrame
        Rows that the sampler was trained on.
    X_holdout : same as X_train
        Real rows that both models are tested on.
    X_synthetic : same as X_train
        Rows drawn from the sampler; the (X, y) of a conditional one, as it is.
    target : column name or int, default=None
        The column to predict (its index, for arrays). Not used with (X, y) pairs.
    estimator : classifier, regressor or None, default=None
        The model, cloned for each training set. None is boosted trees, for
        regression if the target has fractions or texts that spell dates or numbers,
        else for classification. Any other is given its columns in a `ReferenceSpace`
        fitted on `X_train`.
    scoring : str, callable or None, default=None
        scikit-learn scoring, positive and higher is better. None is ROC AUC
        (averaged over classes against the rest), or R² for regression.
    random_state : int, RandomState instance or None, default=None
        Seeds the boosted trees.

    Returns
    -------
    ratio : float
        Score of the model trained on synthetic rows over that of the model trained
        on real ones. 1 is ideal. `train_on_synthetic_scores` has both.

    Raises
    ------
    ValueError
        If the columns differ, the target is not there, or the model trained on real
        rows scores no more than 0.

    References
    ----------
    .. [1] Esteban, C. et al. (2017). Real-valued (medical) time series generation
       with recurrent conditional GANs. arXiv 1706.02633 ("train on synthetic,
       test on real").

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import train_on_synthetic
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 2))
    >>> real = (X[:150], X[:150, 0] > 0)
    >>> holdout = (X[150:], X[150:, 0] > 0)
    >>> shuffled = (X[:150], rng.permutation(X[:150, 0] > 0))
    >>> train_on_synthetic(real, holdout, real, random_state=0)
    1.0
    >>> train_on_synthetic(real, holdout, shuffled, random_state=0) < 0.8
    True
    """
    on_synthetic, on_real = train_on_synthetic_scores(
        X_train,
        X_holdout,
        X_synthetic,
        target=target,
        estimator=estimator,
        scoring=scoring,
        random_state=random_state,
    )
    if on_real <= 0:
        raise ValueError(
            f"The model trained on real rows scores {on_real:.3g}, so a ratio means "
            f"nothing: use another estimator or scoring."
        )
    return on_synthetic / on_real


def train_on_synthetic_scores(
    X_train: Any,
    X_holdout: Any,
    X_synthetic: Any,
    *,
    target: Any = None,
    estimator: Any = None,
    scoring: Any = None,
    random_state: Any = None,
) -> tuple[float, float]:
    """Scores of a model trained on synthetic rows, and of one trained on real rows.

    Parameters are those of `train_on_synthetic`.

    Returns
    -------
    on_synthetic, on_real : float
        Both on the held-out rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import train_on_synthetic_scores
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> real, holdout = (X[:150], X[:150, 0] > 0), (X[150:], X[150:, 0] > 0)
    >>> scores = train_on_synthetic_scores(real, holdout, real, random_state=0)
    >>> scores[0] == scores[1] > 0.9
    True
    """
    found = teach_models(
        X_train, X_holdout, X_synthetic, target, estimator, scoring, random_state
    )
    return found.scores


class TaughtModels(NamedTuple):
    """Two models, one taught on synthetic and one on real rows, and how good they are.

    Parameters
    ----------
    models : tuple of estimators
        Of synthetic, of real rows.
    scores : tuple of float
        Of both on the held-out rows.
    score : callable
        ``score(model, X, y)``.
    X_holdout, y_holdout : ndarray
        The held-out rows as models take them, and what is to be predicted.
    is_classification : bool
        Whether that are classes.
    """

    models: tuple[Any, Any]
    scores: tuple[float, float]
    score: Any
    X_holdout: np.ndarray
    y_holdout: np.ndarray
    is_classification: bool


def teach_models(
    X_train, X_holdout, X_synthetic, target, estimator, scoring, random_state
) -> TaughtModels:
    """Return models and scores; parameters are those of `train_on_synthetic`."""
    names = ("X_train", "X_holdout", "X_synthetic")
    pairs = [
        _features_and_target(rows, target, name)
        for name, rows in zip(names, (X_train, X_holdout, X_synthetic), strict=True)
    ]
    named = [(name, X) for name, (X, _) in zip(names, pairs, strict=True)]
    targets = [y for _, y in pairs]
    numbers = _spelled_targets((X_train, X_holdout, X_synthetic), target, names)
    if estimator is not None:
        features = as_vectors(*named, min_rows=1)
        is_classification = is_classifier(estimator)
    else:
        blocks, ends = _joined(*named)
        rows, is_category = _tree_columns(blocks, ends)
        features = np.split(rows, ends)
        is_continuous = type_of_target(targets[0]).startswith("continuous")
        is_classification = numbers is None and not is_continuous
        Trees = (
            HistGradientBoostingClassifier
            if is_classification
            else HistGradientBoostingRegressor
        )
        seed = draw_seed(check_stream("random_state", random_state))
        estimator = Trees(categorical_features=is_category, random_state=seed)
    if numbers is not None and not is_classification:
        targets = numbers
    for name, X, y in zip(names, features, targets, strict=True):
        check_n_rows(name, len(X), 2)
        if len(X) != len(y):
            raise ValueError(f"{name}: X has {counted(len(X), 'row')} and y {len(y)}.")
    if is_classification:
        targets = _class_codes(targets)
    score = _scoring(scoring, is_classification)
    train, holdout, synthetic = zip(features, targets, strict=True)
    with tree_threads():
        models = (
            _fitted(estimator, *synthetic, is_classification),
            _fitted(estimator, *train, is_classification),
        )
        scores = (score(models[0], *holdout), score(models[1], *holdout))
    return TaughtModels(models, scores, score, *holdout, is_classification)


def _joined(*named: tuple[str, Any]) -> tuple[list[Block], list[int]]:
    """All rows in blocks, one set after the other, and where each set but one ends."""
    ignored = shared_identifiers(*(rows for _, rows in named))
    framed = is_table(named[0][1])
    like = read_blocks(named[0][1], named[0][0])
    like = without(like, ignored)
    return join_blocks(
        [match_blocks(rows, like, framed, name, ignored) for name, rows in named]
    )


def join_blocks(sets: list[list[Block]]) -> tuple[list[Block], list[int]]:
    """Return the rows of several sets, one after the other, and where all but one end.

    Their blocks are of the same columns and kinds.
    """
    joined = [
        Block(
            parts[0].labels,
            np.concatenate([part.values for part in parts]),
            parts[0].shared_scale,
        )
        for parts in zip(*sets, strict=True)
    ]
    ends = np.cumsum([len(blocks[0].values) for blocks in sets])[:-1]
    return joined, ends.tolist()


def _tree_columns(
    blocks: list[Block], ends: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers as they are, levels as codes; and which columns have codes."""
    columns = [
        block.values.astype(np.float64) if block.is_numeric else _coded(block.values)
        for block in blocks
    ]
    is_category = np.repeat(
        [not block.is_numeric for block in blocks], [block.width for block in blocks]
    )
    return _without_empty(np.hstack(columns), ends), is_category


def _without_empty(rows: np.ndarray, ends: list[int]) -> np.ndarray:
    """Put a number beyond all others for what is missing where little is present.

    Boosted trees refuse a column without a value, in a set or in a fold of it.
    """
    present = ~np.isnan(rows)
    counts = [part.sum(axis=0) for part in np.split(present, ends)]
    is_scarce = (np.min(counts, axis=0) < _MIN_PRESENT) & ~present.all(axis=0)
    for j in np.flatnonzero(is_scarce):
        largest = np.max(rows[present[:, j], j], initial=0.0)
        rows[~present[:, j], j] = largest + max(1.0, abs(largest))
    return rows


def _coded(values: np.ndarray) -> np.ndarray:
    """Levels as a column of codes, most frequent first; rare ones share the last."""
    ranked = Counter(values.tolist()).most_common()
    codes = {
        level: min(rank, _MAX_LEVELS - 1) for rank, (level, _) in enumerate(ranked)
    }
    return np.array([[codes[value]] for value in values], dtype=np.float64)


def _features_and_target(rows: Any, target: Any, name: str) -> tuple[Any, np.ndarray]:
    if isinstance(rows, tuple) and len(rows) == 2:
        X, y = rows
        return as_rows(X, name), np.asarray(y)
    if target is None:
        raise ValueError(
            f"{name} must be a pair (X, y), or target must name the column to predict."
        )
    rows = as_rows(rows, name)
    if is_table(rows):
        if target not in list(rows.columns):
            raise ValueError(f"{name} has no column {target!r} to predict.")
        y = np.asarray(rows[target])
        X = rows.drop(columns=[target]) if hasattr(rows, "iloc") else rows.drop(target)
        return X, y
    array = np.asarray(rows)
    return np.delete(array, target, axis=1), array[:, target]


def _spelled_targets(sets: tuple, target: Any, names: tuple) -> list | None:
    """Return columns of texts as what they spell; None if any does not, or lacks it."""
    frames = [as_rows(rows) for rows in sets if not isinstance(rows, tuple)]
    if len(frames) < len(sets) or not all(map(is_table, frames)):
        return None
    (like,) = read_blocks(frames[0][[target]], names[0])
    if like.spelled is None:
        return None
    numbers = [
        match_blocks(rows[[target]], [like], True, name)[0].values[:, 0].astype(float)
        for rows, name in zip(frames, names, strict=True)
    ]
    return None if any(np.isnan(values).any() for values in numbers) else numbers


def _class_codes(targets: list[np.ndarray]) -> list[np.ndarray]:
    codes: dict[Any, int] = {}
    return [
        np.array([codes.setdefault(value, len(codes)) for value in y.tolist()])
        for y in targets
    ]


def _fitted(estimator: Any, X: np.ndarray, y: np.ndarray, classify: bool) -> Any:
    if classify and len(np.unique(y)) == 1:  # a collapsed sampler teaches no more
        return DummyClassifier().fit(X, y)
    return clone(estimator).fit(X, y)


def _scoring(scoring: Any, is_classification: bool) -> Any:
    if scoring is not None:
        scorer = get_scorer(scoring)
        return lambda model, X, y: float(scorer(model, X, y))
    if is_classification:
        return _mean_auc
    return lambda model, X, y: float(r2_score(y, model.predict(X)))


def _mean_auc(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Mean AUC of the classes in y, each against the rest.

    A class that the model has not seen has probability 0.
    """
    if not hasattr(model, "predict_proba"):
        raise ValueError("estimator has no predict_proba: give scoring.")
    present = np.unique(y)
    if len(present) < 2:
        raise ValueError("X_holdout must hold rows of at least two classes.")
    probabilities = dict(zip(model.classes_, model.predict_proba(X).T, strict=True))
    unseen = np.zeros(len(y))
    return float(
        np.mean([roc_auc_score(y == c, probabilities.get(c, unseen)) for c in present])
    )
