import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skgan import GANSampler
from skgan.plotting import SamplesDisplay, TrainingDisplay


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 4, 5), dtype=np.uint8)


@pytest.fixture(scope="module")
def sampler(images):
    return GANSampler(hidden_dims=(8,), max_iter=250, random_state=0).fit(images)


def drawn(display):
    """The figure's pixels as an array (height, width, 3), in [0, 255]."""
    display.figure_.canvas.draw()
    return np.asarray(display.figure_.canvas.buffer_rgba())[..., :3]


def labels(display):
    return [label.get_text() for label in display.ax_.get_xticklabels()]


def box(display, left, top, width, height):
    """Pixels of the figure that show a rectangle given in units of the axes."""
    picture = drawn(display)
    corners = display.ax_.transData.transform(
        [(left, top + height), (left + width, top)]
    )
    (x0, y0), (x1, y1) = corners
    rows = slice(int(len(picture) - y1) + 2, int(len(picture) - y0) - 2)
    return picture[rows, int(x0) + 2 : int(x1) - 2]


def test_sheet_holds_every_image_in_order_with_gaps(images):
    sheet = SamplesDisplay.from_samples(images[:7]).synthetic_image_.get_array()
    assert sheet.shape == (3 * 5 - 1, 3 * 6 - 1)
    for i in range(7):
        row, column = divmod(i, 3)
        tile = sheet[row * 5 : row * 5 + 4, column * 6 : column * 6 + 5]
        assert (tile == images[i]).all()
    shown = np.ma.getmaskarray(np.ma.masked_invalid(sheet))
    assert (~shown).sum() == 7 * 20
    assert shown[4].all()
    assert shown[:, 5].all()


def test_real_is_drawn_to_the_left_of_synthetic():
    black, white = np.zeros((9, 4, 4)), np.ones((9, 4, 4))
    display = SamplesDisplay.from_samples(white, real=black)
    assert (box(display, 0, 0, 4, 4) == 0).all()
    left = display.synthetic_image_.get_extent()[0]
    assert left > display.real_image_.get_extent()[1]
    assert (box(display, left, 0, 4, 4) == 255).all()
    assert labels(display) == ["real", "synthetic"]


def test_both_sheets_share_one_scale():
    real = np.array([0.0, 4.0]).reshape(2, 1, 1) * np.ones((2, 3, 3))
    display = SamplesDisplay.from_samples(np.full((1, 3, 3), 2.0), real=real)
    left = display.synthetic_image_.get_extent()[0]
    assert np.abs(box(display, left, 0, 3, 3).astype(int) - 128).max() <= 1


def test_bytes_keep_their_own_scale():
    display = SamplesDisplay.from_samples(np.full((1, 4, 4), 51, dtype=np.uint8))
    assert (box(display, 0, 0, 4, 4) == 51).all()


