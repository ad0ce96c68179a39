"""The density of a chain of trees is one."""

import numpy as np
import pytest

from skgan.priors import LevelColumn, NumberColumn, TreesPrior, find_repeated

NUMBER = NumberColumn()


def axis(values, n=40_001, reach=60.0, least=5):
    """Points of a number's continuum, their weights, and what else it can be."""
    present = values[~np.isnan(values)]
    repeated = _repeated(present, least)
    atoms = np.append(np.unique(present[np.isin(present, repeated)]), np.nan)
    spread = present.std() + 1.0
    # Dense where the values are, ever wider beyond, never at an atom.
    t = np.linspace(-np.arcsinh(reach * 20), np.arcsinh(reach * 20), n)
    edges = present.mean() + spread * np.sinh(t) / 20
    points = (edges[1:] + edges[:-1]) / 2 + 1e-9
    return np.append(points, atoms), np.append(np.diff(edges), np.ones(len(atoms)))


def _repeated(values, least):
    unique, counts = np.unique(values, return_counts=True)
    return unique[counts >= least]


@pytest.mark.parametrize(
    "kind", ["smooth", "inflated", "missing", "rounded", "grid", "discrete"]
)
def test_one_column_integrates_to_one(kind):
    rng = np.random.default_rng(0)
    values = rng.normal(size=600)
    if kind == "inflated":
        values[:300] = 0.0
    elif kind == "missing":
        values[:100] = np.nan
    elif kind in ("grid", "discrete"):
        values = np.round(3 * values)
    elif kind == "rounded":
        # Many values come five times and more, and one stands out.
        values = np.round(25 * values[:300])
        values[:50] = 7.0
    schema = (NumberColumn(discrete=kind == "discrete"),)
    prior = TreesPrior().fit(values[:, None], schema, random_state=0)
    points, weights = axis(values, least=40 if kind == "rounded" else 5)
    if kind in ("grid", "discrete"):
        present = values[~np.isnan(values)]
        extra = np.setdiff1d(np.unique(present), points)
        points = np.append(points, extra)
        weights = np.append(weights, np.ones(len(extra)))
    density = np.exp(prior.score_samples(points[:, None]))
    assert np.sum(density * weights) == pytest.approx(1, abs=0.003)


@pytest.mark.parametrize("slope", [0.0, 3.0])
@pytest.mark.parametrize("follower", ["smooth", "inflated", "grid"])
def test_two_columns_integrate_to_one(slope, follower):
    rng = np.random.default_rng(1)
    x = rng.normal(size=800)
    y = slope * x + 0.3 * rng.normal(size=800)
    if follower == "inflated":
        y[:300] = 0.0
    elif follower == "grid":
        y = np.round(2 * y)
    columns = np.column_stack([x, y])
    prior = TreesPrior().fit(columns, (NUMBER, NUMBER), random_state=0)
    points, weights = axis(y)
    if follower == "grid":
        extra = np.setdiff1d(np.unique(y), points)
        points = np.append(points, extra)
        weights = np.append(weights, np.ones(len(extra)))
    # Given each of some first values, the second one's density is one.
    for first in (-1.5, 0.1, 2.2):
        rows = np.column_stack([np.full(len(points), first), points])
        density = np.exp(prior.score_columns(rows)[:, 1])
        assert np.sum(density * weights) == pytest.approx(1, abs=0.004)


def test_levels_and_numbers_sum_to_one():
    rng = np.random.default_rng(2)
    level = rng.integers(0, 3, 500)
    columns = np.column_stack([level, level + rng.normal(size=500)])
    schema = (LevelColumn(4), NUMBER)
    prior = TreesPrior(order="position").fit(columns, schema, random_state=0)
    points, weights = axis(columns[:, 1])
    total = 0.0
    for code in range(4):
        rows = np.column_stack([np.full(len(points), float(code)), points])
        total += np.sum(np.exp(prior.score_samples(rows)) * weights)
    assert total == pytest.approx(1, abs=0.003)
    # The level comes last in the other chain.
    prior.fit(columns, schema, first=(1,), random_state=0)
    rows = np.column_stack([np.arange(4.0), np.full(4, 0.3)])
    assert np.exp(prior.score_columns(rows)[:, 0]).sum() == pytest.approx(1)


