"""Columns of pandas: NumPy, nullable, arrow, categorical and object dtypes."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.frames._formats import (
    UNITS,
    ColumnFormat,
    RawColumn,
    ToArray,
    cast_numbers,
    numbers_and_missing,
)
from skgan.frames._objects import (
    are_wide,
    number_objects_format,
    read_objects,
    read_wide,
    sort_levels,
    zone_of,
)


def number_format_of_pandas(series) -> ColumnFormat | None:
    """Return the format of a column of numbers or booleans, None for others."""
    dtype = series.dtype
    if getattr(dtype, "numpy_dtype", dtype) != np.dtype(object):
        return _number_format_of(dtype)
    if dtype == np.dtype(object):
        return number_objects_format(series)
    # What is missing among decimals of Arrow is NA, which is no number.
    column_format = number_objects_format(series.dropna())
    if column_format is not None:
        column_format.to_column = _converter_of(dtype, column_format.storage)
    return column_format


def _number_format_of(dtype) -> ColumnFormat | None:
    # Nullable and arrow dtypes name the NumPy dtype they extend.
    storage = getattr(dtype, "numpy_dtype", dtype)
    if not (isinstance(storage, np.dtype) and storage.kind in "biuf"):
        return None
    kind = "boolean" if storage.kind == "b" else "number"
    return ColumnFormat(kind, _converter_of(dtype, storage), storage=storage)


def _converter_of(dtype, storage: np.dtype) -> Any:
    """Return what turns numbers and a mask into a column of a dtype."""
    if isinstance(dtype, np.dtype):
        return ToArray(dtype)
    if isinstance(dtype, import_module("pandas").ArrowDtype):
        return ToPandasArrow(dtype)
    return ToPandasMasked(dtype, storage)


def cast_to_pandas(values: NDArray, dtype) -> Any:
    """Return an array of values as a column of a dtype."""
    column_format = _number_format_of(dtype)
    if dtype == np.dtype(object):
        return values.astype(object)
    if column_format is None:
        return import_module("pandas").array(values, dtype=dtype)
    numbers, missing = numbers_and_missing(values)
    is_integer = isinstance(dtype, np.dtype) and dtype.kind in "iu"
    if is_integer and missing.any():
        raise ValueError(f"A column of {dtype} cannot hold missing values.")
    return column_format.to_column(numbers, missing)


def read_pandas_column(series, name) -> RawColumn:
    """Read a column of pandas; complex numbers and nested objects are an error."""
    pandas = import_module("pandas")
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return _read_categorical(series)
    if isinstance(dtype, pandas.SparseDtype):
        column = read_pandas_column(series.sparse.to_dense(), name)
        to_dense = column.column_format.to_column
        column.column_format.to_column = ToPandasSparse(to_dense, dtype)
        return column
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return _read_zoned(series)
    if isinstance(dtype, pandas.PeriodDtype):
        missing = series.isna().to_numpy()
        raw = np.where(missing, 0, series.array.asi8)
        return RawColumn(
            ColumnFormat("number", ToPandasPeriod(dtype), storage="i8"), raw, missing
        )
    if isinstance(dtype, np.dtype) and dtype.kind not in "biuf":
        return _read_times_or_objects(series, dtype, name)
    column_format = _number_format_of(dtype)
    if column_format is None and isinstance(dtype, pandas.ArrowDtype):
        return _read_arrow(series, name)
    if column_format is None:
        return _read_levels(series)
    storage = column_format.storage
    if isinstance(dtype, np.dtype):
        return RawColumn(column_format, *numbers_and_missing(series.to_numpy()))
    missing = series.isna().to_numpy()
    zero = storage.type(0)
    if storage.kind == "f":
        # pyarrow 16 fills holes of float16 with NaN, and with no number.
        raw = series.to_numpy(dtype=storage, na_value=np.nan)
        raw = np.where(missing, zero, raw)
        missing = missing | np.isnan(raw)
    else:
        raw = series.to_numpy(dtype=storage, na_value=zero)
    return RawColumn(column_format, raw, missing)


def _read_times_or_objects(series, dtype: np.dtype, name) -> RawColumn:
    if dtype.kind in "mM":
        values = series.to_numpy()
        missing = np.isnat(values)
        kind = "time" if dtype.kind == "M" else "duration"
        unit = UNITS[np.datetime_data(dtype)[0]]
        raw = np.where(missing, 0, values.view(np.int64))
        return RawColumn(ColumnFormat(kind, ToArray(dtype), unit=unit), raw, missing)
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
        return read_objects(objects, missing, name)
    column = _read_levels(series)
    sentinel = objects[missing.argmax()] if missing.any() else None
    levels = np.array([*column.column_format.levels, sentinel], dtype=object)
    column.column_format.to_column = ToPandasLevels(levels, len(levels) - 1)
    return column


def _read_categorical(series) -> RawColumn:
    dtype = series.dtype
    codes = series.array.codes
    levels = dtype.categories.tolist()
    column_format = ColumnFormat(
        "level", ToPandasCategorical(dtype), levels=levels, is_closed=True
    )
    return RawColumn(column_format, codes.astype(np.int64), codes < 0)


def _read_levels(series) -> RawColumn:
    """Read a column of strings, or of any dtype whose values can be told apart."""
    pandas = import_module("pandas")
    values, plain = series.array, pandas.arrays.NumpyExtensionArray
    if type(values) is plain:  # which pandas 2 warns of
        codes, unique = pandas.factorize(values.to_numpy())
        unique = plain(unique)
    else:
        codes, unique = pandas.factorize(values)
        if unique.dtype != values.dtype:  # pyarrow 16: a dictionary of other codes
            unique = pandas.array(list(unique), dtype=values.dtype)
    levels = list(unique)
    order = np.asarray(sort_levels(levels), dtype=np.int64)
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    to_column = ToPandasLevels(unique.take(order), None)
    column_format = ColumnFormat("level", to_column, levels=[levels[i] for i in order])
    return RawColumn(column_format, rank[codes], codes < 0)


def _read_zoned(series) -> RawColumn:
    """Read moments as what local clocks show."""
    dtype = series.dtype
    local = series.dt.tz_localize(None)
    to_column = ToPandasZoned(local.to_numpy().dtype, dtype)
    # A midnight that clocks skip comes as the first moment behind the gap.
    day = local.dt.normalize()
    is_midnight = to_column.localize(day.array) == series.array
    local = local.mask(is_midnight & (local != day), day)
    values = local.to_numpy()
    missing = np.isnat(values)
    raw = np.where(missing, 0, values.view(np.int64))
    column_format = ColumnFormat("time", to_column, unit=UNITS[dtype.unit])
    back = to_column(raw, missing) == series.array
    column_format.n_repeated = int((~back & ~missing).sum())
    return RawColumn(column_format, raw, missing)


def _read_arrow(series, name) -> RawColumn:
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
    to_column = ToPandasArrow(series.dtype)

    if types.is_decimal(kind):
        places = max(kind.scale, 0)
        extremes = [v for v in (series.min(), series.max()) if isinstance(v, Decimal)]
        if are_wide(extremes, places):
            to_series = ToPandasTyped(series.dtype)
            return read_wide(values.to_pylist(), missing, places, to_series)
        raw = values.cast(arrow.float64()).fill_null(0).to_numpy()
        return RawColumn(
            ColumnFormat("number", to_column, decimals=max(kind.scale, 0)), raw, missing
        )
    if types.is_timestamp(kind) and kind.tz is not None:
        return _read_arrow_zoned(values, to_column, missing)
    if types.is_temporal(kind) and not str(kind).startswith("month"):
        narrow = types.is_date32(kind) or types.is_time32(kind)
        counts = values.cast(arrow.int32()) if narrow else values
        raw = counts.cast(arrow.int64()).fill_null(0).to_numpy()
        is_moment = types.is_timestamp(kind) or types.is_date(kind)
        unit = {"date32[day]": "D", "date64[ms]": "ms"}.get(str(kind)) or kind.unit
        label = "time" if is_moment else "duration"
        column_format = ColumnFormat(label, to_column, unit=UNITS[unit])
        column_format.is_time_of_day = types.is_time(kind)
        return RawColumn(column_format, raw, missing)
    return _read_levels(series)


def _read_arrow_zoned(values, to_column: ToPandasArrow, missing) -> RawColumn:
    arrow, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    local = compute.local_timestamp(values)
    day = compute.floor_temporal(local, unit="day").cast(local.type)
    is_midnight = compute.equal(to_column.localize(day), values)
    raw = compute.if_else(is_midnight, day, local)
    raw = raw.cast(arrow.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    unit = UNITS[to_column.dtype.pyarrow_dtype.unit]
    column_format = ColumnFormat("time", to_column, unit=unit)
    back = to_column(raw, missing).__arrow_array__()
    equal = compute.equal(back, values).fill_null(True)
    column_format.n_repeated = len(values) - int(compute.sum(equal).as_py() or 0)
    return RawColumn(column_format, raw, missing)


@persistent()
class ToPandasCategorical:
    """Codes to categories."""

    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, raw, missing):
        pandas = import_module("pandas")
        codes = np.where(missing, -1, raw)
        return pandas.Categorical.from_codes(codes, dtype=self.dtype)


@persistent()
class ToPandasLevels:
    """Levels in an array of pandas, or of objects with missing as the last one."""

    def __init__(self, levels, missing_code: int | None):
        self.levels = levels
        self.missing_code = missing_code

    def __call__(self, raw, missing):
        if self.missing_code is not None:
            return self.levels[np.where(missing, self.missing_code, raw)]
        return self.levels.take(np.where(missing, -1, raw), allow_fill=True)

    def forget_levels(self):
        """Keep of the levels what a missing value is, if it is one, and the dtype."""
        code = self.missing_code
        if code is not None:
            code = range(len(self.levels))[code]
            self.levels, self.missing_code = self.levels[code : code + 1], 0
        else:
            self.levels = self.levels[:0]

    def from_objects(self, objects, missing):
        """Return other values than the levels, as a column of their dtype."""
        pandas = import_module("pandas")
        if self.missing_code is not None:
            return np.where(missing, self.levels[self.missing_code], objects)
        objects[missing] = None
        return pandas.array(objects, dtype=self.levels.dtype)


@persistent()
class ToPandasMasked:
    """To an array of values with a mask, of a nullable dtype."""

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


@persistent("to_naive")
class ToPandasZoned:
    """What local clocks show to moments in a time zone."""

    def __init__(self, storage, dtype):
        self.to_naive = ToArray(storage)
        self.dtype = dtype

    @property
    def zone(self):
        """The time zone."""
        return self.dtype.tz

    def localize(self, local):
        """Return moments: the first of two, and the first behind a gap of clocks."""
        index = import_module("pandas").DatetimeIndex(local)
        moments = index.tz_localize(
            self.dtype.tz,
            ambiguous=np.ones(len(index), dtype=bool),
            nonexistent="shift_forward",
        )
        return moments.as_unit(self.dtype.unit).array

    def __call__(self, raw, missing):
        return self.localize(self.to_naive(raw, missing))


@persistent()
class ToPandasPeriod:
    """Ordinals to periods."""

    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, raw, missing):
        pandas = import_module("pandas")
        ordinals = np.where(missing, np.iinfo(np.int64).min, raw.astype(np.int64))
        return pandas.PeriodIndex.from_ordinals(ordinals, freq=self.dtype.freq).array


@persistent("to_dense")
class ToPandasSparse:
    """To a sparse array, by way of a dense one."""

    def __init__(self, to_dense, dtype):
        self.to_dense = to_dense
        self.dtype = dtype

    def __call__(self, raw, missing):
        pandas = import_module("pandas")
        return pandas.array(self.to_dense(raw, missing), dtype=self.dtype)


@persistent()
class ToPandasArrow:
    """To an array of Arrow."""

    def __init__(self, dtype):
        self.dtype = dtype

    @property
    def zone(self):
        """The time zone, None without one."""
        name = getattr(self.dtype.pyarrow_dtype, "tz", None)
        return None if name is None else zone_of(name)

    def localize(self, local):
        """Return moments: the first of two, and the first behind a gap of clocks."""
        kind = self.dtype.pyarrow_dtype
        compute = import_module("pyarrow.compute")
        return compute.assume_timezone(
            local, kind.tz, ambiguous="earliest", nonexistent="latest"
        ).cast(kind)

    def __call__(self, raw, missing):
        pandas, arrow = import_module("pandas"), import_module("pyarrow")
        kind = self.dtype.pyarrow_dtype
        if arrow.types.is_timestamp(kind) and kind.tz is not None:
            naive = arrow.array(raw, mask=missing).cast(arrow.timestamp(kind.unit))
            return pandas.array(self.localize(naive), dtype=self.dtype)
        if raw.dtype.kind == "f" and self.dtype.numpy_dtype.kind in "biu":
            raw = cast_numbers(np.where(missing, 0, raw), self.dtype.numpy_dtype)
        if arrow.types.is_decimal(kind):
            values = arrow.array(np.round(raw, max(kind.scale, 0)), mask=missing)
        elif raw.dtype.kind == "i" and kind.bit_width < 64:
            values = arrow.array(raw.astype(f"i{kind.bit_width // 8}"), mask=missing)
        else:
            values = arrow.array(raw, mask=missing)
        return pandas.array(values.cast(kind), dtype=self.dtype)


@persistent()
class ToPandasTyped:
    """An array of objects to an array of a dtype."""

    def __init__(self, dtype):
        self.dtype = dtype

    def __call__(self, objects):
        return import_module("pandas").array(objects, dtype=self.dtype)
