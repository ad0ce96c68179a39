"""Columns that are computed from others: left out of what is learnt, and restored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import counted
from skgan.encoding.dependencies._date_parts import PARTS, Clock, make_date_part
from skgan.encoding.dependencies._relations import (
    Dependency,
    ProductDependency,
    Rounding,
)
from skgan.frames import cast_like, frame_library, with_columns

Columns = Mapping[Any, NDArray]


class Computed(ABC):
    """Columns that others determine, as the user says."""

    @property
    @abstractmethod
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""

    @property
    @abstractmethod
    def targets(self) -> tuple[Hashable, ...]:
        """Names of the columns that are computed."""

    def check_names(self, names: Collection[Hashable]) -> None:
        """Raise a ValueError if a column is unknown."""
        unknown = [name for name in self.columns if name not in names]
        if unknown:
            raise ValueError(
                f"{self!r} names {unknown}, which X does not have; its columns are "
                f"{list(names)}."
            )


class Formula(Computed):
    """Columns that are computed by a formula of skgan's."""

    @abstractmethod
    def dependencies(
        self, columns: Columns, discrete: Collection, clocks: Mapping[Hashable, Clock]
    ) -> list[Dependency]:
        """Return how each target is computed; raise if training rows break it."""

    def _refuse(self, dependency: Any, columns: Columns) -> None:
        broken = np.flatnonzero(~dependency.holds(columns))
        if len(broken):
            raise ValueError(
                f"{self!r} is broken by {len(broken)} of "
                f"{len(columns[dependency.target])} training rows, the first at "
                f"positions {broken[:5].tolist()}. Correct or drop these rows, or "
                "leave the constraint out."
            )


@persistent()
@dataclass(frozen=True)
class Product(Formula):
    """One column is the product of two others, rounded to its own decimals.

    It is left out of what is learnt, and computed in samples. A row in which either
    factor is missing has no product.

    Parameters
    ----------
    left, right : str
        Names of two columns of numbers.
    product : str
        Name of the column that is their product.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgan import GANSampler
    >>> from skgan.encoding import Product, TableEncoder
    >>> rng = np.random.default_rng(0)
    >>> price, count = rng.integers(1, 999, 200) / 100, rng.integers(1, 9, 200)
    >>> sales = pd.DataFrame({"price": price, "count": count, "shop": ["a", "b"] * 100})
    >>> sales["total"] = (price * count).round(2)
    >>> encoder = TableEncoder(constraints=[Product("price", "count", "total")])
    >>> drawn = GANSampler(encoder=encoder, max_iter=0, random_state=0).fit(sales)
    >>> drawn = drawn.sample(5)
    >>> bool((drawn["total"] == (drawn["price"] * drawn["count"]).round(2)).all())
    True
    """

    left: Hashable
    right: Hashable
    product: Hashable

    def __post_init__(self):
        if self.product in (self.left, self.right):
            raise ValueError(f"Product names {self.product!r} on both sides.")

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""
        return (self.left, self.right, self.product)

    @property
    def targets(self) -> tuple[Hashable, ...]:
        """Names of the columns that are computed."""
        return (self.product,)

    def dependencies(self, columns, discrete, clocks):
        """Return how the product is computed, see `Formula.dependencies`."""
        levels = [n for n in self.columns if n in discrete or n in clocks]
        if levels:
            raise ValueError(f"{self!r} needs numbers, but {levels} holds none.")
        rounding = Rounding.of(columns[self.product])
        factors = (self.left, self.right)
        dependency = ProductDependency(self.product, factors, "product", rounding)
        self._refuse(dependency, columns)
        return [dependency]


@persistent()
@dataclass(frozen=True, init=False, repr=False)
class DateParts(Formula):
    """Columns that hold parts of a date: its year, month, weekday and so on.

    They are left out of what is learnt, and computed in samples. A column of levels,
    such as names of weekdays, has the level that training rows show for each part.

    Parameters
    ----------
    date : str
        Name of a column of dates or times.
    **parts : str
        Names of columns: ``year``, ``quarter``, ``month``, ``day``, ``weekday``
        (Monday is 0), ``isoweekday`` (Monday is 1), ``dayofyear``, ``week`` (of ISO),
        ``yearmonth``, ``yearquarter``, ``yearweek`` (202405 is the fifth week of
        2024), ``hour`` and ``minute``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgan import GANSampler
    >>> from skgan.encoding import DateParts, TableEncoder
    >>> days = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=90)})
    >>> days["month"] = days["day"].dt.month
    >>> days["name"] = days["day"].dt.day_name()
    >>> parts = DateParts("day", month="month", weekday="name")
    >>> parts
    DateParts('day', month='month', weekday='name')
    >>> encoder = TableEncoder(constraints=[parts])
    >>> drawn = GANSampler(encoder=encoder, max_iter=0, random_state=0).fit(days)
    >>> drawn = drawn.sample(20)
    >>> bool((drawn["name"] == drawn["day"].dt.day_name()).all())
    True
    """

    date: Hashable
    parts: tuple[tuple[str, Hashable], ...]

    def __init__(self, date: Hashable, **parts: Hashable):
        unknown = [part for part in parts if part not in PARTS]
        if unknown or not parts:
            raise ValueError(f"DateParts takes {', '.join(PARTS)}, got {unknown}.")
        object.__setattr__(self, "date", date)
        object.__setattr__(self, "parts", tuple(parts.items()))

    def __repr__(self):
        named = ", ".join(f"{part}={name!r}" for part, name in self.parts)
        return f"DateParts({self.date!r}, {named})"

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""
        return (self.date, *self.targets)

    @property
    def targets(self) -> tuple[Hashable, ...]:
        """Names of the columns that are computed."""
        return tuple(name for _, name in self.parts)

    def dependencies(self, columns, discrete, clocks):
        """Return how each part is computed, see `Formula.dependencies`."""
        if self.date not in clocks:
            raise ValueError(f"{self!r} needs dates, but {self.date!r} holds none.")
        found = []
        for part, name in self.parts:
            is_discrete, clock = name in discrete, clocks[self.date]
            dependency = make_date_part(
                columns, is_discrete, name, self.date, part, clock
            )
            self._refuse(dependency, columns)
            found.append(dependency)
        return found


