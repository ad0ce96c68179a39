"""What columns of polars leave in a fitted encoder: dtypes and series of levels."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from skgan.storage import ContentError, ValueDecoder, ValueEncoder

# Dtypes without parameters, and categories, whose order is all that is kept.
_PLAIN_NAMES = (
    "Int8 Int16 Int32 Int64 Int128 UInt8 UInt16 UInt32 UInt64 UInt128 Float16 Float32 "
    "Float64 Boolean String Binary Date Time Null Object Categorical"
)
_PLAIN = _PLAIN_NAMES.split()
_UNITS = ("ms", "us", "ns")


def encode(value: Any, encoder: ValueEncoder) -> Any:
    """Return the node of a value of polars; None for one that files do not hold."""
    polars = import_module("polars")
    if isinstance(value, polars.DataType | type):
        return {"polars_dtype": _encode_dtype(value, encoder)}
    if isinstance(value, polars.Series):
        dtype = encoder.encode(value.dtype)
        return {"polars_series": [value.name, dtype, encoder.encode(value.to_list())]}
    return None


def _encode_dtype(dtype: Any, encoder: ValueEncoder) -> list:
    polars = import_module("polars")
    name = str(dtype.base_type())
    if dtype == polars.Enum and not isinstance(dtype, type):
        return ["Enum", encoder.encode(dtype.categories.to_list())]
    if name in _PLAIN and (name != "Categorical" or dtype == polars.Categorical()):
        return [name]
    if name == "Datetime":
        return [name, dtype.time_unit, dtype.time_zone]
    if name == "Duration":
        return [name, dtype.time_unit]
    if name == "Decimal":
        return [name, dtype.precision, dtype.scale]
    raise encoder.refusal(f"of polars' dtype {dtype}")


def _dtype(node: Any, decoder: ValueDecoder) -> Any:
    polars = import_module("polars")
    if not isinstance(node, list) or not node:
        raise ContentError(f"{node!r:.80} is no dtype of polars.")
    name, *rest = node
    if not rest and name in _PLAIN and hasattr(polars, name):
        return getattr(polars, name)()
    if name == "Enum" and len(rest) == 1:
        levels = decoder.items(rest[0])
        if all(type(level) is str for level in levels):
            return polars.Enum(levels)
    elif name == "Datetime" and len(rest) == 2 and rest[0] in _UNITS:
        if rest[1] is None or (isinstance(rest[1], str) and len(rest[1]) < 100):
            return polars.Datetime(*rest)
    elif name == "Duration" and len(rest) == 1 and rest[0] in _UNITS:
        return polars.Duration(rest[0])
    elif name == "Decimal" and len(rest) == 2 and all(map(_is_size, rest)):
        return polars.Decimal(*rest)
    raise ContentError(f"{node!r:.80} is no dtype of polars.")


def _is_size(size: Any) -> bool:
    return size is None or (type(size) is int and 0 <= size < 100)


def _series(node: Any, decoder: ValueDecoder) -> Any:
    polars = import_module("polars")
    name, dtype, values = decoder.parts(node, 3)
    dtype = decoder.decode(dtype)
    if not isinstance(dtype, polars.DataType):
        raise ContentError("A series of polars has a dtype that is none of it.")
    return polars.Series(decoder.text(name), decoder.items(values), dtype=dtype)


DECODERS: dict[str, Callable[[Any, Any], Any]] = {
    "polars_dtype": _dtype,
    "polars_series": _series,
}
