"""Mixtures, digits, and the loaders of MNIST and Adult."""

import sys
from urllib.error import URLError

import numpy as np
import pytest
import sklearn.datasets
from sklearn.utils import Bunch

from skgan import datasets
from skgan.datasets import (
    load_adult,
    load_digit_images,
    load_mnist,
    make_grid,
    make_ring,
)

ADULT_ROWS = {"train": 32_561, "test": 16_281}


@pytest.fixture
def offline(monkeypatch):
    """OpenML as it looks without a network."""

    def fetch_openml(name, **kwargs):
        raise URLError("no such host")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    monkeypatch.delenv("SKGAN_DATA", raising=False)


# ---------------------------------------------------------------- mixtures


@pytest.mark.parametrize(("make", "n_modes"), [(make_ring, 8), (make_grid, 25)])
def test_mixture_follows_its_conventions(make, n_modes):
    X, y, centers = make(5000, return_centers=True, random_state=0)
    assert X.shape == (5000, 2) and X.dtype == np.float64
    assert y.shape == (5000,) and y.dtype == np.int64
    assert centers.shape == (n_modes, 2)
    np.testing.assert_array_equal(np.unique(y), np.arange(n_modes))
    assert len(make(7)) == 2 and make(7)[0].shape == (7, 2)


@pytest.mark.parametrize(("make", "scale"), [(make_ring, 0.01), (make_grid, 0.05)])
def test_mixture_has_the_stated_distribution(make, scale):
    X, y, centers = make(50_000, return_centers=True, random_state=0)
    residual = X - centers[y]
    assert np.abs(residual.mean(axis=0)).max() < 0.02 * scale
    np.testing.assert_allclose(np.cov(residual.T), scale**2 * np.eye(2), atol=5e-5)
    # The share within three standard deviations is 1 - exp(-9 / 2).
    near = (np.linalg.norm(residual, axis=1) <= 3 * scale).mean()
    assert abs(near - (1 - np.exp(-4.5))) < 0.003
    share = np.bincount(y) / len(y)
    np.testing.assert_allclose(share, 1 / len(centers), rtol=0.1)


def test_ring_centers_lie_on_the_circle():
    _, _, centers = make_ring(n_modes=6, radius=3, angle=0.2, return_centers=True)
    angles = np.unwrap(np.arctan2(centers[:, 1], centers[:, 0]))
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 3)
    np.testing.assert_allclose(angles, 0.2 + np.arange(6) * np.pi / 3)


def test_grid_centers_are_the_published_ones():
    _, _, centers = make_grid(return_centers=True)
    values = {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}
    assert {tuple(center) for center in centers} == values
    _, _, centers = make_grid(n_per_side=2, spacing=3, return_centers=True)
    np.testing.assert_allclose(np.abs(centers), 1.5)


@pytest.mark.parametrize("make", [make_ring, make_grid])
def test_angle_turns_the_mixture_counterclockwise(make):
    _, _, straight = make(return_centers=True)
    _, _, turned = make(angle=np.pi / 6, return_centers=True)
    complex_straight = straight @ [1, 1j]
    np.testing.assert_allclose(
        turned @ [1, 1j], complex_straight * np.exp(1j * np.pi / 6), atol=1e-12
    )


@pytest.mark.parametrize("make", [make_ring, make_grid])
def test_mixture_is_seeded_and_leaves_the_global_stream(make):
    before = np.random.get_state()[1].copy()
    X, y = make(100, random_state=3)
    again, again_y = make(100, random_state=np.random.RandomState(3))
    other, _ = make(100, random_state=4)
    make(100, random_state=None)
    np.testing.assert_array_equal(X, again)
    np.testing.assert_array_equal(y, again_y)
    assert not np.array_equal(X, other)
    after = np.random.get_state()[1]
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("make", [make_ring, make_grid])
def test_scale_of_zero_puts_points_on_their_centers(make):
    X, y, centers = make(50, scale=0, return_centers=True, random_state=0)
    np.testing.assert_array_equal(X, centers[y])


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (make_ring, "n_samples", 0),
        (make_ring, "n_samples", 2.5),
        (make_ring, "n_samples", True),
        (make_ring, "n_modes", 0),
        (make_ring, "radius", -1),
        (make_ring, "scale", -0.1),
        (make_ring, "angle", np.inf),
        (make_grid, "n_samples", -1),
        (make_grid, "n_per_side", 0),
        (make_grid, "spacing", np.nan),
        (make_grid, "scale", "wide"),
        (make_grid, "angle", None),
    ],
)
def test_mixture_rejects_a_parameter_out_of_range(make, name, value):
    with pytest.raises(ValueError, match=f"^{name} must be .* got "):
        make(**{name: value})


