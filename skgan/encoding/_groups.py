"""Levels in groups by what their rows are like."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from skgan.encoding._codecs import Part

# Rows that a level needs for its own mean to count as much as that of all rows.
_PRIOR_ROWS = 20.0
_MAX_BLOCK = 64


class Groups(NamedTuple):
    """A label for each level, and its place among the levels of its group."""

    labels: NDArray
    places: NDArray


def group_levels(
    codes: NDArray, n_levels: int, others: list[Part], n_groups: int, last=False
) -> Groups:
    """Put levels into groups that are alike in the other columns.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        The level of each row.
    n_levels : int
        How many there are.
    others : list of Part
        What the other columns' codecs made of the same rows.
    n_groups : int
        Groups at most.
    last : bool, default=False
        Whether the last level is alone in one more group.

    Returns
    -------
    Groups
    """
    counts = np.bincount(codes, minlength=n_levels).astype(np.float64)
    profiles = _profiles(codes, counts, others)
    n_grouped = n_levels - bool(last)
    labels = np.zeros(n_levels, dtype=np.int64)
    places = np.zeros(n_levels)
    labels[:n_grouped], places[:n_grouped] = _split(
        profiles[:n_grouped], counts[:n_grouped], n_groups
    )
    if last:
        labels[-1] = labels[:n_grouped].max(initial=-1) + 1
    return Groups(labels, places)


def _profiles(codes: NDArray, counts: NDArray, others: list[Part]) -> NDArray:
    """Return means of the other columns over the rows of each level.

    They are drawn towards the mean of all rows, the more so the fewer rows a level
    has: what is rare ends up together.
    """
    means = []
    for part in others:
        if part.scores is not None and part.codes is None:
            means.append(_means(codes, counts, part.scores)[:, None])
        elif part.codes is not None:
            width = min(int(part.codes.max(initial=0)) + 1, _MAX_BLOCK)
            pairs = codes * width + np.clip(part.codes, 0, width - 1)
            table = np.bincount(pairs, minlength=len(counts) * width)
            means.append(table.reshape(len(counts), width) / counts[:, None])
    # The mere frequency tells levels apart where nothing else does.
    frequency = np.log(counts)
    means.append(0.1 * (frequency - frequency.mean())[:, None])
    profiles = np.hstack(means)
    center = counts @ profiles / counts.sum()
    weight = counts / (counts + _PRIOR_ROWS)
    return (profiles - center) * weight[:, None]


def _means(codes: NDArray, counts: NDArray, values: NDArray) -> NDArray:
    return np.bincount(codes, weights=values, minlength=len(counts)) / counts


def _split(profiles: NDArray, counts: NDArray, n_groups: int) -> tuple:
    """Split the group that varies most along its main axis, again and again."""
    members = [np.arange(len(profiles))]
    splits = [_best_split(profiles, counts)]
    while len(members) < n_groups:
        widest = int(np.argmax([gain for gain, _ in splits]))
        gain, is_high = splits[widest]
        if gain <= 0:
            break
        group = members[widest]
        for part in (group[~is_high], group[is_high]):
            members.append(part)
            splits.append(_best_split(profiles[part], counts[part]))
        del members[widest], splits[widest]
    labels = np.empty(len(profiles), dtype=np.int64)
    places = np.empty(len(profiles))
    for label, group in enumerate(members):
        labels[group] = label
        places[group] = _main_axis(profiles[group], counts[group])
    return labels, places


def _main_axis(profiles: NDArray, counts: NDArray) -> NDArray:
    """Return where levels stand along the axis on which they vary most."""
    centered = profiles - counts @ profiles / counts.sum()
    covariance = (centered * counts[:, None]).T @ centered
    axis = np.linalg.eigh(covariance)[1][:, -1]
    return centered @ (axis * np.sign(axis[np.abs(axis).argmax()]))


def _best_split(profiles: NDArray, counts: NDArray) -> tuple[float, NDArray]:
    """Return the variance that the best split in two explains, and the split."""
    nowhere = np.zeros(len(profiles), dtype=bool)
    if len(profiles) < 2:
        return 0.0, nowhere
    place = _main_axis(profiles, counts)
    order = np.argsort(place, kind="stable")
    weight = np.cumsum(counts[order])
    moment = np.cumsum(counts[order] * place[order])
    low, rest = weight[:-1], weight[-1] - weight[:-1]
    gain = (moment[:-1] - moment[-1] * low / weight[-1]) ** 2 * weight[-1] / low / rest
    # Levels that stand at one place cannot be told apart.
    gain[np.diff(place[order]) <= 1e-12] = 0.0
    best = int(gain.argmax())
    is_high = nowhere
    is_high[order[best + 1 :]] = True
    return float(gain[best]), is_high
