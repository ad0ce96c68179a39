"""JSON, read strictly: bounded in depth and number, no key twice, finite numbers."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np

from skgan.storage._errors import ContentError

MAX_BYTES = 32 * 2**20
_MAX_TOKENS = 1_000_000
_MAX_DEPTH = 128
_MAX_DIGITS = 40
# An unterminated string matches to the end, so that matching stays linear.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', flags=re.DOTALL)
# How the depth changes at a token: +1, -1 or 0, as bytes that are signed integers.
_KINDS = bytes.maketrans(b"[{]},:", b"\1\1\xff\xff\0\0")
_NO_TOKENS = bytes(byte for byte in range(256) if byte not in b"[{]},:")


def write_json(value: Any) -> bytes:
    """Return compact ASCII JSON."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def read_json(data: bytes, name: str) -> Any:
    """Parse JSON after its size, depth and number of values have been checked."""
    if len(data) > MAX_BYTES:
        raise ContentError(f"{name} has {len(data)} bytes, more than {MAX_BYTES}.")
    _check_size(data, name)
    try:
        return json.loads(
            data.decode("ascii"),
            object_pairs_hook=_without_repeats,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except ContentError as error:
        raise ContentError(f"{name}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ContentError(f"{name} is no JSON in ASCII: {error}") from None


def _check_size(data: bytes, name: str) -> None:
    """Raise before anything is built of what is too deep or has too many values."""
    tokens = _without_strings(data).translate(_KINDS, delete=_NO_TOKENS)
    if len(tokens) > _MAX_TOKENS:
        raise ContentError(f"{name} holds more than {_MAX_TOKENS} values.")
    steps = np.frombuffer(tokens, dtype=np.int8)
    if steps.cumsum(dtype=np.int64).max(initial=0) > _MAX_DEPTH:
        raise ContentError(f"{name} is nested deeper than {_MAX_DEPTH} levels.")


def _without_strings(data: bytes) -> bytes:
    """Return what of JSON stands outside of its strings."""
    if b"\\" in data:
        return _STRING.sub(b"", data)
    # Without escapes every second part between quotes is a string: this is faster.
    return b"".join(data.split(b'"')[::2])


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ContentError("a key occurs twice.")
    return result


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ContentError(f"an integer has {len(text)} digits.")
    return int(text)


def _finite(text: str) -> float:
    value = float(text) if len(text) <= 2 * _MAX_DIGITS else math.inf
    if not math.isfinite(value):
        raise ContentError("a number is out of range.")
    return value


def _no_constant(text: str) -> float:
    raise ContentError(f"{text} is no number.")
