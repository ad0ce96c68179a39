"""Distances between two sets of rows; 0 when both come from one distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import check_random_state, gen_batches

from ._validation import as_vectors, check_count, draw_rows

_BLOCK = 1024  # rows a side of one block of a distance matrix: it stays in cache


def energy_distance(
    X_real: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    max_samples: int | None = 10_000,
    random_state: Any = None,
) -> float:
    """Energy distance, unbiased: sees dropped and shrunken modes alike.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`, which any kind of column
        allows. With False, numeric columns are taken in their own units.
    max_samples : int or None, default=10_000
        Sets with more rows are reduced to this many, drawn at random; the cost is
        quadratic in it. None uses every row. Up to this size the result is exact
        and does not depend on `random_state`.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows when there are more than `max_samples`.

    Returns
    -------
    distance : float
        Near 0 for a perfect sampler, where chance can make it slightly negative.
        Its unit is that of the rows.

    Raises
    ------
    ValueError
        If either set has fewer than two rows, or the columns differ.

    Notes
    -----
    The U-statistic of 2 E|x - y| - E|x - x'| - E|y - y'| [1]_. Memory is linear in
    the number of rows.

    References
    ----------
    .. [1] Székely, G. J. and Rizzo, M. L. (2013). Energy statistics: a class of
       statistics based on distances. J. Statistical Planning and Inference 143,
       eq. (2.5) and (6.1).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import energy_distance
    >>> rng = np.random.default_rng(0)
    >>> X_real = rng.normal(size=(500, 2))
    >>> bool(abs(energy_distance(X_real, rng.normal(size=(500, 2)))) < 0.02)
    True
    >>> bool(energy_distance(X_real, rng.normal(loc=3, size=(500, 2))) > 2)
    True
    """
    if max_samples is not None:
        check_count("max_samples", max_samples, minimum=2)
    X, Y = as_vectors(
        ("X_real", X_real), ("X_synthetic", X_synthetic), standardize=standardize
    )
    generator = check_random_state(random_state)
    X = draw_rows(X, max_samples, generator)
    Y = draw_rows(Y, max_samples, generator)
    center = X.mean(axis=0)  # small norms: the distances round less
    X, Y = X - center, Y - center
    return 2 * _mean_distance(X, Y) - _mean_distance(X) - _mean_distance(Y)


def _mean_distance(X: np.ndarray, Y: np.ndarray | None = None) -> float:
    """Mean distance from X to Y, or between different rows of X."""
    total = 0.0
    for rows, columns, weight in _blocks(len(X), None if Y is None else len(Y)):
        if Y is None and rows == columns:  # a distance to oneself is exactly 0
            total += euclidean_distances(X[rows]).sum()
        else:
            other = X if Y is None else Y
            total += weight * euclidean_distances(X[rows], other[columns]).sum()
    return float(total / (len(X) * (len(X) - 1 if Y is None else len(Y))))


def _blocks(n_rows: int, n_columns: int | None):
    """Blocks (rows, columns, weight) of a matrix; only those on and above the
    diagonal of a symmetric one, for which `n_columns` is None."""
    for rows in gen_batches(n_rows, _BLOCK):
        start = rows.start if n_columns is None else 0
        for columns in gen_batches((n_columns or n_rows) - start, _BLOCK):
            shifted = slice(columns.start + start, columns.stop + start)
            on_diagonal = n_columns is None and shifted.start == rows.start
            weight = 2 if n_columns is None and not on_diagonal else 1
            yield rows, shifted, weight
