"""The sections of a report: what each shows, and how to read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan.metrics import density, nearest, precision, recall
from skgan.metrics.diagnosis import MIN_ROWS
from skgan.plotting import FIRST_COLOR, SECOND_COLOR, EmbeddingDisplay
from skgan.reporting._evaluation import Evaluation
from skgan.reporting._html import element, escape, figure, number, paragraph
from skgan.reporting._pictures import chart
from skgan.reporting._verdicts import bar

_MAX_COMPARED = 2000
_MAX_POINTS = 500  # of each set
_N_BINS = 30
_LEGEND = (("real", "real, held out"), ("synthetic", "synthetic"))
_DISTANCES = (4.3, 2.5)  # inches of a chart


class Section(NamedTuple):
    """A part of the page that can be gone to.

    Parameters
    ----------
    anchor : str
        What links call it.
    title : str
        Its heading.
    says : str
        What it shows and how to read it; not escaped yet.
    parts : list of str
        HTML.
    is_half : bool
        Whether another section may stand beside it where there is room.
    """

    anchor: str
    title: str
    message: str
    parts: list[str]
    is_half: bool = False

    def render(self) -> str:
        """Return the section as HTML."""
        heading = f"{self.anchor}-heading"
        return element(
            "section",
            element("h2", escape(self.title), id=heading),
            paragraph(self.message, class_="lead") if self.message else "",
            *self.parts,
            id=self.anchor,
            class_="half" if self.is_half else None,
            aria_labelledby=heading,
        )


def legend() -> str:
    """Return which colour is which."""
    items = (
        element("span", class_=f"swatch {side}", aria_hidden="true") + escape(name)
        for side, name in _LEGEND
    )
    return element("p", *(element("span", item) for item in items), class_="legend")


def coverage_section(evaluation: Evaluation) -> Section:
    """Return whether samples reach all real rows, and only these."""
    title = "Coverage"
    message = (
        "How far each held-out row is from the nearest sample, and from the nearest of "
        "as many other real rows. Samples that miss some rows have a longer tail to "
        "the right."
    )
    sets = _compared(evaluation)
    short = [name for name, rows in sets.items() if len(rows) < MIN_ROWS]
    if short:
        note = f"Too few rows to compare: {', '.join(short)}; {MIN_ROWS} are needed."
        return Section("coverage", title, note, [])
    real, synthetic, other = sets.values()
    distances = [nearest(real, rows)[0] for rows in (other, synthetic)]
    medians = [float(np.median(values)) for values in distances]
    caption = (
        f"Half of the held-out rows are within {number(medians[1])} of a sample, and "
        f"within {number(medians[0])} of another real row."
    )
    label = "distance of a held-out row to the nearest"
    picture = chart(
        lambda ax: draw_distances(ax, distances, label),
        f"Histograms of distances to the nearest row. {caption}",
        _DISTANCES,
        "coverage",
    )
    parts = [
        legend_of("to another real row", "to a sample"),
        element(
            "div",
            figure(picture, caption, class_="wide"),
            _shares(evaluation, real, synthetic, other),
            class_="split",
        ),
    ]
    return Section("coverage", title, message, parts)


def legend_of(real: str, synthetic: str) -> str:
    """Return which colour is which, in other words."""
    page = legend()
    for (_, usual), name in zip(_LEGEND, (real, synthetic), strict=True):
        page = page.replace(f"</span>{usual}", f"</span>{escape(name)}")
    return page


def _compared(evaluation: Evaluation) -> dict[str, NDArray]:
    """Vectors of held-out rows, of samples, and of as many other real rows."""
    space = evaluation.make_space()
    real, synthetic = (
        space.transform(rows.X) for rows in (evaluation.holdout, evaluation.synthetic)
    )
    if evaluation.train is None:
        half = len(real) // 2
        name, real, other = "half of X_holdout", real[:half], real[half:]
    else:
        name, other = "X_train", space.transform(evaluation.train.X)
    n = min(len(synthetic), len(other), _MAX_COMPARED)
    names = ("X_holdout" if evaluation.train is not None else name, "X_synthetic", name)
    if names[0] == names[2]:
        names = (names[0], names[1], "the other half")
    return dict(
        zip(names, (real[:_MAX_COMPARED], synthetic[:n], other[:n]), strict=True)
    )


_SHARES: dict[str, tuple[Callable[..., float], str]] = {
    "precision": (precision, "samples that lie among real rows"),
    "recall": (recall, "real rows that lie among samples"),
    "density": (density, "how deep among real rows samples lie; 1 is as real rows"),
}


def _shares(evaluation: Evaluation, real, synthetic, other) -> str:
    """Return a table of what lies among what."""
    rows: list[tuple[str, str, float | None, float | None]] = []
    for name, (measure, message) in _SHARES.items():
        options: dict[str, Any] = {"standardize": False, "max_samples": None}
        value, floor = (measure(real, X, **options) for X in (synthetic, other))
        rows.append((name, message, value, floor))
    found = evaluation.diagnosis.findings.get("coverage")
    if found is not None and found.value is not None:
        # The figure of the verdict, so that the page says it once.
        message = "real rows that have a sample nearby"
        rows.append(("coverage", message, found.value, found.baseline))
    body = "".join(
        element(
            "tr",
            element("th", escape(name), element("small", escape(message)), scope="row"),
            element("td", number(value), bar(value, floor)),
            element("td", number(floor)),
        )
        for name, message, value, floor in rows
    )
    head = "".join(
        element("th", text, scope="col") for text in ("share", "samples", "real rows")
    )
    return element(
        "table",
        element("caption", "Samples among real rows, and real rows in their place"),
        element("thead", element("tr", head)),
        element("tbody", body),
        class_="shares",
    )


def copying_section(evaluation: Evaluation, stages: str = "") -> Section:
    """Return how close samples are to training rows, beside held-out rows.

    `stages` is a table of what each stage of the fit copies.
    """
    title = "Copying"
    train, anchor = evaluation.train, "copying"
    if train is None:
        note = "Copies show beside training rows only: give X_train."
        return Section(anchor, title, note, [], is_half=True)
    message = (
        "How far each sample is from the nearest training row, and how far held-out "
        "rows, which nobody copied, are. Copies would heap up at the left."
    )
    space = evaluation.make_space()
    known = space.transform(train.X)
    distances = [
        nearest(space.transform(rows.X)[:_MAX_COMPARED], known)[0]
        for rows in (evaluation.holdout, evaluation.synthetic)
    ]
    medians = [float(np.median(values)) for values in distances]
    caption = (
        f"Half of the samples are within {number(medians[1])} of a training row, half "
        f"of the held-out rows within {number(medians[0])}."
    )
    label = "distance to the nearest training row"
    picture = chart(
        lambda ax: draw_distances(ax, distances, label),
        f"Histograms of distances to the nearest training row. {caption}",
        _DISTANCES,
        anchor,
    )
    parts = [legend(), figure(picture, caption, class_="wide"), stages]
    return Section(anchor, title, message, parts, is_half=not stages)


def draw_distances(ax, distances: list[NDArray], label: str) -> None:
    """Draw shares of distances, real and synthetic, the farthest in the last bin."""
    pooled = np.concatenate(distances)
    top = float(np.quantile(pooled, 0.995)) or float(pooled.max()) or 1.0
    edges = np.linspace(0, top, _N_BINS + 1)
    for values, color in zip(distances, (FIRST_COLOR, SECOND_COLOR), strict=True):
        shares = np.histogram(np.minimum(values, top), edges)[0] / len(values)
        if color == FIRST_COLOR:
            ax.stairs(shares, edges, fill=True, color=color, alpha=0.25)
        ax.stairs(shares, edges, color=color, linewidth=1.5)
    ax.set(xlabel=label, ylabel="share of rows", xlim=(0, top))
    ax.set_ylim(bottom=0)


def embedding_section(evaluation: Evaluation) -> Section:
    """Return both sets in the plane of their principal components."""
    shares: list[float] = []

    def draw(ax) -> None:
        display = EmbeddingDisplay.from_samples(
            evaluation.synthetic.X,
            real=evaluation.holdout.X,
            max_points=_MAX_POINTS,
            random_state=evaluation.seed,
            ax=ax,
        )
        ax.get_legend().remove()
        shares.extend(display.explained_variance_ratio)

    alt = "Held-out rows and samples as points in the plane of two components."
    picture = chart(draw, alt, (4.3, 3.5), "embedding")
    caption = f"Two components, {sum(shares):.0%} of the variance. A point is a row."
    message = (
        "All columns at once. Points of one colour alone are rows that samples miss, "
        "or that they made up; rows that agree here can differ in other directions."
    )
    parts = [legend(), figure(picture, caption, class_="wide")]
    return Section("embedding", "Embedding", message, parts, is_half=True)
