"""The rotation after which columns are as far from normal as they can be."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from skgan._deadline import Deadline, current_deadline

_COARSE_ROWS = 4000
# Rows that are searched: the cost is that of rows times pairs of columns.
_MAX_ROWS, _MAX_PAIRED_ROWS = 20_000, 100_000
# Fifteen sixteenths of a degree, halved so often, is finer than any turn that counts.
_N_HALVINGS = 8
_MAX_FEATURES = 12
_MAX_SWEEPS = 6
_SMALLEST_TURN = np.deg2rad(0.5)


def find_rotation(
    columns: NDArray, rng: np.random.Generator, min_gain: float = 0.1
) -> NDArray | None:
    """Return a linear map to columns that are nearly independent, if it pays.

    A mixture whose modes lie on a lattice, say, factorises along the lattice's axes
    and along no others. The map is found on one half of the rows, by independent
    component analysis with the sum of marginal entropies as its contrast [1]_, and
    kept if on the other half it explains the rows better than their correlations do.

    References
    ----------
    .. [1] Learned-Miller and Fisher, "ICA using spacings estimates of entropy",
       JMLR 4, 2003, eq. 8 and algorithm 1.
    """
    n, d = columns.shape
    if not 1 < d <= _MAX_FEATURES or n < 50 * d:
        return None
    if any(len(np.unique(column)) < n / 2 for column in columns.T):
        return None
    order = rng.permutation(n)
    n_pairs = d * (d - 1) // 2
    order = order[: max(min(_MAX_ROWS, _MAX_PAIRED_ROWS // n_pairs), 50 * d)]
    columns, n = columns[order], len(order)
    order = np.arange(n)
    learnt, judged = columns[order[: n // 2]], columns[order[n // 2 :]]
    eigenvalues, eigenvectors = np.linalg.eigh(np.cov(learnt.T))
    if eigenvalues[0] < 1e-6:
        return None
    starts = [np.eye(d), eigenvectors / np.sqrt(eigenvalues)]
    deadline = current_deadline()
    maps = [
        start @ least_entropy_rotation(learnt @ start, deadline) for start in starts
    ]
    if deadline.left <= 0:
        return None
    costs = [spacing_entropy(judged @ m).sum() - np.linalg.slogdet(m)[1] for m in maps]
    best = int(np.argmin(costs))
    if _copula_cost(columns, judged) - costs[best] < min_gain * d:
        return None
    return starts[best] @ least_entropy_rotation(columns @ starts[best], deadline)


def _copula_cost(columns: NDArray, judged: NDArray) -> float:
    """Entropy of `judged` under their marginals and a Gaussian copula."""
    ranks = columns.argsort(axis=0).argsort(axis=0)
    correlation = np.corrcoef(ndtri((ranks + 0.5) / len(columns)).T)
    ridge = 1e-3 * np.eye(len(correlation))
    half_determinant = 0.5 * np.linalg.slogdet(correlation + ridge)[1]
    return float(spacing_entropy(judged).sum() + half_determinant)


def spacing_entropy(columns: NDArray) -> NDArray:
    """Vasicek's estimate of each column's entropy, up to a constant of n only."""
    reach = max(1, int(0.5 * np.sqrt(len(columns))))
    ordered = np.sort(columns, axis=0)
    spacings = ordered[2 * reach :] - ordered[: -2 * reach]
    return np.log(np.maximum(spacings, 1e-9)).mean(axis=0)


def least_entropy_rotation(columns: NDArray, deadline: Deadline) -> NDArray:
    """Return the rotation found by sweeps over the planes of two columns each.

    Once the time is over, what was found so far.
    """
    d = columns.shape[1]
    columns, rotation = columns.copy(), np.eye(d)
    for _ in range(_MAX_SWEEPS):
        largest = 0.0
        for i, j in combinations(range(d), 2):
            if deadline.left <= 0:
                return rotation
            angle = _best_angle(columns[:, [i, j]])
            turn = _plane_rotation(angle)
            columns[:, [i, j]] = columns[:, [i, j]] @ turn
            rotation[:, [i, j]] = rotation[:, [i, j]] @ turn
            # Near a quarter turn two columns change places and little else.
            largest = max(largest, min(abs(angle), abs(np.pi / 2 - angle)))
        if d == 2 or largest < _SMALLEST_TURN:
            break
    return rotation


def _plane_rotation(angle: float) -> NDArray:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _best_angle(
    pair: NDArray, n_coarse: int = 24, n_halvings: int = _N_HALVINGS
) -> float:
    """Search a quarter turn, which is all there is up to order and sign."""

    def cost(rows: NDArray, angle: float) -> float:
        return float(spacing_entropy(rows @ _plane_rotation(angle)).sum())

    angles = np.linspace(0, np.pi / 2, n_coarse, endpoint=False)
    angle = min(angles, key=lambda a: cost(pair[:_COARSE_ROWS], a))
    best, step = cost(pair, angle), angles[1] / 2
    for _ in range(n_halvings):
        costs = {cost(pair, angle + side): angle + side for side in (-step, step)}
        if min(costs) < best:
            best, angle = min(costs), costs[min(costs)]
        else:
            step /= 2
    return float(angle) if best < cost(pair, 0.0) - 1e-4 else 0.0
