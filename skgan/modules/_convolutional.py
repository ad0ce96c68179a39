"""A light strided convolutional pair, which a processor without a GPU can train."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d

from skgan.modules._image_layers import (
    ProjectionHead,
    check_image_shape,
    default_channels,
    fold,
    fold_factor,
    geometry,
    initialize,
    pad_to_even,
    pyramid,
    store_channels_last,
    strided_convolutions,
    to_map,
    to_rows,
    unfold,
)
from skgan.modules._mlp import concatenate, make_activation

_NARROWEST = 32
# The generator starts near the middle of the range, where tanh is not flat.
_LAST_GAIN = 0.3
_POOLED = 4


def dense_stack(dims: Sequence[int], activation: str) -> nn.Sequential:
    """Linear layers, each followed by its activation."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(dims):
        layers += [initialize(nn.Linear(fan_in, fan_out)), make_activation(activation)]
    return nn.Sequential(*layers)


class StridedConvGenerator(nn.Module):
    """Dense layers to a small map, then transposed convolutions to an image.

    There is no normalisation, and few channels where there are many pixels: it costs
    about three million multiplications an image of 28 x 28. The last convolution
    works at half the size and gives four pixels a place, which its neighbours see
    too: three times as fast as a transposed one of as few channels.

    Parameters
    ----------
    latent_dim : int
        Dimension of the latent z.
    output_shape : tuple of int
        ``(channels, height, width)`` of an image, of any size.
    condition_dim : int, default=0
        Width of the condition, concatenated to z; 0 when unconditional.
    hidden_dims : sequence of int, default=(256,)
        Widths of the dense layers between z and the coarsest map.
    channels : sequence of int or None, default=None
        Channels of each scale, from half the image's size to the coarsest. None
        halves until no axis has 8 pixels, and takes 32, 64, then 128.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    output_activation : str, default="identity"
        Of the last layer; "sigmoid" for pixels in [0, 1], "tanh" in [-1, 1].
    **ignored
        Keywords meant for other networks.

    Raises
    ------
    ValueError
        If rows are not images, or a name is not known.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import StridedConvGenerator
    >>> generator = StridedConvGenerator(latent_dim=4, output_shape=(3, 15, 22))
    >>> generator(torch.zeros(5, 4)).shape
    torch.Size([5, 3, 15, 22])
    """

    def __init__(
        self,
        latent_dim: int,
        output_shape: Sequence[int],
        condition_dim: int = 0,
        hidden_dims: Sequence[int] = (256,),
        channels: Sequence[int] | None = None,
        activation: str = "leaky_relu",
        output_activation: str = "identity",
        **ignored,
    ):
        super().__init__()
        n_colors, height, width = check_image_shape("output_shape", output_shape)
        self.sizes = pyramid(height, width, None if channels is None else len(channels))
        widths = channels or default_channels(len(self.sizes) - 1, _NARROWEST)
        dims = [n_colors, *widths]
        n_coarsest = dims[-1] * self.sizes[-1][0] * self.sizes[-1][1]
        self.dense = dense_stack(
            [latent_dim + condition_dim, *hidden_dims, n_coarsest], activation
        )
        self.layers = nn.ModuleList(
            initialize(
                nn.ConvTranspose2d(
                    dims[k + 1], dims[k], **geometry(*self.sizes[k : k + 2])
                )
            )
            for k in reversed(range(1, len(widths)))
        )
        if len(widths):
            size = self.sizes[1]
            n_folded = n_colors * fold_factor(self.sizes[0], size)
            self.last = initialize(
                nn.Conv2d(dims[1], n_folded, **geometry(size, size)), gain=_LAST_GAIN
            )
        else:
            # So small an image is dense layers all the way.
            self.dense = nn.Sequential(*list(self.dense)[:-1])
            next(self.dense[-1].parameters()).data.mul_(_LAST_GAIN)
        self.activation = make_activation(activation)
        self.output_activation = make_activation(output_activation)
        store_channels_last(self)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Turn latents of shape (n, latent_dim) into images of `output_shape`."""
        x = to_map(self.dense(concatenate(z, condition)), self.sizes[-1])
        for layer, size in zip(self.layers, self.sizes[-2:0:-1], strict=True):
            x = self.activation(layer(x)[:, :, : size[0], : size[1]])
        if len(self.sizes) > 1:
            x = unfold(self.last(x), self.sizes[0])
        x = x.to(z.dtype).contiguous()
        return self.output_activation(x)


class StridedConvDiscriminator(nn.Module):
    """Strided convolutions, then dense layers to one logit.

    There is no normalisation: it would couple the rows of a batch, which penalties
    of each row's gradient cannot have.

    Parameters
    ----------
    input_shape : tuple of int
        ``(channels, height, width)`` of an image, of any size.
    condition_dim : int, default=0
        Width of the condition, which enters by projection [1]_; 0 when unconditional.
    n_classes : int, default=0
        Classes that `judge_and_classify` tells apart.
    hidden_dims : sequence of int, default=(256,)
        Widths of the dense layers between the coarsest map and the logit.
    channels : sequence of int or None, default=None
        As in `StridedConvGenerator`.
    activation : str, default="leaky_relu"
        A key of ``skgan.modules._mlp.ACTIVATIONS``.
    **ignored
        Keywords meant for other networks.

    Raises
    ------
    ValueError
        If rows are not images, or a name is not known.

    References
    ----------
    .. [1] Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018,
       eq. 3.

    Examples
    --------
    >>> import torch
    >>> from skgan.modules import StridedConvDiscriminator
    >>> StridedConvDiscriminator(input_shape=(3, 15, 22))(
    ...     torch.zeros(5, 3, 15, 22)
    ... ).shape
    torch.Size([5, 1])
    """

    def __init__(
        self,
        input_shape: Sequence[int],
        condition_dim: int = 0,
        n_classes: int = 0,
        hidden_dims: Sequence[int] = (256,),
        channels: Sequence[int] | None = None,
        activation: str = "leaky_relu",
        **ignored,
    ):
        super().__init__()
        n_colors, height, width = check_image_shape("input_shape", input_shape)
        self.sizes = pyramid(height, width, None if channels is None else len(channels))
        widths = channels or default_channels(len(self.sizes) - 1, _NARROWEST)
        self.layers, n_coarsest = strided_convolutions(n_colors, self.sizes, widths)
        self.dense = dense_stack([n_coarsest, *hidden_dims], activation)
        self.head = ProjectionHead(
            [n_coarsest, *hidden_dims][-1], condition_dim, n_classes
        )
        self.activation = make_activation(activation)
        store_channels_last(self)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Return what each convolution sees in images, finest first."""
        maps: list[Tensor] = []
        for layer, size in zip(self.layers, self.sizes[1:], strict=True):
            x = pad_to_even(x, size) if maps else fold(x, size)
            x = self.activation(layer(x))
            maps.append(x)
        return maps

    def hidden(self, x: Tensor) -> Tensor:
        """Return the last hidden layer, of shape (n, width)."""
        maps = self.maps(x)
        return self.dense(to_rows(maps[-1] if maps else x))

    def features(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return what every layer sees, maps pooled to 4 x 4 at most.

        Radford et al. (2016), section 5.1, with the dense layers added.
        """
        maps = self.maps(x)
        hidden = self.dense(to_rows(maps[-1] if maps else x))
        return torch.cat([*map(_pooled, maps), hidden], dim=1)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (n, 1): high where images look real."""
        return self.head(self.hidden(x), condition)

    def judge_and_classify(
        self, x: Tensor, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return what `forward` does, and logits of classes, (n, n_classes)."""
        hidden = self.hidden(x)
        return self.head(hidden, condition), self.head.classify(hidden)


def _pooled(x: Tensor) -> Tensor:
    size = [min(_POOLED, n) for n in x.shape[2:]]
    return adaptive_max_pool2d(x, size).flatten(1)
