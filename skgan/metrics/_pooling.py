"""One estimate of several completed sets: Rubin's rules."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skgan._validation import check_real, check_share


class PooledEstimates(NamedTuple):
    """What several completed sets say together, see `pool_estimates`.

    Attributes
    ----------
    estimate : ndarray of shape (...)
        Mean of the estimates.
    standard_error : ndarray of shape (...)
        Of that mean: what is not known of the missing cells counted in.
    degrees_of_freedom : ndarray of shape (...)
        Of Student's distribution, by which intervals are made.
    missing_information : ndarray of shape (...)
        Share of the variance that comes from missing cells, in [0, 1].
    """

    estimate: np.ndarray
    standard_error: np.ndarray
    degrees_of_freedom: np.ndarray
    missing_information: np.ndarray

    def interval(self, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of intervals that hold the truth.

        Parameters
        ----------
        confidence : float, default=0.95
            With that chance.

        Returns
        -------
        low, high : ndarray of shape (...)
        """
        from scipy.stats import t

        share = (1 + check_share("confidence", confidence)) / 2
        reach = t.ppf(share, self.degrees_of_freedom) * self.standard_error
        return self.estimate - reach, self.estimate + reach


def pool_estimates(
    estimates: Any, standard_errors: Any, *, complete_df: float | None = None
) -> PooledEstimates:
    """Pool what was estimated on each of several completed sets: Rubin's rules.

    Parameters
    ----------
    estimates : array-like of shape (n_imputations, ...)
        What was estimated on each of ``GANImputer.sample_imputations(X, n)``:
        means, coefficients. At least two.
    standard_errors : array-like of shape (n_imputations, ...)
        Of each estimate, as if its set had been complete.
    complete_df : float or None, default=None
        Degrees of freedom that the estimate has on complete rows, such as the number
        of rows less that of coefficients. None takes the set for large.

    Returns
    -------
    pooled : PooledEstimates
        ``estimate``, ``standard_error``, ``degrees_of_freedom`` and
        ``missing_information``; ``interval(confidence)``.

    Raises
    ------
    ValueError
        If there are fewer than two estimates, shapes differ, or a number is not
        finite or an error negative.

    Notes
    -----
    With estimates Q_i, their variances U_i, means Q̄ and Ū of these, and the variance
    B of the Q_i, the variance of Q̄ is T = Ū + (1 + 1/m) B [1]_. With
    λ = (1 + 1/m) B / T the degrees of freedom are ν = (m - 1) / λ², and with those of
    complete rows, ν_c, 1 / (1/ν + 1/ν_o) where
    ν_o = (1 - λ) ν_c (ν_c + 1) / (ν_c + 3) [2]_.

    References
    ----------
    .. [1] Rubin, D. B. (1987). Multiple imputation for nonresponse in surveys. Wiley,
       section 3.1.
    .. [2] Barnard, J. and Rubin, D. B. (1999). Small-sample degrees of freedom with
       multiple imputation. Biometrika 86, equation 3.

    Examples
    --------
    >>> from skgan.metrics import pool_estimates
    >>> pooled = pool_estimates([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
    >>> float(pooled.estimate), round(float(pooled.standard_error), 3)
    (2.0, 1.258)
    >>> round(float(pooled.missing_information), 3)
    0.842
    """
    values = np.asarray(estimates, dtype=np.float64)
    errors = np.asarray(standard_errors, dtype=np.float64)
    if values.ndim == 0 or len(values) < 2:
        raise ValueError("estimates must be those of two completed sets at least.")
    if errors.shape != values.shape:
        raise ValueError(
            f"standard_errors must be of the shape of estimates, {values.shape}, got "
            f"{errors.shape}."
        )
    if not (np.isfinite(values).all() and np.isfinite(errors).all()):
        raise ValueError("estimates and standard_errors must be finite.")
    if (errors < 0).any():
        raise ValueError("standard_errors must be at least 0.")
    m = len(values)
    within = (errors**2).mean(axis=0)
    between = (1 + 1 / m) * values.var(axis=0, ddof=1)
    total = within + between
    share = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
    with np.errstate(divide="ignore"):
        freedom = (m - 1) / share**2
        if complete_df is not None:
            n = check_real("complete_df", complete_df, 0, strict=True)
            observed = (1 - share) * n * (n + 1) / (n + 3)
            freedom = 1 / (1 / freedom + 1 / observed)
    return PooledEstimates(values.mean(axis=0), np.sqrt(total), freedom, share)
