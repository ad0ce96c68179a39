"""Associations of many columns, a stripe of the table at a time."""

import numpy as np
import pytest

from skgan.priors import LevelColumn, NumberColumn, TreesPrior, _predictors
from skgan.priors._predictors import Associations


def test_stripes_are_parts_of_the_whole_table(monkeypatch):
    rng = np.random.default_rng(0)
    blocks = [rng.normal(size=(80, width)) for width in (1, 3, 1, 1, 2, 1, 1)]
    whole = Associations(blocks)
    table = np.stack([whole.of(target) for target in range(7)])
    monkeypatch.setattr(_predictors, "WHOLE_TABLE", 5)
    monkeypatch.setattr(_predictors, "STRIPE", 3)
    stripes = Associations(blocks)
    for target in (6, 0, 3, 2, 5, 1, 4, 4):
        np.testing.assert_allclose(stripes.of(target), table[target])
        assert stripes._stripe.shape[0] <= 3


@pytest.mark.parametrize("n_given", [1, 2])
def test_labels_that_stand_first_cost_no_particles(n_given):
    """Each of them used to be drawn for 64 times as often."""
    rng = np.random.default_rng(0)
    level = rng.integers(0, 2, 200)
    columns = np.column_stack(
        [level, level + rng.normal(size=200), rng.normal(size=200)]
    )
    prior = TreesPrior().fit(columns, (LevelColumn(2), NumberColumn(), NumberColumn()))
    model, sizes = prior._models[2], []

    class Counting:
        def draw(self, x, rng):
            sizes.append(x.shape[1])
            return model.draw(x, rng)

    prior._models = [*prior._models[:2], Counting()]
    is_given = np.zeros((20_000, 3), dtype=bool)
    is_given[:, :n_given] = True
    drawn = prior.sample_given(np.ones((20_000, 3)), is_given, 0)
    assert sizes == [20_000] and (drawn.columns[:, 0] == 1).all()
