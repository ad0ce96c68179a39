"""From density ratios to the rows that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


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
