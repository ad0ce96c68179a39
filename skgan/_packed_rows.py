"""Encoded rows in few bytes: numbers as float32, each block of levels as its code."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

# Blocks of which codes are one matrix product; all in one would be quadratic in them.
_GROUP = 32
# Rows that lie together, and how many such pieces are shuffled at once.
_PIECE_ROWS, _BLOCK_PIECES = 1024, 4096


class RowPacking:
    """The way from encoded rows to records of few bytes, and back to the same bits.

    Parameters
    ----------
    width : int
        Entries of an encoded row.
    blocks : list of (int, int)
        First entry and width of each block, of whose entries one is 1, or none is, and
        the others are 0. Entries in no block are numbers.

    Examples
    --------
    >>> import torch
    >>> from skgan._packed_rows import RowPacking
    >>> packing = RowPacking(5, [(1, 3)])
    >>> records = packing.pack(torch.tensor([[0.5, 0.0, 0.0, 1.0, 2.5]]))
    >>> records.nbytes
    9
    >>> packing.unpack(records).tolist()
    [[0.5, 0.0, 0.0, 1.0, 2.5]]
    """

    def __init__(self, width: int, blocks: list[tuple[int, int]]):
        self.width = width
        is_number = np.ones(width, dtype=bool)
        kinds: dict[str, list[int]] = {"u1": [], "<u2": [], "<u4": []}
        for i, (start, size) in enumerate(blocks):
            is_number[start : start + size] = False
            kind = "u1" if size < 2**8 else "<u2" if size < 2**16 else "<u4"
            kinds[kind].append(i)
        self._numbers = np.flatnonzero(is_number)
        self._groups = [
            _codes_of(blocks[i : i + _GROUP]) for i in range(0, len(blocks), _GROUP)
        ]
        fields: list[Any] = []
        if len(self._numbers):
            fields.append(("numbers", "<f4", (len(self._numbers),)))
        starts = np.array([start for start, _ in blocks], dtype=np.int64)
        self._blocks = {kind: np.array(i) for kind, i in kinds.items() if i}
        # The entry of a code, counted from the start of its row.
        self._starts = {kind: starts[i] - 1 for kind, i in self._blocks.items()}
        fields += [(kind, kind, (len(i),)) for kind, i in self._blocks.items()]
        self.dtype = np.dtype(fields)

    def pack(self, rows: torch.Tensor) -> NDArray:
        """Return records of rows of shape (n, width), float32."""
        values = rows.numpy()
        records = np.empty(len(values), dtype=self.dtype)
        if len(self._numbers):
            records["numbers"] = values[:, self._numbers]
        if self._blocks:
            # Of each block one entry is 1 at most, so that sums of codes are exact.
            codes = np.hstack([values[:, where] @ to for where, to in self._groups])
            for kind, places in self._blocks.items():
                records[kind] = codes[:, places]
        return records

    def unpack(self, records: NDArray) -> torch.Tensor:
        """Return rows of shape (n, width), float32, of records."""
        n = len(records)
        rows = np.zeros((n, self.width), dtype=np.float32)
        if len(self._numbers):
            rows[:, self._numbers] = records["numbers"]
        entries, firsts = rows.reshape(-1), np.arange(n)[:, None] * self.width
        for kind, starts in self._starts.items():
            codes = records[kind]
            entries[(firsts + starts + codes)[codes > 0]] = 1
        return torch.from_numpy(rows)


def _codes_of(blocks: list[tuple[int, int]]) -> tuple[slice, NDArray]:
    """Return where blocks lie, and the matrix that turns their entries into codes.

    A code is one more than the place in the block; 0 stands for no entry.
    """
    first = min(start for start, _ in blocks)
    stop = max(start + size for start, size in blocks)
    codes = np.zeros((stop - first, len(blocks)), dtype=np.float32)
    for i, (start, size) in enumerate(blocks):
        codes[start - first : start - first + size, i] = np.arange(1, size + 1)
    return slice(first, stop), codes


class PackedRows:
    """Rows that look like a float32 tensor, and are unpacked where they are asked for.

    Parameters
    ----------
    records : ndarray of shape (n,)
        What `packing` made of the rows.
    packing : RowPacking
        Unpacks them.
    file : mmap or None, default=None
        The file that the records lie in, if they do.
    """

    def __init__(
        self, records: NDArray, packing: RowPacking, file: mmap.mmap | None = None
    ):
        self.records, self.packing, self._file = records, packing, file
        self.shape = torch.Size((len(records), packing.width))
        self.device = torch.device("cpu")

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: Any) -> torch.Tensor:
        """Return a row by its number, or rows by a slice, a list or a tensor."""
        if isinstance(index, int | np.integer):
            return self[[index]][0]
        if isinstance(index, slice):
            records = self.records[index]
        else:
            # Ten times as fast as the same in brackets.
            records = self.records.take(torch.as_tensor(index).cpu().numpy())
        return self.packing.unpack(records).to(self.device)

    def index_select(self, dim: int, index: torch.Tensor) -> torch.Tensor:
        """Return rows, as a tensor's method does along its first axis."""
        return self[index]

    def new_empty(self, size: tuple[int, ...]) -> torch.Tensor:
        """Return an unfilled tensor of the rows' dtype, where they are wanted."""
        return torch.empty(size, device=self.device)

    def to(self, device: str | torch.device) -> PackedRows:
        """Return the same rows, which are unpacked to another device."""
        other = PackedRows(self.records, self.packing, self._file)
        other.device = torch.device(device)
        return other

    # Many rows are shuffled by block: each is read from places all over the file.
    def new_pieces(self, generator: torch.Generator | None) -> torch.Tensor:
        """Return the numbers of all pieces, in a random order if there are many."""
        n_pieces = -(-len(self) // _PIECE_ROWS)
        if n_pieces <= _BLOCK_PIECES:
            return torch.arange(n_pieces)
        return torch.randperm(n_pieces, generator=generator)

    def take_block(self, pieces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the rows of the first pieces, soon to be read, and the other pieces.

        What the mapped file holds of earlier ones no longer counts as memory in use.
        """
        first, rest = pieces[:_BLOCK_PIECES], pieces[_BLOCK_PIECES:]
        if self._file is not None and hasattr(mmap, "MADV_WILLNEED"):
            self._file.madvise(mmap.MADV_DONTNEED)
            for piece in first.tolist():
                self._prefetch(self._file, piece)
        rows = first[:, None] * _PIECE_ROWS + torch.arange(_PIECE_ROWS)
        return rows[rows < len(self)], rest

    def _prefetch(self, file: mmap.mmap, piece: int) -> None:
        """Let the system read a piece while other rows are trained on."""
        size = self.packing.dtype.itemsize
        head = len(file) - len(self) * size
        start = head + piece * _PIECE_ROWS * size
        stop = min(start + _PIECE_ROWS * size, len(file))
        start -= start % mmap.PAGESIZE
        file.madvise(mmap.MADV_WILLNEED, start, stop - start)
