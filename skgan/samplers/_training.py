"""One fit: its data, and the way from settings to a trained net, with its callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import torch

from skgan._deadline import Deadline
from skgan.callbacks import (
    Annealing,
    DivergenceGuard,
    GradientNorms,
    HeldOutScore,
    MomentCalibration,
    TimeLimit,
    TrainingProgress,
)
from skgan.encoding import BaseEncoder
from skgan.loader import BatchLoader
from skgan.modules import DISCRIMINATORS, GENERATORS, resolve_network
from skgan.nets import AdversarialNet, Processes, is_first_process
from skgan.priors import BasePrior
from skgan.samplers._auto import Settings
from skgan.samplers._fit_tasks import FitTasks
from skgan.samplers._named_rows import NamedRows
from skgan.samplers._stages import PriorColumns

# A fit is divided into so many epochs, at whose end it is watched, but none has fewer
# updates than this: what happens at their ends must not cost more than they do.
_N_EPOCHS = 100
_MIN_UPDATES = 100
# Held-out scores of a fit.
_N_SCORES = 20
_MEMORY_ADVICE = (
    "One step of training did not fit: lower batch_size, then hidden_dims, set "
    "net_params={'precision': 'bfloat16'}, or fit with device='cpu'. What was learnt "
    "so far can sample and, with warm_start=True, go on."
)


@dataclass
class FitData:
    """What a fit learns from, read once."""

    X: Any
    encoder: BaseEncoder
    labels: Any
    target: Any
    seeds: Any
    is_warm_start: bool
    deadline: Deadline = field(default_factory=Deadline)
    held_out: Any = None
    rows: Any = None
    conditions: Any = None
    # Masks of the given cells of training rows, and the groups that are to be balanced.
    given: Any = None
    groups: Any = None
    settings: Any = None
    net_params: Any = None
    columns: PriorColumns | None = None
    prior: BasePrior | None = None
    tasks: FitTasks | None = None
    restarts: Any = None
    prior_seconds: float = 0.0
    # Reads the rows that X named and that were not kept.
    named: NamedRows | None = None
    # The processes that share the fit; None where this one is alone.
    processes: Processes | None = None

    def on_first_process(self, function: Callable[[], Any]) -> Any:
        """Return what a function gives, found by one process for all of them."""
        if self.processes is None:
            return function()
        return self.processes.on_first(function)


def net_from_settings(
    settings: Settings,
    tensor_shape: tuple[int, ...],
    seed: int,
    net_params: dict | None = None,
    data_params: dict | None = None,
    net_class: type[AdversarialNet] = AdversarialNet,
) -> AdversarialNet:
    """Return an initialised net; the user's `net_params` come last."""
    params = {
        "generator": resolve_network(settings.generator, GENERATORS, "generator"),
        "discriminator": resolve_network(
            settings.discriminator, DISCRIMINATORS, "discriminator"
        ),
        "generator__output_shape": tensor_shape,
        "discriminator__input_shape": tensor_shape,
        "latent_dim": settings.latent_dim,
        "loss": settings.loss,
        "penalty": settings.penalty,
        "penalty_weight": settings.penalty_weight,
        "n_discriminator_steps": settings.n_discriminator_steps,
        "average_halflife": settings.average_halflife,
        "lr": settings.learning_rate,
        "batch_size": settings.batch_size,
        "device": settings.device,
        "random_state": seed,
        "callbacks__print_log": None,
        "verbose": 0,
        "precision": settings.precision,
        **settings.net_params,
        **(data_params or {}),
        **(net_params or {}),
    }
    if not hasattr(params["generator"], "with_expectation"):
        params["matching"] = None
    params.setdefault("generator__hidden_dims", settings.hidden_dims)
    params.setdefault("discriminator__hidden_dims", settings.discriminator_dims)
    for name in ("generator", "discriminator"):
        params.setdefault(f"{name}__condition_dim", 0)
        if params.get(f"optimizer_{name}") in (None, torch.optim.Adam):
            params.setdefault(f"optimizer_{name}__fused", True)
            params.setdefault(f"optimizer_{name}__betas", settings.betas)
    return net_class(**params).initialize()


def continue_net(
    net: AdversarialNet, settings: Settings, net_params: dict | None
) -> None:
    """Give a trained net the settings that can change between fits."""
    changed = {
        "lr": settings.learning_rate,
        "loss": settings.loss,
        "penalty": settings.penalty,
        "penalty_weight": settings.penalty_weight,
        "batch_size": settings.batch_size,
        "n_discriminator_steps": settings.n_discriminator_steps,
    }
    user_params = net_params or {}
    net.set_params(
        **{name: value for name, value in changed.items() if name not in user_params}
    )


