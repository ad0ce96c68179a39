"""Stages of a sampler that starts from trees: how rows of them are drawn and judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from skgan._deadline import Deadline
from skgan._packed_rows import RowPacking
from skgan._tree_threads import tree_threads
from skgan.encoding import BaseEncoder
from skgan.nets import AdversarialNet
from skgan.priors import BasePrior, LevelColumn, Schema, TreesPrior
from skgan.samplers._prior_conditions import CellConditions

if TYPE_CHECKING:
    from skgan.rejection import RejectionRule

# The end of a stage's name where not all of its rows are kept.
REJECTION = "+rejection"
# Prior rows that training draws its latents from.
_MIN_POOL_ROWS, _MAX_POOL_ROWS = 4000, 50_000
# Of wide rows fewer, but not fewer than were learnt from.
_POOL_CELLS, _SMALLEST_POOL = 4_000_000, 500
_LEVEL_MARGIN = 4.0
# In units of normal scores.
_LARGEST_MOVE = 0.5
_NOISE_DIM = 16
# A class of fewer rows shares the leaves of others.
_MIN_CLASS_ROWS = 40
# Of rows with given cells, as many are drawn for each that is kept.
_N_CANDIDATES = 4
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


@dataclass
class PriorColumns:
    """Plain columns of the rows of a fit: labels first, then those of the encoder.

    Attributes
    ----------
    values : ndarray of shape (n, n_labels + n_columns), float64
        The rows.
    schema : tuple of NumberColumn and LevelColumn
        What they hold.
    n_labels : int
        How many, the first ones, are labels.
    first : tuple of int
        Columns that are declared as conditions.
    is_held_out : ndarray of bool of shape (n,)
        Rows on which stages are judged.
    """

    values: NDArray
    schema: Schema
    n_labels: int = 0
    first: tuple[int, ...] = ()
    is_held_out: NDArray = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def hold_out(self, n_held_out: int, labels: Any, seed: int) -> None:
        """Hold rows out, of each class of `labels` its share."""
        n, k = len(self.values), self.n_labels
        self.is_held_out = np.zeros(n, dtype=bool)
        if n_held_out:
            strata = labels.strata(self.values[:, :k], n_held_out) if k else None
            _, places = train_test_split(
                np.arange(n), test_size=n_held_out, random_state=seed, stratify=strata
            )
            self.is_held_out[places] = True

    @property
    def train(self) -> NDArray:
        """Rows that are learnt from while stages are judged."""
        return self.values[~self.is_held_out]

    @property
    def held_out(self) -> NDArray:
        """Rows on which stages are judged."""
        return self.values[self.is_held_out]


def read_columns(encoder: BaseEncoder, X, labels: Any, target: Any) -> PriorColumns:
    """Read the plain columns of rows, and those of their labels."""
    values, schema = encoder.columns_for_training(X), encoder.schema_
    assert schema is not None
    for place, column in enumerate(schema):
        if isinstance(column, LevelColumn) and (values[:, place] < 0).any():
            raise ValueError(
                f"Column {encoder.name_of(place)!r} holds a level that the first fit "
                "did not see; fit anew to learn it."
            )
    names = list(getattr(encoder, "declared_columns_", ()))
    if labels is None:
        return PriorColumns(values, schema, first=tuple(names))
    k = target.shape[1]
    first = (*range(k), *(k + place for place in names))
    return PriorColumns(
        np.hstack([target, values]), (*labels.schema_, *schema), k, first
    )


def fit_prior(
    values: NDArray,
    columns: PriorColumns,
    seed: int,
    deadline: Deadline,
    forms_of: Any = None,
) -> BasePrior:
    """Fit the prior to rows of plain columns; compare forms unless a prior has them."""
    values = fill_rare_classes(values, columns, np.random.default_rng([seed, 5]))
    return TreesPrior().fit(
        values,
        columns.schema,
        first=columns.first,
        random_state=seed,
        max_time=max(deadline.left, 0.0) if deadline.is_set else None,
        forms_of=forms_of,
    )


def fill_rare_classes(
    values: NDArray, columns: PriorColumns, rng: np.random.Generator
) -> NDArray:
    """Add rows to classes that a leaf would mix with others.

    Labels are given whenever rows are drawn, so that how often they come in training
    changes nothing else. New rows lie between two rows of their class, as SMOTE's
    do, with the levels of one of them.
    """
    is_class = [
        isinstance(column, LevelColumn) for column in columns.schema[: columns.n_labels]
    ]
    if not any(is_class):
        return values
    codes = values[:, : columns.n_labels][:, is_class]
    _, groups, counts = np.unique(
        codes, axis=0, return_inverse=True, return_counts=True
    )
    groups = groups.reshape(-1)
    is_number = np.array([not isinstance(c, LevelColumn) for c in columns.schema])
    filled = [values]
    for group in np.flatnonzero(counts < _MIN_CLASS_ROWS):
        rows = values[groups == group]
        n_missing = _MIN_CLASS_ROWS - len(rows)
        first, second = rng.integers(len(rows), size=(2, n_missing))
        share = rng.uniform(size=(n_missing, 1))
        new = rows[first].copy()
        between = new + share * (rows[second] - new)
        is_mixed = is_number & ~np.isnan(between)
        filled.append(np.where(is_mixed, between, new))
    return np.vstack(filled)


class StageDraws:
    """Plain columns as the stages of a sampler draw them.

    Parameters
    ----------
    encoder : BaseEncoder
        Between plain columns and rows of the generator.
    prior : BasePrior
        What the generator starts from.
    net : AdversarialNet
        Holds the generator.
    labels : Labels or None, default=None
        Turn label columns into entries of the generator's rows.
    rejection : RejectionRule or None, default=None
        Says which drawn rows are kept.
    """

    def __init__(
        self, encoder: BaseEncoder, prior: BasePrior, net, labels=None, rejection=None
    ):
        self.rejection: RejectionRule | None = rejection
        self.encoder = encoder
        self.prior = prior
        self.net: AdversarialNet = net
        self.labels = labels
        self.n_labels = 0 if labels is None else len(labels.columns_)

    def draw(
        self,
        stage: str,
        n: int,
        rng: np.random.Generator,
        cells: CellConditions | None = None,
    ) -> NDArray:
        """Draw rows of plain columns, given cells as they are given."""
        if self.rejection is None:
            return self._draw_any(stage, n, rng, cells)
        if cells is None:
            from skgan.rejection import fill_block

            return fill_block(
                n,
                lambda size, stream: self._draw_any(stage, size, stream),
                self.rejection.log_accept,
                rng,
                share=self.rejection.share_,
            )
        return self._draw_best(stage, n, rng, cells)

    def _draw_best(self, stage: str, n: int, rng, cells: CellConditions) -> NDArray:
        """Draw candidates for each row of cells, and one of them by its acceptance.

        A row whose cells are given cannot be drawn anew elsewhere: one of several
        candidates is taken with a chance in proportion to that of its acceptance.
        """
        repeated = cells.take(np.repeat(np.arange(n), _N_CANDIDATES))
        candidates = self._draw_any(stage, n * _N_CANDIDATES, rng, repeated)
        assert self.rejection is not None
        chances = self.rejection.log_accept(candidates).reshape(n, _N_CANDIDATES)
        chosen = (chances + rng.gumbel(size=chances.shape)).argmax(axis=1)
        return candidates[np.arange(n) * _N_CANDIDATES + chosen]

    def _draw_any(
        self, stage: str, n: int, rng, cells: CellConditions | None = None
    ) -> NDArray:
        """Draw rows before any is refused."""
        if cells is None:
            columns = self.prior.sample(n, rng)
        else:
            columns = cells.draw(self.prior, rng)
        seed = int(rng.integers(2**63))
        if stage.startswith("generator"):
            drawn, columns = columns, self._generate(columns, seed)
            if cells is not None:
                columns = cells.keep_tests(drawn, columns)
        columns[:, self.n_labels :] = self.encoder.snap_columns(
            columns[:, self.n_labels :]
        )
        if cells is not None:
            columns[cells.is_given] = cells.values[cells.is_given]
        return columns

    def rows_of(self, columns: NDArray, seed: int) -> torch.Tensor:
        """Return plain columns as the net's tensor: encoded, labels behind them."""
        k = self.n_labels
        encoded = self.encoder.rows_of_columns(columns[:, k:], seed)
        if k:
            encoded = np.hstack([encoded, self.labels.encode(columns[:, :k])])
        return torch.as_tensor(encoded.astype(np.float32, copy=False))

    def packing(self, width: int) -> RowPacking:
        """Return what packs rows of the net: blocks of levels, then of labels."""
        layout = getattr(self.encoder, "layout_", None)
        blocks, end = [], width
        if layout is not None:
            blocks = list(zip(layout.block_starts, layout.block_widths, strict=True))
        if self.labels is not None:
            end -= self.labels.condition_dim_
            for size in self.labels.class_widths_:
                blocks.append((end, size))
                end += size
        return RowPacking(width, blocks)

    def _generate(self, columns: NDArray, seed: int) -> NDArray:
        rows = self.rows_of(columns, seed)
        stream = torch.Generator().manual_seed(seed)
        noise = torch.randn(len(rows), self.net.generator_.noise_dim, generator=stream)
        latents = torch.cat([rows, noise], dim=1).to(self.net.device)
        with torch.inference_mode():
            made = self.net.call_in_parts(self.net.sampling_generator_, latents, None)
        encoded = made.flatten(1).cpu().numpy()
        k = self.n_labels
        width = rows.shape[1] - (self.labels.condition_dim_ if k else 0)
        columns = columns.copy()
        columns[:, k:] = self.encoder.columns_of_rows(encoded[:, :width])
        return columns


