"""How the row of a table is laid out for networks."""

from __future__ import annotations

from typing import NamedTuple


class TableLayout(NamedTuple):
    """What stands where in an encoded row: scores first, then one-hot blocks.

    Attributes
    ----------
    n_numbers : int
        Entries ``[0, n_numbers)`` are scores.
    block_widths : tuple of int
        Widths of the one-hot blocks that follow, in order.
    condition_units : tuple of tuples of int
        For each condition column the positions that it takes up.

    Examples
    --------
    >>> from skgan.encoding._layout import TableLayout
    >>> layout = TableLayout(2, (3, 4), ((2, 3, 4),))
    >>> layout.width, layout.block_starts
    (9, (2, 5))
    """

    n_numbers: int
    block_widths: tuple[int, ...]
    condition_units: tuple[tuple[int, ...], ...] = ()

    @property
    def width(self) -> int:
        """Entries of an encoded row."""
        return self.n_numbers + sum(self.block_widths)

    @property
    def block_starts(self) -> tuple[int, ...]:
        """Position of the first entry of each block."""
        starts, start = [], self.n_numbers
        for width in self.block_widths:
            starts.append(start)
            start += width
        return tuple(starts)
