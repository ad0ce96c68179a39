"""`disclosure_attacks`: singling out, linkability and attribute inference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from skgan._validation import check_real, check_stream
from skgan.frames import is_table
from skgan.metrics._inputs import check_count, draw_seed
from skgan.metrics.privacy._attacked_rows import MIN_ROWS, read_sets
from skgan.metrics.privacy._column_sets import ColumnSets, draw_columns
from skgan.metrics.privacy._singling_out import (
    multivariate_predicates,
    random_predicates,
    singled_out,
    univariate_predicates,
)

# Ways to halve the columns, where none is given.
_N_HALVINGS = 5


@dataclass(frozen=True)
class DisclosureRisk:
    """How much more an attack tells of training rows than of held-out ones.

    Parameters
    ----------
    risk : float
        (success - control) / (1 - control), in [0, 1]; NaN without an attack.
    interval : tuple of float
        Around `risk`, by Wilson's intervals of both rates, cut off at 0 and 1. The
        attack tells something of the training rows where it does not hold 0.
    success : float
        Share of attacks on training rows that succeed, in [0, 1].
    control : float
        The same on held-out rows: what the population tells by itself.
    baseline : float
        The same of guesses made without samples, or at random among them. An attack
        below it is too weak to judge by.
    n_attacks : int
        How many attacks each rate is of.
    columns : dict or None, default=None
        Of attribute inference, the same for each secret column.

    Examples
    --------
    >>> from skgan.metrics import DisclosureRisk
    >>> DisclosureRisk(0.1, (0.05, 0.15), 0.3, 0.2, 0.1, 500).columns is None
    True
    """

    risk: float
    interval: tuple[float, float]
    success: float
    control: float
    baseline: float
    n_attacks: int
    columns: dict[Any, DisclosureRisk] | None = None


def to_risk(
    rates: tuple[float, float, float],
    n_attacks: int,
    confidence_level: float,
    columns: dict[Any, DisclosureRisk] | None = None,
) -> DisclosureRisk:
    """Return the risk of an attack from its rates on training and held-out rows.

    The third rate is that of the baseline.
    """
    success, control, baseline = rates
    if n_attacks == 0:
        nothing = math.nan
        return DisclosureRisk(
            nothing, (nothing, nothing), nothing, nothing, nothing, 0, columns
        )
    (main, main_width), (other, other_width) = (
        wilson(rate, n_attacks, confidence_level) for rate in (success, control)
    )
    risk = (main - other) / (1 - other)
    # How errors of two independent rates go on to the risk, to first order.
    width = math.hypot(
        main_width / (1 - other), (main - 1) / (1 - other) ** 2 * other_width
    )
    return DisclosureRisk(
        _clip(risk),
        (_clip(risk - width), _clip(risk + width)),
        success,
        control,
        baseline,
        n_attacks,
        columns,
    )


def wilson(rate: float, n: int, confidence_level: float) -> tuple[float, float]:
    """Return the middle and half the width of Wilson's interval of a rate."""
    z = NormalDist().inv_cdf((1 + confidence_level) / 2)
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    spread = math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return middle, z / (1 + z**2 / n) * spread


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def disclosure_attacks(
    X_train: Any,
    X_holdout: Any,
    X_synthetic: Any,
    *,
    secrets: Sequence[Any] | None = None,
    halves: tuple[Sequence[Any], Sequence[Any]] | None = None,
    n_attacks: int = 500,
    n_columns: int = 3,
    n_neighbors: int = 1,
    tolerance: float = 0.05,
    max_samples: int = 5000,
    confidence_level: float = 0.95,
    random_state: Any = None,
) -> dict[str, DisclosureRisk]:
    """Single out, link and infer: what samples tell of persons of the training set.

    Parameters
    ----------
    X_train : array-like of shape (n_train, n_columns) or DataFrame
        Rows that the sampler was trained on. At least 20.
    X_holdout : array-like of shape (n_holdout, n_columns) or DataFrame
        Rows of the same distribution that it has not seen. At least 20.
    X_synthetic : array-like of shape (n_synthetic, n_columns) or DataFrame
        Rows drawn from the sampler, with the same columns. At least 20.
    secrets : sequence of column names or int, default=None
        Columns to infer, each from all others (indices, for arrays). None is every
        column.
    halves : pair of sequences of column names or int, default=None
        Columns of the two tables that are linked; name those that two outsiders may
        really hold. None halves the columns at random, five times.
    n_attacks : int, default=500
        Of each kind, and for each secret; at most as many persons as there are rows
        in the smaller real set. More narrow the intervals.
    n_columns : int, default=3
        Columns in a predicate of `singling_out`.
    n_neighbors : int, default=1
        Samples that are looked at for each half of a linked person.
    tolerance : float, default=0.05
        A guessed number is right within this share of the true one; at least 0.
    max_samples : int, default=5000
        Rows of each set at most, drawn at random; at least 20.
    confidence_level : float, default=0.95
        Of the intervals, in (0, 1).
    random_state : int, RandomState instance or None, default=None
        Draws rows, predicates, halves and persons.

    Returns
    -------
    risks : dict of str to DisclosureRisk
        ``singling_out_univariate``, ``singling_out``, ``linkability`` and
        ``attribute_inference``; of the last, `columns` has each secret.

    Raises
    ------
    ValueError
        If a set has fewer than 20 rows, rows are images, the columns differ, or a
        column that is named is not there.

    See Also
    --------
    membership_attacks : Who was in the training set.

    Notes
    -----
    The three risks that European regulators ask of, as attacks [1]_, written from the
    paper. Each attack is run on training rows, and as a control on as many held-out
    rows: what it learns of these it learnt of the population. With r the centre of
    Wilson's interval of a success rate, the risk is

    R = (r_train - r_control) / (1 - r_control).

    - Singling out: a predicate that exactly one sample fulfils succeeds if exactly one
      row does. On one column: a value that occurs once, the least and the greatest
      number. On several: the levels of a sample, and its numbers and beyond.
    - Linkability: of each person two halves of the columns are known; success is that
      a sample is among the nearest of both.
    - Attribute inference: all columns of a person are known but one, which is guessed
      to be that of the nearest sample.

    Distances are those of a `ReferenceSpace` of training and held-out rows, where the
    paper takes Gower's. The larger of the two sets is reduced, so that a row stands
    out as easily in both: of many training rows, copies of those left out go unseen.
    The interval of all secrets together counts each person once.

    References
    ----------
    .. [1] Giomi, M., Boenisch, F., Wehmeyer, C. and Tasnádi, B. (2023). A unified
       framework for quantifying privacy risk in synthetic data. PoPETs 2023(2)
       (section 4 for the risk, 5 for the attacks).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import disclosure_attacks
    >>> rng = np.random.default_rng(0)
    >>> X_train, X_holdout, X_synthetic = rng.normal(size=(3, 200, 4))
    >>> copies = disclosure_attacks(X_train, X_holdout, X_train, random_state=0)
    >>> copies["linkability"].risk > 0.9
    True
    >>> fresh = disclosure_attacks(X_train, X_holdout, X_synthetic, random_state=0)
    >>> fresh["linkability"].risk < 0.1
    True
    """
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must be between 0 and 1, got {confidence_level!r}."
        )
    for name, value in (
        ("n_attacks", n_attacks),
        ("n_columns", n_columns),
        ("n_neighbors", n_neighbors),
    ):
        check_count(name, value)
    check_count("max_samples", max_samples, minimum=MIN_ROWS)
    tolerance = check_real("tolerance", tolerance, 0)
    named = {"X_train": X_train, "X_holdout": X_holdout, "X_synthetic": X_synthetic}
    for name, rows in named.items():
        if not is_table(rows) and np.ndim(rows) > 2:
            raise ValueError(
                f"{name} has rows of shape {np.shape(rows)[1:]}: these attacks are on "
                "tables. membership_attacks takes images."
            )
    generator = check_stream("random_state", random_state)
    sets = draw_columns(read_sets(named), max_samples, generator)
    chosen = None if secrets is None else sets.places_of(secrets, "secrets")
    pair = None if halves is None else _read_halves(sets, halves)
    # A stream for each, so that the settings of one do not move another.
    streams = [np.random.RandomState(draw_seed(generator)) for _ in range(4)]
    return {
        "singling_out_univariate": _single_out(
            sets, 1, n_attacks, confidence_level, streams[0]
        ),
        "singling_out": _single_out(
            sets, n_columns, n_attacks, confidence_level, streams[1]
        ),
        "linkability": _link(
            sets, pair, n_attacks, n_neighbors, confidence_level, streams[2]
        ),
        "attribute_inference": _infer(
            sets, chosen, n_attacks, tolerance, confidence_level, streams[3]
        ),
    }


