"""Canonical rows of a table to encoded rows, and back."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding.table._absences import Absences
from skgan.encoding.table._column_encoders import (
    EncodedColumn,
    GroupedLevelEncoder,
    LevelEncoder,
    MissingPatternEncoder,
    NumberEncoder,
)
from skgan.encoding.table._columns import Column
from skgan.encoding.table._learn_columns import typical_value
from skgan.priors import LevelColumn, NumberColumn, Schema


@persistent()
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
    >>> from skgan.encoding.table._row_encoder import TableLayout
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


@persistent()
class ColumnSlice(NamedTuple):
    """Where the encoded row holds a column."""

    place: int  # of the column in the table
    column_encoder: Any
    score: int | None  # position of its score
    block: tuple[int, int] | None  # start and width of its block

    @property
    def positions(self) -> tuple[int, ...]:
        """All positions that the column takes up."""
        first = () if self.score is None else (self.score,)
        start, width = self.block or (0, 0)
        return first + tuple(range(start, start + width))

    def write(self, rows: NDArray, encoded: EncodedColumn) -> None:
        """Write the encoded column into encoded rows."""
        if encoded.scores is not None:
            rows[:, self.score] = encoded.scores
        if encoded.codes is not None and self.block is not None:
            _set_block(rows, self.block[0], encoded.codes)

    def read(self, rows: NDArray) -> NDArray:
        """Return the column's canonical values from encoded rows."""
        scores = codes = None
        if self.score is not None:
            scores = rows[:, self.score].astype(np.float64)
        if self.block is not None:
            codes = _largest(rows, self.block)
        return self.column_encoder.decode(scores, codes)


@persistent("_template", "_gaps", "_patterns", "_pattern_blocks", "_absences")
class RowEncoder:
    """Canonical rows as scores and one-hot blocks, each of at most `max_levels`."""

    # Files of the first schema hold none.
    _absences: Absences | None = None

    def __init__(self, max_levels: int):
        self.max_levels = max_levels

    def fit(
        self, values: NDArray, columns: dict[int, Column], discrete: Collection[int]
    ) -> RowEncoder:
        """Learn from canonical rows; of columns that are not encoded a value is kept.

        Columns, and which of them are levels, go by their place in the table.
        """
        missing = np.isnan(values)
        self._absences = Absences().fit(values)
        # A value of each column, NaN where all are missing.
        self._template = np.array(
            [typical_value(v, columns.get(i)) for i, v in enumerate(values.T)]
        )
        column_encoders = fit_column_encoders(
            values, columns, discrete, self.max_levels
        )
        may_miss = missing.any(axis=0) & ~missing.all(axis=0)
        self._gaps = [i for i in columns if may_miss[i] and i not in discrete]
        self._patterns = MissingPatternEncoder(self.max_levels).fit(
            missing[:, self._gaps]
        )
        widths = self._patterns.widths_
        self.layout_, self.slots_, self._pattern_blocks = lay_out(
            column_encoders, widths
        )
        return self

    def encode(self, values: NDArray, rng=None, dtype=np.float64) -> NDArray:
        """Return encoded rows; `rng` spreads what several values share."""
        rows = np.zeros((len(values), self.layout_.width), dtype=dtype)
        for slot in self.slots_:
            slot.write(rows, slot.column_encoder.encode(values[:, slot.place], rng))
        codes = self._patterns.encode(np.isnan(values[:, self._gaps]))
        for (start, _), code in zip(self._pattern_blocks, codes, strict=True):
            _set_block(rows, start, code)
        return rows

    def decode(self, rows: NDArray) -> NDArray:
        """Return canonical rows, of shape (n, n_columns), of encoded ones."""
        values = np.repeat(self._template[:, None], len(rows), axis=1)
        for slot in self.slots_:
            values[slot.place] = slot.read(rows)
        if self._pattern_blocks:
            codes = [_largest(rows, block) for block in self._pattern_blocks]
            missing = self._patterns.decode(codes)
            for i, is_missing in zip(self._gaps, missing.T, strict=True):
                values[i, is_missing] = np.nan
        return self._without_absent(values).T

    def _without_absent(self, values: NDArray) -> NDArray:
        return values if self._absences is None else self._absences.apply(values)

    def owners(self) -> NDArray:
        """Return which share of an entry is a column's, of shape (width, n_columns).

        What says which cells are missing together is of all columns that may be.
        """
        shares = np.zeros((self.layout_.width, len(self._template)))
        for slot in self.slots_:
            shares[list(slot.positions), slot.place] = 1
        for start, width in self._pattern_blocks:
            shares[start : start + width, self._gaps] = 1 / len(self._gaps)
        return shares

    @property
    def gaps(self) -> list[int]:
        """Places of the numbers that are missing in some rows."""
        return self._gaps

    def constant(self, place: int) -> float:
        """Return the value of a column that all rows share."""
        return float(self._template[place])

    def modelled(self) -> dict[int, Any]:
        """Return what encodes each column that varies, by its place in the table."""
        encoders = {slot.place: slot.column_encoder for slot in self.slots_}
        gaps = {place: None for place in self._gaps if place not in encoders}
        # A prior needs a column even where there is nothing to learn.
        return dict(sorted({**encoders, **gaps}.items())) or {0: None}

    def schema(self, is_level: Collection[int]) -> Schema:
        """Return what the plain columns hold; those at `is_level` hold levels."""
        return tuple(
            LevelColumn(_levels_of(encoder).n_codes)
            if place in is_level and encoder is not None
            else NumberColumn(discrete=not isinstance(encoder, NumberEncoder))
            for place, encoder in self.modelled().items()
        )

    def columns_of(self, values: NDArray, is_level: Collection[int]) -> NDArray:
        """Return plain columns of canonical rows; a level that is new is -1."""
        cells = [
            self.plain_cells(j, values[:, place], is_level)
            for j, place in enumerate(self.modelled())
        ]
        return np.column_stack(cells).astype(np.float64)

    def plain_cells(
        self, j: int, values: NDArray, is_level: Collection[int]
    ) -> NDArray:
        """Return cells of a plain column for canonical values of its column."""
        place, encoder = list(self.modelled().items())[j]
        is_coded = place in is_level and encoder is not None
        return _levels_of(encoder).code(values) if is_coded else values

    def values_of(self, columns: NDArray, is_level: Collection[int]) -> NDArray:
        """Return canonical rows of plain columns, on the grid and in the range seen."""
        values = np.repeat(self._template[:, None], len(columns), axis=1)
        for (place, encoder), column in zip(
            self.modelled().items(), columns.T, strict=True
        ):
            if place in is_level and encoder is not None:
                column = _levels_of(encoder).decode(None, column.astype(np.int64))
            elif isinstance(encoder, NumberEncoder):
                column = encoder.snap(column)
            values[place] = column
        return self._without_absent(values).T


