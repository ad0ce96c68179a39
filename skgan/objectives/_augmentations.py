"""Changes of rows that leave what they show as it is: augmentations, perturbations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

Augmentation = Callable[[Tensor, torch.Generator | None], Tensor]
# Nodes, along each axis, of the field that bends an image.
_N_NODES = 4


def instance_noise(
    rows: Tensor, generator: torch.Generator | None, scale: float = 0.1
) -> Tensor:
    """Add normal noise: Sønderby et al. (2017), section 3.1; Roth et al. (2017).

    Parameters
    ----------
    rows : Tensor of shape (n, ...)
        Real or fake rows, encoded.
    generator : torch.Generator or None
        Draws the noise.
    scale : float, default=0.1
        Its standard deviation; encoded vectors have about unit variance. Use
        ``functools.partial(instance_noise, scale=...)`` for another.

    Returns
    -------
    Tensor of shape (n, ...)
    """
    noise = torch.empty_like(rows).normal_(0, scale, generator=generator)
    return rows + noise


def translation(
    images: Tensor,
    generator: torch.Generator | None,
    share: float = 0.125,
    probability: float = 1.0,
) -> Tensor:
    """Shift images along both axes: Zhao et al. (2020), section 3.2.

    Borders are repeated into the gap, so that digits on paper get more paper; zeros
    would be grey.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        Real or fake ones, encoded.
    generator : torch.Generator or None
        Draws the shifts, image by image.
    share : float, default=0.125
        Largest shift, as a share of each axis and rounded to whole pixels.
    probability : float, default=1.0
        Share of the images that are shifted, in [0, 1].

    Returns
    -------
    Tensor of shape (n, channels, height, width)

    Raises
    ------
    ValueError
        If rows are not images, or `probability` is out of its range.

    Examples
    --------
    >>> import torch
    >>> from skgan.objectives import translation
    >>> moved = translation(torch.rand(2, 1, 8, 8), torch.Generator())
    >>> moved.shape
    torch.Size([2, 1, 8, 8])
    """
    chosen = _chosen(images, generator, probability)
    for axis in (2, 3):
        size = images.shape[axis]
        reach = round(share * size)
        shift = torch.randint(
            -reach, reach + 1, (len(images),), generator=generator, device=images.device
        )
        places = torch.arange(size, device=images.device) - (shift * chosen)[:, None]
        index = places.clamp(0, size - 1).reshape(
            [len(images), 1, *(size if a == axis else 1 for a in (2, 3))]
        )
        images = images.gather(axis, index.expand_as(images))
    return images


def cutout(
    images: Tensor,
    generator: torch.Generator | None,
    share: float = 0.5,
    probability: float = 1.0,
) -> Tensor:
    """Cover a rectangle with background: DeVries and Taylor (2017), section 3.

    Background is the mean of an image's border, channel by channel.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        Real or fake ones, encoded.
    generator : torch.Generator or None
        Draws the places, image by image.
    share : float, default=0.5
        Sides of the rectangle, as a share of the image's. It may reach beyond.
    probability : float, default=1.0
        Share of the images that are covered, in [0, 1].

    Returns
    -------
    Tensor of shape (n, channels, height, width)

    Raises
    ------
    ValueError
        If rows are not images, or `probability` is out of its range.
    """
    covered = _chosen(images, generator, probability).bool().reshape(-1, 1, 1, 1)
    for axis in (2, 3):
        size = images.shape[axis]
        centre = torch.rand(len(images), generator=generator, device=images.device)
        place = torch.arange(size, device=images.device) + 0.5
        inside = (place - size * centre[:, None]).abs() <= share * size / 2
        covered = covered & inside.reshape(
            [len(images), 1, *(size if a == axis else 1 for a in (2, 3))]
        )
    return torch.where(covered, _background(images), images)


def color(
    images: Tensor,
    generator: torch.Generator | None,
    probability: float = 1.0,
) -> Tensor:
    """Change brightness, saturation and contrast: Zhao et al. (2020), section 3.2.

    Images of one channel stay as they are.

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        Real or fake ones, encoded to about [-1, 1].
    generator : torch.Generator or None
        Draws the changes, image by image.
    probability : float, default=1.0
        Share of the images that are changed, in [0, 1].

    Returns
    -------
    Tensor of shape (n, channels, height, width)

    Raises
    ------
    ValueError
        If rows are not images, or `probability` is out of its range.
    """
    chosen = _chosen(images, generator, probability).reshape(-1, 1, 1, 1)
    if images.shape[1] == 1:
        return images
    shape = (3, len(images), 1, 1, 1)
    drawn = torch.rand(shape, generator=generator, device=images.device) - 0.5
    brightness, saturation, contrast = drawn.to(images.dtype)
    changed = images + brightness
    grey = changed.mean(dim=1, keepdim=True)
    changed = grey + (changed - grey) * (1 + 2 * saturation)
    mean = changed.mean(dim=(1, 2, 3), keepdim=True)
    changed = mean + (changed - mean) * (1 + contrast)
    return torch.where(chosen.bool(), changed, images)


def diffaugment(
    images: Tensor, generator: torch.Generator | None, probability: float = 1.0
) -> Tensor:
    """Colour, then translation, then cutout: Zhao et al. (2020), algorithm 1.

    Parameters
    ----------
    images, generator, probability
        As in `translation`; each of the three falls on images of its own choice.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
    """
    for augment in (color, translation, cutout):
        images = augment(images, generator, probability=probability)
    return images


def _chosen(
    images: Tensor, generator: torch.Generator | None, probability: float
) -> Tensor:
    """Ones where an image is to be changed, zeros elsewhere, of shape (n,)."""
    if images.ndim != 4:
        raise ValueError(
            "this augmentation wants images of shape (n, channels, height, width), "
            f"got rows of shape {tuple(images.shape[1:])}; vectors can be given "
            "'instance_noise'."
        )
    if not 0 <= probability <= 1:
        raise ValueError(f"probability must be in [0, 1], got {probability!r}.")
    drawn = torch.rand(len(images), generator=generator, device=images.device)
    return (drawn < probability).to(torch.int64)


def _background(images: Tensor) -> Tensor:
    """Mean of each image's border, of shape (n, channels, 1, 1)."""
    rows, columns = images[:, :, [0, -1]], images[:, :, :, [0, -1]]
    border = torch.cat([rows.flatten(2), columns.flatten(2)], dim=2)
    return border.mean(dim=2)[:, :, None, None]


