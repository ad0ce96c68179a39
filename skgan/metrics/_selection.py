"""Choosing among the candidates of a search those that do not copy."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np


class _WithoutCopying:
    """Index of the best candidate whose guard is no higher on training rows."""

    def __init__(self, metric: str, guard: str, tolerance: float):
        self.metric = metric
        self.guard = guard
        self.tolerance = tolerance

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        scores = _column(cv_results, f"mean_test_{self.metric}")
        gaps = _column(cv_results, f"mean_train_{self.guard}") - _column(
            cv_results, f"mean_test_{self.guard}"
        )
        is_known = np.isfinite(scores) & np.isfinite(gaps)
        if not is_known.any():
            raise ValueError(
                f"No candidate has finite scores {self.metric!r} and {self.guard!r}; "
                "set error_score='raise' in the search to see why."
            )
        is_honest = is_known & (gaps <= self.tolerance)
        if not is_honest.any():
            least = int(np.argmin(np.where(is_known, gaps, np.inf)))
            warnings.warn(
                f"Every candidate copies: {self.guard!r} is higher on training rows "
                f"than on held-out ones by {gaps[least]:.2f} or more, tolerance="
                f"{self.tolerance}. The one that copies least is refitted; search "
                "elsewhere, or with more rows.",
                stacklevel=2,
            )
            return least
        return int(np.argmax(np.where(is_honest, scores, -np.inf)))

    def __repr__(self) -> str:
        return (
            f"refit_without_copying({self.metric!r}, guard={self.guard!r}, "
            f"tolerance={self.tolerance})"
        )


def refit_without_copying(
    metric: str, *, guard: str = "beta_recall", tolerance: float = 0.1
) -> _WithoutCopying:
    """Make a search refit the best candidate among those that do not copy.

    For the parameter `refit` of `sklearn.model_selection.GridSearchCV` and
    `RandomizedSearchCV`, with several scorers and ``return_train_score=True``.

    Parameters
    ----------
    metric : str
        The scorer, by its name in the search's `scoring`, that decides between
        candidates which do not copy.
    guard : str, default="beta_recall"
        The scorer, by its name too, whose mean on training rows is compared with
        that on held-out rows. ``SCORERS["beta_recall"]`` is made for it; the
        `n_samples` of a scorer that guards must be None, so that as many rows are
        drawn as are judged.
    tolerance : float, default=0.1
        How much higher the guard may be on training rows. For a sampler that does
        not copy the difference is 0 but for chance, which is about ``n**-0.5`` for
        n rows in all; for copies it is .3. Lower it for thousands of rows.

    Returns
    -------
    refit : callable
        ``refit(cv_results_) -> best_index_``, picklable. If every candidate copies,
        it warns and takes the one that copies least.

    Raises
    ------
    ValueError
        If `tolerance` is no finite number; from the search, if one of the scorers or
        the training scores are missing, or no candidate has a finite score.

    Notes
    -----
    A sampler that copies has learnt which rows it was trained on, and nothing but
    rows can tell: of copies and of fresh rows, any comparison of samples with
    held-out rows alone says the same. A scorer sees each fold's held-out rows, and,
    with ``return_train_score=True``, its training rows.

    `beta_recall` is about the share of rows that have a sample nearer than the next
    row of their own set: ½ for fresh samples, as many as the rows, and .8 for rows
    that were copied as often as they are, by drawing with replacement. The
    difference of training and held-out rows is the advantage of an attack [1]_ that
    takes rows with such a sample for training rows.

    Distances do not serve as guards: the energy distance of copies is 0 to training
    and held-out rows alike. Neither do `authenticity`, `dcr_share` and
    `membership_auc`: they take both sets at once, which a scorer never has. Measure
    them of the refitted sampler, on rows that the search has not seen.

    References
    ----------
    .. [1] Yeom, S. et al. (2018). Privacy risk in machine learning: analyzing the
       connection to overfitting. CSF (membership advantage).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgan.metrics import SCORERS, refit_without_copying
    >>> X = np.random.default_rng(0).normal(size=(600, 3))
    >>> search = GridSearchCV(
    ...     KernelDensity(),
    ...     {"bandwidth": [1e-3, 0.3]},  # the first repeats the training rows
    ...     scoring={
    ...         "coverage": SCORERS["coverage"],
    ...         "beta_recall": SCORERS["beta_recall"],
    ...     },
    ...     refit=refit_without_copying("coverage"),
    ...     return_train_score=True,
    ...     cv=3,
    ... )
    >>> search.fit(X).best_params_
    {'bandwidth': 0.3}
    """
    is_number = isinstance(tolerance, Real) and not isinstance(tolerance, bool)
    if not is_number or not np.isfinite(tolerance):
        raise ValueError(f"tolerance must be a finite number, got {tolerance!r}.")
    return _WithoutCopying(metric, guard, tolerance)


def _column(cv_results: Mapping[str, Any], name: str) -> np.ndarray:
    if name in cv_results:
        return np.asarray(cv_results[name], dtype=np.float64)
    kind, scorer = name.split("_", 2)[1:]
    names = sorted(
        key.removeprefix("mean_test_") for key in cv_results if key[:10] == "mean_test_"
    )
    if kind == "train" and scorer in names:
        raise ValueError(
            "The search kept no scores of training rows, by which copying shows: set "
            "return_train_score=True."
        )
    raise ValueError(
        f"The search has no scorer {scorer!r}, only {names}: give scoring a dict with "
        "a scorer of that name."
    )
