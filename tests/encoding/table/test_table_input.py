"""TableEncoder: held-out rows, and input that is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from input_cases import FRAMES, MIXED, NO_TABLES

from skgan.encoding import TableEncoder

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


class TestHeldOutRows:
    def test_a_level_that_was_not_seen_is_a_block_of_zeros(self):
        frame = make_frame()
        encoder = TableEncoder().fit(frame)
        held_out = frame.head(3).assign(city=["Paris", "Rome", "Oslo"])
        rows = encoder.transform(held_out)
        assert rows[:, 3:6].sum(axis=1).tolist() == [0, 1, 1]
        with pytest.warns(UserWarning, match="'city' holds levels .* 'Paris'"):
            rows = encoder.encode_for_training(held_out, 0)
        assert np.isfinite(rows).all()

    def test_other_dtypes_of_the_same_values(self):
        frame = make_frame().assign(code=pd.Categorical(np.arange(N) % 3))
        encoder = TableEncoder().fit(frame)
        other = frame.astype(
            {"city": "category", "gain": "Float64", "member": object, "code": "int8"}
        )
        np.testing.assert_array_equal(
            encoder.transform(other), encoder.transform(frame)
        )

    def test_numbers_beyond_the_range(self):
        frame = make_frame()
        encoder = TableEncoder().fit(frame)
        far = frame.head(2).assign(height=[-1e9, 1e9])
        score = encoder.transform(far)[:, 1]
        assert score[0] < encoder.transform(frame)[:, 1].min()
        assert score[1] > encoder.transform(frame)[:, 1].max()

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda f: f[f.columns[::-1]], "same order|in their order"),
            (lambda f: f.drop(columns="gain"), "gain"),
            (lambda f: f.assign(more=1), "more"),
            (lambda f: f.head(0), "0 sample"),
            (lambda f: f.assign(height=np.inf), "'height' contains infinity"),
        ],
    )
    def test_other_columns(self, change, message):
        frame = make_frame()
        encoder = TableEncoder().fit(frame)
        with pytest.raises(ValueError, match=message):
            encoder.transform(change(frame))

    def test_names_that_are_no_strings(self):
        frame = make_frame().rename(columns={"city": 0, "gain": 1})
        frame.columns = pd.RangeIndex(5)
        encoder = TableEncoder().fit(frame)
        back = encoder.inverse_transform(encoder.transform(frame))
        pd.testing.assert_frame_equal(back, frame)
        with pytest.raises(ValueError, match="in their order"):
            encoder.transform(frame[[1, 0, 2, 3, 4]])

    def test_other_kinds(self):
        frame = make_frame()
        encoder = TableEncoder().fit(frame)
        with pytest.raises(TypeError, match="'height' held number values"):
            encoder.transform(frame.assign(height="tall"))
        with pytest.raises(TypeError, match="'day' held time values"):
            encoder.transform(frame.assign(day=1))


FEW = ("no rows", "one row", "no columns", "nothing", "polars no rows")
REFUSED = (
    {f"{name} beside words": case for name, case in MIXED.items()}
    | {name: (FRAMES[name][0], *case) for name, case in NO_TABLES.items()}
    | {name: FRAMES[name] for name in FEW}
)


class TestBadInput:
    @pytest.mark.parametrize("name", REFUSED)
    def test_refused(self, name):
        frame, error, message = REFUSED[name]
        with pytest.raises(error, match=message):
            TableEncoder().fit(frame)

    def test_lazy_frames(self):
        with pytest.raises(TypeError, match="collect"):
            TableEncoder().fit(pl.DataFrame({"a": [1]}).lazy())

    @pytest.mark.parametrize(
        ("parameters", "error", "message"),
        [
            ({"max_levels": 1}, ValueError, "max_levels must be at least 2"),
            ({"max_levels": 2.5}, TypeError, "max_levels must be an integer"),
            ({"dependencies": "yes"}, TypeError, "dependencies must be True or False"),
            ({"identifiers": "keep"}, ValueError, "identifiers must be 'raise'"),
            ({"condition_on": "city"}, TypeError, "condition_on must be 'auto' or"),
            ({"condition_on": ["town"]}, ValueError, "condition_on names.*'town'"),
            ({"categorical_features": 3}, TypeError, "categorical_features must be"),
            ({"categorical_features": [9]}, ValueError, "categorical_features names"),
            ({"constraints": ["a < b"]}, TypeError, "constraints must be"),
        ],
    )
    def test_parameters(self, parameters, error, message):
        with pytest.raises(error, match=message):
            TableEncoder(**parameters).fit(make_frame(20))

    def test_encoded_rows(self):
        encoder = TableEncoder().fit(make_frame(50))
        with pytest.raises(ValueError, match=r"shape \(n_samples, 8\)"):
            encoder.inverse_transform(np.zeros((2, 7)))
        with pytest.raises(ValueError, match="NaN or infinity"):
            encoder.inverse_transform(np.full((2, 8), np.nan))
