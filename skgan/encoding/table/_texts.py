"""Texts of given shapes, a different one for each row's number."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from skgan._mixing import permute_rows, row_uniforms

# Code points from this one on stand for any sign of a class.
CLASS = 1 << 24
# Texts that are told apart by a row's number; more places are drawn freely.
_ENOUGH = 1 << 48
_LAST_CODE = 256
_DIGITS = np.arange(ord("0"), ord("9") + 1, dtype=np.uint32)


class Texts:
    """Texts that follow templates; then longer ones, or, of bytes, with other signs.

    Parameters
    ----------
    templates : ndarray of shape (n_templates, width), uint32
        Code points, 0 behind the end, ``CLASS + i`` for any sign of class i. Those
        that come twice are drawn twice as often.
    classes : list of ndarray of uint32
        Signs of each class.
    grows : bool
        Whether texts become longer where their shape has none left; otherwise their
        last signs are others of the 256 code points from 1 on.
    """

    def __init__(self, templates: NDArray, classes: list[NDArray], grows: bool):
        self.templates = templates
        self.classes = classes
        self.grows = grows
        shapes, self.shape_of, self.counts = np.unique(
            templates, axis=0, return_inverse=True, return_counts=True
        )
        self.shape_of = self.shape_of.reshape(-1)
        self.places = [self._places(shape) for shape in shapes]
        sizes = [_n_told(place) for place in self.places]
        lengths = (shapes > 0).sum(axis=1)
        # A shape that has no text left takes one of the longest, and lengthens it.
        longest = np.flatnonzero(lengths == lengths.max())
        self.spare = int(max(longest, key=lambda shape: sizes[shape]))
        # Of each place among equal templates, how many come before it.
        order = np.argsort(self.shape_of, kind="stable")
        first = np.cumsum(self.counts) - self.counts
        self.rank = np.empty(len(templates), dtype=np.int64)
        self.rank[order] = np.arange(len(templates)) - np.repeat(first, self.counts)
        # Half of the texts for each attempt; of the spare shape, a third is spare.
        self.rooms = [size // 2 for size in sizes]
        self.sizes = sizes
        self.rooms[self.spare] = sizes[self.spare] // 3

    def draw(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return strings for rows by their numbers, see `_fresh_values`."""
        cycle = len(self.templates)
        turn = rows // cycle
        # The order of the templates is another one in each turn.
        shift = (row_uniforms([entropy, 6], turn) * cycle).astype(np.int64)
        place = (rows + shift) % cycle
        shapes = self.shape_of[place]
        numbers = turn * self.counts[shapes] + self.rank[place]
        result = np.empty(len(rows), dtype=object)
        rooms = np.array(self.rooms)
        is_inside = (numbers < rooms[shapes]) & (attempt < 2)
        for shape in np.unique(shapes[is_inside]):
            chosen = is_inside & (shapes == shape)
            number = numbers[chosen] + attempt * self.rooms[shape]
            at = permute_rows([entropy, int(shape)], number, self.sizes[shape])
            result[chosen] = self._write(self.places[shape], at, rows[chosen], entropy)
        outside = np.flatnonzero(~is_inside)
        if len(outside):
            result[outside] = self._draw_spare(rows[outside], entropy, attempt)
        return result

    def _draw_spare(self, rows: NDArray, entropy: int, attempt: int) -> NDArray:
        """Return texts for rows whose shape has none left, or only ones seen."""
        places, size = self.places[self.spare], self.sizes[self.spare]
        first, room = 2 * self.rooms[self.spare], self.rooms[self.spare]
        result = np.empty(len(rows), dtype=object)
        # Rows have numbers of their own here, attempts do not: each row comes once.
        is_in_shape = (rows < room) & (attempt < 2)
        at = permute_rows([entropy, self.spare], first + rows[is_in_shape], size)
        result[is_in_shape] = self._write(places, at, rows[is_in_shape], entropy)
        todo, offset = np.flatnonzero(~is_in_shape), 0
        for n_more in range(1, 1 + (64 if self.grows else len(places))):
            if not len(todo):
                break
            longer = self._lengthen(places, n_more)
            size = _n_told(longer)
            fits = rows[todo] < offset + size
            chosen = todo[fits]
            at = permute_rows([entropy, 7, n_more], rows[chosen] - offset, size)
            result[chosen] = self._write(longer, at, rows[chosen], entropy)
            todo, offset = todo[~fits], offset + size
        if len(todo):
            at = rows[todo] % self.sizes[self.spare]
            result[todo] = self._write(places, at, rows[todo], entropy)
        return result

    def _lengthen(self, places: list[NDArray], n_more: int) -> list[NDArray]:
        """Return places of texts that no shape has, others for each `n_more`."""
        if self.grows:
            return places + [_DIGITS] * n_more
        every = np.arange(1, _LAST_CODE + 1, dtype=np.uint32)
        place = len(places) - n_more
        # Signs that no shape has there.
        seen = [signs[place] for signs in self.places if len(signs) > place]
        others = np.setdiff1d(every, np.concatenate(seen))
        return [*places[:place], others, *[every] * (n_more - 1)]

    def _places(self, shape: NDArray) -> list[NDArray]:
        """Return the signs that each place of a shape may have."""
        return [
            self.classes[point - CLASS]
            if point >= CLASS
            else np.array([point], dtype=np.uint32)
            for point in shape[shape > 0].tolist()
        ]

    def _write(
        self, places: list[NDArray], at: NDArray, rows: NDArray, entropy: int
    ) -> NDArray:
        """Return the texts at the places of an order of all, from the last sign on."""
        points = np.zeros((len(at), max(len(places), 1)), dtype=np.uint32)
        told = _told_places(places)
        for i in reversed(range(len(places))):
            signs = places[i]
            if i in told:
                at, chosen = np.divmod(at, len(signs))
            else:
                share = row_uniforms([entropy, 8, i], rows)
                chosen = (share * len(signs)).astype(np.int64)
            points[:, i] = signs[chosen]
        return points.view(f"<U{points.shape[1]}")[:, 0].astype(object)


def _told_places(places: list[NDArray]) -> set[int]:
    """Return the places, from the last on, whose signs tell enough texts apart."""
    told, size = set(), 1
    for i in reversed(range(len(places))):
        if size * len(places[i]) <= _ENOUGH:
            size *= len(places[i])
            told.add(i)
    return told


def _n_told(places: list[NDArray]) -> int:
    """Return how many texts are told apart."""
    return prod(len(places[i]) for i in _told_places(places))
