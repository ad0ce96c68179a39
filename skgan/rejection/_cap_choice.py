"""How far a density ratio is used, by rows that taught neither it nor the sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._acceptance import Acceptance

QUANTILES = (0.95, 0.97, 0.985, 0.995)
TEMPERATURES = (0.5, 0.7, 1.0, 1.4)


@dataclass(frozen=True)
class CapChoice:
    """A rule of acceptance and what it gains.

    Parameters
    ----------
    acceptance : Acceptance
        Cap and temperature.
    stage : int
        Column of the log-ratios that it goes with; no stage of a sampler.
    gain : float
        By how many nats a row the divergence from the real rows falls.
    error : float
        Standard error of the gain.
    share : float
        Drawn rows that are kept.
    """

    acceptance: Acceptance
    stage: int
    gain: float
    error: float
    share: float


def acceptance_gain(log_real: Any, log_drawn: Any) -> tuple[float, float]:
    """Return by how much acceptance brings drawn rows nearer to real ones.

    Parameters
    ----------
    log_real : array-like of shape (n_real,)
        Log-probabilities of acceptance of real rows that were held out.
    log_drawn : array-like of shape (n_drawn,)
        The same of rows freshly drawn.

    Returns
    -------
    gain : float
        In nats a row; negative if acceptance does harm.
    error : float
        Its standard error.

    Notes
    -----
    With a(x) for the probability, accepted rows have the density
    q(x) a(x) / E_q[a], so that the Kullback-Leibler divergence of the real density p
    from it is the one from q less E_p[log a] - log E_q[a]. That is the gain, whatever
    taught a(x), and both means are taken over rows that did not: a bound of Donsker
    and Varadhan (1983) read as a score.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.rejection import acceptance_gain
    >>> log_real = np.log([1.0, 1.0, 1.0, 0.5])
    >>> log_drawn = np.log([1.0, 0.5, 0.5, 0.5])
    >>> gain, error = acceptance_gain(log_real, log_drawn)
    >>> round(gain, 3)  # log(0.5) / 4 - log(0.625)
    0.297
    """
    log_real, drawn = np.asarray(log_real), np.exp(np.asarray(log_drawn))
    share = drawn.mean()
    gain = log_real.mean() - np.log(share)
    of_real = log_real.var() / max(len(log_real) - 1, 1)
    of_drawn = drawn.var() / max(len(drawn) - 1, 1) / share**2
    return float(gain), float(np.sqrt(of_real + of_drawn))


def choose_cap(
    log_ratio_real: np.ndarray,
    log_ratio_drawn: np.ndarray,
    *,
    quantiles: tuple[float, ...] = QUANTILES,
    temperatures: tuple[float, ...] = TEMPERATURES,
    min_share: float = 0.3,
) -> CapChoice:
    """Return the cap, the temperature and the stage that gain most.

    Parameters
    ----------
    log_ratio_real : ndarray of shape (n_real, n_stages)
        Log-ratios of held-out real rows, after fewer or more trees.
    log_ratio_drawn : ndarray of shape (n_drawn, n_stages)
        The same of rows freshly drawn.
    quantiles : tuple of float
        Caps tried, as quantiles of the ratios of the drawn rows.
    temperatures : tuple of float
        Powers of the ratio tried.
    min_share : float, default=0.3
        Drawn rows that must be kept at least: it bounds the price of a row. Where no
        candidate keeps so many, the one that keeps most is returned.

    Returns
    -------
    choice : CapChoice
        Of the candidates that are not behind the best by more than one standard
        error of the difference between them over the held-out rows, the one that
        keeps most rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.rejection import choose_cap
    >>> rng = np.random.default_rng(0)
    >>> real, drawn = rng.normal(1, 1, 4000), rng.normal(0, 1, 8000)
    >>> ratio = [(x - 0.5)[:, None] for x in (real, drawn)]  # the true log-ratio
    >>> choice = choose_cap(*ratio)
    >>> choice.gain > 0.2, 0.3 < choice.share < 0.6
    (True, True)
    """
    choices, of_rows = [], []
    for stage in range(log_ratio_real.shape[1]):
        real, drawn = log_ratio_real[:, stage], log_ratio_drawn[:, stage]
        for temperature in temperatures:
            for quantile in quantiles:
                rule = Acceptance.from_drawn(drawn, quantile, temperature)
                log_real = rule.log_probability(real)
                log_drawn = rule.log_probability(drawn)
                gain, error = acceptance_gain(log_real, log_drawn)
                share = float(np.exp(log_drawn).mean())
                choices.append(CapChoice(rule, stage, gain, error, share))
                of_rows.append(log_real)
    shares = np.array([choice.share for choice in choices])
    allowed = np.flatnonzero(shares >= min(min_share, shares.max()))
    best = max(allowed, key=lambda i: choices[i].gain)
    n = max(len(log_ratio_real), 1)
    near = [
        i
        for i in allowed
        if choices[best].gain - choices[i].gain
        <= float(np.std(of_rows[best] - of_rows[i])) / np.sqrt(n)
    ]
    return choices[max(near, key=lambda i: choices[i].share)]
