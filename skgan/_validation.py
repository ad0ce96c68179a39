"""Checks of single parameters, with messages that name them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state


def check_integer(name: str, value, minimum: int, maximum: int | None = None) -> int:
    """Return `value` as an int, or raise."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    value = int(value)
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}.")
    if maximum is not None and value > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {value}.")
    return int(value)


def check_memory(n_samples: int, n_bytes: int) -> None:
    """Raise if rows of so many bytes each do not fit into the machine's memory.

    Raises
    ------
    MemoryError
        Before anything is drawn.
    """
    available = sys.maxsize
    if hasattr(os, "sysconf"):
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if n_samples * n_bytes > available:
        raise MemoryError(
            f"n_samples={n_samples} rows of {n_bytes} bytes do not fit into the "
            f"{available / 2**30:.0f} GiB of this machine: draw fewer at a time, each "
            "time with another random_state, and keep what you need of them."
        )


def check_real(name: str, value, minimum: float, *, strict: bool = False) -> float:
    """Return `value` as a float, or raise."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}.")
    value = float(value)
    if not (value > minimum if strict else value >= minimum) or value == float("inf"):
        bound = "greater than" if strict else "at least"
        raise ValueError(f"{name} must be finite and {bound} {minimum}, got {value}.")
    return value


def check_share(name: str, value) -> float:
    """Return `value` as a float strictly between 0 and 1, or raise."""
    value = check_real(name, value, 0, strict=True)
    if value >= 1:
        raise ValueError(f"{name} must be less than 1, got {value}.")
    return value


def check_dims(name: str, value) -> tuple[int, ...]:
    """Return widths of hidden layers as a tuple of ints, or raise."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name} must be a sequence of integers, got {value!r}.")
    return tuple(check_integer(f"each of {name}", width, 1) for width in value)


def check_boolean(name: str, value) -> bool:
    """Return `value` as a bool, or raise."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}.")
    return bool(value)


def check_verbosity(name: str, value) -> int:
    """Return `value`, a boolean or an integer from 0 on, as an int, or raise."""
    if isinstance(value, bool | np.bool_):
        return int(value)
    return check_integer(name, value, 0)


def check_stream(name: str, value) -> np.random.RandomState:
    """Return a random stream; None gives a fresh one, never NumPy's global one."""
    if value is None:
        return np.random.RandomState()
    try:
        return check_random_state(value)
    except ValueError as error:
        raise ValueError(
            f"{name} must be None, an integer from 0 to 2**32 - 1 or a RandomState: "
            f"{error}."
        ) from error


def check_callbacks(name: str, value) -> list:
    """Return callbacks, given as None or a sequence, as a list, or raise."""
    if value is None:
        return []
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise TypeError(f"{name} must be None or a list of callbacks, got {value!r}.")
    for item in value:
        callback = item[1] if isinstance(item, tuple) and len(item) == 2 else item
        # A callback may come as a class, as in skorch.
        if not hasattr(callback, "on_train_begin"):
            raise TypeError(
                f"{name} must hold skorch callbacks, or pairs (name, callback); got "
                f"{item!r}."
            )
    return list(value)


def check_mapping(name: str, value) -> dict:
    """Return a dict with names for keys, given as None or a mapping, or raise."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
        raise TypeError(f"{name} must be None or a dict with names, got {value!r}.")
    return dict(value)


def check_array(
    name: str,
    value,
    dtype: str,
    length: int | None = None,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    is_finite: bool = True,
) -> np.ndarray:
    """Return an array of one axis that a state holds, or raise."""
    if not isinstance(value, np.ndarray) or value.ndim != 1 or value.dtype != dtype:
        raise ValueError(f"{name} must be an array of one axis and of {dtype}.")
    if length is not None and len(value) != length:
        raise ValueError(f"{name} must have {length} entries, got {len(value)}.")
    if value.dtype.kind == "f":
        is_sound = ~np.isnan(value) if not is_finite else np.isfinite(value)
        if not is_sound.all():
            raise ValueError(f"{name} holds what is no number.")
    if len(value) and (
        (minimum is not None and value.min() < minimum)
        or (maximum is not None and value.max() > maximum)
    ):
        raise ValueError(f"{name} must lie between {minimum} and {maximum}.")
    return value


def check_starts(name: str, value, n_items: int, n_parts: int | None = None):
    """Return where parts of `n_items` begin and the last ends, or raise."""
    n = None if n_parts is None else n_parts + 1
    kind = getattr(getattr(value, "dtype", None), "name", "")
    check_array(name, value, kind if kind in ("int32", "int64") else "int64", n)
    if not len(value) or value[0] != 0 or value[-1] != n_items:
        raise ValueError(f"{name} must begin at 0 and end at {n_items}.")
    if not (np.diff(value) >= 0).all():
        raise ValueError(f"{name} must ascend.")
    return value
