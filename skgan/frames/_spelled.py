"""Texts that spell dates or numbers: read as such, and written in the same spelling.

A file that is read without being told of its dates, or whose numbers have a currency, a
percent sign or a word for what is missing, has columns of text. They are learnt as what
they spell, if every one of them can be written again as it was read.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.frames._csv_columns import (
    KINDS,
    CsvCells,
    CsvColumn,
    learn_column,
    parse_texts,
    spell_column,
    zone_info,
)
from skgan.frames._csv_dialect import CsvDialect
from skgan.frames._formats import UNITS, ColumnFormat, RawColumn

# Texts of so few different values are levels, whatever they spell.
_MAX_LEVELS = 20
_MIN_LEVELS = 5
_N_TRIED = 100
_DIALECTS = (CsvDialect(), CsvDialect(separator=";", decimal=","))
_CURRENCY = "[$€£¥₹₩]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD"
# Units that may stand at the last digit; behind a space any word is one.
_UNITS = "[kmµu]?g|lbs?|oz|[kcm]?m|mi|ft|yd|[cm]?[lL]|hrs?|h|min|m?s|km/h|mph|m/s|px|"
_UNITS += "[kKMGT]B|[kMG]?Hz|[kM]?Wh?|m?V|mAh?|kcal|k?J|hp|cc|h?Pa|ppm|bn|mn|[kKM]"
_AFFIXED = re.compile(
    rf"(?P<before>(?:{_CURRENCY})?\s?)[0-9.,+-]*[0-9]"
    rf"(?P<behind>\s?(?:%|‰|°[CF]?|{_UNITS}|{_CURRENCY})|\s[^\W\d]{{1,8}}|)"
)
# A rounded number below zero, -0.00, is zero.
_NO_SIGN = re.compile(r"^-(?=[0.,]*$)")
_LAST = np.datetime64("9999-12-31T23:59:59.999999", "us")
_KINDS = ("whole", "number", "moment")
# What may stand around numbers below zero, their affixes included: -$5, ($5).
_NEGATIVE = (("-", ""), ("(", ")"))


@persistent()
class Affixes(NamedTuple):
    """What stands around every number, and what marks those below zero.

    A space before all of it is part of the number's own spelling.
    """

    before: str = ""
    behind: str = ""
    # None if a minus stands at the digits, as it does in 5 and -5.
    negative: tuple[str, str] | None = None

    @classmethod
    def find(cls, levels: list[str]) -> Affixes:
        """Return what stands around the first number; nothing if there is none."""
        for level in levels[:_N_TRIED]:
            bare = _without(level.removeprefix(" "), ("(", ")"))
            match = _AFFIXED.fullmatch(bare.removeprefix("-"))
            if match:
                before, behind = match["before"], match["behind"]
                break
        else:
            return cls()
        for opening, closing in _NEGATIVE:
            if opening == "-" and not before.strip():
                continue
            start, end = opening + before, behind + closing
            if any(
                text.removeprefix(" ").startswith(start) and text.endswith(end)
                for text in levels
            ):
                return cls(before, behind, (opening, closing))
        return cls(before, behind)

    def say_amount(self, levels: list[str]) -> bool:
        """Tell whether whole numbers are amounts, not names, by what is around them."""
        if (self.before + self.behind).strip():
            return True
        are_all_below = all(text.lstrip().startswith("(") for text in levels)
        return self.negative is not None and not are_all_below

    def strip(self, text: str) -> str:
        """Return the number; none of a text that lacks what stands around it."""
        bare = text.removeprefix(" ")
        space, sign, body = text[: len(text) - len(bare)], "", bare
        if self.negative is not None:
            body = _without(bare, self.negative)
            sign = "-" if body != bare else ""
        before, behind = self.before, self.behind
        if body.startswith(before) and body.endswith(behind):
            body = body[len(before) : len(body) - len(behind)]
            if self.negative is None or not body.startswith("-"):
                return space + _NO_SIGN.sub("", sign + body)
        return f"{text} 0" if re.search("[0-9]", text) else text

    def add(self, text: str) -> str:
        """Return a number with what stands around it."""
        bare, (opening, closing) = text.removeprefix(" "), ("", "")
        space = text[: len(text) - len(bare)]
        if self.negative is not None and bare.startswith("-"):
            (opening, closing), bare = self.negative, bare[1:]
        return f"{space}{opening}{self.before}{bare}{self.behind}{closing}"


def _without(text: str, around: tuple[str, str]) -> str:
    opening, closing = around
    is_around = text.startswith(opening) and text.endswith(closing)
    return text[len(opening) : len(text) - len(closing)] if is_around else text


@persistent()
class ToSpelled:
    """Numbers or moments to the texts that spell them, in a column of texts.

    Parameters
    ----------
    column : CsvColumn
        How values are spelled, and words that stand for what is missing.
    dialect : CsvDialect
        Its marks of decimals and thousands.
    affixes : Affixes
        What stands around every number, such as "$".
    n_missing : int
        Cells that held nothing, beside words.
    to_text : object
        Makes columns of texts, as those of levels do.
    """

    def __init__(self, column, dialect, affixes, n_missing, to_text):
        self.column = column
        self.dialect = dialect
        self.affixes = affixes
        self.n_missing = n_missing
        self.to_text = to_text

    def __call__(self, raw: NDArray, missing: NDArray) -> Any:
        """Return a column of texts; what is missing has the commonest word for it."""
        pandas = import_module("pandas")
        texts = np.empty(len(raw), dtype=object)
        values = pandas.Series(self._values(raw[~missing]))
        spelled = spell_column(self.column, values, self.dialect)
        texts[~missing] = [self.affixes.add(text) for text in spelled]
        words = [*self.column.missing, [None, self.n_missing]]
        texts[missing] = max(words, key=lambda word: word[1])[0]
        is_missing = np.array([text is None for text in texts.tolist()], dtype=bool)
        return self.to_text.from_objects(texts, is_missing)

    def _values(self, raw: NDArray) -> NDArray:
        if self.column.kind == "moment":
            moments = np.asarray(raw, dtype=np.int64).view(f"M8[{self._unit}]")
            # By a rounding the last moment that can be spelled may be passed.
            return np.minimum(moments, _LAST) if self._unit == "us" else moments
        # Zeros have no sign: with one, the first would decide on that of all.
        return (
            np.rint(raw).astype(np.int64) if self.column.kind == "whole" else raw + 0.0
        )

    @property
    def _unit(self) -> str:
        return "ns" if self.column.places > 6 else "us"

    def read(self, raw_column: RawColumn, name: Hashable) -> RawColumn:
        """Return texts as what they spell; a ValueError tells of those that do not."""
        levels = raw_column.column_format.levels
        is_present = np.zeros(len(levels), dtype=bool)
        is_present[raw_column.raw[~raw_column.missing]] = True
        texts = [str(levels[i]) for i in np.flatnonzero(is_present)]
        bodies = [self.affixes.strip(text) for text in texts]
        parsed, wrong = parse_texts(self.column, bodies, self.dialect)
        if wrong:
            text, kind = texts[bodies.index(wrong[0])], KINDS[self.column.kind]
            raise ValueError(
                f"Column {name!r} holds {text!r}, which is not {kind}, as the texts "
                "before were. Correct it, or cast the column to a categorical dtype in "
                "all rows, those of fit included, so that its texts are levels."
            )
        # Behind the last one stands what is missing.
        numbers = self._numbers([*parsed, None])
        gone = np.array([value is None for value in [*parsed, None]])
        places = np.full(len(levels) + 1, len(parsed))
        places[np.flatnonzero(is_present)] = np.arange(len(parsed))
        codes = places[np.where(raw_column.missing, -1, raw_column.raw)]
        is_moment = self.column.kind == "moment"
        column_format = ColumnFormat(
            "time" if is_moment else "number",
            self,
            storage=numbers.dtype,
            unit=UNITS[self._unit] if is_moment else 1,
        )
        return RawColumn(column_format, numbers[codes], gone[codes])

    def is_word(self, text: str) -> bool:
        """Tell whether a text stands for what is missing."""
        return text in {word for word, _ in self.column.missing}

    def parse(self, text: str) -> Any:
        """Return what one text of the user's spells; other texts as they are."""
        body = self.affixes.strip(text)
        (value,), _ = parse_texts(self.column, [body], self.dialect)
        if value is None:
            return text
        is_zoned = getattr(value, "tzinfo", None) is not None
        return value.tz_localize(None) if is_zoned else value

    def _numbers(self, values: list) -> NDArray:
        """Return numbers, or whole counts of the unit of time; 0 for None."""
        if self.column.kind != "moment":
            dtype = np.int64 if self.column.kind == "whole" else np.float64
            return np.array([0 if v is None else v for v in values], dtype=dtype)
        pandas = import_module("pandas")
        zone = self.column.zone
        moments = pandas.to_datetime(
            pandas.Series(values, dtype=object), utc=bool(zone)
        )
        if zone:
            moments = moments.dt.tz_convert(zone_info(zone)).dt.tz_localize(None)
        counts = moments.to_numpy().astype(f"M8[{self._unit}]")
        return np.where(np.isnat(counts), 0, counts.view(np.int64))


