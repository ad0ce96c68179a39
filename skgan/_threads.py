"""How many threads PyTorch uses while a sampler trains or draws."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

# Networks of the sizes that are trained here finish a step sooner than a second thread
# has joined in, and beside another process the threads wait for each other:
# `benchmarks/speed/threads.py`.
_FEW = 1
_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def _plausible_default() -> int | None:
    """Return PyTorch's own number of threads; None if another was set before."""
    n_logical = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        n_logical = len(os.sched_getaffinity(0))
    now = torch.get_num_threads()
    return now if now in (n_logical, n_logical // 2, os.cpu_count()) else None


_DEFAULT = _plausible_default()
_LOCK = threading.Lock()
_INSIDE: list[int] = []


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
        is_ours = bool(_INSIDE) or torch.get_num_threads() == _DEFAULT
        if is_ours:
            _INSIDE.append(threading.get_ident())
            torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        if is_ours:
            with _LOCK:
                _INSIDE.remove(threading.get_ident())
                # It counts for matrix products of all threads.
                if not _INSIDE and _DEFAULT is not None:
                    torch.set_num_threads(_DEFAULT)
