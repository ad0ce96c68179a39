"""Generators of vectors that start as a normal distribution for each condition."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

from skgan._estimator import persistent
from skgan.modules._affine_maps import identities, is_full, mix, optimal_map, roots_of
from skgan.modules._mlp import concatenate, shape_rows
from skgan.modules._residual_latent import ResidualLatentGenerator

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


class ConditionalResidualLatentGenerator(ResidualLatentGenerator):
    """A displaced normal distribution: ``G(z, c) = m(c) + L(c) z[:d] + h(z, c)``.

    The displacement h starts at zero. The mean m is linear in the condition; the
    matrix L is the root of a covariance of the rows' classes. So each class is drawn
    as a normal distribution before the first update, one with few rows too; what is
    left to learn is the remainder.

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z, at least the size of a row.
    output_shape : tuple of int
        Shape of one row.
    condition_dim : int, default=0
        Width of the condition, concatenated to z; 0 when unconditional.
    hidden_dims : sequence of int, default=(128, 128)
        Widths of the hidden layers.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    class_widths : sequence of int, default=()
        Widths of the one-hot blocks that a condition starts with.
    moments : ConditionalMoments or None, default=None
        What to start from; None is the standard normal distribution.
    **ignored
        Keywords meant for other networks.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ConditionalResidualLatentGenerator
    >>> rows = torch.tensor([[1.0], [3.0], [9.0], [11.0]]).repeat(50, 1)
    >>> classes = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]]).repeat(50, 1)
    >>> start = ConditionalResidualLatentGenerator.moments_of(rows, classes, (2,))
    >>> generator = ConditionalResidualLatentGenerator(
    ...     1, (1,), condition_dim=2, class_widths=(2,), moments=start
    ... )
    >>> z, classes = torch.tensor([[0.0], [0.0], [1.0]]), classes[1:4]
    >>> generator(z, classes).detach().round(decimals=1).flatten().tolist()
    [2.0, 10.0, 11.0]
    """

    weight: Tensor
    bias: Tensor
    roots: Tensor

    moments_of = staticmethod(conditional_moments)

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (128, 128),
        activation: str = "leaky_relu",
        class_widths: Sequence[int] = (),
        moments: ConditionalMoments | None = None,
        **ignored,
    ):
        super().__init__(
            latent_dim, output_shape, condition_dim, hidden_dims, activation
        )
        self.condition_dim = condition_dim
        self.class_widths = tuple(class_widths)
        d = self.n_outputs
        self.n_groups = count_groups(self.class_widths, d)
        if moments is None:
            identity = identities(self.n_groups, d)
            moments = ConditionalMoments(
                torch.zeros(condition_dim, d), torch.zeros(d), identity
            )
        self.register_buffer("weight", moments.weight.float())
        self.register_buffer("bias", moments.bias.float())
        self.register_buffer("roots", roots_of(moments.covariances).float())

    def groups(self, condition: Tensor) -> Tensor:
        """Return the group of each condition, of shape (n,)."""
        if self.n_groups == 1:
            return condition.new_zeros(len(condition), dtype=torch.long)
        return find_groups(condition, self.class_widths)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents of shape (n, latent_dim) into rows of `output_shape`."""
        if condition is None:
            condition = z.new_zeros(len(z), self.condition_dim)
        noise = mix(z[:, : self.n_outputs], self.roots, self.groups(condition))
        start = self.bias + condition @ self.weight + noise
        displacement = self.head(self.layers(concatenate(z, condition)))
        return shape_rows(start + displacement, self.output_shape)


class CalibratedConditionalResidualLatentGenerator(ConditionalResidualLatentGenerator):
    """The same with the moments of each condition held, as far as rows tell them.

    As in `CalibratedResidualLatentGenerator`, an affine map in evaluation mode gives
    generated rows the mean and covariance of their condition; training does not see
    it.

    Parameters
    ----------
    latent_dim, output_shape, condition_dim, hidden_dims, activation, class_widths, \
moments, **ignored
        As in `ConditionalResidualLatentGenerator`.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import CalibratedConditionalResidualLatentGenerator as C
    >>> generator = C(1, (1,), condition_dim=1)
    >>> x = torch.linspace(-1, 1, 1000)[:, None]
    >>> z = x[torch.randperm(1000, generator=torch.Generator().manual_seed(0))]
    >>> wanted = generator.moments_of(5 + 3 * x, x, ())
    >>> generator.calibrate(z, x, wanted)
    >>> generator.eval()(torch.zeros(1, 1), torch.ones(1, 1)).round().tolist()
    [[8.0]]
    """

    own_weight: Tensor
    own_bias: Tensor
    wanted_weight: Tensor
    wanted_bias: Tensor
    mixing: Tensor

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("own", "wanted"):
            self.register_buffer(f"{name}_weight", torch.zeros_like(self.weight))
            self.register_buffer(f"{name}_bias", torch.zeros_like(self.bias))
        self.register_buffer("mixing", identities(self.n_groups, self.n_outputs))

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents into rows, with the moments wanted in evaluation mode."""
        rows = super().forward(z, condition)
        if self.training:
            return rows
        if condition is None:
            condition = z.new_zeros(len(z), self.condition_dim)
        centred = rows.flatten(1) - self.own_bias - condition @ self.own_weight
        moved = mix(centred, self.mixing, self.groups(condition))
        wanted = self.wanted_bias + condition @ self.wanted_weight
        return shape_rows(moved + wanted, self.output_shape)

    @torch.no_grad()
    def calibrate(
        self, z: Tensor, condition: Tensor, wanted: ConditionalMoments
    ) -> None:
        """Give the rows of latents `z` under conditions these moments.

        Parameters
        ----------
        z : Tensor of shape (n, latent_dim)
            Latents, many more than a row has numbers in each group.
        condition : Tensor of shape (n, condition_dim)
            What they are conditioned on.
        wanted : ConditionalMoments
            Of the rows trained on.
        """
        rows = super().forward(z, condition).flatten(1).double()
        if not rows.isfinite().all():
            return
        generated = conditional_moments(rows, condition, self.class_widths)
        pairs = zip(generated.covariances, wanted.covariances, strict=True)
        self.mixing.copy_(torch.stack([optimal_map(a, b) for a, b in pairs]))
        self.own_weight.copy_(generated.weight)
        self.own_bias.copy_(generated.bias)
        self.wanted_weight.copy_(wanted.weight)
        self.wanted_bias.copy_(wanted.bias)
