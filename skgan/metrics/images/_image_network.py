"""A small convolutional network that learns features of images, and its training."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from skgan.modules import (
    default_channels,
    geometry,
    initialize,
    pad_to_even,
    pyramid,
    to_rows,
)

_NARROWEST = 16
_SLOPE = 0.2


class FeatureNetwork(nn.Module):
    """Two convolutions a scale, then dense features and a linear layer.

    Parameters
    ----------
    input_shape : sequence of int
        ``(channels, height, width)`` of an image, of any size.
    n_features : int
        Width of the dense layer whose output the features are.
    n_outputs : int
        Answers that it is taught to give.
    """

    def __init__(self, input_shape: Sequence[int], n_features: int, n_outputs: int):
        super().__init__()
        n_colors, height, width = input_shape
        self.sizes = pyramid(height, width)
        dims = [n_colors, *default_channels(len(self.sizes) - 1, _NARROWEST)]
        scales = list(zip(pairwise(dims), pairwise(self.sizes), strict=True))
        self.halving = nn.ModuleList(
            initialize(nn.Conv2d(*pair, **geometry(*sizes)), _SLOPE)
            for pair, sizes in scales
        )
        self.keeping = nn.ModuleList(
            initialize(nn.Conv2d(pair[1], pair[1], 3, padding=1), _SLOPE)
            for pair, _ in scales
        )
        n_coarsest = dims[-1] * self.sizes[-1][0] * self.sizes[-1][1]
        self.dense = initialize(nn.Linear(n_coarsest, n_features), _SLOPE)
        self.head = initialize(nn.Linear(n_features, n_outputs), 1.0)

    def features(self, x: Tensor) -> Tensor:
        """Return features of images, of shape (n, n_features)."""
        layers = zip(self.halving, self.keeping, self.sizes[1:], strict=True)
        for halve, keep, size in layers:
            x = leaky_relu(halve(pad_to_even(x, size)), _SLOPE)
            x = leaky_relu(keep(x), _SLOPE)
        return leaky_relu(self.dense(to_rows(x)), _SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (n, n_outputs)."""
        return self.head(self.features(x))
