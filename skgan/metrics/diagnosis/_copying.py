"""Findings of a diagnosis that compare training rows with held-out ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
from scipy.stats import hypergeom, rankdata

from skgan.metrics._memorization import _row_codes
from skgan.metrics._nearest import nearest
from skgan.metrics.diagnosis._compared_rows import Rows
from skgan.metrics.diagnosis._findings import (
    BAD,
    GOOD,
    SMALL_SHARE,
    WARN,
    Finding,
    not_judged,
    percent,
)
from skgan.metrics.diagnosis._quality import (
    LEVEL,
    auc_deviation,
    misplaced_share,
    quantile,
)

# Deviations that 95 % are within.
_TWO_SIDED = 1.96
MEMORIZATION = ("membership_auc", "dcr_share", "duplicates")
_ADVICE = (
    "a higher penalty_weight, fewer updates (max_iter) or early_stopping=True, or "
)
_ADVICE += "more training rows; prior='normal' where stage_ starts with 'prior'."


def judge_memorization(
    train: Rows, holdout: Rows, synthetic: Rows, are_alike: bool
) -> list[Finding]:
    """Return whether samples were copied from the training rows."""
    codes = _codes(train, holdout, synthetic)
    repeats = Counter(codes[0].tolist())
    held_out_too = float(np.mean(np.isin(codes[1], codes[0])))
    twins = sum(count for count in repeats.values() if count > 1)
    leaked = held_out_too - twins / len(train)
    n_equal = round(held_out_too * len(holdout))
    p_value = _excess(n_equal, len(holdout), twins, len(train))
    if leaked >= SMALL_SHARE and p_value < LEVEL:
        return not_judged(
            f"{percent(held_out_too)} of X_holdout are rows of X_train, too, of which "
            f"{percent(twins / len(train))} have a twin: give rows that the sampler "
            "has not seen.",
            *MEMORIZATION,
        )
    duplicates = _judge_duplicates(codes, repeats)
    if not are_alike:
        return [
            *not_judged(
                "X_train and X_holdout are not of one distribution: split them at "
                "random.",
                *MEMORIZATION[:2],
            ),
            duplicates,
        ]
    return [
        _judge_membership(train, holdout, synthetic),
        _judge_closeness(train, holdout, synthetic),
        duplicates,
    ]


def _judge_membership(train: Rows, holdout: Rows, synthetic: Rows) -> Finding:
    distances = [
        nearest(rows.vectors, synthetic.vectors)[0] for rows in (train, holdout)
    ]
    auc, low, high = auc_interval(*distances)
    limit = 0.5 + quantile() * auc_deviation(len(train), len(holdout))
    # The lower end of the interval counts: an accusation has to be certain.
    share = misplaced_share(low)
    message = f"Samples tell at least {percent(share)} of training from held-out rows "
    if auc <= limit:
        message = "Samples do not tell training from held-out rows "
    message += f"(95 % interval {low:.2f} to {high:.2f})."
    return _finding("membership_auc", share, message, (auc, 0.5, limit))


def auc_interval(members: np.ndarray, others: np.ndarray) -> tuple[float, float, float]:
    """Return the AUC of an attack by small distances, and its 95 % interval.

    The interval is DeLong's [1]_.


    References
    ----------
    .. [1] DeLong, E. R. et al. (1988). Comparing the areas under two or more
       correlated receiver operating characteristic curves. Biometrics 44(3).
    """
    n, m = len(members), len(others)
    ranks = rankdata(np.concatenate([members, others]))
    # The share of the other set that is farther away, ties by half.
    of_members = 1 - (ranks[:n] - rankdata(members)) / m
    of_others = (ranks[n:] - rankdata(others)) / n
    auc = float(of_others.mean())
    margin = _TWO_SIDED * np.sqrt(
        of_members.var(ddof=1) / n + of_others.var(ddof=1) / m
    )
    return auc, max(0.0, auc - margin), min(1.0, auc + margin)


def _judge_closeness(train: Rows, holdout: Rows, synthetic: Rows) -> Finding:
    share, expected, deviation = closer_share(
        *(rows.vectors for rows in (train, holdout, synthetic))
    )
    limit = expected + quantile() * deviation
    copied = max(0.0, (share - expected) / (1 - expected))
    certain = copied - _TWO_SIDED * deviation / (1 - expected)
    message = (
        f"{percent(share)} of samples are closer to a training than to a held-out "
    )
    message += f"row, as if {percent(copied)} were copies"
    if share <= limit:
        message = f"{percent(share)} of samples are closer to a training than to a "
        message += "held-out row, which chance explains"
    return _finding("dcr_share", certain, message + ".", (share, expected, limit))


def closer_share(
    train: np.ndarray, holdout: np.ndarray, synthetic: np.ndarray
) -> tuple[float, float, float]:
    """Return the share of samples closer to training rows, what chance gives, and how.

    If training and held-out rows are alike, which of them are which is a matter of
    chance. The share is a sum over them of how many samples each is nearest to, so
    its deviation under permutations has a closed form.
    """
    distances, neighbors = zip(
        *(nearest(synthetic, rows) for rows in (train, holdout)), strict=True
    )
    n, m, size = len(train), len(holdout), len(synthetic)
    expected = n / (n + m)
    is_closer, is_tied = distances[0] < distances[1], distances[0] == distances[1]
    share = np.mean(is_closer) + expected * np.mean(is_tied)
    which = np.where(is_closer, neighbors[0], n + neighbors[1])[~is_tied]
    counts = np.bincount(which, minlength=n + m)
    variance = expected * (1 - expected) * counts.var() * (n + m) ** 2 / (n + m - 1)
    return float(share), expected, float(np.sqrt(variance)) / size


def _judge_duplicates(codes: list[np.ndarray], repeats: Counter) -> Finding:
    """Compare samples with held-out rows in how often they equal a training row.

    Where rows repeat themselves, samples may do so, too, and more often than they
    should; rows that occur once they do not meet by chance.
    """
    _, holdout, synthetic = codes
    trained = np.array(list(repeats))
    once = np.array([row for row, count in repeats.items() if count == 1], dtype=int)
    figure, real = (float(np.mean(np.isin(X, trained))) for X in (synthetic, holdout))
    copied, met = (int(np.isin(X, once).sum()) for X in (synthetic, holdout))
    p_value = _excess(copied, len(synthetic), met, len(holdout))
    excess = copied / len(synthetic) - met / len(holdout)
    message = f"{percent(figure)} of samples equal a training row; of held-out rows "
    message += f"{percent(real)} do."
    verdict = BAD if p_value < LEVEL and excess > 0 else GOOD
    if verdict == GOOD:
        n_equal = [round(s * len(X)) for s, X in ((figure, synthetic), (real, holdout))]
        p_value = _excess(n_equal[0], len(synthetic), n_equal[1], len(holdout))
        if p_value < LEVEL and figure - real >= SMALL_SHARE:
            verdict = WARN
            message += " They repeat frequent rows, which is no copying."
    advice = "" if verdict == GOOD else _ADVICE
    return Finding("duplicates", verdict, message, figure, real, None, advice)


def _excess(count: int, n: int, other: int, m: int) -> float:
    """Fisher's exact test of whether a count is too large beside another."""
    return float(hypergeom.sf(count - 1, n + m, count + other, n))


def _codes(*sets: Rows) -> list[np.ndarray]:
    """One whole number a row, equal where rows are equal."""
    ends = np.cumsum([len(rows) for rows in sets])
    columns = []
    for blocks in zip(*(rows.blocks for rows in sets), strict=True):
        parts = [block.values for block in blocks]
        columns.append(_row_codes(parts[0], np.concatenate(parts[1:])))
    codes = np.column_stack(columns)
    codes = _row_codes(codes[: ends[0]], codes[ends[0] :])
    return np.split(codes, ends[:-1])


def _finding(name: str, share: float, message: str, figures) -> Finding:
    figure, real, limit = figures
    verdict = GOOD
    if figure > limit:
        verdict = BAD if share >= SMALL_SHARE else WARN
    advice = "" if verdict == GOOD else _ADVICE
    return Finding(name, verdict, message, figure, real, limit, advice)
