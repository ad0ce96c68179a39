"""Small changes of rows that leave what they show as it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

# Nodes, along each axis, of the field that bends an image.
_N_NODES = 4


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
