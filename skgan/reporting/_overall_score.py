"""One score beside the verdict: the mean of named parts, and what real rows get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import resample

from skgan.metrics import column_shapes, pair_trends
from skgan.reporting._evaluation import Evaluation
from skgan.reporting._html import details, element, escape, number, paragraph
from skgan.reporting._verdicts import bar

_MIN_ROWS = 2
_NOTE = (
    "Each part lies between 0 and 1, which is best. Column shapes and pair trends are "
    "those of skgan score --metric: as many samples as there are held-out rows. The "
    "others are those of the verdicts. A mean hides what one part says, and chance "
    "costs real rows something, too: read it beside theirs, and the verdict first."
)


class Part(NamedTuple):
    """A part of the score: of samples, and of real rows in their place."""

    title: str
    value: float
    real: float | None


class Score(NamedTuple):
    """The score of samples, that of real rows, and the parts."""

    value: float
    real: float | None
    parts: list[Part]


def overall_score(evaluation: Evaluation) -> Score | None:
    """Return the mean of all parts that can be had; None of none."""
    parts = [*_column_parts(evaluation), *_verdict_parts(evaluation)]
    if not parts:
        return None
    value = float(np.mean([part.value for part in parts]))
    own = [part.real for part in parts if part.real is not None]
    real = float(np.mean(own)) if len(own) == len(parts) else None
    return Score(value, real, parts)


def _column_parts(evaluation: Evaluation) -> list[Part]:
    """Return how alike columns and pairs are, of rows without their labels."""
    shape = evaluation.real.X.shape
    if evaluation.image_shape is not None or len(shape) != 2 or shape[0] < _MIN_ROWS:
        return []
    measures: dict[str, Callable[..., float]] = {"Column shapes": column_shapes}
    if 1 < shape[1] <= evaluation.max_paired:
        measures["Pair trends"] = pair_trends
    real, drawn = evaluation.real.X, evaluation.drawn.X
    other = None
    if evaluation.train is not None and len(evaluation.train) >= _MIN_ROWS:
        other = _some(evaluation.train.X, len(real), evaluation.seed)
    return [
        Part(
            title,
            measure(real, drawn),
            None if other is None else measure(real, other),
        )
        for title, measure in measures.items()
    ]


def _some(X: Any, n: int, seed: int) -> Any:
    if X.shape[0] <= n:
        return X
    return resample(X, replace=False, n_samples=n, random_state=seed)


def _verdict_parts(evaluation: Evaluation) -> list[Part]:
    """Return the parts that are findings, as shares of rows that are as they should."""
    findings = evaluation.diagnosis.findings
    parts = []
    for name, title in (("c2st", "Not told apart by trees"), ("coverage", "Coverage")):
        found = findings[name]
        if found.value is not None:
            parts.append(Part(title, _clip(found.value), found.baseline))
    found = findings["membership_auc"]
    if found.value is not None:
        parts.append(Part("No membership told", _clip(2 - 2 * found.value), 1.0))
    copied = []
    for name in ("dcr_share", "duplicates"):
        found = findings[name]
        if found.value is not None and found.baseline is not None:
            room = 1 - found.baseline if name == "dcr_share" else 1.0
            copied.append((found.value - found.baseline) / max(room, 1e-9))
    if copied:
        parts.append(Part("No copies", _clip(1 - max(copied)), 1.0))
    return parts


def _clip(value: float) -> float:
    return float(min(max(value, 0.0), 1.0))


def show_score(score: Score) -> str:
    """Return the score as a part of the page's head."""
    rows = [
        element(
            "tr",
            element("th", escape(part.title), scope="row"),
            element("td", number(part.value), bar(part.value, part.real)),
            element("td", number(part.real)),
        )
        for part in score.parts
    ]
    head = "".join(
        element("th", text, scope="col") for text in ("part", "samples", "real rows")
    )
    parts = element(
        "table",
        element("caption", "Parts of the score"),
        element("thead", element("tr", head)),
        element("tbody", *rows),
        class_="shares",
    )
    own = ""
    if score.real is not None:
        own = f"; real rows in place of samples get {score.real:.2f}"
    return element(
        "div",
        element(
            "p",
            element("span", f"{score.value:.2f}", class_="figure"),
            escape(f" overall score of 1{own}"),
            class_="score",
        ),
        details("What the score is made of", parts, paragraph(_NOTE)),
        class_="score-box",
        id="score",
    )
