"""Rows from files and to files: CSV and Parquet for tables, npz for arrays.

Images come from a folder of files, too, and go to a sheet or a folder.
"""

from __future__ import annotations

import argparse
import codecs
import gzip
import os
import sys
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from errno import ENOENT
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skgan.datasets import load_image_folder
from skgan.frames import (
    CsvOptions,
    TableFormat,
    read_csv,
    write_csv,
)
from skgan.storage import write_whole

STANDARD = "-"  # standard input or output
_MAX_SHOWN = 4
# Of a label: fewer are learnt by heart.
_FEW_IMAGES = 10
_MAX_LABELS = 12
_ENDINGS = {
    **dict.fromkeys((".csv", ".csv.gz", ".tsv", ".tsv.gz"), "CSV"),
    ".parquet": "Parquet",
    ".npz": "npz",
}
_UNREADABLE = (ValueError, EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile)


class FolderOptions(NamedTuple):
    """What is typed about a folder of images."""

    size: Any = "auto"
    mode: str = "auto"
    labels: str | None = "auto"


class FileRows(NamedTuple):
    """Rows and, where there are any, their labels; and how a table was written."""

    X: Any
    y: Any = None
    table_format: TableFormat | None = None
    guesses: Sequence[str] = ()  # what was found out of the file

    @property
    def is_table(self) -> bool:
        """Whether the rows are a DataFrame."""
        return hasattr(self.X, "columns")


def format_of(path: str) -> str:
    """Return the format that the ending of a file's name stands for."""
    for ending, name in _ENDINGS.items():
        if path.lower().endswith(ending):
            return name
    raise ValueError(
        f"{path!r} must end in one of {', '.join(_ENDINGS)}, or be a folder of images."
    )


def written_format_of(path: str) -> str:
    """Return the format that rows drawn are to be written in."""
    if is_folder(path):
        return "folder"
    return "PNG" if path.lower().endswith(".png") else format_of(path)


def is_folder(path: str) -> bool:
    """Whether a folder is meant, which need not exist."""
    separators = (os.sep, os.altsep or os.sep)
    return path != STANDARD and (path.endswith(separators) or os.path.isdir(path))


def import_pandas() -> Any:
    """Return pandas, or say how to get it."""
    try:
        return import_module("pandas")
    except ImportError as error:
        raise ImportError(
            "tables need pandas, which is not installed. Install it with: pip install "
            '"skgan[tables]"'
        ) from error


def check_output(path: str, force: bool) -> None:
    """Raise unless a file can be written; asked before anything takes long."""
    if path == STANDARD:
        return
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{path!r} is a folder; name a file.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{path!r} lies in no folder that exists.")
    if target.exists() and not force:
        raise FileExistsError(f"{path!r} exists; --force replaces it.")
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(f"{str(target.parent)!r} cannot be written to.")


def read_rows(
    path: str,
    options: CsvOptions | None = None,
    like: TableFormat | None = None,
    folder: FolderOptions | None = None,
) -> FileRows:
    """Read rows of a file, or CSV from standard input; an npz file has labels, too.

    A folder holds images, and its sub-folders are labels.
    """
    if path != STANDARD and os.path.isdir(path):
        return _read_folder(path, options or CsvOptions(), folder or FolderOptions())
    if path != STANDARD and not os.path.exists(path):
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), path)
    kind = "CSV" if path == STANDARD else format_of(path)
    reader = {"CSV": _read_csv, "Parquet": _read_parquet, "npz": _read_npz}[kind]
    try:
        rows = reader(path, options or CsvOptions(), like)
    except _UNREADABLE as error:
        name = "standard input" if path == STANDARD else repr(path)
        raise ValueError(f"{name} cannot be read as {kind}: {error}") from error
    if not len(rows.X):
        raise ValueError(f"{path!r} holds no rows.")
    return rows


