"""What is typed behind ``--given``, as values of the columns' own kinds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from skgan.cli._models import drawn_rows, table_format_of
from skgan.frames import (
    KINDS,
    CsvColumn,
    TableFormat,
    label_columns,
    parse_texts,
)

_RANGE, _AND = "..", ","
_RANGED = ("whole", "number", "moment")
_MAX_SHOWN = 20


def read_given(typed: list[tuple[str, str]], sampler: Any) -> dict[str, Any]:
    """Return the keywords of ``sample`` that say what is given."""
    if not typed:
        return {}
    # Columns of objects show what is in them by values alone.
    drawn = sampler.sample(256, random_state=0)
    is_labelled = isinstance(drawn, tuple)
    columns = label_columns(drawn[1]) if is_labelled else _columns_of(drawn)
    possible = list(columns if is_labelled else _conditions_of(sampler, columns))
    table_format = table_format_of(sampler, drawn_rows(drawn))
    items: dict[Hashable, list] = {}
    for text, value in typed:
        name = _find(text, possible, columns)
        reader = _Reader(sampler, name, columns[name], table_format, is_labelled)
        items.setdefault(name, []).extend(reader.read(value))
    if is_labelled:
        return {"y": _one_label(items, possible)}
    return {"given": {name: _join(name, values) for name, values in items.items()}}


def _columns_of(X: Any) -> dict[Hashable, Any]:
    return {name: X[name] for name in X.columns} if hasattr(X, "columns") else {}


def _conditions_of(sampler: Any, columns: dict) -> list:
    learnt = getattr(sampler.encoder_, "condition_columns_", None)
    if learnt is None:
        return []
    # A prior of trees answers for every column.
    return learnt if getattr(sampler, "prior_", None) is None else list(columns)


def _find(text: str, possible: list, columns: dict) -> Hashable:
    """Return the name of a column that can be given."""
    for name in possible:
        if str(name) == text:
            return name
    shown = ", ".join(str(name) for name in possible[:_MAX_SHOWN]) or "none"
    if not columns:
        raise ValueError(f"--given {text}: the model's rows are arrays without labels.")
    if text in map(str, columns):
        raise ValueError(
            f"--given {text}: it was not learnt as a condition; those that were: "
            f"{shown}. To give it, fit with --condition-on {text}."
        )
    raise ValueError(
        f"--given {text}: there is no such column; those that can be given: {shown}."
    )


class _Reader:
    """Reads what is typed for one column."""

    def __init__(
        self,
        sampler: Any,
        name: Hashable,
        drawn: Any,
        table_format: TableFormat | None,
        is_label: bool,
    ):
        self.sampler, self.name, self.is_label = sampler, name, is_label
        column = None if table_format is None else table_format.column(name)
        if table_format is None or column is None:
            table_format = TableFormat()
            column = _column_like(name, drawn)
        self.column, self.dialect = column, table_format.dialect
        dtype = getattr(drawn, "dtype", None)
        levels = getattr(dtype, "categories", None)
        values = np.asarray(drawn, dtype=object) if levels is None else levels
        self.levels = {str(level): level for level in values}

    def read(self, text: str) -> list:
        """Return the values, or the one range, that a text stands for."""
        low, dots, high = text.partition(_RANGE)
        if dots and self.column.kind in _RANGED:
            return [tuple(self._value(end) for end in (low, high))]
        ends = (low or None, high or None)
        if dots and self._is_text and self._is_given(ends) and not self._is_given(text):
            return [ends]  # of numbers that texts spell
        parts = [text]
        if _AND in text and not self._is_possible(text):
            parts = text.split(_AND)
        return [self._value(part) for part in parts]

    def _is_possible(self, text: str) -> bool:
        """Whether a text with a comma is one value."""
        try:
            value = self._value(text)
        except ValueError:
            return self.is_label
        return self._is_given(value) if self._is_text else True

    @property
    def _is_text(self) -> bool:
        return not self.is_label and self.column.kind in ("text", "guess")

    def _is_given(self, value: Any) -> bool:
        """Whether the sampler takes a value, or a range."""
        try:
            self.sampler.sample(0, given={self.name: value}, random_state=0)
        except ValueError:
            return False
        return True

    def _value(self, text: str) -> Any:
        if self.column.kind == "guess":
            return self.levels.get(text, text) if text else None
        (value,), wrong = parse_texts(self.column, [text], self.dialect)
        if wrong:
            raise ValueError(
                f"--given {self.name}: {text!r} is not {KINDS[self.column.kind]}."
            )
        return value


def _column_like(name: Hashable, drawn: Any) -> CsvColumn:
    """Return what a column is by its dtype."""
    kinds = {"i": "whole", "u": "whole", "f": "number", "b": "boolean", "M": "moment"}
    kind = kinds.get(getattr(getattr(drawn, "dtype", None), "kind", "O"), "guess")
    return CsvColumn(str(name), str(name), kind)


def _join(name: Hashable, values: list) -> Any:
    if len(values) == 1:
        return values[0]
    if any(isinstance(value, tuple) for value in values):
        raise ValueError(f"--given {name}: a range has to stand alone.")
    return values


def _one_label(items: dict[Hashable, list], names: list) -> Any:
    """Return the label of all rows: one for each column of y."""
    missing = [name for name in names if name not in items]
    if missing:
        raise ValueError(f"--given: {missing[0]!r} has to be given, too.")
    for name, values in items.items():
        if len(values) > 1 or isinstance(values[0], tuple):
            raise ValueError(f"--given {name}: one label can be given, and no range.")
    labels = [items[name][0] for name in names]
    return labels[0] if len(labels) == 1 else labels
