"""Where the rows of a fit lie: on its device, if they fit there."""

from __future__ import annotations

import logging
from typing import Any

import torch

from skgan.loader import TensorData

# Of the free memory of a GPU; networks, their gradients and a step take the rest.
_MAX_SHARE = 0.5
_LOG = logging.getLogger("skgan")


def place_rows(dataset: Any, device: str | torch.device) -> Any:
    """Put rows on a device once, so that batches are cut there.

    Rows that take more than half of a GPU's free memory stay in the main memory, and
    a step copies its batch.
    """
    if not isinstance(dataset, TensorData):
        return dataset
    size = sum(rows.nbytes for rows in (dataset.X, dataset.y) if torch.is_tensor(rows))
    free = _free_bytes(torch.device(device))
    if free is not None and size > _MAX_SHARE * free:
        _LOG.info(
            f"Rows of {size / 2**30:.1f} GiB stay in the main memory, for {device} has "
            f"{free / 2**30:.1f} GiB free; batches are copied."
        )
        return dataset
    return dataset.to(device)


def _free_bytes(device: torch.device) -> int | None:
    """Return the free memory of a GPU; None where it is that of the machine."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else None
