"""Fidelity and diversity by nearest neighbours; all are 1 or near it at best.

Time is quadratic in the number of rows, memory linear.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skgan._validation import check_stream
from skgan.metrics._inputs import as_vectors, check_count, draw_rows
from skgan.metrics._nearest import count_balls, nearest


def precision(
    X_real: Any,
    X_synthetic: Any,
    *,
    k: int = 5,
    standardize: bool = True,
    max_samples: int | None = 20_000,
    random_state: Any = None,
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
    max_samples : int or None, default=20_000
        Rows of each set at most, drawn at random; None uses all. Balls shrink as
        rows grow in number: compare figures of equal size only.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows when there are more than `max_samples`.

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
       assessing generative models. NeurIPS.

    Examples
    --------
    >>> from skgan.metrics import precision
    >>> real, synthetic = [[0.0], [1.0], [2.0]], [[0.5], [9.0]]
    >>> precision(real, synthetic, k=1)
    0.5
    """
    real, synthetic = _drawn(
        X_real, X_synthetic, (k, 0), standardize, max_samples, random_state
    )
    radii, _ = nearest(real, k=k)
    return float(np.mean(count_balls(synthetic, real, radii) > 0))


def recall(
    X_real: Any,
    X_synthetic: Any,
    *,
    k: int = 5,
    standardize: bool = True,
    max_samples: int | None = 20_000,
    random_state: Any = None,
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
    max_samples : int or None, default=20_000
        Rows of each set at most, drawn at random; None uses all. Balls shrink as
        rows grow in number: compare figures of equal size only.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows when there are more than `max_samples`.

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
       assessing generative models. NeurIPS.

    Examples
    --------
    >>> from skgan.metrics import recall
    >>> real, synthetic = [[0.5], [9.0]], [[0.0], [1.0], [2.0]]
    >>> recall(real, synthetic, k=1, standardize=False)
    0.5
    """
    real, synthetic = _drawn(
        X_real, X_synthetic, (0, k), standardize, max_samples, random_state
    )
    radii, _ = nearest(synthetic, k=k)
    return float(np.mean(count_balls(real, synthetic, radii) > 0))


def density(
    X_real: Any,
    X_synthetic: Any,
    *,
    k: int = 5,
    standardize: bool = True,
    max_samples: int | None = 20_000,
    random_state: Any = None,
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
    max_samples : int or None, default=20_000
        Rows of each set at most, drawn at random; None uses all. Balls shrink as
        rows grow in number: compare figures of equal size only.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows when there are more than `max_samples`.

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
       generative models. ICML (density).

    Examples
    --------
    >>> from skgan.metrics import density
    >>> density([[0.0], [1.0], [2.0]], [[0.5], [9.0]], k=1)
    1.0
    """
    real, synthetic = _drawn(
        X_real, X_synthetic, (k, 0), standardize, max_samples, random_state
    )
    radii, _ = nearest(real, k=k)
    return float(np.mean(count_balls(synthetic, real, radii)) / k)


def coverage(
    X_real: Any,
    X_synthetic: Any,
    *,
    k: int = 5,
    standardize: bool = True,
    max_samples: int | None = 20_000,
    random_state: Any = None,
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
    max_samples : int or None, default=20_000
        Rows of each set at most, drawn at random; None uses all. Balls shrink as
        rows grow in number: compare figures of equal size only.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows when there are more than `max_samples`.

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
       generative models. ICML (coverage).

    Examples
    --------
    >>> from skgan.metrics import coverage
    >>> round(coverage([[0.0], [1.0], [2.0]], [[0.1], [0.2]], k=1), 3)
    0.667
    """
    real, synthetic = _drawn(
        X_real, X_synthetic, (k, 0), standardize, max_samples, random_state
    )
    radii, _ = nearest(real, k=k)
    distances, _ = nearest(real, synthetic)
    return float(np.mean(distances <= radii))


def _drawn(
    X_real: Any,
    X_synthetic: Any,
    neighbors: tuple[int, int],
    standardize: bool,
    max_samples: int | None,
    random_state: Any,
) -> list[np.ndarray]:
    """At most `max_samples` rows of each, enough for so many neighbours of a row."""
    check_count("k", max(neighbors))
    if max_samples is not None:
        check_count("max_samples", max_samples, minimum=1 + max(neighbors))
    matrices = as_vectors(
        ("X_real", X_real),
        ("X_synthetic", X_synthetic),
        standardize=standardize,
        min_rows=(1 + neighbors[0], 1 + neighbors[1]),
    )
    generator = check_stream("random_state", random_state)
    return [draw_rows(matrix, max_samples, generator) for matrix in matrices]
