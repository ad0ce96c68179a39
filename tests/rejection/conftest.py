"""Tables that a sampler draws wrongly in a known way."""

from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True)
class Number:
    discrete: bool = False


@dataclass(frozen=True)
class Level:
    n_levels: int


class Mixed:
    """A number with gaps, one related to it, few levels, 400 levels, whole numbers."""

    schema = (Number(), Level(6), Number(), Level(400), Number(True))

    def real(self, n, seed):
        return self._rows(n, seed, related=True)

    def drawn(self, n, seed):
        """The same columns, without the relations."""
        return self._rows(n, seed, related=False)

    def _rows(self, n, seed, related):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=n)
        z = x if related else rng.permutation(x)
        level = np.searchsorted([-1.5, -0.5, 0, 0.5, 1.5], z + 0.5 * rng.normal(size=n))
        near = z + 0.5 * rng.normal(size=n)
        code = np.minimum(rng.geometric(0.02, n) - 1 + (z > 1), 399)
        whole = rng.poisson(np.exp(0.5 * z))
        rows = np.column_stack([x, level, near, code, whole]).astype(np.float64)
        rows[rng.random(n) < 0.1, 0] = np.nan
        rows[rng.random(n) < 0.1, 1] = np.nan
        return rows


@pytest.fixture(scope="session")
def mixed():
    return Mixed()


@pytest.fixture
def number():
    return Number


@pytest.fixture
def level():
    return Level
