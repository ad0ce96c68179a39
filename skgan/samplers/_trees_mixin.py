"""What a sampler does that starts from trees: prepare, choose a stage, draw."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgan._deadline import Deadline
from skgan._validation import check_boolean, check_share
from skgan.encoding import BaseEncoder
from skgan.frames import drop_rows
from skgan.nets import AdversarialNet
from skgan.priors import PRIORS, BasePrior
from skgan.samplers._auto import resolve_settings
from skgan.samplers._conditions import LabelledRows
from skgan.samplers._prior_conditions import CellConditions, condition_on_labels
from skgan.samplers._stages import (
    MAX_JUDGED_ROWS,
    REJECTION,
    StageDraws,
    StageWatch,
    choose_rejection,
    choose_stage,
    fit_prior,
    prior_params,
    read_columns,
    score_stages,
    seeded,
)

if TYPE_CHECKING:
    from skgan.rejection import RejectionRule

_STAGE_BLOCK = 4096
# Of wide rows fewer, so that a few rows are not waited for longer than for a fit.
_BLOCK_CELLS, _SMALLEST_BLOCK = 2**20, 128
# Of rows that a range or a list is asked of, more are drawn than are kept.
_SEARCH_BLOCK = 256
# Of the time that is left when the prior is fitted.
_PRIOR_SHARE = 0.3
# The time of judging and of rejection, in units of that of a prior of as many rows.
_JUDGING, _REJECTING, _MAX_REJECTING_ROWS = 1.5, 5.0, 20_000
_MAX_PRIOR_ROWS = 50_000
# Training may come back so often to rows that were kept of more.
_MAX_VISITS = 2
# "auto" holds rows out where a tenth of them can judge.
_MIN_JUDGED_ROWS = 100
# Whoever sets one of these has a generator of normal latents in mind.
_OF_NORMAL_LATENTS = ("latent_dim", "generator", "discriminator")
# Attributes that the choice of a stage sets.
_OF_STAGE = ("prior_", "rejection_", "stage_", "stage_scores_")
_LOG = logging.getLogger("skgan")


def block_size(n_columns: int) -> int:
    """Return how many rows are drawn at a time: a power of 2, of wide rows fewer."""
    size = min(max(_BLOCK_CELLS // n_columns, _SMALLEST_BLOCK), _STAGE_BLOCK)
    return 1 << (size.bit_length() - 1)


class TreesMixin:
    """The path of a sampler whose generator starts from rows of a prior."""

    # Of the sampler that it is mixed into.
    prior: Any = "normal"
    rejection: Any = None
    early_stopping: Any
    validation_fraction: Any
    verbose: Any
    encoder_: BaseEncoder
    net_: AdversarialNet
    prior_: BasePrior | None
    rejection_: RejectionRule | None
    n_iter_: int
    stage_: str
    _stream: np.random.RandomState
    stage_scores_: dict[str, float]
    _conditions: Any
    _count_held_out: Callable[[Any], int]
    _fit_encoder_in_time: Callable[[Any], BaseEncoder]

    def _read_prior(self, encoder: BaseEncoder, is_warm_start: bool) -> str:
        """Return what the generator starts from: "normal" or "trees"."""
        is_name = isinstance(self.rejection, str)
        if is_name and self.rejection != "auto":
            raise ValueError(
                "rejection must be 'auto', None or a classifier, got "
                f"{self.rejection!r}."
            )
        if not isinstance(self.prior, str) or self.prior not in (
            "auto",
            "normal",
            *PRIORS,
        ):
            raise ValueError(
                f"prior must be 'auto', 'normal' or 'trees', got {self.prior!r}."
            )
        if is_warm_start:
            return "normal" if self.prior_ is None else "trees"
        has_columns = type(encoder).schema_ is not BaseEncoder.schema_
        if self.prior == "trees" and not has_columns:
            raise ValueError(
                f"prior='trees' learns columns, and {type(encoder).__name__} has none; "
                "set prior='normal'."
            )
        if self.prior != "auto":
            return self.prior
        is_own = [getattr(self, name) != "auto" for name in _OF_NORMAL_LATENTS]
        return "normal" if any(is_own) or not has_columns else "trees"

    def _prepare_columns(self, data) -> None:
        """Fit the prior, and encode the rows of a generator that starts from it."""
        encoder, seeds = data.encoder, data.seeds
        if not data.is_warm_start:
            encoder = data.encoder = self._fit_encoder_in_time(data)
        columns = read_columns(encoder, data.X, data.labels, data.target)
        columns.hold_out(self._count_judged(len(data.X)), data.labels, seeds.split)
        data.columns = columns
        fit_prior_ = partial(self._fit_prior_in_time, data)
        data.prior, data.prior_seconds = data.on_first_process(fit_prior_)
        draws = StageDraws(encoder, data.prior, None, data.labels)
        data.rows = draws.rows_of(columns.train, seeds.net)
        data.settings = resolve_settings(
            self, len(data.rows), encoder, starts_from="trees"
        )
        is_brief = data.on_first_process(
            lambda: data.deadline.left < 4 * data.prior_seconds
        )
        data.net_params = prior_params(
            draws, data.rows, data.settings, seeds.net, is_brief
        )
        if data.named is not None:
            data.rows = self._read_more(data, draws)
        data.conditions = self._make_shares(data.labels, data.target)

    def _read_more(self, data, draws: StageDraws):
        """Return as many rows as training visits, if it would come back to those kept.

        None is held out to judge by, and none has a label that those kept have not.
        """
        settings, labels, encoder = data.settings, data.labels, data.encoder
        held_out = data.named.places[data.columns.is_held_out]
        n_visited = (
            settings.max_iter * settings.batch_size * settings.n_discriminator_steps
        )
        n = min(n_visited, data.named.n_rows - len(held_out))
        if n <= _MAX_VISITS * len(data.rows):
            return data.rows
        batches = count()

        def encode(X, y):
            if labels is not None:
                # Rare classes may be in none of the rows kept.
                chosen = np.flatnonzero(labels.knows(y))
                if not len(chosen):
                    return data.rows[:0]
                X, y = X.iloc[chosen], y.iloc[chosen]
            columns = encoder.columns_for_training(X)
            if labels is not None:
                columns = np.hstack([labels.read(y), columns])
            entropy = np.random.SeedSequence([data.seeds.net, next(batches)])
            return draws.rows_of(columns, int(entropy.generate_state(1)[0]))

        packing = draws.packing(data.rows.shape[1])
        return data.named.encode(
            n, held_out, encode, data.seeds.net, packing, data.rows
        )

    def _fit_prior_in_time(self, data) -> tuple[BasePrior, float]:
        """Fit the prior, and return the seconds that it took, too."""
        start = time.perf_counter()
        clock = data.deadline.share(_PRIOR_SHARE)
        prior = fit_prior(data.columns.train, data.columns, data.seeds.net, clock)
        return prior, time.perf_counter() - start

    def _count_judged(self, n: int) -> int:
        """Return how many rows are held out to judge stages by."""
        if self.early_stopping is True:
            return self._count_held_out(range(n))
        is_automatic = isinstance(self.early_stopping, str)
        if not is_automatic:
            check_boolean("early_stopping", self.early_stopping)
        elif self.early_stopping != "auto":
            raise ValueError(
                "early_stopping must be 'auto', True or False, got "
                f"{self.early_stopping!r}."
            )
        if not is_automatic or n < 4 * _MIN_JUDGED_ROWS:
            return 0
        share = check_share("validation_fraction", self.validation_fraction)
        return min(max(round(share * n), _MIN_JUDGED_ROWS), MAX_JUDGED_ROWS)

    def _make_shares(self, labels, target):
        """Return how often labels come; None without labels."""
        return None

    def _watch_stages(self, data) -> StageWatch | None:
        """Return what scores a generator in training; None without held-out rows."""
        n_held_out = len(data.columns.held_out)
        if not n_held_out:
            return None
        has_time_for = self._expect_time(data)
        if not data.on_first_process(lambda: has_time_for(4 * _JUDGING, n_held_out)):
            return None
        draws = StageDraws(data.encoder, data.prior, self.net_, data.labels)
        return StageWatch(draws, data.columns, data.seeds.score)

    def _keep_stage_together(self, data) -> None:
        """Choose what ``sample`` uses, in one process for all that share the fit."""

        def choose() -> dict[str, Any]:
            self._keep_best_stage(data)
            return {name: getattr(self, name) for name in _OF_STAGE}

        for name, value in data.on_first_process(choose).items():
            setattr(self, name, value)

    def _keep_best_stage(self, data) -> None:
        """Choose what ``sample`` uses on held-out rows, then learn from all rows."""
        columns, seeds = data.columns, data.seeds
        is_held_out, n_held_out = columns.is_held_out.any(), len(columns.held_out)
        has_time_for = self._expect_time(data)
        candidates = ("prior", "generator") if data.settings.max_iter else ("prior",)
        draws = StageDraws(data.encoder, data.prior, self.net_, data.labels)
        if self.verbose and is_held_out:
            # On large tables it takes as long as the training.
            print(
                f"Judging by {n_held_out} held-out rows, then learning from all rows."
            )
        stage, scores = candidates[-1], dict[str, float]()
        if self.early_stopping is not False:
            stage = candidates[0]
            if has_time_for(_JUDGING, n_held_out):
                stage, scores = choose_stage(columns, draws, candidates, seeds.score)
        rule = None
        n_rejecting = min(len(columns.values), _MAX_REJECTING_ROWS)
        may_reject = self.rejection is not None and is_held_out
        if may_reject and has_time_for(2 * _REJECTING, n_rejecting):
            classifier = None if isinstance(self.rejection, str) else self.rejection
            rule = choose_rejection(columns, draws, stage, classifier, seeds.score)
        if rule is not None:
            draws.rejection = rule
            scores |= score_stages(columns, draws, (stage + REJECTION,), seeds.score)
            draws.rejection = None
        # Without the time for it, what the other rows have taught stays.
        work = 1.0 if rule is None else _REJECTING
        if is_held_out and has_time_for(work, len(columns.values)):
            rule = self._learn_from_all(data, draws, stage, rule)
        self.rejection_ = rule
        self.stage_ = stage if rule is None else stage + REJECTION
        self.stage_scores_ = scores
        self._tell_stage(n_held_out, rule)

    def _learn_from_all(self, data, draws: StageDraws, stage: str, rule):
        """Fit the prior and the rule, if there is one, to all rows."""
        columns, seeds = data.columns, data.seeds
        self.prior_ = draws.prior = fit_prior(
            columns.values, columns, seeds.net, Deadline(), forms_of=data.prior
        )
        if rule is None:
            return None
        return rule.refit(
            columns.values,
            seeded(draws, stage),
            columns.schema,
            random_state=seeds.score,
        )

    def _expect_time(self, data) -> Callable[[float, int], bool]:
        """Return a function that tells whether there is time for work on rows."""
        # Twice what is expected: a guess may be wrong.
        a_row = 2 * data.prior_seconds / max(data.prior.n_rows_, 1)

        def has_time_for(work: float, n_rows: int) -> bool:
            return data.deadline.left > work * min(n_rows, _MAX_PRIOR_ROWS) * a_row

        return has_time_for

    def _tell_stage(self, n_held_out: int, rule: RejectionRule | None) -> None:
        """Say in one line what was kept, and why."""
        scores = ", ".join(f"{k} {v:.3f}" for k, v in self.stage_scores_.items())
        message = f"Kept the stage {self.stage_!r}"
        if scores:
            message += f"; scores on {n_held_out} held-out rows: {scores}"
        elif n_held_out:
            message += f"; {n_held_out} rows were held out"
        else:
            message += ", unjudged: no rows were held out"
        if rule is not None:
            message += (
                f"; rejection keeps {rule.share_:.0%} of the rows drawn and gains "
                f"{rule.gain_:.3f} ± {rule.gain_error_:.3f} nats a row"
            )
        _LOG.info(message + ".")
        if self.verbose:
            print(message + ".")

    @property
    def stages_(self) -> tuple[str, ...]:
        """Stages that `at_stage` can draw from, the cheaper first."""
        stages = ["prior"] if self.prior_ is not None else []
        if self.prior_ is None or self.n_iter_:
            stages.append("generator")
        return tuple(dict.fromkeys([*stages, self.stage_]))

    def at_stage(self, stage: str) -> Self:
        """Return a sampler that draws from another stage of this fit.

        Parameters
        ----------
        stage : str
            One of ``stages_``: "prior", "generator" where there was training, and
            ``stage_``, which ``sample`` uses.

        Returns
        -------
        sampler : estimator of the same class
            Fitted, with this sampler's prior and networks, which are not copied.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        ValueError
            If there is no such stage.

        Examples
        --------
        >>> import numpy as np
        >>> from skgan import GANSampler
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> sampler = GANSampler(max_iter=5, random_state=0).fit(X)
        >>> sampler.stages_
        ('prior', 'generator')
        >>> sampler.at_stage("prior").sample(3).shape
        (3, 2)
        """
        check_is_fitted(self, "net_")
        if stage not in self.stages_:
            known = ", ".join(map(repr, self.stages_))
            raise ValueError(f"stage must be one of {known}, got {stage!r}.")
        other = object.__new__(type(self))
        other.__dict__.update(vars(self))
        if stage != self.stage_:
            other.stage_, other.rejection_ = stage, None
        other._stream = copy.deepcopy(self._stream)  # draws leave that of self alone
        return other

    def _draw_stage(self, start: int, stop: int, seed: int, given=None):
        """Draw rows of the stage that was kept: block i, seeded by (seed, i), whole."""
        assert self.prior_ is not None
        encoder: Any = self.encoder_
        labels = getattr(self._conditions, "labels", None)
        draws = StageDraws(encoder, self.prior_, self.net_, labels, self.rejection_)
        size = block_size(len(encoder.schema_))
        if not getattr(given, "is_fast", True):
            size = min(size, _SEARCH_BLOCK)
        first = start - start % size
        buffer = encoder.output_builder_.make_buffer(stop - first, seed, first)
        for begin in range(first, stop, size):
            rng = np.random.default_rng(np.random.SeedSequence([seed, begin // size]))
            cells: CellConditions | None = None
            if given is not None:
                block = given.rows(begin, begin + size)
                cells = block if isinstance(block, CellConditions) else None
                if isinstance(block, LabelledRows) and labels is not None:
                    values = labels.clip(block.values)
                    cells = condition_on_labels(values, len(encoder.schema_))
            columns = draws.draw(self.stage_, size, rng, cells)
            columns = columns[: stop - begin]
            encoder.write_columns(buffer, begin - first, columns[:, draws.n_labels :])
            if cells is not None:
                cells.mark(buffer, begin - first, columns)
        return drop_rows(encoder.output_builder_.build(buffer), start - first)
