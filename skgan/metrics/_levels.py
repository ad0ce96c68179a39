"""Fidelity and diversity at all levels of typicality; both are at most 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from skgan._validation import check_stream
from skgan.metrics._inputs import as_vectors, check_count, draw_rows
from skgan.metrics._nearest import nearest

_N_RADII = 30  # quantile radii of the precision and recall curves


def alpha_precision(
    X_real: Any, X_synthetic: Any, *, standardize: bool = True
) -> float:
    """Whether synthetic rows spread around the centre of the real ones as these do.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. At least two.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.

    Returns
    -------
    score : float
        At most 1, which is best. Looks at distances to one centre only.

    Raises
    ------
    ValueError
        If a set has too few rows, or the columns differ.

    Notes
    -----
    1 - Σ|α - P(α)| / Σα over 30 levels α, where P(α) is the share of synthetic rows
    within the α-quantile of the real rows' distances to their mean [1]_.

    References
    ----------
    .. [1] Alaa, A. M. et al. (2022). How faithful is your synthetic data?
       Sample-level metrics for evaluating and auditing generative models. ICML
       (α-precision and β-recall, integrated).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import alpha_precision
    >>> X_real = np.random.default_rng(0).normal(size=(500, 2))
    >>> bool(alpha_precision(X_real, X_real) > 0.98)
    True
    >>> bool(alpha_precision(X_real, 5 * X_real) < 0.3)
    True
    """
    real, synthetic = as_vectors(
        ("X_real", X_real),
        ("X_synthetic", X_synthetic),
        standardize=standardize,
        min_rows=(2, 1),
    )
    center = real.mean(axis=0)
    levels = np.linspace(0, 1, _N_RADII)
    radii = np.quantile(np.linalg.norm(real - center, axis=1), levels)
    distances = np.linalg.norm(synthetic - center, axis=1)
    shares = np.mean(distances[:, None] <= radii, axis=0)
    return _agreement(levels, shares)


def beta_recall(
    X_real: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    max_samples: int | None = 20_000,
    random_state: Any = None,
) -> float:
    """Whether real rows have synthetic rows closer than other real rows.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. At least two.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least two; as many as
        real ones, if figures are to be compared.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.
    max_samples : int or None, default=20_000
        Rows of each set at most, drawn at random; None uses all. The cost is
        quadratic in it.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows when there are more than `max_samples`.

    Returns
    -------
    score : float
        At most 1. About ½ is expected of a perfect sampler, since either
        neighbour is as likely to be the closer one; copies of `X_real` reach 1.

    Raises
    ------
    ValueError
        If a set has too few rows, or the columns differ.

    Notes
    -----
    1 - Σ|β - R(β)| / Σβ over 30 levels β, where R(β) is the share of real rows whose
    nearest synthetic row is no farther than the nearest other real row and lies
    within the β-quantile of the synthetic rows' distances to their mean [1]_.

    References
    ----------
    .. [1] Alaa, A. M. et al. (2022). How faithful is your synthetic data?
       Sample-level metrics for evaluating and auditing generative models. ICML
       (α-precision and β-recall, integrated).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import beta_recall
    >>> rng = np.random.default_rng(0)
    >>> X_real, X_synthetic = rng.normal(size=(2, 500, 2))
    >>> bool(0.4 < beta_recall(X_real, X_synthetic) < 0.6)
    True
    """
    if max_samples is not None:
        check_count("max_samples", max_samples, minimum=2)
    matrices = as_vectors(
        ("X_real", X_real), ("X_synthetic", X_synthetic), standardize=standardize
    )
    generator = check_stream("random_state", random_state)
    real, synthetic = (draw_rows(rows, max_samples, generator) for rows in matrices)
    to_center = np.linalg.norm(synthetic - synthetic.mean(axis=0), axis=1)
    levels = np.linspace(0, 1, _N_RADII)
    radii = np.quantile(to_center, levels)
    to_real, _ = nearest(real)
    to_synthetic, which = nearest(real, synthetic)
    is_close = to_synthetic <= to_real
    shares = np.mean(is_close[:, None] & (to_center[which][:, None] <= radii), axis=0)
    return _agreement(levels, shares)


def _agreement(levels: np.ndarray, shares: np.ndarray) -> float:
    return float(1 - np.abs(levels - shares).sum() / levels.sum())
