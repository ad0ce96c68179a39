"""What is added to the package goes into a file, too, and what files may hold."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

import skgan.imblearn
from skgan import (
    ConditionalGANSampler,
    GANSampler,
    RowSource,
    SamplerPipeline,
    load,
    save,
)
from skgan._estimator import VersionedEstimator, persistent
from skgan.encoding import BaseEncoder
from skgan.io import ContentError, MissingDefinitionError, UnsaveableError
from skgan.io._codec import Decoder, Encoder
from skgan.io._memory_bound import MemoryBound
from skgan.io._registry import definitions, entry_of, find_entry, is_plain, named
from skgan.modules import DISCRIMINATORS, GENERATORS
from skgan.samplers._base import BaseGANSampler
from skgan.storage import TensorReader, pack, unpack

# None is saved itself: the first has subclasses, of the second it is the last step, and
# the third is what is learnt from.
NOT_SAVED = (BaseEncoder, SamplerPipeline, RowSource)
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
def test_every_public_class_goes_into_files(kind):
    entry = find_entry(kind)
    assert entry is not None, f"let {kind.__name__} be @persistent()"
    assert entry.kind is kind and entry_of(entry.name) == entry
    if issubclass(kind, BaseEstimator):
        assert set(inspect.signature(kind).parameters) <= entry.fields


def test_public_classes_are_looked_for():
    names = {kind.__name__ for kind in public_classes()}
    assert {"GANSampler", "AugmentedRegressor", "TableEncoder", "Unique"} <= names


@pytest.mark.parametrize("name", [*named(), "GANOverSampler"])
def test_what_is_declared(name):
    if name in definitions():
        assert inspect.isfunction(definitions()[name])
        return
    entry = entry_of(name)
    assert find_entry(entry.kind) == entry and entry.name == name
    if not issubclass(entry.kind, tuple):
        assert all(is_plain(entry.kind, field) for field in entry.fields)
    assert all(field.isidentifier() for field in entry.fields | entry.rebuilt)
    assert all(map(entry.may_hold, entry.values))
    assert not any(map(entry.may_hold, entry.rebuilt))


def test_bases_and_classes_of_others_have_no_entry():
    class Own(GANSampler):
        pass

    for kind in (BaseEncoder, BaseGANSampler, VersionedEstimator, Own, dict, Pipeline):
        assert find_entry(kind) is None
    for name in ("BaseGANSampler", "BaseEncoder", "Own", "make_date", "Adam", "os"):
        with pytest.raises(ContentError, match="is no class that files may hold"):
            entry_of(name)


def test_attributes_are_parameters_what_is_learnt_and_what_is_declared():
    entry = entry_of("GANSampler")
    for name in ("latent_dim", "net_", "anything_", "_seeds", "_n_features_out"):
        assert entry.may_hold(name)
        entry.check_name(name)
    for name in ("anything", "_own", "_own_", "__own_", "__class__", "x-_", "_", ""):
        assert not entry.may_hold(name)
    for name in ("sample", "anything", "__class__"):
        with pytest.raises(ContentError, match="GANSampler has no"):
            entry.check_name(name)


@pytest.fixture
def part(monkeypatch):
    """A class of a state, as if it were one of skgan's."""

    @persistent()
    class Part:
        def __init__(self, n, weights, judge=None):
            self.n, self.weights, self.judge = n, weights, judge

        def get_state(self):
            has_judge = self.judge is not None
            return {"n": self.n, "weights": self.weights, "has_judge": has_judge}

        @classmethod
        def from_state(cls, state, judge=None):
            if state["n"] != len(state["weights"]):
                raise ValueError("n is not the number of weights")
            if state["has_judge"] and judge is None:
                raise MissingDefinitionError("Hand over objects={'judge': ...}.")
            return cls(state["n"], state["weights"], judge)

    Part.__module__ = "skgan.parts"
    monkeypatch.setitem(named(), "Part", Part)
    return Part


def decode(node, encoder, **objects):
    arrays, weights = (
        TensorReader(writer.to_bytes(), "it")
        for writer in (encoder.arrays, encoder.weights)
    )
    return Decoder(arrays, weights, {}, objects, MemoryBound(9, 9)).decode(node)


def test_states_there_and_back(part):
    encoder = Encoder()
    node = encoder.encode({"a": part(3, np.arange(3.0))})
    back = decode(node, encoder)["a"]
    assert type(back) is part and back.n == 3
    np.testing.assert_array_equal(back.weights, np.arange(3.0), strict=True)
    # Once for all places where it stands.
    shared = part(1, np.zeros(1))
    encoder = Encoder()
    one, other = decode(encoder.encode([shared, shared]), encoder)
    assert one is other


def test_a_state_goes_through_a_file(part, tmp_path):
    sampler = GANSampler(**SMALL).fit(np.random.default_rng(0).normal(size=(N, 2)))
    sampler.extra_ = part(2, np.arange(2))
    save(sampler, tmp_path / "file")
    loaded = load(tmp_path / "file")
    assert loaded.extra_.n == 2 and loaded.extra_.weights.tolist() == [0, 1]
    schema, members = unpack(tmp_path / "file")
    state = members["state.json"].replace(b'{"n":2', b'{"n":5')
    (tmp_path / "file").write_bytes(pack({**members, "state.json": state}, schema))
    with pytest.raises(ContentError, match=r"ValueError: n is not the number"):
        load(tmp_path / "file")


def test_what_a_state_needs_besides_is_handed_over(part):
    judge = DummyClassifier().fit([[0]], [0])
    encoder = Encoder()
    node = encoder.encode(part(1, np.zeros(1), judge))
    assert decode(node, encoder, judge=judge, other=1).judge is judge
    with pytest.raises(MissingDefinitionError, match="Hand over"):
        decode(node, encoder)
    with pytest.raises(UnsaveableError, match=r"n is a sklearn.*DummyClassifier"):
        Encoder().encode(part(judge, np.zeros(1)))


@pytest.mark.parametrize(
    "state",
    [
        *([], None, "os"),
        {"n": {"object": ["TakeLevel", {"levels": [1]}]}, "weights": []},
        *({"n": {"definition": "make_date"}}, {"weights": {"objects": [[1], [0]]}}),
        {"weights": [{"tuple": [{"state": ["Part", {}]}]}]},
    ],
)
def test_strange_states(part, state):
    message = r"is not made by a state|no plain value|of a Part is none: KeyError"
    with pytest.raises(ContentError, match=message):
        decode({"state": ["Part", state]}, Encoder())


def test_a_state_is_for_classes_that_have_one(part):
    with pytest.raises(ContentError, match="Part is not made by attributes"):
        decode({"object": ["Part", {"n": 1}]}, Encoder())
    with pytest.raises(ContentError, match="TakeLevel is not made by a state"):
        decode({"state": ["TakeLevel", {"levels": [1]}]}, Encoder())


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


def test_functions_of_objectives_and_loaders_are_values():
    functions = {
        name: value
        for name in skgan.objectives.__all__
        if inspect.isfunction(value := getattr(skgan.objectives, name))
        and value.__module__.startswith("skgan.objectives")
    }
    assert {"instance_noise", "swap_neighbors", "warp"} <= set(functions)
    for name, value in functions.items():
        assert definitions()[name] is value
    assert definitions()["BatchLoader"] is skgan.loader.BatchLoader
