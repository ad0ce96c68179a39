"""Rows that are named instead of held: what a fit reads of them."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skgan._messages import counted
from skgan.encoding import read_source
from skgan.frames import RowReader, RowSource, TypesChanged, as_rows, as_source
from skgan.nets import is_first_process

# Encoded rows of more bytes lie in a file, and not in memory.
MAX_BYTES = 2**30
_LOG = logging.getLogger("skgan")


@dataclass
class NamedRows:
    """Rows of which some were kept, and of which more can be read.

    Attributes
    ----------
    source : RowSource
        Names the rows.
    labels : str, list of str or None
        Columns that hold labels.
    places : ndarray of int64 of shape (n_kept,)
        Places of the rows kept among all.
    n_rows : int
        All rows.
    """

    source: RowSource
    labels: Any
    places: NDArray
    n_rows: int

    def encode(
        self,
        n: int,
        held_out: NDArray,
        encode: Callable[[Any, Any], torch.Tensor],
        seed: int,
    ) -> torch.Tensor:
        """Return up to `n` rows, drawn from all but those held out, encoded.

        They lie in memory or, if they take more than a gigabyte, in a file without a
        name in the source's folder `scratch`, which is gone when nothing needs it.
        ``encode(X, y)`` returns rows of the generator, or of some of them.
        """
        reader = self.source.open()
        try:
            while True:
                try:
                    return self._encode(reader, n, held_out, encode, seed)
                except TypesChanged:
                    reader.read_schema()
        finally:
            reader.close()

    def _encode(self, reader: RowReader, n: int, held_out, encode, seed: int):
        rows: Any = None
        end = 0
        for batch in self._draw(reader, n, held_out, seed):
            with warnings.catch_warnings():
                # The rows kept have been warned of already.
                warnings.simplefilter("ignore")
                encoded = encode(*split_labels(reader.frame_of(batch), self.labels))
            if rows is None:
                rows = make_store((n, encoded.shape[1]), self.source.scratch)
            rows[end : end + len(encoded)] = encoded.numpy()
            end += len(encoded)
        return torch.from_numpy(rows[:end])

    def _draw(self, reader: RowReader, n: int, held_out, seed: int) -> Iterator[Any]:
        """Yield a uniform sample, batch by batch, without replacement."""
        places = draw_places(n, self.n_rows, held_out, seed)
        start = first = 0
        for _, batch in reader.batches():
            start += batch.num_rows
            last = int(np.searchsorted(places, start))
            if last > first:
                yield batch.take(places[first:last] - (start - batch.num_rows))
            first = last
        if start != self.n_rows:
            raise ValueError(
                f"The rows have changed since fit read them first: there were "
                f"{self.n_rows}, and now there are {start}. Fit to rows that stay."
            )


def draw_places(n: int, n_rows: int, held_out: NDArray, seed: int) -> NDArray:
    """Return `n` of the places up to `n_rows` that are not held out, in order."""
    rng = np.random.default_rng([seed, 13])
    n_free = n_rows - len(held_out)
    if 2 * n > n_free:
        places = np.sort(rng.choice(n_free, n, replace=False))
    else:
        # A permutation of a billion rows would not fit into memory.
        places = np.empty(0, dtype=np.int64)
        while len(places) < n:
            more = rng.integers(n_free, size=n - len(places))
            places = np.union1d(places, more)
    held_out = np.sort(held_out)
    n_before = np.searchsorted(
        held_out - np.arange(len(held_out)), places, side="right"
    )
    return places + n_before


def make_store(shape: tuple[int, int], folder: Any) -> NDArray:
    """Return room for float32 rows: in memory, or in a file without a name."""
    n_bytes = 4 * shape[0] * shape[1]
    if n_bytes <= MAX_BYTES:
        return np.empty(shape, dtype=np.float32)
    with tempfile.TemporaryFile(prefix="skgan-", dir=folder) as file:
        try:
            # All of it now: a file with holes would run out of room in the middle.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, n_bytes)
            else:
                file.truncate(n_bytes)
            return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)
        except OSError as error:
            where = tempfile.gettempdir() if folder is None else os.fspath(folder)
            raise OSError(
                error.errno,
                f"{n_bytes / 2**30:.1f} GiB of encoded rows have no room in {where!r} "
                f"({error.strerror}); name a folder with more, "
                "RowSource(rows, scratch=...), or lower max_iter",
            ) from error


def read_named(sampler, X, y) -> tuple[Any, Any, NamedRows | None]:
    """Return rows and labels as `as_rows` does, or, where `X` names rows, those kept.

    Labels are then columns, which `y` names. Where rows were let go, more can be read.
    """
    source = as_source(X)
    if source is None:
        return as_rows(X), y, None
    labels = None
    if sampler.__sklearn_tags__().target_tags.required:
        labels = _check_names(y)
    rows = read_source(source, sampler.encoder)
    names = [labels] if isinstance(labels, str) else labels or []
    unknown = [name for name in names if name not in rows.X.columns]
    if unknown:
        raise ValueError(
            f"y names {unknown}, which the rows do not have; their columns are "
            f"{list(rows.X.columns)}."
        )
    n_kept = len(rows.X)
    files = counted(rows.n_parts, "file")
    message = f"Read {counted(rows.n_rows, 'row')} of {files}; kept "
    message += "all." if n_kept == rows.n_rows else f"{n_kept} to learn from."
    _LOG.info(message)
    if sampler.verbose and is_first_process():
        print(message)
    named = None
    if n_kept < rows.n_rows:
        named = NamedRows(source, labels, rows.places, rows.n_rows)
    return *split_labels(rows.X, labels), named


def split_labels(X, labels) -> tuple[Any, Any]:
    """Return a frame without the columns of labels, and these."""
    if labels is None:
        return X, None
    names = [labels] if isinstance(labels, str) else labels
    return X.drop(columns=names), X[labels]


def _check_names(y) -> str | list[str]:
    names = [y] if isinstance(y, str) else y
    if isinstance(names, list | tuple) and all(isinstance(n, str) for n in names):
        return y if isinstance(y, str) else list(names)
    raise TypeError(
        "y must be the name of a column, or a list of names, where X names rows that "
        f"are read in batches; got a {type(y).__name__}."
    )
