"""What the history of a fit says of it: divergence, and what comes before it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from scipy.stats import mannwhitneyu

from skgan.metrics.diagnosis._findings import BAD, GOOD, WARN, Finding, not_judged

_WATCHED = ("generator_loss", "discriminator_loss", "fake_gradient_norm")
# Beyond it a loss has diverged.
_LARGEST = 1e6
_MIN_EPOCHS = 12
_LEVEL = 0.001
# Doubled within a fit.
_GROWTH = 2.0
_ADVICE = "a lower learning_rate, a higher penalty_weight, or penalty='r1+r2'."


def judge_training(
    history: Iterable[Mapping[str, Any]] | None, was_restored: bool = False
) -> Finding:
    """Return whether training diverged, or is about to.

    Parameters
    ----------
    history : iterable of dict or None
        Epochs, as a skorch net records them.
    was_restored : bool, default=False
        Whether weights were put back to those of an earlier epoch.

    Returns
    -------
    Finding
        ``figure`` is how many times the gradient norm on generated rows has grown
        beside that on real ones; None where training diverged, or was too short.
    """
    epochs = list(history or ())
    if not epochs:
        return not_judged("No history was given.", "training")[0]
    sizes = [len(epoch.get("batches", ())) or 1 for epoch in epochs]
    causes = [next(_diverged(epoch), None) for epoch in epochs]
    bad = [i for i, cause in enumerate(causes) if cause is not None]
    if bad or was_restored:
        where = bad[-1] if bad else len(epochs) - 1
        name, value = causes[where] or ("a weight", float("nan"))
        message = f"Training diverged in the {sizes[where]} updates after the first "
        message += f"{sum(sizes[:where])}: {name} "
        message += f"reached {value:.3g}" if value == value else "was no longer finite"
        message += "; the last good weights were restored." if was_restored else "."
        if where < len(epochs) - 1:
            message += " It went on from there."
            return Finding("training", WARN, message, advice=_ADVICE)
        return Finding("training", BAD, message, advice=_ADVICE)
    return _judge_gradients(epochs)


def _diverged(epoch: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name in _WATCHED:
        values = [batch[name] for batch in epoch.get("batches", ()) if name in batch]
        values += [epoch[name]] if name in epoch else []
        for value in values:
            if not abs(value) <= _LARGEST:
                yield f"the {name.replace('_', ' ')}", float(value)


def _judge_gradients(epochs: list) -> Finding:
    """Look at gradients on generated rows, beside those on real ones.

    Both rise while a judge grows sharper; only on generated rows they rise when
    training is about to diverge.
    """
    message = "All losses were finite"
    names = ("fake_gradient_norm", "real_gradient_norm")
    recorded = [
        [epoch[n] for n in names] for epoch in epochs if set(names) <= set(epoch)
    ]
    norms = np.array([pair for pair in recorded if min(pair) > 0])
    if len(norms) < _MIN_EPOCHS:
        return Finding("training", GOOD, message + ".")
    logs = np.log(norms[:, 0] / norms[:, 1])
    n_last = math.ceil(len(logs) / 4)
    earlier, last = logs[:-n_last], logs[-n_last:]
    growth = float(np.exp(np.median(last) - np.median(earlier)))
    p_value = mannwhitneyu(last, earlier, alternative="greater").pvalue
    is_rising = p_value < _LEVEL and growth >= _GROWTH
    message += (
        ", but the discriminator's gradients on generated rows rise: in the last "
        f"quarter they were {growth:.2g} times as large, beside those on real rows, "
        "as before."
        if is_rising
        else ", and gradients on generated rows did not rise beside those on real ones."
    )
    advice = _ADVICE if is_rising else ""
    return Finding(
        "training", WARN if is_rising else GOOD, message, growth, 1.0, _GROWTH, advice
    )
