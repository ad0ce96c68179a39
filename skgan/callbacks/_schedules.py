"""Schedules: what changes on the way, for either network."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any

from skorch.callbacks import Callback
from skorch.callbacks import LRScheduler as _SkorchLRScheduler

from skgan.callbacks._processes import agree

Curve = Callable[[float, float, float], float]


def constant(start: float, end: float, progress: float) -> float:
    """`start` all the way."""
    return start


def linear(start: float, end: float, progress: float) -> float:
    """Straight from `start` to `end`."""
    return start + (end - start) * progress


def cosine(start: float, end: float, progress: float) -> float:
    """Half a cosine from `start` to `end`: Loshchilov and Hutter (2017), eq. 5."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def geometric(start: float, end: float, progress: float) -> float:
    """From `start` to `end` by equal factors."""
    return start * (end / start) ** progress


CURVES: dict[str, Curve] = {
    "constant": constant,
    "cosine": cosine,
    "geometric": geometric,
    "linear": linear,
}


def check_schedule(
    learning_rate=None, penalty_weight=None, beta2=None
) -> dict[str, tuple | None]:
    """Return the schedules of `Annealing` as a dict, or raise."""
    schedules = {
        "learning_rate": learning_rate,
        "penalty_weight": penalty_weight,
        "beta2": beta2,
    }
    for name, schedule in schedules.items():
        if schedule is None:
            continue
        form = "(curve, start, end)" if name == "beta2" else "(curve, factor)"
        length = form.count(",") + 1
        if not isinstance(schedule, tuple | list) or len(schedule) != length:
            raise ValueError(
                f"schedule of {name} must be a tuple {form} or None, got {schedule!r}."
            )
        curve, *values = schedule
        if not isinstance(curve, str) or curve not in CURVES:
            raise ValueError(
                f"schedule of {name}: curve {curve!r} is not known; choose one of "
                f"{sorted(CURVES)}."
            )
        _check_values(name, curve, values)
    return schedules


def _check_values(name: str, curve: str, values: list) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise ValueError(f"schedule of {name} must hold numbers, got {value!r}.")
        if not 0 <= float(value) < (1 if name == "beta2" else math.inf):
            bound = "and less than 1 " if name == "beta2" else ""
            raise ValueError(
                f"schedule of {name} must be finite, at least 0 {bound}all the way; "
                f"got {value!r}."
            )
    if curve == "geometric" and not all(values):
        raise ValueError(
            f"schedule of {name}: equal factors lead neither to 0 nor away from it; "
            "choose 'linear' or 'cosine', or a value above 0."
        )


