"""Names that files hold, what nets are made with, and the shapes of rows."""

import datetime
import inspect
import sys
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from skgan import GANSampler
from skgan.io._library_values import decode_zone, encode_zone
from skgan.io._networks import _may_be_set
from skgan.io._smoke_test import _smoke_test_inversion, check_sizes
from skgan.nets import AdversarialNet, InfoGANNet
from skgan.storage import ContentError


@pytest.mark.parametrize("kind", [AdversarialNet, InfoGANNet])
@pytest.mark.parametrize(
    "prefix",
    [
        "generator__",
        "discriminator__",
        "code_head__",
        "optimizer_generator__",
        "optimizer_discriminator__",
        "iterator_train__",
        "iterator_valid__",
        "dataset__",
    ],
)
def test_parameters_of_the_parts_of_a_net(kind, prefix):
    assert _may_be_set(kind, f"{prefix}x", 1)
    assert not _may_be_set(kind, f"x{prefix}", 1)


def test_parameters_of_a_net():
    code = {"code_head", "n_categories", "n_continuous", "code_weight", "perturb"}
    code |= {"continuous_code_weight", "clustering_weight"}
    own = set(inspect.signature(InfoGANNet).parameters) - {"kwargs"}
    for name in code:
        assert _may_be_set(InfoGANNet, name, 1)
        assert not _may_be_set(AdversarialNet, name, 1)
    unsafe = {"compile", "torch_load_kwargs", "callbacks"}
    for name in inspect.signature(AdversarialNet).parameters:
        if name not in {"kwargs", "params", *unsafe}:
            assert _may_be_set(AdversarialNet, name, 1), name
    assert code <= own | set(inspect.signature(AdversarialNet).parameters)
    for name in unsafe:
        assert not _may_be_set(AdversarialNet, name, 1)
    assert _may_be_set(AdversarialNet, "callbacks__print_log", None)
    assert not _may_be_set(AdversarialNet, "callbacks__print_log", 1)


@pytest.mark.parametrize(
    ("zone", "node"),
    [
        (None, None),
        (datetime.UTC, ["utc"]),
        (datetime.timezone(datetime.timedelta(hours=-2)), ["offset", -7200]),
        (datetime.timezone(datetime.timedelta(seconds=86_399)), ["offset", 86_399]),
        (ZoneInfo("Europe/Rome"), ["zoneinfo", "Europe/Rome"]),
    ],
)
def test_zones_there_and_back(zone, node):
    assert encode_zone(zone, None) == node
    assert decode_zone(node) == zone and type(decode_zone(node)) is type(zone)


def test_zones_of_pytz(monkeypatch):
    asked = []

    def timezone(name):
        asked.append(name)
        return datetime.UTC

    monkeypatch.setitem(sys.modules, "pytz", SimpleNamespace(timezone=timezone))
    assert decode_zone(["pytz", "Europe/Rome"]) is datetime.UTC
    assert asked == ["Europe/Rome"]


@pytest.mark.parametrize(
    "node",
    [
        *(5, [], ["utc", 1, 2], "utc", ["offset"], ["offset", "1"], ["offset", True]),
        *(["offset", 86_400], ["offset", -86_400], ["other", "Europe/Rome"]),
        *(["zoneinfo", 5], ["zoneinfo", "../Rome"], ["zoneinfo", "a/b/c/d/e"]),
    ],
)
def test_strange_zones(node):
    with pytest.raises(ContentError, match="is no time zone"):
        decode_zone(node)


@pytest.fixture(scope="module")
def sampler():
    X = np.random.default_rng(0).normal(size=(20, 2))
    made = GANSampler(max_iter=1, hidden_dims=(4,), random_state=0)
    return made.fit(X)


@pytest.mark.parametrize("size", [0, -1, 2**31, 2**40, True, 2.0])
def test_sizes_of_rows_are_small_whole_numbers(sampler, size, monkeypatch):
    for owner, name in (
        (sampler.encoder_, "tensor_shape_"),
        (sampler.encoder_.output_builder_, "row_shape"),
    ):
        monkeypatch.setattr(owner, name, (size, 2))
        with pytest.raises(ContentError, match="is no shape of a row"):
            check_sizes(sampler)
        monkeypatch.undo()


def test_parts_of_a_row_agree(sampler, monkeypatch):
    for owner, name, value, message in (
        (sampler.encoder_.output_builder_, "row_shape", (3,), "have other features"),
        (sampler.encoder_, "tensor_shape_", (3,), "disagree on the size of a row"),
        (sampler, "net_", None, "The net of a sampler is none"),
    ):
        monkeypatch.setattr(owner, name, value)
        with pytest.raises(ContentError, match=message):
            check_sizes(sampler)
        monkeypatch.undo()
    check_sizes(sampler)


def test_an_encoder_of_latents_is_one():
    with pytest.raises(ContentError, match="encoder of latents of a sampler is none"):
        _smoke_test_inversion(SimpleNamespace(inverter_=5), None, None)
    assert _smoke_test_inversion(SimpleNamespace(inverter_=None), None, None) is None
