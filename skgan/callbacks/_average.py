"""The average of the generator's weights."""

from __future__ import annotations

import torch
from skorch.callbacks import Callback

_RAMP = 0.05


class GeneratorAverage(Callback):
    """Keep an exponential average of the generator's weights.

    Parameters
    ----------
    halflife : float
        Generator updates after which a weight's share has halved. It is ramped up
        from 0, at a twentieth of the updates seen so far, so that the average
        forgets the start.

    References
    ----------
    .. [1] Yazici et al., "The Unusual Effectiveness of Averaging in GAN Training",
       ICLR 2019, eq. 2.
    """

    def __init__(self, halflife: float):
        self.halflife = halflife

    def initialize(self):
        """Start counting updates anew."""
        self.n_updates_ = 0
        return self

    def on_batch_end(self, net, training=True, **kwargs):
        """Move the average towards the generator."""
        if not training:
            return
        self.n_updates_ += 1
        halflife = min(self.halflife, _RAMP * self.n_updates_)
        share = 1 - 0.5 ** (1 / halflife) if halflife > 1e-3 else 1.0
        average, current = net.averaged_generator_, net.generator_
        with torch.no_grad():
            torch._foreach_lerp_(
                list(average.parameters()), list(current.parameters()), share
            )
            for mean, value in zip(average.buffers(), current.buffers(), strict=True):
                mean.copy_(value)
