"""Columns of a CSV file: cells as values of a kind, and values in the cells' spelling.

A column is of the first kind that all of its cells are spelled as, but for those that
are missing. What is spelled as no kind, such as 007, is text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.frames._csv_dialect import CsvDialect

# Spellings of what is missing that need not be repeated to be known, in lower case.
_UNKNOWN = {
    *("?", "-", "--", ".", "..", "n/a", "#n/a", "na", "n.a.", "n.a", "nan", "null"),
    *("none", "unknown", "missing", "\\n", "<na>", "nil", "*"),
}
_MAX_TOKENS = 2
_MIN_NUMBERS = 10  # among which a word that is repeated can only mean missing
_TRUTHS = (("true", "false"), ("True", "False"), ("TRUE", "FALSE"))
_ZONE = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$")
_FRACTION = re.compile(r"\.([0-9]{1,9})$")
_DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%-d.%-m.%Y"),
    *("%m/%d/%Y", "%d/%m/%Y", "%-m/%-d/%Y", "%-d/%-m/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%-d %B %Y", "%B %-d, %Y"),
    *("%m/%d/%y", "%d/%m/%y", "%-m/%-d/%y", "%-d/%-m/%y", "%d.%m.%y", "%d-%b-%y"),
)
# Times of day, which are moments of the first of January 1900.
_CLOCKS = ("%H:%M:%S", "%H:%M", "%-H:%M:%S", "%-H:%M", "%I:%M %p", "%-I:%M %p")
_MOMENT = re.compile(
    r"(?:[^0-9]*[0-9]){5}.*|[0-9]+([/.-])\w+\1[0-9]+.*|[0-9]+:[0-9]{2}.*"
)
_TIMES = (
    *("", " %H:%M:%S", "T%H:%M:%S", " %H:%M", "T%H:%M", " %-H:%M", " %-H:%M:%S"),
    *(" %I:%M %p", " %-I:%M %p", " %-I:%M:%S %p"),
)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_MONTH_FIRST = ("%m/%d/%Y", "%-m/%-d/%Y", "%m/%d/%y", "%-m/%-d/%y")
KINDS = {
    "whole": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "moment": "a date",
    "text": "text",
}


@persistent()
@dataclass
class CsvColumn:
    """What the cells of a column are, and how they are spelled."""

    name: str
    header: str  # as in the file, where names may be repeated or empty
    kind: str = "text"  # a key of `KINDS`, or "row" for a running number
    # Spellings of what is missing, and how often each is used.
    missing: list = field(default_factory=list)
    space: str = ""  # that stands before every value
    start: int = 0  # of a running number
    is_grouped: bool = False  # whether thousands are kept apart
    has_plus: bool = False
    decimals: tuple = (0, 0)  # fewest and most places of decimals
    has_zero: bool = True  # whether a zero stands before the mark, as in 0.5
    truths: tuple = _TRUTHS[0]
    moment: str = ""  # as for strftime
    places: int = 0  # of fractions of a second
    zone: str = ""
    is_category: bool = False


class CsvCells:
    """The different cells of a column, how often each occurs, and where."""

    def __init__(self, texts: Any):
        pandas = import_module("pandas")
        self.codes, unique = pandas.factorize(np.asarray(texts, dtype=object))
        self.unique = [str(text) for text in unique]
        self.counts = np.bincount(self.codes, minlength=len(self.unique))

    @classmethod
    def of_levels(cls, levels: Sequence[str], counts: NDArray) -> CsvCells:
        """Return cells of which only the different ones and their numbers are known."""
        cells = cls.__new__(cls)
        cells.codes, cells.unique, cells.counts = counts[:0], list(levels), counts
        return cells

    def values(self, converted: Sequence, dtype: Any) -> Any:
        """Return a Series of what the different cells stand for."""
        pandas = import_module("pandas")
        series = pandas.Series(converted, dtype=dtype)
        return series.take(self.codes).reset_index(drop=True)


def learn_column(
    name: str,
    header: str,
    cells: CsvCells,
    dialect: CsvDialect,
    tokens: Sequence[str] | None,
    is_text: bool,
) -> tuple[CsvColumn, str]:
    """Return what a column is, and what of its spelling is lost."""
    column, others, fits = CsvColumn(name, header), set(tokens or ()), []
    present = [text for text in cells.unique if text.strip() not in {"", *others}]
    for kind in () if is_text else ("whole", "number", "boolean", "moment"):
        trial = CsvColumn(name, header, kind)
        fits = _fitting(kind, present, dialect)
        unfit = set(present) - set(fits)
        if not fits or not _are_tokens(unfit, fits, cells, tokens):
            continue
        trial.space = " " if all(text[0] == " " for text in fits) else ""
        if _LEARN[kind](trial, [text.strip() for text in fits], dialect):
            column, others = trial, others | {text.strip() for text in unfit}
            break
    is_blank = str.strip if column.kind != "text" else str
    column.missing = [
        [text, int(n)]
        for text, n in zip(cells.unique, cells.counts, strict=True)
        if text.strip() in others or not is_blank(text)
    ]
    return column, "" if column.kind == "text" else _loss(column, fits, dialect)


def _loss(column: CsvColumn, texts: list[str], dialect: CsvDialect) -> str:
    """Say which cells would be written otherwise than they were read."""
    values = import_module("pandas").Series(parse_texts(column, texts, dialect)[0])
    spelled = _spell(column, values, dialect)
    changed = [(a, b) for a, b in zip(texts, spelled, strict=True) if a != b]
    if not changed:
        return ""
    (old, new), more = changed[0], len(changed) - 1
    others = f", and {more} more alike" if more else ""
    return f"{old!r} of {column.name!r} is written as {new!r}{others}"


def _are_tokens(others: set, fits: list, cells: CsvCells, tokens) -> bool:
    """Whether cells that are spelled otherwise stand for what is missing."""
    if not others:
        return True
    if tokens is not None:
        return False  # the user has said what stands for missing
    unknown = {text for text in others if text.strip().lower() not in _UNKNOWN}
    counts = dict(zip(cells.unique, cells.counts, strict=True))
    are_words = all(
        counts[text] > 1 and len(text) <= 20 and not re.search("[0-9]", text)
        for text in unknown
    )
    n_needed = _MIN_NUMBERS if unknown else 2
    return len(others) <= _MAX_TOKENS and are_words and len(fits) >= n_needed


def _fitting(kind: str, texts: list[str], dialect: CsvDialect) -> list[str]:
    if kind == "moment":
        return [text for text in texts if _MOMENT.fullmatch(text.strip())]
    if kind == "boolean":
        truths = {text for pair in _TRUTHS for text in pair}
        return [text for text in texts if text.strip() in truths]
    pattern = _number_pattern(dialect.decimal, kind == "whole")
    return [text for text in texts if pattern.fullmatch(text.strip())]


@cache
def _number_pattern(decimal: str, is_whole: bool) -> re.Pattern:
    """Return what numbers look like; none begins with a zero that says nothing."""
    mark, group = re.escape(decimal), re.escape(CsvDialect(decimal=decimal).thousands)
    whole = rf"(?:0|[1-9][0-9]*|[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+)"
    if is_whole:
        return re.compile(rf"[+-]?{whole}")
    return re.compile(
        rf"[+-]?(?:{whole}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    )


def _learn_whole(column: CsvColumn, texts: list, dialect: CsvDialect) -> bool:
    _learn_marks(column, texts, dialect)
    # Beyond neither 64 bits nor a float would keep them.
    return all(-(2**63) <= _whole(text, dialect) < 2**63 for text in texts)


def _learn_number(column: CsvColumn, texts: list, dialect: CsvDialect) -> bool:
    _learn_marks(column, texts, dialect)
    mantissas = [re.split("[eE]", text) for text in texts]
    places = [len(parts[0].partition(dialect.decimal)[2]) for parts in mantissas]
    has_powers = any(len(parts) > 1 for parts in mantissas)
    column.decimals = (0, 17) if has_powers else (min(places), max(places))
    column.has_zero = not any(
        text.lstrip("+-").startswith(dialect.decimal) for text in texts
    )
    # Whole numbers too long for int64 are names of things.
    return max(places) > 0 or has_powers


def _learn_marks(column: CsvColumn, texts: list, dialect: CsvDialect) -> None:
    column.is_grouped = any(dialect.thousands in text for text in texts)
    column.has_plus = any(text.startswith("+") for text in texts)


def _learn_boolean(column: CsvColumn, texts: list, dialect: CsvDialect) -> bool:
    for pair in _TRUTHS:
        if set(texts) <= set(pair):
            column.truths = pair
            return True
    return False


def _learn_moment(column: CsvColumn, texts: list, dialect: CsvDialect) -> bool:
    zones = {_zone_of(text) for text in texts}
    if len(zones) == 1:
        (column.zone,) = zones
        fractions = [_FRACTION.search(text.removesuffix(column.zone)) for text in texts]
        is_timed = ":" in texts[0]
        column.places = max(len(f[1]) if f and is_timed else 0 for f in fractions)
        for pattern in _moment_patterns(texts[0], dialect):
            column.moment = pattern
            parsed = _parse_moments(column, texts)
            if not parsed.isna().any() and _spell_moments(column, parsed) == texts:
                return True
    if not all(_ISO.fullmatch(text) for text in texts):
        return False
    # All are moments, though they are not spelled alike.
    column.moment = "%Y-%m-%d %H:%M:%S"
    column.zone = "+00:00" if any(zones) else ""
    return not _as_iso(column, texts).isna().any()


def _zone_of(text: str) -> str:
    match = _ZONE.search(text) if re.search(r"\d:\d\d", text) else None
    return match[0] if match else ""


def _moment_patterns(text: str, dialect: CsvDialect) -> list[str]:
    """Return the spellings of moments that a text may have."""
    text = text.removesuffix(_zone_of(text))
    text = _FRACTION.sub("", text) if ":" in text else text
    patterns = []
    for pattern in (*(date + time for date in _DATES for time in _TIMES), *_CLOCKS):
        try:
            datetime.strptime(text, pattern.replace("%-", "%"))
        except ValueError:
            continue
        patterns.append(pattern)
    if dialect.decimal == "," or dialect.separator == ";":
        # Where commas mark decimals, days come before months.
        patterns.sort(key=lambda pattern: pattern.startswith(_MONTH_FIRST))
    return patterns


def _parse_moments(column: CsvColumn, texts: Sequence[str]) -> Any:
    """Return moments of the column's own spelling, NaT for others."""
    pandas = import_module("pandas")
    pattern = column.moment.replace("%-", "%") + (".%f" if column.places else "")
    zone = column.zone
    plain = [text.removesuffix(zone) if text.endswith(zone) else "" for text in texts]
    parsed = pandas.Series(
        pandas.to_datetime(plain, format=pattern or "ISO8601", errors="coerce")
    )
    return parsed.dt.tz_localize(zone_info(zone)) if zone else parsed


