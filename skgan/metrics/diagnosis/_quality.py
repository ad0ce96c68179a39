"""Findings of a diagnosis that compare samples with real rows."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from skgan.metrics._classifier import held_out_auc
from skgan.metrics._inputs import draw_seed
from skgan.metrics.diagnosis._compared_rows import Rows
from skgan.metrics.diagnosis._findings import GOOD, Finding, grade, percent

# Significance level of each test; nine tests give about 1 % of false alarms.
LEVEL = 0.001
_N_PERMUTATIONS = 999
_N_NEIGHBORS = 5
# Columns beyond which the classifier looks at principal axes.
_MAX_TREE_COLUMNS = 64
_N_TREE_AXES = 20
_N_AXES = 50
# Any two folds are compared twice, as one learns from the other and is judged by it:
# their AUCs are no more independent, and the variance of their mean is twice as large.
_FOLDS = 2**0.5
_ROUNDING = 1e-12  # of a squared distance, relative to the squared norms
_DETAIL = "more updates (max_iter, max_time), wider layers (hidden_dims), or, for "
_DETAIL += "detail, a lower last penalty_weight (schedule)."
_VARIETY = "a higher penalty_weight, or more updates (max_iter, max_time)."


def judge_quality(
    real: Rows, synthetic: Rows, other: Rows, rng
) -> tuple[list[Finding], bool]:
    """Compare samples with real rows, and as many other real rows with them."""
    sets = (real.vectors, synthetic.vectors, other.vectors)
    distances = pooled_distances(np.vstack(sets))
    ends = np.cumsum([len(rows) for rows in sets])
    of = [np.arange(end - len(rows), end) for end, rows in zip(ends, sets, strict=True)]
    point = 2 * np.linalg.norm(sets[0] - sets[0].mean(axis=0), axis=1).mean()
    point -= _mean_off_diagonal(distances[np.ix_(of[0], of[0])])
    labels = permuted_labels(len(real), len(synthetic), rng)
    energy, energy_limit = _permuted_energy(distances, of[0], of[1], labels)
    floor, floor_limit = _permuted_energy(distances, of[0], of[2], labels)
    share = collapsed_share(energy, point)
    message = (
        f"As far from real rows as if {percent(share)} of them were put onto their "
    )
    message += "mean."
    if energy <= energy_limit:
        message = "No farther from real rows than chance allows."
    findings = [
        _judge_c2st(real, synthetic, other, rng),
        _finding(
            "energy_distance",
            grade(share, energy > energy_limit),
            message,
            (energy, floor, energy_limit),
            _DETAIL,
        ),
        _judge_coverage(distances, of, rng),
    ]
    differ = floor > floor_limit and grade(collapsed_share(floor, point), True) != GOOD
    return findings, not differ


def misplaced_share(auc: float) -> float:
    """Return the share of one set that must differ from the other, given an AUC.

    For total variation v no AUC is above 1 - (1 - v)² / 2: the ROC curve stays below
    the line of height v above the diagonal.
    """
    return max(0.0, 1 - float(np.sqrt(2 * (1 - max(auc, 0.5)))))


def collapsed_share(energy: float, point: float) -> float:
    """Return the share of rows that, put onto the mean, would be as far away.

    Energy distances of a mixture go with the square of the share that is foreign.
    """
    if energy <= 0:
        return 0.0
    return 1.0 if point <= energy else float(np.sqrt(energy / point))


def auc_deviation(n: int, m: int) -> float:
    """Return the standard deviation of the AUC of two alike sets."""
    return float(np.sqrt((n + m + 1) / (12 * n * m)))


def quantile(level: float = LEVEL) -> float:
    """Return how many standard deviations chance goes beyond, one-sided."""
    return NormalDist().inv_cdf(1 - level)


def principal_axes(rows: np.ndarray) -> np.ndarray:
    """Return the directions in which rows vary, at most 50, widest first."""
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(rows, rowvar=False)))
    order = np.argsort(values)[::-1][:_N_AXES]
    return vectors[:, order[values[order] > 1e-3 * max(values.mean(), 1e-300)]]


def pooled_distances(rows: np.ndarray) -> np.ndarray:
    """Return all distances; equal rows are at a distance of exactly 0."""
    rows = rows - rows.mean(axis=0)
    norms = np.einsum("ij,ij->i", rows, rows)
    squared = euclidean_distances(rows, squared=True)
    squared[squared < _ROUNDING * (norms[:, None] + norms)] = 0.0
    return np.sqrt(squared, out=squared)


def permuted_labels(n: int, m: int, rng) -> np.ndarray:
    """Columns that choose `n` of `n + m` rows: first the first ones, then any."""
    ranks = rng.uniform(size=(1 + _N_PERMUTATIONS, n + m)).argsort(axis=1)
    ranks[0] = np.arange(n + m)
    return np.ascontiguousarray((ranks < n).T, dtype=np.float32)


def _judge_c2st(real: Rows, synthetic: Rows, other: Rows, rng) -> Finding:
    sets = [real, synthetic, other]
    is_wide = real.vectors.shape[1] > _MAX_TREE_COLUMNS
    if real.are_images or (is_wide and all(b.is_numeric for b in real.blocks)):
        axes = principal_axes(other.vectors)[:, :_N_TREE_AXES]
        judged = [rows.vectors @ axes for rows in sets] if axes.size else None
    else:
        judged = [rows.columns() for rows in sets]
    if judged is None:
        judged = [rows.vectors for rows in sets]
    seed = draw_seed(rng)
    # No warning of copies: few levels meet by chance, and others look for copies.
    aucs = [held_out_auc(judged[0], X, random_state=seed)[0] for X in judged[1:]]
    figure, floor = (1 - 2 * max(0.0, auc - 0.5) for auc in aucs)
    n = min(len(real), len(synthetic))
    chance = quantile() * _FOLDS * auc_deviation(n, n)
    share = misplaced_share(0.5 + (1 - figure) / 2)
    is_proven = figure < 1 - 2 * chance
    message = f"Trees tell at least {percent(share)} of samples from real rows."
    if not is_proven:
        message = "Trees cannot tell samples from real rows."
    return _finding(
        "c2st",
        grade(share, is_proven),
        message,
        (figure, floor, 1 - 2 * chance),
        _DETAIL,
    )


def _judge_coverage(distances: np.ndarray, of: list[np.ndarray], rng) -> Finding:
    real, synthetic, other = of
    k = min(_N_NEIGHBORS, len(real) - 1)
    among_real = distances[np.ix_(real, real)].copy()
    np.fill_diagonal(among_real, np.inf)
    radii = np.partition(among_real, k - 1, axis=1)[:, k - 1]
    pool = np.concatenate([synthetic, other])
    within = (distances[np.ix_(real, pool)] <= radii[:, None]).astype(np.float32)
    labels = permuted_labels(len(synthetic), len(other), rng)
    covered = (within @ labels > 0).mean(axis=0)
    covered_by_other = (within @ (1 - labels) > 0).mean(axis=0)
    lack = covered_by_other - covered
    figure, floor = float(covered[0]), float(covered_by_other[0])
    limit = floor - float(lack[1:].max())
    share = (floor - figure) / floor if floor else 0.0
    is_proven = figure < limit
    message = f"{percent(1 - figure)} of real rows have no sample nearby, and "
    message += f"{percent(1 - floor)} no other real row."
    figures = (figure, floor, limit)
    return _finding("coverage", grade(share, is_proven), message, figures, _VARIETY)


def _permuted_energy(
    distances: np.ndarray, X: np.ndarray, Y: np.ndarray, labels: np.ndarray
) -> tuple[float, float]:
    """Energy distance of two sets, and the largest of their permutations."""
    both = np.concatenate([X, Y])
    pooled = distances[np.ix_(both, both)]
    # A constant changes nothing, and what is small rounds less.
    pooled -= pooled.mean()
    np.fill_diagonal(pooled, 0.0)
    narrow = pooled.astype(np.float32)
    n, m = len(X), len(Y)
    within = np.einsum("ij,ij->j", labels, narrow @ labels, dtype=np.float64)
    out = np.einsum("ij,i->j", labels, pooled.sum(axis=1)) - within
    rest = pooled.sum() - within - 2 * out
    energies = 2 * out / (n * m) - within / (n * (n - 1)) - rest / (m * (m - 1))
    return float(energies[0]), float(energies[1:].max())


def _mean_off_diagonal(distances: np.ndarray) -> float:
    n = len(distances)
    return float(distances.sum() / (n * (n - 1)))


def _finding(name, verdict, message, figures, advice) -> Finding:
    figure, real, limit = figures
    return Finding(
        name, verdict, message, figure, real, limit, "" if verdict == GOOD else advice
    )
