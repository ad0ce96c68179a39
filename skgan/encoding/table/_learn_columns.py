"""What each column of a table is, learnt from its raw values."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable

import numpy as np
from numpy.typing import NDArray

from skgan._messages import warn_user
from skgan.encoding.table._columns import (
    Column,
    LevelColumn,
    NumberColumn,
    TimeColumn,
    TimeUnit,
)
from skgan.encoding.table._fresh_values import MIN_ROWS
from skgan.encoding.table._identifiers import (
    IdentifierColumn,
    can_be_drawn,
    find_partners,
    follow_numbers,
)
from skgan.frames import RawColumn, read_columns, read_spelled

_MIN_UNIQUE = 0.9
# Names of columns of whole numbers that name rows, if no two of these are equal.
_KEY = re.compile(
    r"(?i:(?:.*[_ .-])?(?:id|uuid|guid|key)\.?|index|unnamed: ?\d+|row[_ ]?(?:nr|no))"
    r"|.*[a-z](?:Id|ID)"
)
# What a count of something may be called, too: these numbers must also run.
_NUMBER = re.compile(
    r"(?i:(?:.*[_ .-])?(?:nr|no|num|number)\.?"
    r"|(?:account|booking|case|client|customer|employee|invoice|member|obs|observation"
    r"|order|participant|patient|record|respondent|serial|student|subject|ticket"
    r"|transaction|user)(?:nr|no|num|number)?)"
    r"|.*[a-z](?:No|Nr|Number)"
)
# Numbers run if they grow from row to row, or fill so large a part of their range.
_MIN_FILLED = 0.5
# Of fewer rows all values must be different, and of fewer than the last none tells.
_FEWEST_ROWS = 20


def learn_columns(
    names: list,
    raw_columns: list[RawColumn],
    identifiers: str | list = "draw",
    levels: Collection[Hashable] = (),
    compared: Collection[Hashable] = (),
) -> list[Column]:
    """Return what each column is; the names in `levels` are read as levels.

    No numbers in `compared`, which constraints name, are taken for keys.
    """
    declared = set(levels)
    if not isinstance(identifiers, str):
        declared |= set(_check_identifiers(names, raw_columns, identifiers))
    raw_columns = [
        column if name in declared else read_spelled(column, name) or column
        for name, column in zip(names, raw_columns, strict=True)
    ]
    are_identifiers = _find_identifiers(
        names, raw_columns, identifiers, levels, compared
    )
    times = [c for c in raw_columns if c.column_format.kind in ("time", "duration")]
    shared = TimeUnit.learn(times)
    partners = find_partners(raw_columns, [n in are_identifiers for n in names])
    columns: list[Column] = []
    for place, (name, column) in enumerate(zip(names, raw_columns, strict=True)):
        if name in are_identifiers:
            columns.append(IdentifierColumn(name, column, partners.get(place)))
        elif column.column_format.kind in ("time", "duration"):
            # Counts of nanoseconds since the year 1 overflow 64 bits.
            time_unit = shared if shared.is_safe else TimeUnit.learn([column])
            columns.append(TimeColumn(name, column, time_unit))
        elif column.column_format.kind == "number":
            columns.append(NumberColumn(name, column))
        else:
            columns.append(LevelColumn(name, column))
    return columns


def _check_identifiers(names: list, raw_columns: list[RawColumn], identifiers) -> list:
    """Return the columns that a user names as identifiers, if all can be drawn."""
    named = check_names("identifiers", identifiers, names, "'draw', 'raise'")
    pairs = dict(zip(names, raw_columns, strict=True))
    fixed = [name for name in named if not can_be_drawn(pairs[name])]
    if fixed:
        raise ValueError(
            f"identifiers names {fixed}, of which no fresh values can be drawn; "
            "these can be text, bytes, whole numbers, UUIDs, addresses or tuples "
            "of them, in a dtype that does not list its levels."
        )
    return named


def _find_identifiers(
    names: list,
    raw_columns: list[RawColumn],
    identifiers,
    levels: Collection,
    compared: Collection,
) -> set[Hashable]:
    """Return the columns that are drawn fresh, and tell of those that were found."""
    if not isinstance(identifiers, str):
        return set(identifiers)
    pairs = dict(zip(names, raw_columns, strict=True))
    unique = [
        name
        for name, column in pairs.items()
        if name not in levels
        and (
            is_almost_unique(column) or (name not in compared and is_key(name, column))
        )
    ]
    if identifiers == "raise" and unique:
        column = pairs[unique[0]]
        n_present = int((~column.missing).sum())
        n_levels = len(np.unique(column.raw[~column.missing]))
        raise ValueError(
            f"Column {unique[0]!r} holds almost unique values ({n_levels} different "
            f"ones in {n_present} rows), from which nothing can be learnt. Drop it, or "
            "pass TableEncoder(identifiers='draw') to have fresh ones of the same "
            "pattern drawn."
        )
    fresh = [name for name in unique if can_be_drawn(pairs[name])]
    free = [n for n in names if n not in unique and n not in (*levels, *compared)]
    fresh += follow_numbers(fresh, free, pairs)
    if fresh:
        warn_user(
            f"Almost all values of {_list(fresh)} are different: taken for "
            "identifiers, of which samples get fresh ones in the same pattern. "
            f"TableEncoder(identifiers={fresh[:5]!r}) says so without this warning."
        )
    copied = [name for name in unique if name not in fresh]
    if copied:
        warn_user(
            f"Almost all values of {_list(copied)} are different, and fresh ones of "
            "their dtype cannot be drawn: samples copy them from the training rows. "
            "Drop these columns, or turn them into text."
        )
    return set(fresh)


def _list(names: list) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def check_names(
    parameter: str, names, columns: Iterable[Hashable], others: str = "'auto'"
) -> list[Hashable]:
    """Return names of columns, given as a list, if all are among those of X."""
    if isinstance(names, str | bytes) or not hasattr(names, "__iter__"):
        raise TypeError(
            f"{parameter} must be {others} or a list of columns, got {names!r}."
        )
    names, columns = list(names), list(columns)
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise ValueError(
            f"{parameter} names {unknown}, which X does not have; its columns are "
            f"{columns}."
        )
    return names


def find_identifiers(X) -> list[Hashable]:
    """Return the columns of a frame that are taken for identifiers.

    Constraints and parameters have no say.
    """
    columns = dict(zip(X.columns, read_columns(X), strict=True))
    found = [
        name
        for name, column in columns.items()
        if (is_almost_unique(column) or is_key(name, column))
        and read_spelled(column, name) is None
    ]
    others = [name for name in columns if name not in found]
    return found + follow_numbers(found, others, columns)


def is_key(name: Hashable, raw_column: RawColumn) -> bool:
    """Whether a column of different whole numbers is called what keys are."""
    raw, missing = raw_column.raw, raw_column.missing
    if not isinstance(name, str) or len(raw) < MIN_ROWS:
        return False
    is_whole = raw_column.column_format.kind == "number" and raw.dtype.kind in "iu"
    if not is_whole or missing.any() or len(np.unique(raw)) < len(raw):
        return False
    return bool(_KEY.fullmatch(name) or (_NUMBER.fullmatch(name) and _run(raw)))


def _run(raw: NDArray) -> bool:
    """Whether different whole numbers number rows: they grow, or leave few gaps."""
    span = int(raw.max()) - int(raw.min()) + 1
    return bool((raw[1:] > raw[:-1]).all() or len(raw) >= _MIN_FILLED * span)


def is_almost_unique(raw_column: RawColumn) -> bool:
    """Whether nine of ten values of a column, no numbers or dates, are different."""
    column_format = raw_column.column_format
    if column_format.kind != "level":
        return False
    n_present = len(raw_column.missing) - int(raw_column.missing.sum())
    if n_present < _FEWEST_ROWS:
        return False
    least = _MIN_UNIQUE if n_present >= MIN_ROWS else 1.0
    n_levels = len(column_format.levels)
    if n_levels >= least * n_present and column_format.is_closed:
        n_levels = len(np.unique(raw_column.raw[~raw_column.missing]))
    return n_levels >= least * n_present


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


def typical_value(values: NDArray, column: Column | None) -> float:
    """Return the middle of what is present, on the column's grid; NaN if nothing is.

    Off any grid it is halfway between two values, and so none of a training row.
    """
    present = values[~np.isnan(values)]
    if not len(present):
        return np.nan
    low = (len(present) - 1) // 2
    high = min(low + 1, len(present) - 1)
    below, above = np.partition(present, (low, high))[[low, high]]
    is_on_grid = column is not None and (column.step, column.decimals) != (None, None)
    return float(below if is_on_grid else below / 2 + above / 2)
