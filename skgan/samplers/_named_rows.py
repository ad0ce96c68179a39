"""Rows that are named instead of held: what a fit reads of them."""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skgan._messages import counted
from skgan._packed_rows import PackedRows, RowPacking
from skgan._version import __version__
from skgan.encoding import read_source
from skgan.frames import RowReader, RowSource, TypesChanged, as_rows, as_source
from skgan.nets import is_first_process, process_rank
from skgan.samplers._encoded_file import EncodedFile, fill_memory, fill_nameless

# Encoded rows of more bytes lie in a file, wherever that is, and not in memory.
MAX_BYTES = 2**30
# Rows that are encoded at a time, at least; fewer cost nearly as much.
_JOINED_ROWS = 2**15
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
    marks : list or None
        Paths, sizes and times of the files when they were read; None if unknown.
    file : EncodedFile or None
        Holds rows that were encoded, where `source` names a folder for them.
    """

    source: RowSource
    labels: Any
    places: NDArray
    n_rows: int
    marks: list | None = None
    file: EncodedFile | None = None

    def __enter__(self) -> NamedRows:
        return self

    def __exit__(self, kind, error, trace) -> None:
        """Let go of the file of encoded rows; it stays for a fit that broke off."""
        if self.file is not None:
            self.file.close(delete=kind is None)
            self.file = None

    def encode(
        self,
        n: int,
        held_out: NDArray,
        encode: Callable[[Any, Any], torch.Tensor],
        seed: int,
        packing: RowPacking,
        identity: torch.Tensor,
    ) -> PackedRows:
        """Return up to `n` rows, drawn from all but those held out, encoded.

        They lie in a file in the source's folder `scratch`, where it has one, until
        `close`; else in memory or, if they take more than a gigabyte, in a file
        without a name, which is gone when nothing needs it. ``encode(X, y)`` returns
        rows of the generator, or of some of them, and `identity` holds those kept: an
        earlier file is taken again if it is of these.
        """
        reader = self.source.open()
        make_batches = partial(self._encode, reader, n, held_out, encode, seed)
        try:
            _check_unchanged(self.marks, reader.marks())
            if self.source.scratch is not None:
                told = [n, self.n_rows, seed, repr(self.labels), reader.marks()]
                name = _fingerprint(told, identity, held_out) if told[-1] else ""
                self.file = EncodedFile(self.source.scratch, name, process_rank())
                fill = self.file.find_or_fill
            else:
                is_small = n * packing.dtype.itemsize <= MAX_BYTES
                fill = fill_memory if is_small else fill_nameless
            while True:
                try:
                    return fill(n, packing, make_batches)
                except TypesChanged:
                    reader.read_schema()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        finally:
            reader.close()

    def _encode(self, reader: RowReader, n: int, held_out, encode, seed: int):
        """Yield encoded rows, many at a time, since a batch has few of some tables."""
        for batches in _join(self._draw(reader, n, held_out, seed)):
            with warnings.catch_warnings():
                # The rows kept have been warned of already.
                warnings.simplefilter("ignore")
                yield encode(*split_labels(reader.frame_of(batches), self.labels))

    def _draw(self, reader: RowReader, n: int, held_out, seed: int) -> Iterator[Any]:
        """Yield a uniform sample, batch by batch, without replacement."""
        drawn = draw_places(n, self.n_rows, held_out, seed)
        start = 0
        for _, batch in reader.batches():
            places = drawn(start, start + batch.num_rows)
            if len(places):
                yield batch.take(places - start)
            start += batch.num_rows
        if start != self.n_rows:
            raise ValueError(
                f"The rows have changed since fit read them first: there were "
                f"{self.n_rows}, and now there are {start}. Fit to rows that stay."
            )


def _join(batches: Iterator[Any]) -> Iterator[list]:
    """Yield lists of batches that are encoded as one."""
    joined: list = []
    for batch in batches:
        joined.append(batch)
        if sum(b.num_rows for b in joined) >= _JOINED_ROWS:
            yield joined
            joined = []
    if joined:
        yield joined


def draw_places(
    n: int, n_rows: int, held_out: NDArray, seed: int
) -> Callable[[int, int], NDArray]:
    """Draw `n` of the places up to `n_rows` that are not held out.

    What is returned takes a span, first place and stop, and returns in order those of
    it that are drawn. Nothing is as long as all rows: where most are drawn, it is the
    others that are chosen.
    """
    rng = np.random.default_rng([seed, 13])
    held_out = np.sort(held_out)
    n_free = n_rows - len(held_out)
    n_others = n_free - n
    listed = np.empty(0, dtype=np.int64)
    while len(listed) < min(n, n_others):
        more = np.sort(rng.integers(n_free, size=min(n, n_others) - len(listed)))
        # Several times as fast as np.union1d, which hashes all; stable merges the two.
        listed = np.sort(np.concatenate([listed, more]), kind="stable")
        listed = listed[np.diff(listed, prepend=-1) > 0]
    listed += np.searchsorted(held_out - np.arange(len(held_out)), listed, side="right")
    are_others = n_others < n
    if are_others:
        listed = np.sort(np.concatenate([listed, held_out]))

    def places_within(start: int, stop: int) -> NDArray:
        first, last = np.searchsorted(listed, [start, stop])
        if not are_others:
            return listed[first:last]
        is_drawn = np.ones(stop - start, dtype=bool)
        is_drawn[listed[first:last] - start] = False
        return start + np.flatnonzero(is_drawn)

    return places_within


def _check_unchanged(before: list | None, now: list | None) -> None:
    """Raise a ValueError that names a file which came, went or changed."""
    if before is None or now is None or before == now:
        return
    earlier, later = ({mark[0]: mark for mark in marks} for marks in (before, now))
    for path in dict.fromkeys([*earlier, *later]):
        if earlier.get(path) != later.get(path):
            what = "has changed" if path in later else "is gone"
            what = what if path in earlier else "is new"
            raise ValueError(
                f"{path!r} {what} since fit read the rows first. Fit to rows that stay."
            )


def _fingerprint(told: list, identity: torch.Tensor, held_out: NDArray) -> str:
    """Return a hash of all that encoded rows follow from.

    Rows kept, as they are encoded, say what an encoder has learnt and how it is set.
    """
    digest = hashlib.sha256(repr([__version__, told]).encode())
    for array in identity.numpy(), held_out:
        digest.update(repr((array.dtype, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()


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
        named = NamedRows(source, labels, rows.places, rows.n_rows, rows.marks)
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