def prior_params(
    draws: StageDraws, rows: torch.Tensor, settings, seed: int, is_brief: bool = False
) -> dict:
    """Return parameters of the net of a generator that starts from a prior."""
    layout = getattr(draws.encoder, "layout_", None)
    width = rows.shape[1]
    n_numbers = width if layout is None else layout.n_numbers
    if draws.labels is not None and layout is None:
        n_numbers -= draws.labels.condition_dim_
    widths = () if layout is None else layout.block_widths
    n_fixed = width - n_numbers - sum(widths)
    params = {
        "generator__n_numbers": n_numbers,
        "generator__block_widths": (*widths, *([n_fixed] if n_fixed else [])),
        # Where there are no numbers to move, levels are.
        "generator__level_margin": None if n_numbers else _LEVEL_MARGIN,
        "generator__largest_move": _LARGEST_MOVE,
        "generator__noise_dim": _NOISE_DIM,
        "latent_dim": width,
    }
    if settings.max_iter:
        least = max(_POOL_CELLS // width, _SMALLEST_POOL)
        least = min(least, _MIN_POOL_ROWS)
        n_pool = least if is_brief else min(max(len(rows), least), _MAX_POOL_ROWS)
        pool = draws.draw("prior", n_pool, np.random.default_rng([seed, 3]))
        params["latents"] = draws.rows_of(pool, seed)
    return params


def choose_rejection(
    columns: PriorColumns, draws: StageDraws, stage: str, classifier: Any, seed: int
) -> RejectionRule | None:
    """Return a rule by which rows of a stage are kept; None where none helps."""
    # Not before a fit: to import a sampler shall take no longer than it must.
    from skgan.rejection import fit_rejection

    return fit_rejection(
        columns.train,
        columns.held_out,
        seeded(draws, stage),
        columns.schema,
        classifier=classifier,
        random_state=seed,
    )


def seeded(draws: StageDraws, stage: str) -> Callable[[int, int], NDArray]:
    """Return a function that draws rows of a stage from a seed."""
    return lambda n, seed: draws.draw(stage, n, np.random.default_rng(seed))


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
