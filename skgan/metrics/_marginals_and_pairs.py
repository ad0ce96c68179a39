"""Marginals and pairs of columns.

Independent columns score well here: never rank samplers by these alone.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from skgan.frames import is_table
from skgan.metrics._blocks import Block, match_blocks, read_blocks
from skgan.metrics._inputs import check_n_rows

_N_BINS = 10  # for numbers that meet a category


def column_shapes(X_real: Any, X_synthetic: Any) -> float:
    """How alike the columns are, one at a time.

    Parameters
    ----------
    X_real : array-like of shape (n_real, n_columns) or DataFrame
        Real rows. By convention those that were trained on. At least one.
    X_synthetic : array-like of shape (n_synthetic, n_columns) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one.

    Returns
    -------
    score : float
        Mean over columns, in [0, 1]; 1 is best. `column_shape_scores` has each.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    Notes
    -----
    1 minus the Kolmogorov-Smirnov statistic of a numeric column, where a missing
    value counts as lower than all others; 1 minus the total variation distance of a
    category, where it counts as a level.

    Examples
    --------
    >>> from skgan.metrics import column_shapes
    >>> column_shapes([[0.0, 1.0], [1.0, 2.0]], [[0.0, 1.0], [0.0, 2.0]])
    0.75
    """
    return float(np.mean(list(column_shape_scores(X_real, X_synthetic).values())))


def column_shape_scores(X_real: Any, X_synthetic: Any) -> dict[Any, float]:
    """How alike each column is; see `column_shapes` for parameters and definition.

    Returns
    -------
    scores : dict of column name (or index) to float
        In [0, 1]; 1 is best.

    Examples
    --------
    >>> from skgan.metrics import column_shape_scores
    >>> column_shape_scores([[0.0, 1.0], [1.0, 2.0]], [[0.0, 1.0], [0.0, 2.0]])
    {0: 0.5, 1: 1.0}
    """
    return {
        real.labels[0]: _ks_complement(real.values[:, 0], synthetic.values[:, 0])
        if real.is_numeric
        else 1 - _total_variation(*_common_codes(real.values, synthetic.values))
        for real, synthetic in _column_pairs(X_real, X_synthetic)
    }


def pair_trends(X_real: Any, X_synthetic: Any) -> float:
    """How alike the dependence between two columns is, over all pairs.

    Parameters
    ----------
    X_real : array-like of shape (n_real, n_columns) or DataFrame
        Real rows. By convention those that were trained on. At least two columns.
    X_synthetic : array-like of shape (n_synthetic, n_columns) or DataFrame
        Rows drawn from the sampler, with the same columns.

    Returns
    -------
    score : float
        Mean over pairs, in [0, 1]; 1 is best. `pair_trend_scores` has each.

    Raises
    ------
    ValueError
        If a set is empty, the columns differ, or there is only one.

    Notes
    -----
    Two numeric columns: 1 - abs(Δρ) / 2 with Pearson's correlation ρ over rows where
    neither is missing; it is 0 for a constant column. A pair with a category: 1
    minus the total variation distance of the contingency table, where numbers fall
    in 10 bins of equal width over the real range, and missing values are a bin of
    their own.

    Examples
    --------
    >>> from skgan.metrics import pair_trends
    >>> pair_trends([[0.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]])
    0.0
    """
    return float(np.mean(list(pair_trend_scores(X_real, X_synthetic).values())))


def pair_trend_scores(X_real: Any, X_synthetic: Any) -> dict[tuple[Any, Any], float]:
    """How alike each pair is; see `pair_trends` for parameters and definition.

    Returns
    -------
    scores : dict of pair of column names (or indices) to float
        In [0, 1]; 1 is best.

    Examples
    --------
    >>> from skgan.metrics import pair_trend_scores
    >>> pair_trend_scores([[0.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]])
    {(0, 1): 0.0}
    """
    columns = _column_pairs(X_real, X_synthetic)
    if len(columns) < 2:
        raise ValueError("X_real must have at least two columns to make a pair.")
    scores = {
        (a[0].labels[0], b[0].labels[0]): 0.0 for a, b in combinations(columns, 2)
    }
    numeric = [pair for pair in columns if pair[0].is_numeric]
    scores.update(_correlation_scores(numeric))
    if len(numeric) == len(columns):
        return scores
    codes = [
        (real.labels[0], real.is_numeric, *_binned(real, synthetic))
        for real, synthetic in columns
    ]
    for (a, a_numeric, *in_a), (b, b_numeric, *in_b) in combinations(codes, 2):
        if not (a_numeric and b_numeric):
            n_b = 1 + max(in_b[0].max(), in_b[1].max())
            real, synthetic = (x * n_b + y for x, y in zip(in_a, in_b, strict=True))
            scores[a, b] = 1 - _total_variation(real, synthetic)
    return scores


def _column_pairs(X_real: Any, X_synthetic: Any) -> list[tuple[Block, Block]]:
    """Each column as a block of its own, real and synthetic."""
    like = read_blocks(X_real, "X_real")
    blocks = match_blocks(X_synthetic, like, is_table(X_real), "X_synthetic")
    check_n_rows("X_real", len(like[0].values), 1)
    check_n_rows("X_synthetic", len(blocks[0].values), 1)
    return [
        pair
        for real, synthetic in zip(like, blocks, strict=True)
        for pair in zip(real.split(), synthetic.split(), strict=True)
    ]


def _ks_complement(real: np.ndarray, synthetic: np.ndarray) -> float:
    """1 minus the largest difference of the distribution functions."""
    if np.result_type(real, synthetic).kind == "f":
        real, synthetic = (
            np.where(np.isnan(values), -np.inf, values) for values in (real, synthetic)
        )
    points = np.concatenate([real, synthetic])
    shares = [
        np.searchsorted(np.sort(values), points, side="right") / len(values)
        for values in (real, synthetic)
    ]
    return float(1 - np.abs(shares[0] - shares[1]).max())


def _total_variation(real: np.ndarray, synthetic: np.ndarray) -> float:
    """Half the summed differences of the shares of each code."""
    _, codes = np.unique(np.concatenate([real, synthetic]), return_inverse=True)
    n_codes = codes.max() + 1
    shares_real = np.bincount(codes[: len(real)], minlength=n_codes) / len(real)
    shares_synthetic = np.bincount(codes[len(real) :], minlength=n_codes)
    difference = shares_real - shares_synthetic / len(synthetic)
    return float(np.abs(difference).sum() / 2)


def _common_codes(
    real: np.ndarray, synthetic: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Levels as whole numbers, the same for both."""
    codes: dict[Any, int] = {}
    real_codes, synthetic_codes = (
        np.array([codes.setdefault(value, len(codes)) for value in values])
        for values in (real, synthetic)
    )
    return real_codes, synthetic_codes


