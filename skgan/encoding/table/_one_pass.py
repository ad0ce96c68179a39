"""One pass over rows that do not fit into memory: a sample, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._messages import warn_user
from skgan.encoding.table._column_facts import (
    LevelFacts,
    MissingFacts,
    make_facts,
)
from skgan.frames import RowReader, TypesChanged

# Of the rows kept, a share that may be there for levels that the sample lacks.
_MAX_ADDED = 0.01
_MIN_NEEDED = 10_000


@dataclass
class KeptRows:
    """Rows of a source that are kept, and what all of its rows show.

    Attributes
    ----------
    table : pyarrow.Table
        The rows, in the order in which they came.
    places : ndarray of int64 of shape (n_kept,)
        Their places among all rows.
    n_rows : int
        All rows.
    missing_share : dict of str to float
        Share of all rows in which each column is missing.
    lost : list of str
        In words, levels that no row kept has.
    """

    table: Any
    places: NDArray
    n_rows: int
    missing_share: dict[str, float] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether all rows were kept."""
        return len(self.places) == self.n_rows

    def with_rows(self, table: Any, places: NDArray) -> KeptRows:
        """Return these rows and others, each once and in order."""
        arrow = import_module("pyarrow")
        both = arrow.concat_tables([self.table, table])
        places, first = np.unique(np.r_[self.places, places], return_index=True)
        return KeptRows(
            both.take(first), places, self.n_rows, self.missing_share, self.lost
        )


def keep_rows(reader: RowReader, max_rows: int, seed: int) -> KeptRows:
    """Read all rows once, and keep a uniform sample of `max_rows` and what it lacks.

    That is, up to a hundredth more: rows of levels (of columns of at most 10 000, the
    commonest first), and, besides, those of the least and the greatest value, of the
    most decimals, of the finest step of time and of each pattern of missing cells. Of
    levels that no row kept has, a warning tells.
    """
    while True:
        one_pass = _OnePass(reader.schema, max_rows, seed)
        try:
            for path, batch in reader.batches():
                one_pass.add(path, batch)
        except TypesChanged:
            # A cell needs a wider type than those before it: all is read in it.
            reader.read_schema()
            continue
        kept = one_pass.finish()
        if not kept.n_rows:
            raise ValueError(f"There are no rows in {reader.n_parts} files.")
        if kept.lost:
            warn_user(
                f"Of {kept.n_rows} rows {len(kept.places)} are kept, and samples have "
                f"none of {'; '.join(kept.lost)}. A larger max_rows keeps more."
            )
        return kept


