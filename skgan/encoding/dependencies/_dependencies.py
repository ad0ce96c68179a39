"""Dependencies between columns, found on the training rows by themselves."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan.encoding.dependencies._date_parts import Clock, find_date_parts
from skgan.encoding.dependencies._discovery import Table, find_functions
from skgan.encoding.dependencies._products import find_products
from skgan.encoding.dependencies._relations import Dependency
from skgan.encoding.dependencies._sums import find_sums

__all__ = ["Dependency", "find_dependencies", "restore_all"]


def find_dependencies(
    columns: Mapping[Any, NDArray],
    discrete: Collection[Hashable] = frozenset(),
    keep: Collection[Hashable] = frozenset(),
    clocks: Mapping[Hashable, Clock] | None = None,
) -> list[Dependency]:
    """Find columns that others determine on every row.

    Found are copies (also under other level names), constant offsets and factors,
    sums with fixed weights up to the decimals of the column, products and quotients of
    two columns, parts of dates whose `clocks` say what they count, and columns that are
    a function of one other, where the rows hold evidence enough that it is no chance.


    Notes
    -----
    A relation counts if independent columns would show it, or any other, in less
    than one table in a million, judged by the length of a code that uses it [1]_.
    What the commonest value of a column and the first row of each value of a source
    show does not count, so that near-unique and near-constant columns prove nothing.
    Besides, half the rows of a category, and four fifths of the rows of a number,
    must repeat a value for the column to be the source of a function.


    References
    ----------
    .. [1] Barron, "Logically smooth density estimation", PhD thesis, Stanford
       University, 1985, theorem 3.1: no code saves s nats with a probability above
       exp(-s).


    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.dependencies._dependencies import (
    ...     find_dependencies,
    ...     restore_all,
    ... )
    >>> rng = np.random.default_rng(0)
    >>> net, tax = rng.integers(100, size=(2, 500)) / 4
    >>> columns = {"net": net, "tax": tax, "total": net + tax}
    >>> dependencies = find_dependencies(columns)
    >>> dependencies
    [total = net + tax]
    >>> restored = restore_all(dependencies, {"net": net[:1] + 1, "tax": tax[:1]})
    >>> bool(restored["total"] == net[0] + tax[0] + 1)
    True
    """
    table = Table(dict(columns), frozenset(discrete), frozenset(keep))
    by_target: dict[Hashable, Dependency] = {}
    found = chain(
        find_sums(table),
        find_products(table),
        find_date_parts(table, clocks or {}),
        find_functions(table),
    )
    for dependency in found:
        if dependency.target in by_target:
            continue
        if not _needs(dependency.target, dependency.sources, by_target):
            by_target[dependency.target] = dependency
    return in_order(by_target)


def restore_all(
    dependencies: list[Dependency], columns: Mapping[Any, NDArray]
) -> dict[Hashable, NDArray]:
    """Return `columns` with the targets of all dependencies, in the given order."""
    restored = {name: np.asarray(column) for name, column in columns.items()}
    for dependency in dependencies:
        restored[dependency.target] = dependency.restore(restored)
    return restored


def _needs(
    target: Hashable,
    sources: tuple[Hashable, ...],
    by_target: dict[Hashable, Dependency],
) -> bool:
    """Whether any of `sources` is restored from `target`."""
    for source in sources:
        if source == target:
            return True
        if source in by_target and _needs(target, by_target[source].sources, by_target):
            return True
    return False


def in_order(by_target: dict[Hashable, Dependency]) -> list[Dependency]:
    """Sort, so that each target comes before the dependencies that need it."""
    ordered: dict[Hashable, Dependency] = {}

    def place(target: Hashable) -> None:
        if target in by_target and target not in ordered:
            for source in by_target[target].sources:
                place(source)
            ordered[target] = by_target[target]

    for target in by_target:
        place(target)
    return list(ordered.values())
