"""A small convolutional network, and the tasks by which it learns features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    affine_grid,
    cross_entropy,
    grid_sample,
    leaky_relu,
    normalize,
)

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
_N_PROJECTED = 64
_TEMPERATURE = 0.2
# Largest changes of an image: about as far as the writing of one hand differs.
_TURN = 0.3  # radians
_ZOOM = 0.15
_SHEAR = 0.2
_SHIFT = 0.075  # of each side


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


class Task(NamedTuple):
    """Something to learn.

    Parameters
    ----------
    n_outputs : int
        Outputs that the network needs for it.
    loss : callable
        ``(network, images, index, random) -> scalar``, of the images of these
        indices.
    """

    n_outputs: int
    loss: Callable[[FeatureNetwork, Tensor, Tensor, torch.Generator], Tensor]


def class_task(codes: Tensor, n_classes: int) -> Task:
    """Tell the class of an image."""

    def loss(network, images, index, random):
        return cross_entropy(network(images[index]), codes[index])

    return Task(n_classes, loss)


def pairs_task() -> Task:
    """Tell which two of many views show the same image: Chen et al. (2020), eq. 1.

    A view is the image turned, sheared, shifted and zoomed a little.
    """
    return Task(_N_PROJECTED, _pairs_loss)


def _pairs_loss(
    network: FeatureNetwork, images: Tensor, index: Tensor, random: torch.Generator
) -> Tensor:
    shown = images[index]
    views = torch.cat([warped(shown, random), warped(shown, random)])
    projected = normalize(network(views), dim=1)
    similarity = projected @ projected.T / _TEMPERATURE
    # No view is its own partner.
    similarity.fill_diagonal_(-torch.inf)
    partner = torch.arange(len(views)).roll(len(shown))
    return cross_entropy(similarity, partner)


def warped(images: Tensor, random: torch.Generator) -> Tensor:
    """Change each image by a small affine map of its own; borders are repeated."""

    def draw(largest: float) -> Tensor:
        return (2 * torch.rand(len(images), generator=random) - 1) * largest

    turn, zoom, shear = draw(_TURN), 1 + draw(_ZOOM), draw(_SHEAR)
    cosine, sine = zoom * turn.cos(), zoom * turn.sin()
    maps = torch.stack(
        [
            torch.stack([cosine, shear - sine, draw(2 * _SHIFT)], dim=1),
            torch.stack([sine, cosine, draw(2 * _SHIFT)], dim=1),
        ],
        dim=1,
    )
    grid = affine_grid(maps, list(images.shape), align_corners=False)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


def learn(
    network: FeatureNetwork,
    images: Tensor,
    task: Task,
    *,
    max_iter: int,
    batch_size: int,
    learning_rate: float,
    random: torch.Generator,
) -> None:
    """Train a network; Adam, its rate rising and falling over the fit."""
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    # So few updates that one of its phases would be empty follow its beginning.
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=max(max_iter, 10)
    )
    order = torch.empty(0, dtype=torch.int64)
    size = min(batch_size, len(images))
    for _ in range(max_iter):
        if len(order) < size:
            order = torch.randperm(len(images), generator=random)
        index, order = order[:size], order[size:]
        loss = task.loss(network, images, index, random)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
