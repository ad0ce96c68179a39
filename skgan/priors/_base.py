"""What every prior can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._schema import Column, Schema


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
