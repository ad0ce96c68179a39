"""Files that nobody thought of: they load or are refused, and values come back."""

import json
import math
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from skgan import GANSampler, load, save
from skgan.io import FileFormatError
from skgan.storage import (
    TensorReader,
    ValueDecoder,
    ValueEncoder,
    pack,
    read_json,
    unpack,
    write_json,
)

ROOT = Path(__file__).parents[2]
N_INPUTS = 500
KINDS = {"anywhere", "bytes", "tensor headers", "values", "grafts"}
PLENTY = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


FUZZ = """
    import sys

    sys.path.insert(0, sys.argv.pop(1))
    from benchmarks.reliability import fuzz_loader

    fuzz_loader.main()
"""


def test_changed_files_of_every_estimator(tmp_path, run_script):
    """The program that was given a million inputs, on the first of them."""
    pytest.importorskip("imblearn")
    log = tmp_path / "log"
    _, errors = run_script(FUZZ, ROOT, "--inputs", N_INPUTS, "--log", log)
    assert not errors, errors
    head, line, total = map(json.loads, log.read_text().splitlines())
    assert len(head["files"]) >= 20
    assert line["inputs"] == total["total"] == N_INPUTS
    assert total["loaded"] + total["refused"] == N_INPUTS
    assert set(total["outcomes"]) == KINDS
    # A byte changed anywhere is noticed; with hashes made right some files load.
    assert "loaded" not in total["outcomes"]["anywhere"]
    assert total["outcomes"]["values"]["loaded"] > 0
    assert total["memory_grown_mib"] < 512
    assert total["slowest_s"] < 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@PLENTY
@given(st.binary(max_size=200) | JSON.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_json_or_refused(data):
    try:
        value = read_json(data, "it")
    except FileFormatError:
        return
    assert write_json(value)
    assert json.loads(data) == value


SIZES = st.integers(-1, 2**60) | st.integers(0, 8)
ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "I64", "BOOL", "BF16", "U8", "O", ""]),
        "shape": st.lists(SIZES, max_size=3),
        "data_offsets": st.lists(SIZES, min_size=1, max_size=3),
    }
)
HEADER = st.dictionaries(st.text(max_size=4), ENTRY | JSON, max_size=3)


@PLENTY
@given(HEADER, st.binary(max_size=64), st.none() | SIZES)
def test_any_header_of_tensors_is_read_or_refused(header, data, size):
    text = json.dumps(header).encode()
    length = len(text) if size is None else abs(size)
    try:
        reader = TensorReader(struct.pack("<Q", length) + text + data, "it")
        tensors = [reader.array(name) for name in header]
    except FileFormatError:
        return
    assert sum(tensor.nbytes for tensor in tensors) == len(data)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**127) + 1, 2**127 - 1)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.binary(max_size=8)
)
KEYS = st.integers(-5, 5) | st.text(max_size=3)
ARRAYS = arrays_of.arrays(
    st.sampled_from(["?", "i1", "i8", "u4", "f2", "f4", "f8", "M8[ns]", "U3", "S2"]),
    arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=40)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4).map(OrderedDict)
        | st.frozensets(KEYS, max_size=4)
    ),
    max_leaves=20,
)


def assert_same(first, second):
    assert type(first) is type(second)
    if isinstance(first, np.ndarray):
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second, strict=True)
    elif isinstance(first, dict):
        assert_same(list(first), list(second))
        assert_same(list(first.values()), list(second.values()))
    elif isinstance(first, list | tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    elif isinstance(first, float) and math.isnan(first):
        assert math.isnan(second)
    else:
        assert first == second
        # Zeros have signs; a set has no order.
        assert isinstance(first, frozenset) or repr(first) == repr(second)


@PLENTY
@given(VALUES)
def test_any_plain_value_comes_back(value):
    encoder = ValueEncoder()
    node = read_json(write_json(encoder.encode(value)), "it")
    arrays = TensorReader(encoder.arrays.to_bytes(), "it")
    assert_same(ValueDecoder(arrays).decode(node), value)
    arrays.check_all_read()


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    path = tmp_path_factory.mktemp("honest") / "file.skgan"
    X = np.random.default_rng(0).normal(size=(40, 2))
    sampler = GANSampler(max_iter=2, hidden_dims=(2,), random_state=0).fit(X)
    save(sampler, path)
    return unpack(path)[1]


TAGS = (
    "tuple set frozenset dict ordered bytes again packed float array objects dtype "
    "scalar tensor random_state torch_stream object definition custom outside net "
    "history given_entries latent_encoder pandas_dtype pandas_index timestamp period "
    "state polars_dtype zone moment decimal uuid date"
)
NODES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.builds(lambda tag, x: {tag: x}, st.sampled_from(TAGS.split()), inner)
    ),
    max_leaves=8,
)


@PLENTY
@given(st.data())
def test_any_attribute_loads_or_is_refused(members, tmp_path, data):
    """What is written in the place of an attribute is refused, or does no harm."""
    state = json.loads(members["state.json"])
    name = data.draw(st.sampled_from(sorted(state["attributes"])))
    state["attributes"][name] = data.draw(NODES)
    changed = members | {"state.json": json.dumps(state).encode()}
    path = tmp_path / "file.skgan"
    path.write_bytes(pack(changed, 1))
    try:
        loaded = load(path)
    except FileFormatError:
        return
    assert type(loaded) is GANSampler
    assert loaded.sample(3, random_state=0).shape == (3, 2)
