"""A residual convolutional pair after R3GAN's principles, for GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import gcd

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from skgan.modules._convolutional import dense_stack
from skgan.modules._image_layers import (
    ProjectionHead,
    check_image_shape,
    default_channels,
    initialize,
    pyramid,
    store_channels_last,
    to_map,
    to_rows,
)
from skgan.modules._mlp import concatenate, make_activation

_NARROWEST = 32
_GROUP_WIDTH = 16
_LAST_GAIN = 0.1


class InvertedBlock(nn.Module):
    """``x + W3 act(W2 act(W1 x))``: widened, convolved by groups, narrowed again.

    The last layer starts at zero, the others are scaled by ``n_blocks ** -0.25``, so
    that depth does not change the scale of activations.
    """

    def __init__(
        self, channels: int, n_blocks: int, activation: str, expansion: int = 2
    ):
        super().__init__()
        inner = expansion * channels
        groups = inner // gcd(inner, _GROUP_WIDTH)
        gain = n_blocks**-0.25
        self.layers = nn.Sequential(
            initialize(nn.Conv2d(channels, inner, 1), gain=gain),
            make_activation(activation),
            initialize(nn.Conv2d(inner, inner, 3, padding=1, groups=groups), gain=gain),
            make_activation(activation),
            initialize(nn.Conv2d(inner, channels, 1, bias=False), gain=0.0),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's correction to maps of shape (n, channels, height, width)."""
        return x + self.layers(x)


