"""Values to JSON and arrays, and back: the forms, and what of others is refused."""

import math
from collections import OrderedDict

import numpy as np
import pytest
import torch

from skgan.storage import (
    ContentError,
    TensorReader,
    UnsaveableError,
    ValueDecoder,
    ValueEncoder,
)


def stored(value):
    """Return the node of a value, and its decoder."""
    encoder = ValueEncoder()
    node = encoder.encode(value)
    return node, ValueDecoder(TensorReader(encoder.arrays.to_bytes(), "arrays"))


def again(value):
    node, decoder = stored(value)
    back = decoder.decode(node)
    decoder.arrays.check_all_read()
    return back


def decoder_of(**arrays):
    encoder = ValueEncoder()
    for name, array in arrays.items():
        encoder.arrays.add(name, array)
    return ValueDecoder(TensorReader(encoder.arrays.to_bytes(), "arrays"))


def refused(node, match, **arrays):
    with pytest.raises(ContentError, match=match):
        decoder_of(**arrays).decode(node)


PLAIN = [
    (None, None),
    (True, True),
    ("a", "a"),
    (2**127 - 1, 2**127 - 1),
    (1 - 2**127, 1 - 2**127),
    (0.5, 0.5),
    (math.inf, {"float": "inf"}),
    (-math.inf, {"float": "-inf"}),
    ([1, [2]], [1, [2]]),
    ((1, "a"), {"tuple": [1, "a"]}),
    ({"b", 1, "a"}, {"set": [1, "a", "b"]}),
    (frozenset([2, 1]), {"frozenset": [1, 2]}),
    ({1: "a", "b": 2}, {"dict": [[1, "b"], ["a", 2]]}),
    (OrderedDict(a=1), {"ordered": {"dict": [["a"], [1]]}}),
    (b"\0a", {"bytes": "AGE="}),
    (np.dtype("<f4"), {"dtype": "<f4"}),
    (np.float32(0.5), {"scalar": ["<f4", 0.5]}),
    (np.bool_(True), {"scalar": ["|b1", True]}),
    (np.int8(-3), {"scalar": ["|i1", -3]}),
    (np.str_("ab"), {"scalar": ["<U2", "ab"]}),
    (np.datetime64(7, "D"), {"scalar": ["<M8[D]", 7]}),
    (np.timedelta64(7, "s"), {"scalar": ["<m8[s]", 7]}),
    (np.float64("nan"), {"scalar": ["<f8", {"float": "nan"}]}),
]


@pytest.mark.parametrize(("value", "node"), PLAIN, ids=[repr(n)[:30] for _, n in PLAIN])
def test_plain_values_have_a_form_and_come_back(value, node):
    written, decoder = stored(value)
    assert written == node and type(written) is type(node)
    back = decoder.decode(node)
    assert type(back) is type(value)
    assert back == value or back != back


def test_nan_comes_back():
    node, decoder = stored(math.nan)
    assert node == {"float": "nan"} and math.isnan(decoder.decode(node))


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (2**127, "an integer of more than 127 bits"),
        (-(2**127), "an integer of more than 127 bits"),
        (1j, "a builtins.complex"),
        (len, "a builtins.builtin_function_or_method"),
        (np.complex64(1), "of dtype complex64"),
        (np.bytes_(b"a"), r"of dtype \|S1"),
        (np.zeros(1, dtype="c8"), "of dtype complex64"),
        (np.zeros(1, dtype=[("a", "i4")]), "of dtype"),
        (
            np.random.RandomState(np.random.PCG64(0)),
            "a random stream other than NumPy's MT19937",
        ),
    ],
)
def test_what_no_file_holds_is_named_with_its_place(value, what):
    with pytest.raises(UnsaveableError, match=f"^the estimator is {what}.*no file"):
        ValueEncoder().encode(value)
    encoder = ValueEncoder()
    encoder.encode_at("fine", 1)
    with pytest.raises(UnsaveableError, match=f"^first is {what}"):
        encoder.encode_at("first", [1, value])
    encoder = ValueEncoder()
    error = encoder.refusal("odd", "Do this.")
    assert str(error) == "the estimator is odd, which no file holds. Do this."