AUGMENTATIONS: dict[str, Augmentation] = {
    "color": color,
    "cutout": cutout,
    "diffaugment": diffaugment,
    "instance_noise": instance_noise,
    "translation": translation,
}


def resolve_augmentation(augmentation: str | Augmentation | None):
    """Return the function behind a name, or the user's own.

    Parameters
    ----------
    augmentation : str, callable or None
        A key of `AUGMENTATIONS`, a function ``(rows, generator) -> rows``, or None.

    Returns
    -------
    callable or None

    Raises
    ------
    ValueError
        If the name is not registered.
    TypeError
        If `augmentation` is neither a name, None nor callable.
    """
    if isinstance(augmentation, str):
        if augmentation not in AUGMENTATIONS:
            raise ValueError(
                f"augmentation={augmentation!r} is not known; choose one of "
                f"{sorted(AUGMENTATIONS)}, None, or pass a function "
                "(rows, generator) -> rows."
            )
        return AUGMENTATIONS[augmentation]
    if augmentation is None or callable(augmentation):
        return augmentation
    raise TypeError(
        "augmentation must be a name, None or a function (rows, generator) -> rows; "
        f"got {augmentation!r}."
    )


def warp(
    images: Tensor,
    generator: torch.Generator | None,
    slope: float = 0.3,
    shift: float = 0.1,
    bend: float = 0.06,
) -> Tensor:
    """Turn, stretch, shear, shift and bend images a little, borders repeated.

    Each image is drawn an affine map near the identity and a smooth field of
    displacements (Simard et al., 2003, section 2).

    Parameters
    ----------
    images : Tensor of shape (n, channels, height, width)
        Real or fake ones, encoded.
    generator : torch.Generator or None
        Draws the changes, image by image.
    slope : float, default=0.3
        Largest change of an entry of the affine map: .3 turns by up to 17 degrees.
    shift : float, default=0.1
        Largest shift, as a share of each axis.
    bend : float, default=0.06
        Standard deviation of the displacements, as a share of half an axis.

    Returns
    -------
    Tensor of shape (n, channels, height, width)

    Raises
    ------
    ValueError
        If rows are not images.

    Examples
    --------
    >>> import torch
    >>> from skgan.objectives import warp
    >>> warp(torch.rand(2, 1, 8, 8), torch.Generator().manual_seed(0)).shape
    torch.Size([2, 1, 8, 8])
    """
    if images.ndim != 4:
        raise ValueError(
            "warp wants images of shape (n, channels, height, width), got rows of "
            f"shape {tuple(images.shape[1:])}."
        )
    n = len(images)
    options: dict[str, Any] = {"generator": generator, "device": images.device}
    change = 2 * torch.rand(n, 2, 3, **options) - 1
    # The axes of the grid are two units long.
    scale = torch.tensor([slope, slope, 2 * shift], device=images.device)
    maps = torch.eye(2, 3, device=images.device) + scale * change
    grid = affine_grid(maps, list(images.shape), align_corners=False)
    nodes = bend * torch.randn(n, 2, _N_NODES, _N_NODES, **options)
    field = interpolate(
        nodes, size=images.shape[2:], mode="bilinear", align_corners=True
    )
    grid = (grid + field.permute(0, 2, 3, 1)).to(images.dtype)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


def swap_neighbors(
    rows: Tensor,
    coordinates: Tensor,
    generator: torch.Generator | None,
    n_neighbors: int = 1,
) -> Tensor:
    """Swap each row for one that is near it in the batch.

    Parameters
    ----------
    rows : Tensor of shape (n, ...)
        Real or fake rows, encoded; a single one stays what it is.
    coordinates : Tensor of shape (n, d)
        Where the rows lie: distances are taken between these.
    generator : torch.Generator or None
        Draws which of the nearest.
    n_neighbors : int, default=1
        How many are near.

    Returns
    -------
    Tensor of shape (n, ...)

    Examples
    --------
    >>> import torch
    >>> from skgan.objectives import swap_neighbors
    >>> rows = torch.tensor([[0.0], [1.0], [9.0], [10.0]])
    >>> swap_neighbors(rows, rows, torch.Generator()).flatten().tolist()
    [1.0, 0.0, 10.0, 9.0]
    """
    n = len(rows)
    if n < 2:
        return rows
    n_near = min(n_neighbors, n - 1)
    distances = torch.cdist(coordinates, coordinates).fill_diagonal_(torch.inf)
    near = distances.topk(n_near, largest=False).indices
    chosen = torch.randint(n_near, (n, 1), generator=generator, device=rows.device)
    return rows[near.gather(1, chosen)[:, 0]]
