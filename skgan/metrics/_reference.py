"""The one space in which samplers are compared, whatever their settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from skgan._estimator import persistent
from skgan.frames import is_table
from skgan.metrics._blocks import Block, match_blocks, read_blocks, without

_MAX_LEVELS = 100  # one-hot columns of a category; rarer levels share one more
_LARGEST_VALUE = 1e150  # its square is still a float64, with room for sums
_LARGEST_SCORE = 1e30  # so is the sixth power of this, which cubic kernels need


@persistent("_framed", "_columns", "_like", values={"n_columns_": range(2**24)})
class ReferenceSpace:
    """Rows of any kind as float64 vectors whose distances mean something.

    Numeric columns, dates included, are centred and scaled to unit variance by the
    rows given to `fit`; a constant column is only centred, and divided by its size
    when that exceeds one. A missing number becomes 0, the mean, with an indicator
    column if `fit` saw any in that column. Categories, booleans and strings become
    one-hot columns divided by the square root of two, so that two different levels
    are at distance one; missing is a level of its own; levels beyond the 100 most
    frequent share one column; a level that `fit` never saw is all zeros. Images
    (arrays of more than two dimensions) are flattened, centred pixel by pixel, and
    share one scale, because pixels that hardly ever vary would else dominate.

    For a numeric array of shape (n_rows, n_columns) this is plain standardisation.

    Parameters
    ----------
    ignored_columns : sequence of column names, default=()
        Columns of frames that take no part, such as identifiers.

    Attributes
    ----------
    n_columns_ : int
        Number of columns of the rows given to `fit`.

    Notes
    -----
    Standardised numbers are clipped to ±1e30, so that no later sum of squares can
    overflow.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import ReferenceSpace
    >>> space = ReferenceSpace().fit([[0.0, 5.0], [2.0, 5.0]])
    >>> space.transform(np.array([[0.0, 5.0], [4.0, 6.0]]))
    array([[-1. ,  0. ],
           [ 3. ,  0.2]])
    """

    # Files of the first schema do not say.
    ignored_columns: Sequence[Hashable] = ()

    def __init__(self, ignored_columns: Sequence[Hashable] = ()):
        self.ignored_columns = ignored_columns

    def fit(self, X: Any, y: Any = None) -> ReferenceSpace:
        """Learn means, scales and levels.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...) or DataFrame
            At least one row.
        y : ignored

        Returns
        -------
        self : ReferenceSpace
        """
        return self._fit(X, "X")

    def transform(self, X: Any) -> np.ndarray:
        """Place rows in the space.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...) or DataFrame
            The columns that `fit` saw; in a DataFrame their order does not matter.

        Returns
        -------
        vectors : ndarray of shape (n_rows, n_dimensions), float64
        """
        return self._transform(X, "X")[0]

    def _fit(self, X: Any, name: str) -> ReferenceSpace:
        blocks = read_blocks(X, name)
        if is_table(X):
            blocks = without(blocks, self.ignored_columns)
        if len(blocks[0].values) == 0:
            raise ValueError(f"{name} has no rows.")
        self._framed = is_table(X)
        return self._fit_blocks(blocks)

    def _fit_blocks(self, blocks: list[Block]) -> ReferenceSpace:
        self._columns = [
            _StandardColumns(block) if block.is_numeric else _OneHotColumn(block)
            for block in blocks
        ]
        # Labels and kinds are kept, the rows are not.
        self._like = [
            replace(block, values=block.values[:0].copy()) for block in blocks
        ]
        self.n_columns_ = sum(block.width for block in blocks)
        return self

    def _transform(self, X: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Vectors, and what they cannot show.

        That is, for each row, the number of missing values in columns where `fit`
        saw none.
        """
        if not hasattr(self, "_columns"):
            raise NotFittedError("This ReferenceSpace is not fitted: call fit first.")
        return self._transform_blocks(self.match(X, name))

    def match(self, X: Any, name: str) -> list[Block]:
        """Return rows as blocks of the columns and kinds that `fit` saw."""
        ignored = self.ignored_columns
        return match_blocks(X, self._like, self._framed, name, ignored)

    def _transform_blocks(self, blocks: list[Block]) -> tuple[np.ndarray, np.ndarray]:
        unexpected = np.zeros(len(blocks[0].values))
        parts = []
        for encoder, block in zip(self._columns, blocks, strict=True):
            parts.append(encoder.transform(block))
            unexpected += encoder.count_unexpected_missing(block)
        vectors = parts[0] if len(parts) == 1 else np.hstack(parts)
        return vectors, unexpected


