"""Matrices that give rows their covariance: full ones, of many columns diagonals."""

from __future__ import annotations

import torch
from torch import Tensor

# Of rows of more numbers, variances alone are kept: a full matrix would take as much
# memory as a million cells, and its root a minute.
_MAX_FULL = 1000
# Numbers of the matrices that are gathered, one a row.
_MAX_GATHERED = 2**24


def is_full(n_entries: int) -> bool:
    """Tell whether rows of so many numbers have matrices, or only their diagonals."""
    return n_entries <= _MAX_FULL


def identities(n_groups: int, n_entries: int) -> Tensor:
    """Return identities, of shape (n_groups, d, d), or of shape (n_groups, d)."""
    if is_full(n_entries):
        return torch.eye(n_entries).repeat(n_groups, 1, 1)
    return torch.ones(n_groups, n_entries)


def mix(rows: Tensor, matrices: Tensor, groups: Tensor) -> Tensor:
    """Multiply rows by the matrix of their group."""
    if matrices.ndim == 2:
        return rows * (matrices[0] if len(matrices) == 1 else matrices[groups])
    if len(matrices) == 1:
        return rows @ matrices[0]
    if len(rows) * matrices[0].numel() > _MAX_GATHERED:
        # A matrix for each row would fill the memory. Every group's product is taken
        # of all rows, since its bits depend on how many there are.
        mixed = torch.zeros_like(rows)
        for group, matrix in enumerate(matrices):
            mixed = torch.where((groups == group)[:, None], rows @ matrix, mixed)
        return mixed
    return torch.bmm(rows[:, None], matrices[groups])[:, 0]


def roots_of(covariances: Tensor) -> Tensor:
    """Return the symmetric roots of covariances, or of variances."""
    if covariances.ndim == 2:
        return covariances.double().clamp_min(0).sqrt()
    eigenvalues, vectors = torch.linalg.eigh(covariances.double())
    scaled = vectors * eigenvalues.clamp_min(0).sqrt()[:, None]
    return scaled @ vectors.mT


def optimal_map(source: Tensor, target: Tensor, least: float = 1e-8) -> Tensor:
    """Return the symmetric matrix that turns one covariance into another.

    Of variances, of shape (d,), it is a diagonal of that shape.
    """
    if source.ndim == 1:
        return (target.clamp_min(least) / source.clamp_min(least)).sqrt()
    root, inverse = _powers(source, least)
    return inverse @ _powers(root @ target @ root, least)[0] @ inverse


def _powers(matrix: Tensor, least: float) -> tuple[Tensor, Tensor]:
    """The root of a covariance, and that root's inverse."""
    eigenvalues, vectors = torch.linalg.eigh(matrix)
    roots = eigenvalues.clamp_min(least).sqrt()
    return (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T
