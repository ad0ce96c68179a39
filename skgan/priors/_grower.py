"""Fit one column of the chain on the training rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import contextmanager, nullcontext
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from sklearn import config_context

from ._column import LevelModel, NumberModel
from ._decision_tree import NO_SUM, Sum, Tree, linear_terms, read_tree, stump
from ._leaves import LeafIntervals, fit_intervals, fit_items
from ._numbers import NumberScale
from ._predictors import Predictors

# More levels than that are told apart by the leaves only, not by the splits.
MAX_CLASSES = 50
# Terms of a sum, at most and for so many rows each; rows that it is fitted on.
MAX_TERMS = 64
ROWS_A_TERM = 4
LINEAR_ROWS = 20_000
# A sum is tried where so many rows have values.
MIN_LINEAR_ROWS = 20
# Rows on which a tree and a sum are compared, and draws for each.
COMPARED_ROWS = 2000
COMPARED_DRAWS = 16
# How the numbers of a column may follow from others, and by which factor a form must
# be better than a plain tree; on a grid more, as it rounds.
FORMS = ("plain", "sum", "rest")
GAINS = {"sum": 0.97, "rest": 0.9, "grid": 0.8}
# A tree of what a sum leaves over has larger leaves.
RESIDUAL_LEAF = 2
# How far a sum among the predictors may move shares and means, in standard deviations.
MAX_SHIFT = 0.08
# Values of a grid that no sum is rounded to.
MIN_ROUNDED = 2
# Columns among which that tree chooses its splits.
RESIDUAL_COLUMNS = 12
# From so many columns on, forms are compared on one part of the rows, not on three.
WIDE = 100
# An honest tree is grown on half of so many rows or more, of fewer on all; a leaf is
# filled by the other half if so many of it are there.
MIN_HONEST_ROWS = 100
MIN_HELD_ROWS = 5
# Strengths of the penalty that are tried, as rows of a unit predictor.
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)


class _Task(NamedTuple):
    """Scores of a column in some rows, and the columns that foretell them."""

    columns: np.ndarray
    terms: np.ndarray
    rows: np.ndarray
    scores: np.ndarray
    # The sum of the terms, where it is known already.
    total: Sum | None = None


class Grower:
    """Grows the trees of a chain, all with the same settings."""

    def __init__(
        self,
        predictors: Predictors,
        leaf_size: int,
        linear: bool,
        rng,
        cost: float,
        forms: Mapping[int, str] = MappingProxyType({}),
        *,
        honest: bool = False,
    ):
        self.predictors = predictors
        self.leaf_size = leaf_size
        self.linear = linear
        self.rng = rng
        self.cost = cost
        # Columns whose form is known already.
        self.forms = forms
        # Whether other rows fill the leaves than those that chose the splits.
        self.honest = honest

    def of_half(self) -> Grower:
        """Return one that grows on every second row."""
        return self._on(self.predictors.half())

    def _on(self, predictors: Predictors) -> Grower:
        """Return one of other predictors that grows on all of their rows."""
        return Grower(
            predictors, self.leaf_size, self.linear, self.rng, self.cost, self.forms
        )

    def levels(self, target: int, before: np.ndarray, n_levels: int) -> LevelModel:
        """Fit a column of levels on those in `before`."""
        codes = self.predictors.x[target].astype(np.intp)
        counts = np.bincount(codes, minlength=n_levels)
        rank = np.empty(n_levels, np.intp)
        rank[np.argsort(-counts, kind="stable")] = np.arange(n_levels)
        classes = np.minimum(rank, MAX_CLASSES - 1)[codes]
        columns = self.predictors.screen(target, before)
        tree, leaf = self.grow(columns, slice(None), classes, self.leaf_size)
        items = fit_items(*_inside(leaf, codes), tree.n_leaves, n_levels)
        shares = (counts + 1 / n_levels) / (len(codes) + 1)
        return LevelModel(tree, items, shares)

    def numbers(
        self, target: int, before: np.ndarray, values: np.ndarray, scale: NumberScale
    ) -> NumberModel:
        """Fit a column of numbers on those in `before`."""
        items = scale.to_items(values)
        scores = scale.to_scores(values, items)
        present = np.flatnonzero(items != scale.missing)
        rows = present
        if not scale.is_grid:
            rows = np.flatnonzero(items == scale.continuum)
        columns = self.predictors.screen(target, before)
        task = _Task(columns, self._terms(target, before, rows), rows, scores[rows])
        form = self._choose(target, task, scale)
        n_items = len(scale.atoms) + 2
        if form == "rest":
            if scale.is_grid:
                items = np.where(items == scale.missing, items, scale.continuum)
            rest, intervals = self.fit_rest(task)
            task = task._replace(terms=task.terms[:0])
        if form == "rest" and len(np.unique(items)) == 1:
            tree, leaf = stump(), np.zeros(len(items), np.intp)
        else:
            total = NO_SUM
            if form == "sum":
                total = self._sum(task.terms, present, scores[present])
                total = total._replace(
                    values=_filled(total, present, self.predictors.x, self.rng)
                )
            tree, leaf = self.grow(
                columns, slice(None), _targets(scores), self.leaf_size, total
            )
            if form == "sum" and self._shifts(tree, leaf, items, scores):
                tree, leaf = self.grow(
                    columns, slice(None), _targets(scores), self.leaf_size
                )
        counted = fit_items(*_inside(leaf, items), tree.n_leaves, n_items)
        if form == "rest":
            return NumberModel(scale, tree, counted, intervals, rest)
        floor = 0.5 / max(len(values), 1)
        intervals = self._intervals(tree, leaf[rows], scores[rows], floor)
        return NumberModel(scale, tree, counted, intervals, None)

    def grow(
        self, columns, rows, target, leaf_size, total: Sum = NO_SUM
    ) -> tuple[Tree, np.ndarray]:
        """Grow a tree of classes (n,) or scores (n, k); return each row's leaf.

        It is -1 for rows that do not fill one.
        """
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        is_level = target.ndim == 1
        n = len(target)
        if len(columns) == 0 or n < 2 * leaf_size or not np.ptp(target, axis=0).any():
            return stump(total), np.zeros(n, np.intp)
        numbers = np.eye(target.max() + 1)[target] if is_level else target
        design = self.predictors.design(columns, rows, numbers, total)
        kind = DecisionTreeClassifier if is_level else DecisionTreeRegressor
        matrix, cost, is_held = design.matrix, self.cost, self._held(n)
        if is_held is not None:
            # Of half of the rows leaves are half as large, and splits gain half.
            matrix, target = matrix[~is_held], target[~is_held]
            leaf_size, cost = (leaf_size + 1) // 2, cost / 2
        grown = kind(
            min_samples_leaf=leaf_size, random_state=int(self.rng.integers(2**31))
        )
        # The matrix is what the tree's own check would make of it.
        with config_context(skip_parameter_validation=True), _without_advice(is_level):
            grown.fit(matrix, target, check_input=False)
        tree = read_tree(grown.tree_, design, is_level=is_level, cost=cost, total=total)
        x = np.ascontiguousarray(self.predictors.x[:, rows])
        leaf = tree.apply(x, total.values)
        if is_held is not None:
            n_held = np.bincount(leaf[is_held], minlength=tree.n_leaves)
            leaf[~is_held & (n_held >= MIN_HELD_ROWS)[leaf]] = -1
        return tree, leaf

    def _held(self, n: int) -> np.ndarray | None:
        """Rows that fill the leaves of an honest tree and have no say in its splits."""
        if not self.honest or n < MIN_HONEST_ROWS:
            return None
        return self.rng.permutation(n) < n // 2

    def _shifts(self, tree: Tree, leaf, items, scores) -> bool:
        """Whether draws would have other shares, or another mean, than the rows.

        In few rows what a sum holds of a row without itself tells the row's own value;
        leaves that were split by that are not those in which rows are drawn.
        """
        drawn = tree.apply(np.ascontiguousarray(self.predictors.x))
        _, scores = _inside(leaf, scores)
        leaf, items = _inside(leaf, items)
        before = np.bincount(leaf, minlength=tree.n_leaves)
        weights = np.bincount(drawn, minlength=tree.n_leaves) / np.maximum(before, 1)
        shares = np.bincount(items) / len(items)
        off = np.bincount(items, weights=weights[leaf]) / len(drawn) - shares
        if (np.abs(off) > MAX_SHIFT * np.sqrt(shares * (1 - shares)) + 1e-9).any():
            return True
        is_there = ~np.isnan(scores)
        known, weight = scores[is_there], weights[leaf][is_there]
        mean = np.average(known, weights=weight) if weight.any() else np.inf
        return bool(abs(mean - known.mean()) > MAX_SHIFT * known.std() + 1e-9)

    def _terms(self, target, before, rows):
        """Number columns that a sum of the target may be made of."""
        if not self.linear or len(rows) < MIN_LINEAR_ROWS:
            return before[:0]
        limit = min(MAX_TERMS, len(rows) // ROWS_A_TERM)
        return self.predictors.numbers(target, before, limit)

    def _choose(self, target: int, task: _Task, scale: NumberScale) -> str:
        """The form that foretells held-out rows best."""
        if len(task.terms) == 0:
            return "plain"
        # Two values are drawn at their shares, not rounded to.
        may_round = not scale.is_grid or len(scale.atoms) > MIN_ROUNDED
        known = self.forms.get(target)
        if known is not None and (may_round or known != "rest"):
            return known
        chosen = self.rng.permutation(len(task.rows))[:COMPARED_ROWS]
        is_small = len(chosen) < COMPARED_ROWS // 2 and len(self.predictors.x) < WIDE
        n_folds = 3 if is_small else 1
        grower = self._on(self.predictors)
        errors = dict.fromkeys(FORMS, 0.0)
        for fold in range(n_folds):
            is_held = np.arange(len(chosen)) % 3 == fold
            kept, held = chosen[~is_held], chosen[is_held]
            rows, scores = task.rows[kept], task.scores[kept]
            total = self._sum(task.terms, rows, scores)
            part = task._replace(rows=rows, scores=scores, total=total)
            x = np.ascontiguousarray(self.predictors.x[:, task.rows[held]])
            for form in FORMS:
                tree, intervals = getattr(grower, f"fit_{form}")(part)
                leaf = tree.apply(x)
                mean = tree.total(x) if form == "rest" else 0.0
                draws = intervals.draw(np.tile(leaf, COMPARED_DRAWS), self.rng)
                draws = mean + draws.reshape(COMPARED_DRAWS, -1)
                errors[form] += energy_score(draws, task.scores[held])
        errors["sum"] /= GAINS["sum"]
        errors["rest"] /= GAINS["grid" if scale.is_grid else "rest"]
        if not may_round:
            errors["rest"] = np.inf
        return min(errors, key=errors.__getitem__)

    def fit_plain(self, task: _Task) -> tuple[Tree, LeafIntervals]:
        """A tree of scores and its leaves."""
        return self.fit_sum(task._replace(terms=task.terms[:0], total=NO_SUM))

    def fit_sum(self, task: _Task) -> tuple[Tree, LeafIntervals]:
        """The same with a sum of columns among the predictors."""
        total = task.total or self._sum(task.terms, task.rows, task.scores)
        tree, leaf = self.grow(
            task.columns, task.rows, task.scores[:, None], self.leaf_size, total
        )
        floor = 0.5 / len(task.rows)
        return tree, self._intervals(tree, leaf, task.scores, floor)

    def fit_rest(self, task: _Task) -> tuple[Tree, LeafIntervals]:
        """A sum of columns, the tree of what it leaves over, and its leaves."""
        rows, scores = task.rows[:LINEAR_ROWS], task.scores[:LINEAR_ROWS]
        total = task.total or self._sum(task.terms, rows, scores)
        rest = scores - total.values
        # Where the size of the rest differs, leaves differ as well.
        targets = np.stack([rest, np.abs(rest)], axis=1)
        size = RESIDUAL_LEAF * self.leaf_size
        columns = self.predictors.related(task.columns, rows, targets, RESIDUAL_COLUMNS)
        tree, leaf = self.grow(columns, rows, targets, size, total)
        floor = 0.5 / len(rows)
        return tree, self._intervals(tree, leaf, rest, floor)

    def _intervals(self, tree: Tree, leaf, scores, floor) -> LeafIntervals:
        """Intervals of the leaves, of an honest tree as wide as new rows need."""
        leaf, scores = _inside(leaf, scores)
        intervals = fit_intervals(leaf, scores, tree.n_leaves, floor)
        if not self.honest:
            return intervals
        return intervals.widened(np.bincount(leaf, minlength=tree.n_leaves))

    def _sum(self, terms, rows, scores) -> Sum:
        """The sum of columns that foretells scores, each row's without itself."""
        if len(terms) == 0:
            return NO_SUM
        values = linear_terms(self.predictors.x[terms][:, rows]).T
        weights, intercept, left_out = fit_ridge(values, scores)
        return Sum(terms.astype(np.int32), weights, intercept, scores - left_out)


