"""Adversarial losses, each a pair of functions of the discriminator's logits.

Every function takes ``(real_logits, fake_logits)`` and returns a scalar to be
*minimised*. A generator's loss that does not look at real rows gets ``None`` for
``real_logits``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import relu, softplus

from skgan._estimator import persistent

LossFunction = Callable[[Tensor, Tensor], Tensor]


@persistent()
class Loss(NamedTuple):
    """What the two networks minimise.

    Parameters
    ----------
    discriminator : callable
        ``discriminator(real_logits, fake_logits) -> scalar``.
    generator : callable
        ``generator(real_logits, fake_logits) -> scalar``; ``real_logits`` is
        None unless `pairs_real` is true.
    pairs_real : bool, default=False
        Whether the generator's loss compares fake rows with real ones. It costs
        a forward pass of real rows in the generator's step.

    Examples
    --------
    >>> import torch
    >>> from skgan.objectives import LOSSES
    >>> logits = torch.zeros(4, 1)
    >>> round(float(LOSSES["minimax"].discriminator(logits, logits)), 4)  # 2 log 2
    1.3863
    """

    discriminator: LossFunction
    generator: Callable[..., Tensor]
    pairs_real: bool = False


def minimax_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """-E log D(x) - E log(1 - D(G(z))): Goodfellow et al. (2014), eq. 1."""
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def minimax_generator(real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
    """E log(1 - D(G(z))): Goodfellow et al. (2014), eq. 1."""
    return -softplus(fake_logits).mean()


def nonsaturating_generator(real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
    """-E log D(G(z)): Goodfellow et al. (2014), section 3."""
    return softplus(-fake_logits).mean()


def least_squares_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Squared distance to 1 on real, to 0 on fake: Mao et al. (2017), eq. 9."""
    return ((real_logits - 1).square().mean() + fake_logits.square().mean()) / 2


def least_squares_generator(real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
    """Squared distance to 1 on fake: Mao et al. (2017), eq. 9."""
    return (fake_logits - 1).square().mean() / 2


def hinge_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Margins of one on either side: Lim and Ye (2017), eq. 3."""
    return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()


def wasserstein_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E D(G(z)) - E D(x): Arjovsky et al. (2017), eq. 2."""
    return fake_logits.mean() - real_logits.mean()


def negated_logit_generator(real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
    """-E D(G(z)): Arjovsky et al. (2017), alg. 1; Lim and Ye (2017), eq. 4."""
    return -fake_logits.mean()


def relativistic_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Softplus of the fake row's lead: Jolicoeur-Martineau (2018), eq. 7."""
    return softplus(fake_logits - real_logits).mean()


def relativistic_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Softplus of the real row's lead: Jolicoeur-Martineau (2018), eq. 8."""
    return softplus(real_logits - fake_logits).mean()


LOSSES: dict[str, Loss] = {
    "minimax": Loss(minimax_discriminator, minimax_generator),
    "nonsaturating": Loss(minimax_discriminator, nonsaturating_generator),
    "least_squares": Loss(least_squares_discriminator, least_squares_generator),
    "hinge": Loss(hinge_discriminator, negated_logit_generator),
    "wasserstein": Loss(wasserstein_discriminator, negated_logit_generator),
    "relativistic": Loss(
        relativistic_discriminator, relativistic_generator, pairs_real=True
    ),
}


def smoothed_discriminator(
    real_logits: Tensor, fake_logits: Tensor, smoothing: float
) -> Tensor:
    """Binary cross-entropy with real labels lowered: Salimans et al. (2016), 3.4."""
    real = (1 - smoothing) * softplus(-real_logits) + smoothing * softplus(real_logits)
    return real.mean() + softplus(fake_logits).mean()


def label_smoothing(smoothing: float = 0.1) -> Loss:
    """Return the non-saturating loss with one-sided label smoothing.

    Parameters
    ----------
    smoothing : float, default=0.1
        How much the label of real rows is lowered from 1, in [0, 0.5).

    Returns
    -------
    Loss

    Raises
    ------
    ValueError
        If `smoothing` is out of its range.

    References
    ----------
    .. [1] Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016,
       section 3.4.

    Examples
    --------
    >>> from skgan import GANSampler
    >>> from skgan.objectives import label_smoothing
    >>> sampler = GANSampler(loss=label_smoothing(0.2), penalty=None)
    """
    if not 0 <= smoothing < 0.5:
        raise ValueError(f"smoothing must be in [0, 0.5), got {smoothing!r}.")
    discriminator = partial(smoothed_discriminator, smoothing=smoothing)
    return Loss(discriminator, nonsaturating_generator)


def resolve_loss(loss: str | tuple) -> Loss:
    """Return the `Loss` behind a name, or the user's own pair of functions.

    Parameters
    ----------
    loss : str or tuple
        A key of `LOSSES`, or ``(discriminator, generator[, pairs_real])``.

    Returns
    -------
    Loss

    Raises
    ------
    ValueError
        If the name is not registered.
    TypeError
        If `loss` is neither a name nor a pair of callables.
    """
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ValueError(
                f"loss={loss!r} is not known; choose one of {sorted(LOSSES)} or pass "
                "a pair of functions (discriminator, generator)."
            )
        return LOSSES[loss]
    if isinstance(loss, tuple) and len(loss) in (2, 3) and all(map(callable, loss[:2])):
        return Loss(*loss)
    raise TypeError(
        "loss must be a name or a tuple (discriminator, generator[, pairs_real]) of "
        f"functions of (real_logits, fake_logits); got {loss!r}."
    )
