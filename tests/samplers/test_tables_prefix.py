"""A sample of a table is the start of a longer one, whatever is repaired or drawn."""

import numpy as np
import pandas as pd
import pytest

from skgan import GANSampler
from skgan.encoding import (
    FixedCombinations,
    Inequality,
    Positive,
    Range,
    TableEncoder,
    Unique,
)

CONSTRAINTS = {
    "inequality": [Inequality("start", "end")],
    "combinations": [FixedCombinations("city", "country", "grade")],
    "range": [Range("start", 5, 300), Positive("end")],
    "unique number": [Unique("end")],
    "unique level": [Unique("code")],
    "unique pair": [Unique("city", "code")],
    "all": [
        Unique("end"),
        Inequality("start", "end"),
        FixedCombinations("city", "country", "grade"),
    ],
}


def make_frame(n=400):
    rng = np.random.default_rng(0)
    city = rng.integers(0, 6, n)
    end = rng.permutation(n) + 10
    return pd.DataFrame(
        {
            "city": city.astype(str),
            "country": (city // 2).astype(str),
            "grade": (city % 3).astype(str),
            "start": np.minimum(rng.integers(10, 300, n), end),
            "end": end,
            "code": pd.Categorical(rng.permutation(n)),
            "gap": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "name": [f"id-{v:04}" for v in rng.permutation(10_000)[:n]],
        }
    )


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_a_sample_is_the_start_of_a_longer_one(name):
    encoder = TableEncoder(
        condition_on=None,
        constraints=CONSTRAINTS[name],
        dependencies=False,
        identifiers=["name"],
    )
    # Trees keep to combinations by themselves.
    prior = "normal" if name == "combinations" else "auto"
    sampler = GANSampler(
        max_iter=2, hidden_dims=(8,), encoder=encoder, prior=prior, random_state=0
    )
    sampler.fit(make_frame())
    # There are 400 codes.
    n = {"unique level": 380, "unique pair": 2000}.get(name, 2000)
    if name in ("unique number", "all"):
        with pytest.warns(UserWarning, match="got larger ones"):
            long = sampler.sample(n, random_state=0)
    else:
        long = sampler.sample(n, random_state=0)
    if name != "range":
        assert max(sampler.encoder_.repaired_share_.values()) > 0
    assert long["name"].is_unique
    for m in (1, 5, 300):
        short = sampler.sample(m, random_state=0)
        pd.testing.assert_frame_equal(short, long.head(m), check_exact=True)
