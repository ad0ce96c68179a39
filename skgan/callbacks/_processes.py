"""What callbacks ask of a net that several processes may train; others are alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def agree(net, value):
    """Return the number of the first of the processes that share a fit."""
    return net.agree(value) if hasattr(net, "agree") else value


def on_first_process(net, function: Callable[[], Any]) -> Any:
    """Return what a function gives in the first of the processes that share a fit."""
    asks = hasattr(net, "on_first_process")
    return net.on_first_process(function) if asks else function()


def is_first_process(net) -> bool:
    """Tell whether this process, of those that share a fit, writes and prints."""
    return getattr(net, "is_first_process", True)
