"""Rows of which some entries are given."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ConditionMask(nn.Module):
    """Turns partial rows into conditions, and puts what was given back into rows.

    A *unit* is what can be given or not: the entries of an encoded row that one
    column takes up. A condition holds the entries of all units, zero where they are
    not given, and then one indicator a unit.

    Parameters
    ----------
    units : sequence of sequences of int
        Positions in an encoded row, a unit at a time.
    width : int
        Entries of an encoded row.

    Attributes
    ----------
    n_units : int
        Number of units.
    condition_dim : int
        Width of a condition.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ConditionMask
    >>> given = ConditionMask([(0,), (2, 3)], width=4)
    >>> rows = torch.tensor([[5.0, 6.0, 0.0, 1.0]])
    >>> condition = given.condition(rows, torch.tensor([[False, True]]))
    >>> condition.tolist()
    [[0.0, 0.0, 1.0, 0.0, 1.0]]
    >>> given.write(torch.zeros(1, 4), condition).tolist()
    [[0.0, 0.0, 0.0, 1.0]]
    """

    positions: Tensor
    unit_of: Tensor
    sources: Tensor

    def __init__(self, units: Sequence[Sequence[int]], width: int):
        super().__init__()
        self.n_units = len(units)
        sizes = torch.tensor([len(unit) for unit in units], dtype=torch.long)
        unit_of = torch.repeat_interleave(torch.arange(self.n_units), sizes)
        positions = torch.tensor([p for unit in units for p in unit], dtype=torch.long)
        self.n_entries = len(positions)
        self.condition_dim = self.n_entries + self.n_units
        # Where in a condition, made longer by a zero, each entry of a row and its
        # indicator are found; gathering is faster than writing to places.
        sources = torch.full((2, width), self.condition_dim)
        sources[0, positions] = torch.arange(self.n_entries)
        sources[1, positions] = self.n_entries + unit_of
        self.register_buffer("positions", positions, persistent=False)
        self.register_buffer("unit_of", unit_of, persistent=False)
        self.register_buffer("sources", sources, persistent=False)

    def condition(self, rows: Tensor, is_given: Tensor) -> Tensor:
        """Return conditions that give the units of `rows` where `is_given`.

        Parameters
        ----------
        rows : Tensor of shape (n, width)
            Encoded rows.
        is_given : Tensor of shape (n, n_units)
            Which units are given.

        Returns
        -------
        Tensor of shape (n, condition_dim)
        """
        is_given = is_given.to(rows.dtype)
        return torch.cat(
            [rows[:, self.positions] * is_given[:, self.unit_of], is_given], dim=1
        )

    def write(self, rows: Tensor, condition: Tensor) -> Tensor:
        """Return `rows` with the given entries of `condition` in their places."""
        padded = nn.functional.pad(condition, (0, 1))
        values = padded.index_select(1, self.sources[0])
        is_given = padded.index_select(1, self.sources[1])
        return torch.where(is_given > 0, values, rows)
