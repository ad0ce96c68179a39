"""Formulas between columns with gaps, which hold wherever nothing is missing."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
from numpy.typing import NDArray

from skgan.encoding.dependencies._dependencies import find_dependencies
from skgan.encoding.dependencies._relations import (
    Dependency,
    LinearDependency,
    ProductDependency,
)

_MAX_NUMBERS = 100
_MIN_ROWS = 50
# Columns that are missing more often leave too few rows in which none is.
_MAX_MISSING = 0.5


def find_formulas(
    columns: Mapping[Hashable, NDArray], *, among_gaps: bool = True
) -> list[Dependency]:
    """Find sums, products and quotients that hold in all rows that miss none of them.

    What is missing is missing in its own rows, so that the target cannot be left out,
    as `find_dependencies` does. Where no column has gaps nothing is looked for, if only
    formulas `among_gaps` are wanted.
    """
    gaps = {name: np.isnan(values) for name, values in columns.items()}
    kept = [n for n, is_gap in gaps.items() if is_gap.mean() <= _MAX_MISSING]
    if not 2 <= len(kept) <= _MAX_NUMBERS:
        return []
    if among_gaps and not any(gaps[name].any() for name in kept):
        return []
    is_whole = ~np.logical_or.reduce([gaps[name] for name in kept])
    if is_whole.sum() < _MIN_ROWS:
        return []
    found = find_dependencies({name: columns[name][is_whole] for name in kept})
    return [
        dependency
        for dependency in found
        if isinstance(dependency, LinearDependency | ProductDependency)
        and not breaks_formula(dependency, columns).any()
    ]


def breaks_formula(
    dependency: Dependency, columns: Mapping[Hashable, NDArray]
) -> NDArray:
    """Tell in which rows a formula is broken; where anything is missing, it is not."""
    got, value = dependency.restore(columns), columns[dependency.target]
    is_close = np.isclose(got, value, rtol=1e-9, atol=0)
    return ~(is_close | np.isnan(got) | np.isnan(value))
