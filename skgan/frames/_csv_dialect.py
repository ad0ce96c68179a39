"""How a CSV file is written: encoding, separator, decimal mark, quotes, line ends."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from io import StringIO

from skgan._estimator import persistent

_SEPARATORS = ",;\t|"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Text has none of these signs, and bytes that are no text soon have some.
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x9f]")
_N_LOOKED_AT = 200
_NAMES = {"\t": "tab", " ": "space"}
_DIGITS = r"[+-]?[0-9]+"
_GROUPED = r"[+-]?[1-9][0-9]{0,2}(?:%s[0-9]{3})+"


@persistent()
@dataclass
class CsvDialect:
    """What a CSV file is read by, and written by again."""

    separator: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    line_end: str = "\n"
    is_quoted: bool = False  # whether every cell is

    @property
    def thousands(self) -> str:
        """What may stand between groups of three digits."""
        return "." if self.decimal == "," else ","

    def __str__(self) -> str:
        separator = _NAMES.get(self.separator, repr(self.separator))
        return f"separator {separator}, decimal {self.decimal!r}, {self.encoding}"


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a file and its encoding, which is found out if it is None."""
    if encoding is not None:
        try:
            return data.decode(encoding), encoding
        except LookupError:
            raise ValueError(f"there is no encoding {encoding!r}") from None
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name), name
    for name in ("utf-8", "cp1252"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if name != "utf-8" and _NO_TEXT.search(text):
            break
        # Both agree on all that is in Latin-1, which is the better known name.
        if name == "cp1252" and all(ord(sign) < 256 for sign in set(text)):
            name = "latin-1"
        return text, name
    raise ValueError("it is no text of UTF-8, UTF-16 or Latin-1; name its encoding")


def guess_dialect(
    text: str,
    encoding: str,
    separator: str | None = None,
    decimal: str | None = None,
    like: CsvDialect | None = None,
) -> CsvDialect:
    """Return the dialect of a text; where `like` fits, its marks are preferred."""
    start = _first_lines(text)
    line_end = "\r\n" if "\r\n" in start else "\n"
    preferred = None if like is None else like.separator
    if separator is None:
        separator = _guess_separator(start, preferred)
    lines = _split(start, separator)
    if decimal is None:
        decimal = _guess_decimal(lines, separator, like)
    is_quoted = bool(lines) and start == render(
        lines, CsvDialect(separator, line_end=line_end, is_quoted=True)
    )
    return CsvDialect(separator, encoding, decimal, line_end, is_quoted)


def _first_lines(text: str) -> str:
    """Return a start of a text that ends with a line, if it has many."""
    end = -1
    for _ in range(_N_LOOKED_AT):
        following = text.find("\n", end + 1)
        if following < 0:
            return text
        end = following
    return text[: end + 1]


def _split(text: str, separator: str) -> list[list[str]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    try:
        return [line for line in reader if line]
    except csv.Error:
        return []


def _guess_separator(text: str, preferred: str | None) -> str:
    """Return what splits most lines into as many cells as the first one."""
    best, best_rank = ",", (0.0, False, 0)
    for separator in dict.fromkeys(f"{preferred or ''}{_SEPARATORS}"):
        lines = _split(text, separator)
        width = len(lines[0]) if lines else 0
        if width < 2:
            continue
        share = sum(len(line) == width for line in lines) / len(lines)
        rank = (round(share, 1), separator == preferred, width)
        if rank > best_rank:
            best, best_rank = separator, rank
    return best


def _guess_decimal(lines: list, separator: str, like: CsvDialect | None) -> str:
    """Return the mark by which more columns hold nothing but numbers."""
    counts = dict.fromkeys(".,", 0)
    for cells in zip(*lines[1:], strict=False):
        present = {cell.strip() for cell in cells} - {""}
        marked = {cell for cell in present if "," in cell or "." in cell}
        for decimal, thousands in ((".", ","), (",", ".")):
            pattern = re.compile(
                rf"(?:{_DIGITS}|{_GROUPED % re.escape(thousands)})"
                rf"(?:{re.escape(decimal)}[0-9]*)?(?:[eE][+-]?[0-9]+)?"
            )
            fits = {cell for cell in marked if pattern.fullmatch(cell)}
            counts[decimal] += bool(fits) and fits == marked
    if counts["."] != counts[","]:
        return max(counts, key=lambda mark: counts[mark])
    if like is not None:
        return like.decimal
    # Where all of 1,234 could be either, a semicolon tells that commas are in use.
    return "," if counts[","] and separator == ";" else "."


def render(lines, dialect: CsvDialect) -> str:
    """Return lines of cells as text."""
    buffer = StringIO()
    writer = csv.writer(
        buffer,
        delimiter=dialect.separator,
        lineterminator=dialect.line_end,
        quoting=csv.QUOTE_ALL if dialect.is_quoted else csv.QUOTE_MINIMAL,
    )
    for line in lines:
        if tuple(line) == ("",) and not dialect.is_quoted:
            buffer.write(dialect.line_end)  # which is a row where there is one column
        else:
            writer.writerow(line)
    return buffer.getvalue()
