"""Values to JSON and arrays, and back: a closed list of kinds, nothing else.

JSON's null, booleans, strings, finite numbers and lists stand for themselves. Every
other value is an object of one key, which says what it is.
"""

from __future__ import annotations

import inspect
import warnings
from base64 import b64decode, b64encode
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping
from math import isfinite
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator

from skgan.persistence import _arrays, _foreign, _networks
from skgan.persistence._errors import (
    ContentError,
    MissingDefinitionError,
    UnsaveableError,
)
from skgan.persistence._registry import (
    Entry,
    check_value,
    definitions,
    entry_of,
    find_entry,
    is_plain,
)
from skgan.persistence._tensors import TensorReader, TensorWriter

_LARGEST_INTEGER = 2**127
# Fewer values are more readable, and no larger, as JSON.
_MIN_PACKED = 32
# Code of the user's, and places to write to, are for who loads to choose.
NOT_KEPT = ("callbacks", "checkpoint")


class Encoder:
    """Turns values into JSON, and puts arrays aside.

    Parameters
    ----------
    leave_out : collection of str
        Attributes of estimators that whoever loads the file hands over.

    Attributes
    ----------
    arrays, weights : TensorWriter
        Arrays of the state, and the weights of networks.
    """

    def __init__(self, leave_out: Collection[str] = ()):
        self.leave_out = frozenset(leave_out)
        self.left_out: set[str] = set()
        self.arrays, self.weights = TensorWriter(), TensorWriter()
        self.goes_on = False
        self._count = 0
        self._networks: Counter[str] = Counter()
        self._done: dict[int, Any] = {}
        self._kept: list[Any] = []
        self._open: set[int] = set()
        self._path: list[str] = []

    def encode(self, value: Any) -> Any:
        """Return a value as JSON.

        Raises
        ------
        UnsaveableError
            If a file cannot hold it.
        """
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            if abs(value) >= _LARGEST_INTEGER:
                raise self.refusal("an integer of more than 127 bits")
            return value
        if kind is float:
            return value if isfinite(value) else {"float": repr(value)}
        if kind is list:
            return self._encode_list(value)
        if kind is tuple:
            return {"tuple": self._encode_list(list(value))}
        if kind in (set, frozenset):
            ordered = sorted(value, key=lambda item: (type(item).__name__, repr(item)))
            return {kind.__name__: self._encode_list(ordered)}
        if kind is dict:
            return {"dict": [self.encode(list(value)), self.encode([*value.values()])]}
        if kind is OrderedDict:
            return {"ordered": self.encode(dict(value))}
        if kind is bytes:
            return {"bytes": b64encode(value).decode("ascii")}
        return self._encode_once(value)

    def encode_at(self, name: str, value: Any) -> Any:
        """Encode what is found under `name`, which errors then mention."""
        self._path.append(name)
        node = self.encode(value)
        self._path.pop()
        return node

    def refusal(self, what: str, advice: str = "") -> UnsaveableError:
        """Return an error that says where something stands."""
        where = ".".join(self._path) or "the estimator"
        return UnsaveableError(f"{where} is {what}, which no file holds. {advice}")

    def put(self, array: np.ndarray | torch.Tensor) -> str:
        """Put an array aside, and return its name."""
        self._count += 1
        return self.arrays.add(f"{self._count}", array)

    def weights_prefix(self, name: str) -> str:
        """Return what the names of the weights of one more network begin with."""
        self._networks[name] += 1
        n_before = self._networks[name] - 1
        return f"{name}_{n_before}." if n_before else f"{name}."

    def _encode_list(self, values: list) -> Any:
        kinds = set(map(type, values)) if len(values) >= _MIN_PACKED else set()
        if len(kinds) == 1:
            packed = _arrays.pack_list(values, kinds.pop(), self)
            if packed is not None:
                return packed
        return [self.encode(value) for value in values]

    def _encode_once(self, value: Any) -> Any:
        """Encode an object; where it stands again, only say which one it is."""
        key = id(value)
        if key in self._done:
            return {"again": self._done[key]}
        if key in self._open:
            raise self.refusal("part of itself")
        self._open.add(key)
        node = self._encode_object(value)
        self._open.discard(key)
        self._done[key] = len(self._kept)
        self._kept.append(value)
        return node

    def _encode_object(self, value: Any) -> Any:
        for encode in (_arrays.encode, _networks.encode, _foreign.encode):
            node = encode(value, self)
            if node is not None:
                return node
        if isinstance(value, type) or inspect.isroutine(value):
            return self._encode_definition(value)
        entry = find_entry(type(value))
        if entry is not None:
            return {"object": [entry.name, self._encode_state(value, entry)]}
        kind = f"a {type(value).__module__}.{type(value).__qualname__}"
        advice = ""
        if isinstance(value, BaseEstimator):
            place = self._path[-1] if self._path else "estimator"
            advice = (
                "Save what is skgan's of it, such as its `sampler_`; or leave the "
                f"other out, save(..., leave_out=[{place!r}]), and hand it over when "
                f"loading, load(path, objects={{{place!r}: ...}})."
            )
        raise self.refusal(kind, advice)

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

    def _encode_state(self, value: Any, entry: Entry) -> Any:
        if hasattr(entry.kind, "_fields"):
            return [self.encode(item) for item in value]
        return self.encode_attributes(state_of(value), entry)

    def encode_attributes(self, state: Mapping[str, Any], entry: Entry) -> dict:
        """Encode the attributes of an instance, by name."""
        goes_on = self.goes_on
        self.goes_on = bool(state.get("warm_start", goes_on))
        result: dict[str, Any] = {}
        for name, value in state.items():
            self._path.append(name)
            is_estimator = hasattr(entry.kind, "get_params")
            if is_estimator and name in self.leave_out:
                result[name] = {"outside": name}
                self.left_out.add(name)
            elif is_estimator and name in NOT_KEPT:
                if value:
                    _warn_of_dropped(name)
                result[name] = None
            elif name in entry.attributes:
                result[name] = self.encode(value)
            elif name not in entry.dropped:
                raise self.refusal(
                    f"no attribute that a {entry.name} has of itself",
                    "Delete it before saving.",
                )
            self._path.pop()
        self.goes_on = goes_on
        return result


