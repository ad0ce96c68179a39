"""Sections about models: what one learns from samples, and what made the samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan.frames import as_rows, frame_library, is_missing, take_rows
from skgan.metrics import Finding, TaughtModels, global_utility_scores, teach_models
from skgan.metrics.diagnosis import MIN_ROWS, judge_copies
from skgan.plotting import TrainingDisplay
from skgan.reporting._evaluation import Evaluation, Rows
from skgan.reporting._html import element, figure, number, paragraph, scrolled, table
from skgan.reporting._pictures import chart
from skgan.reporting._sections import Section
from skgan.reporting._settings import facts
from skgan.reporting._table_sections import column_names, only, plain_title

_MAX_TAUGHT = 5000  # rows that a model is taught on
_MAX_TESTED = 1000  # rows that importances are measured on
_MAX_FEATURES = 60  # columns of which importances are measured
_MAX_IMPORTANT = 8
_MAX_CLASSES = 20
# With more columns, not each is learnt from all others.
_MAX_LEARNT = 40
_MAX_LEARNT_ROWS = 2000
# A loss beyond so many times the usual one is left to the edge of the chart.
_USUAL = 0.9
_ROOM = 1.5


def usefulness_section(evaluation: Evaluation, target: Any) -> Section:
    """Return what a model learns from samples, beside one taught on training rows."""
    title, anchor = "Usefulness", "usefulness"
    train = evaluation.train
    if train is None:
        note = "Whether models learn from samples shows beside training rows: give "
        return Section(anchor, title, f"{note}X_train.", [])
    sets = {"train": train, "holdout": evaluation.real, "drawn": evaluation.drawn}
    name, pairs = _targets(sets, target, evaluation.seed)
    if not pairs:
        note = (
            f"{name} is no class of few levels and no number: name a column, target=…"
        )
        return Section(anchor, title, note, [])
    try:
        taught = teach_models(
            pairs["train"], pairs["holdout"], pairs["drawn"], None, None, None, 0
        )
    except ValueError as error:  # such as a class that no held-out row has
        return Section(anchor, title, f"No model predicts {name}: {error}", [])
    measure = "ROC AUC" if taught.is_classification else "R²"
    message = (
        f"Boosted trees learn to predict {name} from samples and from as many training "
        f"rows, and are tested on held-out rows. {measure}: "
        f"{number(taught.scores[0])} trained on samples, {number(taught.scores[1])} "
        "trained on real rows."
    )
    weak = taught.scores[1] < (0.55 if taught.is_classification else 0.05)
    if weak:
        message += " Real rows predict it hardly at all, so that this says little."
    names = column_names(pairs["train"][0])
    parts = [_importances(taught, names, evaluation.seed)]
    utility, every_column = _every_column(sets, evaluation.seed)
    return Section(anchor, title, message + utility, [*parts, every_column])


def _every_column(sets: Mapping[str, Rows], seed: int) -> tuple[str, str]:
    """Return the global utility in words, and a table of the columns learnt worst."""
    rows = [sets[key].X for key in ("train", "holdout", "drawn")]
    names = column_names(rows[0])
    if not 2 <= len(names) <= _MAX_LEARNT:
        return "", ""
    try:
        found = global_utility_scores(
            *rows, max_samples=_MAX_LEARNT_ROWS, random_state=seed
        )
    except ValueError:  # no column that can be foretold
        return "", ""
    message = (
        " Global utility (each column learnt from all others, by samples relative to "
        f"real rows; 1 is ideal): {number(float(np.mean(list(found.values()))))}."
    )
    worst = sorted(found, key=lambda name: found[name])[:_MAX_IMPORTANT]
    lines = [(plain_title(name), number(found[name])) for name in worst]
    caption = "Columns predicted worst by models trained on samples"
    head = ("column", "score by samples over score by real rows")
    return message, scrolled(table(head, lines, caption), caption)


def _targets(sets: Mapping[str, Rows], target: Any, seed: int) -> tuple[str, dict]:
    """Return what is predicted, and pairs (X, y); a note and none where that fails."""
    n = min(_MAX_TAUGHT, len(sets["train"]), len(sets["drawn"]))
    few = {
        key: rows if key == "holdout" else rows.take(n, seed)
        for key, rows in sets.items()
    }
    X = few["holdout"].X
    if few["holdout"].y is not None and target is None:
        labels = {key: np.asarray(rows.y) for key, rows in few.items()}
        if labels["holdout"].ndim == 1:
            pairs = {key: (rows.X, labels[key]) for key, rows in few.items()}
            return "the labels", _without_gaps(pairs)
    names = column_names(X)
    if target is None:
        if frame_library(X) is None:
            return "The labels", {}
        target = names[-1]
    if target not in names:
        raise ValueError(f"target is {target!r}, which is none of the columns {names}.")
    rest = [name for name in names if name != target]
    if not rest:
        return "The only column", {}
    pairs = {
        key: (only(rows.X, rest), _column(rows.X, target)) for key, rows in few.items()
    }
    return plain_title(target), _without_gaps(pairs)


def _column(X: Any, name: Any) -> NDArray:
    """One column; times as seconds."""
    if frame_library(X) is None:
        return np.asarray(X)[:, name]
    values = np.asarray(X[name])
    if values.dtype.kind in "mM":
        seconds = values.astype(
            "int64" if values.dtype.kind == "m" else "datetime64[s]"
        )
        gaps = np.isnat(values)
        return np.where(gaps, np.nan, seconds.astype("int64").astype(np.float64))
    return values


def _without_gaps(pairs: dict[str, tuple[Any, NDArray]]) -> dict:
    """Pairs without rows whose target is missing; none where it cannot be predicted.

    Numbers of many values are standardised, so that they are no classes.
    """
    found = {}
    for key, (X, y) in pairs.items():
        is_there = np.array([not is_missing(value) for value in y.tolist()])
        if is_there.sum() < MIN_ROWS:
            return {}
        X = take_rows(as_rows(X), is_there)
        found[key] = (X, np.array(y[is_there].tolist()))
    known = found["train"][1]
    is_many = len(np.unique(known)) > _MAX_CLASSES
    if known.dtype.kind not in "biuf":
        levels = {
            key: (X, y.astype(str).astype(object)) for key, (X, y) in found.items()
        }
        return {} if is_many else levels
    if not is_many:
        return found
    values = known.astype(np.float64)
    mean, deviation = values.mean(), values.std()
    if not 0 < deviation < np.inf:
        return {}
    return {
        key: (X, (y.astype(np.float64) - mean) / deviation)
        for key, (X, y) in found.items()
    }


def _importances(taught: TaughtModels, names: list, seed: int) -> str:
    """Return how much worse both models are without a column, the largest first."""
    rng = np.random.default_rng(seed)
    X, y = taught.X_holdout[:_MAX_TESTED], taught.y_holdout[:_MAX_TESTED]
    if taught.is_classification and len(np.unique(y)) < 2:
        return ""
    order = rng.permutation(len(X))
    full = [taught.score(model, X, y) for model in taught.models]
    losses = []
    for j in range(min(X.shape[1], _MAX_FEATURES)):
        shuffled = X.copy()
        shuffled[:, j] = X[order, j]
        losses.append(
            [
                whole - taught.score(model, shuffled, y)
                for whole, model in zip(full, taught.models, strict=True)
            ]
        )
    found = np.array(losses)
    top = np.argsort(-found.max(axis=1), kind="stable")[:_MAX_IMPORTANT]
    rows = [
        (plain_title(names[j]), number(found[j, 0]), number(found[j, 1])) for j in top
    ]
    caption = "Importances: what the score loses when a column is shuffled"
    if found.shape[0] < len(names):
        caption += f"; of the first {found.shape[0]} columns"
    head = ("column", "trained on samples", "trained on real rows")
    return scrolled(table(head, rows, caption), "Importances")


class _Stage(NamedTuple):
    """A stage of the fit: how hard it is to tell apart, and what it copies."""

    name: str
    score: float | None
    found: dict[str, Finding]


_COPIES = {
    "duplicates": "equal a training row",
    "dcr_share": "closer to training rows",
    "membership_auc": "membership AUC",
}


def stages_part(evaluation: Evaluation) -> str:
    """Return what each stage of the fit copies, as a table; nothing of one stage."""
    sampler, train = evaluation.sampler, evaluation.train
    names = getattr(sampler, "stages_", ())
    if train is None or len(names) < 2:
        return ""
    kept = sampler.stage_
    stages = []
    for name in names:
        found = evaluation.diagnosis.findings
        if name != kept:
            drawn = sampler.at_stage(name)._drawn_beside(
                evaluation.holdout.pair, len(evaluation.synthetic), evaluation.seed
            )
            found = judge_copies(
                evaluation.holdout.pair,
                drawn if evaluation.holdout.y is not None else _rows_of(drawn),
                train.pair,
                reference=getattr(sampler, "_reference", None),
                max_samples=max(len(evaluation.synthetic), MIN_ROWS),
                random_state=evaluation.seed,
            )
        stages.append(_Stage(name, sampler.stage_scores_.get(name), found))
    rows: list[tuple[str, ...]] = [
        (
            f"{stage.name} (kept)" if stage.name == kept else stage.name,
            number(stage.score),
            *(number(stage.found[name].value) for name in _COPIES),
        )
        for stage in stages
    ]
    found = evaluation.diagnosis.findings
    rows.append(("real rows", "1", *(number(found[n].baseline) for n in _COPIES)))
    head = ("stage", "like held-out rows in the fit", *_COPIES.values())
    caption = "Copying by stage: the prior alone, with training, with rejection"
    return scrolled(table(head, rows, caption), caption)


def _rows_of(drawn: Any) -> Any:
    return drawn[0] if isinstance(drawn, tuple) else drawn


def training_section(evaluation: Evaluation) -> Section:
    """Return both losses over the fit, where networks made the samples."""
    title, anchor = "Training", "training"
    final = evaluation.final_estimator
    history = evaluation.history or ()
    stage = getattr(final, "stage_", "generator")
    n_updates = int(getattr(final, "n_iter_", 0) or 0)
    if stage.startswith("prior"):
        message = "Samples come from the prior, a chain of trees"
        message += ", and rejection" if "rejection" in stage else ""
        message += ": losses of networks mean nothing for them. "
        message += (
            f"Adversarial training ran {n_updates} updates and was not kept."
            if n_updates
            else "There was no adversarial training."
        )
        return Section(anchor, title, message, [_stage_scores(final), facts(final)])
    if not any("generator_loss" in epoch for epoch in history):
        note = "The sampler keeps no history of its fit."
        return Section(anchor, title, note, [facts(final)])
    updates: list[int] = []
    hidden: list[int] = []

    def draw(ax) -> None:
        display = TrainingDisplay.from_history(history, ax=ax, linewidth=1.3)
        updates.append(int(display.n_updates[-1]))
        losses = np.array([display.discriminator_loss, display.generator_loss])
        hidden.append(_limit(ax, losses))

    alt = "Losses of the discriminator and the generator over the updates."
    picture = chart(draw, alt, (4.5, 2.6), anchor)
    caption = f"Mean losses of each epoch, over {updates[0]} updates of the generator."
    if hidden[0]:
        caption += f" {hidden[0]} epochs go beyond the scale."
    message = (
        "The losses of a game do not fall as samples get better: steady curves are a "
        "good sign, curves that run away are not."
    )
    pair = figure(picture, caption, class_="wide"), facts(final)
    parts = [element("div", *pair, class_="split"), _stage_scores(final)]
    return Section(anchor, title, message, parts)


def _limit(ax, losses: NDArray) -> int:
    """Scale the axis by usual losses; return how many epochs go beyond it."""
    finite = losses[np.isfinite(losses)]
    if not finite.size:
        return 0
    usual = np.quantile(finite, [1 - _USUAL, _USUAL])
    room = _ROOM * max(usual[1] - usual[0], 0.5)
    low, high = usual[0] - room, usual[1] + room
    is_beyond = ~((losses >= low) & (losses <= high)).all(axis=0)
    if is_beyond.any():
        ax.set_ylim(max(low, finite.min()), min(high, finite.max()))
    return int(is_beyond.sum())


def _stage_scores(sampler: Any) -> str:
    """Return what the fit found of its stages."""
    scores = getattr(sampler, "stage_scores_", None)
    if not scores:
        return ""
    rows = [(name, number(score)) for name, score in scores.items()]
    caption = "Stages on rows held out in the fit: 1 where trees cannot tell them apart"
    kept = paragraph(f"Samples are drawn from the stage “{sampler.stage_}”.")
    return table(("stage", "score"), rows, caption) + kept