# ---------------------------------------------------------------- digits


def test_digit_images_are_scikit_learns_in_eight_bits():
    digits = load_digit_images()
    reference = sklearn.datasets.load_digits()
    assert digits.data.shape == (1797, 8, 8) and digits.data.dtype == np.uint8
    assert digits.data.min() == 0 and digits.data.max() == 255
    np.testing.assert_array_equal((digits.data / 255 * 16).round(), reference.images)
    np.testing.assert_array_equal(digits.target, reference.target)
    assert digits.target_names == list(range(10)) and digits.DESCR
    X, y = load_digit_images(return_X_y=True)
    np.testing.assert_array_equal(X, digits.data)
    np.testing.assert_array_equal(y, digits.target)


# ---------------------------------------------------------------- MNIST


@pytest.fixture
def small_mnist(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        "y_train": np.arange(6, dtype=np.uint8),
        "x_test": rng.integers(0, 256, (2, 28, 28), dtype=np.uint8),
        "y_test": np.arange(2, dtype=np.uint8),
    }
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)
    return tmp_path, arrays


def assert_is_small_mnist(mnist, arrays):
    np.testing.assert_array_equal(mnist.data, arrays["x_train"])
    np.testing.assert_array_equal(mnist.data_test, arrays["x_test"])
    np.testing.assert_array_equal(mnist.target, arrays["y_train"])
    np.testing.assert_array_equal(mnist.target_test, arrays["y_test"])
    assert mnist.data.dtype == mnist.data_test.dtype == np.uint8
    assert mnist.target.dtype == mnist.target_test.dtype == np.int64


@pytest.mark.data
def test_mnist_whole(mnist_folder):
    mnist = load_mnist(mnist_folder)
    assert mnist.data.shape == (60_000, 28, 28) and mnist.data.dtype == np.uint8
    assert mnist.data_test.shape == (10_000, 28, 28)
    assert mnist.data.max() == 255 and mnist.data.min() == 0
    # The official order starts with these digits.
    assert mnist.target[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.target_test[:5].tolist() == [7, 2, 1, 0, 4]


def test_mnist_from_folder_file_and_environment(small_mnist, offline, monkeypatch):
    folder, arrays = small_mnist
    assert_is_small_mnist(load_mnist(folder), arrays)
    assert_is_small_mnist(load_mnist(str(folder / "mnist.npz")), arrays)
    monkeypatch.setenv("SKGAN_DATA", str(folder))
    assert_is_small_mnist(load_mnist(), arrays)


def test_path_goes_before_the_environment(small_mnist, tmp_path, monkeypatch, offline):
    folder, _ = small_mnist
    monkeypatch.setenv("SKGAN_DATA", str(folder))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FileNotFoundError, match=r"empty.mnist\.npz.*Pass path="):
        load_mnist(empty)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_mnist(tmp_path / "nowhere")


def test_mnist_file_without_the_arrays(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(1), other=np.zeros(1))
    with pytest.raises(ValueError, match=r"lacks the arrays \['y_train', .*'other'"):
        load_mnist(tmp_path)


def test_mnist_without_file_or_network_says_what_to_do(offline, monkeypatch, tmp_path):
    message = (
        r"SKGAN_DATA \(not set\) has no mnist\.npz.*OpenML.*no such host.*SKGAN_DATA"
    )
    with pytest.raises(OSError, match=message):
        load_mnist()
    monkeypatch.setenv("SKGAN_DATA", str(tmp_path))
    with pytest.raises(OSError, match=r"has no mnist.*OpenML could not be reached"):
        load_mnist()