class Resample(nn.Module):
    """Bilinear change of size, and a 1 x 1 convolution where channels differ."""

    def __init__(self, channels_in: int, channels_out: int, size: tuple[int, int]):
        super().__init__()
        self.size = size
        self.mix: nn.Module = nn.Identity()
        if channels_in != channels_out:
            self.mix = nn.Conv2d(channels_in, channels_out, 1, bias=False)
            # No activation follows.
            initialize(self.mix, activation_slope=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Resample maps of shape (n, channels_in, ...)."""
        if x.shape[2] * x.shape[3] < self.size[0] * self.size[1]:
            return self._resize(self.mix(x))
        return self.mix(self._resize(x))

    def _resize(self, x: Tensor) -> Tensor:
        if tuple(x.shape[2:]) == self.size:
            return x
        return interpolate(x, self.size, mode="bilinear", align_corners=False)


def _plan(
    shape: tuple[int, int, int], channels: Sequence[int] | None
) -> tuple[list[tuple[int, int]], list[int]]:
    """Sizes and channels of every scale, the image's own first."""
    n_scales = None if channels is None else len(channels) - 1
    sizes = pyramid(shape[1], shape[2], n_scales)
    return sizes, list(channels or default_channels(len(sizes), _NARROWEST))


class ResidualConvGenerator(nn.Module):
    """Inverted residual blocks at every scale, coarsest first.

    It wants a GPU: at full resolution a processor manages an update a second or two.

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z.
    output_shape : tuple of int
        ``(channels, height, width)`` of an image, of any size.
    condition_dim : int, default=0
        Width of the condition, concatenated to z; 0 when unconditional.
    hidden_dims : sequence of int, default=()
        Widths of dense layers between z and the coarsest map.
    channels : sequence of int or None, default=None
        Channels of each scale, from the image's size to the coarsest. None halves
        until no axis has 8 pixels, and takes 32, 64, then 128.
    n_blocks : int, default=2
        Residual blocks a scale.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    output_activation : str, default="identity"
        Of the last layer.
    **ignored
        Keywords meant for other networks.

    Raises
    ------
    ValueError
        If rows are not images, or a name is not known.

    References
    ----------
    .. [1] Huang, Gokaslan, Kuleshov, Tompkin, "The GAN is dead; long live the
       GAN!", NeurIPS 2024, section 4.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ResidualConvGenerator
    >>> generator = ResidualConvGenerator(latent_dim=4, output_shape=(3, 15, 22))
    >>> generator(torch.zeros(5, 4)).shape
    torch.Size([5, 3, 15, 22])
    """

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (),
        channels: Sequence[int] | None = None,
        n_blocks: int = 2,
        activation: str = "leaky_relu",
        output_activation: str = "identity",
        **ignored,
    ):
        super().__init__()
        shape = check_image_shape("output_shape", output_shape)
        sizes, widths = _plan(shape, channels)
        self.coarsest = sizes[-1]
        dims = [latent_dim + condition_dim, *hidden_dims]
        self.dense = dense_stack(dims, activation)
        n_coarsest = widths[-1] * self.coarsest[0] * self.coarsest[1]
        self.entry = initialize(nn.Linear(dims[-1], n_coarsest), activation_slope=1.0)
        layers: list[nn.Module] = []
        n_total = n_blocks * len(widths)
        for k in reversed(range(len(widths))):
            layers += [
                InvertedBlock(widths[k], n_total, activation) for _ in range(n_blocks)
            ]
            if k:
                layers.append(Resample(widths[k], widths[k - 1], sizes[k - 1]))
        self.layers = nn.Sequential(*layers)
        self.last = nn.Sequential(
            make_activation(activation),
            initialize(nn.Conv2d(widths[0], shape[0], 3, padding=1), gain=_LAST_GAIN),
        )
        self.output_activation = make_activation(output_activation)
        store_channels_last(self)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents of shape (n, latent_dim) into images of `output_shape`."""
        x = self.entry(self.dense(concatenate(z, condition)))
        x = self.last(self.layers(to_map(x, self.coarsest)))
        return self.output_activation(x.to(z.dtype).contiguous())


class ResidualConvDiscriminator(nn.Module):
    """Inverted residual blocks at every scale, finest first, then one logit.

    Parameters
    ----------
    input_shape : tuple of int
        ``(channels, height, width)`` of an image, of any size.
    condition_dim : int, default=0
        Width of the condition, which enters by projection; 0 when unconditional.
    n_classes : int, default=0
        Classes that `judge_and_classify` tells apart.
    hidden_dims : sequence of int, default=(256,)
        Widths of the dense layers between the coarsest map and the logit.
    channels, n_blocks, activation, **ignored
        As in `ResidualConvGenerator`.

    Raises
    ------
    ValueError
        If rows are not images, or a name is not known.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import ResidualConvDiscriminator
    >>> discriminator = ResidualConvDiscriminator(input_shape=(3, 15, 22))
    >>> discriminator(torch.zeros(5, 3, 15, 22)).shape
    torch.Size([5, 1])
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        n_classes: int = 0,
        hidden_dims: Sequence[int] = (256,),
        channels: Sequence[int] | None = None,
        n_blocks: int = 2,
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__()
        shape = check_image_shape("input_shape", input_shape)
        sizes, widths = _plan(shape, channels)
        # No activation follows.
        layers: list[nn.Module] = [
            initialize(nn.Conv2d(shape[0], widths[0], 3, padding=1), 1.0)
        ]
        n_total = n_blocks * len(widths)
        for k, (width, following) in enumerate(pairwise([*widths, 0])):
            layers += [
                InvertedBlock(width, n_total, activation) for _ in range(n_blocks)
            ]
            if following:
                layers.append(Resample(width, following, sizes[k + 1]))
        self.layers = nn.Sequential(*layers, make_activation(activation))
        n_coarsest = widths[-1] * sizes[-1][0] * sizes[-1][1]
        dims = [n_coarsest, *hidden_dims]
        self.dense = dense_stack(dims, activation)
        self.head = ProjectionHead(dims[-1], condition_dim, n_classes)
        store_channels_last(self)

    def features(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return the last hidden layer, of shape (n, hidden_dims[-1])."""
        return self.dense(to_rows(self.layers(x)))

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (n, 1): high where images look real."""
        features = self.features(x.contiguous(memory_format=torch.channels_last))
        return self.head(features, condition)

    def judge_and_classify(
        self, x: Tensor, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return what `forward` does, and logits of classes, (n, n_classes)."""
        features = self.features(x.contiguous(memory_format=torch.channels_last))
        return self.head(features, condition), self.head.classify(features)
