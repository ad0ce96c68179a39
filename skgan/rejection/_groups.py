"""Levels as the few numbers that trees tell apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._state_checks import MAX_GROUPS

_KEPT = 200  # most frequent levels that keep a group of their own
_PRIOR_ROWS = 20.0  # a rare level's share is drawn towards the common one by these


def is_levels(column: Any) -> bool:
    """Whether an entry of a schema describes levels."""
    return hasattr(column, "n_levels")


def group_levels(codes: np.ndarray, is_real: np.ndarray) -> np.ndarray:
    """Return the group of each code, (n_codes,) int16, -1 for a code never seen.

    Up to 255 levels each keep their own; of more, rare ones whose shares of real rows
    are alike are joined.
    """
    seen = ~np.isnan(codes)
    present = codes[seen].astype(np.int64)
    if present.size == 0:
        return np.full(0, -1, dtype=np.int16)
    counts = np.bincount(present)
    groups = np.full(len(counts), -1, dtype=np.int16)
    levels = np.flatnonzero(counts)
    if len(levels) <= MAX_GROUPS:
        groups[levels] = np.arange(len(levels))
        return groups
    by_count = levels[np.argsort(-counts[levels], kind="stable")]
    groups[by_count[:_KEPT]] = np.arange(_KEPT)
    rare = by_count[_KEPT:]
    real = np.bincount(present[is_real[seen]], minlength=len(counts))[rare]
    common = is_real.mean()
    share = (real + _PRIOR_ROWS * common) / (counts[rare] + _PRIOR_ROWS)
    ordered = rare[np.argsort(share, kind="stable")]
    rows = np.cumsum(counts[ordered]) - 1
    joined = rows * (MAX_GROUPS - _KEPT) // (rows[-1] + 1)
    groups[ordered] = _KEPT + np.unique(joined, return_inverse=True)[1]
    return groups


def to_groups(codes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Groups as float64; NaN where a code is missing or was never seen."""
    table = np.append(groups.astype(np.float64), np.nan)
    table[table < 0] = np.nan
    is_seen = (codes >= 0) & (codes < len(groups))  # False for NaN
    return table[np.where(is_seen, codes, len(groups)).astype(np.intp)]
