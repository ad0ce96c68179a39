"""`membership_attacks`: who was in the training set, by every known black-box way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skgan._validation import check_stream
from skgan.metrics._inputs import check_count, draw_seed
from skgan.metrics.privacy._attack_power import AttackPower, measure
from skgan.metrics.privacy._attacked_rows import (
    MIN_ROWS,
    AttackedRows,
    choose_rows,
    read_sets,
)
from skgan.metrics.privacy._guesses import GUESSES, guess_by_shadows

_RARE_SHARE = 0.05


def membership_attacks(
    X_train: Any,
    X_holdout: Any,
    X_synthetic: Any,
    *,
    X_reference: Any = None,
    attacks: Sequence[str] | None = None,
    shadow: Any = None,
    n_shadows: int = 4,
    max_samples: int = 5000,
    confidence_level: float = 0.95,
    n_resamples: int = 200,
    random_state: Any = None,
) -> dict[str, AttackPower]:
    """Guess from samples who was in the training set, by all known black-box attacks.

    An attacker holds the samples, real rows of the same population, and candidates of
    which half were trained on; each attack says how sure it is of each candidate.

    Parameters
    ----------
    X_train : array-like of shape (n_train, ...) or DataFrame
        Rows that the sampler was trained on. At least 20.
    X_holdout : array-like of shape (n_holdout, ...) or DataFrame
        Rows of the same distribution that it has not seen. At least 20, better
        thousands: that an attack fails on few rows says little.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least 20, of which
        20 000 are used; more make attacks stronger.
    X_reference : array-like of shape (n_reference, ...) or DataFrame, default=None
        Further real rows that the attacker knows, neither of `X_train` nor of
        `X_holdout`. At least 20; more make attacks stronger. None sets half of
        `X_holdout` aside for them.
    attacks : sequence of str or None, default=None
        Which to run, by the names under Notes; None runs all of them but ``shadow``.
    shadow : estimator or None, default=None
        An unfitted sampler like the one attacked. It is cloned and fitted on halves
        of the reference rows, `n_shadows` times, to learn what it does to rows of its
        own. None leaves this attack out.
    n_shadows : int, default=4
        How many clones.
    max_samples : int, default=5000
        Members, others and reference rows at most, of each, drawn at random; at least
        20.
    confidence_level : float, default=0.95
        Of the intervals, in (0, 1).
    n_resamples : int, default=200
        Bootstrap resamples of the candidates.
    random_state : int, RandomState instance or None, default=None
        Draws rows and resamples, and seeds models.

    Returns
    -------
    attacks : dict of str to AttackPower
        By name, `auc` and `tpr` (at 1 % false positives [5]_) with their intervals and
        a p-value. `rare` has the same for the rarest 5 % of the candidates, 20 at
        least: those whose fifth nearest other real row is farthest.

    Raises
    ------
    ValueError
        If a set has fewer than 20 rows, the columns differ, an attack has no such
        name, or `shadow` is asked for with fewer than 40 reference rows.

    See Also
    --------
    membership_auc : The first of these attacks on all rows, as one number.
    disclosure_attacks : What samples tell of persons, whoever was trained on.

    Notes
    -----
    With d(x, S) the distance from a candidate to the nearest sample and R the
    reference rows, a candidate is taken for a training row the rather, the larger

    - ``distance``: -d(x, S) [1]_;
    - ``relative_distance``: -d(x, S) / d₂(x, S), the second nearest sample;
    - ``calibrated_distance``: d(x, R) - d(x, S) [1]_;
    - ``neighbor_ratio``: the mean of log dₖ(x, R) - log dₖ(x, S) over the k = 1 to 5
      nearest, a ratio of densities [2]_;
    - ``classifier_ratio``: log-odds of boosted trees that tell S from R;
    - ``domias_kernels``, ``domias_trees``: log p_S(x) - log p_R(x) [3]_, of Gaussian
      kernels on at most 10 principal axes, and of chains of trees
      (`priors.TreesPrior`);
    - ``shadow``: log-odds of a logistic regression on distances, learnt where the
      truth is known [4]_.

    As many training rows as others are candidates: the larger set is reduced. Distances
    are those of a `ReferenceSpace` of training and held-out rows together: one of the
    training rows alone would know their rare levels. Of more than 64 columns trees see
    20 principal axes.

    Nothing is proven by attacks that fail: others may not. The worst of several is
    above chance by chance, so take p-values times their number.

    References
    ----------
    .. [1] Chen, D. et al. (2020). GAN-Leaks: a taxonomy of membership inference
       attacks against generative models. CCS (equations 5 and 11).
    .. [2] Hilprecht, B. et al. (2019). Monte Carlo and reconstruction membership
       inference attacks against generative models. PoPETs.
    .. [3] van Breugel, B. et al. (2023). Membership inference attacks against
       synthetic data through overfitting detection. AISTATS (equation 2).
    .. [4] Stadler, T. et al. (2022). Synthetic data - anonymisation groundhog day.
       USENIX Security.
    .. [5] Carlini, N. et al. (2022). Membership inference attacks from first
       principles. IEEE S&P (why the rate at few false positives).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import membership_attacks
    >>> rng = np.random.default_rng(0)
    >>> X_train, X_holdout, X_synthetic = rng.normal(size=(3, 200, 3))
    >>> X_synthetic[:100] = X_train[:100]
    >>> found = membership_attacks(X_train, X_holdout, X_synthetic, random_state=0)
    >>> found["distance"].auc > 0.7, found["distance"].p_value < 0.001
    (True, True)
    """
    _check_settings(confidence_level, n_resamples, n_shadows)
    named = {"X_train": X_train, "X_holdout": X_holdout, "X_synthetic": X_synthetic}
    named |= {} if X_reference is None else {"X_reference": X_reference}
    generator = check_stream("random_state", random_state)
    sets = read_sets(named)
    rows = choose_rows(sets, max_samples, generator)
    scores = guess_members(rows, attacks, generator)
    if shadow is not None:
        known = X_holdout if X_reference is None else X_reference
        scores["shadow"] = guess_by_shadows(
            rows, known, sets["X_train"], shadow, n_shadows, generator
        )
    return measure_guesses(rows, scores, confidence_level, n_resamples, generator)


def guess_members(
    rows: AttackedRows, attacks: Sequence[str] | None, generator: np.random.RandomState
) -> dict[str, np.ndarray]:
    """Run attacks by name; each has a seed of its own, so that others do not matter."""
    seeds = {name: draw_seed(generator) for name in GUESSES}
    if isinstance(attacks, str):
        raise TypeError(f"attacks must be a sequence of names, got {attacks!r}.")
    chosen = list(GUESSES) if attacks is None else list(dict.fromkeys(attacks))
    unknown = [name for name in chosen if name not in GUESSES]
    if unknown:
        raise ValueError(
            f"attacks holds {unknown}, which is none of {list(GUESSES)}; the attack by "
            "shadow models is run by shadow=sampler."
        )
    found = {}
    for name in chosen:
        scores = GUESSES[name](rows, np.random.RandomState(seeds[name]))
        # Where both densities are beyond what a float holds, nothing is told.
        found[name] = np.nan_to_num(scores)
    return found


def measure_guesses(
    rows: AttackedRows,
    scores: dict[str, np.ndarray],
    confidence_level: float,
    n_resamples: int,
    generator: np.random.RandomState,
) -> dict[str, AttackPower]:
    """Return how good guesses are, among all candidates and among the rarest."""
    # Members stand first, and a stable sort alone would make them the rarer of equals.
    order = generator.permutation(len(rows.rarity))
    order = order[np.argsort(-rows.rarity[order], kind="stable")]
    n_rare = max(MIN_ROWS, round(_RARE_SHARE * len(order)))
    rarest = order[:n_rare]
    seed = draw_seed(generator)
    found = {}
    for name, values in scores.items():
        settings = (confidence_level, n_resamples, seed)
        rare = measure(values[rarest], rows.is_member[rarest], *settings)
        found[name] = replace(measure(values, rows.is_member, *settings), rare=rare)
    return found


def _check_settings(confidence_level: float, n_resamples: int, n_shadows: int) -> None:
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must be between 0 and 1, got {confidence_level!r}."
        )
    check_count("n_resamples", n_resamples, minimum=20)
    check_count("n_shadows", n_shadows)
