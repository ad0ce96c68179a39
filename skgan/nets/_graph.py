"""A whole step as one CUDA graph, replayed with a single launch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from skgan.nets._recording import (
    OPTIMIZERS,
    CUDARecording,
    LiveSettings,
    forget_gradients,
    keep_buffers,
    place_counts,
    snapshot,
)

# Steps taken on the side before one is recorded: libraries choose their algorithms,
# optimizers make their state. They train like any other.
_N_WARM_UP = 3
# Kinds of steps of which each gets a graph, such as those with and without penalty.
_MAX_KINDS = 8
# What a graph has built in, besides the optimizers' settings.
_BUILT_IN = (
    "loss_",
    "penalty_",
    "augmentation_",
    "matching",
    "conditioning",
    "precision",
    "n_discriminator_steps",
    "latent_stream_",
)


def make_step_graph(net) -> StepGraph | None:
    """Return what takes the steps of a fit, None where they are plain.

    Parameters
    ----------
    net : AdversarialNet
        Initialised.

    Returns
    -------
    StepGraph or None
        None unless ``net.cuda_graph`` is set and the net is on a CUDA device.
    """
    is_wanted = net.cuda_graph and torch.device(net.device).type == "cuda"
    return StepGraph() if is_wanted else None


class Kind:
    """One kind of step and its recording.

    Parameters
    ----------
    key : list of tuple
        Names and values of what the recording has built in.
    owners : list
        Kept alive, so that the identities in `key` stay theirs.
    recording : CUDARecording
        Of this kind of step.
    """

    def __init__(self, key: list, owners: list, recording):
        self.key = key
        self.owners = owners
        self.recording = recording
        self.n_warm_up = 0
        self.is_recorded = False
        self.n_penalty_steps = 0


class StepGraph:
    """Takes a net's steps as CUDA graphs, and plainly where that cannot be done.

    A step is recorded after a few plain ones and then replayed on rows copied to the
    same place. Batches of another shape than the first one, and steps whose gradients
    a callback looks at, are plain. If recording fails, the net is put back to where
    it was, one warning says why, and the steps of the fit stay plain.

    Parameters
    ----------
    make_recording : callable, default=CUDARecording
        ``make_recording(net)`` returns what records and replays.
    """

    def __init__(self, make_recording: Callable[[Any], Any] = CUDARecording):
        self.make_recording = make_recording
        self.is_off = False
        self.inputs: list[Tensor] = []
        self.kinds: list[Kind] = []

    def __reduce__(self):
        """Copy and pickle without what was recorded."""
        return type(self), (self.make_recording,)

    def __call__(self, net, batch, **fit_params) -> dict:
        """Take one step of `net`, as ``net.train_step`` would."""
        if self.is_off or net._listeners("on_grad_computed"):
            return net.train_step(batch, **fit_params)
        kind = self._kind(net) if self._fits(net, batch) else None
        if kind is None:
            return net.train_step(batch, **fit_params)
        for place, values in zip(self.inputs, batch, strict=False):
            place.copy_(values)
        self.settings.follow(net)
        if kind.is_recorded:
            return self._replay(net, kind)
        step = self._attempt(net, kind, fit_params)
        return net.train_step(batch, **fit_params) if step is None else step

    def close(self, net) -> None:
        """Let go of the graphs, and leave the optimizers as plain steps want them."""
        self.is_off = True
        self.inputs, self.kinds = [], []
        place_counts(net, "cpu")

    def _fits(self, net, batch) -> bool:
        """Tell whether a batch goes where recorded steps read; the first one does."""
        if not self.inputs:
            reason = _refusal(net)
            if reason is not None:
                self._give_up(net, reason)
                return False
            device = net.latent_stream_.device
            self.inputs = [torch.empty_like(part, device=device) for part in batch[:2]]
            self.settings = LiveSettings(net)
            place_counts(net, device)
        return all(
            place.shape == values.shape and place.dtype == values.dtype
            for place, values in zip(self.inputs, batch, strict=False)
        )

    def _kind(self, net) -> Kind | None:
        key, owners = _key(net, len(self.inputs[0]))
        for kind in self.kinds:
            if kind.key == key:
                return kind
        if len(self.kinds) == _MAX_KINDS:
            last = self.kinds[-1].key
            names = [a[0] for a, b in zip(key, last, strict=False) if a != b]
            self._give_up(net, f"from step to step {' and '.join(names)} changed")
            return None
        self.kinds.append(Kind(key, owners, self.make_recording(net)))
        return self.kinds[-1]

    def _attempt(self, net, kind: Kind, fit_params: dict) -> dict | None:
        """Warm up or record; None if that failed, with nothing changed."""
        restore = snapshot(net)

        def step() -> dict:
            with self.settings.in_place(net), keep_buffers(net):
                return net.train_step(tuple(self.inputs), **fit_params)

        try:
            if kind.n_warm_up < _N_WARM_UP:
                kind.n_warm_up += 1
                return kind.recording.warm_up(step)
            forget_gradients(net)
            before = net.n_penalty_steps_
            kind.recording.record(step)
            kind.n_penalty_steps = net.n_penalty_steps_ - before
            net.n_penalty_steps_ = before
            kind.is_recorded = True
            return self._replay(net, kind)
        except Exception as error:
            restore()
            self._give_up(net, f"recording a step failed ({_describe(error)})")
            return None

    @staticmethod
    def _replay(net, kind: Kind) -> dict:
        outputs = kind.recording.replay()
        net.n_penalty_steps_ += kind.n_penalty_steps
        # One result may have two names.
        copies = {
            id(value): value.clone() if isinstance(value, Tensor) else value
            for value in outputs.values()
        }
        return {name: copies[id(value)] for name, value in outputs.items()}

    def _give_up(self, net, reason: str) -> None:
        self.close(net)
        warnings.warn(
            f"cuda_graph=True has no effect from here on: {reason}. Steps are taken "
            "one launch after the other.",
            UserWarning,
            stacklevel=2,
        )


def _key(net, n_rows: int) -> tuple[list, list]:
    """Return what a graph of the next step has built in, and who owns it."""
    key: list[tuple[str, Any]] = [(name, getattr(net, name)) for name in _BUILT_IN]
    interval = net.penalty_interval
    if interval > 1:
        steps = range(min(net.n_discriminator_steps, n_rows))
        due = [(net.n_penalty_steps_ + i) % interval == 0 for i in steps]
        key.append(("the penalty", due))
    owners = []
    for name in OPTIMIZERS:
        optimizer = getattr(net, name)
        owners += [optimizer, optimizer.state]
        # A state that was loaded lies elsewhere than the one that was recorded.
        key.append((f"the state of {name}", (id(optimizer), id(optimizer.state))))
        for group in optimizer.param_groups:
            trained = [p.requires_grad for p in group["params"]]
            key.append((f"what {name} trains", trained))
            key += [
                (f"{option} of {name}", value)
                for option, value in group.items()
                if option not in ("params", "lr", "initial_lr")
            ]
    return key, owners


def _refusal(net) -> str | None:
    """Return why steps of a net cannot be recorded, None if they may be."""
    for name in OPTIMIZERS:
        optimizer = getattr(net, name)
        for group in optimizer.param_groups:
            if "capturable" not in group:
                return (
                    f"{name.removesuffix('_')}={type(optimizer).__name__} cannot be "
                    "recorded; choose one with a parameter 'capturable', such as Adam"
                )
            if isinstance(group["lr"], Tensor):
                return f"the lr of {name.removesuffix('_')} is a tensor; give a number"
    return None


def _describe(error: BaseException | None) -> str:
    """Return what went wrong, the first thing first."""
    lines: list[str] = []
    while error is not None:
        lines.insert(0, (str(error).splitlines() or [type(error).__name__])[0])
        error = error.__context__
    return "; then ".join(lines)