def make_callbacks(
    settings: Settings,
    callbacks,
    verbose: int,
    scorer=None,
    n_scores: int = _N_SCORES,
    calibrates: bool = True,
    tasks: FitTasks | None = None,
    restarts: Any = None,
) -> list:
    """Return the callbacks of one fit, the user's among them.

    Callbacks that measure come before those that stop a fit, which keep later ones
    from seeing the epoch's end.
    """
    chosen = [
        *([("calibration", MomentCalibration())] if calibrates else []),
        ("gradient_norms", GradientNorms()),
        *(callbacks or ()),
    ]
    if settings.schedule:
        annealing = Annealing(settings.max_iter, settings.max_time, **settings.schedule)
        chosen.insert(0, ("annealing", annealing))
    if verbose:
        chosen.append(
            ("progress", TrainingProgress(settings.max_iter, losses=verbose >= 2))
        )
    if tasks is not None:
        chosen.append(("fit_tasks", tasks))
    if restarts is not None:
        chosen.append(("restarts", restarts))
    chosen.append(("guard", DivergenceGuard()))
    if scorer is not None:
        n_epochs = -(-settings.max_iter // epoch_length(settings.max_iter))
        every = max(1, n_epochs // n_scores)
        watch = HeldOutScore(scorer, every, settings.n_iter_no_change)
        chosen.append(("watch", watch))
    if settings.max_time is not None:
        chosen.append(("time_limit", TimeLimit(settings.max_time)))
    return chosen


def epoch_length(max_iter: int) -> int:
    """Return the generator updates of one epoch."""
    return min(max(max_iter // _N_EPOCHS, _MIN_UPDATES), max_iter)


def count_epochs(
    net: AdversarialNet, settings: Settings, net_params: dict | None
) -> int:
    """Return how many epochs a fit has, unless something ends it before."""
    if not settings.max_iter:
        return 0
    return int(_lengths(net, settings.max_iter, net_params or {})["max_epochs"])


def _lengths(net: AdversarialNet, max_iter: int, net_params: dict) -> dict[str, Any]:
    """How many epochs of how many updates; the user's own come first.

    The shorter of both ends a fit: after `max_iter` updates no epoch has a batch.
    """
    n_batches, n_total = "iterator_train__n_batches", "iterator_train__n_total"
    per_epoch = net_params.get(n_batches) or epoch_length(max_iter)
    n_epochs = -(-max_iter // per_epoch)
    if net.iterator_train is not BatchLoader:
        return {"max_epochs": net_params.get("max_epochs", n_epochs)}
    lengths = {n_batches: per_epoch, n_total: max_iter, "max_epochs": n_epochs}
    if n_total in net_params or "max_epochs" not in net_params:
        return {**lengths, **{k: net_params[k] for k in lengths if k in net_params}}
    lengths["max_epochs"] = min(n_epochs, net_params["max_epochs"])
    return lengths


def train(
    net: AdversarialNet,
    rows: torch.Tensor,
    settings: Settings,
    callbacks: list,
    net_params: dict,
    conditions: torch.Tensor | None = None,
    groups: torch.Tensor | None = None,
) -> None:
    """Train `net` on encoded rows for ``settings.max_iter`` more generator updates.

    Rows of each of `groups` get the same share of the batches. After an error the net
    is as the last whole step has left it, and can sample.
    """
    lengths: dict[str, Any] = {}
    if net.iterator_train is BatchLoader:
        lengths["iterator_train__groups"] = groups
    net.set_params(
        **{k: v for k, v in lengths.items() if k not in net_params},
        **_lengths(net, settings.max_iter, net_params),
    )
    user_callbacks = net_params.get("callbacks") or []
    kept = (
        user_callbacks if user_callbacks == "disable" else [*callbacks, *user_callbacks]
    )
    checkpoint = settings.checkpoint
    # Runs last, so that the checkpoint holds the other callbacks' end-of-epoch state.
    net.replace_callbacks(kept if checkpoint is None else [*kept, checkpoint])
    try:
        with advice_on_memory():
            net.partial_fit(rows, conditions)
        if checkpoint is not None and not net.interrupted_ and is_first_process():
            checkpoint.finish()
    except Exception:
        net.zero_grad()
        # Callbacks let go of rows, and what was learnt can sample.
        with suppress(Exception):
            net.notify("on_train_end", X=rows, y=conditions)
        raise
    finally:
        net.eval()
        _drop_callbacks(net, kept, checkpoint)
        # The watch holds the rows held out, which a pickle should not carry.
        for _, callback in net.callbacks_:
            if isinstance(callback, HeldOutScore):
                callback.scorer = None


def interruption(name: str, n_updates: int) -> KeyboardInterrupt:
    """Return the user's interruption of a fit, with what can be done next."""
    error = KeyboardInterrupt()
    error.add_note(
        f"Training ended after {n_updates} updates. The {name} can sample and be "
        "saved; partial_fit(X) trains it further."
    )
    return error


@contextmanager
def advice_on_memory() -> Iterator[None]:
    """Say what to do where a step does not fit into a device's memory."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise type(error)(f"{error} {_MEMORY_ADVICE}") from error


def _drop_callbacks(net: AdversarialNet, kept, checkpoint) -> None:
    """Take out the callbacks that are of one fit alone."""

    def stays(callback) -> bool:
        callback = callback[1] if isinstance(callback, tuple) else callback
        return callback is not checkpoint and not isinstance(callback, FitTasks)

    net.callbacks = kept if isinstance(kept, str) else [c for c in kept if stays(c)]
    net.callbacks_ = [c for c in net.callbacks_ if stays(c)]
