"""Which cells of a row are hidden from trees that shall know any subset of it."""

from __future__ import annotations

import numpy as np

# Each row stands in once for each kind of mask.
N_KINDS = 3


def draw_masks(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return masks of shape (d, N_KINDS * n) for predictors of shape (d, n).

    Of each row a share of its own is hidden, from none to all: completely at random,
    with a chance that rises with the rank of another column, and by blocks of columns.
    """
    shape = x.shape
    at_random = rng.random(shape) < rng.random(shape[1])
    return np.concatenate([at_random, _by_rank(x, rng), _by_block(shape, rng)], axis=1)


def _by_rank(x, rng):
    """Hide cells the more, the higher a row ranks in a column, which is kept."""
    d, n = x.shape
    driver = rng.integers(d, size=n)
    ranks = x.argsort(axis=1).argsort(axis=1) / max(n - 1, 1)
    chance = 2 * rng.random(n) * ranks[driver, np.arange(n)]
    hidden = rng.random((d, n)) < chance
    hidden[driver, np.arange(n)] = False
    return hidden


def _by_block(shape, rng):
    """Hide columns that stand side by side, the first after the last."""
    d, n = shape
    start, length = rng.integers(d, size=n), rng.integers(d + 1, size=n)
    return (np.arange(d)[:, None] - start) % d < length
