"""Tables in files: a CSV file is written as the one that was read is."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from io import StringIO
from typing import Any, NamedTuple

from skgan._estimator import persistent
from skgan.frames._csv_columns import (
    KINDS,
    CsvCells,
    CsvColumn,
    learn_column,
    read_column,
    spell_column,
    words_for_missing,
)
from skgan.frames._csv_dialect import CsvDialect, decode, guess_dialect, render

_MAX_SHOWN = 4


@persistent()
@dataclass
class TableFormat:
    """How a table is written in a file."""

    dialect: CsvDialect = field(default_factory=CsvDialect)
    columns: list = field(default_factory=list)  # of CsvColumn, in the file's order
    ignored: list = field(default_factory=list)  # names of columns left out
    index: list = field(default_factory=list)  # columns that were a Parquet index

    def column(self, name: Any) -> CsvColumn | None:
        """Return what is known of a column, None if that is nothing."""
        matching = [c for c in self.columns if c.name == str(name) and c.kind != "row"]
        return matching[0] if matching else None


class CsvOptions(NamedTuple):
    """What the user says of a CSV file; None leaves it to be found out."""

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    missing: Sequence[str] | None = None
    categorical: Sequence[str] = ()
    identifiers: Sequence[str] = ()
    ignored: Sequence[str] = ()


class CsvTable(NamedTuple):
    """A frame, how its file was written, what was guessed, and what is lost."""

    frame: Any
    table_format: TableFormat
    guesses: list[str]
    losses: list[str]


def read_csv(
    data: bytes, options: CsvOptions | None = None, like: TableFormat | None = None
) -> CsvTable:
    """Read a table.

    Parameters
    ----------
    data : bytes
        What the file holds.
    options : CsvOptions or None, default=None
        What is known of the file.
    like : TableFormat or None, default=None
        Columns that the file has to have, and what they hold; None finds it out.

    Returns
    -------
    CsvTable

    Raises
    ------
    ValueError
        If the file is no CSV, lacks a column, or holds what a column cannot hold.
    """
    options = options or CsvOptions()
    text, encoding = decode(data, options.encoding)
    dialect = guess_dialect(
        text,
        encoding,
        options.separator,
        options.decimal,
        None if like is None else like.dialect,
    )
    header, columns, losses = _split(text, dialect)
    names, guesses = _name_columns(header)
    if like is None:
        return _learn(names, header, columns, dialect, options, guesses, losses)
    return _match(names, columns, text, dialect, options, like, losses)


def _split(text: str, dialect: CsvDialect) -> tuple[list, list, list]:
    """Return the header, the cells of each column, and what is lost."""
    pandas = import_module("pandas")
    # In a file of one column an empty line is a row.
    is_narrow = not any(dialect.separator in line for line in text.split("\n", 2)[:2])
    frame = pandas.read_csv(
        StringIO(text, newline=""),
        sep=dialect.separator,
        header=None,
        dtype=object,
        na_filter=False,
        skip_blank_lines=not is_narrow,
        engine="c",
        low_memory=False,
    )
    cells = [frame[i].to_numpy(dtype=object) for i in frame.columns]
    header = [str(column[0]) for column in cells]
    columns = [column[1:] for column in cells]
    lines = csv.reader(StringIO(text, newline=""), delimiter=dialect.separator)
    short = sum(0 < len(line) < len(cells) for line in lines)
    rows = "row has" if short == 1 else "rows have"
    losses = [f"{short} {rows} fewer cells than the header"] if short else []
    return header, columns, losses


def _name_columns(header: list[str]) -> tuple[list[str], list[str]]:
    """Return different names for the columns, and what has been renamed."""
    names: list[str] = []
    guesses = []
    for i, title in enumerate(header):
        wanted = title.strip() or f"Unnamed: {i}"
        name, n = wanted, 0
        while name in names or (n and name in header):
            n += 1
            name = f"{wanted}.{n}"
        if n:
            guesses.append(f"another column {wanted!r} goes by {name!r}")
        elif not title.strip():
            guesses.append(f"column {i + 1}, which has no name, goes by {name!r}")
        names.append(name)
    return names, guesses


def _is_running(title: str, place: int, cells: Any) -> bool:
    """Whether a first column without a name numbers the rows."""
    if place or title.strip() or not len(cells) or cells[0] not in ("0", "1"):
        return False
    start = int(cells[0])
    return all(cell == str(i) for i, cell in enumerate(cells, start))


def _learn(
    names: list,
    header: list,
    columns: list,
    dialect: CsvDialect,
    options: CsvOptions,
    guesses: list,
    losses: list,
) -> CsvTable:
    texts = {*options.categorical, *options.identifiers}
    for name in (*texts, *options.ignored):
        if name not in names:
            shown = ", ".join(map(repr, names[:20]))
            raise ValueError(f"there is no column {name!r}; the columns are {shown}")
    formats = []
    series = {}
    for place, (name, title, texts_of) in enumerate(
        zip(names, header, columns, strict=True)
    ):
        if name in options.ignored:
            continue
        if _is_running(title, place, texts_of) and name not in texts:
            formats.append(CsvColumn(name, title, "row", start=int(texts_of[0])))
            guesses = [g for g in guesses if not g.startswith("column 1, which has")]
            guesses.append("the first column numbers the rows and is not learnt")
            continue
        cells = CsvCells(texts_of)
        column, lost = learn_column(
            name, title, cells, dialect, options.missing, name in texts
        )
        column.is_category = name in options.categorical
        losses += [lost] if lost else []
        formats.append(column)
        series[name], _ = read_column(column, cells, dialect)
    guesses += _describe_tokens(formats, options.missing) + _describe_dates(formats)
    frame = import_module("pandas").DataFrame(series)
    table_format = TableFormat(dialect, formats, list(options.ignored))
    return CsvTable(frame, table_format, guesses, losses)


def _describe_tokens(columns: list[CsvColumn], said) -> list[str]:
    """Say which words were taken for missing, and where."""
    places: dict[str, list[str]] = {}
    for column in columns:
        for spelling, _ in column.missing:
            if spelling.strip() and spelling.strip() not in (said or ()):
                places.setdefault(spelling, []).append(column.name)
    return _describe_words(places)


def _describe_words(places: dict[str, list[str]]) -> list[str]:
    return [
        f"{word!r} is read as missing in {_list(names)}"
        for word, names in places.items()
    ]


def _describe_dates(columns: list[CsvColumn]) -> list[str]:
    """Say in which order days and months were read."""
    orders = {"%m/%d": "month/day/year", "%d/%m": "day/month/year"}
    orders |= {"%m-%d": "month-day-year", "%d-%m": "day-month-year"}
    places: dict[str, list[str]] = {}
    for column in columns:
        order = orders.get(column.moment.replace("%-", "%")[:5])
        if column.kind == "moment" and order:
            places.setdefault(order, []).append(column.name)
    return [f"dates in {_list(names)} are {o}" for o, names in places.items()]


def _list(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:_MAX_SHOWN]))
    more = len(names) - _MAX_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _match(
    names: list,
    columns: list,
    text: str,
    dialect: CsvDialect,
    options: CsvOptions,
    like: TableFormat,
    losses: list,
) -> CsvTable:
    places = {name: place for place, name in enumerate(names)}
    wanted = [column for column in like.columns if column.kind != "row"]
    lacking = [column.name for column in wanted if column.name not in places]
    if lacking:
        raise ValueError(
            f"it lacks the columns {_list(lacking)}; it has {_list(names)}"
        )
    series = {}
    tokens = [[token, 1] for token in options.missing or ()]
    words: dict[str, list[str]] = {}
    for column in wanted:
        place = places[column.name]
        cells = CsvCells(columns[place])
        if column.kind == "guess":
            column, _ = learn_column(
                column.name, "", cells, dialect, options.missing, False
            )
        column = replace(column, missing=column.missing + tokens)
        for word in words_for_missing(column, cells):
            words.setdefault(word, []).append(column.name)
        series[column.name], wrong = read_column(column, cells, dialect)
        if wrong:
            line = _line_of(text, dialect, place, wrong[0])
            raise ValueError(
                f"line {line}, column {column.name!r}: {wrong[0]!r} is not "
                f"{KINDS[column.kind]}, which the model has there"
                + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else "")
            )
    expected = {column.name for column in like.columns} | {*like.ignored}
    extra = [n for n in names if n not in expected and not n.startswith("Unnamed: 0")]
    guesses = [f"{_list(extra)} not in the model, ignored"] if extra else []
    guesses += _describe_words(words)
    frame = import_module("pandas").DataFrame(series)
    return CsvTable(frame, like, guesses, losses)


def _line_of(text: str, dialect: CsvDialect, place: int, cell: str) -> int:
    """Return the number of the first line with a cell in a column."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=dialect.separator)
    next(reader)
    for line in reader:
        if line[place : place + 1] == [cell]:
            return reader.line_num
    return 0


