"""Estimators, networks and columns to JSON and arrays, and back.

To plain values, of `skgan.storage`, come instances and definitions of a closed list.
"""

from __future__ import annotations

import inspect
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skgan.io import _library_values, _networks
from skgan.io._memory_bound import MemoryBound
from skgan.io._registry import Entry, definitions, entry_of, find_entry
from skgan.storage import (
    ContentError,
    FileFormatError,
    MissingDefinitionError,
    TensorReader,
    TensorWriter,
    UnsaveableError,
    ValueDecoder,
    ValueEncoder,
)

# Parameters that whoever loads a file chooses: their code, and places to write to.
NOT_KEPT = ("callbacks", "checkpoint")


class Encoder(ValueEncoder):
    """Turns values into JSON, and puts arrays and weights aside."""

    def __init__(self, leave_out: Collection[str] = ()):
        super().__init__()
        self.leave_out = frozenset(leave_out)
        self.left_out: set[str] = set()
        self.weights = TensorWriter()
        self.is_warm_start = False
        self._networks: Counter[str] = Counter()

    def weights_prefix(self, name: str) -> str:
        """Return what the names of the weights of one more network begin with."""
        self._networks[name] += 1
        n_before = self._networks[name] - 1
        return f"{name}_{n_before}." if n_before else f"{name}."

    def _encode_other(self, value: Any) -> Any:
        for encode in (_networks.encode, _library_values.encode):
            node = encode(value, self)
            if node is not None:
                return node
        if isinstance(value, type) or inspect.isroutine(value):
            return self._encode_definition(value)
        entry = find_entry(type(value))
        if entry is None:
            raise self._refusal_of(value)
        if has_state(entry.kind):
            return {"state": [entry.name, self._encode_state(value.get_state())]}
        if hasattr(entry.kind, "_fields"):
            return {"object": [entry.name, [self.encode(item) for item in value]]}
        state = self.encode_attributes(state_of(value), entry)
        return {"object": [entry.name, state]}

    def _refusal_of(self, value: Any) -> UnsaveableError:
        kind = f"a {type(value).__module__}.{type(value).__qualname__}"
        if not isinstance(value, BaseEstimator):
            return self.refusal(kind)
        place = self._path[-1] if self._path else "estimator"
        return self.refusal(
            kind,
            "Save what is skgan's of it, such as its `sampler_`; or leave the "
            f"other out, save(..., leave_out=[{place!r}]), and hand it over when "
            f"loading, load(path, objects={{{place!r}: ...}}).",
        )

    def _encode_definition(self, value: Any) -> Any:
        name = getattr(value, "__name__", "")
        if definitions().get(name) is value:
            return {"definition": name}
        if not name.isidentifier() or name in definitions():
            raise self.refusal(
                f"{value!r}",
                "Define it with `def` or `class`, under a name of its own.",
            )
        return {"custom": name}

    def _encode_state(self, state: Mapping[str, Any]) -> dict:
        """Encode what `get_state` returned."""
        for name, value in state.items():
            if not is_plain_value(value):
                self._path.append(name)
                raise self._refusal_of(value)
        return {name: self.encode_at(name, value) for name, value in state.items()}

    def _leave_out(self, name: str) -> dict:
        self.left_out.add(name)
        return {"outside": name}

    def encode_attributes(self, state: Mapping[str, Any], entry: Entry) -> dict:
        """Encode the attributes of an instance, by name."""
        is_warm_start = self.is_warm_start
        self.is_warm_start = bool(state.get("warm_start", is_warm_start))
        is_estimator = issubclass(entry.kind, BaseEstimator)
        result: dict[str, Any] = {}
        for name, value in state.items():
            if name in entry.rebuilt:
                continue
            if name in self.leave_out or (name in entry.fields and is_template(value)):
                result[name] = self._leave_out(name)
            elif is_estimator and name in NOT_KEPT:
                if value:
                    _warn_of_dropped(name)
                result[name] = None
            elif entry.may_hold(name):
                result[name] = self.encode_at(name, value)
            else:
                self._path.append(name)
                raise self.refusal(
                    f"no attribute that a {entry.name} has of itself",
                    "Delete it before saving.",
                )
        self.is_warm_start = is_warm_start
        return result


def has_state(kind: type) -> bool:
    """Whether instances of a class say what they are saved by."""
    return hasattr(kind, "get_state") and hasattr(kind, "from_state")


def is_template(value: Any) -> bool:
    """Whether a value is an estimator of another library that was not fitted.

    Like a class of the user's own it is made by code, which whoever loads has.
    """
    if not isinstance(value, BaseEstimator) or find_entry(type(value)) is not None:
        return False
    try:
        check_is_fitted(value)
    except NotFittedError:
        return True
    return False


