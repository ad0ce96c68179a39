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


IN_UNITS = {"standardize": False}


def two_modes(n_first, n_second, rng):
    """Unit Gaussians in five dimensions whose means are 13.48 apart."""
    X = rng.normal(size=(n_first + n_second, 5))
    X[n_first:] += 13.48 / np.sqrt(5)
    return rng.permutation(X)


def draw(seed):
    """Training rows, held-out rows, and what samplers of each kind would return."""
    rng = np.random.default_rng(seed)
    train, holdout = two_modes(2500, 2500, rng), two_modes(2500, 2500, rng)
    copies = train[rng.integers(5000, size=5000)]
    cases = {
        "fresh": two_modes(2500, 2500, rng),
        "a mode dropped": two_modes(5000, 0, rng),
        "a mode shrunk": two_modes(4750, 250, rng),
        "copies": copies,
        "copies + jitter": copies + rng.normal(scale=0.02, size=copies.shape),
    }
    return train, holdout, cases


@pytest.fixture(scope="module")
def rows():
    return draw(0)


@pytest.fixture(scope="module")
def memorisation():
    """Authenticity, closer to train and membership AUC: means of eight draws."""
    drawn = [draw(seed) for seed in range(8)]
    return {
        case: np.mean(
            [
                (
                    authenticity(train, cases[case], **IN_UNITS),
                    dcr_share(train, holdout, cases[case], **IN_UNITS),
                    membership_auc(train, holdout, cases[case], **IN_UNITS),
                )
                for train, holdout, cases in drawn
            ],
            axis=0,
        )
        for case in FIGURES
    }


@pytest.mark.parametrize("case", FIGURES)
def test_figures_are_reproduced(rows, case):
    _, holdout, cases = rows
    measured = [
        metric(holdout, cases[case], **IN_UNITS)
        for metric in (precision, recall, coverage, energy_distance)
    ]
    difference = np.abs(np.subtract(measured, FIGURES[case][:4]))
    assert (difference < 0.02).all(), measured


@pytest.mark.parametrize("case", FIGURES)
def test_figures_of_memorisation_are_reproduced(memorisation, case):
    # Two of the reference figures were rounded to .01, that is by up to .005.
    tolerances = [0.025, 0.025, 0.02]
    difference = np.abs(memorisation[case] - FIGURES[case][4:])
    assert (difference < tolerances).all(), memorisation[case]


def test_fresh_rows_are_as_close_to_either_set(memorisation):
    # Training and held-out rows are exchangeable: ½ is exact, up to chance of .002.
    assert memorisation["fresh"][1:] == pytest.approx([0.5, 0.5], abs=0.01)


def test_standardised_distances_rank_the_cases_alike(rows):
    _, holdout, cases = rows
    for metric in (energy_distance, sliced_wasserstein):
        figures = {
            case: metric(holdout, X[:2000], random_state=0) for case, X in cases.items()
        }
        assert figures["a mode dropped"] > figures["a mode shrunk"]
        assert figures["a mode shrunk"] > 5 * abs(figures["fresh"])
