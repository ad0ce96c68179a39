"""Augmentations of what the discriminator sees, the same for real and fake rows."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Augmentation = Callable[[Tensor, torch.Generator | None], Tensor]


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


AUGMENTATIONS: dict[str, Augmentation] = {"instance_noise": instance_noise}


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