def _read_halves(sets: ColumnSets, halves: Any) -> tuple[list[int], list[int]]:
    if len(halves) != 2 or any(isinstance(half, str) for half in halves):
        raise ValueError(
            f"halves must be a pair of sequences of columns, got {halves!r}."
        )
    first, second = (sets.places_of(half, "halves") for half in halves)
    if not first or not second or set(first) & set(second):
        raise ValueError("halves must hold a column each at least, and none twice.")
    return first, second


def _single_out(
    sets: ColumnSets,
    n_columns: int,
    n_attacks: int,
    confidence_level: float,
    generator: np.random.RandomState,
) -> DisclosureRisk:
    if n_columns == 1:
        predicates = univariate_predicates(sets, n_attacks, generator)
    else:
        predicates = multivariate_predicates(sets, n_columns, n_attacks, generator)
    made_up = random_predicates(sets, n_columns, n_attacks, generator)
    rates = (
        singled_out(predicates, sets.values["train"]),
        singled_out(predicates, sets.values["holdout"]),
        singled_out(made_up, sets.values["train"]),
    )
    return to_risk(rates, len(predicates), confidence_level)


def _link(
    sets: ColumnSets,
    pair: tuple[list[int], list[int]] | None,
    n_attacks: int,
    n_neighbors: int,
    confidence_level: float,
    generator: np.random.RandomState,
) -> DisclosureRisk:
    d = len(sets.labels)
    if d < 2:
        return to_risk((0.0, 0.0, 0.0), 0, confidence_level)
    targets = _draw_targets(sets, n_attacks, generator)
    if pair is not None:
        parts = [(targets, pair)]
    else:
        orders = [generator.permutation(d).tolist() for _ in range(_N_HALVINGS)]
        pairs = [(order[: d // 2], order[d // 2 :]) for order in orders]
        chunks = np.array_split(targets, len(pairs))
        parts = [(rows, p) for rows, p in zip(chunks, pairs, strict=True) if len(rows)]
    n_found = [
        sum(linked(sets, name, rows, p, n_neighbors) for rows, p in parts)
        for name in ("train", "holdout")
    ]
    # How often two sets of k samples that are drawn at random have one in common.
    n_samples = len(sets.values["synthetic"])
    k = min(n_neighbors, n_samples)
    chance = 1 - float(np.prod(1 - k / (n_samples - np.arange(k)).clip(k)))
    n = len(targets)
    return to_risk((n_found[0] / n, n_found[1] / n, chance), n, confidence_level)


def _infer(
    sets: ColumnSets,
    secrets: list[int] | None,
    n_attacks: int,
    tolerance: float,
    confidence_level: float,
    generator: np.random.RandomState,
) -> DisclosureRisk:
    secrets = list(range(len(sets.labels))) if secrets is None else secrets
    if len(sets.labels) < 2 or not secrets:
        return to_risk((0.0, 0.0, 0.0), 0, confidence_level, {})
    targets = _draw_targets(sets, n_attacks, generator)
    n, found = len(targets), {}
    for j in secrets:
        counts = [
            inferred(sets, name, targets, j, tolerance) for name in ("train", "holdout")
        ]
        counts.append(guessed(sets, targets, j, tolerance, generator))
        rates = (counts[0] / n, counts[1] / n, counts[2] / n)
        found[sets.labels[j]] = to_risk(rates, n, confidence_level)
    risks = list(found.values())
    means = (
        float(np.mean([risk.success for risk in risks])),
        float(np.mean([risk.control for risk in risks])),
        float(np.mean([risk.baseline for risk in risks])),
    )
    # Guesses on one person depend on each other: persons count, not guesses.
    return to_risk(means, n, confidence_level, found)


def _draw_targets(
    sets: ColumnSets, n_attacks: int, generator: np.random.RandomState
) -> np.ndarray:
    n_rows = len(sets.values["train"])
    return generator.permutation(n_rows)[: min(n_attacks, n_rows)]


def linked(
    sets: ColumnSets,
    name: str,
    targets: np.ndarray,
    halves: tuple[list[int], list[int]],
    n_neighbors: int,
) -> int:
    """Return how many rows of a set have a sample that is near in both halves.

    The attacker holds both halves of each person's columns, in two tables, and asks
    which belong together.
    """
    k = min(n_neighbors, len(sets.values["synthetic"]))
    found = [_nearest(sets, name, targets, half, k) for half in halves]
    both = found[0][:, :, None] == found[1][:, None, :]
    return int(both.any(axis=(1, 2)).sum())


def inferred(
    sets: ColumnSets, name: str, targets: np.ndarray, secret: int, tolerance: float
) -> int:
    """Return of how many rows of a set the nearest sample has the secret."""
    others = [j for j in range(len(sets.labels)) if j != secret]
    found = _nearest(sets, name, targets, others, 1)[:, 0]
    guesses = sets.values["synthetic"][found, secret]
    return _count_right(sets, name, targets, secret, guesses, tolerance)


def guessed(
    sets: ColumnSets,
    targets: np.ndarray,
    secret: int,
    tolerance: float,
    generator: np.random.RandomState,
) -> int:
    """Return of how many training rows any sample has the secret."""
    samples = sets.values["synthetic"][:, secret]
    guesses = samples[generator.randint(len(samples), size=len(targets))]
    return _count_right(sets, "train", targets, secret, guesses, tolerance)


def _nearest(
    sets: ColumnSets, name: str, targets: np.ndarray, columns: list[int], k: int
) -> np.ndarray:
    """Return which samples are nearest in some columns: (n_targets, k)."""
    trees = NearestNeighbors(n_neighbors=k, algorithm="brute")
    trees.fit(sets.part("synthetic", columns))
    wanted = sets.part(name, columns, targets)
    return trees.kneighbors(wanted, return_distance=False)


def _count_right(
    sets: ColumnSets,
    name: str,
    targets: np.ndarray,
    secret: int,
    guesses: np.ndarray,
    tolerance: float,
) -> int:
    truth = sets.values[name][targets, secret]
    reach = 0.0 if sets.is_level[secret] else tolerance * np.abs(truth)
    is_right = np.abs(guesses - truth) <= reach
    return int((is_right | (np.isnan(guesses) & np.isnan(truth))).sum())
