"""Losses, penalties and augmentations: pure functions of tensors, by name.

Adding a loss is one function pair and one line in `LOSSES`; adding a penalty is
one function and one line in `PENALTIES`; so it is for `AUGMENTATIONS`.
"""

from skgan.objectives._augmentations import (
    AUGMENTATIONS,
    color,
    cutout,
    diffaugment,
    instance_noise,
    resolve_augmentation,
    swap_neighbors,
    translation,
    warp,
)
from skgan.objectives._information import (
    categorical_code_loss,
    clustering_loss,
    continuous_code_loss,
)
from skgan.objectives._losses import LOSSES, Loss, label_smoothing, resolve_loss
from skgan.objectives._moments import MomentMatching

# For the nets; not part of the public surface.
from skgan.objectives._penalties import BATCH_HALVES as BATCH_HALVES
from skgan.objectives._penalties import PENALTIES, Penalty, resolve_penalty
from skgan.objectives._penalties import (
    squared_gradient_norms as squared_gradient_norms,
)

__all__ = [
    "AUGMENTATIONS",
    "LOSSES",
    "PENALTIES",
    "Loss",
    "MomentMatching",
    "Penalty",
    "categorical_code_loss",
    "clustering_loss",
    "color",
    "continuous_code_loss",
    "cutout",
    "diffaugment",
    "instance_noise",
    "label_smoothing",
    "resolve_augmentation",
    "resolve_loss",
    "resolve_penalty",
    "swap_neighbors",
    "translation",
    "warp",
]
