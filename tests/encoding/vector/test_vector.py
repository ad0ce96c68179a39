"""VectorEncoder: what a network gets to see, and what comes back."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from skgan.encoding import VectorEncoder


def make_rows(n=400):
    rng = np.random.default_rng(0)
    return np.column_stack(
        [rng.normal(10, 3, n), rng.exponential(1000, n), rng.integers(0, 4, n)]
    )


def decode(encoder, noise):
    return encoder.inverse_transform(noise)


def noise_for(encoder, n=300, scale=1.0):
    width = int(np.prod(encoder.tensor_shape_))
    return np.random.default_rng(1).normal(scale=scale, size=(n, width))


def test_round_trip():
    rows = make_rows()
    encoder = VectorEncoder().fit(rows)
    np.testing.assert_allclose(
        encoder.inverse_transform(encoder.transform(rows)), rows, rtol=1e-3, atol=1e-6
    )


def test_round_trip_of_rows_inside_the_range_seen():
    encoder = VectorEncoder().fit(make_rows())
    rows = np.array([[10.5, 900.5, 2.0], [8.25, 1500.25, 1.0]])
    back = encoder.inverse_transform(encoder.transform(rows))
    np.testing.assert_allclose(back, rows, rtol=0.02)


def test_encoded_columns_are_of_one_size():
    rows = make_rows() * [1e-20, 1e20, 1]
    encoded = VectorEncoder().fit(rows).transform(rows)
    assert encoded.shape[1] >= 3
    assert (np.abs(encoded.mean(axis=0)) < 0.3).all()
    assert ((encoded.std(axis=0) > 0.3) & (encoded.std(axis=0) < 3)).all()


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_clipping_to_the_range_seen(scale):
    rows = make_rows()
    encoder = VectorEncoder().fit(rows)
    decoded = decode(encoder, noise_for(encoder, scale=scale))
    assert (decoded >= rows.min(axis=0)).all()
    assert (decoded <= rows.max(axis=0)).all()


def test_without_clipping():
    rows = make_rows()
    encoder = VectorEncoder(clip=False).fit(rows)
    decoded = decode(encoder, noise_for(encoder, scale=100.0))
    assert np.isfinite(decoded).all()
    assert (decoded[:, 0] > rows[:, 0].max()).any()
    assert (decoded[:, 0] < rows[:, 0].min()).any()


def test_whole_numbers_stay_whole():
    rows = make_rows()
    encoder = VectorEncoder().fit(rows)
    assert encoder.is_whole_.tolist() == [False, False, True]
    decoded = decode(encoder, noise_for(encoder))
    np.testing.assert_array_equal(decoded[:, 2], np.rint(decoded[:, 2]))
    assert len(np.unique(decoded[:, 2])) == 4
    assert (decoded[:, 0] != np.rint(decoded[:, 0])).any()


@pytest.mark.parametrize("value", [0.1, 1 / 3, -7.0, 1e300, 5e-324, 0.0])
def test_constant_columns_are_exact(value):
    rows = make_rows()
    rows[:, 1] = value
    encoder = VectorEncoder().fit(rows)
    decoded = decode(encoder, noise_for(encoder))
    assert (decoded[:, 1] == value).all()
    assert (decoded[:, 0] != decoded[0, 0]).any()


def test_nothing_but_constants():
    rows = np.full((5, 2), 1 / 3)
    encoder = VectorEncoder().fit(rows)
    assert encoder.transform(rows).shape[1] >= 1
    assert (decode(encoder, noise_for(encoder)) == 1 / 3).all()


def test_a_constant_column_may_vary_later():
    encoder = VectorEncoder().fit(np.array([[1.0, 2.0], [1.0, 3.0]]))
    assert np.isfinite(encoder.transform([[9.0, 2.5]])).all()


def test_a_constant_that_may_be_missing():
    frame = pd.DataFrame({"a": [7.0, np.nan, 7.0, np.nan], "b": [1.0, 2.0, 3.0, 4.5]})
    encoder = VectorEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    assert back["a"].isna().tolist() == [False, True, False, True]
    decoded = decode(encoder, noise_for(encoder))
    assert (decoded["a"].dropna() == 7.0).all()
    assert 0.2 < decoded["a"].isna().mean() < 0.8


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.9])
def test_missing_rates(rate):
    n = 500
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n, 2)), columns=["a", "b"])
    frame.loc[rng.random(n) < rate, "a"] = np.nan
    encoder = VectorEncoder().fit(frame)
    np.testing.assert_allclose(
        encoder.missing_rate_, frame.isna().mean().to_numpy(), atol=1e-12
    )
    back = encoder.inverse_transform(encoder.transform(frame))
    pd.testing.assert_frame_equal(back.isna(), frame.isna())


def test_missing_where_fit_saw_none():
    encoder = VectorEncoder().fit(pd.DataFrame({"a": [1.0, 2.0, 3.5], "b": [2, 3, 4]}))
    encoded = encoder.transform(pd.DataFrame({"a": [np.nan, 2.0], "b": [2, 3]}))
    assert np.isfinite(encoded).all()


@pytest.mark.parametrize(
    "rows",
    [
        make_rows() * 1e30,
        make_rows() * 1e300,
        make_rows() * 1e-300,
        make_rows() * 1e-312,
        np.array([[1.7e308], [-1.7e308], [1.7e308], [1e308]]),
        np.array([[5e-324], [0.0], [1e-323]]),
        np.array([[1.0], [1.0 + 2**-52], [1.0]]),
        np.random.default_rng(0).normal(size=(3, 50)),
        np.array([[0.0], [1.0]]),
    ],
    ids=["e30", "e300", "e-300", "e-312", "max", "min", "ulp", "wide", "two rows"],
)
def test_extremes_are_finite_and_in_range(rows):
    encoder = VectorEncoder().fit(rows)
    encoded = encoder.transform(rows)
    assert np.isfinite(encoded.astype(np.float32)).all()
    for scale in (1.0, 1000.0):
        decoded = decode(encoder, noise_for(encoder, scale=scale))
        assert (decoded >= rows.min(axis=0)).all()
        assert (decoded <= rows.max(axis=0)).all()


def test_large_integers():
    rows = np.array([[2**53 + 2], [2**60], [5]])
    with pytest.warns(UserWarning, match=r"beyond 2\*\*53 .* last digits"):
        encoder = VectorEncoder().fit(rows)
    back = encoder.inverse_transform(encoder.transform(rows))
    assert back.dtype == np.int64
    np.testing.assert_allclose(back, rows, rtol=1e-6, atol=2**40)


def test_integers_up_to_the_bound_do_not_warn():
    VectorEncoder().fit(np.array([[2**53], [-(2**53)], [5]]))


def test_decoding_in_blocks_is_decoding_at_once():
    rows = make_rows()
    encoder = VectorEncoder().fit(rows)
    encoded = encoder.transform(rows)
    buffer = encoder.output_builder_.make_buffer(len(rows))
    for start in range(0, len(rows), 64):
        encoder.write_decoded(buffer, start, encoded[start : start + 64])
    blocks = encoder.output_builder_.build(buffer)
    np.testing.assert_allclose(blocks, encoder.inverse_transform(encoded), rtol=1e-12)


def test_the_input_is_left_alone():
    rows = make_rows()
    copied = rows.copy()
    encoder = VectorEncoder().fit(rows)
    encoded = encoder.transform(rows)
    kept = encoded.copy()
    encoder.inverse_transform(encoded)
    np.testing.assert_array_equal(rows, copied)
    np.testing.assert_array_equal(encoded, kept)


def test_feature_names_out():
    encoder = VectorEncoder().fit(make_rows())
    names = encoder.get_feature_names_out()
    assert len(names) == encoder.transform(make_rows()).shape[1]
    assert names[0] == "vectorencoder0"


def test_decimals_of_arrow_may_be_missing():
    pa = pytest.importorskip("pyarrow")
    values = [Decimal("1.25"), None, Decimal("3.50"), Decimal("2.00")] * 5
    kind = pd.ArrowDtype(pa.decimal128(10, 2))
    frame = pd.DataFrame({"a": pd.array(values, dtype=kind), "b": np.arange(20.0)})
    encoder = VectorEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    pd.testing.assert_frame_equal(back, frame)
