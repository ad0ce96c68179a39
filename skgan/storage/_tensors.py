"""The safetensors format: a size, a JSON header, and tensors without gaps."""

from __future__ import annotations

import struct
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skgan.storage._errors import ContentError
from skgan.storage._json import read_json, write_json

# The format's names of what a tensor holds; NumPy has none for bfloat16.
_DTYPES = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<i2"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items() if name != "BF16"}
_MAX_AXES = 16


class TensorWriter:
    """Gathers tensors, and gives the bytes of a file of them."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[str, NDArray]] = {}

    def add(self, name: str, value: NDArray | torch.Tensor) -> str:
        """Add an array of numbers or a tensor, and return its name."""
        kind = None
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu().contiguous()
            if value.dtype == torch.bfloat16:
                kind, value = "BF16", value.view(torch.int16)
            value = value.numpy()
        # Unlike ascontiguousarray this leaves arrays without axes as they are.
        value = np.asarray(value, dtype=value.dtype.newbyteorder("<"), order="C")
        self._values[name] = (kind or _NAMES[value.dtype], value.copy())
        return name

    def to_bytes(self) -> bytes:
        """Return the file."""
        header: dict[str, Any] = {}
        end = 0
        for name, (kind, value) in self._values.items():
            start, end = end, end + value.nbytes
            shape = list(value.shape)
            header[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
        text = write_json(header)
        text += b" " * (-len(text) % 8)
        parts = [value.tobytes() for _, value in self._values.values()]
        return b"".join([struct.pack("<Q", len(text)), text, *parts])


class TensorReader:
    """Tensors of a file, each made when it is asked for."""

    def __init__(self, data: bytes, name: str):
        self.name = name
        size = struct.unpack_from("<Q", data)[0] if len(data) >= 8 else None
        if size is None or size > len(data) - 8:
            raise ContentError(f"{name} ends before its header does.")
        header = read_json(data[8 : 8 + size], f"The header of {name}")
        if not isinstance(header, dict):
            raise ContentError(f"The header of {name} is no object.")
        self._data = memoryview(data)[8 + size :]
        self._entries = {key: self._entry(key, entry) for key, entry in header.items()}
        self.unread = set(self._entries)
        self._check_offsets()

    def _entry(self, key: str, entry: Any) -> tuple[str, list[int], int, int]:
        wanted = {"dtype", "shape", "data_offsets"}
        if not (isinstance(entry, dict) and set(entry) == wanted):
            raise self._error(key, f"has other fields than {sorted(wanted)}")
        kind, shape, offsets = (entry[k] for k in ("dtype", "shape", "data_offsets"))
        if not (isinstance(kind, str) and kind in _DTYPES):
            raise self._error(key, f"is of unknown dtype {kind!r:.40}")
        for sizes in (shape, offsets):
            if not isinstance(sizes, list) or not all(
                type(size) is int and 0 <= size < 2**48 for size in sizes
            ):
                raise self._error(key, "has sizes that are none")
        if len(shape) > _MAX_AXES or len(offsets) != 2:
            raise self._error(key, "has too many sizes")
        if prod(shape) * _DTYPES[kind].itemsize != offsets[1] - offsets[0]:
            raise self._error(key, "has another size than its shape says")
        return kind, shape, offsets[0], offsets[1]

    def _error(self, key: str, what: str) -> ContentError:
        return ContentError(f"{self.name}: tensor {key!r:.80} {what}.")

    def _check_offsets(self) -> None:
        end = 0
        for key, entry in sorted(self._entries.items(), key=lambda item: item[1][2:]):
            if entry[2] != end:
                raise self._error(key, "does not begin where the one before it ends")
            end = entry[3]
        if end != len(self._data):
            raise ContentError(f"{self.name} is {len(self._data)} bytes, not {end}.")

    def names(self, prefix: str) -> list[str]:
        """Return the names of tensors that begin with `prefix`, without it."""
        return [key[len(prefix) :] for key in self._entries if key.startswith(prefix)]

    def array(self, key: Any) -> NDArray:
        """Return a tensor as a new array; one of bfloat16 as integers."""
        if not isinstance(key, str) or key not in self._entries:
            raise ContentError(f"{self.name} lacks the tensor {key!r:.80}.")
        kind, shape, start, end = self._entries[key]
        self.unread.discard(key)
        values = np.frombuffer(self._data[start:end], dtype=_DTYPES[kind])
        if kind == "BOOL" and (values.view(np.uint8) > 1).any():
            raise self._error(key, "holds booleans that are none")
        native = values.dtype.newbyteorder("=")
        return values.reshape(shape).astype(native, copy=True)

    def tensor(self, key: Any) -> torch.Tensor:
        """Return a tensor on the CPU."""
        values = torch.from_numpy(self.array(key))
        is_half = self._entries[key][0] == "BF16"
        return values.view(torch.bfloat16) if is_half else values

    def check_all_read(self) -> None:
        """Raise a ContentError if a tensor belongs to nothing."""
        if self.unread:
            extra = sorted(self.unread)[:5]
            raise ContentError(f"{self.name} holds tensors of nothing: {extra!r:.200}.")
