"""Metrics: defaults as documented, and values by hand for a few rows."""

import datetime
import inspect
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skgan import metrics
from skgan._validation import check_stream
from skgan.metrics import (
    alpha_precision,
    beta_recall,
    confidence_interval,
    match_blocks,
    nearest,
    read_blocks,
)
from skgan.metrics._inputs import as_vectors, check_count
from skgan.metrics._nearest import count_balls, nearest_other

MONEY = pd.ArrowDtype(pa.decimal128(9, 2))

WITH_DEFAULTS = [
    name
    for name in metrics.__all__
    if "default=" in (inspect.getdoc(getattr(metrics, name)) or "")
]


@pytest.mark.parametrize("name", WITH_DEFAULTS)
def test_defaults_are_the_documented_ones(name):
    thing = getattr(metrics, name)
    documented = re.findall(
        r"^([\w, ]+) : .*default=(.+)$", inspect.getdoc(thing), re.M
    )
    signature = inspect.signature(thing).parameters
    assert documented
    for names, default in documented:
        for parameter in names.split(", "):
            shown = repr(signature[parameter].default).replace("'", '"')
            assert shown == default.replace("_", "").replace("'", '"') or (
                shown == default
            ), parameter


def sets_of_rows(name):
    """Names of what a function of sets of rows wants, if these are all that it does."""
    parameters = inspect.signature(getattr(metrics, name)).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty]
    return needed if all(name.startswith("X_") for name in needed) else []


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in WITH_DEFAULTS
        # These want images, or labels.
        if name not in ("image_scores", "train_on_synthetic")
        and "random_state" in str(inspect.signature(getattr(metrics, name)))
        and sets_of_rows(name)
    ],
)
def test_what_is_no_seed_is_refused_by_its_name(name):
    sets = np.random.default_rng(0).normal(size=(len(sets_of_rows(name)), 60, 2))
    with pytest.raises((TypeError, ValueError), match=r"\brandom_state\b.*'seven'"):
        getattr(metrics, name)(*sets, random_state="seven")


def test_alpha_precision_by_hand():
    real = np.arange(11.0)[:, None] - 5
    centre = np.abs(real[:, 0])
    levels = np.arange(30) / 29
    radii = np.quantile(centre, levels)
    synthetic = np.array([[0.0], [2.5], [9.0]])
    shares = np.array([(np.abs(synthetic[:, 0]) <= r).mean() for r in radii])
    wanted = 1 - np.abs(levels - shares).sum() / levels.sum()
    assert alpha_precision(real, synthetic, standardize=False) == pytest.approx(wanted)
    # The centre is that of the real rows.
    moved = alpha_precision(real + 7, synthetic + 7, standardize=False)
    assert moved == pytest.approx(wanted)


def test_beta_recall_by_hand():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(12, 2)), rng.normal(size=(9, 2)) + 3
    to_centre = np.linalg.norm(synthetic - synthetic.mean(0), axis=1)
    levels = np.arange(30) / 29
    shares = np.zeros(30)
    for i, row in enumerate(real):
        others = np.delete(real, i, axis=0)
        d_real = np.linalg.norm(others - row, axis=1).min()
        d = np.linalg.norm(synthetic - row, axis=1)
        if d.min() <= d_real:
            shares += to_centre[d.argmin()] <= np.quantile(to_centre, levels)
    wanted = 1 - np.abs(levels - shares / 12).sum() / levels.sum()
    assert beta_recall(real, synthetic, standardize=False) == pytest.approx(wanted)


def test_nearest_rows_and_balls_by_hand():
    for width in (2, 5, 6):
        rng = np.random.default_rng(width)
        X, Y = rng.normal(size=(20, width)), rng.normal(size=(15, width))
        table = np.linalg.norm(X[:, None] - Y[None], axis=2)
        for k in (1, 3):
            distance, which = nearest(X, Y, k=k)
            np.testing.assert_allclose(distance, np.sort(table, axis=1)[:, k - 1])
            assert (which == np.argsort(table, axis=1)[:, k - 1]).all()
        own = np.linalg.norm(X[:, None] - X[None], axis=2)
        np.fill_diagonal(own, np.inf)
        np.testing.assert_allclose(nearest(X)[0], own.min(1))
        some = np.array([3, 0, 7])
        np.testing.assert_allclose(nearest_other(X, some), own.min(1)[some])
        radii = np.linspace(0.5, 3, 15)
        wanted = (table <= radii).sum(1)
        assert count_balls(X, Y, radii).tolist() == wanted.tolist()
    copies = np.array([[1.0, 2.0], [1.0, 2.0], [5.0, 5.0]])
    assert nearest_other(copies, np.arange(3)).tolist() == [0, 0, 5]
    assert count_balls(copies, copies + 1e6 - 1e6, np.zeros(3)).tolist() == [2, 2, 1]


