"""Encoders give back what they were given: container, columns, dtypes, range."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from column_cases import NUMBERS, PANDAS, POLARS_NUMBERS, polars_columns

from skgan.encoding import BaseEncoder, ImageEncoder, VectorEncoder, make_encoder

N = 60


def whole():
    return np.random.default_rng(0).integers(0, 9, N)


def real():
    return np.random.default_rng(1).normal(size=N)


def masked(values, missing=None):
    """A list with about a quarter of its values missing."""
    is_missing = np.random.default_rng(2).random(N) < 0.25
    return [
        missing if hide else value
        for hide, value in zip(is_missing, np.asarray(values).tolist(), strict=True)
    ]


def decode_noise(encoder, n=200, scale=3.0):
    """Decode rows that no training row resembles."""
    width = int(np.prod(encoder.tensor_shape_))
    noise = np.random.default_rng(3).normal(scale=scale, size=(n, width))
    return encoder.inverse_transform(noise)


REALS = ("float", "Float", "real", "prices", "decimal")


def check_column(drawn, given, is_whole):
    """Both pandas columns, as objects: range, granularity, missing values."""
    present = drawn.dropna().astype(float)
    seen = given.dropna().astype(float)
    assert present.min() >= seen.min()
    assert present.max() <= seen.max()
    assert np.isfinite(present).all()
    if is_whole:
        np.testing.assert_array_equal(present, np.rint(present))
    assert drawn.isna().any() == given.isna().any()
    assert present.nunique() > 1


@pytest.mark.parametrize("name", NUMBERS)
def test_pandas_column(name):
    frame = pd.DataFrame({"other": real(), name: PANDAS[name]})
    encoder = VectorEncoder().fit(frame)
    encoded = encoder.transform(frame)
    assert np.isfinite(encoded).all()
    assert encoded.dtype == np.float64
    back = encoder.inverse_transform(encoded)
    pd.testing.assert_frame_equal(back, frame, rtol=1e-3, atol=1e-6)
    drawn = decode_noise(encoder)
    pd.testing.assert_series_equal(drawn.dtypes, frame.dtypes)
    check_column(drawn[name], frame[name], not any(part in name for part in REALS))
    assert not drawn["other"].isna().any()


def test_objects_stay_what_they_were():
    frame = pd.DataFrame(
        {
            "whole": np.array(masked(whole()), dtype=object),
            "truth": np.array(masked(whole() > 4), dtype=object),
        }
    )
    drawn = decode_noise(VectorEncoder().fit(frame))
    assert {type(v) for v in drawn["whole"].dropna()} <= {int, np.int64}
    assert {type(v) for v in drawn["truth"].dropna()} <= {bool, np.bool_}


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("name", POLARS_NUMBERS)
def test_polars_column(name, missing):
    column = polars_columns()[name]
    if not missing:
        column = column.fill_null(strategy="forward").fill_null(strategy="backward")
    elif not column.null_count():
        column = pl.Series(masked(column), dtype=column.dtype)
    frame = pl.DataFrame({"other": real(), "column": column})
    encoder = VectorEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    assert back.schema == frame.schema
    np.testing.assert_array_equal(back["column"].is_null(), frame["column"].is_null())
    np.testing.assert_allclose(
        back["column"].drop_nulls().cast(float).to_numpy(),
        frame["column"].drop_nulls().cast(float).to_numpy(),
        atol=1e-6,
    )
    drawn = decode_noise(encoder)
    assert drawn.schema == frame.schema
    check_column(
        drawn["column"].cast(float).to_pandas(),
        frame["column"].cast(float).to_pandas(),
        name not in ("Float32", "Float64", "Decimal"),
    )
    assert (drawn["column"].null_count() > 0) == missing
    assert drawn["other"].null_count() == 0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_pattern_survives(library):
    columns = {"a": masked(real()), "b": real().tolist(), "c": masked(whole())[::-1]}
    frame = pd.DataFrame(columns) if library == "pandas" else pl.DataFrame(columns)
    encoder = VectorEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    for name in columns:
        given, got = (
            pd.isna(pd.Series(f[name].to_list(), dtype=object)) for f in (frame, back)
        )
        np.testing.assert_array_equal(given, got)


def test_columns_and_their_names():
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(size=(N, 3)),
        columns=pd.Index(["z", "a", "m"], name="letters"),
        index=np.arange(N) * 2,
    )
    drawn = decode_noise(VectorEncoder().fit(frame), n=4)
    pd.testing.assert_index_equal(drawn.columns, frame.columns)
    pd.testing.assert_index_equal(drawn.index, pd.RangeIndex(4))
    levels = frame.set_axis(
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", "y"]),
        axis="columns",
    )
    drawn = decode_noise(VectorEncoder().fit(levels), n=4)
    pd.testing.assert_index_equal(drawn.columns, levels.columns)
    numbered = pd.DataFrame(frame.to_numpy())
    drawn = decode_noise(VectorEncoder().fit(numbered), n=4)
    pd.testing.assert_index_equal(drawn.columns, numbered.columns)


ARRAYS = {
    **{
        dtype: np.abs(np.random.default_rng(0).normal(size=(N, 3)) * 50).astype(dtype)
        for dtype in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
    },
    "longdouble": np.random.default_rng(0).normal(size=(N, 3)).astype(np.longdouble),
    "bool": np.random.default_rng(0).random((N, 3)) > 0.4,
    "big-endian": np.random.default_rng(0).normal(size=(N, 3)).astype(">f4"),
    "big-endian integers": (np.random.default_rng(0).random((N, 3)) * 99).astype(">i4"),
    "Fortran order": np.asfortranarray(np.random.default_rng(0).normal(size=(N, 3))),
    "every second row": np.random.default_rng(0).normal(size=(2 * N, 6))[::2, ::2],
}


@pytest.mark.parametrize("encoder", [VectorEncoder(), ImageEncoder(shape=(1, 3))])
@pytest.mark.parametrize("name", ARRAYS)
def test_array(name, encoder):
    array = ARRAYS[name].copy(order="K")
    array.flags.writeable = False
    fitted = encoder.fit(array)
    back = fitted.inverse_transform(fitted.transform(array))
    assert type(back) is np.ndarray
    assert back.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_allclose(back, array, rtol=1e-3, atol=1e-6)
    drawn = decode_noise(fitted)
    assert drawn.dtype == back.dtype
    low, high = array.min(axis=0), array.max(axis=0)
    if isinstance(encoder, ImageEncoder):
        low, high = (0, 255) if array.dtype == np.uint8 else (low.min(), high.max())
    assert ((drawn >= low) & (drawn <= high)).all()
    if array.dtype.kind in "iu":
        np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize(
    ("rows", "dtype"),
    [
        ([[1, 2], [3, 4], [5, 9]], np.int64),
        ([[1.5, 2], [3, 4], [5, 9]], np.float64),
        ([[True, False], [False, True], [True, True]], np.bool_),
        (((1, 2), (3, 4), (5, 9)), np.int64),
        (np.array([[1, 2.5], [3, 4]], dtype=object), np.float64),
    ],
)
def test_lists_and_objects_become_arrays(rows, dtype):
    encoder = VectorEncoder().fit(rows)
    back = encoder.inverse_transform(encoder.transform(rows))
    assert (type(back), back.dtype) == (np.ndarray, dtype)
    np.testing.assert_allclose(back, np.asarray(rows).astype(float), rtol=1e-6)


def test_float32_is_encoded_as_float32():
    array = np.random.default_rng(0).normal(size=(N, 3))
    encoder = VectorEncoder().fit(array)
    assert encoder.transform(array).dtype == np.float64
    assert encoder.transform(array.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [("u1", 0, 255), ("i1", -128, 127), ("i8", -(2**63), 2**63 - 1)],
)
@pytest.mark.filterwarnings("ignore:Integers beyond")
def test_casts_never_wrap_around(dtype, low, high):
    array = np.array([[low, 0], [high, 1], [0, 1]], dtype=dtype)
    encoder = VectorEncoder(clip=False).fit(array)
    drawn = decode_noise(encoder, scale=1e6)
    assert drawn.dtype == array.dtype
    assert {low, high} <= set(drawn[:, 0].tolist())


@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_casts_never_overflow(dtype):
    largest = np.finfo(dtype).max
    array = np.array([[largest], [-largest], [0]], dtype=dtype)
    assert np.isfinite(
        decode_noise(VectorEncoder(clip=False).fit(array), scale=9)
    ).all()


def test_rounding_is_to_the_nearest():
    array = np.arange(11)[:, None]
    encoder = VectorEncoder().fit(array)
    drawn = encoder.inverse_transform(encoder.transform(array) + 1e-3)
    np.testing.assert_array_equal(drawn, array)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (np.zeros((4, 3)), VectorEncoder),
        (np.zeros((4, 3, 3)), ImageEncoder),
        (np.zeros((4, 3, 3, 2)), ImageEncoder),
        (pd.DataFrame(np.zeros((4, 3))), VectorEncoder),
    ],
)
def test_automatic_choice(rows, kind):
    assert type(make_encoder("auto", rows)) is kind


def test_a_given_encoder_is_cloned():
    given = VectorEncoder(clip=False)
    made = make_encoder(given, np.zeros((4, 3, 3)))
    assert made is not given
    assert isinstance(made, BaseEncoder)
    assert made.clip is False


@pytest.mark.parametrize(
    "bad", [np.zeros((3, 9)), np.zeros(3), np.full((3, 2), np.nan)]
)
def test_rows_that_cannot_be_decoded(bad):
    encoder = VectorEncoder().fit(np.random.default_rng(0).normal(size=(9, 2)))
    with pytest.raises(ValueError, match=r"Encoded rows hold NaN|expects encoded rows"):
        encoder.inverse_transform(bad)


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_pickled_encoder_decodes_the_same(library):
    frame = library({"a": masked(whole()), "b": real().tolist()})
    encoder = VectorEncoder().fit(frame)
    twin = pickle.loads(pickle.dumps(encoder))
    assert decode_noise(twin).equals(decode_noise(encoder))
