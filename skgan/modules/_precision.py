"""Where half precision stops."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def apply_head(head: nn.Linear, features: Tensor) -> Tensor:
    """Apply a last layer in the precision of its weights, autocast or not.

    Eight bits of a logit are too few for a loss; the wide layers before it gain most
    and lose least.
    """
    kind = features.device.type
    if not torch.is_autocast_enabled(kind):
        return head(features)
    with torch.autocast(kind, enabled=False):
        return head(features.to(head.weight.dtype))
