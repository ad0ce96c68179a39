"""What users are told: warnings at their own line, numbers with their nouns."""

from __future__ import annotations

import sys
import warnings

# Those through which a user's call comes to skgan; `contextlib` where it is decorated.
_BETWEEN = frozenset({"skgan", "sklearn", "joblib", "imblearn", "skorch", "contextlib"})


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the line that called skgan, however deep in it the cause is found."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _room_of(frame) in _BETWEEN:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def counted(n: int, noun: str) -> str:
    """Return "1 row", or "2 rows"."""
    return f"{n} {noun}{'s' * (n != 1)}"


def _room_of(frame) -> str:
    return frame.f_globals.get("__name__", "").partition(".")[0]
