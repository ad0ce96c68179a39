"""The density ratio of a user's classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from skgan._validation import check_stream

from ._state_checks import check_number

_SMALLEST = 1e-6  # probability: no infinite ratio from a leaf of one class


class ClassifierRatio:
    """The density ratio real / drawn, by any classifier of scikit-learn's kind.

    Parameters
    ----------
    classifier : estimator
        With `fit` and `predict_proba`; cloned before it is fitted, its
        `random_state` set if it has one that is None. It gets the columns as they
        are: codes of levels, NaN where a value is missing. What it cannot take is for
        a pipeline to change first.

    Attributes
    ----------
    classifier_ : estimator
        The fitted clone.
    log_prior_ : float
        Logarithm of real rows over drawn ones in training.

    See Also
    --------
    DensityRatio : The same by boosted trees, saved as arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skgan.rejection import ClassifierRatio
    >>> rng = np.random.default_rng(0)
    >>> real = rng.normal(1.0, size=(4000, 1))
    >>> drawn = rng.normal(0.0, size=(8000, 1))
    >>> ratio = ClassifierRatio(LogisticRegression()).fit(real, drawn, (None,))
    >>> low, high = ratio.log_ratio(np.array([[-0.5], [1.5]]))  # exactly -1 and 1
    >>> bool(abs(low + 1) < 0.2), bool(abs(high - 1) < 0.2)
    (True, True)
    """

    def __init__(self, classifier: Any):
        self.classifier = classifier

    def fit(
        self,
        real: np.ndarray,
        drawn: np.ndarray,
        schema: tuple[Any, ...],
        *,
        random_state: Any = None,
    ) -> ClassifierRatio:
        """Learn the ratio.

        Parameters
        ----------
        real : ndarray of shape (n_real, d), dtype float64
            Real rows.
        drawn : ndarray of shape (n_drawn, d), dtype float64
            Rows of the sampler.
        schema : tuple of length d
            Not used: the classifier knows its columns.
        random_state : int, RandomState instance or None, default=None
            For a classifier that has none of its own.

        Returns
        -------
        self : ClassifierRatio
        """
        model = clone(self.classifier)
        if model.get_params().get("random_state", 0) is None:
            seed = check_stream("random_state", random_state).randint(2**31 - 1)
            model.set_params(random_state=seed)
        is_real = np.arange(len(real) + len(drawn)) < len(real)
        self.classifier_ = model.fit(np.concatenate([real, drawn]), is_real)
        self.log_prior_ = float(np.log(len(real) / len(drawn)))
        return self

    def log_ratio(self, columns: np.ndarray) -> np.ndarray:
        """Return the log-ratio of each row.

        Parameters
        ----------
        columns : ndarray of shape (n, d), dtype float64
            Rows with the columns of the training.

        Returns
        -------
        log_ratio : ndarray of shape (n,), dtype float64
        """
        p = self.classifier_.predict_proba(columns)[:, 1]
        p = np.clip(np.asarray(p, dtype=np.float64), _SMALLEST, 1 - _SMALLEST)
        return np.log(p) - np.log1p(-p) - self.log_prior_

    def get_state(self) -> dict[str, Any]:
        """Return what can be saved: all but the classifier, which stays the user's.

        Returns
        -------
        state : dict of str to number
        """
        return {"log_prior": self.log_prior_}

    @classmethod
    def from_state(cls, state: dict[str, Any], classifier: Any) -> ClassifierRatio:
        """Return the ratio of a state and of a fitted classifier handed in.

        Parameters
        ----------
        state : dict of str to number
            As `get_state` returns it.
        classifier : estimator
            Fitted: `classifier_` of the ratio that was saved.

        Returns
        -------
        ratio : ClassifierRatio
        """
        ratio = cls(classifier)
        ratio.classifier_ = classifier
        ratio.log_prior_ = check_number("log_prior", state["log_prior"], -99, 99)
        return ratio