def read_spelled(raw_column: RawColumn, name: Hashable) -> RawColumn | None:
    """Return a column of texts as the dates or numbers that all spell, else None."""
    column_format, raw, missing = raw_column
    levels = column_format.levels
    if column_format.kind != "level" or column_format.is_closed:
        return None
    n_present = len(raw) - int(missing.sum())
    is_few = len(levels) <= _MAX_LEVELS and 2 * len(levels) <= n_present
    if is_few or len(levels) < _MIN_LEVELS or not find_spec("pandas"):
        return None
    if not all(type(level) is str for level in levels):
        return None
    counts = np.bincount(raw[~missing], minlength=len(levels))
    affixes = Affixes.find(levels)
    bodies, is_affixed = list(map(affixes.strip, levels)), affixes.say_amount(levels)
    for dialect in _DIALECTS:
        column = _learn(name, bodies, counts, dialect, is_affixed)
        if column is not None:
            to_text = column_format.to_column
            spelled = ToSpelled(column, dialect, affixes, int(missing.sum()), to_text)
            result = spelled.read(raw_column, name)
            # The texts themselves are kept nowhere.
            to_text.forget_levels()
            return result
    return None


def _learn(
    name: Hashable,
    bodies: list[str],
    counts: NDArray,
    dialect: CsvDialect,
    is_affixed: bool,
) -> CsvColumn | None:
    """Return how texts spell dates or numbers, if nothing of their spelling is lost."""
    n_tried = min(len(bodies), _N_TRIED)
    few = np.unique(np.linspace(0, len(bodies) - 1, n_tried).astype(int))
    for places in dict.fromkeys((tuple(few.tolist()), tuple(range(len(bodies))))):
        cells = CsvCells.of_levels([bodies[i] for i in places], counts[list(places)])
        column, lost = learn_column(str(name), "", cells, dialect, None, False)
        if column.kind not in _KINDS or lost:
            return None
    # Whole numbers that were left texts are names, such as post codes, unless a sign,
    # a group of digits or a word for what is missing says that they are amounts.
    # Groups between points may be addresses of IP.
    has_words = any(text.strip() for text, _ in column.missing)
    is_grouped = column.is_grouped and dialect.decimal == "."
    is_amount = is_affixed or is_grouped or has_words
    return column if column.kind != "whole" or is_amount else None
