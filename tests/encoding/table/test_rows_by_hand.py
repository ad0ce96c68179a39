"""Rows, fresh strings, what is given and what is kept, against what it is by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skgan.encoding import (
    Conditions,
    LabelledTableEncoder,
    Labels,
    PartialValues,
    Value,
)
from skgan.encoding._check_rows import show_columns
from skgan.encoding.labels._labelled_table import LabelName
from skgan.encoding.table import _encode_conditions, _row_encoder
from skgan.encoding.table._fresh_values import is_other_letter
from skgan.encoding.table._identifiers import (
    IdentifierColumn,
    can_be_drawn,
    hash_levels,
)
from skgan.encoding.table._learn_columns import is_almost_unique
from skgan.encoding.table._reservoir import rows_needed
from skgan.frames import UNITS, ColumnFormat, RawColumn, cast_numbers
from skgan.frames._formats import ToObjects
from skgan.frames._objects import TakeLevel

NAN = np.nan


def column(*values):
    return np.array(values, dtype=float)


def codec_of(n_scores, n_codes):
    return SimpleNamespace(n_scores=n_scores, n_codes=n_codes)


def test_scores_stand_before_blocks():
    column_encoders = {0: codec_of(0, 3), 2: codec_of(1, 0), 5: codec_of(1, 4)}
    layout, slots, patterns = _row_encoder.lay_out(column_encoders, (2, 5))
    assert layout[:2] == (2, (3, 4, 2, 5)) and layout.width == 16
    assert [slot[0] for slot in slots] == [0, 2, 5]
    assert [slot[2:] for slot in slots] == [
        (None, (2, 3)),
        (0, None),
        (1, (5, 4)),
    ]
    assert patterns == [(9, 2), (11, 5)]
    assert [slot.positions for slot in slots] == [(2, 3, 4), (0,), (1, 5, 6, 7, 8)]
    assert _row_encoder.lay_out({}, ())[0][:2] == (1, ())
    assert _row_encoder.lay_out({}, (2,))[0][:2] == (0, (2,))
    assert _row_encoder.lay_out({0: codec_of(1, 0)}, ())[0][:2] == (1, ())


def test_column_encoders_are_for_what_varies():
    n = 40
    values = np.column_stack(
        [
            np.arange(n),
            np.full(n, 7.0),
            np.full(n, NAN),
            np.arange(n) % 4,
            np.zeros(n),
            np.arange(n) % 5,
            np.where(np.arange(n) < 20, NAN, 3.0),
        ]
    )
    columns = {
        i: SimpleNamespace(step=1.0, decimals=None, clock=None)
        for i in range(values.shape[1])
    }
    column_encoders = _row_encoder.fit_column_encoders(values, columns, {3, 4, 5, 6}, 4)
    kinds = {
        i: type(column_encoder).__name__
        for i, column_encoder in column_encoders.items()
    }
    assert kinds == {
        0: "NumberEncoder",
        3: "LevelEncoder",
        5: "GroupedLevelEncoder",
        6: "LevelEncoder",
    }
    column_encoder = _row_encoder.RowEncoder(4).fit(values, columns, {3, 4, 5, 6})
    rows = column_encoder.encode(values)
    np.testing.assert_array_equal(column_encoder.decode(rows), values)
    gaps = values.copy()
    gaps[:3, 0] = NAN
    column_encoder = _row_encoder.RowEncoder(4).fit(gaps, columns, {3, 4, 5, 6})
    assert column_encoder.layout_.block_widths[-1] == 2
    np.testing.assert_array_equal(
        column_encoder.decode(column_encoder.encode(gaps)), gaps
    )


def strings(text, missing=0, is_closed=False):
    levels = sorted(set(text))
    raw = np.array([levels.index(t) for t in text] + [-1] * missing)
    column_format = ColumnFormat(
        "level", ToObjects(TakeLevel(levels)), levels=levels, is_closed=is_closed
    )
    return RawColumn(column_format, raw, np.arange(len(raw)) >= len(text))


def test_which_strings_name_single_rows():
    names = [f"id {i:03d}" for i in range(100)]
    for n_missing in (0, 9):
        assert is_almost_unique(strings(names[:50], n_missing))
        assert not is_almost_unique(strings(names[:49], n_missing))
    assert is_almost_unique(strings(names[:90] + names[:10]))
    assert not is_almost_unique(strings(names[:89] + names[:11]))
    assert is_almost_unique(strings(names, is_closed=True))
    assert can_be_drawn(strings(names))
    assert not can_be_drawn(strings(names, is_closed=True))
    # A list of levels may be longer than the column needs.
    closed = strings(names, is_closed=True)
    assert not is_almost_unique(closed._replace(raw=closed.raw // 2))
    mixed = strings(names)
    mixed.column_format.levels[3] = 5
    assert is_almost_unique(mixed) and can_be_drawn(mixed)
    mixed.column_format.levels[3] = 5.5
    assert is_almost_unique(mixed) and not can_be_drawn(mixed)
    assert not is_almost_unique(
        RawColumn(ColumnFormat("number", None), np.arange(99), names == 0)
    )


def test_fresh_strings_have_the_shape_of_those_seen():
    seen = [f"{a}{b}-{i:02d}" for i, a in enumerate("ABCDE") for b in "xyz"]
    opened = strings(seen)
    draw = IdentifierColumn("id", opened).draw
    assert opened.column_format.levels == []
    assert opened.column_format.to_column.make.levels == []
    fresh = draw(60, np.random.default_rng(0)).tolist()
    assert len(set(fresh)) == 60 and not set(fresh) & set(seen)
    for text in fresh:
        assert len(text) == 5 and text[0] in "ABCDE" and text[1] in "xyz"
        assert text[2] == "-" and set(text[3:]) <= set("01234")
    assert {t[0] for t in fresh} == set("ABCDE") and {t[1] for t in fresh} == set("xyz")
    assert draw(7, np.random.default_rng(0)).tolist()[0] == fresh[0]


def test_digits_are_added_where_no_string_is_left():
    column = IdentifierColumn("id", strings([*"abcdefghij"]))
    fresh = column.draw(30, np.random.default_rng(0)).tolist()
    assert len(set(fresh)) == 30 and not set(fresh) & set("abcdefghij")
    assert all(t[0].isalpha() and t[1:].isdigit() for t in fresh)
    column = IdentifierColumn("id", strings(list("0123")))
    column.exclude(hash_levels(["5", "11"]))
    fresh = column.draw(40, np.random.default_rng(0)).tolist()
    assert not {"5", "11", *"0123"} & set(fresh) and len(set(fresh)) == 40
    assert fresh[0] == "4" and fresh[2:4] == ["6", "7"]


def test_hashes_do_not_depend_on_the_width():
    alone, wide = hash_levels(["ab"]), hash_levels(["ab", "abcdefgh", "ba", "a"])
    assert alone[0] == wide[0] and len(set(wide.tolist())) == 4
    many = hash_levels([f"{i:x}" for i in range(20_000)])
    assert len(np.unique(many)) == 20_000
    assert is_other_letter("ß") is False and is_other_letter("中")
    assert not is_other_letter("5") and not is_other_letter("A")


def number(raw, missing=None):
    raw = column(*raw)
    return RawColumn(ColumnFormat("number", None), raw, np.isnan(raw))


def test_rows_that_hold_what_the_first_lack():
    raw = [1.0, 2.0, 1.5, 9.0, -3.0, 1.25, 1.5, NAN, 1.5, NAN]
    assert sorted(set(rows_needed(number(raw), 2).tolist())) == [2, 3, 4, 5, 7]
    assert rows_needed(number([1.0, 2.0, NAN, 1.5, 1.2]), 5).tolist() == []
    assert rows_needed(number([NAN, NAN]), 1).tolist() == []
    ints = RawColumn(
        ColumnFormat("number", None), np.array([5, 6, 9, 5, 2]), np.zeros(5, bool)
    )
    assert sorted(rows_needed(ints, 2).tolist()) == [2, 4]
    codes = np.array([0, 1, 0, 2, -1, 2, 1, 0, 0, 1])
    levels = RawColumn(
        ColumnFormat("level", None, levels=list("abc")), codes, codes < 0
    )
    assert rows_needed(levels, 2).tolist() == [3, 4]
    unique = strings([f"{i}" for i in range(9)], missing=2)
    assert rows_needed(unique, 3).tolist() == [9]
    seconds = np.array([0, 86_400, 172_800, 3600, 7200, 61, 90_000])
    times = RawColumn(
        ColumnFormat("time", None, unit=UNITS["s"]), seconds, np.zeros(7, bool)
    )
    assert {3, 5} <= set(rows_needed(times, 3).tolist()) <= {3, 4, 5}


def test_nearest_of_what_is_allowed():
    values = column(0, 1.9, 2, 2.1, 9, NAN)
    got = _encode_conditions._nearest(column(1, 3, NAN), values)
    np.testing.assert_array_equal(got, [1, 1, 3, 3, 3, NAN])
    got = _encode_conditions._nearest(column(1, 3), values)
    assert got[:5].tolist() == [1, 1, 3, 3, 3]
    assert not np.isnan(got).any()
    assert np.isnan(_encode_conditions._nearest(column(NAN), values)).all()


@pytest.mark.parametrize("edges", [(-2, -1), (1, 2), (-1, 3), (6, 7), (-7, -6)])
def test_scores_between_two(edges):
    drawn = _encode_conditions._draw_scores(edges, 4000, np.random.default_rng(0))
    low, high = edges
    assert low <= drawn.min() and drawn.max() <= high and len(drawn) == 4000
    density = np.exp(-np.square(np.linspace(low, high, 2001)) / 2)
    mean = (np.linspace(low, high, 2001) * density).sum() / density.sum()
    assert drawn.mean() == pytest.approx(mean, abs=0.05)


def test_rows_of_what_is_given():
    cells = PartialValues(column(1, 2, 3), np.array([True, False, True]))
    piece = Conditions({"a": cells}, 3).rows(1, 5)
    values, is_given = piece.items["a"]
    np.testing.assert_array_equal(values, [2, 3, NAN, NAN])
    assert is_given.tolist() == [False, True, False, False] and piece.n_rows == 4
    same = Conditions({"a": Value(1.0)}, None)
    assert same.rows(0, 3) is same


def test_numbers_are_cast_to_what_holds_them():
    for dtype, values, wanted in (
        ("i1", [-200, 1.5, 2.5, 127.4, 200], [-128, 2, 2, 127, 127]),
        ("u2", [-1, 65_535, 65_536], [0, 65_535, 65_535]),
        ("?", [0.49, 0.5, 1], [False, True, True]),
        ("i8", [2.0**63, -(2.0**64), 5], [2**63 - 1, -(2**63), 5]),
        ("u8", [2.0**64, -1, 2.0**63], [2**64 - 1, 0, 2**63]),
        ("f8", [np.inf, 0.5], [np.finfo(float).max, 0.5]),
    ):
        cast = cast_numbers(column(*values), np.dtype(dtype))
        assert cast.dtype == dtype and cast.tolist() == wanted
    single = cast_numbers(column(1e300, 0.5), np.dtype("f4"))
    assert single.tolist() == [float(np.finfo("f4").max), 0.5]


def test_columns_in_messages():
    chosen = np.array([True, False, *[True] * 4])
    assert show_columns(chosen, None) == "0, 2, 3, 4, 5"
    assert show_columns(np.array([False, True]), ["a", "b"]) == "1 ('b')"
    assert show_columns(np.ones(8, bool), None) == "0, 1, 2, 3, 4 and 3 more"


def test_labels_are_columns_that_are_always_given():
    rng = np.random.default_rng(0)
    y = np.resize(["a", "b", "c"], 90)
    number = rng.normal(size=90)
    X = pd.DataFrame(
        {
            "x": np.round(rng.normal(size=90), 3),
            "tied": np.where(y == "b", "yes", "no"),
            "c": rng.choice(["u", "v"], 90),
        }
    )
    frame = pd.DataFrame({"k": y, "n": number})
    labels = Labels()
    target = labels.fit(frame)
    encoder = LabelledTableEncoder().fit_labelled(X, labels, target)
    assert encoder.condition_columns_ == [LabelName(0), LabelName(1), "c"]
    assert encoder.n_given_labels == 2 and repr(LabelName(1)) == "<y 1>"
    assert [d.target for d in encoder.dependencies_] == ["tied"]
    # x, the number of y; c, the class of y.
    assert encoder.layout_[:2] == (2, (2, 3))
    rows = encoder.encode_labelled(X, target, 0)
    assert rows.shape == (90, 7)
    place, score = (encoder.positions_of(LabelName(i)) for i in (0, 1))
    assert (len(place), len(score)) == (3, 1)
    assert rows[:, list(place)].argmax(axis=1).tolist() == target[:, 0].tolist()
    order = np.argsort(number)
    assert (np.diff(rows[order, score[0]]) >= 0).all()
    plain = encoder.transform(X)
    assert not plain[:, [*place, *score]].any()
    given, is_given = encoder.encode_labels(target, np.random.default_rng(0))
    assert is_given.tolist() == [[True, True, False]] * 90
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given[:, list(place)], rows[:, list(place)])
    rest = [i for i in range(7) if i not in (*place, *score)]
    assert not given[:, rest].any()
    beyond = target.copy()
    beyond[:, 1] = 99
    ends, _ = encoder.encode_labels(beyond, np.random.default_rng(0))
    assert len(set(ends[:, score[0]])) == 1
    buffer = encoder.output_builder_.make_buffer(90)
    encoder.write_decoded(buffer, 0, rows)
    flipped = target.copy()
    flipped[:, 0] = 1
    encoder.write_given(buffer, 0, SimpleNamespace(values=flipped), rows)
    back = encoder.output_builder_.build(buffer)
    assert list(back.columns) == ["x", "tied", "c"] and set(back["tied"]) == {"yes"}
    np.testing.assert_array_equal(back["c"], X["c"])
