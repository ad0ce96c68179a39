"""Parquet and CSV files, read in batches: errors name the file, types agree."""

from __future__ import annotations

import glob
import gzip
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

# Endings of files that are read in batches, and what they hold.
ROW_ENDINGS = {
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".csv": "CSV",
    ".csv.gz": "CSV",
    ".tsv": "CSV",
    ".tsv.gz": "CSV",
}
BATCH_ROWS = 65_536
_CSV_BLOCK = 2**23
_SEPARATORS = ",;\t|"
# Texts that pandas takes for missing.
_MISSING = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan"),
    *("1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a"),
    *("nan", "null"),
)
# The wider type of a CSV column one of whose later cells is not of its type.
_WIDER = {
    "null": "int64",
    "int64": "double",
    "timestamp[us]": "timestamp[ns]",
}
_CSV_ERROR = re.compile(r"In CSV column #(\d+)")


def import_arrow(module: str = "") -> Any:
    """Return pyarrow, or a module of it, or say how to get it."""
    try:
        return import_module("pyarrow" + module)
    except ImportError as error:
        raise ImportError(
            "Rows that are read from files need pyarrow, which is not installed. "
            'Install it with: pip install "skgan[scale]"'
        ) from error


class TypesChanged(Exception):
    """A cell of a CSV file needs another type than the cells before it."""


def find_files(paths: Sequence[str]) -> list[str]:
    """Return the files that paths and patterns stand for, each pattern's sorted."""
    files: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            raise IsADirectoryError(
                f"{path!r} is a folder; name files, such as "
                f"{os.path.join(path, '*.parquet')!r}."
            )
        if os.path.exists(path):
            files.append(path)
        elif glob.has_magic(path):
            found = sorted(filter(os.path.isfile, glob.glob(path, recursive=True)))
            if not found:
                raise FileNotFoundError(f"No file matches {path!r}.")
            files += found
        else:
            raise FileNotFoundError(f"There is no file {path!r}.")
    for file in files:
        kind_of(file)
    return files


def kind_of(path: str) -> str:
    """Return the format that a file's name stands for."""
    for ending, kind in ROW_ENDINGS.items():
        if path.lower().endswith(ending):
            return kind
    raise ValueError(
        f"{path!r} must end in one of {', '.join(ROW_ENDINGS)} to be read in batches."
    )


def make_files(paths: Sequence[str]) -> list[RowFile]:
    """Return readers of files, those of CSV with types in common."""
    types: dict[str, Any] = {}
    files: list[RowFile] = []
    for path in find_files(paths):
        is_parquet = kind_of(path) == "Parquet"
        files.append(ParquetRows(path) if is_parquet else CsvRows(path, types))
    return files


