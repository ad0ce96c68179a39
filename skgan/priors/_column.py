"""One column of the chain: its distribution given those before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._decision_tree import Tree
from ._leaves import LeafIntervals, LeafItems
from ._numbers import NumberScale
from ._predictors import score_predictor
from ._row_streams import Uniforms

# For how many rows the marginal distribution counts in the density of a leaf.
MARGINAL_ROWS = 1.0


@dataclass(frozen=True)
class LevelModel:
    """Levels: a tree whose leaves count them."""

    tree: Tree
    items: LeafItems
    # Of each level of the schema: its share of the training rows, none quite 0.
    shares: np.ndarray

    def draw(self, x: np.ndarray, rng: Uniforms):
        """Draw values, and what they are as a predictor."""
        item = self.items.draw(self.tree.apply(x), rng)
        return item.astype(np.float64), item.astype(np.float32)

    def log_density(self, x, values, *, strict: bool = False) -> np.ndarray:
        """Log-probability; of a level that a leaf lacks, -inf if strict."""
        item = values.astype(np.intp)
        count, total = self.items.counts(self.tree.apply(x), item)
        with np.errstate(divide="ignore"):
            if strict:
                return np.log(count / total)
            share = MARGINAL_ROWS * self.shares[item]
            return np.log((count + share) / (total + MARGINAL_ROWS))


@dataclass(frozen=True)
class NumberModel:
    """Numbers: a tree counts atoms, missing values and the continuum.

    What belongs to the continuum is drawn from intervals of scores in the same leaf,
    or, with `rest`, around that tree's sum of other columns, from intervals of what the
    sum leaves over. A grid with `rest` has all of its values in the continuum and
    rounds them to the nearest atom.
    """

    scale: NumberScale
    tree: Tree
    items: LeafItems
    intervals: LeafIntervals
    rest: Tree | None

    @property
    def form(self) -> str:
        """How the numbers follow from other columns."""
        if self.rest is not None:
            return "rest"
        return "sum" if len(self.tree.sum_columns) else "plain"

    @property
    def rounds(self) -> bool:
        """Whether atoms are drawn by rounding."""
        return self.rest is not None and self.scale.is_grid

    def draw(self, x: np.ndarray, rng: Uniforms):
        """Draw values, and what they are as a predictor."""
        scale, n = self.scale, x.shape[1]
        leaf = self.tree.apply(x)
        if self._is_continuum:
            item = np.full(n, scale.continuum)
            score = self._draw_continuum(x, leaf, rng.random(size=(n,)))
        else:
            item = self.items.draw(leaf, rng)
            score = np.zeros(n)
            atoms = item < scale.missing
            score[atoms] = scale.atom_scores[item[atoms]]
            rows = np.flatnonzero(item == scale.continuum)
            part = x if self.rest is None else x[:, rows]
            # Every row takes a number, so that no row depends on those before it.
            uniform: np.ndarray = rng.random(size=(n,))[rows]
            score[rows] = self._draw_continuum(part, leaf[rows], uniform)
        if self.rounds:
            rows = np.flatnonzero(item == scale.continuum)
            item[rows] = scale.nearest_atoms(score[rows])
            score[rows] = scale.atom_scores[item[rows]]
        return scale.to_values(score, item), score_predictor(score, item, scale)

    @property
    def _is_continuum(self):
        return len(self.items.keys) == 1 and (
            self.items.keys[0] == self.scale.continuum
        )

    def _draw_continuum(self, x, leaf, uniform):
        if self.rest is None:
            return self.intervals.place(leaf, uniform)
        leaf = self.rest.apply(x)
        return self.rest.total(x) + self.intervals.place(leaf, uniform)

    def log_density(self, x, values, *, strict: bool = False) -> np.ndarray:
        """Log-density; if strict, -inf for a missing value that a leaf lacks."""
        scale = self.scale
        leaf = self.tree.apply(x)
        item = scale.to_items(values)
        score = scale.to_scores(values, item)
        missing, off = item == scale.missing, item == scale.continuum
        if self.rest is None:
            place, offset = leaf, np.zeros(len(leaf))
        else:
            place, offset = self.rest.apply(x), self.rest.total(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            density = self.intervals.log_density(
                place, score - offset
            ) + scale.log_slope(values)
            if scale.is_grid:
                mass = self._grid_mass(leaf, item, place, offset)
            else:
                mass = self._mass(leaf, item)
            log = np.log(mass)
            log = np.where(off, log + density, log)
            if strict:
                count, _ = self.items.counts(leaf, item)
                log = np.where(missing & (count == 0), -np.inf, log)
                if scale.is_discrete:
                    log = np.where(off, -np.inf, log)
                    if not self.rounds:
                        log = np.where(count == 0, -np.inf, log)
        return log

    @property
    def _shares(self):
        """Marginal shares of the items, those of missing and continuum never 0."""
        n = self.items.ends[-1]
        extra = np.zeros(len(self.scale.shares))
        extra[-2:] = 0.5
        return (self.scale.shares * n + extra) / (n + 1)

    def _mass(self, leaf, item):
        """Probabilities of items: leaves, with a row's worth of the marginal."""
        count, total = self.items.counts(leaf, item)
        share = MARGINAL_ROWS * self._shares[item]
        return (count + share) / (total + MARGINAL_ROWS)

    def _grid_mass(self, leaf, item, place, offset):
        """The same on a grid, where neighbours of seen atoms are likely too."""
        scale = self.scale
        missing = np.full(len(leaf), scale.missing)
        count, total = self.items.counts(leaf, missing)
        lost = (count + MARGINAL_ROWS * self._shares[scale.missing]) / (
            total + MARGINAL_ROWS
        )
        present = (1 - lost) / (1 + self._off_grid)
        bounds = np.concatenate([[-np.inf], scale.atom_bounds, [np.inf]])
        atom = np.minimum(item, max(scale.missing - 1, 0))
        near = self.intervals.probability(
            place, bounds[atom] - offset, bounds[atom + 1] - offset
        )
        if not self.rounds:
            seen, _ = self.items.counts(leaf, atom)
            near = (seen + MARGINAL_ROWS * near) / (total - count + MARGINAL_ROWS)
        mass = np.where(item == scale.missing, lost, present * near)
        return np.where(item == scale.continuum, present * self._off_grid, mass)

    @property
    def _off_grid(self):
        """Odds of a value that is no atom."""
        return 0.0 if self.scale.is_discrete else 1 / (self.items.ends[-1] + 1)


ColumnModel = LevelModel | NumberModel
