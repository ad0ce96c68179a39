"""One progress bar over the whole fit."""

from __future__ import annotations

import time

from skorch.callbacks import Callback
from tqdm.auto import tqdm

from skgan.callbacks._stopping import TimeLimit

_FORMAT = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} updates{postfix}"
_LOSSES = (("D", "discriminator_loss"), ("G", "generator_loss"))


class TrainingProgress(Callback):
    """One progress bar over all updates, with the time left and the held-out score.

    Parameters
    ----------
    total : int
        Generator updates of the whole fit. Where a `TimeLimit` will end it before, the
        bar shows how many there is time for, at the speed so far.
    interval : float, default=0.2
        Seconds between refreshes; steps in between cost a clock reading.
    score_name : str, default="valid_score"
        Shown where the history has it.
    losses : bool, default=False
        Whether both losses are shown, whose size says little: they are those of two
        networks that are trained against each other.
    """

    def __init__(
        self,
        total: int,
        interval: float = 0.2,
        score_name="valid_score",
        losses: bool = False,
    ):
        self.total = total
        self.interval = interval
        self.score_name = score_name
        self.losses = losses

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(
            total=self.total, bar_format=_FORMAT, mininterval=0, dynamic_ncols=True
        )
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
            self._refresh(net, self._seconds_left(net))

    def on_train_end(self, net, **kwargs):
        """Close the bar at what was reached, and say how long it took."""
        if net.history:
            self._refresh(net, None)
        self.bar_.close()
        self.bar_ = None

    def __getstate__(self):
        """Leave out the open bar, so that a net can be saved while it trains."""
        return {**vars(self), "bar_": None}

    def _refresh(self, net, seconds_left: float | None):
        now = time.perf_counter()
        if seconds_left is None:
            shown = [f"in {_in_words(now - self.start_)}"]
        else:
            shown = [f"{_in_words(seconds_left)} left"]
        scores = [row[self.score_name] for row in net.history if self.score_name in row]
        if scores:
            shown.append(f"held-out score {scores[-1]:.4g}")
        last = net.history[-1]["batches"][-1:] or [{}]
        if self.losses:
            shown += [
                f"{short}={last[0][name]:.3f}"
                for short, name in _LOSSES
                if name in last[0]
            ]
        self.bar_.set_postfix_str(", ".join(shown), refresh=False)
        self.bar_.total = self._expected(net)
        # The bar is drawn here, whether or not there is an update to count.
        self.bar_.n = self.n_updates_
        self.bar_.refresh()
        self.next_refresh_ = now + self.interval

    def _speed(self) -> float:
        """Return the updates a second so far."""
        seconds = time.perf_counter() - self.start_
        return (self.n_updates_ - self.bar_.initial) / max(seconds, 1e-9)

    def _deadlines(self, net) -> list[float]:
        """Return the seconds that are left until limits of time."""
        now = time.perf_counter()
        return [
            max(callback.deadline_ - now, 0.0)
            for _, callback in net.callbacks_
            if isinstance(callback, TimeLimit)
        ]

    def _seconds_left(self, net) -> float:
        updates = (self.total - self.n_updates_) / max(self._speed(), 1e-9)
        return min([updates, *self._deadlines(net)])

    def _expected(self, net) -> int:
        """Return the updates that the fit will have, in the time that is left."""
        more = [self._speed() * seconds for seconds in self._deadlines(net)]
        return min([self.total, *(self.n_updates_ + int(updates) for updates in more)])


def _in_words(seconds: float) -> str:
    """Return a time as one would say it."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {whole % 60} s"
    return f"{whole} s"
