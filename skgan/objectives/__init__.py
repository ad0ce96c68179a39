"""Losses and penalties: pure functions from tensors to a scalar, by name.

Adding a loss is one function pair and one line in `LOSSES`; adding a penalty is
one function and one line in `PENALTIES`.
"""

from skgan.objectives._losses import LOSSES, Loss, resolve_loss
from skgan.objectives._penalties import PENALTIES, Penalty, resolve_penalty

__all__ = [
    "LOSSES",
    "PENALTIES",
    "Loss",
    "Penalty",
    "resolve_loss",
    "resolve_penalty",
]
