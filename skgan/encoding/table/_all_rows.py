"""Rows of a source for an encoder: kept in one pass, and held to all the others."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._messages import counted
from skgan.encoding._base import BaseEncoder
from skgan.encoding._select import make_encoder
from skgan.encoding.constraints._joint_repairs import CombinationRepair
from skgan.encoding.constraints._repairs import Repair
from skgan.encoding.dependencies._dependencies import Dependency
from skgan.encoding.dependencies._relations import FunctionDependency
from skgan.encoding.table._one_pass import KeptRows, keep_rows
from skgan.encoding.table._table import TableEncoder
from skgan.frames import RowReader, RowSource, read_columns

# Counterexamples of a dependency that are added to the rows kept.
_MAX_EXAMPLES = 10
_TOLERANCE = 1e-9


@dataclass
class SourceRows:
    """Rows of a source that were kept.

    Attributes
    ----------
    X : DataFrame
        The rows, of pandas.
    places : ndarray of int64 of shape (n_kept,)
        Their places among all rows.
    n_rows, n_parts : int
        All rows, and the files or partitions that they came from.
    missing_share : dict of str to float
        Share of all rows in which each column is missing.
    marks : list or None
        Paths, sizes and times of the files, as ``RowReader.marks`` returns them.
    """

    X: Any
    places: NDArray
    n_rows: int
    n_parts: int
    missing_share: dict[str, float] = field(default_factory=dict)
    marks: list | None = None


def read_source(source: RowSource, encoder: BaseEncoder | str = "auto") -> SourceRows:
    """Read rows in one pass and keep some, see `keep_rows`.

    Where others were let go, constraints of the encoder, and dependencies that the rows
    kept show, are held to all rows in a second pass over the columns concerned. A row
    that breaks a dependency is kept, too, so that it is no longer found. One that
    breaks a constraint is a ValueError, which names its file.
    """
    reader = source.open()
    try:
        kept = keep_rows(reader, source.max_rows, source.random_state)
        if not kept.is_whole:
            kept = _hold_to_all(reader, kept, encoder)
        return SourceRows(
            reader.frame_of(kept.table),
            kept.places,
            kept.n_rows,
            reader.n_parts,
            kept.missing_share,
            reader.marks(),
        )
    finally:
        reader.close()


def _hold_to_all(reader: RowReader, kept: KeptRows, encoder) -> KeptRows:
    """Return the rows kept and those that break what they have in common."""
    for _ in reader.schema.names:
        X = reader.frame_of(kept.table)
        learnt = make_encoder(encoder, X)
        if not isinstance(learnt, TableEncoder):
            return kept
        with warnings.catch_warnings():
            # The fit that follows gives the same warning.
            warnings.simplefilter("ignore")
            try:
                learnt.fit(X)
            except ValueError as error:
                raise ValueError(
                    f"Of the {len(X)} rows kept of {kept.n_rows}: {error}"
                ) from error
        places = _find_broken(reader, learnt)
        if not len(places):
            return kept
        kept = kept.with_rows(_take(reader, places), places)
    return kept


def _find_broken(reader: RowReader, encoder: TableEncoder) -> NDArray:
    """Return places of rows that break what was found; raise for a constraint."""
    ties: list[Dependency] = [d for d in encoder.dependencies_ if d.sources]
    repairs = [
        repair
        for repair in encoder.output_builder_.repairs
        if not isinstance(repair, CombinationRepair)
    ]
    found = [*ties, *(repair for repair in repairs if repair.is_found)]
    wanted = {n for d in ties for n in (d.target, *d.sources)}
    wanted |= {name for repair in repairs for name in repair.names}
    names = [name for name in reader.schema.names if name in wanted]
    columns_of = {c.name: c for c in encoder._columns if c.name in wanted}
    broken: dict[int, list[int]] = {i: [] for i in range(len(found))}
    start = 0
    for path, batch in reader.batches(names) if names else ():
        X = reader.frame_of(batch)
        columns = {
            name: columns_of[name].read(raw)
            for name, raw in zip(names, read_columns(X), strict=True)
        }
        for repair in (repair for repair in repairs if not repair.is_found):
            violations = np.flatnonzero(repair.find_violations(columns))
            if len(violations):
                raise ValueError(
                    f"{repair.title} is broken by {counted(len(violations), 'row')} of "
                    f"{path!r}, the first at position {start + int(violations[0])} of "
                    "all rows. "
                    "Correct or drop these rows, or leave the constraint out."
                )
        for i, rule in enumerate(found):
            if len(broken[i]) < _MAX_EXAMPLES:
                rows = np.flatnonzero(~_holds(rule, columns, encoder))
                broken[i] += (rows[:_MAX_EXAMPLES] + start).tolist()
        start += batch.num_rows
    places = [place for rows in broken.values() for place in rows]
    return np.unique(np.array(places, dtype=np.int64))


def _holds(tie: Dependency | Repair, columns: dict, encoder: TableEncoder) -> NDArray:
    """Tell which rows keep to what was found, or hold a level that was not kept."""
    if isinstance(tie, Repair):
        return ~tie.find_violations(columns)
    got, value = tie.restore(columns), columns[tie.target]
    holds = np.isclose(got, value, rtol=_TOLERANCE, atol=0, equal_nan=True)
    if isinstance(tie, FunctionDependency):
        source = columns[tie.sources[0]]
        holds |= ~(np.isin(source, tie.keys) | np.isnan(source))
    for name in (tie.target, *tie.sources):
        if name in encoder._discrete:
            holds |= columns[name] < 0
    return holds


def _take(reader: RowReader, places: NDArray) -> Any:
    """Return the rows at places among all."""
    arrow = import_module("pyarrow")
    tables, start = [], 0
    for _, batch in reader.batches():
        end = start + batch.num_rows
        inside = places[(places >= start) & (places < end)] - start
        if len(inside):
            tables.append(arrow.Table.from_batches([batch.take(inside)]))
        start = end
    return arrow.concat_tables(tables)
