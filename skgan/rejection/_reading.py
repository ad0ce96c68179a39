"""The one place that opens scikit-learn's histogram trees, which are private."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._boosted_trees import LEAF, Trees, baseline, concatenate, tree_of
from ._scoring import TreeScorer


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
