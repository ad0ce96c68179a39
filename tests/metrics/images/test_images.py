"""Features of images, and what they see of samplers that go wrong."""

import pickle
import re
import tracemalloc
from functools import partial

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import skgan
from skgan.datasets import load_digit_images
from skgan.metrics import (
    ImageFeatures,
    coverage,
    density,
    frechet_distance,
    image_scores,
    kernel_distance,
    precision,
    recall,
)
from skgan.metrics.images import _image_scores

N = 500
SHARES = ("precision", "recall", "density", "coverage")


@pytest.fixture(scope="module")
def digits():
    """Training, test and fresh digits, with their labels."""
    X, y = load_digit_images(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    parts = np.split(order[: 3 * N], 3)
    return [(X[part], y[part]) for part in parts]


@pytest.fixture(scope="module", params=["labels", "no labels"])
def features(request, digits):
    X, y = digits[0]
    labels = y if request.param == "labels" else None
    return ImageFeatures(max_iter=300, random_state=0).fit(X, labels)


@pytest.fixture(scope="module")
def judge(digits, features):
    """Return a function that scores images of the fresh digits' kind."""
    (train, _), (test, _), _ = digits

    def score(images):
        return image_scores(train, test, images, features=features, random_state=0)

    return score


def blurred(images):
    return gaussian_filter(images.astype(float), (0, 0.7, 0.7)).astype(np.uint8)


def noisy(images):
    noise = np.random.default_rng(0).normal(0, 90, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def test_fresh_digits_are_at_the_floor(judge, digits):
    scores = judge(digits[2][0])
    assert 0.5 < scores["frechet_distance"].ratio < 1.6
    assert abs(scores["kernel_distance"].synthetic) < 0.03
    for name in SHARES:
        assert scores[name].synthetic == pytest.approx(scores[name].floor, abs=0.1)
    assert 0.42 < scores["dcr_share"].synthetic < 0.58
    assert scores["dcr_share"].floor == 0.5


@pytest.mark.parametrize("spoil", [blurred, noisy])
def test_blur_and_noise_are_seen(judge, digits, spoil):
    scores = judge(spoil(digits[2][0]))
    assert scores["frechet_distance"].ratio > 2.5
    assert scores["kernel_distance"].synthetic > 0.05
    assert scores["coverage"].synthetic < scores["coverage"].floor - 0.1


def test_dropped_classes_are_seen(judge, digits):
    fresh, labels = digits[2]
    some = fresh[labels < 5]
    scores = judge(np.concatenate([some, some])[:N])
    assert scores["frechet_distance"].ratio > 3
    for name in ("recall", "coverage"):
        assert scores[name].synthetic < scores[name].floor - 0.2
    assert scores["precision"].synthetic > 0.8


def test_collapse_to_a_few_images_is_seen(judge, digits):
    scores = judge(digits[2][0][np.arange(N) % 10])
    assert scores["frechet_distance"].ratio > 3
    assert scores["coverage"].synthetic < 0.3


def test_copies_are_seen_by_the_training_set_alone(judge, digits):
    scores = judge(digits[0][0])
    assert scores["dcr_share"].synthetic > 0.95
    assert scores["frechet_distance"].ratio == pytest.approx(1)


def test_figures_are_those_of_the_metrics(judge, digits, features):
    (train, _), (test, _), (fresh, _) = digits
    scores = judge(fresh)
    for which, images in (("synthetic", fresh), ("floor", train)):
        rows = features.transform(test), features.transform(images)
        for metric in (frechet_distance, precision, recall, density, coverage):
            expected = metric(*rows, standardize=False)
            # The same rows in another order.
            found = getattr(scores[metric.__name__], which)
            assert found == pytest.approx(expected, rel=1e-6)
        expected = kernel_distance(*rows, standardize=False)
        found = getattr(scores["kernel_distance"], which)
        assert found == pytest.approx(expected, abs=1e-9)


def test_all_sets_have_as_many_images(digits, features):
    (train, _), (test, _), (fresh, _) = digits
    params = {"features": features, "random_state": 0}
    assert image_scores(train, test, fresh[:200], **params).n_images == 200
    scores = image_scores(train, test, fresh, n_images=100, **params)
    assert scores.n_images == 100
    # Fewer images, larger distances: that is why the number is fixed.
    floor = image_scores(train, test, fresh, **params)["frechet_distance"].floor
    assert scores["frechet_distance"].floor > 2 * floor


def test_the_seed_fixes_everything(digits, monkeypatch):
    brief = partial(ImageFeatures, max_iter=5)
    monkeypatch.setattr(_image_scores, "ImageFeatures", brief)
    sets = [X[:60] for X, _ in digits]
    torch.manual_seed(0)
    np.random.seed(0)
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    first, second, other = (
        image_scores(*sets, random_state=seed) for seed in (3, 3, 4)
    )
    assert first == second != other
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()


def test_a_function_or_a_transformer_of_the_users_serves(digits):
    (train, _), (test, _), (fresh, _) = digits
    sets = [X[:100] for X in (train, test, fresh)]

    def rows(images):
        return images.reshape(len(images), -1) / 255

    scores = image_scores(*sets, features=rows, random_state=0)
    expected = frechet_distance(rows(sets[1]), rows(sets[2]), standardize=False)
    assert scores["frechet_distance"].synthetic == pytest.approx(expected)


def test_it_prints_a_table(judge, digits):
    lines = repr(judge(digits[2][0])).splitlines()
    assert lines[0] == f"{N} images a set"
    assert lines[1].split() == ["synthetic", "floor", "ratio"]
    assert [line.split()[0] for line in lines[2:]] == [
        "frechet_distance",
        "kernel_distance",
        *SHARES,
        "dcr_share",
    ]
    assert all(
        re.search(r"( +-?[\d.e+-]+){2} +(-?[\d.e+-]+|nan)$", x) for x in lines[2:]
    )


BAD = {
    "X_synthetic has images of shape": {"X_synthetic": np.zeros((9, 7, 8), np.uint8)},
    "must be images of shape": {"X_test": np.zeros((9, 64))},
    "NaN or infinity": {"X_train": np.full((9, 8, 8), np.nan)},
    "must hold pixels": {"X_train": np.full((9, 8, 8), "a")},
    "the same units": {"X_synthetic": np.full((9, 8, 8), 0.5)},
    "X_test has 3 image": {"X_test": np.ones((3, 8, 8), np.uint8)},
    "X_train has 9 images": {"n_images": 10},
    "n_images must be": {"n_images": 2.5},
    "k must be": {"k": 0},
    "return 9 rows": {"features": lambda images: np.zeros(4)},
    "features returned NaN": {
        "features": lambda images: np.full((len(images), 2), np.inf)
    },
    "features must be": {"features": 3},
    "not fitted": {"features": ImageFeatures()},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused(message):
    rng = np.random.default_rng(0)
    good = {
        name: rng.integers(0, 255, (9, 8, 8), dtype=np.uint8)
        for name in ("X_train", "X_test", "X_synthetic")
    }
    sets = {**good, "features": lambda images: images.reshape(9, -1), **BAD[message]}
    with pytest.raises((ValueError, TypeError), match=message):
        image_scores(**sets)


def test_features_know_classes(digits, features):
    (train, y), (test, y_test), _ = digits
    model = LogisticRegression(max_iter=2000).fit(features.transform(train), y)
    assert model.score(features.transform(test), y_test) > 0.85


def test_features_have_a_scale(digits, features):
    found = features.transform(digits[0][0])
    assert found.shape == (N, 64) and found.dtype == np.float64
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-6)
    assert found.var(axis=0).sum() == pytest.approx(64)


def test_rows_do_not_depend_on_their_neighbours(digits, features):
    test = digits[1][0]
    np.testing.assert_allclose(
        features.transform(test)[::-7], features.transform(test[::-7]), atol=1e-5
    )


@pytest.mark.parametrize("shape", [(8, 8), (5, 9), (1, 3), (12, 17, 3)])
def test_images_of_any_shape(shape):
    images = np.random.default_rng(0).integers(0, 256, (12, *shape), dtype=np.uint8)
    features = ImageFeatures(n_features=6, max_iter=3, random_state=0)
    assert features.fit(images).transform(images).shape == (12, 6)
    flat = ImageFeatures(6, shape=shape, max_iter=3, random_state=0)
    rows = images.reshape(12, -1)
    np.testing.assert_array_equal(
        flat.fit(rows).transform(rows), features.transform(images)
    )


def test_labels_of_any_kind_are_classes(digits):
    X, y = digits[0]
    params = {"n_features": 4, "max_iter": 5, "random_state": 0}
    named = np.array([f"digit {label}" for label in y])
    first, second = (ImageFeatures(**params).fit(X, labels) for labels in (y, named))
    assert second.classes_[3] == "digit 3" and first.classes_[3] == 3
    np.testing.assert_array_equal(first.transform(X), second.transform(X))


def test_it_is_cloned_pickled_and_saved(digits, tmp_path):
    X, y = digits[0]
    features = ImageFeatures(n_features=4, max_iter=5, random_state=0).fit(X, y)
    skgan.save(features, tmp_path / "features.skgan")
    found = features.transform(X)
    for copy in (
        clone(features).fit(X, y),
        pickle.loads(pickle.dumps(features)),
        skgan.load(tmp_path / "features.skgan"),
    ):
        np.testing.assert_array_equal(copy.transform(X), found)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_features": 0}, "n_features must be at least 1"),
        ({"max_iter": 0}, "max_iter must be at least 1"),
        ({"batch_size": 2.5}, "batch_size must be an integer"),
        ({"learning_rate": 0}, "learning_rate must be finite and greater"),
        ({"shape": (3, 3)}, "shape"),
    ],
)
def test_bad_parameters_are_refused(digits, params, message):
    with pytest.raises((ValueError, TypeError), match=message):
        ImageFeatures(**params).fit(digits[0][0])


def test_other_shapes_and_labels_are_refused(digits):
    X, y = digits[0]
    features = ImageFeatures(n_features=4, max_iter=2, random_state=0)
    with pytest.raises(ValueError, match=r"y has 9 labels and X 500 images"):
        features.fit(X, y[:9])
    with pytest.raises(ValueError, match="continuous"):
        features.fit(X, y + 0.5)
    features.fit(X, y)
    with pytest.raises(ValueError, match=r"rows of shape \(4, 16\)"):
        features.transform(X.reshape(-1, 4, 16))


def test_features_of_many_images_fit_in_memory():
    rows = np.random.default_rng(0).normal(size=(2, 3000, 64))
    tracemalloc.start()
    _image_scores._figures(*rows, 5, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e7  # a dense matrix of distances has 7e7 bytes