def with_unexpected(vectors: np.ndarray, unexpected: np.ndarray) -> np.ndarray:
    """Return vectors with an axis for missing values of columns that had none in fit.

    It moves a row as far as one indicator for each of these columns would.
    """
    return np.column_stack([vectors, np.sqrt(unexpected)])


@persistent("origin", "has_missing", "mean", "scale")
class _StandardColumns:
    """Mean and scale of numeric columns."""

    def __init__(self, block: Block):
        values = block.values
        is_float = values.dtype.kind == "f"
        # Reconstruction from the smallest value, constant columns are exactly zero.
        self.origin = np.fmin.reduce(values, axis=0)
        if is_float:
            origin = np.nan_to_num(self.origin)
            self.origin = np.clip(origin, -_LARGEST_VALUE, _LARGEST_VALUE)
        shifted = _difference(values, self.origin)
        missing = np.isnan(shifted)
        self.has_missing = missing.any(axis=0)
        n_present = np.maximum(len(values) - missing.sum(axis=0), 1)
        self.mean = np.nansum(shifted, axis=0) / n_present
        shifted -= self.mean
        shifted[missing] = 0.0
        variance = np.einsum("ij,ij->j", shifted, shifted) / n_present
        if block.shared_scale:
            variance = np.full_like(variance, variance.mean())
        self.scale = np.sqrt(variance)
        size = np.abs(self.origin.astype(np.float64) + self.mean)
        noise = 4 * np.finfo(np.float64).eps * size if is_float else 0.0
        constant = self.scale <= noise
        self.scale[constant] = np.maximum(size, 1.0)[constant]

    def transform(self, block: Block) -> np.ndarray:
        vectors = _difference(block.values, self.origin)
        vectors -= self.mean
        with np.errstate(over="ignore"):
            vectors /= self.scale
        np.clip(vectors, -_LARGEST_SCORE, _LARGEST_SCORE, out=vectors)
        missing = np.isnan(vectors)
        vectors[missing] = 0.0
        if self.has_missing.any():
            vectors = np.hstack([vectors, missing[:, self.has_missing]])
        return vectors

    def count_unexpected_missing(self, block: Block) -> np.ndarray | int:
        if block.values.dtype.kind != "f":
            return 0
        return np.isnan(block.values[:, ~self.has_missing]).sum(axis=1)


@persistent("codes", "n_levels", values={"n_levels": range(2**16)})
class _OneHotColumn:
    """The levels of one category."""

    def __init__(self, block: Block):
        counts = Counter(block.values.tolist())
        # Equal counts keep the order of first appearance.
        levels = [level for level, _ in counts.most_common()]
        # Levels may name persons, whom a file of a sampler shall not list.
        self.codes = {
            _digest(level): min(i, _MAX_LEVELS) for i, level in enumerate(levels)
        }
        self.n_levels = min(len(levels), _MAX_LEVELS + 1)

    def transform(self, block: Block) -> np.ndarray:
        values = block.values.tolist()
        known_as = {value: self.codes.get(_digest(value), -1) for value in set(values)}
        codes = np.array([known_as[value] for value in values], dtype=int)
        vectors = np.zeros((len(codes), self.n_levels))
        is_level = np.flatnonzero(codes >= 0)
        vectors[is_level, codes[is_level]] = np.sqrt(0.5)
        return vectors

    def count_unexpected_missing(self, block: Block) -> int:
        return 0  # an unseen level, all zeros, is already far from every other


def _digest(level: Any) -> Any:
    """Return what stands for a level: itself, if a number, else 64 bits in hex."""
    if level is None or isinstance(level, bool | int | float):
        return level
    text = level if isinstance(level, str) else f"{type(level).__name__} {level!r}"
    data = text.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=8).hexdigest()


def _difference(values: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Differences from an origin in float64, exact for whole numbers beyond 2**53."""
    if values.dtype.kind == "f" or origin.dtype.kind == "f":
        values = values.astype(np.float64, copy=False)
        return np.clip(values, -_LARGEST_VALUE, _LARGEST_VALUE) - origin
    if values.dtype.itemsize <= 4 and origin.dtype.itemsize <= 4:
        return values.astype(np.float64) - origin
    high, low = np.divmod(_as_64_bit(values), 2**32)
    high_origin, low_origin = np.divmod(_as_64_bit(origin), 2**32)
    difference = high.astype(np.float64) - high_origin.astype(np.float64)
    difference *= 2.0**32
    difference += low.astype(np.float64) - low_origin.astype(np.float64)
    return difference


def _as_64_bit(values: np.ndarray) -> np.ndarray:
    return values.astype(np.uint64 if values.dtype.kind == "u" else np.int64)
