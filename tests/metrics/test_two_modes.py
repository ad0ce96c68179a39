"""What each metric sees of two modes, 5000 points: reference figures."""

import numpy as np
import pytest

from skgan.metrics import (
    authenticity,
    coverage,
    dcr_share,
    energy_distance,
    membership_auc,
    precision,
    recall,
    sliced_wasserstein,
)

# precision, recall, coverage, energy, authenticity, closer to train, membership AUC
FIGURES = {
    "fresh": (0.980, 0.981, 0.973, -0.002, 0.49, 0.49, 0.494),
    "a mode dropped": (0.981, 0.494, 0.498, 5.39, 0.47, 0.52, 0.502),
    "a mode shrunk": (0.978, 0.971, 0.693, 4.36, 0.48, 0.51, 0.498),
    "copies": (0.979, 0.939, 0.906, -0.001, 0, 1.0, 0.819),
    "copies + jitter": (0.977, 0.940, 0.912, -0.001, 0, 1.0, 0.816),
}


def two_modes(n_first, n_second, rng):
    """Unit Gaussians in five dimensions whose means are 13.48 apart."""
    X = rng.normal(size=(n_first + n_second, 5))
    X[n_first:] += 13.48 / np.sqrt(5)
    return rng.permutation(X)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    train, holdout = two_modes(2500, 2500, rng), two_modes(2500, 2500, rng)
    copies = train[rng.integers(5000, size=5000)]
    return (
        train,
        holdout,
        {
            "fresh": two_modes(2500, 2500, rng),
            "a mode dropped": two_modes(5000, 0, rng),
            "a mode shrunk": two_modes(4750, 250, rng),
            "copies": copies,
            "copies + jitter": copies + rng.normal(scale=0.02, size=copies.shape),
        },
    )


@pytest.mark.parametrize("case", FIGURES)
def test_figures_are_reproduced(rows, case):
    train, holdout, cases = rows
    synthetic = cases[case]
    in_units = {"standardize": False}
    measured = [
        precision(holdout, synthetic, **in_units),
        recall(holdout, synthetic, **in_units),
        coverage(holdout, synthetic, **in_units),
        energy_distance(holdout, synthetic, **in_units),
        authenticity(train, synthetic, **in_units),
        dcr_share(train, holdout, synthetic, random_state=0, **in_units),
        membership_auc(train, holdout, synthetic, **in_units),
    ]
    # Shares of 5000 rows vary by three standard errors of .007 by chance alone.
    tolerances = [0.02, 0.02, 0.02, 0.02, 0.022, 0.022, 0.022]
    difference = np.abs(np.subtract(measured, FIGURES[case]))
    assert (difference < tolerances).all(), measured


def test_standardised_distances_rank_the_cases_alike(rows):
    _, holdout, cases = rows
    for metric in (energy_distance, sliced_wasserstein):
        figures = {
            case: metric(holdout, X[:2000], random_state=0) for case, X in cases.items()
        }
        assert figures["a mode dropped"] > figures["a mode shrunk"]
        assert figures["a mode shrunk"] > 5 * abs(figures["fresh"])