def _levels_of(encoder: LevelEncoder | GroupedLevelEncoder) -> LevelEncoder:
    return encoder.levels_ if isinstance(encoder, GroupedLevelEncoder) else encoder


def _set_block(rows: NDArray, start: int, codes: NDArray) -> None:
    """Set the entry of each code in its block; -1 sets none."""
    has_code = np.flatnonzero(codes >= 0)
    rows[has_code, start + codes[has_code]] = 1


def _largest(rows: NDArray, block: tuple[int, int]) -> NDArray:
    """Return the code of a block: its largest entry."""
    start, width = block
    if width == 2:
        return (rows[:, start + 1] > rows[:, start]).astype(np.int64)
    return rows[:, start : start + width].argmax(axis=1)


def fit_column_encoders(
    values: NDArray,
    columns: dict[int, Column],
    discrete: Collection[int],
    max_levels: int,
) -> dict[int, Any]:
    """Fit an encoder for each column that is not the same in all rows."""
    column_encoders: dict[int, Any] = {}
    crowded = []
    for i, column in columns.items():
        if i in discrete:
            column_encoder = LevelEncoder().fit(values[:, i])
            if column_encoder.n_codes > max_levels:
                crowded.append(i)
            if column_encoder.n_codes > 1:
                column_encoders[i] = column_encoder
            continue
        present = values[~np.isnan(values[:, i]), i]
        if len(present) and (present != present[0]).any():
            number_encoder = NumberEncoder(column.step, column.decimals)
            column_encoders[i] = number_encoder.fit(present, column.clock)
    others = [
        column_encoder.encode(values[:, i], None)
        for i, column_encoder in column_encoders.items()
        if crowded and i not in crowded
    ]
    for i in crowded:
        column_encoders[i] = GroupedLevelEncoder(max_levels).fit(values[:, i], others)
    return column_encoders


def lay_out(
    column_encoders: dict[int, Any], pattern_widths: tuple[int, ...]
) -> tuple[TableLayout, list[ColumnSlice], list[tuple[int, int]]]:
    """Give columns and patterns their positions: scores first, then blocks."""
    n_numbers = sum(
        column_encoder.n_scores for column_encoder in column_encoders.values()
    )
    widths = [
        column_encoder.n_codes
        for column_encoder in column_encoders.values()
        if column_encoder.n_codes
    ]
    # Networks need an entry even where there is nothing to learn.
    is_idle = not (n_numbers or widths or pattern_widths)
    layout = TableLayout(n_numbers + int(is_idle), (*widths, *pattern_widths))
    blocks = iter(zip(layout.block_starts, layout.block_widths, strict=True))
    scores = iter(range(n_numbers))
    slots = [
        ColumnSlice(
            i,
            column_encoder,
            next(scores) if column_encoder.n_scores else None,
            next(blocks) if column_encoder.n_codes else None,
        )
        for i, column_encoder in column_encoders.items()
    ]
    return layout, slots, list(blocks)
