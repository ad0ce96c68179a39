"""The reference space: what every kind of column becomes."""

import datetime
import io
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError

from skgan.metrics import ReferenceSpace


def transform(X_fit, X=None):
    return ReferenceSpace().fit(X_fit).transform(X_fit if X is None else X)


def mixed_columns():
    return {
        "age": [20, 30, 40, 50],
        "income": [1.5, None, 2.5, 3.5],
        "member": [True, False, True, True],
        "city": ["Rome", "Oslo", "Rome", None],
        "since": [datetime.datetime(2020, 1, day) for day in (1, 2, 3, 5)],
    }


def test_numeric_array_is_plain_standardisation():
    X = np.random.default_rng(0).normal(5, 3, size=(100, 4))
    Z = transform(X)
    assert Z.dtype == np.float64
    np.testing.assert_allclose(Z, (X - X.mean(0)) / X.std(0), atol=1e-12)
    np.testing.assert_allclose(
        transform(X, X[:7]), ((X[:7] - X.mean(0)) / X.std(0)), atol=1e-12
    )


def test_input_is_left_alone_and_layout_does_not_matter():
    X = np.asfortranarray(np.random.default_rng(0).normal(size=(50, 6)))
    before = X.copy()
    X.flags.writeable = False
    np.testing.assert_allclose(transform(X[::2, ::2]), transform(before[::2, ::2]))
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8, np.int64, bool])
def test_every_numeric_dtype(dtype):
    X = np.random.default_rng(0).integers(0, 2, size=(30, 3)).astype(dtype)
    expected = X.astype(float)
    expected = (expected - expected.mean(0)) / expected.std(0)
    np.testing.assert_allclose(transform(X), expected, atol=1e-12)


def test_images_are_flattened_and_share_one_scale():
    X = np.random.default_rng(0).normal(size=(20, 4, 5))
    X[:, 0, 0] *= 1e-6  # a nearly constant pixel must stay negligible
    flat = X.reshape(20, 20)
    scale = np.sqrt(flat.var(0).mean())
    np.testing.assert_allclose(transform(X), (flat - flat.mean(0)) / scale, atol=1e-12)
    assert transform(X[..., None]).shape == (20, 20)


def test_extreme_numbers_stay_finite():
    X = np.array([[1e30, 7.0, 1e300], [-1e30, 7.0, -1e300], [0.0, 7.0, 0.0]])
    Z = transform(X)
    assert np.isfinite(Z).all()
    np.testing.assert_allclose(Z[:, 0], [np.sqrt(1.5), -np.sqrt(1.5), 0], atol=1e-12)
    assert (Z[:, 1] == 0).all()
    far = transform([[0.0], [1e-300]], [[1e300]])
    assert np.isfinite(far).all()
    assert np.isfinite((far**2).sum() ** 3)


def test_a_constant_column_is_exactly_zero_and_divides_by_its_size():
    X = np.full((1000, 1), 0.1)
    np.testing.assert_array_equal(transform(X), 0)
    np.testing.assert_allclose(transform(X, [[1.1]]), [[1.0]])
    np.testing.assert_allclose(transform(X * 1e31, [[2e30]]), [[1.0]])


@pytest.mark.parametrize("start", [2**60, -(2**62), 0])
def test_whole_numbers_beyond_float_precision_keep_their_differences(start):
    X = np.array([[start], [start + 1], [start + 2]])
    np.testing.assert_allclose(
        transform(X)[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], atol=1e-12
    )
    frame = pd.DataFrame({"id": X[:, 0]})
    np.testing.assert_allclose(transform(frame), transform(X))
    np.testing.assert_allclose(transform(pl.from_pandas(frame)), transform(X))


def test_whole_numbers_over_the_full_range_do_not_overflow():
    limits = np.iinfo(np.int64)
    np.testing.assert_allclose(transform([[limits.min], [limits.max]]), [[-1.0], [1.0]])
    big = np.array([[0], [2**64 - 1]], dtype=np.uint64)
    np.testing.assert_allclose(transform(big), [[-1.0], [1.0]])
    np.testing.assert_allclose(
        transform(np.array([[0], [2]]), np.array([[2]], dtype=np.uint64)), [[1.0]]
    )
    np.testing.assert_allclose(
        transform(np.array([[0], [2**40]]), np.array([[0]], dtype=np.int32)), [[-1.0]]
    )


