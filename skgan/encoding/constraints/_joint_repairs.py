"""Rows made to keep to constraints on the combinations of several columns."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import combinations, count, islice, product

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import counted, warn_user
from skgan.encoding.constraints._repairs import Repair, frequencies, step_of
from skgan.encoding.dependencies._relations import Rounding

_MAX_REDRAWS = 50
_MAX_CANDIDATES = 1_000_000
_MAX_TRIED = 10_000_000


@persistent("values", "combinations", "counts", "order")
class CombinationRepair(Repair):
    """Columns that occur together only as they did in the training rows."""

    def __init__(self, names, title, rows: list[NDArray]):
        super().__init__(names, title)
        self.values = [np.unique(row[~np.isnan(row)]) for row in rows]
        codes = self._codes(rows)
        keys, _ = _joint_keys(codes, codes[:0])
        _, first, counts = np.unique(keys, return_index=True, return_counts=True)
        self.combinations, self.counts = codes[first], counts
        n_levels = np.array([len(values) for values in self.values])
        # The column with the fewest levels is the first to be drawn again.
        self.order = np.argsort(-n_levels, kind="stable").tolist()

    def _codes(self, rows: list[NDArray]) -> NDArray:
        """Return codes of shape (n, k): missing is the last one, unknown is -1."""
        codes = np.empty((len(rows[0]), len(rows)), dtype=np.int64)
        for j, (row, values) in enumerate(zip(rows, self.values, strict=True)):
            if not len(values):
                codes[:, j] = np.where(np.isnan(row), 0, -1)
                continue
            place = np.searchsorted(values, row).clip(0, len(values) - 1)
            codes[:, j] = np.where(values[place] == row, place, -1)
            codes[np.isnan(row), j] = len(values)
        return codes

    def _violations(self, values: list[NDArray], is_fixed: NDArray | None) -> NDArray:
        possible, keys = _joint_keys(self.combinations, self._codes(values))
        return ~np.isin(keys, possible)

    def _resample(self, values, rows, is_fixed, shares) -> None:
        codes = self._codes([column[rows] for column in values])
        is_fixed = is_fixed[rows]
        # Of all that is tried for a row one draw succeeds, whatever the number.
        share = shares.of(rows)
        new = codes.copy()
        is_open = np.ones(len(rows), dtype=bool)
        for kept in self._subsets(is_fixed):
            left = np.setdiff1d(np.arange(codes.shape[1]), kept)
            chosen = np.flatnonzero(is_open & ~is_fixed[:, left].any(axis=1))
            if not len(chosen):
                continue
            picked = self._draw(codes[chosen][:, kept], kept, share[chosen])
            chosen, picked = chosen[picked >= 0], picked[picked >= 0]
            new[chosen] = self.combinations[picked]
            is_open[chosen] = False
        if is_open.any():
            reason = "the training rows do not hold the given values together"
            self._refuse(values, rows[is_open], reason)
        for j, seen in enumerate(self.values):
            values[j][rows] = np.r_[seen, np.nan][new[:, j]]

    def _subsets(self, is_fixed: NDArray) -> list[list[int]]:
        """Columns to keep, as many as possible first, and those that tell most."""
        k = len(self.order)
        subsets: list[tuple[int, ...]] = []
        for size in range(k - 1, -1, -1):
            if k <= 6 or size == k - 1:
                subsets += combinations(self.order, size)
            else:
                subsets.append(tuple(self.order[:size]))
                # Many columns have too many subsets: prefixes, and what is fixed.
                patterns = np.unique(is_fixed, axis=0)
                subsets += [
                    tuple(np.flatnonzero(p).tolist())
                    for p in patterns
                    if p.sum() == size
                ]
        return [list(subset) for subset in dict.fromkeys(subsets)]

    def _draw(self, codes: NDArray, kept: list[int], share: NDArray) -> NDArray:
        """Return for each row a combination with its codes, -1 where there is none."""
        possible, keys = _joint_keys(self.combinations[:, kept], codes)
        order = np.argsort(possible, kind="stable")
        total = np.r_[0, np.cumsum(self.counts[order])]
        start = total[np.searchsorted(possible[order], keys, "left")]
        stop = total[np.searchsorted(possible[order], keys, "right")]
        drawn = start + (share * (stop - start)).astype(int)
        place = np.searchsorted(total, drawn, "right") - 1
        return np.where(stop > start, order[np.minimum(place, len(order) - 1)], -1)


def _joint_keys(combinations: NDArray, codes: NDArray) -> tuple[NDArray, NDArray]:
    """Return one number for each row of codes, equal in both where the rows are.

    Rows with an unknown code, -1, get -1.
    """
    both = np.concatenate([combinations, codes])
    keys = np.zeros(len(both), dtype=np.int64)
    largest = 0
    for column in both.T:
        size = int(column.max(initial=0)) + 2
        if (largest + 1) * size > 2**62:
            keys = np.unique(keys, return_inverse=True)[1]
            largest = len(both)
        keys = keys * size + column + 1
        largest = (largest + 1) * size
    keys[(both < 0).any(axis=1)] = -1
    return keys[: len(combinations)], keys[len(combinations) :]


def repeats(values: list[NDArray], comes_first: NDArray | None = None) -> NDArray:
    """Return which rows agree with an earlier one, bool of shape (n,).

    Rows in `comes_first`, bool of shape (n,), count as earlier than all others; rows
    with a missing value agree with none.
    """
    n = len(values[0])
    codes = np.column_stack([np.unique(v, return_inverse=True)[1] for v in values])
    keys, _ = _joint_keys(codes, codes[:0])
    order = np.arange(n)
    if comes_first is not None:
        order = np.argsort(~comes_first, kind="stable")
    result = np.ones(n, dtype=bool)
    result[order[np.unique(keys[order], return_index=True)[1]]] = False
    is_missing = np.isnan(np.column_stack(values)).any(axis=1)
    return result & ~is_missing


@persistent("levels", "grids", "order")
class UniqueRepair(Repair):
    """Columns in which no two rows agree."""

    needs_all_rows = True

    def __init__(self, names, title, rows: list[NDArray], is_discrete: list[bool]):
        super().__init__(names, title)
        self.is_discrete = is_discrete
        present = [row[~np.isnan(row)] for row in rows]
        self.levels = [
            np.unique(row) if discrete else frequencies(row)
            for row, discrete in zip(present, is_discrete, strict=True)
        ]
        self.grids = [Rounding.of(row) for row in rows]
        # The column with the most values is the first to be drawn again.
        self.order = np.argsort([-len(np.unique(row)) for row in present])

    def _violations(self, values: list[NDArray], is_fixed: NDArray | None) -> NDArray:
        comes_first = None if is_fixed is None else np.asarray(is_fixed.all(axis=1))
        return repeats(values, comes_first)

    def _resample(self, values, rows, is_fixed, shares) -> None:
        free = ~is_fixed
        # The free column with the most values, at first that alone.
        widest = self.order[free[:, self.order].argmax(axis=1)]
        only_widest = free & (widest[:, None] == np.arange(len(values)))
        entropy = shares.entropy
        for turn in range(_MAX_REDRAWS if len(values) > 1 else _MAX_REDRAWS // 10):
            drawn = only_widest if turn < _MAX_REDRAWS // 2 else free
            for j in range(len(values)):
                chosen = rows[drawn[rows, j]]
                # Each row gets a number, so that none depends on which are drawn again.
                stream = np.random.default_rng([entropy, turn, j])
                share = stream.uniform(size=len(free))[chosen]
                values[j][chosen] = self._draw(j, share)
            # Rows give up a combination that an earlier row has taken.
            rows = np.flatnonzero(self._violations(values, is_fixed))
            if not len(rows):
                return
        self._place(values, rows, free, entropy)

    def _draw(self, j: int, share: NDArray) -> NDArray:
        levels = self.levels[j]
        if not len(levels):
            return np.full(len(share), np.nan)
        if self.is_discrete[j]:
            return levels[(share * len(levels)).astype(int)]
        place = share * (len(levels) - 1)
        return self.grids[j].apply(np.interp(place, np.arange(len(levels)), levels))

    def _place(self, values, rows: NDArray, free: NDArray, entropy: int) -> None:
        """Give rows, in their order, the first values that none before them has."""
        table = np.column_stack(values)
        is_held = ~np.isnan(table).any(axis=1)
        n_present = int(is_held.sum())
        is_held[rows] = False
        held = np.flatnonzero(is_held)
        order = np.where(free[held].any(axis=1), held, -1)
        holders = dict(zip(map(tuple, table[held].tolist()), order, strict=True))
        pools = [self._pool(j, entropy) for j in range(len(values))]
        # A combination that is taken for one row is taken for all later rows.
        searches: dict[tuple, Iterator[tuple]] = {}
        failed, todo = [], rows.tolist()
        while todo:
            row = heappop(todo)
            kept = tuple(np.where(free[row], np.inf, table[row]).tolist())
            if kept not in searches:
                searches[kept] = self._candidates(pools, kept)
            for drawn in islice(searches[kept], _MAX_TRIED):
                holder = holders.get(drawn, len(table))
                if holder > row:
                    break
            else:
                failed.append(row)
                continue
            holders[drawn], table[row] = row, drawn
            if holder < len(table):
                heappush(todo, int(holder))
        if failed:
            self._fail(values, np.array(failed), n_present)
        self._warn_of_larger(table[table[:, 0] != values[0], 0])
        for j, column in enumerate(values):
            column[:] = table[:, j]

    def _pool(self, j: int, entropy: int) -> list[float]:
        """Return the values of a column to try, in random order."""
        levels, step = np.unique(self.levels[j]), step_of(self.grids[j])
        if len(self.levels) == 1 and not self.is_discrete[j] and len(levels) and step:
            span = (levels[-1] - levels[0]) / step
            if span < _MAX_CANDIDATES:
                levels = self.grids[j].apply(
                    levels[0] + step * np.arange(round(span) + 1)
                )
        return np.random.default_rng([entropy, j]).permutation(levels).tolist()

    def _candidates(self, pools: list[list[float]], kept: tuple) -> Iterator[tuple]:
        """Yield combinations to try; infinity in `kept` is what may change."""
        yield from product(
            *(
                pool if np.isposinf(value) else [value]
                for pool, value in zip(pools, kept, strict=True)
            )
        )
        if len(pools) == 1 and not self.is_discrete[0] and pools[0]:
            top, step = max(pools[0]), step_of(self.grids[0]) or 1.0
            for i in count(1):
                yield (float(self.grids[0].apply(np.array(top + step * i))),)

    def _warn_of_larger(self, placed: NDArray) -> None:
        if len(self.levels) > 1 or self.is_discrete[0] or not len(self.levels[0]):
            return
        low, high = self.levels[0].min(), self.levels[0].max()
        n_larger = int((placed > high).sum())
        if n_larger:
            warn_user(
                f"{self.title}: all values between {low:.12g} and {high:.12g} are used "
                f"up; {counted(n_larger, 'row')} got larger ones."
            )

    def _fail(self, values: list[NDArray], rows: NDArray, n_rows: int) -> None:
        if len(values) == 1:
            raise ValueError(
                f"{self.title} cannot be kept: {n_rows} rows need as many levels of "
                f"{self.names[0]!r}, and {len(self.levels[0])} were seen. Sample fewer "
                "rows."
            )
        n_choices = np.prod([float(len(levels)) for levels in self.levels])
        self._refuse(
            values,
            rows,
            "all combinations of the values seen are used"
            if n_choices < _MAX_TRIED
            else "too few values are left to draw",
        )
