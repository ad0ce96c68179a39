"""Kernel discrepancies between two sets of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from skgan.metrics._distances import _two_sets, gen_blocks
from skgan.metrics._inputs import as_generator, as_vectors, check_count, draw_rows

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]

_N_MEDIAN = 1000  # rows that the median distance is taken over


def mmd(
    X_real: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    max_samples: int | None = 10_000,
    random_state: Any = None,
) -> float:
    """Squared maximum mean discrepancy, unbiased, with Gaussian kernels.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. At least two.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least two.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.
    max_samples : int or None, default=10_000
        Rows of each set at most, drawn at random; None uses all. The cost is
        quadratic in it.
    random_state : int, RandomState instance or None, default=None
        Chooses those rows, and the 1000 real rows that set the bandwidths.

    Returns
    -------
    discrepancy : float
        Near 0 for a perfect sampler, where chance can make it slightly negative;
        at most 2.

    Raises
    ------
    ValueError
        If either set has fewer than two rows, or the columns differ.

    Notes
    -----
    The U-statistic [1]_, which leaves out the diagonal, averaged over bandwidths of
    ¼, ½, 1, 2 and 4 times the median distance between real rows, so that it does
    not depend on the units nor on the sampler judged.

    References
    ----------
    .. [1] Gretton, A. et al. (2012). A kernel two-sample test. Journal of Machine
       Learning Research 13, 723-773, Lemma 6.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import mmd
    >>> rng = np.random.default_rng(0)
    >>> X_real = rng.normal(size=(500, 2))
    >>> bool(abs(mmd(X_real, rng.normal(size=(500, 2)), random_state=0)) < 0.01)
    True
    >>> bool(mmd(X_real, rng.normal(loc=3, size=(500, 2)), random_state=0) > 0.5)
    True
    """
    generator = as_generator(random_state)
    X, Y, _ = _two_sets(X_real, X_synthetic, standardize, max_samples, generator)
    center = X.mean(axis=0)
    X, Y = X - center, Y - center
    bandwidth = _median_distance(draw_rows(X, _N_MEDIAN, generator))

    def gaussian(A: np.ndarray, B: np.ndarray) -> np.ndarray:
        squared = euclidean_distances(A / bandwidth, B / bandwidth, squared=True)
        # From the widest kernel to the narrowest each is the fourth power of the
        # one before, which is much cheaper than another exponential.
        kernel = np.exp(squared / (-2 * 4**2))
        total = kernel.copy()
        for _ in range(4):
            np.maximum(kernel, 1e-60, out=kernel)  # subnormal numbers are slow
            kernel *= kernel
            kernel *= kernel
            total += kernel
        return total / 5

    return _unbiased_mmd(X, Y, gaussian)


def kernel_distance(
    X_real: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    n_subsets: int = 100,
    subset_size: int = 1000,
    random_state: Any = None,
) -> float:
    """Kernel distance: squared discrepancy with a cubic kernel, over subsets.

    Given features of a pretrained network and ``standardize=False`` this is the
    kernel inception distance.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. At least two.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least two.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.
    n_subsets : int, default=100
        Number of pairs of subsets to average over. A single pair is used when the
        subsets hold every row.
    subset_size : int, default=1000
        Rows of each subset, drawn without replacement; at most as many as the
        smaller set has.
    random_state : int, RandomState instance or None, default=None
        Draws the subsets.

    Returns
    -------
    distance : float
        Near 0 for a perfect sampler, where chance can make it slightly negative.
        Unlike the Fréchet distance its expectation does not depend on the number
        of rows.

    Raises
    ------
    ValueError
        If either set has fewer than two rows, or the columns differ.

    Notes
    -----
    Unbiased squared discrepancy with the kernel (x·y / d + 1)³ [1]_.

    References
    ----------
    .. [1] Bińkowski, M. et al. (2018). Demystifying MMD GANs. ICLR (Kernel
       Inception Distance).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import kernel_distance
    >>> rng = np.random.default_rng(0)
    >>> X_real = rng.normal(size=(500, 2))
    >>> X_shifted = rng.normal(loc=3, size=(500, 2))
    >>> bool(kernel_distance(X_real, X_shifted, random_state=0) > 100)
    True
    """
    check_count("n_subsets", n_subsets)
    check_count("subset_size", subset_size, minimum=2)
    X, Y = as_vectors(
        ("X_real", X_real), ("X_synthetic", X_synthetic), standardize=standardize
    )
    generator = as_generator(random_state)
    n_rows = min(subset_size, len(X), len(Y))
    if n_rows == len(X) == len(Y):
        n_subsets = 1
    n_dimensions = X.shape[1]

    def cubic(A: np.ndarray, B: np.ndarray) -> np.ndarray:
        near = A @ B.T / n_dimensions + 1
        return near * near * near  # a power takes NumPy eight times as long

    distances = [
        _unbiased_mmd(
            draw_rows(X, n_rows, generator), draw_rows(Y, n_rows, generator), cubic
        )
        for _ in range(n_subsets)
    ]
    return float(np.mean(distances))


def _unbiased_mmd(X: np.ndarray, Y: np.ndarray, kernel: Kernel) -> float:
    return (
        _mean_kernel(X, None, kernel)
        + _mean_kernel(Y, None, kernel)
        - 2 * _mean_kernel(X, Y, kernel)
    )


def _mean_kernel(X: np.ndarray, Y: np.ndarray | None, kernel: Kernel) -> float:
    """Mean kernel between X and Y, or between different rows of X."""
    other = X if Y is None else Y
    total = 0.0
    for rows, columns, weight in gen_blocks(len(X), None if Y is None else len(Y)):
        block = kernel(X[rows], other[columns])
        if Y is None and rows == columns:
            np.fill_diagonal(block, 0.0)
        total += weight * block.sum()
    return float(total / (len(X) * (len(X) - 1 if Y is None else len(Y))))


def _median_distance(X: np.ndarray) -> float:
    """Median distance between different rows; 1 when all rows are equal."""
    distances = euclidean_distances(X)[np.triu_indices(len(X), k=1)]
    distances = distances[distances > 1e-7 * np.abs(X).max(initial=0.0)]
    return float(np.median(distances)) if len(distances) else 1.0
