"""How well guesses tell members from others, and how far chance goes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom, norm, rankdata

# False positives of all who are no members, at most.
MAX_FALSE_POSITIVES = 0.01
_MIN_TOP = 10


@dataclass(frozen=True)
class AttackPower:
    """How well a membership attack tells training rows from others.

    Parameters
    ----------
    auc : float
        Area under the ROC curve, in [0, 1]; ½ is chance.
    auc_interval : tuple of float
        Its bootstrap interval, over candidates.
    tpr : float
        Share of the training rows that are found where at most 1 % of the others are
        taken for training rows, in [0, 1]. .01 is chance, somewhat more with fewer
        than a few hundred candidates: (1 + ⌊n / 100⌋) / (n + 1) with n others.
    tpr_interval : tuple of float
        Its bootstrap interval.
    p_value : float
        Chance of an attack as good as this where nothing can be told, in [0, 1]: twice
        the smaller of two tests, Mann and Whitney's of all guesses and Fisher's of
        the surest 1 %.
    n_rows : int
        Candidates, half of them training rows, or about half of the rare ones.
    rare : AttackPower or None, default=None
        The same among the rarest candidates.

    Examples
    --------
    >>> from skgan.metrics import AttackPower
    >>> AttackPower(0.5, (0.47, 0.53), 0.01, (0.0, 0.02), 0.6, 2000).rare is None
    True
    """

    auc: float
    auc_interval: tuple[float, float]
    tpr: float
    tpr_interval: tuple[float, float]
    p_value: float
    n_rows: int
    rare: AttackPower | None = None


def measure(
    scores: np.ndarray,
    is_member: np.ndarray,
    confidence_level: float,
    n_resamples: int,
    seed: int,
) -> AttackPower:
    """Return how well scores tell members from others, with bootstrap intervals.

    One seed gives all attacks the same resamples of the candidates.
    """
    n_members = int(is_member.sum())
    sizes = (n_members, len(scores) - n_members)
    if min(sizes) == 0:
        nothing = (math.nan, math.nan)
        return AttackPower(math.nan, nothing, math.nan, nothing, 1.0, len(scores))
    generator = np.random.default_rng(seed)
    counts = [generator.multinomial(n, [1 / n] * n, n_resamples) for n in sizes]
    # The first row is the candidates as they are.
    counts = [np.vstack([np.ones(len(c[0]), dtype=int), c]) for c in counts]
    weights = np.zeros((2, n_resamples + 1, len(scores)))
    weights[0][:, is_member], weights[1][:, ~is_member] = counts
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    # Members and others at each score, the highest first.
    members, others = np.add.reduceat(weights[:, :, order], starts, axis=2)
    aucs, rates = _curves(members, others)
    tail = 50 * (1 - confidence_level)
    ends = [np.percentile(found[1:], [tail, 100 - tail]) for found in (aucs, rates)]
    p_values = _rank_test(scores, is_member), _top_test(scores, is_member)
    return AttackPower(
        float(aucs[0]),
        (float(ends[0][0]), float(ends[0][1])),
        float(rates[0]),
        (float(ends[1][0]), float(ends[1][1])),
        min(1.0, 2 * min(p_values)),
        len(scores),
    )


def _curves(members: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return areas under ROC curves, and rates of members found at few false ones."""
    n_members, n_others = members.sum(axis=1), others.sum(axis=1)
    found, false = members.cumsum(axis=1), others.cumsum(axis=1)
    below = n_others[:, None] - false + others / 2
    aucs = (members * below).sum(axis=1) / (n_members * n_others)
    allowed = false <= MAX_FALSE_POSITIVES * n_others[:, None]
    return aucs, np.where(allowed, found, 0).max(axis=1) / n_members


def _rank_test(scores: np.ndarray, is_member: np.ndarray) -> float:
    """Mann and Whitney's test, one-sided, ties counted."""
    n, n_members = len(scores), int(is_member.sum())
    ranks = rankdata(scores)
    excess = ranks[is_member].sum() - n_members * (n + 1) / 2
    variance = ranks.var() * n_members * (n - n_members) / (n - 1)
    if variance == 0:
        return 1.0
    return float(norm.sf(excess / math.sqrt(variance)))


def _top_test(scores: np.ndarray, is_member: np.ndarray) -> float:
    """Fisher's exact test of how many of the highest scores are members'."""
    n = len(scores)
    n_top = max(_MIN_TOP, math.ceil(MAX_FALSE_POSITIVES * n))
    if n_top >= n:
        return 1.0
    is_top = scores >= np.partition(scores, n - n_top)[n - n_top]
    found, n_top = int(is_member[is_top].sum()), int(is_top.sum())
    return float(hypergeom.sf(found - 1, n, int(is_member.sum()), n_top))