def _binned(real: Block, synthetic: Block) -> tuple[np.ndarray, np.ndarray]:
    """Levels or bins of one column as whole numbers."""
    if not real.is_numeric:
        return _common_codes(real.values, synthetic.values)
    columns = [block.values[:, 0].astype(np.float64) for block in (real, synthetic)]
    present = columns[0][~np.isnan(columns[0])]
    if not len(present):
        present = np.zeros(1)
    inner = np.linspace(present.min(), present.max(), _N_BINS + 1)[1:-1]
    real_bins, synthetic_bins = (
        np.where(np.isnan(values), _N_BINS, np.searchsorted(inner, values, "right"))
        for values in columns
    )
    return real_bins, synthetic_bins


def _correlation_scores(
    columns: list[tuple[Block, Block]],
) -> dict[tuple[Any, Any], float]:
    if len(columns) < 2:
        return {}
    real, synthetic = (
        correlations(np.hstack([blocks[side].values for blocks in columns]))
        for side in (0, 1)
    )
    scores = 1 - np.abs(real - synthetic) / 2
    return {
        (columns[i][0].labels[0], columns[j][0].labels[0]): float(scores[i, j])
        for i, j in combinations(range(len(columns)), 2)
    }


def correlations(values: np.ndarray) -> np.ndarray:
    """Pearson's correlations over complete pairs; 0 where one is constant."""
    values = values.astype(np.float64)
    present = ~np.isnan(values)
    # Scaled to [0, 1] first: squares cannot overflow, constants are exactly 0.
    low = np.nan_to_num(np.fmin.reduce(values, axis=0))
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.where(present, values / 2 - low / 2, 0.0)
    values /= np.where(values.max(axis=0) > 0, values.max(axis=0), 1.0)
    values = np.where(present, values - values.mean(axis=0), 0.0)
    weight = present.astype(np.float64)
    n_rows = np.maximum(weight.T @ weight, 1.0)
    sums, squares = values.T @ weight, (values**2).T @ weight
    covariance = values.T @ values - sums * sums.T / n_rows
    variance = squares - sums**2 / n_rows  # of i over rows where j is present too
    scale = np.sqrt(np.clip(variance, 0.0, None) * np.clip(variance.T, 0.0, None))
    is_constant = np.minimum(variance, variance.T) <= 1e-13 * n_rows
    return np.where(is_constant, 0.0, covariance / np.where(is_constant, 1.0, scale))
