"""Columns of polars."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.frames._formats import (
    UNITS,
    ColumnFormat,
    RawColumn,
    cast_numbers,
    numbers_and_missing,
)
from skgan.frames._objects import (
    are_wide,
    factorize_objects,
    is_missing,
    make_objects,
    read_objects,
    read_wide,
    sort_levels,
    zone_of,
)


def number_format_of_polars(series) -> ColumnFormat | None:
    """Return the format of a column of numbers or booleans, None for others."""
    return None if _is_wide_decimal(series) else _number_format_of(series.dtype)


def _is_wide_decimal(series) -> bool:
    """Whether float64 does not tell the decimals of a column apart."""
    if not series.dtype.is_decimal():
        return False
    largest = [v for v in (series.min(), series.max()) if v is not None]
    return are_wide(largest, series.dtype.scale)


def _number_format_of(dtype) -> ColumnFormat | None:
    to_column = ToPolarsColumn(dtype)
    if str(dtype) == "Boolean":
        return ColumnFormat("boolean", to_column, storage=bool)
    # NumPy has no integers of 128 bits.
    if not dtype.is_numeric() or str(dtype).endswith("nt128"):
        return None
    if dtype.is_decimal():
        return ColumnFormat("number", to_column, decimals=dtype.scale)
    return ColumnFormat("number", to_column, storage=_storage_of(dtype))


def _storage_of(dtype) -> np.dtype:
    return import_module("polars").Series([], dtype=dtype).to_numpy().dtype


def cast_to_polars(values: NDArray, dtype) -> Any:
    """Return an array of values as a column of a dtype."""
    polars = import_module("polars")
    column_format = _number_format_of(dtype)
    if column_format is not None:
        column_format.to_column.keeps_nan = dtype.is_float()
        return column_format.to_column(*numbers_and_missing(values))
    if dtype == polars.Object:
        return polars.Series(values.tolist(), dtype=dtype)
    return polars.Series(values.tolist()).cast(dtype)


def read_polars_column(series, name) -> RawColumn:
    """Read a column of polars; nested values and large integers are an error."""
    polars = import_module("polars")
    dtype = series.dtype
    missing = series.is_null().to_numpy()
    if dtype.is_nested():
        raise TypeError(
            f"Column {name!r} holds nested values ({dtype}): spread them over columns "
            "of their own (explode, unnest) or drop the column."
        )
    if dtype == polars.Boolean:
        raw = series.fill_null(False).to_numpy()
        column_format = ColumnFormat("boolean", ToPolarsColumn(dtype), storage=bool)
        return RawColumn(column_format, raw, missing)
    if dtype == polars.Null:
        raw = np.zeros(len(series))
        return RawColumn(ColumnFormat("number", ToPolarsColumn(dtype)), raw, missing)
    if dtype.is_numeric():
        return _read_numbers(series, missing)
    if dtype.is_temporal():
        to_column: Any = ToPolarsColumn(dtype)
        moments = series
        if getattr(dtype, "time_zone", None):
            to_column = ToPolarsZoned(dtype)
            series = to_column.read_local(series)
        raw = series.to_physical().fill_null(0).to_numpy().astype(np.int64)
        unit = {"Date": "D", "Time": "ns"}.get(str(dtype)) or dtype.time_unit
        kind = "time" if str(dtype).startswith("Date") else "duration"
        column_format = ColumnFormat(kind, to_column, unit=UNITS[unit])
        column_format.is_time_of_day = dtype == polars.Time
        if series is not moments:
            is_other = to_column.localize(series) != moments
            column_format.n_repeated = int(is_other.sum() or 0)
        return RawColumn(column_format, raw, missing)
    if dtype == polars.Object:
        objects = make_objects(series.to_list())
        missing = np.fromiter(map(is_missing, objects), dtype=bool, count=len(objects))
        return read_objects(objects, missing, name, ToPolarsObjects())
    if dtype == polars.Enum:
        levels = dtype.categories
        raw = series.to_physical().cast(polars.Int64).fill_null(-1).to_numpy()
        to_column = ToPolarsLevels(levels, dtype)
        return RawColumn(
            ColumnFormat("level", to_column, levels=levels.to_list(), is_closed=True),
            raw,
            missing,
        )
    if dtype in (polars.String, polars.Categorical):
        return _read_strings(series, missing)
    objects = make_objects(series.to_list())
    raw = np.full(len(objects), -1, dtype=np.int64)
    raw[~missing], levels = factorize_objects(objects[~missing], name)
    to_column = ToPolarsLevels(polars.Series(levels, dtype=dtype), dtype)
    return RawColumn(ColumnFormat("level", to_column, levels=levels), raw, missing)


def _read_numbers(series, missing) -> RawColumn:
    polars = import_module("polars")
    dtype = series.dtype
    if str(dtype).endswith("nt128"):
        try:
            series = series.cast(polars.Int64)
        except polars.exceptions.PolarsError:
            return read_wide(series.to_list(), missing, None, ToPolarsTyped(dtype))
    if _is_wide_decimal(series):
        return read_wide(series.to_list(), missing, dtype.scale, ToPolarsTyped(dtype))
    column_format = _number_format_of(dtype) or ColumnFormat(
        "number", ToPolarsColumn(dtype), storage="i8"
    )
    if dtype.is_decimal():
        series = series.cast(polars.Float64)
    raw = series.fill_null(0).to_numpy()
    if raw.dtype.kind == "f":
        is_nan = np.isnan(raw)
        # Polars has both NaN and null; the one that was seen is written.
        column_format.to_column.keeps_nan = bool(is_nan.any() and not missing.any())
        missing = missing | is_nan
    return RawColumn(column_format, raw, missing)


def _read_strings(series, missing) -> RawColumn:
    polars = import_module("polars")
    dtype = series.dtype
    text = series.cast(polars.String)
    levels = text.drop_nulls().unique()
    order = sort_levels(levels.to_list())
    levels = levels.gather(order)
    codes = text.cast(polars.Enum(levels)).to_physical()
    raw = codes.cast(polars.Int64).fill_null(-1).to_numpy()
    column_format = ColumnFormat(
        "level", ToPolarsLevels(levels, dtype), levels=levels.to_list()
    )
    return RawColumn(column_format, raw, missing)


@persistent()
class ToPolarsColumn:
    """Numbers, booleans and counts to a column of a dtype."""

    def __init__(self, dtype, keeps_nan=False):
        self.dtype = dtype
        self.keeps_nan = bool(keeps_nan)

    def __call__(self, raw, missing):
        polars = import_module("polars")
        if raw.dtype.kind == "f":
            raw = self._rounded(raw, missing)
        column = polars.Series(raw)
        if not self.dtype.is_float() and raw.dtype.kind == "f":
            column = column.fill_nan(0)
        if missing.any():
            hole = float("nan") if self.keeps_nan else None
            column = column.set(polars.Series(missing), hole)
        if self.dtype == polars.Null:
            return polars.Series([None] * len(raw), dtype=polars.Null)
        return column.cast(self.dtype)

    def _rounded(self, raw, missing):
        if self.dtype.is_decimal():
            # polars 1.33 cuts digits off where later versions round: 12.99, a little
            # less as a float, would become 12.98.
            scale = self.dtype.scale
            return np.round(raw, scale) + np.copysign(10.0 ** -(scale + 3), raw)
        column_format = _number_format_of(self.dtype)
        if column_format is None or column_format.storage.kind == "f":
            return raw
        return cast_numbers(np.where(missing, 0, raw), column_format.storage)


@persistent("keeps_nan")
class ToPolarsZoned(ToPolarsColumn):
    """What local clocks show to moments in a time zone."""

    @property
    def zone(self):
        """The time zone."""
        return zone_of(self.dtype.time_zone)

    def read_local(self, series):
        """Return what clocks show; a midnight that they skip as midnight."""
        local = series.dt.replace_time_zone(None)
        day = local.dt.truncate("1d")
        is_midnight = (self.localize(day) == series).fill_null(False)
        return local.zip_with(~is_midnight, day)

    def localize(self, local):
        """Return moments: the first of two; what clocks skip is moved forward."""
        zone = self.dtype.time_zone
        moments = local.dt.replace_time_zone(
            zone, ambiguous="earliest", non_existent="null"
        )
        is_gap = moments.is_null() & local.is_not_null()
        if is_gap.any():
            # By the clock of the day before, which knows nothing of the gap.
            before = local.dt.offset_by("-1d").dt.replace_time_zone(
                zone, ambiguous="earliest", non_existent="null"
            )
            moments = moments.zip_with(~is_gap, before.dt.offset_by("24h"))
        return moments

    def __call__(self, raw, missing):
        polars = import_module("polars")
        naive = ToPolarsColumn(polars.Datetime(self.dtype.time_unit))
        return self.localize(naive(raw, missing)).cast(self.dtype)


@persistent()
class ToPolarsLevels:
    """Codes to levels."""

    def __init__(self, levels, dtype):
        self.levels = levels
        self.dtype = dtype

    def __call__(self, raw, missing):
        polars = import_module("polars")
        codes = polars.Series(np.where(missing, 0, raw).astype(np.uint32))
        column = codes.set(polars.Series(missing), None)
        if not len(self.levels):
            return polars.Series([None] * len(raw), dtype=self.dtype)
        return self.levels.gather(column).cast(self.dtype)

    def forget_levels(self):
        """Keep none of the levels; the dtype says what columns are."""
        self.levels = self.levels[:0]

    def from_objects(self, objects, missing):
        """Return other values than the levels, as a column of their dtype."""
        polars = import_module("polars")
        objects[missing] = None
        if self.dtype == polars.Binary:
            return polars.Series(objects.tolist(), dtype=self.dtype)
        return polars.Series(objects.tolist(), dtype=polars.String).cast(self.dtype)


@persistent()
class ToPolarsObjects:
    """An array of objects to a column of them."""

    def __call__(self, objects):
        polars = import_module("polars")
        return polars.Series(objects.tolist(), dtype=polars.Object)


@persistent()
class ToPolarsTyped:
    """An array of objects to a column of a dtype."""

    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, objects):
        polars = import_module("polars")
        return polars.Series(objects.tolist(), dtype=self.dtype)
