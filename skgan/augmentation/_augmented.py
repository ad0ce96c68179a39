"""AugmentedClassifier and AugmentedRegressor: train on real and synthetic rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import (
    assert_all_finite,
    check_array,
    check_consistent_length,
    column_or_1d,
    get_tags,
)
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skgan._estimator import VersionedEstimator
from skgan._validation import check_boolean, check_stream
from skgan.augmentation._class_sampling import (
    clone_and_seed,
    draw_classes,
    draw_pairs,
    fit_to_classes,
    takes_labels,
)
from skgan.augmentation._sampling_strategy import (
    class_sizes,
    count_rows,
    missing_rows,
    scale_counts,
)
from skgan.frames import as_rows, concatenate_rows, take_rows

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
            clone_and_seed(self.sampler, rng)
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
        sampler = clone_and_seed(self.sampler, rng)
        is_all = bool(is_seen.all())
        seen = X if is_all else take_rows(X, is_seen)
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


class AugmentedClassifier(Augmented, ClassifierMixin, VersionedEstimator):
    """A classifier that trains on its rows and on synthetic ones.

    ``fit`` trains a copy of the sampler on the training rows, draws rows of the
    classes that shall have more, and trains a copy of the estimator on both. What is
    predicted for, scored and validated on stays real: inside cross-validation neither
    does a synthetic row reach a scorer nor a validation row the sampler.

    Parameters
    ----------
    estimator : estimator
        The classifier, or a pipeline that ends in one.
    sampler : sampler or None, default=None
        What draws synthetic rows. One whose ``sample`` has a parameter ``y`` learns
        all classes together; of another (`GANSampler`,
        `sklearn.mixture.GaussianMixture`) one copy is fitted to each class that gets
        rows. None is ``ConditionalGANSampler()``. A fitted one is refused, because
        it may have seen rows to be validated on;
        `sklearn.frozen.FrozenEstimator` around it says that it has not.
    n_synthetic : float or int, default=1.0
        How many synthetic rows. A float times what `sampling_strategy` gives: 1.0 is
        all of it, 0.5 half. An integer is their total. 0 turns augmentation off, so
        that a search can tell what it is worth.
    sampling_strategy : str, dict, float, callable or None, default=None
        Of which classes. None gives as many as there are training rows, in the same
        shares. The others are imbalanced-learn's, and give what classes lack:
        "not majority" or "auto" fills all classes up to the largest, "minority" only
        the smallest, "not minority" all but it, "all" all; a dict says how many rows
        classes shall have; a float, for two classes, the rows of the smaller over
        those of the larger; a function of ``y`` returns such a dict.
    keep_original : bool, default=True
        Whether the estimator sees the training rows, too. If not, synthetic rows
        also take their places: without a strategy as many as there were, with one as
        many of each class as there would be in all.
    random_state : int, RandomState instance or None, default=None
        Fixes the draws, and the sampler's fit where its own `random_state` is None.
        The estimator has its own.

    Attributes
    ----------
    estimator_ : estimator
        The fitted copy.
    sampler_ : sampler
        The fitted copy; its ``sample(n, y=labels)`` returns ``(X, y)``. Not there if
        no row was drawn.
    classes_ : ndarray of shape (n_classes,)
        Classes.
    n_synthetic_ : dict
        Class to synthetic rows that were trained on.
    n_features_in_ : int
        Features, where the estimator has it.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where the estimator has them.

    See Also
    --------
    AugmentedRegressor : The same for numbers.
    skgan.imblearn.GANOverSampler : For pipelines of imbalanced-learn.

    Notes
    -----
    Whatever the estimator holds out of its own training, for early stopping or a
    search inside of it, has synthetic rows in it. Search around this class, not
    inside.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.mixture import GaussianMixture
    >>> from skgan import AugmentedClassifier
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> model = AugmentedClassifier(
    ...     LogisticRegression(),
    ...     GaussianMixture(reg_covar=0.1),
    ...     sampling_strategy="minority",
    ...     random_state=0,
    ... )
    >>> model.fit(X, y).n_synthetic_
    {0: 0, 1: 160}
    >>> model.predict_proba(X).shape
    (200, 2)
    """

    def __init__(
        self,
        estimator,
        sampler=None,
        *,
        n_synthetic=1.0,
        sampling_strategy=None,
        keep_original=True,
        random_state=None,
    ):
        self.estimator = estimator
        self.sampler = sampler
        self.n_synthetic = n_synthetic
        self.sampling_strategy = sampling_strategy
        self.keep_original = keep_original
        self.random_state = random_state

    def _check_targets(self, y) -> NDArray:
        shape = np.asarray(y).shape
        if len(shape) == 2 and shape[1] > 1:
            raise ValueError(
                f"y of shape {shape} has several labels a row, but synthetic rows are "
                "drawn of one class each; wrap the estimator of each label."
            )
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        return y

    def _count(self, y: NDArray) -> dict:
        sizes = class_sizes(y)
        strategy = self.sampling_strategy
        wanted = sizes if strategy is None else missing_rows(strategy, y)
        if not self.keep_original and strategy is not None:
            wanted = {name: n + sizes[name] for name, n in wanted.items()}
        counts = scale_counts(self.n_synthetic, wanted)
        lost = [name for name, n in counts.items() if n == 0]
        if not self.keep_original and sum(counts.values()) and lost:
            raise ValueError(
                f"keep_original=False leaves no rows of the classes {lost}; raise "
                f"n_synthetic={self.n_synthetic!r}."
            )
        return counts

    def _draw(self, sampler, X, y: NDArray, amounts: dict, rng):
        wanted = [name for name, n in amounts.items() if n]
        self.sampler_ = fit_to_classes(sampler, X, y, wanted)
        labels = np.repeat(np.unique(y), list(amounts.values()))
        return draw_classes(self.sampler_, X, labels, rng), labels

    def _mean_weights(self, weight: NDArray, y: NDArray, targets: NDArray) -> NDArray:
        classes, codes = np.unique(targets, return_inverse=True)
        is_seen = weight > 0
        return np.array([weight[is_seen & (y == c)].mean() for c in classes])[codes]

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X, **params):
        """Return the estimator's probabilities of the classes.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows.
        **params : dict
            Passed on.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return self._delegate("predict_proba", X, **params)

    @available_if(estimator_has("predict_log_proba"))
    def predict_log_proba(self, X, **params):
        """Return the logarithms of the estimator's probabilities.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows.
        **params : dict
            Passed on.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return self._delegate("predict_log_proba", X, **params)

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X, **params):
        """Return the estimator's decision values.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows.
        **params : dict
            Passed on.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        return self._delegate("decision_function", X, **params)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator).classifier_tags
        if inner is not None:
            tags.classifier_tags = inner
        return tags


