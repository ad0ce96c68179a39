"""PyTorch's own defaults while a sampler works, whatever the user has set."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

_LOCK = threading.Lock()
# Fits and draws under way, and the dtype that was the default before the first.
_USERS: list[torch.dtype] = []


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
        _USERS.append(_USERS[0] if _USERS else torch.get_default_dtype())
        torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        with _LOCK:
            dtype = _USERS.pop()
            if not _USERS:
                torch.set_default_dtype(dtype)
