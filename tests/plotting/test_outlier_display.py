"""OutlierDisplay: three strips, or bars, the oddest images or rows first."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from skgan import GANOutlierDetector
from skgan.plotting import OutlierDisplay


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (30, 4, 5), dtype=np.uint8)


@pytest.fixture(scope="module")
def detector(images):
    params = {"hidden_dims": (8,), "max_iter": 5, "random_state": 0}
    return GANOutlierDetector(**params).fit(images)


def tile(strip, i, width=5):
    return strip.get_array()[:, i * (width + 1) : i * (width + 1) + width]


def test_strips_show_images_reconstructions_and_differences(images):
    display = OutlierDisplay.from_images(images[:3], images[3:6])
    strips = [display.image_, display.reconstruction_, display.residual_]
    assert list(display.ax_.images) == strips
    for i in range(3):
        assert (tile(strips[0], i) == images[i]).all()
        assert (tile(strips[1], i) == images[3 + i]).all()
        gap = images[i].astype(float) - images[3 + i]
        assert (tile(strips[2], i) == gap).all()
    tops = [strip.get_extent()[3] for strip in strips]
    assert tops == sorted(tops) and len(set(tops)) == 3
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == ["image", "reconstruction", "residual"]


def test_no_difference_is_white():
    images = np.full((2, 4, 4), 7, dtype=np.uint8)
    display = OutlierDisplay.from_images(images, images)
    low, high = display.residual_.get_clim()
    assert low == -high
    color = display.residual_.cmap(display.residual_.norm(0.0))
    assert min(color) > 0.95


def test_the_oddest_come_first(detector, images):
    display = OutlierDisplay.from_estimator(detector, images, n_images=4)
    decisions = detector.decision_function(images)
    assert (display.scores == np.sort(decisions)[:4]).all()
    assert (display.images == images[np.argsort(decisions)[:4]]).all()
    assert (display.reconstructions == detector.reconstruct(display.images)).all()
    texts = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert texts == [f"{score:.2f}" for score in display.scores]


def test_fewer_images_than_asked_for(detector, images):
    display = OutlierDisplay.from_estimator(detector, images[:2])
    assert len(display.images) == 2


def test_colour_images():
    images = np.random.default_rng(0).random((2, 4, 4, 3))
    display = OutlierDisplay.from_images(images, images[::-1])
    assert display.image_.get_array().shape == (4, 9, 4)
    gap = (images[0] - images[1]).mean(axis=2)
    np.testing.assert_allclose(tile(display.residual_, 0, 4), gap)


def test_given_axes_and_keywords_are_used(images):
    ax = plt.subplots()[1]
    display = OutlierDisplay.from_images(images, images, ax=ax, cmap="viridis")
    assert display.ax_ is ax and display.figure_ is ax.figure
    assert display.image_.get_cmap().name == "viridis"
    assert display.residual_.get_cmap().name == "RdBu_r"
    assert display.plot() is display and display.ax_ is not ax


@pytest.mark.parametrize(
    ("made", "scores", "message"),
    [
        (np.zeros((2, 4, 4)), None, "differ in shape"),
        (np.zeros((3, 16)), None, "rows, not images"),
        (np.zeros((3, 4, 4)), [1.0], "scores has 1 number for 3 images"),
    ],
)
def test_what_is_wrong_is_named(made, scores, message):
    with pytest.raises(ValueError, match=message):
        OutlierDisplay.from_images(np.zeros((3, 4, 4)), made, scores=scores)


def test_before_fit(images):
    with pytest.raises(NotFittedError):
        OutlierDisplay.from_estimator(GANOutlierDetector(), images)


# -- rows of columns


def test_bars_of_the_oddest_columns_of_the_oddest_rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=90), "b": rng.choice(["x", "y"], 90)})
    X["c"] = X["a"] + 0.1 * rng.normal(size=90)
    detector = GANOutlierDetector(random_state=0).fit(X)
    X.loc[4, "a"] = 30.0
    display = OutlierDisplay.from_estimator(detector, X, n_images=2)
    decisions, shares = detector.decision_function(X), detector.explain(X)
    oddest = np.argsort(decisions)[:2]
    assert oddest[0] == 4
    wanted = -np.sort(-shares[oddest], axis=1)
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_allclose(widths, wanted.ravel())
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names[0] == "a" and sorted(names[:3]) == ["a", "b", "c"]
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts[0] == f"row 4  {decisions[4]:.2f}"


def test_fewer_bars_than_columns():
    ax = plt.subplots()[1]
    display = OutlierDisplay.from_contributions(
        [[0.1, 3, 2, 1]], n_columns=2, ax=ax, color="red"
    )
    assert display.ax_ is ax
    assert [bar.get_width() for bar in display.bars_] == [3, 2]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["x1", "x2"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"column_names": ["a"]}, "column_names must be 2, got 1"),
        ({"row_names": [1, 2]}, "row_names must be 1, got 2"),
        ({"scores": []}, "scores must be 1, got 0"),
    ],
)
def test_names_of_another_number(params, message):
    with pytest.raises(ValueError, match=message):
        OutlierDisplay.from_contributions([[1.0, 2.0]], **params)
