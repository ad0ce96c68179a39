"""LatentTraversalDisplay: what changes along which axis, and nothing else."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skgan import GANSampler, InfoGANSampler
from skgan.plotting import LatentTraversalDisplay

SMALL = {"hidden_dims": (8,), "max_iter": 3, "random_state": 0}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 4, 5), dtype=np.uint8)


@pytest.fixture(scope="module")
def sampler(images):
    return InfoGANSampler(n_categories=3, **SMALL).fit(images)


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_the_sheet_has_its_images_in_rows_and_columns():
    images = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    display = LatentTraversalDisplay.from_images(
        images,
        row_names="ab",
        column_names=["x", "y", "z"],
        row_title="down",
        column_title="along",
    )
    sheet = display.image_.get_array()
    assert sheet.shape == (2 * 5 - 1, 3 * 6 - 1)
    for i in range(2):
        for j in range(3):
            tile = sheet[i * 5 : i * 5 + 4, j * 6 : j * 6 + 5]
            assert (tile == images[i, j]).all()
    ax = display.ax_
    assert (ticks(ax.yaxis), ticks(ax.xaxis)) == (["a", "b"], ["x", "y", "z"])
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("down", "along")
    # Names stand at the middles of their images.
    assert ax.get_yticks() == pytest.approx([1.5, 6.5])
    assert ax.get_xticks() == pytest.approx([2, 8, 14])
    assert display.figure_ is ax.figure


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_colours(channels):
    images = np.zeros((2, 2, 4, 5, channels))
    sheet = LatentTraversalDisplay.from_images(images).image_.get_array()
    assert sheet.shape[:2] == (9, 11)


def test_a_row_a_category_and_its_code_along_the_columns(sampler):
    display = LatentTraversalDisplay.from_estimator(sampler, code=1, n_columns=5)
    assert display.images.shape == (3, 5, 4, 5)
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    for column, value in enumerate([-1, -0.5, 0, 0.5, 1]):
        codes = [[row, 0, value] for row in range(3)]
        wanted = sampler.sample(codes=codes, random_state=seed)
        assert (display.images[:, column] == wanted).all()
    assert ticks(display.ax_.xaxis) == ["-1.0", "-0.5", "0.0", "0.5", "1.0"]
    assert ticks(display.ax_.yaxis) == ["0", "1", "2"]
    assert display.ax_.get_ylabel() == "category"
    assert display.ax_.get_xlabel() == "code 1"


def test_a_row_a_continuous_code_of_one_category(sampler):
    display = LatentTraversalDisplay.from_estimator(sampler, category=2, n_columns=3)
    assert display.images.shape == (2, 3, 4, 5)
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    wanted = sampler.sample(codes=[[2, 1, 0], [2, 0, 1]], random_state=seed)
    assert (display.images[:, 2] == wanted).all()
    assert display.ax_.get_ylabel() == "category 2: code"


def test_a_column_a_latent(sampler):
    display = LatentTraversalDisplay.from_estimator(sampler, code=None, n_columns=4)
    assert display.images.shape == (3, 4, 4, 5)
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    for row in range(3):
        wanted = sampler.sample(4, codes=row, random_state=seed)
        assert (display.images[row] == wanted).all()
    assert display.ax_.get_xlabel() == "latent"
    assert ticks(display.ax_.xaxis) == []


def test_the_seed_fixes_the_latents_and_draws_of_the_sampler_go_on(sampler):
    make = LatentTraversalDisplay.from_estimator
    first, same, other = (make(sampler, random_state=s).images for s in (1, 1, 2))
    assert (first == same).all() and (first != other).any()
    stream = np.random.RandomState(5)
    assert (make(sampler, random_state=stream).images != first).any()


def test_it_draws_on_the_axes_given(sampler):
    ax = plt.subplots()[1]
    display = LatentTraversalDisplay.from_estimator(sampler, ax=ax, cmap="gray_r")
    assert display.ax_ is ax and display.image_.get_cmap().name == "gray_r"
    assert display.plot() is display and display.ax_ is not ax


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"code": 2}, "code=2: the sampler has 2 continuous codes"),
        ({"code": -1}, "code=-1"),
        ({"category": 3}, "category=3 must be None or from 0 to 2"),
    ],
)
def test_codes_that_do_not_exist_are_refused(sampler, params, message):
    with pytest.raises(ValueError, match=message):
        LatentTraversalDisplay.from_estimator(sampler, **params)


def test_without_continuous_codes_latents_are_left(images):
    sampler = InfoGANSampler(n_categories=3, n_continuous=0, **SMALL).fit(images)
    with pytest.raises(ValueError, match="0 continuous codes"):
        LatentTraversalDisplay.from_estimator(sampler)
    display = LatentTraversalDisplay.from_estimator(sampler, code=None, n_columns=2)
    assert display.images.shape == (3, 2, 4, 5)


def test_what_cannot_be_drawn_is_refused(images, sampler):
    make = LatentTraversalDisplay.from_estimator
    with pytest.raises(NotFittedError):
        make(InfoGANSampler())
    with pytest.raises(TypeError, match="GANSampler has no codes"):
        make(GANSampler(**SMALL).fit(images))
    rows = images.reshape(len(images), -1)
    with pytest.raises(ValueError, match="images has shape"):
        make(InfoGANSampler(n_categories=3, **SMALL).fit(rows))
    with pytest.raises(ValueError, match="3 names for 2"):
        LatentTraversalDisplay.from_images(np.zeros((2, 2, 3, 3)), row_names="abc")
