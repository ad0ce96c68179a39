"""A Gaussian copula: each column as it is, and the correlations of normal scores."""

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri


class GaussianCopula:
    """Normal scores and their correlation; levels and missing values by cut points.

    Numbers are in order, a missing one first; levels by frequency, most frequent first.
    Ties are broken at random, so that a level is an interval of the normal line.
    """

    def __init__(self, random_state):
        self.random_state = random_state

    def fit(self, train):
        rng = np.random.default_rng(self.random_state)
        n = len(train)
        self.values_, scores = {}, []
        for name, column in train.items():
            codes, _ = pd.factorize(column, sort=column.dtype.kind in "iuf")
            if column.dtype.kind not in "iuf":
                counts = np.bincount(codes + 1)
                codes = np.argsort(np.argsort(-counts, kind="stable"))[codes + 1]
            order = np.lexsort([rng.random(n), codes])
            self.values_[name] = column.array.take(order)
            ranks = np.empty(n)
            ranks[order] = np.arange(n)
            scores.append(ndtri((ranks + 0.5) / n))
        correlation = np.atleast_2d(np.corrcoef(scores))
        values, vectors = np.linalg.eigh(correlation)
        self.factor_ = vectors * np.sqrt(np.maximum(values, 0))
        return self

    def sample(self, n_samples, seed):
        rng = np.random.default_rng(seed)
        normals = rng.normal(size=(n_samples, len(self.values_))) @ self.factor_.T
        ranks = ndtr(normals).T
        return pd.DataFrame(
            {
                name: values.take((share * len(values)).astype(int))
                for share, (name, values) in zip(
                    ranks, self.values_.items(), strict=True
                )
            }
        )
