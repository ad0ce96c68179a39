"""Checks of single parameters, with messages that name them."""

from __future__ import annotations

from numbers import Integral, Real


def check_integer(name: str, value, minimum: int, maximum: int | None = None) -> int:
    """Return `value` as an int, or raise.

    Raises
    ------
    TypeError
        If `value` is a boolean or no integer.
    ValueError
        If it is below `minimum` or above `maximum`.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}.")
    if maximum is not None and value > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {value}.")
    return int(value)


def check_real(name: str, value, minimum: float, *, strict: bool = False) -> float:
    """Return `value` as a float, or raise.

    Raises
    ------
    TypeError
        If `value` is a boolean or no number.
    ValueError
        If it is not finite, below `minimum`, or equal to it where that is excluded
        (`strict`).
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}.")
    value = float(value)
    if not (value > minimum if strict else value >= minimum) or value == float("inf"):
        bound = "greater than" if strict else "at least"
        raise ValueError(f"{name} must be finite and {bound} {minimum}, got {value}.")
    return value


def check_dims(name: str, value) -> tuple[int, ...]:
    """Return widths of hidden layers as a tuple of ints, or raise.

    Raises
    ------
    TypeError
        If `value` is no sequence of integers.
    ValueError
        If a width is below 1.
    """
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name} must be a sequence of integers, got {value!r}.")
    return tuple(check_integer(f"each of {name}", width, 1) for width in value)
