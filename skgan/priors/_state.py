"""Nested dataclasses of arrays as a handful of flat arrays, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_type_hints

import numpy as np

DTYPES = ("bool", "int32", "int64", "float32", "float64")
# In the layout, whether a nested dataclass follows where there may be none.
PRESENCE = -1


def pack(records: Sequence[Any]) -> dict[str, np.ndarray]:
    """Concatenate all arrays of some dataclasses, one member for each dtype.

    `layout` (k, 2) says of which dtype and how long each array is, in the order in
    which they are met.
    """
    parts: dict[str, list[np.ndarray]] = {name: [np.zeros(0, name)] for name in DTYPES}
    layout: list[tuple[int, int]] = []
    for record in records:
        _write(record, parts, layout)
    state = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    return {"layout": np.array(layout, np.int64).reshape(-1, 2), **state}


def unpack(state: dict[str, np.ndarray], kinds: Sequence[type]) -> list[Any]:
    """Build dataclasses of these kinds, in the order in which they were packed."""
    layout = iter(np.asarray(state["layout"]).tolist())
    places = dict.fromkeys(DTYPES, 0)
    return [_read(kind, state, layout, places) for kind in kinds]


def _write(record, parts, layout):
    """Append the arrays of a dataclass, nested ones in their place."""
    hints = get_type_hints(type(record))
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(hints[field.name], UnionType):
            layout.append((PRESENCE, int(value is not None)))
        if value is None:
            continue
        if is_dataclass(value):
            _write(value, parts, layout)
            continue
        array = np.atleast_1d(np.asarray(value))
        layout.append((DTYPES.index(array.dtype.name), len(array)))
        parts[array.dtype.name].append(array)


def _read(kind, state, layout, places):
    """Build one dataclass from where the last one ended."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        hint = hints[field.name]
        if isinstance(hint, UnionType):
            is_present = next(layout)[1]
            if not is_present:
                values[field.name] = None
                continue
            hint = get_args(hint)[0]
        if is_dataclass(hint):
            values[field.name] = _read(hint, state, layout, places)
            continue
        code, length = next(layout)
        name = DTYPES[code]
        start = places[name]
        places[name] = start + length
        array = np.array(state[name][start : start + length])
        values[field.name] = array if hint is np.ndarray else hint(array[0])
    return kind(**values)
