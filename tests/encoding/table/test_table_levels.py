"""TableEncoder: what is missing, many levels, identifiers."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

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


def decode_noise(encoder, n=N, seed=3):
    noise = np.random.default_rng(seed).normal(size=(n, encoder.layout_.width))
    return encoder.inverse_transform(noise)


class TestMissing:
    def make_gaps(self):
        frame = make_frame()
        rng = np.random.default_rng(1)
        together = rng.random(N) < 0.3
        frame["height"] = frame["height"].mask(together)
        frame["day"] = frame["day"].mask(together)
        frame["city"] = frame["city"].mask(rng.random(N) < 0.1)
        return frame

    def test_patterns(self):
        frame = self.make_gaps()
        encoder = TableEncoder().fit(frame)
        # Missing cities are one more level, the other two one pattern.
        assert encoder.layout_.block_widths == (4, 2, 2)
        rows = encoder.encode_for_training(frame, 0)
        assert np.isfinite(rows).all()
        assert np.abs(rows[:, :3].std(axis=0) - 1).max() < 0.05
        drawn = decode_noise(encoder)
        assert (drawn["height"].isna() == drawn["day"].isna()).all()
        assert drawn["height"].isna().any()
        assert drawn["city"].isna().any()
        assert not drawn["gain"].isna().any()
        pd.testing.assert_frame_equal(
            encoder.inverse_transform(encoder.transform(frame)), frame
        )

    def test_more_patterns_than_levels(self):
        rng = np.random.default_rng(0)
        values = rng.normal(size=(N, 6))
        values[rng.random(values.shape) < 0.4] = np.nan
        frame = pd.DataFrame(values, columns=list("abcdef"))
        assert TableEncoder().fit(frame).layout_.block_widths == (64,)
        encoder = TableEncoder(max_levels=63).fit(frame)
        assert encoder.layout_.block_widths == (2,) * 6
        back = encoder.inverse_transform(encoder.transform(frame))
        pd.testing.assert_frame_equal(back, frame)

    def test_what_was_never_missing_is_no_surprise_later(self):
        frame = make_frame()
        encoder = TableEncoder().fit(frame)
        held_out = frame.head(4).copy()
        held_out["height"] = held_out["height"].mask([True] * 4)
        held_out.loc[0, "city"] = None
        rows = encoder.transform(held_out)
        assert np.isfinite(rows).all()
        assert (rows[:, 1] == 0).all()
        assert not rows[0, 3:6].any()


class TestHighCardinality:
    def make_rows(self, n_levels=500):
        rng = np.random.default_rng(0)
        kind = rng.integers(0, 8, n_levels)
        level = np.minimum(rng.zipf(1.3, N) - 1, n_levels - 1)
        return pd.DataFrame(
            {
                "town": [f"town {i}" for i in level],
                "x": kind[level] * 10 + rng.normal(size=N),
                "y": rng.normal(size=N),
            }
        )

    def test_groups(self):
        frame = self.make_rows()
        encoder = TableEncoder(max_levels=16).fit(frame)
        assert encoder.layout_.n_numbers == 3
        assert encoder.layout_.block_widths == (16,)
        assert encoder.positions_of("town") == (0, *range(3, 19))
        pd.testing.assert_frame_equal(
            encoder.inverse_transform(encoder.transform(frame)), frame
        )
        rows = encoder.encode_for_training(frame, 0)
        assert abs(rows[:, 0].mean()) < 0.05
        assert abs(rows[:, 0].std() - 1) < 0.05
        back = encoder.inverse_transform(rows)
        pd.testing.assert_series_equal(back["town"], frame["town"])

    def test_levels_that_are_alike_share_a_group(self):
        frame = self.make_rows()
        encoder = TableEncoder(max_levels=16).fit(frame)
        group = encoder.transform(frame)[:, 3:].argmax(axis=1)
        within = frame["x"].groupby(group).transform("std").fillna(0).mean()
        assert within < 0.5 * frame["x"].std()

    def test_scores_draw_the_frequencies_of_a_group(self):
        frame = self.make_rows()
        encoder = TableEncoder(max_levels=2).fit(frame)
        noise = np.zeros((20_000, 5))
        noise[:, 0] = np.random.default_rng(0).normal(size=20_000)
        for group in (0, 1):
            noise[:, 3:] = np.eye(2)[group]
            drawn = encoder.inverse_transform(noise)["town"].value_counts(
                normalize=True
            )
            member = encoder.transform(frame)[:, 3 + group] == 1
            seen = frame["town"][member].value_counts(normalize=True)
            assert set(drawn.index) <= set(seen.index)
            gap = (drawn.reindex(seen.index).fillna(0) - seen).abs().sum() / 2
            assert gap < 0.06

    def test_missing_is_a_group_of_its_own(self):
        frame = self.make_rows()
        frame["town"] = frame["town"].mask(np.arange(N) % 10 == 0)
        encoder = TableEncoder(max_levels=8).fit(frame)
        back = encoder.inverse_transform(encoder.encode_for_training(frame, 0))
        pd.testing.assert_series_equal(back["town"], frame["town"])

    def test_an_only_column_of_many_levels(self):
        frame = pd.DataFrame({"a": [str(i) for i in range(200)] * 2})
        encoder = TableEncoder().fit(frame)
        back = encoder.inverse_transform(encoder.transform(frame))
        pd.testing.assert_frame_equal(back, frame)

    def test_many_rows_of_many_levels_fit_into_two_gigabytes(self):
        code = """
