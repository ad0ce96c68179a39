"""Numbers that are the product or the quotient of two others on every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding.dependencies._discovery import Table, is_surprising
from skgan.encoding.dependencies._relations import Columns, Dependency, Rounding

# More numbers have too many pairs.
_MAX_NUMBERS = 100
# Most pairs fail on the first rows.
_FIRST_ROWS = 16


@persistent()
@dataclass(frozen=True, eq=False, repr=False)
class ProductDependency(Dependency):
    """The product of two columns, or the first over the second, rounded as it was.

    It is missing where either is, or where it would be infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.dependencies._products import ProductDependency
    >>> from skgan.encoding.dependencies._relations import Rounding
    >>> total = ProductDependency("total", ("price", "count"), "product", Rounding(2))
    >>> print(total)
    total = price * count
    >>> total.restore({"price": np.array([1.5, np.nan]), "count": np.array([3.0, 2])})
    array([4.5, nan])
    """

    rounding: Rounding

    def restore(self, columns: Columns) -> NDArray:
        """Return the target from its sources, see `Dependency.restore`."""
        one, other = (columns[name] for name in self.sources)
        with np.errstate(all="ignore"):
            value = one * other if self.kind == "product" else one / other
        value = np.where(np.isfinite(value), value, np.nan)
        return self.rounding.apply(value) + 0.0

    def holds(self, columns: Columns) -> NDArray:
        """Tell which rows keep to it, but for errors of rounding."""
        got, wanted = self.restore(columns), columns[self.target]
        off = np.abs(got - wanted)
        return (off <= self.rounding.error * np.abs(wanted)) | (
            np.isnan(got) & np.isnan(wanted)
        )

    def __str__(self):
        sign = "*" if self.kind == "product" else "/"
        return f"{self.target} = {self.sources[0]} {sign} {self.sources[1]}"

    __repr__ = __str__


def find_products(table: Table) -> Iterator[Dependency]:
    """Find numbers that are the product of two others, then those that are a quotient.

    They are compared after rounding to the target's decimals.
    """
    numbers = [name for name in table.columns if name not in table.discrete]
    if not 3 <= len(numbers) <= _MAX_NUMBERS:
        return
    rows = np.random.default_rng(0).permutation(table.n_rows)[:_FIRST_ROWS]
    first = np.column_stack([table.columns[name][rows] for name in numbers])
    roundings = {name: Rounding.of(table.columns[name]) for name in numbers}
    decimals = [roundings[name].decimals for name in numbers]
    units = np.array([0.0 if d is None else 10.0**-d for d in decimals])
    allowed = 0.5001 * units + 1e-6 * np.abs(first)
    for kind in ("product", "quotient"):
        for i, j in _pairs(len(numbers), kind):
            with np.errstate(all="ignore"):
                value = (np.multiply if kind == "product" else np.divide)(
                    first[:, i], first[:, j]
                )
                off = np.abs(value[:, None] - first)
            is_none = ~np.isfinite(value)[:, None] & np.isnan(first)
            is_same = (off <= allowed) | is_none
            for k in np.flatnonzero(is_same.all(axis=0)):
                target = numbers[k]
                if k in (i, j) or target in table.keep:
                    continue
                dependency = ProductDependency(
                    target, (numbers[i], numbers[j]), kind, roundings[target]
                )
                if dependency.holds(table.columns).all() and is_surprising(
                    table, target, 2
                ):
                    yield dependency


def _pairs(n: int, kind: str) -> Iterator[tuple[int, int]]:
    for i, j in combinations(range(n), 2):
        yield i, j
        if kind == "quotient":
            yield j, i
