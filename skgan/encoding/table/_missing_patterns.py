"""Which columns are missing together, as blocks of an encoded row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skgan._estimator import persistent


@persistent()
class MissingPatternEncoder:
    """Which of several columns are missing, as one block of the patterns seen.

    Where there are more patterns than a block may have levels, each column gets a
    block of its own: present or missing.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.table._missing_patterns import MissingPatternEncoder
    >>> missing = np.array([[0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]], dtype=bool)
    >>> encoder = MissingPatternEncoder(8).fit(missing)
    >>> encoder.widths_, encoder.encode(missing)
    ((3,), [array([0, 2, 0, 1])])
    """

    def __init__(self, max_levels: int):
        self.max_levels = max_levels

    def fit(self, missing: NDArray) -> MissingPatternEncoder:
        """Learn the patterns of bool rows of shape (n, n_columns)."""
        # None if each column has a block.
        self.patterns_: NDArray | None = None
        # Widths of the blocks.
        self.widths_: tuple[int, ...] = ()
        n_columns = missing.shape[1]
        if not n_columns:
            return self
        _, first = np.unique(pattern_keys(missing), return_index=True)
        if len(first) > self.max_levels:
            self.widths_ = (2,) * n_columns
            return self
        self.patterns_ = missing[first]
        self.widths_ = (len(first),)
        return self

    def encode(self, missing: NDArray) -> list[NDArray]:
        """Return the codes of each block; -1 for a pattern that was not seen."""
        if not self.widths_:
            return []
        if self.patterns_ is None:
            return [column.astype(np.int64) for column in missing.T]
        seen = {key.tobytes(): i for i, key in enumerate(pattern_keys(self.patterns_))}
        unique, inverse = np.unique(pattern_keys(missing), return_inverse=True)
        codes = [seen.get(key.tobytes(), -1) for key in unique]
        return [np.array(codes, dtype=np.int64)[inverse]]

    def decode(self, codes: list[NDArray]) -> NDArray:
        """Return bool rows of shape (n, n_columns) from the codes of each block."""
        if self.patterns_ is None:
            return np.column_stack(codes).astype(bool)
        return self.patterns_[codes[0]]


def pattern_keys(rows: NDArray) -> NDArray:
    """Return one key for each bool row, equal where the rows are."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    return packed.view(np.dtype((np.void, packed.shape[1])))[:, 0]
