"""What one fit learns from and by: rows, seeds, settings, processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from skgan._deadline import Deadline
from skgan.encoding import BaseEncoder
from skgan.nets import Processes
from skgan.priors import BasePrior
from skgan.samplers._fit_tasks import FitTasks
from skgan.samplers._named_rows import NamedRows
from skgan.samplers._stages import PriorColumns


@dataclass
class FitData:
    """What a fit learns from, read once."""

    X: Any
    encoder: BaseEncoder
    labels: Any
    target: Any
    seeds: Any
    is_warm_start: bool
    deadline: Deadline = field(default_factory=Deadline)
    held_out: Any = None
    rows: Any = None
    conditions: Any = None
    # What is given of the training rows, and the groups that are to be balanced.
    given: Any = None
    groups: Any = None
    settings: Any = None
    net_params: Any = None
    columns: PriorColumns | None = None
    prior: BasePrior | None = None
    tasks: FitTasks | None = None
    restarts: Any = None
    prior_seconds: float = 0.0
    # Where X named more rows than were kept, what reads them.
    named: NamedRows | None = None
    # Those that share the fit, this one among them; None where it is alone.
    processes: Processes | None = None

    def on_first_process(self, function: Callable[[], Any]) -> Any:
        """Return what a function gives, found by one process for all of them."""
        if self.processes is None:
            return function()
        return self.processes.on_first(function)
