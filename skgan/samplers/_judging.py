"""Which stage of a sampler that starts from trees is kept: held-out rows judge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan._tree_threads import tree_threads
from skgan.nets import AdversarialNet
from skgan.priors import LevelColumn, Schema
from skgan.samplers._stages import PriorColumns, StageDraws

# With fewer rows held out no stage is told from another.
MIN_JUDGED_ROWS = 10
MAX_JUDGED_ROWS = 5000
_MAX_WATCHED_ROWS = 2000
# Rows of each set that copying is measured on.
_MAX_COMPARED_ROWS = 2000
# Categories that boosted trees take at most.
_MAX_LEVELS = 255
# Of a difference, in standard errors: what counts as one.
_N_ERRORS = 2.0


def separability(real: NDArray, drawn: NDArray, schema: Schema, seed: int) -> float:
    """Return the area under ROC of boosted trees that tell real from drawn rows.

    Out of fold, over three shuffled folds; ½ means that they cannot be told apart.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    n = min(len(real), len(drawn), MAX_JUDGED_ROWS)
    X = np.vstack([real[:n], drawn[:n]])
    y = np.repeat([0, 1], n)
    is_level = [
        isinstance(column, LevelColumn) and column.n_levels <= _MAX_LEVELS
        for column in schema
    ]
    judge = HistGradientBoostingClassifier(
        max_iter=60, categorical_features=is_level, random_state=seed
    )
    folds = StratifiedKFold(min(3, n), shuffle=True, random_state=seed)
    chances = np.empty(len(X))
    with tree_threads():
        for train, test in folds.split(X, y):
            judge.fit(X[train], y[train])
            chances[test] = judge.predict_proba(X[test])[:, 1]
    return float(roc_auc_score(y, chances))


def choose_stage(
    columns: PriorColumns, draws: StageDraws, candidates: tuple[str, ...], seed: int
) -> tuple[str, dict[str, float]]:
    """Return the stage that is hardest to tell from held-out rows, and all scores.

    A later stage replaces an earlier one if its score is better by more than two
    standard errors of the difference. Where neither is better, the one that copies
    less is kept, and if there is no telling the cheaper one.
    """
    real = columns.held_out
    if len(real) < MIN_JUDGED_ROWS:
        return candidates[0], {}
    drawn = _draw_stages(columns, draws, candidates, seed)
    scores = _score_drawn(columns, drawn, seed)
    # The standard error of an area between n and n rows is at most about this.
    margin = 2 * _N_ERRORS * np.sqrt(1 / (6 * min(len(real), MAX_JUDGED_ROWS)))
    best = candidates[0]
    for stage in candidates[1:]:
        lead = scores[stage] - scores[best]
        is_tie = abs(lead) <= margin
        if lead > margin or (
            is_tie and copies_less(columns, draws, drawn[stage], drawn[best], seed)
        ):
            best = stage
    return best, scores


def score_stages(
    columns: PriorColumns, draws: StageDraws, stages: tuple[str, ...], seed: int
) -> dict[str, float]:
    """Return the scores of stages, as `choose_stage` does, and choose none."""
    if len(columns.held_out) < MIN_JUDGED_ROWS:
        return {}
    return _score_drawn(columns, _draw_stages(columns, draws, stages, seed), seed)


def _draw_stages(columns, draws, stages, seed: int) -> dict[str, NDArray]:
    n = len(columns.held_out)
    return {
        stage: draws.draw(stage, n, np.random.default_rng([seed, 7]))
        for stage in stages
    }


def _score_drawn(columns, drawn: dict[str, NDArray], seed: int) -> dict[str, float]:
    areas = {
        stage: separability(columns.held_out, rows, columns.schema, seed)
        for stage, rows in drawn.items()
    }
    return {stage: 1 - abs(2 * area - 1) for stage, area in areas.items()}


def copies_less(
    columns: PriorColumns, draws: StageDraws, ours: NDArray, others: NDArray, seed: int
) -> bool:
    """Tell whether drawn rows copy training rows less than others do, beyond chance.

    First by how well the nearest drawn row tells training from held-out rows, then by
    the share of drawn rows that are training rows to the last value.
    """
    from skgan.metrics import membership_auc

    rng = np.random.default_rng([seed, 11])
    n = min(len(columns.held_out), len(columns.train), _MAX_COMPARED_ROWS)
    chosen = rng.choice(len(columns.train), n, replace=False)
    train, held_out, ours_encoded, others_encoded = (
        np.asarray(draws.rows_of(rows, seed))
        for rows in (columns.train[chosen], columns.held_out[:n], ours, others)
    )
    areas = [
        membership_auc(train, held_out, rows, standardize=False)
        for rows in (ours_encoded, others_encoded)
    ]
    # Both are taken on the same rows, so that this is more than the difference's.
    error = np.sqrt((2 * n + 1) / (12 * n * n))
    excess = [max(area - 0.5 - error, 0.0) for area in areas]
    if abs(excess[0] - excess[1]) > error:
        return bool(excess[0] < excess[1])
    shares = [_duplicate_share(columns.train, rows) for rows in (ours, others)]
    share = (shares[0] + shares[1]) / 2
    error = np.sqrt(2 * share * (1 - share) / len(ours))
    return bool(shares[1] - shares[0] > _N_ERRORS * error)


def _duplicate_share(train: NDArray, drawn: NDArray) -> float:
    """Return the share of drawn rows that equal a training row."""
    train_rows = {row.tobytes() for row in np.nan_to_num(train, nan=np.inf) + 0.0}
    rows = np.nan_to_num(drawn, nan=np.inf) + 0.0
    return float(np.mean([row.tobytes() in train_rows for row in rows]))


class StageWatch:
    """Scores a generator in training: how hard held-out rows are to tell from its own.

    Parameters
    ----------
    draws : StageDraws
        Draws what the generator makes of the prior.
    columns : PriorColumns
        Of the fit.
    seed : int
        Fixes the draws.
    """

    def __init__(self, draws: StageDraws, columns: PriorColumns, seed: int):
        self.draws, self.columns, self.seed = draws, columns, seed
        self.real = columns.held_out[:_MAX_WATCHED_ROWS]

    def __call__(self, net: AdversarialNet) -> float:
        """Return the score: 1 where they cannot be told apart."""
        net.eval()
        rng = np.random.default_rng(self.seed)
        drawn = self.draws.draw("generator", len(self.real), rng)
        area = separability(self.real, drawn, self.columns.schema, self.seed)
        return 1 - abs(2 * area - 1)
