"""What is added to the package goes into a file, too: no entry is forgotten."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import skgan.imblearn
from skgan import ConditionalGANSampler, GANSampler, SamplerPipeline, load, save
from skgan.encoding import BaseEncoder
from skgan.io._registry import definitions, find_entry
from skgan.modules import DISCRIMINATORS, GENERATORS

# Neither is saved itself: the one has subclasses, of the other it is the last step.
NOT_SAVED = (BaseEncoder, SamplerPipeline)
N = 40
SMALL = {"max_iter": 2, "hidden_dims": (8,), "random_state": 0}
NETWORKS = [
    *(("generator", name) for name in GENERATORS),
    *(("discriminator", name) for name in DISCRIMINATORS),
]


def public_classes():
    """Return what users make and fit: estimators, encoders, constraints of a table."""
    rooms = [skgan, skgan.encoding, skgan.imblearn]
    found = {getattr(room, name) for room in rooms for name in room.__all__}
    return sorted(
        (kind for kind in found if inspect.isclass(kind) and kind not in NOT_SAVED),
        key=lambda kind: kind.__name__,
    )


@pytest.mark.parametrize("kind", public_classes())
def test_every_public_class_has_an_entry(kind):
    advice = f"give {kind.__name__} an entry in skgan/io/_registry.py"
    entry = find_entry(kind)
    assert entry is not None, advice
    assert entry.kind is kind
    if issubclass(kind, BaseEstimator):
        assert set(inspect.signature(kind).parameters) <= entry.attributes


def test_entries_of_estimators_are_looked_for():
    names = {kind.__name__ for kind in public_classes()}
    assert {"GANSampler", "AugmentedRegressor", "TableEncoder", "Unique"} <= names


def rows_for(name):
    rng = np.random.default_rng(0)
    if "conv" in name or name == "dcgan":
        return rng.integers(0, 256, (N, 8, 8), dtype=np.uint8)
    if name == "table":
        return pd.DataFrame(
            {"size": rng.normal(size=N), "kind": rng.choice(["a", "b"], N)}
        )
    return rng.normal(size=(N, 3))


@pytest.mark.parametrize(("role", "name"), NETWORKS)
def test_every_network_goes_into_a_file_and_back(role, name, tmp_path):
    network = (GENERATORS if role == "generator" else DISCRIMINATORS)[name]
    assert definitions()[network.__name__] is network
    has_labels = "conditional" in name
    kind = ConditionalGANSampler if has_labels else GANSampler
    params = {"loss": "nonsaturating", "penalty": None, **SMALL, role: name}
    y = np.arange(N) % 2 if has_labels else None
    sampler = kind(**params).fit(rows_for(name), y)
    save(sampler, tmp_path / "sampler.skgan")
    loaded = load(tmp_path / "sampler.skgan")
    assert type(getattr(loaded.net_, f"{role}_")) is network
    drawn, again = (one.sample(5, random_state=0) for one in (sampler, loaded))
    if has_labels:
        (drawn, _), (again, _) = drawn, again
    assert (np.asarray(drawn) == np.asarray(again)).all()
    assert repr(loaded.history_) == repr(sampler.history_)