def test_missing_numbers_are_the_mean_with_an_indicator():
    X = np.array([[1.0, 0.0], [np.nan, 1.0], [3.0, 2.0]])
    Z = transform(X)
    assert Z.shape == (3, 3)
    np.testing.assert_allclose(Z[:, 0], [-1, 0, 1])
    np.testing.assert_array_equal(Z[:, 2], [0, 1, 0])
    all_missing = transform(np.full((3, 1), np.nan))
    np.testing.assert_array_equal(all_missing, [[0, 1]] * 3)


def test_different_categories_are_at_distance_one():
    frame = pd.DataFrame({"city": ["Rome", "Oslo", "Rome", "Bern"]})
    space = ReferenceSpace().fit(frame)
    Z = space.transform(frame)
    assert Z.shape == (4, 3)
    assert np.linalg.norm(Z[0] - Z[1]) == pytest.approx(1)
    assert np.linalg.norm(Z[0] - Z[2]) == 0
    unseen = space.transform(pd.DataFrame({"city": ["Lima", None]}))
    np.testing.assert_array_equal(unseen, 0)


def test_rare_levels_share_one_column():
    levels = np.repeat(np.arange(300), np.arange(300, 0, -1)).astype(str)
    frame = pd.DataFrame({"code": levels})
    Z = transform(frame)
    assert Z.shape == (len(levels), 101)
    rare = transform(frame, pd.DataFrame({"code": ["200", "299", "0", "never"]}))
    np.testing.assert_array_equal(rare[0], rare[1])
    assert rare[0, 100] > 0
    assert rare[2, 0] > 0
    assert not rare[3].any()


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_mixed_frames(make):
    Z = transform(make(mixed_columns()))
    # age 1, income 1 + indicator, member 2, city 3 (one of them missing), since 1
    assert Z.shape == (4, 1 + 2 + 2 + 3 + 1)
    assert np.isfinite(Z).all()
    np.testing.assert_allclose(Z[:, 0], np.array([-3, -1, 1, 3]) / np.sqrt(5))
    np.testing.assert_array_equal(Z[:, 2], [0, 1, 0, 0])
    days = np.array([1, 2, 3, 5])
    np.testing.assert_allclose(Z[:, -1], (days - days.mean()) / days.std())


def test_pandas_and_polars_agree():
    np.testing.assert_allclose(
        transform(pd.DataFrame(mixed_columns())),
        transform(pl.DataFrame(mixed_columns())),
    )


def test_object_array_is_read_column_by_column():
    frame = pd.DataFrame(mixed_columns())
    columns = list(mixed_columns().values())
    array = np.empty((4, 5), dtype=object)
    for i, column in enumerate(columns):
        array[:, i] = column
    np.testing.assert_allclose(transform(array), transform(frame))


def test_column_dtypes_of_pandas():
    day = pd.to_datetime(["2020-01-01", "2020-01-02", None])
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "level": pd.Categorical([3, 1, None], categories=[1, 3, 9]),
            "zone": day.tz_localize("Europe/Rome"),
            "span": pd.to_timedelta([1, 2, 3], unit="h"),
            "text": pd.array(["a", None, "b"], dtype="string"),
            "day": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), None],
        }
    )
    Z = transform(frame)
    assert Z.shape == (3, 2 + 3 + 3 + 2 + 1 + 3 + 2)
    np.testing.assert_allclose(Z[:, 0], [-1, 0, 1])
    np.testing.assert_allclose(Z[:, 8], [-1, 1, 0])
    np.testing.assert_allclose(Z[:, -2], [-1, 1, 0])


def test_column_dtypes_of_polars():
    frame = pl.DataFrame(
        {
            "level": pl.Series(["x", "y", None], dtype=pl.Categorical),
            "price": pl.Series(["1.5", "2.5", None]).cast(pl.Decimal(10, 2)),
            "day": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), None],
            "clock": [datetime.time(1), datetime.time(2), None],
            "whole": [1, None, 3],
        }
    )
    Z = transform(frame)
    assert Z.shape == (3, 3 + 2 + 2 + 3 + 2)
    np.testing.assert_allclose(Z[:, 3], [-1, 1, 0])


def test_columns_go_by_name():
    frame = pd.DataFrame(mixed_columns())
    np.testing.assert_array_equal(
        transform(frame, frame[frame.columns[::-1]]), transform(frame)
    )


