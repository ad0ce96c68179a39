"""One progress bar over the whole fit."""

from __future__ import annotations

import time

from skorch.callbacks import Callback
from tqdm.auto import tqdm

from skgan.callbacks._stopping import TimeLimit


class TrainingProgress(Callback):
    """One progress bar over all updates, with both losses and the time left.

    Parameters
    ----------
    total : int
        Generator updates of the whole fit. Where a `TimeLimit` will end it before, the
        bar shows how many there is time for, at the speed so far.
    interval : float, default=0.2
        Seconds between refreshes; steps in between cost a clock reading.
    score_name : str, default="valid_score"
        Shown too where the history has it.
    """

    def __init__(self, total: int, interval: float = 0.2, score_name="valid_score"):
        self.total = total
        self.interval = interval
        self.score_name = score_name

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(total=self.total, unit="update", mininterval=0)
        self.n_updates_ = 0
        self.next_refresh_ = 0.0
        self.start_ = time.perf_counter()

    def start_at(self, n_updates: int):
        """Start the bar at updates that were done before, in a time unknown to it."""
        self.n_updates_ = self.bar_.initial = self.bar_.n = n_updates

    def on_batch_end(self, net, training=True, **kwargs):
        """Count an update, and show it if the last refresh is long ago."""
        if not training:
            return
        self.n_updates_ += 1
        if time.perf_counter() >= self.next_refresh_:
            self._refresh(net)

    def on_train_end(self, net, **kwargs):
        """Close the bar at what was reached."""
        if net.history:
            self._refresh(net)
        self.bar_.close()
        self.bar_ = None

    def __getstate__(self):
        """Leave out the open bar, so that a net can be saved while it trains."""
        return {**vars(self), "bar_": None}

    def _refresh(self, net):
        last = net.history[-1]["batches"][-1:] or [{}]
        shown = {
            short: f"{last[0][name]:.3f}"
            for short, name in (("D", "discriminator_loss"), ("G", "generator_loss"))
            if name in last[0]
        }
        scores = [row[self.score_name] for row in net.history if self.score_name in row]
        if scores:
            shown["score"] = f"{scores[-1]:.4g}"
        self.bar_.set_postfix(shown, refresh=False)
        self.bar_.total = self._expected(net)
        self.bar_.update(self.n_updates_ - self.bar_.n)
        self.next_refresh_ = time.perf_counter() + self.interval

    def _expected(self, net) -> int:
        """Return the updates that the fit will have, in the time that is left."""
        now = time.perf_counter()
        speed = (self.n_updates_ - self.bar_.initial) / max(now - self.start_, 1e-9)
        left = [
            max(callback.deadline_ - now, 0.0)
            for _, callback in net.callbacks_
            if isinstance(callback, TimeLimit)
        ]
        more = [speed * seconds for seconds in left]
        return min([self.total, *(self.n_updates_ + int(updates) for updates in more)])
