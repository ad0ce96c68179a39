"""Tables that come in parts: the rows kept of them, and an encoder that learns these.

Rows kept are a uniform sample of all rows, and those without which a level, a bound,
a decimal place, a step of time or a pattern of missing values would be forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skgan.encoding._base import BaseEncoder
from skgan.encoding._check_rows import check_frame, check_rows, refuse_infinity
from skgan.encoding._grid import find_decimals
from skgan.encoding.table._column_encoders import pattern_keys
from skgan.encoding.table._columns import grain_of
from skgan.encoding.table._identifiers import hash_levels
from skgan.frames import (
    UNITS,
    ColumnFormat,
    RawColumn,
    as_rows,
    concatenate_rows,
    frame_library,
    read_columns,
    take_rows,
)

# All rows are kept up to this number.
MAX_ROWS = 200_000
_SEED = 0x9A27
_LEARNT = (
    "output_builder_",
    "layout_",
    "condition_columns_",
    "dependencies_",
    "orders_",
    "formulas_",
    "tensor_shape_",
    "_columns",
    "_dtype",
    "_index",
    "_discrete",
    "_rows",
    "_slots",
    "_n_features_out",
)


class ReservoirEncoder(BaseEncoder):
    """An encoder of tables that can learn them by parts."""

    def fit(self, X, y=None):
        """Learn the columns of `X` and what they hold; forget earlier parts.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows.
        y : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        self
        """
        self.__dict__.pop("_reservoir", None)
        return super().fit(X, y)

    def partial_fit(self, X, y=None):
        """Learn from one more part of a table.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows, with the columns and dtypes of the first part. Numbers may change
            between integers and floats: the table has the dtype that both fit into,
            as if the parts had been concatenated.
        y : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `X` has no rows, other columns or other dtypes than the parts before,
            or holds infinity.
        TypeError
            If it holds nested objects, or is another container.

        Notes
        -----
        Up to 200 000 rows the result is that of ``fit`` on all parts together. Beyond
        them a uniform sample of so many rows is kept, and what it lacks of levels (up
        to 100 000 a column), bounds, decimal places, steps of time and patterns of
        missing values: these are exact, shares are right within the sampling error,
        and dependencies and constraints are those of the rows kept. At most twice
        as many rows and one part are in memory.

        What is learnt is worked out when it is first asked for, once for any number
        of parts. ``fit`` starts anew, and so does the first part after it.

        Examples
        --------
        >>> import pandas as pd
        >>> from skgan.encoding import TableEncoder
        >>> encoder = TableEncoder()
        >>> for city, price in ("Rome", 3), ("Oslo", 4), ("Rome", 5.25):
        ...     part = pd.DataFrame({"city": [city] * 20, "price": [price, 3] * 10})
        ...     encoder = encoder.partial_fit(part)
        >>> encoder.layout_.block_widths
        (2, 3)
        >>> encoder.inverse_transform(encoder.transform(part)).equals(part)
        True
        """
        self._check_parameters()
        X = as_rows(X)
        reservoir: Any = vars(self).get("_reservoir")
        is_first = reservoir is None
        if not is_first:
            reservoir.check_kind(X)
        labels = None if is_first else reservoir.labels
        if frame_library(X) is None:
            check_rows(self, X, reset=is_first)
        else:
            check_frame(self, X, labels, reset=is_first)
        reservoir = RowReservoir() if is_first else reservoir
        reservoir.add(X)
        for name in _LEARNT:
            self.__dict__.pop(name, None)
        self._reservoir = reservoir
        return self

    def _learn_reservoir(self) -> None:
        super().fit(self._reservoir.table())
        for i, column in enumerate(self._columns):
            if column.kind == "identifier" and i in self._reservoir.hashes:
                column.exclude(self._reservoir.hashes[i])

    def __sklearn_is_fitted__(self) -> bool:
        return "output_builder_" in vars(self) or "_reservoir" in vars(self)

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            # Python asks here only for attributes that are not set.
            attributes = vars(self)
            is_learnt = "output_builder_" in attributes
            if name in _LEARNT and "_reservoir" in attributes and not is_learnt:
                self._learn_reservoir()
                return getattr(self, name)
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )

    _columns: list[Any]


class RowReservoir:
    """Rows kept of a table that comes in parts."""

    def __init__(self) -> None:
        # Of almost unique values in rows that were let go, by the place of the column.
        self.hashes: dict[int, NDArray] = {}
        self._tables: list[Any] = []
        self._keys: list[NDArray] = []
        self._rng = np.random.default_rng(_SEED)

    @property
    def labels(self):
        """Names of the columns; None of an array."""
        return getattr(self._tables[0], "columns", None) if self._tables else None

    def check_kind(self, X) -> None:
        """Raise a TypeError if `X` is another container than the parts before."""
        first = self._tables[0]
        if frame_library(first) != frame_library(X):
            raise TypeError(
                f"The parts of a table must come alike; this one is a "
                f"{type(X).__module__}.{type(X).__name__}, those before are "
                f"{type(first).__module__}.{type(first).__name__}."
            )

    def add(self, X) -> None:
        """Take the rows of one more part, validated."""
        self._check(X)
        self._tables.append(X)
        self._keys.append(self._rng.random(len(X)))
        if sum(map(len, self._keys)) > 2 * MAX_ROWS:
            self._let_go()
        else:
            # A copy, because the caller may change the part.
            self._tables[-1] = take_rows(X, np.arange(len(X)))

    def table(self):
        """Return the rows kept, in the order in which they came."""
        if sum(map(len, self._keys)) > MAX_ROWS:
            self._let_go()
        return concatenate_rows(self._tables)

    def _check(self, X) -> None:
        """Raise if `X` holds infinity, nested objects or other dtypes."""
        refuse_infinity(getattr(X, "columns", range(X.shape[1])), read_columns(X))
        if not self._tables or frame_library(X) is None:
            return
        first = self._tables[0]
        for name, old, new in zip(X.columns, first.dtypes, X.dtypes, strict=True):
            if old != new and not (_is_number(old) and _is_number(new)):
                raise ValueError(
                    f"Column {name!r} is {_show(new)} in this part and {_show(old)} in "
                    "those before; cast it, so that all parts have the same dtypes "
                    "(of a category also the same levels)."
                )

    def _let_go(self) -> None:
        """Keep a uniform sample, and the rows that hold what it lacks."""
        table, keys = concatenate_rows(self._tables), np.concatenate(self._keys)
        order = np.argsort(keys)
        raw_columns = [
            RawColumn(column.column_format, column.raw[order], column.missing[order])
            for column in read_columns(table)
        ]
        needed = [rows_needed(column, MAX_ROWS) for column in raw_columns]
        patterns = pattern_keys(np.column_stack([c.missing for c in raw_columns]))
        needed.append(_first_of_new(patterns, MAX_ROWS))
        places = np.unique(np.r_[np.arange(MAX_ROWS), np.concatenate(needed)])
        is_dropped = np.ones(len(keys), dtype=bool)
        is_dropped[places] = False
        for i, column in enumerate(raw_columns):
            if _is_mostly_unique(column):
                codes = column.raw[is_dropped & ~column.missing]
                levels = [column.column_format.levels[code] for code in codes]
                seen = self.hashes.get(i, np.empty(0, dtype=np.uint64))
                self.hashes[i] = np.union1d(seen, hash_levels(levels))
        kept = np.sort(order[places])
        self._tables, self._keys = [take_rows(table, kept)], [keys[kept]]


def rows_needed(column: RawColumn, n: int) -> NDArray:
    """Return the rows that hold what the first `n` rows of a column lack.

    One row, the first, for each level and for what is missing; of numbers and times the
    extremes and those of the finest step. None of these for levels if almost all are
    unique.
    """
    kind = column.column_format.kind
    if kind in ("level", "boolean"):
        if _is_mostly_unique(column):
            return _first_of_new(column.missing, n)
        return _first_of_new(np.where(column.missing, -1, column.raw), n)
    rows = _first_of_new(column.missing, n).tolist()
    present = np.flatnonzero(~column.missing)
    if not len(present):
        return np.array(rows, dtype=np.int64)
    raw = column.raw[present]
    rows += [present[raw.argmin()], present[raw.argmax()]]
    if kind == "number":
        if raw.dtype.kind == "f":
            rows += _finer(present, raw, n, rows, _off_decimals)
    else:
        unit = column.column_format.unit
        rows += _finer(present, raw, n, rows, lambda r, kept: _off_grain(r, kept, unit))
        # Around a change of clocks, the hour tells which times are no midnights.
        hours = raw // max(UNITS["h"] // unit, 1) % 24
        rows += present[_first_of_new(hours, int((present < n).sum()))].tolist()
    rows = np.array(rows, dtype=np.int64)
    return rows[rows >= n]


def _finer(present: NDArray, raw: NDArray, n: int, rows: list, is_off) -> list[int]:
    """Return rows that are off the grid of those kept, until none is."""
    is_kept = (present < n) | np.isin(present, rows)
    finer: list[int] = []
    while True:
        off = is_off(raw, raw[is_kept])
        if not off.any():
            return finer
        first = int(off.argmax())
        is_kept[first] = True
        finer.append(int(present[first]))


def _off_decimals(raw: NDArray, kept: NDArray) -> NDArray:
    decimals = find_decimals(kept)
    if decimals is None:
        return np.zeros(len(raw), dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.round(raw.astype(np.float64), decimals).astype(raw.dtype) != raw


def _off_grain(raw: NDArray, kept: NDArray, unit: int) -> NDArray:
    grain = grain_of(
        RawColumn(
            ColumnFormat("time", None, unit=unit), kept, np.zeros(len(kept), dtype=bool)
        )
    )
    return raw % (grain // unit) != 0


def _first_of_new(classes: NDArray, n: int) -> NDArray:
    """Return the first row of each class that the first `n` rows do not hold."""
    _, first = np.unique(classes, return_index=True)
    new = np.sort(first[first >= n])
    # The bound keeps memory bounded for any input.
    return new[: MAX_ROWS // 2]


def _is_mostly_unique(column: RawColumn) -> bool:
    n_present = len(column.missing) - int(column.missing.sum())
    is_open = (
        column.column_format.kind == "level" and not column.column_format.is_closed
    )
    return is_open and 2 * len(column.column_format.levels) > n_present


def _show(dtype) -> str:
    levels = getattr(dtype, "categories", None)
    return str(dtype) if levels is None else f"{dtype} of {list(levels)[:20]}"


def _is_number(dtype) -> bool:
    """Whether a dtype of a frame holds integers or floats."""
    if hasattr(dtype, "is_integer") and hasattr(dtype, "is_float"):
        return bool(dtype.is_integer() or dtype.is_float())
    storage = getattr(dtype, "numpy_dtype", dtype)
    return isinstance(storage, np.dtype) and storage.kind in "iuf"
