"""How a table came, the room in which a new one is decoded, and how it leaves."""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Iterable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from skgan._estimator import persistent
from skgan.encoding._features import refuse_repeated_names
from skgan.encoding.constraints._repairs import Repair, repair_all
from skgan.encoding.table._columns import (
    Column,
    LevelColumn,
    NumberColumn,
    TimeColumn,
    TimeUnit,
)
from skgan.encoding.table._identifiers import IdentifierColumn, is_identifier
from skgan.frames._output import LIBRARIES, frame_library
from skgan.frames._pandas import open_pandas
from skgan.frames._polars import open_polars
from skgan.frames._raw import RawColumn, open_array


class TableRoom:
    """Canonical columns of rows that are being decoded.

    Attributes
    ----------
    values : ndarray of shape (n_columns, n)
        Canonical values.
    is_given : dict of name to ndarray of bool of shape (n,)
        Cells that the user gave and that nothing may change.
    seed : int
        Fixes what is drawn on the way out.
    """

    def __init__(self, n_columns: int, n: int):
        self.values = np.full((n_columns, n), np.nan)
        self.is_given: dict[Hashable, NDArray] = {}
        self.seed = 0

    def __len__(self):
        return self.values.shape[1]


@persistent(
    "library",
    "labels",
    "row_shape",
    "dependencies",
    "repairs",
    "fill",
    "repaired_share",
    values={"library": LIBRARIES},
)
class TableContainer:
    """A frame or an array with its columns, their dtypes and what ties them.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_samples, ...)
        What ``fit`` was given.
    values : ndarray of shape (n_samples, n_columns)
        The same in canonical form.
    columns : list of Column
        Its columns.
    dtype : dtype or None
        Of an array.
    """

    def __init__(self, X, values: NDArray, columns: list[Column], dtype: Any):
        self.library = frame_library(X)
        self.labels: Any = None if self.library is None else X.columns
        self.row_shape = () if self.library else X.shape[1:]
        self.columns = columns
        self.dtype = dtype
        self.dependencies: list[Any] = []
        self.repairs: list[Repair] = []
        # A value of each column that was never missing, else NaN.
        self.fill = np.where(np.isnan(values).any(axis=0), np.nan, values[0])
        self.repaired_share: dict[str, float] = {}

    def allocate(self, n: int) -> TableRoom:
        """Make room for `n` rows."""
        return TableRoom(len(self.columns), n)

    def write(self, room: TableRoom, start: int, values: NDArray) -> None:
        """Put canonical `values`, of shape (m, n_columns), at row `start`."""
        if start == 0:
            room.seed = zlib.crc32(np.ascontiguousarray(values[:1]).tobytes())
        room.values[:, start : start + len(values)] = values.T

    def wrap(self, room: TableRoom):
        """Return what was written as what ``fit`` was given.

        Constraints are kept first, then what depends on other columns is restored.
        """
        names = [column.name for column in self.columns]
        table = dict(zip(names, room.values, strict=True))
        self.repaired_share = {
            repair.title: float(repair.find_violations(table).mean())
            if len(room)
            else 0.0
            for repair in self.repairs
        }
        if self.repairs:
            rng = np.random.default_rng(room.seed)
            table, _ = repair_all(self.repairs, table, room.is_given, rng)
        for dependency in self.dependencies:
            restored = dependency.restore(table)
            given = room.is_given.get(dependency.target)
            if given is not None:
                restored = np.where(given, table[dependency.target], restored)
            table[dependency.target] = restored
        out = []
        for i, column in enumerate(self.columns):
            values, fill = table[column.name], self.fill[i]
            if not np.isnan(fill):
                # What was never missing is not missing now.
                missing = np.isnan(values)
                if missing.any():
                    values = np.where(missing, fill, values)
            out.append(column.write(values, np.random.default_rng([room.seed, i])))
        return self._assemble(out)

    def _assemble(self, columns: list):
        if self.library == "polars":
            polars = import_module("polars")
            return polars.DataFrame(
                [c.alias(name) for c, name in zip(columns, self.labels, strict=True)]
            )
        if self.library == "pandas":
            pandas = import_module("pandas")
            # Objects stay objects, even where all of them are strings.
            kept = [
                pandas.Series(c, dtype=object) if c.dtype == object else c
                for c in columns
            ]
            frame = pandas.DataFrame(dict(enumerate(kept)), copy=False)
            frame.columns = self.labels
            return frame
        rows = np.column_stack(columns).astype(self.dtype, copy=False)
        return rows.reshape(-1, *self.row_shape)


