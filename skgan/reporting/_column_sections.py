"""Sections about columns: each by itself, and by twos."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np

from skgan.frames import frame_library
from skgan.metrics import column_shape_scores
from skgan.plotting import FIRST_COLOR, MarginalsDisplay, PairsDisplay, title_of
from skgan.reporting._evaluation import Evaluation
from skgan.reporting._html import details, element, figure, number, table
from skgan.reporting._pictures import INK, chart
from skgan.reporting._sections import Section, legend

_PANEL = (2.9, 2.0)  # inches
_PAIR = (3.0, 2.7)
_MAX_PAIRED = 30  # columns of which all pairs are looked at
_MAX_HEAT = 8  # columns of the heat map
_MAX_LISTED = 100  # columns and pairs of a table
_N_PAIRS = 3
_N_LISTED = 8  # pairs beside the heat map
_MAX_POINTS = 300  # of each set
_PALE, _DARK = 0.05, 0.55  # opacities, legible on both grounds


def columns_section(evaluation: Evaluation, max_columns: int) -> Section:
    """Return each column, real against synthetic."""
    real, synthetic = evaluation.holdout.columns(), evaluation.synthetic.columns()
    scores = column_shape_scores(real, synthetic)
    worst = sorted(scores, key=lambda name: scores[name])
    shown = list(scores) if len(scores) <= max_columns else worst[:max_columns]
    message = (
        "Each column by itself: shares of rows in bins or levels. A score of 1 means "
        f"that both are alike; {number(float(np.mean(list(scores.values()))))} is the "
        "mean of all columns."
    )
    if len(shown) < len(scores):
        message += (
            f" Of {len(scores)} columns these {len(shown)} differ most, the worst "
        )
        message += "first."
    panels = []
    for i, name in enumerate(shown):
        text = f"{plain_title(name)}: score {number(scores[name])}"
        picture = chart(
            partial(
                _draw_marginal,
                real=only(real, [name]),
                synthetic=only(synthetic, [name]),
            ),
            f"Column {plain_title(name)}, real and synthetic; score "
            f"{number(scores[name])}.",
            _PANEL,
            f"column{i}",
        )
        panels.append(figure(picture, text))
    parts = [legend(), element("div", *panels, class_="panels")]
    if len(scores) > 1:
        listed = worst[:_MAX_LISTED]
        caption = "Scores of columns, the worst first"
        if len(listed) < len(worst):
            caption += f"; {len(listed)} of {len(worst)}"
        rows = [(plain_title(name), number(scores[name])) for name in listed]
        title = "Scores of all columns" if listed == worst else "Scores of columns"
        parts.append(details(title, table(("column", "score"), rows, caption)))
    return Section("columns", "Columns", message, parts)


def _draw_marginal(ax, real, synthetic) -> None:
    display = MarginalsDisplay.from_samples(synthetic, real=real, ax=ax)
    _fill_with(display.axes_[0], display)
    display.axes_[0].set_title("")


def _fill_with(panel, display) -> None:
    """Give a panel all of the figure; the page says what the rest would say."""
    display.legend_.axes.remove()
    display.ax_.remove()
    panel.set_subplotspec(panel.figure.add_gridspec(1, 1)[0])


def pairs_section(evaluation: Evaluation) -> Section:
    """Return how alike pairs of columns are, and the pairs that are least so."""
    real, synthetic = evaluation.holdout.columns(), evaluation.synthetic.columns()
    names = column_names(real)
    if len(names) < 2:
        return Section("pairs", "Pairs", "There is one column, and no pair.", [])
    message = (
        "What two columns have to do with each other: 0 where that is the same in "
        "both sets, 1 where nothing agrees."
    )
    if len(names) > _MAX_PAIRED:
        scores = column_shape_scores(real, synthetic)
        names = sorted(names, key=lambda name: scores[name])[:_MAX_PAIRED]
        message += (
            f" Of {len(scores)} columns the {_MAX_PAIRED} that differ most by "
            "themselves are paired."
        )
    real, synthetic = only(real, names), only(synthetic, names)
    # The columns of arrays are called by their places, which others have left.
    known = dict(zip(column_names(real), names, strict=True))
    found: list[PairsDisplay] = []

    def draw(ax) -> None:
        found.append(_draw_heat(ax, real, synthetic, known))

    n_shown = min(len(names), _MAX_HEAT)
    side = max(0.38 * n_shown, 1.7)
    alt = f"Heat map of the differences of {n_shown} columns by twos."
    picture = chart(draw, alt, (side + 1.2, side + 0.9), "pairs")
    scores = found[0].scores_
    mean = float(np.mean(list(scores.values())))
    caption = f"Differences of pairs. The mean score of all pairs is {number(mean)}."
    if n_shown < len(names):
        caption += f" The {n_shown} columns whose pairs differ most are shown."
    worst = sorted(scores, key=lambda pair: scores[pair])
    rows = [
        (" and ".join(plain_title(known[name]) for name in pair), number(scores[pair]))
        for pair in worst[:_MAX_LISTED]
    ]
    title = "Scores of pairs, the worst first"
    if len(rows) < len(worst):
        title += f"; {len(rows)} of {len(worst)}"
    head = ("pair", "score")
    few = table(head, rows[:_N_LISTED], "The pairs that differ most")
    heat = figure(picture, caption, class_="wide")
    parts = [
        element("div", heat, few, class_="split"),
        legend(),
        _worst_pairs(evaluation, real, synthetic, known, worst[:_N_PAIRS], scores),
        details("Scores of pairs", table(head, rows, title)),
    ]
    return Section("pairs", "Pairs", message, parts)


def _draw_heat(ax, real, synthetic, known: dict) -> PairsDisplay:
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    shades = [(*to_rgb(FIRST_COLOR), opacity) for opacity in (_PALE, _DARK)]
    display = PairsDisplay.from_samples(
        synthetic,
        real=real,
        max_columns=_MAX_HEAT,
        ax=ax,
        cmap=LinearSegmentedColormap.from_list("shades", shades),
        interpolation="none",
    )
    display.colorbar_.remove()
    ax.set_title("")
    for text in display.text_:
        text.set(color=INK)
    titles = [title_of(known[name]) for name in display.columns_]
    ax.set_xticks(range(len(titles) - 1), labels=titles[:-1])
    ax.set_yticks(range(len(titles) - 1), labels=titles[1:])
    ax.tick_params("x", rotation=90 if len(titles) > 3 else 0)
    return display


def _worst_pairs(evaluation: Evaluation, real, synthetic, known, pairs, scores) -> str:
    """Return rows of both sets, in the columns of each pair."""
    panels = []
    for i, pair in enumerate(pairs):
        titles = [plain_title(known[name]) for name in pair]
        two = only(real, list(pair)), only(synthetic, list(pair))

        def draw(ax, two=two, pair=pair) -> None:
            display = PairsDisplay(real=two[0], synthetic=two[1])
            display.plot_pairs(
                n_pairs=1, max_points=_MAX_POINTS, random_state=evaluation.seed, ax=ax
            )
            panel = display.axes_[0]
            _fill_with(panel, display)
            panel.set_title("")
            panel.set_xlabel(title_of(known[pair[0]]))
            panel.set_ylabel(title_of(known[pair[1]]))

        text = f"{titles[0]} and {titles[1]}: score {number(scores[pair])}"
        alt = f"Rows of both sets by {titles[0]} and {titles[1]}."
        panels.append(figure(chart(draw, alt, _PAIR, f"pair{i}"), text))
    return element("div", *panels, class_="panels")


def plain_title(name: Hashable) -> str:
    """Return how a column is called in text; those of arrays have numbers."""
    return f"column {name}" if isinstance(name, int) else str(name)


def column_names(X: Any) -> list:
    """Return the names of columns, those of arrays their places."""
    if frame_library(X) is None:
        return list(range(np.shape(X)[1]))
    return list(X.columns)


def only(X: Any, names: list) -> Any:
    """Return rows with some of their columns."""
    return X[names] if frame_library(X) is not None else np.asarray(X)[:, names]
