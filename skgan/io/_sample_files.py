"""A folder of Parquet files, each drawn by itself, and what it says of them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from io import RawIOBase
from itertools import pairwise
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from skgan._version import __version__
from skgan.frames import frame_library, label_columns, to_arrow, with_columns
from skgan.samplers import SampleRows
from skgan.storage import write_whole

_MANIFEST = "_manifest.json"
_FORMAT = 1
# Rows held at once, of several blocks that samplers draw in.
_STRETCH = 65_536
# Rows at both ends of a sample by which it is known again.
_COMPARED_ROWS = 200
# A file aside that nobody has written to for so long was left by a killed process.
_ABANDONED_SECONDS = 600
_FULL = (errno.ENOSPC, errno.EDQUOT)


def import_pyarrow(module: str = "pyarrow") -> Any:
    """Return a module of pyarrow, or say how to get it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            "Parquet files need pyarrow, which is not installed. Install it with: pip "
            'install "skgan[scale]"'
        ) from error


class RowFiles:
    """Rows of one sample as files of a folder.

    Parameters
    ----------
    rows : SampleRows
        The rows.
    folder : Path
        An existing folder.
    rows_per_file : int
        Rows of each file, of the last one those that are left.
    """

    def __init__(self, rows: SampleRows, folder: Path, rows_per_file: int):
        self.rows = rows
        self.folder = folder
        self.rows_per_file = rows_per_file
        n = rows.n_samples
        self.n_files = max(1, -(-n // rows_per_file))
        first = _as_table(rows.draw(0, min(n, _COMPARED_ROWS)))
        last = _as_table(rows.draw(max(n - _COMPARED_ROWS, 0), n))
        self.schema = _settled(first.schema, last.schema)
        self._fingerprint = hashlib.sha256(
            repr([first.to_pydict(), last.to_pydict()]).encode()
        ).hexdigest()

    def path_of(self, i: int) -> Path:
        """Return where the file with number `i` is, or will be."""
        width = max(5, len(str(self.n_files - 1)))
        return self.folder / f"rows-{i:0{width}d}.parquet"

    def missing(self) -> list[int]:
        """Return the numbers of the files that are not there, or not whole."""
        return [i for i in range(self.n_files) if not self._is_whole(i)]

    def write(self, i: int) -> int:
        """Draw and write one file, unless it is there; return its number."""
        if self._is_whole(i):
            return i
        path = self.path_of(i)
        try:
            write_whole(path, self._encoded(i))
        except OSError as error:
            if isinstance(error, FileNotFoundError) and self._is_whole(i):
                return i  # Another run has written it, and tidied up.
            if error.errno in _FULL:
                raise OSError(
                    error.errno,
                    f"There is no room left for a file of {self.rows_per_file} rows; "
                    f"{self.n_files - len(self.missing())} of {self.n_files} files are "
                    "written. Make room and call again: only the others are drawn",
                    str(path),
                ) from error
            raise
        return i

    def _bounds(self, i: int) -> tuple[int, int]:
        start = i * self.rows_per_file
        return start, min(start + self.rows_per_file, self.rows.n_samples)

    def _is_whole(self, i: int) -> bool:
        path = self.path_of(i)
        if not path.exists():
            return False
        start, stop = self._bounds(i)
        parquet = import_pyarrow("pyarrow.parquet")
        try:
            return parquet.read_metadata(path).num_rows == stop - start
        except (OSError, import_pyarrow().ArrowInvalid):
            return False

    def _encoded(self, i: int) -> Iterator[bytes]:
        """Yield the bytes of a file, a few of its rows at a time."""
        start, stop = self._bounds(i)
        drain = _Drain()
        parquet = import_pyarrow("pyarrow.parquet")
        with parquet.ParquetWriter(drain, self.schema) as writer:
            # Cut where blocks end, of which none is drawn twice then.
            ends = range(start - start % _STRETCH + _STRETCH, stop, _STRETCH)
            edges = [start, *ends, stop]
            for first, last in pairwise(edges):
                table = _as_table(self.rows.draw(first, last), self.schema)
                writer.write_table(table)
                yield drain.take()
        yield drain.take()

    def claim(self, random_state: Any) -> None:
        """Write down what the files hold; raise if the folder is another sample's."""
        is_number = isinstance(random_state, Integral)
        ours = {
            "format": _FORMAT,
            "n_samples": self.rows.n_samples,
            "rows_per_file": self.rows_per_file,
            "random_state": int(random_state) if is_number else None,
            "seed": self.rows.seed,
            "columns": {field.name: str(field.type) for field in self.schema},
            "fingerprint": self._fingerprint,
            "skgan": __version__,
        }
        theirs = read_manifest(self.folder)
        if theirs is None:
            self._check_empty()
            # Of two runs that start at once the second one finds that of the first.
            write_new(self.folder / _MANIFEST, json.dumps(ours, indent=1).encode())
            theirs = read_manifest(self.folder)
            assert theirs is not None
        _compare(ours, theirs, self.folder)

    def _check_empty(self) -> None:
        others = sorted(path.name for path in self.folder.glob("*.parquet"))
        if others:
            raise FileExistsError(
                f"{str(self.folder)!r} holds {others[0]!r} and no {_MANIFEST}: it is "
                "no folder that sample_to has begun. Name another one."
            )

    def tidy(self, *, everything: bool = False) -> None:
        """Remove what killed processes have left; `everything` if all files are there.

        What another process is writing goes then, too: it has its file already.
        """
        for path in self.folder.glob(".rows-*.tmp"):
            with suppress(OSError):
                age = time.time() - path.stat().st_mtime
                if everything or age > _ABANDONED_SECONDS:
                    path.unlink()


def write_in_one_thread(files: RowFiles, i: int) -> int:
    """Write a file beside other processes that do the same."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return files.write(i)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that appears whole, unless there is one."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    write_whole(aside, [data])
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    except OSError:  # A file system without links.
        if not path.exists():
            os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def is_begun(path: str | os.PathLike) -> bool:
    """Return whether `sample_to` has written to a folder."""
    return (Path(path) / _MANIFEST).exists()


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return what a folder says of its files; None if it says nothing."""
    path = folder / _MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(
            f"{str(path)!r} cannot be read: {error}. Name another folder."
        ) from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise ValueError(
            f"{str(path)!r} was not written by this version of sample_to. Name another "
            "folder."
        )
    return manifest


def _compare(ours: dict[str, Any], theirs: dict[str, Any], folder: Path) -> None:
    for name in ("n_samples", "rows_per_file"):
        if ours[name] != theirs.get(name):
            raise ValueError(
                f"{str(folder)!r} was begun with {name}={theirs.get(name)}, and not "
                f"{ours[name]}. Go on with that, or name another folder."
            )
    if ours["seed"] != theirs.get("seed"):
        raise ValueError(
            f"{str(folder)!r} was begun with random_state={theirs['random_state']}, "
            "and not this one. Leave random_state out to go on, or name another folder."
        )
    if ours["columns"] != theirs.get("columns"):
        raise ValueError(
            f"{str(folder)!r} was begun with other columns: {theirs.get('columns')}, "
            f"and not {ours['columns']}. Name another folder."
        )
    if ours["fingerprint"] != theirs.get("fingerprint"):
        raise ValueError(
            f"{str(folder)!r} was begun with another sampler, or asked for other rows "
            "by given, y or codes: the first and last rows differ. Name another folder."
        )


class _Drain(RawIOBase):
    """A file whose bytes are taken as they are written."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._place += len(part)
        return len(part)

    def tell(self) -> int:
        return self._place

    def take(self) -> bytes:
        """Return what was written since."""
        data, self._parts = b"".join(self._parts), []
        return data


def _as_table(drawn: Any, schema: Any = None) -> Any:
    """Return drawn rows, labels behind them, as a table of Arrow."""
    pa = import_pyarrow()
    X, y = drawn if isinstance(drawn, tuple) else (drawn, None)
    if frame_library(X) is None:
        return _table_of_array(X, y)
    labels = label_columns(y)
    for name in labels:
        if name in list(X.columns):
            raise ValueError(
                f"Rows and labels both have a column {name!r}; give y another name in "
                "fit."
            )
    X = with_columns(X, labels) if labels else X
    try:
        return to_arrow(X, schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise ValueError(
            f"A column cannot be kept in Parquet: {'; '.join(map(str, error.args))}. "
            "Make it text, or leave it out, before fit."
        ) from error


def _table_of_array(X: np.ndarray, y: Any) -> Any:
    """Return an array's columns as x0, x1 and so on, and labels as y."""
    pa = import_pyarrow()
    if X.ndim != 2:
        raise ValueError(
            f"Rows of shape {X.shape[1:]} are no columns of Parquet. Fit to flat rows, "
            "X.reshape(len(X), -1); images with encoder=ImageEncoder("
            f"shape={X.shape[1:]})."
        )
    columns = {f"x{j}": np.ascontiguousarray(column) for j, column in enumerate(X.T)}
    if y is not None and np.ndim(y) == 2 and not hasattr(y, "columns"):
        columns |= {f"y{j}": column for j, column in enumerate(np.asarray(y).T)}
    else:
        columns |= {str(name): np.asarray(v) for name, v in label_columns(y).items()}
    return pa.table(columns)


def _settled(first: Any, last: Any) -> Any:
    """Return a schema for all rows, though these few may lack what others hold."""
    pa = import_pyarrow()
    fields = []
    for field, other in zip(first, last, strict=True):
        kind = other.type if pa.types.is_null(field.type) else field.type
        if pa.types.is_null(kind):
            kind = pa.string()
        elif pa.types.is_decimal(kind):
            kind = pa.decimal128(38, max(kind.scale, other.type.scale))
        fields.append(field.with_type(kind))
    return pa.schema(fields, metadata=first.metadata)