def csv_options(options: argparse.Namespace) -> CsvOptions:
    """Return what was typed about the files of tables."""
    typed = vars(options)
    return CsvOptions(
        separator=typed.get("sep"),
        encoding=typed.get("encoding"),
        decimal=typed.get("decimal"),
        missing=typed.get("na"),
        categorical=typed.get("categorical") or (),
        identifiers=typed.get("identifier") or (),
        ignored=typed.get("ignore") or (),
    )


def _read_csv(path: str, options: CsvOptions, like: TableFormat | None) -> FileRows:
    import_pandas()
    if path == STANDARD:
        data = sys.stdin.buffer.read()
    else:
        opener = gzip.open if path.lower().endswith(".gz") else open
        with opener(path, "rb") as file:
            data = file.read()
    table = read_csv(data, options, like)
    if table.losses:
        shown = "; ".join(table.losses[:_MAX_SHOWN])
        more = len(table.losses) - _MAX_SHOWN
        shown += f"; and {more} more" if more > 0 else ""
        warnings.warn(f"{path}: {shown}.", stacklevel=2)
    return FileRows(table.frame, None, table.table_format, table.guesses)


def _read_parquet(path: str, options: CsvOptions, like: TableFormat | None) -> FileRows:
    pandas = import_pandas()
    _check_pyarrow()
    with open(path, "rb") as file:
        frame = pandas.read_parquet(file, engine="pyarrow")
    index, guesses = [], []
    if any(name is None or name in frame.columns for name in frame.index.names):
        if not isinstance(frame.index, pandas.RangeIndex):
            guesses.append("the index, which has no name of its own, is not learnt")
        frame = frame.reset_index(drop=True)
    else:
        index = list(frame.index.names)
        frame = frame.reset_index()
        guesses.append(f"the index is learnt as columns: {', '.join(map(str, index))}")
    _check_columns(
        frame, (*options.categorical, *options.identifiers, *options.ignored)
    )
    frame = frame.drop(columns=[*options.ignored])
    frame = frame.astype(dict.fromkeys(options.categorical, "category"))
    index = [name for name in index if name in frame.columns]
    return FileRows(frame, None, TableFormat(index=index), guesses)


def _check_columns(frame, names) -> None:
    for name in names:
        if name not in frame.columns:
            shown = ", ".join(map(repr, list(frame.columns)[:20]))
            raise ValueError(f"there is no column {name!r}; the columns are {shown}")


def _check_pyarrow() -> None:
    try:
        import_module("pyarrow")
    except ImportError as error:
        raise ImportError(
            "Parquet needs pyarrow, which is not installed. Install it with: pip "
            'install "skgan[tables]"'
        ) from error


def _read_folder(path: str, options: CsvOptions, folder: FolderOptions) -> FileRows:
    if options != CsvOptions():
        raise ValueError(
            f"{path!r} is a folder of images, and options that were typed are about "
            "tables."
        )
    images = load_image_folder(
        path, folder.size, mode=folder.mode, labels=folder.labels
    )
    if len(images.data) == 1:
        raise ValueError(
            f"{path!r} holds one image that can be read, {images.filenames[0]}; at "
            "least 2 are needed."
        )
    if images.target is None:
        return FileRows(images.data)
    names = np.array(images.target_names)
    y = names[images.target]
    said = [f"labels by folder: {count_labels(y)}"]
    rare = names[np.bincount(images.target, minlength=len(names)) < _FEW_IMAGES]
    if len(rare):
        said.append(
            f"fewer than {_FEW_IMAGES} images of {', '.join(rare[:_MAX_LABELS])}: what "
            "is drawn for so few may resemble them closely"
        )
    return FileRows(images.data, y, None, said)


def count_labels(y: Any) -> str:
    """Say how often each label occurs, unless they are many."""
    labels, counts = np.unique(y, return_counts=True)
    if len(labels) > _MAX_LABELS:
        return f"{len(labels)} of them"
    pairs = zip(labels.tolist(), counts.tolist(), strict=True)
    return ", ".join(f"{label} {n}" for label, n in pairs)


