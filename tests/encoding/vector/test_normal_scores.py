"""NormalScores: exact inverses, atoms, tails, few knots, odd columns."""

import numpy as np
import pytest
from scipy.stats import binomtest, kstest, norm

from skgan.encoding import VectorEncoder
from skgan.encoding.vector._normal_scores import _MAX_KNOTS, NormalScores


def rng(seed=0):
    return np.random.default_rng(seed)


CONTINUOUS = {
    "normal": rng().normal(3, 2, 3000),
    "exponential": rng().exponential(1e4, 3000),
    "heavy": rng().standard_t(1, 3000),
    "two modes": np.r_[rng(1).normal(-5, 0.1, 1500), rng(2).normal(5, 0.1, 1500)],
    "uniform": rng().uniform(size=3000),
    "few": np.array([3.0, 1.0, 2.0]),
    "two": np.array([-1.0, 4.0]),
}
ATOMS = {
    "zeros and a tail": np.r_[np.zeros(700), rng().exponential(1, 300)],
    "an atom inside": np.r_[np.full(400, 0.5), rng().uniform(size=600)],
    "atoms at both ends": np.r_[
        np.zeros(200), np.ones(300), rng().uniform(0.01, 0.99, 500)
    ],
    "counts": rng().poisson(3, 1000).astype(float),
    "two values": np.r_[np.full(900, 0.1), np.full(100, 0.3)],
}
COLUMNS = CONTINUOUS | ATOMS
each = pytest.mark.parametrize("name", COLUMNS)
each_with_atoms = pytest.mark.parametrize("name", ATOMS)


@each
@pytest.mark.parametrize("tolerance", [1e-6, 0.2, 5.0])
def test_values_learnt_from_come_back(name, tolerance):
    column = COLUMNS[name]
    scores = NormalScores(tolerance).fit(column)
    for stream in (None, rng()):
        back = scores.inverse_transform(scores.transform(column, stream))
        np.testing.assert_allclose(back, column, rtol=1e-7, atol=1e-9)
        is_atom = np.isin(column, scores.atoms_)
        if stream is None:
            assert (back[is_atom] == column[is_atom]).all()


@each_with_atoms
def test_atoms_are_exact_wherever_in_their_interval(name):
    column = ATOMS[name]
    scores = NormalScores().fit(column)
    values, counts = np.unique(column, return_counts=True)
    expected = values[counts >= 5]
    assert scores.atoms_.tolist() == expected.tolist()
    for atom, (bottom, top) in zip(scores.atoms_, scores.atom_ranks_, strict=True):
        inside = norm.ppf(np.linspace(bottom, top, 103)[1:-1])
        assert (scores.inverse_transform(inside) == atom).all()
        share = (column == atom).mean()
        assert top - bottom == pytest.approx(share)


@each_with_atoms
def test_normal_draws_give_atoms_their_shares(name):
    column = ATOMS[name]
    scores = NormalScores().fit(column)
    drawn = scores.inverse_transform(rng(7).normal(size=20_000))
    for atom in scores.atoms_:
        hits, share = int((drawn == atom).sum()), float((column == atom).mean())
        # A true share is outside one time in a thousand.
        interval = binomtest(hits, len(drawn)).proportion_ci(0.999)
        assert interval.low <= share <= interval.high


@each
def test_the_inverse_of_normal_draws_has_the_columns_distribution(name):
    column = COLUMNS[name]
    if len(column) < 100:
        return
    drawn = NormalScores().fit(column).inverse_transform(rng(8).normal(size=4000))
    points = np.unique(column)
    ours = np.searchsorted(np.sort(drawn), points, side="right") / len(drawn)
    theirs = np.searchsorted(np.sort(column), points, side="right") / len(column)
    # Smirnov's bound at one in a thousand for these sizes is about .05.
    assert np.abs(ours - theirs).max() < 0.06


@each
def test_monotone_both_ways(name):
    column = COLUMNS[name]
    scores = NormalScores().fit(column)
    spread = np.ptp(column)
    values = np.sort(
        np.r_[column, rng().uniform(column.min() - spread, column.max() + spread, 999)]
    )
    assert (np.diff(scores.transform(values)) >= 0).all()
    assert (np.diff(scores.inverse_transform(np.linspace(-9, 9, 2001))) >= 0).all()
    assert (np.diff(scores.values_) >= 0).all()
    assert (np.diff(scores.scores_) >= 0).all()


def test_distinct_values_keep_their_order_strictly():
    column = np.sort(CONTINUOUS["heavy"])
    assert (np.diff(NormalScores().fit(column).transform(column)) > 0).all()


@pytest.mark.parametrize("name", ["exponential", "heavy", "two modes", "counts"])
def test_scores_are_standard_normal(name):
    make = {
        "exponential": lambda r: r.exponential(size=20_000),
        "heavy": lambda r: r.standard_t(2, 20_000),
        "two modes": lambda r: r.normal(10 * r.integers(0, 2, 20_000), 0.3),
        "counts": lambda r: r.poisson(4, 20_000).astype(float),
    }[name]
    scores = NormalScores().fit(make(rng(1)))
    assert kstest(scores.transform(make(rng(1)), rng(3)), "norm").pvalue > 0.5
    # Rows of the same kind that it was not learnt from.
    fresh = scores.transform(make(rng(2)), rng(3))
    assert kstest(fresh, "norm").statistic < 0.02
    assert abs(fresh.mean()) < 0.03 and abs(fresh.std() - 1) < 0.03


