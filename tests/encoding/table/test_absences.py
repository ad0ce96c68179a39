"""What is missing wherever another column is, is so in samples, too."""

import numpy as np
import pandas as pd

from skgan import GANSampler
from skgan.encoding import TableEncoder


def make_flights(n=400):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"carrier": rng.choice(list("abc"), n)})
    frame["departure"] = rng.integers(300, 1400, n).astype(float)
    frame["arrival"] = frame["departure"] + rng.normal(120, 40, n).round()
    frame["gate"] = rng.choice(["A1", "B2", "C3"], n).astype(object)
    frame["fuel"] = rng.normal(size=n)
    frame.loc[:8, ["departure", "arrival", "gate"]] = None
    frame.loc[9:11, "arrival"] = np.nan
    frame.loc[200:203, "fuel"] = np.nan
    return frame


def test_what_is_missing_together_stays_so():
    sampler = GANSampler(max_iter=0, rejection=None, random_state=0)
    drawn = sampler.fit(make_flights()).sample(3000)
    gone = drawn[["departure", "arrival", "gate"]].isna()
    assert gone.any().all() and drawn["fuel"].isna().any()
    assert gone.loc[gone["departure"], ["arrival", "gate"]].all(axis=None)
    assert gone.loc[gone["gate"], "departure"].all()
    # Nothing follows from what is missing in four rows.
    assert not drawn.loc[drawn["fuel"].isna(), "arrival"].isna().all()
    given = sampler.sample(30, given={"arrival": (500, 600)})
    assert given[["departure", "arrival", "gate"]].notna().all(axis=None)


def test_rows_that_were_seen_come_back():
    frame = make_flights()
    encoder = TableEncoder().fit(frame)
    rows = encoder.inverse_transform(encoder.transform(frame))
    assert (rows.isna() == frame.isna()).all(axis=None)
