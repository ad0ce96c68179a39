"""What users set for scikit-learn, NumPy and PyTorch does not reach a sampler."""

import re
import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator

from skgan import (
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
)
from skgan.encoding import VectorEncoder
from skgan.metrics import ImageFeatures

TINY = {"max_iter": 2, "hidden_dims": (4,), "batch_size": 8, "random_state": 0}


@contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
        assert torch.get_default_dtype() == dtype
    finally:
        torch.set_default_dtype(before)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextmanager
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


SETTINGS = {
    "float64": lambda: default_dtype(torch.float64),
    "float16": lambda: default_dtype(torch.float16),
    "device": lambda: torch.device("meta"),
    "no gradients": torch.no_grad,
    "inference": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "deterministic": deterministic,
    "numpy errors": lambda: np.errstate(all="raise"),
    "warnings": warnings_are_errors,
    "pandas": lambda: sklearn.config_context(transform_output="pandas"),
    "polars": lambda: sklearn.config_context(transform_output="polars"),
}


@pytest.fixture(scope="module")
def without_setting():
    """Return what a function returns where nothing is set, found once for its name."""
    found = {}

    def wanted(name, function):
        if name not in found:
            found[name] = function()
        return found[name]

    return wanted


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_other_libraries_change_no_row(public, X, setting, without_setting):
    def draw():
        # The first step of a pipeline is no sampler's: it may give frames.
        return np.asarray(public.rows(public.fitted(X), X))

    wanted = without_setting(public.kind, draw)
    with SETTINGS[setting]():
        rows = draw()
    np.testing.assert_array_equal(rows, wanted)


@pytest.mark.parametrize("prior", ["trees", "normal"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_change_no_row_of_a_table(X, setting, prior, without_setting):
    frame = pd.DataFrame(X, columns=list("abc")).assign(word=list("xyz") * 8)

    def draw():
        return GANSampler(prior=prior, **TINY).fit(frame).sample(20, random_state=1)

    wanted = without_setting(prior, draw)
    with SETTINGS[setting]():
        rows = draw()
    pd.testing.assert_frame_equal(rows, wanted)


@pytest.mark.parametrize("setting", ["float64", "device", "no gradients", "pandas"])
def test_settings_change_nothing_that_is_asked_later(X, setting, without_setting):
    def ask():
        sampler = GANSampler(prior="normal", **TINY).fit(X)
        sampler.fit_inverter(X, max_iter=2)
        detector = GANOutlierDetector(method="reconstruction", **TINY).fit(X)
        codes = InfoGANSampler(n_categories=2, **TINY).fit(X)
        return [
            np.asarray(found)
            for found in (
                sampler.score(X),
                sampler.transform(X),
                sampler.reconstruct(X[:3]),
                sampler.interpolate(X[0], X[1], 3),
                detector.score_samples(X),
                codes.predict(X),
                codes.transform(X),
            )
        ]

    wanted = without_setting("later", ask)
    with SETTINGS[setting]():
        found = ask()
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_what_transforms_gives_the_frames_asked_for(X, library):
    sampler = GANSampler(**TINY).fit(X)
    arrays = [VectorEncoder().fit_transform(X), sampler.transform(X)]
    with sklearn.config_context(transform_output=library):
        frames = [VectorEncoder().fit_transform(X), sampler.transform(X)]
    for array, frame in zip(arrays, frames, strict=True):
        assert type(frame).__module__.startswith(library)
        np.testing.assert_array_equal(np.asarray(frame), array)
        assert next(iter(frame.columns)).endswith("0")


def test_networks_can_be_fitted_to_images_under_any_setting():
    images = np.random.default_rng(0).integers(0, 255, (24, 8, 8)).astype(np.uint8)

    def features():
        return ImageFeatures(n_features=2, max_iter=2, random_state=0).fit(images)

    wanted = features().transform(images)
    for setting in SETTINGS.values():
        with setting():
            assert np.array_equal(np.asarray(features().transform(images)), wanted)


CHECKED = [
    InfoGANSampler(n_categories=3, **TINY),
    VectorEncoder(),
]


# These scale their rows by a transformer and slice what it gives as an array.
ARRAYS_ALONE = {
    "check_clustering",
    "check_transformer_data_not_an_array",
    "check_transformer_general",
}


def asks_for_frames(name):
    return name not in ARRAYS_ALONE and re.search("transform|pipeline|method", name)


CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{name}-{place}")
    for estimator in CHECKED
    for place, (_, check) in enumerate(estimator_checks_generator(estimator))
    if asks_for_frames(name := getattr(check, "func", check).__name__)
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_checks_where_transforms_give_frames(
    estimator, check, monkeypatch
):
    # The checks keep rows that they scaled; frames are not for the tests after this.
    monkeypatch.setattr(estimator_checks, "REGRESSION_DATASET", None, raising=False)
    with sklearn.config_context(transform_output="pandas"):
        check(estimator)
