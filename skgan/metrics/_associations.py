"""How much any two columns have to do with each other, as one matrix."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan.metrics._blocks import Block, read_blocks
from skgan.metrics._inputs import check_n_rows
from skgan.metrics._marginals_and_pairs import correlations

_MAX_LEVELS = 20  # rarer ones are one more


def associations(X: Any) -> NDArray:
    r"""Return the association of each two columns.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_columns) or DataFrame
        At least one row.

    Returns
    -------
    matrix : ndarray of shape (n_columns, n_columns), float64
        Symmetric, in the order of the columns; 1 on the diagonal. Of two columns of
        numbers Pearson's correlation, in [-1, 1]; of two columns of levels Cramér's
        V [1]_ and of numbers and levels the correlation ratio η, both in [0, 1].
        It is 0 where a column is constant.

    Raises
    ------
    ValueError
        If there are no rows.

    Notes
    -----
    Numbers that are missing are left out; missing levels are a level, and levels
    beyond the 20 most frequent are one. Few rows make V and η larger than they are:
    compare sets of as many rows.

    .. math:: V = \sqrt{\frac{\chi^2 / n}{\min(k, l) - 1}}, \qquad
        \eta^2 = \frac{\sum_k n_k (\bar x_k - \bar x)^2}{\sum_i (x_i - \bar x)^2}

    References
    ----------
    .. [1] Cramér, H. (1946). Mathematical Methods of Statistics, chapter 21.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import associations
    >>> X = np.array([["a", 1.0], ["a", 1.0], ["b", 3.0], ["b", 3.0]], dtype=object)
    >>> associations(X).round(2)
    array([[1., 1.],
           [1., 1.]])
    """
    parts = [part for block in read_blocks(X, "X") for part in block.split()]
    check_n_rows("X", len(parts[0].values), 1)
    matrix = np.eye(len(parts))
    numbers = [j for j, part in enumerate(parts) if part.is_numeric]
    levels = [j for j, part in enumerate(parts) if not part.is_numeric]
    values = np.zeros((len(parts[0].values), 0))
    if numbers:
        values = np.hstack([parts[j].values.astype(np.float64) for j in numbers])
        matrix[np.ix_(numbers, numbers)] = correlations(values)
    groups = {j: _indicators(parts[j]) for j in levels}
    for place, j in enumerate(levels):
        ratios = _correlation_ratios(values, groups[j])
        matrix[j, numbers] = matrix[numbers, j] = ratios
        for k in levels[:place]:
            matrix[j, k] = matrix[k, j] = _cramers_v(groups[j].T @ groups[k])
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _indicators(part: Block) -> NDArray:
    """One column a level, rare ones together."""
    ranked = Counter(part.values.tolist()).most_common()
    codes = {level: min(i, _MAX_LEVELS) for i, (level, _) in enumerate(ranked)}
    found = np.array([codes[value] for value in part.values.tolist()])
    return np.eye(found.max() + 1)[found]


def _correlation_ratios(values: NDArray, groups: NDArray) -> NDArray:
    """Of each column of numbers with one of levels."""
    is_there = ~np.isnan(values)
    low = np.nan_to_num(np.fmin.reduce(values, axis=0))
    shifted = np.where(is_there, values / 2 - low / 2, 0.0)
    top = shifted.max(axis=0, initial=0.0)
    shifted = shifted / np.where(top > 0, top, 1.0)
    n = np.maximum(is_there.sum(axis=0), 1)
    shifted = np.where(is_there, shifted - shifted.sum(axis=0) / n, 0.0)
    counts = np.maximum(groups.T @ is_there, 1)
    between = ((groups.T @ shifted) ** 2 / counts).sum(axis=0)
    total = (shifted**2).sum(axis=0)
    is_constant = total <= 1e-13 * n
    ratios = between / np.where(is_constant, 1.0, total)
    return np.where(is_constant, 0.0, np.sqrt(np.clip(ratios, 0.0, 1.0)))


def _cramers_v(table: NDArray) -> float:
    smaller = min(table.shape) - 1
    if smaller < 1:
        return 0.0
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi2 = float(((table - expected) ** 2 / expected).sum())
    return float(np.sqrt(min(chi2 / n / smaller, 1.0)))
