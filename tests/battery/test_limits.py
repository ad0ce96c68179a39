"""Time, memory, amounts and shapes at their limits."""

import sys
import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from skgan import ConditionalGANSampler, GANOutlierDetector, GANSampler
from skgan.encoding import VectorEncoder
from skgan.priors import LevelColumn, NumberColumn, TreesPrior

# -- amounts


@pytest.mark.parametrize("n", [10**12, 2**63, 10**30])
def test_amounts_that_memory_cannot_hold(drawing, X, n):
    estimator = drawing.fitted(X)
    with pytest.raises(MemoryError, match=rf"n_samples={n} rows .* draw fewer"):
        estimator.sample(n)


@pytest.mark.parametrize("n", [np.int64(3), np.uint8(3)])
def test_amounts_that_are_integers_of_numpy(drawing, X, n):
    assert len(drawing.rows(drawing.fitted(X), X, n=n)) == 3


@pytest.mark.parametrize("n", [None, np.float64(2), np.True_, Fraction(3), [3]])
def test_amounts_that_are_none(drawing, X, n):
    with pytest.raises(TypeError, match="n_samples must be an integer"):
        drawing.fitted(X).sample(n)


# -- numbers that are objects


def sample_objects(values, is_table):
    n = len(values)
    frame = pd.DataFrame({"v": pd.Series(values, dtype=object), "n": np.arange(n) / 7})
    if is_table:
        frame["word"] = np.resize(["x", "y"], n)
    return GANSampler(max_iter=0, random_state=0).fit(frame).sample(40)["v"]


@pytest.mark.parametrize("is_table", [False, True])
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([Fraction(k, 7) for k in range(1, 41)], Fraction),
        ([Fraction(1, 3), 2, 3] * 14, Fraction),
        ([Decimal(k) / 4 for k in range(40)], Decimal),
        ([np.int16(k) for k in range(40)], int),
    ],
)
def test_objects_come_back_as_their_kind(values, kind, is_table):
    drawn = sample_objects(values, is_table)
    assert {type(value) for value in drawn} == {kind}
    if kind is Fraction:
        assert max(v.denominator for v in drawn) <= max(v.denominator for v in values)


@pytest.mark.parametrize("is_table", [False, True])
def test_objects_of_several_kinds_are_told_of(is_table):
    with pytest.warns(UserWarning, match=r"'v' holds .*Decimal.* as floats"):
        drawn = sample_objects([Decimal("1.5"), 2.5, 3] * 14, is_table)
    assert {type(value) for value in drawn} == {float}


@pytest.mark.parametrize("is_table", [False, True])
def test_objects_beyond_all_floats_are_refused(is_table):
    with pytest.raises(ValueError, match=r"'v' holds a number beyond 1\.8e308"):
        sample_objects([Fraction(10**400), Fraction(1, 3)] * 20, is_table)


# -- time


def seconds_of(fit):
    start = time.process_time()
    fit()
    return time.process_time() - start


def correlated(n, d):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d))


@pytest.mark.parametrize(
    "make",
    [
        GANSampler,
        lambda **p: GANSampler(prior="normal", **p),
        GANOutlierDetector,
        lambda **p: GANOutlierDetector(method="reconstruction", **p),
    ],
    ids=["trees", "normal", "likelihood", "reconstruction"],
)
def test_time_is_that_of_the_whole_fit(make):
    """Without it, these take ten to a hundred times as long."""
    X = correlated(8000, 8)
    estimator = make(max_time=0.5, random_state=0)
    assert seconds_of(lambda: estimator.fit(X)) < 6
    if isinstance(estimator, GANSampler):
        assert np.isfinite(estimator.sample(20, random_state=0)).all()
    else:
        assert np.isfinite(estimator.score_samples(X[:20])).all()


def test_a_chain_without_time_has_every_column():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 3, 2000)
    numbers = level[:, None] + rng.normal(size=(2000, 3))
    columns = np.column_stack([level, numbers])
    schema = (LevelColumn(3), *(NumberColumn(),) * 3)
    prior = TreesPrior().fit(columns, schema, random_state=0, max_time=0)
    drawn = prior.sample(4000, random_state=1)
    assert abs(drawn.mean(axis=0) - columns.mean(axis=0)).max() < 0.15
    # Reached too late, columns follow none of the others.
    assert abs(np.corrcoef(drawn[:, :2].T)[0, 1]) < 0.1
    whole = TreesPrior().fit(columns, schema, random_state=0, max_time=1e6)
    alone = TreesPrior().fit(columns, schema, random_state=0)
    np.testing.assert_array_equal(whole.sample(50, 1), alone.sample(50, 1))


@pytest.mark.parametrize("max_time", [0, -1, np.inf, np.nan])
def test_times_that_are_none(max_time):
    for kind in (GANSampler, GANOutlierDetector):
        with pytest.raises(ValueError, match="max_time must be finite and greater"):
            kind(max_time=max_time).fit(np.eye(4))


def test_rows_are_read_in_time_that_does_not_grow_faster_than_they():
    few, many = correlated(10_000, 6), correlated(80_000, 6)
    seconds = [seconds_of(lambda X=X: VectorEncoder().fit(X)) for X in (few, many)]
    # Looking for a rotation was most of it, and takes no longer for more rows.
    assert seconds[1] < 2.0 + 2.0 * many.size / 1e6
    assert seconds[1] < 8 * seconds[0] + 0.5


# -- memory

CONDITIONAL = """
import resource, sys
import numpy as np
from skgan import ConditionalGANSampler
rng = np.random.default_rng(0)
X, y = rng.normal(size=(300, int(sys.argv[1]))), np.arange(300) % 2
sampler = ConditionalGANSampler(prior="normal", max_iter=2, random_state=0).fit(X, y)
assert np.isfinite(sampler.sample(10, random_state=0)[0]).all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_labels_cost_no_matrix_for_each_row(run_script):
    """With one, 450 columns took three gigabytes."""
    peaks = [int(run_script(CONDITIONAL, width)[0]) for width in (4, 450)]
    unit = 1 if sys.platform == "darwin" else 1024
    assert (peaks[1] - peaks[0]) * unit < 400 * 2**20


# -- shapes

SHAPES = {
    "wide": lambda rng: rng.normal(size=(20, 200)),
    "two rows": lambda rng: rng.normal(size=(2, 3)),
    "one column": lambda rng: rng.normal(size=(100, 1)),
    "equal rows": lambda rng: np.full((50, 3), 2.5),
    "levels": lambda rng: pd.DataFrame(
        rng.choice(list("abc"), (60, 3)), columns=list("xyz")
    ),
    "a level once": lambda rng: pd.DataFrame(
        {"w": ["rare"] + ["usual"] * 99, "n": rng.normal(size=100)}
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_at_their_limits(name):
    X = SHAPES[name](np.random.default_rng(0))
    rows = GANSampler(random_state=0).fit(X).sample(30)
    assert rows.shape == (30, X.shape[1]) and type(rows) is type(X)
    assert not pd.isna(rows).any(axis=None)
    if name == "equal rows":
        assert (rows == 2.5).all()
    if name == "levels":
        assert set(np.unique(rows.to_numpy())) <= set("abc")
    y = np.zeros(len(X), dtype=int)
    drawn, labels = ConditionalGANSampler(random_state=0).fit(X, y).sample(30)
    assert drawn.shape == rows.shape and (labels == 0).all()
