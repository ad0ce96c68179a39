"""The rows of an attack: who may be a member, what was published, what is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.decomposition import PCA

from skgan._messages import counted
from skgan.frames import is_table
from skgan.metrics._blocks import Block, match_blocks, read_blocks
from skgan.metrics._classifier import _tree_columns, join_blocks
from skgan.metrics._inputs import check_count, draw_seed
from skgan.metrics._nearest import nearest
from skgan.metrics._reference import ReferenceSpace, with_unexpected

# Fewer rows of a set say nothing, not even with their uncertainty.
MIN_ROWS = 20
_MAX_SYNTHETIC = 20_000
# Columns beyond which trees look at principal axes.
_MAX_TREE_COLUMNS = 64
_N_TREE_AXES = 20
# How rare a row is: how far its k-th nearest other real row is.
_RARE_NEIGHBOR = 5
_MAX_RARITY_ROWS = 20_000


@dataclass(frozen=True)
class Columns:
    """Rows as trees take them: numbers, codes of levels, or principal axes.

    Parameters
    ----------
    candidates, synthetic, reference : ndarray of shape (n, n_columns)
        NaN is a missing number.
    is_category : ndarray of shape (n_columns,), bool
        Which columns are codes.
    """

    candidates: np.ndarray
    synthetic: np.ndarray
    reference: np.ndarray
    is_category: np.ndarray


@dataclass(frozen=True)
class AttackedRows:
    """What an attacker is given, and the truth beside which guesses are judged.

    Parameters
    ----------
    is_member : ndarray of shape (n_candidates,), bool
        Which candidates are training rows: half of them.
    candidates, synthetic, reference : ndarray of shape (n, n_dimensions)
        Vectors of the reference space.
    columns : Columns
        The same rows for trees.
    rarity : ndarray of shape (n_candidates,)
        Distance of each candidate to its fifth nearest other real row.
    reference_places : ndarray of shape (n_reference,), int
        Which of the rows given are the reference.
    place : callable
        Puts further blocks of rows into the space.
    """

    is_member: np.ndarray
    candidates: np.ndarray
    synthetic: np.ndarray
    reference: np.ndarray
    columns: Columns
    rarity: np.ndarray
    reference_places: np.ndarray
    place: Any


def read_sets(named: dict[str, Any]) -> dict[str, list[Block]]:
    """Read sets of rows in the columns of the first; enough of each, or ValueError."""
    first, rows = next(iter(named.items()))
    like, framed = read_blocks(rows, first), is_table(rows)
    sets = {}
    for name, rows in named.items():
        sets[name] = match_blocks(rows, like, framed, name)
        n_rows = len(sets[name][0].values)
        if n_rows < MIN_ROWS:
            raise ValueError(
                f"{name} has {counted(n_rows, 'row')}, of which no attack can be "
                f"judged: give {MIN_ROWS} at least, better hundreds."
            )
    return sets


def choose_rows(
    sets: dict[str, list[Block]], max_samples: int, generator: np.random.RandomState
) -> AttackedRows:
    """Draw as many members as others, and lay out what the attacker knows.

    Without a set of its own, the reference is what is left of the held-out rows.
    """
    check_count("max_samples", max_samples, minimum=MIN_ROWS)
    joined, ends = join_blocks(list(sets.values()))
    starts, n_real = [0, *ends], ends[1]
    # Of levels that are as frequent, the first get columns of their own: mixed rows
    # are not the training rows first.
    mixed = generator.permutation(n_real)
    joined = [replace(b, values=_mix(b.values, mixed)) for b in joined]
    sizes = [len(blocks[0].values) for blocks in sets.values()]
    order = [
        start + generator.permutation(size)
        for start, size in zip(starts, sizes, strict=True)
    ]
    has_reference = len(order) > 3
    n_others = sizes[1] if has_reference else sizes[1] // 2
    n = min(sizes[0], n_others, max_samples)
    known = (order[3] if has_reference else order[1][n:])[:max_samples]
    now = np.concatenate([np.argsort(mixed), np.arange(n_real, sum(sizes))])
    chosen = [
        now[np.concatenate([order[0][:n], order[1][:n]])],
        order[2][:_MAX_SYNTHETIC],
        now[known],
    ]
    space, placed = _fit_space(joined, n_real)
    vectors = [placed[rows] for rows in chosen]
    rest = np.setdiff1d(np.arange(n_real), chosen[0])
    rest = rest[generator.permutation(len(rest))]
    around = np.concatenate([chosen[0], rest])[: max(_MAX_RARITY_ROWS, 2 * n)]
    # A row is its own nearest.
    k = min(1 + _RARE_NEIGHBOR, len(around))
    return AttackedRows(
        is_member=np.repeat([True, False], n),
        candidates=vectors[0],
        synthetic=vectors[1],
        reference=vectors[2],
        columns=_read_columns(joined, ends, chosen, vectors, draw_seed(generator)),
        rarity=nearest(vectors[0], placed[around], k=k)[0],
        reference_places=known - starts[3 if has_reference else 1],
        place=space,
    )


def _mix(values: np.ndarray, mixed: np.ndarray) -> np.ndarray:
    """Put the first rows in another order."""
    return np.concatenate([values[: len(mixed)][mixed], values[len(mixed) :]])


def _fit_space(joined: list[Block], n_real: int) -> tuple[Any, np.ndarray]:
    """Return what puts rows into a space, and all rows in it.

    The space is learnt from training and held-out rows together: one learnt from
    training rows alone would know their rare levels, and give them away by itself.
    """
    real = [replace(block, values=block.values[:n_real]) for block in joined]
    space = ReferenceSpace()._fit_blocks(real)

    def place(blocks: list[Block]) -> np.ndarray:
        return with_unexpected(*space._transform_blocks(blocks))

    return place, place(joined)


def _read_columns(
    joined: list[Block],
    ends: list[int],
    chosen: list[np.ndarray],
    vectors: list[np.ndarray],
    seed: int,
) -> Columns:
    """Rows as trees take them, of all sets at once: a level has one code everywhere."""
    if sum(block.width for block in joined) <= _MAX_TREE_COLUMNS:
        rows, is_category = _tree_columns(joined, ends)
        candidates, synthetic, reference = (rows[places] for places in chosen)
        return Columns(candidates, synthetic, reference, is_category)
    known = np.vstack(vectors[1:])
    n_axes = min(_N_TREE_AXES, *known.shape)
    axes = fit_axes(known, n_axes, seed)
    candidates, synthetic, reference = (axes.transform(rows) for rows in vectors)
    return Columns(candidates, synthetic, reference, np.zeros(n_axes, dtype=bool))


def fit_axes(known: np.ndarray, n_axes: int, seed: int) -> PCA:
    """Return principal axes, of constant rows, too."""
    axes = PCA(n_axes, svd_solver="randomized", random_state=seed)
    with np.errstate(invalid="ignore"):  # shares of no variance, which nobody reads
        return axes.fit(known)
