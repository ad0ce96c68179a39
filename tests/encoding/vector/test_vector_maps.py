"""VectorEncoder for training: correlations, missing patterns, seeds, subsets."""

import numpy as np
import pandas as pd
import pytest

from skgan.encoding import VectorEncoder


def rng(seed=0):
    return np.random.default_rng(seed)


def make_correlated(n=2000, d=4, seed=0):
    """Skewed columns with correlations up to about .9."""
    common = rng(seed).normal(size=(n, 2)) @ rng(1).normal(size=(2, d))
    return np.exp(0.7 * common + 0.3 * rng(seed + 100).normal(size=(n, d)))


def make_frame(n=3000):
    """Two columns missing together, one alone; repeats; a constant."""
    stream = rng(3)
    frame = pd.DataFrame(
        {
            "a": stream.normal(size=n),
            "b": stream.exponential(size=n),
            "c": stream.integers(0, 4, n).astype(float),
            "d": np.where(stream.random(n) < 0.4, 0.0, stream.random(n)),
            "e": 2.5,
        }
    )
    together = stream.random(n) < 0.3
    frame.loc[together, ["a", "b"]] = np.nan
    frame.loc[stream.random(n) < 0.1, "c"] = np.nan
    return frame


ROWS = {
    "correlated": make_correlated(),
    "with repeats": np.round(make_correlated(), 1),
    "missing": make_frame(),
    "one column": make_correlated()[:, :1],
    "few rows": make_correlated(12),
    "wide": make_correlated(40, 60),
}
each = pytest.mark.parametrize("name", ROWS)


def take(rows, index):
    return rows.iloc[index] if isinstance(rows, pd.DataFrame) else rows[index]


class TestWhitening:
    @pytest.mark.parametrize("rotate", [True, False])
    def test_no_correlation_is_left(self, rotate):
        rows = make_correlated()
        encoder = VectorEncoder(rotate=rotate).fit(rows)
        assert np.abs(np.corrcoef(np.log(rows).T) - np.eye(4)).max() > 0.6
        for encoded in (encoder.transform(rows), encoder.encode_for_training(rows, 0)):
            left = np.corrcoef(encoded.T) - np.eye(4)
            assert np.abs(left).max() < 0.03
            np.testing.assert_allclose(encoded.std(axis=0), 1, atol=0.03)
            np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=0.03)

    def test_on_rows_it_was_not_learnt_from(self):
        encoder = VectorEncoder().fit(make_correlated())
        encoded = encoder.transform(make_correlated(seed=7))
        assert np.abs(np.corrcoef(encoded.T) - np.eye(4)).max() < 0.12

    def test_normal_draws_get_the_correlation_back(self):
        rows = make_correlated()
        encoder = VectorEncoder(rotate=False).fit(rows)
        drawn = encoder.inverse_transform(rng(5).normal(size=(4000, 4)))
        ours, theirs = (np.corrcoef(np.log(x).T) for x in (drawn, rows))
        assert np.abs(ours - theirs).max() < 0.08

    def test_what_does_not_stand_out_is_left_alone(self):
        encoder = VectorEncoder(rotate=False).fit(rng().uniform(size=(500, 3)))
        np.testing.assert_array_equal(encoder.color_, np.eye(3))

    @each
    def test_roots_are_inverses(self, name):
        encoder = VectorEncoder().fit(ROWS[name])
        product = encoder.color_ @ encoder._whiten
        np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-8)

    def test_copies_of_a_column_are_bearable(self):
        column = rng().normal(size=(300, 1))
        rows = np.hstack([column, column, -3 * column, rng(1).normal(size=(300, 1))])
        encoder = VectorEncoder().fit(rows)
        encoded = encoder.transform(rows)
        assert np.isfinite(encoded).all() and np.abs(encoded).max() < 50
        np.testing.assert_allclose(encoder.inverse_transform(encoded), rows, atol=1e-6)
        drawn = encoder.inverse_transform(rng(2).normal(size=(2000, 4)))
        assert np.corrcoef(drawn[:, :3].T)[0, 1] > 0.98