def test_intervals_are_normal_with_the_spread_of_half_samples():
    seen = []

    def mean(*sets):
        seen.append([len(X) for X in sets])
        return float(np.mean(sets[0]))

    X, Y = np.arange(9.0)[:, None], np.arange(4.0)[:, None]
    low, high = confidence_interval(
        mean, X, Y, confidence_level=0.9, n_resamples=400, random_state=0
    )
    assert seen == [[4, 2]] * 400 + [[9, 4]]
    assert (low + high) / 2 == pytest.approx(4)
    # Of means of 4 of 9 without replacement, by 1.645 on either side.
    deviation = np.sqrt(np.var(np.arange(9), ddof=1) / 4 * (1 - 4 / 9))
    assert (high - low) / 2 == pytest.approx(1.645 * deviation, rel=0.12)
    for n in (1, 0, 1.5):
        with pytest.raises(ValueError, match="n_resamples must be an integer of at"):
            confidence_interval(mean, X, n_resamples=n)
    confidence_interval(mean, X, n_resamples=2)
    for level in (0, 1, -0.1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            confidence_interval(mean, X, confidence_level=level)


def kinds(X):
    return [block.is_numeric for block in read_blocks(X)]


def test_columns_are_numbers_or_categories():
    day = datetime.date(1970, 1, 2)
    zone = datetime.timezone(datetime.timedelta(hours=1))
    moment = datetime.datetime(1970, 1, 1, 2, tzinfo=zone)
    objects = np.array(
        [[1, "a", day, True, 1.5, moment], [2, None, None, False, None, moment]],
        dtype=object,
    )
    blocks = read_blocks(objects)
    assert kinds(objects) == [True, False, True, False, True, True]
    assert blocks[0].values.tolist() == [[1], [2]]
    assert blocks[0].values.dtype.kind == "i"
    assert blocks[1].values.tolist() == ["a", None]
    assert blocks[2].values[0, 0] == 86400 and np.isnan(blocks[2].values[1, 0])
    assert blocks[3].values.tolist() == [True, False]
    assert blocks[4].values[0, 0] == 1.5 and np.isnan(blocks[4].values[1, 0])
    # Times in a zone are what its clocks show.
    assert blocks[5].values.tolist() == [[7200.0], [7200.0]]
    assert [block.labels for block in blocks] == [[i] for i in range(6)]


def test_columns_of_frames():
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "n": pd.array([1, None], dtype="Int8"),
            "t": pd.to_datetime(["1970-01-01 00:00:01.5", None]),
            "d": pd.to_timedelta([2, None], unit="s"),
            "c": pd.Categorical(["x", None]),
            "s": pd.array(["y", None], dtype="string"),
            "b": [True, False],
            "p": pd.period_range("1970-02", periods=2, freq="M"),
            "m": pd.Series(["1.5", None], dtype="string").astype(MONEY),
        }
    )
    blocks = {block.labels[0]: block for block in read_blocks(frame)}
    assert blocks["i"].values.dtype.kind == "i"
    assert blocks["n"].values[0, 0] == 1 and np.isnan(blocks["n"].values[1, 0])
    assert blocks["t"].values[0, 0] == 1.5 and np.isnan(blocks["t"].values[1, 0])
    assert blocks["d"].values[0, 0] == 2 and np.isnan(blocks["d"].values[1, 0])
    assert blocks["c"].values.tolist() == ["x", None]
    assert blocks["s"].values.tolist() == ["y", None]
    assert blocks["b"].values.tolist() == [True, False]
    assert blocks["p"].values.tolist() == [[1], [2]]
    assert blocks["m"].values[0, 0] == 1.5 and np.isnan(blocks["m"].values[1, 0])
    same = pl.DataFrame(
        {
            "i": [1, 2],
            "w": pl.Series([1, 2], dtype=pl.Int128),
            "m": pl.Series(["1.5", "2"]).cast(pl.Decimal(9, 1)),
            "t": [datetime.datetime(1970, 1, 1, 0, 0, 2), None],
            "h": [datetime.time(1), datetime.time(2)],
            "s": ["y", None],
        }
    )
    blocks = {block.labels[0]: block for block in read_blocks(same)}
    assert blocks["w"].values.tolist() == [[1.0], [2.0]]
    assert blocks["m"].values.tolist() == [[1.5], [2.0]]
    assert blocks["t"].values[0, 0] == 2 and np.isnan(blocks["t"].values[1, 0])
    assert blocks["h"].values.tolist() == [datetime.time(1), datetime.time(2)]
    assert blocks["s"].values.tolist() == ["y", None]


