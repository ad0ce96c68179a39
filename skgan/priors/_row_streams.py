"""Uniform numbers that belong to rows, whatever rows stand beside them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from skgan._mixing import GAMMA, mix

_MISSING = np.uint64(0x6D697373696E6721)
# Numbers that streams of some rows may take before those of all rows go on.
_RESERVED = 64


class Uniforms(Protocol):
    """What draws uniform numbers: a Generator of NumPy, or `RowStreams`."""

    def random(self, size: Any = None) -> Any:
        """Return numbers in [0, 1)."""


class RowStreams:
    """A stream of uniform numbers for each row, SplitMix64 from the row's key on."""

    def __init__(self, keys: np.ndarray, step: int = 0):
        self.keys = keys
        self.step = step

    def random(self, size: Any = None) -> np.ndarray:
        """Return the next number of each row; `size` can only be their count."""
        self.step += 1
        mixed = mix(self.keys + np.uint64(self.step * int(GAMMA) % 2**64))
        return (mixed >> np.uint64(11)) * 2.0**-53

    def take(self, rows: np.ndarray) -> RowStreams:
        """Return streams of some rows, and go on behind them."""
        streams = RowStreams(self.keys[rows], self.step)
        self.step += _RESERVED
        return streams


def row_keys(columns: np.ndarray, is_missing: np.ndarray, seed: int) -> np.ndarray:
    """Return a key for each row: of its cells, and of how many like it come before."""
    keys = np.full(len(columns), seed, np.uint64)
    for values, missing in zip(columns.T, is_missing.T, strict=True):
        # The same bits for 0 and -0.
        bits = np.ascontiguousarray(values + 0.0).view(np.uint64)
        keys = mix(keys ^ mix(np.where(missing, _MISSING, bits) + GAMMA))
    return mix(keys + GAMMA * _places_among_equal(keys))


def _places_among_equal(keys: np.ndarray) -> np.ndarray:
    """How many equal keys come before each."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    start = np.maximum.accumulate(np.where(is_first, np.arange(len(keys)), 0))
    places = np.empty(len(keys), np.uint64)
    places[order] = (np.arange(len(keys)) - start).astype(np.uint64)
    return places