@pytest.mark.parametrize("n_channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_colour(n_channels, dtype):
    top = 255 if dtype == np.uint8 else 1
    images = np.zeros((2, 4, 4, n_channels), dtype=dtype)
    images[0, ..., 0] = images[1, ..., 2] = top
    images[..., 3:] = top
    display = SamplesDisplay.from_samples(images)
    assert (box(display, 0, 0, 4, 4) == [255, 0, 0]).all()
    assert (box(display, 5, 0, 4, 4) == [0, 0, 255]).all()


def test_one_channel_is_grey(images):
    with_channel = SamplesDisplay.from_samples(images[..., None])
    without = SamplesDisplay.from_samples(images)
    assert (drawn(with_channel) == drawn(without)).all()


def test_from_estimator_shows_what_sample_gives(sampler, images):
    display = SamplesDisplay.from_estimator(
        sampler, images, n_samples=9, random_state=3
    )
    same = sampler.sample(9, random_state=np.random.RandomState(3))
    assert (display.synthetic == same).all()
    assert len(display.real) == 9
    assert all((images == image).all(axis=(1, 2)).any() for image in display.real)
    again = SamplesDisplay.from_estimator(sampler, images, n_samples=9, random_state=3)
    assert (drawn(display) == drawn(again)).all()


def test_from_estimator_without_real_images(sampler):
    display = SamplesDisplay.from_estimator(sampler)
    assert display.real is display.real_image_ is None
    assert display.synthetic.shape == (64, 4, 5)
    assert labels(display) == ["synthetic"]


def test_title_does_not_cover_the_names(images):
    display = SamplesDisplay.from_samples(images, real=images)
    display.ax_.set_title("digits")
    drawn(display)
    title = display.ax_.title.get_window_extent()
    names = [label.get_window_extent() for label in display.ax_.get_xticklabels()]
    assert len(names) == 2
    assert not any(title.overlaps(name) for name in names)


def test_fewer_real_images_than_asked_for(sampler, images):
    display = SamplesDisplay.from_estimator(sampler, images[:3], n_samples=16)
    assert len(display.real) == 3
    assert display.ax_.get_ylim()[0] == 4 * 5 - 1


def test_keywords_reach_imshow(images):
    display = SamplesDisplay.from_samples(images, cmap="viridis", vmin=7)
    assert display.synthetic_image_.get_cmap().name == "viridis"
    assert display.synthetic_image_.norm.vmin == 7
    assert display.synthetic_image_.norm.vmax == 255


@pytest.mark.parametrize(
    ("synthetic", "real", "message"),
    [
        (np.zeros((5, 64)), None, r"synthetic .* rows, not images.*reshape"),
        (np.zeros((5, 8, 8)), np.zeros((5, 64)), r"real has shape \(5, 64\)"),
        (np.zeros((5, 3, 8, 8)), None, "channels last"),
        (np.zeros(8), None, r"synthetic has shape \(8,\)"),
        (np.zeros((0, 8, 8)), None, "no image"),
        (np.zeros((5, 8, 8)), np.zeros((5, 9, 8)), r"\(9, 8, 1\) and \(8, 8, 1\)"),
    ],
)
def test_what_is_no_image_is_refused(synthetic, real, message):
    with pytest.raises(ValueError, match=message):
        SamplesDisplay.from_samples(synthetic, real=real)
    assert not plt.get_fignums()


def test_sampler_of_vectors_is_refused_with_advice():
    X = np.random.default_rng(0).normal(size=(30, 4))
    vectors = GANSampler(hidden_dims=(4,), max_iter=2, random_state=0).fit(X)
    with pytest.raises(ValueError, match="reshape"):
        SamplesDisplay.from_estimator(vectors)


def test_training_display_shows_the_history(sampler):
    display = TrainingDisplay.from_estimator(sampler)
    steps = [batch for epoch in sampler.history_ for batch in epoch["batches"]]
    for name in ("discriminator", "generator"):
        line = getattr(display, f"{name}_line_")
        x, losses = line.get_data()
        assert line.get_label() == name
        assert x[-1] == sampler.n_iter_ == len(steps)
        assert len(x) == len(losses) == len(sampler.history_)
        batches = [batch[f"{name}_loss"] for batch in steps[: x[0]]]
        np.testing.assert_allclose(losses[0], np.mean(batches), rtol=1e-6)
    first, second = display.discriminator_line_, display.generator_line_
    assert first.get_color() != second.get_color()
    assert display.ax_.get_xlabel() == "generator updates"


def test_training_display_leaves_out_an_epoch_that_was_broken_off(sampler):
    history = [*sampler.history_, {"batches": [{"generator_loss": 1.0}]}]
    display = TrainingDisplay.from_history(history)
    assert len(display.n_updates) == len(history) - 1


def test_training_display_needs_training():
    with pytest.raises(NotFittedError):
        TrainingDisplay.from_estimator(GANSampler())
    with pytest.raises(ValueError, match="train first"):
        TrainingDisplay.from_history([])


@pytest.mark.parametrize("name", ["samples", "training"])
def test_display_contract(name, sampler, images):
    """Making one draws nothing; plot draws on the axes given, and nowhere else."""
    display = (
        SamplesDisplay(synthetic=images)
        if name == "samples"
        else TrainingDisplay(n_updates=[1], discriminator_loss=[1], generator_loss=[1])
    )
    assert not plt.get_fignums()
    assert not hasattr(display, "ax_")
    figure, (ax, other) = plt.subplots(1, 2)
    assert display.plot(ax=ax) is display
    assert display.ax_ is ax
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]
    assert not other.has_data()
    display.plot()
    assert display.figure_ is not figure