def _as_iso(column: CsvColumn, texts: Sequence[str]) -> Any:
    """Return moments of any spelling that begins with the year, NaT for others."""
    pandas = import_module("pandas")
    texts = [text if _ISO.fullmatch(text) else "" for text in texts]
    if column.zone:
        # A moment that is typed without a zone is local time.
        texts = [_with_zone(text, column.zone) if text else "" for text in texts]
    parsed = pandas.Series(
        pandas.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    )
    zone = zone_info(column.zone) if column.zone else None
    return parsed.dt.tz_convert(zone) if zone else parsed.dt.tz_localize(None)


def _with_zone(text: str, zone: str) -> str:
    if _zone_of(text):
        return text
    return text + ("" if ":" in text else "T00:00:00") + zone


def _parse_all_moments(column: CsvColumn, texts: Sequence[str]) -> list:
    parsed = _parse_moments(column, texts)
    if parsed.isna().any():
        parsed = parsed.fillna(_as_iso(column, texts))
    if parsed.isna().any() and ":" in column.moment + column.zone:
        # A day, or a time without a zone, in the column's own spelling.
        date = re.split(r"[ T]%-?[HI]", column.moment)[0]
        for pattern in (column.moment, date):
            plain = replace(column, moment=pattern, zone="", places=0)
            local = _parse_moments(plain, texts)
            if column.zone:
                local = local.dt.tz_localize(zone_info(column.zone))
            parsed = parsed.fillna(local)
    return list(parsed)


