"""When a grid is believed, at the limits worked out by hand."""

import numpy as np
import pytest

from skgan.encoding._grid import (
    Grid,
    chance_free_divisor,
    find_decimals,
    find_grid,
    find_single_grid,
)


def singles(values):
    """Round to single precision, and keep what that leaves in double."""
    return np.asarray(values).astype(np.float32).astype(float)


@pytest.mark.parametrize(
    ("places", "divisor"),
    [
        # Two differences have 23 in common in one of 529 columns, 22 in one of 484;
        # one of 500 counts as chance.
        ([0, 23, 69], 23),
        ([0, 22, 66], 1),
        # Three, 8 in one of 512 and 7 in one of 343.
        ([5, 13, 37, 53], 8),
        ([5, 12, 33, 47], 1),
        # Two values tell nothing, nor do those further apart than floats are whole.
        ([0, 1000], 1),
        ([0, 2.0**53, 2.0**54], 2.0**53),
        ([0, 2.0**54, 2.0**55], 1),
    ],
)
def test_steps_that_are_none_by_chance(places, divisor):
    assert chance_free_divisor(np.array(places, dtype=float)) == divisor


def test_decimals_are_found_up_to_the_tenth():
    values = np.arange(1, 40) * 1e-10
    assert find_decimals(np.round(values, 10)) == 10
    assert find_decimals(np.round(values / 10, 11)) is None
    # Of fifteen digits in all, of which six are before the point.
    longer = np.round(123_456 + np.arange(1, 40) / 1e9, 9)
    for kind in (np.float64, np.longdouble):
        assert find_decimals(longer.astype(kind)) == 9
        assert find_decimals(np.round(longer + 1e-10, 10).astype(kind)) is None


@pytest.mark.parametrize(("n", "n_units"), [(150, 40), (5000, 300)])
def test_hundredths_without_endings_are_only_rounded(n, n_units):
    """Few rows have more of some endings than of others by chance."""
    rng = np.random.default_rng(0)
    grid = Grid(2).fit(rng.integers(0, 100 * n_units, n) / 100)
    values = rng.uniform(0, n_units, 500)
    np.testing.assert_array_equal(grid.snap(values), values.round(2))


def test_an_ending_needs_its_share_and_its_units():
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 30, 500)
    for share, n_units, is_ending in ((0.5, 30, True), (0.2, 30, False), (0.9, 8, 0)):
        cents = np.where(
            rng.random(2000) < share, 0.99, rng.integers(0, 99, 2000) / 100
        )
        snapped = Grid(2).fit(rng.integers(0, n_units, 2000) + cents).snap(values)
        found = (np.round(snapped % 1, 2) == 0.99).mean()
        assert abs(found - (share if is_ending else 0.01)) < 0.07


def test_multiples_hold_all_values_or_none():
    """3 * 0.05 is not 0.15: of a column with both, only decimals are true."""
    products = np.arange(1, 80) * 0.05
    assert (find_grid(products, None).snap(products + 0.01) == products).all()
    grid = find_grid(np.r_[products, 0.15], None)
    assert isinstance(grid, Grid) and grid.snap(np.array([0.16]))[0] == 0.15
    # Fewer than fifty values show no multiples.
    assert isinstance(find_grid(products[:49], None), Grid)


def test_rounded_endings_that_were_seen_stay():
    """Though by their places most values would end in .99."""
    whole = np.arange(140_000, 240_000, 250)
    prices = whole + np.where(np.arange(len(whole)) % 10, 0.99, 0.49)
    grid = find_single_grid(singles(prices))
    np.testing.assert_array_equal(grid.snap(singles(prices)), prices)
    # What was not seen gets the ending at its place among the shares.
    assert grid.snap(np.array([150_000.05, 150_000.3])).tolist() == [
        150_000.49,
        150_000.99,
    ]


def test_how_many_rounded_endings_are_none_by_chance():
    """They are a 64th apart: 100 / 64**2 is more than one of 500, 100 / 64**3 less."""
    prices = np.array([140_000.99, 150_321.99, 163_777.99])
    assert find_single_grid(singles(prices[:2])) is None
    assert find_single_grid(singles(prices)) is not None
    whole = np.arange(140_000, 240_000, 250)
    for n_endings in (4, 5):
        cents = np.array([3, 27, 52, 71, 88])[np.arange(len(whole)) % n_endings]
        grid = find_single_grid(singles(whole + cents / 100))
        assert (grid is None) == (n_endings == 5)
