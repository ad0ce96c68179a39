"""Rows from files and to files: CSV and Parquet for tables, npz for arrays."""

from __future__ import annotations

import gzip
import os
import sys
import warnings
import zipfile
import zlib
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skgan.storage import write_whole

STANDARD = "-"  # standard input or output
_ENDINGS = {".csv": "CSV", ".csv.gz": "CSV", ".parquet": "Parquet", ".npz": "npz"}
# What a moment looks like to be read as one.
_MOMENT = r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?"
_UNREADABLE = (ValueError, EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile)


class FileRows(NamedTuple):
    """Rows and, where there are any, their labels."""

    X: Any
    y: Any = None

    @property
    def is_table(self) -> bool:
        """Whether the rows are a DataFrame."""
        return hasattr(self.X, "columns")


def format_of(path: str) -> str:
    """Return the format that the ending of a file's name stands for."""
    for ending, name in _ENDINGS.items():
        if path.lower().endswith(ending):
            return name
    raise ValueError(f"{path!r} must end in one of {', '.join(_ENDINGS)}.")


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


def read_rows(path: str, like: FileRows | None = None) -> FileRows:
    """Read rows.

    Parameters
    ----------
    path : str
        A file of a known ending, or "-" for CSV from standard input.
    like : FileRows or None
        Rows whose columns say which of these are text and which are moments; None
        takes them for what they look like.

    Returns
    -------
    FileRows
        Labels are those of an npz file.
    """
    kind = "CSV" if path == STANDARD else format_of(path)
    reader = {"CSV": _read_csv, "Parquet": _read_parquet, "npz": _read_npz}[kind]
    try:
        rows = reader(path, like)
    except _UNREADABLE as error:
        name = "standard input" if path == STANDARD else repr(path)
        raise ValueError(f"{name} cannot be read as {kind}: {error}") from error
    if not len(rows.X):
        raise ValueError(f"{path!r} holds no rows.")
    return rows


def _read_csv(path: str, like: FileRows | None) -> FileRows:
    pandas = import_pandas()
    dtypes = {}
    if like is not None and like.is_table:
        dtypes = {name: str(dtype) for name, dtype in like.X.dtypes.items()}
    texts = {
        name: "string" for name, dtype in dtypes.items() if dtype in ("string", "str")
    }
    source = sys.stdin.buffer if path == STANDARD else path
    with warnings.catch_warnings():
        # Such as a row that is longer than the header.
        warnings.simplefilter("error", pandas.errors.ParserWarning)
        try:
            # Whole numbers stay whole where some are missing.
            frame = pandas.read_csv(
                source,
                dtype=texts or None,
                dtype_backend="numpy_nullable",
                index_col=False,
                low_memory=False,
            )
        except pandas.errors.ParserWarning as error:
            raise ValueError(str(error)) from error
    for name in frame.columns[frame.dtypes == "string"]:
        if name not in texts:
            frame[name] = _as_moments(frame[name], pandas)
    return FileRows(frame)


def _as_moments(column, pandas):
    """Return a column of text as moments if all that is in it looks like one."""
    present = column.dropna()
    if not len(present) or not present.str.fullmatch(_MOMENT).all():
        return column
    try:
        return pandas.to_datetime(column, format="ISO8601")
    except ValueError:
        return column  # such as the 30th of February


def _read_parquet(path: str, like: FileRows | None) -> FileRows:
    pandas = import_pandas()
    _check_pyarrow()
    with open(path, "rb") as file:
        return FileRows(pandas.read_parquet(file, engine="pyarrow"))


def _check_pyarrow() -> None:
    try:
        import_module("pyarrow")
    except ImportError as error:
        raise ImportError(
            "Parquet needs pyarrow, which is not installed. Install it with: pip "
            'install "skgan[tables]"'
        ) from error


def _read_npz(path: str, like: FileRows | None) -> FileRows:
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


def write_rows(rows: FileRows, path: str) -> None:
    """Write rows in the format that the file's ending stands for.

    On standard output a table is CSV and arrays are npz.
    """
    if path == STANDARD:
        write_out(_render(rows, "CSV" if rows.is_table else "npz"))
    else:
        data = _render(rows, format_of(path))
        if path.lower().endswith(".gz"):
            data = gzip.compress(data, mtime=0)
        write_whole(path, [data])


def write_out(data: bytes) -> None:
    """Write to standard output, which, unbuffered, may take a part at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[sys.stdout.buffer.write(rest) :]


def check_format(rows: FileRows, path: str) -> None:
    """Raise if a file of this name cannot hold rows of this kind."""
    if path == STANDARD:
        return
    kind = format_of(path)
    if rows.is_table and kind == "npz":
        raise ValueError(f"{path!r}: the rows are a table; write .csv or .parquet.")
    if not rows.is_table and kind != "npz":
        raise ValueError(f"{path!r}: the rows are an array; write .npz.")
    if kind == "Parquet":
        _check_pyarrow()


def _render(rows: FileRows, kind: str) -> bytes:
    if kind == "npz":
        arrays = {"X": rows.X} | ({} if rows.y is None else {"y": rows.y})
        buffer = BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()
    if kind == "CSV":
        return rows.X.to_csv(index=False, lineterminator="\n").encode()
    buffer = BytesIO()
    rows.X.to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()
