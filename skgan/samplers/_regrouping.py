"""Two categories that share a kind of rows, and one that holds two: exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn.functional import cross_entropy

# Copies of each row whose categories are compared with that of the row.
N_COPIES = 3
# What an exchange has to add to the mutual information, as a share of its maximum:
# of MNIST it was .02 and more where two digits shared a category, and -.02 where none
# did.
_LEAST_GAIN = 0.01
# Fewer rows are not divided.
_LEAST_ROWS = 40
_N_DIRECTIONS, _RIDGE = 15, 0.05
_N_STEPS, _BATCH_SIZE, _LEARNING_RATE = 300, 256, 2e-3


class Reading(NamedTuple):
    """What a net reads off rows, and off changed copies of them.

    Attributes
    ----------
    features : list of Tensor of shape (n, d)
        Hidden layers: of the rows, then of each copy of them.
    logits : list of Tensor of shape (n, n_categories)
        Those of the categories.
    means : list of Tensor of shape (n, n_continuous)
        Those of the continuous codes.
    """

    features: list[Tensor]
    logits: list[Tensor]
    means: list[Tensor]


class Exchange(NamedTuple):
    """Which two categories become one, and which becomes two.

    Attributes
    ----------
    gain : float
        What it adds to the information, as a share of its maximum.
    merged : tuple of int
        Categories that become the first of them.
    divided : int
        The category of which a half goes to the second of them.
    halves : list of ndarray of shape (n,), bool
        Which rows are of that half, then which copies.
    """

    gain: float
    merged: tuple[int, int]
    divided: int
    halves: list[NDArray[np.bool_]]


def regroup(reading: Reading, head, seed: int) -> tuple[dict[str, Any], str] | None:
    """Return a code head's weights after the best exchange, and words that tell of it.

    None where no exchange is worth it.
    """
    probabilities = [logits.double().softmax(dim=1) for logits in reading.logits]
    features = [part.double().cpu().numpy() for part in reading.features]
    if not all(np.isfinite(part).all() for part in features):
        return None
    categories = [part.argmax(dim=1).cpu().numpy() for part in probabilities]
    n_categories = probabilities[0].shape[1]
    exchange = find_exchange(features, categories, n_categories, seed)
    # What the division of a category adds by chance where rows are few.
    chance = n_categories / (len(features[0]) * np.log(n_categories))
    if exchange is None or exchange.gain < _LEAST_GAIN + chance:
        return None
    wanted = [
        _exchanged(part, exchange, half)
        for part, half in zip(probabilities, exchange.halves, strict=True)
    ]
    first, second = exchange.merged
    message = (
        f"categories {first} and {second} are of one kind and {exchange.divided} is of "
        f"two, by {exchange.gain:.1%} of the information: {second} takes half of it"
    )
    return _taught(head, reading, wanted, seed), message


def find_exchange(
    features: Sequence[NDArray], categories: Sequence[NDArray], n: int, seed: int
) -> Exchange | None:
    """Return the exchange after which categories tell most; None where there is none.

    What they tell is the mutual information of a row's category and that of its changed
    copies, see `InfoGANNet.category_information`. Every category that holds enough
    rows is divided in two, and every other two are merged, as in Ueda et al., "SMEM
    Algorithm for Mixture Models", Neural Computation 2000.
    """
    before = _information(_joint(categories, n))
    best = None
    for divided in range(n):
        inside = [part == divided for part in categories]
        if inside[0].sum() < _LEAST_ROWS:
            continue
        halves = _divide(features, inside, seed)
        if halves is None:
            continue
        finer = [
            np.where(half, n, part)
            for half, part in zip(halves, categories, strict=True)
        ]
        joint = _joint(finer, n + 1)
        others = [k for k in range(n) if k != divided]
        for first, second in combinations(others, 2):
            gain = (_information(_merged(joint, first, second)) - before) / np.log(n)
            if best is None or gain > best.gain:
                best = Exchange(gain, (first, second), divided, halves)
    return best


def _divide(
    features: Sequence[NDArray], inside: Sequence[NDArray], seed: int
) -> list[NDArray[np.bool_]] | None:
    """Return which rows and copies of a category are of its second half, by 2-means.

    Distances are in units of what changes of a row do to it, so that the halves are
    those that a row stays in; as in a linear discriminant analysis, whose classes are
    rows with their copies.
    """
    chosen = [part[inside[0]] for part in features]
    rows = np.mean(chosen, axis=0)
    center = rows.mean(axis=0)
    _, spread, directions = np.linalg.svd(rows - center, full_matrices=False)
    if not spread[0] > 0:
        return None
    axes = directions[: min(_N_DIRECTIONS, int((spread > 1e-6 * spread[0]).sum()))].T
    changes = np.concatenate([(part - rows) @ axes for part in chosen])
    within = changes.T @ changes / len(changes)
    size = np.trace(within) / len(within)
    within += np.eye(len(within)) * (_RIDGE * size if size > 0 else 1.0)
    lower = np.linalg.cholesky(within)

    def place(part: NDArray) -> NDArray:
        return solve_triangular(lower, ((part - center) @ axes).T, lower=True).T

    means = KMeans(2, n_init=5, random_state=seed % 2**32).fit(place(rows))
    halves = [np.zeros(len(part), dtype=bool) for part in features]
    for half, part, mask in zip(halves, features, inside, strict=True):
        if mask.any():
            half[mask] = means.predict(place(part[mask])) == 1
    return halves


def _joint(categories: Sequence[NDArray], n: int) -> NDArray:
    """Return how often a row and a copy of it have which two categories."""
    joint = np.zeros((n, n))
    for part in categories[1:]:
        np.add.at(joint, (categories[0], part), 1.0)
    return (joint + joint.T) / (2 * joint.sum())


def _merged(joint: NDArray, first: int, second: int) -> NDArray:
    joint = joint.copy()
    joint[first] += joint[second]
    joint[:, first] += joint[:, second]
    joint[second] = joint[:, second] = 0
    return joint


def _information(joint: NDArray) -> float:
    """Mutual information, in nats: Ji et al. (2019), eq. 3."""
    alone = joint.sum(axis=0)
    present = joint > 0
    ratio = joint[present] / np.outer(alone, alone)[present]
    return float((joint[present] * np.log(ratio)).sum())


def _exchanged(probabilities: Tensor, exchange: Exchange, half: NDArray) -> Tensor:
    """Return what shall be read of rows: their probabilities after the exchange."""
    first, second = exchange.merged
    wanted = probabilities.clone()
    wanted[:, first] += wanted[:, second]
    wanted[:, second] = 0
    moves = torch.as_tensor(half, device=wanted.device)
    wanted[moves, second] = wanted[moves, exchange.divided]
    wanted[moves, exchange.divided] = 0
    return wanted


def _taught(head, reading: Reading, wanted: list[Tensor], seed: int) -> dict[str, Any]:
    """Return the weights of a copy of a head that learnt the categories wanted."""
    head = deepcopy(head).requires_grad_(True)
    features, targets = torch.cat(reading.features), torch.cat(wanted)
    targets, old_means = targets.to(features.dtype), torch.cat(reading.means)
    optimizer = torch.optim.Adam(head.parameters(), lr=_LEARNING_RATE)
    stream = torch.Generator().manual_seed(seed)
    with torch.enable_grad():
        for _ in range(_N_STEPS):
            batch = torch.randint(len(features), (_BATCH_SIZE,), generator=stream)
            batch = batch.to(features.device)
            logits, means = head(features[batch])
            kept = (means - old_means[batch]).square().sum(dim=1).mean()
            loss = cross_entropy(logits, targets[batch]) + kept
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {name: value.cpu() for name, value in head.state_dict().items()}
