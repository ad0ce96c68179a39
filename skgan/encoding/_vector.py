"""Vectors: numeric columns, standardised, with their own range and granularity."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from skgan.encoding._base import BaseEncoder
from skgan.encoding._container import frame_library
from skgan.encoding._validation import check_rows

# Every integer up to this one has a float64 of its own.
_EXACT_INTEGERS = 2**53


class VectorEncoder(BaseEncoder):
    """Standardise numeric columns; keep their range, whole numbers, missing values.

    Columns are centred and scaled in float64. A constant column is left out of what
    the networks learn and comes back exactly. Decoded values are clipped to the
    range seen, rounded where all values seen were whole, and missing as often as a
    missing-value indicator, one more encoded column, says.

    Parameters
    ----------
    clip : bool, default=True
        Whether decoded values are clipped to the range seen in ``fit``.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_features_in_,)
        Mean and standard deviation of each column; scale 0 marks a constant column.
    minimum_, maximum_ : ndarray of shape (n_features_in_,)
        The range seen.
    is_whole_ : ndarray of bool of shape (n_features_in_,)
        Whether all values seen were whole numbers.
    missing_rate_ : ndarray of shape (n_features_in_,)
        Share of missing values, in a DataFrame.

    Warns
    -----
    UserWarning
        If integers are beyond 2**53, where float64 no longer tells neighbours apart.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding import VectorEncoder
    >>> X = np.array([[1.5, 10], [2.5, 20], [3.5, 10]])
    >>> encoder = VectorEncoder().fit(X)
    >>> encoder.transform(X).round(2)
    array([[-1.22, -0.71],
           [ 0.  ,  1.41],
           [ 1.22, -0.71]])
    >>> encoder.inverse_transform([[0.0, 0.1]])
    array([[ 2.5, 14. ]])
    """

    _keeps_missing = True

    def __init__(self, clip=True):
        self.clip = clip

    def _validate(self, X, *, reset: bool) -> NDArray:
        return check_rows(
            self, X, reset=reset, allow_missing=frame_library(X) is not None
        )

    def _fit_rows(self, values: NDArray) -> None:
        missing = np.isnan(values)
        self.missing_rate_ = missing.mean(axis=0)
        if (self.missing_rate_ == 1).any():
            columns = np.flatnonzero(self.missing_rate_ == 1)
            raise ValueError(
                f"All values are missing in column {', '.join(map(str, columns))}; "
                "drop it."
            )
        self.minimum_ = np.nanmin(values, axis=0)
        self.maximum_ = np.nanmax(values, axis=0)
        self._learn_spread(values)
        whole = np.where(missing, 0, np.rint(values)) == np.where(missing, 0, values)
        self.is_whole_ = whole.all(axis=0) | self.container_.is_whole
        largest = np.maximum(np.abs(self.minimum_), np.abs(self.maximum_))
        if (self.container_.is_whole & (largest > _EXACT_INTEGERS)).any():
            warnings.warn(
                "Integers beyond 2**53 are scaled in float64, which cannot tell "
                "neighbours apart there; samples are whole but may be off in the "
                "last digits.",
                stacklevel=3,
            )
        self._varies = self.scale_ > 0
        self._may_miss = self.missing_rate_ > 0
        width = int(self._varies.sum() + self._may_miss.sum())
        # Networks need a column even where there is nothing to learn.
        self.tensor_shape_ = (max(width, 1),)

    def _learn_spread(self, values: NDArray) -> None:
        # Computed on values brought to [-1, 1], so that squares of 1e300 or of
        # denormals neither overflow nor vanish.
        unit = np.maximum(np.abs(self.minimum_), np.abs(self.maximum_))
        unit = np.where(unit > np.finfo(float).tiny, unit, 1.0)
        self.center_ = np.nanmean(values / unit, axis=0) * unit
        self.scale_ = np.nanstd(values / unit, axis=0) * unit
        self.scale_[self.minimum_ == self.maximum_] = 0.0

    def _encode(self, values: NDArray) -> NDArray:
        missing = np.isnan(values)
        varies = self._varies
        centred = values[:, varies] - self.center_[varies]
        columns = np.where(missing[:, varies], 0.0, centred / self.scale_[varies])
        rate = self.missing_rate_[self._may_miss]
        spread = np.sqrt(rate * (1 - rate))
        indicators = (missing[:, self._may_miss] - rate) / spread
        encoded = np.hstack([columns, indicators])
        return encoded if encoded.shape[1] else np.zeros((len(values), 1))

    def _decode(self, rows: NDArray) -> NDArray:
        values = np.repeat(self.minimum_[None, :], len(rows), axis=0)
        varies = self._varies
        n_varying = int(varies.sum())
        values[:, varies] = (
            rows[:, :n_varying] * self.scale_[varies] + self.center_[varies]
        )
        if self.clip:
            values = np.clip(values, self.minimum_, self.maximum_)
        values[:, self.is_whole_] = np.rint(values[:, self.is_whole_])
        rate = self.missing_rate_[self._may_miss]
        if len(rate):
            halfway = (0.5 - rate) / np.sqrt(rate * (1 - rate))
            is_missing = rows[:, n_varying:] > halfway
            values[:, self._may_miss] = np.where(
                is_missing, np.nan, values[:, self._may_miss]
            )
        return values
