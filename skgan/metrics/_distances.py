"""Distances between two sets of rows, by differences, moments and kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils import gen_batches

from skgan._validation import check_stream
from skgan.metrics._inputs import (
    as_vectors,
    check_count,
    draw_rows,
    read_weights,
)

_BLOCK = 1024  # rows a side of one block of a distance matrix: it stays in cache
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
_N_MEDIAN = 1000  # rows that the median distance is taken over


def energy_distance(
    X_real: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    max_samples: int | None = 10_000,
    random_state: Any = None,
    sample_weight: Any = None,
) -> float:
    """Energy distance, unbiased: sees dropped and shrunken modes alike.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. At least two.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least two.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`, which any kind of column
        allows. With False, numeric columns are taken in their own units.
    max_samples : int or None, default=10_000
        Sets with more rows are reduced to this many, drawn at random; the cost is
        quadratic in it. None uses every row. Up to this size the result is exact
        and does not depend on `random_state`.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows when there are more than `max_samples`.
    sample_weight : array-like of shape (n_real,), default=None
        How much each row of `X_real` counts, such as the weights of a survey. Rows of
        `X_synthetic` count the same. Columns are standardised without weights.

    Returns
    -------
    distance : float
        Near 0 for a perfect sampler, where chance can make it slightly negative.
        Its unit is that of the rows.

    Raises
    ------
    ValueError
        If either set has fewer than two rows, the columns differ, or a weight is
        negative or not finite.

    Notes
    -----
    The U-statistic of 2 E|x - y| - E|x - x'| - E|y - y'| [1]_. Memory is linear in
    the number of rows.

    References
    ----------
    .. [1] Székely, G. J. and Rizzo, M. L. (2013). Energy statistics: a class of
       statistics based on distances. Journal of Statistical Planning and Inference
       143(8), 1249-1272.

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
    X, Y, weights = _two_sets(
        X_real, X_synthetic, standardize, max_samples, random_state, sample_weight
    )
    center = X.mean(axis=0)  # small norms: the distances round less
    X, Y = X - center, Y - center
    if weights is not None:
        across, within = _weighted_distances(X, Y, weights)
        return 2 * across - within - _mean_distance(Y)
    return 2 * _mean_distance(X, Y) - _mean_distance(X) - _mean_distance(Y)


def sliced_wasserstein(
    X_real: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    n_projections: int = 128,
    random_state: Any = None,
    sample_weight: Any = None,
) -> float:
    """Sliced Wasserstein-2 distance: linear in memory and nearly so in time.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. At least two.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least two.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.
    n_projections : int, default=128
        Number of random directions; more give a steadier figure.
    random_state : int, RandomState instance or None, default=None
        Draws the directions.
    sample_weight : array-like of shape (n_real,), default=None
        How much each row of `X_real` counts, such as the weights of a survey. Rows of
        `X_synthetic` count the same. Columns are standardised without weights.

    Returns
    -------
    distance : float
        At least 0, and above 0 even for two sets of one distribution: compare at
        equal numbers of rows.

    Raises
    ------
    ValueError
        If either set has fewer than two rows, or the columns differ.

    Notes
    -----
    The root mean, over directions, of the squared one-dimensional Wasserstein-2
    distance between the projections [1]_, exact for unequal numbers of rows too.

    References
    ----------
    .. [1] Bonneel, N. et al. (2015). Sliced and Radon Wasserstein barycenters of
       measures. Journal of Mathematical Imaging and Vision 51, 22-45.

    Examples
    --------
    >>> from skgan.metrics import sliced_wasserstein
    >>> real, shifted = [[0.0], [1.0]], [[3.0], [4.0]]
    >>> round(sliced_wasserstein(real, shifted, standardize=False), 6)
    3.0
    """
    check_count("n_projections", n_projections)
    X, Y = as_vectors(
        ("X_real", X_real), ("X_synthetic", X_synthetic), standardize=standardize
    )
    generator = check_stream("random_state", random_state)
    directions = generator.normal(size=(n_projections, X.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    weights_x = read_weights(sample_weight, len(X))
    if weights_x is not None:
        squares = [_weighted_square(X @ d, weights_x, Y @ d) for d in directions]
        return float(np.sqrt(np.mean(squares)))
    rows_x, rows_y, weights = _matched_quantiles(len(X), len(Y))
    total = 0.0
    for batch in gen_batches(n_projections, 8):
        x = np.sort(directions[batch] @ X.T, axis=1)[:, rows_x]
        y = np.sort(directions[batch] @ Y.T, axis=1)[:, rows_y]
        total += float(((x - y) ** 2 @ weights).sum())
    return float(np.sqrt(total / n_projections))


def frechet_distance(
    X_real: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    sample_weight: Any = None,
) -> float:
    """Fréchet distance between the Gaussians with the moments of the two sets.

    Given features of a pretrained network and ``standardize=False`` this is the
    Fréchet inception distance.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. At least two.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least two.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.
    sample_weight : array-like of shape (n_real,), default=None
        How much each row of `X_real` counts, such as the weights of a survey. Rows of
        `X_synthetic` count the same. Columns are standardised without weights.

    Returns
    -------
    distance : float
        At least 0. It sees means and covariances only, and falls with the number
        of rows: compare at equal numbers.

    Raises
    ------
    ValueError
        If either set has fewer than two rows, or the columns differ.

    Notes
    -----
    ‖Δμ‖² + tr(Σr + Σs - 2 (Σr Σs)^½) [1]_, by symmetric eigenvalues clipped at 0,
    so that singular covariances are no trouble.

    References
    ----------
    .. [1] Heusel, M. et al. (2017). GANs trained by a two time-scale update rule
       converge to a local Nash equilibrium. NeurIPS.

    Examples
    --------
    >>> from skgan.metrics import frechet_distance
    >>> real, shifted = [[0.0], [1.0]], [[3.0], [4.0]]
    >>> round(frechet_distance(real, shifted, standardize=False), 6)
    9.0
    """
    X, Y = as_vectors(
        ("X_real", X_real), ("X_synthetic", X_synthetic), standardize=standardize
    )
    weights = read_weights(sample_weight, len(X))
    difference = np.average(X, axis=0, weights=weights) - Y.mean(axis=0)
    covariance_x = np.atleast_2d(np.cov(X, rowvar=False, aweights=weights))
    covariance_y = np.atleast_2d(np.cov(Y, rowvar=False))
    values, vectors = np.linalg.eigh(covariance_x)
    root = vectors * np.sqrt(values.clip(min=0))
    # The eigenvalues of Σr Σs are those of the symmetric rootᵀ Σs root.
    product = np.linalg.eigvalsh(root.T @ covariance_y @ root).clip(min=0)
    traces = np.trace(covariance_x) + np.trace(covariance_y)
    distance = difference @ difference + traces - 2 * np.sqrt(product).sum()
    return float(max(distance, 0.0))


def _two_sets(
    X_real: Any,
    X_synthetic: Any,
    standardize: bool,
    max_samples: int | None,
    random_state: Any,
    sample_weight: Any = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Both sets as vectors of at most `max_samples` rows, and weights of the first."""
    if max_samples is not None:
        check_count("max_samples", max_samples, minimum=2)
    X, Y = as_vectors(
        ("X_real", X_real), ("X_synthetic", X_synthetic), standardize=standardize
    )
    generator = check_stream("random_state", random_state)
    weights = read_weights(sample_weight, len(X))
    if weights is not None:
        weighted = draw_rows(np.column_stack([X, weights]), max_samples, generator)
        X, weights = weighted[:, :-1], read_weights(weighted[:, -1], len(weighted))
    X = draw_rows(X, max_samples, generator)
    return X, draw_rows(Y, max_samples, generator), weights


def _weighted_distances(
    X: np.ndarray, Y: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    """Mean distance from X to Y, and between different rows of X, by weights of X."""
    across = within = 0.0
    for rows in gen_batches(len(X), _BLOCK):
        for columns in gen_batches(len(Y), _BLOCK):
            distances = euclidean_distances(X[rows], Y[columns]).sum(axis=1)
            across += float(weights[rows] @ distances) / len(Y)
        for columns in gen_batches(len(X), _BLOCK):
            other = None if columns == rows else X[columns]
            distances = euclidean_distances(X[rows], other)
            within += float(weights[rows] @ distances @ weights[columns])
    # Pairs of a row with itself are left out.
    return across, within / (1 - float(weights @ weights))


def _weighted_square(x: np.ndarray, weights: np.ndarray, y: np.ndarray) -> float:
    """Squared Wasserstein-2 distance on a line, the one set weighted."""
    order = np.argsort(x)
    ends_x = np.cumsum(weights[order]).clip(max=1.0)
    ends_y = np.arange(1, len(y) + 1) / len(y)
    ends_x[-1] = 1.0
    cuts = np.union1d(ends_x, ends_y)
    masses = np.diff(cuts, prepend=0.0)
    middles = cuts - masses / 2
    at_x = x[order][np.searchsorted(ends_x, middles)]
    at_y = np.sort(y)[np.searchsorted(ends_y, middles)]
    return float((at_x - at_y) ** 2 @ masses)


def _mean_distance(X: np.ndarray, Y: np.ndarray | None = None) -> float:
    """Mean distance from X to Y, or between different rows of X."""
    total = 0.0
    for rows, columns, weight in gen_blocks(len(X), None if Y is None else len(Y)):
        if Y is None and rows == columns:  # a distance to oneself is exactly 0
            total += euclidean_distances(X[rows]).sum()
        else:
            other = X if Y is None else Y
            total += weight * euclidean_distances(X[rows], other[columns]).sum()
    return float(total / (len(X) * (len(X) - 1 if Y is None else len(Y))))


def gen_blocks(
    n_rows: int, n_columns: int | None
) -> Iterator[tuple[slice, slice, int]]:
    """Blocks (rows, columns, weight) that make up a matrix.

    Only those on and above the diagonal of a symmetric one, for which `n_columns` is
    None; their weights stand for the rest.
    """
    for rows in gen_batches(n_rows, _BLOCK):
        start = rows.start if n_columns is None else 0
        for batch in gen_batches((n_columns or n_rows) - start, _BLOCK):
            columns = slice(batch.start + start, batch.stop + start)
            is_mirrored = n_columns is None and columns != rows
            yield rows, columns, 2 if is_mirrored else 1


def _matched_quantiles(n_x: int, n_y: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ranks that optimal transport pairs in two sorted samples, and the mass moved."""
    # Cut points in units of 1 / (n_x n_y): whole numbers, so none is missed.
    cuts = np.union1d(np.arange(n_x + 1) * n_y, np.arange(n_y + 1) * n_x)
    return cuts[:-1] // n_y, cuts[:-1] // n_x, np.diff(cuts) / (n_x * n_y)


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
    generator = check_stream("random_state", random_state)
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
    generator = check_stream("random_state", random_state)
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
