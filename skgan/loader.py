"""Whole batches by index from tensors on the device."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from skgan._messages import counted
from skgan._packed_rows import PackedRows

Batch = tuple[Tensor, Tensor]


class TensorData(Dataset):
    """Rows, and what they are conditioned on, as two tensors.

    Parameters
    ----------
    X : array-like or Tensor of shape (n, ...)
        Rows. Anything but a floating tensor becomes float32, without a copy where
        it is that already.
    y : array-like or Tensor of shape (n, condition_dim), default=None
        Conditions, one a row; None gives a condition of width 0.

    Examples
    --------
    >>> from skgan.loader import TensorData
    >>> len(TensorData([[1, 2], [3, 4]]))
    2
    """

    def __init__(self, X, y=None):
        # Packed rows look like a tensor, as far as it is used here.
        self.X: Any = X if isinstance(X, PackedRows) else _as_floating(X)
        self.y = self.X.new_empty((len(self.X), 0)) if y is None else _as_floating(y)
        if len(self.y) != len(self.X):
            raise ValueError(
                f"X has {counted(len(self.X), 'row')} but y has {len(self.y)}; there "
                "must be one condition a row."
            )
        if self.y.ndim != 2:
            raise ValueError(
                "y must be of shape (n_rows, condition_dim), got "
                f"{tuple(self.y.shape)}; encode labels first, such as one-hot."
            )

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, index) -> Batch:
        """Return rows and conditions at an index, a slice or a list of indices."""
        return self.X[index], self.y[index]

    # DataLoader asks for a whole batch at once where this method exists.
    def __getitems__(self, indices: list[int]) -> list[Batch]:
        """Return the batch at `indices` as a list of (row, condition)."""
        chosen = torch.as_tensor(indices)
        return list(zip(self.X[chosen], self.y[chosen], strict=True))

    def to(self, device: str | torch.device) -> TensorData:
        """Move both tensors to `device`, in place, and return self."""
        self.X, self.y = self.X.to(device), self.y.to(device)
        return self


class BatchLoader:
    """An endless shuffled stream of rows, cut into batches of one size.

    A pass over the rows follows the one before without a gap, so that every batch
    is full, no row is left out and shapes never change. An *epoch* of the stream is
    `n_batches` batches.

    Parameters
    ----------
    dataset : TensorData or Subset
        What is drawn from.
    batch_size : int
        Rows a batch; at most the number of rows is used.
    shuffle : bool, default=False
        Whether each pass visits the rows in a new random order.
    generator : torch.Generator, default=None
        Draws the orders; None makes one from PyTorch's entropy.
    n_batches : int, default=None
        Batches an epoch; None makes an epoch one pass, rounded up.
    n_total : int, default=None
        Batches after which the stream ends, in the midst of an epoch if need be.
    n_joined : int, default=1
        Batches handed over as one, for a step that wants several: each yield holds
        ``n_joined * batch_size`` rows.
    groups : Tensor of shape (n,), default=None
        The group of each row, whole numbers from 0 on. Groups then come equally
        often, the rows of one again and again if it has few; None lets rows come
        equally often.

    Examples
    --------
    >>> import torch
    >>> from skgan.loader import BatchLoader, TensorData
    >>> loader = BatchLoader(TensorData(torch.arange(5.0)[:, None]), batch_size=2)
    >>> [x.flatten().tolist() for x, _ in loader]
    [[0.0, 1.0], [2.0, 3.0], [4.0, 0.0]]
    """

    def __init__(
        self,
        dataset,
        batch_size: int,
        shuffle: bool = False,
        generator: torch.Generator | None = None,
        n_batches: int | None = None,
        n_total: int | None = None,
        n_joined: int = 1,
        groups: Tensor | None = None,
    ):
        self.X, self.y = _tensors(dataset)
        self.n_rows = len(self.X)
        if not self.n_rows:
            raise ValueError("There is no row to draw batches from.")
        self.batch_size = min(batch_size, self.n_rows) * n_joined
        self.shuffle = shuffle
        self.generator = generator
        if shuffle and generator is None:
            self.generator = torch.Generator()
            self.generator.seed()
        self._members = None if groups is None else _members(groups)
        self.n_batches = n_batches or -(-self.n_rows // self.batch_size)
        self.n_left = n_total
        self._order = torch.empty(0, dtype=torch.int64, device=self.X.device)
        self._position = 0
        # Of packed rows, those that this pass has still to visit.
        self._pieces = torch.empty(0, dtype=torch.int64)
        has_condition = self.y.shape[1] > 0
        self._no_condition = (
            None if has_condition else self.y.new_empty((self.batch_size, 0))
        )

    def __len__(self) -> int:
        """Batches in the next epoch."""
        return (
            self.n_batches if self.n_left is None else min(self.n_batches, self.n_left)
        )

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of the next epoch, rows and conditions."""
        for _ in range(len(self)):
            index = self._next_indices()
            yield self.X.index_select(0, index), self._conditions(index)
            if self.n_left is not None:
                self.n_left -= 1
        if not self.shuffle:
            self._order, self._position = self._order[:0], 0

    def state_dict(self) -> dict:
        """Return where it is, between two epochs: what is left of its order."""
        return {
            "order": self._order[self._position :],
            "n_left": self.n_left,
            "pieces": self._pieces,
        }

    def load_state_dict(self, state: dict) -> None:
        """Go back to where it was; where `generator` is, is for its owner to know."""
        self._order, self._position = state["order"].to(self.X.device), 0
        self.n_left, self._pieces = state["n_left"], state["pieces"]

    def _conditions(self, index: Tensor) -> Tensor:
        if self._no_condition is not None:
            return self._no_condition
        return self.y.index_select(0, index)

    def _next_indices(self) -> Tensor:
        end = self._position + self.batch_size
        while end > len(self._order):
            rest = self._order[self._position :]
            self._order = torch.cat([rest, self._new_order()])
            end, self._position = self.batch_size, 0
        index = self._order[self._position : end]
        self._position = end
        return index

    def _new_order(self) -> Tensor:
        if self._members is not None:
            order = self._balanced_order(self._members)
        elif self.shuffle and isinstance(self.X, PackedRows):
            if not len(self._pieces):
                self._pieces = self.X.new_pieces(self.generator)
            rows, self._pieces = self.X.take_block(self._pieces)
            order = self._permuted(rows)
        elif self.shuffle:
            # Drawn where the generator lives, so that orders do not depend on
            # the device the rows are on.
            order = torch.randperm(self.n_rows, generator=self.generator)
        else:
            order = torch.arange(self.n_rows)
        return order.to(self.X.device)

    def _balanced_order(self, members: list[Tensor]) -> Tensor:
        """Return an order in which each group has as many places."""
        share = -(-self.n_rows // len(members))
        passes = []
        for rows in members:
            n_passes = -(-share // len(rows))
            orders = [self._permuted(rows) for _ in range(n_passes)]
            passes.append(torch.cat(orders)[:share])
        return self._permuted(torch.cat(passes))

    def _permuted(self, rows: Tensor) -> Tensor:
        if not self.shuffle:
            return rows
        return rows[torch.randperm(len(rows), generator=self.generator)]


class OrderedLoader:
    """Rows once, in their order; the last batch is as long as what is left.

    Parameters
    ----------
    dataset : TensorData or Subset
        What is cut into batches.
    batch_size : int
        Rows a batch.

    Examples
    --------
    >>> import torch
    >>> from skgan.loader import OrderedLoader, TensorData
    >>> loader = OrderedLoader(TensorData(torch.arange(5.0)[:, None]), batch_size=2)
    >>> [x.flatten().tolist() for x, _ in loader]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """

    def __init__(self, dataset, batch_size: int):
        self.X, self.y = _tensors(dataset)
        self.batch_size = batch_size

    def __len__(self) -> int:
        """Batches in all."""
        return ceil(len(self.X) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches, rows and conditions."""
        for start in range(0, len(self.X), self.batch_size):
            rows = slice(start, start + self.batch_size)
            yield self.X[rows], self.y[rows]


def _members(groups: Tensor) -> list[Tensor]:
    """Return the rows of each group that has some."""
    groups = torch.as_tensor(groups).cpu()
    return [(groups == group).nonzero()[:, 0] for group in groups.unique()]


def _as_floating(values) -> Tensor:
    if not isinstance(values, Tensor):
        array = np.asarray(values)
        # PyTorch shares neither read-only nor reversed memory.
        shareable = array.flags.writeable and min(array.strides, default=0) >= 0
        if array.dtype != np.float32 or not shareable:
            array = np.array(array, dtype=np.float32, order="C")
        return torch.as_tensor(array)
    return values if values.is_floating_point() else values.to(torch.float32)


def _tensors(dataset) -> Batch:
    if isinstance(dataset, Subset):
        X, y = _tensors(dataset.dataset)
        index = torch.as_tensor(np.asarray(dataset.indices), device=X.device)
        return X.index_select(0, index), y.index_select(0, index)
    if not isinstance(dataset, TensorData):
        raise TypeError(
            "Batches are cut from a TensorData or a Subset of one, got "
            f"{type(dataset).__name__}; for other datasets pass "
            "iterator_train and iterator_valid=torch.utils.data.DataLoader."
        )
    return dataset.X, dataset.y
