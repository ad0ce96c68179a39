"""What each column of a table is, learnt from its raw values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import NDArray

from skgan.encoding.table._columns import (
    Column,
    LevelColumn,
    NumberColumn,
    TimeColumn,
    TimeUnit,
)
from skgan.encoding.table._identifiers import IdentifierColumn, is_identifier
from skgan.frames import RawColumn


def learn_columns(
    names: list, raw_columns: list[RawColumn], identifiers: str
) -> list[Column]:
    """Return what each column is; columns of almost unique strings may be an error."""
    times = [c for c in raw_columns if c.column_format.kind in ("time", "duration")]
    shared = TimeUnit.learn(times)
    columns: list[Column] = []
    for name, column in zip(names, raw_columns, strict=True):
        if column.column_format.kind in ("time", "duration"):
            # Counts of nanoseconds since the year 1 overflow 64 bits.
            time_unit = shared if shared.is_safe else TimeUnit.learn([column])
            columns.append(TimeColumn(name, column, time_unit))
        elif column.column_format.kind == "number":
            columns.append(NumberColumn(name, column))
        elif not is_identifier(column):
            columns.append(LevelColumn(name, column))
        elif identifiers == "draw":
            columns.append(IdentifierColumn(name, column))
        else:
            n_present = int((~column.missing).sum())
            raise ValueError(
                f"Column {name!r} holds almost unique strings "
                f"({len(column.column_format.levels)} different ones in {n_present} "
                "rows), from which nothing can be learnt. Drop it, or pass "
                "TableEncoder(identifiers='draw') to have fresh strings of the same "
                "shape drawn."
            )
    return columns


def check_names(parameter: str, names, columns: Iterable[Hashable]) -> list[Hashable]:
    """Return names of columns, given as a list, if all are among those of X."""
    if isinstance(names, str | bytes) or not hasattr(names, "__iter__"):
        raise TypeError(
            f"{parameter} must be 'auto' or a list of columns, got {names!r}."
        )
    names, columns = list(names), list(columns)
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise ValueError(
            f"{parameter} names {unknown}, which X does not have; its columns are "
            f"{columns}."
        )
    return names


def check_time_units(constraints: Iterable, columns: list[Column]) -> None:
    """Raise a ValueError if times that constraints compare are not counted alike."""
    for constraint in constraints:
        time_units = {
            column.time_unit
            for column in columns
            if column.name in constraint.columns and isinstance(column, TimeColumn)
        }
        if len(time_units) > 1:
            raise ValueError(
                f"{constraint!r} compares times of nanoseconds with times more than a "
                "century away; cast these columns to datetime64[us]."
            )


def varies(values: NDArray) -> bool:
    """Whether there are two different values besides what is missing."""
    present = values[~np.isnan(values)]
    return bool(len(present) and (present != present[0]).any())
