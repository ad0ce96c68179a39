"""A bound on the memory that making networks may take."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from skgan.storage import ContentError

_NAMES = "empty zeros ones full rand randn randint eye arange linspace"
_FACTORIES: dict[Callable, str] = {
    getattr(torch, name): name for name in _NAMES.split()
}


class MemoryBound(TorchFunctionMode):
    """Raises before a tensor is made that is larger than a file can call for."""

    def __init__(self, n_values: int, n_tensors: int):
        super().__init__()
        self.n_values, self.n_tensors = float(n_values), n_tensors

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Run a function of PyTorch, if what it makes is not too large."""
        kwargs = kwargs or {}
        # Most functions make no tensor: they read a shape, or copy a weight.
        if getattr(func, "__name__", "") not in _COUNTED:
            return func(*args, **kwargs)
        n = _count(func, args, kwargs)
        self.n_values -= n
        self.n_tensors -= func in _FACTORIES
        if self.n_values < 0 or self.n_tensors < 0:
            raise ContentError("It calls for larger networks than it has weights for.")
        return func(*args, **kwargs)


def _count(func: Callable, args: tuple, kwargs: dict) -> float:
    """Return how many values a function makes, as far as its arguments tell."""
    name = _FACTORIES.get(func)
    if name is None:
        return _count_of_shapes(func, args)
    sizes = kwargs.get("size", args)
    if name in ("arange", "linspace"):
        numbers = [abs(a) for a in args if isinstance(a, int | float)]
        return max(numbers, default=0)
    if name == "eye":
        return prod((*args, *args)[:2])
    flat: list[Any] = []
    for size in sizes:
        flat += size if isinstance(size, tuple | list | torch.Size) else [size]
    if name == "full":
        flat = list(kwargs.get("size") or args[0])
    if name == "randint":
        flat = list(kwargs.get("size") or args[-1])
    return prod(size for size in flat if isinstance(size, int))


def _count_of_shapes(func: Callable, args: tuple) -> float:
    """Return the size of what several tensors are broadcast to, or repeated."""
    tensors = [a for a in args if isinstance(a, torch.Tensor)]
    if func is torch.repeat_interleave and len(tensors) > 1:
        return float(tensors[1].sum())
    if len(tensors) < 2 or getattr(func, "__name__", "") not in _BROADCASTING:
        return 0
    # torch.broadcast_shapes would import PyTorch's compiler.
    return prod(np.broadcast_shapes(*(tuple(tensor.shape) for tensor in tensors)))


_BROADCASTING = {
    name
    for word in ("eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "mul", "truediv")
    for name in (word, f"__{word}__")
} | {"where", "div"}
_COUNTED = {*_NAMES.split(), "repeat_interleave", *_BROADCASTING}
