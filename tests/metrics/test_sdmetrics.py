"""What SDMetrics defines, too: the same figures, from an independent implementation.

SDMetrics is no dependency. Its figures of the rows that `mixed_rows` makes are kept
here; where it can be imported, they are computed anew.
"""

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from skgan.metrics import (
    column_shape_scores,
    column_shapes,
    duplicate_rate,
    pair_trend_scores,
    pair_trends,
)

VERSION = "0.32.0"  # of SDMetrics, which computed these
SHAPES = {
    "age": 0.7633333333333333,
    "gain": 0.9083333333333333,
    "hours": 0.9683333333333334,
    "city": 0.9033333342333333,  # a level that is not there has a share of 1e-9
    "rich": 0.9983333333333333,
    "kind": 0.7775,
}
TRENDS = {
    ("age", "gain"): 0.9907905581646262,
    ("age", "hours"): 0.9804169281903565,
    ("age", "city"): 0.7208333333333334,
    ("age", "rich"): 0.7683333333333333,
    ("age", "kind"): 0.7633333333333334,
    ("gain", "hours"): 0.9627079672087611,
    ("gain", "city"): 0.8516666666666666,
    ("gain", "rich"): 0.9158333333333333,
    ("gain", "kind"): 0.7466666666666667,
    ("hours", "city"): 0.8491666666666666,
    ("hours", "rich"): 0.9216666666666666,
    ("hours", "kind"): 0.7775,
    ("city", "rich"): 0.8891666666666667,
    ("city", "kind"): 0.725,
    ("rich", "kind"): 0.7775,
}
NEW_ROWS = 0.3875

NUMBERS = ["age", "gain", "hours"]


def mixed_rows(n_rows, seed, shift):
    """Numbers, one of them skewed and one of few values, and levels, one unseen."""
    rng = np.random.RandomState(seed)
    age = np.rint(rng.normal(40 + 5 * shift, 12, n_rows))
    is_rich = rng.uniform(size=n_rows) < 0.2 + 0.006 * (age - 40) * (1 - shift)
    gain = np.where(is_rich, np.exp(rng.normal(6 + shift, 1, n_rows)), 0.0)
    city = rng.choice(
        list("abcde"), n_rows, p=[0.4, 0.3, 0.2, 0.1 - shift / 20, shift / 20]
    )
    return pd.DataFrame(
        {
            "age": age,
            "gain": gain,
            "hours": rng.choice([20, 40, 40, 40, 60], n_rows)
            + rng.randint(2, size=n_rows),
            "city": city,
            "rich": is_rich,
            "kind": np.where(age > 45, "old", np.where(city == "a", "near", "far")),
        }
    )


def few_rows(n_rows, seed):
    """So few values that rows repeat."""
    rng = np.random.RandomState(seed)
    return pd.DataFrame(
        {
            "size": rng.randint(1, 5, n_rows),
            "city": rng.choice(list("abcde"), n_rows),
            "kind": rng.choice(["old", "new"], n_rows),
        }
    )


@pytest.fixture
def sets():
    return mixed_rows(400, 0, 0), mixed_rows(300, 1, 1)


def by_sdmetrics(real, synthetic):
    """Shapes, trends and the share of new rows, by SDMetrics."""
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
    from sdmetrics.single_column import KSComplement, TVComplement

    shapes = {
        name: (KSComplement if name in NUMBERS else TVComplement).compute(
            real[name], synthetic[name]
        )
        for name in real
    }
    trends = {}
    for pair in combinations(real, 2):
        numbers = [name for name in pair if name in NUMBERS]
        both = real[list(pair)].copy(), synthetic[list(pair)].copy()
        if len(numbers) == 2:
            trends[pair] = CorrelationSimilarity.compute(*both)
        else:
            trends[pair] = ContingencySimilarity.compute(
                *both, continuous_column_names=numbers or None
            )
    return shapes, trends


def share_of_new_rows(real, synthetic):
    from sdmetrics.single_table import NewRowSynthesis

    kinds = {"size": "numerical", "city": "categorical", "kind": "categorical"}
    metadata = {"columns": {name: {"sdtype": kind} for name, kind in kinds.items()}}
    return NewRowSynthesis.compute(
        real.copy(), synthetic.copy(), metadata, numerical_match_tolerance=1e-9
    )


def test_shapes_are_those_of_sdmetrics(sets):
    assert column_shape_scores(*sets) == pytest.approx(SHAPES, abs=1e-8)
    assert column_shapes(*sets) == pytest.approx(np.mean(list(SHAPES.values())))


def test_trends_are_those_of_sdmetrics(sets):
    assert pair_trend_scores(*sets) == pytest.approx(TRENDS, abs=1e-9)
    assert pair_trends(*sets) == pytest.approx(np.mean(list(TRENDS.values())))


def test_duplicates_are_the_rows_that_are_not_new():
    rate = duplicate_rate(few_rows(30, 0), few_rows(80, 1))
    assert rate == pytest.approx(1 - NEW_ROWS, abs=1e-12)


def test_the_figures_are_what_sdmetrics_computes(sets):
    pytest.importorskip(
        "sdmetrics",
        reason="SDMETRICS IS NOT THERE: its kept figures are not recomputed",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shapes, trends = by_sdmetrics(*sets)
        new = share_of_new_rows(few_rows(30, 0), few_rows(80, 1))
    assert shapes == pytest.approx(SHAPES, abs=1e-8)
    assert trends == pytest.approx(TRENDS, abs=1e-9)
    assert new == pytest.approx(NEW_ROWS, abs=1e-12)
