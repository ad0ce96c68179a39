"""TableEncoder.partial_fit: a table that comes in parts."""

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pytest
from sklearn.base import clone

from skgan.encoding import Inequality, TableEncoder
from skgan.encoding.table import _reservoir as _reservoir

pytestmark = pytest.mark.filterwarnings("ignore:Almost all values")

N = 300


def make_frame(n=N, seed=0):
    rng = np.random.default_rng(seed)
    city = rng.choice(["Rome", "Oslo", "Lima"], n)
    grades = pd.CategoricalDtype(["low", "mid", "high", "never"], ordered=True)
    size = rng.normal(170, 10, n).round(1)
    return pd.DataFrame(
        {
            "city": city,
            "country": pd.Series(city).map({"Rome": "IT", "Oslo": "NO", "Lima": "PE"}),
            "grade": pd.Categorical.from_codes(rng.integers(0, 3, n), dtype=grades),
            "size": size,
            "inches": size / 2.54,
            "count": pd.array(rng.integers(0, 1000, n), dtype="Int64"),
            "key": rng.integers(0, 500, n) * 7 + 2**60,
            "day": np.datetime64("2024-01-01", "us") + rng.integers(0, 90, n) * 86400,
            "wait": pd.to_timedelta(rng.integers(0, 99, n), unit="min"),
            "gap": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "mixed": pd.Series(rng.choice(np.array([1, "1", None], object), n)),
            "name": [f"id-{v:05}" for v in rng.permutation(99_999)[:n]],
        }
    )


def split(frame, *edges):
    bounds = [0, *edges, len(frame)]
    return [frame[a:b] for a, b in pairwise(bounds)]


def learn(parts, **parameters):
    encoder = TableEncoder(identifiers="draw", **parameters)
    for part in parts:
        assert encoder.partial_fit(part) is encoder
    return encoder


def decode_noise(encoder, n=200):
    rng = np.random.default_rng(1)
    return encoder.inverse_transform(
        rng.normal(scale=2, size=(n, encoder.layout_.width))
    )


def assert_same(a, b):
    if isinstance(a, np.ndarray):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
    elif isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b, check_exact=True)
    else:
        pl.testing.assert_frame_equal(a, b, check_exact=True)


def assert_equal_encoders(one, other, frame):
    assert one.layout_ == other.layout_
    assert one.condition_columns_ == other.condition_columns_
    assert list(map(str, one.dependencies_)) == list(map(str, other.dependencies_))
    assert one.n_features_in_ == other.n_features_in_
    assert_same(one.transform(frame), other.transform(frame))
    assert_same(one.encode_for_training(frame, 3), other.encode_for_training(frame, 3))
    assert_same(decode_noise(one), decode_noise(other))


SPLITS = [(), (150,), (2, 3, 290), tuple(range(40, N, 40))]


@pytest.mark.parametrize("edges", SPLITS, ids=str)
def test_parts_of_a_pandas_frame_are_the_frame(edges):
    frame = make_frame()
    whole = TableEncoder(identifiers="draw").fit(frame)
    assert_equal_encoders(learn(split(frame, *edges)), whole, frame)


@pytest.mark.parametrize("edges", SPLITS[1:3], ids=str)
def test_parts_of_a_polars_frame_are_the_frame(edges):
    frame = pl.DataFrame(make_frame().drop(columns=["mixed", "wait"]))
    frame = frame.with_columns(
        pl.col("city").cast(pl.Categorical), price=pl.col("size").cast(pl.Decimal(9, 2))
    )
    whole = TableEncoder(identifiers="draw").fit(frame)
    assert_equal_encoders(learn(split(frame, *edges)), whole, frame)


@pytest.mark.parametrize("dtype", ["f4", "i8", "?"])
def test_parts_of_an_array_are_the_array(dtype):
    X = np.random.default_rng(0).integers(0, 30, (90, 3)).astype(dtype)
    whole = TableEncoder().fit(X)
    assert_equal_encoders(learn(split(X, 40, 41)), whole, X)


