"""Random numbers that are functions of a row's number."""

import numpy as np
import pytest

from skgan._mixing import permute_rows, row_uniforms


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 97, 1000])
def test_permutations(size):
    rows = np.arange(size)
    first, second = (permute_rows([seed], rows, size) for seed in (0, 1))
    assert sorted(first) == sorted(second) == rows.tolist()
    assert size < 7 or (first != second).any()
    # Row by row as all at once.
    assert [int(permute_rows([0], rows[[i]], size)[0]) for i in rows[:5]] == first[
        :5
    ].tolist()


def test_places_of_a_large_range_are_spread_and_different():
    size = 2**50 + 1
    places = permute_rows([3], np.arange(5000), size)
    assert len(set(places.tolist())) == 5000
    assert places.min() >= 0 and places.max() < size
    assert abs(places.mean() / size - 0.5) < 0.02


def test_uniform_numbers():
    rows = np.arange(20_000)
    numbers = row_uniforms([5, 1], rows)
    assert numbers.min() >= 0 and numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.01
    assert abs(numbers.var() * 12 - 1) < 0.03
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.03
    assert (row_uniforms([5, 1], rows[7:9]) == numbers[7:9]).all()
    assert (row_uniforms([5, 2], rows) != numbers).mean() > 0.99
