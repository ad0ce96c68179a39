"""Scores, blocks and turns against what they are by hand."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from skgan.encoding.table import _column_encoders
from skgan.encoding.table._column_encoders import (
    GroupedLevelEncoder,
    LevelEncoder,
    MissingPatternEncoder,
    NumberEncoder,
    group_levels,
    is_spiky,
)
from skgan.encoding.table._columns import NumberColumn
from skgan.encoding.vector._normal_scores import NormalScores, _sparse_knots
from skgan.encoding.vector._rotation import (
    _best_angle,
    _plane_rotation,
    spacing_entropy,
)
from skgan.frames import ColumnFormat, RawColumn

NAN = np.nan


def column(*values):
    return np.array(values, dtype=float)


def test_scores_of_an_atom_and_of_single_rows():
    normal = NormalScores(tolerance=1e-9).fit(column(0, 0, 0, 0, 0, 1, 2, 3, 4, 5))
    ranks = column(0.025, 0.5, 0.55, 0.65, 0.75, 0.85, 0.95)
    assert normal.values_.tolist() == [0, 0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose(normal.scores_, ndtri(ranks))
    assert normal.atoms_.tolist() == [0] and normal.atom_ranks_.tolist() == [[0, 0.5]]
    slope = 1 / (ndtri(0.95) - ndtri(0.85))
    np.testing.assert_allclose(normal.tails_, [0, slope])
    got = normal.transform(column(0, 2, 2.5, 6, 1e9, -1e9))
    wanted = [
        *(ndtri(0.25), ndtri(0.65), (ndtri(0.65) + ndtri(0.75)) / 2),
        *(ndtri(0.95) + 1 / slope, 8, ndtri(0.025)),
    ]
    np.testing.assert_allclose(got, wanted)
    scores = column(ndtri(0.95) + 0.1, -5, -1, ndtri(0.75))
    np.testing.assert_allclose(
        normal.inverse_transform(scores), [5 + 0.1 * slope, 0, 0, 3], atol=1e-12
    )
    spread = ndtr(normal.transform(np.zeros(2000), np.random.default_rng(0)))
    assert spread.min() > 0 and spread.max() < 0.5
    assert np.quantile(spread, [0.1, 0.5, 0.9]) == pytest.approx(
        [0.05, 0.25, 0.45], abs=0.02
    )
    high = NormalScores(1e-9).fit(column(-3, -2, *[7] * 5))
    assert high.tails_[1] == 0 and high.tails_[0] > 0
    low = high.transform(column(-3, -4))
    assert low[0] - low[1] == pytest.approx(1 / high.tails_[0])
    assert high.scores_[-1] == pytest.approx(ndtri(1 - 0.25 / 7))
    assert high.transform(column(-1e9))[0] == -8


def test_what_makes_an_atom():
    values = column(0, 0, 0, 0, 0, 1, 1, 1, 1, 5)
    for repeats, share, atoms in (
        (5, 0.001, [0]),
        (4, 0.001, [0, 1]),
        (6, 0.001, []),
        (1, 0.5, [0]),
        (1, 0.51, []),
    ):
        assert NormalScores(0.2, repeats, share).fit(values).atoms_.tolist() == atoms
    defaults = NormalScores()
    assert (defaults.tolerance, defaults.min_repeats, defaults.min_share) == (
        *(0.2, 5),
        0.001,
    )


@pytest.mark.parametrize(("n", "reach"), [(2, 1), (199, 1), (200, 2), (399, 3)])
def test_tails_have_the_slope_of_the_outermost_hundredth(n, reach):
    values = np.sort(np.random.default_rng(0).exponential(size=n))
    scores = ndtri((np.arange(n) + 0.5) / n)
    low = (values[reach] - values[0]) / (scores[reach] - scores[0])
    high = (values[-1] - values[-1 - reach]) / (scores[-1] - scores[-1 - reach])
    np.testing.assert_allclose(NormalScores().fit(values).tails_, [low, high])


def split(points, ranks, scores, allowed, a, b):
    """Return the knots strictly between two, by recursion."""
    if b - a < 2:
        return []
    inside = np.arange(a + 1, b)
    straight = np.interp(points[inside], points[[a, b]], scores[[a, b]])
    excess = np.abs(ndtr(straight) - ranks[inside]) / allowed[inside]
    if excess.max() <= 1:
        return []
    k = int(inside[excess.argmax()])
    return [
        *split(points, ranks, scores, allowed, a, k),
        k,
        *split(points, ranks, scores, allowed, k, b),
    ]


@pytest.mark.parametrize("tolerance", [0.2, 0.8])
def test_knots_are_where_a_line_is_off(tolerance):
    n = 300
    points = np.sort(np.random.default_rng(1).exponential(size=n))
    ranks = (np.arange(n) + 0.5) / n
    scores = ndtri(ranks)
    forced = np.array([0, 150, n - 1])
    allowed = tolerance * np.sqrt(np.maximum(ranks * (1 - ranks), 0.25 / n) / n)
    wanted = {0, 150, n - 1}
    wanted |= {*split(points, ndtr(scores), scores, allowed, 0, 150)}
    wanted |= {*split(points, ndtr(scores), scores, allowed, 150, n - 1)}
    found = _sparse_knots(points, scores, forced, n, tolerance)
    assert found.tolist() == sorted(wanted) and 3 < len(found) < n


def test_column_encoders_of_numbers():
    threes = np.tile(3.0 * np.arange(10), 5)
    assert NumberEncoder(1.0).fit(threes).step == 3
    assert NumberEncoder(5.0).fit(threes).step == 5
    assert NumberEncoder(1.0).fit(threes[threes < 9]).step == 1
    quarters = np.tile(0.25 * np.arange(10), 5)
    assert NumberEncoder(None, 2).fit(quarters).step == 0.25
    assert NumberEncoder(None, 2).fit(np.arange(10) / 100).step is None
    column_encoder = NumberEncoder(None, 2).fit(quarters + 0.1)
    decoded = column_encoder.decode(np.linspace(-9, 9, 400), None)
    assert (decoded.min(), decoded.max()) == (0.1, column_encoder.maximum_)
    steps = (decoded - 0.1) / 0.25
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
    tenths = NumberEncoder(None, 1).fit(column(0.1, 0.7, 5))
    decoded = tenths.decode(np.linspace(-2, 2, 50), None)
    assert (decoded == np.round(decoded, 1)).all() and len(np.unique(decoded)) > 10
    whole = NumberEncoder(1.0).fit(column(0, 9, 4)).decode(np.linspace(-3, 3, 50), None)
    assert (whole == np.rint(whole)).all() and {0, 9} <= set(whole)
    for largest, unit in ((5.0, 8), (4.0, 8), (3.9, 4), (0.3, 0.5)):
        assert NumberEncoder().fit(column(0, -largest))._unit == unit


@pytest.mark.parametrize("n", [100, 2000, 3000, 100_000])
def test_column_encoders_follow_few_rows_less(n):
    values = np.linspace(0, 1, n)
    wanted = min(max(0.8 * (2000 / n) ** 0.6, 0.2), 0.8)
    assert NumberEncoder().fit(values).map_.tolerance == pytest.approx(wanted)


@pytest.mark.parametrize(("n_values", "repeats"), [(10, 2), (11, 5)])
def test_values_that_are_listed_are_atoms_from_two_rows_on(n_values, repeats):
    column_encoder = NumberEncoder().fit(np.resize(np.sqrt(np.arange(n_values)), 50))
    assert column_encoder.map_.min_repeats == repeats
    assert column_encoder.map_.min_share == (0 if repeats == 2 else 0.001)


def test_scores_of_missing_numbers_are_drawn_as_normal():
    column_encoder = NumberEncoder().fit(column(1, 2, 4))
    rows = column(1, NAN, 4, NAN)
    plain = column_encoder.encode(rows, None).scores
    assert plain[[1, 3]].tolist() == [0, 0] and plain[0] < plain[2]
    drawn = column_encoder.encode(rows, np.random.default_rng(0)).scores
    np.testing.assert_array_equal(drawn[[0, 2]], plain[[0, 2]])
    assert drawn[1] != drawn[3] and np.isfinite(drawn).all()
    none = column_encoder.encode(np.full(3000, NAN), np.random.default_rng(0)).scores
    assert (none.mean(), none.std()) == pytest.approx((0, 1), abs=0.05)


def test_ranges_take_up_whole_atoms():
    column_encoder = NumberEncoder().fit(np.r_[np.zeros(50), np.linspace(1, 2, 50)])
    low, high = column_encoder.encode_range(0, 0)
    assert (low, high) == pytest.approx((-8, 0), abs=1e-9)
    low, high = column_encoder.encode_range(0, 1.5)
    assert low == pytest.approx(-8) and 0.5 < high < 0.9
    low, high = column_encoder.encode_range(1.2, 1.7)
    assert 0 < low < high < 2
    assert _column_encoders._score_of(column(0, 0.5, 1)).tolist() == [-8, 0, 8]


def test_codes_of_levels():
    column_encoder = LevelEncoder().fit(column(3, 1, NAN, 3))
    assert column_encoder.values_.tolist() == [1, 3] and column_encoder.n_codes == 3
    assert (
        column_encoder.shares_.tolist() == [0.25, 0.5, 0.25]
        and column_encoder.has_missing_
    )
    assert column_encoder.code(column(1, 3, 2, NAN, 0, 9)).tolist() == [
        0,
        1,
        -1,
        2,
        -1,
        -1,
    ]
    np.testing.assert_array_equal(
        column_encoder.decode(None, np.arange(3)), [1, 3, NAN]
    )
    column_encoder = LevelEncoder().fit(column(3, 1, 3))
    assert column_encoder.n_codes == 2 and column_encoder.code(
        column(NAN, 3)
    ).tolist() == [-1, 1]
    column_encoder = LevelEncoder().fit(column(NAN, NAN))
    assert column_encoder.n_codes == 1 and column_encoder.code(
        column(NAN, 3)
    ).tolist() == [0, 0]


@pytest.mark.parametrize("gap", [False, True])
def test_levels_in_groups_are_drawn_as_often_as_seen(gap):
    values = np.repeat(np.arange(12.0), np.arange(1, 13))
    if gap:
        values = np.r_[values, np.full(10, NAN)]
    column_encoder = GroupedLevelEncoder(4).fit(values, [])
    assert (
        column_encoder.n_codes <= 4 and column_encoder.shares_.sum() == pytest.approx(1)
    )
    part = column_encoder.encode(values, None)
    np.testing.assert_array_equal(column_encoder.decode(*part), values)
    spread = column_encoder.encode(values, np.random.default_rng(0))
    np.testing.assert_array_equal(column_encoder.decode(*spread), values)
    places = (np.arange(20_000) + 0.5) / 20_000
    for group in range(column_encoder.n_codes):
        inside = values[part.codes == group]
        assert column_encoder.shares_[group] == pytest.approx(len(inside) / len(values))
        drawn = column_encoder.decode(ndtri(places), np.full(len(places), group))
        for level in np.unique(inside):
            same = np.isnan if np.isnan(level) else lambda v, level=level: v == level
            assert same(drawn).mean() == pytest.approx(same(inside).mean(), abs=1e-3)
    if gap:
        assert set(part.codes[np.isnan(values)]) == {column_encoder.n_codes - 1}
        assert (part.codes[~np.isnan(values)] < column_encoder.n_codes - 1).all()
    unseen = column_encoder.encode(column(99, 3), np.random.default_rng(0))
    assert unseen.scores[0] == 0 and unseen.codes[0] == -1 and unseen.codes[1] >= 0
    ends = column_encoder.decode(column(-40, 40), np.zeros(2, int))
    assert not np.isnan(ends).any()


def test_groups_hold_levels_that_are_alike():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(6), 100)
    other = np.where(codes % 2, 3.0, -3.0) + 0.1 * rng.normal(size=600)
    part = _column_encoders.EncodedColumn((other - other.mean()) / other.std(), None)
    labels = group_levels(codes, 6, [part], 2).labels
    assert len(set(labels[::2])) == 1 and len(set(labels[1::2])) == 1
    assert labels[0] != labels[1]
    assert len(set(group_levels(codes, 6, [part], 6).labels)) == 6
    groups = group_levels(codes, 6, [part], 2)
    for label in (0, 1):
        assert groups.places[labels == label].sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([0, 1] * 10, True),
        ([0, 1] * 9 + [0], False),
        ([*[0, 1] * 10, NAN], True),
        ([*[0, 1] * 9, 0, NAN], False),
        ([*range(10)] * 10, True),
        ([*range(11)] * 10, False),
        ([0] * 56 + [*range(1, 11)] * 5 + [1] * 4, True),
        ([0] * 55 + [*range(1, 11)] * 5 + [1] * 5, False),
        ([0] * 99 + [*range(1, 11)] * 1, False),
        ([0] * 2400 + [*range(256)], True),
        ([0] * 2400 + [*range(257)], False),
    ],
)
def test_spikes(values, answer):
    assert is_spiky(column(*values)) == answer


def test_patterns_of_what_is_missing():
    missing = np.array([[0, 0], [1, 0], [1, 1], [1, 0]], dtype=bool)
    column_encoder = MissingPatternEncoder(3).fit(missing)
    assert column_encoder.widths_ == (3,)
    np.testing.assert_array_equal(
        column_encoder.decode(column_encoder.encode(missing)), missing
    )
    assert column_encoder.encode(np.array([[False, True]]))[0].tolist() == [-1]
    apart = MissingPatternEncoder(2).fit(missing)
    assert apart.widths_ == (2, 2) and apart.patterns_ is None
    np.testing.assert_array_equal(apart.decode(apart.encode(missing)), missing)
    assert MissingPatternEncoder(2).fit(missing[:, :0]).encode(missing[:, :0]) == []


def test_entropy_of_spacings():
    even = np.arange(16.0)[:, None] * [1, 3]
    np.testing.assert_allclose(spacing_entropy(even), np.log([4, 12]))
    np.testing.assert_allclose(spacing_entropy(even[:5]), np.log([2, 6]))
    np.testing.assert_allclose(spacing_entropy(np.zeros((9, 1))), np.log(1e-9))


@pytest.mark.parametrize("angle", [0.3, 0.9, 1.4])
def test_the_angle_that_undoes_a_turn(angle):
    square = np.random.default_rng(0).uniform(-1, 1, size=(1500, 2))
    found = _best_angle(square @ _plane_rotation(-angle))
    assert found == pytest.approx(angle, abs=0.03)
    turn = _plane_rotation(angle)
    np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-12)
    assert turn[1, 0] == pytest.approx(np.sin(angle)) and turn[0, 1] == -turn[1, 0]


def test_a_column_that_is_spread_over_many_whole_numbers():
    raw = np.arange(0, 5000, 5)
    column_format = ColumnFormat("number", lambda raw, missing: raw, storage="i8")
    whole = NumberColumn("n", RawColumn(column_format, raw, np.zeros(len(raw), bool)))
    column_encoder = NumberEncoder(whole.step, whole.decimals).fit(raw.astype(float))
    decoded = column_encoder.decode(np.random.default_rng(0).normal(size=2000), None)
    assert column_encoder.step == 5 and (decoded % 5 == 0).all()
    assert decoded.min() >= 0 and decoded.max() <= 4995