def test_tails_go_on_monotonically():
    scores = NormalScores().fit(CONTINUOUS["normal"])
    beyond = np.linspace(4, 7, 50)
    for sign in (-1, 1):
        values = sign * scores.inverse_transform(sign * beyond)
        assert (np.diff(values) > 0).all()
        back = sign * scores.transform(sign * values)
        np.testing.assert_allclose(back, beyond, rtol=1e-9)
    # Of a normal column the map is nearly linear, beyond its ends as well.
    assert scores.inverse_transform(np.array([5.0]))[0] == pytest.approx(13, abs=3)
    assert scores.inverse_transform(np.array([-5.0]))[0] == pytest.approx(-7, abs=3)


def test_scores_are_bounded():
    scores = NormalScores().fit(CONTINUOUS["uniform"])
    assert scores.transform(np.array([-1e300, 1e300])).tolist() == [-8, 8]


def test_an_atom_at_an_end_is_the_end():
    scores = NormalScores().fit(ATOMS["atoms at both ends"])
    assert scores.tails_ == (0.0, 0.0)
    drawn = scores.inverse_transform(np.array([-1e6, -8.0, 8.0, 1e6]))
    assert drawn.tolist() == [0, 0, 1, 1]


def test_one_outlier_beside_a_constant():
    scores = NormalScores().fit(np.r_[np.full(99, 2.0), 7.0])
    drawn = scores.inverse_transform(rng().normal(size=20_000))
    assert 0.97 < (drawn == 2).mean() < 0.995
    assert drawn.min() == 2 and (drawn > 2).any()
    back = scores.inverse_transform(scores.transform(np.array([2.0, 7.0])))
    np.testing.assert_allclose(back, [2, 7], rtol=1e-12)


def test_repeats_that_make_an_atom():
    def atoms(n_repeats, n, **params):
        column = np.r_[np.full(n_repeats, 0.5), rng().uniform(1, 2, n - n_repeats)]
        return NormalScores(**params).fit(column).atoms_.tolist()

    assert atoms(4, 500) == [] and atoms(5, 500) == [0.5]
    assert atoms(4, 500, min_repeats=4) == [0.5]
    # A thousandth of the rows.
    assert atoms(9, 10_000) == [] and atoms(10, 10_000) == [0.5]


@pytest.mark.parametrize("n", [100, 3000, 50_000])
def test_there_are_few_knots(n):
    for column in (
        rng().normal(size=n),
        rng().standard_t(1, n),
        rng().normal(10 * rng(1).integers(0, 9, n), 0.01),
    ):
        scores = NormalScores().fit(column)
        assert 2 <= len(scores.values_) < min(n, 20 * np.sqrt(n))
        close = NormalScores(tolerance=1e-9).fit(column)
        assert len(close.values_) <= max(n, _MAX_KNOTS) and len(close.values_) >= min(
            n, _MAX_KNOTS
        )


def test_less_tolerance_follows_more_closely():
    column = CONTINUOUS["two modes"]
    ranks = (np.argsort(np.argsort(column)) + 0.5) / len(column)
    knots, errors = [], []
    for tolerance in (3.0, 1.0, 0.2, 0.02):
        scores = NormalScores(tolerance).fit(column)
        knots.append(len(scores.values_))
        off = np.abs(norm.cdf(scores.transform(column)) - ranks)
        errors.append(off / np.sqrt(ranks * (1 - ranks) / len(column)))
        assert errors[-1].max() <= tolerance + 1e-6
    assert knots == sorted(knots) and knots[0] < knots[-1] / 10


def test_rows_are_encoded_one_by_one():
    for column in COLUMNS.values():
        scores = NormalScores().fit(column)
        whole = scores.transform(column)
        order = rng().permutation(len(column))
        np.testing.assert_array_equal(scores.transform(column[order]), whole[order])
        np.testing.assert_array_equal(scores.transform(column[:2]), whole[:2])
        np.testing.assert_array_equal(scores.transform(column), whole)


def test_what_is_learnt_is_of_the_values_not_of_their_order():
    for column in COLUMNS.values():
        ours = NormalScores().fit(column)
        theirs = NormalScores().fit(column[::-1])
        np.testing.assert_array_equal(ours.values_, theirs.values_)
        np.testing.assert_array_equal(ours.scores_, theirs.scores_)


def test_the_input_is_left_alone():
    column = ATOMS["counts"].copy()
    column.flags.writeable = False
    scores = NormalScores().fit(column)
    encoded = scores.transform(column, rng())
    kept = encoded.copy()
    scores.inverse_transform(encoded)
    np.testing.assert_array_equal(encoded, kept)


@pytest.mark.parametrize("scale", [1e300, 1e-300, 1e-310, 1.0])
@pytest.mark.parametrize("kind", ["normal", "zeros and a tail"])
def test_any_scale_behind_an_encoder(scale, kind):
    column = COLUMNS[kind][:, None] * scale
    encoder = VectorEncoder().fit(column)
    encoded = encoder.transform(column)
    plain = (
        VectorEncoder().fit(COLUMNS[kind][:, None]).transform(COLUMNS[kind][:, None])
    )
    np.testing.assert_allclose(encoded, plain, atol=1e-6)
    np.testing.assert_allclose(
        encoder.inverse_transform(encoded), column, rtol=1e-6, atol=1e-9 * scale
    )


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool])
def test_whole_numbers_behind_an_encoder(dtype):
    column = rng().integers(0, 2 if dtype is bool else 90, (500, 1)).astype(dtype)
    encoder = VectorEncoder().fit(column)
    back = encoder.inverse_transform(encoder.transform(column))
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, column)
