"""Columns of Python objects, read by what the objects are."""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable, Iterable
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from numbers import Integral, Number, Real
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import warn_user
from skgan.frames._formats import UNITS, ColumnFormat, RawColumn, ToObjects

_EPOCH = datetime.datetime(1970, 1, 1)
_MICROSECOND = datetime.timedelta(microseconds=1)


@persistent()
class TakeLevel:
    """A function that takes the level of a code."""

    def __init__(self, levels: list):
        self.levels = levels

    def __call__(self, code: int):
        """Return the level."""
        return self.levels[code]


@persistent()
class MakeFloat:
    """A function that makes floats of NumPy of fewer digits than Python's."""

    def __init__(self, dtype: str):
        self.dtype = dtype

    def __call__(self, value: float):
        """Return the float nearest to another."""
        return np.dtype(self.dtype).type(value)


@persistent("quantum")
class MakeDecimal:
    """A function that makes decimals with a number of places."""

    def __init__(self, places: int):
        self.quantum = Decimal(1).scaleb(-places)

    def __call__(self, value: float) -> Decimal:
        """Return the decimal nearest to a float."""
        return Decimal(repr(value)).quantize(self.quantum)


@persistent()
class MakeFraction:
    """A function that makes fractions of denominators up to a largest one."""

    def __init__(self, largest: int):
        self.largest = largest

    def __call__(self, value: float) -> Fraction:
        """Return the fraction nearest to a float."""
        return Fraction(value).limit_denominator(self.largest)


@persistent()
class MakeScaledDecimal:
    """A function that makes decimals of whole numbers of their last place, exactly."""

    def __init__(self, places: int):
        self.places = places

    def __call__(self, value: int) -> Decimal:
        """Return the decimal."""
        digits = tuple(map(int, str(abs(value))))
        return Decimal((int(value < 0), digits, -self.places))


@persistent()
class MakeDatetime:
    """A function that makes datetimes of microseconds since 1970, by local clocks."""

    def __init__(self, kind: type, zone: datetime.tzinfo | None):
        self.kind = kind
        self.zone = zone

    def __call__(self, value: int):
        """Return the datetime, in the zone."""
        moment = _EPOCH + value * _MICROSECOND
        if self.zone is not None:
            moment = localize(moment, self.zone)
        if self.kind.__name__ == "Timestamp":
            return import_module("pandas").Timestamp(moment)
        return moment


def localize(moment: datetime.datetime, zone: Any) -> datetime.datetime:
    """Return what clocks of a zone show as a moment; what they skip, moved forward."""
    if hasattr(zone, "localize"):
        return zone.normalize(zone.localize(moment, is_dst=True))
    return moment.replace(tzinfo=zone).astimezone(datetime.UTC).astimezone(zone)


def local_time(value: datetime.datetime, zone: Any) -> datetime.datetime:
    """Return what clocks of a zone show; a midnight that they skip as midnight."""
    local = value.astimezone(zone).replace(tzinfo=None)
    midnight = datetime.datetime.combine(local.date(), datetime.time())
    if local != midnight and localize(midnight, zone) == value.astimezone(datetime.UTC):
        return midnight
    return local


def zone_of(name: str) -> datetime.tzinfo | None:
    """Return the time zone of a name, or of an offset such as +02:00."""
    if re.fullmatch(r"[+-]\d\d:\d\d", name):
        return datetime.datetime.fromisoformat(f"2000-01-01T00:00{name}").tzinfo
    return ZoneInfo(name)


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


