"""What "auto" stands for, given the data at hand, and the check of what is set."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import torch

from skgan._validation import check_dims, check_integer, check_real


class Settings(NamedTuple):
    """What one fit trains with: no "auto" is left."""

    latent_dim: int
    hidden_dims: tuple[int, ...]
    generator: str | type
    discriminator: str | type
    penalty_weight: float
    learning_rate: float
    batch_size: int
    max_iter: int
    n_discriminator_steps: int
    average_halflife: float | None
    device: str


def resolve_settings(estimator, n_rows: int, tensor_shape: tuple[int, ...]) -> Settings:
    """Check the parameters of `estimator` and replace each "auto".

    Parameters
    ----------
    estimator : BaseGANSampler
        Whose parameters are looked at.
    n_rows : int
        Rows that are trained on.
    tensor_shape : tuple of int
        Shape of one encoded row.

    Returns
    -------
    Settings

    Raises
    ------
    TypeError
        If a parameter is of the wrong type.
    ValueError
        If a parameter is out of its range.
    """
    n_inputs = prod(tensor_shape)
    is_image = len(tensor_shape) > 1

    def choose(name: str, automatic):
        value = getattr(estimator, name)
        return automatic if isinstance(value, str) and value == "auto" else value

    width = 256 if n_inputs > 32 else 128
    halflife = choose("average_halflife", 500.0)
    return Settings(
        latent_dim=check_integer(
            "latent_dim", choose("latent_dim", 64 if n_inputs > 32 else 32), 1
        ),
        hidden_dims=check_dims("hidden_dims", choose("hidden_dims", (width, width))),
        generator=choose("generator", "residual_mlp"),
        discriminator=choose("discriminator", "residual_mlp"),
        penalty_weight=check_real(
            "penalty_weight", choose("penalty_weight", 1.0 if is_image else 0.1), 0
        ),
        learning_rate=check_real(
            "learning_rate", choose("learning_rate", 5e-4), 0, strict=True
        ),
        batch_size=min(
            check_integer("batch_size", choose("batch_size", 128), 1), n_rows
        ),
        max_iter=check_integer("max_iter", choose("max_iter", 3000), 1),
        n_discriminator_steps=check_integer(
            "n_discriminator_steps", estimator.n_discriminator_steps, 1
        ),
        average_halflife=None
        if halflife is None
        else check_real("average_halflife", halflife, 0),
        device=resolve_device(estimator.device),
    )


def resolve_device(device: str | torch.device) -> str:
    """Return the name of a device; "auto" is CUDA where there is one, else the CPU.

    Raises
    ------
    ValueError
        If PyTorch knows no such device or finds none.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device!r} cannot be used: {error}") from error
    return str(device)
