"""What is given for any column of a table, whether networks can be told or not."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from skgan.encoding._given_items import Interval, PartialValues, Union, Value, keeps_to
from skgan.encoding.table._columns import Column, show_levels
from skgan.encoding.table._given_values import _check_value, _read_item, _value_at
from skgan.frames import read_columns
from skgan.frames import is_missing

if TYPE_CHECKING:
    from skgan.encoding.table._table import TableEncoder

_SEVERAL = list | set | frozenset | np.ndarray


def read_any_item(encoder: TableEncoder, name: Hashable, what) -> Any:
    """Read what a column is given; see `TableEncoder.read_any_given`."""
    column = _column_of(encoder, name)
    if name not in encoder._slots and not encoder.has_place(name):
        is_tied = any(tie.target == name for tie in encoder.dependencies_)
        if is_tied:
            return _read_free(column, what)
        return _check_constant(encoder, name, column, what)
    if isinstance(what, _SEVERAL):
        return _read_several(encoder, name, column, list(what))
    if _is_missing(what) and _may_miss(encoder, name):
        return Value(np.nan)
    if name in encoder._slots:
        return _read_item(encoder, encoder._slots[name], what)
    return _read_free(column, what)


def _read_several(encoder: TableEncoder, name: Hashable, column: Column, parts: list):
    """Read a list of values and ranges."""
    is_apart = [
        (isinstance(part, tuple) and not column.is_discrete)
        or (_is_missing(part) and _may_miss(encoder, name))
        for part in parts
    ]
    if name in encoder._slots and not any(is_apart):
        return _read_item(encoder, encoder._slots[name], parts)
    return Union(tuple(read_any_item(encoder, name, part) for part in parts))


def _read_free(column: Column, what) -> Any:
    """Read what is given for a column that is no entry of the encoded row."""
    if isinstance(what, _SEVERAL):
        if not len(what):
            raise ValueError(f"given[{column.name!r}] is empty.")
        return Union(tuple(_read_free(column, part) for part in what))
    if _is_missing(what):
        return Value(np.nan)
    try:
        if not isinstance(what, tuple) or column.is_discrete:
            return Value(column.parse(what))
        if len(what) != 2:
            raise ValueError(
                f"column {column.name!r} takes a value, a list of values or a range "
                f"(low, high), got {what!r}."
            )
        low, high = (
            open_end if bound is None else column.parse(bound)
            for bound, open_end in zip(what, (-np.inf, np.inf), strict=True)
        )
        if not low <= high:
            raise ValueError(f"column {column.name!r}: {what!r} holds nothing.")
        return Interval(low, high)
    except ValueError as error:
        raise ValueError(f"given: {error}") from None


def _check_constant(encoder: TableEncoder, name: Hashable, column: Column, what):
    """Return None if all rows of a constant column are as asked, else raise."""
    value = encoder._rows.constant(encoder._index[name])
    try:
        if keeps_to(_read_free(column, what), np.array([value]))[0]:
            return None
    except ValueError:
        # What cannot be read is no value of the column.
        pass
    shown = "missing"
    if not np.isnan(value):
        written = column.write(np.array([value]), np.random.default_rng(0))
        first = next(iter(written))
        shown = repr(first.item() if isinstance(first, np.generic) else first)
    raise ValueError(
        f"given[{name!r}] cannot be {what!r}: all rows that fit saw hold {shown}."
    )


def read_any_frame(encoder: TableEncoder, frame) -> dict[Hashable, Any]:
    """Read partial rows; see `TableEncoder.read_any_frame`."""
    items: dict[Hashable, Any] = {}
    for name, opened in zip(frame.columns, read_columns(frame), strict=True):
        if opened.missing.all():
            continue
        column = _column_of(encoder, name)
        values, is_given = column.read(opened), ~opened.missing
        unique, first = np.unique(values[is_given], return_index=True)
        rows = np.flatnonzero(is_given)[first]
        for value, row in zip(unique, rows, strict=True):
            shown = _value_at(frame, name, int(row))
            if name in encoder._slots:
                _check_value(column, encoder._slots[name], value, shown)
            else:
                read_any_item(encoder, name, shown)
        items[name] = PartialValues(values, is_given)
    return items


def _column_of(encoder: TableEncoder, name: Hashable) -> Column:
    """Return a column that may be given, or say which may."""
    names = [column.name for column in encoder._columns if column.kind != "identifier"]
    possible = f"Columns that can be given: {show_levels(names) or 'none'}."
    try:
        is_known = name in encoder._index
    except TypeError:
        is_known = False
    if not is_known:
        raise ValueError(f"given names {name!r}, which is no column. {possible}")
    column = encoder._columns[encoder._index[name]]
    if column.kind == "identifier":
        raise ValueError(
            f"{name!r} cannot be given: its values are drawn fresh. {possible}"
        )
    return column


def _is_missing(value) -> bool:
    return not isinstance(value, tuple | _SEVERAL) and bool(is_missing(value))


def _may_miss(encoder: TableEncoder, name: Hashable) -> bool:
    return encoder._index[name] in encoder._rows.gaps
