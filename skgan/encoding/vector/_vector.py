"""Vectors: numeric columns as normal scores, with their own range and granularity."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import warn_user
from skgan._validation import check_boolean
from skgan.encoding._base import BaseEncoder
from skgan.encoding._check_rows import check_rows, show_columns
from skgan.encoding._grid import AnyGrid, find_any_grid, find_decimals
from skgan.encoding.table._absences import Absences
from skgan.encoding.vector._correlation import correlation_roots
from skgan.encoding.vector._normal_scores import NormalScores
from skgan.encoding.vector._rotation import find_rotation
from skgan.encoding.vector._vector_conditions import (
    column_names,
    position_of,
    read_number_frame,
    read_number_item,
)
from skgan.frames import as_rows, frame_library
from skgan.priors import NumberColumn, Schema

# Every integer up to this one has a float64 of its own.
_EXACT_INTEGERS = 2**53
# A way between two rows that is shorter counts as none.
_STILL = 1e-12
_SPREADING_SEED = 0x736B67616E


@persistent(
    *("_unit", "_varies", "_may_miss", "_fill", "_center", "_scale", "_whiten"),
    "_absences",
)
class VectorEncoder(BaseEncoder):
    """Turn numeric columns into uncorrelated normal scores, and back exactly.

    Each column goes through its own distribution function to a normal one; values
    that repeat are kept apart and come back exactly. Where a rotation makes the
    columns nearly independent, as it does for modes on a tilted lattice, it is taken
    first. What correlation is left is removed. A normal latent, decoded, is then a
    Gaussian copula of the rows already; the networks learn the rest.

    A constant column, or one that is wholly missing, is left out and comes back
    exactly. Decoded values stay within
    the range seen and on the grid seen: whole numbers, decimals of so many places,
    multiples of a step with an offset, few endings such as .99 at their shares. They
    are missing as often as they were: an indicator of what is missing is one more
    column.

    Parameters
    ----------
    rotate : bool, default=True
        Whether to look for a rotation, and to take it if it pays on rows it was not
        learnt from; it needs distinct values, 50 rows a column and at most 12
        columns.
    clip : bool, default=True
        Whether decoded values are clipped to the range seen in ``fit``.

    Attributes
    ----------
    rotation_ : ndarray of shape (n_columns, n_columns) or None
        The linear map taken first, of standardised columns; None if there is none.
    columns_ : list of NormalScores
        The map of each column, after the rotation.
    color_ : ndarray of shape (n_columns, n_columns) or LowRankMatrix
        Gives uncorrelated scores the correlation they had, as ``scores @ color_``; in
        parts where there are more than 500 columns and fewer rows.
    minimum_, maximum_ : ndarray of shape (n_features,)
        The range seen.
    is_whole_ : ndarray of bool of shape (n_features,)
        Whether all values seen were whole numbers.
    grids_ : list of Grid or None
        What the values of each feature lie on; None of continuous ones.
    missing_rate_ : ndarray of shape (n_features,)
        Share of missing values, in a DataFrame.

    Warns
    -----
    UserWarning
        If integers are beyond 2**53, where float64 no longer tells neighbours apart.

    References
    ----------
    .. [1] Chen and Gopinath, "Gaussianization", NeurIPS 2000.
    .. [2] Laparra, Camps-Valls, Malo, "Iterative Gaussianization: from ICA to random
       rotations", IEEE Transactions on Neural Networks 22, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding import VectorEncoder
    >>> X = np.random.default_rng(0).exponential([1, 100], size=(1000, 2))
    >>> encoder = VectorEncoder().fit(X)
    >>> Z = encoder.transform(X)
    >>> Z.mean(axis=0).round(1), Z.std(axis=0).round(1)
    (array([0., 0.]), array([1., 1.]))
    >>> bool(np.allclose(encoder.inverse_transform(Z), X))
    True
    """

    # Files of the first schema hold none.
    _absences: Absences | None = None

    def __init__(self, rotate=True, clip=True):
        self.rotate = rotate
        self.clip = clip

    def _check_parameters(self) -> None:
        check_boolean("rotate", self.rotate)
        check_boolean("clip", self.clip)

    def _validate(self, X, *, reset: bool) -> NDArray:
        return check_rows(
            self, X, reset=reset, allow_missing=frame_library(X) is not None
        )

    def _fit_rows(self, values: NDArray) -> None:
        missing = np.isnan(values)
        self.missing_rate_ = missing.mean(axis=0)
        # NaN of a column that is wholly missing, which is left out and comes back so.
        is_empty = missing.all(axis=0)
        self.minimum_ = np.fmin.reduce(values, axis=0)
        self.maximum_ = np.fmax.reduce(values, axis=0)
        whole = np.where(missing, 0, np.rint(values)) == np.where(missing, 0, values)
        self.is_whole_ = whole.all(axis=0) | self.output_builder_.is_whole
        largest = np.maximum(np.abs(self.minimum_), np.abs(self.maximum_))
        is_large = self.output_builder_.is_whole & (largest > _EXACT_INTEGERS)
        if is_large.any():
            names = getattr(self, "feature_names_in_", None)
            warn_user(
                "Integers beyond 2**53 are scaled in float64, which cannot tell "
                f"neighbours apart, in column {show_columns(is_large, names)}; samples "
                "are whole but may be off in the last digits. A TableEncoder keeps "
                "them."
            )
        # A power of two, so that dividing by it loses nothing.
        size = np.where(is_empty, 1.0, largest)
        self._unit = 2.0 ** np.clip(np.frexp(size)[1], -1022, 1023)
        self._varies = self.minimum_ < self.maximum_
        self._may_miss = (self.missing_rate_ > 0) & ~is_empty
        present = np.where(is_empty, 0.0, values)
        self._fill = np.nanmedian(present / self._unit, axis=0) * self._unit
        self.grids_ = self._learn_grids(values, missing)
        self._absences = Absences().fit(values)
        self._fit_columns(values)

    def _learn_grids(self, values: NDArray, missing: NDArray) -> list[AnyGrid | None]:
        """Return the grid of each column; None if its values are continuous."""
        builder = self.output_builder_
        formats = getattr(builder, "formats", [None] * values.shape[1])
        grids: list[AnyGrid | None] = []
        for column, gaps, column_format in zip(
            values.T, missing.T, formats, strict=True
        ):
            present = column[~gaps] if gaps.any() else column
            if not len(present):
                grids.append(None)
                continue
            storage = getattr(column_format or builder, "storage", values.dtype)
            decimals = getattr(column_format, "decimals", None)
            if decimals is None:
                dtype = getattr(builder, "dtype", storage)
                is_float = np.dtype(dtype).kind == "f"
                decimals = find_decimals(present.astype(dtype) if is_float else present)
            grids.append(find_any_grid(present, decimals))
        return grids

    def _fit_columns(self, values: NDArray) -> None:
        # The random numbers depend on nothing but the rows. The seed is an unusual one,
        # so that the stream is not the one that synthetic rows were drawn with.
        rng = np.random.default_rng(_SPREADING_SEED)
        columns = self._columns(values, rng)
        d = columns.shape[1]
        # Networks need a column even where there is nothing to learn.
        self.tensor_shape_ = (max(d, 1),)
        self._center, self._scale = columns.mean(axis=0), columns.std(axis=0)
        standardised = (columns - self._center) / self._scale
        self.rotation_ = find_rotation(standardised, rng) if self.rotate else None
        if self.rotation_ is not None:
            columns = standardised @ self.rotation_
        # With few rows, detail is noise, and following it would copy the rows.
        tolerance = float(np.clip(0.8 * (2000 / len(columns)) ** 0.6, 0.2, 0.8))
        self.columns_ = [NormalScores(tolerance).fit(column) for column in columns.T]
        self.color_, self._whiten = correlation_roots(self._scores(columns, rng))

    def _columns(self, values: NDArray, rng: np.random.Generator | None) -> NDArray:
        """Return what varies in units of its own, and indicators of what is missing.

        Missing values are filled with others of their column at random, which leaves
        its distribution as it is, or with the median if there is no `rng`.
        """
        filled = values.copy()
        for j in np.flatnonzero(np.isnan(values).any(axis=0)):
            missing = np.isnan(values[:, j])
            present = values[~missing, j]
            if rng is None or not len(present):
                filled[missing, j] = self._fill[j]
            else:
                filled[missing, j] = rng.choice(present, size=int(missing.sum()))
        varying = filled[:, self._varies] / self._unit[self._varies]
        indicators = np.isnan(values[:, self._may_miss]).astype(np.float64)
        return np.hstack([varying, indicators])

    def _scores(self, columns: NDArray, rng: np.random.Generator | None) -> NDArray:
        pairs = zip(self.columns_, columns.T, strict=True)
        scores = [normal.transform(column, rng) for normal, column in pairs]
        return np.column_stack(scores) if scores else np.zeros((len(columns), 1))

    def _encode(
        self, values: NDArray, rng: np.random.Generator | None = None
    ) -> NDArray:
        columns = self._columns(values, rng)
        if self.rotation_ is not None:
            columns = ((columns - self._center) / self._scale) @ self.rotation_
        return self._scores(columns, rng) @ self._whiten

    def _encode_for_training(self, values: NDArray, rng: np.random.Generator):
        return self._encode(values, rng)

    def _share_out(self, ends: NDArray, first: NDArray, slopes: NDArray) -> NDArray:
        columns, start = self._columns(ends, None), self._columns(first, None)
        way, turned, turned_start = columns - start, columns, start
        if self.rotation_ is not None:
            way = way / self._scale
            turned = ((columns - self._center) / self._scale) @ self.rotation_
            turned_start = ((start - self._center) / self._scale) @ self.rotation_
        gaps = self._scores(turned, None) - self._scores(turned_start, None)
        # The root is symmetric: it takes slopes back as it brings scores here.
        shares = gaps * (slopes @ self._whiten)
        if self.rotation_ is not None:
            # The share of a turned column is divided among those that it is made of.
            turns = turned - turned_start
            is_still = np.abs(turns) < _STILL
            rates = np.where(is_still, 0.0, shares / np.where(is_still, 1.0, turns))
            shares = way * (rates @ self.rotation_.T)
        result, n_varying = np.zeros(ends.shape), int(self._varies.sum())
        result[:, self._varies] = shares[:, :n_varying]
        result[:, self._may_miss] += shares[:, n_varying:][:, : self._may_miss.sum()]
        return result

    @property
    def schema_(self) -> Schema:
        """Numbers, of each column that is not constant."""
        return (NumberColumn(),) * len(self._modelled)

    def read_any_given(self, name: Hashable, what):
        """Read what one column is given.

        Parameters
        ----------
        name : hashable
            The column's name or position.
        what : object
            A number, None for missing, a range ``(low, high)`` with None for an open
            end, or a list of numbers and ranges.

        Returns
        -------
        Value, Interval, Union or None
            None if the column is always so.

        Raises
        ------
        ValueError
            If there is no such column, or it cannot be so.
        """
        return read_number_item(self, name, what)

    def read_any_frame(self, frame) -> dict:
        """Read partial rows, where what is missing is not given, as `PartialValues`."""
        return read_number_frame(self, frame)

    def canonical_columns(self, X, names: list) -> list[NDArray]:
        """Return some columns of decoded rows as float64."""
        values = self._validate(as_rows(X), reset=False).astype(np.float64)
        return [values[:, position_of(self, name)] for name in names]

    def snapped_column(self, place: int, values: NDArray) -> NDArray:
        """Return numbers of the column at a place as samples have them."""
        rows = np.repeat(self.minimum_[None, :], len(values), axis=0)
        rows[:, place] = values
        return self._snapped(rows)[:, place]

    def name_of(self, place: int) -> Hashable:
        """Return the name of a plain column."""
        return column_names(self)[int(self._modelled[place])]

    def has_place(self, name: Hashable) -> bool:
        """Tell whether a column is among the plain columns."""
        return position_of(self, name) in self._modelled

    def place_of(self, name: Hashable) -> int:
        """Return the place of a column among the plain columns."""
        return self._modelled.tolist().index(position_of(self, name))

    def plain_cells(self, place: int, values: NDArray) -> NDArray:
        """Return cells of a plain column for values of its column: the same."""
        return values

    @property
    def _modelled(self) -> NDArray:
        """Places of the columns that vary, or of one if none does."""
        places = np.flatnonzero(self._varies | self._may_miss)
        return places if len(places) else np.zeros(1, dtype=np.int64)

    def _columns_of(self, values: NDArray) -> NDArray:
        return np.ascontiguousarray(values[:, self._modelled])

    def _values_of(self, columns: NDArray) -> NDArray:
        values = np.repeat(self.minimum_[None, :], len(columns), axis=0)
        values[:, self._modelled] = columns
        return self._without_absent(self._snapped(values))

    def _without_absent(self, values: NDArray) -> NDArray:
        return values if self._absences is None else self._absences.apply(values.T).T

    def _snapped(self, values: NDArray) -> NDArray:
        """Return rows in the range seen, if that is asked for, and on the grids."""
        if self.clip:
            values = np.clip(values, self.minimum_, self.maximum_)
        values[:, self.is_whole_] = np.rint(values[:, self.is_whole_])
        # Files of the first schema hold no grids.
        for j, grid in enumerate(getattr(self, "grids_", ())):
            if grid is not None:
                values[:, j] = grid.snap(values[:, j])
        if self.clip:
            # An ending may stand beyond the extremes, which are on the grid.
            values = np.clip(values, self.minimum_, self.maximum_)
        return values

    def _decode(self, rows: NDArray) -> NDArray:
        scores = rows @ self.color_
        pairs = zip(self.columns_, scores.T, strict=False)
        decoded = [normal.inverse_transform(column) for normal, column in pairs]
        columns = np.column_stack(decoded) if decoded else np.empty((len(rows), 0))
        if self.rotation_ is not None:
            columns = columns @ np.linalg.inv(self.rotation_)
            columns = columns * self._scale + self._center
        values = np.repeat(self.minimum_[None, :], len(rows), axis=0)
        varies = self._varies
        n_varying = int(varies.sum())
        # Infinity is clipped, to the range seen or to that of the dtype.
        with np.errstate(over="ignore"):
            values[:, varies] = columns[:, :n_varying] * self._unit[varies]
        values = self._snapped(values)
        is_missing = np.zeros(values.shape, dtype=bool)
        is_missing[:, self._may_miss] = columns[:, n_varying:] > 0.5
        if self._absences is not None:
            is_missing = self._absences.join(is_missing)
        values[is_missing] = np.nan
        return self._without_absent(values)
