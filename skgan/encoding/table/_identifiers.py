"""Strings that name single rows: drawn fresh, in the shape of those seen."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent
from skgan.encoding.table._columns import Column
from skgan.frames import RawColumn

_MIN_ROWS = 50
_MIN_UNIQUE = 0.95
_MAX_TEMPLATES = 1000
_MAX_ROUNDS = 20
_TEMPLATE_SEED = 0x1D


def is_identifier(raw_column: RawColumn) -> bool:
    """Whether a column of strings is almost unique."""
    column_format = raw_column.column_format
    if column_format.kind != "level" or column_format.is_closed:
        return False
    n_present = len(raw_column.missing) - int(raw_column.missing.sum())
    if n_present < _MIN_ROWS or len(column_format.levels) <= _MIN_UNIQUE * n_present:
        return False
    return all(isinstance(level, str) for level in column_format.levels)


@persistent("column_format", "step", "classes", "seen", "templates")
class IdentifierColumn(Column):
    """Almost unique strings: only whether they are missing is learnt.

    Fresh ones have letters where those seen had letters, and digits where they had
    digits; no training row has them, and no two rows of a sample share one: where two
    would, the first keeps it.
    """

    kind = "identifier"

    def __init__(self, name: Hashable, raw_column: RawColumn):
        super().__init__(name, raw_column.column_format)
        text = np.array(raw_column.column_format.levels, dtype=np.str_)
        points = _points(text)
        unique = np.unique(points[points > 0])
        self.classes = [
            unique[[test(chr(point)) for point in unique]]
            for test in (str.isdigit, str.isupper, str.islower, _is_other_letter)
        ]
        self.seen = np.sort(_hashes(points))
        rng = np.random.default_rng(_TEMPLATE_SEED)
        if len(points) > _MAX_TEMPLATES:
            points = points[rng.choice(len(points), _MAX_TEMPLATES, replace=False)]
        # A template keeps only the shape: one sign of its class in each place.
        self.templates = points.copy()
        for members in self.classes:
            if len(members):
                self.templates[np.isin(points, members)] = members[0]
        # The strings themselves are forgotten.
        raw_column.column_format.levels = []
        raw_column.column_format.to_column.forget_levels()

    def _read(self, raw_column: RawColumn) -> NDArray:
        if raw_column.column_format.kind != "level":
            self._refuse(raw_column)
        return np.zeros(len(raw_column.missing))

    def write(self, values: NDArray, rng: np.random.Generator):
        """Return fresh strings, missing where `values` are NaN."""
        missing = np.isnan(values)
        fresh = self.draw(len(values), rng)
        return self.column_format.to_column.from_strings(fresh, missing)

    def parse(self, value) -> float:
        """Refuse: what is drawn fresh cannot be given."""
        raise ValueError(f"column {self.name!r} is drawn fresh and cannot be given.")

    def draw(self, n: int, rng: np.random.Generator) -> NDArray:
        """Return `n` different strings that `fit` did not see, as objects."""
        # Space for digits where a shape has no strings left.
        width = self.templates.shape[1]
        points = np.zeros((n, width + _MAX_ROUNDS), dtype=np.uint32)
        todo = np.arange(n)
        entropy = int(rng.integers(2**63))
        for attempt in range(_MAX_ROUNDS + 1):
            # Numbers are drawn for all rows, so that no row depends on later ones.
            streams = [np.random.default_rng([entropy, attempt, i]) for i in range(3)]
            points[todo] = 0
            points[todo, :width] = self._fill(n, todo, *streams[:2])
            if attempt > 2:
                digits = streams[2].integers(10, size=(n, attempt - 2))[todo]
                _append_digits(points, todo, digits)
            hashes = _hashes(points)
            _, first = np.unique(hashes, return_index=True)
            is_good = np.zeros(n, dtype=bool)
            is_good[first] = True
            is_good &= ~np.isin(hashes, self.seen)
            todo = np.flatnonzero(~is_good)
            if not len(todo):
                break
        text = np.ascontiguousarray(points).view(f"<U{points.shape[1]}")[:, 0]
        return text.astype(object)

    def _fill(self, n: int, rows: NDArray, for_shapes, for_signs) -> NDArray:
        """Return code points for `rows` of `n`."""
        points = self.templates[for_shapes.integers(len(self.templates), size=n)[rows]]
        size = (n, points.shape[1])
        share = for_signs.integers(2**16, size=size, dtype=np.uint16)[rows]
        drawn = points.copy()
        for members in self.classes:
            if len(members):
                hit = points == members[0]
                place = (share[hit].astype(np.uint32) * len(members)) >> 16
                drawn[hit] = members[place]
        return drawn

    def exclude(self, hashes: NDArray) -> None:
        """Add hashes of strings that are not to be drawn, as of `hash_strings`."""
        self.seen = np.union1d(self.seen, hashes)


def hash_strings(text: list[str]) -> NDArray:
    """Return 64 bits for each string."""
    return _hashes(_points(np.array(text, dtype=np.str_)))


def _is_other_letter(sign: str) -> bool:
    return sign.isalpha() and not sign.isupper() and not sign.islower()


def _append_digits(points: NDArray, rows: NDArray, digits: NDArray) -> None:
    length = (points[rows] > 0).sum(axis=1)
    for i, column in enumerate(digits.T):
        points[rows, length + i] = ord("0") + column


def _points(text: NDArray) -> NDArray:
    """Return strings as rows of code points, 0 behind their end."""
    width = max(text.dtype.itemsize // 4, 1)
    return (
        np.ascontiguousarray(text.astype(f"<U{width}")).view("<u4").reshape(-1, width)
    )


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
