"""MarginalsDisplay, PairsDisplay and EmbeddingDisplay draw what the rows hold."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_rgba
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from skgan import ConditionalGANSampler, GANSampler
from skgan.metrics import ReferenceSpace, column_shape_scores, pair_trend_scores
from skgan.plotting import EmbeddingDisplay, MarginalsDisplay, PairsDisplay

DISPLAYS = [MarginalsDisplay, PairsDisplay, EmbeddingDisplay]
BLUE, VERMILION = to_rgba("#0072B2"), to_rgba("#D55E00")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def people(n, seed):
    """A number, one with gaps, a category with gaps, many levels, a date, a boolean."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(17, 90, n),
            "hours": rng.normal(40, 10, n),
            "work": rng.choice(["private", "state"], n),
            "town": rng.choice([f"town {i}" for i in range(12)], n),
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "member": rng.random(n) < 0.4,
        }
    )
    frame.loc[: n // 5 - 1, ["hours", "work"]] = None
    return frame


@pytest.fixture(scope="module")
def real():
    return people(200, 0)


@pytest.fixture(scope="module")
def synthetic():
    return people(100, 1)


def texts(labels):
    return [label.get_text() for label in labels]


def bars(panel, color):
    return [bar for bar in panel.patches if bar.get_facecolor() == color]


def panel_of(display, name):
    return display.axes_[display.columns_.index(name)]


def steps(panel):
    """Values of the lines of real and of synthetic rows, and their edges."""
    outlines = {
        part.get_label(): part.get_data()
        for part in panel.patches
        if hasattr(part, "get_data") and part.get_label() in ("real", "synthetic")
    }
    return outlines["real"], outlines["synthetic"]


# -- MarginalsDisplay


def test_a_panel_a_column_with_its_score(real, synthetic):
    display = MarginalsDisplay.from_samples(synthetic, real=real)
    assert display.columns_ == list(real.columns)
    assert display.scores_ == column_shape_scores(real, synthetic)
    titles = [panel.get_title() for panel in display.axes_]
    assert titles == [f"{name}  {display.scores_[name]:.2f}" for name in real]
    assert texts(display.legend_.get_texts()) == ["real", "synthetic"]
    colors = [patch.get_facecolor() for patch in display.legend_.get_patches()]
    assert colors == [BLUE, VERMILION]


def test_numbers_are_shares_of_common_bins(real, synthetic):
    panel = panel_of(MarginalsDisplay.from_samples(synthetic, real=real), "age")
    for drawn, frame in zip(steps(panel), (real, synthetic), strict=True):
        assert (drawn.edges == steps(panel)[0].edges).all()
        counts = np.histogram(frame["age"], drawn.edges)[0]
        np.testing.assert_allclose(drawn.values, counts / len(frame))
        assert drawn.values.sum() == pytest.approx(1)
    # Each bin holds as many whole numbers as the next, and none is on an edge.
    widths = np.diff(steps(panel)[0].edges)
    assert (widths == widths[0]).all() and widths[0] == 8
    assert (steps(panel)[0].edges % 1 == 0.5).all()
    assert panel.get_ylim()[0] == 0


def test_few_whole_numbers_have_a_bin_each():
    display = MarginalsDisplay.from_samples([[0], [4]], real=[[1], [1], [3]])
    first, second = steps(display.axes_[0])
    assert first.edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5]
    np.testing.assert_allclose(first.values, [0, 2 / 3, 0, 1 / 3, 0])
    np.testing.assert_allclose(second.values, [0.5, 0, 0, 0, 0.5])


@pytest.mark.parametrize(("n", "n_bins"), [(20, 8), (1000, 20), (9000, 30)])
def test_the_smaller_set_says_how_many_bins(n, n_bins):
    values = np.linspace(0, 1, 10_000)[:, None]
    display = MarginalsDisplay.from_samples(values[:n], real=values)
    assert len(steps(display.axes_[0])[0].values) == n_bins


