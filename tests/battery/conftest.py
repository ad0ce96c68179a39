"""Every public estimator, once: how it is made, fitted, and what it makes of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.preprocessing import MinMaxScaler

from skgan import (
    AugmentedClassifier,
    AugmentedRegressor,
    ConditionalGANSampler,
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
    SamplerPipeline,
)
from skgan.imblearn import GANOverSampler

N = 24
SMALL = {"max_iter": 2, "hidden_dims": (4,), "batch_size": 8, "random_state": 0}


class Kept(BaseEstimator):
    """An estimator that keeps the rows it is given, synthetic ones among them."""

    def fit(self, X, y):
        self.rows_ = X
        return self

    def predict(self, X):
        return np.zeros(len(X))


def conditional(params):
    return ConditionalGANSampler(**{**SMALL, **params})


def pipeline(first, params):
    return SamplerPipeline([("first", first), ("last", GANSampler(**SMALL | params))])


@dataclass(frozen=True)
class Public:
    """One estimator: `make(**params)` gives `params` to what trains the network.

    `own` is what errors of input call it; `draws` is whether it has a method
    ``sample``, `goes_on` whether what a fit that broke off has learnt is kept.
    """

    kind: type
    build: Any
    own: str
    draws: bool = False
    is_warm_start: bool = False

    def make(self, **params):
        return self.build(params)

    def labels(self, X):
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        if self.kind is AugmentedRegressor:
            return np.linspace(0, 1, n)
        # Of two classes of different size, both large enough to learn from.
        return (np.arange(n) % 12 >= 7).astype(int)

    def fit(self, estimator, X):
        if self.kind is GANOverSampler:
            estimator.resampled_ = estimator.fit_resample(X, self.labels(X))[0]
            return estimator
        return estimator.fit(X, self.labels(X))

    def fitted(self, X, **params):
        return self.fit(self.make(**params), X)

    def rows(self, estimator, X, n=20, seed=0):
        """Rows that it has made."""
        if self.draws:
            drawn = estimator.sample(n, random_state=seed)
            return drawn[0] if isinstance(drawn, tuple) else drawn
        if self.kind is GANOverSampler:
            return estimator.resampled_[len(X) :]
        if self.kind is GANOutlierDetector:
            return estimator.reconstruct(X)
        return estimator.estimator_.rows_[len(X) :]

    def sampler(self, estimator):
        """What in it has been trained."""
        if self.kind is SamplerPipeline:
            return estimator[-1]
        return getattr(estimator, "sampler_", estimator)


PUBLIC = {
    public.kind.__name__: public
    for public in [
        Public(GANSampler, lambda p: GANSampler(**SMALL | p), "GANSampler", True, True),
        Public(ConditionalGANSampler, conditional, "ConditionalGANSampler", True, True),
        Public(
            InfoGANSampler,
            lambda p: InfoGANSampler(n_categories=2, **SMALL | p),
            "InfoGANSampler",
            True,
            True,
        ),
        Public(
            SamplerPipeline,
            lambda p: pipeline(MinMaxScaler(), p),
            "GANSampler|MinMaxScaler",
            True,
        ),
        Public(
            GANOutlierDetector,
            lambda p: GANOutlierDetector(**SMALL | {"method": "reconstruction"} | p),
            "GANOutlierDetector",
        ),
        Public(
            AugmentedClassifier,
            lambda p: AugmentedClassifier(
                Kept(), conditional(p), n_synthetic=1.0, random_state=0
            ),
            "ConditionalGANSampler",
        ),
        Public(
            AugmentedRegressor,
            lambda p: AugmentedRegressor(
                Kept(), conditional(p), n_synthetic=1.0, random_state=0
            ),
            "ConditionalGANSampler",
        ),
        Public(
            GANOverSampler,
            lambda p: GANOverSampler(
                sampler=conditional(p), min_rows=2, random_state=0
            ),
            "GANOverSampler",
        ),
    ]
}


def pytest_generate_tests(metafunc):
    """Run a test that asks for `public`, or for some of them, once for each."""
    some = {
        "public": list(PUBLIC),
        "drawing": [name for name, public in PUBLIC.items() if public.draws],
        "lasting": [name for name, public in PUBLIC.items() if public.is_warm_start],
    }
    for argument in some.keys() & set(metafunc.fixturenames):
        names = some[argument]
        metafunc.parametrize(argument, [PUBLIC[name] for name in names], ids=names)


@pytest.fixture
def everything():
    return PUBLIC


@pytest.fixture
def X():
    return np.random.default_rng(0).normal([5, -3, 0], [2, 1, 0.1], (N, 3))


class Streams:
    """The global streams of NumPy and PyTorch."""

    def __init__(self):
        self.numpy, self.torch = np.random.get_state()[1].copy(), torch.get_rng_state()

    def are_where_they_were(self):
        same = np.array_equal(np.random.get_state()[1], self.numpy)
        return same and torch.equal(torch.get_rng_state(), self.torch)


@pytest.fixture
def streams():
    return Streams()
