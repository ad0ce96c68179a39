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

# precision, recall, coverage, energy, authenticity, closer to train, membership AUC,
# as published, with the digits they were published with
FIGURES = {
    "fresh": ".980 .981 .973 -.002 .49 .49 .494",
    "a mode dropped": ".981 .494 .498 5.39 .47 .52 .502",
    "a mode shrunk": ".978 .971 .693 4.36 .48 .51 .498",
    "copies": ".979 .939 .906 -.001 .0 1.0 .819",
    "copies + jitter": ".977 .940 .912 -.001 .0 1.0 .816",
}
TOLERANCE = 0.02


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
    """Authenticity, closer to train and membership AUC: means of four draws."""
    drawn = [draw(seed) for seed in range(4)]
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


def distances(measured, case, columns):
    """How far from what rounds to the reference figures."""
    texts = FIGURES[case].split()[columns]
    halves = [0.5 * 10.0 ** -len(text.partition(".")[2]) for text in texts]
    exact = np.array([text in (".0", "1.0") for text in texts])  # bounds, not rounded
    difference = np.abs(np.subtract(measured, [float(text) for text in texts]))
    return (difference - np.where(exact, 0, halves)).clip(0)


@pytest.mark.parametrize("case", FIGURES)
def test_figures_are_reproduced(rows, case):
    _, holdout, cases = rows
    measured = [
        metric(holdout, cases[case], **IN_UNITS)
        for metric in (precision, recall, coverage, energy_distance)
    ]
    assert (distances(measured, case, slice(4)) < TOLERANCE).all(), measured


@pytest.mark.parametrize("case", FIGURES)
def test_figures_of_memorisation_are_reproduced(memorisation, case):
    # Of one draw the reference figures are, and authenticity and the share closer to
    # the training rows have a standard deviation of .01 from draw to draw.
    measured = memorisation[case]
    assert (distances(measured, case, slice(4, 7)) < TOLERANCE).all(), measured


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
