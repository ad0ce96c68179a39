"""What is wrong with samples: quality, collapse, copying, and how training went."""

from __future__ import annotations

import warnings
from typing import Any

from skgan._messages import counted
from skgan._validation import check_boolean, check_stream
from skgan.metrics._inputs import check_count
from skgan.metrics._reference import ReferenceSpace
from skgan.metrics.diagnosis._advice import advise
from skgan.metrics.diagnosis._attacks import ATTACKS, attack_where_judged
from skgan.metrics.diagnosis._collapse import judge_collapse
from skgan.metrics.diagnosis._column_order import judge_orders
from skgan.metrics.diagnosis._compared_rows import Rows, read_rows
from skgan.metrics.diagnosis._copying import MEMORIZATION, judge_memorization
from skgan.metrics.diagnosis._dependence import judge_associations
from skgan.metrics.diagnosis._findings import (
    CopyingWarning,
    Diagnosis,
    Finding,
    not_judged,
)
from skgan.metrics.diagnosis._history import judge_training
from skgan.metrics.diagnosis._quality import judge_quality
from skgan.metrics.diagnosis._shapes_and_decimals import judge_columns

# With fewer rows chance is larger than most diseases.
MIN_ROWS = 50
# All distances between three sets of so many fit into memory and a second.
_MAX_COMPARED = 1500
# Copies of rows that are left out go unseen.
_MAX_TRAIN = 20_000
# Rows that say where groups and axes are.
_MAX_GUIDES = 5000
_QUALITY = ("c2st", "energy_distance", "coverage")
_COLUMNS = ("associations", "orders", "columns", "decimals")
_COLLAPSE = ("modes", "levels", "variance")


def diagnose(
    X_holdout: Any,
    X_synthetic: Any,
    X_train: Any = None,
    *,
    history: Any = None,
    reference: ReferenceSpace | None = None,
    max_samples: int = 5000,
    stage: str | None = None,
    attacks: bool = False,
    random_state: Any = None,
) -> Diagnosis:
    """Say in words what is wrong with samples, and what to try.

    Parameters
    ----------
    X_holdout : array-like of shape (n_holdout, ...), DataFrame, or pair (X, y)
        Real rows that the sampler has not seen; 100 or more, better thousands.
    X_synthetic : same as X_holdout
        Rows drawn from the sampler; the (X, y) of a conditional one, as it is.
    X_train : same as X_holdout, or None, default=None
        Rows that the sampler was trained on, without which copying cannot be judged.
    history : iterable of dict or None, default=None
        Epochs of the fit, as in ``sampler.history_``.
    reference : ReferenceSpace or None, default=None
        Where distances are taken. None is fitted on `X_train`, or else on
        `X_holdout`.
    max_samples : int, default=5000
        Rows of each set at most, drawn at random; at least 50. Of the training rows
        20 000 are looked at.
    stage : str or None, default=None
        What drew the samples, as ``sampler.stage_`` says it: where a prior of trees
        did, advice speaks of that. None is networks.
    attacks : bool, default=False
        Whether to run `membership_attacks`, too, and to say what the worst of them
        achieves, as the finding `attacks`; some seconds more. They need `X_train`.
    random_state : int, RandomState instance or None, default=None
        Draws rows, folds and permutations; an int makes the diagnosis repeatable.

    Returns
    -------
    diagnosis : Diagnosis
        A `Finding` for each thing that was looked at. Printed, a few lines.

    Raises
    ------
    ValueError
        If a set is empty, the columns differ, only some sets have labels, or
        `max_samples` is too small.

    Warns
    -----
    CopyingWarning
        If samples were copied from `X_train`.

    Notes
    -----
    Each figure stands beside what real rows get in the place of samples, as many of
    them: training rows, or, without these, one half of the held-out rows while the
    other half is compared with. A verdict is "good" unless a test at the level of
    .001 rejects that samples are as real rows are, *and* more than a twentieth of the
    rows is concerned; it is "bad" if half of them are. So "warn" is between.

    - `c2st`: chance by Mann and Whitney, of twice the variance, because folds learn
      from each other; the share of samples that must be out of place, if trees tell
      them apart that well, by total variation.
    - `energy_distance`: chance by 999 permutations; the share of real rows that, put
      onto their mean, would be as far away.
    - `coverage`: chance by 999 permutations.
    - `associations`: correlations of normal scores of ranks, of levels and of gaps;
      what samples keep of all of them, weighted by those of further real rows, and
      each pair at a level for all, by influence functions. "bad" if less than half is
      kept, or a pair is off by .5; a tenth is let pass.
    - `orders`: samples in which a number or date is above another that it is never
      above in training rows, by exact tests; a hundredth of the rows is let pass.
    - `columns`: the largest Kolmogorov-Smirnov statistic, which no fewer samples are
      out of place by.
    - `decimals`: samples between the steps of real values, and last digits that come
      too often, by exact tests.
    - `modes`: real rows in at most 100 groups by k-means [1]_, samples counted in
      each; exact limits, at a level for all groups. Any that is missing is "bad".
    - `levels`: the same for categories and missing values.
    - `variance`: of columns and of principal axes, with the extremes clipped; chance
      by kurtosis, and, beyond that, by 999 permutations.
    - `membership_auc`, `dcr_share`, `duplicates`: chance by exchanging training with
      held-out rows. "bad" if the lower end of a 95 % interval is a twentieth or more;
      of exact copies, of rows that occur once, any excess over held-out rows.
    - `identifiers`: columns of frames that name rows, as `TableEncoder` finds them, or
      `reference` says. They take no part.
    - `attacks`: the least p-value of all attacks on all rows and on the rarest, times
      their number. "bad" if the lower end of an interval is a twentieth or more, of
      the rows that differ or of the training rows found beyond chance.

    At most 1500 rows of each set enter the first three. Judges are trees and
    distances, never a discriminator.

    References
    ----------
    .. [1] Richardson, E. and Weiss, Y. (2018). On GANs and GMMs. NeurIPS (number of
       statistically different bins).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import diagnose
    >>> rng = np.random.default_rng(0)
    >>> X_holdout, X_synthetic = rng.normal(size=(2, 200, 2))
    >>> diagnose(X_holdout, X_synthetic / 3, random_state=0).variance.verdict
    'bad'
    """
    diagnosis = diagnose_rows(
        X_holdout,
        X_synthetic,
        X_train,
        training=judge_training(history),
        reference=reference,
        max_samples=max_samples,
        stage=stage,
        attacks=attacks,
        random_state=random_state,
    )
    warn_of_copies(diagnosis, stacklevel=3)
    return diagnosis


