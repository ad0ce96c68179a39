"""Plain columns, as priors learn them: read, snapped, written, and given."""

import numpy as np
import pandas as pd
import pytest

from skgan.encoding import (
    AnyOf,
    Choice,
    ImageEncoder,
    Interval,
    PartialItems,
    PartialValues,
    TableEncoder,
    Value,
    VectorEncoder,
    at_rows,
    collect_rows,
    keeps_to,
)
from skgan.priors import LevelColumn, NumberColumn

NAN = np.nan
N = 120


def make_frame():
    rng = np.random.default_rng(0)
    kind = rng.choice(["u", "v", "w"], N)
    return pd.DataFrame(
        {
            "size": rng.normal(size=N).round(2),
            "kind": pd.Categorical(kind),
            "gap": np.where(rng.random(N) < 0.3, NAN, rng.normal(size=N)),
            "twin": np.where(kind == "u", "U", np.where(kind == "v", "V", "W")),
            "same": 7,
            "none": [None] * N,
            "flag": rng.random(N) < 0.5,
            "when": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 90, N), "D"),
            "key": [f"no-{i:05}" for i in rng.permutation(N)],
        }
    )


FRAME = make_frame()
ENCODER = TableEncoder(identifiers=["key"]).fit(FRAME)


def test_what_varies_is_a_column_and_comes_back_exactly():
    columns = ENCODER.encode_columns(FRAME)
    names = [ENCODER.name_of(place) for place in range(len(ENCODER.schema_))]
    assert names == ["size", "kind", "gap", "flag", "when"]
    assert [ENCODER.place_of(name) for name in names] == list(range(5))
    assert ENCODER.has_place("kind") and not ENCODER.has_place("same")
    assert [type(column) for column in ENCODER.schema_] == [
        NumberColumn, LevelColumn, NumberColumn, LevelColumn, NumberColumn,
    ]  # fmt: skip
    assert columns.shape == (N, 5) and np.isnan(columns[:, 2]).mean() > 0.1
    buffer = ENCODER.output_builder_.make_buffer(N)
    ENCODER.write_columns(buffer, 0, columns)
    back = ENCODER.output_builder_.build(buffer)
    pd.testing.assert_frame_equal(
        back.drop(columns="key"), FRAME.drop(columns="key"), check_exact=True
    )
    assert not set(back["key"]) & set(FRAME["key"])


def test_columns_are_snapped_to_grid_and_range():
    columns = ENCODER.encode_columns(FRAME)
    moved = columns.copy()
    moved[:, 0] += 0.004
    moved[0, 0], moved[1, 4] = 99, -1e6
    snapped = ENCODER.snap_columns(moved)
    assert snapped[0, 0] == columns[:, 0].max() and snapped[1, 4] == columns[:, 4].min()
    np.testing.assert_array_equal(snapped[2:, 0], columns[2:, 0])
    np.testing.assert_array_equal(ENCODER.snap_columns(columns), columns)


def test_columns_and_rows_of_networks_agree():
    columns = ENCODER.encode_columns(FRAME)
    rows = ENCODER.rows_of_columns(columns, 0)
    assert rows.shape == (N, ENCODER.tensor_shape_[0])
    np.testing.assert_allclose(ENCODER.columns_of_rows(rows), columns, atol=0.02)
    # A row is the same whatever rows stand behind it.
    other = columns.copy()
    other[60:] = columns[0]
    np.testing.assert_array_equal(ENCODER.rows_of_columns(other, 0)[:60], rows[:60])


