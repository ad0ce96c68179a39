"""scikit-learn's callbacks of a fit, where the installed version has them.

They are set by ``set_callbacks`` and told of the fit and of each of its epochs, beside
skorch's, which the parameter `callbacks` holds.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from skorch.callbacks import Callback

from skgan.callbacks import StopTraining


class FitTasks(Callback):
    """Tells scikit-learn's callbacks of a fit and of its epochs; any may end it.

    Parameters
    ----------
    sampler : BaseGANSampler
        What is fitted.
    X, y : array-like
        What it is fitted to, which callbacks may ask for.
    n_epochs : int
        The most that there will be.
    """

    def __init__(self, sampler, X, y, n_epochs: int):
        self.sampler = sampler
        self.data = {"X": X, "y": y}
        self.fit_ = sampler._init_callback_context(max_subtasks=n_epochs)
        self.fit_.call_on_fit_task_begin(estimator=sampler, **self.data)

    def on_epoch_begin(self, net, **kwargs):
        """Tell of an epoch."""
        self.epoch_ = self.fit_.subcontext(task_name="epoch")
        self.epoch_.call_on_fit_task_begin(estimator=self.sampler, **self.data)

    def on_epoch_end(self, net, **kwargs):
        """Tell of its end, and end training if a callback says so."""
        must_stop = self.epoch_.call_on_fit_task_end(
            estimator=self.sampler,
            reconstruction_attributes=lambda: fitted_so_far(self.sampler),
            **self.data,
        )
        if net.agree(bool(must_stop)):
            raise StopTraining

    def finish(self):
        """Tell of the end of the fit."""
        self.fit_.call_on_fit_task_end(
            estimator=self.sampler, reconstruction_attributes=dict, **self.data
        )


def start_tasks(sampler, X, y, n_epochs: int) -> FitTasks | None:
    """Return what tells scikit-learn's callbacks; None where none is set."""
    if not getattr(sampler, "_skl_callbacks", None):
        return None
    return FitTasks(sampler, X, y, n_epochs)


def fitted_so_far(sampler) -> dict[str, Any]:
    """Attributes of a copy that draws and scores as if training ended now.

    It shares nothing with the sampler that drawing changes.
    """
    net = sampler.net_.snapshot()
    return {
        "net_": net,
        "history_": net.history,
        "n_iter_": sum(len(epoch["batches"]) for epoch in net.history),
        "stage_": "generator",
        "_stream": deepcopy(sampler._stream),
    }
