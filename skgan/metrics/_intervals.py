"""How far chance alone moves a metric."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
from sklearn.utils import resample

from skgan._validation import check_stream
from skgan.frames import is_table
from skgan.metrics._inputs import check_count, check_n_rows, draw_seed


def confidence_interval(
    metric: Callable[..., float],
    *samples: Any,
    confidence_level: float = 0.95,
    n_resamples: int = 50,
    random_state: Any = None,
    **metric_params: Any,
) -> tuple[float, float]:
    """Confidence interval of a metric, by repeated half-samples.

    Parameters
    ----------
    metric : callable
        Any function of sets of rows that returns a float.
    *samples : array-like or DataFrame
        The sets of rows, as the metric takes them. At least four rows each.
    confidence_level : float, default=0.95
        In (0, 1).
    n_resamples : int, default=50
        How often the metric is computed on half of the rows of each set.
    random_state : int, RandomState instance or None, default=None
        Draws the half-samples.
    **metric_params
        Keywords of the metric.

    Returns
    -------
    low, high : float
        Around the metric of all rows.

    Notes
    -----
    The spread of a statistic over random half-samples estimates its standard error
    on all rows [1]_. The usual bootstrap would not do: it repeats rows, and a
    repeated row is its own nearest neighbour. The interval is a normal one: an
    approximation where the metric is at its bound.

    References
    ----------
    .. [1] Shao, J. and Wu, C. F. J. (1989). A general theory for jackknife variance
       estimation. Annals of Statistics 17(3) (deleting d = n / 2).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import confidence_interval, membership_auc
    >>> rng = np.random.default_rng(0)
    >>> X_train, X_holdout, X_synthetic = rng.normal(size=(3, 200, 2))
    >>> low, high = confidence_interval(
    ...     membership_auc, X_train, X_holdout, X_synthetic, random_state=0
    ... )
    >>> low < 0.5 < high
    True

    Keywords go to the metric. The interval of `c2st` costs `n_resamples` times as
    much as the figure; 20 do:

    >>> from sklearn.linear_model import LogisticRegression
    >>> from skgan.metrics import c2st
    >>> low, high = confidence_interval(
    ...     c2st,
    ...     X_holdout,
    ...     X_synthetic,
    ...     estimator=LogisticRegression(),
    ...     n_resamples=20,
    ...     random_state=0,
    ... )
    >>> bool(0.05 < high - low < 0.4)
    True
    """
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must be between 0 and 1, got {confidence_level!r}."
        )
    check_count("n_resamples", n_resamples, minimum=2)
    sets = [X if is_table(X) else np.asarray(X) for X in samples]
    for position, X in enumerate(sets):
        check_n_rows(f"Set {position} of the samples", len(X), 4)
    generator = check_stream("random_state", random_state)
    values = []
    for _ in range(n_resamples):
        halves = [
            resample(
                X,
                replace=False,
                n_samples=len(X) // 2,
                random_state=draw_seed(generator),
            )
            for X in sets
        ]
        values.append(metric(*halves, **metric_params))
    center = metric(*sets, **metric_params)
    quantile = NormalDist().inv_cdf((1 + confidence_level) / 2)
    margin = quantile * float(np.std(values, ddof=1))
    return center - margin, center + margin
