"""Rows and labels of a diagnosis, as they are read and put together."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from skgan.metrics import Block, c2st, diagnose, duplicate_rate, energy_distance
from skgan.metrics.diagnosis import _compared_rows as rows_of
from skgan.metrics.diagnosis._compared_rows import Rows


def rng():
    return np.random.RandomState(0)


def numbers(values, labels=None, shared_scale=False):
    values = np.asarray(values, float).reshape(len(values), -1)
    labels = labels or [f"x{i}" for i in range(values.shape[1])]
    return Rows([Block(labels, values, shared_scale)], np.nan_to_num(values))


def levels(values, label="c"):
    objects = np.array(values, dtype=object)
    return Rows([Block([label], objects)], np.zeros((len(objects), 1)))


def test_labels_that_are_classes():
    for y, are_classes in (
        (["a", "b"], True),
        ([1, 2], True),
        ([True, False], True),
        (list(range(20)), True),
        (list(range(21)), False),
        ([0.5, 1.5], False),
        ([1.0, 2.0], True),
        ([[1, 2]], False),
        (pd.DataFrame({"y": ["a", "b"]}), False),
    ):
        assert rows_of._are_classes(y) == are_classes
    read = rows_of.read_labels([1, 2], True)
    assert read.tolist() == [["1"], ["2"]] and read.dtype == object
    assert rows_of.read_labels([1, 2], False).tolist() == [[1], [2]]
    assert rows_of.read_labels([[1, 2]], False).tolist() == [[1, 2]]
    frame = pd.DataFrame({"y": [1]})
    assert rows_of.read_labels(frame, False) is frame


def test_pairs_of_rows_and_labels():
    assert rows_of._with_labels([[1]], "X") == ([[1]], None)
    assert rows_of._with_labels(([[1]], None), "X") == ([[1]], None)
    assert rows_of._with_labels(([[1]], [5]), "X") == ([[1]], [5])
    with pytest.raises(ValueError, match=r"a pair \(X, y\).* a tuple of 3"):
        rows_of._with_labels(([[1]], [5], 3), "X")
    with pytest.raises(ValueError, match="X has 1 row and 2 labels"):
        rows_of._with_labels(([[1]], [5, 6]), "X")
    images, flat = np.zeros((2, 4, 4)), np.zeros((2, 16))
    rows_of._check_shapes({"a": images, "b": images[:1]})
    rows_of._check_shapes({"a": flat, "b": np.zeros((2, 9))})
    for pair in ((images, flat), (flat, images), (images, np.zeros((2, 4, 5)))):
        with pytest.raises(ValueError, match="b has rows of shape"):
            rows_of._check_shapes(dict(zip("ab", pair, strict=True)))


def test_rows_are_taken_and_put_together():
    rows = Rows(
        [*numbers([[1, 2], [3, 4], [5, 6]]).blocks, *levels(list("abc")).blocks],
        np.arange(6.0).reshape(3, 2),
    )
    assert len(rows) == 3 and not rows.are_images
    assert rows.take([2, 0]).columns().tolist() == [[5, 6, "c"], [1, 2, "a"]]
    assert rows.take([2, 0]).vectors.tolist() == [[4, 5], [0, 1]]
    assert rows.take([1]).blocks[0].labels == ["x0", "x1"]
    assert len(rows.draw(2, rng())) == 2 and len(rows.draw(9, rng())) == 3
    plain = numbers([[1, 2]], shared_scale=True)
    assert plain.are_images and plain.columns().tolist() == [[1, 2]]
    assert plain.columns().dtype == np.float64


def test_columns_that_name_rows_take_no_part():
    def rows(n, first):
        rng = np.random.default_rng(first)
        names = [f"{a}-{b}" for a, b in rng.integers(10**6, size=(n, 2))]
        data = {"order_id": rng.permutation(n) + first, "name": names}
        return pd.DataFrame(data).assign(x=rng.normal(size=n), z=rng.normal(size=n))

    train, holdout, fresh = rows(120, 0), rows(120, 120), rows(150, 10_000)
    diagnosis = diagnose(holdout, fresh, train, random_state=0)
    assert diagnosis.verdict == "good"
    assert "by 'order_id', 'name', and" in diagnosis.identifiers.message
    judge = LogisticRegression()
    assert c2st(holdout, fresh, estimator=judge, random_state=0) > 0.6
    assert energy_distance(holdout, fresh) < 0.1
    assert duplicate_rate(train, train.assign(order_id=fresh["order_id"][:120])) == 1
    # Drawn twice they are a fault, and what is called otherwise is a number.
    again = fresh.assign(order_id=fresh["order_id"] // 2)
    assert energy_distance(holdout, again) > 0.3
    other = [frame.rename(columns={"order_id": "code"}) for frame in (holdout, fresh)]
    assert energy_distance(*other) > 0.3