import resource
import numpy as np, pandas as pd
from skgan.encoding import TableEncoder
rng = np.random.default_rng(0)
n = 100_000
frame = pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde"))
names = np.array([f"level {i}" for i in range(10_000)], dtype=object)
frame["f"] = pd.Series(names[np.r_[0:10_000, rng.integers(0, 10_000, n - 10_000)]])
encoder = TableEncoder().fit(frame)
rows = encoder.encode_for_training(frame, 0)
assert rows.shape[1] <= 5 + 1 + 64
back = encoder.inverse_transform(rows[:1000])
assert (back["f"] == frame["f"][:1000]).all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
        run = [sys.executable, "-c", code]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        assert int(done.stdout) < 2 * 2**20  # indicators alone would take four


class TestIdentifiers:
    def make_rows(self):
        rng = np.random.default_rng(0)
        digits = rng.permutation(10**5)[:300]
        return pd.DataFrame(
            {
                "key": [f"AB-{d:05}x" for d in digits],
                "mail": pd.Series([f"user{d}@mail.org" for d in digits], dtype=object),
                "x": rng.normal(size=300),
            }
        )

    def test_refused_with_advice(self):
        with pytest.raises(ValueError, match=r"'key' holds almost unique.*'draw'"):
            TableEncoder(identifiers="raise").fit(self.make_rows())
        # Few rows prove nothing.
        TableEncoder().fit(self.make_rows().head(19))

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_drawn_fresh(self, library):
        frame = self.make_rows()
        frame["key"] = frame["key"].mask(np.arange(300) % 10 == 0)
        if library == "polars":
            frame = pl.from_pandas(frame)
        encoder = TableEncoder(identifiers=["key", "mail"]).fit(frame)
        assert encoder.layout_.n_numbers == 1
        assert encoder.layout_.block_widths == (2,)
        assert encoder.condition_columns_ == []
        drawn = decode_noise(encoder, 2000)
        assert list(drawn.dtypes) == list(frame.dtypes)
        key = pd.Series(drawn["key"].to_list(), dtype=object)
        assert 0 < key.isna().mean() < 1
        key = key.dropna()
        assert key.str.fullmatch(r"[AB][AB]-\d{5}x").all()
        assert key.is_unique
        assert not set(key) & set(frame["key"].to_list())
        mail = pd.Series(drawn["mail"].to_list())
        assert mail.str.fullmatch(r"[a-z]{4}\d+@[a-z]{4}\.[a-z]{3}").all()
        again = decode_noise(encoder, 2000)
        drawn_keys, keys = (pd.Series(rows["key"].to_list()) for rows in (drawn, again))
        assert drawn_keys.equals(keys)
        other = decode_noise(encoder, 2000, seed=4)
        assert drawn["key"].to_list() != other["key"].to_list()

    def test_a_shape_without_strings_left_grows(self):
        frame = pd.DataFrame({"key": [f"{i:02}" for i in range(100)], "x": range(100)})
        encoder = TableEncoder(identifiers=["key"], dependencies=False).fit(frame)
        drawn = decode_noise(encoder, 500)["key"]
        assert drawn.is_unique
        assert not set(drawn) & set(frame["key"])
