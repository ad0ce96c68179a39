"""The shadow-model attack: what a sampler does to its own rows, seen on clones."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgan.frames import take_rows
from skgan.metrics._blocks import Block, is_frame, match_blocks
from skgan.metrics._inputs import draw_seed
from skgan.metrics._nearest import nearest, nearest_distances
from skgan.metrics.privacy._attacked_rows import MIN_ROWS, AttackedRows

_N_NEIGHBORS = 5
_TINY = 1e-6


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
    known = known if is_frame(known) else np.asarray(known)
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
        blocks = match_blocks(drawn, like, is_frame(drawn), "samples of shadow")
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
