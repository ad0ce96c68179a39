"""Rows with a known distribution."""

import numpy as np
import pytest

from skgan.priors import LevelColumn, NumberColumn


@pytest.fixture
def mixed():
    """Levels, a zero-inflated number, a smooth one with missing cells, a grid."""
    rng = np.random.default_rng(0)
    n = 3000
    level = rng.integers(0, 3, n)
    inflated = np.where(rng.random(n) < 0.6, 0.0, rng.gamma(2, 1 + level))
    smooth = 2.0 * level + rng.normal(size=n)
    smooth[rng.random(n) < np.where(inflated > 0, 0.3, 0.05)] = np.nan
    grid = np.round(np.nan_to_num(smooth) + rng.normal(size=n))
    rare = rng.random(n) < 0.01
    columns = np.column_stack([level, inflated, smooth, grid, rare]).astype(float)
    schema = (
        LevelColumn(3),
        NumberColumn(),
        NumberColumn(),
        NumberColumn(discrete=True),
        LevelColumn(2),
    )
    return columns, schema