def check_frame(estimator, X, labels, *, reset: bool) -> None:
    """Validate the shape and the names of a frame.

    Parameters
    ----------
    estimator : BaseEstimator
        Learns the names, or is checked against them.
    X : DataFrame
        The frame.
    labels : Index, list or None
        Columns that `fit` saw, if any.
    reset : bool
        True in ``fit``.

    Raises
    ------
    ValueError
        If it has no columns, no rows (in fit: fewer than two), repeated names, or
        other columns than in fit.
    """
    refuse_repeated_names(X)
    if not len(X.columns):
        raise ValueError(
            f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is "
            "required."
        )
    minimum = 2 if reset else 1
    if len(X) < minimum:
        raise ValueError(
            f"Found array with {len(X)} sample(s) (shape={X.shape}) while a minimum of "
            f"{minimum} is required by {type(estimator).__name__}."
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if not reset and labels is not None and list(X.columns) != list(labels):
        raise ValueError(
            f"The columns of X must be those of fit, in their order: "
            f"{list(labels)}; got {list(X.columns)}."
        )


def open_frame(X) -> list[RawColumn]:
    """Open all columns of a frame."""
    if frame_library(X) == "polars":
        return [open_polars(X.to_series(i), name) for i, name in enumerate(X.columns)]
    return [open_pandas(X.iloc[:, i], name) for i, name in enumerate(X.columns)]


def open_rows(rows: NDArray, dtype: np.dtype) -> list[RawColumn]:
    """Open all columns of an array that came with `dtype`."""
    return [open_array(column, dtype) for column in rows.T]


def learn_columns(
    names: list, opened: list[RawColumn], identifiers: str
) -> list[Column]:
    """Return what each column is.

    Raises
    ------
    ValueError
        If a column is of almost unique strings and `identifiers` is "raise", or
        holds infinity.
    """
    times = [c for c in opened if c.column_format.kind in ("time", "duration")]
    common = TimeUnit.learn(times)
    columns: list[Column] = []
    for name, column in zip(names, opened, strict=True):
        if column.column_format.kind in ("time", "duration"):
            # Nanoseconds and the year 1 do not go together.
            time_unit = common if common.is_safe else TimeUnit.learn([column])
            columns.append(TimeColumn(name, column, time_unit))
        elif column.column_format.kind == "number":
            columns.append(NumberColumn(name, column))
        elif not is_identifier(column):
            columns.append(LevelColumn(name, column))
        elif identifiers == "draw":
            columns.append(IdentifierColumn(name, column))
        else:
            n_present = int((~column.missing).sum())
            raise ValueError(
                f"Column {name!r} holds almost unique strings "
                f"({len(column.column_format.levels)} different ones in {n_present} "
                "rows), from which nothing can be learnt. Drop it, or pass "
                "TableEncoder(identifiers='draw') to have fresh strings of the same "
                "shape drawn."
            )
    return columns


def refuse_infinity(names: Iterable, opened: list[RawColumn]) -> None:
    """Raise a ValueError if a column holds infinity."""
    for name, column in zip(names, opened, strict=True):
        present = column.raw[~column.missing]
        if present.dtype.kind == "f" and np.isinf(present).any():
            raise ValueError(
                f"Column {name!r} contains infinity; clip it or drop these rows."
            )


def check_names(parameter: str, names, known: Iterable[Hashable]) -> list[Hashable]:
    """Return names of columns, given as a list, or raise.

    Raises
    ------
    TypeError
        If `names` is no list.
    ValueError
        If a name is not among those `known`.
    """
    if isinstance(names, str | bytes) or not hasattr(names, "__iter__"):
        raise TypeError(
            f"{parameter} must be 'auto' or a list of columns, got {names!r}."
        )
    names, known = list(names), list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"{parameter} names {unknown}, which X does not have; its columns are "
            f"{known}."
        )
    return names


def check_time_units(constraints: Iterable, columns: list[Column]) -> None:
    """Raise a ValueError if times that constraints compare are not counted alike."""
    for constraint in constraints:
        clocks = {
            column.time_unit
            for column in columns
            if column.name in constraint.columns and isinstance(column, TimeColumn)
        }
        if len(clocks) > 1:
            raise ValueError(
                f"{constraint!r} compares times of nanoseconds with times more than a "
                "century away; cast these columns to datetime64[us]."
            )


def varies(values: NDArray) -> bool:
    """Whether there are two different values besides what is missing."""
    present = values[~np.isnan(values)]
    return bool(len(present) and (present != present[0]).any())
