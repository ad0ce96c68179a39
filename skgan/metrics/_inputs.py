"""What every metric asks of its rows before it looks at them."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from skgan._messages import counted
from skgan.frames import is_table
from skgan.metrics._blocks import read_blocks
from skgan.metrics._reference import ReferenceSpace, with_unexpected
from skgan.metrics._row_names import shared_identifiers


def as_vectors(
    *named: tuple[str, Any],
    standardize: bool = True,
    min_rows: int | tuple[int, ...] = 2,
) -> list[np.ndarray]:
    """Several sets of rows as float64 matrices of the same columns."""
    if standardize:
        matrices = _in_reference_space(named)
    else:
        matrices = [_unscaled(name, rows) for name, rows in named]
    smallest = (min_rows,) * len(named) if isinstance(min_rows, int) else min_rows
    for (name, _), matrix, fewest in zip(named, matrices, smallest, strict=True):
        check_n_rows(name, len(matrix), fewest)
        if matrix.shape[1] != matrices[0].shape[1]:
            raise ValueError(
                f"{name} has {counted(matrix.shape[1], 'column')}, {named[0][0]} has "
                f"{matrices[0].shape[1]}."
            )
    return matrices


def _in_reference_space(named: tuple[tuple[str, Any], ...]) -> list[np.ndarray]:
    ignored = shared_identifiers(*(rows for _, rows in named))
    space = ReferenceSpace(ignored)._fit(named[0][1], named[0][0])
    placed = [space._transform(rows, name) for name, rows in named]
    matrices = [vectors for vectors, _ in placed]
    if any(unexpected.any() for _, unexpected in placed):
        matrices = [with_unexpected(*pair) for pair in placed]
    return matrices


def _unscaled(name: str, rows: Any) -> np.ndarray:
    blocks = read_blocks(rows, name)
    if not all(block.is_numeric for block in blocks):
        raise ValueError(
            f"{name} holds columns that are not numeric: use standardize=True, which "
            f"turns categories into numbers."
        )
    matrix = np.hstack([block.values for block in blocks])
    matrix = matrix.astype(np.float64, copy=False)
    if np.isnan(matrix).any():
        raise ValueError(
            f"{name} holds missing values: use standardize=True, which gives them "
            f"indicator columns, or fill them in."
        )
    return np.ascontiguousarray(matrix)


def check_n_rows(name: str, n_rows: int, min_rows: int) -> None:
    """Raise ValueError when a set of rows is too small to be judged."""
    if n_rows < min_rows:
        raise ValueError(
            f"{name} has {n_rows} row(s), at least {min_rows} are needed here."
        )


def check_count(name: str, value: Any, minimum: int = 1) -> int:
    """A whole number no smaller than `minimum`, or ValueError."""
    if (
        not isinstance(value, numbers.Integral)
        or isinstance(value, bool)
        or value < minimum
    ):
        raise ValueError(
            f"{name} must be an integer of at least {minimum}, got {value!r}."
        )
    return int(value)


def draw_seed(generator: np.random.RandomState) -> int:
    """A seed for something else, drawn from a stream."""
    return int(generator.randint(np.iinfo(np.int32).max))


def draw_rows(
    matrix: np.ndarray, n_rows: int | None, generator: np.random.RandomState
) -> np.ndarray:
    """At most `n_rows` rows of a matrix, drawn without replacement."""
    if n_rows is None or len(matrix) <= n_rows:
        return matrix
    return matrix[generator.choice(len(matrix), n_rows, replace=False)]


def read_labels(y: Any, are_classes: bool) -> Any:
    """Return labels as rows: a column of levels, or columns as they are."""
    if is_table(y):
        return y
    labels = np.asarray(y)
    if are_classes:
        labels = labels.astype(str).astype(object)
    return labels.reshape(len(labels), -1)


def read_weights(sample_weight: Any, n_rows: int) -> np.ndarray | None:
    """Weights of the real rows, which sum to one; None where all count the same."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n_rows,):
        raise ValueError(
            f"sample_weight must hold one weight for each of the {n_rows} rows of "
            f"X_real, got the shape {weights.shape}."
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample_weight must be finite and at least 0.")
    if np.count_nonzero(weights) < 2:
        raise ValueError("sample_weight must be above 0 for at least two rows.")
    return weights / weights.sum()
