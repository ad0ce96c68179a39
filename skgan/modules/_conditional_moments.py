"""Means and covariances of rows under conditions, shrunk where there are few."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

from skgan._estimator import persistent
from skgan.modules._affine_maps import is_full

# A class with so many rows a dimension has half of its covariance to itself.
_ROWS_A_DIMENSION = 0.3
# With so many rows a dimension the pooled covariance is half of it a sphere's.
_ROWS_OF_A_SPHERE = 0.25
# Classes' means are their rows' own: drawn together, they would overlap.
_CLASS_PENALTY = 1e-3
_MAX_GROUPS = 256
_MAX_ENTRIES = 4_000_000


@persistent()
class ConditionalMoments(NamedTuple):
    """A mean linear in the condition, and a covariance for each group of rows.

    Attributes
    ----------
    weight : Tensor of shape (condition_dim, d)
        Of the mean of rows of d numbers: ``bias + condition @ weight``.
    bias : Tensor of shape (d,)
        The mean where the condition is zero.
    covariances : Tensor of shape (n_groups, d, d), or (n_groups, d)
        One for each group that `find_groups` tells apart; variances alone where rows
        have more than 1000 numbers.
    """

    weight: Tensor
    bias: Tensor
    covariances: Tensor


def count_groups(class_widths: Sequence[int], n_entries: int) -> int:
    """Return how many groups rows of `n_entries` numbers are told apart in."""
    n_groups = prod(class_widths)
    n_numbers = n_entries**2 if is_full(n_entries) else n_entries
    is_small = n_groups <= _MAX_GROUPS and n_groups * n_numbers <= _MAX_ENTRIES
    return n_groups if is_small else 1


def find_groups(conditions: Tensor, class_widths: Sequence[int]) -> Tensor:
    """Return the group of each condition: its combination of classes."""
    groups = torch.zeros(len(conditions), dtype=torch.long, device=conditions.device)
    start = 0
    for width in class_widths:
        block = conditions[:, start : start + width]
        groups = groups * width + block.argmax(dim=1)
        start += width
    return groups


@torch.no_grad()
def conditional_moments(
    rows: Tensor, conditions: Tensor, class_widths: Sequence[int]
) -> ConditionalMoments:
    """Estimate means and covariances of rows under conditions.

    The mean is a ridge regression on the condition, which leaves classes' means as
    they are. A class's covariance is drawn towards the pooled one, the more the fewer
    its rows, and that one a little towards a sphere [1]_: of n rows of d numbers,
    ``n / (n + 0.3 d)`` of a class's is its own.


    References
    ----------
    .. [1] Friedman, "Regularized Discriminant Analysis", JASA 84, 1989, eq. 16 and
       18.
    """
    rows, conditions = rows.double(), conditions.double()
    penalty = torch.ones(conditions.shape[1], dtype=torch.float64, device=rows.device)
    penalty[: sum(class_widths)] = _CLASS_PENALTY
    weight, bias = _regress(rows, conditions, penalty)
    residuals = rows - bias - conditions @ weight
    n_groups = count_groups(class_widths, rows.shape[1])
    if n_groups == 1:
        groups = torch.zeros(len(rows), dtype=torch.long, device=rows.device)
    else:
        groups = find_groups(conditions, class_widths)
    return ConditionalMoments(weight, bias, _covariances(residuals, groups, n_groups))


def _regress(rows: Tensor, conditions: Tensor, penalty: Tensor):
    center, mean = conditions.mean(0), rows.mean(0)
    centred = conditions - center
    gram = centred.T @ centred + torch.diag(penalty)
    weight = torch.linalg.solve(gram, centred.T @ (rows - mean))
    return weight, mean - center @ weight


def _covariances(residuals: Tensor, groups: Tensor, n_groups: int) -> Tensor:
    n, d = residuals.shape
    if not is_full(d):
        return _variances(residuals, groups, n_groups)
    pooled = residuals.T @ residuals / n
    identity = torch.eye(d, dtype=residuals.dtype, device=residuals.device)
    share = n / (n + _ROWS_OF_A_SPHERE * d)
    pooled = share * pooled + (1 - share) * pooled.trace() / d * identity
    covariances = []
    for group in range(n_groups):
        members = residuals[groups == group]
        if not len(members):
            covariances.append(pooled)
            continue
        share = len(members) / (len(members) + _ROWS_A_DIMENSION * d)
        covariance = share * members.T @ members / len(members)
        covariances.append(covariance + (1 - share) * pooled)
    return torch.stack(covariances)


def _variances(residuals: Tensor, groups: Tensor, n_groups: int) -> Tensor:
    """Variances of groups, drawn towards those of all rows.

    A variance has one dimension to itself, and needs few rows.
    """
    pooled = residuals.square().mean(0)
    variances = []
    for group in range(n_groups):
        members = residuals[groups == group]
        share = len(members) / (len(members) + 1)
        own = members.square().mean(0) if len(members) else pooled
        variances.append(share * own + (1 - share) * pooled)
    return torch.stack(variances)
