"""Encoded rows in a file: of one fit at a time, found again after a kill."""

from __future__ import annotations

import json
import logging
import mmap
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray

from skgan._packed_rows import PackedRows, RowPacking

MakeBatches = Callable[[], Iterator[torch.Tensor]]
# Rows begin behind so many bytes, which say what they are.
_HEAD_BYTES = 4096
_NAME = "skgan-encoded"
_LOG = logging.getLogger("skgan")


def fill_memory(n: int, packing: RowPacking, make_batches: MakeBatches) -> PackedRows:
    """Return up to `n` rows of batches in memory."""
    records, end = np.empty(n, dtype=packing.dtype), 0
    for rows in make_batches():
        records[end : end + len(rows)] = packing.pack(rows)
        end += len(rows)
    return PackedRows(records[:end], packing)


def fill_nameless(n: int, packing: RowPacking, make_batches: MakeBatches) -> PackedRows:
    """Return up to `n` rows of batches in a file of the system's folder for such."""
    with tempfile.TemporaryFile(prefix="skgan-") as file:
        _write(file, n, packing, make_batches, tempfile.gettempdir(), "")
        return _map(file, packing)


class EncodedFile:
    """A file of encoded rows in a folder that is held until `close`.

    Parameters
    ----------
    folder : str or path-like
        Where it lies, beside a file that tells other processes to keep away.
    identity : str
        What the rows follow from; a file of another is made anew. Empty: any file is.
    rank : int, default=0
        Of processes that share a fit, each has a file of its own.

    Raises
    ------
    OSError
        If another fit holds the folder.
    """

    def __init__(self, folder: str | os.PathLike, identity: str, rank: int = 0):
        stem = _NAME + (f"-{rank}" if rank else "")
        self.path = Path(folder) / f"{stem}.rows"
        self._part = self.path.with_suffix(".part")
        self._identity = identity
        self._lock_path = self.path.with_suffix(".lock")
        self._lock: IO | None = _hold(self._lock_path)

    def find_or_fill(
        self, n: int, packing: RowPacking, make_batches: MakeBatches
    ) -> PackedRows:
        """Return the rows that an earlier fit left here, or those of batches."""
        if self._is_whole(packing):
            _LOG.info(f"Taking the encoded rows that {str(self.path)!r} holds.")
        else:
            # The old file goes first: the disk may have no room for both.
            self.path.unlink(missing_ok=True)
            try:
                with self._part.open("w+b") as file:
                    folder = str(self.path.parent)
                    _write(file, n, packing, make_batches, folder, self._identity)
                self._part.replace(self.path)
            finally:
                self._part.unlink(missing_ok=True)
        with self.path.open("r+b") as file:
            return _map(file, packing)

    def _is_whole(self, packing: RowPacking) -> bool:
        """Whether the file holds all rows of this fit."""
        try:
            with self.path.open("rb") as file:
                head = _read_head(file)
        except (OSError, ValueError):
            return False
        return bool(self._identity) and (
            head["identity"] == self._identity
            and head["dtype"] == repr(packing.dtype)
            and self.path.stat().st_size == _size_of(head["n"], packing)
        )

    def close(self, delete: bool) -> None:
        """Let go of the folder, which a fit that did not end may come back to."""
        if self._lock is None:
            return
        if delete:
            # Windows deletes no file that is open.
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self._lock_path.unlink(missing_ok=True)
        self._lock.close()
        self._lock = None


def _hold(path: Path) -> IO:
    """Return a file that is locked until it is closed, or the process ends."""
    while True:
        file = path.open("a+b")
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise type(error)(
                error.errno,
                f"Another fit has encoded rows in {str(path.parent)!r} and holds "
                f"{path.name!r} there until it ends; name another folder: "
                "RowSource(rows, scratch=...)",
            ) from error
        # The fit that held it may have deleted it in the meantime.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()


def _lock(file: IO) -> None:
    """Lock a file, or raise an OSError where another has."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write(
    file: IO,
    n: int,
    packing: RowPacking,
    make_batches: MakeBatches,
    folder: str,
    identity: str,
) -> None:
    """Write up to `n` rows, and what they are in front of them."""
    n_bytes = _size_of(n, packing)
    try:
        # All of it now: a file with holes would run out of room in the middle.
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, n_bytes)
    except OSError as error:
        raise OSError(
            error.errno,
            f"{n_bytes / 2**20:.3g} MiB of encoded rows have no room in {folder!r} "
            f"({error.strerror}); name a folder with more, "
            "RowSource(rows, scratch=...), or lower max_iter",
        ) from error
    file.seek(_HEAD_BYTES)
    n_written = 0
    for rows in make_batches():
        file.write(packing.pack(rows).tobytes())
        n_written += len(rows)
    file.truncate(_size_of(n_written, packing))
    head = {"n": n_written, "dtype": repr(packing.dtype), "identity": identity}
    file.seek(0)
    file.write(json.dumps(head).encode().ljust(_HEAD_BYTES))
    file.flush()
    os.fsync(file.fileno())


def _size_of(n: int, packing: RowPacking) -> int:
    return _HEAD_BYTES + n * packing.dtype.itemsize


def _read_head(file: IO) -> dict[str, Any]:
    file.seek(0)
    head = json.loads(file.read(_HEAD_BYTES))
    if not isinstance(head, dict) or {*head} != {"n", "dtype", "identity"}:
        raise ValueError("This is no file of encoded rows.")
    return head


def _map(file: IO, packing: RowPacking) -> PackedRows:
    """Return the rows of a file, which are read when they are asked for."""
    n = _read_head(file)["n"]
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    records: NDArray = np.ndarray((n,), packing.dtype, mapped, _HEAD_BYTES)
    return PackedRows(records, packing, mapped)
