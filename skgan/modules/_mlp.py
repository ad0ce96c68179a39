"""Multi-layer perceptrons: the article's pair and its deeper relatives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


def make_activation(name: str) -> nn.Module:
    """Return a new activation layer by its name in `ACTIVATIONS`."""
    if name not in ACTIVATIONS:
        raise ValueError(
            f"activation {name!r} is not known; choose one of {sorted(ACTIVATIONS)}."
        )
    return nn.LeakyReLU(0.2) if name == "leaky_relu" else ACTIVATIONS[name]()


def dense_layers(dims: Sequence[int], activation: str) -> list[nn.Module]:
    """Linear layers from ``dims[0]`` to ``dims[-1]``, each with its activation."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(dims):
        layers += [nn.Linear(fan_in, fan_out), make_activation(activation)]
    return layers


def shape_rows(rows: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Give flat rows their shape; vectors have it."""
    return rows if len(shape) == 1 else rows.reshape(-1, *shape)


def concatenate(x: Tensor, condition: Tensor | None) -> Tensor:
    """Rows of `x`, flattened, beside their conditions."""
    flat = x if x.ndim == 2 else x.flatten(1)
    return flat if condition is None else torch.cat([flat, condition], dim=1)


class MLPGenerator(nn.Module):
    """A perceptron from latents to rows.

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z.
    output_shape : tuple of int
        Shape of one row, such as ``(8,)`` or ``(1, 28, 28)``.
    condition_dim : int, default=0
        Width of the condition, concatenated to z; 0 when unconditional.
    hidden_dims : sequence of int, default=(256,)
        Widths of the hidden layers.
    activation : str, default="relu"
        Of the hidden layers: a key of ``skgan.modules._mlp.ACTIVATIONS``.
    output_activation : str, default="identity"
        Of the last layer; "sigmoid" for rows in [0, 1], "tanh" in [-1, 1].
    **ignored
        Keywords meant for other networks.

    References
    ----------
    .. [1] Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import MLPGenerator
    >>> MLPGenerator(latent_dim=4, output_shape=(1, 2, 3))(torch.zeros(5, 4)).shape
    torch.Size([5, 1, 2, 3])
    """

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256,),
        activation: str = "relu",
        output_activation: str = "identity",
        **ignored,
    ):
        super().__init__()
        self.output_shape = tuple(output_shape)
        dims = [latent_dim + condition_dim, *hidden_dims]
        layers = [
            *dense_layers(dims, activation),
            nn.Linear(dims[-1], prod(self.output_shape)),
        ]
        if output_activation != "identity":
            layers.append(make_activation(output_activation))
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents of shape (n, latent_dim) into rows of `output_shape`."""
        return shape_rows(self.layers(concatenate(z, condition)), self.output_shape)


class MLPDiscriminator(nn.Module):
    """A perceptron from rows to one logit each.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one row.
    condition_dim : int, default=0
        Width of the condition, concatenated to the row; 0 when unconditional.
    hidden_dims : sequence of int, default=(256,)
        Widths of the hidden layers.
    activation : str, default="relu"
        Of the hidden layers.
    **ignored
        Keywords meant for other networks.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import MLPDiscriminator
    >>> MLPDiscriminator(input_shape=(1, 2, 3))(torch.zeros(5, 1, 2, 3)).shape
    torch.Size([5, 1])
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256,),
        activation: str = "relu",
        **ignored,
    ):
        super().__init__()
        dims = [prod(input_shape) + condition_dim, *hidden_dims]
        self.layers = self.make_layers(dims, activation)
        self.head = nn.Linear(dims[-1], 1)

    def make_layers(self, dims: Sequence[int], activation: str) -> nn.Sequential:
        """Return the hidden layers, which a subclass may start otherwise."""
        return nn.Sequential(*dense_layers(dims, activation))

    def features(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return the last hidden layer, of shape (n, hidden_dims[-1])."""
        return self.layers(concatenate(x, condition))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (n, 1): high where rows look real."""
        return apply_head(self.head, self.features(x, condition))


def apply_head(head: nn.Linear, features: Tensor) -> Tensor:
    """Apply a last layer in the precision of its weights, autocast or not.

    Eight bits of a logit are too few for a loss; the wide layers before it gain most
    and lose least.
    """
    kind = features.device.type
    if not torch.is_autocast_enabled(kind):
        return head(features)
    with torch.autocast(kind, enabled=False):
        return head(features.to(head.weight.dtype))


class ResidualBlock(nn.Module):
    """``x + W2 act(W1 act(x))``, the identity at the start.

    The last layer starts at zero and the first is scaled by ``n_blocks ** -0.25``, so
    that depth does not change the scale of activations: Zhang et al. (2019), section 3.
    """

    def __init__(self, width: int, n_blocks: int, activation: str):
        super().__init__()
        first, last = nn.Linear(width, width), nn.Linear(width, width)
        self.layers = nn.Sequential(
            make_activation(activation), first, make_activation(activation), last
        )
        first.weight.data.mul_(n_blocks**-0.25)
        last.weight.data.zero_()
        last.bias.data.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's correction to a stream of shape (n, width)."""
        return x + self.layers(x)


def residual_trunk(
    fan_in: int, hidden_dims: Sequence[int], activation: str
) -> nn.Sequential:
    """A linear entry, then one block a width, with linear changes of width."""
    if not hidden_dims:
        raise ValueError(
            "hidden_dims=() leaves a residual network without a block; give at least "
            'one width, or use "mlp", which is linear then.'
        )
    layers: list[nn.Module] = [nn.Linear(fan_in, hidden_dims[0])]
    previous = hidden_dims[0]
    for width in hidden_dims:
        if width != previous:
            layers.append(nn.Linear(previous, width))
        layers.append(ResidualBlock(width, len(hidden_dims), activation))
        previous = width
    return nn.Sequential(*layers, make_activation(activation))


class ResidualMLPGenerator(nn.Module):
    """A residual perceptron from latents to rows.

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z.
    output_shape : tuple of int
        Shape of one row.
    condition_dim : int, default=0
        Width of the condition, concatenated to z; 0 when unconditional.
    hidden_dims : sequence of int, default=(128, 128)
        Width of each residual block.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    output_activation : str, default="identity"
        Of the last layer.
    **ignored
        Keywords meant for other networks.

    References
    ----------
    .. [1] Huang, Gokaslan, Kuleshov, Tompkin, "The GAN is dead; long live the
       GAN!", NeurIPS 2024.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ResidualMLPGenerator
    >>> ResidualMLPGenerator(latent_dim=4, output_shape=(2,))(torch.zeros(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (128, 128),
        activation: str = "leaky_relu",
        output_activation: str = "identity",
        **ignored,
    ):
        super().__init__()
        self.output_shape = tuple(output_shape)
        self.trunk = residual_trunk(latent_dim + condition_dim, hidden_dims, activation)
        self.head = nn.Sequential(
            nn.Linear(hidden_dims[-1], prod(self.output_shape)),
            make_activation(output_activation),
        )

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents of shape (n, latent_dim) into rows of `output_shape`."""
        hidden = self.trunk(concatenate(z, condition))
        return shape_rows(self.head(hidden), self.output_shape)


class ResidualMLPDiscriminator(nn.Module):
    """A residual perceptron from rows to one logit each.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one row.
    condition_dim : int, default=0
        Width of the condition, concatenated to the row; 0 when unconditional.
    hidden_dims : sequence of int, default=(128, 128)
        Width of each residual block.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other networks.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ResidualMLPDiscriminator
    >>> ResidualMLPDiscriminator(input_shape=(2,))(torch.zeros(3, 2)).shape
    torch.Size([3, 1])
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (128, 128),
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__()
        self.trunk = residual_trunk(
            prod(input_shape) + condition_dim, hidden_dims, activation
        )
        self.head = nn.Linear(hidden_dims[-1], 1)

    def features(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return the trunk's output, of shape (n, hidden_dims[-1])."""
        return self.trunk(concatenate(x, condition))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (n, 1): high where rows look real."""
        return self.head(self.features(x, condition))
