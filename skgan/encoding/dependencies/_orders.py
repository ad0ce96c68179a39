"""Pairs of columns, the first never above the second: found on the training rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
from numpy.typing import NDArray

# More numbers have too many pairs.
_MAX_NUMBERS = 100
_MIN_ROWS = 50
# Rows that would break an order if the columns were independent: with so many, that
# none does has a probability below exp(-20).
_MIN_EXPECTED = 20
_FIRST_ROWS = 200
_MAX_COMPARED = 5000


def find_orders(
    columns: Mapping[Hashable, NDArray], kinds: Mapping[Hashable, object] | None = None
) -> list[tuple[Hashable, Hashable]]:
    """Find pairs (low, high) of numbers, the first at most the second in every row.

    A row in which either is missing shows nothing. Only pairs that independent columns
    would break often count, so that ranges that do not overlap prove nothing; of three
    in a row only the two steps, if the middle one is never missing. Columns of
    different `kinds` are not compared.
    """
    names = [name for name, values in columns.items() if _varies(values)]
    if not 2 <= len(names) <= _MAX_NUMBERS:
        return []
    values = np.column_stack([columns[name] for name in names])
    first = values[:_FIRST_ROWS]
    with np.errstate(invalid="ignore"):
        is_broken = np.array(
            [(first[:, [i]] > first).any(0) for i in range(len(names))]
        )
    np.fill_diagonal(is_broken, True)
    pairs = {
        (names[i], names[j])
        for i, j in np.argwhere(~is_broken)
        if (kinds is None or kinds[names[i]] == kinds[names[j]])
        and _keeps_order(values[:, i], values[:, j])
    }
    between = [name for name in names if not np.isnan(columns[name]).any()]
    return [
        (low, high)
        for low in names
        for high in names
        if (low, high) in pairs
        and not any((low, x) in pairs and (x, high) in pairs for x in between)
    ]


def _varies(values: NDArray) -> bool:
    present = values[~np.isnan(values)]
    return bool(len(present) >= _MIN_ROWS and (present != present[0]).any())


def _keeps_order(low: NDArray, high: NDArray) -> bool:
    """Whether no row breaks an order that independent columns would often break."""
    both = ~(np.isnan(low) | np.isnan(high))
    low, high = low[both], high[both]
    if len(low) < _MIN_ROWS or (low > high).any() or (low == high).all():
        return False
    step = -(-len(low) // _MAX_COMPARED)
    some = np.sort(high[::step])
    share_below = np.searchsorted(some, low[::step], "left").mean() / len(some)
    return bool(share_below * len(low) >= _MIN_EXPECTED)
