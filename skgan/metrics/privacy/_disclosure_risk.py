"""The risk of a disclosure attack: its success beyond that on rows nobody saw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any


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
