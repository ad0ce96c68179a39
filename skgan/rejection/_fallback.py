"""Boosted trees from scikit-learn's public trees: slower, and nothing private."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._boosted_trees import LEAF, Trees, baseline, concatenate, tree_of

_MAX_BINS = 255
_EPS = 1e-12


def boost_trees(
    columns: np.ndarray,
    is_real: np.ndarray,
    n_levels: int,
    *,
    n_trees: int,
    learning_rate: float,
    max_leaf_nodes: int,
    min_samples_leaf: int,
    max_features: float,
    l2_regularization: float,
    max_rows: int,
    rng: np.random.Generator,
) -> Trees:
    """Return trees whose sum is the log-odds of a real row.

    The first `n_levels` columns hold group numbers. A tree is learnt on at most
    `max_rows` rows drawn anew from all; leaves are Newton steps of the logistic loss
    (Friedman 2001, Greedy function approximation, Annals of Statistics 29,
    algorithm 5).
    """
    from sklearn.tree import DecisionTreeRegressor

    binners = [
        _rank_levels(column, is_real) if j < n_levels else _rank_numbers(column)
        for j, column in enumerate(columns.T)
    ]
    ranks = np.column_stack([ranks for ranks, _ in binners]).astype(np.float32)
    base = np.log(is_real.mean() / (1 - is_real.mean()))
    scores = np.full(len(columns), base)
    parts = []
    for _ in range(n_trees):
        rows = _some(len(columns), max_rows, rng)
        p = 1 / (1 + np.exp(-scores))
        model = DecisionTreeRegressor(
            max_leaf_nodes=max_leaf_nodes,
            min_samples_leaf=min_samples_leaf,
            max_features=max_features,
            random_state=int(rng.integers(2**31)),
        ).fit(ranks[rows], (is_real - p)[rows])
        leaves = model.apply(ranks)
        n_nodes = model.tree_.node_count
        gradients = np.bincount(leaves, is_real - p, n_nodes)
        curvatures = np.bincount(leaves, p * (1 - p), n_nodes)
        steps = learning_rate * gradients / (curvatures + l2_regularization + _EPS)
        scores += steps[leaves]
        parts.append(_tree(model.tree_, steps, [binner for _, binner in binners]))
    return concatenate([baseline(float(base)), *parts])


def _some(n: int, at_most: int, rng: np.random.Generator) -> Any:
    return slice(None) if n <= at_most else rng.choice(n, at_most, replace=False)


def _rank_numbers(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bins 1, 2, … between thresholds, 0 for missing; and the thresholds."""
    seen = values[~np.isnan(values)]
    distinct = np.unique(seen)
    if len(distinct) > _MAX_BINS:
        grid = np.linspace(0, 1, _MAX_BINS + 1)[1:-1]
        distinct = np.unique(np.quantile(seen, grid, method="inverted_cdf"))
        thresholds = distinct
    else:
        thresholds = distinct[:-1]
    ranks = np.searchsorted(thresholds, values) + 1
    ranks[np.isnan(values)] = 0
    return ranks, thresholds


def _rank_levels(
    groups: np.ndarray, is_real: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Groups ordered by their share of real rows; and the rank of each, then missing's.

    For two classes the best split of levels is one of this order (Breiman et al.
    1984, theorem 4.5).
    """
    codes = np.where(np.isnan(groups), 255, groups).astype(np.intp)
    counts = np.bincount(codes, minlength=256)
    shares = np.bincount(codes, is_real, 256) / np.maximum(counts, 1)
    rank_of = np.empty(256, dtype=np.intp)
    rank_of[np.argsort(shares, kind="stable")] = np.arange(256)
    return rank_of[codes], rank_of


def _tree(tree: Any, values: np.ndarray, binners: list[np.ndarray]) -> Trees:
    """The arrays of a public tree, its splits of ranks said in thresholds and sets."""
    feature = np.where(tree.children_left < 0, LEAF, tree.feature)
    threshold = np.zeros(len(feature))
    missing_left = np.zeros(len(feature), dtype=bool)
    of_levels, sets = [], []
    for node in np.flatnonzero(feature != LEAF):
        binner, cut = binners[feature[node]], tree.threshold[node]
        if _is_ranking(binner):
            goes_left = binner <= cut
            missing_left[node] = goes_left[255]
            of_levels.append(node)
            sets.append(goes_left & (np.arange(256) < 255))
        else:
            missing_left[node] = True  # rank 0 is below every cut
            last = int(np.floor(cut)) - 1  # the last threshold that goes left
            threshold[node] = -np.inf if last < 0 else binner[last]
    left_sets = (
        np.array(of_levels, dtype=np.intp),
        np.array(sets, dtype=bool).reshape(-1, 256),
    )
    return tree_of(
        feature,
        threshold,
        missing_left,
        tree.children_left,
        tree.children_right,
        values,
        left_sets,
    )


def _is_ranking(binner: np.ndarray) -> bool:
    return binner.dtype == np.intp
