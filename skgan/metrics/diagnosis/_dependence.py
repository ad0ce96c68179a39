"""The finding that says whether columns go together as they do in real rows."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from skgan.metrics.diagnosis._compared_rows import Rows
from skgan.metrics.diagnosis._findings import (
    BAD,
    GOOD,
    LARGE_SHARE,
    SMALL_SHARE,
    WARN,
    Finding,
    not_judged,
    percent,
)
from skgan.metrics.diagnosis._quality import LEVEL, quantile

_MAX_ROWS = 2000
_MAX_FEATURES = 400
# Levels and gaps of fewer rows say little of what they go with.
_MIN_COUNT = 20
_MAX_LEVELS = 10
# A correlation that is off by less is as good, and so is a tenth lost of all.
_MARGIN = 0.1
# Of the variance of a correlation over a row: less would be proof by rounding.
_MIN_VARIANCE = 0.05
_DETAIL = "more updates (max_iter, max_time), wider layers (hidden_dims), or "
_DETAIL += "prior='trees'."


class _Feature(NamedTuple):
    """What of a column is correlated: ranks of numbers, one level, or gaps."""

    column: int
    kind: str
    level: object
    name: str


def judge_associations(real: Rows, synthetic: Rows, other: Rows, rng) -> Finding:
    """Compare correlations of ranks and of levels over all pairs of columns.

    What is lost of all of them is one test, weighted by the correlations of `other`,
    which have no chance in common with those of `real`. Then each pair is tested, at a
    level for all. The variance of a correlation is that of its influence function,
    which holds for any distribution.
    """
    name = "associations"
    if real.are_images:
        return not_judged("Pixels are not compared by twos.", name)[0]
    sets = [rows.draw(_MAX_ROWS, rng) for rows in (real, synthetic, other)]
    features = _features_of(sets[2])
    columns = np.array([feature.column for feature in features])
    is_pair = columns[:, None] < columns
    if not is_pair.any():
        return not_judged("There is no pair of columns that vary.", name)[0]
    values = [_values_of(rows, features) for rows in sets]
    found = [X.T @ X / len(X) for X in values]
    kept, limit = _kept_share(values, found, is_pair)
    off = _pairs_off(values, found, is_pair)
    n_pairs = len({(columns[i], columns[j]) for i, j in np.argwhere(is_pair)})
    is_less = kept is not None and limit is not None and kept < min(limit, 1 - _MARGIN)
    if not is_less and not off:
        message = f"Columns go together as in real rows: {n_pairs} pairs."
        if kept is not None and kept < 1 - _MARGIN:
            # Few real rows do not prove what is lost, and shall not hide it either.
            message = (
                f"Columns keep {percent(max(kept, 0.0))} of what they have to do with "
                f"each other in real rows, which chance explains: {n_pairs} pairs."
            )
        return Finding(name, GOOD, message, kept, 1.0, limit)
    largest = max((abs(found[0][p] - found[1][p]) for p in off), default=0.0)
    is_lost = is_less and kept is not None and kept < LARGE_SHARE
    verdict = BAD if is_lost or largest >= LARGE_SHARE else WARN
    parts = []
    if is_less and kept is not None:
        parts.append(
            f"Columns keep {percent(max(kept, 0.0))} of what they have to do with "
        )
        parts[0] += "each other in real rows"
    if off:
        pairs = {(columns[i], columns[j]) for i, j in off}
        named = [
            f"{features[i].name} and {features[j].name} {found[0][i, j]:.2f}, in "
            f"samples {found[1][i, j]:.2f}"
            for i, j in off[:3]
        ]
        parts.append(
            f"{len(pairs)} of {n_pairs} pairs of columns are off (correlations of "
            f"ranks: {'; '.join(named)})"
        )
    message = "; ".join(parts) + "."
    return Finding(name, verdict, message, kept, 1.0, limit, _DETAIL)


def _features_of(rows: Rows) -> list[_Feature]:
    """What is correlated, by rows that are in neither set."""
    features, place, n = [], 0, len(rows)
    for block in rows.blocks:
        for part in block.split():
            label = part.labels[0]
            if part.is_numeric:
                values = part.values[:, 0]
                is_gap = np.isnan(values.astype(np.float64))
                if len(np.unique(values[~is_gap])) > 1:
                    features.append(_Feature(place, "rank", None, repr(label)))
                if _MIN_COUNT <= is_gap.sum() <= n - _MIN_COUNT:
                    text = f"gaps of {label!r}"
                    features.append(_Feature(place, "gap", None, text))
            else:
                counts = Counter(part.values.tolist()).most_common(_MAX_LEVELS)
                least = max(_MIN_COUNT, SMALL_SHARE * n)
                levels = [v for v, count in counts if least <= count <= n - _MIN_COUNT]
                # Of two levels, the second correlates as the first does.
                if len(levels) == len(counts) == 2:
                    levels = levels[1:]
                features += [
                    _Feature(place, "level", v, f"{v!r} of {label!r}") for v in levels
                ]
            place += 1
    return features[:_MAX_FEATURES]


def _values_of(rows: Rows, features: list[_Feature]) -> NDArray:
    """Standardised features, one a column."""
    parts = [part for block in rows.blocks for part in block.split()]
    X = np.empty((len(rows), len(features)))
    for j, feature in enumerate(features):
        values = parts[feature.column].values
        if feature.kind == "level":
            X[:, j] = [value == feature.level for value in values.tolist()]
            continue
        numbers = values[:, 0].astype(np.float64)
        is_gap = np.isnan(numbers)
        if feature.kind == "gap":
            X[:, j] = is_gap
        else:
            n_there = (~is_gap).sum()
            X[:, j] = 0.0
            ranks = rankdata(numbers[~is_gap]) if n_there else np.zeros(0)
            X[~is_gap, j] = norm.ppf((ranks - 0.5) / max(n_there, 1))
    X -= X.mean(axis=0)
    deviations = X.std(axis=0)
    return X / np.where(deviations > 1e-9, deviations, np.inf)


def _kept_share(
    values: list[NDArray], found: list[NDArray], is_pair: NDArray
) -> tuple[float | None, float | None]:
    """How much of the dependence of real rows samples have; what chance leaves.

    None where real rows have none that is more than chance.
    """
    n_other = len(values[2])
    weights = np.where(np.abs(found[2]) > 2 / np.sqrt(n_other), found[2], 0.0)
    weights = np.where(is_pair | is_pair.T, weights, 0.0)
    sums, variances = [], []
    for X, R in zip(values[:2], found[:2], strict=True):
        sums.append(float((weights * R).sum() / 2))
        slopes = (weights * R).sum(axis=1)
        influence = ((X @ weights) * X).sum(axis=1) / 2 - X**2 @ slopes / 2
        variances.append(float(influence.var()) / len(X))
    z = quantile()
    if sums[0] <= 0 or sums[0] < 2 * z * np.sqrt(variances[0]):
        return None, None
    kept = sums[1] / sums[0]
    return kept, float(1 - z * np.sqrt(sum(variances)) / sums[0])


def _pairs_off(
    values: list[NDArray], found: list[NDArray], is_pair: NDArray
) -> list[tuple[int, int]]:
    """Places of features whose correlations differ, the largest difference first."""
    spread = np.zeros_like(found[0])
    for X, R in zip(values[:2], found[:2], strict=True):
        squares = X**2
        both = squares.T @ squares / len(X)
        third = (squares * X).T @ X / len(X)
        fourth = (squares**2).mean(axis=0)
        variance = both - R * (third + third.T)
        variance += R**2 / 4 * (fourth[:, None] + fourth + 2 * both)
        spread = np.maximum(spread, variance)
    share = sum(1 / len(X) for X in values)
    deviation = np.sqrt(np.maximum(spread, _MIN_VARIANCE) * share)
    difference = np.abs(found[0] - found[1])
    limit = quantile(LEVEL / (2 * is_pair.sum())) * deviation
    is_off = is_pair & (difference > limit) & (difference >= _MARGIN)
    places = [tuple(place) for place in np.argwhere(is_off)]
    return sorted(places, key=lambda place: -difference[place])