LONG = {
    "str": [f"ü{i}\ud800" for i in range(32)],
    "int": [2**63 - 1, -(2**63), *range(30)],
    "float": [math.inf, -0.0, *map(float, range(30))],
    "bool": [True, False] * 16,
}


@pytest.mark.parametrize("kind", LONG)
def test_long_lists_of_a_kind_are_arrays(kind):
    values = LONG[kind]
    node, decoder = stored(values)
    assert list(node) == ["packed"] and node["packed"][0] == kind
    back = decoder.decode(node)
    assert back == values and list(map(repr, back)) == list(map(repr, values))
    assert all(type(value).__name__ == kind for value in back)
    short, _ = stored(values[1:])
    assert isinstance(short, list) and len(short) == 31


@pytest.mark.parametrize(
    "values",
    [
        [2**63, *range(31)],
        [-(2**63) - 1, *range(31)],
        [*range(31), 0.5],
        [None] * 32,
        [(i,) for i in range(32)],
        [{"a": 1}] * 31 + [{"a": 1.0}],
        [{"a": 1}] * 31 + [{"b": 1}],
        [{"a": 1, "b": 2}] * 31 + [{"b": 1, "a": 2}],
        [{1: 1}] * 32,
    ],
    ids=str,
)
def test_other_long_lists_are_lists(values):
    node, _ = stored(values)
    assert isinstance(node, list) and len(node) == 32
    back = again(values)
    assert back == values and list(map(repr, back)) == list(map(repr, values))


def test_records_are_columns():
    records = [{"loss": i / 2, "epoch": i} for i in range(40)]
    node, decoder = stored(records)
    kind, names, columns, n = node["packed"]
    assert (kind, names, n) == ("records", ["loss", "epoch"], 40)
    assert [column["packed"][0] for column in columns] == ["float", "int"]
    assert decoder.decode(node) == records


@pytest.mark.parametrize(
    ("packed", "match"),
    [
        ("str", "no packed list"),
        ({}, "no packed list"),
        (["int"], "no packed list"),
        (["int", "i", "i"], "no packed list"),
        (["str", "u"], "no packed list"),
        (["none", "i"], "no packed list"),
        (["float", "i"], "no packed list"),
        (["int", "flat"], "no packed list"),
        (["str", "i", "i"], "no bytes"),
        (["str", "u", "u"], "no bytes"),
        (["str", "u", "i"], "not as long as they say"),
        (["str", "u", "minus"], "not as long as they say"),
        (["str", "u", "far"], "not as long as they say"),
        (["records", ["a"], [[1]], 2], "of different lengths"),
        (["records", ["a"], [[1]], True], "of different lengths"),
        (["records", [], [], 0], "of different lengths"),
        (["records", ["a"], [[1], [2]], 1], "no list of 1"),
        (["records", "a", [[1]], 1], "no list of values"),
        (["records", ["a"], [1], 1], "no list of values"),
    ],
    ids=str,
)
def test_strange_packed_lists_are_refused(packed, match):
    arrays = {
        "i": np.array([1, 2]),
        "u": np.frombuffer(b"ab", np.uint8),
        "flat": np.ones((1, 1), np.int64),
        "minus": np.array([3, -1]),
        "far": np.array([2**62, 2**62, 2**62, 2**62, 2]),
    }
    refused({"packed": packed}, match, **arrays)


def test_what_stands_twice_is_one():
    array = np.ones(3)
    node, decoder = stored([array, [array], np.dtype("f4"), array])
    assert node[1] == [{"again": 0}] and node[3] == {"again": 0}
    first, (second,), _, third = decoder.decode(node)
    assert first is second is third
    # Counted by what is kept, not by what is plain.
    node, _ = stored([(1, 2), np.float64(1), {"a": 1}, array, array])
    assert node[-1] == {"again": 1}


@pytest.mark.parametrize("number", [0, 1, -1, True, 0.0, "0", None])
def test_again_is_the_number_of_something_before(number):
    refused({"again": number}, "the number of nothing before it")
    if number == 0 and type(number) is int:
        assert decoder_of().decode([{"dtype": "<f4"}, {"again": 0}])[1] == "f4"


