"""Discriminators that meet the condition at their last layer alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from torch import Tensor, nn

from skgan.modules._mlp import concatenate
from skgan.modules._precision import apply_head
from skgan.modules._residual import residual_trunk
from skgan.modules._transport import kaiming_layers


class ProjectionHead(nn.Module):
    """A linear logit, plus the product of features and an embedded condition.

    Parameters
    ----------
    n_features : int
        Of what comes in.
    condition_dim : int
        Width of the condition; 0 leaves the linear logit alone.
    """

    def __init__(self, n_features: int, condition_dim: int):
        super().__init__()
        self.linear = nn.Linear(n_features, 1)
        self.embedding = None
        if condition_dim:
            self.embedding = nn.Linear(condition_dim, n_features, bias=False)
            nn.init.normal_(self.embedding.weight, std=n_features**-0.5)

    def forward(self, features: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (n, 1)."""
        logits = apply_head(self.linear, features)
        if self.embedding is None or condition is None:
            return logits
        direction = apply_head(self.embedding, condition)
        return logits + (direction * features).sum(1, keepdim=True)


class ProjectionMLPDiscriminator(nn.Module):
    """A perceptron for standardised rows that judges labels by projection.

    The logit is ``w h(x) + <V c, h(x)>``: of features h that see the row alone, a
    linear function for all rows and one for each class, or for each combination of
    what the condition c holds.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one row.
    condition_dim : int, default=0
        Width of the condition, which enters by projection [1]_; 0 when unconditional.
    hidden_dims : sequence of int, default=(128, 128, 128)
        Widths of the hidden layers.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other networks.

    References
    ----------
    .. [1] Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018,
       eq. 3.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ProjectionMLPDiscriminator
    >>> discriminator = ProjectionMLPDiscriminator(input_shape=(2,), condition_dim=3)
    >>> discriminator(torch.zeros(3, 2), torch.eye(3)).shape
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
        super().__init__()
        dims = [prod(input_shape), *hidden_dims]
        self.layers = self.make_layers(dims, activation)
        self.head = ProjectionHead(dims[-1], condition_dim)
        # What all rows share starts as loud as what a class has of its own.
        nn.init.normal_(self.head.linear.weight, std=dims[-1] ** -0.5)
        nn.init.zeros_(self.head.linear.bias)

    def make_layers(self, dims: Sequence[int], activation: str) -> nn.Sequential:
        """Return the hidden layers, which a subclass may make otherwise."""
        return kaiming_layers(dims, activation)

    def features(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return the last hidden layer, of shape (n, hidden_dims[-1])."""
        return self.layers(concatenate(x, None))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (n, 1): high where rows look real."""
        return self.head(self.features(x), condition)


class ProjectionResidualMLPDiscriminator(ProjectionMLPDiscriminator):
    """A residual perceptron that judges labels by projection.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one row.
    condition_dim : int, default=0
        Width of the condition, which enters by projection [1]_; 0 when unconditional.
    hidden_dims : sequence of int, default=(128, 128)
        Width of each residual block.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other networks.

    References
    ----------
    .. [1] Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018,
       eq. 3.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ProjectionResidualMLPDiscriminator
    >>> discriminator = ProjectionResidualMLPDiscriminator((1, 2, 2), condition_dim=3)
    >>> discriminator(torch.zeros(3, 1, 2, 2), torch.eye(3)).shape
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
        super().__init__(input_shape, condition_dim, hidden_dims, activation)

    def make_layers(self, dims: Sequence[int], activation: str) -> nn.Sequential:
        """Return residual blocks of these widths."""
        return residual_trunk(dims[0], dims[1:], activation)