def state_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an instance."""
    # What an encoder learns from parts is worked out when it is asked for.
    if isinstance(value, BaseEstimator):
        getattr(value, "container_", None)
    return vars(value)


def _warn_of_dropped(name: str) -> None:
    warnings.warn(
        f"{name} are code or places of your own and are not saved; set them again "
        "after loading, with set_params.",
        UserWarning,
        stacklevel=2,
    )


class Decoder:
    """Turns JSON back into values.

    Parameters
    ----------
    arrays, weights : TensorReader
        Arrays of the state, and the weights of networks.
    classes : dict of str to type or function
        The user's own definitions, by name.
    objects : dict of str to object
        What was left out of the file, by the attribute's name.
    """

    def __init__(
        self,
        arrays: TensorReader,
        weights: TensorReader,
        classes: Mapping[str, Any],
        objects: Mapping[str, Any],
    ):
        self.arrays, self.weights = arrays, weights
        self.classes, self.objects = classes, objects
        self.samplers: list[Any] = []
        self.missing_devices: set[str] = set()
        self._done: list[Any] = []
        self._simple: dict[str, Callable[[Any], Any]] = {
            "float": self._float,
            "tuple": lambda node: tuple(self.items(node)),
            "set": lambda node: set(self.items(node)),
            "frozenset": lambda node: frozenset(self.items(node)),
            "dict": self._dict,
            "ordered": lambda node: OrderedDict(self.decode(node)),
            "bytes": lambda node: b64decode(self.text(node), validate=True),
            "again": self._again,
            "packed": lambda node: _arrays.unpack_list(node, self),
        }
        self._kept: dict[str, Callable[[Any], Any]] = {
            "object": self._object,
            "definition": self._definition,
            "custom": self._custom,
        }

    def decode(self, node: Any) -> Any:
        """Return the value of a node.

        Raises
        ------
        ContentError
            If it is none that `Encoder` makes.
        MissingDefinitionError
            If it names what was not handed over.
        """
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) != 1:
            raise ContentError(f"{node!r:.80} is no value.")
        ((tag, payload),) = node.items()
        if tag in self._simple:
            return self._simple[tag](payload)
        if tag == "outside":
            return self._outside(payload)
        decode = self._kept.get(tag)
        value = self._decode_other(tag, payload) if decode is None else decode(payload)
        self._done.append(value)
        return value

    def _decode_other(self, tag: str, payload: Any) -> Any:
        for decoders in (_arrays.DECODERS, _networks.DECODERS, _foreign.DECODERS):
            if tag in decoders:
                return decoders[tag](payload, self)
        raise ContentError(f"{tag!r:.80} is no kind of value.")

    def text(self, node: Any) -> str:
        """Return a string, and nothing else."""
        if not isinstance(node, str):
            raise ContentError(f"{node!r:.80} is no string.")
        return node

    def items(self, node: Any, length: int | None = None) -> list:
        """Return the value of a list, of a given length if there is one."""
        values = self.decode(node)
        if not isinstance(values, list) or length not in (None, len(values)):
            raise ContentError(f"{node!r:.80} is no list of {length or 'values'}.")
        return values

    def parts(self, node: Any, length: int) -> list:
        """Return the nodes of a list of a given length."""
        if not isinstance(node, list) or len(node) != length:
            raise ContentError(f"{node!r:.80} is no list of {length}.")
        return node

    def _float(self, node: Any) -> float:
        if node not in ("nan", "inf", "-inf"):
            raise ContentError(f"{node!r:.80} is no number.")
        return float(node)

    def _dict(self, node: Any) -> dict:
        keys, values = (self.items(part) for part in self.parts(node, 2))
        if len(keys) != len(values):
            raise ContentError("A dict has more keys than values, or fewer.")
        return dict(zip(keys, values, strict=True))

    def _again(self, node: Any) -> Any:
        if type(node) is not int or not 0 <= node < len(self._done):
            raise ContentError(f"{node!r:.80} is the number of nothing before it.")
        return self._done[node]

    def _object(self, node: Any) -> Any:
        name, state = self.parts(node, 2)
        entry = entry_of(self.text(name))
        if hasattr(entry.kind, "_fields"):
            return entry.kind(*self._fields(state, entry.kind))
        return self.decode_attributes(state, entry)

    def _fields(self, state: Any, kind: Any) -> list:
        return [self.decode(item) for item in self.parts(state, len(kind._fields))]

    def decode_attributes(self, *states_and_entry: Any) -> Any:
        """Return an instance of a class with the attributes of one or more objects."""
        *states, entry = states_and_entry
        value = object.__new__(entry.kind)
        for state in states:
            if not isinstance(state, dict):
                raise ContentError(f"The state of a {entry.name} is no object.")
            for name, node in state.items():
                if name not in entry.attributes or not is_plain(entry.kind, name):
                    raise ContentError(f"A {entry.name} has no {name!r:.80}.")
                part = self.decode(node)
                check_value(name, part)
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
