"""Columns that name rows, and so say nothing of how good samples are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from skgan.encoding import find_identifiers
from skgan.frames import RawColumn, as_rows, is_table, read_columns

_MIN_UNIQUE = 0.9


def shared_identifiers(*sets: Any) -> list[Hashable]:
    """Return the columns by which the rows of each frame are told apart.

    The first set is of real rows: a column of it is an identifier if `TableEncoder`
    would take it for one, and stays it if its values differ in the other sets, too.
    """
    first, *others = sets
    if not all(map(is_table, sets)):
        return []
    first = as_rows(first, "X")
    names = list(first.columns)
    if len(set(names)) < len(names):
        return []
    try:
        found = find_identifiers(first)
    except (TypeError, ValueError):
        # Whoever reads the rows says what is wrong with them.
        return []
    found = [n for n in found if all(_differ(rows, n) for rows in others)]
    return found if len(found) < len(names) else []


def _differ(rows: Any, name: Hashable) -> bool:
    """Whether nearly all values of a column that a frame has are different."""
    rows = as_rows(rows, "X")
    if name not in list(rows.columns):
        return False
    try:
        (column,) = read_columns(rows[[name]])
    except (TypeError, ValueError):
        return False
    n_present = int((~column.missing).sum())
    return n_present > 0 and _n_different(column) >= _MIN_UNIQUE * n_present


def _n_different(column: RawColumn) -> int:
    return len(np.unique(column.raw[~column.missing]))
