"""The classic convolutional pair, with batch normalisation: DCGAN."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from skgan.modules._image_layers import (
    ProjectionHead,
    check_image_shape,
    default_channels,
    geometry,
    pad_to_even,
    pyramid,
    store_channels_last,
    to_map,
    to_rows,
)
from skgan.modules._mlp import concatenate, make_activation

_NARROWEST = 64


def _start(network: nn.Module) -> None:
    """Weights from N(0, 0.02): Radford et al. (2016), section 4."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, mean=1, std=0.02)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class DCGANGenerator(nn.Module):
    """Transposed convolutions with batch normalisation: Radford et al. (2016).

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z.
    output_shape : tuple of int
        ``(channels, height, width)`` of an image.
    condition_dim : int, default=0
        Width of the condition, concatenated to z; 0 when unconditional.
    channels : sequence of int or None, default=None
        Channels of each scale, from half the image's size to the coarsest. None
        halves until no axis has 8 pixels, and takes 64, then 128.
    output_activation : str, default="identity"
        Of the last layer; the paper's is "tanh".
    **ignored
        Keywords meant for other networks; there are no hidden dense layers.

    Raises
    ------
    ValueError
        If rows are not images, or a name is not known.

    References
    ----------
    .. [1] Radford, Metz, Chintala, "Unsupervised Representation Learning with Deep
       Convolutional Generative Adversarial Networks", ICLR 2016, figure 1.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import DCGANGenerator
    >>> DCGANGenerator(latent_dim=4, output_shape=(1, 28, 28))(torch.zeros(5, 4)).shape
    torch.Size([5, 1, 28, 28])
    """

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        channels: Sequence[int] | None = None,
        output_activation: str = "identity",
        **ignored,
    ):
        super().__init__()
        n_colors, height, width = check_image_shape("output_shape", output_shape)
        self.sizes = pyramid(height, width, None if channels is None else len(channels))
        widths = channels or default_channels(len(self.sizes) - 1, _NARROWEST)
        dims = [n_colors, *widths]
        n_coarsest = dims[-1] * self.sizes[-1][0] * self.sizes[-1][1]
        self.project = nn.Linear(latent_dim + condition_dim, n_coarsest)
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in reversed(widths))
        self.layers = nn.ModuleList(
            nn.ConvTranspose2d(dims[k + 1], dims[k], **geometry(*self.sizes[k : k + 2]))
            for k in reversed(range(len(widths)))
        )
        self.output_activation = make_activation(output_activation)
        _start(self)
        store_channels_last(self)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents of shape (n, latent_dim) into images of `output_shape`."""
        x = to_map(self.project(concatenate(z, condition)), self.sizes[-1])
        sizes = self.sizes[-2::-1]
        for norm, layer, size in zip(self.norms, self.layers, sizes, strict=True):
            x = layer(norm(x).relu())[:, :, : size[0], : size[1]]
        return self.output_activation(x.to(z.dtype).contiguous())


class DCGANDiscriminator(nn.Module):
    """Strided convolutions with batch normalisation: Radford et al. (2016).

    Use it with ``penalty=None`` or penalties at points between rows: R1 and R2 are of
    one row's gradient, which batch normalisation mixes with the others'.

    Parameters
    ----------
    input_shape : tuple of int
        ``(channels, height, width)`` of an image.
    condition_dim : int, default=0
        Width of the condition, which enters by projection; 0 when unconditional.
    channels : sequence of int or None, default=None
        As in `DCGANGenerator`.
    **ignored
        Keywords meant for other networks; there are no hidden dense layers.

    Raises
    ------
    ValueError
        If rows are not images, or a name is not known.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import DCGANDiscriminator
    >>> DCGANDiscriminator(input_shape=(1, 28, 28))(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 1])
    """

    # Each of real and fake rows are normalised by their own kind.
    couples_batch = True

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        channels: Sequence[int] | None = None,
        **ignored,
    ):
        super().__init__()
        n_colors, height, width = check_image_shape("input_shape", input_shape)
        self.sizes = pyramid(height, width, None if channels is None else len(channels))
        widths = channels or default_channels(len(self.sizes) - 1, _NARROWEST)
        dims = [n_colors, *widths]
        self.layers = nn.ModuleList(
            nn.Conv2d(*pair, **geometry(*scales))
            for pair, scales in zip(pairwise(dims), pairwise(self.sizes), strict=True)
        )
        # The paper leaves the first layer as it is.
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(n) if k else nn.Identity() for k, n in enumerate(widths)
        )
        self.activation = make_activation("leaky_relu")
        n_coarsest = dims[-1] * self.sizes[-1][0] * self.sizes[-1][1]
        self.head = ProjectionHead(n_coarsest, condition_dim)
        _start(self)
        store_channels_last(self)

    def features(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return the coarsest map, flattened."""
        scales = zip(self.layers, self.norms, self.sizes[1:], strict=True)
        for layer, norm, size in scales:
            x = self.activation(norm(layer(pad_to_even(x, size))))
        return to_rows(x)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (n, 1): high where images look real."""
        features = self.features(x.contiguous(memory_format=torch.channels_last))
        return self.head(features, condition)
