"""Pickles of another version of skgan warn; those of this one do not."""

import copy
import inspect
import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import InconsistentVersionWarning as OfScikitLearn

import skgan
import skgan.encoding
import skgan.imblearn
from skgan import GANSampler, SamplerPipeline
from skgan._estimator import VersionedEstimator
from skgan.io import InconsistentVersionWarning

SMALL = {"max_iter": 2, "hidden_dims": (8,), "random_state": 0}
ROOMS = (skgan, skgan.encoding, skgan.metrics, skgan.imblearn)
ESTIMATORS = {
    kind
    for room in ROOMS
    for kind in (getattr(room, name) for name in room.__all__)
    if inspect.isclass(kind) and issubclass(kind, BaseEstimator)
} - {SamplerPipeline, skgan.encoding.BaseEncoder}


@pytest.fixture
def sampler():
    return GANSampler(**SMALL).fit(np.random.default_rng(0).normal(size=(40, 3)))


def assert_same_draws(first, second):
    draws = [one.sample(5, random_state=0) for one in (first, second)]
    assert (draws[0] == draws[1]).all()


def test_pickles_of_this_version_load_in_silence(sampler):
    assert_same_draws(pickle.loads(pickle.dumps(sampler)), sampler)
    for copied in (pickle.loads(pickle.dumps(sampler)), copy.deepcopy(sampler)):
        assert vars(copied).keys() == vars(sampler).keys()
    assert clone(sampler).get_params() == sampler.get_params()


def test_pickles_of_another_version_warn_and_load(sampler, monkeypatch):
    data, made_by = pickle.dumps(sampler), skgan.__version__
    monkeypatch.setattr(skgan, "__version__", "9.9.9")
    with pytest.warns(InconsistentVersionWarning) as caught:
        loaded = pickle.loads(data)
    said = {str(warning.message) for warning in caught}
    assert {warning.filename for warning in caught} == {__file__}
    (message,) = (text for text in said if text.startswith("A GANSampler "))
    assert f"was pickled by skgan {made_by}, and this is skgan 9.9.9" in message
    assert "skgan.save" in message
    assert_same_draws(loaded, sampler)


def test_pickles_that_do_not_say_their_version_warn(sampler):
    state = sampler.__getstate__()
    del state["_skgan_version"]
    other = GANSampler.__new__(GANSampler)
    with pytest.warns(InconsistentVersionWarning, match="an early version of skgan"):
        other.__setstate__(state)
    assert_same_draws(other, sampler)


def test_a_filter_for_scikit_learns_warning_catches_this_one(sampler, monkeypatch):
    data = pickle.dumps(sampler)
    monkeypatch.setattr(skgan, "__version__", "9.9.9")
    with warnings.catch_warnings():
        warnings.simplefilter("error", OfScikitLearn)
        with pytest.raises(InconsistentVersionWarning) as caught:
            pickle.loads(data)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.current_version == "9.9.9"


def test_steps_of_a_pipeline_warn(sampler, monkeypatch):
    data = pickle.dumps(SamplerPipeline([("sampler", sampler)]))
    monkeypatch.setattr(skgan, "__version__", "9.9.9")
    with pytest.warns(InconsistentVersionWarning) as caught:
        pickle.loads(data)
    names = {warning.message.estimator_name for warning in caught}
    assert names == {"VectorEncoder", "GANSampler"}


@pytest.mark.parametrize("kind", sorted(ESTIMATORS, key=lambda kind: kind.__name__))
def test_every_estimator_remembers_its_version(kind):
    assert issubclass(kind, VersionedEstimator)
    state = kind.__new__(kind).__getstate__()
    assert state == {"_skgan_version": skgan.__version__}