def is_plain_value(value: Any, depth: int = 0) -> bool:
    """Whether a value is data alone, as states are: numbers, strings and arrays."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return True
    if isinstance(value, np.ndarray | np.generic):
        return not value.dtype.hasobject
    if depth > 8 or kind not in (list, tuple, dict):
        return False
    items = [*value, *value.values()] if kind is dict else value
    return all(is_plain_value(item, depth + 1) for item in items)


def state_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an instance."""
    # An encoder that was given parts of a table learns from them when it is asked.
    if isinstance(value, BaseEstimator):
        getattr(value, "tensor_shape_", None)
    return vars(value)


def _warn_of_dropped(name: str) -> None:
    warnings.warn(
        f"{name} are code or places of your own and are not saved; set them again "
        "after loading, with set_params.",
        UserWarning,
        stacklevel=2,
    )


class Decoder(ValueDecoder):
    """Turns JSON back into values."""

    def __init__(
        self,
        arrays: TensorReader,
        weights: TensorReader,
        classes: Mapping[str, Any],
        objects: Mapping[str, Any],
        bound: MemoryBound,
    ):
        super().__init__(arrays)
        self.weights, self.bound = weights, bound
        self.classes, self.objects = classes, objects
        self.samplers: list[Any] = []
        self.nets: list[Any] = []
        self.missing_devices: set[str] = set()
        self._simple["outside"] = self._outside
        self._kinds: dict[str, Callable[[Any], Any]] = {
            "object": self._object,
            "state": self._state,
            "definition": self._definition,
            "custom": self._custom,
        }

    def _decode_kept(self, tag: str, payload: Any) -> Any:
        if tag in self._kinds:
            return self._kinds[tag](payload)
        for decoders in (_networks.DECODERS, _library_values.DECODERS):
            if tag in decoders:
                return decoders[tag](payload, self)
        return super()._decode_kept(tag, payload)

    def _object(self, node: Any) -> Any:
        name, state = self.parts(node, 2)
        entry = entry_of(self.text(name))
        if has_state(entry.kind):
            raise ContentError(f"A {entry.name} is not made by attributes.")
        if hasattr(entry.kind, "_fields"):
            parts = self.parts(state, len(entry.kind._fields))
            return entry.kind(*map(self.decode, parts))
        return self.decode_attributes(state, entry)

    def _state(self, node: Any) -> Any:
        name, nodes = self.parts(node, 2)
        entry = entry_of(self.text(name))
        if not has_state(entry.kind) or not isinstance(nodes, dict):
            raise ContentError(f"A {entry.name} is not made by a state.")
        state = {key: self.decode(part) for key, part in nodes.items()}
        if not all(map(is_plain_value, state.values())):
            raise ContentError(f"The state of a {entry.name} is no plain value.")
        # Other arguments are objects that were never in the file.
        others = {*inspect.signature(entry.kind.from_state).parameters} - {"state"}
        handed = {key: self.objects[key] for key in others & set(self.objects)}
        try:
            return entry.kind.from_state(state, **handed)
        except FileFormatError:
            raise
        except Exception as error:
            raise ContentError(
                f"The state of a {entry.name} is none: {type(error).__name__}: "
                f"{error!s:.300}"
            ) from error

    def decode_attributes(self, *states_and_entry: Any) -> Any:
        """Return an instance of a class with the attributes of one or more objects."""
        *states, entry = states_and_entry
        value = object.__new__(entry.kind)
        for state in states:
            if not isinstance(state, dict):
                raise ContentError(f"The state of a {entry.name} is no object.")
            for name, node in state.items():
                entry.check_name(name)
                part = self.decode(node)
                entry.check_value(name, part)
                value.__dict__[name] = part
        if "net_" in value.__dict__:
            self.samplers.append(value)
        return value

    def _definition(self, node: Any) -> Any:
        name = self.text(node)
        if name not in definitions():
            raise ContentError(f"{name!r:.80} is no definition that files may name.")
        return definitions()[name]

    def _custom(self, node: Any) -> Any:
        name = self.text(node)
        if name not in self.classes:
            raise MissingDefinitionError(
                f"It was saved with {name!r:.80}, a definition of its owner's. If you "
                f"trust the file, hand over your own: load(path, classes=[{name:.80}])."
            )
        return self.classes[name]

    def _outside(self, node: Any) -> Any:
        name = self.text(node)
        if name not in self.objects:
            raise MissingDefinitionError(
                f"{name!r:.80} was left out of the file; hand it over: "
                f"load(path, objects={{{name!r:.80}: ...}})."
            )
        return self.objects[name]
