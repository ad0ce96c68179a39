"""Stopping a fit before its last update."""

from __future__ import annotations

import time

from skorch.callbacks import Callback

from skgan.callbacks._processes import agree


class StopTraining(KeyboardInterrupt):
    """Raised by a callback at an epoch's end to end training in good order.

    A net ends its training on it without raising; skorch's own ``EarlyStopping``
    does the same with a bare KeyboardInterrupt.
    """


class TimeLimit(Callback):
    """End training after so many seconds.

    Parameters
    ----------
    max_time : float
        Seconds, measured from the start of training. The step under way is
        finished.
    """

    def __init__(self, max_time: float):
        self.max_time = max_time

    def on_train_begin(self, net, **kwargs):
        """Start the clock."""
        self.deadline_ = time.perf_counter() + self.max_time

    def get_training_state(self):
        """Return the seconds left."""
        return {"seconds": self.deadline_ - time.perf_counter()}

    def set_training_state(self, net, state):
        """Go on with the seconds left."""
        self.deadline_ = time.perf_counter() + state["seconds"]

    def on_batch_end(self, net, training=True, **kwargs):
        """Cut the epoch short once the time is over."""
        if training and agree(net, time.perf_counter() >= self.deadline_):
            net.ends_epoch_ = True

    def on_epoch_end(self, net, **kwargs):
        """End training once the time is over."""
        if agree(net, time.perf_counter() >= self.deadline_):
            raise StopTraining
