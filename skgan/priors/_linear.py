"""Ridge regression with its leave-one-out residuals in closed form."""

from __future__ import annotations

import numpy as np

# Strengths of the penalty that are tried, as rows of a unit predictor.
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)


def fit_ridge(terms: np.ndarray, target: np.ndarray):
    """Return weights, intercept and the leave-one-out residuals of the best penalty.

    With e the residuals and h the diagonal of the hat matrix, a row left out has the
    residual e / (1 - h).
    """
    n = len(target)
    center, level = terms.mean(axis=0), target.mean()
    centered, residual = terms - center, target - level
    values, vectors = np.linalg.eigh(centered.T @ centered)
    values = np.maximum(values, 0.0)
    rotated = centered @ vectors
    moment = rotated.T @ residual
    least = np.inf
    for penalty in PENALTIES:
        shrink = 1 / (values + penalty)
        leverage = np.minimum(1 / n + rotated**2 @ shrink, 0.99)
        left_out = (residual - rotated @ (shrink * moment)) / (1 - leverage)
        error = np.mean(left_out**2)
        if error < least:
            least, best = error, (vectors @ (shrink * moment), left_out)
    weights, left_out = best
    # Threads change the last bits of matrix products; rounded, hardly any result.
    weights, left_out = weights.astype(np.float32), left_out.astype(np.float32)
    intercept = np.float32(level - (center * weights).sum())
    return weights.astype(float), float(intercept), left_out.astype(float)
