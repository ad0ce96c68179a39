"""Fidelity and diversity by nearest neighbours; all are 1 or near it at best."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._nearest import count_balls, nearest
from ._validation import as_vectors, check_count

_N_RADII = 30  # quantile radii of the precision and recall curves


def precision(
    X_real: Any, X_synthetic: Any, *, k: int = 5, standardize: bool = True
) -> float:
    """Share of synthetic rows that lie where real rows are.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. More than `k`.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one.
    k : int, default=5
        The radius around a real row is the distance to its k-th nearest other real
        row: larger values are more lenient.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.

    Returns
    -------
    precision : float
        In [0, 1]. Blind to dropped and shrunken modes.

    Raises
    ------
    ValueError
        If a set has too few rows, or the columns differ.

    Notes
    -----
    Share of synthetic rows inside any of the balls around real rows [1]_. Time is
    quadratic in the number of rows, memory linear.

    References
    ----------
    .. [1] Kynkäänniemi, T. et al. (2019). Improved precision and recall metric for
       assessing generative models. NeurIPS, eq. (1) and (2).

    Examples
    --------
    >>> from skgan.metrics import precision
    >>> real, synthetic = [[0.0], [1.0], [2.0]], [[0.5], [9.0]]
    >>> precision(real, synthetic, k=1)
    0.5
    """
    real, synthetic = _real_and_synthetic(X_real, X_synthetic, k, standardize)
    radii, _ = nearest(real, k=k)
    return float(np.mean(count_balls(synthetic, real, radii) > 0))


def recall(
    X_real: Any, X_synthetic: Any, *, k: int = 5, standardize: bool = True
) -> float:
    """Share of real rows that lie where synthetic rows are.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. At least one.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. More than `k`.
    k : int, default=5
        The radius around a synthetic row is the distance to its k-th nearest other
        synthetic row: larger values are more lenient.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.

    Returns
    -------
    recall : float
        In [0, 1]. Sees a dropped mode, not a shrunken one; a few scattered
        synthetic rows raise it, so read it with `coverage`.

    Raises
    ------
    ValueError
        If a set has too few rows, or the columns differ.

    Notes
    -----
    Share of real rows inside any of the balls around synthetic rows [1]_.

    References
    ----------
    .. [1] Kynkäänniemi, T. et al. (2019). Improved precision and recall metric for
       assessing generative models. NeurIPS, eq. (1) and (2).

    Examples
    --------
    >>> from skgan.metrics import recall
    >>> real, synthetic = [[0.5], [9.0]], [[0.0], [1.0], [2.0]]
    >>> recall(real, synthetic, k=1, standardize=False)
    0.5
    """
    check_count("k", k)
    real, synthetic = as_vectors(
        ("X_real", X_real),
        ("X_synthetic", X_synthetic),
        standardize=standardize,
        min_rows=(1, k + 1),
    )
    radii, _ = nearest(synthetic, k=k)
    return float(np.mean(count_balls(real, synthetic, radii) > 0))


def density(
    X_real: Any, X_synthetic: Any, *, k: int = 5, standardize: bool = True
) -> float:
    """How densely real rows lie around synthetic ones: a robust precision.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. More than `k`.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one.
    k : int, default=5
        The radius around a real row is the distance to its k-th nearest other real
        row.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.

    Returns
    -------
    density : float
        At least 0; 1 is expected of a perfect sampler, more when samples gather
        where real rows are dense.

    Raises
    ------
    ValueError
        If a set has too few rows, or the columns differ.

    Notes
    -----
    Mean number of balls around real rows that hold a synthetic row, over k [1]_.

    References
    ----------
    .. [1] Naeem, M. F. et al. (2020). Reliable fidelity and diversity metrics for
       generative models. ICML, eq. (4).

    Examples
    --------
    >>> from skgan.metrics import density
    >>> density([[0.0], [1.0], [2.0]], [[0.5], [9.0]], k=1)
    1.0
    """
    real, synthetic = _real_and_synthetic(X_real, X_synthetic, k, standardize)
    radii, _ = nearest(real, k=k)
    return float(np.mean(count_balls(synthetic, real, radii)) / k)


def coverage(
    X_real: Any, X_synthetic: Any, *, k: int = 5, standardize: bool = True
) -> float:
    """Share of real rows with a synthetic row nearby: sees every kind of collapse.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or DataFrame
        Real rows, best held out from training. More than `k`.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one; fewer than
        real ones lower the result.
    k : int, default=5
        The radius around a real row is the distance to its k-th nearest other real
        row: larger values are more lenient.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_real`; with False, numeric
        columns are taken in their own units.

    Returns
    -------
    coverage : float
        In [0, 1]; a perfect sampler of as many rows has 1 - 2**-k, .969 for k = 5.

    Raises
    ------
    ValueError
        If a set has too few rows, or the columns differ.

    Notes
    -----
    Share of balls around real rows that hold a synthetic row [1]_.

    References
    ----------
    .. [1] Naeem, M. F. et al. (2020). Reliable fidelity and diversity metrics for
       generative models. ICML, eq. (5).

    Examples
    --------
    >>> from skgan.metrics import coverage
    >>> round(coverage([[0.0], [1.0], [2.0]], [[0.1], [0.2]], k=1), 3)
    0.667
    """
    real, synthetic = _real_and_synthetic(X_real, X_synthetic, k, standardize)
    radii, _ = nearest(real, k=k)
    distances, _ = nearest(real, synthetic)
    return float(np.mean(distances <= radii))


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
       Sample-level metrics for evaluating and auditing generative models. ICML,
       section 3.

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


def beta_recall(X_real: Any, X_synthetic: Any, *, standardize: bool = True) -> float:
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
       Sample-level metrics for evaluating and auditing generative models. ICML,
       section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import beta_recall
    >>> rng = np.random.default_rng(0)
    >>> X_real, X_synthetic = rng.normal(size=(2, 500, 2))
    >>> bool(0.4 < beta_recall(X_real, X_synthetic) < 0.6)
    True
    """
    real, synthetic = as_vectors(
        ("X_real", X_real), ("X_synthetic", X_synthetic), standardize=standardize
    )
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


def _real_and_synthetic(
    X_real: Any, X_synthetic: Any, k: int, standardize: bool
) -> list[np.ndarray]:
    """Both sets as vectors, with enough real rows for a k-th neighbour."""
    check_count("k", k)
    return as_vectors(
        ("X_real", X_real),
        ("X_synthetic", X_synthetic),
        standardize=standardize,
        min_rows=(k + 1, 1),
    )
