"""TableEncoder: every dtype of pandas and polars comes back as it was."""

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from column_cases import (
    OTHER,
    PANDAS,
    POLARS_NAMES,
    REAL,
    WHOLE,
    WORDS,
    N,
    masked,
    objects,
    polars_columns,
    python_moments,
)

from skgan.encoding import TableEncoder


def test_no_column_of_polars_is_forgotten():
    assert sorted(POLARS_NAMES) == sorted(polars_columns())


def decode_noise(encoder, n=300):
    """Decode rows that no training row resembles."""
    noise = np.random.default_rng(3).normal(scale=3.0, size=(n, encoder.layout_.width))
    return encoder.inverse_transform(noise)


def check_values(drawn, given, is_level):
    """Two lists: nothing invented where values are levels, nothing lost."""
    assert any(value is None for value in drawn) <= any(v is None for v in given)
    seen = {repr(value) for value in given}
    n_seen = len(seen)
    if is_level:
        assert {repr(value) for value in drawn} <= seen
    if n_seen > 1:
        assert len({repr(value) for value in drawn}) > 1


def as_list(column):
    return [None if pd.isna(value) else value for value in column.astype(object)]


@pytest.mark.filterwarnings("ignore:Column 'int64 ends' spans more")
@pytest.mark.parametrize("name", PANDAS)
def test_pandas(name):
    frame = pd.DataFrame({"other": OTHER, name: PANDAS[name]})
    encoder = TableEncoder().fit(frame)
    encoded = encoder.transform(frame)
    assert np.isfinite(encoded).all()
    back = encoder.inverse_transform(encoded)
    exact = name not in ("float64", "float32", "float16", "huge", "tiny") and (
        "beyond" not in name and "real" not in name and "float" not in name
    )
    tolerance = {} if exact else {"rtol": 1e-6, "atol": 0}
    pd.testing.assert_frame_equal(back, frame, check_exact=exact, **tolerance)
    for_training = encoder.encode_for_training(frame, 0)
    assert for_training.dtype == np.float32
    pd.testing.assert_frame_equal(
        encoder.inverse_transform(for_training)[[name]].isna(), frame[[name]].isna()
    )
    drawn = decode_noise(encoder)
    pd.testing.assert_series_equal(drawn.dtypes, frame.dtypes)
    is_level = name in encoder.condition_columns_
    check_values(as_list(drawn[name]), as_list(frame[name]), is_level)
    assert not drawn["other"].isna().any()


@pytest.mark.parametrize("name", POLARS_NAMES)
def test_polars(name):
    frame = pl.DataFrame({"other": OTHER, name: polars_columns()[name]})
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    exact = not name.startswith("Float64")
    pl.testing.assert_frame_equal(back, frame, check_exact=exact)
    drawn = decode_noise(encoder)
    assert drawn.schema == frame.schema
    is_level = name in encoder.condition_columns_
    check_values(drawn[name].to_list(), frame[name].to_list(), is_level)


def test_nan_of_polars_stays_nan():
    frame = pl.DataFrame({"a": [1.5, float("nan"), 2.5, 1.5], "b": ["x", "y"] * 2})
    back = TableEncoder().fit(frame)
    back = back.inverse_transform(back.transform(frame))
    assert back["a"].is_nan().to_list() == [False, True, False, False]
    assert back["a"].null_count() == 0


def test_objects_of_polars():
    frame = pl.DataFrame(
        {
            "a": pl.Series([(1, 2), None, "x", (1, 2)], dtype=pl.Object),
            "b": [1, 2, 3, 3],
        }
    )
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    assert back["a"].to_list() == frame["a"].to_list()
    assert back.schema == frame.schema


def test_types_inside_object_columns():
    column = objects([1, "1", 1.5, True, None] * (N // 5))
    encoder = TableEncoder().fit(pd.DataFrame({"a": column, "b": WHOLE}))
    back = encoder.inverse_transform(
        encoder.transform(pd.DataFrame({"a": column, "b": WHOLE}))
    )
    assert [type(value) for value in back["a"]] == [type(value) for value in column]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_levels_keep_their_order_and_the_unused_ones(library):
    levels = ["never", "low", "mid", "high"]
    words = [levels[1 + v % 3] for v in WHOLE]
    if library == "pandas":
        dtype = pd.CategoricalDtype(levels, ordered=True)
        frame = pd.DataFrame({"a": pd.Categorical(words, dtype=dtype), "b": OTHER})
    else:
        frame = pl.DataFrame({"a": pl.Series(words, dtype=pl.Enum(levels)), "b": OTHER})
    encoder = TableEncoder().fit(frame)
    assert encoder.layout_.block_widths == (3,)
    drawn = decode_noise(encoder)
    if library == "pandas":
        assert drawn["a"].dtype == dtype
        assert drawn["a"].cat.categories.tolist() == levels
    else:
        assert drawn["a"].dtype == pl.Enum(levels)
    assert set(drawn["a"]) == set(levels[1:])


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("library", [pd, pl])
def test_empty_and_single_rows_leave_with_their_dtypes(library, n):
    frame = library.DataFrame(
        {
            "a": WHOLE,
            "b": list(WORDS),
            "c": masked(REAL.tolist()),
            "d": python_moments(),
            "e": WHOLE > 4,
        }
    )
    encoder = TableEncoder().fit(frame)
    out = encoder.inverse_transform(np.zeros((n, encoder.layout_.width)))
    assert len(out) == n
    assert list(out.columns) == list(frame.columns)
    assert list(out.dtypes) == list(frame.dtypes)


def test_wide_range_of_types_in_one_frame_of_pandas():
    frame = pd.DataFrame(PANDAS)
    encoder = TableEncoder()
    with pytest.warns(UserWarning, match="spans more"):
        encoder.fit(frame)
    drawn = decode_noise(encoder)
    pd.testing.assert_series_equal(drawn.dtypes, frame.dtypes)
    never_missing = frame.columns[~frame.isna().any()]
    assert not drawn[never_missing].isna().any().any()


def test_doubles_that_were_single_numbers_keep_their_decimals():
    """As files of Stata come: 4.7 is 4.699999809265137."""
    rng = np.random.default_rng(0)
    rates = (rng.integers(10, 900, 200) / 10).astype(np.float32).astype(float)
    frame = pd.DataFrame({"rate": rates, "kind": rng.choice(["a", "b"], 200)})
    encoder = TableEncoder().fit(frame)
    rows = encoder.inverse_transform(encoder.transform(frame))
    assert rows["rate"].dtype == float and (rows["rate"] == rates).all()
    scores = encoder.transform(frame)
    scores[:, 0] += 0.01
    drawn = encoder.inverse_transform(scores)["rate"].to_numpy()
    singles = np.round(drawn, 1).astype(np.float32)
    assert (drawn == singles).all() and set(drawn) - set(rates)
