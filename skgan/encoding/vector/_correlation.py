"""The root of a correlation, and its inverse; of few wide rows in parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent

# From so many columns on, a matrix of fewer rows than columns is kept in parts.
_WIDE = 500
# Columns whose correlations with all others are looked at together.
_COLUMNS_AT_ONCE = 256
# Eigenvalues below this share of the largest are errors of rounding.
_LEAST_EIGENVALUE = 1e-9


@persistent()
@dataclass
class LowRankMatrix:
    """A symmetric matrix that is a multiple of the identity but on few axes.

    It stands to the right of rows as an array does: ``rows @ matrix``.

    Attributes
    ----------
    scale : float
        The multiple of the identity.
    axes : ndarray of shape (d, n_axes)
        Orthonormal.
    factors : ndarray of shape (n_axes,)
        By how much the eigenvalue of each axis exceeds `scale`.
    """

    scale: float
    axes: NDArray
    factors: NDArray

    # NumPy leaves the product to `__rmatmul__`.
    __array_ufunc__: ClassVar[None] = None

    def __rmatmul__(self, rows: NDArray) -> NDArray:
        """Return `rows`, of shape (n, d), times this matrix."""
        return self.scale * rows + ((rows @ self.axes) * self.factors) @ self.axes.T


Root = NDArray | LowRankMatrix


def correlation_roots(scores: NDArray) -> tuple[Root, Root]:
    """Return the root of the correlation of scores (n, d), and its inverse.

    Correlations are drawn towards zero the fewer rows there are, and taken for zero
    if none of them stands out.
    """
    n, d = scores.shape
    if d > max(n, _WIDE):
        return _roots_of_few_rows(scores)
    identity = np.eye(d)
    if d == 1:
        return identity, identity
    correlation = np.corrcoef(scores.T)
    if np.abs(correlation - identity).max() <= 4 / np.sqrt(n):
        return identity, identity
    correlation = _shrunk(correlation, identity, n, d)
    eigenvalues, vectors = np.linalg.eigh(correlation)
    root = (vectors * np.sqrt(eigenvalues)) @ vectors.T
    return root, (vectors / np.sqrt(eigenvalues)) @ vectors.T


def _shrunk(correlation, identity, n: int, d: int):
    """Draw a correlation, or its eigenvalues, towards the identity's."""
    correlation = (n * correlation + d * identity) / (n + d)
    return (correlation + 1e-3 * identity) / (1 + 1e-3)


def _roots_of_few_rows(scores: NDArray) -> tuple[LowRankMatrix, LowRankMatrix]:
    """Return both roots from n x n products of rows, with no matrix of all columns."""
    n, d = scores.shape
    centred = scores - scores.mean(axis=0)
    norms = np.sqrt((centred**2).sum(axis=0))
    standardised = centred / np.where(norms > 0, norms, 1.0)
    if not _stands_out(standardised, 4 / np.sqrt(n)):
        identity = LowRankMatrix(1.0, np.zeros((d, 0)), np.zeros(0))
        return identity, identity
    eigenvalues, vectors = np.linalg.eigh(standardised @ standardised.T)
    counts = eigenvalues > _LEAST_EIGENVALUE * eigenvalues[-1]
    eigenvalues, vectors = eigenvalues[counts], vectors[:, counts]
    axes = standardised.T @ (vectors / np.sqrt(eigenvalues))
    rest = float(_shrunk(0.0, 1.0, n, d))
    roots = np.sqrt(_shrunk(eigenvalues, 1.0, n, d))
    root = LowRankMatrix(rest**0.5, axes, roots - rest**0.5)
    return root, LowRankMatrix(rest**-0.5, axes, 1 / roots - rest**-0.5)


def _stands_out(standardised: NDArray, least: float) -> bool:
    """Whether any two columns have a larger correlation than `least`."""
    d = standardised.shape[1]
    for start in range(0, d, _COLUMNS_AT_ONCE):
        stop = min(start + _COLUMNS_AT_ONCE, d)
        products = np.abs(standardised[:, start:stop].T @ standardised[:, start:])
        products[np.arange(stop - start), np.arange(stop - start)] = 0.0
        if products.max() > least:
            return True
    return False
