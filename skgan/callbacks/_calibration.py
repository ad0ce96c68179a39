"""Giving generated rows the mean and covariance of those trained on."""

from __future__ import annotations

import torch
from skorch.callbacks import Callback


class MomentCalibration(Callback):
    """Calibrate a generator that can be to the moments of the rows trained on.

    The averaged generator, where there is one, gets them at the end of each epoch,
    before it is scored, and at the end of training. Generators without a method
    ``calibrate``, and conditional ones, are left alone. The covariance is drawn
    towards the identity the fewer rows there are.

    Parameters
    ----------
    n_latents : int, default=4096
        Latents that the generator's own moments are measured on.
    """

    def __init__(self, n_latents: int = 4096):
        self.n_latents = n_latents

    def on_train_begin(self, net, X=None, **kwargs):
        """Measure the rows."""
        self.wanted_: tuple[torch.Tensor, ...] | None = None
        generator = net.sampling_generator_
        is_conditional = getattr(generator, "condition_dim", 0) > 0
        if is_conditional or not hasattr(generator, "calibrate"):
            return
        rows = torch.as_tensor(X).flatten(1).double()
        n, d = rows.shape
        covariance = torch.atleast_2d(torch.cov(rows.T, correction=0))
        identity = torch.eye(d, device=rows.device)
        covariance = (n * covariance + d * identity) / (n + d)
        # A stream of its own: measuring must not change what is trained. Latents and
        # their opposites together have no mean of their own.
        stream = torch.Generator().manual_seed(0)
        half = torch.randn(self.n_latents // 2, net.latent_dim, generator=stream)
        wanted = (torch.cat([half, -half]), rows.mean(0), covariance)
        self.wanted_ = tuple(tensor.to(net.device) for tensor in wanted)

    def on_epoch_end(self, net, **kwargs):
        """Calibrate what will be scored."""
        if self.wanted_ is not None:
            net.sampling_generator_.calibrate(*self.wanted_)

    def on_train_end(self, net, **kwargs):
        """Calibrate what was broken off, and let go of the rows' moments."""
        self.on_epoch_end(net)
        self.wanted_ = None
