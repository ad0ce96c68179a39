"""Days and hours on which samples have too many of their dates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from skgan.metrics.diagnosis._findings import SMALL_SHARE, percent
from skgan.metrics.diagnosis._quality import LEVEL

_DAY = 86_400
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_WEEKDAYS += ("Saturday", "Sunday")
_SHOWN = 4


def _days_of_month(seconds: NDArray) -> NDArray:
    days = seconds.astype("M8[s]").astype("M8[D]")
    return (days - days.astype("M8[M]").astype("M8[D]")).astype(np.int64)


# What is said of a part of a date, its places in whole seconds, and how many there are.
_PARTS = (
    ("weekdays", lambda s: (s // _DAY + 3) % 7, 7),
    ("days of the month", _days_of_month, 31),
    ("hours", lambda s: s // 3600 % 24, 24),
    ("minutes", lambda s: s // 60 % 60, 60),
)


def find_wrong_dates(moments: list) -> tuple[float, str] | None:
    """Return the largest share of samples on such days, or hours, and what to say.

    Columns of dates come as their names, seconds of real rows, of samples and of other
    real rows, by whose number chance in what a sampler knows is told.
    """
    found = []
    for name, *sets in moments:
        n_real, n_drawn, n_known = map(len, sets)
        chance = 1 / n_real + 1 / n_drawn + 1 / n_known
        for part, places_of, n_places in _PARTS:
            real, drawn = (
                np.bincount(places_of(s.astype(np.int64)), minlength=n_places) / len(s)
                for s in sets[:2]
            )
            both = (real + drawn) / 2
            seen = both > 0
            squares = (drawn - real)[seen] ** 2 / both[seen]
            limit = chdtri(max(seen.sum() - 1, 1), LEVEL / len(_PARTS) / len(moments))
            excess = np.maximum(drawn - real, 0)
            # Half of the mean difference of two shares that differ by chance alone.
            by_chance = 0.4 * np.sqrt(both * (1 - both) * chance).sum()
            share = float(excess.sum() - by_chance)
            if squares.sum() > limit * chance and share >= SMALL_SHARE:
                found.append((share, _describe(part, name, excess)))
    if not found:
        return None
    share, text = max(found)
    return share, f"{text} (by {percent(share)} of samples)"


def _describe(part: str, name: str, excess: NDArray) -> str:
    worst = np.argsort(-excess, kind="stable")
    worst = worst[excess[worst] > excess.max() / 2]
    shown = ", ".join(_name(part, int(place)) for place in worst[:_SHOWN])
    more = len(worst) - _SHOWN
    shown += f" and {more} more" if more > 0 else ""
    return f"{part} of {name} that are too frequent: {shown}"


def _name(part: str, place: int) -> str:
    if part == "weekdays":
        return _WEEKDAYS[place]
    return str(place + 1 if part == "days of the month" else place)