def test_parts_sum_to_the_whole_and_name_the_odd_cell(mixed):
    columns, schema = mixed
    prior = TreesPrior().fit(columns, schema, random_state=0)
    parts = prior.score_columns(columns[:50])
    assert np.array_equal(parts.sum(axis=1), prior.score_samples(columns[:50]))
    odd = columns[:50].copy()
    odd[:, 1] = 300.0
    assert (np.argmin(prior.score_columns(odd) - parts, axis=1) == 1).mean() > 0.9


def test_the_density_of_held_out_rows_is_near_the_true_one():
    rng = np.random.default_rng(4)

    def rows(n):
        x = rng.normal(size=n)
        return np.column_stack([x, np.sin(2 * x) + 0.3 * rng.normal(size=n)])

    prior = TreesPrior().fit(rows(4000), (NUMBER, NUMBER), random_state=0)
    held = rows(2000)
    true = -0.5 * held[:, 0] ** 2 - np.log(2 * np.pi * 0.3)
    true -= 0.5 * ((held[:, 1] - np.sin(2 * held[:, 0])) / 0.3) ** 2
    assert np.mean(true) - np.mean(prior.score_samples(held)) < 0.35


def test_rows_off_the_pattern_score_lower():
    rng = np.random.default_rng(5)
    x = rng.normal(size=2000)
    columns = np.column_stack([x, x + 0.1 * rng.normal(size=2000)])
    prior = TreesPrior().fit(columns, (NUMBER, NUMBER), random_state=0)
    inside, off = prior.score_samples(columns), prior.score_samples(columns * [1, -1])
    far = np.abs(x) > 0.5
    assert (off[far] < np.quantile(inside, 0.1)).mean() > 0.9


@pytest.mark.parametrize("exponent", [-1066, -900, 900, 1021])
def test_any_power_of_two_is_a_unit_like_another(exponent):
    rng = np.random.default_rng(0)
    a = rng.uniform(-4, 4, 400)
    # Whole numbers of 256ths, which the smallest numbers hold as well.
    columns = np.rint(256 * np.column_stack([a, a / 2 + rng.uniform(-1, 1, 400)])) / 256
    columns[:50, 1] = 0
    ends = columns.min(axis=0), columns.max(axis=0)
    schema = (NUMBER, NUMBER)
    plain = TreesPrior().fit(columns, schema, random_state=0)
    scaled = TreesPrior().fit(np.ldexp(columns, exponent), schema, random_state=0)
    drawn = scaled.sample(500, np.random.default_rng(1))
    expected = plain.sample(500, np.random.default_rng(1))
    np.testing.assert_allclose(np.ldexp(drawn, -exponent), expected, atol=1 / 16)
    assert (drawn >= np.ldexp(ends[0], exponent)).all()
    assert (drawn <= np.ldexp(ends[1], exponent)).all()
    density = scaled.score_samples(np.ldexp(columns, exponent))
    n_numbers = 1 + (columns[:, 1] != 0)
    if abs(exponent) == 900:
        wanted = plain.score_samples(columns) - n_numbers * exponent * np.log(2)
        np.testing.assert_allclose(density, wanted, rtol=1e-9)
    assert np.isfinite(density).all()
    far = np.array([[1e308, -1e308], [5e-324, 0], [-1e308, 5.0]])
    assert not np.isnan(scaled.score_samples(far)).any()


def test_a_gap_between_clusters_is_sparse():
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 1500)
    ring = 5 * np.column_stack([np.cos(angle), np.sin(angle)])
    ring += 0.3 * np.random.default_rng(1).normal(size=ring.shape)
    prior = TreesPrior(linear=False).fit(ring, (NUMBER, NUMBER), random_state=0)
    middle, on_it = prior.score_samples(np.array([[0.0, 0.5], [0.0, 5.0]]))
    assert middle < on_it - 2


def test_what_is_repeated_can_be_taken_from_other_rows():
    rng = np.random.default_rng(0)
    many, few = (rng.integers(0, 12, (n, 1)).astype(float) for n in (60, 50))
    repeated = find_repeated(many[:, 0])
    np.testing.assert_array_equal(repeated, np.arange(12))
    assert len(find_repeated(few[:, 0])) < 12
    prior = TreesPrior().fit(few, (NUMBER,), repeated={0: repeated})
    seen = np.unique(few)[:, None]
    # Probabilities, of which a value that is no repeated one takes a share.
    assert 0.9 < np.exp(prior.score_samples(seen)).sum() < 1
    assert np.isfinite(prior.score_samples([[3.5], [40.0]])).all()
    with pytest.raises(ValueError, match=r"names column 1, and .* are \[0\]"):
        prior.fit(few, (NUMBER,), repeated={1: repeated})
