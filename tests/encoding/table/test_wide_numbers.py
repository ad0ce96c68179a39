"""Numbers beyond float64's digits are kept to the last digit, or refused."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import skgan
from skgan.encoding import Range, TableEncoder, VectorEncoder, make_encoder

N = 400
rng = np.random.default_rng(0)
STEPS = rng.integers(0, 1_000_000, N).tolist()
CENTS = [Decimal(12345678901234567890123456) + Decimal(i) / 100 for i in STEPS]
FRAMES = {
    "python integers": pd.DataFrame(
        {"a": pd.Series([i * 10**15 + 3 for i in STEPS], dtype=object)}
    ),
    "below -2**63": pd.DataFrame(
        {"a": pd.Series([-(2**70) - i for i in STEPS], dtype=object)}
    ),
    "uint64": pd.DataFrame({"a": np.array([2**64 - 1 - i for i in STEPS], np.uint64)}),
    "int64": pd.DataFrame({"a": np.array([2**62 + i for i in STEPS])}),
    "Int64": pd.DataFrame({"a": pd.array([2**62 + i for i in STEPS], "Int64")}),
    "decimals": pd.DataFrame({"a": pd.Series(CENTS, dtype=object)}),
    "arrow decimals": pd.DataFrame(
        {"a": pd.array(CENTS, dtype=pd.ArrowDtype(pa.decimal128(38, 2)))}
    ),
    "polars decimals": pl.DataFrame({"a": pl.Series(CENTS, dtype=pl.Decimal(38, 2))}),
    "polars Int128": pl.DataFrame(
        {"a": pl.Series([2**100 + i for i in STEPS], dtype=pl.Int128)}
    ),
    "polars UInt64": pl.DataFrame(
        {"a": pl.Series([2**63 + i for i in STEPS], dtype=pl.UInt64)}
    ),
}


@pytest.mark.parametrize("is_mixed", [True, False])
@pytest.mark.parametrize("name", FRAMES)
def test_kept_to_the_last_digit(name, is_mixed):
    frame = FRAMES[name]
    if is_mixed:
        word = ["x", "y"] * (N // 2)
        pandas = isinstance(frame, pd.DataFrame)
        frame = (
            frame.assign(s=word) if pandas else frame.with_columns(s=pl.Series(word))
        )
    encoder = make_encoder("auto", frame).fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    seen = frame["a"].to_list()
    assert back["a"].dtype == frame["a"].dtype and back["a"].to_list() == seen
    Z = np.random.default_rng(1).standard_normal((500, encoder.tensor_shape_[0]))
    new = encoder.inverse_transform(Z)["a"].to_list()
    assert min(seen) <= min(new) and max(new) <= max(seen) and len(set(new)) > 300
    assert {type(value) for value in new} == {type(value) for value in seen}


def test_arrays_missing_values_and_files(tmp_path):
    X = np.array([[2**62 + i, i % 7] for i in STEPS])
    encoder = TableEncoder().fit(X)
    assert (encoder.inverse_transform(encoder.transform(X)) == X).all()
    frame = FRAMES["python integers"].copy()
    frame.loc[::4, "a"] = None
    encoder = TableEncoder().fit(frame)
    skgan.save(encoder, tmp_path / "wide.skgan")
    loaded = skgan.load(tmp_path / "wide.skgan")
    back = loaded.inverse_transform(loaded.transform(frame))
    pd.testing.assert_frame_equal(back, frame)
    # Small numbers may come in another dtype.
    small = pd.DataFrame({"a": [3, 10**15 + 3]})
    steps = encoder.encode_columns(small)
    assert steps[1] - steps[0] == 1


def test_conditions_and_constraints():
    frame = FRAMES["decimals"].assign(s=["x", "y"] * (N // 2))
    value = CENTS[7]
    encoder = TableEncoder(condition_on=["a"]).fit(frame)
    read = encoder.read_given({"a": value}).items["a"].value
    assert encoder._columns[0].write(np.array([read]), None)[0] == value
    with pytest.raises(ValueError, match="cannot be"):
        encoder.read_given({"a": min(CENTS) - 1})
    bound = min(CENTS)
    TableEncoder(constraints=[Range("a", bound, None)]).fit(frame)
    with pytest.raises(ValueError, match="Range"):
        TableEncoder(constraints=[Range("a", bound + 1, None)]).fit(frame)


def test_refused_with_the_name():
    wide = [i * 10**18 + j for j, i in enumerate(STEPS)]
    frame = pd.DataFrame({"key": pd.Series(wide, dtype=object), "s": ["x", "y"] * 200})
    with pytest.raises(ValueError, match=r"'key' spans more than 2\*\*53"):
        TableEncoder().fit(frame)
    with pytest.raises(ValueError, match="'a'"):
        VectorEncoder().fit(FRAMES["python integers"])
    with pytest.warns(UserWarning, match=r"2\*\*53 .*, in column 0 \('a'\)"):
        VectorEncoder().fit(FRAMES["int64"])
