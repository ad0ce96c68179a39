"""What convolutional networks share: scales, layouts, initial weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from skgan.modules._mlp import apply_head

# Coarser than this, a convolution sees all of an image and a dense layer is cheaper.
_LEAST_SIZE = 8
_WIDEST = 128

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def check_image_shape(name: str, shape: Sequence[int]) -> tuple[int, int, int]:
    """Return ``(channels, height, width)``, or raise where rows are not images."""
    if len(shape) != 3:
        raise ValueError(
            f"{name}={tuple(shape)} is not (channels, height, width): convolutional "
            "networks want images. Give X of shape (n, height, width[, channels]), "
            "encoder=ImageEncoder(shape=(height, width)) for flat images, or choose "
            "'residual_mlp'."
        )
    return int(shape[0]), int(shape[1]), int(shape[2])


def pyramid(
    height: int, width: int, n_scales: int | None = None
) -> list[tuple[int, int]]:
    """Sizes of an image, halved and rounded up along each axis of 8 pixels or more."""
    sizes = [(height, width)]
    while max(sizes[-1]) >= _LEAST_SIZE if n_scales is None else len(sizes) <= n_scales:
        height, width = sizes[-1]
        sizes.append((_coarser(height), _coarser(width)))
    return sizes


def _coarser(size: int) -> int:
    return -(-size // 2) if size >= _LEAST_SIZE else size


def default_channels(n_scales: int, narrowest: int) -> list[int]:
    """Channels that double as pixels become fewer, so that each scale costs alike."""
    return [min(narrowest * 2**k, _WIDEST) for k in range(n_scales)]


def strided_convolutions(
    n_colors: int, sizes: Sequence[tuple[int, int]], widths: Sequence[int]
) -> tuple[nn.ModuleList, int]:
    """Return convolutions from an image's first size to its last, and what they give.

    That is the length of a row of the coarsest maps. The first works on folded images.
    """
    dims, scales = [n_colors, *widths], list(pairwise(sizes))
    if len(widths):
        dims[0] *= fold_factor(*scales[0])
        scales[0] = (sizes[1], sizes[1])
    layers = nn.ModuleList(
        initialize(nn.Conv2d(*pair, **geometry(*scale)))
        for pair, scale in zip(pairwise(dims), scales, strict=True)
    )
    return layers, dims[-1] * sizes[-1][0] * sizes[-1][1]


def geometry(finer: tuple[int, int], coarser: tuple[int, int]) -> dict:
    """Kernel, stride and padding of a convolution between two scales.

    Kernels of 4 at stride 2 overlap evenly, so that no checkerboard appears.
    """
    kernel, stride, padding = [], [], []
    for fine, coarse in zip(finer, coarser, strict=True):
        is_halved = coarse < fine
        kernel.append(4 if is_halved else min(3, 2 * fine - 1))
        stride.append(2 if is_halved else 1)
        padding.append(min(1, fine - 1))
    return {
        "kernel_size": tuple(kernel),
        "stride": tuple(stride),
        "padding": tuple(padding),
    }


def pad_to_even(x: Tensor, coarser: tuple[int, int]) -> Tensor:
    """Add a last row or column of zeros where an odd axis is to be halved."""
    height, width = x.shape[2:]
    missing = [
        2 * coarse - fine if coarse < fine else 0
        for fine, coarse in zip((height, width), coarser, strict=True)
    ]
    return pad(x, (0, missing[1], 0, missing[0])) if any(missing) else x


def fold(images: Tensor, coarser: tuple[int, int]) -> Tensor:
    """Lay pixels that share a place at the coarser scale into channels.

    Convolutions of the one or three channels that images have are slow; folded, they
    have four times as many. Where an axis is halved that is odd, zeros are added.
    """
    images = pad_to_even(images, coarser)
    n_images, n_channels, height, width = images.shape
    rows, columns = coarser
    parts = images.reshape(
        n_images, n_channels, rows, height // rows, columns, width // columns
    )
    return (
        parts.permute(0, 2, 4, 1, 3, 5)
        .reshape(n_images, rows, columns, -1)
        .permute(0, 3, 1, 2)
    )


def unfold(maps: Tensor, finer: tuple[int, int]) -> Tensor:
    """Spread channels over the pixels of the finer scale: the reverse of `fold`."""
    n_images, n_channels, rows, columns = maps.shape
    tall, wide = -(-finer[0] // rows), -(-finer[1] // columns)
    parts = maps.reshape(n_images, -1, tall, wide, rows, columns)
    images = parts.permute(0, 1, 4, 2, 5, 3).reshape(
        n_images, n_channels // (tall * wide), rows * tall, columns * wide
    )
    return images[:, :, : finer[0], : finer[1]]


def fold_factor(finer: tuple[int, int], coarser: tuple[int, int]) -> int:
    """How many times as many channels folded images have."""
    return prod(-(-fine // coarse) for fine, coarse in zip(finer, coarser, strict=True))


def initialize(layer: Layer, activation_slope: float = 0.2, gain: float = 1.0) -> Layer:
    """Start a layer so that it keeps the scale of what flows through, times `gain`.

    He et al. (2015), eq. 14 and 15; an element of a transposed convolution's output
    sees a share of the kernel only.
    """
    fan_in = prod(layer.weight.shape[1:])
    if isinstance(layer, nn.ConvTranspose2d):
        kernel, stride = prod(layer.kernel_size), prod(layer.stride)
        fan_in = layer.in_channels * kernel // stride
    std = gain * (2 / (1 + activation_slope**2) / fan_in) ** 0.5
    nn.init.normal_(layer.weight, std=std)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def store_channels_last(network: nn.Module) -> None:
    """Lay out a network's kernels for images in channels-last memory."""
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.contiguous(memory_format=torch.channels_last)


def to_map(rows: Tensor, size: tuple[int, int]) -> Tensor:
    """Dense rows as images in channels-last memory."""
    return rows.reshape(len(rows), *size, -1).permute(0, 3, 1, 2)


def to_rows(images: Tensor) -> Tensor:
    """Images as dense rows, without a copy from channels-last memory."""
    return images.permute(0, 2, 3, 1).flatten(1)


class ProjectionHead(nn.Module):
    """A linear logit plus <V c, features>: Miyato and Koyama (2018), eq. 3.

    With `n_classes` it also says which class the features show.
    """

    def __init__(self, n_features: int, condition_dim: int, n_classes: int = 0):
        super().__init__()
        self.linear = nn.Linear(n_features, 1)
        self.embedding = None
        if condition_dim:
            self.embedding = nn.Linear(condition_dim, n_features, bias=False)
            nn.init.normal_(self.embedding.weight, std=n_features**-0.5)
        self.classes = nn.Linear(n_features, n_classes) if n_classes else None

    def classify(self, features: Tensor) -> Tensor:
        """Return logits of classes, of shape (n, n_classes)."""
        if self.classes is None:
            raise ValueError("n_classes=0: these networks do not tell classes apart.")
        return apply_head(self.classes, features)

    def forward(self, features: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return logits of shape (n, 1)."""
        logits = apply_head(self.linear, features)
        if self.embedding is None or condition is None:
            return logits
        direction = apply_head(self.embedding, condition)
        return logits + (direction * features).sum(1, keepdim=True)