def warn_of_copies(diagnosis: Diagnosis, stacklevel: int) -> None:
    """Warn if there are any."""
    message = diagnosis.copying_message()
    if message:
        warnings.warn(message, CopyingWarning, stacklevel=stacklevel)


def diagnose_rows(
    X_holdout: Any,
    X_synthetic: Any,
    X_train: Any,
    *,
    training: Finding,
    reference: ReferenceSpace | None,
    max_samples: int,
    random_state: Any,
    stage: str | None = None,
    attacks: bool = False,
) -> Diagnosis:
    """Return the diagnosis of rows, with what was found of the training."""
    check_boolean("attacks", attacks)
    sets, rng = _read_sets(
        X_holdout, X_synthetic, X_train, reference, max_samples, random_state
    )
    holdout, synthetic = sets["X_holdout"], sets["X_synthetic"]
    train = sets.get("X_train")
    if train is None:
        # Half of the held-out rows stand in for the training rows.
        half = len(holdout) // 2
        compared = {"half of X_holdout": holdout.take(slice(half))}
        compared |= {"X_synthetic": synthetic}
        other = holdout.take(slice(half, None))
    else:
        compared, other = sets, train
    findings, are_alike = _judge_rows(compared, other, rng)
    message = "Copies show beside training rows only: give X_train."
    message = message if train is None else _shortage(sets)
    copying = (*MEMORIZATION, ATTACKS) if attacks else MEMORIZATION
    if train is None or message:
        findings += not_judged(message, *copying)
    else:
        findings += judge_memorization(train, holdout, synthetic, are_alike)
        if attacks:
            judged = (findings, train, holdout, synthetic, rng)
            findings.append(attack_where_judged(*judged))
    if holdout.ignored:
        shown = ", ".join(map(repr, holdout.ignored))
        message = f"Rows are told apart by {shown}, and judged without."
        findings += not_judged(message, "identifiers")
    n_rows = {name: len(rows) for name, rows in sets.items()}
    return Diagnosis(advise([*findings, training], stage), n_rows)


def judge_copies(
    X_holdout: Any,
    X_synthetic: Any,
    X_train: Any,
    *,
    reference: ReferenceSpace | None = None,
    max_samples: int = 5000,
    random_state: Any = None,
) -> dict[str, Finding]:
    """Return what a diagnosis says of copies, by name, and nothing else."""
    sets, _ = _read_sets(
        X_holdout, X_synthetic, X_train, reference, max_samples, random_state
    )
    message = _shortage(sets)
    if message:
        found = not_judged(message, *MEMORIZATION)
    else:
        train, holdout, synthetic = sets.values()
        found = judge_memorization(train, holdout, synthetic, True)
    return {finding.name: finding for finding in found}


def _read_sets(
    X_holdout, X_synthetic, X_train, reference, max_samples, random_state
) -> tuple[dict[str, Rows], Any]:
    """Sets of rows by what errors call them, and the stream that chose them."""
    check_count("max_samples", max_samples, minimum=MIN_ROWS)
    rng = check_stream("random_state", random_state)
    # The first has the columns and, without a reference, the space.
    named = {} if X_train is None else {"X_train": X_train}
    named |= {"X_holdout": X_holdout, "X_synthetic": X_synthetic}
    caps = {name: max_samples for name in named} | {"X_train": _MAX_TRAIN}
    return read_rows(named, reference, caps, rng), rng


def _judge_rows(sets: dict[str, Rows], other: Rows, rng) -> tuple[list[Finding], bool]:
    """Findings of quality and of collapse; whether both real sets are alike."""
    message = _shortage(sets)
    if message:
        return not_judged(message, *_QUALITY, *_COLUMNS, *_COLLAPSE), True
    real, synthetic = list(sets.values())[-2:]
    n = min(len(synthetic), len(other), _MAX_COMPARED)
    drawn = [rows.draw(n, rng) for rows in (synthetic, other)]
    real_drawn = real.draw(_MAX_COMPARED, rng)
    quality, are_alike = judge_quality(real_drawn, drawn[0], drawn[1], rng)
    guide = other.draw(_MAX_GUIDES, rng)
    collapse = judge_collapse(real, synthetic, guide, rng, other)
    single = judge_columns(real, synthetic, other)
    paired = judge_associations(real, synthetic, other, rng)
    ordered = judge_orders(real, synthetic, other)
    return [*quality, paired, ordered, *single, *collapse], are_alike


def _shortage(sets: dict[str, Rows]) -> str:
    """What to say of sets of too few rows; empty where there are enough."""
    short = [
        f"{name} has {counted(len(rows), 'row')}"
        for name, rows in sets.items()
        if len(rows) < MIN_ROWS
    ]
    return f"{', '.join(dict.fromkeys(short))}; {MIN_ROWS} are needed." if short else ""
