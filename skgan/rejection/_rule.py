"""A density ratio, a cap and the margins: which drawn rows are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skgan._estimator import persistent
from skgan._validation import check_stream
from skgan.storage import MissingDefinitionError

from ._acceptance import Acceptance
from ._cap_choice import acceptance_gain, choose_cap
from ._classifier_ratio import ClassifierRatio
from ._judges import forest_judge
from ._margin_correction import MarginCorrection
from ._ratio import DensityRatio
from ._state_checks import check_count, check_number

_STAGES = (0.125, 0.25, 0.5, 0.75, 1.0)  # of all trees
_N_DRAWN_EACH = 4  # drawn rows a refit, for each real one
_MAX_REAL = 50_000  # real rows that teach
_MIN_HELD_OUT = 100
_MIN_FIT = 1000
_N_JUDGED = 60_000  # fresh rows on which caps and margins are chosen, at most …
_N_JUDGED_EACH = 10  # … and for each real row, but no fewer than …
_N_JUDGED_LEAST = 10_000
_N_ERRORS = 3.0  # the gain over its standard error: it is the best of many

# Ranges of the numbers of a state.
_RANGES = {
    "log_cap": (-1e6, 1e6),
    "temperature": (1e-6, 1e6),
    "quantile": (0, 1),
    "gain": (-np.inf, np.inf),
    "gain_error": (0, np.inf),
    "share": (0, 1),
}

_Draw = Callable[[int, int], np.ndarray]


@persistent()
class RejectionRule:
    """Which drawn rows are kept, and what that gains on rows held out.

    Made by `fit_rejection`.

    Attributes
    ----------
    ratio_ : DensityRatio or ClassifierRatio
        What says how much too rarely a row is drawn.
    acceptance_ : Acceptance
        Cap and temperature.
    margins_ : MarginCorrection
        Factors that keep single columns as they are in the real rows.
    gain_, gain_error_ : float
        Nats a row by which the divergence from held-out rows fell, and its standard
        error; see `acceptance_gain`.
    share_ : float
        Drawn rows that are kept.
    n_trees_ : int or None
        Trees of each refit that were kept; None with a user's classifier.

    See Also
    --------
    fill_block : Draws until enough rows are accepted.
    """

    ratio_: DensityRatio | ClassifierRatio
    acceptance_: Acceptance
    margins_: MarginCorrection
    gain_: float
    gain_error_: float
    share_: float
    n_trees_: int | None = None
    _quantile: float

    def log_accept(self, columns: np.ndarray) -> np.ndarray:
        """Return the log-probabilities of acceptance.

        Parameters
        ----------
        columns : ndarray of shape (n, d), dtype float64
            Drawn rows.

        Returns
        -------
        log_probability : ndarray of shape (n,), dtype float64
            At most 0.
        """
        log_ratio = self.ratio_.log_ratio(columns)
        factor = self.margins_.log_factor(columns)
        return self.acceptance_.log_probability(log_ratio, factor)

    def refit(
        self,
        real: np.ndarray,
        draw: _Draw,
        schema: tuple[Any, ...],
        *,
        random_state: Any = None,
    ) -> RejectionRule:
        """Return the rule with ratio, cap and margins learnt anew, nothing chosen anew.

        For a sampler that was refitted on all rows, those held out included.

        Parameters
        ----------
        real : ndarray of shape (n, d), dtype float64
            All real rows.
        draw : callable
            ``draw(n, seed)`` returns (n, d) rows of the refitted sampler.
        schema : tuple of length d
            What each column holds.
        random_state : int, RandomState instance or None, default=None
            Seeds all.

        Returns
        -------
        rule : RejectionRule
            With the number of trees, quantile and temperature of this one, whose gain
            it names.
        """
        rng = np.random.default_rng(
            check_stream("random_state", random_state).randint(2**31)
        )
        new = RejectionRule()
        new._quantile, new.n_trees_ = self._quantile, self.n_trees_
        new.gain_, new.gain_error_ = self.gain_, self.gain_error_
        new.ratio_ = _teach(self._fresh_ratio(), real, draw, schema, rng)
        drawn = draw(_n_judged(len(real)), _seed(rng))
        log_ratio = new.ratio_.log_ratio(drawn)
        new.acceptance_ = Acceptance.from_drawn(
            log_ratio, self._quantile, self.acceptance_.temperature
        )
        new._set_margins(real, drawn, schema, log_ratio)
        return new

    def _fresh_ratio(self) -> DensityRatio | ClassifierRatio:
        if isinstance(self.ratio_, ClassifierRatio):
            return ClassifierRatio(self.ratio_.classifier)
        return self.ratio_.untaught(self.n_trees_)

    def _set_margins(
        self,
        real: np.ndarray,
        drawn: np.ndarray,
        schema: tuple[Any, ...],
        log_ratio: np.ndarray,
    ) -> None:
        rule = self.acceptance_
        scores = rule.temperature * log_ratio - rule.log_cap
        self.margins_ = MarginCorrection().fit(real, drawn, schema, scores)
        scores += self.margins_.log_factor(drawn)
        self.share_ = float(np.exp(np.minimum(0.0, scores)).mean())

    def get_state(self) -> dict[str, Any]:
        """Return arrays and numbers that say all there is to acceptance.

        Returns
        -------
        state : dict of str to ndarray or number
            Without a user's classifier, which is handed in again.
        """
        return {
            "log_cap": self.acceptance_.log_cap,
            "temperature": self.acceptance_.temperature,
            "quantile": self._quantile,
            "n_trees": self.n_trees_ or 0,
            "gain": self.gain_,
            "gain_error": self.gain_error_,
            "share": self.share_,
            **_prefixed("ratio_", self.ratio_.get_state()),
            **_prefixed("margins_", self.margins_.get_state()),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], classifier: Any = None) -> RejectionRule:
        """Return the rule that `get_state` described.

        Parameters
        ----------
        state : dict of str to ndarray or number
            As `get_state` returns it.
        classifier : estimator, default=None
            The fitted classifier of a rule that was made with one.

        Returns
        -------
        rule : RejectionRule

        Raises
        ------
        skgan.storage.MissingDefinitionError
            If the rule was made with a user's classifier and none is given.
        ValueError
            If no rule has such a state.
        """
        rule = cls()
        ratio = _without_prefix("ratio_", state)
        if "log_prior" in ratio:
            if classifier is None:
                raise MissingDefinitionError(
                    "This rule was made with a classifier, which is not saved: pass "
                    "the fitted one as classifier=, or to load as "
                    "objects={'classifier': ...}."
                )
            rule.ratio_ = ClassifierRatio.from_state(ratio, classifier)
        else:
            rule.ratio_ = DensityRatio.from_state(ratio)
        rule.margins_ = MarginCorrection.from_state(_without_prefix("margins_", state))
        if isinstance(rule.ratio_, DensityRatio) and not np.array_equal(
            rule.ratio_.is_levels, rule.margins_.is_levels_
        ):
            raise ValueError("margins and ratio disagree on the columns.")
        number = {
            name: check_number(name, state[name], low, high)
            for name, (low, high) in _RANGES.items()
        }
        rule.acceptance_ = Acceptance(number["log_cap"], number["temperature"])
        rule._quantile = number["quantile"]
        rule.n_trees_ = check_count("n_trees", state["n_trees"], 0, 2**20) or None
        rule.gain_, rule.gain_error_ = number["gain"], number["gain_error"]
        rule.share_ = number["share"]
        return rule


def fit_rejection(
    real_fit: np.ndarray,
    real_held_out: np.ndarray,
    draw: _Draw,
    schema: tuple[Any, ...],
    judge: Callable[..., bool] | None = forest_judge,
    *,
    classifier: Any = None,
    min_share: float = 0.3,
    random_state: Any = None,
) -> RejectionRule | None:
    """Return a rule of acceptance that rows held out bear, or None.

    Parameters
    ----------
    real_fit : ndarray of shape (n, d), dtype float64
        Rows that the sampler has learnt from; NaN is a missing value.
    real_held_out : ndarray of shape (m, d), dtype float64
        Rows that it has not seen: they choose the number of trees, the temperature
        and the cap, and whether there is a gain at all.
    draw : callable
        ``draw(n, seed)`` returns (n, d) rows of the sampler.
    schema : tuple of length d
        What each column holds: levels, given as codes, if the entry has an attribute
        `n_levels`; else numbers.
    judge : callable or None, default=forest_judge
        Called with held-out, plain and accepted rows, the schema and a seed; False
        refuses the rule. None leaves the decision to the gain.
    classifier : estimator, default=None
        In place of boosted trees; see `ClassifierRatio`.
    min_share : float, default=0.3
        Drawn rows that must be kept at least.
    random_state : int, RandomState instance or None, default=None
        Seeds all.

    Returns
    -------
    rule : RejectionRule or None
        None if there are fewer than 100 rows held out or 1000 others, if the gain,
        margins included, is not above three of its standard errors, or if the judge
        refuses.

    See Also
    --------
    RejectionRule.refit : For the sampler refitted on all rows.

    References
    ----------
    .. [1] Azadi, S. et al. (2019). Discriminator rejection sampling. ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.rejection import fit_rejection
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(size=(2000, 1)) + 0.3 * rng.normal(size=(2000, 2))
    >>> def draw(n, seed):  # the right columns, unrelated
    ...     return 1.04 * np.random.default_rng(seed).normal(size=(n, 2))
    >>> rule = fit_rejection(
    ...     real[:1500], real[1500:], draw, (None, None), random_state=0
    ... )
    >>> rows = draw(4000, 1)
    >>> kept = rows[rng.random(4000) < np.exp(rule.log_accept(rows))]
    >>> bool(np.corrcoef(kept.T)[0, 1] > 0.6)
    True
    """
    if len(real_held_out) < _MIN_HELD_OUT or len(real_fit) < _MIN_FIT:
        return None
    rng = np.random.default_rng(
        check_stream("random_state", random_state).randint(2**31)
    )
    rule = RejectionRule()
    ratio = DensityRatio() if classifier is None else ClassifierRatio(classifier)
    rule.ratio_ = _teach(ratio, real_fit, draw, schema, rng)
    drawn = draw(_n_judged(len(real_fit)), _seed(rng))
    on_real, on_drawn, stages = _staged(rule.ratio_, real_held_out, drawn)
    choice = choose_cap(on_real, on_drawn, min_share=min_share)
    if choice.gain <= _N_ERRORS * choice.error:
        return None
    rule.acceptance_ = choice.acceptance
    tempered = choice.acceptance.temperature * on_drawn[:, choice.stage]
    rule._quantile = float((tempered <= choice.acceptance.log_cap).mean())
    if isinstance(rule.ratio_, DensityRatio):
        rule.n_trees_ = stages[choice.stage]
        rule.ratio_.truncate(rule.n_trees_)
    rule._set_margins(real_fit, drawn, schema, on_drawn[:, choice.stage])
    fresh = draw(len(drawn), _seed(rng))
    log_fresh = rule.log_accept(fresh)
    rule.gain_, rule.gain_error_ = acceptance_gain(
        rule.log_accept(real_held_out), log_fresh
    )
    if rule.gain_ <= _N_ERRORS * rule.gain_error_:
        return None
    if judge is not None:
        kept = fresh[rng.random(len(fresh)) < np.exp(log_fresh)]
        if not judge(real_held_out, fresh, kept, schema, _seed(rng)):
            return None
    return rule


def _teach(
    ratio: Any,
    real: np.ndarray,
    draw: _Draw,
    schema: tuple[Any, ...],
    rng: np.random.Generator,
) -> Any:
    if len(real) > _MAX_REAL:
        real = real[rng.choice(len(real), _MAX_REAL, replace=False)]
    n_refits = getattr(ratio, "n_refits", 1)
    drawn = draw(_N_DRAWN_EACH * n_refits * len(real), _seed(rng))
    return ratio.fit(real, drawn, schema, random_state=_seed(rng))


def _staged(
    ratio: Any, real: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Log-ratios of both sets after fewer and more trees, and these numbers."""
    if isinstance(ratio, ClassifierRatio):
        return ratio.log_ratio(real)[:, None], ratio.log_ratio(drawn)[:, None], [0]
    stages = sorted({max(1, int(share * ratio.n_trees)) for share in _STAGES})
    on_real = ratio.staged_log_ratio(real, stages)
    return on_real, ratio.staged_log_ratio(drawn, stages), stages


def _n_judged(n_real: int) -> int:
    return int(np.clip(_N_JUDGED_EACH * n_real, _N_JUDGED_LEAST, _N_JUDGED))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31 - 1))


def _prefixed(prefix: str, state: dict[str, Any]) -> dict[str, Any]:
    return {prefix + name: value for name, value in state.items()}


def _without_prefix(prefix: str, state: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value
        for name, value in state.items()
        if name.startswith(prefix)
    }
