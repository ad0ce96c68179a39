"""Conditions on columns of a table as parts of encoded rows, and in samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from skgan.encoding._column_conditions import (
    Choice,
    Conditions,
    Interval,
    PartialValues,
    Value,
)
from skgan.encoding.table._table_output import TableBuffer


def encode_given(
    encoder: Any, given: Conditions, n: int, rng: np.random.Generator
) -> tuple[NDArray, NDArray]:
    """Encode conditions; see `TableEncoder.encode_given`."""
    names = encoder.condition_columns_
    values = np.zeros((n, encoder.layout_.width), dtype=np.float32)
    is_given = np.zeros((n, len(names)), dtype=bool)
    for unit, name in enumerate(names):
        item = given.items.get(name)
        if item is None:
            continue
        slot = encoder._slots[name]
        rows = (
            item.is_given if isinstance(item, PartialValues) else np.ones(n, dtype=bool)
        )
        is_given[:, unit] = rows
        lines = np.flatnonzero(rows)
        if isinstance(item, Interval):
            values[lines, slot.score] = _draw_scores(item.scores, n, rng)
            continue
        canonical = _canonical(item, n, rng)[lines]
        encoded = values[lines]
        slot.write(encoded, slot.column_encoder.encode(canonical, rng))
        values[lines] = encoded
    return values, is_given


def _canonical(item, n: int, rng: np.random.Generator) -> NDArray:
    if isinstance(item, PartialValues):
        return item.values
    if isinstance(item, Choice):
        return rng.choice(item.values, size=n, p=item.shares)
    return np.full(n, item.value)


def _draw_scores(edges: tuple[float, float], n: int, rng) -> NDArray:
    """Draw from the normal distribution between two scores."""
    low, high = edges
    # The lower tail has more digits than the upper, so the upper is mirrored.
    sign = -1.0 if low > 0 else 1.0
    ranks = sorted((ndtr(sign * low), ndtr(sign * high)))
    drawn = sign * ndtri(ranks[0] + (ranks[1] - ranks[0]) * rng.uniform(size=n))
    return np.clip(drawn, low, high)


def write_given(
    encoder: Any,
    buffer: TableBuffer,
    start: int,
    given: Conditions,
    Z: NDArray,
) -> None:
    """Write conditions into a buffer; see `TableEncoder.write_given`."""
    stop = start + len(Z)
    for name, item in given.items.items():
        index = encoder._index[name]
        target = buffer.values[index, start:stop]
        rows = np.ones(len(Z), dtype=bool)
        if isinstance(item, Value):
            target[:] = item.value
        elif isinstance(item, PartialValues):
            rows = item.is_given[: len(Z)]
            target[rows] = item.values[: len(Z)][rows]
        elif isinstance(item, Interval):
            target[:] = np.clip(encoder._slots[name].read(Z), item.low, item.high)
        else:
            target[:] = _nearest(item.values, encoder._slots[name].read(Z))
        mask = buffer.is_given.setdefault(name, np.zeros(len(buffer), dtype=bool))
        mask[start:stop] = rows


def _nearest(allowed: NDArray, values: NDArray) -> NDArray:
    """Return the nearest of the allowed values, which are in order; NaN is last."""
    present = allowed[~np.isnan(allowed)]
    if not len(present):
        return np.full(len(values), np.nan)
    right = np.searchsorted(present, values).clip(0, len(present) - 1)
    left = (right - 1).clip(0)
    is_left = np.abs(values - present[left]) < np.abs(present[right] - values)
    nearest = present[np.where(is_left, left, right)]
    may_miss = len(present) < len(allowed)
    return np.where(np.isnan(values) & may_miss, np.nan, nearest)
