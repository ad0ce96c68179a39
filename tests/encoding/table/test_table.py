"""TableEncoder: what networks get to see, what comes back, what is refused."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgan.encoding import (
    ImageEncoder,
    Inequality,
    Range,
    TableEncoder,
    VectorEncoder,
    make_encoder,
)

N = 3000


def make_frame(n=N, seed=0):
    rng = np.random.default_rng(seed)
    city = rng.choice(["Rome", "Oslo", "Lima"], size=n, p=[0.5, 0.3, 0.2])
    gain = np.where(rng.random(n) < 0.9, 0, rng.integers(1, 10**5, n))
    return pd.DataFrame(
        {
            "city": city,
            "gain": gain,
            "height": rng.normal(170, 10, n),
            "day": np.datetime64("2024-01-01") + rng.integers(0, 90, n),
            "member": rng.random(n) < 0.2,
        }
    )


def decode_noise(encoder, n=N, seed=3):
    noise = np.random.default_rng(seed).normal(size=(n, encoder.layout_.width))
    return encoder.inverse_transform(noise)


@parametrize_with_checks([TableEncoder()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_layout():
    encoder = TableEncoder().fit(make_frame())
    layout = encoder.layout_
    assert layout.n_numbers == 3
    assert layout.block_widths == (3, 2)
    assert layout.width == 8
    assert encoder.tensor_shape_ == (8,)
    assert encoder.condition_columns_ == ["city", "member"]
    assert layout.condition_units == ((3, 4, 5), (6, 7))
    assert encoder.positions_of("height") == (1,)
    assert encoder.positions_of("city") == (3, 4, 5)
    assert len(encoder.get_feature_names_out()) == 8
    with pytest.raises(ValueError, match=r"'town' takes up no place.*'city'"):
        encoder.positions_of("town")


def test_what_networks_see_is_normal_scores_and_blocks():
    frame = make_frame()
    encoder = TableEncoder().fit(frame)
    rows = encoder.encode_for_training(frame, 0)
    assert rows.dtype == np.float32
    scores = rows[:, :3]
    assert np.abs(scores.mean(axis=0)).max() < 0.02
    assert np.abs(scores.std(axis=0) - 1).max() < 0.02
    deciles = np.quantile(scores, [0.1, 0.5, 0.9], axis=0)
    np.testing.assert_allclose(deciles.T, [[-1.2816, 0, 1.2816]] * 3, atol=0.05)
    blocks = rows[:, 3:]
    assert set(np.unique(blocks)) == {0, 1}
    np.testing.assert_array_equal(blocks[:, :3].sum(axis=1), 1)
    np.testing.assert_array_equal(blocks[:, 3:].sum(axis=1), 1)
    assert (rows != encoder.encode_for_training(frame, 1)).any()
    np.testing.assert_array_equal(rows, encoder.encode_for_training(frame, 0))
    pd.testing.assert_frame_equal(
        encoder.inverse_transform(rows), frame, rtol=1e-4, atol=1e-3
    )


def test_normal_scores_draw_the_marginals():
    frame = make_frame()
    drawn = decode_noise(TableEncoder().fit(frame))
    assert (drawn["gain"] == 0).mean() == pytest.approx(0.9, abs=0.03)
    assert drawn["height"].mean() == pytest.approx(170, abs=1)
    assert drawn["height"].std() == pytest.approx(10, abs=1)
    assert (drawn["day"].dt.day_of_week == 5).mean() == pytest.approx(1 / 7, abs=0.03)


@pytest.mark.data
@pytest.mark.parametrize("missing", ["?", None])
def test_adult(missing, read_data):
    frame = read_data("adult_train", na_values=missing)
    encoder = TableEncoder().fit(frame)
    rows = encoder.encode_for_training(frame, 0)
    pd.testing.assert_frame_equal(
        encoder.inverse_transform(encoder.transform(frame)), frame
    )
    pd.testing.assert_frame_equal(encoder.inverse_transform(rows), frame)
    (dependency,) = encoder.dependencies_
    assert str(dependency) == "education-num is a function of education"
    assert encoder.layout_.n_numbers == 5


def test_rows_in_blocks_are_rows_at_once():
    frame = make_frame()
    frame.loc[::7, "height"] = np.nan
    encoder = TableEncoder().fit(frame)
    noise = np.random.default_rng(0).normal(size=(1000, encoder.layout_.width))
    buffer = encoder.output_builder_.make_buffer(700)
    for start in range(0, 1000, 300):
        block = noise[start : start + 300]
        encoder.write_decoded(buffer, start, block, max(700 - start, 0))
    pd.testing.assert_frame_equal(
        encoder.output_builder_.build(buffer), encoder.inverse_transform(noise)[:700]
    )


class TestNumbers:
    def test_ranges_whole_numbers_and_decimals_are_kept(self):
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(
            {
                "price": np.round(rng.exponential(20, N), 2),
                "fives": 5 * rng.integers(3, 300, N),
                "halves": rng.integers(0, 10**4, N) / 2,
                "whole floats": rng.integers(0, 10**6, N).astype(float),
                "real": rng.normal(size=N),
            }
        )
        drawn = decode_noise(TableEncoder().fit(frame))
        np.testing.assert_array_equal(drawn["price"], np.round(drawn["price"], 2))
        assert (drawn["fives"] % 5 == 0).all()
        assert (drawn["halves"] % 0.5 == 0).all()
        assert (drawn["whole floats"] % 1 == 0).all()
        assert (drawn["real"] != np.round(drawn["real"], 6)).mean() > 0.9
        assert (drawn.min() >= frame.min()).all()
        assert (drawn.max() <= frame.max()).all()
        # New values are made between those seen, except where all repeat.
        assert not set(drawn["whole floats"]) <= set(frame["whole floats"])

    def test_a_short_list_of_values_gets_no_new_ones(self):
        rng = np.random.default_rng(0)
        values = np.array([0, 7, 13, 2174, 99_999])
        frame = pd.DataFrame({"a": rng.choice(values, N), "b": rng.normal(size=N)})
        assert set(decode_noise(TableEncoder().fit(frame))["a"]) == set(values)

    def test_weekends_stay_empty(self):
        days = pd.bdate_range("2024-01-01", periods=60)
        frame = pd.DataFrame({"day": np.repeat(days, 20), "b": np.arange(1200.0)})
        drawn = decode_noise(TableEncoder(dependencies=False).fit(frame))
        assert (drawn["day"].dt.day_of_week < 5).all()

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_midnights_stay_midnights_where_clocks_change(self, library):
        days = pd.date_range("2024-03-20", periods=30, tz="Europe/Rome")
        frame = pd.DataFrame({"day": days, "x": np.arange(30.0) ** 2})
        frame["day"] = frame["day"].mask(frame.index == 7)
        if library == "polars":
            frame = pl.from_pandas(frame)
        encoder = TableEncoder(dependencies=False).fit(frame)
        assert encoder.inverse_transform(encoder.transform(frame)).equals(frame)
        drawn = decode_noise(encoder, 500)["day"].to_list()
        drawn = [day for day in drawn if not pd.isna(day)]
        assert {day.hour for day in drawn} == {0}
        assert {day.utcoffset().seconds for day in drawn} == {3600, 7200}

    @pytest.mark.parametrize("n", [2, 3, 10])
    def test_few_rows(self, n):
        frame = make_frame(n)
        encoder = TableEncoder().fit(frame)
        back = encoder.inverse_transform(encoder.transform(frame))
        pd.testing.assert_frame_equal(back, frame)

    def test_integers_that_span_too_much(self):
        frame = pd.DataFrame({"a": np.array([-(2**63), 0, 2**63 - 1] * 9)})
        with pytest.warns(UserWarning, match=r"'a' spans more than 2\*\*53"):
            encoder = TableEncoder().fit(frame)
        drawn = encoder.inverse_transform(encoder.transform(frame))
        assert drawn["a"].dtype == np.int64
        assert drawn["a"].iloc[[0, 2]].tolist() == [-(2**63), 2**63 - 1]

    def test_numbers_as_categories(self):
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"code": rng.integers(0, 5, N) * 111, "b": rng.random(N)})
        encoder = TableEncoder(categorical_features=["code"]).fit(frame)
        assert encoder.layout_.block_widths == (5,)
        assert encoder.condition_columns_ == ["code"]
        back = encoder.inverse_transform(encoder.transform(frame))
        pd.testing.assert_frame_equal(back, frame)

    def test_numbers_of_few_values_are_levels(self):
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(
            {
                "stars": rng.integers(1, 6, N),
                "gain": np.where(rng.random(N) < 0.6, 0, rng.integers(0, 99, N)),
                "age": rng.integers(18, 90, N),
            }
        )
        encoder = TableEncoder(max_levels=100).fit(frame)
        assert encoder.layout_.n_numbers == 1
        assert encoder.layout_.block_widths == (5, frame["gain"].nunique())
        assert encoder.condition_columns_ == ["stars"]
        rng = np.random.default_rng(0)
        values, _ = encoder.encode_given({"stars": (2, 3.5)}, 500, rng)
        assert set(encoder.inverse_transform(values)["stars"]) == {2, 3}
        with pytest.raises(ValueError, match="holds nothing"):
            encoder.read_given({"stars": (2.2, 2.8)})
        plain = TableEncoder(categorical_features=[]).fit(frame)
        assert plain.layout_.block_widths == ()

    def test_arrays(self):
        rng = np.random.default_rng(0)
        rows = np.column_stack([rng.integers(0, 5, N), rng.integers(0, 500, N)])
        encoder = TableEncoder(categorical_features=[0]).fit(rows)
        assert encoder.layout_.block_widths == (5,)
        back = encoder.inverse_transform(encoder.transform(rows))
        np.testing.assert_array_equal(back, rows)
        assert back.dtype == rows.dtype
        truth = rows > 2
        encoder = TableEncoder(dependencies=False).fit(truth)
        back = encoder.inverse_transform(encoder.transform(truth))
        np.testing.assert_array_equal(back, truth)
        assert back.dtype == bool


class TestTies:
    def make_rows(self):
        rng = np.random.default_rng(0)
        start = np.datetime64("2024-01-01T00", "s") + rng.integers(0, 10**6, N)
        hours = rng.integers(1, 100, N)
        degree = rng.integers(0, 6, N)
        return pd.DataFrame(
            {
                "start": start,
                "hours": pd.to_timedelta(hours, unit="h"),
                "end": start + hours.astype("m8[h]"),
                "degree": np.array(list("abcdef"), dtype=object)[degree],
                "years": degree * 2 + 3,
                "net": rng.integers(1, 10**4, N) / 100,
                "x": rng.normal(size=N),
            }
        )

    def test_dependent_columns_are_left_out_and_restored(self):
        frame = self.make_rows().assign(gross=lambda f: np.round(f["net"] * 1.25, 4))
        encoder = TableEncoder().fit(frame)
        targets = {dependency.target for dependency in encoder.dependencies_}
        assert "years" in targets
        assert len(targets & {"start", "hours", "end"}) == 1
        assert len(targets & {"net", "gross"}) == 1
        assert encoder.layout_.n_numbers == 4
        drawn = decode_noise(encoder)
        assert (drawn["start"] + drawn["hours"] == drawn["end"]).all()
        years = drawn["degree"].map(dict(zip("abcdef", range(3, 15, 2), strict=True)))
        assert (drawn["years"] == years).all()
        np.testing.assert_allclose(drawn["gross"], drawn["net"] * 1.25, atol=1e-4)
        pd.testing.assert_series_equal(drawn.dtypes, frame.dtypes)
        with pytest.raises(ValueError, match="years is a function of degree"):
            encoder.positions_of("years")
        free = TableEncoder(dependencies=False).fit(frame)
        assert free.dependencies_ == []
        assert len(free.positions_of("years")) == 6

    def test_times_that_no_clock_counts_together(self):
        frame = pd.DataFrame(
            {
                "old": np.datetime64("0001-01-01", "s") + np.arange(9),
                "new": np.datetime64("2024-01-01", "ns") + 7 * np.arange(9) ** 2,
                "x": np.arange(9.0) ** 3,
            }
        )
        encoder = TableEncoder(dependencies=False).fit(frame)
        back = encoder.inverse_transform(encoder.transform(frame))
        pd.testing.assert_frame_equal(back, frame)
        with pytest.raises(ValueError, match=r"cast these columns to datetime64\[us"):
            TableEncoder(constraints=[Inequality("old", "new")]).fit(frame)

    def test_constant_columns_take_up_no_place(self):
        frame = make_frame().assign(one=1, word="w", gap=np.nan)
        encoder = TableEncoder().fit(frame)
        assert encoder.layout_.width == 8
        drawn = decode_noise(encoder)
        assert (drawn["one"] == 1).all()
        assert (drawn["word"] == "w").all()
        assert drawn["gap"].isna().all()

    def test_nothing_but_constants(self):
        frame = pd.DataFrame({"a": [1, 1, 1], "b": ["x"] * 3, "c": [None] * 3})
        encoder = TableEncoder().fit(frame)
        assert encoder.layout_.width == 1
        rows = encoder.encode_for_training(frame, 0)
        pd.testing.assert_frame_equal(encoder.inverse_transform(rows), frame)

    def test_constraints_are_kept_and_repairs_reported(self):
        frame = self.make_rows()
        constraints = [Inequality("start", "end"), Range("net", 0, 100)]
        encoder = TableEncoder(constraints=constraints, dependencies=False).fit(frame)
        drawn = decode_noise(encoder)
        assert (drawn["start"] <= drawn["end"]).all()
        share = encoder.repaired_share_
        assert list(share) == [repr(constraint) for constraint in constraints]
        assert 0 < share[repr(constraints[0])] < 1
        assert share[repr(constraints[1])] == 0
        with pytest.raises(ValueError, match="broken by"):
            TableEncoder(constraints=[Inequality("end", "start")]).fit(frame)

    def test_bounds_may_be_dates(self):
        frame = self.make_rows()
        bound = Range("start", "2024-01-01", "2024-12-31")
        assert TableEncoder(constraints=[bound]).fit(frame).repaired_share_ == {}
        with pytest.raises(ValueError, match="broken by"):
            TableEncoder(constraints=[Range("start", "2024-01-02", None)]).fit(frame)


def test_pickle_and_clone():
    frame = make_frame()
    frame["height"] = frame["height"].mask(np.arange(N) % 9 == 0)
    for library in ("pandas", "polars"):
        X = pl.from_pandas(frame) if library == "polars" else frame
        encoder = TableEncoder(max_levels=32, condition_on=["gain"]).fit(X)
        again = pickle.loads(pickle.dumps(encoder))
        drawn, same = decode_noise(encoder), decode_noise(again)
        assert drawn.equals(same)
        assert clone(encoder).get_params() == encoder.get_params()


def test_nothing_global_changes():
    frame = make_frame()
    before = frame.copy(deep=True)
    np.random.seed(0)
    state = np.random.get_state()[1].copy()
    encoder = TableEncoder(identifiers="draw").fit(frame)
    encoder.inverse_transform(encoder.encode_for_training(frame, 0))
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    pd.testing.assert_frame_equal(frame, before)


def test_auto_takes_tables_for_frames_with_more_than_numbers():
    frame = make_frame(20)
    numbers = frame[["gain", "height", "member"]]
    assert type(make_encoder("auto", frame)) is TableEncoder
    assert type(make_encoder("auto", pl.from_pandas(frame))) is TableEncoder
    assert type(make_encoder("auto", numbers)) is VectorEncoder
    assert type(make_encoder("auto", numbers.to_numpy())) is VectorEncoder
    assert type(make_encoder("auto", np.zeros((2, 4, 4)))) is ImageEncoder
