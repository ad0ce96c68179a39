"""Dependencies between columns of a table: how a left-out column is restored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent

_MAX_DECIMALS = 9
Columns = Mapping[Any, NDArray]


@persistent()
@dataclass(frozen=True)
class Rounding:
    """The grid that a column's values lie on."""

    decimals: int | None = None  # that all values have at most
    is_single: bool = False  # whether every value is one of single precision

    @classmethod
    def of(cls, column: NDArray) -> Rounding:
        """Return the coarsest grid that holds a column of shape (n,), NaN apart."""
        column = column[~np.isnan(column)]
        largest = float(np.abs(column).max(initial=0))
        for is_single in (False, True):
            # With all digits of the dtype allowed, any value would look decimal.
            n_values = 1e6 if is_single else 1e14
            for decimals in range(_MAX_DECIMALS + 1):
                grid = cls(decimals, is_single)
                if largest * 10**decimals > n_values and decimals:
                    break
                # Most columns fail within the first rows, which are cheap to test.
                if grid.holds(column[:50]) and grid.holds(column):
                    return grid
        return cls(None, cls(None, True).holds(column))

    def holds(self, column: NDArray) -> bool:
        """Whether all values of a column of shape (n,) lie on the grid."""
        return bool((self.apply(column) == column).all())

    def apply(self, column: NDArray) -> NDArray:
        """Return the nearest values of the grid, float64 of shape (n,)."""
        if self.decimals is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                column = np.round(column, self.decimals)
        if self.is_single:
            with np.errstate(over="ignore"):
                column = column.astype(np.float32).astype(np.float64)
        return column

    @property
    def error(self) -> float:
        """Relative error that values off any decimal grid come with."""
        if self.decimals is not None:
            return 0.0
        return 8 * float(np.finfo(np.float32 if self.is_single else float).eps)


@dataclass(frozen=True, eq=False)
class Dependency(ABC):
    """A column that others determine on every row learnt from."""

    target: Hashable
    sources: tuple[Hashable, ...]
    # "copy", "constant offset", "scale", "linear", "sum" or "function"
    kind: str

    @abstractmethod
    def restore(self, columns: Columns) -> NDArray:
        """Return the target from its sources."""


@persistent()
@dataclass(frozen=True, eq=False, repr=False)
class LinearDependency(Dependency):
    """A weighted sum of other columns, rounded as the target's values are.

    It is missing where any source is.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.dependencies._relations import LinearDependency, Rounding
    >>> total = LinearDependency(
    ...     "total", ("net", "tax"), "sum", (1.0, 1.0), 0.0, Rounding(2)
    ... )
    >>> print(total)
    total = net + tax
    >>> total.restore({"net": np.array([1.1, np.nan]), "tax": np.array([2.2, 0.0])})
    array([3.3, nan])
    """

    weights: tuple[float, ...]
    constant: float
    rounding: Rounding  # the grid of the target's values

    def restore(self, columns: Columns) -> NDArray:
        """Return the target from its sources, see `Dependency.restore`."""
        total = weighted_sum([columns[name] for name in self.sources], self.weights)
        # Adding zero also turns a negative zero into the usual one.
        return self.rounding.apply(total + self.constant) + 0.0

    def solve(self, name: Hashable, columns: Columns) -> NDArray:
        """Return a source from the target and the other sources."""
        place = self.sources.index(name)
        others = [
            columns[other] * weight
            for other, weight in zip(self.sources, self.weights, strict=True)
            if other != name
        ]
        rest = columns[self.target] - self.constant - sum(others)
        return rest / self.weights[place]

    def __str__(self):
        if self.kind == "copy":
            return f"{self.target} is a copy of {self.sources[0]}"
        terms = list(zip(self.weights, map(str, self.sources), strict=True))
        if self.constant:
            terms.append((self.constant, ""))
        terms.sort(key=lambda term: term[0] < 0)
        text = "".join(
            (" - " if weight < 0 else " + ") + _term(abs(weight), name)
            for weight, name in terms
        )
        text = text[3:] if text.startswith(" + ") else "-" + text[3:]
        return f"{self.target} = {text}"

    __repr__ = __str__


def _term(weight: float, name: str) -> str:
    number = f"{weight:.12g}"
    return name if name and weight == 1 else f"{number} * {name}" if name else number


def weighted_sum(columns: list[NDArray], weights: tuple[float, ...]) -> NDArray:
    """Return the sum of columns of shape (n,), in their order."""
    total = columns[0] * weights[0]
    for column, weight in zip(columns[1:], weights[1:], strict=True):
        total = total + column * weight
    return total


@persistent()
@dataclass(frozen=True, eq=False, repr=False)
class ProductDependency(Dependency):
    """The product of two columns, or the first over the second, rounded as it was.

    It is missing where either is, or where it would be infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.dependencies._relations import ProductDependency, Rounding
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

    def solve(self, name: Hashable, columns: Columns) -> NDArray:
        """Return a source from the target and the other one; NaN where any will do."""
        one, other = (columns[source] for source in self.sources)
        target = columns[self.target]
        with np.errstate(all="ignore"):
            if self.kind == "product":
                value = target / (other if name == self.sources[0] else one)
            else:
                value = target * other if name == self.sources[0] else one / target
        return np.where(np.isfinite(value), value, np.nan)

    def __str__(self):
        sign = "*" if self.kind == "product" else "/"
        return f"{self.target} = {self.sources[0]} {sign} {self.sources[1]}"

    __repr__ = __str__


@persistent()
@dataclass(frozen=True, eq=False, repr=False)
class FunctionDependency(Dependency):
    """A column that is looked up by the value of another.

    A number that the table does not hold takes the entry of the nearest that it
    does, a level or a missing value that it does not hold the commonest entry.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.dependencies._relations import FunctionDependency
    >>> years = FunctionDependency(
    ...     "years",
    ...     ("degree",),
    ...     "function",
    ...     np.array([0.0, 1.0]),
    ...     np.array([13.0, 16.0]),
    ...     np.nan,
    ...     13.0,
    ...     True,
    ... )
    >>> print(years)
    years is a function of degree
    >>> years.restore({"degree": np.array([1.0, 0.0, np.nan])})
    array([16., 13., nan])
    """

    keys: NDArray  # values of the source, ascending, without NaN
    values: NDArray  # the target's value for each, NaN where it is missing
    value_of_missing: float
    commonest: float  # the target's value where that of the source is unknown
    is_discrete: bool  # whether the source is codes of levels, without distances

    _texts: ClassVar[dict[str, str]] = {
        "copy": "a copy of",
        "function": "a function of",
    }

    def restore(self, columns: Columns) -> NDArray:
        """Return the target from its source, see `Dependency.restore`."""
        column = columns[self.sources[0]]
        if not len(self.keys):
            return np.full(len(column), self.value_of_missing)
        last = len(self.keys) - 1
        right = np.searchsorted(self.keys, column).clip(0, last)
        left = (right - 1).clip(0)
        is_left = column - self.keys[left] < self.keys[right] - column
        nearest = np.where(is_left, left, right)
        result = self.values[nearest]
        if self.is_discrete:
            result = np.where(self.keys[nearest] == column, result, self.commonest)
        return np.where(np.isnan(column), self.value_of_missing, result)

    def __str__(self):
        return f"{self.target} is {self._texts[self.kind]} {self.sources[0]}"

    __repr__ = __str__
