"""Metrics as scorers for model selection."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.utils import resample
from sklearn.utils.metadata_routing import MetadataRequest

from skgan._validation import check_stream
from skgan.frames import as_rows, take_rows
from skgan.metrics import (
    _classifier,
    _distances,
    _levels,
    _marginals_and_pairs,
    _neighbors,
)
from skgan.metrics._inputs import check_count, draw_seed, read_labels, read_weights
from skgan.metrics._reference import ReferenceSpace

# name -> (metric, whether more is better)
_METRICS: dict[str, tuple[Callable[..., float], bool]] = {
    "energy_distance": (_distances.energy_distance, False),
    "sliced_wasserstein": (_distances.sliced_wasserstein, False),
    "mmd": (_distances.mmd, False),
    "frechet_distance": (_distances.frechet_distance, False),
    "kernel_distance": (_distances.kernel_distance, False),
    "c2st": (_classifier.c2st, True),
    "precision": (_neighbors.precision, True),
    "recall": (_neighbors.recall, True),
    "density": (_neighbors.density, True),
    "coverage": (_neighbors.coverage, True),
    "alpha_precision": (_levels.alpha_precision, True),
    "beta_recall": (_levels.beta_recall, True),
    "column_shapes": (_marginals_and_pairs.column_shapes, True),
    "pair_trends": (_marginals_and_pairs.pair_trends, True),
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
        self.weight_request: bool | str | None = None

    # y must be optional: a search without y calls scorer(estimator, X).
    def __call__(
        self, estimator: Any, X: Any, y: Any = None, sample_weight: Any = None
    ) -> float:
        X = as_rows(X)
        params = _seed_of(self.metric, self.random_state) | self.metric_params
        if sample_weight is not None:
            if "sample_weight" not in _parameters(self.metric):
                raise TypeError(f"{self.name} takes no sample_weight.")
            params["sample_weight"] = sample_weight
        if y is not None and "y" in _parameters(estimator.sample):
            X_real, X_synthetic, scaled = self._labelled(estimator, X, y, sample_weight)
            params |= scaled
        else:
            n_samples = len(X) if self.n_samples is None else self.n_samples
            X_real, X_synthetic = X, self._drawn(estimator, n_samples)
        value = float(self.metric(X_real, X_synthetic, **params))
        return value if self.greater_is_better else -value

    def _drawn(self, estimator: Any, *n_samples: int, **asked: Any) -> Any:
        seed = _seed_of(estimator.sample, self.random_state)
        drawn = estimator.sample(*n_samples, **asked, **seed)
        # Conditional samplers and mixtures return (X, y).
        return drawn[0] if isinstance(drawn, tuple) else drawn

    def set_score_request(self, *, sample_weight: bool | str | None) -> _SamplerScorer:
        """Ask meta-estimators to hand `sample_weight` on, or not to.

        Parameters
        ----------
        sample_weight : bool, str or None
            True asks for it, a string asks for it under this name, False is never
            given it, and None raises where it is passed. This needs
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self
        """
        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "set_score_request needs metadata routing: call "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        self.weight_request = sample_weight
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Return what the scorer asks for, as scikit-learn's searches read it."""
        request = MetadataRequest(owner=self)
        request.score.add_request(param="sample_weight", alias=self.weight_request)
        return request

    def _labelled(
        self, estimator: Any, X: Any, y: Any, sample_weight: Any
    ) -> tuple[Any, Any, dict]:
        """Real rows and rows drawn for their labels, with these where they count."""
        asked = y
        if sample_weight is not None:
            # Labels are asked for as often as the weighted rows have them.
            chance = read_weights(sample_weight, len(X))
            n = len(X) if self.n_samples is None else self.n_samples
            generator = check_stream("random_state", self.random_state)
            asked = take_rows(y, generator.choice(len(X), size=n, p=chance))
        elif self.n_samples is not None:
            asked = resample(
                y,
                replace=self.n_samples > len(X),
                n_samples=self.n_samples,
                random_state=draw_seed(check_stream("random_state", self.random_state)),
            )
        X_synthetic = self._drawn(estimator, y=asked)
        takes_scaled = "standardize" in _parameters(self.metric)
        if not takes_scaled and self.metric is not _classifier.c2st:
            return X, X_synthetic, {}
        if "standardize" in self.metric_params:
            return X, X_synthetic, {}
        is_classes = hasattr(estimator, "classes_")
        space, labels = ReferenceSpace().fit(X), read_labels(y, is_classes)
        label_space = ReferenceSpace().fit(labels)
        real, synthetic = (
            np.hstack([space.transform(rows), label_space.transform(columns)])
            for rows, columns in (
                (X, labels),
                (X_synthetic, read_labels(asked, is_classes)),
            )
        )
        return real, synthetic, {"standardize": False} if takes_scaled else {}

    def __repr__(self) -> str:
        return (
            f"make_sampler_scorer({self.name!r}, n_samples={self.n_samples}, "
            f"random_state={self.random_state})"
        )


def _parameters(function: Callable[..., Any]) -> Mapping[str, Any]:
    return inspect.signature(function).parameters


def _seed_of(function: Callable[..., Any], random_state: Any) -> dict[str, Any]:
    takes_seed = "random_state" in _parameters(function)
    return {"random_state": random_state} if takes_seed else {}


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
        ``scorer(estimator, X, y=None, sample_weight=None)`` → float, higher is better,
        picklable. The estimator needs a method ``sample(n_samples)`` that returns X or
        (X, y). ``scorer.set_score_request(sample_weight=True)`` lets a search hand
        weights of rows on to a metric that takes them.

    Raises
    ------
    ValueError
        If the name is unknown, or the direction of a foreign metric is not given.

    Notes
    -----
    Where the search has a `y` and ``estimator.sample`` takes it, rows are drawn for
    the labels held out, so that rows that do not go with their labels cost, too:
    metrics with a parameter `standardize`, and `c2st`, then compare rows with their
    labels beside them, in a `ReferenceSpace`, in which two classes are at distance
    one and numbers have unit variance. The others, and any with `standardize` set,
    compare the rows alone. Split with `sklearn.model_selection.StratifiedKFold` where
    classes are rare: none can be drawn that a fold has not seen.

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
    by_function = {
        function: (name, better) for name, (function, better) in _METRICS.items()
    }
    if isinstance(metric, str):
        if metric not in _METRICS:
            raise ValueError(
                f"Unknown metric {metric!r}: use one of {sorted(_METRICS)} or a "
                f"function of (X_real, X_synthetic)."
            )
        name, (function, better) = metric, _METRICS[metric]
    elif metric in by_function:
        function, (name, better) = metric, by_function[metric]
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
