"""Normal latents held near their mean, for rows that are likelier and less varied."""

from __future__ import annotations

from typing import Any

import torch

from skgan._validation import check_real


def read_truncation(truncation: Any, sampler) -> float | None:
    """Return the threshold of latents, if the generator starts from normal ones."""
    if truncation is None:
        return None
    threshold = check_real("truncation", truncation, 0, strict=True)
    if sampler.prior_ is not None:
        raise ValueError(
            f"truncation={truncation!r} bounds normal latents, and this generator "
            "starts from a prior of trees; fit with prior='normal', or leave "
            "truncation out."
        )
    if sampler.net_.latent_pool_ is not None:
        raise ValueError(
            f"truncation={truncation!r} bounds normal latents, and this generator "
            "draws from the pool that net_params={'latents': ...} gave; fit without "
            "it, or leave truncation out."
        )
    return threshold


def draw_latents(
    net, n: int, stream: torch.Generator, threshold: float | None
) -> torch.Tensor:
    """Draw latents of `n` rows, within the threshold if there is one."""
    latents = net.draw_latents(n, stream)
    if threshold is None:
        return latents
    return truncate(latents, net.latent_dim, threshold)


def truncate(latents: torch.Tensor, width: int, threshold: float) -> torch.Tensor:
    """Return latents whose first `width` values follow the truncated normal.

    It is the distribution of values drawn anew until they lie within the threshold
    (Brock et al., 2019, section 3.1), reached without drawing: a value keeps its rank,
    so a row of one seed changes smoothly with the threshold.
    """
    values = latents[:, :width].double()
    low, high = torch.special.ndtr(values.new_tensor([-threshold, threshold]))
    ranks = low + (high - low) * torch.special.ndtr(values)
    bounded = torch.special.ndtri(ranks).clamp(-threshold, threshold)
    return torch.cat([bounded.to(latents.dtype), latents[:, width:]], dim=1)