def test_images_share_a_scale_and_vectors_do_not():
    (image,) = read_blocks(np.zeros((2, 3, 4), np.uint8))
    (vector,) = read_blocks(np.zeros((2, 12)))
    assert image.shared_scale and not vector.shared_scale
    assert image.width == vector.width == 12 and image.labels == list(range(12))
    assert [part.width for part in vector.split()] == [1] * 12
    (flags,) = read_blocks(np.array([[True], [False]]))
    assert flags.values.dtype == np.uint8
    for wrong, match in (
        (np.zeros(3), "got 1 dimension"),
        (np.zeros((2, 0)), "has no columns"),
        (np.zeros((2, 1), complex), "unsupported dtype complex128"),
        (np.array([[0.0, np.inf]]), "column 1 holds infinite"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "duplicate column names"),
        (pd.DataFrame(index=[0]), "has no columns"),
    ):
        with pytest.raises(ValueError, match=match):
            read_blocks(wrong)


def test_columns_are_matched_by_name_and_kind():
    like = read_blocks(pd.DataFrame({"a": [1.0], "b": ["x"]}))
    other = pd.DataFrame({"b": [7.0, np.nan], "a": ["2", None]})
    number, category = match_blocks(other, like, True, "it")
    assert number.values[0, 0] == 2 and np.isnan(number.values[1, 0])
    assert category.values.tolist() == [7.0, None]
    with pytest.raises(ValueError, match=r"lacks \['b'\] and has the unknown \['c'\]"):
        match_blocks(pd.DataFrame({"a": [1], "c": [1]}), like, True, "it")
    with pytest.raises(ValueError, match="it has 1 column, the reference rows 2"):
        match_blocks(np.zeros((2, 1)), like, True, "it")
    with pytest.raises(ValueError, match="it: column 'a' must be numeric"):
        match_blocks(pd.DataFrame({"a": ["z"], "b": ["x"]}), like, True, "it")


def test_sets_have_rows_enough_and_the_same_columns():
    X = np.random.default_rng(0).normal(size=(4, 2))
    assert as_vectors(("A", X), ("B", X[:2]), standardize=False)[1].shape == (2, 2)
    with pytest.raises(ValueError, match=r"B has 1 row\(s\), at least 2"):
        as_vectors(("A", X), ("B", X[:1]), standardize=False)
    as_vectors(("A", X), ("B", X[:1]), standardize=False, min_rows=(2, 1))
    with pytest.raises(ValueError, match="B has 1 column, A has 2"):
        as_vectors(("A", X), ("B", X[:, :1]), standardize=False)
    with pytest.raises(ValueError, match="A holds columns that are not numeric"):
        as_vectors(("A", X.astype(str)), standardize=False)
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="A holds missing values"):
        as_vectors(("A", X), standardize=False)


def test_counts_and_streams():
    assert check_count("n", np.int64(3)) == 3 and check_count("n", 1) == 1
    for wrong in (0, True, 1.0, None):
        with pytest.raises(ValueError, match="n must be an integer of at least 1"):
            check_count("n", wrong)
    stream = np.random.RandomState(0)
    assert check_stream("random_state", stream) is stream
    draws = [s.randint(9) for s in (check_stream("n", 3), np.random.RandomState(3))]
    assert draws[0] == draws[1]
    state = np.random.get_state()[1].tolist()
    check_stream("random_state", None).randint(9)
    assert np.random.get_state()[1].tolist() == state
