"""Giving generated rows the mean and covariance of those trained on."""

from __future__ import annotations

from typing import Any

import torch
from skorch.callbacks import Callback

_LATENTS_A_GROUP = 1024
_MAX_LATENTS = 8192
# Variances need fewer latents than covariances, and of wide rows many are large.
_FEWEST_LATENTS, _MAX_CELLS = 256, 2**20


class MomentCalibration(Callback):
    """Calibrate a generator that can be to the moments of the rows trained on.

    The averaged generator, where there is one, gets them at the end of each epoch,
    before it is scored, and at the end of training. Generators without a method
    ``calibrate``, and conditional ones without moments of their own, are left alone.
    The covariance is drawn towards the identity the fewer rows there are; that of a
    class towards all classes'.

    Parameters
    ----------
    n_latents : int, default=4096
        Latents that the generator's own moments are measured on.
    """

    def __init__(self, n_latents: int = 4096):
        self.n_latents = n_latents

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Measure the rows."""
        self.wanted_: tuple[Any, ...] | None = None
        generator = net.sampling_generator_
        if not hasattr(generator, "calibrate"):
            return
        rows = torch.as_tensor(X).flatten(1).double()
        has_conditions = getattr(generator, "condition_dim", 0) > 0
        if hasattr(generator, "moments_of"):
            conditions = rows.new_empty((len(rows), 0), dtype=torch.float32)
            if has_conditions:
                conditions = torch.as_tensor(y)
            self._measure_conditions(net, generator, rows, conditions)
            return
        if has_conditions:
            return
        n, d = rows.shape
        n_latents = self.n_latents
        if getattr(generator, "has_variances", False):
            covariance, n_latents = rows.var(0, correction=0), _limit(n_latents, d)
        else:
            covariance = torch.atleast_2d(torch.cov(rows.T, correction=0))
            identity = torch.eye(d, device=rows.device)
            covariance = (n * covariance + d * identity) / (n + d)
        # A stream of its own: measuring must not change what is trained.
        stream = torch.Generator().manual_seed(0)
        latents = _draw_balanced(net, n_latents // 2, stream)
        wanted = (latents, rows.mean(0), covariance)
        self.wanted_ = tuple(tensor.to(net.device) for tensor in wanted)

    def _measure_conditions(self, net, generator, rows, conditions) -> None:
        """Measure the rows under conditions; every class gets as many latents."""
        wanted = generator.moments_of(rows, conditions, generator.class_widths)
        stream = torch.Generator().manual_seed(0)
        groups = generator.groups(conditions)
        half = max(self.n_latents, _LATENTS_A_GROUP * generator.n_groups) // 2
        half = min(half, _MAX_LATENTS)
        if wanted.covariances.ndim == 2:
            half = _limit(half, rows.shape[1])
        weights = 1 / torch.bincount(groups)[groups].double()
        chosen = torch.multinomial(weights, half, replacement=True, generator=stream)
        self.wanted_ = (
            _draw_balanced(net, half, stream),
            conditions[chosen].repeat(2, 1).to(net.device),
            type(wanted)(*(tensor.to(net.device) for tensor in wanted)),
        )

    def get_training_state(self):
        """Return nothing: the rows are measured anew."""
        return {}

    def set_training_state(self, net, state):
        """Do nothing: the rows have been measured."""

    def on_epoch_end(self, net, **kwargs):
        """Calibrate what will be scored."""
        if self.wanted_ is not None:
            net.sampling_generator_.calibrate(*self.wanted_)

    def on_train_end(self, net, **kwargs):
        """Calibrate what was broken off, and let go of the rows' moments."""
        self.on_epoch_end(net)
        self.wanted_ = None


def _limit(n_latents: int, n_entries: int) -> int:
    """Return fewer latents where rows have many numbers."""
    return min(n_latents, max(_FEWEST_LATENTS, _MAX_CELLS // n_entries))


def _draw_balanced(net, n_pairs: int, stream: torch.Generator) -> torch.Tensor:
    """Draw pairs of latents: normal ones with their opposites, which have mean zero."""
    if net.latents is not None:
        return net.draw_latents(2 * n_pairs, stream)
    latents = net.draw_latents(n_pairs, stream)
    return torch.cat([latents, -latents])
