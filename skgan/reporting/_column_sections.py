"""Sections about columns: each by itself, and by twos."""

from __future__ import annotations

from functools import partial

import numpy as np

from skgan.metrics import column_shape_scores, pair_trend_scores
from skgan.plotting import MarginalsDisplay, PairsDisplay, title_of
from skgan.reporting._evaluation import Evaluation
from skgan.reporting._html import details, element, figure, number, table
from skgan.reporting._pictures import chart
from skgan.reporting._sections import Section, legend
from skgan.reporting._table_sections import (
    associations_part,
    column_figures,
    column_names,
    only,
    plain_title,
)

_PANEL = (2.9, 2.0)  # inches
_PAIR = (3.0, 2.7)
_MAX_PAIRED = 30  # columns of which all pairs are looked at
_MAX_LISTED = 100  # columns and pairs of a table
_N_PAIRS = 3
_MAX_POINTS = 300  # of each set


def columns_section(evaluation: Evaluation, max_columns: int) -> Section:
    """Return each column, real against synthetic."""
    real, synthetic = evaluation.real.columns(), evaluation.drawn.columns()
    scores = column_shape_scores(real, synthetic)
    worst = sorted(scores, key=lambda name: scores[name])
    shown = list(scores) if len(scores) <= max_columns else worst[:max_columns]
    # Labels are drawn as they are asked for, so that they say nothing here.
    own = [scores[name] for name in column_names(evaluation.real.X)]
    message = (
        "Each column by itself: shares of rows in bins or levels. A score of 1 means "
        f"that both are alike; {number(float(np.mean(own)))} is the mean of all columns"
    )
    message += " but labels." if len(own) < len(scores) else "."
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
    parts.append(column_figures(evaluation, worst, scores))
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
    real, synthetic = evaluation.real.columns(), evaluation.drawn.columns()
    names = column_names(real)
    if len(names) < 2:
        return Section("pairs", "Pairs", "There is one column, and no pair.", [])
    message = (
        "How two columns are associated, in both sets. A score of 1 means that the "
        "association is the same."
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
    scores = pair_trend_scores(real, synthetic)
    mean = float(np.mean(list(scores.values())))
    worst = sorted(scores, key=lambda pair: scores[pair])
    rows = [
        (" and ".join(plain_title(known[name]) for name in pair), number(scores[pair]))
        for pair in worst[:_MAX_LISTED]
    ]
    title = "Scores of pairs, the worst first"
    if len(rows) < len(worst):
        title += f"; {len(rows)} of {len(worst)}"
    message += f" The mean score of all pairs is {number(mean)}."
    parts = [
        associations_part(evaluation),
        element("h3", "The pairs that differ most"),
        legend(),
        _worst_pairs(evaluation, real, synthetic, known, worst[:_N_PAIRS], scores),
        details("Scores of pairs", table(("pair", "score"), rows, title)),
    ]
    return Section("pairs", "Pairs", message, parts)


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
