"""AttributionDisplay: heat maps below images, or bars of the columns that move most."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skgan import ConditionalGANSampler, GANImputer, GANSampler
from skgan.plotting import AttributionDisplay

SMALL = {"hidden_dims": (8,), "batch_size": 16, "max_iter": 3, "random_state": 0}
IMAGES = np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3), dtype=np.uint8)
TABLE = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 3)), columns=list("abc"))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def names_of(display):
    return [label.get_text() for label in display.ax_.get_yticklabels()]


def test_heat_maps_below_their_images():
    sampler = ConditionalGANSampler(**SMALL).fit(IMAGES, np.arange(30) % 2)
    labels = np.arange(30) % 2
    display = AttributionDisplay.from_estimator(sampler, IMAGES, labels, n_rows=4)
    assert list(display.ax_.images) == [display.image_, display.heat_map_]
    shares = sampler.explain(IMAGES[:4], labels[:4]).sum(axis=3)
    heat = display.heat_map_.get_array()
    for i in range(4):
        np.testing.assert_allclose(heat[:, 6 * i : 6 * i + 5], shares[i])
    assert display.heat_map_.get_clim() == (-abs(shares).max(), abs(shares).max())
    assert names_of(display) == ["image", "verdict"]


def test_bars_of_the_columns_that_move_most():
    sampler = GANSampler(**SMALL).fit(TABLE)
    display = AttributionDisplay.from_estimator(sampler, TABLE, n_rows=2, n_columns=2)
    shares = sampler.explain(TABLE[:2])
    order = np.argsort(-np.abs(shares), axis=1)[:, :2]
    assert names_of(display) == [TABLE.columns[j] for j in order.ravel()]
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_allclose(widths, np.take_along_axis(shares, order, 1).ravel())
    positive, negative = (
        {bar.get_facecolor() for bar in display.bars_ if (bar.get_width() >= 0) == sign}
        for sign in (True, False)
    )
    assert not positive & negative


def test_an_axes_of_ones_own():
    _, ax = plt.subplots()
    display = AttributionDisplay.from_attributions(np.eye(3), row_names="xyz", ax=ax)
    assert display.ax_ is ax
    assert [text.get_text() for text in ax.texts] == ["x", "y", "z"]


def test_what_cannot_be_shown():
    with pytest.raises(ValueError, match=r"differ in shape: \(2, 4, 4, 1\) and \(2, 3"):
        AttributionDisplay.from_attributions(
            np.ones((2, 3, 4)), images=np.ones((2, 4, 4))
        )
    with pytest.raises(ValueError, match=r"it must be \(n_rows, n_columns\)"):
        AttributionDisplay.from_attributions(np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match="column_names must be 3, got 2"):
        AttributionDisplay.from_attributions(np.eye(3), column_names=["a", "b"])
    with pytest.raises(TypeError, match="GANImputer has no method explain"):
        AttributionDisplay.from_estimator(GANImputer(), TABLE)
