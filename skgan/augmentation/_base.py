"""What augmented estimators share: sampler, rows, weights, metadata, delegation."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import MetaEstimatorMixin, clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, check_consistent_length, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgan._callback_tasks import (
    CallbackSupport,
    InnerFits,
    fit_untold,
    with_callbacks,
)
from skgan._estimator import persistent
from skgan._validation import check_boolean, check_stream
from skgan.augmentation._class_sampling import clone_and_seed
from skgan.augmentation._fold_comparison import (
    best_index,
    compare,
    is_auto,
    is_by_row,
    make_folds,
    select_rows,
)
from skgan.frames import as_rows, concatenate_rows, open_container, take_rows

_DELEGATED = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "score",
)
_LOG = logging.getLogger("skgan")


def estimator_has(name: str):
    """Return a check for `available_if`: the estimator has a method."""

    def check(self) -> bool:
        # The fitted one is asked first: what a search has depends on its fit.
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return check


@persistent(rebuilt=("_skl_callbacks",))
class Augmented(CallbackSupport, MetaEstimatorMixin, ABC):
    """The walk that both share: fit the sampler, draw, stack, fit the estimator.

    A subclass fills six hooks: `_check_targets`, `_settings`, `_count`,
    `_fit_sampler`, `_draw` and `_mean_weights`.
    """

    estimator: Any
    sampler: Any
    n_synthetic: Any
    keep_original: Any
    scoring: Any
    cv: Any
    random_state: Any
    sampler_: Any

    @with_callbacks
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
        X = open_container(X)
        routed = self._route_fit(params)
        params = routed.estimator.fit
        check_boolean("keep_original", self.keep_original)
        rng = check_stream("random_state", self.random_state)
        targets = self._check_targets(y)
        check_consistent_length(X, targets)
        is_seen = _positive_weight(params, len(targets))
        # Of an earlier fit.
        for name in ("sampler_", "cv_results_", "best_index_"):
            if hasattr(self, name):
                delattr(self, name)
        fits = InnerFits(self, None, X, y)
        if is_auto(self.n_synthetic):
            amounts = self._choose(X, targets, is_seen, routed, rng)
        else:
            amounts = self._count(targets[is_seen], self._settings()[0])
        if not _total(amounts) and not self.keep_original:
            raise ValueError(
                f"keep_original=False and n_synthetic={self.n_synthetic!r} leave "
                "no rows to train on; set one of the two otherwise."
            )
        sampler = self._make_sampler(X, rng)
        if _total(amounts):
            X = _dense_rows(X)
            seen = X if is_seen.all() else take_rows(X, is_seen)
            self.sampler_ = self._fit_sampler(
                sampler, seen, targets[is_seen], [amounts], fits.fit
            )
            X, y, params = self._augment(
                self.sampler_, X, targets, is_seen, amounts, params, rng
            )
        estimator = clone(self.estimator)
        self.estimator_ = fits.fit("fit-estimator", estimator, X, y, **params)
        self.n_synthetic_ = amounts
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        fits.finish()
        return self

    def _choose(self, X, y: NDArray, is_seen: NDArray, routed: Bunch, rng):
        """Return the amounts that score best in folds; say so in ``cv_results_``."""
        if not self.keep_original:
            raise ValueError(
                "n_synthetic='auto' compares with no synthetic rows at all, which "
                "keep_original=False leaves nothing of; set one of the two otherwise."
            )
        X = _dense_rows(X)
        settings, wanted = self._distinct_settings(y[is_seen])
        if isinstance(self.scoring, list | tuple | set | dict):
            raise ValueError(
                f"scoring must be one score, by which amounts are compared, got "
                f"{self.scoring!r}."
            )
        scorer = check_scoring(self.estimator, scoring=self.scoring)
        seed = int(rng.randint(2**31 - 1))
        # A single amount is compared with no other, and needs no folds.
        folds = []
        if len(settings) > 1:
            folds = make_folds(
                self.cv,
                X,
                y,
                is_seen,
                routed.splitter.split,
                seed,
                is_classifier(self),
            )

        def score(train: NDArray, held_out: NDArray) -> list[float]:
            return self._score_fold(
                X, y, is_seen, train, held_out, settings, scorer, routed, seed
            )

        totals = [_total(amounts) for amounts in wanted]
        self.cv_results_ = compare(settings, totals, folds, score)
        self.best_index_ = best_index(self.cv_results_)
        _LOG.info(
            "n_synthetic='auto' adds %d rows: %s.",
            totals[self.best_index_],
            settings[self.best_index_],
        )
        return wanted[self.best_index_]

    def _distinct_settings(self, y: NDArray) -> tuple[list[dict], list]:
        """Return settings that differ in what they add to all rows, and the amounts."""
        settings: list[dict] = []
        wanted: list = []
        for setting in self._settings():
            amounts = self._count(y, setting)
            if amounts not in wanted:
                settings.append(setting)
                wanted.append(amounts)
        return settings, wanted

    def _score_fold(
        self, X, y, is_seen, train, held_out, settings, scorer, routed, seed
    ):
        """Return the score of each setting; the sampler is fitted once."""
        n = len(y)
        rows, targets = take_rows(X, train), y[train]
        is_seen = is_seen[train]
        seen = rows if is_seen.all() else take_rows(rows, is_seen)
        amounts = [self._count(targets[is_seen], setting) for setting in settings]
        rng = np.random.RandomState(seed)
        sampler = self._make_sampler(X, rng)
        sampler = self._fit_sampler(sampler, seen, targets[is_seen], amounts)
        scored = take_rows(X, held_out), y[held_out]
        given = select_rows(routed.scorer.score, held_out, n)
        params = select_rows(routed.estimator.fit, train, n)
        scores = []
        for amount in amounts:
            more = rows, targets, params
            if _total(amount):
                # Every amount gets the same stream, so that amounts alone differ.
                rng = np.random.RandomState(seed)
                more = self._augment(
                    sampler, rows, targets, is_seen, amount, params, rng
                )
            model = clone(self.estimator).fit(more[0], more[1], **more[2])
            scores.append(scorer(model, *scored, **given))
        return scores

    def _make_sampler(self, X, rng):
        return clone_and_seed(self.sampler, rng, X, of_classes=is_classifier(self))

    def _augment(self, sampler, X, y: NDArray, is_seen, amounts, params: dict, rng):
        """Return rows, targets and parameters of fit with the synthetic ones added."""
        seen = X if is_seen.all() else take_rows(X, is_seen)
        new, targets = self._draw(sampler, seen, y[is_seen], amounts, rng)
        params = {
            name: self._extend(name, value, y, targets)
            for name, value in params.items()
        }
        if not self.keep_original:
            return new, targets, params
        return concatenate_rows([X, new]), np.concatenate([y, targets]), params

    def _extend(self, name: str, value, y: NDArray, targets: NDArray):
        """Return a parameter of fit with values for the synthetic rows."""
        if not is_by_row(value, len(y)):
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
    def _settings(self) -> list[dict]:
        """Return parameters of `_count`: the one in force, or all to choose from."""

    @abstractmethod
    def _count(self, y: NDArray, setting: dict) -> Any:
        """Return how many rows to draw, of each class or in all."""

    @abstractmethod
    def _fit_sampler(
        self, sampler, X, y: NDArray, amounts: list, fit=fit_untold
    ) -> Any:
        """Return a sampler that can draw all of the amounts."""

    @abstractmethod
    def _draw(self, sampler, X, y: NDArray, amounts, rng) -> tuple[Any, NDArray]:
        """Return the rows and targets that a fitted sampler draws."""

    @abstractmethod
    def _mean_weights(self, weight: NDArray, y: NDArray, targets: NDArray) -> NDArray:
        """Return the weights of synthetic rows."""

    def _route(self, method: str, params: dict) -> dict:
        if not params or not _is_routing():
            return params
        return process_routing(self, method, **params).estimator[method]

    def _route_fit(self, params: dict) -> Bunch:
        """Return what fit was given for the estimator, the scorer and the splitter."""
        routed = Bunch(
            estimator=Bunch(fit=params),
            scorer=Bunch(score={}),
            splitter=Bunch(split={}),
        )
        if params and _is_routing():
            routed.update(process_routing(self, "fit", **params))
        return routed

    def get_metadata_routing(self):
        """Return where metadata goes: to the estimator.

        With ``n_synthetic="auto"`` what ``fit`` is given goes to the scorer and to the
        splitter as well, where these request it.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        for name in _DELEGATED:
            mapping.add(caller=name, callee=name)
        router = MetadataRouter(owner=type(self).__name__)
        router.add(estimator=self.estimator, method_mapping=mapping)
        if is_auto(self.n_synthetic):
            router.add(
                scorer=check_scoring(self.estimator, scoring=self.scoring),
                method_mapping=MethodMapping().add(caller="fit", callee="score"),
            )
            router.add(
                splitter=check_cv(self.cv),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    def _delegate(self, method: str, *arguments, **params):
        check_is_fitted(self, "estimator_")
        params = self._route(method, params)
        X, *others = arguments
        return getattr(self.estimator_, method)(open_container(X), *others, **params)

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


def _positive_weight(params: dict, n_rows: int) -> NDArray:
    """Tell which training rows have weight, by the parameters of fit."""
    if not n_rows:
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is needed.")
    is_seen = np.ones(n_rows, dtype=bool)
    for name, value in params.items():
        if _is_weight(name) and is_by_row(value, n_rows):
            is_seen &= np.asarray(value, dtype=float) > 0
    if not is_seen.any():
        raise ValueError("sample_weight is 0 or less for every training row.")
    return is_seen


def _is_routing() -> bool:
    return get_config().get("enable_metadata_routing", False)


def _dense_rows(X):
    """Return rows that a sampler can learn from."""
    if issparse(X):
        raise TypeError(
            "Sparse data was passed, but samplers learn from dense rows. Pass "
            "X.toarray(), or set n_synthetic=0 to add no rows."
        )
    return as_rows(X)


def _total(amounts: dict | int) -> int:
    return sum(amounts.values()) if isinstance(amounts, dict) else amounts
