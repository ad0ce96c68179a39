"""How columns of any library come in as raw arrays, and go out as what they were.

A column is opened into raw values and a mask of what is missing, with a *port* that
turns such a pair back into a column of the same dtype. Raw values are numbers,
booleans, whole counts of a unit of time, or codes of levels.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from importlib import import_module
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.frames._output import cast_numbers

# Nanoseconds of each unit of time.
UNITS = {
    "D": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
_EPOCH = datetime.datetime(1970, 1, 1)
_MICROSECOND = datetime.timedelta(microseconds=1)
_FRACTION = 1e-6


@persistent()
class ColumnFormat:
    """Where a column goes out.

    Parameters
    ----------
    kind : {"number", "boolean", "time", "duration", "level"}
        What raw values are.
    put : callable
        Turns raw values and the mask of what is missing into a column.
    storage : dtype or str, default=float64
        Of raw numbers.
    unit : int, default=1
        Nanoseconds of a raw unit of time.
    levels : list, default=()
        What codes stand for.
    is_closed : bool, default=False
        Whether the dtype itself lists the levels, so that there are no others.
    decimals : int or None, default=None
        Decimal places that the dtype has.
    """

    def __init__(
        self,
        kind: str,
        put: Any,
        *,
        storage: Any = np.float64,
        unit: int = 1,
        levels: Iterable = (),
        is_closed: bool = False,
        decimals: int | None = None,
    ):
        self.kind = kind
        self.put = put
        self.storage = np.dtype(storage)
        self.unit = unit
        self.levels = list(levels)
        self.is_closed = is_closed
        self.decimals = decimals


class RawColumn(NamedTuple):
    """A column's port, its raw values and where they are missing."""

    column_format: ColumnFormat
    raw: NDArray
    missing: NDArray


@persistent()
class PutArray:
    """Out into a NumPy array."""

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)

    def __call__(self, raw: NDArray, missing: NDArray) -> NDArray:
        """Return an array of the dtype, NaN or NaT where values are missing."""
        if self.dtype.kind in "mM":
            out = np.asarray(raw, dtype=np.int64).view(self.dtype)
            out = np.where(missing, np.array("NaT", dtype=self.dtype), out)
            return out
        out = (
            cast_numbers(raw, self.dtype)
            if raw.dtype.kind == "f"
            else raw.astype(self.dtype)
        )
        if self.dtype.kind == "f":
            out[missing] = np.nan
        return out


@persistent()
class PutObjects:
    """Out into Python objects.

    Parameters
    ----------
    make : callable
        Turns a raw value, as a Python number, into the object.
    sentinel : object
        What stands for missing.
    wrap : callable or None
        Turns the array of objects into a column; None keeps it.
    """

    def __init__(self, make: Callable, sentinel: Any = None, wrap=None):
        self.make = make
        self.sentinel = sentinel
        self.wrap = wrap

    def __call__(self, raw: NDArray, missing: NDArray):
        """Return the objects."""
        objects = np.empty(len(raw), dtype=object)
        present = ~missing
        # Values repeat: each is made once.
        unique, inverse = np.unique(raw[present], return_inverse=True)
        made = np.empty(len(unique), dtype=object)
        for i, value in enumerate(unique.tolist()):
            made[i] = self.make(value)
        objects[present] = made[inverse]
        objects[missing] = self.sentinel
        return objects if self.wrap is None else self.wrap(objects)


@persistent()
class Pick:
    """A function that picks the level of a code."""

    def __init__(self, levels: list):
        self.levels = levels

    def __call__(self, code: int):
        """Return the level."""
        return self.levels[code]


@persistent("quantum")
class MakeDecimal:
    """A function that makes decimals with a number of places."""

    def __init__(self, places: int):
        self.quantum = Decimal(1).scaleb(-places)

    def __call__(self, value: float) -> Decimal:
        """Return the decimal nearest to a float."""
        return Decimal(repr(value)).quantize(self.quantum)


@persistent()
class MakeMoment:
    """A function that makes datetimes of microseconds since 1970."""

    def __init__(self, kind: type, zone: datetime.tzinfo | None):
        self.kind = kind
        self.zone = zone

    def __call__(self, value: int):
        """Return the datetime, in the zone."""
        moment = _EPOCH + value * _MICROSECOND
        if self.zone is not None:
            moment = moment.replace(tzinfo=datetime.UTC).astimezone(self.zone)
        if self.kind.__name__ == "Timestamp":
            return import_module("pandas").Timestamp(moment)
        return moment


@persistent()
def make_date(value: int) -> datetime.date:
    """Return the date of days since 1970."""
    return (_EPOCH + datetime.timedelta(days=value)).date()


@persistent()
def make_duration(value: int) -> datetime.timedelta:
    """Return the duration of microseconds."""
    return value * _MICROSECOND


@persistent()
def make_time(value: int) -> datetime.time:
    """Return the time of day of microseconds since midnight."""
    return (_EPOCH + value * _MICROSECOND).time()


def open_array(values: NDArray, dtype: np.dtype) -> RawColumn:
    """Open a column of an ndarray that came with `dtype`."""
    kind = "boolean" if dtype.kind == "b" else "number"
    missing = (
        np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), "?")
    )
    return RawColumn(
        ColumnFormat(kind, PutArray(dtype), storage=dtype), values, missing
    )


