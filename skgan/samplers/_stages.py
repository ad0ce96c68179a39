"""Stages of a sampler that starts from trees, and how rows of them are drawn.

Which of them is kept `_judging.py` finds out, and `_trees.py` asks it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from skgan._deadline import Deadline
from skgan.encoding import BaseEncoder
from skgan.nets import AdversarialNet
from skgan.priors import BasePrior, LevelColumn, Schema, TreesPrior
from skgan.rejection import RejectionRule, fill_block, fit_rejection
from skgan.samplers._prior_conditions import CellConditions

# What a stage's name ends in where not all of its rows are kept.
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
