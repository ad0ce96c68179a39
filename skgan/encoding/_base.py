"""What every encoder shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from skgan._estimator import VersionedEstimator
from skgan.encoding._check_rows import check_encoded, check_rows
from skgan.frames import as_rows, frame_library, make_output_builder
from skgan.priors import Schema


class BaseEncoder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, VersionedEstimator, ABC
):
    """Learn how X came, turn it into rows of numbers, and give it back.

    A subclass fills three hooks on float64 rows of shape (n, n_features):
    `_fit_rows`, which learns and sets ``tensor_shape_``; `_encode`; and `_decode`,
    which leaves rounding, clipping to dtypes and containers to this class.

    Attributes
    ----------
    output_builder_ : object
        Builds what ``inverse_transform`` returns, in the container, columns, dtypes
        and trailing shape of what ``fit`` was given.
    tensor_shape_ : tuple of int
        Shape of one encoded row for a network; ``transform`` returns it flattened.
    n_features_in_ : int
        Features of a row, trailing axes flattened.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where X had them.
    """

    def fit(self, X, y=None):
        """Learn how `X` came and how its values are spread.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows.
        y : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        self
        """
        self._check_parameters()
        X = as_rows(X)
        values = self._validate(X, reset=True)
        self.output_builder_: Any = self._make_output_builder(X, values)
        self._fit_rows(values.astype(np.float64, copy=False))
        self._n_features_out = int(np.prod(self.tensor_shape_))
        return self

    def transform(self, X):
        """Encode rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_encoded)
            Encoded rows: float32 if `X` is float32, else float64; a frame where
            ``set_output`` asks for one.
        """
        return self.encode(X)

    def encode(self, X) -> NDArray:
        """Encode rows as ``transform`` does, to an array whatever ``set_output`` says.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_encoded)
            Encoded rows: float32 if `X` is float32, else float64.
        """
        check_is_fitted(self)
        X = as_rows(X)
        self.check_axes(X)
        values = self._validate(X, reset=False)
        encoded = self._encode(values.astype(np.float64, copy=False))
        is_single = np.float32 in (values.dtype, getattr(X, "dtype", None))
        return encoded.astype(np.float32 if is_single else np.float64, copy=False)

    def encode_for_training(self, X, seed: int) -> NDArray:
        """Encode rows for networks to learn from.

        Like ``transform``, but what several values share, such as the interval of a
        value that repeats, is spread at random, so that the networks see the
        distribution that ``inverse_transform`` expects.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.
        seed : int
            Fixes what is random.

        Returns
        -------
        ndarray of shape (n_samples, n_encoded), float64
        """
        check_is_fitted(self)
        values = self._validate(as_rows(X), reset=False).astype(np.float64)
        return self._encode_for_training(values, np.random.default_rng(seed))

    def check_features(self, estimator, X, *, reset: bool) -> None:
        """Validate `X` on behalf of an estimator that will encode it.

        Parameters
        ----------
        estimator : BaseEstimator
            Gets ``n_features_in_`` and ``feature_names_in_``, or is checked against
            them; named in errors.
        X : ndarray or DataFrame of shape (n_samples, ...)
            Rows.
        reset : bool
            True in ``fit``.

        Raises
        ------
        ValueError
            If `X` holds what this encoder cannot encode.
        """
        is_frame = frame_library(X) is not None
        # Encoders that cannot keep missing values raise in `_validate`.
        check_rows(estimator, X, reset=reset, allow_missing=is_frame)

    def check_axes(self, X) -> None:
        """Raise if images come with other axes than those given to ``fit``.

        Parameters
        ----------
        X : ndarray or DataFrame of shape (n_samples, ...)
            Rows; flat ones pass.

        Raises
        ------
        ValueError
            If the trailing axes differ.
        """
        expected = getattr(self.output_builder_, "row_shape", ())
        if getattr(X, "ndim", 2) > 2 and X.shape[1:] != expected:
            raise ValueError(
                f"X has rows of shape {X.shape[1:]}, but {type(self).__name__} was "
                f"fitted on rows of shape {expected}."
            )

    def inverse_transform(self, Z):
        """Turn encoded rows back into what ``fit`` was given.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_encoded)
            Encoded rows; they may come in the shape of `tensor_shape_`.

        Returns
        -------
        array or DataFrame of shape (n_samples, ...)
            Of the container, columns, dtypes and trailing shape given to ``fit``.

        Raises
        ------
        ValueError
            If `Z` has another width, NaN or infinity.
        """
        check_is_fitted(self)
        rows = check_encoded(self, Z, self._n_features_out)
        buffer = self.output_builder_.make_buffer(len(rows))
        self.write_decoded(buffer, 0, rows)
        return self.output_builder_.build(buffer)

    def write_decoded(
        self, buffer, start: int, Z: NDArray, n_rows: int | None = None
    ) -> None:
        """Decode rows `Z` into what ``output_builder_.make_buffer`` returned.

        Parameters
        ----------
        buffer : object
            What ``output_builder_.make_buffer`` returned.
        start : int
            Row of `buffer` at which the first row goes.
        Z : ndarray of shape (n_samples, n_encoded)
            Encoded rows. All are decoded, because the bits of a matrix product
            depend on its size.
        n_rows : int, default=None
            How many of them are written at most; None writes all.
        """
        values = self._decode(np.asarray(Z, np.float64))
        self.output_builder_.write(buffer, start, values[:n_rows])

    def share_out(self, X, start, slopes: NDArray) -> NDArray:
        """Share out what a function of encoded rows gains between two rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Where the way ends, a row each.
        start : array-like or DataFrame of shape (1, ...)
            Where every way begins.
        slopes : ndarray of shape (n_samples, n_encoded)
            Mean gradients of the function on the straight way between encoded rows.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            What each feature adds. The sum of a row is that of the encoded entries'
            ways times their slopes.
        """
        check_is_fitted(self)
        ends = self._validate(as_rows(X), reset=False).astype(np.float64)
        first = self._validate(as_rows(start), reset=False).astype(np.float64)
        return self._share_out(ends, first, slopes)

    def _share_out(self, ends: NDArray, first: NDArray, slopes: NDArray) -> NDArray:
        shares = (self._encode(ends) - self._encode(first)) * slopes
        if shares.shape != ends.shape:
            raise TypeError(
                f"{type(self).__name__} does not say which entry of an encoded row is "
                "of which feature; give it a method _share_out(ends, first, slopes)."
            )
        return shares

    @property
    def schema_(self) -> Schema | None:
        """What each of ``encode_columns`` holds; None without that step."""
        return None

    def name_of(self, place: int) -> Hashable:
        """Return the name of a plain column."""
        return place

    def encode_columns(self, X) -> NDArray:
        """Turn rows into plain columns, before scores and one-hot blocks.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_columns), float64
            As ``schema_`` describes them: numbers with NaN where missing, codes of
            levels. What is constant or determined by other columns is left out.
        """
        check_is_fitted(self)
        values = self._validate(as_rows(X), reset=False)
        return self._columns_of(values.astype(np.float64, copy=False))

    def columns_for_training(self, X) -> NDArray:
        """Turn rows into plain columns that a prior can learn, see `encode_columns`."""
        return self.encode_columns(X)

    def rows_of_columns(self, columns: NDArray, seed: int) -> NDArray:
        """Encode plain columns for networks, as ``encode_for_training`` does rows.

        Parameters
        ----------
        columns : ndarray of shape (n_samples, n_columns), float64
            As ``encode_columns`` returns them.
        seed : int
            Fixes what is random.

        Returns
        -------
        ndarray of shape (n_samples, n_encoded)
        """
        rng = np.random.default_rng(seed)
        return self._encode_for_training(self._values_of(columns), rng)

    def columns_of_rows(self, Z: NDArray) -> NDArray:
        """Decode encoded rows of shape (n_samples, n_encoded) to plain columns."""
        return self._columns_of(self._decode(np.asarray(Z, np.float64)))

    def snap_columns(self, columns: NDArray) -> NDArray:
        """Move numbers to the grid, the range and the dtype that samples have."""
        return self._columns_of(self._values_of(columns))

    def write_columns(self, buffer, start: int, columns: NDArray) -> None:
        """Write plain columns into what ``make_buffer`` returned."""
        self.output_builder_.write(buffer, start, self._values_of(columns))

    def _columns_of(self, values: NDArray) -> NDArray:
        raise TypeError(f"{type(self).__name__} has no columns that a prior can learn.")

    def _values_of(self, columns: NDArray) -> NDArray:
        raise TypeError(f"{type(self).__name__} has no columns that a prior can learn.")

    def _validate(self, X, *, reset: bool) -> NDArray:
        return check_rows(self, X, reset=reset)

    def _make_output_builder(self, X, values: NDArray) -> Any:
        return make_output_builder(X, values)

    def _check_parameters(self) -> None:
        """Raise if a parameter is out of its range."""

    @abstractmethod
    def _fit_rows(self, values: NDArray) -> None:
        """Learn from rows of shape (n, n_features), float64."""

    @abstractmethod
    def _encode(self, values: NDArray) -> NDArray:
        """Turn rows of shape (n, n_features) into encoded ones, float64."""

    def _encode_for_training(self, values: NDArray, rng: np.random.Generator):
        """Encode with `rng` to spread what is shared; by default nothing is."""
        return self._encode(values)

    @abstractmethod
    def _decode(self, rows: NDArray) -> NDArray:
        """Turn encoded rows back into values of shape (n, n_features), float64."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
