"""find_rotation: planted rotations are found, and nothing where there is nothing."""

import numpy as np
import pytest

from skgan._deadline import Deadline
from skgan.datasets import make_grid
from skgan.encoding import VectorEncoder
from skgan.encoding.vector._rotation import (
    find_rotation,
    least_entropy_rotation,
    spacing_entropy,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def standardise(columns):
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def turn(degrees):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cosine, sine], [-sine, cosine]])


def make_lattice(n, seed=0):
    """Five by five modes, each .05 wide at a distance of 2."""
    stream = rng(seed)
    return 2.0 * stream.integers(-2, 3, (n, 2)) + 0.05 * stream.normal(size=(n, 2))


def degrees_off(found, planted):
    """Angle between planted directions and those of `found`, the worst of them.

    Both are of shape (d, d) with directions for columns, in any order and sign.
    """
    found = found / np.linalg.norm(found, axis=0)
    planted = planted / np.linalg.norm(planted, axis=0)
    cosines = np.abs(planted.T @ found).max(axis=1)
    return np.degrees(np.arccos(np.clip(cosines, -1, 1))).max()


@pytest.mark.parametrize("angle", [0.0, 3.0, 17.0, 45.0, 60.0, 88.0])
def test_a_tilted_lattice(angle):
    rows = make_lattice(4000) @ turn(angle)
    scale = rows.std(axis=0)
    found = find_rotation(standardise(rows), rng())
    if found is None:
        # Upright, it factorises as it stands: nothing is to be gained.
        assert angle == 0
        return
    # Of standardised columns: undo the scale to compare with what was planted.
    assert degrees_off(found / scale[:, None], turn(angle).T) < 0.5


def test_make_grid_rotated():
    rows = make_grid(5000, random_state=0)[0] @ turn(31.0)
    scale = rows.std(axis=0)
    found = find_rotation(standardise(rows), rng())
    assert degrees_off(found / scale[:, None], turn(31.0).T) < 0.5


@pytest.mark.parametrize("d", [2, 3])
def test_independent_columns_mixed(d):
    sources = rng(1).uniform(-1, 1, (5000, d)) ** 3
    mixing = np.linalg.qr(rng(2).normal(size=(d, d)))[0]
    rows = sources @ mixing
    scale = rows.std(axis=0)
    found = find_rotation(standardise(rows), rng())
    assert found.shape == (d, d)
    assert degrees_off(found / scale[:, None], np.linalg.inv(mixing)) < 1.5
    # The new columns are the sources, up to order, sign and size.
    cosines = np.abs(np.corrcoef((standardise(rows) @ found).T, sources.T)[:d, d:])
    assert (np.sort(cosines, axis=0)[-1] > 0.99).all()


def test_mixed_columns_come_closer_to_independent():
    sources = rng(1).uniform(-1, 1, (5000, 5)) ** 3
    rows = standardise(sources @ np.linalg.qr(rng(2).normal(size=(5, 5)))[0])
    found = find_rotation(rows, rng())

    def cost(mapping):
        return spacing_entropy(rows @ mapping).sum() - np.linalg.slogdet(mapping)[1]

    assert cost(found) < cost(np.eye(5)) - 0.5


def test_a_shear_is_undone_too():
    sources = rng(1).uniform(-1, 1, (5000, 2)) ** 3
    rows = sources @ np.array([[1.0, 0.8], [0.0, 1.0]])
    found = find_rotation(standardise(rows), rng())
    new = standardise(rows) @ found
    cosines = np.abs(np.corrcoef(new.T, sources.T)[:2, 2:])
    assert (cosines.max(axis=0) > 0.98).all()


def nothing_to_find():
    normal = rng().normal(size=(3000, 3))
    yield "normal", normal
    yield "correlated normal", normal @ rng(1).normal(size=(3, 3))
    yield "upright", rng().uniform(size=(3000, 2))
    yield "a Gaussian copula", np.exp(normal @ rng(1).normal(size=(3, 3)))
    yield "few rows", (make_lattice(99) @ turn(30.0))
    yield "repeats", np.rint(2 * make_lattice(3000) @ turn(30.0))
    yield "one column", make_lattice(3000)[:, :1]
    yield (
        "thirteen columns",
        np.hstack([make_lattice(3000, i) for i in range(7)])[:, :13],
    )
    yield "one line", np.repeat(normal[:, :1], 2, axis=1)


