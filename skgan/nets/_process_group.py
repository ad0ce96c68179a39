"""Training on several processes: networks take slices of a batch, all else the whole.

Every process draws the same batch, latents and noise. A network is run on the process's
own slice of the rows, and what it gives is gathered: losses, penalties and moments see
the whole batch, as one process would. Their gradients reach the own slice alone; summed
over the processes they are those of the whole batch, penalties that differentiate twice
included.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterable
from functools import reduce
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist

_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_BACKENDS = ("gloo", "nccl")


# Not empty in a process that was forked off while its parent was in a group, whose
# connections it must not use.
_INHERITED: list[bool] = []


def _leave_group_of_parent() -> None:
    if dist.is_available() and dist.is_initialized():
        _INHERITED.append(True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_group_of_parent)


class Processes:
    """The processes of one fit, as one of them sees them.

    Parameters
    ----------
    device : str or torch.device
        Where this process trains.
    """

    def __init__(self, device: str | torch.device):
        self.device = torch.device(device)
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        # Rows of the whole batch while a network sees a slice of them.
        self.n_rows: int | None = None

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def part(self, n: int) -> slice:
        """Return which of `n` rows are this process's."""
        return slice(*self._bounds(n)[self.rank : self.rank + 2])

    def _bounds(self, n: int) -> list[int]:
        return [n * rank // self.size for rank in range(self.size + 1)]

    # A step.
    def run(self, function: Callable, *arguments: Tensor | None) -> Any:
        """Run a network on this process's rows; return what it gives for all of them.

        Parameters
        ----------
        function : callable
            Of tensors of n rows; returns one, or a tuple of some and of None.
        *arguments : Tensor or None
            The whole batch, the same in all processes.
        """
        n = self.n_rows = next(len(x) for x in arguments if x is not None)
        part = self.part(n)
        try:
            given = function(*(None if x is None else x[part] for x in arguments))
        finally:
            self.n_rows = None
        if isinstance(given, tuple):
            return self._gather_all(given, n)
        return self.gather(given, n)

    def _gather_all(self, given: tuple, n: int) -> tuple:
        """Gather several tensors, some of them None, in one message."""
        present = [rows for rows in given if rows is not None]
        flat = [rows.flatten(1) for rows in present]
        joined = self.gather(torch.cat(flat, dim=1), n)
        parts = iter(joined.split([rows.shape[1] for rows in flat], dim=1))
        return tuple(
            None
            if rows is None
            else next(parts).to(rows.dtype).reshape(n, *rows.shape[1:])
            for rows in given
        )

    def gather(self, rows: Tensor, n: int) -> Tensor:
        """Return the n rows of all processes; gradients reach this one's alone."""
        bounds = self._bounds(n)
        sizes = [end - start for start, end in pairwise(bounds)]
        sent = rows.detach()
        if len(set(sizes)) > 1:
            sent = torch.cat([sent, sent[:1].expand(max(sizes), *sent.shape[1:])])
            sent = sent[: max(sizes)]
        sent = sent.contiguous()
        parts = [torch.empty_like(sent) for _ in sizes]
        self._call(dist.all_gather, parts, sent)
        parts = [part[:size] for part, size in zip(parts, sizes, strict=True)]
        parts[self.rank] = rows
        return torch.cat(parts)

    def join(self, values: Tensor) -> Tensor:
        """Return values of all rows, of which each process has its own and else zeros.

        Gradients reach its own alone.
        """
        joined = values.detach().clone()
        self._call(dist.all_reduce, joined)
        return values + (joined - values.detach())

    def sum_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Sum the gradients of weights over the processes, all in one message."""
        trained = [w for w in weights if w.grad is not None]
        if not trained:
            return
        dtype = reduce(torch.promote_types, (w.dtype for w in trained))
        n = sum(w.numel() for w in trained)
        flat = torch.empty(n, dtype=dtype, device=trained[0].device)
        gradients: list[Tensor] = []
        start = 0
        for weight in trained:
            # In the memory's order of the weight, which optimizers go through.
            strides = torch.empty_like(weight, device="meta").stride()
            part = flat.as_strided(weight.shape, strides, start)
            assert weight.grad is not None
            gradients.append(part.copy_(weight.grad))
            start += weight.numel()
        self._call(dist.all_reduce, flat)
        for weight, gradient in zip(trained, gradients, strict=True):
            weight.grad = gradient.to(weight.dtype)

    def sum(self, values: Tensor) -> Tensor:
        """Return sums over the processes, whose gradients are summed over them, too."""
        return _Sum.apply(values, self)

    # Between steps.
    def agree(self, value: float) -> float:
        """Return the number of the first process."""
        number = torch.tensor(float(value), dtype=torch.float64, device=self.device)
        self._call(dist.broadcast, number, 0)
        return type(value)(number.item())

    def share(self, value: Any) -> Any:
        """Return the value of the first process."""
        values = [value if self.is_first else None]
        self._call(dist.broadcast_object_list, values, 0, device=self.device)
        return values[0]

    def on_first(self, function: Callable[[], Any]) -> Any:
        """Return what a function gives in the first process, and call it there only.

        What it raises there, all raise.
        """
        result, error = None, None
        if self.is_first:
            try:
                result = function()
            except Exception as caught:
                error = caught
        shown = None if error is None else f"{type(error).__name__}: {error}"
        result, shown = self.share((result, shown))
        if error is not None:
            raise error
        if shown is not None:
            raise RuntimeError(f"The first process of this fit failed with {shown}")
        return result

    def check_same(self, facts: dict[str, Any]) -> None:
        """Raise a ValueError in all processes where one knows another fact."""
        theirs = self.share(facts)
        flags = [float(facts.get(name) != value) for name, value in theirs.items()]
        differs = torch.tensor(flags, device=self.device)
        self._call(dist.all_reduce, differs)
        names = [
            name for name, flag in zip(theirs, differs.tolist(), strict=True) if flag
        ]
        if names:
            raise ValueError(
                f"The {self.size} processes of a fit train one model, and were not "
                f"given the same: {', '.join(names)}. Let each process read the same "
                "rows and set the same parameters."
            )

    def share_tensors(self, tensors: Iterable[Tensor]) -> None:
        """Give tensors, in place, the values of the first process."""
        for tensor in tensors:
            values = tensor.detach().contiguous()
            self._call(dist.broadcast, values, 0)
            if values.data_ptr() != tensor.data_ptr():
                tensor.detach().copy_(values)

    def _call(self, function: Callable, *arguments, **options) -> None:
        """Call a function of `torch.distributed`; say what it means that it failed."""
        try:
            function(*arguments, **options)
        except RuntimeError as error:
            raise RuntimeError(
                f"Process {self.rank} of {self.size} no longer hears from another one "
                "of this fit, which was ended, has failed or took longer than the "
                "process group waits: see what that one has written last. The fit "
                "cannot go on without it; start all processes anew, which with "
                f"checkpoint=... goes on from the last checkpoint. ({error})"
            ) from error


class _Sum(torch.autograd.Function):
    """A sum over processes, and so is its gradient, which can be taken twice."""

    @staticmethod
    def forward(ctx, values: Tensor, processes: Processes) -> Tensor:
        ctx.processes = processes
        summed = values.detach().clone(memory_format=torch.contiguous_format)
        processes._call(dist.all_reduce, summed)
        return summed

    @staticmethod
    def backward(ctx, *slopes: Tensor) -> tuple[Tensor, None]:
        return _Sum.apply(slopes[0], ctx.processes), None


def join_processes(device: str | torch.device) -> Processes | None:
    """Return the processes that train together with this one; None where it is alone.

    They are those of the process group that the user has initialised. Without one, and
    if ``torchrun`` has started this process, a group is made, which lasts until the
    process ends.

    Raises
    ------
    ValueError
        If the group has no backend for the device that is known to work.
    RuntimeError
        If the other processes do not come.
    """
    if not dist.is_available() or _INHERITED:
        return None
    if not dist.is_initialized():
        if not _is_launched():
            return None
        _open_group(torch.device(device).type)
    if dist.get_world_size() == 1:
        return None
    _check_backend(torch.device(device).type)
    return Processes(device)


def _is_launched() -> bool:
    """Tell whether ``torchrun``, or what sets the same variables, started this."""
    if not all(name in os.environ for name in _VARIABLES):
        return False
    # The variables are inherited by processes that these start, such as joblib's.
    from multiprocessing import parent_process

    return parent_process() is None and int(os.environ["WORLD_SIZE"]) > 1


def _open_group(device_type: str) -> None:
    backend = "nccl" if device_type == "cuda" else "gloo"
    try:
        dist.init_process_group(backend)
    except (RuntimeError, ValueError) as error:
        address = ":".join(os.environ[name] for name in _VARIABLES[2:])
        raise RuntimeError(
            f"Process {os.environ['RANK']} of {os.environ['WORLD_SIZE']}, as RANK and "
            f"WORLD_SIZE have it, could not meet the others at {address}: {error}. "
            "Start all of them by torchrun, or unset these variables to fit in one "
            "process."
        ) from error
    atexit.register(_close_group)


def _close_group() -> None:
    if dist.is_initialized() and not _INHERITED:
        dist.destroy_process_group()


def _check_backend(device_type: str) -> None:
    """Refuse a group of the user's own that cannot, or was never seen to, do it."""
    pairs = [pair.split(":") for pair in dist.get_backend_config().split(",")]
    backends = {pair[0]: pair[-1] for pair in pairs}
    backend = backends.get(device_type)
    if backend not in _BACKENDS:
        shown = "none" if backend is None else repr(backend)
        wanted = "nccl" if device_type == "cuda" else "gloo"
        raise ValueError(
            f"The process group's backend for device {device_type!r} is {shown} "
            f"({dist.get_backend_config()}); networks can be trained with gloo or "
            f"nccl. Call torch.distributed.init_process_group({wanted!r}), or none: "
            "under torchrun a fit makes its own group."
        )


def is_first_process() -> bool:
    """Tell whether this is the process that writes and prints: alone it is."""
    return process_rank() == 0


def process_rank() -> int:
    """Return this process's number among those that share a fit; 0 alone."""
    if _INHERITED:
        return 0
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank()
    return int(os.environ["RANK"]) if _is_launched() else 0


def own_device(device: str) -> str:
    """Return a device with this process's number, where it is CUDA without one."""
    is_numbered = torch.device(device).index is not None
    if torch.device(device).type != "cuda" or is_numbered:
        return device
    shares = dist.is_available() and (dist.is_initialized() or _is_launched())
    if not shares or "LOCAL_RANK" not in os.environ:
        return device
    return f"cuda:{os.environ['LOCAL_RANK']}"
