"""Roots of correlations: the same in parts as in one matrix."""

import io

import numpy as np

from skgan import GANSampler, _deadline, load, save
from skgan.encoding import VectorEncoder
from skgan.encoding.vector._correlation import LowRankMatrix, correlation_roots

D = 600


def wide_scores(n=30):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 20)) @ rng.normal(size=(20, D))


def test_parts_are_those_of_the_whole_matrix():
    scores = wide_scores()
    n = len(scores)
    root, inverse = correlation_roots(scores)
    correlation = (n * np.corrcoef(scores.T) + D * np.eye(D)) / (n + D)
    correlation = (correlation + 1e-3 * np.eye(D)) / (1 + 1e-3)
    identity = np.eye(D)
    np.testing.assert_allclose(identity @ root @ root, correlation, atol=1e-9)
    np.testing.assert_allclose(identity @ root @ inverse, identity, atol=1e-9)


def test_many_rows_of_columns_that_are_nearly_the_same():
    x, noise = np.random.default_rng(0).normal(size=(2, 4000))
    Z = VectorEncoder().fit_transform(np.column_stack([x, x + 1e-4 * noise]))
    assert np.isfinite(Z).all() and (Z.std(axis=0) > 0.5).all()


def test_wide_rows_come_back_and_hold_no_matrix_of_all_columns():
    X = wide_scores()
    encoder = VectorEncoder().fit(X)
    assert isinstance(encoder.color_, LowRankMatrix)
    assert encoder.color_.axes.shape == (
        D,
        20 if len(encoder.color_.factors) == 20 else 29,
    )
    back = encoder.inverse_transform(encoder.transform(X))
    np.testing.assert_allclose(back, X, rtol=1e-6, atol=1e-6)


def test_what_does_not_stand_out_is_left_alone():
    root, inverse = correlation_roots(np.eye(30, D))
    assert root.scale == inverse.scale == 1 and root.axes.shape == (D, 0)
    rows = wide_scores()
    np.testing.assert_array_equal(rows @ root, rows)


def test_the_search_for_a_rotation_ends_with_the_time():
    rng = np.random.default_rng(0)
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    rows = (rng.integers(0, 3, (400, 2)) + 0.05 * rng.normal(size=(400, 2))) @ turn
    assert VectorEncoder().fit(rows).rotation_ is not None
    with _deadline.Deadline(0).in_force():
        assert VectorEncoder().fit(rows).rotation_ is None
    assert VectorEncoder().fit(rows).rotation_ is not None


def test_parts_and_rounded_endings_go_into_files():
    rounded = np.random.default_rng(0).integers(100_000, 160_000, (100, 2)) + 0.99
    for rows in (wide_scores(12), rounded.astype(np.float32)):
        sampler = GANSampler(prior="normal", max_iter=1, random_state=0).fit(rows)
        file = io.BytesIO()
        save(sampler, file)
        file.seek(0)
        drawn = load(file).sample(9, random_state=1)
        np.testing.assert_array_equal(drawn, sampler.sample(9, random_state=1))