def is_missing(value) -> bool:
    """Whether an object stands for a missing value."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating | Decimal) and bool(value != value)


def open_objects(
    objects: NDArray, missing: NDArray, name: Hashable, wrap=None
) -> RawColumn:
    """Open a column of Python objects by what they are.

    Raises
    ------
    TypeError
        If objects are nested or mutable, such as lists, dicts and arrays.
    """
    sentinel = objects[missing.argmax()] if missing.any() else None
    present = objects[~missing]
    types = set(map(type, present.tolist()))

    def all_are(*kinds: type) -> bool:
        return bool(types) and all(issubclass(kind, kinds) for kind in types)

    def put(make: Callable) -> PutObjects:
        return PutObjects(make, sentinel, wrap)

    def spread(values, dtype) -> NDArray:
        raw = np.zeros(len(objects), dtype=dtype)
        raw[~missing] = values
        return raw

    if all_are(bool, np.bool_):
        return RawColumn(
            ColumnFormat("boolean", put(bool)), spread(present, bool), missing
        )
    numbers = (Real, Decimal)
    if all_are(*numbers) and not any(issubclass(t, bool | np.bool_) for t in types):
        return _open_number_objects(present, missing, types, put, spread)
    times = _read_times(present, types)
    if times is not None:
        kind, make, unit, counts = times
        return RawColumn(
            ColumnFormat(kind, put(make), unit=unit), spread(counts, "i8"), missing
        )
    codes, levels = factorize_objects(present, name)
    raw = np.full(len(objects), -1, dtype=np.int64)
    raw[~missing] = codes
    return RawColumn(
        ColumnFormat("level", put(Pick(levels)), levels=levels), raw, missing
    )


def _open_number_objects(present, missing, types, put, spread) -> RawColumn:
    if all(issubclass(t, Integral) for t in types):
        fits = all(-(2**63) <= int(v) < 2**63 for v in (min(present), max(present)))
        storage = np.dtype(np.int64 if fits else np.float64)
        return RawColumn(
            ColumnFormat("number", put(int), storage=storage),
            spread(present, storage),
            missing,
        )
    if all(issubclass(t, Decimal) for t in types):
        exponents = {value.as_tuple().exponent for value in set(present.tolist())}
        whole = [exponent for exponent in exponents if isinstance(exponent, int)]
        places = max(0, -min(whole, default=0))
        column_format = ColumnFormat(
            "number", put(MakeDecimal(places)), decimals=places
        )
        return RawColumn(column_format, spread(present.astype(float), float), missing)
    return RawColumn(
        ColumnFormat("number", put(float)),
        spread(present.astype(float), float),
        missing,
    )


def _read_times(present, types) -> tuple | None:
    """Return kind, maker, unit and counts of times; None if these are none."""
    names = {kind.__name__ for kind in types}
    if names <= {"datetime", "Timestamp"} and names:
        zones = {value.tzinfo for value in present}
        if len(zones) > 1 or any(getattr(v, "nanosecond", 0) for v in present):
            return None
        (zone,) = zones
        epoch = _EPOCH if zone is None else _EPOCH.replace(tzinfo=datetime.UTC)
        counts = [(_moment(value) - epoch) // _MICROSECOND for value in present]
        return "time", MakeMoment(min(types, key=str), zone), UNITS["us"], counts
    if types == {datetime.date}:
        counts = [(value - _EPOCH.date()).days for value in present]
        return "time", make_date, UNITS["D"], counts
    if types == {datetime.timedelta}:
        counts = [value // _MICROSECOND for value in present]
        return "duration", make_duration, UNITS["us"], counts
    if types == {datetime.time} and all(value.tzinfo is None for value in present):
        day = datetime.date(1970, 1, 1)
        counts = [
            (datetime.datetime.combine(day, value) - _EPOCH) // _MICROSECOND
            for value in present
        ]
        return "duration", make_time, UNITS["us"], counts
    return None


def _moment(value) -> datetime.datetime:
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


def level_key(level) -> Hashable:
    """Return what tells a level from those that only equal it, as True equals 1."""
    return level if type(level) is str else (type(level).__name__, level)


def factorize_objects(objects: NDArray, name: Hashable) -> tuple[NDArray, list]:
    """Return codes of objects, and their levels in order if they have one."""
    seen: dict[Hashable, int] = {}
    levels: list = []
    codes = np.empty(len(objects), dtype=np.int64)
    try:
        for i, value in enumerate(objects.tolist()):
            code = seen.setdefault(level_key(value), len(levels))
            if code == len(levels):
                levels.append(value)
            codes[i] = code
    except TypeError:
        raise TypeError(
            f"Column {name!r} holds nested or mutable objects, such as "
            f"{type(value).__name__}: spread them over columns of their own, turn them "
            "into strings or drop the column."
        ) from None
    order = sort_levels(levels)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes] if len(codes) else codes, [levels[i] for i in order]


def sort_levels(levels: list) -> list[int]:
    """Return the order of levels: their own, or by type and name if they have none."""
    try:
        return sorted(range(len(levels)), key=levels.__getitem__)
    except TypeError:
        return sorted(
            range(len(levels)),
            key=lambda i: (type(levels[i]).__name__, str(levels[i])),
        )
