"""Energy, sliced Wasserstein, kernel and Fréchet distances against their formulas."""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist, pdist
from scipy.stats import wasserstein_distance

from skgan.metrics import (
    energy_distance,
    frechet_distance,
    kernel_distance,
    mmd,
    sliced_wasserstein,
)

DISTANCES = [
    energy_distance,
    sliced_wasserstein,
    mmd,
    frechet_distance,
    kernel_distance,
]
SEEDED = [energy_distance, sliced_wasserstein, mmd, kernel_distance]


def seed_of(metric, seed=0):
    return {"random_state": seed} if metric in SEEDED else {}


def unbiased(kernel, X, Y):
    n, m = len(X), len(Y)
    within_x, within_y = kernel(X, X), kernel(Y, Y)
    np.fill_diagonal(within_x, 0)
    np.fill_diagonal(within_y, 0)
    return (
        within_x.sum() / (n * (n - 1))
        + within_y.sum() / (m * (m - 1))
        - 2 * kernel(X, Y).mean()
    )


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 3)), rng.normal(0.5, 2, size=(45, 3))


@pytest.mark.parametrize("n_rows", [60, 1024, 1500])  # one block, exactly one, more
def test_energy_distance_is_its_formula(n_rows):
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(n_rows, 2)), rng.normal(1, size=(n_rows - 7, 2))
    expected = -unbiased(cdist, X, Y)
    assert energy_distance(X, Y, standardize=False) == pytest.approx(expected)
    mean, std = X.mean(0), X.std(0)
    standard = -unbiased(cdist, (X - mean) / std, (Y - mean) / std)
    assert energy_distance(X, Y) == pytest.approx(standard)


def test_mmd_is_its_formula(pair):
    X, Y = pair
    median = np.median(pdist(X))

    def kernel(A, B):
        squared = cdist(A, B, "sqeuclidean")
        scales = median * 2.0 ** np.arange(-2, 3)
        return np.mean([np.exp(-squared / (2 * s**2)) for s in scales], axis=0)

    assert mmd(X, Y, standardize=False) == pytest.approx(unbiased(kernel, X, Y))


def test_kernel_distance_is_its_formula(pair):
    X, Y = pair
    expected = unbiased(lambda A, B: (A @ B.T / 3 + 1) ** 3, X[:45], Y)
    measured = kernel_distance(X[:45], Y, standardize=False)
    assert measured == pytest.approx(expected)
    averaged = kernel_distance(
        X, Y, standardize=False, subset_size=20, n_subsets=1000, random_state=0
    )
    expected = unbiased(lambda A, B: (A @ B.T / 3 + 1) ** 3, X, Y)
    assert averaged == pytest.approx(expected, rel=0.05)


def test_frechet_distance_is_its_formula(pair):
    X, Y = pair
    A, B = np.cov(X.T), np.cov(Y.T)
    expected = ((X.mean(0) - Y.mean(0)) ** 2).sum() + np.trace(
        A + B - 2 * sqrtm(A @ B).real
    )
    assert frechet_distance(X, Y, standardize=False) == pytest.approx(expected)


def test_frechet_distance_of_singular_covariances():
    X = np.random.default_rng(0).normal(size=(5, 20))  # fewer rows than columns
    assert frechet_distance(X, X) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(X, X + 2, standardize=False) == pytest.approx(80)


def test_sliced_wasserstein_is_its_formula():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=12), rng.normal(1, 2, size=18)
    # In one dimension every projection is the same; repeated rows match the sizes.
    equal = np.sort(np.repeat(x, 3)) - np.sort(np.repeat(y, 2))
    measured = sliced_wasserstein(x[:, None], y[:, None], standardize=False)
    assert measured == pytest.approx(np.sqrt(np.mean(equal**2)))
    assert measured >= wasserstein_distance(x, y)


def test_sliced_wasserstein_of_a_shift():
    X = np.random.default_rng(0).normal(size=(500, 4))
    shift = np.array([3.0, 0, 0, 0])
    measured = sliced_wasserstein(
        X, X + shift, standardize=False, n_projections=4000, random_state=0
    )
    assert measured == pytest.approx(3 / np.sqrt(4), rel=0.03)


@pytest.mark.parametrize("metric", DISTANCES)
def test_distance_sees_shifts_and_collapse(metric):
    rng = np.random.default_rng(0)
    X, fresh = rng.normal(size=(2, 400, 3))
    chance = abs(metric(X, fresh, **seed_of(metric)))
    assert metric(X, fresh + 1, **seed_of(metric)) > 3 * chance
    collapsed = np.repeat(X[:1], 400, axis=0)
    assert metric(X, collapsed, **seed_of(metric)) > 3 * chance


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_mixed_frames(metric, make):
    rng = np.random.default_rng(0)

    def rows(p):
        return {
            "size": rng.normal(size=300),
            "income": np.where(rng.random(300) < p, np.nan, rng.normal(size=300)),
            "city": rng.choice(["Rome", "Oslo"], p=[p, 1 - p], size=300),
            "member": rng.random(300) < p,
        }

    real, alike, unlike = make(rows(0.2)), make(rows(0.2)), make(rows(0.9))
    near = metric(real, alike, **seed_of(metric))
    far = metric(real, unlike, **seed_of(metric))
    assert np.isfinite(near)
    assert far > 3 * abs(near)


