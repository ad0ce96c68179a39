"""Trees that tell real rows from drawn ones, grown the fast way or the public way."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from ._fallback import boost_trees
from ._reading import UnreadableTreesError, read_trees
from ._trees import Trees

_CHECKED_ROWS = 200  # on which arrays read out are compared with the classifier
_FALLBACK_ROWS = 20_000  # that one public tree sees


@dataclass(frozen=True)
class Growth:
    """How trees are grown; the names are those of scikit-learn's classifier."""

    n_trees: int
    learning_rate: float
    max_leaf_nodes: int
    min_samples_leaf: int
    max_features: float
    l2_regularization: float


def grow(
    columns: np.ndarray,
    is_real: np.ndarray,
    n_levels: int,
    growth: Growth,
    grower: str,
    rng: np.random.Generator,
) -> Trees:
    """Return trees whose sum is the log-odds of a real row.

    The first `n_levels` columns hold group numbers 0, 1, …
    """
    if grower != "public":
        try:
            return _grow_histogram(columns, is_real, n_levels, growth, rng)
        except UnreadableTreesError as error:
            if grower == "histogram":
                raise
            warnings.warn(
                f"The trees of this scikit-learn cannot be read ({error}): slower "
                "public ones are grown instead.",
                RuntimeWarning,
                stacklevel=4,
            )
    return boost_trees(
        columns,
        is_real,
        n_levels,
        n_trees=growth.n_trees,
        learning_rate=growth.learning_rate,
        max_leaf_nodes=growth.max_leaf_nodes,
        min_samples_leaf=growth.min_samples_leaf,
        max_features=growth.max_features,
        l2_regularization=growth.l2_regularization,
        max_rows=_FALLBACK_ROWS,
        rng=rng,
    )


def _grow_histogram(
    columns: np.ndarray,
    is_real: np.ndarray,
    n_levels: int,
    growth: Growth,
    rng: np.random.Generator,
) -> Trees:
    model = HistGradientBoostingClassifier(
        max_iter=growth.n_trees,
        learning_rate=growth.learning_rate,
        max_leaf_nodes=growth.max_leaf_nodes,
        min_samples_leaf=growth.min_samples_leaf,
        max_features=growth.max_features,
        l2_regularization=growth.l2_regularization,
        categorical_features=list(range(n_levels)),
        # Its own validation rows are training rows of the sampler, and ten rounds
        # without progress on them come far too soon: 40 of 600 useful trees on Adult.
        early_stopping=False,
        random_state=int(rng.integers(2**31)),
    ).fit(columns, is_real)
    n_checked = min(len(columns), _CHECKED_ROWS)
    checked = rng.choice(len(columns), n_checked, replace=False)
    return read_trees(model, columns[checked])
