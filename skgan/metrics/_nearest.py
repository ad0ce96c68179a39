"""Nearest neighbours and balls, exact and without dense matrices."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from skgan.metrics._distances import gen_blocks

_ROUNDING = 1e-13  # of a squared distance, relative to the squared norms


def nearest(
    X: np.ndarray, Y: np.ndarray | None = None, *, k: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Distance from each row of X to its k-th nearest row of Y, and which it is.

    With Y None, to the k-th nearest *other* row of X; copies of a row are others.
    Equal rows are at a distance of exactly 0.
    """
    rows = X if Y is None else Y
    neighbors = _fitted(rows, k)
    indices = neighbors.kneighbors(None if Y is None else X, return_distance=False)
    kth = indices[:, -1]
    if k == 1:
        return _paired_distance(X, rows[kth]), kth
    # Brute force ranks with rounded distances, so look at all k of them.
    distances = [_paired_distance(X, rows[column]) for column in indices.T]
    return np.max(distances, axis=0), kth


def nearest_distances(X: np.ndarray, Y: np.ndarray, k: int) -> np.ndarray:
    """Distances from each row of X to its k nearest rows of Y, ascending: (n, k)."""
    indices = _fitted(Y, k).kneighbors(X, return_distance=False)
    distances = [_paired_distance(X, Y[column]) for column in indices.T]
    return np.sort(np.column_stack(distances), axis=1)


def nearest_other(X: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Distance from some rows of X, by index, to the nearest other row of X."""
    _, indices = _fitted(X, 2).kneighbors(X[which])
    # Of a row and its copies, any may come first: then the second is a copy, too.
    first, second = indices.T
    others = np.where(first == which, second, first)
    return _paired_distance(X[which], X[others])


def _fitted(rows: np.ndarray, k: int) -> NearestNeighbors:
    # Trees lose to brute force on standardised data of more than a few columns.
    algorithm = "kd_tree" if rows.shape[1] <= 5 else "brute"
    return NearestNeighbors(n_neighbors=k, algorithm=algorithm).fit(rows)


def count_balls(
    points: np.ndarray, centers: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """How many of the balls each point is in, their surface included."""
    origin = centers.mean(axis=0)  # small norms: the distances round less
    points, centers = points - origin, centers - origin
    # |p - c|² <= r² without a square root: only the product is quadratic in cost.
    # Rounding must not push a point out of a ball of radius 0 that it is equal to.
    reach = radii**2 - np.einsum("ij,ij->i", centers, centers) * (1 - _ROUNDING)
    needed = np.einsum("ij,ij->i", points, points) * (1 - _ROUNDING)
    counts = np.zeros(len(points), dtype=np.int64)
    for rows, columns, _ in gen_blocks(len(points), len(centers)):
        products = (2 * points[rows]) @ centers[columns].T
        products += reach[columns]
        counts[rows] += np.count_nonzero(products >= needed[rows, None], axis=1)
    return counts


def _paired_distance(X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    difference = X - Y
    return np.sqrt(np.einsum("ij,ij->i", difference, difference))
