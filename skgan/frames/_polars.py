"""Columns of polars."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from skgan._estimator import persistent
from skgan.frames._raw import (
    UNITS,
    ColumnFormat,
    RawColumn,
    factorize_objects,
    is_missing,
    open_objects,
    sort_levels,
)


def open_polars(series, name) -> RawColumn:
    """Open a column of polars.

    Raises
    ------
    TypeError
        If it holds nested values, or integers that 64 bits do not hold.
    """
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
        return RawColumn(ColumnFormat("boolean", _PutPolars(dtype)), raw, missing)
    if dtype == polars.Null:
        raw = np.zeros(len(series))
        return RawColumn(ColumnFormat("number", _PutPolars(dtype)), raw, missing)
    if dtype.is_numeric():
        return _open_numbers(series, missing, name)
    if dtype.is_temporal():
        raw = series.to_physical().fill_null(0).to_numpy().astype(np.int64)
        unit = {"Date": "D", "Time": "ns"}.get(str(dtype)) or dtype.time_unit
        kind = "time" if str(dtype).startswith("Date") else "duration"
        put: Any = _PutPolars(dtype)
        if getattr(dtype, "time_zone", None):
            midnights = series.dt.truncate("1d").eq_missing(series)
            put = _PutZoned(dtype, bool(midnights.all()))
        return RawColumn(ColumnFormat(kind, put, unit=UNITS[unit]), raw, missing)
    if dtype == polars.Object:
        objects = _objects(series.to_list())
        missing = np.fromiter(map(is_missing, objects), dtype=bool, count=len(objects))
        return open_objects(objects, missing, name, _WrapObjects())
    if dtype == polars.Enum:
        levels = dtype.categories
        raw = series.to_physical().cast(polars.Int64).fill_null(-1).to_numpy()
        put = _PutLevels(levels, dtype)
        return RawColumn(
            ColumnFormat("level", put, levels=levels.to_list(), is_closed=True),
            raw,
            missing,
        )
    if dtype in (polars.String, polars.Categorical):
        return _open_strings(series, missing)
    objects = _objects(series.to_list())
    raw = np.full(len(objects), -1, dtype=np.int64)
    raw[~missing], found = factorize_objects(objects[~missing], name)
    put = _PutLevels(polars.Series(found, dtype=dtype), dtype)
    return RawColumn(ColumnFormat("level", put, levels=found), raw, missing)


def _objects(values: list):
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _open_numbers(series, missing, name) -> RawColumn:
    polars = import_module("polars")
    dtype = series.dtype
    put = _PutPolars(dtype)
    if dtype.is_decimal():
        raw = series.cast(polars.Float64).fill_null(0).to_numpy()
        return RawColumn(
            ColumnFormat("number", put, decimals=dtype.scale), raw, missing
        )
    if str(dtype).endswith("nt128"):
        try:
            series = series.cast(polars.Int64)
        except polars.exceptions.PolarsError:
            raise TypeError(
                f"Column {name!r} holds integers beyond 64 bits ({dtype}); cast it to "
                "Float64 or to String."
            ) from None
    raw = series.fill_null(0).to_numpy()
    if raw.dtype.kind == "f":
        is_nan = np.isnan(raw)
        # Polars tells NaN from null: what was seen comes back.
        put = _PutPolars(dtype, is_nan.any() and not missing.any())
        missing = missing | is_nan
    return RawColumn(ColumnFormat("number", put, storage=raw.dtype), raw, missing)


def _open_strings(series, missing) -> RawColumn:
    polars = import_module("polars")
    dtype = series.dtype
    text = series.cast(polars.String)
    levels = text.drop_nulls().unique()
    order = sort_levels(levels.to_list())
    levels = levels.gather(order)
    codes = text.cast(polars.Enum(levels)).to_physical()
    raw = codes.cast(polars.Int64).fill_null(-1).to_numpy()
    column_format = ColumnFormat(
        "level", _PutLevels(levels, dtype), levels=levels.to_list()
    )
    return RawColumn(column_format, raw, missing)


@persistent(name="PolarsColumn")
class _PutPolars:
    def __init__(self, dtype, keeps_nan=False):
        self.dtype = dtype
        self.keeps_nan = bool(keeps_nan)

    def __call__(self, raw, missing):
        polars = import_module("polars")
        if raw.dtype.kind == "f" and self.dtype.is_decimal():
            raw = np.round(raw, self.dtype.scale)
        column = polars.Series(raw)
        if not self.dtype.is_float() and raw.dtype.kind == "f":
            column = column.fill_nan(0)
        if missing.any():
            hole = float("nan") if self.keeps_nan else None
            column = column.set(polars.Series(missing), hole)
        if self.dtype == polars.Null:
            return polars.Series([None] * len(raw), dtype=polars.Null)
        return column.cast(self.dtype)


@persistent("keeps_nan", name="PolarsZoned")
class _PutZoned(_PutPolars):
    def __init__(self, dtype, are_midnights: bool):
        super().__init__(dtype)
        self.are_midnights = are_midnights

    def __call__(self, raw, missing):
        column = super().__call__(raw, missing)
        if not self.are_midnights:
            return column
        # Where clocks change, midnights are no whole days apart.
        return column.dt.offset_by("12h").dt.truncate("1d")


@persistent(name="PolarsLevels")
class _PutLevels:
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

    def text(self, objects, missing):
        """Return other strings than the levels, as a column of their dtype."""
        polars = import_module("polars")
        objects[missing] = None
        return polars.Series(objects.tolist(), dtype=polars.String).cast(self.dtype)


@persistent(name="PolarsObjects")
class _WrapObjects:
    def __call__(self, objects):
        polars = import_module("polars")
        return polars.Series(objects.tolist(), dtype=polars.Object)
