"""The sets of rows that a diagnosis compares, labels among their columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from skgan._messages import counted
from skgan.frames import is_table
from skgan.metrics._blocks import Block, match_blocks, read_blocks
from skgan.metrics._inputs import check_n_rows, read_labels
from skgan.metrics._reference import ReferenceSpace, with_unexpected
from skgan.metrics._row_names import shared_identifiers

# Whole numbers of more values than this are no classes.
_MAX_CLASSES = 20


@dataclass
class Rows:
    """Rows as columns of one kind each and as vectors of a reference space.

    Parameters
    ----------
    blocks : list of Block
        The columns, those of labels last.
    vectors : ndarray of shape (n, n_dimensions)
        The rows in the reference space.
    ignored : tuple of column names
        Identifiers, which are no columns here.
    """

    blocks: list[Block]
    vectors: np.ndarray
    ignored: tuple = ()

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def are_images(self) -> bool:
        """Whether columns are pixels."""
        return self.blocks[0].shared_scale

    def take(self, chosen: Any) -> Rows:
        """Some of the rows, by index."""
        blocks = [replace(b, values=b.values[chosen]) for b in self.blocks]
        return Rows(blocks, self.vectors[chosen])

    def draw(self, n: int, generator: np.random.RandomState) -> Rows:
        """At most `n` rows, in random order."""
        return self.take(generator.permutation(len(self))[:n])

    def columns(self) -> np.ndarray:
        """The rows as one array, levels as they are."""
        if all(block.is_numeric for block in self.blocks):
            return np.hstack([b.values.astype(np.float64) for b in self.blocks])
        columns = [
            b.values.astype(object) if b.is_numeric else b.values[:, None]
            for b in self.blocks
        ]
        return np.hstack(columns)


def read_rows(
    named: dict[str, Any], reference: ReferenceSpace | None, caps: dict[str, int], rng
) -> dict[str, Rows]:
    """Read sets of rows, or of (rows, labels), in the columns of the first."""
    pairs = {name: _with_labels(rows, name) for name, rows in named.items()}
    first, (X, y) = next(iter(pairs.items()))
    unlabelled = [name for name, (_, labels) in pairs.items() if labels is None]
    if unlabelled and len(unlabelled) < len(pairs):
        raise ValueError(
            f"{', '.join(unlabelled)} came without labels and the rest with them: give "
            "all sets as pairs (X, y), or none."
        )
    _check_shapes({name: X for name, (X, _) in pairs.items()})
    if reference is None:
        check_n_rows(first, len(read_blocks(X, first)[0].values), 1)
        found = shared_identifiers(*(rows for rows, _ in pairs.values()))
        reference = ReferenceSpace(found)._fit(X, first)
    labels: list[Block] = []
    are_classes = y is not None and _are_classes(y)
    if y is not None:
        y = read_labels(y, are_classes)
        labels = read_blocks(y, f"The labels of {first}")
    label_space = ReferenceSpace()._fit_blocks(labels) if labels else None
    sets, unexpected = {}, {}
    for name, (X, y) in pairs.items():
        blocks = reference.match(X, name)
        check_n_rows(name, len(blocks[0].values), 1)
        chosen = rng.permutation(len(blocks[0].values))[: caps[name]]
        blocks = [replace(b, values=b.values[chosen]) for b in blocks]
        vectors, unexpected[name] = reference._transform_blocks(blocks)
        if label_space is not None:
            y = read_labels(y, are_classes)
            label_blocks = match_blocks(y, labels, is_table(y), f"The labels of {name}")
            label_blocks = [replace(b, values=b.values[chosen]) for b in label_blocks]
            placed = label_space._transform_blocks(label_blocks)[0]
            blocks, vectors = [*blocks, *label_blocks], np.hstack([vectors, placed])
        names = list(X.columns) if is_table(X) else []
        ignored = tuple(n for n in reference.ignored_columns if n in names)
        sets[name] = Rows(blocks, vectors, ignored)
    if any(counts.any() for counts in unexpected.values()):
        for name, counts in unexpected.items():
            sets[name].vectors = with_unexpected(sets[name].vectors, counts)
    return sets


def _check_shapes(named: dict[str, Any]) -> None:
    shapes = {n: np.shape(X)[1:] for n, X in named.items() if not is_table(X)}
    first, shape = next(iter(shapes.items()), ("", ()))
    for name, other in shapes.items():
        if (len(other) > 1 or len(shape) > 1) and other != shape:
            raise ValueError(
                f"{name} has rows of shape {other}, {first} of shape {shape}."
            )


def _with_labels(rows: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(rows, tuple):
        return rows, None
    if len(rows) != 2:
        raise ValueError(
            f"{name} must be rows or a pair (X, y) of rows and labels, got a tuple of "
            f"{len(rows)}."
        )
    X, y = rows
    if y is None:
        return X, None
    n_rows, n_labels = len(X), len(y)
    if n_rows != n_labels:
        raise ValueError(
            f"{name} has {counted(n_rows, 'row')} and {counted(n_labels, 'label')}."
        )
    return X, y


def _are_classes(y: Any) -> bool:
    """Whether labels are one column of classes, any two of them equally far apart."""
    labels = np.asarray(y)
    if is_table(y) or labels.ndim > 1:
        return False
    is_number = labels.dtype.kind in "iuf" and (
        type_of_target(labels).startswith("continuous")
        or len(np.unique(labels)) > _MAX_CLASSES
    )
    return not is_number
