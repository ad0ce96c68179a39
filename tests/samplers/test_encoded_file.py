"""Encoded rows in a file: found again if they are whole and of the same rows."""

import pytest
import torch

import skgan._packed_rows
from skgan._packed_rows import RowPacking
from skgan.loader import BatchLoader, TensorData
from skgan.samplers._encoded_file import EncodedFile, fill_memory, fill_nameless

PACKING = RowPacking(3, [(1, 2)])
ROWS = torch.tensor([[0.1, 1, 0], [0.2, 0, 1], [0.3, 0, 0]])


def fill(folder, identity="a", rows=ROWS, n=5):
    """Return the rows that a file has, and whether they were made anew."""
    made = []

    def make_batches():
        made.append(True)
        yield rows[:2]
        yield rows[2:]

    file = EncodedFile(folder, identity)
    try:
        return file.find_or_fill(n, PACKING, make_batches)[:], bool(made)
    finally:
        file.close(delete=False)


def test_rows_of_the_same_fit_are_found_again(tmp_path):
    rows, is_new = fill(tmp_path)
    assert torch.equal(rows, ROWS) and is_new
    rows, is_new = fill(tmp_path)
    assert torch.equal(rows, ROWS) and not is_new
    # What is not there takes no room: one number and one code a row.
    path = tmp_path / "skgan-encoded.rows"
    assert path.stat().st_size == 4096 + 5 * len(ROWS)
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("spoil", ["identity", "nothing known", "cut off", "garbage"])
def test_other_files_are_made_anew(tmp_path, spoil):
    identity = "" if spoil == "nothing known" else "a"
    fill(tmp_path, identity, 2 * ROWS)
    path = tmp_path / "skgan-encoded.rows"
    if spoil == "cut off":
        path.write_bytes(path.read_bytes()[:-1])
    if spoil == "garbage":
        path.write_bytes(b"\xff" * path.stat().st_size)
    rows, is_new = fill(tmp_path, "b" if spoil == "identity" else identity)
    assert torch.equal(rows, ROWS) and is_new


KILLED = """
    import os, signal, sys
    import torch
    from skgan._packed_rows import RowPacking
    from skgan.samplers._encoded_file import EncodedFile

    def make_batches():
        yield torch.zeros(2, 3)
        os.kill(os.getpid(), signal.SIGKILL)

    packing = RowPacking(3, [(1, 2)])
    EncodedFile(sys.argv[1], "a").find_or_fill(5, packing, make_batches)
"""


def test_a_killed_fit_leaves_nothing_that_is_taken_for_whole(tmp_path, run_script):
    run_script(KILLED, tmp_path)
    names = sorted(file.suffix for file in tmp_path.iterdir())
    assert names == [".lock", ".part"]
    rows, is_new = fill(tmp_path)
    assert torch.equal(rows, ROWS) and is_new
    assert len([*tmp_path.iterdir()]) == 1


def test_of_rows_that_cannot_be_encoded_nothing_is_left(tmp_path):
    file = EncodedFile(tmp_path, "a")

    def make_batches():
        yield ROWS
        raise ValueError("a file is gone")

    with pytest.raises(ValueError, match="is gone"):
        file.find_or_fill(5, PACKING, make_batches)
    file.close(delete=False)
    assert not [*tmp_path.iterdir()]


def test_two_fits_do_not_share_a_folder(tmp_path):
    first = EncodedFile(tmp_path, "a")
    with pytest.raises(OSError, match=r"Another fit.*skgan-encoded\.lock.*scratch="):
        EncodedFile(tmp_path, "a")
    # Processes that share a fit do.
    EncodedFile(tmp_path, "a", rank=1).close(delete=True)
    first.close(delete=True)
    fill(tmp_path)


def test_blocks_of_a_mapped_file_are_those_of_memory(monkeypatch):
    monkeypatch.setattr(skgan._packed_rows, "_PIECE_ROWS", 400)
    monkeypatch.setattr(skgan._packed_rows, "_BLOCK_PIECES", 3)
    packing, rows = RowPacking(1, []), torch.arange(5000.0)[:, None]
    batches = []
    for fill in fill_memory, fill_nameless:
        stream = torch.Generator().manual_seed(0)
        data = TensorData(fill(5000, packing, lambda: iter([rows])))
        loader = BatchLoader(data, 500, shuffle=True, generator=stream)
        batches.append(torch.cat([X for X, _ in loader]))
    assert torch.equal(*batches)
