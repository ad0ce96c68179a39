"""GANOverSampler: over-sampling with a sampler in pipelines of imbalanced-learn."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import label_binarize
from sklearn.utils.multiclass import check_classification_targets

from skgan._estimator import VersionedEstimator
from skgan._validation import check_integer, check_stream
from skgan.augmentation import (
    class_sizes,
    clone_and_seed,
    draw_classes,
    fit_to_classes,
    renew_identifiers,
)
from skgan.encoding import check_frame, check_rows
from skgan.frames import (
    as_rows,
    cast_column,
    concatenate_rows,
    frame_library,
    make_frame,
    make_series,
    open_container,
    repeat_rows,
    series_library,
    take_rows,
    without_sparse_columns,
)

try:
    from imblearn.over_sampling.base import BaseOverSampler
    from imblearn.utils import check_sampling_strategy, check_target_type
except ImportError as error:
    raise ImportError(
        "skgan.imblearn needs imbalanced-learn, which is not installed: "
        'pip install "skgan[imblearn]"'
    ) from error

__all__ = ["GANOverSampler"]

SMALL_CLASSES = ("raise", "duplicate", "jitter")


class GANOverSampler(VersionedEstimator, BaseOverSampler):
    """Over-sample the smaller classes with rows that a sampler draws.

    A sampler is trained on the rows given to ``fit_resample``, and draws what classes
    lack. The rows given come first and unchanged, the counts are exact, whole numbers
    stay whole, and categories are those of the data.

    Parameters
    ----------
    sampling_strategy : str, dict, float or callable, default="auto"
        Which classes get how many rows, as in all of imbalanced-learn:
        "not majority" or "auto" fills all classes up to the largest, "minority" only
        the smallest, "not minority" all but it, "all" all; a dict says how many rows
        classes shall have; a float, for two classes, the rows of the smaller over
        those of the larger; a function of ``y`` returns such a dict.
    sampler : sampler or None, default=None
        What draws synthetic rows. One whose ``sample`` has a parameter ``y`` learns
        all classes together; of another (`GANSampler`,
        `sklearn.mixture.GaussianMixture`) one copy is fitted to each class that gets
        rows. None is a chain of trees for each class that gets rows, a
        `ConditionalGANSampler` with ``max_iter=0``, ``rejection=None`` and
        ``early_stopping=False``, all of them fitted to 7 000 rows together at most, of
        which the largest classes have fewer than they could. A fitted one is refused,
        because it may have seen rows to be validated on;
        `sklearn.frozen.FrozenEstimator` around it says that it has not.
    small_class : {"raise", "duplicate", "jitter"}, default="raise"
        What to do with a class of fewer than `min_rows` rows that shall have more.
        "raise" is an error; "duplicate" repeats rows chosen at random; "jitter" adds
        normal noise to their numbers, of the class's standard deviation times
        :math:`(4 / ((d + 2) n))^{1 / (d + 4)}` for n rows of d numbers [1]_, and
        leaves categories, whole numbers of two values, and what is missing alone;
        columns that name rows are drawn fresh.
        The sampler does not see rows of such classes.
    min_rows : int, default=10
        Rows, at least 2, from which the sampler can learn a class.
    random_state : int, RandomState instance or None, default=None
        Fixes the draws, and the sampler's fit where its own `random_state` is None.

    Attributes
    ----------
    sampling_strategy_ : dict
        Class to rows that were added.
    sampler_ : sampler
        The fitted copy; its ``sample(n, y=labels)`` returns ``(X, y)``. Not there if
        it drew no row.
    n_features_in_ : int
        Features of a row.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where X had them.

    See Also
    --------
    skgan.AugmentedClassifier : The same without imbalanced-learn.
    imblearn.over_sampling.SMOTENC : Rows between neighbours of a class.

    Notes
    -----
    Sparse data are made dense for the sampler; the result is sparse in the same
    format. Frames keep columns, dtypes and levels, those of polars, too.

    References
    ----------
    .. [1] Menardi, Torelli, "Training and assessing classification rules with
       imbalanced data", Data Mining and Knowledge Discovery 28, 2014.

    Examples
    --------
    >>> from collections import Counter
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.mixture import GaussianMixture
    >>> from skgan.imblearn import GANOverSampler
    >>> X, y = make_classification(200, weights=[0.9], random_state=0)
    >>> sampler = GaussianMixture(reg_covar=0.1)
    >>> over = GANOverSampler(sampler=sampler, random_state=0)
    >>> X_more, y_more = over.fit_resample(X, y)
    >>> sorted(Counter(y_more.tolist()).items())
    [(0, 180), (1, 180)]
    >>> bool((X_more[:200] == X).all())
    True
    """

    sampler_: Any
    _parameter_constraints: ClassVar[dict] = {
        **BaseOverSampler._parameter_constraints,
        # Checked when they are used, with messages of their own.
        "sampler": "no_validation",
        "small_class": "no_validation",
        "min_rows": "no_validation",
    }

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        sampler=None,
        small_class="raise",
        min_rows=10,
        random_state=None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.sampler = sampler
        self.small_class = small_class
        self.min_rows = min_rows
        self.random_state = random_state

    def fit_resample(self, X, y, **params):
        """Train the sampler and add the rows that it draws.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Their classes.
        **params : dict
            For imbalanced-learn's pipelines; there are none.

        Returns
        -------
        X_resampled : array, sparse matrix or DataFrame of shape \
                (n_samples_new, n_features)
            Like `X`: its rows, then the new ones.
        y_resampled : array of shape (n_samples_new,)
            Like `y`.

        Raises
        ------
        TypeError
            If a parameter is of the wrong type.
        ValueError
            If a parameter is out of its range, `y` has one class, the sampler has
            been fitted before, or a class has too few rows.
        """
        X = open_container(X) if isinstance(X, list) else as_rows(X)
        if _is_known(X) and _is_known(y):
            return super().fit_resample(X, y, **params)
        self._validate_params()
        labels = y if _is_known(y) else y.to_numpy()
        check_classification_targets(labels)
        X, labels, is_binarized = self._check_X_y(X, labels)
        self.sampling_strategy_ = check_sampling_strategy(
            self.sampling_strategy, labels, self._sampling_type
        )
        X, labels = self._fit_resample(X, labels, **params)
        if is_binarized:
            labels = label_binarize(labels, classes=np.unique(labels))
        return X, _labels_like(labels, y)

    def _check_X_y(self, X, y, accept_sparse=None):
        if frame_library(X) is None:
            if isinstance(X, np.ndarray):
                # The message of skgan names the column; that of scikit-learn does not.
                check_rows(self, X, reset=True)
            return super()._check_X_y(X, y, accept_sparse)
        y, is_binarized = check_target_type(y, indicate_one_vs_all=True)
        # The sampler decides which columns of a frame it can learn.
        check_frame(self, X, None, reset=True)
        return X, y, is_binarized

    def _fit_resample(self, X, y, **params):
        if self.small_class not in SMALL_CLASSES:
            raise ValueError(
                f"small_class={self.small_class!r} is not known; choose one of "
                f"{SMALL_CLASSES}."
            )
        min_rows = check_integer("min_rows", self.min_rows, 2)
        rng = check_stream("random_state", self.random_state)
        rows = X.toarray() if sparse.issparse(X) else without_sparse_columns(X)
        lacking = {name: n for name, n in self.sampling_strategy_.items() if n}
        sizes = class_sizes(y)
        small = {c: n for c, n in sizes.items() if n < min_rows and c in lacking}
        if small and self.small_class == "raise":
            raise ValueError(
                f"A class of fewer than min_rows={min_rows} rows is too small to learn "
                f"from; rows of such classes: {small}. Set small_class to 'duplicate' "
                "or 'jitter', lower min_rows, or leave them out of sampling_strategy."
            )
        large = [name for name in lacking if name not in small]
        order = [*large, *small]
        labels = np.repeat(np.array(order, y.dtype), [lacking[name] for name in order])
        n_drawn = sum(lacking[name] for name in large)
        # Of an earlier call.
        if hasattr(self, "sampler_"):
            del self.sampler_
        sampler = clone_and_seed(self.sampler, rng, rows, of_classes=True)
        own: list[Any] = []
        if n_drawn:
            is_seen = ~np.isin(y, np.array(list(small), y.dtype))
            seen = rows if is_seen.all() else take_rows(rows, is_seen)
            self.sampler_ = fit_to_classes(sampler, seen, y[is_seen], large)
            own = [draw_classes(self.sampler_, rows, labels[:n_drawn], rng)]
        copies = []
        for name in small:
            members = take_rows(rows, np.flatnonzero(y == name))
            scale = 0.0 if self.small_class == "duplicate" else 1.0
            copies.append(repeat_rows(members, lacking[name], scale, rng))
        if self.small_class == "jitter":
            own, copies = own + copies, []
        if own:
            own = [renew_identifiers(concatenate_rows(own), rows, rng)]
        rows = concatenate_rows([rows, *own, *copies])
        return _sparse_like(rows, X), np.concatenate([y, labels])


def _is_known(values) -> bool:
    """Whether imbalanced-learn, which takes every frame for pandas', gives it back."""
    return (frame_library(values) or series_library(values)) in (None, "pandas")


def _sparse_like(rows, X):
    """Return `rows`, the first of which are `X`, sparse if `X` is."""
    if not sparse.issparse(X):
        return rows
    return sparse.vstack([X, type(X)(rows[X.shape[0] :])], format=X.format)


def _labels_like(labels: NDArray, y) -> Any:
    """Return labels in the container of `y`, if imbalanced-learn would not."""
    if not _is_known(y) and (library := frame_library(y)):
        pairs = zip(labels.reshape(len(labels), -1).T, y.dtypes, strict=True)
        columns = [cast_column(values, dtype, library) for values, dtype in pairs]
        return make_frame(columns, y.columns, library)
    if not _is_known(y) and (library := series_library(y)):
        return make_series(labels, y.name, y.dtype, library)
    return labels.tolist() if isinstance(y, list) else labels