def test_what_is_missing_has_bars_of_its_own(real, synthetic):
    display = MarginalsDisplay.from_samples(synthetic[40:], real=real)
    panel = panel_of(display, "hours")
    assert texts(panel.get_xticklabels())[-1] == "missing"
    filled = [bars(panel, BLUE)[-1], bars(panel, VERMILION)[-1]]
    assert [bar.get_height() for bar in filled] == pytest.approx([0.2, 0])
    high = panel.get_xlim()[1]
    drawn = steps(panel)[0]
    assert drawn.edges[-1] < filled[0].get_x() < high
    # The shares are of all rows.
    assert drawn.values.sum() == pytest.approx(0.8)
    assert "missing" not in texts(panel_of(display, "age").get_xticklabels())


def test_levels_are_pairs_of_bars_and_missing_is_the_last(real, synthetic):
    display = MarginalsDisplay.from_samples(synthetic, real=real)
    panel = panel_of(display, "work")
    shares = real["work"].value_counts(normalize=True, dropna=False)
    names = texts(panel.get_yticklabels())
    assert names == [*real["work"].value_counts().index, "missing"]
    for color, frame in ((BLUE, real), (VERMILION, synthetic)):
        shares = frame["work"].fillna("missing").value_counts(normalize=True)
        widths = [bar.get_width() for bar in bars(panel, color)]
        np.testing.assert_allclose(widths, shares[names])
    # The first level is at the top, real above synthetic.
    assert panel.yaxis_inverted()
    assert bars(panel, BLUE)[0].get_y() < bars(panel, VERMILION)[0].get_y()


def test_rare_levels_share_a_bar(real, synthetic):
    panel = panel_of(MarginalsDisplay.from_samples(synthetic, real=real), "town")
    names = texts(panel.get_yticklabels())
    assert len(names) == 8 and names[-1] == "5 others"
    assert sum(bar.get_width() for bar in bars(panel, BLUE)) == pytest.approx(1)


def test_dates_are_written_as_dates(real, synthetic):
    panel = panel_of(MarginalsDisplay.from_samples(synthetic, real=real), "since")
    for text in texts(panel.get_xticklabels()):
        assert real["since"].min() <= pd.Timestamp(text) <= real["since"].max()


def test_of_many_columns_the_worst_are_drawn():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(2, 300, 15))
    synthetic[:, 7] += 9
    synthetic[:, 3] += 1
    display = MarginalsDisplay.from_samples(synthetic, real=real, max_columns=5)
    assert display.columns_[:2] == [7, 3] and len(display.axes_) == 5
    assert display.axes_[0].get_title().startswith("column 7")
    assert len(MarginalsDisplay.from_samples(synthetic, real=real).axes_) == 12


def test_marginals_of_one_value_and_of_none():
    frame = pd.DataFrame({"one": [2.5] * 4, "none": [None] * 4})
    display = MarginalsDisplay.from_samples(frame, real=frame.astype({"none": float}))
    display.figure_.canvas.draw()
    first, second = steps(display.axes_[0])
    assert first.values.tolist() == second.values.tolist() == [1]


# -- PairsDisplay


def test_heat_map_shows_each_difference_once(real, synthetic):
    display = PairsDisplay.from_samples(synthetic, real=real)
    scores = pair_trend_scores(real, synthetic)
    assert display.scores_ == scores
    shown, names = display.image_.get_array(), list(real.columns)
    across, down = (
        texts(labels)
        for labels in (display.ax_.get_xticklabels(), display.ax_.get_yticklabels())
    )
    assert (across, down) == (names[:-1], names[1:])
    for i, name in enumerate(down):
        for j, other in enumerate(across):
            if j > i:
                assert np.ma.getmaskarray(np.ma.masked_invalid(shown))[i, j]
            else:
                assert shown[i, j] == pytest.approx(1 - scores[other, name])
    assert len(display.text_) == len(scores)
    assert display.image_.get_clim() == (0, max(0.1, 1 - min(scores.values())))
    assert "difference" in display.colorbar_.ax.get_ylabel()


