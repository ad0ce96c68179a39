"""Sampled rows made to keep to constraints, changing as little as possible."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import counted
from skgan._mixing import row_uniforms
from skgan.encoding.dependencies._formulas import breaks_formula
from skgan.encoding.dependencies._relations import Rounding

Columns = Mapping[Any, NDArray]
# Names of fixed columns, or the rows in which each column is fixed.
Fixed = Collection[Hashable] | Mapping[Any, NDArray]

_MAX_KEPT = 10_000
_MAX_ROUNDS = 10


class RowShares:
    """A number in [0, 1) for each row, of its number alone."""

    def __init__(self, entropy: int, first_row: int = 0):
        self.entropy = entropy
        self.first_row = first_row

    def of(self, rows: NDArray) -> NDArray:
        """Return the numbers of rows, which are places in a stretch of a sample."""
        return row_uniforms([self.entropy], rows + self.first_row)


class Repair(ABC):
    """What keeps sampled rows to one constraint, as learnt from the training rows."""

    # Whether what becomes of a row depends on others.
    needs_all_rows = False
    # Whether the training rows alone say so, and not the user.
    is_found = False

    def __init__(self, names: tuple[Hashable, ...], title: str):
        self.names = names  # columns that are read and written
        self.title = title  # the constraint, as errors name it

    def __repr__(self):
        return f"<repair of {self.title}>"

    def find_violations(self, columns: Columns) -> NDArray:
        """Return which rows break the constraint, bool of shape (n,)."""
        return self._violations([columns[name] for name in self.names], None)

    def repair(
        self,
        columns: Columns,
        fixed: Fixed = frozenset(),
        rng: np.random.Generator | None = None,
        first_row: int = 0,
    ) -> tuple[dict[Hashable, NDArray], NDArray]:
        """Return columns that keep to the constraint, and which rows changed.

        The rows are a stretch of a sample that begins with its row `first_row`.
        """
        rng = np.random.default_rng(0) if rng is None else rng
        old = [columns[name] for name in self.names]
        n = len(old[0])
        is_fixed = np.column_stack([_fixed_rows(fixed, name, n) for name in self.names])
        rows = np.flatnonzero(self._violations(old, is_fixed))
        if not len(rows):
            return dict(columns), np.zeros(n, dtype=bool)
        stuck = rows[is_fixed[rows].all(axis=1)]
        if len(stuck):
            self._refuse(old, stuck, "given values break it")
        new = [values.copy() for values in old]
        shares = RowShares(int(rng.integers(2**63)), first_row)
        self._resample(new, rows, is_fixed, shares)
        is_repaired = np.zeros(n, dtype=bool)
        for before, after in zip(old, new, strict=True):
            is_same = (before == after) | (np.isnan(before) & np.isnan(after))
            is_repaired |= ~is_same
        return dict(columns) | dict(zip(self.names, new, strict=True)), is_repaired

    @abstractmethod
    def _violations(self, values: list[NDArray], is_fixed: NDArray | None) -> NDArray:
        """Return which rows are to change, bool of shape (n,)."""

    @abstractmethod
    def _resample(
        self,
        values: list[NDArray],
        rows: NDArray,
        is_fixed: NDArray,
        shares: RowShares,
    ) -> None:
        """Change `values` in `rows`, where `is_fixed` of shape (n, names) allows.

        What becomes of a row must not depend on the rows behind it, so that a sample
        is the start of a longer one; nor, unless `needs_all_rows`, on any other.
        """

    def _refuse(self, values: list[NDArray], rows: NDArray, reason: str) -> None:
        shown = ", ".join(
            f"{name}={column[rows[0]]:.12g}"
            for name, column in zip(self.names, values, strict=True)
        )
        raise ValueError(
            f"{self.title} cannot be kept in {counted(len(rows), 'row')}, the first at "
            f"position {rows[0]} (encoded as {shown}): {reason}."
        )


def _fixed_rows(fixed: Fixed, name: Hashable, n: int) -> NDArray:
    if isinstance(fixed, Mapping):
        return np.broadcast_to(np.asarray(fixed.get(name, False), dtype=bool), (n,))
    return np.full(n, name in fixed)


def repair_all(
    repairs: Sequence[Repair],
    columns: Columns,
    fixed: Fixed = frozenset(),
    rng: np.random.Generator | None = None,
    *,
    first_row: int = 0,
) -> tuple[dict[Hashable, NDArray], NDArray]:
    """Apply repairs until none of their constraints is broken, see `Repair.repair`."""
    rng = np.random.default_rng(0) if rng is None else rng
    result = dict(columns)
    is_repaired = np.zeros(len(next(iter(result.values()), ())), dtype=bool)
    fixed = _determine_all(repairs, result, fixed)
    entropy = int(rng.integers(2**63))
    for turn in range(_MAX_ROUNDS):
        n_changed = 0
        for i, repair in enumerate(repairs):
            # A stream for each repair, as how much one draws depends on the rows.
            stream = np.random.default_rng([entropy, turn, i])
            result, changed = repair.repair(result, fixed, stream, first_row)
            is_repaired |= changed
            n_changed += int(changed.sum())
        if not n_changed:
            return result, is_repaired
    declared = [repair for repair in repairs if not repair.is_found]
    violations = [r.title for r in declared if r.find_violations(result).any()]
    if violations:
        raise ValueError(
            f"{', '.join(violations)} cannot be kept together with the other "
            "constraints; leave one of them out."
        )
    return result, is_repaired


def _determine_all(
    repairs: Sequence[Repair], columns: dict[Hashable, NDArray], fixed: Fixed
) -> Fixed:
    """Write what formulas say of cells beside given ones; return what is fixed then."""
    formulas = [repair for repair in repairs if isinstance(repair, FormulaRepair)]
    if not (formulas and fixed):
        return fixed
    n = len(next(iter(columns.values())))
    known = {name: _fixed_rows(fixed, name, n) for name in columns}
    # What one says may be what another one lacked.
    for _ in formulas:
        for formula in formulas:
            formula.determine(columns, known)
    return known


def frequencies(column: NDArray) -> NDArray:
    """Return sorted present values, thinned evenly if there are many."""
    column = np.sort(column[~np.isnan(column)])
    if len(column) <= _MAX_KEPT:
        return column
    return column[np.linspace(0, len(column) - 1, _MAX_KEPT).round().astype(int)]


def step_of(grid: Rounding) -> float:
    return 0.0 if grid.decimals is None else 10.0**-grid.decimals


@persistent("lows", "highs", "grids")
class InequalityRepair(Repair):
    """Two columns, the first never above the second."""

    def __init__(self, names, title, low: NDArray, high: NDArray, is_strict: bool):
        super().__init__(names, title)
        self.is_strict = is_strict
        self.lows, self.highs = frequencies(low), frequencies(high)
        self.grids = Rounding.of(low), Rounding.of(high)

    def _violations(self, values: list[NDArray], is_fixed: NDArray | None) -> NDArray:
        low, high = values
        return low >= high if self.is_strict else low > high

    def _resample(self, values, rows, is_fixed, shares) -> None:
        low, high = values[0][rows], values[1][rows]
        is_fixed = is_fixed[rows]
        is_free = ~is_fixed.any(axis=1)
        is_swapped = is_free & (low > high) & (self.grids[0] == self.grids[1])
        values[0][rows], values[1][rows] = (
            np.where(is_swapped, high, low),
            np.where(is_swapped, low, high),
        )
        # Numbers of training values that may go above `low`, and below `high`.
        start = np.searchsorted(self.highs, low, "right" if self.is_strict else "left")
        n_above = len(self.highs) - start
        n_below = np.searchsorted(
            self.lows, high, "left" if self.is_strict else "right"
        )
        draws_low = is_fixed[:, 1] | (is_free & (n_above == 0) & (n_below > 0))
        share = shares.of(rows)
        above = self._drawn(self.highs, start, n_above, share)
        above = np.where(n_above > 0, above, self._beside(low, self.grids[1], 1))
        below = self._drawn(self.lows, 0, n_below, share)
        below = np.where(n_below > 0, below, self._beside(high, self.grids[0], -1))
        which = ~is_swapped & draws_low
        values[0][rows[which]] = below[which]
        which = ~is_swapped & ~draws_low
        values[1][rows[which]] = above[which]

    @staticmethod
    def _drawn(pool: NDArray, start, n_choices: NDArray, share: NDArray) -> NDArray:
        if not len(pool):
            return np.zeros(len(share))
        chosen = start + (share * n_choices).astype(int)
        return pool[np.minimum(chosen, len(pool) - 1)]

    def _beside(self, bound: NDArray, grid: Rounding, sign: int) -> NDArray:
        """Return the value of the grid closest to `bound` on the right side of it."""
        step = step_of(grid)
        if not step:
            return np.nextafter(bound, sign * np.inf) if self.is_strict else bound
        beside = grid.apply(bound)
        is_wrong = sign * beside < sign * bound
        if self.is_strict:
            is_wrong |= beside == bound
        return grid.apply(np.where(is_wrong, beside + sign * step, beside))


@persistent("is_strict")
class FoundOrderRepair(InequalityRepair):
    """Two columns, the first above the second in no training row."""

    is_found = True

    def __init__(self, names, title, low: NDArray, high: NDArray, formulas: list):
        super().__init__(names, title, low, high, False)
        self.formulas = formulas

    def repair(self, columns, fixed=frozenset(), rng=None, first_row=0):
        """Keep rows to it, see `Repair.repair`; what formulas tie stays as it is."""
        n = len(columns[self.names[0]])
        is_tied = {name: _fixed_rows(fixed, name, n) for name in self.names}
        for formula in self.formulas:
            if set(self.names) <= set(formula.sources):
                continue  # what these two determine is computed anew
            members = {formula.target, *formula.sources}
            is_there = ~np.isnan([columns[name] for name in members]).any(axis=0)
            for name in members & set(self.names):
                is_tied[name] = is_tied[name] | is_there
        return super().repair(columns, is_tied, rng, first_row)

    def _violations(self, values: list[NDArray], is_fixed: NDArray | None) -> NDArray:
        is_broken = super()._violations(values, is_fixed)
        # What the user gives may be new.
        return is_broken if is_fixed is None else is_broken & ~is_fixed.all(axis=1)

    def _resample(self, values, rows, is_fixed, shares) -> None:
        """Swap both values, or mirror the one that is free at the other."""
        low, high = values[0][rows], values[1][rows]
        is_free = ~is_fixed[rows]
        is_swapped = is_free.all(axis=1) & (self.grids[0] == self.grids[1])
        above = self.grids[1].apply(np.minimum(2 * low - high, self.highs[-1]))
        above = np.where(above < low, self._beside(low, self.grids[1], 1), above)
        below = self.grids[0].apply(np.maximum(2 * high - low, self.lows[0]))
        below = np.where(below > high, self._beside(high, self.grids[0], -1), below)
        moves_high = is_free[:, 1]
        values[0][rows] = np.where(is_swapped, high, np.where(moves_high, low, below))
        values[1][rows] = np.where(is_swapped, low, np.where(moves_high, above, high))


@persistent("names", "title")
class FormulaRepair(Repair):
    """A column that others determine, where none of them is missing.

    Where the column itself is given, the last free one in the order of `grids` is
    solved for.
    """

    is_found = True

    def __init__(self, dependency: Any, grids: dict[Hashable, Rounding]):
        super().__init__((dependency.target, *dependency.sources), str(dependency))
        self.dependency = dependency
        self.grids = grids

    @classmethod
    def learn(cls, dependency: Any, columns: Columns, targets: Collection):
        """Return the repair of a formula; last are sources that no other is about."""
        grids = {name: Rounding.of(columns[name]) for name in dependency.sources}

        def freedom(name: Hashable) -> tuple[bool, float]:
            decimals = grids[name].decimals
            return name not in targets, np.inf if decimals is None else decimals

        return cls(dependency, {n: grids[n] for n in sorted(grids, key=freedom)})

    def determine(
        self, columns: dict[Hashable, NDArray], fixed: dict[Hashable, NDArray]
    ) -> None:
        """Write what follows from fixed cells alone, which then is fixed as well."""
        values = [columns[name] for name in self.names]
        is_fixed = np.column_stack([fixed[name] for name in self.names])
        rows = ~np.isnan(values).any(axis=0) & (is_fixed.sum(axis=1) == len(values) - 1)
        for place, name in enumerate(self.names):
            chosen = rows & ~is_fixed[:, place]
            if not chosen.any():
                continue
            found = self._solved(name, columns)
            chosen &= np.isfinite(found)
            columns[name] = np.where(chosen, found, columns[name])
            fixed[name] = fixed[name] | chosen

    def _solved(self, name: Hashable, columns: Columns) -> NDArray:
        if name == self.dependency.target:
            return self.dependency.restore(columns)
        return self.grids[name].apply(self.dependency.solve(name, columns))

    def _violations(self, values: list[NDArray], is_fixed: NDArray | None) -> NDArray:
        table = dict(zip(self.names, values, strict=True))
        is_broken = breaks_formula(self.dependency, table)
        return is_broken if is_fixed is None else is_broken & ~is_fixed.all(axis=1)

    def _resample(self, values, rows, is_fixed, shares) -> None:
        table = {n: v[rows] for n, v in zip(self.names, values, strict=True)}
        is_free = ~is_fixed[rows]
        target = self.dependency.restore(table)
        values[0][rows] = np.where(is_free[:, 0], target, values[0][rows])
        is_open = ~is_free[:, 0]
        for name in reversed(self.grids):
            place = self.names.index(name)
            chosen = is_open & is_free[:, place]
            solved = self._solved(name, table)
            chosen &= np.isfinite(solved)
            values[place][rows[chosen]] = solved[chosen]
            is_open &= ~chosen


@persistent("nearest")
class RangeRepair(Repair):
    """One column between bounds."""

    def __init__(self, names, title, column: NDArray, low, high, is_strict: bool):
        super().__init__(names, title)
        self.low, self.high, self.is_strict = low, high, is_strict
        seen = column[~np.isnan(column)]
        self.nearest = (seen.min(), seen.max()) if len(seen) else (low, high)

    def _violations(self, values: list[NDArray], is_fixed: NDArray | None) -> NDArray:
        (column,) = values
        is_low = column <= self.low if self.is_strict else column < self.low
        return is_low | (column > self.high)

    def _resample(self, values, rows, is_fixed, shares) -> None:
        is_high = values[0][rows] > self.high
        values[0][rows] = np.where(is_high, self.nearest[1], self.nearest[0])


@persistent("reaching")
class ThresholdRepair(Repair):
    """One column with a fixed value wherever another is below a threshold."""

    def __init__(self, names, title, by: NDArray, below: float, value: float):
        super().__init__(names, title)
        self.below, self.value = below, value
        self.reaching = frequencies(by[by >= below])

    def _violations(self, values: list[NDArray], is_fixed: NDArray | None) -> NDArray:
        column, by = values
        return (by < self.below) & (column != self.value) & ~np.isnan(column)

    def _resample(self, values, rows, is_fixed, shares) -> None:
        is_kept = is_fixed[rows, 0]
        share = shares.of(rows)[is_kept]
        values[0][rows[~is_kept]] = self.value
        if not is_kept.any():
            return
        if not len(self.reaching):
            self._refuse(values, rows[is_kept], "no training row reaches the threshold")
        place = (share * len(self.reaching)).astype(int)
        values[1][rows[is_kept]] = self.reaching[place]