class AugmentedRegressor(Augmented, RegressorMixin, VersionedEstimator):
    """A regressor that trains on its rows and on synthetic ones.

    ``fit`` trains a copy of the sampler on the training rows and their targets, draws
    rows with targets, and trains a copy of the estimator on both. What is predicted
    for, scored and validated on stays real.

    Parameters
    ----------
    estimator : estimator
        The regressor, or a pipeline that ends in one.
    sampler : sampler or None, default=None
        What draws synthetic rows: its ``sample`` has a parameter ``y``, and without
        it draws targets as they are spread among the training rows. None is
        ``ConditionalGANSampler()``. A fitted one is refused, because it may have
        seen rows to be validated on; `sklearn.frozen.FrozenEstimator` around it says
        that it has not.
    n_synthetic : float or int, default=1.0
        How many synthetic rows: a float is a share of the training rows, an integer
        a count. 0 turns augmentation off, so that a search can tell what it is worth.
    keep_original : bool, default=True
        Whether the estimator sees the training rows, too.
    random_state : int, RandomState instance or None, default=None
        Fixes the draws, and the sampler's fit where its own `random_state` is None.
        The estimator has its own.

    Attributes
    ----------
    estimator_ : estimator
        The fitted copy.
    sampler_ : sampler
        The fitted copy. Not there if no row was drawn.
    n_synthetic_ : int
        Synthetic rows that were trained on.
    n_features_in_ : int
        Features, where the estimator has it.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where the estimator has them.

    See Also
    --------
    AugmentedClassifier : The same for classes.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.linear_model import Ridge
    >>> from skgan import AugmentedRegressor, ConditionalGANSampler
    >>> X, y = make_regression(100, 3, random_state=0)
    >>> sampler = ConditionalGANSampler(max_iter=20)
    >>> model = AugmentedRegressor(Ridge(), sampler, n_synthetic=0.5, random_state=0)
    >>> model.fit(X, y).n_synthetic_
    50
    """

    def __init__(
        self,
        estimator,
        sampler=None,
        *,
        n_synthetic=1.0,
        keep_original=True,
        random_state=None,
    ):
        self.estimator = estimator
        self.sampler = sampler
        self.n_synthetic = n_synthetic
        self.keep_original = keep_original
        self.random_state = random_state

    def _check_targets(self, y) -> NDArray:
        y = check_array(y, ensure_2d=False, input_name="y")
        return column_or_1d(y, warn=True) if y.ndim != 2 or y.shape[1] == 1 else y

    def _count(self, y: NDArray) -> int:
        return count_rows(self.n_synthetic, len(y))

    def _draw(self, sampler, X, y: NDArray, amounts: int, rng):
        if not takes_labels(sampler):
            raise TypeError(
                f"{type(sampler).__name__} draws rows without targets, and a regressor "
                "needs both: pass a sampler whose sample has a parameter y, such as "
                "ConditionalGANSampler."
            )
        self.sampler_ = sampler.fit(X, y)
        return draw_pairs(self.sampler_, X, y, amounts, rng)

    def _mean_weights(self, weight: NDArray, y: NDArray, targets: NDArray) -> NDArray:
        return np.full(len(targets), weight[weight > 0].mean())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.target_tags.multi_output = inner.target_tags.multi_output
        if inner.regressor_tags is not None:
            tags.regressor_tags = inner.regressor_tags
        return tags
