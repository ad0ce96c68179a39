"""Trees that tell real rows from drawn ones, grown the fast way or the public way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skgan._messages import warn_user
from skgan._tree_threads import tree_threads

from ._boosted_trees import LEAF, NO_SET, Trees, baseline, concatenate, tree_of
from ._fallback import boost_trees
from ._scoring import TreeScorer

_CHECKED_ROWS = 200  # on which arrays read out are compared with the classifier
_FALLBACK_ROWS = 20_000  # that one public tree sees


@dataclass(frozen=True)
class Growth:
    """How trees are grown; the names are those of scikit-learn's classifier."""

    n_trees: int
    learning_rate: float
    max_leaf_nodes: int
    min_samples_leaf: int
    max_features: float
    l2_regularization: float


def grow(
    columns: np.ndarray,
    is_real: np.ndarray,
    n_groups: list[int],
    growth: Growth,
    grower: str,
    rng: np.random.Generator,
) -> Trees:
    """Return trees whose sum is the log-odds of a real row.

    The first columns hold levels, each as a number below its entry of `n_groups`.
    """
    if grower != "public":
        try:
            return _grow_histogram(columns, is_real, n_groups, growth, rng)
        except UnreadableTreesError as error:
            if grower == "histogram":
                raise
            warn_user(
                f"The trees of this scikit-learn cannot be read ({error}): slower "
                "public ones are grown instead.",
                RuntimeWarning,
            )
    return boost_trees(
        columns,
        is_real,
        len(n_groups),
        n_trees=growth.n_trees,
        learning_rate=growth.learning_rate,
        max_leaf_nodes=growth.max_leaf_nodes,
        min_samples_leaf=growth.min_samples_leaf,
        max_features=growth.max_features,
        l2_regularization=growth.l2_regularization,
        max_rows=_FALLBACK_ROWS,
        rng=rng,
    )


def _grow_histogram(
    columns: np.ndarray,
    is_real: np.ndarray,
    n_groups: list[int],
    growth: Growth,
    rng: np.random.Generator,
) -> Trees:
    from sklearn.ensemble import HistGradientBoostingClassifier

    columns, present = _without_gaps(columns, len(n_groups))
    model = HistGradientBoostingClassifier(
        max_iter=growth.n_trees,
        learning_rate=growth.learning_rate,
        max_leaf_nodes=growth.max_leaf_nodes,
        min_samples_leaf=growth.min_samples_leaf,
        max_features=growth.max_features,
        l2_regularization=growth.l2_regularization,
        categorical_features=list(range(len(n_groups))),
        # Its own validation rows are training rows of the sampler, and ten rounds
        # without progress on them come far too soon: 40 of 600 useful trees on Adult.
        early_stopping=False,
        random_state=int(rng.integers(2**31)),
    )
    n_checked = min(len(columns), _CHECKED_ROWS)
    checked = rng.choice(len(columns), n_checked, replace=False)
    with tree_threads():
        trees = read_trees(model.fit(columns, is_real), columns[checked])
    return _with_gaps(trees, present, n_groups)


def _without_gaps(
    columns: np.ndarray, n_levels: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Levels numbered 0, 1, … among those present, and these.

    A part of the drawn rows may lack some, and scikit-learn would renumber the rest.
    """
    columns, present = columns.copy(order="F"), []
    for column in columns.T[:n_levels]:
        seen = ~np.isnan(column)
        levels, column[seen] = np.unique(column[seen], return_inverse=True)
        present.append(levels.astype(np.intp))
    return columns, present


def _with_gaps(trees: Trees, present: list[np.ndarray], n_groups: list[int]) -> Trees:
    """Sets in the numbers of before; a level that was absent goes as a missing one."""
    nodes = np.flatnonzero(trees.left_set != NO_SET)
    old = np.unpackbits(trees.sets, axis=1).astype(bool)
    new = np.zeros_like(old)
    for node in nodes.tolist():
        column, row = trees.feature[node], trees.left_set[node]
        levels = present[column]
        new[row, : n_groups[column]] = trees.missing_left[node]
        new[row, levels] = old[row, : len(levels)]
    return replace(trees, sets=np.packbits(new, axis=1))


class UnreadableTreesError(RuntimeError):
    """The private arrays of scikit-learn's trees are not where they were."""


def read_trees(model: Any, sample: np.ndarray) -> Trees:
    """Return the trees of a fitted binary `HistGradientBoostingClassifier`.

    Its categorical features must be its first ones and hold 0, 1, …, so that its own
    encoding of them changes nothing. `sample` are rows on which the arrays must give
    what `decision_function` gives; else `UnreadableTreesError` is raised.
    """
    try:
        parts = [_read_tree(stage[0]) for stage in model._predictors]
        base = float(np.asarray(model._baseline_prediction).ravel()[0])
        trees = concatenate([baseline(base), *parts])
        scores = TreeScorer(trees).score(sample)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UnreadableTreesError(f"{type(error).__name__}: {error}") from error
    gap = float(np.max(np.abs(scores - model.decision_function(sample)), initial=0.0))
    if not gap < 1e-9:
        raise UnreadableTreesError(
            f"The arrays read give other scores than decision_function, by {gap:.2g}"
        )
    return trees


def _read_tree(predictor: Any) -> Trees:
    nodes = predictor.nodes
    is_leaf = nodes["is_leaf"].astype(bool)
    of_levels = np.flatnonzero(nodes["is_categorical"].astype(bool) & ~is_leaf)
    words = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][of_levels]]
    sets = np.unpackbits(
        np.ascontiguousarray(words, dtype="<u4").view(np.uint8),
        axis=1,
        bitorder="little",
    )
    return tree_of(
        np.where(is_leaf, LEAF, nodes["feature_idx"]),
        nodes["num_threshold"],
        nodes["missing_go_to_left"],
        nodes["left"],
        nodes["right"],
        nodes["value"],
        (of_levels, sets.astype(bool)),
    )
