"""What a prior is told of its columns, and what every prior can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers; NaN is a missing value, which counts as one of its own.

    Parameters
    ----------
    discrete : bool, default=False
        True: only values seen in training are drawn. False: a column whose values
        repeat keeps them too (of few rows those that stand out), any other draws new
        ones between them.
    """

    discrete: bool = False


@dataclass(frozen=True)
class LevelColumn:
    """A column of codes from 0 to `n_levels` - 1; missing is a level like any other.

    Parameters
    ----------
    n_levels : int
        How many levels there are, seen in training or not.
    """

    n_levels: int


Column = NumberColumn | LevelColumn


Schema = tuple[Column, ...]


def check_schema(schema: Sequence[Column]) -> Schema:
    """Return the schema as a tuple, or raise."""
    schema = tuple(schema)
    for index, column in enumerate(schema):
        if not isinstance(column, NumberColumn | LevelColumn):
            raise TypeError(
                f"schema must hold a NumberColumn or a LevelColumn for each column, "
                f"got {column!r} for column {index}."
            )
        if isinstance(column, LevelColumn) and column.n_levels < 1:
            raise ValueError(f"column {index} must have at least one level.")
    if not schema:
        raise ValueError("schema must name at least one column.")
    return schema


def check_columns(columns, schema: Schema, cells: np.ndarray | None = None):
    """Return the columns as an array (n, d) of float64, or raise.

    Codes are asked to be levels of the schema, in all cells or in those of a mask.
    """
    columns = np.asarray(columns, dtype=np.float64)
    if columns.ndim != 2 or columns.shape[1] != len(schema):
        raise ValueError(
            f"columns must be an array of shape (n, {len(schema)}), got "
            f"{columns.shape}."
        )
    for index, column in enumerate(schema):
        values = columns[:, index]
        if cells is not None:
            values = values[cells[:, index]]
        if isinstance(column, NumberColumn):
            if np.isinf(values).any():
                raise ValueError(f"column {index} holds an infinite number.")
        elif not np.isin(values, np.arange(column.n_levels)).all():
            raise ValueError(
                f"column {index} must hold codes from 0 to {column.n_levels - 1}."
            )
    return columns


class ConditionalDraw(NamedTuple):
    """Rows drawn given some of their cells.

    Attributes
    ----------
    columns : ndarray of shape (n_samples, n_columns), float64
        The rows; given cells are as they were given, to the bit.
    effective_sample_size : ndarray of shape (n_samples,), float64
        Of how many equally weighted particles the row was chosen, at the worst step:
        1 / ∑ wᵢ² of normalised weights w.
    """

    columns: np.ndarray
    effective_sample_size: np.ndarray


class BasePrior(ABC):
    """A distribution of rows that a generator starts from; arrays in, arrays out."""

    schema_: Schema
    n_particles: int

    @abstractmethod
    def fit(
        self,
        columns: np.ndarray,
        schema: Sequence[Column],
        *,
        first: Sequence[int] = (),
        random_state: int | np.random.Generator | None = None,
    ) -> BasePrior:
        """Learn the distribution of the rows of `columns`."""

    @abstractmethod
    def sample(
        self, n_samples: int, random_state: int | np.random.Generator | None = None
    ) -> np.ndarray:
        """Return rows drawn from the prior."""

    @abstractmethod
    def sample_given(
        self,
        given: np.ndarray,
        is_given: np.ndarray,
        random_state: int | np.random.Generator | None = None,
        *,
        on_impossible: str = "raise",
    ) -> ConditionalDraw:
        """Return rows drawn given some of their cells."""

    @abstractmethod
    def score_columns(self, columns: np.ndarray) -> np.ndarray:
        """Return the log-density of each cell given those that come before it."""

    def score_samples(self, columns: np.ndarray) -> np.ndarray:
        """Return the log-density of each row.

        Parameters
        ----------
        columns : array of shape (n_samples, n_columns)
            Rows in the units of training.

        Returns
        -------
        log_density : ndarray of shape (n_samples,), float64
            Normalised: density per unit for numbers drawn from a continuum,
            probability for repeated values, missing ones and levels.
        """
        return self.score_columns(columns).sum(axis=1)

    @abstractmethod
    def get_state(self) -> dict[str, np.ndarray]:
        """Return all that was learnt as a flat dict of arrays."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> BasePrior:
        """Return the fitted prior that `get_state` was asked of."""