class RowFile(ABC):
    """A file of rows."""

    kind = ""

    def __init__(self, path: str):
        self.path = path
        self._mark = self._read_mark()

    def schema(self) -> Any:
        """Return names and types of its columns, as Arrow has them."""
        with self._naming():
            return self._schema()

    def batches(self, columns: list[str] | None) -> Iterator[Any]:
        """Yield its rows, some at a time."""
        with self._naming():
            if self._read_mark() != self._mark:
                raise ValueError("it has changed since it was looked at first")
            yield from self._batches(columns)
            if self._read_mark() != self._mark:
                raise ValueError("it has changed while it was read")

    def marks(self) -> list:
        """Return what tells it from other files, and from what it was before."""
        return [(os.path.abspath(self.path), *self._mark)]

    @abstractmethod
    def _schema(self) -> Any:
        """Return names and types of the columns."""

    @abstractmethod
    def _batches(self, columns: list[str] | None) -> Iterator[Any]:
        """Yield the rows of the columns."""

    def _read_mark(self) -> tuple[int, int]:
        try:
            status = os.stat(self.path)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{self.path!r} is gone.") from error
        return status.st_size, status.st_mtime_ns

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Name the file in what goes wrong while it is read."""
        arrow = import_arrow()
        try:
            yield
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{self.path!r} is gone.") from error
        except (arrow.ArrowException, EOFError, gzip.BadGzipFile, ValueError) as error:
            raise ValueError(
                f"{self.path!r} cannot be read as {self.kind}, or is cut off: {error}"
            ) from error
        except OSError as error:
            # Arrow's own errors of input have no number.
            if error.errno is not None:
                raise
            raise ValueError(
                f"{self.path!r} cannot be read as {self.kind}, or is cut off: {error}"
            ) from error


class ParquetRows(RowFile):
    """Rows of a Parquet file, a row group after the other."""

    kind = "Parquet"

    def _open(self) -> Any:
        return import_arrow(".parquet").ParquetFile(self.path)

    def _schema(self) -> Any:
        with self._open() as file:
            return file.schema_arrow

    def _batches(self, columns: list[str] | None) -> Iterator[Any]:
        with self._open() as file:
            yield from file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False)


class CsvRows(RowFile):
    """Rows of a CSV file, in the types that the files before it have, too."""

    kind = "CSV"

    def __init__(self, path: str, types: dict[str, Any]):
        super().__init__(path)
        self._types = types
        self._names: list[str] = []
        self._separator = ""

    def _open(self, types: dict[str, Any], columns: list[str] | None = None) -> Any:
        csv = import_arrow(".csv")
        self._separator = self._separator or _guess_separator(self.path)
        return csv.open_csv(
            self.path,
            read_options=csv.ReadOptions(use_threads=False, block_size=_CSV_BLOCK),
            parse_options=csv.ParseOptions(
                delimiter=self._separator, newlines_in_values=True
            ),
            convert_options=csv.ConvertOptions(
                column_types=types,
                null_values=list(_MISSING),
                strings_can_be_null=True,
                include_columns=columns,
            ),
        )

    def _schema(self) -> Any:
        arrow = import_arrow()
        if not self._names:
            with self._open({}) as reader:
                found = reader.schema
            for column in found:
                kind = _of_pandas(column.type)
                known = self._types.setdefault(column.name, kind)
                self._types[column.name] = _in_common(known, kind)
            self._names = found.names
        return arrow.schema([(name, self._types[name]) for name in self._names])

    def _batches(self, columns: list[str] | None) -> Iterator[Any]:
        arrow = import_arrow()
        try:
            with self._open(dict(self._types), columns) as reader:
                yield from reader
        except arrow.ArrowInvalid as error:
            self._widen(error)
            raise TypesChanged(str(error)) from error

    def _widen(self, error: Exception) -> None:
        """Give the column that an error is about a wider type, or raise it again."""
        match = _CSV_ERROR.search(str(error))
        # The error counts columns as they stand in the file, whichever are read.
        if match is None or int(match[1]) >= len(self._names):
            raise error
        arrow = import_arrow()
        name = self._names[int(match[1])]
        old = str(self._types[name])
        if old == "string":
            raise error
        wider = {
            "int64": arrow.int64(),
            "double": arrow.float64(),
            "timestamp[ns]": arrow.timestamp("ns"),
        }
        self._types[name] = wider.get(_WIDER.get(old, ""), arrow.string())


def _of_pandas(kind: Any) -> Any:
    """Return the type that pandas gives what Arrow finds in a CSV file."""
    arrow = import_arrow()
    if arrow.types.is_date(kind) or str(kind) == "timestamp[s]":
        return arrow.timestamp("us")
    return arrow.string() if arrow.types.is_time(kind) else kind


def _in_common(one: Any, other: Any) -> Any:
    """Return the type in which cells of two types of a CSV file are read."""
    arrow = import_arrow()
    if one == other or arrow.types.is_null(other):
        return one
    if arrow.types.is_null(one):
        return other
    pair = {str(one), str(other)}
    if pair == {"int64", "double"}:
        return arrow.float64()
    are_times = pair == {"timestamp[us]", "timestamp[ns]"}
    return arrow.timestamp("ns") if are_times else arrow.string()


def _guess_separator(path: str) -> str:
    """Return the sign that the first line has most of."""
    if path.lower().endswith((".tsv", ".tsv.gz")):
        return "\t"
    opener: Any = gzip.open if path.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as file:
        head = file.readline(100_000)
    return max(_SEPARATORS, key=head.count)
