"""Codes as conditions of a generator: drawn from their prior, or as the user says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class CodeRows(NamedTuple):
    """Codes of rows that are to be drawn.

    Attributes
    ----------
    values : ndarray of shape (n, 1) or (n, 1 + n_continuous)
        Categories, and the continuous codes where those are wanted, too.
    """

    values: NDArray

    def rows(self, start: int, stop: int) -> CodeRows:
        """Return those of some rows, as far as there are some."""
        return CodeRows(self.values[start:stop])


class CodeConditions:
    """The prior of the codes, and how codes are handed to the generator.

    Parameters
    ----------
    n_categories : int
        Values of the categorical code, equally likely.
    n_continuous : int
        Continuous codes, uniform in [-1, 1].
    coordinates : Tensor of shape (n, d) or None, default=None
        Where training rows lie, whose neighbors shall have like codes.
    """

    def __init__(
        self, n_categories: int, n_continuous: int, coordinates: Tensor | None = None
    ):
        self.category_width = n_categories
        self.number_width = n_continuous
        self.coordinates = coordinates

    @property
    def condition_dim(self) -> int:
        """Width of a condition."""
        return self.category_width + self.number_width

    def training(self) -> tuple[Tensor | None, None]:
        """Return what comes with the training rows, and that none is preferred.

        It is forgotten then: a pickle shall not carry rows.
        """
        coordinates, self.coordinates = self.coordinates, None
        return coordinates, None

    def draw_for(self, encoder, n: int, rng: np.random.Generator, given) -> Tensor:
        """Return codes of `n` rows, of shape (n, n_categories + n_continuous).

        What is not `given` is drawn, and is the same whatever is.
        """
        categories = rng.integers(self.category_width, size=n)
        numbers = rng.uniform(-1, 1, size=(n, self.number_width))
        if given is not None:
            n_given = len(given.values)
            categories[:n_given] = given.values[:, 0]
            if given.values.shape[1] > 1:
                numbers[:n_given] = given.values[:, 1:]
        codes = torch.zeros(n, self.condition_dim)
        codes[np.arange(n), categories] = 1
        codes[:, self.category_width :] = torch.as_tensor(numbers)
        return codes

    def read(self, codes, n_samples: int) -> CodeRows:
        """Check codes that rows are wanted for.

        Parameters
        ----------
        codes : int or array-like of shape (n,) or (n, 1 + n_continuous)
            One category for all rows, categories, or categories and numbers.
        n_samples : int
            Rows wanted; 1 leaves it to `codes`.

        Returns
        -------
        CodeRows

        Raises
        ------
        ValueError
            If there is no such code, or not one for each row.
        """
        try:
            values = np.asarray(codes, dtype=float)
        except (TypeError, ValueError) as error:
            raise ValueError(f"codes must hold numbers: {error}.") from error
        width = 1 + self.number_width
        if values.ndim == 0:
            values = np.full((n_samples, 1), values)
        elif values.ndim == 1:
            values = values[:, None]
        elif values.ndim != 2 or values.shape[1] != width:
            raise ValueError(
                f"codes has shape {values.shape}; it must be one category, of shape "
                f"(n_samples,), or of shape (n_samples, {width}): a category, then "
                f"{self.number_width} continuous codes."
            )
        if n_samples not in (1, len(values)):
            raise ValueError(
                f"codes has {len(values)} rows for n_samples={n_samples}; leave "
                "n_samples out, it follows from codes."
            )
        self._check(values)
        return CodeRows(values)

    def _check(self, values: NDArray) -> None:
        categories, numbers = values[:, 0], values[:, 1:]
        known = np.isin(categories, np.arange(self.category_width))
        if not known.all():
            raise ValueError(
                f"codes: {categories[~known][0]:g} is no category; they are whole "
                f"numbers from 0 to {self.category_width - 1}."
            )
        outside = ~(np.abs(numbers) <= 1)
        if outside.any():
            raise ValueError(
                f"codes: {numbers[outside][0]:g} is no continuous code; they lie in "
                "[-1, 1]."
            )
