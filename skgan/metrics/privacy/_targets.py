"""Linkability and attribute inference: what the nearest samples tell of a person."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from skgan.metrics.privacy._column_sets import ColumnSets


def linked(
    sets: ColumnSets,
    name: str,
    targets: np.ndarray,
    halves: tuple[list[int], list[int]],
    n_neighbors: int,
) -> int:
    """Return how many rows of a set have a sample that is near in both halves.

    The attacker holds both halves of each person's columns, in two tables, and asks
    which belong together.
    """
    k = min(n_neighbors, len(sets.values["synthetic"]))
    found = [_nearest(sets, name, targets, half, k) for half in halves]
    both = found[0][:, :, None] == found[1][:, None, :]
    return int(both.any(axis=(1, 2)).sum())


def inferred(
    sets: ColumnSets, name: str, targets: np.ndarray, secret: int, tolerance: float
) -> int:
    """Return of how many rows of a set the nearest sample has the secret."""
    others = [j for j in range(len(sets.labels)) if j != secret]
    found = _nearest(sets, name, targets, others, 1)[:, 0]
    guesses = sets.values["synthetic"][found, secret]
    return _count_right(sets, name, targets, secret, guesses, tolerance)


def guessed(
    sets: ColumnSets,
    targets: np.ndarray,
    secret: int,
    tolerance: float,
    generator: np.random.RandomState,
) -> int:
    """Return of how many training rows any sample has the secret."""
    samples = sets.values["synthetic"][:, secret]
    guesses = samples[generator.randint(len(samples), size=len(targets))]
    return _count_right(sets, "train", targets, secret, guesses, tolerance)


def _nearest(
    sets: ColumnSets, name: str, targets: np.ndarray, columns: list[int], k: int
) -> np.ndarray:
    """Return which samples are nearest in some columns: (n_targets, k)."""
    trees = NearestNeighbors(n_neighbors=k, algorithm="brute")
    trees.fit(sets.part("synthetic", columns))
    wanted = sets.part(name, columns, targets)
    return trees.kneighbors(wanted, return_distance=False)


def _count_right(
    sets: ColumnSets,
    name: str,
    targets: np.ndarray,
    secret: int,
    guesses: np.ndarray,
    tolerance: float,
) -> int:
    truth = sets.values[name][targets, secret]
    reach = 0.0 if sets.is_level[secret] else tolerance * np.abs(truth)
    is_right = np.abs(guesses - truth) <= reach
    return int((is_right | (np.isnan(guesses) & np.isnan(truth))).sum())
