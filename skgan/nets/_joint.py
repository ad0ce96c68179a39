"""One fit of a net by several processes: from the same start to the same end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from skgan.loader import BatchLoader
from skgan.nets._batch_layers import whole_batch_layers
from skgan.nets._process_group import Processes


@contextmanager
def trained_together(net: Any, X) -> Iterator[None]:
    """Start a net from where that of the first process is, and end there, too.

    Raises
    ------
    ValueError
        If the processes were given different rows or nets, have more processes than
        rows, or the net cannot be trained by several.
    """
    processes = net.processes_
    # Who is called depends on the process.
    net.listened_to_ = None
    try:
        _check(net, processes, X)
        _share_streams(net, processes)
        processes.share_tensors(_tensors(net))
        with whole_batch_layers(net.networks(), processes):
            yield
        if net.processes_ is not None:
            processes.share_tensors(_tensors(net))
    finally:
        net.processes_ = net.shared_ = net.listened_to_ = None


def _check(net: Any, processes: Processes, X) -> None:
    loader = net.iterator_train
    if not (isinstance(loader, type) and issubclass(loader, BatchLoader)):
        raise ValueError(
            f"Several processes share each batch, and iterator_train={loader!r:.80} "
            "may give each of them another; leave it as it is, or train in one process."
        )
    processes.check_same(
        {
            "rows": _summary(X),
            "the networks' weights": [tuple(t.shape) for t in _tensors(net)],
            "batch_size": net.batch_size,
            "max_epochs": net.max_epochs,
            "n_discriminator_steps": net.n_discriminator_steps,
            "random_state": net.random_state
            if isinstance(net.random_state, int)
            else None,
        }
    )
    n = len(X) if net.batch_size == -1 else min(len(X), net.batch_size)
    if n < processes.size:
        raise ValueError(
            f"{processes.size} processes share batches of {n} rows, of which each "
            "needs one at least: start fewer processes, or give more rows and a "
            "larger batch_size."
        )


def _summary(X) -> tuple:
    """Return the shape of rows, and roughly what they hold.

    Processors of two kinds may not agree on the last bit of an encoded number.
    """
    shape = tuple(getattr(X, "shape", (len(X),)))
    try:
        rows = torch.as_tensor(X).double()
    except (TypeError, ValueError, RuntimeError):
        return shape
    return shape, float(f"{np.float64(rows.square().mean()):.5g}")


def _tensors(net: Any) -> list[Tensor]:
    return [
        tensor
        for module in net.modules_.values()
        for tensor in (*module.parameters(), *module.buffers())
        if not is_lazy(tensor)
    ]


def _share_streams(net: Any, processes: Processes) -> None:
    """Let random streams go on from where those of the first process are."""
    for stream in (net.latent_stream_, net.order_stream_):
        stream.set_state(processes.share(stream.get_state()))
