"""Global utility: every column is foretold, by real and by synthetic rows."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skgan.metrics import global_utility, global_utility_scores


def make_rows(seed, n=500):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n)
    number = group + 0.3 * rng.normal(size=n)
    return pd.DataFrame(
        {
            "group": np.array(["a", "b", "c"])[group],
            "number": number,
            "noise": rng.normal(size=n),
            "gaps": np.where(rng.random(n) < 0.2, np.nan, 2 * number),
        }
    )


@pytest.fixture(scope="module")
def sets():
    return make_rows(0), make_rows(1), make_rows(2)


def shuffled(rows):
    rng = np.random.default_rng(0)
    return rows.apply(lambda column: rng.permutation(column.to_numpy()))


def test_fresh_rows_teach_as_much_and_shuffled_ones_little(sets):
    train, holdout, fresh = sets
    assert abs(global_utility(*sets, random_state=0) - 1) < 0.1
    found = global_utility_scores(train, holdout, shuffled(fresh), random_state=0)
    assert list(found) == list(train)
    # An AUC of a half is what guessing has.
    assert 0.4 < found["group"] < 0.7
    assert found["number"] < 0.5 and found["gaps"] < 0.5
    assert abs(found["noise"] - 1) < 0.15


def test_a_copy_teaches_the_same(sets):
    train, holdout, _ = sets
    assert global_utility(train, holdout, train, random_state=0) == 1.0
    half = global_utility(train, holdout, train, max_samples=200, random_state=0)
    assert half == 1.0


def test_containers_agree(sets):
    frames = [pl.from_pandas(rows, nan_to_null=True) for rows in sets]
    expected = global_utility(*sets, random_state=0)
    assert global_utility(*frames, random_state=0) == pytest.approx(expected, abs=0.01)
    arrays = [rows[["number", "noise"]].to_numpy() for rows in sets]
    assert list(global_utility_scores(*arrays, random_state=0)) == [0, 1]


def test_what_cannot_be_judged_is_left_out(sets):
    train, holdout, fresh = (rows.assign(one=1.0) for rows in sets)
    assert "one" not in global_utility_scores(train, holdout, fresh, random_state=0)
    collapsed = fresh.assign(group="a")
    found = global_utility_scores(train, holdout, collapsed, random_state=0)
    assert "group" not in found
    with pytest.raises(ValueError, match="No column can be foretold"):
        global_utility(train[["noise"]], holdout[["noise"]], fresh[["noise"]])
