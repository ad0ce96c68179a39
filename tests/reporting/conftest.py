"""Small samplers, fitted for a moment, with rows held out: one of each kind."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest

import skgan
from skgan.metrics import CopyingWarning

NASTY = "<script>alert('x')</script> & \"$\" " + "w" * 60
BRIEF = {"hidden_dims": (8,), "max_iter": 3, "random_state": 0}


@pytest.fixture(autouse=True, scope="module")
def _few_trees(few_trees):
    """Pages show what judges say, whatever they know."""


class Case(NamedTuple):
    """A fitted sampler, and what its report is asked with."""

    sampler: Any
    holdout: Any
    train: Any
    options: dict[str, Any]

    def report(self, **options):
        """Make a report of few samples; copies are no surprise."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CopyingWarning)
            return skgan.report(
                self.sampler,
                self.holdout,
                self.train,
                **{"max_samples": 150} | self.options | options,
            )


def make_people(n, seed):
    """Columns of several kinds, one with a name that is a trap, some missing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            NASTY: rng.normal(size=n),
            "age": rng.integers(17, 90, n),
            "work": pd.Categorical(rng.choice(["<b>state</b>", "private"], n)),
            "since": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n), "D"),
        }
    )
    frame.loc[::6, "work"] = None
    return frame


def make_images(n, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, n)
    images = rng.integers(0, 60, (n, 6, 5))
    images[np.arange(n), labels] += 180
    return images.astype(np.uint8), labels


def make_case(kind):
    if kind in ("pandas", "polars"):
        train, holdout = make_people(200, 0), make_people(120, 1)
        if kind == "polars":
            train, holdout = map(pl.from_pandas, (train, holdout))
        return Case(skgan.GANSampler(**BRIEF).fit(train), holdout, train, {})
    if kind == "labelled table":
        train, holdout = make_people(200, 0), make_people(120, 1)
        y, y_holdout = train.pop("work"), holdout.pop("work")
        y, y_holdout = (labels.astype(object).fillna("-") for labels in (y, y_holdout))
        sampler = skgan.ConditionalGANSampler(**BRIEF).fit(train, y)
        options = {"y_holdout": y_holdout, "y_train": y}
        return Case(sampler, holdout, train, options)
    if kind == "vectors":
        train, holdout = np.random.default_rng(0).normal(size=(2, 120, 3))
        return Case(skgan.GANSampler(**BRIEF).fit(train), holdout, train, {})
    (train, y), (holdout, y_holdout) = make_images(160, 0), make_images(120, 1)
    if kind == "labelled images":
        sampler = skgan.ConditionalGANSampler(**BRIEF).fit(train, y)
        options = {"y_holdout": y_holdout, "y_train": y}
        return Case(sampler, holdout, train, options)
    if kind == "codes":
        sampler = skgan.InfoGANSampler(n_categories=3, **BRIEF).fit(train)
        return Case(sampler, holdout, train, {})
    return Case(skgan.GANSampler(**BRIEF).fit(train), holdout, train, {})


KINDS = (
    "pandas",
    "polars",
    "labelled table",
    "vectors",
    "images",
    "labelled images",
    "codes",
)


@pytest.fixture(scope="session")
def cases():
    """Cases by their kind, each made when it is first asked for."""

    class Cases(dict):
        def __missing__(self, kind):
            self[kind] = make_case(kind)
            return self[kind]

    return Cases()


@pytest.fixture(scope="session")
def reports(cases):
    """Reports by their kind, each made when it is first asked for."""

    class Reports(dict):
        def __missing__(self, kind):
            self[kind] = cases[kind].report()
            return self[kind]

    return Reports()