@pytest.mark.parametrize(
    "rows",
    [pytest.param(rows, id=name) for name, rows in nothing_to_find()],
)
def test_nothing_where_it_does_not_pay(rows):
    assert find_rotation(standardise(rows), rng()) is None


def test_more_is_asked_of_a_map_with_a_larger_gain():
    columns = standardise(make_lattice(3000) @ turn(30.0))
    assert find_rotation(columns, rng()) is not None
    assert find_rotation(columns, rng(), min_gain=50.0) is None


def test_a_pure_function():
    columns = standardise(make_lattice(4000) @ turn(30.0))
    columns.flags.writeable = False
    first, second = (find_rotation(columns, rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = find_rotation(columns, rng(6))
    assert degrees_off(first, other) < 1


def test_least_entropy_rotation_is_a_rotation():
    columns = standardise(rng(1).uniform(-1, 1, (2000, 4)) ** 3)
    columns = columns @ np.linalg.qr(rng(2).normal(size=(4, 4)))[0]
    kept = columns.copy()
    rotation = least_entropy_rotation(columns, Deadline())
    np.testing.assert_array_equal(columns, kept)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(4), atol=1e-12)
    assert spacing_entropy(columns @ rotation).sum() < spacing_entropy(columns).sum()


@pytest.mark.parametrize("scale", [0.1, 7.0])
def test_entropy_moves_with_the_logarithm_of_the_scale(scale):
    columns = rng().normal(size=(20_000, 2))
    shift = spacing_entropy(scale * columns) - spacing_entropy(columns)
    np.testing.assert_allclose(shift, np.log(scale), rtol=1e-9)
    uniform = rng().uniform(size=(20_000, 1)) * 12**0.5
    gap = spacing_entropy(columns)[0] - spacing_entropy(uniform)[0]
    # log sqrt(2 pi e) - log sqrt(12)
    assert gap == pytest.approx(0.1765, abs=0.03)


class TestInAnEncoder:
    rows = make_lattice(4000) @ turn(25.0) * [3.0, 0.2] + [100.0, -5.0]

    def test_there_and_back(self):
        encoder = VectorEncoder().fit(self.rows)
        assert encoder.rotation_.shape == (2, 2)
        back = encoder.inverse_transform(encoder.transform(self.rows))
        np.testing.assert_allclose(back, self.rows, rtol=1e-7, atol=1e-7)

    def test_normal_draws_fall_on_the_lattice(self):
        encoder = VectorEncoder().fit(self.rows)
        drawn = encoder.inverse_transform(rng(3).normal(size=(3000, 2)))
        upright = ((drawn - [100.0, -5.0]) / [3.0, 0.2]) @ turn(-25.0) / 2
        off = np.abs(upright - np.rint(upright)).max(axis=1)
        assert (off < 0.1).mean() > 0.9
        modes, counts = np.unique(
            np.rint(upright[off < 0.1]), axis=0, return_counts=True
        )
        assert len(modes) == 25 and counts.min() > 0.5 * 3000 / 25
        plain = VectorEncoder(rotate=False).fit(self.rows)
        assert plain.rotation_ is None
        drawn = plain.inverse_transform(rng(3).normal(size=(3000, 2)))
        upright = ((drawn - [100.0, -5.0]) / [3.0, 0.2]) @ turn(-25.0) / 2
        assert (np.abs(upright - np.rint(upright)).max(axis=1) < 0.1).mean() < 0.5

    def test_scores_are_uncorrelated_normal(self):
        encoded = VectorEncoder().fit_transform(self.rows)
        np.testing.assert_allclose(encoded.std(axis=0), 1, atol=0.05)
        assert abs(np.corrcoef(encoded.T)[0, 1]) < 0.05

    def test_the_global_stream_does_not_matter(self):
        rotations = []
        for seed in (1, 2):
            np.random.seed(seed)
            rotations.append(VectorEncoder().fit(self.rows).rotation_)
        np.testing.assert_array_equal(*rotations)

    def test_missing_values_and_constants_beside_it(self):
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame(self.rows, columns=["a", "b"]).assign(c=1.5)
        encoder = VectorEncoder().fit(frame)
        assert encoder.rotation_ is not None
        back = encoder.inverse_transform(encoder.transform(frame))
        pd.testing.assert_frame_equal(back, frame, rtol=1e-7)