def is_missing(value) -> bool:
    """Whether an object stands for a missing value."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating | Decimal) and bool(value != value)


def make_objects(values: list) -> NDArray:
    """Return an array of objects, whatever these are."""
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def read_objects(
    objects: NDArray, missing: NDArray, name: Hashable, to_series=None
) -> RawColumn:
    """Read a column of Python objects by what they are."""
    sentinel = objects[missing.argmax()] if missing.any() else None
    present = objects[~missing]
    kind, raw, make, details = _read_present(present, name)
    spread = np.full(len(objects), -1 if kind == "level" else 0, dtype=raw.dtype)
    spread[~missing] = raw
    to_column = ToObjects(make, sentinel, to_series)
    return RawColumn(ColumnFormat(kind, to_column, **details), spread, missing)


def _read_present(present: NDArray, name: Hashable) -> tuple[str, NDArray, Any, dict]:
    """Return kind, raw values, maker of objects and further details of a format."""
    types = set(map(type, present.tolist()))
    are_booleans = [issubclass(kind, bool | np.bool_) for kind in types]
    if types and all(are_booleans):
        return "boolean", present.astype(bool), bool, {}
    if types and not any(are_booleans):
        if all(issubclass(kind, Real | Decimal) for kind in types):
            return _read_numbers(present, types, name)
        times = _read_times(present, types)
        if times is not None:
            kind, make, unit, counts = times
            details = {"unit": unit, "is_time_of_day": make is make_time}
            return kind, np.array(counts, dtype=np.int64), make, details
    codes, levels = factorize_objects(present, name)
    return "level", codes, TakeLevel(levels), {"levels": levels}


def _read_numbers(
    present: NDArray, types: set, name: Hashable
) -> tuple[str, NDArray, Any, dict]:
    if all(issubclass(kind, Integral) for kind in types):
        if not all(_is_small_integer(v) for v in (min(present), max(present))):
            return "number", make_objects(list(map(int, present))), int, WIDE
        return "number", present.astype(np.int64), int, {"storage": np.int64}
    if all(issubclass(kind, Decimal) for kind in types):
        places = decimal_places(present.tolist())
        if are_wide(present, places):
            raw = make_objects([scaled_integer(v, places) for v in present])
            return "number", raw, MakeScaledDecimal(places), WIDE | {"decimals": places}
        make = MakeDecimal(places)
        return "number", present.astype(float), make, {"decimals": places}
    make, values = _read_floats(present.tolist(), name)
    return "number", values, make, {"storage": values.dtype}


def _read_floats(present: list, name: Hashable) -> tuple[Any, NDArray]:
    """Return what makes numbers of the kind that these are, and all as floats.

    Fractions come back as such; of several kinds only floats can stand for all.
    """
    try:
        values = np.array(list(map(float, present)))
    except OverflowError as error:
        raise ValueError(
            f"Column {name!r} holds a number beyond 1.8e308, the largest float: scale "
            "the column, or take its logarithm."
        ) from error
    kinds = set(map(type, present))
    if len(kinds) == 1 and issubclass(kind := kinds.pop(), np.float16 | np.float32):
        dtype = np.dtype(kind)
        return MakeFloat(dtype.name), values.astype(dtype)
    others = sorted({type(v).__name__ for v in present if not _is_usual(v)})
    are_rational = all(isinstance(v, Fraction | Integral) for v in present)
    if others == ["Fraction"] and are_rational:
        return MakeFraction(max(int(v.denominator) for v in present)), values
    if others:
        warn_user(
            f"Column {name!r} holds numbers of several kinds or of one that cannot be "
            f"made anew ({', '.join(others)}); it is sampled as floats."
        )
    return float, values


def _is_usual(value) -> bool:
    return isinstance(value, Integral | float | np.floating)


def decimal_places(values: Iterable[Decimal]) -> int:
    """Return the most places behind the point that any of the decimals has."""
    exponents = {value.as_tuple().exponent for value in set(values)}
    whole = [exponent for exponent in exponents if isinstance(exponent, int)]
    return max(0, -min(whole, default=0))


# Raw values are Python's integers, which hold what no dtype of NumPy does.
WIDE: dict[str, Any] = {"storage": np.dtype(object)}


def are_wide(values: Iterable[Decimal], places: int) -> bool:
    """Whether float64 does not tell decimals of so many places apart."""
    largest = max(map(abs, values), default=Decimal(0))
    return scaled_integer(largest, places) > 2**53


def scaled_integer(value: Decimal, places: int) -> int:
    """Return a decimal as a whole number of its last place."""
    sign, digits, exponent = value.as_tuple()
    whole = int("".join(map(str, digits))) * 10 ** (int(exponent) + places)
    return -whole if sign else whole


def read_wide(values: list, missing: NDArray, places: int | None, to_series) -> Any:
    """Read whole numbers, or decimals of so many places, that float64 does not hold."""
    is_whole = places is None
    raw = make_objects(
        [
            0 if gone else value if is_whole else scaled_integer(value, places or 0)
            for value, gone in zip(values, missing, strict=True)
        ]
    )
    make = int if places is None else MakeScaledDecimal(places)
    column_format = ColumnFormat(
        "number", ToObjects(make, None, to_series), decimals=places, **WIDE
    )
    return RawColumn(column_format, raw, missing)


def number_objects_format(column) -> ColumnFormat | None:
    """Return the format of objects if all are numbers or booleans, else None."""
    # NaN, which differs from itself, is missing; so is None.
    present = [v for v in column if v is not None and not _is_nan(v)]
    if all(isinstance(value, bool | np.bool_) for value in present) and present:
        return ColumnFormat("boolean", ToObjects(bool), storage=bool)
    if all(_is_small_integer(value) for value in present) and present:
        return ColumnFormat("number", ToObjects(int), storage=np.int64)
    if all(isinstance(v, Integral) for v in present) and present:
        # Floats cannot tell such large integers apart.
        return None
    if all(isinstance(value, Decimal) for value in present) and present:
        places = decimal_places(present)
        if are_wide(present, places):
            return None
        return ColumnFormat("number", ToObjects(MakeDecimal(places)), decimals=places)
    if all(isinstance(v, Number) and not isinstance(v, complex) for v in present):
        make, values = _read_floats(present, getattr(column, "name", None))
        return ColumnFormat("number", ToObjects(make), storage=values.dtype)
    return None


def _is_nan(value) -> bool:
    return isinstance(value, float | np.floating | Decimal) and bool(value != value)


def _is_small_integer(value) -> bool:
    return (
        isinstance(value, Integral)
        and not isinstance(value, bool)
        and -(2**63) <= int(value) < 2**63
    )


def _read_times(present, types) -> tuple | None:
    """Return kind, maker, unit and counts of times; None if these are none."""
    names = {kind.__name__ for kind in types}
    if names <= {"datetime", "Timestamp"} and names:
        zones = {value.tzinfo for value in present}
        if len(zones) > 1 or any(getattr(v, "nanosecond", 0) for v in present):
            return None
        (zone,) = zones
        moments = list(map(_moment, present))
        local = moments if zone is None else [local_time(v, zone) for v in moments]
        counts = [(value - _EPOCH) // _MICROSECOND for value in local]
        return "time", MakeDatetime(min(types, key=str), zone), UNITS["us"], counts
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
