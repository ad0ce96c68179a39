"""Labels: what columns hold, their conditions, and how they come back."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan.encoding import Labels
from skgan.encoding.labels._label_columns import ClassLabels, NumberLabels, learn_labels
from skgan.encoding.labels._label_output import as_columns, count_axes
from skgan.frames import series_library

CLASSES = ["b", "a", "b", "c"]
NUMBERS = [0.5, -1.5, 2.5, 0.5]


def fitted(y, kind="auto"):
    labels = Labels(kind)
    return labels, labels.fit(y)


def both():
    """A column of classes between two of numbers."""
    frame = pd.DataFrame({"n": NUMBERS, "c": CLASSES, "m": [1.5, 2.5, 3.5, 4.5]})
    return fitted(frame)


def test_classes_are_places_among_the_sorted_and_one_hot():
    labels, values = fitted(CLASSES)
    assert values.tolist() == [[1.0], [0.0], [1.0], [2.0]]
    assert values.dtype == np.float64
    conditions = labels.encode(values)
    assert conditions.dtype == np.float32
    assert conditions.tolist() == np.eye(3)[[1, 0, 1, 2]].tolist()
    assert labels.write(values).tolist() == CLASSES
    assert (labels.condition_dim_, labels.class_widths_) == (3, (3,))


def test_two_classes_are_at_distance_one():
    labels, values = fitted(CLASSES)
    vectors = labels.reference(values)
    assert np.linalg.norm(vectors[0] - vectors[1]) == pytest.approx(1)
    assert (vectors[0] == vectors[2]).all()


def test_conditions_are_classes_first_then_numbers():
    labels, values = both()
    assert [column.kind for column in labels.columns_] == [
        "numbers",
        "classes",
        "numbers",
    ]
    assert labels.condition_dim_ == 5 and labels.class_widths_ == (3,)
    conditions = labels.encode(values)
    assert conditions.shape == (4, 5)
    assert conditions[:, :3].tolist() == np.eye(3)[[1, 0, 1, 2]].tolist()
    # Numbers by rank: scores grow with them, and are symmetric.
    first, second = conditions[:, 3], conditions[:, 4]
    assert first[1] < first[0] == first[3] < first[2]
    assert (np.diff(second) > 0).all()
    assert second[0] == pytest.approx(-second[3], abs=1e-5)
    pd.testing.assert_frame_equal(
        labels.write(values),
        pd.DataFrame({"n": NUMBERS, "c": CLASSES, "m": [1.5, 2.5, 3.5, 4.5]}),
    )


def test_numbers_are_standardised_for_distances():
    column = NumberLabels(np.array([1.0, 3.0, 8.0]))
    vectors = column.reference(np.array([1.0, 3.0, 8.0]))
    assert vectors.shape == (3, 1)
    assert vectors.mean() == pytest.approx(0) and vectors.std() == pytest.approx(1)
    assert (column.minimum_, column.maximum_, column.mean_) == (1, 8, 4)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_numbers_of_any_size_neither_overflow_nor_vanish(scale):
    values = np.array([-1.0, 0.5, 1.5]) * scale
    column = NumberLabels(values)
    plain = NumberLabels(np.array([-1.0, 0.5, 1.5]))
    np.testing.assert_allclose(
        column.reference(values), plain.reference(np.array([-1.0, 0.5, 1.5]))
    )
    np.testing.assert_allclose(
        column.encode(values), plain.encode(np.array([-1.0, 0.5, 1.5])), rtol=1e-5
    )


def test_one_number_alone_has_a_condition_of_zero():
    column = NumberLabels(np.array([3.0, 3.0]))
    assert column.encode(np.array([3.0, 9.0])).tolist() == [[0.0], [0.0]]
    assert column.reference(np.array([3.0, 5.0])).tolist() == [[0.0], [2.0]]


def test_numbers_beyond_are_encoded_as_the_nearest_and_said_to_be():
    labels, _ = fitted(NUMBERS)
    with pytest.warns(UserWarning, match=r"range seen in fit, -1.5 to 2.5"):
        values = labels.read_request([-9.0, 9.0, 0.5], 3)
    assert values.ravel().tolist() == [-9.0, 9.0, 0.5]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ends = labels.read_request([-1.5, 2.5], 1)
        assert labels.read_request(np.empty(0), 1).shape == (0, 1)
    assert (labels.encode(values)[:2] == labels.encode(ends)).all()
    for beyond in (-1.6, 2.6):
        with pytest.warns(UserWarning, match="range seen"):
            labels.read_request(beyond, 1)


def test_a_label_for_all_rows_or_one_for_each():
    labels, _ = fitted(CLASSES)
    assert labels.read_request("c", 3).tolist() == [[2.0]] * 3
    assert labels.read_request(["c", "a"], 1).tolist() == [[2.0], [0.0]]
    assert labels.read_request(["c", "a"], 2).tolist() == [[2.0], [0.0]]
    with pytest.raises(ValueError, match="2 labels for n_samples=3"):
        labels.read_request(["c", "a"], 3)
    several, _ = both()
    assert several.read_request([0.5, "c", 1.5], 2).tolist() == [[0.5, 2, 1.5]] * 2
    rows = pd.DataFrame({"n": [0.5], "c": ["a"], "m": [4.5]})
    assert several.read_request(rows, 1).tolist() == [[0.5, 0, 4.5]]


def test_what_is_read_is_like_what_was_fitted():
    labels, _ = both()
    rows = pd.DataFrame({"m": [1.5], "c": ["b"], "n": [0.5]})
    assert labels.read(rows).tolist() == [[0.5, 1.0, 1.5]]
    assert labels.read([]).shape == (0, 3)
    with pytest.raises(ValueError, match=r"y has 2 column\(s\), in fit it had 3"):
        labels.read(rows[["m", "c"]])
    with pytest.raises(ValueError, match=r"columns \['x', 'c', 'n'\], in fit it had"):
        labels.read(rows.rename(columns={"m": "x"}))
    one, _ = fitted(pd.DataFrame({"a": CLASSES}))
    assert one.read(pd.DataFrame({"other": ["c"]})).tolist() == [[2.0]]


def test_unknown_classes_are_named_with_twenty_of_the_known():
    labels, _ = fitted([f"k{i:02d}" for i in range(22)])
    with pytest.raises(ValueError, match=r"'z', which is none .*'k19'\] and 2 more"):
        labels.read(["k00", "z"])
    few, _ = fitted(CLASSES)
    with pytest.raises(ValueError, match=r"fit: \['a', 'b', 'c'\]\.$"):
        few.read(["z"])
    with pytest.raises(ValueError, match="holds 7, which is none"):
        fitted(np.array([1, 2]))[0].read(np.array([7]))


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (np.arange(21), "numbers"),
        (np.arange(20), "classes"),
        (np.repeat(np.arange(21), 19), "numbers"),
        (np.repeat(np.arange(21), 20), "classes"),
        (np.array([0.0, 1.0]), "classes"),
        (np.array([0.0, 1.5]), "numbers"),
        (np.array([True, False]), "classes"),
        (np.array(["1.5", "2"]), "classes"),
    ],
    ids=lambda x: str(x)[:20],
)
def test_kinds_are_told_apart(y, kind):
    assert learn_labels(y, "auto", False).kind == kind
    assert learn_labels(y, "auto", True).kind == "classes"
    assert learn_labels(y, "classes", False).kind == "classes"


def test_kinds_may_be_asked_for():
    assert learn_labels(np.array([1, 2]), "numbers", True).kind == "numbers"
    with pytest.raises(ValueError, match=r"y_kind='numbers' needs numbers.*'a'"):
        learn_labels(np.array(["a"]), "numbers", False)
    for kind in ("number", None, 1):
        with pytest.raises(ValueError, match="y_kind must be one of"):
            Labels(kind)


def test_whole_numbers_take_no_fractions():
    whole = NumberLabels(np.array([1, 2, 5]))
    assert whole.read(np.array([2.0])).tolist() == [2.0]
    with pytest.raises(ValueError, match=r"whole numbers, got 2\.5"):
        whole.read(np.array([2.0, 2.5]))
    assert NumberLabels(np.array([1.0, 2.5])).read(np.array([2.2])).tolist() == [2.2]
    with pytest.raises(ValueError, match="y holds numbers, got 'a'"):
        whole.read(np.array(["a"]))


def test_what_cannot_be_sorted_or_looked_up():
    mixed = np.array(["a", 1, 2.5], dtype=object)
    with pytest.raises(ValueError, match=r"types \['float', 'int', 'str'\]"):
        ClassLabels(mixed)
    lists = np.empty(1, dtype=object)
    lists[0] = [1]
    with pytest.raises(ValueError, match="not lists or arrays"):
        ClassLabels(np.array(["a"])).read(lists)


def test_groups_are_combinations_of_classes():
    labels, values = fitted(np.array([["a", "x"], ["b", "x"], ["a", "y"], ["a", "x"]]))
    assert labels.groups(values).tolist() == [0, 2, 1, 0]
    labels, values = fitted(NUMBERS)
    assert labels.groups(values) is None and labels.strata(values, 2) is None


def test_strata_put_single_rows_to_the_largest_class():
    labels, values = fitted(list("aaabbc"))
    assert labels.strata(values, 2).tolist() == [0, 0, 0, 1, 1, 0]
    assert labels.strata(values, 4) is not None
    # Fewer places than strata, on either side.
    assert labels.strata(values, 1) is None and labels.strata(values, 5) is None
    labels, values = fitted(list("abc"))
    assert labels.strata(values, 1) is None


def test_axes_and_libraries_of_labels():
    assert [count_axes(y) for y in ("a", b"a", 3, [1], [[1]], np.ones((2, 2)))] == [
        *(0, 0, 0, 1, 2, 2)
    ]
    assert series_library(pd.Series([1])) == "pandas"
    assert series_library(pl.Series([1])) == "polars"
    assert series_library(pd.DataFrame({"a": [1]})) is None
    with pytest.raises(ValueError, match="a column or a table"):
        count_axes([[1], [1, 2]])


CONTAINERS = {
    "list": lambda: [1, 2, 1],
    "strings": lambda: ["a", "b", "a"],
    "bytes": lambda: np.array([b"a", b"b"]),
    "booleans": lambda: np.array([True, False]),
    "small integers": lambda: np.array([1, 2], dtype=np.int8),
    "halves": lambda: np.array([0.5, 1.5], dtype=np.float32),
    "column": lambda: np.array([[1], [2]]),
    "table": lambda: np.array([["a", "b"], ["c", "d"]]),
    "objects": lambda: np.array(["a", "b"], dtype=object),
    "mixed": lambda: pd.Series([1, 2], dtype=object, name="o"),
    "series": lambda: pd.Series(["a", "b"], name="s"),
    "categories": lambda: pd.Series(["b", "a"], dtype="category"),
    "nullable": lambda: pd.Series([1, 2], dtype="Int16", name="n"),
    "nullable booleans": lambda: pd.Series([True, False], dtype="boolean"),
    "frame": lambda: pd.DataFrame({"a": [0.5, 1.5], "b": ["x", "y"]}),
    "polars": lambda: pl.Series("p", ["b", "a"]),
    "polars numbers": lambda: pl.Series("p", [1, 2], dtype=pl.UInt8),
    "polars halves": lambda: pl.Series("p", [0.5, 1.5], dtype=pl.Float32),
    "polars booleans": lambda: pl.Series("p", [True, False]),
    "polars levels": lambda: pl.Series("p", ["b", "a"], dtype=pl.Enum(["a", "b"])),
    "polars frame": lambda: pl.DataFrame({"a": [30, 1], "b": ["x", "y"]}),
}


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("kind", ["auto", "numbers"])
def test_labels_come_back_as_they_came(name, kind):
    y = CONTAINERS[name]()
    if kind == "numbers" and any(
        c.values.dtype.kind not in "iuf" for c in as_columns(y)
    ):
        kind = "auto"
    labels, values = fitted(y, kind)
    back = labels.write(values)
    if isinstance(y, list):
        assert isinstance(back, np.ndarray) and back.tolist() == y
    elif isinstance(y, np.ndarray):
        assert back.dtype == y.dtype and back.tolist() == y.tolist()
    elif isinstance(y, pd.DataFrame):
        pd.testing.assert_frame_equal(back, y)
    elif isinstance(y, pd.Series):
        pd.testing.assert_series_equal(back, y)
    else:
        assert type(back) is type(y) and back.equals(y)
        is_frame = isinstance(y, pl.DataFrame)
        assert back.schema == y.schema if is_frame else back.dtype == y.dtype
    np.testing.assert_array_equal(labels.read(y), values)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: [1.0, np.nan], "contains NaN"),
        (lambda: [1.0, np.inf], "contains infinity"),
        (lambda: ["a", None], "NaN or None"),
        (lambda: np.array(["a", np.nan], dtype=object), "NaN or None"),
        (lambda: pd.Series(["a", pd.NA], dtype="string"), "NaN or None"),
        (lambda: pd.Series([1, None], dtype="Int8"), "NaN or None"),
        (lambda: pd.Series([True, None], dtype="boolean"), "NaN or None"),
        (lambda: pl.Series([1, None]), "NaN or None"),
        (lambda: pl.Series(["a", None]), "NaN or None"),
        (lambda: np.ma.masked_equal([1, 2], 2), "masked"),
        (lambda: np.ones((2, 2, 2)), r"got \(2, 2, 2\)"),
        (lambda: np.ones((2, 0)), "y has no columns"),
        (lambda: np.array([1j]), "dtype complex128"),
        (lambda: [[1], [1, 2]], "a column or a table"),
    ],
)
def test_labels_that_cannot_be(make, match):
    with pytest.raises(ValueError, match=match):
        as_columns(make())


def test_numbers_among_strings_stay_numbers():
    (column,) = as_columns([1, "a"])
    assert column.values.tolist() == [1, "a"]
    (column,) = as_columns(np.array([1, 2.5], dtype=object))
    assert column.values.dtype == np.float64
    (column,) = as_columns(np.array([True, 2], dtype=object))
    assert column.values.dtype == object
    (column,) = as_columns(np.array([True, False], dtype=object))
    assert column.values.dtype == bool