class TestForTraining:
    @each
    def test_comes_back(self, name):
        rows = ROWS[name]
        encoder = VectorEncoder().fit(rows)
        back = encoder.inverse_transform(encoder.encode_for_training(rows, 3))
        if isinstance(rows, pd.DataFrame):
            pd.testing.assert_frame_equal(back, rows, rtol=1e-6)
        else:
            np.testing.assert_allclose(back, rows, rtol=1e-6, atol=1e-8)

    @each
    def test_a_seed_fixes_it(self, name):
        rows = ROWS[name]
        encoder = VectorEncoder().fit(rows)
        first, again = (encoder.encode_for_training(rows, 3) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        other = encoder.encode_for_training(rows, 4)
        assert np.array_equal(first, other) == (name not in ("with repeats", "missing"))

    def test_the_seed_is_all_that_fixes_it(self):
        encoders = [VectorEncoder().fit(ROWS["missing"]) for _ in range(2)]
        encoders[0].transform(ROWS["missing"])
        encoders[0].encode_for_training(ROWS["missing"], 9)
        encoded = []
        for seed, encoder in enumerate(encoders):
            np.random.seed(seed)
            encoded.append(encoder.encode_for_training(ROWS["missing"], 3))
        np.testing.assert_array_equal(*encoded)

    def test_repeats_are_spread_to_normal_scores(self):
        rows = rng().integers(0, 3, (4000, 2)).astype(float)
        encoder = VectorEncoder().fit(rows)
        assert len(np.unique(encoder.transform(rows)[:, 0])) == 3
        spread = encoder.encode_for_training(rows, 0)
        assert len(np.unique(spread[:, 0])) == 4000
        quantiles = np.quantile(spread, [0.025, 0.5, 0.975], axis=0)
        np.testing.assert_allclose(
            quantiles, [[-1.96] * 2, [0] * 2, [1.96] * 2], atol=0.1
        )

    def test_the_missing_are_filled_with_others_of_their_column(self):
        frame = pd.DataFrame({"a": rng().normal(size=2000), "b": rng(1).random(2000)})
        frame.loc[::2, "a"] = np.nan
        encoder = VectorEncoder().fit(frame)
        filled = encoder.encode_for_training(frame, 0)[::2, 0]
        assert len(np.unique(filled)) > 500
        assert abs(filled.mean()) < 0.15 and 0.9 < filled.std() < 1.1
        assert len(np.unique(encoder.transform(frame)[::2, 0].round(9))) == 1


def test_rows_of_a_popular_seed_are_not_spread_by_their_own_stream():
    for seed in range(3):
        rows = rng(seed).integers(0, 3, (4000, 2)).astype(float)
        encoder = VectorEncoder(rotate=False).fit(rows)
        np.testing.assert_array_equal(encoder.color_, np.eye(2))


class TestMissing:
    def test_rates_and_combinations_of_normal_draws(self):
        frame = make_frame()
        encoder = VectorEncoder().fit(frame)
        n_encoded = encoder.tensor_shape_[0]
        drawn = encoder.inverse_transform(rng(2).normal(size=(6000, n_encoded)))
        ours, theirs = (x[["a", "b", "c"]].isna() for x in (drawn, frame))
        np.testing.assert_allclose(ours.mean(), theirs.mean(), atol=0.03)
        # More often together than by chance; the networks learn the rest.
        assert (ours["a"] & ours["b"]).mean() > 0.13
        assert not drawn[["d", "e"]].isna().any().any()
        assert (drawn["e"] == 2.5).all()

    def test_combinations_survive_the_training_rows(self):
        frame = make_frame()
        encoder = VectorEncoder().fit(frame)
        for seed in range(3):
            back = encoder.inverse_transform(encoder.encode_for_training(frame, seed))
            pd.testing.assert_frame_equal(back.isna(), frame.isna())

    @pytest.mark.parametrize("n_missing", [1, 4, 5, 20])
    def test_rare_ones_stay_rare_but_there(self, n_missing):
        frame = pd.DataFrame({"a": rng().normal(size=1000), "b": rng(1).random(1000)})
        frame.loc[frame.index[:n_missing], "a"] = np.nan
        encoder = VectorEncoder().fit(frame)
        drawn = encoder.inverse_transform(rng(2).normal(size=(50_000, 3)))
        rate = drawn["a"].isna().mean()
        assert n_missing / 1000 / 2.5 < rate < 2.5 * n_missing / 1000

    def test_no_value_but_missing_ones(self):
        frame = pd.DataFrame({"a": [np.nan] * 6, "b": np.arange(6.0)})
        try:
            encoder = VectorEncoder().fit(frame)
        except ValueError as error:
            assert "'a'" in str(error)
        else:
            back = encoder.inverse_transform(encoder.encode_for_training(frame, 0))
            assert back["a"].isna().all()


class TestTransform:
    @each
    def test_draws_nothing(self, name):
        encoder = VectorEncoder().fit(ROWS[name])
        first, again = (encoder.transform(ROWS[name]) for _ in range(2))
        np.testing.assert_array_equal(first, again)

    @each
    def test_a_row_is_encoded_whatever_its_neighbours(self, name):
        rows = ROWS[name]
        encoder = VectorEncoder().fit(rows)
        whole = encoder.transform(rows)
        for index in (slice(0, 1), slice(3, 9), rng().permutation(len(rows))):
            part = encoder.transform(take(rows, index))
            np.testing.assert_allclose(part, whole[index], rtol=1e-9, atol=1e-9)

    @each
    def test_fitting_is_repeatable(self, name):
        encoders = [VectorEncoder().fit(ROWS[name]) for _ in range(2)]
        encoded = [encoder.transform(ROWS[name]) for encoder in encoders]
        np.testing.assert_array_equal(*encoded)

    @each
    def test_comes_back(self, name):
        rows = ROWS[name]
        encoder = VectorEncoder().fit(rows)
        back = encoder.inverse_transform(encoder.transform(rows))
        np.testing.assert_allclose(
            np.asarray(back), np.asarray(rows), rtol=1e-6, atol=1e-8
        )

    def test_repeats_come_back_to_the_bit(self):
        rows = np.array([0.1, 1 / 3, 0.7])[rng().integers(0, 3, (500, 2))]
        encoder = VectorEncoder().fit(rows)
        np.testing.assert_array_equal(
            encoder.inverse_transform(encoder.transform(rows)), rows
        )
        drawn = encoder.inverse_transform(rng(1).normal(size=(900, 2)))
        assert np.isin(drawn, [0.1, 1 / 3, 0.7]).all()


def test_units_do_not_matter():
    rows = make_correlated()
    for factor in (2.0**-40, 2.0**40, 1e-9):
        plain, scaled = VectorEncoder().fit(rows), VectorEncoder().fit(rows * factor)
        np.testing.assert_allclose(
            plain.transform(rows), scaled.transform(rows * factor), atol=1e-6
        )