def zone_info(text: str) -> Any:
    """Return the zone of an offset such as +02:00."""
    if text in ("Z", "+00:00", "+0000"):
        return "UTC"
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _spell_moments(column: CsvColumn, moments: Any) -> list[str]:
    """Return moments that are present in the column's spelling."""
    bare = set(re.findall("%-([a-zA-Z])", column.moment))
    result = []
    for moment in moments:
        pattern = column.moment
        for sign in bare:  # numbers without a zero before them
            number = int(moment.strftime(f"%{sign}"))
            pattern = pattern.replace(f"%-{sign}", str(number))
        text = moment.strftime(pattern)
        if column.places:
            nanoseconds = moment.microsecond * 1000 + getattr(moment, "nanosecond", 0)
            text += f".{nanoseconds:09d}"[: column.places + 1]
        result.append(text + column.zone)
    return result


_LEARN = {
    "whole": _learn_whole,
    "number": _learn_number,
    "boolean": _learn_boolean,
    "moment": _learn_moment,
}


def _whole(text: str, dialect: CsvDialect) -> int:
    return int(text.replace(dialect.thousands, ""))


def _number(text: str, dialect: CsvDialect) -> float:
    return float(text.replace(dialect.thousands, "").replace(dialect.decimal, "."))


def parse_texts(
    column: CsvColumn, texts: Sequence[str], dialect: CsvDialect
) -> tuple[list, list[str]]:
    """Return the values of different cells, None for missing, and those that fit not.

    A word that is known to stand for what is missing does, unless the column is text.
    """
    values: list[Any] = [None] * len(texts)
    wrong: list[str] = []
    spellings = {"", *(text for text, _ in column.missing)}
    bare = {text.strip() for text in spellings}
    places = [
        i
        for i, text in enumerate(texts)
        if text not in spellings and (text.strip() not in bare or column.kind == "text")
    ]
    if column.kind == "moment":
        parsed = _parse_all_moments(column, [texts[i].strip() for i in places])
        for i, moment in zip(places, parsed, strict=True):
            values[i] = moment if moment == moment else None  # NaT is not itself
    for i in places:
        try:
            if column.kind != "moment":
                values[i] = parse_text(column, texts[i], dialect)
        except ValueError:
            continue
    for i in places:
        if values[i] is None and texts[i].strip().lower() not in _UNKNOWN:
            wrong.append(texts[i])
    return values, wrong


