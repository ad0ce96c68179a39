"""Mixtures and curves with a known truth, and how near samples come to it."""

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2
from sklearn.datasets import make_moons, make_swiss_roll

from skgan.datasets import make_grid, make_ring
from skgan.metrics import c2st, energy_distance

# Share of the truth within the radius that counts as high quality: three standard
# deviations in the plane.
_INSIDE = 1 - np.exp(-4.5)
# A mode counts with at least this part of its fair share.
_FAIR_SHARE = 0.2


class Truth(NamedTuple):
    """Training rows, fresh rows, and the Gaussians they are from, if they are."""

    train: np.ndarray
    fresh: np.ndarray
    centers: np.ndarray | None = None
    scale: float | None = None
    weights: np.ndarray | None = None


def _gaussians(centers, scale, weights, n_rows, rng):
    def draw():
        mode = rng.choice(len(centers), size=n_rows, p=weights)
        return centers[mode] + scale * rng.standard_normal((n_rows, centers.shape[1]))

    return Truth(draw(), draw(), centers, scale, weights)


def _lattice(make, scale, rotated):
    def truth(seed, n_rows):
        rng = np.random.default_rng(seed)
        angle = rng.uniform(0, 2 * np.pi) if rotated else 0.0
        *_, centers = make(1, scale=scale, angle=angle, return_centers=True)
        weights = np.full(len(centers), 1 / len(centers))
        return _gaussians(centers, scale, weights, n_rows, rng)

    return truth


def _rare(seed, n_rows):
    """Weights .9, .09 and .01."""
    centers = np.array([[0.0, 0.0], [3.0, 1.0], [-1.0, 3.0]])
    weights = np.array([0.9, 0.09, 0.01])
    return _gaussians(centers, 0.3, weights, n_rows, np.random.default_rng(seed))


def _blobs(seed, n_rows):
    """Eight Gaussians of variance 1 in ten dimensions, ten or more apart."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.standard_normal((10, 10)))[0]
    weights = np.full(8, 1 / 8)
    return _gaussians(7.5 * directions[:8], 1.0, weights, n_rows, rng)


def _curve(draw):
    """Rows of `draw(n_rows, seed)`: twice as many, halved."""

    def truth(seed, n_rows):
        rows = draw(2 * n_rows, seed)
        order = np.random.default_rng(seed).permutation(len(rows))
        return Truth(*np.split(rows[order], 2))

    return truth


SETS = {
    "ring": _lattice(make_ring, 0.01, rotated=False),
    "grid": _lattice(make_grid, 0.05, rotated=False),
    "rotated-ring": _lattice(make_ring, 0.01, rotated=True),
    "rotated-grid": _lattice(make_grid, 0.05, rotated=True),
    "rare": _rare,
    "swiss-roll": _curve(
        lambda n, seed: make_swiss_roll(n, noise=0.2, random_state=seed)[0][:, [0, 2]]
    ),
    "moons": _curve(lambda n, seed: make_moons(n, noise=0.05, random_state=seed)[0]),
    "blobs": _blobs,
}


def judge_modes(X, truth):
    """Return modes, their number, high-quality share, reverse KL and rarest share.

    A row counts for the mode of its nearest centre, if it is no farther from it
    than all but 1.1 % of the truth.
    """
    distances = ((X[:, None] - truth.centers) ** 2).sum(axis=-1)
    reach = truth.scale**2 * chi2.ppf(_INSIDE, X.shape[1])
    inside = distances.min(axis=1) <= reach
    counts = np.bincount(distances.argmin(axis=1)[inside], minlength=len(truth.centers))
    total = max(counts.sum(), 1)
    shares = counts / total
    seen = shares > 0
    divergence = shares[seen] * np.log(shares[seen] / truth.weights[seen])
    rarest = truth.weights.argmin()
    return {
        "modes": int((counts >= _FAIR_SHARE * truth.weights * total).sum())
        if counts.any()
        else 0,
        "of": len(counts),
        "hq": float(inside.mean()),
        # Without one row inside there are no shares to compare.
        "kl": float(divergence.sum()) if counts.any() else None,
        "rare": float(shares[rarest] / truth.weights[rarest]),
    }


def judge(X, truth, seed):
    """Return how near `X` comes to the truth: modes if it has any, and distances."""
    found = {} if truth.centers is None else judge_modes(X, truth)
    is_finite = bool(np.isfinite(X).all())
    return {
        **found,
        "energy": energy_distance(truth.fresh, X, max_samples=5000, random_state=seed)
        if is_finite
        else None,
        "c2st": c2st(truth.fresh, X, random_state=seed) if is_finite else None,
        "finite": is_finite,
    }
