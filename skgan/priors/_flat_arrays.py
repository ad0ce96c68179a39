"""Nested dataclasses of arrays as a handful of flat arrays, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, ClassVar, cast, get_args, get_type_hints

import numpy as np

DTYPES = ("bool", "int16", "int32", "int64", "float32", "float64")
# Narrower dtypes that arrays are held in, where no value is changed by it.
NARROWER = {
    "int32": ("int16",),
    "int64": ("int16", "int32"),
    "float64": ("float32",),
}
# In the layout, whether a nested dataclass follows where there may be none.
PRESENCE = -1
SCALARS = {bool: ("bool",), int: ("int32", "int64"), float: ("float32", "float64")}


class PickledAsState:
    """Pickles what files hold, which is in the state, and the parameters beside it."""

    # What a fit learns; without the first there was none.
    _LEARNT: ClassVar[tuple[str, ...]]
    get_state: Any
    from_state: Any

    def __getstate__(self) -> dict:
        if not hasattr(self, self._LEARNT[0]):
            return vars(self).copy()
        parameters = {k: v for k, v in vars(self).items() if k not in self._LEARNT}
        return {"parameters": parameters, "state": self.get_state()}

    def __setstate__(self, state: dict) -> None:
        if "state" in state:
            vars(self).update(vars(self.from_state(state["state"])))
        vars(self).update(state.get("parameters", state))


@cache
def read_hints(kind: type) -> dict[str, Any]:
    """Return the types of the fields of a dataclass, nested ones read as well."""
    hints = get_type_hints(kind)
    for hint in hints.values():
        inner = get_args(hint)[0] if isinstance(hint, UnionType) else hint
        if is_dataclass(inner):
            read_hints(cast(type, inner))
    return hints


def pack(records: Sequence[Any]) -> dict[str, np.ndarray]:
    """Concatenate all arrays of some dataclasses, one member for each dtype.

    `layout` (k, 3) says of which dtype each array is, as which it is held and how
    long it is, in the order in which they are met.
    """
    parts: dict[str, list[np.ndarray]] = {name: [np.zeros(0, name)] for name in DTYPES}
    layout: list[tuple[int, int, int]] = []
    for record in records:
        _write(record, parts, layout)
    state = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    return {"layout": np.array(layout, np.int64).reshape(-1, 3), **state}


def unpack(state: dict[str, np.ndarray], kinds: Sequence[type]) -> list[Any]:
    """Build dataclasses of these kinds, in the order in which they were packed.

    Raises a ValueError unless arrays and layout are just what these need.
    """
    layout = state["layout"]
    if layout.ndim != 2 or layout.shape[1] != 3 or layout.dtype != np.int64:
        raise ValueError("layout must be of shape (k, 3) and int64.")
    for name in DTYPES:
        if state[name].ndim != 1 or state[name].dtype != name:
            raise ValueError(f"{name} must be an array of one axis and of its name.")
    entries = iter(layout.tolist())
    places = dict.fromkeys(DTYPES, 0)
    try:
        records = [_read(kind, state, entries, places) for kind in kinds]
    except StopIteration:
        raise ValueError("layout ends before its arrays do.") from None
    if list(entries) or any(places[name] < len(state[name]) for name in DTYPES):
        raise ValueError("there are more arrays than are needed.")
    return records


def _write(record, parts, layout):
    """Append the arrays of a dataclass, nested ones in their place."""
    hints = read_hints(cast(Any, type(record)))
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(hints[field.name], UnionType):
            layout.append((PRESENCE, PRESENCE, int(value is not None)))
        if value is None:
            continue
        if is_dataclass(value):
            _write(value, parts, layout)
            continue
        array = np.atleast_1d(np.asarray(value))
        held = _narrowed(array)
        codes = (DTYPES.index(part.dtype.name) for part in (array, held))
        layout.append((*codes, len(array)))
        parts[held.dtype.name].append(held)


def _narrowed(array: np.ndarray) -> np.ndarray:
    """Return an array in the smallest dtype that holds each of its values."""
    for name in NARROWER.get(array.dtype.name, ()):
        with np.errstate(over="ignore"):
            held = array.astype(name)
        if np.array_equal(held, array):
            return held
    return array


def _read(kind, state, layout, places):
    """Build one dataclass from where the last one ended."""
    hints = read_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        hint = hints[field.name]
        if isinstance(hint, UnionType):
            code, _, is_present = next(layout)
            if code != PRESENCE or is_present not in (0, 1):
                raise ValueError(f"layout must say whether there is a {field.name}.")
            if not is_present:
                values[field.name] = None
                continue
            hint = get_args(hint)[0]
        if is_dataclass(hint):
            values[field.name] = _read(hint, state, layout, places)
            continue
        *codes, length = next(layout)
        if not all(0 <= code < len(DTYPES) for code in codes):
            raise ValueError(f"{field.name} must be of one of {DTYPES}.")
        name, held = (DTYPES[code] for code in codes)
        if held not in (name, *NARROWER.get(name, ())):
            raise ValueError(f"{field.name} of {name} cannot be held as {held}.")
        start = places[held]
        if not 0 <= length <= len(state[held]) - start:
            raise ValueError(f"{field.name} is longer than its array.")
        places[held] = start + length
        array = state[held][start : start + length].astype(name)
        if hint is np.ndarray:
            values[field.name] = array
            continue
        if length != 1 or name not in SCALARS[hint]:
            raise ValueError(f"{field.name} must be one {hint.__name__}.")
        values[field.name] = hint(array[0])
    return kind(**values)
