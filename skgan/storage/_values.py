"""Plain values to JSON and arrays, and back: a closed list of kinds, nothing else.

JSON's null, booleans, strings, finite numbers and lists stand for themselves. Every
other value is an object of one key, which says what it is.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
import torch

from skgan.storage import _arrays
from skgan.storage._errors import ContentError, UnsaveableError
from skgan.storage._tensors import TensorReader, TensorWriter

_LARGEST_INTEGER = 2**127
# Shorter lists are more readable, and no larger, as JSON.
_MIN_PACKED = 32


class ValueEncoder:
    """Turns values into JSON, and puts arrays aside."""

    def __init__(self) -> None:
        self.arrays = TensorWriter()
        self._count = 0
        self._done: dict[int, Any] = {}
        self._kept: list[Any] = []
        self._open: set[int] = set()
        self._path: list[str] = []

    def encode(self, value: Any) -> Any:
        """Return a value as JSON."""
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
        node = _arrays.encode(value, self)
        if node is None:
            node = self._encode_other(value)
        self._open.discard(key)
        self._done[key] = len(self._kept)
        self._kept.append(value)
        return node

    def _encode_other(self, value: Any) -> Any:
        """Return the node of what is no plain value; there is none."""
        raise self.refusal(f"a {type(value).__module__}.{type(value).__qualname__}")


class ValueDecoder:
    """Turns JSON back into values."""

    def __init__(self, arrays: TensorReader):
        self.arrays = arrays
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

    def decode(self, node: Any) -> Any:
        """Return the value of a node."""
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) != 1:
            raise ContentError(f"{node!r:.80} is no value.")
        ((tag, payload),) = node.items()
        if tag in self._simple:
            return self._simple[tag](payload)
        value = self._decode_kept(tag, payload)
        self._done.append(value)
        return value

    def _decode_kept(self, tag: str, payload: Any) -> Any:
        """Return what may stand in several places."""
        if tag in _arrays.DECODERS:
            return _arrays.DECODERS[tag](payload, self)
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
