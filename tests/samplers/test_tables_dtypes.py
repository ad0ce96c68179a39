"""Tables of every dtype of pandas and polars, made at random, through GANSampler."""

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from column_cases import PANDAS, POLARS_NAMES, polars_columns
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from skgan import GANSampler

# Not the ends of what a dtype holds, of which every row matters.
ENDS = ("beyond", "huge", "tiny", "ends", "year 1", "nanoseconds")
PANDAS_NAMES = [name for name in PANDAS if not any(end in name for end in ENDS)]


def choose_rows(is_missing, n, n_values, missing, rng):
    """Return `n` rows of a few values, of which a share is missing where any is."""
    present, holes = np.flatnonzero(~is_missing), np.flatnonzero(is_missing)
    if not present.size:
        return np.resize(holes, n)
    rows = np.resize(rng.choice(present, n_values), n)
    if holes.size:
        rows[rng.random(n) < missing] = holes[0]
    return rows


def rows_of(frame):
    """Return a list of values for each column, None where missing or not a number."""
    if isinstance(frame, pl.DataFrame):
        return {
            name: [None if v != v else v for v in frame[name].to_list()]
            for name in frame.columns
        }
    return {
        name: [None if pd.isna(v) else v for v in frame[name].astype(object)]
        for name in frame.columns
    }


def check(frame, assert_equal):
    sampler = GANSampler(
        max_iter=1, hidden_dims=(4,), batch_size=8, random_state=0
    ).fit(frame)
    drawn = sampler.sample(40, random_state=0)
    assert type(drawn) is type(frame)
    assert list(drawn.columns) == list(frame.columns)
    assert list(drawn.dtypes) == list(frame.dtypes)
    assert list(sampler.sample(0).dtypes) == list(frame.dtypes)
    seen, new = rows_of(frame), rows_of(drawn)
    for name in frame.columns:
        old = [value for value in seen[name] if value is not None]
        fresh = [value for value in new[name] if value is not None]
        if len(old) == len(frame):
            assert len(fresh) == 40, f"{name}: missing where nothing was"
        if not old:
            assert not fresh, f"{name}: values where all were missing"
        elif {type(value) for value in old} & {str, bool}:
            assert set(map(repr, fresh)) <= set(map(repr, old)), f"{name}: invented"
        elif fresh:
            assert min(old) <= min(fresh), f"{name}: below the range seen"
            assert max(fresh) <= max(old), f"{name}: above the range seen"
    assert np.isfinite(sampler.score(frame))
    assert_equal(sampler.sample(7, random_state=0), drawn.head(7))
    encoder = sampler.encoder_
    back = encoder.inverse_transform(encoder.transform(frame))
    assert_equal(back, frame)


PARAMETERS = {
    "n": st.integers(2, 40),
    "n_values": st.sampled_from([1, 2, 5, 40]),
    "missing": st.sampled_from([0, 0.1, 0.5, 1]),
    "seed": st.integers(0, 2**32 - 1),
}
SOME = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    # Each example is a fit: what fails is shown as it is.
    phases=[Phase.generate],
)


def check_pandas(names, n, n_values, missing, seed):
    rng, columns = np.random.default_rng(seed), {}
    for i, name in enumerate(names):
        column = pd.Series(PANDAS[name])
        rows = choose_rows(column.isna().to_numpy(), n, n_values, missing, rng)
        columns[f"{i} {name}"] = column.iloc[rows].reset_index(drop=True)
    check(pd.DataFrame(columns), pd.testing.assert_frame_equal)


def check_polars(names, n, n_values, missing, seed):
    rng, columns = np.random.default_rng(seed), {}
    for i, name in enumerate(names):
        column = polars_columns()[name]
        rows = choose_rows(column.is_null().to_numpy(), n, n_values, missing, rng)
        columns[f"{i} {name}"] = column[rows]
    check(pl.DataFrame(columns), pl.testing.assert_frame_equal)


# A text among the columns makes it a table.
@SOME
@given(kinds=st.lists(st.sampled_from(PANDAS_NAMES), max_size=4), **PARAMETERS)
def test_tables_of_pandas(kinds, n, n_values, missing, seed):
    check_pandas(["str", *kinds], n, n_values, missing, seed)


@SOME
@given(kinds=st.lists(st.sampled_from(POLARS_NAMES), max_size=4), **PARAMETERS)
def test_tables_of_polars(kinds, n, n_values, missing, seed):
    check_polars(["String", *kinds], n, n_values, missing, seed)


@pytest.mark.parametrize("missing", [0, 0.3])
def test_all_dtypes_of_pandas_in_one_table(missing):
    check_pandas(PANDAS_NAMES, 60, 60, missing, 1)


@pytest.mark.parametrize("missing", [0, 0.3])
def test_all_dtypes_of_polars_in_one_table(missing):
    check_polars(POLARS_NAMES, 60, 60, missing, 1)


def test_an_index_with_a_name_is_told_of():
    frame = pd.DataFrame({"x": range(40), "kind": ["a", "b"] * 20})
    sampler = GANSampler(max_iter=0, random_state=0)
    panel = [frame.assign(firm=1, year=range(40)).set_index(["firm", "year"])]
    for indexed in (*panel, frame.rename_axis("day")):
        with pytest.warns(UserWarning, match="index '.*' is no column.*reset_index"):
            sampler.fit(indexed)
    assert sampler.fit(frame[::-1]).sample(3).index.tolist() == [0, 1, 2]