def test_vectors_have_columns_of_what_varies():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(80, 4)), columns=list("abcd"))
    frame["b"] = 2.5
    frame["d"] = NAN
    frame.loc[:20, "a"] = NAN
    encoder = VectorEncoder().fit(frame)
    assert [encoder.name_of(j) for j in range(len(encoder.schema_))] == ["a", "c"]
    columns = encoder.encode_columns(frame)
    buffer = encoder.output_builder_.make_buffer(80)
    encoder.write_columns(buffer, 0, columns)
    pd.testing.assert_frame_equal(encoder.output_builder_.build(buffer), frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    assert back["d"].isna().all() and (back["b"] == 2.5).all()


def test_images_have_no_columns():
    X = np.zeros((5, 4, 4), np.uint8)
    encoder = ImageEncoder().fit(X)
    assert encoder.schema_ is None
    with pytest.raises(TypeError, match="no columns that a prior can learn"):
        encoder.encode_columns(X)


ITEMS = {
    "value": (Value(2.0), [0, 1, 0, 0]),
    "missing": (Value(NAN), [0, 0, 0, 1]),
    "range": (Interval(1.5, 5), [0, 1, 1, 0]),
    "choice": (Choice(np.array([1.0, NAN]), np.ones(2)), [1, 0, 0, 1]),
    "union": (AnyOf((Interval(0, 1), Value(5.0))), [1, 0, 1, 0]),
    "cells": (
        PartialValues(
            np.array([1.0, 9, NAN, NAN]), np.array([True, True, False, True])
        ),
        [1, 0, 1, 1],
    ),
    "partial": (
        PartialItems((Value(9.0),), (np.array([False, True, False, False]),)),
        [1, 0, 1, 1],
    ),
}


@pytest.mark.parametrize("name", ITEMS)
def test_values_that_keep_to_an_item(name):
    item, expected = ITEMS[name]
    values = np.array([1.0, 2.0, 5.0, NAN])
    assert keeps_to(item, values).tolist() == [bool(e) for e in expected]
    rows = np.array([3, 0])
    chosen = keeps_to(at_rows(item, rows), values[rows])
    assert chosen.tolist() == [bool(expected[3]), bool(expected[0])]


def test_rows_beyond_the_last_are_given_nothing():
    for name in ("cells", "partial"):
        nothing = at_rows(ITEMS[name][0], np.array([-1, -1]))
        assert keeps_to(nothing, np.array([123.0, NAN])).all()


def test_items_of_rows_are_collected():
    rows = [{"a": Value(1.0)}, {"a": Interval(2, 3), "b": Value(NAN)}, {"a": None}]
    collected = collect_rows(rows)
    assert keeps_to(collected["a"], np.array([1.0, 2.5, 77.0])).all()
    assert keeps_to(collected["a"], np.array([2.5, 1.0, 77.0])).tolist() == [
        False, False, True,
    ]  # fmt: skip
    assert isinstance(collected["b"], PartialValues)
    assert collected["b"].is_given.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("name", "what", "kept"),
    [
        ("size", (0, None), lambda f: f["size"] >= 0),
        ("kind", ["u", "v"], lambda f: f["kind"].isin(["u", "v"])),
        ("gap", None, lambda f: f["gap"].isna()),
        ("gap", [None, (0, 1)], lambda f: f["gap"].isna() | f["gap"].between(0, 1)),
        ("twin", "W", lambda f: f["twin"] == "W"),
        ("twin", ["U", "V"], lambda f: f["twin"] != "W"),
        ("flag", True, lambda f: f["flag"]),
        ("when", ("2024-02-01", "2024-02-20"),
         lambda f: f["when"].between("2024-02-01", "2024-02-20")),
        ("when", [("2024-02-01", "2024-02-20"), "2024-03-01"],
         lambda f: f["when"].between("2024-02-01", "2024-02-20")
         | (f["when"] == "2024-03-01")),
    ],
)  # fmt: skip
def test_what_is_given_is_read_in_canonical_form(name, what, kept):
    item = ENCODER.read_any_given(name, what)
    (values,) = ENCODER.canonical_columns(FRAME, [name])
    assert keeps_to(item, values).tolist() == kept(FRAME).tolist()


def test_what_is_always_so_asks_for_nothing():
    assert ENCODER.read_any_given("same", 7) is None
    assert ENCODER.read_any_given("same", [6, 7]) is None
    assert ENCODER.read_any_given("same", (0, 9)) is None
    assert ENCODER.read_any_given("none", None) is None
    with pytest.raises(ValueError, match="all rows that fit saw hold missing"):
        ENCODER.read_any_given("none", 5)
    with pytest.raises(ValueError, match="all rows that fit saw hold 7"):
        ENCODER.read_any_given("same", (8, 9))
    with pytest.raises(ValueError, match=r"'key' cannot be given: .* drawn fresh"):
        ENCODER.read_any_given("key", "no-00001")