@persistent()
@dataclass(frozen=True, init=False, repr=False)
class Derived(Computed):
    """Columns that a function of the user's own computes from the others.

    They are left out of what is learnt, and computed anew in samples.

    Parameters
    ----------
    columns : str or list of str
        Names of the columns that are computed.
    function : callable
        Gets a frame of rows, of the library that ``fit`` was given, without these
        columns and those of later `Derived`, and returns the column, or a mapping or
        frame of several by name. Values are cast to the dtype that the column has. On
        the training rows it must give what they hold. A file of ``skgan.save`` names
        it; hand it over again by ``skgan.load(path, classes=[function])``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgan import GANSampler
    >>> from skgan.encoding import Derived, TableEncoder
    >>> def full_name(frame):
    ...     return frame["first"] + " " + frame["last"]
    >>> people = pd.DataFrame({"first": ["Ada", "Alan", "Kurt"] * 40})
    >>> people["last"] = ["L.", "T.", "G.", "L."] * 30
    >>> people["name"] = full_name(people)
    >>> encoder = TableEncoder(constraints=[Derived("name", full_name)])
    >>> sampler = GANSampler(encoder=encoder, max_iter=0, random_state=0).fit(people)
    >>> drawn = sampler.sample(20)
    >>> bool((drawn["name"] == full_name(drawn)).all())
    True
    """

    names: tuple[Hashable, ...]
    function: Callable[[Any], Any]

    def __init__(self, columns: Any, function: Callable[[Any], Any]):
        names = tuple(columns) if isinstance(columns, list | tuple) else (columns,)
        if not names:
            raise ValueError("Derived names no column.")
        if not callable(function):
            raise TypeError(
                f"Derived of {list(names)} needs a function of a frame, got "
                f"{function!r}."
            )
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "function", function)

    def __repr__(self):
        name = getattr(self.function, "__name__", repr(self.function))
        return f"Derived({list(self.names)}, {name})"

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""
        return self.names

    @property
    def targets(self) -> tuple[Hashable, ...]:
        """Names of the columns that are computed."""
        return self.names

    def fill(self, frame: Any, hidden: Collection[Hashable]) -> Any:
        """Return the frame with its columns computed, without those in `hidden`."""
        name = getattr(self.function, "__name__", repr(self.function))
        kept = [column for column in frame.columns if column not in hidden]
        try:
            result = self.function(frame[kept])
            if len(self.columns) == 1 and not isinstance(result, Mapping):
                computed = {self.columns[0]: _column_of(result, self.columns[0])}
            else:
                computed = {column: result[column] for column in self.columns}
            computed = {n: _without_index(v, len(frame)) for n, v in computed.items()}
            return cast_like(with_columns(frame, computed), frame)
        except Exception as error:
            raise ValueError(
                f"The function {name} of Derived({list(self.columns)}) did not give "
                f"these columns of {len(frame)} rows, in the dtypes they had in fit: "
                f"{type(error).__name__}: {error}"
            ) from error


@persistent()
@dataclass(frozen=True, eq=False)
class DerivedColumn(Dependency):
    """A column that a function of the user's computes where rows are built."""

    def restore(self, columns: Columns) -> NDArray:
        """Return the column as it is: it is computed later."""
        return columns[self.target]

    def __str__(self):
        return f"{self.target} is computed by a function of the user's"

    __repr__ = __str__


def _column_of(result: Any, name: Hashable) -> Any:
    """Return the one column of a frame, or what is a column already."""
    return result[name] if frame_library(result) is not None else result


def _without_index(values: Any, n: int) -> Any:
    """Return values by place: pandas would go by their index."""
    if np.ndim(values) == 0 and not hasattr(values, "__len__"):
        return [values] * n
    if len(values) != n:
        raise ValueError(
            f"it returned {counted(len(values), 'value')} for {counted(n, 'row')}"
        )
    return getattr(values, "array", values)
