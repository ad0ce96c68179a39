"""Generators of vectors that start as a normal distribution for each condition."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from skgan.modules._affine_maps import identities, mix, optimal_map, roots_of
from skgan.modules._conditional_moments import (
    ConditionalMoments,
    conditional_moments,
    count_groups,
    find_groups,
)
from skgan.modules._mlp import concatenate, shape_rows
from skgan.modules._residual_latent import ResidualLatentGenerator


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
