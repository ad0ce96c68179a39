"""What of PyTorch a whole process shares: dtype, device, threads, random stream."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

# Guards the two lists, which hold an entry for each fit or draw under way.
_LOCK = threading.Lock()
# The dtype that was the default before the first of them.
_DTYPES: list[torch.dtype] = []
# The threads whose number of threads is ours.
_LIMITED: list[int] = []
# Networks of the sizes that are trained here finish a step sooner than a second thread
# has joined in, and beside another process the threads wait for each other:
# `benchmarks/speed/threads.py`.
_FEW = 1
_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
# The stream is one a process; two threads must not use it at once.
GLOBAL_STREAM = threading.Lock()
# Layers that draw from the global stream in training and know no other.
_DRAWING_LAYERS = (nn.modules.dropout._DropoutNd, nn.RReLU)


@contextmanager
def torch_defaults() -> Iterator[None]:
    """Work in float32 on the CPU, with gradients, outside any autocast.

    A default dtype or device, or a mode such as ``torch.no_grad``, that the user has
    set for networks of their own would reach ours. Afterwards all is what it was; the
    default dtype, which all threads share, when the last of them has ended. The
    precision of matrix products is left to the user.
    """
    with ExitStack() as stack:
        stack.enter_context(_single_precision())
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        yield


@contextmanager
def _single_precision() -> Iterator[None]:
    with _LOCK:
        _DTYPES.append(_DTYPES[0] if _DTYPES else torch.get_default_dtype())
        torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        with _LOCK:
            dtype = _DTYPES.pop()
            if not _DTYPES:
                torch.set_default_dtype(dtype)


def _plausible_default() -> int | None:
    """Return PyTorch's own number of threads; None if another was set before."""
    n_logical = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        n_logical = len(os.sched_getaffinity(0))
    now = torch.get_num_threads()
    return now if now in (n_logical, n_logical // 2, os.cpu_count()) else None


_DEFAULT = _plausible_default()


@contextmanager
def training_threads(n_threads: int = _FEW) -> Iterator[None]:
    """Let PyTorch use `n_threads`, unless the user has said how many.

    That is by ``OMP_NUM_THREADS`` or ``MKL_NUM_THREADS``, which joblib's workers have
    too, or by ``torch.set_num_threads``. Afterwards the number is what it was; where
    several threads train at once, when the last of them has ended.
    """
    if any(name in os.environ for name in _VARIABLES):
        yield
        return
    with _LOCK:
        # A new thread begins with the number that the others are using.
        is_ours = bool(_LIMITED) or torch.get_num_threads() == _DEFAULT
        if is_ours:
            _LIMITED.append(threading.get_ident())
            torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        if is_ours:
            with _LOCK:
                _LIMITED.remove(threading.get_ident())
                # The number counts for matrix products of all threads.
                if not _LIMITED and _DEFAULT is not None:
                    torch.set_num_threads(_DEFAULT)


def _release_in_child() -> None:
    """Free the stream in a process that was forked off while it was in use."""
    # The thread that uses it was not taken along.
    if GLOBAL_STREAM.locked():
        GLOBAL_STREAM.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_in_child)


@contextmanager
def borrow_global_stream(
    seed: int | None = None, device: str | torch.device = "cpu"
) -> Iterator[None]:
    """Have the global stream to oneself, seeded, and put it back as it was."""
    devices = [] if torch.device(device).type == "cpu" else [device]
    with GLOBAL_STREAM, torch.random.fork_rng(devices):
        if seed is not None:
            torch.default_generator.manual_seed(seed)
            if devices:
                torch.cuda.manual_seed(seed)
        yield


def draw_globally(networks: Iterable[nn.Module]) -> bool:
    """Tell whether layers of networks, such as dropout, use the global stream."""
    return any(
        isinstance(layer, _DRAWING_LAYERS)
        for network in networks
        for layer in network.modules()
    )
