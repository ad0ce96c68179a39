"""Random numbers that are functions of a row's number: any row, in any order."""

from __future__ import annotations

from math import isqrt

import numpy as np
from numpy.typing import NDArray

# Constants of SplitMix64 (Steele, Lea, Flood 2014).
GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_ROUNDS = 6


def mix(keys: NDArray) -> NDArray:
    """Return 64 bits that differ in half of their places where keys do in one."""
    first, second, last = _SHIFTS
    keys = (keys ^ (keys >> first)) * _FACTORS[0]
    keys = (keys ^ (keys >> second)) * _FACTORS[1]
    return keys ^ (keys >> last)


def row_uniforms(seed: list[int], rows: NDArray) -> NDArray:
    """Return a number in [0, 1) for each row's number."""
    return (_row_bits(_key(seed), rows) >> np.uint64(11)) * 2.0**-53


def permute_rows(seed: list[int], rows: NDArray, size: int) -> NDArray:
    """Return where a permutation of ``range(size)`` takes each row's number.

    Rounds of a Feistel network on pairs of numbers, which is walked on until it is
    back in the range (Black and Rogaway 2002, Ciphers with arbitrary finite domains).
    """
    places = rows.astype(np.uint64)
    # Of a width and a height whose product is hardly more than the size.
    width = isqrt(max(size - 1, 0)) + 1
    height = -(-size // width)
    keys = [_key([*seed, i]) for i in range(_ROUNDS)]
    places = _feistel(places, keys, width, height)
    outside = np.flatnonzero(places >= np.uint64(size))
    while len(outside):
        places[outside] = _feistel(places[outside], keys, width, height)
        outside = outside[places[outside] >= np.uint64(size)]
    return places.astype(np.int64)


def _feistel(places: NDArray, keys: list[NDArray], width: int, height: int) -> NDArray:
    """Permute ``range(width * height)``, neither above 2**31."""
    m, n = np.uint64(width), np.uint64(height)
    left: NDArray = places // n
    right: NDArray = places % n
    for i, key in enumerate(keys):
        if i % 2:
            right = (right + _row_bits(key, left) % n) % n
        else:
            left = (left + _row_bits(key, right) % m) % m
    return left * n + right


def _row_bits(key: NDArray, rows: NDArray) -> NDArray:
    return mix(rows.astype(np.uint64) * GAMMA + key)


def _key(seed: list[int]) -> NDArray:
    return np.random.SeedSequence(seed).generate_state(1, np.uint64)