def parse_text(column: CsvColumn, text: str, dialect: CsvDialect) -> Any:
    """Return the value of one cell; raise a ValueError if it is of another kind."""
    if column.kind == "text":
        return text
    text = text.strip()
    if column.kind == "boolean":
        truths = {"true": True, "false": False, "1": True, "0": False}
        if text.lower() in truths:
            return truths[text.lower()]
    elif column.kind == "moment":
        moment = _parse_all_moments(column, [text])[0]
        if moment == moment:
            return moment
    elif _number_pattern(dialect.decimal, True).fullmatch(text):
        whole = _whole(text, dialect)
        return whole if column.kind == "whole" else float(whole)
    elif _number_pattern(dialect.decimal, False).fullmatch(text):
        return _number(text, dialect)
    raise ValueError(f"{text!r} is not {KINDS[column.kind]}")


def words_for_missing(column: CsvColumn, cells: CsvCells) -> list[str]:
    """Return the words that are read as missing though `fit` saw none of them."""
    declared = {text.strip() for text, _ in column.missing}
    unique = {text.strip() for text in cells.unique} - declared
    return [t for t in unique if column.kind != "text" and t.lower() in _UNKNOWN]


def read_column(
    column: CsvColumn, cells: CsvCells, dialect: CsvDialect
) -> tuple[Any, list[str]]:
    """Return a column as a Series, and the cells that do not fit."""
    values, wrong = parse_texts(column, cells.unique, dialect)
    dtypes = {"number": "Float64", "boolean": "boolean", "text": "string"}
    dtype = dtypes.get(column.kind)
    if wrong:
        return None, wrong
    if column.kind == "whole":
        is_whole = all(isinstance(value, int | None) for value in values)
        dtype = "Int64" if is_whole else "Float64"
    elif column.kind == "moment":
        values = import_module("pandas").to_datetime(values)
    series = cells.values(values, dtype)
    return (series.astype("category") if column.is_category else series), wrong