def late(library):
    """Return a table of which only the last rows hold a level, a gap, a cent, ..."""
    n = 120
    level, real = ["a", "b"] * 60, [i / 2 for i in range(n)]
    gap, hour = [float(i) for i in range(n)], np.arange(n) * 24
    level[-1], real[-1], gap[-1], hour[-1] = "c", 0.25, None, 7
    moment = np.datetime64("2024-01-01T00", "us") + hour.astype("m8[h]")
    frame = {"level": level, "real": real, "gap": gap, "hour": moment}
    return library.DataFrame(frame)


@pytest.mark.parametrize("library", [pd, pl])
def test_what_only_a_later_part_has(library):
    frame = late(library)
    encoder = learn(split(frame, 60, 119))
    assert_equal_encoders(encoder, TableEncoder().fit(frame), frame)
    assert_same(encoder.inverse_transform(encoder.transform(frame)), frame)


@pytest.mark.parametrize("library", [pd, pl, np])
def test_whole_numbers_that_turn_out_to_be_none(library):
    first, second = np.arange(40), np.arange(40) / 4
    if library is np:
        parts = [first[:, None], second[:, None]]
        whole = np.concatenate(parts)
    else:
        parts = [library.DataFrame({"a": v}) for v in (first, second)]
        whole = library.DataFrame({"a": np.r_[first, second]})
    for turn in (parts, parts[::-1]):
        encoder = learn(turn)
        rows = whole if turn is parts else whole[::-1]
        assert_equal_encoders(encoder, TableEncoder().fit(rows), whole)
        drawn = decode_noise(encoder)
        values = np.asarray(drawn).ravel()
        assert values.dtype == np.float64
        assert (values * 4 == np.rint(values * 4)).all()
        assert (values != np.rint(values)).any()


def one_row_of_each():
    """Return a table of 4000 rows, six of which hold what no other does."""
    rng = np.random.default_rng(5)
    n = 4000
    return pd.DataFrame(
        {
            "level": np.where(np.arange(n) == 17, "rare", rng.choice(["a", "b"], n)),
            "real": np.where(np.arange(n) == 3100, 0.125, rng.integers(1, 99, n) / 2),
            "low": np.where(np.arange(n) == 1500, -1e6, rng.normal(size=n).round(2)),
            "high": np.where(np.arange(n) == 2500, 10**9, rng.integers(0, 999, n)),
            "gap": np.where(np.arange(n) == 40, np.nan, rng.normal(size=n)),
            "day": np.datetime64("2024-01-01", "s")
            + np.where(np.arange(n) == 99, 3601, 86400 * rng.integers(0, 99, n)),
        }
    )


@pytest.fixture
def few_rows(monkeypatch):
    monkeypatch.setattr(_reservoir, "MAX_ROWS", 300)


@pytest.mark.usefixtures("few_rows")
def test_beyond_the_rows_kept_nothing_rare_is_forgotten():
    frame = one_row_of_each()
    encoder = learn([frame[i : i + 250] for i in range(0, 4000, 250)])
    assert len(encoder._reservoir.table()) < 320
    rare = frame.iloc[[17, 3100, 1500, 2500, 40, 99]]
    back = encoder.inverse_transform(encoder.transform(rare))
    pd.testing.assert_frame_equal(
        back[["level", "real", "day"]].reset_index(drop=True),
        rare[["level", "real", "day"]].reset_index(drop=True),
    )
    assert back["gap"].isna().tolist() == rare["gap"].isna().tolist()
    assert back["low"].min() == -1e6
    assert back["high"].max() == 10**9


@pytest.mark.usefixtures("few_rows")
def test_beyond_the_rows_kept_shares_are_those_of_all_parts():
    frame = make_frame(6000).sort_values(["grade", "size"], ignore_index=True)
    frame = frame.drop(columns="name")
    one, other = (
        learn([frame[i : i + size] for i in range(0, 6000, size)])
        for size in (500, 1500)
    )
    assert_equal_encoders(one, other, frame)
    kept = one._reservoir.table()
    assert 300 <= len(kept) < 340
    for name in ("city", "grade"):
        shares = kept[name].value_counts(normalize=True)
        expected = frame[name].value_counts(normalize=True)
        assert (shares - expected).abs().max() < 0.1, name
    assert abs(kept["size"].median() - frame["size"].median()) < 2.5
    assert abs(kept["gap"].isna().mean() - 0.3) < 0.1


