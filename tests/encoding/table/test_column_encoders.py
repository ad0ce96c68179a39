"""One column to scores or codes and back; groups of levels; patterns of gaps."""

import numpy as np
import pytest
from scipy.special import ndtr

from skgan.encoding.table._column_encoders import (
    EncodedColumn,
    GroupedLevelEncoder,
    LevelEncoder,
    MissingPatternEncoder,
    NumberEncoder,
    group_levels,
    is_spiky,
)

RNG = np.random.default_rng(0)


class TestNumberCodec:
    def test_scores_of_a_range_hold_its_share_of_the_rows(self):
        values = RNG.integers(0, 50, 5000).astype(float)
        column_encoder = NumberEncoder(1.0).fit(values)
        low, high = ndtr(column_encoder.encode_range(10, 19))
        share = ((values >= 10) & (values <= 19)).mean()
        assert high - low == pytest.approx(share, abs=1e-6)
        assert (
            column_encoder.encode_range(7, 7)[0] < column_encoder.encode_range(7, 7)[1]
        )

    @pytest.mark.parametrize(
        ("values", "step", "decimals", "learnt"),
        [
            (np.arange(20) * 15.0 + 3, 1.0, None, 15),
            (np.arange(20) * 0.25, None, 2, 0.25),
            (np.arange(20) * 0.01, None, 2, None),
            (np.array([0.0, 10, 20]), 1.0, None, 1),
            (np.array([0.0, 86400]), 86400.0, None, 86400),
        ],
    )
    def test_grid(self, values, step, decimals, learnt):
        column_encoder = NumberEncoder(step, decimals).fit(values)
        assert column_encoder.step == learnt
        decoded = column_encoder.decode(RNG.normal(size=200), None)
        grid = learnt or 10.0**-decimals
        steps = (decoded - values[0]) / grid
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)

    @pytest.mark.parametrize("step", [1, 5])
    def test_hours_and_minutes_of_one_number(self, step):
        minutes = RNG.integers(300 // step, 1440 // step, 400) * step
        values = (minutes // 60 * 100 + minutes % 60).astype(float)
        column_encoder = NumberEncoder(1.0).fit(values)
        decoded = column_encoder.decode(RNG.normal(size=2000), None)
        assert (decoded % 100 < 60).all() and (decoded % step == 0).all()
        assert len(np.unique(decoded % 100)) == 60 // step
        np.testing.assert_array_equal(column_encoder.snap(decoded), decoded)

    def test_missing_scores_are_drawn_from_the_others(self):
        values = np.where(RNG.random(5000) < 0.5, np.nan, RNG.exponential(size=5000))
        column_encoder = NumberEncoder().fit(values[~np.isnan(values)])
        gaps = np.isnan(values)
        scores = column_encoder.encode(values, np.random.default_rng(0)).scores
        assert abs(scores[gaps].mean()) < 0.1
        assert scores[gaps].std() == pytest.approx(1, abs=0.1)
        assert (column_encoder.encode(values, None).scores[gaps] == 0).all()

    @pytest.mark.parametrize("scale", [1e-300, 1, 1e300])
    def test_scales(self, scale):
        values = RNG.normal(size=300) * scale
        column_encoder = NumberEncoder().fit(values)
        back = column_encoder.decode(column_encoder.encode(values, None).scores, None)
        np.testing.assert_allclose(back / scale, values / scale, rtol=1e-9, atol=1e-12)
        extreme = column_encoder.decode(np.array([-1e9, 1e9]), None)
        assert extreme.tolist() == [values.min(), values.max()]


class TestLevelCodec:
    def test_unseen_and_missing(self):
        column_encoder = LevelEncoder().fit(np.array([3.0, 1, np.nan, 3]))
        assert column_encoder.n_codes == 3
        assert column_encoder.shares_.tolist() == [0.25, 0.5, 0.25]
        codes = column_encoder.code(np.array([1.0, 2, 3, np.nan, -1]))
        assert codes.tolist() == [0, -1, 1, 2, -1]
        decoded = column_encoder.decode(None, np.array([0, 1, 2]))
        np.testing.assert_array_equal(decoded, [1, 3, np.nan])
        complete = LevelEncoder().fit(np.array([3.0, 1]))
        assert complete.code(np.array([np.nan])).tolist() == [-1]


class TestGroupCodec:
    def fit(self, max_levels=8):
        values = np.minimum(RNG.zipf(1.3, 4000), 300).astype(float)
        others = [EncodedColumn(RNG.normal(size=4000) + values % 5, None)]
        return GroupedLevelEncoder(max_levels).fit(values, others), values

    def test_exact_at_every_score_of_a_level(self):
        column_encoder, values = self.fit()
        for seed in range(5):
            part = column_encoder.encode(values, np.random.default_rng(seed))
            np.testing.assert_array_equal(column_encoder.decode(*part), values)
        assert column_encoder.shares_.sum() == pytest.approx(1)

    def test_extreme_scores_stay_in_their_group(self):
        column_encoder, _ = self.fit()
        for group in range(column_encoder.n_codes):
            for score in (-40.0, -8.0, 8.0, 40.0):
                value = column_encoder.decode(np.array([score]), np.array([group]))
                assert column_encoder.encode(value, None).codes.tolist() == [group]

    def test_a_level_that_was_not_seen(self):
        column_encoder, _ = self.fit()
        part = column_encoder.encode(np.array([1e6, 1.0]), None)
        assert part.codes.tolist()[0] == -1
        assert part.scores.tolist()[0] == 0


def test_groups_follow_the_other_columns():
    codes = np.repeat(np.arange(40), 50)
    side = codes % 2
    others = [
        EncodedColumn(side * 3 + RNG.normal(size=len(codes)), None),
        EncodedColumn(None, side),
    ]
    labels = group_levels(codes, 40, others, 2).labels
    assert len(set(labels[::2])) == len(set(labels[1::2])) == 1
    assert labels[0] != labels[1]
    again = group_levels(codes, 40, others, 2)
    np.testing.assert_array_equal(labels, again.labels)


def test_rare_levels_end_up_together():
    codes = np.r_[np.repeat(np.arange(10), 500), np.arange(10, 60)]
    score = np.where(codes < 10, codes * 2.0, RNG.normal(9, 6, len(codes)))
    labels = group_levels(codes, 60, [EncodedColumn(score, None)], 8).labels
    assert np.bincount(labels[10:]).max() > 25


class TestPatternCodec:
    def test_round_trip_and_unseen_patterns(self):
        missing = RNG.random((200, 3)) < 0.2
        missing[missing.all(axis=1)] = False
        column_encoder = MissingPatternEncoder(8).fit(missing)
        codes = column_encoder.encode(missing)
        np.testing.assert_array_equal(column_encoder.decode(codes), missing)
        assert column_encoder.encode(np.ones((2, 3), dtype=bool))[0].tolist() == [
            -1,
            -1,
        ]

    def test_many_columns(self):
        missing = RNG.random((5, 100)) < 0.5
        missing = missing[RNG.integers(0, 5, 300)]
        column_encoder = MissingPatternEncoder(8).fit(missing)
        assert column_encoder.widths_ == (len(np.unique(missing, axis=0)),)
        np.testing.assert_array_equal(
            column_encoder.decode(column_encoder.encode(missing)), missing
        )

    def test_a_block_a_column(self):
        missing = RNG.random((500, 5)) < 0.5
        column_encoder = MissingPatternEncoder(8).fit(missing)
        assert column_encoder.widths_ == (2,) * 5
        np.testing.assert_array_equal(
            column_encoder.decode(column_encoder.encode(missing)), missing
        )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.repeat(np.arange(5.0), 10), True),
        (np.repeat(np.arange(5.0), 9), False),
        (np.repeat(np.arange(50.0), 10), False),
        (np.r_[np.repeat(np.arange(1, 50.0), 10), np.zeros(600)], True),
        (np.r_[np.repeat(np.arange(5.0), 10), np.full(90, np.nan)], True),
        (np.full(9, np.nan), False),
    ],
)
def test_spikes(values, expected):
    assert is_spiky(values) is expected
