"""Columns as predictors of those that follow them in the chain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ._base import LevelColumn, Schema
from ._decision_tree import MISSING_SCORE, SUM, Design, Sum
from ._numbers import NumberScale

# A column of more levels enters a tree by an order of them, else one by one.
MAX_ONE_HOT = 30
# Rows of the table of associations by which predictors are screened.
ASSOCIATION_ROWS = 2000
# Columns whose table is made at once, and of more the rows of it that are.
WHOLE_TABLE, STRIPE = 1000, 256
# A level's mean of the target is drawn to that of all as by so many rows.
ORDER_SHRINKAGE = 5.0


class Predictors:
    """The training rows as predictors, with their associations where wanted."""

    def __init__(self, x: np.ndarray, schema: Schema, max_features: int):
        self.x = x
        self.schema = schema
        self.max_features = max_features
        self.blocks, self.codes = zip(
            *(_block(row, column) for row, column in zip(x, schema, strict=True)),
            strict=True,
        )
        self.is_level = np.array([isinstance(c, LevelColumn) for c in schema])

    def half(self) -> Predictors:
        """Return those of every second row."""
        return Predictors(self.x[:, ::2].copy(), self.schema, self.max_features)

    @cached_property
    def association(self) -> Associations:
        """For each pair of columns the largest correlation between their parts."""
        return Associations(self.blocks)

    def screen(self, target: int, before: np.ndarray, limit: int | None = None):
        """The columns among `before` that are most associated with the target."""
        limit = self.max_features if limit is None else limit
        if len(before) <= limit:
            return before
        strength = self.association.of(target)[before]
        return before[np.sort(np.argsort(-strength, kind="stable")[:limit])]

    def design(self, columns: np.ndarray, rows, target: np.ndarray, total: Sum):
        """Predictors for a tree of the target (n, k), for some of the rows."""
        matrices, orders = [], []
        tests: list[tuple[int, int]] = []
        ordered: list[int] = []
        for column in columns:
            if self.codes[column] is not None:
                matrices.append(self.blocks[column][rows])
                tests += [(column, code) for code in self.codes[column]]
                continue
            codes = self.x[column][rows].astype(np.intp)
            order = _order_levels(codes, self.schema[column].n_levels, target)
            matrices.append(order[codes][:, None])
            tests.append((len(self.schema) + len(ordered), -1))
            ordered.append(column)
            orders.append(order)
        if len(total.values):
            matrices.append(total.values[:, None].astype(np.float32))
            tests.append((SUM, -1))
        matrix = np.empty((len(target), len(tests)), np.float32, order="F")
        np.concatenate(matrices, axis=1, out=matrix)
        start = np.concatenate([[0], np.cumsum([len(order) for order in orders])])
        return Design(
            matrix,
            np.array(tests, np.int64),
            np.array(ordered, np.int32),
            start[:-1].astype(np.int32),
            np.concatenate([*orders, np.zeros(0, np.float32)]),
        )

    def related(self, columns, rows, targets: np.ndarray, limit: int) -> np.ndarray:
        """Columns by which targets (n, k) differ most, straight or squared."""
        if len(columns) <= limit:
            return columns
        step = -(-len(targets) // ASSOCIATION_ROWS)
        targets = _standardised(targets[::step])
        strength = []
        for column in columns:
            part = self.blocks[column][rows][::step]
            part = np.where(part == MISSING_SCORE, 0.0, part)
            part = _standardised(np.concatenate([part, part**2], axis=1))
            strength.append(np.abs(part.T @ targets).max())
        strongest = np.argsort(-np.array(strength), kind="stable")[:limit]
        return columns[np.sort(strongest)]

    def numbers(self, target: int, before: np.ndarray, limit: int) -> np.ndarray:
        """Number columns among `before`, the most associated ones if many."""
        return self.screen(target, before[~self.is_level[before]], limit)


def to_predictor(values: np.ndarray, scale: NumberScale | None) -> np.ndarray:
    """One column as a predictor: scores of numbers, codes of levels."""
    if scale is None:
        return values.astype(np.float32)
    items = scale.to_items(values)
    return score_predictor(scale.to_scores(values, items), items, scale)


def score_predictor(scores, items, scale: NumberScale) -> np.ndarray:
    """Scores as a predictor, with one far below all for missing."""
    missing = items == scale.missing
    return np.where(missing, MISSING_SCORE, scores).astype(np.float32)


def _block(row, column):
    """A column's part of the design, and the code that each of it tells apart."""
    if not isinstance(column, LevelColumn):
        return row[:, None], np.array([-1])
    if column.n_levels > MAX_ONE_HOT:
        return _largest_levels(row), None
    codes = np.unique(row.astype(np.intp))
    # Of two levels one says all.
    codes = codes[1:] if len(codes) == 2 else codes
    return (row[:, None] == codes).astype(np.float32), codes


def _largest_levels(row):
    """Indicators of the most frequent levels, to measure association with."""
    codes, counts = np.unique(row.astype(np.intp), return_counts=True)
    largest = codes[np.argsort(-counts, kind="stable")[:MAX_ONE_HOT]]
    return (row[:, None] == largest).astype(np.float32)


class Associations:
    """For each pair of columns the largest correlation between their parts.

    Of many columns the table is made in stripes, one at a time, as they are asked for:
    as a whole it would be larger than the rows.
    """

    def __init__(self, blocks: Sequence[np.ndarray]):
        step = -(-len(blocks[0]) // ASSOCIATION_ROWS)
        parts = np.concatenate([block[::step] for block in blocks], axis=1)
        self._parts = _standardised(np.where(parts == MISSING_SCORE, 0.0, parts))
        widths = [block.shape[1] for block in blocks]
        self._start = np.cumsum([0, *widths])
        n_columns = len(blocks)
        self._height = n_columns if n_columns <= WHOLE_TABLE else STRIPE
        self._first, self._stripe = 0, np.empty((0, n_columns))

    def of(self, target: int) -> np.ndarray:
        """Return the associations of a column with each."""
        if not self._first <= target < self._first + len(self._stripe):
            self._first = target // self._height * self._height
            last = min(self._first + self._height, len(self._start) - 1)
            start = self._start[self._first : last]
            chosen = self._parts[:, start[0] : self._start[last]]
            table = np.abs(chosen.T @ self._parts)
            table = np.maximum.reduceat(table, start - start[0], axis=0)
            self._stripe = np.maximum.reduceat(table, self._start[:-1], axis=1)
        return self._stripe[target - self._first]


def _standardised(parts):
    """Columns of mean 0 and length 1, constant ones 0."""
    parts = parts - parts.mean(axis=0)
    return parts / np.maximum(np.sqrt((parts**2).sum(axis=0)), 1e-6)


def _order_levels(codes, n_levels, target):
    """Places of the levels along the direction in which their targets differ most."""
    counts = np.bincount(codes, minlength=n_levels)
    centered = target - target.mean(axis=0)
    sums = np.stack([np.bincount(codes, t, n_levels) for t in centered.T], axis=1)
    means = sums / (counts + ORDER_SHRINKAGE)[:, None]
    weighted = means * np.sqrt(counts)[:, None]
    direction = np.linalg.svd(weighted, full_matrices=False)[2][0]
    places = np.empty(n_levels, np.float32)
    places[np.argsort(means @ direction, kind="stable")] = np.arange(n_levels)
    return places
