"""What columns of pandas leave in a fitted encoder: dtypes, indexes, arrays."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from skgan.storage import ContentError, ValueDecoder, ValueEncoder

_NULLABLE = (
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
    *("Float32", "Float64", "Boolean"),
)
_UNITS = ("s", "ms", "us", "ns")
_SIDES = ("left", "right", "both", "neither")
_FREQUENCY = re.compile(r"\d{0,4}[A-Za-z]{1,4}(-[A-Z]{3})?")
# Types of Arrow without parameters.
_ARROW_PLAIN = (
    "null bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 "
    "float64 string large_string binary large_binary date32 date64"
)
_ARROW = _ARROW_PLAIN.split()
_ARROW_NAMES = {
    "halffloat": "float16",
    "float": "float32",
    "double": "float64",
    "date32[day]": "date32",
    "date64[ms]": "date64",
}


def encode(value: Any, encoder: ValueEncoder) -> Any:
    """Return the node of a value of pandas; None for one that files do not hold."""
    pandas = import_module("pandas")
    if value is pandas.NA or value is pandas.NaT:
        return {"pandas": "NA" if value is pandas.NA else "NaT"}
    if value is pandas.Timestamp:
        return {"moment": "Timestamp"}
    if isinstance(value, pandas.api.extensions.ExtensionDtype):
        return {"pandas_dtype": encode_dtype(value, encoder)}
    if isinstance(value, pandas.Index):
        return {"pandas_index": _encode_index(value, encoder)}
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        dtype = encoder.encode(value.dtype)
        scalars = list(value.astype(object))
        return {"pandas_array": [dtype, encoder.encode(scalars)]}
    if type(value) is pandas.Timestamp:
        zone = encoder.encode(value.tzinfo)
        count = value.asm8.astype(np.int64)
        return {"timestamp": [int(count), value.unit, zone]}
    if type(value) is pandas.Timedelta:
        return {"pandas_timedelta": [int(value.asm8.astype(np.int64)), value.unit]}
    if type(value) is pandas.Period:
        return {"period": [value.ordinal, value.freqstr]}
    if type(value) is pandas.Interval:
        edges = [encoder.encode(value.left), encoder.encode(value.right)]
        return {"interval": [*edges, value.closed]}
    return None


def encode_dtype(dtype: Any, encoder: ValueEncoder) -> list:
    """Return a dtype of pandas as a list: its kind and what it is made with."""
    pandas = import_module("pandas")
    if isinstance(dtype, pandas.CategoricalDtype):
        levels = encoder.encode(dtype.categories)
        return ["category", levels, bool(dtype.ordered)]
    if isinstance(dtype, pandas.StringDtype):
        return ["string", dtype.storage, "NA" if dtype.na_value is pandas.NA else "nan"]
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return ["zoned", dtype.unit, encoder.encode(dtype.tz)]
    if isinstance(dtype, pandas.PeriodDtype):
        # The dtype's offset has another name.
        return ["period", str(dtype).removeprefix("period[").removesuffix("]")]
    if isinstance(dtype, pandas.IntervalDtype):
        return ["interval", encoder.encode(dtype.subtype), dtype.closed]
    if isinstance(dtype, pandas.SparseDtype):
        fill = encoder.encode(dtype.fill_value)
        return ["sparse", encoder.encode(dtype.subtype), fill]
    if isinstance(dtype, pandas.ArrowDtype):
        return ["arrow", *_encode_arrow(dtype.pyarrow_dtype, encoder)]
    name = {"boolean": "Boolean"}.get(str(dtype), str(dtype))
    if name in _NULLABLE:
        return ["nullable", name]
    raise encoder.refusal(f"of dtype {dtype}")


def _encode_arrow(kind: Any, encoder: ValueEncoder) -> list:
    types = import_module("pyarrow").types
    name = _ARROW_NAMES.get(str(kind), str(kind))
    if name in _ARROW:
        return [name]
    if types.is_timestamp(kind):
        return ["timestamp", kind.unit, kind.tz]
    if types.is_duration(kind) or types.is_time(kind):
        return [str(kind).partition("[")[0], kind.unit]
    if types.is_decimal128(kind) or types.is_decimal256(kind):
        return [f"decimal{kind.bit_width}", kind.precision, kind.scale]
    if types.is_dictionary(kind):
        parts = (kind.index_type, kind.value_type)
        return ["dictionary", *(_encode_arrow(part, encoder) for part in parts)]
    raise encoder.refusal(f"of arrow's type {kind}")


def _encode_index(value: Any, encoder: ValueEncoder) -> list:
    pandas = import_module("pandas")
    names = encoder.encode(list(value.names))
    if type(value) is pandas.RangeIndex:
        return ["range", [value.start, value.stop, value.step], names]
    if isinstance(value, pandas.MultiIndex):
        return ["multi", encoder.encode(value.tolist()), names]
    dtype = encoder.encode(value.dtype)
    scalars = list(value.astype(object))
    return ["plain", [dtype, encoder.encode(scalars)], names]


def _dtype(node: Any, decoder: ValueDecoder) -> Any:
    pandas = import_module("pandas")
    if not isinstance(node, list) or not node:
        raise ContentError(f"{node!r:.80} is no dtype of pandas.")
    kind, *rest = node
    if kind == "nullable" and rest[0] in _NULLABLE:
        return getattr(pandas, f"{rest[0]}Dtype")()
    if kind == "arrow":
        return pandas.ArrowDtype(_decode_arrow(rest))
    if kind == "period" and _FREQUENCY.fullmatch(decoder.text(rest[0])):
        return pandas.PeriodDtype(rest[0])
    if kind == "string" and rest[0] in ("python", "pyarrow"):
        missing = pandas.NA if decoder.parts(rest, 2)[1] == "NA" else np.nan
        return pandas.StringDtype(rest[0], na_value=missing)
    first, second = decoder.parts(rest, 2)
    if kind == "category" and type(second) is bool:
        return pandas.CategoricalDtype(decoder.decode(first), second)
    if kind == "zoned" and first in _UNITS:
        return pandas.DatetimeTZDtype(first, decoder.decode(second))
    if kind == "interval" and second in _SIDES:
        return pandas.IntervalDtype(decoder.decode(first), second)
    if kind == "sparse":
        return pandas.SparseDtype(decoder.decode(first), decoder.decode(second))
    raise ContentError(f"{node!r:.80} is no dtype of pandas.")


def _decode_arrow(node: list, depth: int = 0) -> Any:
    arrow = import_module("pyarrow")
    name, *rest = node
    if not rest and name in _ARROW:
        return arrow.bool_() if name == "bool" else getattr(arrow, name)()
    if name == "timestamp" and len(rest) == 2 and rest[0] in _UNITS:
        if rest[1] is None or (isinstance(rest[1], str) and len(rest[1]) < 100):
            return arrow.timestamp(*rest)
    elif name in ("duration", "time32", "time64") and rest[0] in _UNITS:
        return getattr(arrow, name)(rest[0])
    elif name in ("decimal128", "decimal256") and len(rest) == 2:
        if all(type(size) is int and abs(size) < 100 for size in rest):
            return getattr(arrow, name)(*rest)
    elif name == "dictionary" and len(rest) == 2 and depth < 2:
        return arrow.dictionary(*(_decode_arrow(part, depth + 1) for part in rest))
    raise ContentError(f"{node!r:.80} is no type of arrow.")


def _index(node: Any, decoder: ValueDecoder) -> Any:
    pandas = import_module("pandas")
    kind, payload, names = decoder.parts(node, 3)
    if kind == "plain":
        dtype, values = (decoder.decode(part) for part in decoder.parts(payload, 2))
        names = decoder.items(names, 1)
        return pandas.Index(_checked(values), dtype=dtype, name=names[0])
    if kind == "multi":
        tuples = decoder.items(payload)
        names = decoder.items(names)
        return pandas.MultiIndex.from_tuples(tuples, names=names)
    bounds = decoder.parts(payload, 3)
    if kind == "range" and all(type(b) is int and abs(b) < 2**40 for b in bounds):
        return pandas.RangeIndex(*bounds, name=decoder.items(names, 1)[0])
    raise ContentError(f"{node!r:.80} is no index.")


def _checked(values: Any) -> list:
    if not isinstance(values, list):
        raise ContentError("An index or an array of pandas is no list.")
    return values


def _extension_array(node: Any, decoder: ValueDecoder) -> Any:
    pandas = import_module("pandas")
    dtype, values = (decoder.decode(part) for part in decoder.parts(node, 2))
    if not isinstance(dtype, pandas.api.extensions.ExtensionDtype):
        raise ContentError("An array of pandas has a dtype that is none of it.")
    return pandas.array(_checked(values), dtype=dtype)


def _count(
    node: Any, decoder: ValueDecoder, length: int, kind: str
) -> tuple[Any, list]:
    count, unit, *rest = decoder.parts(node, length)
    if type(count) is not int or unit not in _UNITS:
        raise ContentError(f"{node!r:.80} is no moment.")
    return np.array(count, dtype=np.int64).view(f"{kind}8[{unit}]")[()], rest


def _timestamp(node: Any, decoder: ValueDecoder) -> Any:
    pandas = import_module("pandas")
    moment, (zone,) = _count(node, decoder, 3, "M")
    stamp, zone = pandas.Timestamp(moment), decoder.decode(zone)
    return stamp if zone is None else stamp.tz_localize("UTC").tz_convert(zone)


def _timedelta(node: Any, decoder: ValueDecoder) -> Any:
    return import_module("pandas").Timedelta(_count(node, decoder, 2, "m")[0])


def _period(node: Any, decoder: ValueDecoder) -> Any:
    ordinal, frequency = decoder.parts(node, 2)
    is_known = _FREQUENCY.fullmatch(decoder.text(frequency))
    if type(ordinal) is not int or not is_known:
        raise ContentError(f"{node!r:.80} is no period.")
    return import_module("pandas").Period(ordinal=ordinal, freq=frequency)


def _interval(node: Any, decoder: ValueDecoder) -> Any:
    left, right, side = decoder.parts(node, 3)
    if side not in _SIDES:
        raise ContentError(f"{node!r:.80} is no interval.")
    edges = decoder.decode(left), decoder.decode(right)
    return import_module("pandas").Interval(*edges, closed=side)


def _missing(node: Any, decoder: ValueDecoder) -> Any:
    if node not in ("NA", "NaT"):
        raise ContentError(f"{node!r:.80} is no missing value.")
    return getattr(import_module("pandas"), node)


DECODERS: dict[str, Callable[[Any, Any], Any]] = {
    "pandas": _missing,
    "pandas_dtype": _dtype,
    "pandas_index": _index,
    "pandas_array": _extension_array,
    "timestamp": _timestamp,
    "pandas_timedelta": _timedelta,
    "period": _period,
    "interval": _interval,
}
