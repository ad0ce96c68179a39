"""Cells that are given for rows of a prior, and what other cells must keep to."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan.encoding import BaseEncoder
from skgan.encoding.table._given_values import (
    Conditions,
    Interval,
    PartialValues,
    Value,
)
from skgan.priors import BasePrior

# Candidates a row in each round: a condition that one row in a thousand meets is
# most often met.
_CANDIDATES = (1, 4, 16, 64, 256)
_MAX_CANDIDATES = 500_000
# Rows of the prior among which rare values of a range are looked for.
_MARGINAL_ROWS = 50_000

Test = Callable[[NDArray], NDArray]


@dataclass
class GivenCells:
    """What is given for a block of rows.

    Attributes
    ----------
    values : ndarray of shape (n, n_columns), float64
        Plain columns; only given cells count.
    is_given : ndarray of bool of shape (n, n_columns)
        Which cells are given a value.
    tests : dict of int to callable
        For columns of which a range or several values are given: which cells of an
        array are allowed.
    names : dict of hashable to int
        Columns that the user named, and their places.
    """

    values: NDArray
    is_given: NDArray
    tests: dict[int, Test] = field(default_factory=dict)
    names: dict[Hashable, int] = field(default_factory=dict)
    # Labels are drawn for however rare their combination is.
    on_impossible: str = "raise"

    def draw(self, prior: BasePrior, rng: np.random.Generator) -> NDArray:
        """Draw a row of the prior for each row of cells."""
        columns = self._sample(prior, np.arange(len(self.values)), rng)
        if not self.tests:
            return columns
        is_open = ~self._passes(columns)
        for n_candidates in _CANDIDATES:
            rows = np.flatnonzero(is_open)
            if not len(rows) or len(rows) * n_candidates > _MAX_CANDIDATES:
                break
            candidates = self._sample(prior, np.repeat(rows, n_candidates), rng)
            passes = self._passes(candidates).reshape(len(rows), n_candidates)
            is_met = passes.any(axis=1)
            chosen = np.arange(len(rows)) * n_candidates + passes.argmax(axis=1)
            columns[rows[is_met]] = candidates[chosen[is_met]]
            is_open[rows[is_met]] = False
        if is_open.any():
            columns[is_open] = self._draw_rare(prior, np.flatnonzero(is_open), rng)
        return columns

    def take(self, rows: NDArray) -> GivenCells:
        """Return the cells of some rows."""
        return replace(self, values=self.values[rows], is_given=self.is_given[rows])

    def mark(self, buffer: Any, start: int, columns: NDArray) -> None:
        """Keep what was given from being changed by repairs."""
        marks = getattr(buffer, "is_given", None)
        if marks is None:
            return
        stop = start + len(columns)
        for name, place in self.names.items():
            mask = marks.setdefault(name, np.zeros(len(buffer), dtype=bool))
            is_given = self.is_given[: len(columns), place]
            mask[start:stop] = True if place in self.tests else is_given

    def _sample(self, prior: BasePrior, rows: NDArray, rng) -> NDArray:
        if not self.is_given[rows].any():
            return prior.sample(len(rows), rng)
        try:
            return prior.sample_given(
                self.values[rows],
                self.is_given[rows],
                rng,
                on_impossible=self.on_impossible,
            ).columns
        except ValueError as error:
            names = [name for name, place in self.names.items()]
            raise ValueError(
                f"given: no row fits the values of {names} together ({error}); give "
                "fewer columns, or values that occur together."
            ) from None

    def _passes(self, columns: NDArray) -> NDArray:
        passes = np.ones(len(columns), dtype=bool)
        for place, test in self.tests.items():
            passes &= test(columns[:, place])
        return passes

    def _draw_rare(self, prior: BasePrior, rows: NDArray, rng) -> NDArray:
        """Give rare ranges values of their own, then draw the rest of the row."""
        values, is_given = self.values[rows].copy(), self.is_given[rows].copy()
        marginal = prior.sample(_MARGINAL_ROWS, rng)
        for place, test in self.tests.items():
            allowed = marginal[test(marginal[:, place]), place]
            if not len(allowed):
                allowed = np.array(test.fallback)  # type: ignore[attr-defined]
            values[:, place] = rng.choice(allowed, size=len(rows))
            is_given[:, place] = True
        return prior.sample_given(values, is_given, rng, on_impossible="relax").columns


@dataclass(frozen=True)
class Within:
    """Whether numbers are in a range, bounds included."""

    low: float
    high: float

    def __call__(self, cells: NDArray) -> NDArray:
        return (self.low <= cells) & (cells <= self.high)

    @property
    def fallback(self) -> list[float]:
        """Return values that are allowed, where the prior knows none."""
        return [self.low, self.high]


@dataclass(frozen=True)
class AmongValues:
    """Whether cells are one of some values."""

    values: tuple[float, ...]

    def __call__(self, cells: NDArray) -> NDArray:
        found = np.isin(cells, self.values)
        if any(np.isnan(value) for value in self.values):
            found |= np.isnan(cells)
        return found

    @property
    def fallback(self) -> list[float]:
        """Return values that are allowed, where the prior knows none."""
        return list(self.values)


class PriorConditions:
    """Conditions of the user's on columns of a prior, for any number of rows.

    Parameters
    ----------
    encoder : BaseEncoder
        Knows the columns.
    conditions : Conditions
        As the encoder has read them.
    """

    def __init__(self, encoder: BaseEncoder, conditions: Conditions):
        self.encoder = encoder
        self.conditions = conditions

    def rows(self, start: int, stop: int) -> GivenCells:
        """Return what is given for some rows."""
        conditions, n = self.conditions.rows(start, stop), stop - start
        d = len(self.encoder.schema_ or ())
        cells = GivenCells(np.zeros((n, d)), np.zeros((n, d), dtype=bool))
        for name, item in conditions.items.items():
            place = self.encoder.place_of(name)
            cells.names[name] = place
            if isinstance(item, Value):
                cells.values[:, place] = self._plain(place, np.array([item.value]))
                cells.is_given[:, place] = True
            elif isinstance(item, PartialValues):
                cells.is_given[:, place] = item.is_given
                plain = self._plain(place, item.values[item.is_given])
                cells.values[item.is_given, place] = plain
            elif isinstance(item, Interval):
                cells.tests[place] = Within(item.low, item.high)
            else:
                plain = self._plain(place, np.asarray(item.values, np.float64))
                cells.tests[place] = AmongValues(tuple(plain.tolist()))
        return cells

    def _plain(self, place: int, values: NDArray) -> NDArray:
        return self.encoder.plain_cells(place, values)


def label_cells(labels: NDArray, n_columns: int) -> GivenCells:
    """Return cells of which the first columns, labels, are given."""
    n, k = labels.shape
    values = np.zeros((n, k + n_columns))
    values[:, :k] = labels
    is_given = np.zeros(values.shape, dtype=bool)
    is_given[:, :k] = True
    return GivenCells(values, is_given, on_impossible="relax")
