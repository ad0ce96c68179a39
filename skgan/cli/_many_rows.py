"""Rows of many or large files, which are read in batches and not held."""

from __future__ import annotations

import argparse
import os
from glob import has_magic

from skgan import RowSource
from skgan.cli._options import say
from skgan.cli._read_write import STANDARD, FileRows

# One file of more bytes is not read into memory as a whole.
LARGE_FILE = 2**29
_OF_WHOLE_FILES = ("sep", "encoding", "decimal", "na", "categorical")


def read_many(options: argparse.Namespace) -> FileRows | None:
    """Return what names the rows that were typed; None if they are one small file."""
    if not _are_many(options):
        return None
    typed = [f"--{name}" for name in _OF_WHOLE_FILES if vars(options)[name] is not None]
    if typed:
        raise ValueError(
            f"{', '.join(typed)} {'is' if len(typed) == 1 else 'are'} about one small "
            "file, and these rows are read in batches: say it in the files, by the "
            "types of Parquet's columns for example."
        )
    source = RowSource(list(options.data), scratch=options.scratch)
    reader = source.open()
    names, n_files = reader.schema.names, reader.n_parts
    reader.close()
    ignored, target = options.ignore or (), options.target
    for name in (*ignored, *(options.identifier or ()), *([target] if target else ())):
        if name not in names:
            shown = ", ".join(map(repr, names[:20]))
            raise ValueError(f"there is no column {name!r}; the columns are {shown}")
    if ignored:
        source.columns = [name for name in names if name not in ignored]
    if not options.quiet:
        say(f"{' '.join(options.data)}: {n_files} files, read in batches")
    return FileRows(source, target)


def _are_many(options: argparse.Namespace) -> bool:
    data = options.data
    if len(data) > 1 or options.scratch is not None:
        return True
    (path,) = data
    if path == STANDARD or path.lower().endswith(".npz"):
        return False
    if not os.path.exists(path):
        return has_magic(path)
    return os.path.isfile(path) and os.path.getsize(path) > LARGE_FILE