@pytest.mark.parametrize("metric", DISTANCES)
def test_layout_dtype_and_container_do_not_matter(metric, pair):
    X, Y = (np.round(rows * 8) / 8 for rows in pair)  # exact in float32 too
    expected = metric(X, Y, **seed_of(metric))
    strided = np.asfortranarray(np.hstack([Y, Y]))[:, :3]
    strided.flags.writeable = False
    for left, right in [
        (X.astype(np.float32), strided),
        (pd.DataFrame(X), pd.DataFrame(Y)),
        (X.tolist(), pl.DataFrame(Y)),
    ]:
        assert metric(left, right, **seed_of(metric)) == pytest.approx(expected)


@pytest.mark.parametrize("metric", DISTANCES)
def test_images(metric):
    rng = np.random.default_rng(0)
    X, Y = rng.random(size=(2, 30, 4, 4))
    flat = metric(
        X.reshape(30, 16), Y.reshape(30, 16), standardize=False, **seed_of(metric)
    )
    assert metric(X, Y, standardize=False, **seed_of(metric)) == pytest.approx(flat)
    assert np.isfinite(metric(X[..., None], Y[..., None], **seed_of(metric)))


@pytest.mark.parametrize("metric", DISTANCES)
def test_hostile_numbers_give_a_finite_figure(metric):
    X = np.array([[1e30, 1.0, 5.0], [-1e30, 1.0, 6.0], [0.0, 1.0, 7.0]])
    far = np.array([[1e300, 2.0, 2**60], [0.0, 1.0, -1e30], [1.0, 1.0, 5.0]])
    assert np.isfinite(metric(X, far, **seed_of(metric)))
    constant = np.ones((4, 2))
    assert metric(constant, constant, **seed_of(metric)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("metric", DISTANCES)
def test_missing_values_where_real_rows_have_none_are_seen(metric, pair):
    X, _ = pair
    holed = X.copy()
    holed[: len(X) // 2, 0] = np.nan
    as_mean = np.nan_to_num(holed, nan=X[:, 0].mean())
    hidden = metric(X, as_mean, **seed_of(metric))
    assert metric(X, holed, **seed_of(metric)) > hidden + 0.01


@pytest.mark.parametrize("metric", SEEDED)
def test_seeds_and_the_global_stream(metric, pair):
    X, Y = pair
    params = {
        energy_distance: {"max_samples": 20},
        mmd: {"max_samples": 20},
        kernel_distance: {"subset_size": 20, "n_subsets": 3},
        sliced_wasserstein: {"n_projections": 3},
    }[metric]
    np.random.seed(0)
    state = np.random.get_state()[1].copy()
    assert metric(X, Y, random_state=1, **params) == metric(
        X, Y, random_state=np.random.RandomState(1), **params
    )
    assert metric(X, Y, random_state=1, **params) != metric(
        X, Y, random_state=2, **params
    )
    assert metric(X, Y, **params) != metric(X, Y, **params)
    np.testing.assert_array_equal(state, np.random.get_state()[1])


def test_max_samples_none_uses_every_row(pair):
    X, Y = pair
    assert energy_distance(X, Y, max_samples=None) == energy_distance(X, Y)
    assert mmd(X, Y, max_samples=None) == mmd(X, Y)


@pytest.mark.parametrize("metric", DISTANCES)
def test_errors_name_the_set(metric):
    X = np.zeros((5, 2))
    with pytest.raises(ValueError, match="X_synthetic has 1 row"):
        metric(X, X[:1])
    with pytest.raises(ValueError, match="X_real has no rows"):
        metric(X[:0], X)
    with pytest.raises(ValueError, match="X_synthetic has 3 columns"):
        metric(X, np.zeros((5, 3)))
    with pytest.raises(ValueError, match="X_synthetic has 3 columns, X_real has 2"):
        metric(X, np.zeros((5, 3)), standardize=False)
    with pytest.raises(ValueError, match="X_synthetic: column 1 holds infinite"):
        metric(X, np.array([[0, np.inf], [0, 0]]))
    with pytest.raises(ValueError, match="X_synthetic holds missing values"):
        metric(X, np.array([[0, np.nan], [0, 0]]), standardize=False)
    with pytest.raises(ValueError, match="X_real holds columns that are not numeric"):
        metric(pd.DataFrame({"a": ["x", "y"]}), X[:, :1], standardize=False)


def test_bad_counts_are_named(pair):
    with pytest.raises(ValueError, match="max_samples must be an integer of at"):
        energy_distance(*pair, max_samples=1)
    with pytest.raises(ValueError, match="n_projections must be"):
        sliced_wasserstein(*pair, n_projections=0)
    with pytest.raises(ValueError, match="subset_size must be"):
        kernel_distance(*pair, subset_size=2.5)


@pytest.mark.parametrize("metric", DISTANCES)
def test_memory_stays_far_below_a_dense_matrix(metric):
    X, Y = np.random.default_rng(0).normal(size=(2, 50_000, 10))
    X[:, 0] *= 1e6
    smaller = {mmd: {"max_samples": 6000}, kernel_distance: {"n_subsets": 10}}
    params = seed_of(metric) | smaller.get(metric, {})
    tracemalloc.start()
    metric(X, Y, **params)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6  # of 20 GB