def test_a_list_in_itself_does_not_end_in_a_file():
    cell = np.empty(1, dtype=object)
    cell[0] = cell
    with pytest.raises(UnsaveableError, match="part of itself"):
        ValueEncoder().encode(cell)


ARRAYS = {
    "ints": np.arange(6).reshape(2, 3),
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "strided": np.arange(12).reshape(3, 4)[:, ::2],
    "big-endian": np.arange(3, dtype=">i4"),
    "none": np.array(1.5),
    "empty": np.empty((0, 2), np.float32),
    "text": np.array([["ab", "ü"], ["", "abc"]]),
    "text turned": np.asfortranarray([["ab", "ü", "d"], ["", "abc", "e"]]),
    "bytes": np.array([b"ab", b"c"]),
    "dates": np.array(["2024-02-29", "NaT"], dtype="M8[us]"),
    "spans": np.array([[5], [7]], dtype="m8[h]"),
    "objects": np.array([["a", None], [1, 2.5]], dtype=object),
    "flags": np.array([True, False]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_come_back_as_they_lie(name):
    array = ARRAYS[name]
    back = again(array)
    assert back.dtype == array.dtype.newbyteorder("=") and back.shape == array.shape
    assert str(back.tolist()) == str(array.tolist())
    is_turned = array.flags.f_contiguous and not array.flags.c_contiguous
    assert back.flags.f_contiguous == (is_turned or array.flags.f_contiguous)
    assert back.flags.writeable


def test_tensors_and_streams_come_back():
    tensor = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(again(tensor), tensor)
    stream = np.random.RandomState(3)
    stream.normal(size=3)  # half of a pair is left
    back = again(stream)
    assert back.normal(size=5).tolist() == stream.normal(size=5).tolist()
    for n in (0, 1, 700):
        generator = torch.Generator().manual_seed(5)
        torch.rand(n, generator=generator)
        back = again(generator)
        draws = [torch.rand(700, generator=g) for g in (generator, back)]
        assert torch.equal(*draws)


@pytest.mark.parametrize(
    ("node", "match"),
    [
        ({}, "is no value"),
        ({"tuple": [], "set": []}, "is no value"),
        ({"what": 1}, "no kind of value"),
        ({"tuple": 1}, "no list of values"),
        ({"float": "1.0"}, "no number"),
        ({"bytes": 1}, "no string"),
        ({"dict": [[1]]}, "no list of 2"),
        ({"dict": "ab"}, "no list of 2"),
        ({"dict": [[1], []]}, "more keys than values"),
        ({"dtype": 1}, "no dtype"),
        ({"dtype": "O8"}, "no dtype"),
        ({"dtype": "c8"}, "no dtype"),
        ({"array": ["<f8", "f", None]}, "no list of 4"),
        ({"array": ["<f4", "f", None, False]}, "of dtype float64, not float32"),
        ({"array": ["<U1", "u", None, False]}, "lacks its shape"),
        ({"array": ["<f8", "f", None, 0]}, "how it lies in memory"),
        ({"array": ["<f8", "f", [1], False]}, "another kind than its name"),
        ({"array": ["<U1", "f", [1], False]}, "another kind than its name"),
        ({"array": ["<U1", "square", [1], False]}, "another kind than its name"),
        ({"array": ["<U0", "u", [1], False]}, "no values of dtype"),
        ({"array": ["<U2", "u", [1], False]}, "4 bytes are no values of dtype"),
        ({"array": ["<U1", "u", [2], False]}, "not of shape"),
        ({"array": ["<U1", "u", 1, False]}, "no shape"),
        ({"array": ["<U1", "u", [-1, -1], False]}, "no shape"),
        ({"array": ["<U1", "u", [True], False]}, "no shape"),
        ({"array": ["<U1", "u", [1] * 17, False]}, "no shape"),
        ({"array": ["<U1", "u", [2**48, 0], False]}, "no shape"),
        ({"array": ["<U1", "u", [1], False]}, "characters that are none"),
        ({"objects": [[2], [1]]}, "not of shape"),
        ({"objects": [[1], 1]}, "no list of values"),
        ({"scalar": ["<f8", 1]}, "no value of dtype"),
        ({"scalar": ["<i8", True]}, "no value of dtype"),
        ({"scalar": ["|b1", 1]}, "no value of dtype"),
        ({"scalar": ["|S1", "a"]}, "no value of dtype"),
        ({"scalar": ["<M8[D]", "a"]}, "no value of dtype"),
    ],
    ids=str,
)
def test_strange_nodes_are_refused(node, match):
    arrays = {
        "f": np.ones(1),
        "u": np.array([0, 0, 17, 0], np.uint8),
        "square": np.ones((2, 2), np.uint8),
    }
    refused(node, match, **arrays)


def test_the_last_character_is_one():
    last = np.frombuffer("\U0010ffff".encode("utf-32-le"), np.uint8)
    node = {"array": ["<U1", "u", [1] * 16, False]}
    assert decoder_of(u=last).decode(node).ravel().tolist() == ["\U0010ffff"]


def words(dtype=np.uint32, shape=(624,)):
    return np.ones(shape, dtype)


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        (words(np.uint64), [0, 0, 0.0]),
        (words(shape=(623,)), [0, 0, 0.0]),
        (words(), [-1, 0, 0.0]),
        (words(), [625, 0, 0.0]),
        (words(), [True, 0, 0.0]),
        (words(), [0, 2, 0.0]),
        (words(), [0, False, 0.0]),
        (words(), [0, 0, 0]),
    ],
    ids=lambda x: str(x)[:20],
)
def test_streams_of_other_words_are_refused(words, rest):
    refused({"random_state": ["w", *rest]}, "none of NumPy's", w=words)
    for end in (0, 624):
        for rest in ([end, 1, 0.5], [end, 0, 0.0]):
            node = {"random_state": ["w", *rest]}
            stream = decoder_of(w=np.ones(624, np.uint32)).decode(node)
            assert list(stream.get_state()[2:]) == rest