def test_pairs_that_are_alike_are_pale(real):
    display = PairsDisplay.from_samples(real, real=real)
    assert display.image_.get_clim() == (0, 0.1)
    assert set(texts(display.text_)) == {".00"}
    assert display.ax_.get_title() == "pair trends: 1.000 on average"


def test_of_many_columns_those_of_the_worst_pairs_are_drawn():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(2, 300, 24))
    real[:, 20] = real[:, 4]
    display = PairsDisplay.from_samples(synthetic, real=real, max_columns=12)
    assert set(display.columns_[:2]) == {4, 20} and len(display.columns_) == 12
    assert display.text_ == []
    assert len(PairsDisplay.from_samples(synthetic, real=real).columns_) == 20


def test_the_worst_pairs_are_drawn_as_points(real, synthetic):
    display = PairsDisplay.from_samples(synthetic, real=real).plot_pairs(max_points=50)
    worst = sorted(display.scores_, key=display.scores_.get)[:3]
    found = [(panel.get_xlabel(), panel.get_ylabel()) for panel in display.axes_]
    assert found == worst
    for panel in display.axes_:
        labels = [points.get_label() for points in panel.collections]
        assert labels == ["real", "synthetic"]
        assert all(len(points.get_offsets()) == 50 for points in panel.collections)
    assert texts(display.legend_.get_texts()) == ["real", "synthetic"]


def test_chosen_pairs_show_the_rows(real, synthetic):
    display = PairsDisplay(real=real, synthetic=synthetic)
    display.plot_pairs([("hours", "age"), ("work", "hours")])
    numbers, levels = display.axes_
    drawn = {tuple(row) for row in numbers.collections[0].get_offsets().tolist()}
    complete = real.dropna()
    # All rows that the smaller set leaves room for, each where it is.
    known = set(zip(real["hours"], real["age"], strict=True))
    present = {point for point in drawn if point[0] > real["hours"].min() - 1}
    assert present <= known and len(present) > 0.6 * len(synthetic)
    lowest = complete["hours"].min()
    assert all(point[0] < lowest for point in drawn - present)
    assert texts(numbers.get_xticklabels())[0] == "missing"
    names = texts(levels.get_xticklabels())
    assert names == [*real["work"].value_counts().index, "missing"]
    for side, points in enumerate(levels.collections):
        x = points.get_offsets()[:, 0]
        offsets = x - np.rint(x)
        # Real rows to the left of a level, synthetic ones to its right.
        assert (offsets > 0).all() if side else (offsets < 0).all()


def test_pairs_repeat_for_a_seed(real, synthetic):
    display = PairsDisplay(real=real, synthetic=synthetic)
    found = [
        display.plot_pairs([("work", "age")], random_state=3)
        .axes_[0]
        .collections[0]
        .get_offsets()
        for _ in range(2)
    ]
    assert (found[0] == found[1]).all()


# -- EmbeddingDisplay


def test_embedding_is_that_of_both_sets_in_the_space_of_scores(real, synthetic):
    display = EmbeddingDisplay.from_samples(synthetic, real=real)
    assert len(display.real) == len(display.synthetic) == 100
    space = ReferenceSpace().fit(real)
    points = np.vstack([display.real, display.synthetic])
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-9)
    # Coordinates of rows are those of a projection: as far apart, or nearer.
    vectors = space.transform(synthetic)
    order = np.random.RandomState(0)
    order.permutation(200)
    vectors = vectors[order.permutation(100)]
    apart = np.linalg.norm(vectors[1:] - vectors[0], axis=1)
    shown = np.linalg.norm(display.synthetic[1:] - display.synthetic[0], axis=1)
    assert (shown <= apart + 1e-9).all()
    first, second = display.explained_variance_ratio
    assert 1 > first > second > 0
    assert f"{first:.0%}" in display.ax_.get_xlabel()
    assert f"{second:.0%}" in display.ax_.get_ylabel()


