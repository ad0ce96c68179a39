"""Membership attacks: one function each, from rows to how sure a guess is.

The higher the figure of a candidate, the likelier it is taken for a training row.
Every attack sees samples and reference rows, never which candidates are members.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgan._tree_threads import tree_threads
from skgan.frames import is_table, take_rows
from skgan.metrics._blocks import Block, match_blocks
from skgan.metrics._distances import gen_blocks
from skgan.metrics._inputs import draw_rows, draw_seed
from skgan.metrics._nearest import nearest, nearest_distances
from skgan.metrics.privacy._attacked_rows import MIN_ROWS, AttackedRows, fit_axes
from skgan.priors import LevelColumn, NumberColumn, TreesPrior

# Of k-nearest-neighbour densities.
_N_NEIGHBORS = 5
# Equal rows are at distance 0, of which there is no logarithm.
_TINY = 1e-6
# Rows that a density is learnt from, at most.
_MAX_FITTED = 5000
_MAX_AXES = 10
_NO_VARIANCE = 1e-10
_N_TREES = 100
Guess = Callable[[AttackedRows, np.random.RandomState], np.ndarray]


def guess_by_distance(rows: AttackedRows, generator: Any) -> np.ndarray:
    """Return how near the closest sample is."""
    return -nearest_distances(rows.candidates, rows.synthetic, 1)[:, 0]


def guess_by_relative_distance(rows: AttackedRows, generator: Any) -> np.ndarray:
    """Return how much nearer the closest sample is than the second."""
    first, second = nearest_distances(rows.candidates, rows.synthetic, 2).T
    return -np.divide(first, second, out=np.ones_like(first), where=second > 0)


def guess_by_calibrated_distance(rows: AttackedRows, generator: Any) -> np.ndarray:
    """Return how much nearer the closest sample is than the closest reference row."""
    to_reference = nearest_distances(rows.candidates, rows.reference, 1)[:, 0]
    return to_reference - nearest_distances(rows.candidates, rows.synthetic, 1)[:, 0]


def guess_by_neighbors(rows: AttackedRows, generator: Any) -> np.ndarray:
    """Return the log-ratio of densities of samples and of reference rows, by k-NN.

    The mean over k of 1 to 5: one copy moves the first neighbour and not the fifth.
    """
    logs = []
    for known in (rows.reference, rows.synthetic):
        reach = nearest_distances(rows.candidates, known, _N_NEIGHBORS)
        logs.append(np.log(reach + _TINY).mean(axis=1))
    return logs[0] - logs[1]


def guess_by_classifier(
    rows: AttackedRows, generator: np.random.RandomState
) -> np.ndarray:
    """Return how sure boosted trees are that a candidate is a sample."""
    columns = rows.columns
    known = np.vstack([columns.reference, columns.synthetic])
    is_sample = np.repeat([0, 1], [len(columns.reference), len(columns.synthetic)])
    judge = HistGradientBoostingClassifier(
        max_iter=_N_TREES,
        class_weight="balanced",
        early_stopping=False,
        categorical_features=columns.is_category,
        random_state=draw_seed(generator),
    )
    with tree_threads():
        judge.fit(known, is_sample)
        return judge.decision_function(columns.candidates)


def guess_by_kernels(
    rows: AttackedRows, generator: np.random.RandomState
) -> np.ndarray:
    """Return the log-ratio of two Gaussian kernel densities, on principal axes."""
    known = [
        draw_rows(part, _MAX_FITTED, generator)
        for part in (rows.synthetic, rows.reference)
    ]
    both = np.vstack(known)
    axes = fit_axes(both, min(_MAX_AXES, *both.shape), draw_seed(generator))
    variance = axes.explained_variance_
    # Of columns that follow from others nothing is left but rounding.
    is_wide = variance > _NO_VARIANCE * max(variance[0], 1.0)
    if not is_wide.any():
        return np.zeros(len(rows.candidates))
    scale = np.sqrt(variance[is_wide])
    points, *centers = (
        axes.transform(part)[:, is_wide] / scale for part in (rows.candidates, *known)
    )
    # Scott's rule for the smaller set: one width, or the wider would win in the tails.
    width = min(len(part) for part in known) ** (-1 / (len(scale) + 4))
    logs = [_log_density(points, part, width) for part in centers]
    return logs[0] - logs[1]


def _log_density(points: np.ndarray, centers: np.ndarray, width: float) -> np.ndarray:
    """Log of the mean of Gaussian kernels at the centers, but for a constant."""
    logs = np.full(len(points), -np.inf)
    squares = np.einsum("ij,ij->i", centers, centers)
    for batch, columns, _ in gen_blocks(len(points), len(centers)):
        near = points[batch]
        far = np.einsum("ij,ij->i", near, near)[:, None] + squares[columns]
        far -= 2 * near @ centers[columns].T
        part = logsumexp(far / (-2 * width**2), axis=1)
        logs[batch] = np.logaddexp(logs[batch], part)
    return logs - np.log(len(centers))


def guess_by_trees(rows: AttackedRows, generator: np.random.RandomState) -> np.ndarray:
    """Return the log-ratio of the densities of two chains of trees."""
    columns = rows.columns
    everything = np.vstack([columns.candidates, columns.synthetic, columns.reference])
    schema = [
        LevelColumn(1 + int(everything[:, j].max())) if is_level else NumberColumn()
        for j, is_level in enumerate(columns.is_category)
    ]
    logs = []
    for part in (columns.synthetic, columns.reference):
        known = draw_rows(part, _MAX_FITTED, generator)
        prior = TreesPrior(match_moments=False).fit(
            known, schema, random_state=draw_seed(generator)
        )
        logs.append(prior.score_samples(columns.candidates))
    return logs[0] - logs[1]


# In the order in which they are run and shown.
GUESSES: dict[str, Guess] = {
    "distance": guess_by_distance,
    "relative_distance": guess_by_relative_distance,
    "calibrated_distance": guess_by_calibrated_distance,
    "neighbor_ratio": guess_by_neighbors,
    "classifier_ratio": guess_by_classifier,
    "domias_kernels": guess_by_kernels,
    "domias_trees": guess_by_trees,
}


def guess_by_shadows(
    rows: AttackedRows,
    known: Any,
    like: list[Block],
    sampler: Any,
    n_shadows: int,
    generator: np.random.RandomState,
) -> np.ndarray:
    """Return how much a candidate looks as rows of a clone's own half do.

    Each clone is fitted on one half of the reference rows, in the container in which
    they came; a logistic regression then learns which half a row is of.
    """
    known = known if is_table(known) else np.asarray(known)
    places, vectors = rows.reference_places, rows.reference
    half = len(places) // 2
    if half < MIN_ROWS:
        raise ValueError(
            f"shadow needs {2 * MIN_ROWS} reference rows, half of them for each clone, "
            f"and there are {len(places)}: give more rows as X_reference."
        )
    n_neighbors = min(_N_NEIGHBORS, len(rows.synthetic))
    features, is_in = [], []
    for _ in range(n_shadows):
        order = generator.permutation(len(places))
        model = clone(sampler)
        if "random_state" in model.get_params():
            model.set_params(random_state=draw_seed(generator))
        model.fit(take_rows(known, places[order[:half]]))
        drawn = model.sample(len(rows.synthetic))
        drawn = drawn[0] if isinstance(drawn, tuple) else drawn
        blocks = match_blocks(drawn, like, is_table(drawn), "samples of shadow")
        samples = rows.place(blocks)
        alone = nearest(vectors)[0]
        for part, label in ((order[:half], 1), (order[half : 2 * half], 0)):
            features.append(_features(vectors[part], samples, alone[part], n_neighbors))
            is_in.append(np.full(len(part), label))
    judge = make_pipeline(StandardScaler(), LogisticRegression())
    judge.fit(np.vstack(features), np.concatenate(is_in))
    alone = nearest(rows.candidates, vectors)[0]
    seen = _features(rows.candidates, rows.synthetic, alone, n_neighbors)
    return judge.decision_function(seen)


def _features(
    vectors: np.ndarray, samples: np.ndarray, alone: np.ndarray, k: int
) -> np.ndarray:
    """Logs of distances to the nearest samples, and to the nearest known row."""
    distances = nearest_distances(vectors, samples, k)
    logs = np.log(np.column_stack([distances[:, [0, 1, -1]], alone]) + _TINY)
    # How near beside how alone a row is, is what gives it away.
    return np.column_stack([logs, logs[:, 0] - logs[:, 3]])