def test_a_dtype_that_changed_is_converted():
    frame = pd.DataFrame({"age": [1, 2, 3], "member": [True, False, True]})
    as_floats = frame.astype(float)
    np.testing.assert_allclose(transform(frame, as_floats), transform(frame))
    as_text = frame.assign(age=["1", "2", "3"])
    np.testing.assert_allclose(transform(frame, as_text), transform(frame))
    array = np.arange(6.0).reshape(3, 2)
    np.testing.assert_allclose(
        transform(array, pd.DataFrame(array)), transform(pd.DataFrame(array), array)
    )


def test_pickle_and_refit_are_exact():
    frame = pd.DataFrame(mixed_columns())
    space = ReferenceSpace().fit(frame)
    Z = space.transform(frame)
    loaded = pickle.loads(pickle.dumps(space))
    np.testing.assert_array_equal(loaded.transform(frame), Z)
    np.testing.assert_array_equal(space.fit(frame).transform(frame), Z)
    small = len(pickle.dumps(ReferenceSpace().fit(np.zeros((100_000, 2)))))
    assert small < 10_000  # the rows are not kept


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.arange(3.0), "one row per sample"),
        (np.zeros((0, 2)), "no rows"),
        (np.zeros((2, 0)), "no columns"),
        (np.zeros((2, 1), dtype=complex), "unsupported dtype"),
        ([[0.0, np.inf], [0.0, 1.0]], "column 1 holds infinite"),
        (pd.DataFrame({"a": [1.0, -np.inf]}), "column 'a' holds infinite"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "duplicate column names"),
        (pd.DataFrame({"a": [[1], [2]]}), "'a' holds nested"),
    ],
)
def test_bad_rows_are_named(X, message):
    with pytest.raises(ValueError, match=message):
        ReferenceSpace().fit(X)


def test_texts_of_a_file_are_read_as_typed_columns():
    moments = pd.date_range("2024-01-01 07:30", periods=40, freq="31h")
    real = pd.DataFrame(
        {
            "day": moments.normalize(),
            "at": moments,
            "zone": moments.tz_localize("Europe/Berlin"),
            "span": moments - moments[0],
            "price": np.arange(40.0),
        }
    )
    space = ReferenceSpace().fit(real)
    texts = pd.read_csv(io.StringIO(real.to_csv(index=False)))
    np.testing.assert_allclose(space.transform(texts), space.transform(real))
    texts["day"] = moments.strftime("%d.%m.%Y")
    texts["price"] = [f"${value}.00" for value in range(40)]
    np.testing.assert_allclose(space.transform(texts), space.transform(real))
    texts["at"] = "soon"
    message = "'at' must be numeric.* hold dates, and it holds 'soon'.*to_datetime"
    with pytest.raises(ValueError, match=message):
        space.transform(texts)


def test_bad_rows_to_transform_are_named():
    space = ReferenceSpace().fit(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    with pytest.raises(ValueError, match=r"lacks \['b'\] and has the unknown \['c'\]"):
        space.transform(pd.DataFrame({"a": [1], "c": ["x"]}))
    with pytest.raises(ValueError, match="column 'a' must be numeric"):
        space.transform(pd.DataFrame({"a": ["one"], "b": ["x"]}))
    with pytest.raises(ValueError, match="3 columns, the reference rows 2"):
        space.transform(np.zeros((2, 3)))
    with pytest.raises(NotFittedError):
        ReferenceSpace().transform([[1.0]])


@pytest.mark.parametrize(
    "dtype",
    ["timestamp[us][pyarrow]", "date32[day][pyarrow]", "duration[us][pyarrow]"],
)
def test_missing_times_of_arrow(dtype):
    pytest.importorskip("pyarrow")
    days = pd.Series([1, 3, 5], dtype="int64")
    times = pd.to_timedelta(days, unit="D").astype("timedelta64[us]")
    if not dtype.startswith("duration"):
        times = pd.Timestamp("2024-01-01") + times
    column = times.astype(dtype)
    column[1] = pd.NA
    frame = pd.DataFrame({"time": column})
    vectors = ReferenceSpace().fit(frame).transform(frame)
    np.testing.assert_allclose(vectors, [[-1, 0], [0, 1], [1, 0]], atol=1e-12)
