"""From density ratios to the rows that are kept, one by one and in blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_SURPLUS = 1.1  # candidates over those expected to be enough
_FIRST_SHARE = 0.5  # assumed to be kept before anything is known


@dataclass(frozen=True)
class Acceptance:
    """Keeps a drawn row with probability min(1, ratio ** temperature / cap).

    Parameters
    ----------
    log_cap : float
        Logarithm of the cap. Rows whose tempered ratio exceeds it are all kept, so
        that a lower cap keeps more rows and corrects less.
    temperature : float, default=1.0
        Power of the ratio, above 0 and at most 1 in use: below 1 trusts it less.

    References
    ----------
    .. [1] Azadi, S. et al. (2019). Discriminator rejection sampling. ICLR
       (equation 3, the cap in place of their running maximum).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.rejection import Acceptance, accept
    >>> log_ratio = np.log([0.5, 1.0, 2.0])
    >>> rule = Acceptance(log_cap=np.log(2.0))
    >>> np.exp(rule.log_probability(log_ratio))
    array([0.25, 0.5 , 1.  ])
    >>> mask = accept(rule.log_probability(log_ratio), np.random.default_rng(0))
    >>> bool(mask[2])
    True
    """

    log_cap: float
    temperature: float = 1.0

    @classmethod
    def from_drawn(
        cls, log_ratio: Any, quantile: float = 0.97, temperature: float = 1.0
    ) -> Acceptance:
        """Return the rule whose cap is a quantile of the ratios of drawn rows.

        Parameters
        ----------
        log_ratio : array-like of shape (n_drawn,)
            Log-ratios of rows as they are drawn, not those that taught the ratio.
        quantile : float, default=0.97
            Share of the rows below the cap, in (0, 1].
        temperature : float, default=1.0
            Power of the ratio.

        Returns
        -------
        rule : Acceptance

        Raises
        ------
        ValueError
            If `quantile` is not in (0, 1] or there is no row.
        """
        log_ratio = np.asarray(log_ratio, dtype=np.float64)
        if not 0 < quantile <= 1:
            raise ValueError(f"quantile must be in (0, 1], got {quantile!r}")
        if log_ratio.size == 0:
            raise ValueError("A cap needs the ratios of at least one drawn row")
        return cls(float(np.quantile(temperature * log_ratio, quantile)), temperature)

    def log_probability(self, log_ratio: Any, correction: Any = 0.0) -> np.ndarray:
        """Return log-probabilities of acceptance.

        Parameters
        ----------
        log_ratio : array-like of shape (n,)
            Log-ratios of real rows over drawn ones.
        correction : array-like of shape (n,) or float, default=0.0
            Added to the tempered log-ratio: the calibration of single columns.

        Returns
        -------
        log_probability : ndarray of shape (n,), dtype float64
            At most 0.
        """
        tempered = self.temperature * np.asarray(log_ratio, dtype=np.float64)
        return np.minimum(0.0, tempered + correction - self.log_cap)


def accept(log_probability: Any, rng: np.random.Generator) -> np.ndarray:
    """Return which rows are kept.

    Parameters
    ----------
    log_probability : array-like of shape (n,)
        Log-probabilities of acceptance, at most 0.
    rng : numpy.random.Generator
        One uniform number a row is drawn from it.

    Returns
    -------
    kept : ndarray of shape (n,), dtype bool
    """
    log_probability = np.asarray(log_probability, dtype=np.float64)
    # 1 - u is in (0, 1]: no logarithm of zero.
    return np.log1p(-rng.random(len(log_probability))) <= log_probability


def fill_block(
    n_rows: int,
    draw: Callable[[int, np.random.Generator], np.ndarray],
    log_accept: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
    max_tries: int = 20,
    *,
    share: float | None = None,
) -> np.ndarray:
    """Return exactly `n_rows` accepted rows, from no other state than `rng`.

    Parameters
    ----------
    n_rows : int
        Rows wanted, at least 0.
    draw : callable
        ``draw(n, rng)`` returns (n, d) float64 candidates.
    log_accept : callable
        Log-probabilities of acceptance, (n,), of (n, d) candidates; `log_accept` of a
        `RejectionRule`.
    rng : numpy.random.Generator
        Made from (seed, number of the block): then a block is the same whatever was
        drawn before it, and ``sample(n)`` is the start of ``sample(m)`` if blocks are
        of one size and the last is cut.
    max_tries : int, default=20
        Batches of candidates at most, at least 1.
    share : float, default=None
        Candidates expected to be kept, which sizes the first batch; `share_` of a
        `RejectionRule`. Later batches follow what was kept.

    Returns
    -------
    rows : ndarray of shape (n_rows, d), dtype float64
        In the order drawn. If `max_tries` batches did not give enough, the refused
        candidates most likely to be accepted fill up the end, each by its
        log-probability plus Gumbel noise, which draws without replacement in
        proportion to the probabilities.

    Raises
    ------
    ValueError
        If `max_tries` is below 1.

    Notes
    -----
    No batch is larger than four times the rows wanted, and none smaller than 64.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.rejection import fill_block
    >>> def draw(n, rng):
    ...     return rng.normal(size=(n, 1))
    >>> def above_zero(columns):
    ...     return np.where(columns[:, 0] > 0, 0.0, -np.inf)
    >>> rows = fill_block(100, draw, above_zero, np.random.default_rng(0))
    >>> rows.shape, bool((rows > 0).all())
    ((100, 1), True)
    """
    if max_tries < 1:
        raise ValueError(f"max_tries must be at least 1, got {max_tries!r}")
    kept, refused, refused_log = [], [], []
    n_kept = n_drawn = 0
    expected = _FIRST_SHARE if share is None else share
    for _ in range(max_tries):
        wanted = _SURPLUS * (n_rows - n_kept) / max(expected, 1e-3)
        n = int(np.clip(wanted, 64, max(64, 4 * n_rows)))
        candidates = draw(n, rng)
        log_probability = log_accept(candidates)
        mask = accept(log_probability, rng)
        kept.append(candidates[mask])
        refused.append(candidates[~mask])
        refused_log.append(log_probability[~mask])
        n_kept += int(mask.sum())
        n_drawn += n
        if n_kept >= n_rows:
            return np.concatenate(kept)[:n_rows]
        expected = max(n_kept, 1) / n_drawn
    others, logs = np.concatenate(refused), np.concatenate(refused_log)
    keys = logs + rng.gumbel(size=len(logs))
    best = np.argsort(-keys, kind="stable")[: n_rows - n_kept]
    return np.concatenate([*kept, others[np.sort(best)]])
