"""A chain of decision trees: the plain reference that learns no network.

Reiter (2005), Using CART to generate partially synthetic public use microdata;
synthpop, Nowok et al. (2016).
"""

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

MAX_ONE_HOT = 30


class TreeChain:
    """Each column from those before it by one tree; levels come first.

    Parameters
    ----------
    min_samples_leaf : int
        A value is that of a training row drawn from the leaf; a missing one, too.
    """

    def __init__(self, min_samples_leaf, random_state):
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state

    def fit(self, train):
        self.columns_ = list(train)
        is_level = {name: not _is_number(train[name]) for name in train}
        self.order_ = sorted(train, key=lambda name: not is_level[name])
        self.values_ = {name: train[name].array for name in train}
        self.links_ = {name: _Link(train[name]) for name in train}
        seen = np.zeros((len(train), 1))
        self.trees_ = []
        for name in self.order_:
            Tree = DecisionTreeClassifier if is_level[name] else DecisionTreeRegressor
            tree = Tree(
                min_samples_leaf=self.min_samples_leaf, random_state=self.random_state
            ).fit(seen, self.links_[name].target(train[name]))
            leaves = tree.apply(seen)
            donors = np.argsort(leaves, kind="stable")
            self.trees_.append((tree, donors, leaves[donors]))
            seen = np.column_stack([seen, self.links_[name].predictors(train[name])])
        return self

    def sample(self, n_samples, seed):
        rng = np.random.default_rng(seed)
        seen, drawn = np.zeros((n_samples, 1)), {}
        for name, (tree, donors, leaves) in zip(self.order_, self.trees_, strict=True):
            found = tree.apply(seen)
            first = np.searchsorted(leaves, found, "left")
            size = np.searchsorted(leaves, found, "right") - first
            chosen = donors[first + (rng.random(n_samples) * size).astype(int)]
            drawn[name] = pd.Series(self.values_[name].take(chosen))
            seen = np.column_stack([seen, self.links_[name].predictors(drawn[name])])
        return pd.DataFrame({name: drawn[name] for name in self.columns_})


class _Link:
    """How a column is predicted, and how it predicts."""

    def __init__(self, column):
        self.is_number = _is_number(column)
        if self.is_number:
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
            self.missing = np.nanmin(numbers) - np.nanstd(numbers)
        else:  # the most frequent first
            self.levels = list(column.value_counts(dropna=False).index)

    def target(self, column):
        if not self.is_number:
            return self.codes(column)
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        return np.where(np.isnan(numbers), self.missing, numbers)

    def codes(self, column):
        return pd.Index(self.levels).get_indexer(column)

    def predictors(self, column):
        if self.is_number or len(self.levels) >= MAX_ONE_HOT:
            return self.target(column)[:, None]
        return np.eye(len(self.levels))[self.codes(column)]


def _is_number(column):
    return column.dtype.kind in "iuf"
