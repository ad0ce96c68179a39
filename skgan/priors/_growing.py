"""Fit one column of the chain on the training rows."""

from __future__ import annotations

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ._column import LevelModel, Linear, NumberModel
from ._leaves import LeafIntervals, fit_intervals, fit_items
from ._linear import fit_ridge
from ._numbers import NumberScale
from ._predictors import Predictors, linear_terms
from ._trees import Tree, read_tree, stump

# More levels than that are told apart by the leaves only, not by the splits.
MAX_CLASSES = 50
# Terms of a sum, and rows that it is fitted on.
MAX_TERMS = 64
LINEAR_ROWS = 20_000
# A sum is tried where so many rows have values.
MIN_LINEAR_ROWS = 20
# Rows on which a tree and a sum are compared, and draws for each.
COMPARED_ROWS = 3000
COMPARED_DRAWS = 16
# A sum must be better by that factor.
LINEAR_GAIN = 0.98
# A tree of what a sum leaves over has larger leaves.
RESIDUAL_LEAF = 2


class Grower:
    """Grows the trees of a chain, all with the same settings."""

    def __init__(self, predictors: Predictors, leaf_size: int, linear: bool, rng, cost=0.0):
        self.predictors = predictors
        self.leaf_size = leaf_size
        self.linear = linear
        self.rng = rng
        self.cost = cost

    def levels(self, target: int, before: np.ndarray, n_levels: int) -> LevelModel:
        """Fit a column of levels on those in `before`."""
        codes = self.predictors.x[target].astype(np.intp)
        counts = np.bincount(codes, minlength=n_levels)
        rank = np.empty(n_levels, np.intp)
        rank[np.argsort(-counts, kind="stable")] = np.arange(n_levels)
        classes = np.minimum(rank, MAX_CLASSES - 1)[codes]
        columns = self.predictors.screen(target, before)
        tree, leaf = self.grow(columns, slice(None), classes, self.leaf_size)
        items = fit_items(leaf, codes, tree.n_leaves, n_levels)
        shares = (counts + 1 / n_levels) / (len(codes) + 1)
        return LevelModel(tree, items, shares)

    def numbers(
        self, target: int, before: np.ndarray, values: np.ndarray, scale: NumberScale
    ) -> NumberModel:
        """Fit a column of numbers on those in `before`."""
        items = scale.to_items(values)
        scores = scale.to_scores(values, items)
        columns = self.predictors.screen(target, before)
        in_value = items != scale.missing if scale.is_grid else items == scale.continuum
        rows = np.flatnonzero(in_value)
        linear = None
        if self.linear and len(scale.atoms) != 1:
            linear = self._try_linear(target, before, columns, rows, scores[rows])
        if linear is not None and scale.is_grid:
            items = np.where(items == scale.missing, items, scale.continuum)
        n_items = len(scale.atoms) + 2
        if len(np.unique(items)) > 1 or linear is None:
            tree, leaf = self.grow(
                columns, slice(None), _targets(scores), self.leaf_size
            )
        else:
            tree, leaf = stump(), np.zeros(len(items), np.intp)
        counted = fit_items(leaf, items, tree.n_leaves, n_items)
        if linear is not None:
            return NumberModel(scale, tree, counted, linear[1], linear[0])
        floor = 0.5 / max(len(values), 1)
        intervals = fit_intervals(leaf[rows], scores[rows], tree.n_leaves, floor)
        return NumberModel(scale, tree, counted, intervals, None)

    def grow(self, columns, rows, target, leaf_size) -> tuple[Tree, np.ndarray]:
        """Grow a tree of classes (n,) or scores (n, k); return each row's leaf."""
        is_level = target.ndim == 1
        n = len(target)
        if len(columns) == 0 or n < 2 * leaf_size or not np.ptp(target, axis=0).any():
            return stump(), np.zeros(n, np.intp)
        numbers = np.eye(target.max() + 1)[target] if is_level else target
        design = self.predictors.design(columns, rows, numbers)
        kind = DecisionTreeClassifier if is_level else DecisionTreeRegressor
        criterion = "log_loss" if is_level else "squared_error"
        grown = kind(
            criterion=criterion,
            min_samples_leaf=leaf_size,
            random_state=int(self.rng.integers(2**31)),
        )
        grown.fit(design.matrix, target)
        tree = read_tree(
            grown.tree_, design, is_level=is_level, cost=self.cost
        )
        return tree, tree.apply(np.ascontiguousarray(self.predictors.x[:, rows]))

    def _try_linear(self, target, before, columns, rows, scores):
        """A sum with its leaves if it foretells held-out rows better than a tree."""
        terms = self.predictors.numbers(target, before, MAX_TERMS)
        if len(terms) == 0 or len(rows) < MIN_LINEAR_ROWS:
            return None
        chosen = self.rng.permutation(len(rows))[:COMPARED_ROWS]
        n_folds = 3 if len(chosen) < COMPARED_ROWS // 2 else 1
        tree_error = sum_error = 0.0
        for fold in range(n_folds):
            is_held = np.arange(len(chosen)) % 3 == fold
            kept, held = chosen[~is_held], chosen[is_held]
            given = columns, rows[kept], scores[kept]
            x = np.ascontiguousarray(self.predictors.x[:, rows[held]])
            # The size of leaves grows with the rows, so that both stay comparable.
            tree, intervals = self._plain(*given)
            leaf = tree.apply(x)
            draws = [intervals.draw(leaf, self.rng) for _ in range(COMPARED_DRAWS)]
            tree_error += energy_score(np.stack(draws), scores[held])
            linear, intervals = self._sum(terms, *given)
            leaf, mean = linear.tree.apply(x), linear.predict(x)
            draws = [
                mean + intervals.draw(leaf, self.rng) for _ in range(COMPARED_DRAWS)
            ]
            sum_error += energy_score(np.stack(draws), scores[held])
        if sum_error > LINEAR_GAIN * tree_error:
            return None
        return self._sum(terms, columns, rows, scores)

    def _plain(self, columns, rows, scores) -> tuple[Tree, LeafIntervals]:
        """A tree of scores and its leaves."""
        tree, leaf = self.grow(columns, rows, scores[:, None], self.leaf_size)
        floor = 0.5 / len(rows)
        return tree, fit_intervals(leaf, scores, tree.n_leaves, floor)

    def _sum(self, terms, columns, rows, scores) -> tuple[Linear, LeafIntervals]:
        """A sum of columns, the tree of what it leaves over, and its leaves."""
        rows, scores = rows[:LINEAR_ROWS], scores[:LINEAR_ROWS]
        values = linear_terms(self.predictors.x[terms][:, rows]).T
        weights, intercept, rest = fit_ridge(values, scores)
        # Where the size of the rest differs, leaves differ as well.
        targets = np.stack([rest, np.abs(rest)], axis=1)
        tree, leaf = self.grow(columns, rows, targets, RESIDUAL_LEAF * self.leaf_size)
        intervals = fit_intervals(leaf, rest, tree.n_leaves, 0.5 / len(rows))
        return Linear(terms, weights, float(intercept), tree), intervals


def _targets(scores):
    """Scores as targets of a tree; missing ones have a target of their own."""
    missing = np.isnan(scores)
    if not missing.any():
        return scores[:, None]
    return np.stack([np.where(missing, 0.0, scores), 2.0 * missing], axis=1)


def energy_score(draws: np.ndarray, observed: np.ndarray) -> float:
    """Continuous ranked probability score of draws (k, n), summed over rows.

    Half of the draws stand for the distribution, half for an independent copy of it:
    E|X - y| - E|X - X'| / 2, without bias for any number of draws.
    """
    half = len(draws) // 2
    spread = np.abs(draws[:half] - draws[half : 2 * half]).mean(axis=0)
    return float((np.abs(draws - observed).mean(axis=0) - spread / 2).sum())