def format_like(frame: Any) -> TableFormat:
    """Return how a frame that came from no CSV file is written in one."""
    columns = []
    for name, dtype in frame.dtypes.items():
        value_dtype = getattr(getattr(dtype, "categories", None), "dtype", dtype)
        kind = {
            **dict.fromkeys("iu", "whole"),
            **{"f": "number", "b": "boolean", "M": "moment"},
        }.get(getattr(value_dtype, "kind", "O"), "guess")
        if str(value_dtype) in ("string", "str"):
            kind = "text"
        columns.append(CsvColumn(str(name), str(name), kind))
    return TableFormat(columns=columns)


def write_csv(frame: Any, table_format: TableFormat | None = None) -> bytes:
    """Return a table as a CSV file of a format, by default of the common one."""
    table_format = table_format or TableFormat()
    dialect = table_format.dialect
    if not table_format.columns:
        separator = dialect.separator
        text = frame.to_csv(index=False, sep=separator, lineterminator="\n")
        return _encode(text, dialect.encoding)
    header, columns = [], []
    rows = [column for column in table_format.columns if column.kind == "row"]
    for column in rows:
        header.append(column.header)
        columns.append([str(i + column.start) for i in range(len(frame))])
    for name in frame.columns:
        column = table_format.column(name) or CsvColumn(str(name), str(name))
        header.append(column.header)
        columns.append(spell_column(column, frame[name], dialect))
    lines = [header, *zip(*columns, strict=True)]
    return _encode(render(lines, dialect), dialect.encoding)


def _encode(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        sign = text[error.start]
        raise ValueError(f"the encoding {encoding!r} has no {sign!r}.") from None
