"""TableEncoder: conditions that are given, encoded and kept."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan.encoding import Interval, TableEncoder, Value, collect_rows

N = 2000
RNG = np.random.default_rng(0)
DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 300, N), unit="D")
MANY = RNG.zipf(1.5, N) % 90


def make_frame():
    grade = RNG.choice(["a", "b", "c"], size=N, p=[0.6, 0.3, 0.1])
    return pd.DataFrame(
        {
            "grade": pd.Categorical(grade, categories=["a", "b", "c", "never"]),
            "sex": pd.Series(RNG.choice(["f", "m"], size=N), dtype=object),
            "maybe": pd.Series([None, "x", "y", "y"] * (N // 4), dtype="str"),
            "member": RNG.random(N) < 0.3,
            "age": RNG.integers(18, 90, N),
            "price": np.round(RNG.exponential(10, N), 2),
            "weight": RNG.normal(70, 10, N),
            "day": DAYS,
            "town": pd.Series([f"town {i:02}" for i in MANY], dtype="str"),
            "gap": np.where(RNG.random(N) < 0.2, np.nan, RNG.integers(0, 50, N)),
        }
    )


FRAME = make_frame()
ENCODER = TableEncoder(condition_on=list(FRAME.columns), max_levels=16).fit(FRAME)
UNITS = dict(
    zip(ENCODER.condition_columns_, ENCODER.layout_.condition_units, strict=True)
)


def decode_with(given, n=400, encoder=ENCODER):
    """Decode noise, with what is given written over it."""
    read = encoder.read_given(given, n)
    rng = np.random.default_rng(1)
    values, is_given = encoder.encode_given(read, n, rng)
    noise = rng.normal(size=(n, encoder.layout_.width))
    buffer = encoder.output_builder_.make_buffer(n)
    encoder.write_decoded(buffer, 0, noise)
    encoder.write_given(buffer, 0, read, values)
    return values, is_given, encoder.output_builder_.build(buffer)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("grade", "c"),
        ("sex", "m"),
        ("member", True),
        ("age", 33),
        ("age", 33.0),
        ("price", FRAME["price"][7]),
        ("weight", FRAME["weight"][3]),
        ("weight", 71.25),
        ("day", DAYS[5]),
        ("day", datetime.date(2024, 3, 1)),
        ("town", "town 07"),
        ("gap", 7),
    ],
)
def test_a_value_comes_back_exactly(name, value):
    values, is_given, out = decode_with({name: value})
    if name == "day":
        value = pd.Timestamp(value)
    assert (out[name] == value).all()
    assert out[name].dtype == FRAME[name].dtype
    unit = ENCODER.condition_columns_.index(name)
    assert is_given[:, unit].all()
    assert not np.delete(is_given, unit, axis=1).any()
    others = np.setdiff1d(np.arange(ENCODER.layout_.width), UNITS[name])
    assert not values[:, others].any()
    assert values[:, list(UNITS[name])].any(axis=1).all()
    assert values.dtype == np.float32


def test_values_are_encoded_as_in_training():
    """A given row is one that the networks saw."""
    rows = ENCODER.transform(FRAME)
    for name in ("grade", "sex", "member", "maybe"):
        at = list(UNITS[name])
        for value in FRAME[name].unique():
            values, _ = ENCODER.encode_given({name: value}, 1, np.random.default_rng(0))
            same = FRAME[name].isna() if pd.isna(value) else FRAME[name] == value
            np.testing.assert_array_equal(
                rows[same][:, at], np.repeat(values[:, at], same.sum(), axis=0)
            )


def test_missing_can_be_given_where_it_was_seen():
    _, _, out = decode_with({"maybe": None})
    assert out["maybe"].isna().all()
    with pytest.raises(ValueError, match="never was in fit"):
        ENCODER.read_given({"sex": None})


def test_a_list_is_drawn_at_training_frequency():
    _, _, out = decode_with({"grade": ["a", "c"], "maybe": {None, "y"}}, n=4000)
    assert set(out["grade"]) == {"a", "c"}
    assert (out["grade"] == "a").mean() == pytest.approx(0.6 / 0.7, abs=0.03)
    assert out["maybe"].isna().mean() == pytest.approx(1 / 3, abs=0.03)
    _, _, out = decode_with({"age": [20, 30], "town": ["town 01", "town 02"]})
    assert set(out["age"]) == {20, 30}
    assert set(out["town"]) == {"town 01", "town 02"}


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("age", 30, 40),
        ("age", 30.5, 32.5),
        ("age", None, 25),
        ("age", 80, np.inf),
        ("age", 44, 44),
        ("price", 3.333, 4.444),
        ("weight", 60.0, 61.0),
        ("weight", 95.0, 1000.0),
        ("day", "2024-02-01", "2024-02-03"),
        ("day", datetime.datetime(2024, 5, 1), None),
        ("gap", 10, 12),
    ],
)
def test_ranges(name, low, high):
    _, is_given, out = decode_with({name: (low, high)})
    drawn = out[name]
    if name == "day":
        low, high = pd.Timestamp(low), pd.Timestamp(high)
    low = drawn.min() if low is None or pd.isna(low) else low
    high = drawn.max() if high is None or pd.isna(high) else high
    assert drawn.between(low, high).all()
    assert is_given[:, ENCODER.condition_columns_.index(name)].all()
    seen = FRAME[name][FRAME[name].between(low, high)]
    if seen.nunique() > 1:
        assert drawn.nunique() > 1
        spread = (seen.max() - seen.min()) / 5
        assert abs(drawn.mean() - seen.mean()) < spread


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_partial_rows(library):
    encoder = ENCODER
    given = pd.DataFrame(
        {
            "age": [20, None, 41, None],
            "sex": ["f", "m", None, None],
            "day": [DAYS[0], pd.NaT, DAYS[1], pd.NaT],
            "never given": [None] * 4,
        }
    )
    if library == "polars":
        given = pl.from_pandas(given)
    _, is_given, out = decode_with(given, n=4, encoder=encoder)
    names = encoder.condition_columns_
    assert is_given[:, names.index("age")].tolist() == [True, False, True, False]
    assert is_given[:, names.index("sex")].tolist() == [True, True, False, False]
    assert is_given.sum() == 6
    assert out["age"][0] == 20
    assert out["age"][2] == 41
    assert out["sex"][:2].tolist() == ["f", "m"]
    assert out["day"][0] == DAYS[0]


def test_partial_rows_in_pieces():
    given = ENCODER.read_given(pd.DataFrame({"age": np.arange(20, 30)}), 10)
    part = given.rows(8, 12)
    values, is_given = ENCODER.encode_given(part, 4, np.random.default_rng(0))
    unit = ENCODER.condition_columns_.index("age")
    assert is_given[:, unit].tolist() == [True, True, False, False]
    buffer = ENCODER.output_builder_.make_buffer(10)
    ENCODER.write_decoded(buffer, 0, np.zeros((10, ENCODER.layout_.width)))
    ENCODER.write_given(buffer, 8, part, values)
    out = ENCODER.output_builder_.build(buffer)
    assert out["age"][8:].tolist() == [28, 29]
    assert out["age"][:8].nunique() == 1


def test_the_same_stream_gives_the_same_rows():
    given = {"age": (20, 60), "grade": ["a", "b"], "town": "town 01"}
    first, again, other = (
        ENCODER.encode_given(given, 50, np.random.default_rng(seed))[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"agee": 1}, "'agee', which is no column.*'grade', 'sex'"),
        ({"grade": "z"}, r"no level 'z'\. Possible: 'a', 'b', 'c'\.$"),
        ({"grade": "never"}, r"cannot be 'never'\. Possible: 'a', 'b', 'c'\."),
        ({"grade": ["a", "z"]}, "no level 'z'"),
        ({"grade": []}, "is empty"),
        ({"town": "Rome"}, "no level 'Rome'"),
        ({"age": 17}, r"cannot be 17\. Possible: 18 to 89 in whole steps"),
        ({"age": 33.5}, "cannot be 33.5"),
        ({"age": "old"}, "holds numbers, got 'old'"),
        ({"age": (50, 40)}, r"\(50, 40\) holds nothing.*18 to 89"),
        ({"age": (90, 100)}, "holds nothing"),
        ({"age": (30.1, 30.9)}, "holds nothing"),
        ({"age": (np.nan, 30)}, "holds nothing"),
        ({"age": (1, 2, 3)}, r"a range \(low, high\)"),
        ({"price": 1.234}, "cannot be 1.234"),
        ({"day": "2030-01-01"}, "Possible: 2024-01-01.* to 2024-10-"),
        ({"day": "someday"}, "holds a time, got 'someday'"),
        ({"day": "2024-02-01T06:00"}, "cannot be '2024-02-01T06:00'"),
        ({"day": ("2024-02-01T06:00", "2024-02-01T07:00")}, "holds nothing"),
        ({"day": 3}, "holds a time, got 3"),
        ({"member": "yes"}, r"no level 'yes'\. Possible: False, True\.$"),
        (pd.DataFrame({"sex": ["f", "x"]}), "cannot be 'x'"),
        (pd.DataFrame({"age": [20, 200]}), "cannot be 200"),
    ],
)
def test_what_is_impossible_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        ENCODER.read_given(given)


def test_wrong_kinds_and_lengths():
    with pytest.raises(TypeError, match="dict of columns"):
        ENCODER.read_given(["age"])
    with pytest.raises(ValueError, match="2 rows for 3 samples"):
        ENCODER.read_given(pd.DataFrame({"age": [20, 30]}), 3)
    with pytest.raises(TypeError, match="'age' held number values in fit"):
        ENCODER.read_given(pd.DataFrame({"age": ["old"]}))


def test_columns_that_are_no_conditions():
    frame = FRAME.assign(years=FRAME["age"] + 5)
    encoder = TableEncoder().fit(frame)
    assert encoder.condition_columns_ == ["grade", "sex", "maybe", "member"]
    with pytest.raises(ValueError, match=r"not learnt as a condition.*condition_on="):
        encoder.read_given({"age": 20})
    with pytest.raises(ValueError, match="'years' cannot be given: years = "):
        encoder.read_given({"years": 25})
    declared = TableEncoder(condition_on=["years"]).fit(frame)
    assert declared.condition_columns_ == ["years"]
    assert (decode_with({"years": 25}, encoder=declared)[2]["age"] == 20).all()
    assert TableEncoder(condition_on=None).fit(frame).condition_columns_ == []


def test_many_levels_are_no_condition_by_default():
    frame = pd.DataFrame({"a": [f"{i}" for i in range(25)] * 4, "b": ["x", "y"] * 50})
    assert TableEncoder().fit(frame).condition_columns_ == ["b"]
    assert TableEncoder(condition_on=["a"]).fit(frame).condition_columns_ == ["a"]


def test_a_constant_is_given_by_a_range_of_one_value():
    frame = pd.DataFrame({"same": 3, "x": RNG.normal(size=50)})
    encoder = TableEncoder().fit(frame)
    # It is so in every row: nothing is left to see to, and a prior draws x alone.
    assert encoder.read_any_given("same", (3, 3)) is None
    assert list(encoder._rows.modelled()) == [1]
    with pytest.raises(ValueError, match="all rows that fit saw hold 3"):
        encoder.read_any_given("same", (4, 3))


def test_rows_that_are_given_a_value_or_a_range():
    rows = [{"a": Value(1.0)}, {"a": Interval(2.0, 3.0)}, {}, {"a": Value(4.0)}]
    found = collect_rows(rows)["a"]
    assert found.items == (Interval(2.0, 3.0), Value(1.0), Value(4.0))
    assert [np.flatnonzero(mask).tolist() for mask in found.masks] == [[1], [0], [3]]


def test_a_range_of_numbers_that_are_encoded_as_levels():
    count = np.random.default_rng(0).poisson(2, 300)
    frame = pd.DataFrame({"count": count, "sex": ["f", "m"] * 150})
    encoder = TableEncoder(condition_on=["count"]).fit(frame)
    ranged, listed = (
        encoder.read_given({"count": given}).items["count"].values
        for given in ((1, 3), [1, 2, 3])
    )
    assert ranged.tolist() == listed.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="holds nothing"):
        encoder.read_given({"count": (1.2, 1.8)})


def test_what_is_off_the_grid_or_the_calendar_is_refused():
    weekdays = pd.bdate_range("2024-01-01", periods=200)
    frame = pd.DataFrame({"day": weekdays, "five": 5 * np.arange(200)})
    encoder = TableEncoder(condition_on=["day", "five"]).fit(frame)
    for given, message in [
        ({"five": 7}, r"cannot be 7, as no row had in fit, but 5\. Possible: 0 to 995"),
        ({"five": (6, 9)}, "holds nothing"),
        ({"day": "2024-05-04"}, r"cannot be '2024-05-04', .*, but 2024-0.*Possible"),
        ({"day": ("2024-05-04", "2024-05-05")}, "holds nothing"),
        (pd.DataFrame({"day": [weekdays[0], pd.Timestamp("2024-05-04")]}), "no row"),
    ]:
        with pytest.raises(ValueError, match=message):
            encoder.read_given(given)
    item = encoder.read_given({"five": (6, 14)}).items["five"]
    assert (item.low, item.high) == (10, 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_single_numbers_are_the_decimals_that_they_stand_for(dtype):
    rows = np.random.default_rng(0).normal(size=(200, 2)).round(1).astype(np.float32)
    frame = pd.DataFrame(rows.astype(dtype), columns=["a", "b"])
    encoder = TableEncoder(condition_on=["a"]).fit(frame)
    for value in (np.float32(0.3), 0.3):
        assert encoder.read_given({"a": value}).items["a"] == Value(0.3)
    with pytest.raises(ValueError, match=r"cannot be 0\.123"):
        encoder.read_given({"a": 0.123})
