"""What happens between steps: averaging, schedules for either network, progress."""

from __future__ import annotations

import time

import torch
from skorch.callbacks import Callback
from skorch.callbacks import LRScheduler as _SkorchLRScheduler
from tqdm.auto import tqdm

__all__ = ["GeneratorAverage", "LRScheduler", "TrainingProgress"]


class GeneratorAverage(Callback):
    """Keep an exponential average of the generator's weights.

    Parameters
    ----------
    halflife : float
        Generator updates after which a weight's share has halved. It is ramped up
        from 0, at a third of the updates seen so far, so that the average forgets
        the start.

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
        halflife = min(self.halflife, self.n_updates_ / 3)
        share = 1 - 0.5 ** (1 / halflife) if halflife > 0 else 1.0
        average, current = net.averaged_generator_, net.generator_
        with torch.no_grad():
            torch._foreach_lerp_(
                list(average.parameters()), list(current.parameters()), share
            )
            for mean, value in zip(average.buffers(), current.buffers(), strict=True):
                mean.copy_(value)


class LRScheduler(_SkorchLRScheduler):
    """skorch's learning-rate scheduler, for the network of one's choice.

    Parameters
    ----------
    policy : str or type, default="WarmRestartLR"
        As in `skorch.callbacks.LRScheduler`.
    network : {"generator", "discriminator"}, default="generator"
        Whose optimizer is scheduled.
    **kwargs
        As in `skorch.callbacks.LRScheduler`; the event's name is that of the
        network followed by ``_lr``.

    Examples
    --------
    >>> from skgan.callbacks import LRScheduler
    >>> from torch.optim.lr_scheduler import StepLR
    >>> LRScheduler(StepLR, network="discriminator", step_size=10).event_name
    'discriminator_lr'
    """

    def __init__(self, policy="WarmRestartLR", network="generator", **kwargs):
        kwargs.setdefault("event_name", f"{network}_lr")
        super().__init__(policy=policy, **kwargs)
        self.network = network

    def _get_scheduler(self, net, policy, **scheduler_kwargs):
        return super()._get_scheduler(
            _OneNetwork(net, self.network), policy, **scheduler_kwargs
        )


class _OneNetwork:
    """The part of a net that a scheduler looks at, for one of its optimizers."""

    def __init__(self, net, network: str):
        self.optimizer_ = getattr(net, f"optimizer_{network}_")
        self.history = net.history


class TrainingProgress(Callback):
    """One progress bar over all updates, with both losses and the time left.

    Parameters
    ----------
    total : int
        Generator updates of the whole fit.
    interval : float, default=0.2
        Seconds between refreshes; steps in between cost a clock reading.
    score_name : str, default="valid_score"
        Shown too where the history has it.
    """

    def __init__(self, total: int, interval: float = 0.2, score_name="valid_score"):
        self.total = total
        self.interval = interval
        self.score_name = score_name

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(total=self.total, unit="update", mininterval=0)
        self.n_updates_ = 0
        self.next_refresh_ = 0.0

    def on_batch_end(self, net, training=True, **kwargs):
        """Count an update, and show it if the last refresh is long ago."""
        if not training:
            return
        self.n_updates_ += 1
        if time.perf_counter() >= self.next_refresh_:
            self._refresh(net)

    def on_train_end(self, net, **kwargs):
        """Close the bar at what was reached."""
        if net.history:
            self._refresh(net)
        self.bar_.close()
        self.bar_ = None

    def _refresh(self, net):
        last = net.history[-1]["batches"][-1:] or [{}]
        shown = {
            short: f"{last[0][name]:.3f}"
            for short, name in (("D", "discriminator_loss"), ("G", "generator_loss"))
            if name in last[0]
        }
        scores = [row[self.score_name] for row in net.history if self.score_name in row]
        if scores:
            shown["score"] = f"{scores[-1]:.4g}"
        self.bar_.set_postfix(shown, refresh=False)
        self.bar_.update(self.n_updates_ - self.bar_.n)
        self.next_refresh_ = time.perf_counter() + self.interval
