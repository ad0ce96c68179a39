"""Ctrl-C while a sampler trains: the epoch is finished, and nothing is lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from skorch.callbacks import Callback

from skgan.callbacks import TrainingCheckpoint


class FinishEpoch(Callback):
    """End training after the epoch in which the user presses Ctrl-C.

    Pressed again, or before training has begun, it interrupts at once.

    Parameters
    ----------
    name : str
        What the line on standard error begins with.
    """

    def __init__(self, name: str):
        self.name = name
        self.n_pressed_ = 0
        self.is_training_ = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take over what Ctrl-C does, where that is this thread's to say."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._press)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _press(self, number, frame) -> None:
        self.n_pressed_ += 1
        if self.n_pressed_ > 1 or not self.is_training_:
            raise KeyboardInterrupt
        text = "finishing the epoch, then saving; press Ctrl-C again to lose it"
        # Unlike print, it may be called in the middle of another print.
        os.write(2, f"\n{self.name}: {text}\n".encode())

    def get_training_state(self):
        """Write no presses of Ctrl-C into checkpoints: they end one run only."""
        return {}

    def set_training_state(self, net, state):
        """Go on without presses of Ctrl-C, whatever was read."""

    def on_train_begin(self, net, **kwargs):
        """Training begins: Ctrl-C ends it after an epoch, and no update is lost."""
        self.is_training_ = True

    def on_epoch_end(self, net, **kwargs):
        """Make the checkpoint due if Ctrl-C was pressed; it is asked after this."""
        for _, callback in net.callbacks_:
            if self.n_pressed_ and isinstance(callback, TrainingCheckpoint):
                callback.next_ = time.perf_counter()

    def on_epoch_begin(self, net, **kwargs):
        """Break off if Ctrl-C was pressed; all callbacks have seen the last epoch."""
        if net.agree(self.n_pressed_ > 0):
            net.history.pop()
            raise KeyboardInterrupt

    def on_train_end(self, net, **kwargs):
        """Training has ended, and what follows is short: Ctrl-C breaks it off."""
        self.is_training_ = False
