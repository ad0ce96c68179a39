"""NumPy's and PyTorch's values: arrays, dtypes, scalars, tensors, random streams."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import torch

from skgan.storage._errors import ContentError

_DTYPE = re.compile(
    r"[|<>=]?(b1|[iu][1248]|f[248]|O|U\d{1,9}|S\d{1,9}|[mM]8(\[\w+\])?)"
)
_MT19937_WORDS = 624
_TORCH_STATE = 5056
_PACKED: dict[type, Any] = {int: np.int64, float: np.float64, bool: np.bool_}


def pack_list(values: list, kind: type, encoder: Any) -> Any:
    """Return a list of values of one type as arrays; None if there is no such form."""
    if kind is str:
        # Lone surrogates are no UTF-8, but may well stand in a column.
        text = [value.encode("utf-8", "surrogatepass") for value in values]
        lengths = np.array([len(part) for part in text], dtype=np.int64)
        letters = np.frombuffer(b"".join(text), dtype=np.uint8)
        return {"packed": ["str", encoder.put(letters), encoder.put(lengths)]}
    if kind is int and not all(-(2**63) <= value < 2**63 for value in values):
        return None
    if kind in _PACKED:
        array = np.array(values, dtype=_PACKED[kind])
        return {"packed": [kind.__name__, encoder.put(array)]}
    if kind is dict:
        return _pack_records(values, encoder)
    return None


def _pack_records(values: list[dict], encoder: Any) -> Any:
    """Pack dicts of the same strings to numbers, as histories are."""
    names = list(values[0])
    if not all(type(name) is str for name in names):
        return None
    if any(list(value) != names for value in values):
        return None
    columns = [[value[name] for value in values] for name in names]
    if any(len(set(map(type, column))) > 1 for column in columns):
        return None
    columns = [encoder.encode(column) for column in columns]
    return {"packed": ["records", names, columns, len(values)]}


def unpack_list(node: Any, decoder: Any) -> list:
    """Return the list of a packed node."""
    if not isinstance(node, list) or len(node) not in (2, 3, 4):
        raise ContentError(f"{node!r:.80} is no packed list.")
    if node[0] == "str" and len(node) == 3:
        letters, lengths = (decoder.arrays.array(part) for part in node[1:])
        return _split(letters, lengths)
    if node[0] == "records" and len(node) == 4:
        _, names, columns, n = node
        return _unpack_records(names, columns, n, decoder)
    for kind, dtype in _PACKED.items():
        if node[0] == kind.__name__ and len(node) == 2:
            array = decoder.arrays.array(node[1])
            if array.dtype != dtype or array.ndim != 1:
                raise ContentError(f"{node!r:.80} is no packed list.")
            return array.tolist()
    raise ContentError(f"{node!r:.80} is no packed list.")


def _split(letters, lengths) -> list[str]:
    if letters.dtype != np.uint8 or lengths.dtype != np.int64:
        raise ContentError("Packed strings are no bytes, or their lengths no integers.")
    ends = np.cumsum(lengths)
    if (lengths < 0).any() or (ends < 0).any() or int(lengths.sum()) != len(letters):
        raise ContentError("Packed strings are not as long as they say.")
    data, starts = letters.tobytes(), (ends - lengths).tolist()
    return [
        data[start:end].decode("utf-8", "surrogatepass")
        for start, end in zip(starts, ends.tolist(), strict=True)
    ]


def _unpack_records(names: Any, columns: Any, n: Any, decoder: Any) -> list[dict]:
    names = decoder.items(names)
    decoded = [decoder.items(column) for column in decoder.parts(columns, len(names))]
    if type(n) is not int or any(len(column) != n for column in decoded) or not names:
        raise ContentError("Packed records have columns of different lengths.")
    return [dict(zip(names, row, strict=True)) for row in zip(*decoded, strict=True)]


def encode(value: Any, encoder: Any) -> Any:
    """Return the node of one of these values; None for any other."""
    if type(value) is np.ndarray:
        return _encode_array(value, encoder)
    if isinstance(value, np.generic):
        return _encode_scalar(value, encoder)
    if isinstance(value, np.dtype):
        return {"dtype": _dtype_name(value, encoder)}
    if type(value) is torch.Tensor:
        return {"tensor": encoder.put(value)}
    if type(value) is np.random.RandomState:
        return _encode_stream(value, encoder)
    if type(value) is torch.Generator:
        state = value.get_state()
        kind = value.device.type
        return {"torch_stream": [kind, encoder.put(state)]}
    return None


def _dtype_name(dtype: np.dtype, encoder: Any) -> str:
    if not _DTYPE.fullmatch(dtype.str):
        raise encoder.refusal(f"of dtype {dtype}")
    return dtype.str


def _encode_array(value: np.ndarray, encoder: Any) -> Any:
    if value.dtype.byteorder == ">":
        value = value.astype(value.dtype.newbyteorder("<"))
    name = _dtype_name(value.dtype, encoder)
    shape = list(value.shape)
    if value.dtype.kind == "O":
        return {"objects": [shape, encoder.encode(value.ravel().tolist())]}
    # Products of matrices can depend on how these lie in memory.
    is_transposed = value.flags.f_contiguous and not value.flags.c_contiguous
    stored = value.T if is_transposed else value
    stored = np.ascontiguousarray(stored).reshape(stored.shape)
    if value.dtype.kind in "mMUS":
        stored = np.frombuffer(stored.tobytes(), dtype=np.uint8)
        stored_shape = shape[::-1] if is_transposed else shape
        return {"array": [name, encoder.put(stored), stored_shape, is_transposed]}
    return {"array": [name, encoder.put(stored), None, is_transposed]}


def _encode_scalar(value: np.generic, encoder: Any) -> Any:
    array = np.asarray(value)
    name = _dtype_name(array.dtype, encoder)
    if array.dtype.kind in "mM":
        return {"scalar": [name, int(array.view(np.int64))]}
    if array.dtype.kind not in "biufU":
        raise encoder.refusal(f"of dtype {array.dtype}")
    return {"scalar": [name, encoder.encode(array.item())]}


def _encode_stream(value: np.random.RandomState, encoder: Any) -> Any:
    state = value.get_state(legacy=False)
    if not isinstance(state, dict) or state["bit_generator"] != "MT19937":
        raise encoder.refusal("a random stream other than NumPy's MT19937")
    inner = state["state"]
    key = encoder.put(np.asarray(inner["key"], dtype=np.uint32))
    rest = [int(inner["pos"]), int(state["has_gauss"]), float(state["gauss"])]
    return {"random_state": [key, *rest]}


def read_dtype(node: Any) -> np.dtype:
    """Return a NumPy dtype by its name."""
    if not isinstance(node, str) or not _DTYPE.fullmatch(node):
        raise ContentError(f"{node!r:.80} is no dtype.")
    return np.dtype(node)


def _array(node: Any, decoder: Any) -> np.ndarray:
    name, place, shape, is_transposed = decoder.parts(node, 4)
    dtype, array = read_dtype(name), decoder.arrays.array(place)
    if shape is not None:
        array = _cast(array, dtype, shape)
    elif dtype.kind not in "biuf":
        raise ContentError(f"An array of dtype {dtype} lacks its shape.")
    if array.dtype != dtype.newbyteorder("="):
        raise ContentError(f"An array is of dtype {array.dtype}, not {dtype}.")
    if type(is_transposed) is not bool:
        raise ContentError("An array does not say how it lies in memory.")
    return array.T if is_transposed else array


def _check_shape(shape: Any, n: int) -> list[int]:
    if not isinstance(shape, list) or len(shape) > 16:
        raise ContentError(f"{shape!r:.80} is no shape.")
    if not all(type(size) is int and 0 <= size < 2**48 for size in shape):
        raise ContentError(f"{shape!r:.80} is no shape.")
    if prod(shape) != n:
        raise ContentError(f"{n} values are not of shape {shape!r:.80}.")
    return shape


def _cast(array: np.ndarray, dtype: np.dtype, shape: Any) -> np.ndarray:
    size = dtype.itemsize
    if dtype.kind not in "mMUS" or array.dtype != np.uint8 or array.ndim != 1:
        raise ContentError("An array is of another kind than its name says.")
    if size == 0 or len(array) % size:
        raise ContentError(f"{len(array)} bytes are no values of dtype {dtype}.")
    _check_shape(shape, len(array) // size)
    if dtype.kind == "U" and (array.view("<u4") > 0x10FFFF).any():
        raise ContentError("An array holds characters that are none.")
    return array.view(dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _objects(node: Any, decoder: Any) -> np.ndarray:
    shape, values = decoder.parts(node, 2)
    decoded = decoder.items(values)
    array = np.empty(len(decoded), dtype=object)
    array[:] = decoded
    return array.reshape(_check_shape(shape, len(decoded)))


def _scalar(node: Any, decoder: Any) -> Any:
    name, inner = decoder.parts(node, 2)
    dtype, value = read_dtype(name), decoder.decode(inner)
    kinds = {"b": bool, "i": int, "u": int, "f": float, "U": str, "m": int, "M": int}
    if type(value) is not kinds.get(dtype.kind):
        raise ContentError(f"{inner!r:.80} is no value of dtype {dtype}.")
    if dtype.kind in "mM":
        return np.array(value, dtype=np.int64).view(dtype)[()]
    return np.array(value, dtype=dtype)[()]


def _random_state(node: Any, decoder: Any) -> np.random.RandomState:
    place, position, has_gauss, gauss = decoder.parts(node, 4)
    key = decoder.arrays.array(place)
    # NumPy would read on behind the end of the words.
    if not (
        key.dtype == np.uint32
        and key.shape == (_MT19937_WORDS,)
        and type(position) is int
        and 0 <= position <= _MT19937_WORDS
        and type(has_gauss) is int
        and has_gauss in (0, 1)
        and type(gauss) is float
    ):
        raise ContentError("A random stream is none of NumPy's.")
    stream = np.random.RandomState(0)
    stream.set_state(("MT19937", key, position, has_gauss, gauss))
    return stream


def _torch_stream(node: Any, decoder: Any) -> torch.Generator:
    kind, place = decoder.parts(node, 2)
    state = decoder.arrays.tensor(place)
    if kind == "cpu":
        _check_torch_state(state)
        stream = torch.Generator()
        stream.set_state(state)
        return stream
    # Streams of another kind of device go on there only.
    if kind != "cuda" or state.dtype != torch.uint8 or state.shape != (16,):
        raise ContentError("A random stream is none of PyTorch's.")
    if not torch.cuda.is_available():
        return torch.Generator().manual_seed(int(state.view(torch.int64)[0]) % 2**62)
    stream = torch.Generator("cuda")
    stream.set_state(state)
    return stream


def _check_torch_state(state: torch.Tensor) -> None:
    """Raise if PyTorch would read on behind the end of the words of a stream."""
    is_state = state.dtype == torch.uint8 and state.shape == (_TORCH_STATE,)
    if is_state:
        _, left, seeded, following = struct.unpack_from("<QiiQ", state.numpy().data)
        is_new = (left, following) == (1, 0)
        is_under_way = left > 0 and left + following == _MT19937_WORDS + 1
        is_state = seeded == 1 and (is_new or is_under_way)
    if not is_state:
        raise ContentError("A random stream is none of PyTorch's.")


DECODERS: dict[str, Callable[[Any, Any], Any]] = {
    "array": _array,
    "objects": _objects,
    "dtype": lambda node, decoder: read_dtype(node),
    "scalar": _scalar,
    "tensor": lambda node, decoder: decoder.arrays.tensor(node),
    "random_state": _random_state,
    "torch_stream": _torch_stream,
}