class Progress:
    """How much of a schedule is done, by updates or by the clock.

    Parameters
    ----------
    total : int
        Generator updates of the whole fit.
    max_time : float or None, default=None
        Seconds of the whole fit; the larger of the two shares counts.
    """

    def __init__(self, total: int, max_time: float | None = None):
        self.total, self.max_time = total, max_time
        self.n_updates, self.start = 0, time.perf_counter()
        # Updates, seconds and share from which the schedule goes on.
        self.since: tuple[int, float, float] = (0, 0.0, 0.0)

    @property
    def seconds(self) -> float:
        """Seconds used up."""
        return time.perf_counter() - self.start

    @property
    def share(self) -> float:
        """Share of the schedule that is done, from 0 to 1."""
        n, seconds, first = self.since
        share = (self.n_updates - n) / max(self.total - n, 1)
        if self.max_time is not None:
            left = max(self.max_time - seconds, 1e-9)
            share = max(share, (self.seconds - seconds) / left)
        return first + (1 - first) * min(share, 1.0)

    def go_back(self, share: float) -> None:
        """Go on as if a share were done, in what is left of the fit."""
        self.since = (self.n_updates, self.seconds, share)

    def get_state(self) -> dict[str, Any]:
        """Return what a fit that goes on elsewhere has to know."""
        return {
            "n_updates": self.n_updates,
            "seconds": self.seconds,
            "since": list(self.since),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.n_updates = state["n_updates"]
        self.start = time.perf_counter() - state["seconds"]
        n, seconds, share = state.get("since", (0, 0.0, 0.0))
        self.since = (n, seconds, share)


class Annealing(Callback):
    """Move learning rates, Adam's β2 and the penalty's weight over the whole fit.

    Parameters
    ----------
    total : int
        Generator updates of the whole fit.
    max_time : float or None, default=None
        Seconds of the whole fit; progress is the larger of the two shares used up.
    learning_rate, penalty_weight : tuple or None, default=None
        ``(curve, factor)``: a key of ``CURVES``, and the factor by which the value
        has changed at the end. None leaves it alone.
    beta2 : tuple or None, default=None
        ``(curve, start, end)``, for optimizers with ``betas``.

    Examples
    --------
    >>> from skgan.callbacks import Annealing
    >>> Annealing(1000, learning_rate=("cosine", 0.02)).total
    1000
    """

    def __init__(
        self,
        total: int,
        max_time: float | None = None,
        learning_rate: tuple[str, float] | None = None,
        penalty_weight: tuple[str, float] | None = None,
        beta2: tuple[str, float, float] | None = None,
    ):
        self.total = total
        self.max_time = max_time
        self.learning_rate = learning_rate
        self.penalty_weight = penalty_weight
        self.beta2 = beta2

    def on_train_begin(self, net, **kwargs):
        """Start from the values that the net was given."""
        check_schedule(self.learning_rate, self.penalty_weight, self.beta2)
        self.progress_ = Progress(self.total, self.max_time)
        for group in self._groups(net):
            # A fit that goes on starts from the top, not from where the last ended.
            group.setdefault("initial_lr", group["lr"])

    def get_training_state(self):
        """Return the updates and seconds used up."""
        return self.progress_.get_state()

    def set_training_state(self, net, state):
        """Go on from the updates and seconds used up."""
        self.progress_.set_state(state)

    def on_batch_begin(self, net, training=True, **kwargs):
        """Set the values of the step that comes."""
        if not training:
            return
        progress = self.progress_.share
        if self.max_time is not None:
            progress = agree(net, progress)
        self.progress_.n_updates += 1
        if self.learning_rate is not None:
            curve, factor = self.learning_rate
            for group in self._groups(net):
                start = group["initial_lr"]
                group["lr"] = CURVES[curve](start, start * factor, progress)
        if self.penalty_weight is not None and net.penalty_weight > 0:
            curve, factor = self.penalty_weight
            start = net.penalty_weight
            net.penalty_weight_ = CURVES[curve](start, start * factor, progress)
        if self.beta2 is not None:
            curve, start, end = self.beta2
            for group in self._groups(net):
                if "betas" in group:
                    beta2 = CURVES[curve](start, end, progress)
                    group["betas"] = (group["betas"][0], beta2)

    @staticmethod
    def _groups(net):
        for optimizer in (net.optimizer_generator_, net.optimizer_discriminator_):
            yield from optimizer.param_groups


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

    @property
    def kwargs(self):
        """What the scheduler itself is made with."""
        return {k: v for k, v in super().kwargs.items() if k != "network"}

    def _get_scheduler(self, net, policy, **scheduler_kwargs):
        return super()._get_scheduler(
            _OneNetwork(net, self.network), policy, **scheduler_kwargs
        )


class _OneNetwork:
    """The part of a net that a scheduler looks at, for one of its optimizers."""

    def __init__(self, net, network: str):
        self.optimizer_ = getattr(net, f"optimizer_{network}_")
        self.history = net.history


class AugmentationRamp(Callback):
    """Raise the share of images that are augmented from 0 to where it stays.

    A network that has just begun learns more from clean images; one that has seen
    them all often needs them changed. The share follows the updates alone: how sure
    the discriminator is says nothing under a relativistic loss.

    Parameters
    ----------
    n_updates : int
        Generator updates until the share is reached.
    probability : float, default=0.5
        The share, in [0, 1]. The net's ``augmentation`` must take it as a keyword, as
        those of images in `skgan.objectives.AUGMENTATIONS` do.

    References
    ----------
    .. [1] Karras et al., "Training Generative Adversarial Networks with Limited
       Data", NeurIPS 2020, section 3.

    Examples
    --------
    >>> from skgan import GANSampler
    >>> from skgan.callbacks import AugmentationRamp
    >>> sampler = GANSampler(
    ...     net_params={"augmentation": "translation"},
    ...     callbacks=[AugmentationRamp(1000, probability=0.4)],
    ... )
    """

    def __init__(self, n_updates: int, probability: float = 0.5):
        self.n_updates = n_updates
        self.probability = probability

    def on_train_begin(self, net, **kwargs):
        """Start from clean images."""
        if net.augmentation_ is None:
            raise ValueError(
                "AugmentationRamp raises the share of images that the net augments, "
                "and it augments none; set net_params={'augmentation': 'translation'}."
            )
        self.augment_ = net.augmentation_
        self.n_done_ = 0

    def on_batch_begin(self, net, training=True, **kwargs):
        """Set the share of the step that comes."""
        if not training:
            return
        share = min(1.0, self.n_done_ / max(1, self.n_updates))
        net.augmentation_ = partial(self.augment_, probability=share * self.probability)
        self.n_done_ += 1

    def on_train_end(self, net, **kwargs):
        """Give the net its augmentation back."""
        net.augmentation_ = self.augment_