def torch_state(**fields):
    state = torch.Generator().manual_seed(1).get_state().numpy().copy()
    places = {"left": (8, "i4"), "seeded": (12, "i4"), "next": (16, "u8")}
    for name, value in fields.items():
        start, kind = places[name]
        state[start : start + int(kind[1])] = np.frombuffer(
            np.array(value, kind).tobytes(), np.uint8
        )
    return state


@pytest.mark.parametrize(
    "fields",
    [
        {"left": 2},
        {"next": 1},
        {"seeded": 0},
        {"left": 0, "next": 625},
        {"left": -1, "next": 626},
        {"left": 300, "next": 326},
        {"left": 300, "next": 324},
    ],
    ids=str,
)
def test_streams_of_torch_that_would_read_too_far_are_refused(fields):
    refused(
        {"torch_stream": ["cpu", "s"]}, "none of PyTorch's", s=torch_state(**fields)
    )
    for left in (1, 300, 624):
        state = torch_state(left=left, next=625 - left)
        assert decoder_of(s=state).decode({"torch_stream": ["cpu", "s"]})


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("cpu", np.zeros(5055, np.uint8)),
        ("cpu", np.zeros(5056, np.int8)),
        ("cuda", np.zeros(15, np.uint8)),
        ("cuda", np.zeros(16, np.int8)),
        ("mps", np.zeros(16, np.uint8)),
    ],
)
def test_streams_of_other_sizes_are_refused(kind, state):
    refused({"torch_stream": [kind, "s"]}, "none of PyTorch's", s=state)


@pytest.mark.skipif(torch.cuda.is_available(), reason="without CUDA")
def test_a_stream_of_cuda_is_seeded_alike_without():
    state = np.frombuffer(np.array([7, 0], np.int64).tobytes(), np.uint8)
    stream = decoder_of(s=state).decode({"torch_stream": ["cuda", "s"]})
    assert stream.device.type == "cpu" and stream.initial_seed() == 7
