"""How much time is left of what a fit may take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from skgan._validation import check_real


class Deadline:
    """A moment, so many seconds from now; None for never.

    Examples
    --------
    >>> from skgan._deadline import Deadline
    >>> Deadline(None).left, Deadline(60).share(0.5).left < 31
    (inf, True)
    """

    def __init__(self, seconds: float | None = None):
        now = time.perf_counter()
        self.end = float("inf") if seconds is None else now + seconds

    @property
    def left(self) -> float:
        """Seconds left, negative afterwards."""
        return self.end - time.perf_counter()

    @property
    def is_set(self) -> bool:
        """Whether there is an end at all."""
        return self.end < float("inf")

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let what is called below ask `current_deadline` for this one."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def share(self, share: float) -> Deadline:
        """Return the moment at which so much of the time left is over."""
        return Deadline(share * max(self.left, 0.0) if self.is_set else None)


_CURRENT: ContextVar[Deadline] = ContextVar("deadline")


def read_deadline(max_time: float | None) -> Deadline:
    """Return when a fit that starts now shall have ended, or raise."""
    if max_time is not None:
        max_time = check_real("max_time", max_time, 0, strict=True)
    return Deadline(max_time)


def current_deadline() -> Deadline:
    """Return when the fit that calls shall have ended; one that never comes if none.

    For work inside estimators of scikit-learn, whose ``fit`` takes no such argument.
    """
    return _CURRENT.get(Deadline())