class _OnePass:
    """What is held while rows are read."""

    def __init__(self, schema: Any, max_rows: int, seed: int):
        self._schema, self._max_rows = schema, max_rows
        self._rng = np.random.default_rng(seed)
        self._n_rows = 0
        # A row belongs to the sample while its key is among the least.
        self._threshold = np.inf
        self._sample = _Rows(schema)
        self._needed = _Rows(schema)
        self._max_needed = _MIN_NEEDED
        found = [make_facts(name, schema.field(name).type) for name in schema.names]
        self._facts = {i: facts for i, facts in enumerate(found) if facts is not None}
        self._missing = MissingFacts(len(schema))

    def add(self, path: str, batch: Any) -> None:
        """Look at the rows of a batch."""
        start, n = self._n_rows, batch.num_rows
        if not n:
            return
        self._n_rows += n
        keys = self._rng.random(n)
        chosen = np.flatnonzero(keys < self._threshold)
        self._sample.add(batch, chosen, start, keys[chosen])
        if self._sample.n_rows > 2 * self._max_rows:
            self._threshold = self._sample.keep_least(self._max_rows)
        rows = self._missing.add(batch, start)
        try:
            for place, facts in self._facts.items():
                rows |= facts.add(batch.column(place), start)
        except ValueError as error:
            raise ValueError(f"{path!r}: {error}") from error
        places = np.array(sorted(rows), dtype=np.int64) - start
        self._needed.add(batch, places, start)
        if self._needed.n_rows > self._max_needed:
            self._needed.keep(self._find_needed())
            self._max_needed = 2 * self._needed.n_rows + _MIN_NEEDED

    def _find_needed(self) -> set[int]:
        return self._missing.rows.union(*(f.rows for f in self._facts.values()))

    def finish(self) -> KeptRows:
        """Return the rows kept."""
        shares = self._missing.counts / max(self._n_rows, 1)
        names = self._schema.names
        if self._sample.n_rows > self._max_rows:
            self._sample.keep_least(self._max_rows)
        sample = self._sample
        kept = KeptRows(
            sample.table(),
            sample.places(),
            self._n_rows,
            dict(zip(names, shares.tolist(), strict=True)),
        )
        if kept.is_whole:
            return kept
        wanted, kept.lost = self._find_lacking(kept.table)
        self._needed.keep(wanted)
        return kept.with_rows(self._needed.table(), self._needed.places())

    def _find_lacking(self, sample: Any) -> tuple[set[int], list[str]]:
        """Return the rows to add to the sample, and in words what it still lacks."""
        wanted = set(self._missing.rows)
        lacking: list[tuple[int, int, str]] = []
        for place, facts in self._facts.items():
            if not isinstance(facts, LevelFacts):
                wanted |= facts.rows
                continue
            held = set(sample.column(place).unique().to_pylist())
            lacking += [
                (facts.counts[level], -row, facts.name)
                for level, row in facts.first.items()
                if level not in held
            ]
        lacking.sort(reverse=True)
        n_added = int(_MAX_ADDED * self._max_rows)
        wanted |= {-row for _, row, _ in lacking[:n_added]}
        return wanted, list(self._tell_lost(lacking[n_added:]))

    def _tell_lost(self, lost: list[tuple[int, int, str]]) -> Iterator[str]:
        for name in dict.fromkeys(name for _, _, name in lost):
            counts = [count for count, _, other in lost if other == name]
            share = sum(counts) / self._n_rows
            yield f"{len(counts)} levels of {name!r} ({share:.2g} of all rows)"


class _Rows:
    """Rows taken from batches, with their places among all, and keys."""

    def __init__(self, schema: Any):
        self._schema = schema
        self._tables: list[Any] = []
        self._places: list[NDArray] = []
        self._keys: list[NDArray] = []

    @property
    def n_rows(self) -> int:
        return sum(map(len, self._places))

    def add(self, batch: Any, chosen: NDArray, start: int, keys=None) -> None:
        if not len(chosen):
            return
        arrow = import_module("pyarrow")
        taken = batch if len(chosen) == batch.num_rows else batch.take(chosen)
        self._tables.append(arrow.Table.from_batches([taken]))
        self._places.append(chosen + start)
        self._keys.append(np.zeros(len(chosen)) if keys is None else keys)

    def keep_least(self, n: int) -> float:
        """Keep the rows of the `n` least keys, and return the greatest of these."""
        keys = np.concatenate(self._keys)
        threshold = float(np.partition(keys, n - 1)[n - 1])
        self._keep(keys <= threshold)
        return threshold

    def keep(self, places: set[int]) -> None:
        """Keep rows by their places."""
        if self._places:
            wanted = np.fromiter(places, dtype=np.int64, count=len(places))
            self._keep(np.isin(np.concatenate(self._places), wanted))

    def _keep(self, is_kept: NDArray) -> None:
        arrow = import_module("pyarrow")
        table = arrow.concat_tables(self._tables).filter(arrow.array(is_kept))
        self._tables = [table.unify_dictionaries().combine_chunks()]
        self._places = [np.concatenate(self._places)[is_kept]]
        self._keys = [np.concatenate(self._keys)[is_kept]]

    def table(self) -> Any:
        if not self._tables:
            return self._schema.empty_table()
        arrow = import_module("pyarrow")
        return arrow.concat_tables(self._tables).unify_dictionaries()

    def places(self) -> NDArray:
        return np.concatenate([*self._places, np.empty(0, dtype=np.int64)])
