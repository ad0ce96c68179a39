"""Metrics as scorers for model selection."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from . import _classifier, _distances, _kernels, _levels, _neighbors, _tables
from ._validation import check_count

# name -> (metric, whether more is better)
_METRICS: dict[str, tuple[Callable[..., float], bool]] = {
    "energy_distance": (_distances.energy_distance, False),
    "sliced_wasserstein": (_distances.sliced_wasserstein, False),
    "mmd": (_kernels.mmd, False),
    "frechet_distance": (_distances.frechet_distance, False),
    "kernel_distance": (_kernels.kernel_distance, False),
    "c2st": (_classifier.c2st, True),
    "precision": (_neighbors.precision, True),
    "recall": (_neighbors.recall, True),
    "density": (_neighbors.density, True),
    "coverage": (_neighbors.coverage, True),
    "alpha_precision": (_levels.alpha_precision, True),
    "beta_recall": (_levels.beta_recall, True),
    "column_shapes": (_tables.column_shapes, True),
    "pair_trends": (_tables.pair_trends, True),
}


class _SamplerScorer:
    """Draw from a fitted sampler and judge the draw; higher is better."""

    def __init__(
        self,
        name: str,
        metric: Callable[..., float],
        greater_is_better: bool,
        n_samples: int | None,
        random_state: Any,
        metric_params: dict[str, Any],
    ):
        self.name = name
        self.metric = metric
        self.greater_is_better = greater_is_better
        self.n_samples = n_samples
        self.random_state = random_state
        self.metric_params = metric_params

    # y must be optional: a search without y calls scorer(estimator, X).
    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        n_samples = len(X) if self.n_samples is None else self.n_samples
        drawn = estimator.sample(
            n_samples, **self._seed_of(estimator.sample, self.random_state)
        )
        # Conditional samplers and mixtures return (X, y).
        X_synthetic = drawn[0] if isinstance(drawn, tuple) else drawn
        params = self._seed_of(self.metric, self.random_state) | self.metric_params
        value = float(self.metric(X, X_synthetic, **params))
        return value if self.greater_is_better else -value

    @staticmethod
    def _seed_of(function: Callable[..., Any], random_state: Any) -> dict[str, Any]:
        if "random_state" in inspect.signature(function).parameters:
            return {"random_state": random_state}
        return {}

    def __repr__(self) -> str:
        return (
            f"make_sampler_scorer({self.name!r}, n_samples={self.n_samples}, "
            f"random_state={self.random_state})"
        )


def make_sampler_scorer(
    metric: str | Callable[..., float],
    n_samples: int | None = None,
    random_state: Any = 0,
    *,
    greater_is_better: bool | None = None,
    **metric_params: Any,
) -> _SamplerScorer:
    """Make a metric the scorer of a search over samplers.

    Parameters
    ----------
    metric : str or callable
        A name in `SCORERS`, or a function of ``(X_real, X_synthetic)`` that returns
        a number.
    n_samples : int or None, default=None
        Rows to draw from each candidate; None draws as many as are held out. Fix it
        when folds differ in size.
    random_state : int, RandomState instance or None, default=0
        Passed to ``estimator.sample`` and to the metric, where they take it. An int
        makes the score repeatable.
    greater_is_better : bool or None, default=None
        Whether more is better, for a metric that is not one of this package: a
        distance is negated. None knows it for those of this package.
    **metric_params
        More keywords for the metric, such as ``k=10`` or ``max_samples=2000``.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None)`` → float, higher is better, picklable. The
        estimator needs a method ``sample(n_samples)`` that returns X or (X, y).

    Raises
    ------
    ValueError
        If the name is unknown, or the direction of a foreign metric is not given.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skgan.metrics import make_sampler_scorer
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 1)) + 8 * rng.integers(2, size=(400, 1))
    >>> search = GridSearchCV(
    ...     GaussianMixture(random_state=0),
    ...     {"n_components": [1, 2]},
    ...     scoring=make_sampler_scorer("energy_distance"),
    ... )
    >>> search.fit(X).best_params_
    {'n_components': 2}
    """
    if n_samples is not None:
        check_count("n_samples", n_samples)
    known = {function: (name, better) for name, (function, better) in _METRICS.items()}
    if isinstance(metric, str):
        if metric not in _METRICS:
            raise ValueError(
                f"Unknown metric {metric!r}: use one of {sorted(_METRICS)} or a "
                f"function of (X_real, X_synthetic)."
            )
        name, (function, better) = metric, _METRICS[metric]
    elif metric in known:
        function, (name, better) = metric, known[metric]
    elif greater_is_better is None:
        raise ValueError(
            "greater_is_better must be given for a metric of your own: False for a "
            "distance."
        )
    else:
        function, name = metric, getattr(metric, "__name__", repr(metric))
        better = greater_is_better
    if greater_is_better is not None and greater_is_better != better:
        raise ValueError(f"greater_is_better of {name} is {better}.")
    return _SamplerScorer(
        name, function, better, n_samples, random_state, metric_params
    )


SCORERS = {name: make_sampler_scorer(name) for name in _METRICS}