def _filled(total, present, x, rng):
    """A sum's values for all rows: those without themselves where they are known.

    The others are moved as far: a tree would else tell what is missing by that alone,
    which rows that are drawn do not show.
    """
    values = stump(total).total(x)
    moved = total.values - values[present]
    values[present] = total.values
    is_missing = np.ones(len(values), bool)
    is_missing[present] = False
    if is_missing.any():
        values[is_missing] += rng.choice(moved, size=int(is_missing.sum()))
    return values


def _inside(leaf: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leaves and values of the rows that fill leaves."""
    is_inside = leaf >= 0
    return (leaf, values) if is_inside.all() else (leaf[is_inside], values[is_inside])


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


@contextmanager
def _without_advice(is_level: bool):
    """Keep to ourselves what scikit-learn says to levels of one or two rows each."""
    with warnings.catch_warnings() if is_level else nullcontext():
        if is_level:
            warnings.filterwarnings("ignore", "The number of unique classes")
        yield


def fit_ridge(terms: np.ndarray, target: np.ndarray):
    """Return weights, intercept and the leave-one-out residuals of the best penalty.

    With e the residuals and h the diagonal of the hat matrix, a row left out has the
    residual e / (1 - h).
    """
    n = len(target)
    center, level = terms.mean(axis=0), target.mean()
    centered, residual = terms - center, target - level
    values, vectors = np.linalg.eigh(centered.T @ centered)
    values = np.maximum(values, 0.0)
    rotated = centered @ vectors
    moment, squares = rotated.T @ residual, rotated**2
    least = np.inf
    for penalty in PENALTIES:
        shrink = 1 / (values + penalty)
        leverage = np.minimum(1 / n + squares @ shrink, 0.99)
        shrunk = shrink * moment
        left_out = (residual - rotated @ shrunk) / (1 - leverage)
        error = np.mean(left_out**2)
        if error < least:
            least, best = error, (shrunk, left_out)
    shrunk, left_out = best
    weights = vectors @ shrunk
    # Threads change the last bits of matrix products; rounded, hardly any result.
    weights, left_out = weights.astype(np.float32), left_out.astype(np.float32)
    intercept = np.float32(level - (center * weights).sum())
    return weights.astype(float), float(intercept), left_out.astype(float)
