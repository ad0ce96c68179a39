"""Columns of training, held-out and synthetic rows, as disclosure attacks take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skgan.metrics._blocks import Block
from skgan.metrics._classifier import join_blocks
from skgan.metrics._reference import ReferenceSpace


@dataclass(frozen=True)
class ColumnSets:
    """The same columns of three sets of rows.

    Parameters
    ----------
    labels : list
        What columns are called.
    is_level : ndarray of shape (n_columns,), bool
        Which hold codes of levels, missing among them; others hold numbers.
    values : dict of str to ndarray of shape (n, n_columns)
        Of "train", "holdout" and "synthetic"; NaN is a missing number.
    vectors : dict of str to list of ndarray
        For each column its part of a `ReferenceSpace`.
    """

    labels: list[Any]
    is_level: np.ndarray
    values: dict[str, np.ndarray]
    vectors: dict[str, list[np.ndarray]]

    def part(self, name: str, columns: Sequence[int], rows: Any = slice(None)) -> Any:
        """Some columns of some rows of a set, as vectors."""
        return np.hstack([self.vectors[name][j][rows] for j in columns])

    def places_of(self, labels: Any, argument: str) -> list[int]:
        """Where columns are that an argument names."""
        places = {label: j for j, label in enumerate(self.labels)}
        absent = [label for label in labels if label not in places]
        if absent:
            raise ValueError(
                f"{argument} names {absent}, which X_train does not have; its columns "
                f"are {self.labels}."
            )
        return [places[label] for label in labels]


def draw_columns(
    sets: dict[str, list[Block]], max_samples: int, generator: np.random.RandomState
) -> ColumnSets:
    """Draw as many training as held-out rows, and lay out their columns."""
    train, holdout, synthetic = sets.values()
    n = min(len(train[0].values), len(holdout[0].values), max_samples)
    drawn = [
        _drawn(blocks, size, generator)
        for blocks, size in ((train, n), (holdout, n), (synthetic, max_samples))
    ]
    joined, ends = join_blocks(drawn)
    blocks = [part for block in joined for part in block.split()]
    names = ("train", "holdout", "synthetic")
    values = np.column_stack([_plain(block) for block in blocks])
    mixed = generator.permutation(ends[1])
    placed = [_placed(block, mixed) for block in blocks]
    split = [np.split(part, ends) for part in placed]
    return ColumnSets(
        [block.labels[0] for block in blocks],
        np.array([not block.is_numeric for block in blocks]),
        dict(zip(names, np.split(values, ends), strict=True)),
        {name: [parts[i] for parts in split] for i, name in enumerate(names)},
    )


def _drawn(blocks: list[Block], n: int, generator: np.random.RandomState) -> list:
    chosen = generator.permutation(len(blocks[0].values))[:n]
    return [replace(block, values=block.values[chosen]) for block in blocks]


def _plain(block: Block) -> np.ndarray:
    """Numbers as they are, levels as codes."""
    if block.is_numeric:
        return block.values[:, 0].astype(np.float64)
    codes: dict[Any, int] = {}
    found = [codes.setdefault(value, len(codes)) for value in block.values.tolist()]
    return np.array(found, dtype=np.float64)


def _placed(block: Block, mixed: np.ndarray) -> np.ndarray:
    """One column in a space that is learnt from real rows of both kinds, mixed.

    Of levels that are as frequent, the first get columns of their own.
    """
    real = replace(block, values=block.values[mixed])
    vectors, unexpected = (
        ReferenceSpace()._fit_blocks([real])._transform_blocks([block])
    )
    return np.column_stack([vectors, np.sqrt(unexpected)])
