"""Encoders: from rows back to the latents that a generator makes them of."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from torch import Tensor, nn

from skgan.modules._convolutional import dense_stack
from skgan.modules._image_layers import (
    check_image_shape,
    default_channels,
    fold,
    pad_to_even,
    pyramid,
    store_channels_last,
    strided_convolutions,
    to_rows,
)
from skgan.modules._mlp import apply_head, concatenate, make_activation

_NARROWEST = 32
# The norm of normal latents is about 0.7 off the root of their dimension, whatever
# that is: two thirds of a hundredth of them lie beyond this at most.
_SLACK = 2.0


class LatentEncoder(nn.Module):
    """What encoders share: how they were made, and the ball that latents stay in.

    A generator was trained on normal latents, which hardly ever leave the ball, and
    what it makes of others is anything at all: from there it could copy rows that are
    unlike all it has learnt.

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z.
    radius : float or None
        Of the ball; None is two more than the root of `latent_dim`.
    **made_with
        The other parameters of the encoder.
    """

    def __init__(self, latent_dim: int, radius: float | None, **made_with: Any):
        super().__init__()
        self.latent_dim = int(latent_dim)
        self.radius = latent_dim**0.5 + _SLACK if radius is None else float(radius)
        self.made_with: dict[str, Any] = {
            "latent_dim": self.latent_dim,
            "radius": self.radius,
            **made_with,
        }

    def project(self, z: Tensor) -> Tensor:
        """Move latents of shape (n, latent_dim) to the nearest point of the ball."""
        norms = z.norm(dim=1, keepdim=True)
        return z * (self.radius / norms.clamp_min(self.radius))


class MLPEncoder(LatentEncoder):
    """A perceptron from rows to latents.

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z.
    input_shape : tuple of int
        Shape of one row.
    condition_dim : int, default=0
        Width of the condition, concatenated to the row; 0 when unconditional.
    hidden_dims : sequence of int, default=(256, 256)
        Widths of the hidden layers.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    radius : float or None, default=None
        Of the ball that latents are kept in; None is two more than the root of
        `latent_dim`, which leaves out hardly any that the generator was trained on.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import MLPEncoder
    >>> MLPEncoder(latent_dim=4, input_shape=(3,))(torch.zeros(5, 3)).shape
    torch.Size([5, 4])
    """

    def __init__(
        self,
        latent_dim: int,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256, 256),
        activation: str = "leaky_relu",
        radius: float | None = None,
    ):
        super().__init__(
            latent_dim,
            radius,
            input_shape=tuple(input_shape),
            condition_dim=condition_dim,
            hidden_dims=tuple(hidden_dims),
            activation=activation,
        )
        dims = [prod(input_shape) + condition_dim, *hidden_dims]
        self.dense = dense_stack(dims, activation)
        self.head = nn.Linear(dims[-1], latent_dim)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn rows of `input_shape` into latents of shape (n, latent_dim)."""
        return self.project(
            apply_head(self.head, self.dense(concatenate(x, condition)))
        )


class StridedConvEncoder(LatentEncoder):
    """Strided convolutions, then dense layers to a latent.

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z.
    input_shape : tuple of int
        ``(channels, height, width)`` of an image, of any size.
    condition_dim : int, default=0
        Width of the condition, concatenated to the coarsest map; 0 when
        unconditional.
    hidden_dims : sequence of int, default=(256,)
        Widths of the dense layers between the coarsest map and the latent.
    channels : sequence of int or None, default=None
        Channels of each scale, finest first, as in `StridedConvDiscriminator`.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    radius : float or None, default=None
        As in `MLPEncoder`.

    Raises
    ------
    ValueError
        If rows are not images, or a name is not known.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import StridedConvEncoder
    >>> encoder = StridedConvEncoder(latent_dim=4, input_shape=(3, 15, 22))
    >>> encoder(torch.zeros(5, 3, 15, 22)).shape
    torch.Size([5, 4])
    """

    def __init__(
        self,
        latent_dim: int,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256,),
        channels: Sequence[int] | None = None,
        activation: str = "leaky_relu",
        radius: float | None = None,
    ):
        super().__init__(
            latent_dim,
            radius,
            input_shape=tuple(input_shape),
            condition_dim=condition_dim,
            hidden_dims=tuple(hidden_dims),
            channels=None if channels is None else tuple(channels),
            activation=activation,
        )
        n_colors, height, width = check_image_shape("input_shape", input_shape)
        self.sizes = pyramid(height, width, None if channels is None else len(channels))
        widths = channels or default_channels(len(self.sizes) - 1, _NARROWEST)
        self.layers, n_coarsest = strided_convolutions(n_colors, self.sizes, widths)
        dims = [n_coarsest + condition_dim, *hidden_dims]
        self.dense = dense_stack(dims, activation)
        self.head = nn.Linear(dims[-1], latent_dim)
        self.activation = make_activation(activation)
        store_channels_last(self)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn images of `input_shape` into latents of shape (n, latent_dim)."""
        for i, (layer, size) in enumerate(
            zip(self.layers, self.sizes[1:], strict=True)
        ):
            x = fold(x, size) if i == 0 else pad_to_even(x, size)
            x = self.activation(layer(x))
        hidden = self.dense(concatenate(to_rows(x), condition))
        return self.project(apply_head(self.head, hidden))