def spell_column(column: CsvColumn, series: Any, dialect: CsvDialect) -> list[str]:
    """Return a column as cells."""
    missing = series.isna().to_numpy()
    present = series[~missing]
    pandas = import_module("pandas")
    codes, unique = pandas.factorize(present)
    unique = pandas.Series(unique)
    spelled = np.array(_spell(column, unique, dialect), dtype=object)
    cells = np.empty(len(series), dtype=object)
    if len(present):
        cells[~missing] = spelled[codes]
    cells[missing] = _spell_missing(column, int(missing.sum()))
    return cells.tolist()


def _spell(column: CsvColumn, unique: Any, dialect: CsvDialect) -> list[str]:
    if column.kind == "moment" and unique.dtype.kind == "M":
        cells = _spell_moments(column, unique)
    elif column.kind == "boolean":
        cells = [column.truths[0 if value else 1] for value in unique]
    elif column.kind in ("whole", "number"):
        cells = [_spell_number(column, value, dialect) for value in unique.tolist()]
    else:
        return [str(value) for value in unique]
    return [column.space + cell for cell in cells]


def _spell_number(column: CsvColumn, value: float, dialect: CsvDialect) -> str:
    fewest, most = column.decimals
    group = "," if column.is_grouped else ""
    if isinstance(value, int) or column.kind == "whole":
        text = f"{int(value):{group}d}"
    else:
        text = repr(value)
        if "e" in text and most >= 17:
            return text.replace(".", dialect.decimal)
        places = len(text.partition(".")[2]) if "e" not in text else most
        whole, _, fraction = f"{value:{group}.{min(places, most)}f}".partition(".")
        fraction = fraction.rstrip("0").ljust(fewest, "0")
        text = f"{whole}.{fraction}" if fraction else whole
    if not column.has_zero:
        text = re.sub(r"^(-?)0\.", r"\1.", text)
    if column.has_plus and value > 0:
        text = f"+{text}"
    return text.translate({ord("."): dialect.decimal, ord(","): dialect.thousands})


def _spell_missing(column: CsvColumn, n: int) -> list[str]:
    """Return `n` cells for what is missing, each spelling in its share."""
    if not column.missing:
        return [""] * n
    spellings = [text for text, _ in column.missing]
    shares = np.cumsum([count for _, count in column.missing], dtype=float)
    # Multiples of the golden section, which lie evenly for every n.
    places = (np.arange(1, n + 1) * 0.6180339887498949) % 1.0
    chosen = np.searchsorted(shares / shares[-1], places, side="right")
    return [spellings[i] for i in chosen.clip(max=len(spellings) - 1)]