def test_mnist_from_openml(monkeypatch):
    pd = pytest.importorskip("pandas")
    pixels = np.arange(4 * 784).reshape(4, 784) % 256
    frame = pd.DataFrame(pixels, columns=[f"pixel{i + 1}" for i in range(784)])
    frame["class"] = pd.Categorical(["5", "0", "4", "7"])

    def fetch_openml(name, *, version, **kwargs):
        assert (name, version) == ("mnist_784", 1)
        return Bunch(frame=frame)

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    monkeypatch.setattr(datasets._loaders, "_MNIST_TRAIN_ROWS", 3)
    monkeypatch.delenv("SKGAN_DATA", raising=False)
    mnist = load_mnist()
    arrays = {
        "x_train": pixels[:3].reshape(3, 28, 28),
        "y_train": [5, 0, 4],
        "x_test": pixels[3:].reshape(1, 28, 28),
        "y_test": [7],
    }
    assert_is_small_mnist(mnist, arrays)


# ---------------------------------------------------------------- Adult


@pytest.mark.data
def test_adult_whole(adult_folder):
    adult = load_adult(adult_folder)
    for part, rows in ADULT_ROWS.items():
        assert adult[part].shape == (rows, 15)
    assert adult.train["age"].iloc[0] == 39 and adult.test["age"].iloc[0] == 25
    assert adult.target_name == "income"
    assert adult.feature_names == list(adult.train.columns)[:-1]
    assert set(adult.train["income"]) == {"<=50K", ">50K"} == set(adult.test["income"])
    numeric = adult.train.select_dtypes("number")
    assert list(numeric) == datasets._loaders._ADULT_NUMERIC
    assert (numeric.dtypes == np.int64).all()
    # "?" is missing, in the three columns and as often as the set says.
    missing = adult.train.isna()
    assert list(missing.columns[missing.any()]) == [
        "workclass",
        "occupation",
        "native-country",
    ]
    assert missing.any(axis=1).sum() == 2399
    assert adult.test.isna().any(axis=1).sum() == 1221
    assert not (adult.train == "?").any(axis=None)


@pytest.mark.data
def test_adult_from_either_file_and_environment(adult_folder, offline, monkeypatch):
    pd = pytest.importorskip("pandas")
    by_folder = load_adult(adult_folder)
    by_file = load_adult(adult_folder / "adult_test.csv.gz")
    monkeypatch.setenv("SKGAN_DATA", str(adult_folder))
    for part in ADULT_ROWS:
        pd.testing.assert_frame_equal(by_folder[part], by_file[part])
        pd.testing.assert_frame_equal(by_folder[part], load_adult()[part])


@pytest.mark.data
@pytest.mark.parametrize("order", [("train", "test"), ("test", "train")])
def test_adult_from_openml_is_the_same(adult_folder, order, monkeypatch):
    pd = pytest.importorskip("pandas")
    expected = load_adult(adult_folder)
    frame = pd.concat([expected[part] for part in order], ignore_index=True)
    frame = frame.rename(columns={"income": "class"})
    text = frame.columns.difference(datasets._loaders._ADULT_NUMERIC)
    frame[text] = frame[text].astype("category")

    def fetch_openml(name, *, version, **kwargs):
        assert (name, version) == ("adult", 2)
        return Bunch(frame=frame)

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    monkeypatch.delenv("SKGAN_DATA", raising=False)
    adult = load_adult()
    for part in ADULT_ROWS:
        pd.testing.assert_frame_equal(adult[part], expected[part])


def test_adult_in_an_unknown_order(monkeypatch):
    pd = pytest.importorskip("pandas")
    names = [*datasets._loaders._ADULT_NUMERIC, "class"]
    frame = pd.DataFrame([[1, 2, 3, 4, 5, 6, ">50K"]], columns=names)
    monkeypatch.setattr(
        sklearn.datasets, "fetch_openml", lambda *args, **kwargs: Bunch(frame=frame)
    )
    monkeypatch.delenv("SKGAN_DATA", raising=False)
    with pytest.raises(ValueError, match=r"changed its order.*path="):
        load_adult()


def test_adult_without_files_or_network_says_what_to_do(offline, tmp_path):
    with pytest.raises(OSError, match=r"adult_train.* and adult_test.* OpenML"):
        load_adult()
    with pytest.raises(FileNotFoundError, match=r"adult_train\.csv\.gz"):
        load_adult(tmp_path)


def test_adult_without_pandas_names_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"load_adult .*pip install pandas"):
        load_adult()
