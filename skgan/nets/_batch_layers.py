"""Layers that see, or draw for, a whole batch of which a process has a slice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from skgan.nets._global_stream import draw_globally
from skgan.nets._process_group import Processes

_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
_Normalization = nn.modules.batchnorm._BatchNorm


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
