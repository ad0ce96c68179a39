"""Values of other libraries that columns hold: moments, zones, dtypes, indexes.

pandas and polars are imported for files whose estimator was fitted on their frames,
and by the names that stand here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from skgan.io import _pandas_values as _pandas
from skgan.io import _polars_values as _polars
from skgan.storage import ContentError, ValueDecoder, ValueEncoder

_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,3}")
_DECIMAL = re.compile(r"-?(\d{1,200}(\.\d{1,200})?(E[+-]?\d{1,6})?|s?NaN|Infinity)")


def encode(value: Any, encoder: ValueEncoder) -> Any:
    """Return the node of one of these values; None for any other."""
    kind = type(value)
    if kind is datetime.datetime:
        fields = [*value.timetuple()[:6], value.microsecond, value.fold]
        return {"datetime": [fields, encode_zone(value.tzinfo, encoder)]}
    if kind is datetime.date:
        return {"date": [value.year, value.month, value.day]}
    if kind is datetime.time:
        fields = [value.hour, value.minute, value.second, value.microsecond, value.fold]
        return {"time": [fields, encode_zone(value.tzinfo, encoder)]}
    if kind is datetime.timedelta:
        return {"timedelta": [value.days, value.seconds, value.microseconds]}
    if kind is Decimal and _DECIMAL.fullmatch(str(value)):
        return {"decimal": str(value)}
    if kind is UUID:
        return {"uuid": value.hex}
    if isinstance(value, datetime.tzinfo):
        return {"zone": encode_zone(value, encoder)}
    if value is datetime.datetime:
        return {"moment": "datetime"}
    owner = value if isinstance(value, type) else kind
    library = owner.__module__.partition(".")[0]
    if library == "pandas":
        return _pandas.encode(value, encoder)
    if library == "polars":
        return _polars.encode(value, encoder)
    return None


def encode_zone(zone: datetime.tzinfo | None, encoder: ValueEncoder) -> Any:
    """Return a time zone as None, a name or seconds from UTC."""
    if zone is None:
        return None
    if zone is datetime.UTC:
        return ["utc"]
    if type(zone) is datetime.timezone:
        offset = zone.utcoffset(None)
        seconds = offset // datetime.timedelta(seconds=1)
        if datetime.timedelta(seconds=seconds) == offset:
            return ["offset", seconds]
    name = zone.key if type(zone) is ZoneInfo else getattr(zone, "zone", None)
    library = type(zone).__module__.partition(".")[0]
    if not isinstance(name, str) or library not in ("zoneinfo", "pytz"):
        raise encoder.refusal(f"in the time zone {zone!r:.80}")
    return [library, name]


def decode_zone(node: Any) -> datetime.tzinfo | None:
    """Return a time zone; its name is looked up among those of the system."""
    if node is None:
        return None
    if not isinstance(node, list) or not 1 <= len(node) <= 2:
        raise ContentError(f"{node!r:.80} is no time zone.")
    kind, name = node[0], node[-1]
    if node == ["utc"]:
        return datetime.UTC
    if kind == "offset" and type(name) is int and abs(name) < 86400:
        return datetime.timezone(datetime.timedelta(seconds=name))
    if isinstance(name, str) and _ZONE.fullmatch(name):
        if kind == "zoneinfo":
            return ZoneInfo(name)
        if kind == "pytz":
            zone: datetime.tzinfo = import_module("pytz").timezone(name)
            return zone
    raise ContentError(f"{node!r:.80} is no time zone.")


def _integers(node: Any, decoder: ValueDecoder, length: int) -> list[Any]:
    parts = decoder.parts(node, length)
    if not all(type(part) is int and abs(part) < 2**40 for part in parts):
        raise ContentError(f"{node!r:.80} are no whole numbers.")
    return parts


def _datetime(node: Any, decoder: ValueDecoder) -> datetime.datetime:
    fields, zone = decoder.parts(node, 2)
    *fields, fold = _integers(fields, decoder, 8)
    moment = datetime.datetime(*fields)
    return moment.replace(tzinfo=decode_zone(zone), fold=fold)


def _time(node: Any, decoder: ValueDecoder) -> datetime.time:
    fields, zone = decoder.parts(node, 2)
    *fields, fold = _integers(fields, decoder, 5)
    return datetime.time(*fields).replace(tzinfo=decode_zone(zone), fold=fold)


def _decimal(node: Any, decoder: ValueDecoder) -> Decimal:
    if not _DECIMAL.fullmatch(decoder.text(node)):
        raise ContentError(f"{node!r:.80} is no decimal number.")
    return Decimal(node)


def _moment(node: Any, decoder: ValueDecoder) -> Any:
    if node == "datetime":
        return datetime.datetime
    if node == "Timestamp":
        return import_module("pandas").Timestamp
    raise ContentError(f"{node!r:.80} is no kind of moment.")


DECODERS: dict[str, Callable[[Any, Any], Any]] = {
    "datetime": _datetime,
    "date": lambda node, decoder: datetime.date(*_integers(node, decoder, 3)),
    "time": _time,
    "timedelta": lambda node, decoder: datetime.timedelta(*_integers(node, decoder, 3)),
    "decimal": _decimal,
    "uuid": lambda node, decoder: UUID(hex=decoder.text(node)),
    "zone": lambda node, decoder: decode_zone(node),
    "moment": _moment,
    **_pandas.DECODERS,
    **_polars.DECODERS,
}
