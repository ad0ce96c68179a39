"""Associations are what their definitions give, of any columns."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import contingency

from skgan.metrics import associations


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    group = rng.integers(3, size=400)
    return pd.DataFrame(
        {
            "a": rng.normal(size=400) + group,
            "b": np.array(list("xyz"))[group],
            "c": rng.choice(["u", "v"], 400),
            "d": rng.normal(size=400),
            "e": 1.0,
        }
    ).assign(d=lambda rows: rows["d"] - rows["a"])


def test_each_pair_by_its_definition(frame):
    found = associations(frame)
    assert found == pytest.approx(found.T) and (np.diag(found) == 1).all()
    assert found[0, 3] == pytest.approx(frame["a"].corr(frame["d"]))
    table = pd.crosstab(frame["b"], frame["c"])
    assert found[1, 2] == pytest.approx(contingency.association(table, "cramer"))
    means = frame.groupby("b")["a"].transform("mean")
    assert found[0, 1] == pytest.approx(np.sqrt(means.var() / frame["a"].var()))
    assert (found[4, :4] == 0).all()


def test_gaps_are_left_out_and_scale_does_not_matter(frame):
    holed = frame.assign(a=frame["a"].mask(frame["c"] == "u"))
    found = associations(holed)
    there = frame[frame["c"] == "v"]
    assert found[0, 3] == pytest.approx(there["a"].corr(there["d"]))
    assert found[0, 1] == pytest.approx(associations(there)[0, 1])
    huge = frame.assign(a=frame["a"] * 1e300)
    assert associations(huge)[0] == pytest.approx(associations(frame)[0])


def test_without_rows():
    with pytest.raises(ValueError, match="X has 0 row"):
        associations(np.zeros((0, 2)))
