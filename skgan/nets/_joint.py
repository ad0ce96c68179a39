"""One fit of a net by several processes: from the same start to the same end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from skgan._messages import counted
from skgan._packed_rows import PackedRows
from skgan._torch_globals import draw_globally
from skgan.loader import BatchLoader
from skgan.nets._process_group import Processes

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
# Of packed rows, those that processes compare.
_N_COMPARED = 1000
_Normalization = nn.modules.batchnorm._BatchNorm


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
            f"{processes.size} processes share batches of {counted(n, 'row')}, of "
            "which each needs one at least: start fewer processes, or give more rows "
            "and a larger batch_size."
        )


def _summary(X) -> tuple:
    """Return the shape of rows, and roughly what they hold.

    Processors of two kinds may not agree on the last bit of an encoded number.
    """
    shape = tuple(getattr(X, "shape", (len(X),)))
    if isinstance(X, PackedRows):
        # All of them may not fit into memory.
        X = X[:_N_COMPARED]
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


@contextmanager
def whole_batch_layers(networks: list[nn.Module], processes: Processes) -> Iterator:
    """Let layers of networks work as if this process saw the whole batch.

    Raises
    ------
    ValueError
        If a layer, or a discriminator that couples its batch, cannot.
    """
    # Networks may have layers in common.
    layers = dict.fromkeys(layer for net in networks for layer in net.modules())
    _check_coupling(networks)
    with ExitStack() as stack:
        for layer in layers:
            if isinstance(layer, _Normalization):
                stack.enter_context(_replaced(layer, _normalize, processes))
            elif isinstance(layer, _DROPOUTS):
                stack.enter_context(_replaced(layer, _drop_out, processes))
            elif draw_globally([layer]) and not list(layer.children()):
                raise ValueError(
                    f"The layer {type(layer).__name__} draws random numbers for the "
                    "rows that it sees, which would depend on the number of processes; "
                    "use Dropout, or train in one process."
                )
        yield


def _check_coupling(networks: list[nn.Module]) -> None:
    for network in networks:
        is_coupled = getattr(network, "couples_batch", False)
        if is_coupled and not any(
            isinstance(layer, _Normalization) for layer in network.modules()
        ):
            raise ValueError(
                f"{type(network).__name__}.couples_batch says that a row's output "
                "depends on the other rows of the batch, by something else than batch "
                "normalisation, and each process sees its share of them only; train "
                "it in one process."
            )


@contextmanager
def _replaced(layer: nn.Module, forward, processes: Processes) -> Iterator[None]:
    """Replace what a layer does while a network sees a slice of a batch."""

    def either(itself: nn.Module, x: Tensor) -> Tensor:
        if processes.n_rows is None or not itself.training:
            return type(itself).forward(itself, x)
        return forward(itself, processes, x)

    layer.forward = partial(either, layer)
    try:
        yield
    finally:
        del layer.forward


def _normalize(layer: Any, processes: Processes, x: Tensor) -> Tensor:
    """Normalise by the mean and variance of the whole batch: Ioffe, Szegedy (2015)."""
    # Sums and counts of many rows do not fit into bfloat16.
    dtype, x = x.dtype, x if x.dtype == torch.float64 else x.float()
    axes = [axis for axis in range(x.ndim) if axis != 1]
    shape = [-1 if axis == 1 else 1 for axis in range(x.ndim)]
    count = x.new_full((1,), x.numel() / x.shape[1])
    sums = processes.sum(torch.cat([x.sum(axes), count]))
    n, mean = sums[-1], sums[:-1] / sums[-1]
    centred = x - mean.reshape(shape)
    variance = processes.sum(centred.square().sum(axes)) / n
    _remember(layer, mean.detach(), variance.detach() * n / (n - 1).clamp_min(1))
    rows = centred * (variance + layer.eps).rsqrt().reshape(shape)
    if layer.affine:
        rows = rows * layer.weight.reshape(shape) + layer.bias.reshape(shape)
    return rows.to(dtype)


@torch.no_grad()
def _remember(layer: Any, mean: Tensor, variance: Tensor) -> None:
    if layer.running_mean is None:
        return
    layer.num_batches_tracked.add_(1)
    share = layer.momentum
    if share is None:
        share = 1 / layer.num_batches_tracked.item()
    layer.running_mean.lerp_(mean.to(layer.running_mean.dtype), share)
    layer.running_var.lerp_(variance.to(layer.running_var.dtype), share)


def _drop_out(layer: Any, processes: Processes, x: Tensor) -> Tensor:
    """Draw for the whole batch, so that the number of processes changes nothing."""
    n = processes.n_rows
    assert n is not None
    part = processes.part(n)
    if len(x) != part.stop - part.start:
        raise ValueError(
            f"{type(layer).__name__} sees {len(x)} rows of a batch's "
            f"{part.stop - part.start} of this process; what folds rows into one "
            "another cannot be trained on several processes."
        )
    whole = torch.ones((n, *x.shape[1:]), dtype=x.dtype, device=x.device)
    mask = type(layer)(layer.p)(whole)[part]
    return x * mask
