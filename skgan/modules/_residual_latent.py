"""The pair for encoded vectors: a displacement of latents, and its discriminator."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from skgan.modules._affine_maps import identities, optimal_map
from skgan.modules._mlp import (
    MLPDiscriminator,
    concatenate,
    dense_layers,
    shape_rows,
)


def kaiming_layers(dims: Sequence[int], activation: str) -> nn.Sequential:
    """Return dense layers whose kinks are spread over standardised inputs.

    Weights keep the scale of what flows through (He et al. 2015, eq. 10). PyTorch's
    own biases would bunch the kinks of the first layer near the origin, and a
    critic that bends nowhere else sees nothing fine elsewhere.
    """
    layers = nn.Sequential(*dense_layers(dims, activation))
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    for layer in linear:
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    if linear:
        nn.init.normal_(linear[0].bias)
    return layers


class ResidualLatentGenerator(nn.Module):
    """A perceptron's displacement added to the latent: ``G(z) = z[:d] + h(z)``.

    The displacement h starts at zero, so that the generator starts as the identity
    on the first d latents, d being the size of a row. For rows encoded to normal
    marginals that start is a sampler already, with every mode in its place; what is
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
    **ignored
        Keywords meant for other networks.

    Raises
    ------
    ValueError
        If the latent is smaller than a row.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ResidualLatentGenerator
    >>> generator = ResidualLatentGenerator(latent_dim=3, output_shape=(2,))
    >>> generator(torch.tensor([[0.5, -1.0, 2.0]])).tolist()
    [[0.5, -1.0]]
    """

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (128, 128),
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__()
        self.output_shape = tuple(output_shape)
        self.n_outputs = prod(self.output_shape)
        if latent_dim < self.n_outputs:
            raise ValueError(
                f"latent_dim={latent_dim} is smaller than an encoded row of "
                f"{self.n_outputs} numbers, which the transport generator starts "
                "from; raise latent_dim or choose generator='residual_mlp'."
            )
        dims = [latent_dim + condition_dim, *hidden_dims]
        self.layers = kaiming_layers(dims, activation)
        self.head = nn.Linear(dims[-1], self.n_outputs)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents of shape (n, latent_dim) into rows of `output_shape`."""
        displacement = self.head(self.layers(concatenate(z, condition)))
        return shape_rows(z[:, : self.n_outputs] + displacement, self.output_shape)


class CalibratedResidualLatentGenerator(ResidualLatentGenerator):
    """A transport generator whose rows have a mean and covariance it was told.

    Against few rows a discriminator rewards what lies where they are dense: generated
    rows contract, and their mean drifts with them. In evaluation mode an affine map,
    the optimal transport between two normal distributions [1]_, undoes both; training
    does not see it.

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
    **ignored
        Keywords meant for other networks.

    References
    ----------
    .. [1] Peyré and Cuturi, "Computational Optimal Transport", 2019, remark 2.31.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import CalibratedResidualLatentGenerator
    >>> generator = CalibratedResidualLatentGenerator(latent_dim=2, output_shape=(2,))
    >>> z = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    >>> generator.calibrate(z, torch.tensor([5.0, 0.0]), 4 * torch.eye(2))
    >>> generator.eval()(z[:1]).tolist()
    [[7.0, 2.0]]
    """

    mixing: Tensor
    shift: Tensor

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (128, 128),
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__(
            latent_dim, output_shape, condition_dim, hidden_dims, activation
        )
        self.condition_dim = condition_dim
        self.register_buffer("mixing", identities(1, self.n_outputs)[0])
        self.register_buffer("shift", torch.zeros(self.n_outputs))

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents into rows, with the moments wanted in evaluation mode."""
        rows = super().forward(z, condition)
        if self.training:
            return rows
        moved = self._mix(rows.flatten(1)) + self.shift
        return shape_rows(moved, self.output_shape)

    @property
    def has_variances(self) -> bool:
        """Whether `calibrate` takes variances in place of a covariance."""
        return self.mixing.ndim == 1

    def _mix(self, rows: Tensor) -> Tensor:
        return rows * self.mixing if self.has_variances else rows @ self.mixing

    @torch.no_grad()
    def calibrate(self, z: Tensor, mean: Tensor, covariance: Tensor) -> None:
        """Give the rows of latents `z`, without condition, these moments.

        Parameters
        ----------
        z : Tensor of shape (n, latent_dim)
            Latents, many more than a row has numbers.
        mean : Tensor of shape (d,)
            Of rows of d numbers.
        covariance : Tensor of shape (d, d), or (d,) of more than 1000 numbers
            Of the same; variances of many.
        """
        rows = super().forward(z).flatten(1).double()
        if not rows.isfinite().all():
            return
        if self.has_variances:
            generated = rows.var(0, correction=0)
        else:
            generated = torch.atleast_2d(torch.cov(rows.T, correction=0))
        mixing = optimal_map(generated, covariance.double())
        centre = rows.mean(0)
        moved = centre * mixing if self.has_variances else centre @ mixing
        self.mixing.copy_(mixing)
        self.shift.copy_(mean.double() - moved)


class KaimingMLPDiscriminator(MLPDiscriminator):
    """A perceptron from rows to one logit each, made for standardised rows.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one row.
    condition_dim : int, default=0
        Width of the condition, concatenated to the row; 0 when unconditional.
    hidden_dims : sequence of int, default=(128, 128, 128)
        Widths of the hidden layers.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other networks.

    References
    ----------
    .. [1] He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", ICCV 2015.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import KaimingMLPDiscriminator
    >>> KaimingMLPDiscriminator(input_shape=(2,))(torch.zeros(3, 2)).shape
    torch.Size([3, 1])
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (128, 128, 128),
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__(input_shape, condition_dim, hidden_dims, activation)
        nn.init.normal_(self.head.weight, std=self.head.in_features**-0.5)
        nn.init.zeros_(self.head.bias)

    def make_layers(self, dims: Sequence[int], activation: str) -> nn.Sequential:
        """Return hidden layers whose kinks are spread over standardised rows."""
        return kaiming_layers(dims, activation)
