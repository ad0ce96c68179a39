"""Conditions on rows of a prior: cells that are given, tests that others must pass."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._messages import warn_user
from skgan.encoding import (
    AnyOf,
    Choice,
    Interval,
    PartialItems,
    PartialValues,
    Value,
    at_rows,
    keeps_to,
)
from skgan.priors import BasePrior

# Candidates a row in each round: a condition that one row in a hundred meets is
# nearly always met.
_CANDIDATES = (1, 4, 16, 64, 256)
_MAX_CANDIDATES = 500_000
# Rows of the prior among which rare values of a range are looked for.
_MARGINAL_ROWS = 50_000
# Values of a rare range that are tried for a row.
_RARE_TRIES = 10
# Candidates that count, of half of the rows: fewer are told of.
_FEW_CANDIDATES = 5.0
_LOG = logging.getLogger("skgan")


@dataclass
class CellConditions:
    """What is given for a block of rows.

    Attributes
    ----------
    values : ndarray of shape (n, n_columns), float64
        Plain columns; only given cells count.
    is_given : ndarray of bool of shape (n, n_columns)
        Which cells are given a value.
    tests : dict of int to item
        For columns of which a range or several values are given: what plain cells
        must keep to.
    names : dict of hashable to int
        Columns that the user named, and their places.
    snap : callable
        Puts plain columns onto their grids, where what is drawn must keep to the tests.
    """

    values: NDArray
    is_given: NDArray
    tests: dict[int, Any] = field(default_factory=dict)
    names: dict[Hashable, int] = field(default_factory=dict)
    snap: Callable[[NDArray], NDArray] = lambda columns: columns
    # Labels are drawn for however rare their combination is.
    on_impossible: str = "raise"
    # Effective sample sizes of the rows drawn, a part each time.
    sizes: list[NDArray] = field(default_factory=list)

    def draw(self, prior: BasePrior, rng: np.random.Generator) -> NDArray:
        """Draw a row of the prior for each row of cells."""
        everything = np.arange(len(self.values))
        columns = self._sample(prior, everything, rng)
        if not self.tests:
            return columns
        is_open = ~self._passes(columns, everything)
        for n_candidates in _CANDIDATES:
            rows = np.flatnonzero(is_open)
            if not len(rows) or len(rows) * n_candidates > _MAX_CANDIDATES:
                break
            repeated = np.repeat(rows, n_candidates)
            candidates = self._sample(prior, repeated, rng)
            passes = self._passes(candidates, repeated).reshape(-1, n_candidates)
            is_met = passes.any(axis=1)
            chosen = np.arange(len(rows)) * n_candidates + passes.argmax(axis=1)
            columns[rows[is_met]] = candidates[chosen[is_met]]
            is_open[rows[is_met]] = False
        if is_open.any():
            columns[is_open] = self._draw_rare(prior, np.flatnonzero(is_open), rng)
        return columns

    def check_missing(self) -> None:
        """Raise where a cell is given a value that is missing beside the others."""
        rows, is_refused = np.arange(len(self.values)), self.is_given.copy()
        for place, item in self.tests.items():
            gap = np.full(len(rows), np.nan)
            is_refused[:, place] = ~keeps_to(at_rows(item, rows), gap)
        is_refused &= ~np.isnan(self.values) & np.isnan(self.snap(self.values))
        if is_refused.any():
            raise self._refusal()

    def take(self, rows: NDArray) -> CellConditions:
        """Return the cells of some rows."""
        tests = {place: at_rows(item, rows) for place, item in self.tests.items()}
        return replace(
            self, values=self.values[rows], is_given=self.is_given[rows], tests=tests
        )

    def keep_tests(self, before: NDArray, after: NDArray) -> NDArray:
        """Return rows with the cells of `before` where those changed break a test."""
        rows = np.arange(len(after))
        for place, item in self.tests.items():
            breaks = ~keeps_to(at_rows(item, rows), after[:, place])
            after[breaks, place] = before[breaks, place]
        return after

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
        """Draw rows for the given cells, on the grids where there are tests."""
        columns = self._sample_given(prior, rows, rng)
        if self.tests:
            is_given = self.is_given[rows]
            columns = self.snap(columns)
            columns[is_given] = self.values[rows][is_given]
        return columns

    def _sample_given(self, prior: BasePrior, rows: NDArray, rng) -> NDArray:
        if not self.is_given[rows].any():
            return prior.sample(len(rows), rng)
        try:
            drawn = prior.sample_given(
                self.values[rows],
                self.is_given[rows],
                rng,
                on_impossible=self.on_impossible,
            )
        except ValueError:
            raise self._refusal() from None
        is_asked = self.is_given[rows].any(axis=1)
        self.sizes.append(drawn.effective_sample_size[is_asked])
        return drawn.columns

    def _refusal(self) -> ValueError:
        names = ", ".join(map(repr, self.names))
        return ValueError(
            f"given: no row of what was learnt holds these values of {names} together; "
            "give fewer columns, or values that occur together. GANImputer fills the "
            "gaps of any row."
        )

    def _passes(self, columns: NDArray, rows: NDArray) -> NDArray:
        passes = np.ones(len(columns), dtype=bool)
        for place, item in self.tests.items():
            passes &= keeps_to(at_rows(item, rows), columns[:, place])
        return passes

    def _draw_rare(self, prior: BasePrior, rows: NDArray, rng) -> NDArray:
        """Give rare ranges values of their own, then draw the rest of the row."""
        marginal = self.snap(prior.sample(_MARGINAL_ROWS, rng))
        columns = np.zeros((len(rows), self.values.shape[1]))
        is_open = np.ones(len(rows), dtype=bool)
        for _ in range(_RARE_TRIES):
            open_rows = rows[is_open]
            values, is_given = (
                self.values[open_rows].copy(),
                self.is_given[open_rows].copy(),
            )
            for place, item in self.tests.items():
                self._choose(marginal[:, place], place, item, open_rows, values, rng)
                is_given[:, place] |= _mentions(item, open_rows)
            drawn = prior.sample_given(values, is_given, rng, on_impossible="relax")
            columns[is_open] = drawn.columns
            fails = (drawn.effective_sample_size <= 0) | self._goes_missing(
                columns[is_open]
            )
            is_open[is_open] = fails
            if not is_open.any():
                return columns
        raise self._refusal()

    def _goes_missing(self, columns: NDArray) -> NDArray:
        """Tell of which rows a cell that is tested is missing beside the others."""
        is_lost = ~np.isnan(columns) & np.isnan(self.snap(columns))
        return is_lost[:, list(self.tests)].any(axis=1)

    def _choose(self, marginal, place: int, item, rows, values, rng) -> None:
        """Set a cell of each row to a value that its item allows."""
        if not isinstance(item, PartialItems):
            values[:, place] = rng.choice(_allowed(item, marginal), size=len(rows))
            return
        for part, mask in zip(item.items, item.masks, strict=True):
            has_part = mask[rows]
            if has_part.any():
                allowed = _allowed(part, marginal)
                values[has_part, place] = rng.choice(allowed, size=int(has_part.sum()))


def _allowed(item: Any, values: NDArray) -> NDArray:
    """Return the values that an item allows, as often as they come; else its own."""
    allowed = values[keeps_to(item, values)]
    return allowed if len(allowed) else np.array(_own_values(item))


def _own_values(item: Any) -> list[float]:
    if isinstance(item, Value):
        return [item.value]
    if isinstance(item, Interval):
        return [item.low, item.high]
    if isinstance(item, Choice):
        return item.values.tolist()
    return [value for part in item.items for value in _own_values(part)]


def _mentions(item: Any, rows: NDArray) -> NDArray:
    if isinstance(item, PartialItems):
        return np.any([mask[rows] for mask in item.masks], axis=0)
    return np.ones(len(rows), dtype=bool)


class PriorConditions:
    """Conditions of the user's on columns of a prior, for any number of rows.

    Parameters
    ----------
    encoder : BaseEncoder
        Knows the columns.
    items : dict of name to item
        What is given, in canonical form.
    n_rows : int or None
        Rows that are given something each; None if all are alike.
    """

    def __init__(self, encoder: Any, items: dict[Hashable, Any], n_rows: int | None):
        self.encoder = encoder
        self.items = items
        self.n_rows = n_rows
        self.sizes: list[NDArray] = []

    def tell_sizes(self, n_candidates: int) -> None:
        """Log the effective sample size of what was drawn; warn where it is small."""
        if not self.sizes:
            return
        size = float(np.median(np.concatenate(self.sizes)))
        message = (
            f"given: half of the rows were each chosen among at most {size:.1f} of "
            f"{n_candidates} candidates that count (effective sample size)"
        )
        _LOG.info("%s.", message)
        if size < _FEW_CANDIDATES:
            warn_user(
                f"{message}, so that what is drawn follows what is given only roughly. "
                "Give fewer columns, or put them first in the chain: "
                "encoder=TableEncoder(condition_on=[...])."
            )

    @property
    def is_fast(self) -> bool:
        """Whether each candidate is a row: nothing but values is given."""
        return all(
            isinstance(item, Value | PartialValues) for item in self.items.values()
        )

    def take(self, rows: NDArray) -> PriorConditions:
        """Return what some rows are given."""
        items = {name: at_rows(item, rows) for name, item in self.items.items()}
        taken = PriorConditions(self.encoder, items, len(rows))
        taken.sizes = self.sizes
        return taken

    def rows(self, start: int, stop: int) -> CellConditions:
        """Return what is given for some rows; nothing beyond the last one."""
        n, d = stop - start, len(self.encoder.schema_)
        places = np.arange(start, stop)
        if self.n_rows is not None:
            places = np.where(places < self.n_rows, places, -1)
        cells = CellConditions(
            np.zeros((n, d)),
            np.zeros((n, d), dtype=bool),
            snap=self.encoder.snap_columns,
            sizes=self.sizes,
        )
        for name, item in self.items.items():
            item = at_rows(item, places) if self.n_rows is not None else item
            place = self.encoder.place_of(name)
            cells.names[name] = place
            if isinstance(item, Value):
                cells.values[:, place] = self._plain(place, np.array([item.value]))
                cells.is_given[:, place] = True
            elif isinstance(item, PartialValues):
                cells.is_given[:, place] = item.is_given
                plain = self._plain(place, item.values[item.is_given])
                cells.values[item.is_given, place] = plain
            else:
                cells.tests[place] = self._plain_item(place, item)
        cells.check_missing()
        return cells

    def _plain_item(self, place: int, item: Any) -> Any:
        """Return an item for plain cells: codes in place of levels."""
        if isinstance(item, Value):
            return Value(float(self._plain(place, np.array([item.value]))[0]))
        if isinstance(item, Choice):
            return Choice(self._plain(place, item.values), item.shares)
        if isinstance(item, AnyOf):
            return AnyOf(tuple(self._plain_item(place, part) for part in item.items))
        if isinstance(item, PartialItems):
            items = tuple(self._plain_item(place, part) for part in item.items)
            return PartialItems(items, item.masks)
        return item

    def _plain(self, place: int, values: NDArray) -> NDArray:
        return self.encoder.plain_cells(place, values)


def condition_on_labels(labels: NDArray, n_columns: int) -> CellConditions:
    """Return cells of which the first columns, labels, are given."""
    n, k = labels.shape
    values = np.zeros((n, k + n_columns))
    values[:, :k] = labels
    is_given = np.zeros(values.shape, dtype=bool)
    is_given[:, :k] = True
    return CellConditions(values, is_given, on_impossible="relax")
