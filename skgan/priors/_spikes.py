"""Which values of a rounded column are more than rounding makes of a continuum."""

from __future__ import annotations

import numpy as np

# Distinct values on each side by which the rows at a value are judged, and how many
# times what these let expect stand out.
_NEIGHBOURS = 3
_FACTOR = 4.0
_STEP_SHARE = 0.25
# What holds more of the rows stands out, whatever is beside it.
_LARGE_SHARE = 0.1


def stand_out(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Tell which of sorted distinct values (n,) come more often than those beside them.

    In few rows of whole numbers many values come several times by chance. What a value
    lets expect are the rows of its median neighbour, spread over all the steps that lie
    between two neighbours; a step is the gap than which a quarter of the column's are
    smaller.
    """
    if len(values) < 2:
        return np.ones(len(values), bool)
    pad = np.full(_NEIGHBOURS, np.nan)
    beside = _windows(np.concatenate([pad, counts, pad]), 2 * _NEIGHBOURS + 1)
    near = np.nanmedian(np.delete(beside, _NEIGHBOURS, axis=1), axis=1)
    with np.errstate(over="ignore"):
        gaps = np.diff(values)
    nearby = _windows(np.concatenate([pad, gaps, pad]), 2 * _NEIGHBOURS)
    steps = np.nanmedian(nearby, axis=1) / np.quantile(gaps, _STEP_SHARE)
    expected = near / np.maximum(steps, 1)
    return (counts > _FACTOR * expected) | (counts > _LARGE_SHARE * counts.sum())


def _windows(values, width):
    return np.lib.stride_tricks.sliding_window_view(values, width)