@pytest.mark.usefixtures("few_rows")
def test_fresh_identifiers_are_in_no_part():
    text = [f"A{v:03}" for v in np.random.default_rng(0).permutation(1000)]
    frame = pd.DataFrame({"id": text[:950], "x": np.arange(950) % 7})
    encoder = learn([frame[i : i + 200] for i in range(0, 950, 200)])
    drawn = decode_noise(encoder)["id"]
    assert drawn.is_unique
    assert not set(drawn) & set(text[:950])
    assert set(drawn) & set(text[950:])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda f: f.assign(size="tall"),
            ValueError,
            "'size' is .* in this part",
        ),
        (
            lambda f: f.assign(grade=pd.Categorical(["low"] * N)),
            ValueError,
            r"'grade' is category of \['low'\] in this part.*same levels",
        ),
        (
            lambda f: f.assign(day=f["day"].astype("M8[s]")),
            ValueError,
            "'day' is",
        ),
        (lambda f: f.assign(gap=np.inf), ValueError, "'gap' contains infinity"),
        (lambda f: f.assign(mixed=[[1]] * N), TypeError, "'mixed' holds nested"),
        (lambda f: f.drop(columns="gap"), ValueError, "gap"),
        (lambda f: f[f.columns[::-1]], ValueError, "order"),
        (lambda f: f.head(0), ValueError, r"0 sample\(s\)"),
        (lambda f: pl.DataFrame(f.drop(columns="mixed")), TypeError, "come alike"),
        (lambda f: f.to_numpy()[:, [3] * 12].astype(float), TypeError, "come alike"),
    ],
)
def test_parts_that_do_not_fit(change, error, message):
    frame = make_frame()
    encoder = learn([frame])
    with pytest.raises(error, match=message):
        encoder.partial_fit(change(frame))
    # It is as if it had not come.
    whole = TableEncoder(identifiers="draw").fit(frame)
    assert_equal_encoders(encoder, whole, frame)


def test_what_all_rows_must_keep_to_is_checked_when_it_is_needed():
    encoder = TableEncoder(constraints=[Inequality("a", "b")])
    encoder.partial_fit(pd.DataFrame({"a": [1, 2, 3], "b": [3, 3, 3]}))
    assert encoder.layout_.width > 0
    encoder.partial_fit(pd.DataFrame({"a": [5], "b": [3]}))
    with pytest.raises(ValueError, match="broken by 1 of 4 training rows"):
        encoder.transform(pd.DataFrame({"a": [1], "b": [3]}))


def test_fit_starts_anew_and_so_does_the_part_after_it():
    first, second = make_frame(100), make_frame(90, seed=1)
    encoder = learn([first]).fit(second)
    assert_equal_encoders(encoder, TableEncoder(identifiers="draw").fit(second), second)
    encoder.partial_fit(first)
    assert_equal_encoders(encoder, TableEncoder(identifiers="draw").fit(first), first)
    assert not hasattr(clone(encoder), "layout_")
    assert not hasattr(encoder, "no_such_thing")


def test_a_pickle_goes_on_where_it_was():
    frame = make_frame()
    parts = split(frame, 100, 200)
    half = learn(parts[:2])
    half.transform(frame)
    again = pickle.loads(pickle.dumps(half)).partial_fit(parts[2])
    assert_equal_encoders(again, half.partial_fit(parts[2]), frame)


def test_what_becomes_of_a_part_afterwards_does_not_matter():
    frame = make_frame()
    parts = [part.copy() for part in split(frame, 100)]
    encoder = TableEncoder(identifiers="draw")
    for part in parts:
        encoder.partial_fit(part)
        part.loc[:, "size"] = 0.0
    whole = TableEncoder(identifiers="draw").fit(frame)
    assert_equal_encoders(encoder, whole, frame)
