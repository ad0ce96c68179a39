"""One panel of two columns: a point a row, categories and what is missing spread."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan.plotting._comparison import (
    MISSING,
    ColumnPair,
    date_texts,
    shorten,
    title_of,
)
from skgan.plotting._matplotlib import FIRST_COLOR, SECOND_COLOR

_MAX_LEVELS = 8  # the others share one place
_SPREAD = 0.3  # of the way to the next level, what a level's points take up


class _Axis(NamedTuple):
    """Where the rows of one column stand, by set, and what is written there."""

    sides: list[NDArray]
    ticks: list[float] | None
    texts: list[str]


def draw_pair(panel, across: ColumnPair, up: ColumnPair, rows: list, rng) -> list:
    """Draw rows of two columns, and return the points of both sets."""
    x, y = (_place(column, rows, rng) for column in (across, up))
    points = []
    colors = {"real": FIRST_COLOR, "synthetic": SECOND_COLOR}
    for side, (name, color) in enumerate(colors.items()):
        points.append(
            panel.scatter(
                x.sides[side],
                y.sides[side],
                s=9,
                color=color,
                alpha=0.5,
                linewidths=0,
                label=name,
            )
        )
    panel.set(xlabel=title_of(across.label), ylabel=title_of(up.label))
    for set_ticks, axis in ((panel.set_xticks, x), (panel.set_yticks, y)):
        if axis.ticks is not None:
            set_ticks(axis.ticks, labels=axis.texts)
    if not across.is_numeric and max(map(len, x.texts), default=0) > 4:
        panel.tick_params("x", rotation=30)
        for text in panel.get_xticklabels():
            text.set(ha="right", rotation_mode="anchor")
    panel.tick_params(labelsize="small")
    panel.spines[["top", "right"]].set_visible(False)
    return points


def _place(column: ColumnPair, rows: list, rng) -> _Axis:
    sides = [column.real[rows[0]], column.synthetic[rows[1]]]
    if column.is_numeric:
        return _place_numbers(column, sides, rng)
    names = _level_names(column)
    ticks = sorted(set(names.values()))
    places = [
        np.array([names[value] for value in side.tolist()], dtype=float)
        for side in sides
    ]
    texts = {
        place: MISSING if level is None else str(level)
        for level, place in names.items()
    }
    if len(names) > len(ticks):
        texts[_MAX_LEVELS - 1] = "others"
    labels = [shorten(texts[tick], 12).replace("$", r"\$") for tick in ticks]
    spread = [
        place + _spread(len(place), 1.0, side, rng) for side, place in enumerate(places)
    ]
    return _Axis(spread, [float(tick) for tick in ticks], labels)


def _level_names(column: ColumnPair) -> dict:
    """Return the place of each level, those that are frequent in real rows first."""
    total = Counter(column.real.tolist()) + Counter(column.synthetic.tolist())
    counts = Counter(column.real.tolist())
    levels = sorted(
        (level for level in total if level is not None),
        key=lambda level: -counts[level],
    )
    many = len(levels) > _MAX_LEVELS
    places = {
        level: min(i, _MAX_LEVELS - 1) if many else i for i, level in enumerate(levels)
    }
    if None in total:
        places[None] = max(places.values(), default=-1) + 1
    return places


def _place_numbers(column: ColumnPair, sides: list[NDArray], rng) -> _Axis:
    """Return numbers as they are, and what is missing below the smallest of them."""
    values = np.concatenate([column.real, column.synthetic])
    present = values[~np.isnan(values)]
    low, high = (present.min(), present.max()) if len(present) else (0.0, 0.0)
    span = high - low or 1.0
    spot = low - 0.15 * span
    has_missing = len(present) < len(values)
    placed = []
    for number, side in enumerate(sides):
        spread = spot + _spread(len(side), 0.12 * span, number, rng)
        placed.append(np.where(np.isnan(side), spread, side))
    if not (has_missing or column.is_date):
        return _Axis(placed, None, [])
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(2 if column.is_date else 4).tick_values(low, high)
    ticks = [float(tick) for tick in ticks if low <= tick <= high]
    texts = date_texts(ticks) if column.is_date else [f"{tick:g}" for tick in ticks]
    if has_missing:
        ticks, texts = [spot, *ticks], [MISSING, *texts]
    return _Axis(placed, ticks, texts)


def _spread(n: int, room: float, side: int, rng) -> NDArray:
    """Return offsets around a place: real rows to the left, synthetic to the right."""
    middle = (side - 0.5) * 1.2 * _SPREAD
    return room * (middle + rng.uniform(-0.5, 0.5, n) * _SPREAD)
