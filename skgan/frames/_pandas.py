"""Columns of pandas: NumPy, nullable, arrow, categorical and object dtypes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.frames._output import cast_numbers
from skgan.frames._raw import (
    UNITS,
    ColumnFormat,
    PutArray,
    RawColumn,
    open_objects,
    sort_levels,
)


def open_pandas(series, name) -> RawColumn:
    """Open a column of pandas.

    Raises
    ------
    TypeError
        If it holds complex numbers or nested objects.
    """
    pandas = import_module("pandas")
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return _open_categorical(series)
    if isinstance(dtype, pandas.ArrowDtype):
        return _open_arrow(series, name)
    if isinstance(dtype, pandas.SparseDtype):
        opened = open_pandas(series.sparse.to_dense(), name)
        opened.column_format.put = _PutSparse(opened.column_format.put, dtype)
        return opened
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return _open_zoned(series)
    if isinstance(dtype, pandas.PeriodDtype):
        missing = series.isna().to_numpy()
        raw = np.where(missing, 0, series.array.asi8)
        return RawColumn(
            ColumnFormat("number", _PutPeriod(dtype), storage="i8"), raw, missing
        )
    if isinstance(dtype, np.dtype):
        return _open_numpy(series, dtype, name)
    storage = getattr(dtype, "numpy_dtype", None)
    if isinstance(storage, np.dtype) and storage.kind in "biuf":
        missing = series.isna().to_numpy()
        raw = series.to_numpy(dtype=storage, na_value=storage.type(0))
        kind = "boolean" if storage.kind == "b" else "number"
        if storage.kind == "f":
            missing = missing | np.isnan(raw)
        return RawColumn(
            ColumnFormat(kind, _PutMasked(dtype, storage), storage=storage),
            raw,
            missing,
        )
    return _open_levels(series)


def _open_numpy(series, dtype: np.dtype, name) -> RawColumn:
    if dtype.kind in "biuf":
        raw = series.to_numpy()
        missing = np.isnan(raw) if dtype.kind == "f" else np.zeros(len(raw), dtype=bool)
        kind = "boolean" if dtype.kind == "b" else "number"
        return RawColumn(
            ColumnFormat(kind, PutArray(dtype), storage=dtype), raw, missing
        )
    if dtype.kind in "mM":
        values = series.to_numpy()
        missing = np.isnat(values)
        kind = "time" if dtype.kind == "M" else "duration"
        unit = UNITS[np.datetime_data(dtype)[0]]
        raw = np.where(missing, 0, values.view(np.int64))
        return RawColumn(ColumnFormat(kind, PutArray(dtype), unit=unit), raw, missing)
    if dtype.kind != "O":
        raise TypeError(
            f"Column {name!r} holds {dtype}, which no encoder takes; turn it into "
            "numbers (for complex ones, a column each for the real and imaginary "
            "part) or drop it."
        )
    objects = series.to_numpy()
    missing = series.isna().to_numpy()
    pandas = import_module("pandas")
    present = objects[~missing]
    if pandas.api.types.infer_dtype(present, skipna=False) != "string":
        return open_objects(objects, missing, name)
    opened = _open_levels(series)
    sentinel = objects[missing.argmax()] if missing.any() else None
    levels = np.array([*opened.column_format.levels, sentinel], dtype=object)
    opened.column_format.put = _PutLevels(levels, len(levels) - 1)
    return opened


def _open_categorical(series) -> RawColumn:
    dtype = series.dtype
    codes = series.array.codes
    levels = dtype.categories.tolist()
    column_format = ColumnFormat(
        "level", _PutCategorical(dtype), levels=levels, is_closed=True
    )
    return RawColumn(column_format, codes.astype(np.int64), codes < 0)


def _open_levels(series) -> RawColumn:
    """Open a column of strings, or of any dtype whose values can be told apart."""
    pandas = import_module("pandas")
    codes, unique = pandas.factorize(series.array)
    levels = list(unique)
    order = np.asarray(sort_levels(levels), dtype=np.int64)
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    put = _PutLevels(unique.take(order), None)
    column_format = ColumnFormat("level", put, levels=[levels[i] for i in order])
    return RawColumn(column_format, rank[codes], codes < 0)


def _open_zoned(series) -> RawColumn:
    dtype = series.dtype
    values = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    missing = np.isnat(values)
    raw = np.where(missing, 0, values.view(np.int64))
    local = series.dt.tz_localize(None)
    is_midnight = (local.dt.normalize() == local).to_numpy() | missing
    put = _PutZoned(values.dtype, dtype, bool(is_midnight.all()))
    return RawColumn(ColumnFormat("time", put, unit=UNITS[dtype.unit]), raw, missing)


def _open_arrow(series, name) -> RawColumn:
    arrow = import_module("pyarrow")
    kind = series.dtype.pyarrow_dtype
    types = arrow.types
    if types.is_nested(kind):
        raise TypeError(
            f"Column {name!r} holds nested values ({series.dtype}): spread them over "
            "columns of their own or drop the column."
        )
    values = series.array.__arrow_array__()
    missing = np.asarray(series.isna())
    put = _PutArrow(series.dtype)

    def numbers(values, fill: Any = 0) -> NDArray:
        return values.fill_null(fill).to_numpy()

    if types.is_boolean(kind):
        return RawColumn(ColumnFormat("boolean", put), numbers(values, False), missing)
    if types.is_integer(kind) or types.is_floating(kind):
        raw = numbers(values)
        if raw.dtype.kind == "f":
            missing = missing | np.isnan(raw)
        return RawColumn(ColumnFormat("number", put, storage=raw.dtype), raw, missing)
    if types.is_decimal(kind):
        raw = numbers(values.cast(arrow.float64()))
        return RawColumn(
            ColumnFormat("number", put, decimals=max(kind.scale, 0)), raw, missing
        )
    if types.is_temporal(kind) and not str(kind).startswith("month"):
        narrow = types.is_date32(kind) or types.is_time32(kind)
        counts = values.cast(arrow.int32()) if narrow else values
        raw = numbers(counts.cast(arrow.int64()))
        is_moment = types.is_timestamp(kind) or types.is_date(kind)
        unit = {"date32[day]": "D", "date64[ms]": "ms"}.get(str(kind)) or kind.unit
        label = "time" if is_moment else "duration"
        return RawColumn(ColumnFormat(label, put, unit=UNITS[unit]), raw, missing)
    return _open_levels(series)


@persistent(name="PandasCategorical")
class _PutCategorical:
    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, raw, missing):
        pandas = import_module("pandas")
        codes = np.where(missing, -1, raw)
        return pandas.Categorical.from_codes(codes, dtype=self.dtype)


@persistent(name="PandasLevels")
class _PutLevels:
    """Levels in an array of pandas, or of objects with missing as the last one."""

    def __init__(self, levels, missing_code: int | None):
        self.levels = levels
        self.missing_code = missing_code

    def __call__(self, raw, missing):
        if self.missing_code is not None:
            return self.levels[np.where(missing, self.missing_code, raw)]
        return self.levels.take(np.where(missing, -1, raw), allow_fill=True)

    def text(self, objects, missing):
        """Return other strings than the levels, as a column of their dtype."""
        pandas = import_module("pandas")
        if self.missing_code is not None:
            return np.where(missing, self.levels[self.missing_code], objects)
        objects[missing] = None
        return pandas.array(objects, dtype=self.levels.dtype)


@persistent(name="PandasMasked")
class _PutMasked:
    def __init__(self, dtype, storage):
        self.dtype = dtype
        self.storage = storage

    def __call__(self, raw, missing):
        values = (
            cast_numbers(np.where(missing, 0, raw), self.storage)
            if raw.dtype.kind == "f"
            else raw.astype(self.storage)
        )
        return self.dtype.construct_array_type()(values, missing.copy())


@persistent("put", name="PandasZoned")
class _PutZoned:
    def __init__(self, storage, dtype, are_midnights: bool):
        self.put = PutArray(storage)
        self.dtype = dtype
        self.are_midnights = are_midnights

    def __call__(self, raw, missing):
        pandas = import_module("pandas")
        index = pandas.DatetimeIndex(self.put(raw, missing))
        local = index.tz_localize("UTC").tz_convert(self.dtype.tz)
        if self.are_midnights:
            # Where clocks change, midnights are no whole days apart.
            nearest = local.tz_localize(None) + pandas.Timedelta(hours=12)
            local = nearest.normalize().tz_localize(
                self.dtype.tz,
                ambiguous=np.ones(len(index), dtype=bool),
                nonexistent="shift_forward",
            )
        return local.as_unit(self.dtype.unit).array


@persistent(name="PandasPeriod")
class _PutPeriod:
    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, raw, missing):
        pandas = import_module("pandas")
        ordinals = np.where(missing, np.iinfo(np.int64).min, raw.astype(np.int64))
        return pandas.PeriodIndex.from_ordinals(ordinals, freq=self.dtype.freq).array


@persistent(name="PandasSparse")
class _PutSparse:
    def __init__(self, put, dtype):
        self.put = put
        self.dtype = dtype

    def __call__(self, raw, missing):
        pandas = import_module("pandas")
        return pandas.array(self.put(raw, missing), dtype=self.dtype)


@persistent(name="PandasArrow")
class _PutArrow:
    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, raw, missing):
        pandas, arrow = import_module("pandas"), import_module("pyarrow")
        kind = self.dtype.pyarrow_dtype
        if arrow.types.is_decimal(kind):
            values = arrow.array(np.round(raw, max(kind.scale, 0)), mask=missing)
        elif raw.dtype.kind in "iu" and kind.bit_width < 64:
            values = arrow.array(raw.astype(f"i{kind.bit_width // 8}"), mask=missing)
        else:
            values = arrow.array(raw, mask=missing)
        return pandas.array(values.cast(kind), dtype=self.dtype)
