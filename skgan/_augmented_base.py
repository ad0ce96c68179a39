"""What wraps an estimator so that it trains on real and synthetic rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.utils import check_consistent_length, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgan._stacking import stack_rows, take_rows
from skgan._synthesis import ready_sampler
from skgan._validation import check_boolean, check_stream
from skgan.encoding._container import as_rows

_DELEGATED = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "score",
)


def estimator_has(name: str):
    """Return a check for `available_if`: the estimator has a method."""

    def check(self) -> bool:
        # The fitted one is asked first: what a search has depends on its fit.
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return check


class Augmented(MetaEstimatorMixin, ABC):
    """The walk that both share: fit the sampler, draw, stack, fit the estimator.

    A subclass fills four hooks: `_check_targets`, `_count`, `_draw` and
    `_mean_weights`.
    """

    estimator: Any
    sampler: Any
    n_synthetic: Any
    keep_original: Any
    random_state: Any
    sampler_: Any

    def fit(self, X, y, **params):
        """Fit the sampler to the training rows, then the estimator to more of them.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets; one column for classes.
        **params : dict
            Passed to the estimator's ``fit``, by metadata routing where that is
            enabled. `sample_weight` (or ``<step>__sample_weight``) is for the
            training rows: a synthetic one weighs what rows of its class weigh on
            average, and the sampler does not see rows of weight 0.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a parameter is of the wrong type, or `X` is sparse.
        ValueError
            If a parameter is out of its range, the sampler has been fitted before,
            or a class has too few rows.
        """
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        params = self._route("fit", params)
        check_boolean("keep_original", self.keep_original)
        rng = check_stream("random_state", self.random_state)
        targets = self._check_targets(y)
        check_consistent_length(X, targets)
        is_seen = _positive_weight(params, len(targets))
        amounts = self._count(targets[is_seen])
        if not _total(amounts):
            if not self.keep_original:
                raise ValueError(
                    f"keep_original=False and n_synthetic={self.n_synthetic!r} leave "
                    "no rows to train on; set one of the two otherwise."
                )
            ready_sampler(self.sampler, rng)
            # Of an earlier fit.
            if hasattr(self, "sampler_"):
                del self.sampler_
        else:
            X, y, params = self._augment(X, targets, amounts, is_seen, params, rng)
        self.estimator_ = clone(self.estimator).fit(X, y, **params)
        self.n_synthetic_ = amounts
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _augment(self, X, y: NDArray, amounts, is_seen: NDArray, params: dict, rng):
        """Return rows, targets and parameters of fit with the synthetic ones added."""
        if issparse(X):
            raise TypeError(
                "Sparse data was passed, but samplers learn from dense rows. Pass "
                "X.toarray(), or set n_synthetic=0 to add no rows."
            )
        X = as_rows(X)
        sampler = ready_sampler(self.sampler, rng)
        is_all = bool(is_seen.all())
        seen = X if is_all else take_rows(X, is_seen)
        new, targets = self._draw(sampler, seen, y[is_seen], amounts, rng)
        params = {
            name: self._extend(name, value, y, targets)
            for name, value in params.items()
        }
        if not self.keep_original:
            return new, targets, params
        return stack_rows(X, new), np.concatenate([y, targets]), params

    def _extend(self, name: str, value, y: NDArray, targets: NDArray):
        """Return a parameter of fit with values for the synthetic rows."""
        if not _is_by_row(value, len(y)):
            return value
        if not _is_weight(name):
            raise ValueError(
                f"The parameter {name} of fit has a value for each training row, but "
                "synthetic rows have none. Only sample_weight is extended; set "
                "n_synthetic=0 or leave it out."
            )
        value = np.asarray(value, dtype=float)
        new = self._mean_weights(value, y, targets)
        return np.concatenate([value, new]) if self.keep_original else new

    @abstractmethod
    def _check_targets(self, y) -> NDArray:
        """Return validated targets, an array."""

    @abstractmethod
    def _count(self, y: NDArray) -> Any:
        """Return how many rows to draw, of each class or in all."""

    @abstractmethod
    def _draw(self, sampler, X, y: NDArray, amounts, rng) -> tuple[Any, NDArray]:
        """Set ``sampler_`` and return the rows and targets that it drew."""

    @abstractmethod
    def _mean_weights(self, weight: NDArray, y: NDArray, targets: NDArray) -> NDArray:
        """Return the weights of synthetic rows."""

    def _route(self, method: str, params: dict) -> dict:
        if not params or not get_config().get("enable_metadata_routing", False):
            return params
        return process_routing(self, method, **params).estimator[method]

    def get_metadata_routing(self):
        """Return where metadata goes: all of it to the estimator.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        for name in _DELEGATED:
            mapping.add(caller=name, callee=name)
        router = MetadataRouter(owner=type(self).__name__)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def _delegate(self, method: str, *arguments, **params):
        check_is_fitted(self, "estimator_")
        params = self._route(method, params)
        return getattr(self.estimator_, method)(*arguments, **params)

    @available_if(estimator_has("predict"))
    def predict(self, X, **params):
        """Return what the estimator predicts.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows.
        **params : dict
            Passed on.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._delegate("predict", X, **params)

    @available_if(estimator_has("score"))
    def score(self, X, y, **params):
        """Return the estimator's score.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows, real ones that were not trained on.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        **params : dict
            Passed on, such as `sample_weight`.

        Returns
        -------
        float
            Accuracy or R², with most estimators.
        """
        return self._delegate("score", X, y, **params)

    @available_if(estimator_has("transform"))
    def transform(self, X, **params):
        """Return what the estimator makes of rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows.
        **params : dict
            Passed on.

        Returns
        -------
        array or DataFrame of shape (n_samples, n_features_out)
        """
        return self._delegate("transform", X, **params)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        # Samplers learn from arrays that are dense and whole.
        is_off = isinstance(self.n_synthetic, Real) and self.n_synthetic == 0
        tags.input_tags.sparse = inner.input_tags.sparse and is_off
        tags.input_tags.allow_nan = inner.input_tags.allow_nan and is_off
        return tags


def _is_weight(name: str) -> bool:
    return name == "sample_weight" or name.endswith("__sample_weight")


def _is_by_row(value, n_rows: int) -> bool:
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__len__"):
        return False
    return getattr(value, "ndim", 1) > 0 and len(value) == n_rows


def _positive_weight(params: dict, n_rows: int) -> NDArray:
    """Tell which training rows have weight, by the parameters of fit."""
    if not n_rows:
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is needed.")
    is_seen = np.ones(n_rows, dtype=bool)
    for name, value in params.items():
        if _is_weight(name) and _is_by_row(value, n_rows):
            is_seen &= np.asarray(value, dtype=float) > 0
    if not is_seen.any():
        raise ValueError("sample_weight is 0 or less for every training row.")
    return is_seen


def _total(amounts: dict | int) -> int:
    return sum(amounts.values()) if isinstance(amounts, dict) else amounts
