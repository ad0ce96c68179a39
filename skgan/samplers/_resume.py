"""Whether a folder holds a fit that did not end, and whether it is this one."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from numbers import Integral
from typing import Any

import numpy as np
import torch

from skgan._validation import check_mapping
from skgan.callbacks import TrainingCheckpoint
from skgan.frames import frame_library, list_series
from skgan.nets import Processes
from skgan.samplers._auto import resolve_device

# Parameters that are ignored when a checkpoint is matched to a fit.
_IGNORED = (
    "callbacks",
    "checkpoint",
    "device",
    "random_state",
    "verbose",
    "warm_start",
)
_LONGEST = 200
_LOG = logging.getLogger("skgan")


def check_together(
    sampler, X, y, is_warm_start: bool, processes: Processes | None
) -> None:
    """Refuse processes that were not given the same rows and parameters."""
    if processes is None:
        return
    identity = _identify(sampler, X, y, sampler.net_ if is_warm_start else None)
    # The seeds are those of the first process.
    del identity["random_state"]
    processes.check_same({**identity, "checkpoint": sampler.checkpoint is None})


def open_checkpoint(
    sampler, X, y, is_warm_start: bool, processes: Processes | None = None
) -> TrainingCheckpoint | None:
    """Return what writes a fit's checkpoints, with the one it goes on from; or None."""
    checkpoint = _read_parameter(getattr(sampler, "checkpoint", None))
    if checkpoint is None:
        return None
    if check_mapping("net_params", sampler.net_params).get("callbacks") == "disable":
        raise ValueError(
            "checkpoint is written by a callback, and net_params disables them; leave "
            "one of the two out."
        )
    net = sampler.net_ if is_warm_start else None
    identity = _identify(sampler, X, y, net)
    read = partial(_read_earlier, checkpoint, identity, net, sampler.verbose)
    # Only the first process writes, and others may not see its disk.
    earlier = read() if processes is None else processes.on_first(read)
    checkpoint.begin(identity, [], earlier)
    return checkpoint


def _read_earlier(
    checkpoint: TrainingCheckpoint, identity: dict[str, str], net, verbose: int
) -> dict[str, Any] | None:
    """Return the checkpoint that a fit goes on from, if there is one, or raise."""
    earlier = checkpoint.prepare()
    if earlier is None:
        return None
    differing = _compare(earlier["identity"], identity)
    if list(differing) == ["start"] and _is_behind(earlier, net):
        return None
    if differing:
        raise ValueError(
            f"{str(checkpoint.path)!r} is of another fit, which did not end: "
            f"{'; '.join(differing.values())}. To go on with it, fit to the same "
            "rows with the same parameters; to train anew, delete it or choose "
            "another folder for checkpoint."
        )
    message = (
        f"Going on from update {earlier['progress'][1]} of this fit, as "
        f"{str(checkpoint.path)!r} has it."
    )
    _LOG.info(message)
    if verbose:
        print(message)
    return earlier


def keep_seeds(checkpoint: TrainingCheckpoint | None, seeds):
    """Return the seeds of a fit: those it began with, if it goes on."""
    if checkpoint is None:
        return seeds
    if checkpoint.earlier_ is not None:
        seeds = type(seeds)(*checkpoint.earlier_["seeds"])
    checkpoint.seeds_ = list(seeds)
    return seeds


def _read_parameter(value) -> TrainingCheckpoint | None:
    if value is None:
        return None
    if isinstance(value, TrainingCheckpoint):
        return TrainingCheckpoint(**value.get_params(deep=False))
    if not isinstance(value, str | os.PathLike):
        raise TypeError(
            "checkpoint must be None, a folder or a TrainingCheckpoint, got "
            f"{value!r:.80}."
        )
    return TrainingCheckpoint(value)


def _identify(sampler, X, y, net) -> dict[str, str]:
    """Return what a fit follows from, by name: what differs is another fit."""
    seed = sampler.random_state
    identity = {
        "X": _fingerprint(X),
        "y": "" if y is None else _fingerprint(y),
        "estimator": type(sampler).__name__,
        "skgan": import_module("skgan").__version__,
        "device": torch.device(resolve_device(sampler.device)).type,
        "start": "" if net is None else _fingerprint_net(net),
        # Each fit from entropy, or along a stream, has seeds of its own.
        "random_state": str(int(seed)) if isinstance(seed, Integral) else "none",
    }
    for name, value in sampler.get_params(deep=False).items():
        if name not in _IGNORED:
            identity[name] = _describe(value)
    return identity


def _compare(theirs: dict[str, str], ours: dict[str, str]) -> dict[str, str]:
    """Return what differs, by name, in words."""
    words = {
        "X": "X holds other rows",
        "y": "y holds other labels",
        "start": "it did not set out from the same networks (warm_start)",
    }
    result = {}
    for name in {**ours, **theirs}:
        then, now = theirs.get(name, "not there"), ours.get(name, "not there")
        if then != now:
            default = f"{name} was {_shorten(then)} and is {_shorten(now)}"
            result[name] = words.get(name, default)
    return result


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_behind(checkpoint: dict[str, Any], net) -> bool:
    """Tell whether a checkpoint is of the fit that has brought a net to its state."""
    past = checkpoint["net"]["history"]
    if net is None or len(past) > len(net.history):
        return False
    return all(
        then["batches"] == now["batches"]
        for then, now in zip(past, net.history, strict=False)
    )


def _fingerprint(values) -> str:
    """Return a hash of rows: their kind, names, dtypes and values."""
    digest = hashlib.sha256()
    if frame_library(values) is None:
        _add_array(digest, np.asarray(values))
        return digest.hexdigest()
    kind = type(values)
    digest.update(f"{kind.__module__}.{kind.__name__}".encode())
    digest.update(repr(list(values.columns)).encode("utf-8", "backslashreplace"))
    for column in list_series(values):
        digest.update(str(column.dtype).encode())
        _add_array(digest, np.asarray(column))
    return digest.hexdigest()


def _add_array(digest, array: np.ndarray) -> None:
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    if array.dtype.kind == "O":
        text = "\x1f".join(map(repr, array.ravel().tolist()))
        digest.update(text.encode("utf-8", "backslashreplace"))
    else:
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)


def _fingerprint_net(net) -> str:
    digest = hashlib.sha256()
    for name, module in net.modules_.items():
        for key, value in module.state_dict().items():
            digest.update(f"{name}.{key}".encode())
            if isinstance(value, torch.Tensor):
                _add_array(digest, value.detach().cpu().float().numpy())
    return digest.hexdigest()


def _describe(value: Any) -> str:
    """Return a value in words that are the same in every process."""
    if isinstance(value, np.ndarray | torch.Tensor):
        text = f"an array, {_fingerprint(value)}"
    elif isinstance(value, Mapping):
        parts = sorted((str(k), _describe(v)) for k, v in value.items())
        text = f"{{{', '.join(f'{k}: {v}' for k, v in parts)}}}"
    elif isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        text = f"[{', '.join(map(_describe, value))}]"
    elif isinstance(value, partial):
        text = f"{_describe(value.func)}{_describe([value.args, value.keywords])}"
    elif isinstance(value, type) or hasattr(value, "__qualname__"):
        text = value.__qualname__
    elif hasattr(value, "get_params"):
        text = f"{type(value).__name__}{_describe(value.get_params(deep=False))}"
    else:
        text = repr(value)
        if " at 0x" in text:
            text = f"{type(value).__name__}{_describe(getattr(value, '__dict__', {}))}"
    if len(text) <= _LONGEST:
        return text
    return f"{text[:40]}... {hashlib.sha256(text.encode()).hexdigest()}"
