"""How a table came, the buffer in which a new one is decoded, and how it leaves."""

from __future__ import annotations

import zlib
from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding.constraints._computed import Derived
from skgan.encoding.constraints._repairs import Repair, repair_all
from skgan.encoding.table._columns import Column
from skgan.encoding.table._learn_columns import typical_value
from skgan.frames import (
    LIBRARIES,
    cast_like,
    find_missing,
    frame_library,
    list_series,
    make_frame,
    with_columns,
)


class TableBuffer:
    """Canonical columns of rows that are being decoded."""

    def __init__(self, n_columns: int, n: int, seed: int | None, first_row: int):
        self.values = np.full((n_columns, n), np.nan)
        # Masks of the values that the user gave, by column; nothing may change these.
        self.is_given: dict[Hashable, NDArray] = {}
        # Seeds the repairs and identifiers that `build` draws; None follows from the
        # first row.
        self.seed = seed
        # The number of the first row in the sample that it is a stretch of.
        self.first_row = first_row

    def __len__(self):
        return self.values.shape[1]


@persistent(
    "library",
    "names",
    "row_shape",
    "columns",
    "dtype",
    "dependencies",
    "derived",
    "repairs",
    "fill",
    "repaired_share",
    values={"library": LIBRARIES},
)
class TableOutputBuilder:
    """How a table came: its columns, their dtypes, and what ties them."""

    def __init__(self, X, values: NDArray, columns: list[Column], dtype: Any):
        self.library = frame_library(X)
        # An Index of pandas, a list of polars, None of an array.
        self.names: Any = None if self.library is None else X.columns
        self.row_shape = () if self.library else X.shape[1:]
        self.columns = columns
        self.dtype = dtype
        self.dependencies: list[Any] = []
        self.derived: list[Derived] = []
        self.repairs: list[Repair] = []
        # A value of each column that was never missing, else NaN.
        self.fill = np.array(
            [
                np.nan if np.isnan(v).any() else typical_value(v, column)
                for v, column in zip(values.T, columns, strict=True)
            ]
        )
        self.repaired_share: dict[str, float] = {}

    def make_buffer(
        self, n: int, seed: int | None = None, first_row: int = 0
    ) -> TableBuffer:
        """Return a buffer for `n` rows of a sample, from `first_row` on."""
        return TableBuffer(len(self.columns), n, seed, first_row)

    def write(self, buffer: TableBuffer, start: int, values: NDArray) -> None:
        """Write canonical `values`, of shape (m, n_columns), from row `start` on."""
        if start == 0 and buffer.seed is None:
            buffer.seed = zlib.crc32(np.ascontiguousarray(values[:1]).tobytes())
        buffer.values[:, start : start + len(values)] = values.T

    def build(self, buffer: TableBuffer):
        """Return what was written as what ``fit`` was given.

        Constraints are kept first, then what depends on other columns is restored.
        """
        seed, first_row = buffer.seed or 0, buffer.first_row
        names = [column.name for column in self.columns]
        table = dict(zip(names, buffer.values, strict=True))
        self.repaired_share = {
            repair.title: float(repair.find_violations(table).mean())
            if len(buffer)
            else 0.0
            for repair in self.repairs
        }
        if self.repairs:
            rng = np.random.default_rng(seed)
            table, _ = repair_all(
                self.repairs, table, buffer.is_given, rng, first_row=first_row
            )
        for dependency in self.dependencies:
            restored = dependency.restore(table)
            given = buffer.is_given.get(dependency.target)
            if given is not None:
                restored = np.where(given, table[dependency.target], restored)
            table[dependency.target] = restored
        columns = []
        for i, column in enumerate(self.columns):
            values, fill = table[column.name], self.fill[i]
            if not np.isnan(fill):
                # A column that was never missing in fit is filled.
                missing = np.isnan(values)
                if missing.any():
                    values = np.where(missing, fill, values)
            rng = _lots_of(column, seed, i)
            columns.append(column.write(values, rng, first_row))
        return self._assemble(columns)

    def _assemble(self, columns: list):
        if self.library is not None:
            return self.derive(make_frame(columns, self.names, self.library))
        rows = np.column_stack(columns).astype(self.dtype, copy=False)
        return rows.reshape(-1, *self.row_shape)

    def renew_identifiers(self, rows: Any, seed: int, first_row: int) -> Any:
        """Return chosen rows with the identifiers of their own numbers in a sample."""
        renewed: dict[Any, Any] = {}
        for i, column in enumerate(self.columns):
            if column.kind != "identifier":
                continue
            values = np.where(_is_missing(rows, i, self.library), np.nan, 0.0)
            rng = _lots_of(column, seed, i)
            renewed[column.name] = column.write(values, rng, first_row)
        if not renewed:
            return rows
        if self.library is not None:
            return self.derive(cast_like(with_columns(rows, renewed), rows))
        rows = rows.copy()
        for name, values in renewed.items():
            rows[:, name] = values
        return rows

    def derive(self, frame: Any) -> Any:
        """Return a frame with the columns that functions of the user's compute."""
        hidden = [name for derived in self.derived for name in derived.targets]
        for derived in self.derived:
            frame = derived.fill(frame, hidden)
            hidden = [name for name in hidden if name not in derived.targets]
        return frame


def _is_missing(rows: Any, i: int, library: str | None) -> NDArray:
    """Return where a column of rows is missing."""
    if library is None:
        return np.isnan(rows[:, i])
    return find_missing(list_series(rows)[i])


def _lots_of(column: Column, seed: int, place: int) -> np.random.Generator:
    """Return the random numbers of a column, or those of the one that it follows."""
    return np.random.default_rng(
        [seed, place if column.partner is None else column.partner]
    )
