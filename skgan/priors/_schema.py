"""What a prior is told about its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers; NaN is a missing value, which counts as one of its own.

    Parameters
    ----------
    discrete : bool, default=False
        True: only values seen in training are drawn. False: a column whose values
        repeat keeps them too, any other draws new ones between them.
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