def _read_npz(path: str, options: CsvOptions, like: TableFormat | None) -> FileRows:
    if options != CsvOptions():
        raise ValueError("the options that were typed are about tables, and it is none")
    with open(path, "rb") as file:
        if file.read(2) != b"PK":
            raise ValueError("it is no npz archive")
    with np.load(path, allow_pickle=False) as arrays:
        names = arrays.files
        if "X" not in names or set(names) - {"X", "y"}:
            raise ValueError(
                f"it must hold an array X and, for labels, y, and holds {names}"
            )
        X = arrays["X"]
        y = arrays["y"] if "y" in names else None
    if X.ndim < 2:
        raise ValueError(f"X has the shape {X.shape}, not one row a sample")
    return FileRows(X, y)


def check_dialect(
    rows: FileRows, path: str, separator: str | None, encoding: str | None
) -> None:
    """Raise if what was typed about CSV cannot be kept to."""
    if separator is None and encoding is None:
        return
    if not rows.is_table or (path != STANDARD and format_of(path) != "CSV"):
        raise ValueError("--sep and --encoding are about CSV, and none is written.")
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise ValueError(f"there is no encoding {encoding!r}") from None


def with_dialect(
    table_format: TableFormat | None, separator: str | None, encoding: str | None
) -> TableFormat | None:
    """Return how a table is to be written: as it came, but for what was typed."""
    if separator is None and encoding is None:
        return table_format
    table_format = table_format or TableFormat()
    dialect = table_format.dialect
    dialect = replace(
        dialect,
        separator=separator or dialect.separator,
        encoding=encoding or dialect.encoding,
    )
    return replace(table_format, dialect=dialect)


def write_rows(rows: FileRows, path: str, separator: str | None = None) -> None:
    """Write rows in the format that the file's ending stands for.

    On standard output a table is CSV and arrays are npz. A `separator` that was typed
    counts for more than an ending.
    """
    if path == STANDARD:
        write_out(_render(rows, "CSV" if rows.is_table else "npz"))
        return
    if separator is None and path.lower().endswith((".tsv", ".tsv.gz")):
        rows = _separated_by_tabs(rows)
    data = _render(rows, format_of(path))
    if path.lower().endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    write_whole(path, [data])


def _separated_by_tabs(rows: FileRows) -> FileRows:
    table_format = rows.table_format or TableFormat()
    dialect = replace(table_format.dialect, separator="\t")
    return rows._replace(table_format=replace(table_format, dialect=dialect))


def write_out(data: bytes) -> None:
    """Write to standard output, which, unbuffered, may take a part at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[sys.stdout.buffer.write(rest) :]


def check_format(rows: FileRows, path: str) -> None:
    """Raise if a file of this name cannot hold rows of this kind."""
    if path == STANDARD:
        return
    kind = written_format_of(path)
    if rows.is_table and kind not in ("CSV", "Parquet"):
        raise ValueError(f"{path!r}: the rows are a table; write .csv or .parquet.")
    if not rows.is_table and kind in ("CSV", "Parquet"):
        more = ", .png or a folder/" if is_images(rows.X) else ""
        raise ValueError(f"{path!r}: the rows are an array; write .npz{more}.")
    if kind in ("PNG", "folder") and not is_images(rows.X):
        shape = " x ".join(map(str, rows.X.shape[1:]))
        raise ValueError(
            f"{path!r}: the rows are arrays of {shape}, and no images; write .npz."
        )
    if kind == "Parquet":
        _check_pyarrow()


def is_images(X: Any) -> bool:
    """Whether rows of an array have the shape of images."""
    shape = X.shape[1:]
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))


def _render(rows: FileRows, kind: str) -> bytes:
    if kind == "npz":
        arrays = {"X": rows.X} | ({} if rows.y is None else {"y": rows.y})
        buffer = BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()
    if kind == "CSV":
        return write_csv(rows.X, rows.table_format)
    frame = rows.X
    index = [] if rows.table_format is None else rows.table_format.index
    if index:
        frame = frame.set_index(index)
    buffer = BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", index=bool(index))
    return buffer.getvalue()
