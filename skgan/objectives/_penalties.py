"""Gradient penalties: what the discriminator pays for steepness.

A penalty says *where* the gradient of the logit is taken (`points`) and *what* it
costs (`cost`). The gradients themselves are computed in one place,
`squared_gradient_norms`, so that every penalty shares one extra graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from skgan._estimator import persistent


@persistent()
class Penalty(NamedTuple):
    """A cost on the gradient of the discriminator's logit at its input.

    Parameters
    ----------
    cost : callable
        ``cost(squared_norms) -> scalar`` where `squared_norms`, of shape (m,), are
        the squared norms of the gradients at the m points.
    points : callable
        ``points(real, fake, generator) -> tensor`` of shape (m, ...), with a
        `torch.Generator` for what is drawn at random.
    step : float or None, default=None
        None takes gradients exactly, which differentiates twice. A number takes
        ``((D(x + step e) - D(x)) / step) ** 2`` with normal e instead, whose mean is
        the squared norm up to the order of the step's square.
    """

    cost: Callable[[Tensor], Tensor]
    points: Callable[[Tensor, Tensor, torch.Generator | None], Tensor]
    step: float | None = None


def half_mean(squared_norms: Tensor) -> Tensor:
    """Half the mean squared norm, R1 or R2: Mescheder et al. (2018), eq. 9 and 10."""
    return squared_norms.mean() / 2


def half_mean_of_both(squared_norms: Tensor) -> Tensor:
    """R1 + R2, each averaged over its own half: Huang et al. (2024), eq. 3."""
    return squared_norms.mean()


def unit_norm(squared_norms: Tensor) -> Tensor:
    """Squared distance of the norm from one: Gulrajani et al. (2017), eq. 3."""
    # The root's slope is infinite at 0, where a dead discriminator starts.
    return ((squared_norms + 1e-12).sqrt() - 1).square().mean()


def at_real(real: Tensor, fake: Tensor, generator: torch.Generator | None) -> Tensor:
    """Where the data are."""
    return real


def at_fake(real: Tensor, fake: Tensor, generator: torch.Generator | None) -> Tensor:
    """Where the generator puts its mass."""
    return fake


def at_both(real: Tensor, fake: Tensor, generator: torch.Generator | None) -> Tensor:
    """Real rows, then fake ones."""
    return torch.cat([real, fake])


def between(real: Tensor, fake: Tensor, generator: torch.Generator | None) -> Tensor:
    """Uniformly on the segments from real to fake: Gulrajani et al. (2017)."""
    shape = (len(real),) + (1,) * (real.ndim - 1)
    share = torch.rand(shape, generator=generator, device=real.device, dtype=real.dtype)
    return torch.lerp(real, fake, share)


def around_real(
    real: Tensor, fake: Tensor, generator: torch.Generator | None
) -> Tensor:
    """Real rows blurred by half their spread: Kodali et al. (2017), alg. 1."""
    noise = torch.rand(
        real.shape, generator=generator, device=real.device, dtype=real.dtype
    )
    # A single number has no spread.
    return real + 0.5 * real.std(correction=min(1, real.numel() - 1)) * noise


PENALTIES: dict[str, Penalty] = {
    "r1": Penalty(half_mean, at_real),
    "r2": Penalty(half_mean, at_fake),
    "r1+r2": Penalty(half_mean_of_both, at_both),
    "wgan-gp": Penalty(unit_norm, between),
    "dragan": Penalty(unit_norm, around_real),
    "r1+r2-difference": Penalty(half_mean_of_both, at_both, step=0.02),
}


# Whether points are the real and the fake half of the joint batch: the gradient there
# comes from the pass that the loss takes anyway.
BATCH_HALVES: dict[Callable[..., Tensor], tuple[bool, bool]] = {
    at_real: (True, False),
    at_fake: (False, True),
    at_both: (True, True),
}


def squared_gradient_norms(logits: Tensor, inputs: Tensor) -> Tensor:
    """Squared norm, row by row, of the gradient of `logits` at `inputs`."""
    (gradients,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    return gradients.flatten(1).square().sum(1)


def resolve_penalty(penalty: str | tuple | None) -> Penalty | None:
    """Return the `Penalty` behind a name, or the user's own pair of functions.

    Parameters
    ----------
    penalty : str, tuple or None
        A key of `PENALTIES`, a tuple ``(cost, points[, step])``, or None for none.

    Returns
    -------
    Penalty or None

    Raises
    ------
    ValueError
        If the name is not registered.
    TypeError
        If `penalty` is neither a name, None nor a pair of callables.
    """
    if penalty is None:
        return None
    if isinstance(penalty, str):
        if penalty not in PENALTIES:
            raise ValueError(
                f"penalty={penalty!r} is not known; choose one of {sorted(PENALTIES)}, "
                "None, or pass a pair of functions (cost, points)."
            )
        return PENALTIES[penalty]
    if (
        isinstance(penalty, tuple)
        and len(penalty) in (2, 3)
        and all(map(callable, penalty[:2]))
    ):
        return Penalty(*penalty)
    raise TypeError(
        "penalty must be a name, None or a tuple of functions (cost, points[, step]); "
        f"got {penalty!r}."
    )