def test_embedding_of_two_columns_turns_them_only():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(2, 80, 2)) * [1, 5]
    display = EmbeddingDisplay.from_samples(synthetic, real=real)
    space = ReferenceSpace().fit(real)
    order = np.random.RandomState(0)
    rows = [space.transform(X)[order.permutation(80)] for X in (real, synthetic)]
    expected = PCA(2).fit_transform(np.vstack(rows))
    drawn = np.vstack([display.real, display.synthetic])
    np.testing.assert_allclose(np.abs(drawn), np.abs(expected), atol=1e-6)
    for points, kept in (
        (display.real_points_, display.real),
        (display.synthetic_points_, display.synthetic),
    ):
        assert (points.get_offsets() == kept).all()
    assert sum(display.explained_variance_ratio) == pytest.approx(1)


def test_embedding_shows_a_mode_that_is_missing():
    rng = np.random.default_rng(0)
    near, far = rng.normal(size=(100, 4)), rng.normal(size=(100, 4)) + 30
    display = EmbeddingDisplay.from_samples(near, real=np.vstack([near, far]))
    middle = np.sort(display.real[:, 0])[len(display.real) // 2]
    sides = display.real[:, 0] > middle, display.synthetic[:, 0] > middle
    assert sides[0].any() and not sides[0].all()
    assert len(set(sides[1])) == 1


@pytest.mark.parametrize("X", [np.ones((5, 1)), np.arange(6.0)[:, None]])
def test_embedding_of_one_column(X):
    display = EmbeddingDisplay.from_samples(X, real=X)
    assert (display.real[:, 1] == 0).all()
    assert np.ptp(display.real[:, 0]) > 0 or X.min() == X.max()


def test_embedding_takes_points_of_two_coordinates_only():
    with pytest.raises(ValueError, match=r"from_samples"):
        EmbeddingDisplay(real=np.ones((3, 4)), synthetic=np.ones((3, 4))).plot()


# -- what all three share


@pytest.fixture(scope="module")
def sampler(real):
    return GANSampler(hidden_dims=(8,), max_iter=3, random_state=0).fit(real)


@pytest.mark.parametrize("display", DISPLAYS)
def test_from_estimator_shows_what_sample_gives(display, sampler, real):
    made = display.from_estimator(sampler, real, random_state=4)
    rng = np.random.RandomState(4)
    synthetic = sampler.sample(len(real), random_state=rng)
    options = {"random_state": rng} if display is EmbeddingDisplay else {}
    same = display.from_samples(synthetic, real=real, **options)
    if display is EmbeddingDisplay:
        assert (made.synthetic == same.synthetic).all()
        assert (made.real == same.real).all()
    else:
        pd.testing.assert_frame_equal(made.synthetic, synthetic)
        assert made.scores_ == same.scores_


@pytest.mark.parametrize("display", DISPLAYS)
def test_samplers_of_labels_images_and_polars_frames(display, real):
    params = {"hidden_dims": (8,), "max_iter": 2, "random_state": 0}
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (20, 3, 4), dtype=np.uint8)
    labelled = ConditionalGANSampler(**params).fit(X, np.arange(20) % 2)
    assert display.from_estimator(labelled, X).figure_ is not None
    frame = pl.from_pandas(real[["age", "hours", "since", "work"]])
    drawn = display.from_samples(frame[:50], real=frame)
    if display is MarginalsDisplay:
        assert drawn.columns_ == frame.columns
        labels = texts(panel_of(drawn, "since").get_xticklabels())
        assert all(pd.Timestamp(label).year in (2020, 2021, 2022) for label in labels)


@pytest.mark.parametrize("display", DISPLAYS)
def test_before_fit(display, real):
    with pytest.raises(NotFittedError):
        display.from_estimator(GANSampler(), real)


