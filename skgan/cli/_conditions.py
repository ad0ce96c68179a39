"""What is typed behind ``--given``, as values of the columns' own kinds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from skgan.cli._models import label_columns

_TRUTHS = {"true": True, "false": False, "1": True, "0": False}
_RANGE = ".."
_MAX_SHOWN = 20


def read_given(typed: list[tuple[str, str]], sampler: Any) -> dict[str, Any]:
    """Return the keywords of ``sample`` that say what is given.

    Parameters
    ----------
    typed : list of (column, value)
        As typed; a column that is repeated may have any of its values.
    sampler : estimator
        Fitted.

    Raises
    ------
    ValueError
        If a column cannot be given, or holds other values.
    """
    if not typed:
        return {}
    # Columns of objects show what is in them by values alone.
    drawn = sampler.sample(256, random_state=0)
    is_labelled = isinstance(drawn, tuple)
    columns = label_columns(drawn[1]) if is_labelled else _columns_of(drawn)
    possible = list(columns if is_labelled else _conditions_of(sampler))
    items: dict[Hashable, list] = {}
    for text, value in typed:
        name = _find(text, possible, columns)
        items.setdefault(name, []).append(_read_value(value, columns[name], text))
    if is_labelled:
        return {"y": _one_label(items, possible)}
    return {"given": {name: _join(name, values) for name, values in items.items()}}


def _columns_of(X: Any) -> dict[Hashable, Any]:
    return {name: X[name] for name in X.columns} if hasattr(X, "columns") else {}


def _conditions_of(sampler: Any) -> list:
    return getattr(sampler.encoder_, "condition_columns_", [])


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


def _read_value(text: str, column: Any, name: str) -> Any:
    """Return a value of a column's own kind, or a pair of them for a range."""
    if text == "":
        return None
    dtype = column.dtype
    kind = getattr(dtype, "kind", "O")
    if kind == "b":
        if text.lower() not in _TRUTHS:
            raise ValueError(f"--given {name}: {text!r} is neither true nor false.")
        return _TRUTHS[text.lower()]
    low, dots, high = text.partition(_RANGE)
    if kind in "iuf":
        if dots:
            return _read_number(low, name), _read_number(high, name)
        return _read_number(text, name)
    if kind in "mM":
        return (low or None, high or None) if dots else text
    levels = getattr(dtype, "categories", None)
    known = np.asarray(column, dtype=object) if levels is None else levels
    return {str(level): level for level in known}.get(text, text)


def _read_number(text: str, name: str) -> int | float | None:
    if text == "":
        return None
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    raise ValueError(f"--given {name}: the column holds numbers, and {text!r} is none.")


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
