"""PyTorch's global random stream: lent out under a lock, and put back after use."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

# The stream is one a process; two threads must not use it at once.
GLOBAL_STREAM = threading.Lock()
# Layers that draw from the global stream in training and know no other.
_DRAWING_LAYERS = (nn.modules.dropout._DropoutNd, nn.RReLU)


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
