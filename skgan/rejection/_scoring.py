"""Sums of trees over many rows: a bit a leaf, a table a column (QuickScorer)."""

from __future__ import annotations

import numpy as np

from ._boosted_trees import LEAF, MAX_LEAVES, NO_SET, Trees
from ._state_checks import MAX_GROUPS

# Multiplied by a single bit, the five highest bits name it (a De Bruijn sequence).
_DE_BRUIJN = np.uint32(0x077CB531)
_SHIFT = np.uint32(27)
_CELLS = 1 << 16  # rows × trees of a block: four bytes each, so that caches hold it
_MAX_BINS = 512  # of a table that several columns share


class TreeScorer:
    """Trees as tables of masks: column by column, which leaves a value rules out.

    A split whose test fails rules out the leaves on its left; the leaf that a row
    reaches is the first that no column rules out (Lucchese et al. 2015, QuickScorer,
    SIGIR, section 3). Here the AND over all failing splits of a column is made
    beforehand for each bin between that column's thresholds.
    """

    def __init__(self, trees: Trees):
        self._baseline = trees.baseline
        self._n_trees = len(trees)
        masks, values = _masks_and_values(trees)
        self._values = values.ravel()
        splits = np.flatnonzero(trees.feature != LEAF)
        tree_of_node = np.repeat(np.arange(len(trees)), np.diff(trees.first))
        self._columns: dict[int, np.ndarray | None] = {}
        tables = {}
        for column in np.unique(trees.feature[splits]).tolist():
            nodes = splits[trees.feature[splits] == column]
            thresholds, n_bins = _bins(trees, nodes)
            self._columns[column] = thresholds
            table = np.full((n_bins, len(trees)), 0xFFFFFFFF, dtype=np.uint32)
            for node in nodes.tolist():
                left = _goes_left(trees, node, thresholds, n_bins)
                table[~left, tree_of_node[node]] &= masks[node]
            tables[column] = table
        self._groups = _share_tables(tables)

    def score(self, columns: np.ndarray) -> np.ndarray:
        """Return the sum of all trees and the baseline, (n,) float64."""
        return self.partial_scores(columns, [self._n_trees])[:, 0]

    def partial_scores(self, columns: np.ndarray, stops: list[int]) -> np.ndarray:
        """Return the sums of the first trees, (n, n_stops), one for each of `stops`."""
        sums = np.full((len(columns), len(stops)), self._baseline)
        if not self._groups:
            return sums
        cells = self._cells(columns)
        starts = np.array([0, *stops[:-1]])
        height = max(1, _CELLS // self._n_trees)
        alive = np.empty((height, self._n_trees), dtype=np.uint32)
        masks = np.empty_like(alive)
        bits = np.empty(alive.shape, dtype=np.intp)
        origins = np.arange(self._n_trees) * MAX_LEAVES
        for start in range(0, len(columns), height):
            block = slice(start, min(start + height, len(columns)))
            n = block.stop - start
            here, mask, bit = alive[:n], masks[:n], bits[:n]
            for i, (_, table) in enumerate(self._groups):
                np.take(table, cells[i][block], 0, mask if i else here, "clip")
                if i:
                    np.bitwise_and(here, mask, out=here)
            np.negative(here, out=mask)
            here &= mask
            here *= _DE_BRUIJN
            here >>= _SHIFT
            np.add(here, origins, out=bit, casting="unsafe")
            leaves = np.take(self._values, bit, mode="clip")
            if len(stops) == 1 and stops[0] == self._n_trees:
                sums[block, 0] += leaves.sum(axis=1)
            else:
                parts = np.add.reduceat(leaves[:, : stops[-1]], starts, axis=1)
                sums[block] += np.cumsum(parts, axis=1)
        return sums

    def _cells(self, columns: np.ndarray) -> list[np.ndarray]:
        """Of each shared table, the line that each row reads."""
        cells = []
        for members, _ in self._groups:
            line: np.ndarray | int = 0
            for column, n_bins in members:
                line = line * n_bins + _bin(
                    columns[:, column], self._columns[column], n_bins
                )
            cells.append(np.asarray(line, dtype=np.intp))
        return cells


def _masks_and_values(trees: Trees) -> tuple[np.ndarray, np.ndarray]:
    """Of each split, the leaves that a failing test leaves; of each leaf, its value.

    The values of a tree stand where the product with the sequence finds them.
    """
    masks = np.full(len(trees.feature), 0xFFFFFFFF, dtype=np.uint32)
    values = np.zeros((len(trees), MAX_LEAVES))
    left, right = trees.left.tolist(), trees.right.tolist()
    is_leaf = (trees.feature == LEAF).tolist()
    for tree, root in enumerate(trees.first[:-1].tolist()):
        leaves: list[int] = []
        begun: dict[int, int] = {}
        pending = [(root, False)]
        while pending:
            node, left_is_done = pending.pop()
            if left_is_done:  # all its left leaves were numbered since it was met
                ruled_out = (1 << len(leaves)) - (1 << begun[node])
                masks[node] = 0xFFFFFFFF ^ ruled_out
            elif is_leaf[node]:
                leaves.append(node)
            else:
                begun[node] = len(leaves)
                pending.append((root + right[node], False))
                pending.append((node, True))
                pending.append((root + left[node], False))
        if len(leaves) > MAX_LEAVES:
            raise ValueError(f"A tree has {len(leaves)} leaves, more than {MAX_LEAVES}")
        bits = np.uint32(1) << np.arange(len(leaves), dtype=np.uint32)
        values[tree, (bits * _DE_BRUIJN) >> _SHIFT] = trees.value[leaves]
    return masks, values


def _bins(trees: Trees, nodes: np.ndarray) -> tuple[np.ndarray | None, int]:
    """Thresholds of a column (None for levels), and how many bins it has.

    The last bin is the missing value's.
    """
    if trees.left_set[nodes[0]] != NO_SET:
        sets = trees.sets[trees.left_set[nodes]]
        used = np.flatnonzero(np.unpackbits(np.bitwise_or.reduce(sets)))
        # A level above those of all sets goes right, as the next one does.
        return None, min(int(used.max(initial=-1)) + 2, MAX_GROUPS + 1) + 1
    thresholds = np.unique(trees.threshold[nodes])
    return thresholds, len(thresholds) + 2


def _goes_left(
    trees: Trees, node: int, thresholds: np.ndarray | None, n_bins: int
) -> np.ndarray:
    """Which bins go left at a node, (n_bins,) bool."""
    if thresholds is None:
        left = np.unpackbits(trees.sets[trees.left_set[node]])[: n_bins - 1]
    else:
        place = np.searchsorted(thresholds, trees.threshold[node])
        left = np.arange(n_bins - 1) <= place
    return np.append(left, trees.missing_left[node]).astype(bool)


def _bin(values: np.ndarray, thresholds: np.ndarray | None, n_bins: int) -> np.ndarray:
    """The bin of each value; `values` are group numbers where there is no threshold."""
    if thresholds is None:
        groups = np.minimum(values, n_bins - 2)
        return np.where(np.isnan(values), n_bins - 1, groups).astype(np.intp)
    bins = np.searchsorted(thresholds, values)
    bins[np.isnan(values)] = len(thresholds) + 1
    return bins


def _share_tables(
    tables: dict[int, np.ndarray],
) -> list[tuple[list[tuple[int, int]], np.ndarray]]:
    """Join the smallest tables into products of bins: fewer look-ups a row."""
    groups: list[tuple[list[tuple[int, int]], np.ndarray]] = []
    for column in sorted(tables, key=lambda column: len(tables[column])):
        table = tables[column]
        if groups and len(groups[-1][1]) * len(table) <= _MAX_BINS:
            members, joined = groups[-1]
            both = joined[:, None] & table
            groups[-1] = (
                [*members, (column, len(table))],
                both.reshape(-1, table.shape[1]),
            )
        else:
            groups.append(([(column, len(table))], table))
    return groups
