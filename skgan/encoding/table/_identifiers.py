"""Values that name single rows: drawn fresh, in the pattern of those seen."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan._messages import counted, warn_user
from skgan.encoding.table._columns import Column
from skgan.encoding.table._fresh_values import (
    LAST_ATTEMPT,
    RunningNumber,
    code_points,
    form_of,
    learn_fresh,
)
from skgan.frames import RawColumn

# Values behind a running number that are looked through, where more were seen.
_MAX_SEEN_BEHIND = 1 << 20


def can_be_drawn(raw_column: RawColumn) -> bool:
    """Whether fresh values of a column, instead of those seen, can be made."""
    column_format = raw_column.column_format
    if column_format.kind == "number":
        return column_format.storage.kind in "iu" and not raw_column.missing.all()
    levels = column_format.levels
    is_open = column_format.kind == "level" and not column_format.is_closed
    return is_open and form_of(levels) is not None


def follow_numbers(
    fresh: list[Hashable], names: list[Hashable], columns: dict[Hashable, RawColumn]
) -> list[Hashable]:
    """Return those of `names` that are a whole number more than an identifier."""
    keys = [columns[name] for name in fresh if _are_whole(columns[name])]
    return [
        name
        for name in names
        if _are_whole(columns[name])
        and any(_offset(columns[name], key) is not None for key in keys)
    ]


def find_partners(
    columns: list[RawColumn], are_identifiers: list[bool]
) -> dict[int, int]:
    """Return for identifiers that follow from one before them the place of that one."""
    partners: dict[int, int] = {}
    places = [place for place, found in enumerate(are_identifiers) if found]
    for i, place in enumerate(places):
        for other in places[:i]:
            if other not in partners and _is_tied(columns[place], columns[other]):
                partners[place] = other
                break
    return partners


def _are_whole(column: RawColumn) -> bool:
    is_number = column.column_format.kind == "number"
    return is_number and column.raw.dtype.kind in "iu" and not column.missing.any()


def _offset(column: RawColumn, other: RawColumn) -> int | None:
    """Return by how much a column is above another in all rows; None if it is not."""
    first = int(column.raw[0]) - int(other.raw[0])
    if abs(first) >= 2**62:
        return None
    # Differences of 64 bits wrap around alike.
    differences = column.raw.astype(np.uint64) - other.raw.astype(np.uint64)
    return first if (differences == np.uint64(first % 2**64)).all() else None


def _is_tied(column: RawColumn, other: RawColumn) -> bool:
    """Whether fresh values of both columns, of equal lots, are tied as those seen."""
    if _are_whole(column) and _are_whole(other):
        return _offset(column, other) is not None
    if "level" not in (column.column_format.kind, other.column_format.kind):
        return False
    levels = [c.column_format.levels for c in (column, other)]
    return levels[0] == levels[1] and np.array_equal(column.raw, other.raw)


@persistent("column_format", "step", "fresh", "seen", "is_unique", "partner")
class IdentifierColumn(Column):
    """Almost unique values: only whether they are missing is learnt.

    Fresh ones follow the pattern of those seen; no training row has them, and no two
    rows of a sample share one: each is a function of the row's number.
    """

    kind = "identifier"

    def __init__(
        self, name: Hashable, raw_column: RawColumn, partner: int | None = None
    ):
        super().__init__(name, raw_column.column_format)
        # The place of the column whose lots it shares, as it follows from that.
        self.partner = partner
        present = raw_column.raw[~raw_column.missing]
        if raw_column.column_format.kind == "number":
            levels = np.unique(present).tolist()
        else:
            levels = raw_column.column_format.levels
        # Whether the rows learnt from repeat none.
        self.is_unique = len(levels) == len(present)
        self.fresh = learn_fresh(levels)
        self.seen = np.sort(hash_levels(levels))
        # The values themselves are forgotten; numbers are held nowhere else.
        raw_column.column_format.levels = []
        if raw_column.column_format.kind != "number":
            raw_column.column_format.to_column.forget_levels()

    def _read(self, raw_column: RawColumn) -> NDArray:
        if raw_column.column_format.kind != self.column_format.kind:
            self._refuse(raw_column)
        return np.zeros(len(raw_column.missing))

    def write(self, values: NDArray, rng: np.random.Generator, first_row: int = 0):
        """Return fresh values, missing where `values` are NaN."""
        missing = np.isnan(values)
        fresh = self.draw(len(values), rng, first_row)
        if self.column_format.kind == "number":
            limits = np.iinfo(self.column_format.storage)
            self._warn_of_repeats(fresh, limits)
            whole = [min(max(value, limits.min), limits.max) for value in fresh]
            raw = np.array(whole, dtype=self.column_format.storage)
            return self.column_format.to_column(raw, missing)
        return self.column_format.to_column.from_objects(fresh, missing)

    def _warn_of_repeats(self, fresh: NDArray, limits: np.iinfo) -> None:
        n_beyond = sum(not limits.min <= value <= limits.max for value in fresh)
        if n_beyond:
            wider = "int64" if limits.bits < 64 else "text, by astype(str),"
            warn_user(
                f"Column {self.name!r} is of {limits.dtype}, which has no fresh values "
                f"left for {counted(n_beyond, 'row')}: its identifiers repeat. Cast it "
                f"to {wider} before fit."
            )

    def parse(self, value) -> float:
        """Refuse: what is drawn fresh cannot be given."""
        raise ValueError(f"column {self.name!r} is drawn fresh and cannot be given.")

    def draw(self, n: int, rng: np.random.Generator, first_row: int = 0) -> NDArray:
        """Return `n` different values that `fit` did not see, as objects.

        They are those of the rows from `first_row` on, whatever `n`; so rows that are
        drawn apart, of generators that start alike, have different ones, too.
        """
        drawn = np.empty(n, dtype=object)
        todo = np.arange(n)
        entropy = int(rng.integers(2**62))
        for attempt in range(LAST_ATTEMPT + 1):
            drawn[todo] = self.fresh.draw(first_row + todo, entropy, attempt)
            hashes = hash_levels(drawn[todo].tolist())
            todo = todo[np.isin(hashes, self.seen)]
            if not len(todo):
                break
        return drawn

    def exclude(self, hashes: NDArray) -> None:
        """Add hashes of values that are not to be drawn, as of `hash_levels`."""
        self.seen = np.union1d(self.seen, hashes)
        if not getattr(self.fresh, "is_running", isinstance(self.fresh, RunningNumber)):
            return
        # Numbers go on behind those seen, if most of them are.
        n = min(2 * len(hashes), _MAX_SEEN_BEHIND)
        behind = hash_levels(self.fresh.draw(np.arange(n), 0, 0).tolist())
        is_seen = np.isin(behind, self.seen)
        n_seen = np.cumsum(is_seen)
        dense = np.flatnonzero(is_seen & (2 * n_seen > np.arange(1, n + 1)))
        if len(dense):
            self.fresh.skip(int(dense[-1]) + 1)


def hash_levels(levels: Iterable) -> NDArray:
    """Return 64 bits for each level: of a string, or of what stands for others."""
    text = [level if isinstance(level, str) else repr(level) for level in levels]
    return _hashes(code_points(np.array(text, dtype=np.str_)))


def _hashes(points: NDArray) -> NDArray:
    """Return 64 bits for each row; zeros behind the end make no difference."""
    hashes = np.zeros(len(points), dtype=np.uint64)
    weight = np.uint64(0x9E3779B97F4A7C15)
    factor = weight
    with np.errstate(over="ignore"):
        for column in points.T:
            mixed = (column.astype(np.uint64) + np.uint64(1)) * factor
            mixed ^= mixed >> np.uint64(29)
            hashes += np.where(column > 0, mixed * weight, np.uint64(0))
            factor = factor * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(2)
    return hashes
