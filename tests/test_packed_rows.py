"""Packed rows: few bytes, and the bits that were packed."""

import numpy as np
import pytest
import torch

import skgan._packed_rows
from skgan._packed_rows import PackedRows, RowPacking
from skgan.loader import BatchLoader, TensorData


def make_rows(n, width, blocks):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(n, width)).astype("float32")
    for start, size in blocks:
        rows[:, start : start + size] = 0
        has_level = rng.random(n) < 0.9
        codes = rng.integers(size, size=n)
        rows[has_level, start + codes[has_level]] = 1
    return torch.from_numpy(rows)


@pytest.mark.parametrize(
    "width, blocks, n_bytes",
    [
        (3, [], 12),
        (5, [(0, 2), (2, 3)], 2),
        (152, [(2 + 3 * i, 3) for i in range(50)], 58),
        (600, [(1, 255), (256, 256), (515, 3)], 4 * (600 - 514) + 4),
        (70_000, [(0, 69_999)], 8),
    ],
)
def test_rows_come_back_to_the_bit_from_few_bytes(width, blocks, n_bytes):
    rows, packing = make_rows(20, width, blocks), RowPacking(width, blocks)
    packed = PackedRows(packing.pack(rows), packing)
    assert packed.records.dtype.itemsize == n_bytes
    assert torch.equal(packed[:], rows) and packed.shape == rows.shape
    assert torch.equal(packed[3], rows[3]) and torch.equal(packed[2:4], rows[2:4])
    places = torch.tensor([4, 0, 4])
    assert torch.equal(packed.index_select(0, places), rows[places])


def test_batches_are_those_of_unpacked_rows():
    rows, packing = make_rows(50, 6, [(2, 4)]), RowPacking(6, [(2, 4)])
    packed = PackedRows(packing.pack(rows), packing)
    streams = [torch.Generator().manual_seed(0) for _ in range(2)]
    loaders = [
        BatchLoader(TensorData(X), 8, shuffle=True, generator=stream, n_batches=20)
        for X, stream in zip((rows, packed), streams, strict=True)
    ]
    for (X, y), (of_packed, of_its) in zip(*loaders, strict=True):
        assert torch.equal(X, of_packed) and y.shape == of_its.shape


def test_many_rows_are_shuffled_by_block(monkeypatch):
    monkeypatch.setattr(skgan._packed_rows, "_PIECE_ROWS", 4)
    monkeypatch.setattr(skgan._packed_rows, "_BLOCK_PIECES", 3)
    rows, packing = torch.arange(50.0)[:, None], RowPacking(1, [])
    packed = PackedRows(packing.pack(rows), packing)
    stream = torch.Generator().manual_seed(0)
    loader = BatchLoader(TensorData(packed), 5, shuffle=True, generator=stream)

    def draw():
        return torch.cat([X[:, 0] for X, _ in loader])

    first = draw()
    # A pass visits each row once; its first rows are of the pieces of one block.
    assert sorted(first.tolist()) == rows[:, 0].tolist()
    assert len(torch.unique(first[:10] // 4)) == 3
    for _ in range(2):
        # In the middle of a pass, too.
        loader.n_batches = 7
        state, seed = loader.state_dict(), stream.get_state()
        wanted = draw()
        loader.load_state_dict(state)
        stream.set_state(seed)
        assert torch.equal(draw(), wanted)
