"""The file of tensors: its bytes, and what of other bytes is refused."""

import json
import struct

import numpy as np
import pytest
import torch

from skgan.storage import ContentError, TensorReader, TensorWriter

KINDS = {
    "BOOL": "?",
    "U8": "u1",
    "I8": "i1",
    "U16": "u2",
    "I16": "i2",
    "U32": "u4",
    "I32": "i4",
    "U64": "u8",
    "I64": "i8",
    "F16": "f2",
    "F32": "f4",
    "F64": "f8",
}


def file_of(**values):
    writer = TensorWriter()
    for name, value in values.items():
        assert writer.add(name, value) == name
    return writer.to_bytes()


def header_of(data):
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def forged(entries, content=b""):
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + content


def entry(kind="U8", shape=(2,), offsets=(0, 2), **more):
    return {"dtype": kind, "shape": list(shape), "data_offsets": list(offsets), **more}


def refused(data, match):
    with pytest.raises(ContentError, match=match):
        TensorReader(data, "The file")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", "<>")
def test_arrays_come_back(kind, order):
    array = np.arange(6).reshape(2, 3).astype(np.dtype(KINDS[kind]).newbyteorder(order))
    data = file_of(a=array)
    header, content = header_of(data)
    nbytes = 6 * array.itemsize
    assert header == {"a": entry(kind, (2, 3), (0, nbytes))}
    assert content == array.astype(array.dtype.newbyteorder("<")).tobytes()
    back = TensorReader(data, "x").array("a")
    assert back.dtype == array.dtype.newbyteorder("=") and back.dtype.isnative
    np.testing.assert_array_equal(back, array)
    back[0] = 1  # its own


def test_arrays_lie_one_behind_the_other_from_a_multiple_of_eight():
    data = file_of(a=np.ones(3, np.uint8), b=np.array(2.5), c=np.zeros((0, 4)))
    header, content = header_of(data)
    assert (len(data) - len(content)) % 8 == 0
    offsets = {name: value["data_offsets"] for name, value in header.items()}
    assert offsets == {"a": [0, 3], "b": [3, 11], "c": [11, 11]}
    assert header["b"]["shape"] == [] and header["c"]["shape"] == [0, 4]
    reader = TensorReader(data, "x")
    assert reader.array("b").shape == () and reader.array("b") == 2.5
    assert reader.array("c").shape == (0, 4)


def test_tensors_come_back_those_of_half_precision_too():
    half = torch.tensor([1.5, -2.0], dtype=torch.bfloat16, requires_grad=True)
    turned = torch.arange(6.0).reshape(2, 3).T
    data = file_of(half=half, turned=turned, flags=torch.tensor([True, False]))
    assert header_of(data)[0]["half"]["dtype"] == "BF16"
    reader = TensorReader(data, "x")
    assert reader.tensor("half").dtype == torch.bfloat16
    assert torch.equal(reader.tensor("half"), half.detach())
    assert torch.equal(reader.tensor("turned"), turned)
    assert reader.tensor("flags").dtype == torch.bool
    # As integers, for NumPy has no such numbers.
    assert reader.array("half").dtype == np.int16


def test_what_is_added_is_copied():
    array, writer = np.zeros(2), TensorWriter()
    writer.add("a", array)
    array[:] = 1
    assert (TensorReader(writer.to_bytes(), "x").array("a") == 0).all()


def test_what_nobody_reads_belongs_to_nothing():
    reader = TensorReader(file_of(a=np.ones(1), ab=np.ones(2), b=np.ones(3)), "It")
    assert reader.names("a") == ["", "b"] and reader.names("c") == []
    reader.array("a")
    reader.tensor("b")
    with pytest.raises(ContentError, match=r"It holds tensors of nothing: \['ab'\]"):
        reader.check_all_read()
    reader.array("ab")
    reader.check_all_read()


@pytest.mark.parametrize("key", ["b", 1, None, ["a"]])
def test_what_is_not_there_is_missed(key):
    with pytest.raises(ContentError, match="The file lacks the tensor"):
        TensorReader(file_of(a=np.ones(1)), "The file").array(key)


def test_a_header_is_there_whole():
    data = file_of(a=np.ones(1))
    for cut in (b"", data[:7], data[:8], data[:20]):
        refused(cut, "The file ends before its header does")
    assert TensorReader(struct.pack("<Q", 2) + b"{}", "x").names("") == []
    refused(struct.pack("<Q", 0), "The header of The file is no JSON")
    refused(struct.pack("<Q", 3) + b"{}", "ends before its header")
    refused(struct.pack("<Q", 2) + b"[]", "The header of The file is no object")
    refused(struct.pack("<Q", 2) + b"{[", "The header of The file is no JSON")


@pytest.mark.parametrize(
    ("strange", "match"),
    [
        ([], "other fields"),
        (entry(more=1), "other fields"),
        ({"dtype": "U8", "shape": [2]}, "other fields"),
        (entry("U7"), "unknown dtype"),
        (entry(["U8"]), "unknown dtype"),
        (entry() | {"shape": 2}, "sizes that are none"),
        (entry(shape=(-2,)), "sizes that are none"),
        (entry(shape=(2.0,)), "sizes that are none"),
        (entry(shape=(True, 2)), "sizes that are none"),
        (entry(shape=(0, 2**48)), "sizes that are none"),
        (entry(offsets=("0", 2)), "sizes that are none"),
        (entry(shape=(1,) * 16 + (2,)), "too many sizes"),
        (entry(offsets=(0, 2, 4)), "too many sizes"),
        (entry(offsets=(0,)), "too many sizes"),
        (entry(shape=(3,)), "another size than its shape says"),
        (entry("U16"), "another size than its shape says"),
    ],
)
def test_strange_entries_are_refused(strange, match):
    refused(forged({"a": strange}, b"ab"), f"The file: tensor 'a' .*{match}")


def test_what_is_large_but_not_too_large_is_read():
    shape = (1,) * 15 + (2,)
    assert TensorReader(forged({"a": entry(shape=shape)}, b"ab"), "x").array(
        "a"
    ).shape == (shape)
    empty = forged({"a": entry(shape=(0, 2**48 - 1), offsets=(0, 0))})
    assert TensorReader(empty, "x").names("") == ["a"]


def test_tensors_neither_overlap_nor_leave_gaps():
    second = entry(offsets=(2, 4))
    # In any order of the header.
    reader = TensorReader(forged({"b": second, "a": entry()}, b"abcd"), "x")
    assert reader.array("b").tobytes() == b"cd"
    for offsets in ((0, 2), (1, 3), (3, 5)):
        entries = {"a": entry(), "b": entry(offsets=offsets)}
        refused(forged(entries, b"abcde"), "'.' does not begin where")
    refused(forged({"a": entry(offsets=(1, 3))}, b"abc"), "does not begin where")
    refused(forged({"a": entry()}, b"abc"), "The file is 3 bytes, not 2")
    refused(forged({"a": entry()}, b"a"), "The file is 1 bytes, not 2")


def test_booleans_are_one_or_none():
    reader = TensorReader(forged({"a": entry("BOOL")}, b"\0\1"), "x")
    assert reader.array("a").tolist() == [False, True]
    reader = TensorReader(forged({"a": entry("BOOL")}, b"\0\2"), "x")
    with pytest.raises(ContentError, match="booleans that are none"):
        reader.array("a")