@pytest.mark.parametrize("display", DISPLAYS)
def test_display_contract(display, real, synthetic):
    """Making one draws nothing; plot draws on the axes given, and nowhere else."""
    points = {"real": np.zeros((3, 2)), "synthetic": np.ones((3, 2))}
    rows = {"real": real, "synthetic": synthetic}
    made = display(**(points if display is EmbeddingDisplay else rows))
    assert not plt.get_fignums() and not hasattr(made, "ax_")
    figure, (ax, other) = plt.subplots(1, 2, layout="constrained")
    assert made.plot(ax=ax) is made
    assert made.ax_ is ax and made.figure_ is figure
    assert plt.get_fignums() == [figure.number]
    assert not other.has_data()
    figure.canvas.draw()
    for panel in getattr(made, "axes_", []):
        assert panel.get_window_extent().x1 < other.get_window_extent().x0
    made.plot()
    assert made.figure_ is not figure


@pytest.mark.parametrize("display", [MarginalsDisplay, PairsDisplay])
def test_panels_do_not_cover_each_other(display, real, synthetic):
    made = display(real=real, synthetic=synthetic)
    made = made.plot() if display is MarginalsDisplay else made.plot_pairs()
    made.figure_.canvas.draw()
    boxes = [panel.get_tightbbox() for panel in made.axes_]
    boxes.append(made.legend_.get_window_extent())
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_keywords_reach_matplotlib(real, synthetic):
    made = MarginalsDisplay.from_samples(synthetic, real=real, linewidth=4)
    widths = {part.get_linewidth() for part in made.axes_[0].patches[1:]}
    assert widths == {4}
    made = PairsDisplay.from_samples(synthetic, real=real, vmax=0.5, cmap="viridis")
    assert made.image_.get_clim()[1] == 0.5 and made.image_.cmap.name == "viridis"
    made = EmbeddingDisplay.from_samples(synthetic, real=real, s=3)
    assert made.real_points_.get_sizes().tolist() == [3]


@pytest.mark.parametrize("display", [MarginalsDisplay, PairsDisplay])
def test_columns_can_be_chosen(display, real, synthetic):
    names = ["work", "age"]
    made = display.from_samples(synthetic, real=real, columns=names)
    assert made.columns_ == names
    with pytest.raises(ValueError, match=r"'x'.*'age'"):
        display.from_samples(synthetic, real=real, columns=["x"])


@pytest.mark.parametrize("display", DISPLAYS)
def test_what_is_wrong_is_named(display, real, synthetic):
    with pytest.raises(ValueError, match=r"lacks.*'age'"):
        display.from_samples(synthetic.drop(columns="age"), real=real)
    with pytest.raises(ValueError, match="no rows"):
        display.from_samples(synthetic[:0], real=real)


def test_wrong_pairs_and_axes_are_named(real, synthetic):
    made = PairsDisplay(real=real, synthetic=synthetic)
    with pytest.raises(ValueError, match=r"\('age', 'x'\) is no pair"):
        made.plot_pairs([("age", "x")])
    with pytest.raises(ValueError, match="empty"):
        made.plot_pairs([])
    with pytest.raises(ValueError, match="two columns"):
        PairsDisplay.from_samples(synthetic, real=real, columns=["age"])
    with pytest.raises(ValueError, match=r"plt\.subplots"):
        made.plot_pairs(ax=plt.figure().add_axes((0, 0, 1, 1)))


def test_matplotlib_is_imported_only_to_draw():
    """By any display, in one process: a new one takes seconds to import all else."""
    code = """
import sys
import numpy as np
from skgan import plotting
assert "matplotlib" not in sys.modules
sys.modules["matplotlib"] = None
X = np.random.default_rng(0).normal(size=(9, 3))
draw = [
    lambda name=name: getattr(plotting, f"{name}Display").from_samples(X, real=X)
    for name in ("Marginals", "Pairs", "Embedding")
]
draw.append(plotting.SamplesDisplay(synthetic=np.zeros((1, 4, 4))).plot)
for plot in draw:
    try:
        plot()
    except ImportError as error:
        assert 'pip install "skgan[plot]"' in str(error), error
    else:
        raise AssertionError("drawn without matplotlib")
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
