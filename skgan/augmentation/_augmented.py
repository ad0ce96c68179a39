"""AugmentedClassifier and AugmentedRegressor: train on real and synthetic rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import assert_all_finite, check_array, column_or_1d, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from skgan._callback_tasks import fit_untold
from skgan._estimator import VersionedEstimator
from skgan.augmentation._base import Augmented, estimator_has
from skgan.augmentation._class_sampling import (
    draw_classes,
    draw_pairs,
    fit_to_classes,
    takes_labels,
)
from skgan.augmentation._fold_comparison import is_auto
from skgan.augmentation._sampling_strategy import (
    class_sizes,
    count_rows,
    missing_rows,
    scale_counts,
)

# Amounts that n_synthetic="auto" compares, 0 first: shares of the training rows,
# and shares of the rows that their classes lack.
_SHARES = (0, 1.0)
_LACKING = (0.25, 1.0)
_SHARES_OF_STRATEGY = (0, 0.25, 0.5, 1.0)
_SHARES_OF_NUMBERS = (0, 0.5, 1.0, 2.0)


class AugmentedClassifier(Augmented, ClassifierMixin, VersionedEstimator):
    r"""A classifier that trains on its rows and on synthetic ones.

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
        rows. None is a chain of trees for each class, a `ConditionalGANSampler` with
        ``max_iter=0``, ``rejection=None`` and ``early_stopping=False``, all of them
        fitted to 7 000 rows together at most, of which the largest classes have fewer
        than they could; of images (more than two dimensions) it is
        ``ConditionalGANSampler()``. A fitted one is refused, because it may have seen
        rows to be validated on; `sklearn.frozen.FrozenEstimator` around it says that
        it has not.
    n_synthetic : float, int or "auto", default=1.0
        How many synthetic rows. A float times what `sampling_strategy` gives: 1.0 is
        all of it, 0.5 half. An integer is their total. 0 turns augmentation off, so
        that a search can tell what it is worth. "auto" compares amounts on folds of
        the training rows and keeps the one of the best mean score, none if that gains
        no more than one standard error [1]_: 0, .25, .5 and 1 times what
        `sampling_strategy` gives; without a strategy 0, as many rows again, a quarter
        and all of what classes lack of the largest. It needs `keep_original`.
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
    scoring : str, callable or None, default=None
        What "auto" compares amounts by, on real rows that neither the sampler nor the
        estimator has seen: a name or a scorer of scikit-learn, None for the
        estimator's own ``score``. That is accuracy with most, which scarce classes
        hardly change: name what counts, such as "average_precision".
    cv : int, splitter or iterable, default=5
        The folds of "auto". A number is of shuffled folds in which classes keep their
        shares, fewer where a class has fewer rows; with fewer than three rows of a
        class none is added, with a warning. Else what scikit-learn splits by.
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
    cv_results_ : dict
        What "auto" compared, as in a search: ``params``, ``n_synthetic`` (rows in
        all), ``split0_test_score`` and so on, ``mean_test_score``,
        ``std_test_score``, ``rank_test_score``, ``mean_gain`` over no synthetic rows
        and its standard error ``gain_error``. Not there without "auto".
    best_index_ : int
        Which of them was kept. Not there without "auto".
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

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine
       Learning 52, 2003, equation 7, for folds that share rows:
       :math:`\sqrt{(1 / k + n_\mathrm{test} / n_\mathrm{train}) s^2}` of k gains of
       variance :math:`s^2`.

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

    How many, if any, folds of the training rows decide:

    >>> model.set_params(n_synthetic="auto", scoring="average_precision")
    ... # doctest: +ELLIPSIS
    AugmentedClassifier(...)
    >>> model.fit(X, y).cv_results_["n_synthetic"]
    array([  0,  40,  80, 160])
    >>> model.n_synthetic_
    {0: 0, 1: 0}
    """

    def __init__(
        self,
        estimator,
        sampler=None,
        *,
        n_synthetic=1.0,
        sampling_strategy=None,
        keep_original=True,
        scoring=None,
        cv=5,
        random_state=None,
    ):
        self.estimator = estimator
        self.sampler = sampler
        self.n_synthetic = n_synthetic
        self.sampling_strategy = sampling_strategy
        self.keep_original = keep_original
        self.scoring = scoring
        self.cv = cv
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

    def _settings(self) -> list[dict]:
        strategy = self.sampling_strategy
        if not is_auto(self.n_synthetic):
            return [{"n_synthetic": self.n_synthetic, "sampling_strategy": strategy}]
        shares = _SHARES if strategy is None else _SHARES_OF_STRATEGY
        pairs = [(share, strategy) for share in shares]
        if strategy is None:
            pairs += [(share, "auto") for share in _LACKING]
        return [{"n_synthetic": n, "sampling_strategy": own} for n, own in pairs]

    def _count(self, y: NDArray, setting: dict) -> dict:
        n_synthetic, strategy = setting["n_synthetic"], setting["sampling_strategy"]
        sizes = class_sizes(y)
        wanted = sizes if strategy is None else missing_rows(strategy, y)
        if not self.keep_original and strategy is not None:
            wanted = {name: n + sizes[name] for name, n in wanted.items()}
        counts = scale_counts(n_synthetic, wanted)
        lost = [name for name, n in counts.items() if n == 0]
        if not self.keep_original and sum(counts.values()) and lost:
            raise ValueError(
                f"keep_original=False leaves no rows of the classes {lost}; raise "
                f"n_synthetic={n_synthetic!r}."
            )
        return counts

    def _fit_sampler(self, sampler, X, y: NDArray, amounts: list, fit=fit_untold):
        wanted = [name for name in class_sizes(y) if any(n[name] for n in amounts)]
        return fit_to_classes(sampler, X, y, wanted, fit)

    def _draw(self, sampler, X, y: NDArray, amounts: dict, rng):
        labels = np.repeat(np.unique(y), list(amounts.values()))
        return draw_classes(sampler, X, labels, rng), labels

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
    r"""A regressor that trains on its rows and on synthetic ones.

    ``fit`` trains a copy of the sampler on the training rows and their targets, draws
    rows with targets, and trains a copy of the estimator on both. What is predicted
    for, scored and validated on stays real.

    Parameters
    ----------
    estimator : estimator
        The regressor, or a pipeline that ends in one.
    sampler : sampler or None, default=None
        What draws synthetic rows: its ``sample`` has a parameter ``y``, and without
        it draws targets as they are spread among the training rows. None is a chain of
        trees, a `ConditionalGANSampler` with ``max_iter=0``, ``rejection=None`` and
        ``early_stopping=False``; of images (more than two dimensions) it is
        ``ConditionalGANSampler()``. A fitted one is refused, because it may have
        seen rows to be validated on; `sklearn.frozen.FrozenEstimator` around it says
        that it has not.
    n_synthetic : float, int or "auto", default=1.0
        How many synthetic rows: a float is a share of the training rows, an integer
        a count. 0 turns augmentation off, so that a search can tell what it is worth.
        "auto" compares 0, .5, 1 and 2 on folds of the training rows and keeps the one
        of the best mean score, 0 if that gains no more than one standard error [1]_.
        It needs `keep_original`.
    keep_original : bool, default=True
        Whether the estimator sees the training rows, too.
    scoring : str, callable or None, default=None
        What "auto" compares amounts by, on real rows that neither the sampler nor the
        estimator has seen: a name or a scorer of scikit-learn, None for the
        estimator's own ``score``, R² with most.
    cv : int, splitter or iterable, default=5
        The folds of "auto": a number of shuffled ones, or what scikit-learn splits
        by.
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
    cv_results_ : dict
        What "auto" compared, as in a search: ``params``, ``n_synthetic`` (rows in
        all), ``split0_test_score`` and so on, ``mean_test_score``,
        ``std_test_score``, ``rank_test_score``, ``mean_gain`` over no synthetic rows
        and its standard error ``gain_error``. Not there without "auto".
    best_index_ : int
        Which of them was kept. Not there without "auto".
    n_features_in_ : int
        Features, where the estimator has it.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where the estimator has them.

    See Also
    --------
    AugmentedClassifier : The same for classes.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine
       Learning 52, 2003, equation 7, for folds that share rows:
       :math:`\sqrt{(1 / k + n_\mathrm{test} / n_\mathrm{train}) s^2}` of k gains of
       variance :math:`s^2`.

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
        scoring=None,
        cv=5,
        random_state=None,
    ):
        self.estimator = estimator
        self.sampler = sampler
        self.n_synthetic = n_synthetic
        self.keep_original = keep_original
        self.scoring = scoring
        self.cv = cv
        self.random_state = random_state

    def _check_targets(self, y) -> NDArray:
        y = check_array(y, ensure_2d=False, input_name="y")
        return column_or_1d(y, warn=True) if y.ndim != 2 or y.shape[1] == 1 else y

    def _settings(self) -> list[dict]:
        is_chosen = is_auto(self.n_synthetic)
        shares = _SHARES_OF_NUMBERS if is_chosen else (self.n_synthetic,)
        return [{"n_synthetic": share} for share in shares]

    def _count(self, y: NDArray, setting: dict) -> int:
        return count_rows(setting["n_synthetic"], len(y))

    def _fit_sampler(self, sampler, X, y: NDArray, amounts: list, fit=fit_untold):
        if not takes_labels(sampler):
            raise TypeError(
                f"{type(sampler).__name__} draws rows without targets, and a regressor "
                "needs both: pass a sampler whose sample has a parameter y, such as "
                "ConditionalGANSampler."
            )
        return fit("fit-sampler", sampler, X, y)

    def _draw(self, sampler, X, y: NDArray, amounts: int, rng):
        return draw_pairs(sampler, X, y, amounts, rng)

    def _mean_weights(self, weight: NDArray, y: NDArray, targets: NDArray) -> NDArray:
        return np.full(len(targets), weight[weight > 0].mean())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.target_tags.multi_output = inner.target_tags.multi_output
        if inner.regressor_tags is not None:
            tags.regressor_tags = inner.regressor_tags
        return tags
