"""Small steps of encoders against what they are by hand, and numbers at their ends."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan.encoding import TableEncoder
from skgan.encoding.constraints._joint_repairs import _joint_keys
from skgan.encoding.table._column_encoders import (
    EncodedColumn,
    _best_split,
    _main_axis,
    _profiles,
    group_levels,
)
from skgan.encoding.table._row_encoder import _largest, _set_block
from skgan.encoding.vector._normal_scores import NormalScores


def test_profiles_are_means_drawn_to_the_middle():
    codes = np.array([0, 0, 0, 1, 2, 2])
    counts = np.array([3.0, 1.0, 2.0])
    scores = np.array([1.0, 2.0, 3.0, 10.0, 5.0, 7.0])
    levels = np.array([0, 1, 1, 1, 0, 2])
    # A part of both counts by its codes; one of neither does not count.
    others = [
        EncodedColumn(scores, None),
        EncodedColumn(scores, levels),
        EncodedColumn(None, None),
    ]
    frequency = np.log(counts)
    wanted = np.column_stack(
        [
            [2.0, 10.0, 6.0],
            [1 / 3, 0, 0.5],
            [2 / 3, 1, 0],
            [0, 0, 0.5],
            0.1 * (frequency - frequency.mean()),
        ]
    )
    centre = (wanted * counts[:, None]).sum(0) / 6
    wanted = (wanted - centre) * (counts / (counts + 20))[:, None]
    np.testing.assert_allclose(_profiles(codes, counts, others), wanted, atol=1e-12)


def test_levels_beyond_the_sixty_fourth_count_as_it():
    codes, levels = np.array([0, 1]), np.array([63, 70])
    (first, second) = _profiles(codes, np.ones(2), [EncodedColumn(None, levels)])
    np.testing.assert_allclose(first, second, atol=1e-12)
    assert len(first) == 65


def test_the_best_split_explains_the_most():
    rng = np.random.default_rng(0)
    profiles, counts = rng.normal(size=(7, 2)), rng.integers(1, 9, 7).astype(float)
    place = _main_axis(profiles, counts)
    gain, is_high = _best_split(profiles, counts)
    order = np.argsort(place)
    gains = []
    for k in range(1, 7):
        low, high = order[:k], order[k:]
        means = [np.average(place[part], weights=counts[part]) for part in (low, high)]
        middle = np.average(place, weights=counts)
        gains.append(
            counts[low].sum() * (means[0] - middle) ** 2
            + counts[high].sum() * (means[1] - middle) ** 2
        )
    assert gain == pytest.approx(max(gains))
    assert is_high.sum() == 6 - int(np.argmax(gains))
    assert place[is_high].min() > place[~is_high].max()
    assert np.average(place, weights=counts) == pytest.approx(0)
    assert _best_split(profiles[:1], counts[:1])[0] == 0
    assert _best_split(np.ones((3, 2)), np.ones(3))[0] == 0


def test_the_last_level_may_stand_alone():
    codes = np.arange(5).repeat(3)
    groups = group_levels(codes, 5, [], 2, last=True)
    assert groups.labels[-1] == groups.labels[:-1].max() + 1
    assert (groups.labels[:-1] != groups.labels[-1]).all() and groups.places[-1] == 0
    assert group_levels(codes, 5, [], 2).labels.max() <= 1


def test_blocks_are_set_and_read():
    rows = np.zeros((4, 5))
    _set_block(rows, 1, np.array([0, 1, -1, 2]))
    assert rows.argmax(1).tolist() == [1, 2, 0, 3] and rows.sum() == 3
    assert _largest(rows, (1, 3)).tolist() == [0, 1, 0, 2]
    # The first of equal ones, in blocks of two as well.
    assert _largest(
        np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]), (0, 2)
    ).tolist() == [*(0, 1, 0)]


def test_combinations_have_keys_of_their_own():
    known = np.array([[0, 1], [1, 0], [2, 2]])
    codes = np.array([[1, 0], [2, 2], [0, 0], [-1, 1], [1, -1]])
    keys, others = _joint_keys(known, codes)
    assert len(set(keys.tolist())) == 3
    assert others[:2].tolist() == keys[1:].tolist()
    assert others[2] not in keys and others[3:].tolist() == [-1, -1]
    # More combinations than integers have.
    wide = np.random.default_rng(0).integers(0, 2**20, (6, 9))
    keys, others = _joint_keys(wide, wide[::-1])
    assert len(set(keys.tolist())) == 6 and others.tolist() == keys[::-1].tolist()


def test_scores_are_those_of_a_normal_distribution():
    rng = np.random.default_rng(0)
    column = rng.exponential(size=5000)
    scores = NormalScores().fit(column).transform(column)
    assert scores.mean() == pytest.approx(0, abs=0.02)
    assert scores.std() == pytest.approx(1, abs=0.02)
    assert np.corrcoef(np.argsort(np.argsort(column)), scores)[0, 1] > 0.97
    encoder = NormalScores().fit(column)
    np.testing.assert_allclose(
        encoder.inverse_transform(encoder.transform(column)), column, atol=1e-6
    )
    # Beyond the ends it goes on, and comes back.
    beyond = np.array([column.min() - 0.001, column.max() + 0.5])
    ends = encoder.transform(np.array([column.min(), column.max()]))
    further = encoder.transform(beyond)
    assert further[0] < ends[0] and further[1] > ends[1]
    np.testing.assert_allclose(encoder.inverse_transform(further), beyond, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Column 'a' spans more than")
def test_integers_as_objects_are_whole_as_far_as_they_go():
    top = 2**63 - 1
    column = np.array([0, top, 5, top], dtype=object)
    frame = pd.DataFrame({"a": column, "b": [0.5, 1.5, 2.5, 0.5]})
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))
    assert back["a"].tolist()[0] == 0 and back["a"].tolist()[1] == pytest.approx(top)
    assert all(isinstance(value, int) for value in back["a"])
    frame.loc[1, "a"] = 2**63
    with pytest.raises(ValueError, match="Column 'a' spans more than"):
        TableEncoder().fit(frame)


@pytest.mark.parametrize("dtype", ["i1", "u2", "i8", "f4", "f8", "?"])
def test_arrays_keep_their_dtype(dtype):
    X = np.random.default_rng(0).integers(0, 2, (30, 2)).astype(dtype)
    encoder = TableEncoder().fit(X)
    back = encoder.inverse_transform(encoder.transform(X))
    assert back.dtype == X.dtype
    np.testing.assert_array_equal(back, X)


@pytest.mark.parametrize(
    "values",
    [
        [1.0, None, 2.0, 1.5],
        [1.0, float("nan"), 2.0, 1.5],
        [1.0, None, float("nan"), 2.0],
    ],
)
def test_nan_of_polars_comes_back_where_nothing_is_null(values):
    frame = pl.DataFrame({"a": values, "b": [1, 2, 3, 4]})
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))["a"].to_list()
    is_nan = [value is not None and value != value for value in back]
    has_null = None in values
    assert any(is_nan) == (not has_null)
    assert (None in back) == has_null


def test_moments_far_from_one_another_come_back():
    moments = [datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23)]
    frame = pl.DataFrame({"a": moments * 10, "b": list(range(20))})
    encoder = TableEncoder().fit(frame)
    back = encoder.inverse_transform(encoder.transform(frame))["a"]
    assert back.to_list()[:2] == moments
