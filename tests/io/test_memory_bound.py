"""What making networks may take, and what a file may name."""

import numpy as np
import pytest
import torch

from skgan.io._codec import Decoder, Encoder
from skgan.io._memory_bound import MemoryBound
from skgan.io._registry import definitions, entry_of, is_plain
from skgan.storage import (
    ContentError,
    MissingDefinitionError,
    TensorReader,
    TensorWriter,
    UnsaveableError,
)

MAKERS = {
    "empty": (lambda: torch.empty(2, 3), 6),
    "empty, a tuple": (lambda: torch.empty((2, 3)), 6),
    "zeros, by name": (lambda: torch.zeros(size=(2, 3)), 6),
    "ones": (lambda: torch.ones([6]), 6),
    "full": (lambda: torch.full((2, 3), 9), 6),
    "full, by name": (lambda: torch.full(size=(2, 3), fill_value=9), 6),
    "rand": (lambda: torch.rand(6), 6),
    "randint": (lambda: torch.randint(0, 90, (2, 3)), 6),
    "randint, by name": (lambda: torch.randint(90, size=(2, 3)), 6),
    "eye": (lambda: torch.eye(3), 9),
    "eye, not square": (lambda: torch.eye(3, 2), 6),
    "arange": (lambda: torch.arange(6), 6),
    "arange, backwards": (lambda: torch.arange(0, -6, -1), 6),
    "linspace": (lambda: torch.linspace(0, 1, 6), 6),
}


@pytest.mark.parametrize("name", MAKERS)
def test_so_many_values_and_no_more(name):
    make, n = MAKERS[name]
    bound = MemoryBound(n, 10)
    with bound:
        made = make()
    assert made.numel() == n and (bound.n_values, bound.n_tensors) == (0, 9)
    with pytest.raises(ContentError, match="larger networks"), MemoryBound(n - 1, 10):
        make()


def test_so_many_tensors_and_no_more():
    with MemoryBound(100, 2):
        torch.ones(1), torch.ones(1)
    with pytest.raises(ContentError, match="larger networks"), MemoryBound(100, 1):
        torch.ones(1), torch.ones(1)


def test_what_is_broadcast_and_repeated_counts():
    row, column = torch.ones(1, 4), torch.ones(3, 1)
    pair, counts = torch.ones(2), torch.tensor([5, 7])
    for make in (
        lambda: row + column,
        lambda: row == column,
        lambda: torch.where(row > 0, column, row),
        lambda: torch.mul(row, column),
    ):
        with MemoryBound(12, 0):
            assert make().numel() == 12
        with pytest.raises(ContentError), MemoryBound(11, 0):
            make()
    with MemoryBound(12, 0):
        assert len(torch.repeat_interleave(pair, counts)) == 12
    with pytest.raises(ContentError), MemoryBound(11, 0):
        torch.repeat_interleave(pair, counts)
    with MemoryBound(0, 0):
        assert (row * 2).sum() == 8 and row.shape == (1, 4)


def decoder_of(classes=(), objects=()):
    readers = [TensorReader(TensorWriter().to_bytes(), "it")] * 2
    return Decoder(*readers, dict(classes), dict(objects), MemoryBound(9, 9))


def test_definitions_are_named_and_those_of_ones_own_handed_over():
    def own():
        """Do nothing."""

    def relu():
        """Do nothing either."""

    relu.__name__ = "Adam"
    assert Encoder().encode(torch.optim.Adam) == {"definition": "Adam"}
    assert decoder_of().decode({"definition": "Adam"}) is torch.optim.Adam
    assert decoder_of().decode({"definition": "float"}) is float
    assert Encoder().encode(own) == {"custom": "own"}
    assert decoder_of({"own": own}).decode({"custom": "own"}) is own
    with pytest.raises(MissingDefinitionError, match=r"classes=\[own\]"):
        decoder_of().decode({"custom": "own"})
    with pytest.raises(ContentError, match="'own' is no definition"):
        decoder_of({"own": own}).decode({"definition": "own"})
    for value in (relu, lambda: 0):
        with pytest.raises(UnsaveableError, match="name of its own"):
            Encoder().encode(value)


def test_what_was_left_out_is_handed_over():
    handed = object()
    assert decoder_of((), {"a": handed}).decode({"outside": "a"}) is handed
    with pytest.raises(MissingDefinitionError, match="'a' was left out"):
        decoder_of().decode({"outside": "a"})


def test_names_of_weights_do_not_meet():
    encoder = Encoder()
    names = [encoder.weights_prefix(name) for name in ("g", "d", "g", "g")]
    assert names == ["g.", "d.", "g_1.", "g_2."]


@pytest.mark.parametrize(
    ("owner", "name", "good", "bad"),
    [
        ("FrameOutputBuilder", "library", [None, "pandas", "polars"], ["os", 0]),
        ("TableOutputBuilder", "library", [None], ["os"]),
        ("LabelledOutputBuilder", "library", [None], ["os"]),
        ("LabelOutputBuilder", "library", [None], ["os", [], np.zeros(2)]),
        ("LabelOutputBuilder", "frame", [None, "polars"], ["numpy", False]),
        ("LabelOutputBuilder", "n_columns", [2**24 - 1], [2**24]),
        ("OneHotColumn", "n_levels", [0, 2**16 - 1], [2**16, -1, True, 2.0, None]),
        ("CodeConditions", "number_width", [2**16 - 1], [2**16]),
        ("CodeConditions", "category_width", [2**16 - 1], [2**16]),
        ("LevelEncoder", "n_codes", [2**24 - 1], [2**24]),
        ("GroupedLevelEncoder", "n_codes", [2**24 - 1], [2**24]),
        ("ClassLabels", "width", [2**24 - 1], [2**24]),
        ("TableConditions", "width", [2**24 - 1], [2**24]),
        ("LabelledTableConditions", "width", [2**24 - 1], [2**24]),
        ("LabelConditions", "condition_dim", [2**24 - 1], [2**24]),
        ("Labels", "condition_dim_", [2**24 - 1], [2**24]),
        ("ReferenceSpace", "n_columns_", [2**24 - 1], [2**24]),
        ("GANSampler", "n_features_in_", [2**30 - 1], [2**30]),
        ("TableEncoder", "_n_features_out", [2**30 - 1], [2**30]),
        ("TakeLevel", "levels", [None, "os", -1], []),
    ],
)
def test_values_of_some_attributes_are_bounded(owner, name, good, bad):
    entry = entry_of(owner)
    entry.check_name(name)
    for value in good:
        entry.check_value(name, value)
    for value in bad:
        with pytest.raises(ContentError, match=f"{name} cannot be"):
            entry.check_value(name, value)


class Kind:
    data = 3

    def method(self):
        """Do nothing."""

    @property
    def computed(self):
        return 1


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("data", True),
        ("new", True),
        ("_new", True),
        ("method", False),
        ("computed", False),
        ("__class__", False),
        ("__new", False),
    ],
)
def test_attributes_are_data(name, wanted):
    assert is_plain(Kind, name) is wanted


def test_files_name_classes_and_functions_of_these_rooms_only():
    found = definitions()
    for name in ("bool", "int", "float", "Adam", "SGD", "RMSprop", "make_date"):
        assert found[name].__name__ == name
    for name in ("BatchLoader", "OrderedLoader", "TensorData", "warp", "color"):
        assert found[name].__module__.startswith("skgan.")
    assert not {"eval", "Tensor", "tensor", "GANSampler", "load"} & set(found)
    assert all(np.ndarray is not value for value in found.values())
