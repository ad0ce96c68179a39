"""What a table's rows must keep to: declared, checked at fit, repaired in samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding.constraints._computed import Computed
from skgan.encoding.constraints._joint_repairs import CombinationRepair, UniqueRepair
from skgan.encoding.constraints._repairs import (
    InequalityRepair,
    RangeRepair,
    Repair,
    ThresholdRepair,
)

Columns = Mapping[Any, NDArray]
Reader = Callable[[Hashable, Any], float]


def read_number(column: Hashable, value: Any) -> float:
    """Return a bound as a number; what else it may be, the encoder of `column` says."""
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Bound {value!r} of column {column!r} is no number: {error}."
        ) from error


class Constraint(ABC):
    """What every row, or all rows together, must keep to."""

    @property
    @abstractmethod
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""

    @abstractmethod
    def _repair(self, columns: Columns, discrete: Collection, read: Reader) -> Repair:
        """Return what keeps rows to it, learnt from columns that exist."""

    def learn(
        self,
        columns: Columns,
        discrete: Collection[Hashable] = frozenset(),
        read: Reader = read_number,
    ) -> Repair:
        """Check the training rows and return what keeps sampled rows to them.

        Parameters
        ----------
        columns : mapping of name to ndarray of shape (n,), float64
            Numbers or codes of levels, NaN is missing; columns that are compared
            with one another are in the same unit.
        discrete : collection of names
            The columns that are codes of levels.
        read : callable (name, bound) -> float
            Turns a bound that was declared, a date say, into the column's number.

        Returns
        -------
        Repair
            With ``find_violations(columns)`` and ``repair(columns, fixed, rng)``.

        Raises
        ------
        ValueError
            If a column is unknown or of the wrong kind, or training rows break the
            constraint.
        """
        unknown = [name for name in self.columns if name not in columns]
        if unknown:
            raise ValueError(
                f"{self!r} names {_listed(unknown)}, which X does not have; its "
                f"columns are {_listed(columns)}."
            )
        repair = self._repair(columns, discrete, read)
        violations = np.flatnonzero(repair.find_violations(columns))
        if len(violations):
            n_rows = len(columns[self.columns[0]])
            raise ValueError(
                f"{self!r} is broken by {len(violations)} of {n_rows} training rows, "
                f"the first at positions {_listed(violations[:5].tolist())}. Correct "
                "or drop these rows, or leave the constraint out."
            )
        return repair

    def check(
        self,
        columns: Columns,
        discrete: Collection[Hashable] = frozenset(),
        read: Reader = read_number,
    ) -> None:
        """Raise if the training rows break the constraint, see `learn`."""
        self.learn(columns, discrete, read)

    def _refuse_levels(self, discrete: Collection[Hashable]) -> None:
        levels = [name for name in self.columns if name in discrete]
        if levels:
            raise ValueError(
                f"{self!r} needs numbers or dates, but {_listed(levels)} holds "
                "categories."
            )


def _listed(names: Iterable) -> str:
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:20])
    return shown + (f" and {len(names) - 20} more" if len(names) > 20 else "")


class _ColumnConstraint(Constraint):
    """On one column."""

    column: Hashable

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""
        return (self.column,)


@dataclass(frozen=True, init=False, repr=False)
class _JointConstraint(Constraint):
    """On several columns, in any order."""

    names: tuple[Hashable, ...]
    _at_least: ClassVar[int] = 1

    def __init__(self, *columns: Hashable):
        owner = type(self).__name__
        if len(columns) < self._at_least:
            raise ValueError(
                f"{owner} needs at least {self._at_least} column names, "
                f"got {len(columns)}."
            )
        for name in columns:
            if isinstance(name, list | set | dict):
                raise TypeError(
                    f"{owner} takes names one by one, {owner}('a', 'b'), got {name!r}."
                )
        if len(set(columns)) < len(columns):
            raise ValueError(f"{owner} names a column twice: {_listed(columns)}.")
        object.__setattr__(self, "names", columns)

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""
        return self.names

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(repr, self.names))})"


@persistent()
@dataclass(frozen=True)
class Inequality(Constraint):
    """One column is never above another.

    A row that breaks it gets its two values swapped. Where one of them was given,
    or they are equal and must not be, the other is drawn from the training values
    that fit. A row in which either is missing keeps to it.

    Parameters
    ----------
    low, high : str
        Names of two columns of numbers or of dates.
    strict : bool, default=False
        Whether equal values break it.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.constraints._constraints import Inequality
    >>> ordered = Inequality("start", "end")
    >>> ordered
    Inequality(low='start', high='end', strict=False)
    >>> repair = ordered.learn({"start": np.array([1.0, 2]), "end": np.array([3.0, 2])})
    >>> sampled = {"start": np.array([3.0, 1]), "end": np.array([2.0, 1])}
    >>> columns, is_repaired = repair.repair(sampled, rng=np.random.default_rng(0))
    >>> columns["start"], columns["end"], is_repaired
    (array([2., 1.]), array([3., 1.]), array([ True, False]))
    """

    low: Hashable
    high: Hashable
    strict: bool = False

    def __post_init__(self):
        if self.low == self.high:
            raise ValueError(f"Inequality needs two columns, got {self.low!r} as both.")
        _check_flag("strict", self.strict)

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""
        return (self.low, self.high)

    def _repair(self, columns: Columns, discrete: Collection, read: Reader) -> Repair:
        self._refuse_levels(discrete)
        return InequalityRepair(
            self.columns, repr(self), columns[self.low], columns[self.high], self.strict
        )


@persistent()
@dataclass(frozen=True, init=False, repr=False)
class FixedCombinations(_JointConstraint):
    """Columns whose values occur together only as they did in the training rows.

    In a row with another combination as few columns as possible are drawn again, at
    the training frequency of the combinations that the others leave: the columns
    with the fewest levels first, and never one that was given. Missing is a value of
    its own.

    Parameters
    ----------
    *columns : str
        Names of two columns or more.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.constraints._constraints import FixedCombinations
    >>> places = FixedCombinations("city", "country")
    >>> places
    FixedCombinations('city', 'country')
    >>> city, country = np.array([0.0, 1, 2]), np.array([0.0, 0, 1])
    >>> repair = places.learn({"city": city, "country": country})
    >>> sampled = {"city": np.array([2.0, 1]), "country": np.array([0.0, 0])}
    >>> columns, is_repaired = repair.repair(sampled, rng=np.random.default_rng(0))
    >>> columns["city"], columns["country"], is_repaired
    (array([2., 1.]), array([1., 0.]), array([ True, False]))
    """

    _at_least = 2

    def _repair(self, columns: Columns, discrete: Collection, read: Reader) -> Repair:
        rows = [columns[name] for name in self.names]
        return CombinationRepair(self.names, repr(self), rows)


@persistent()
@dataclass(frozen=True)
class Range(_ColumnConstraint):
    """A column stays between two bounds, both allowed.

    A value outside becomes the nearest one of the training rows. A missing value
    keeps to it.

    Parameters
    ----------
    column : str
        Name of a column of numbers or of dates.
    low, high : number, date or None, default=None
        The bounds, in the column's own unit; None leaves that side open.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.constraints._constraints import Range
    >>> adults = Range("age", low=18)
    >>> adults
    Range(column='age', low=18, high=None)
    >>> repair = adults.learn({"age": np.array([20.0, 70, np.nan])})
    >>> sampled = {"age": np.array([17.0, 18, np.nan])}
    >>> repair.repair(sampled, rng=np.random.default_rng(0))[0]["age"]
    array([20., 18., nan])
    """

    column: Hashable
    low: Any = None
    high: Any = None

    def __post_init__(self):
        if self.low is None and self.high is None:
            raise ValueError(
                f"Range of column {self.column!r} needs low, high or both."
            )
        for bound in (self.low, self.high):
            if bound is not None and bound != bound:
                raise ValueError(
                    f"A bound of column {self.column!r} is missing: {bound!r}."
                )
        if self.low is None or self.high is None:
            return
        try:
            is_empty = self.low > self.high
        except TypeError as error:
            raise ValueError(
                f"low={self.low!r} and high={self.high!r} of column {self.column!r} "
                "cannot be compared."
            ) from error
        if is_empty:
            raise ValueError(
                f"low={self.low!r} must not be above high={self.high!r} for column "
                f"{self.column!r}."
            )

    def _repair(self, columns: Columns, discrete: Collection, read: Reader) -> Repair:
        self._refuse_levels(discrete)
        low = -np.inf if self.low is None else read(self.column, self.low)
        high = np.inf if self.high is None else read(self.column, self.high)
        return RangeRepair(
            self.columns, repr(self), columns[self.column], low, high, False
        )


@persistent()
@dataclass(frozen=True)
class Positive(_ColumnConstraint):
    """A column stays above zero.

    A value that does not becomes the smallest of the training rows. A missing value
    keeps to it.

    Parameters
    ----------
    column : str
        Name of a column of numbers.
    strict : bool, default=True
        Whether zero breaks it.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.constraints._constraints import Positive
    >>> repair = Positive("price").learn({"price": np.array([0.5, 9])})
    >>> sampled = {"price": np.array([-1.0, 0, 0.25])}
    >>> repair.repair(sampled, rng=np.random.default_rng(0))[0]["price"]
    array([0.5 , 0.5 , 0.25])
    """

    column: Hashable
    strict: bool = True

    def __post_init__(self):
        _check_flag("strict", self.strict)

    def _repair(self, columns: Columns, discrete: Collection, read: Reader) -> Repair:
        self._refuse_levels(discrete)
        zero = read(self.column, 0)
        return RangeRepair(
            self.columns, repr(self), columns[self.column], zero, np.inf, self.strict
        )


@persistent()
@dataclass(frozen=True)
class Threshold(Constraint):
    """A column has one value wherever another is below a threshold.

    Such as a tax of 0 below an income. A row that breaks it gets that value; where the
    column was given something else, the other is drawn from the training values that
    reach the threshold. Where either is missing a row keeps to it.

    Parameters
    ----------
    column : str
        Name of the column that has the value.
    by : str
        Name of the column of numbers or dates that is compared.
    below : number or date
        The threshold, which does not count as below it.
    value : object, default=0
        What `column` holds there.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.constraints._constraints import Threshold
    >>> free = Threshold("tax", by="income", below=10)
    >>> free
    Threshold(column='tax', by='income', below=10, value=0)
    >>> rows = {"tax": np.array([0.0, 2]), "income": np.array([9.0, 10])}
    >>> sampled = {"tax": np.array([1.0, 1]), "income": np.array([9.0, 12])}
    >>> free.learn(rows).repair(sampled, rng=np.random.default_rng(0))[0]["tax"]
    array([0., 1.])
    """

    column: Hashable
    by: Hashable
    below: Any
    value: Any = 0

    def __post_init__(self):
        if self.column == self.by:
            raise ValueError(f"Threshold needs two columns, got {self.by!r} as both.")
        if self.below is None or self.below != self.below:
            raise ValueError(f"The threshold of {self.by!r} is missing.")

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """Names of the columns that it is about."""
        return (self.column, self.by)

    def _repair(self, columns: Columns, discrete: Collection, read: Reader) -> Repair:
        if self.by in discrete:
            raise ValueError(
                f"{self!r} needs numbers or dates, but {self.by!r} holds categories."
            )
        below, value = read(self.by, self.below), read(self.column, self.value)
        return ThresholdRepair(self.columns, repr(self), columns[self.by], below, value)


@persistent()
@dataclass(frozen=True, init=False, repr=False)
class Unique(_JointConstraint):
    """No two rows of a sample agree in all of these columns.

    The first of several rows that agree stays; the others are drawn again, numbers
    near the training distribution and, once those are used up, beyond the largest,
    categories from the levels seen. What a row draws is taken from rows behind it
    that had it, so that a sample is the start of a longer one. A row with a missing
    value agrees with none.

    Parameters
    ----------
    *columns : str
        Names of one column or more.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.constraints._constraints import Unique
    >>> key = Unique("id")
    >>> key
    Unique('id')
    >>> repair = key.learn({"id": np.arange(4.0)})
    >>> sampled = {"id": np.array([2.0, 0, 2, 1])}
    >>> repair.repair(sampled, rng=np.random.default_rng(0))[0]["id"]
    array([2., 0., 1., 3.])
    """

    def _repair(self, columns: Columns, discrete: Collection, read: Reader) -> Repair:
        rows = [columns[name] for name in self.names]
        is_discrete = [name in discrete for name in self.names]
        return UniqueRepair(self.names, repr(self), rows, is_discrete)


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}.")


def check_constraints(constraints: Any) -> list[Any]:
    """Return the constraints as a list; raise a TypeError if they are none."""
    if constraints is None:
        return []
    if not isinstance(constraints, Iterable) or isinstance(constraints, str):
        raise TypeError(f"constraints must be a list, got {constraints!r}.")
    for constraint in constraints:
        if not isinstance(constraint, Constraint | Computed):
            raise TypeError(
                "constraints must be Inequality, FixedCombinations, Range, Positive, "
                "Threshold, Unique, Product, DateParts or Derived; got "
                f"{constraint!r}."
            )
    return list(constraints)
