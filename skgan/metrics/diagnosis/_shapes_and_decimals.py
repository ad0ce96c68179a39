"""Findings about single columns of numbers: their distribution, and their decimals."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from skgan.metrics._blocks import Block
from skgan.metrics.diagnosis._collapse import deviations
from skgan.metrics.diagnosis._compared_rows import Rows
from skgan.metrics.diagnosis._dates import find_wrong_dates
from skgan.metrics.diagnosis._findings import (
    GOOD,
    SMALL_SHARE,
    Finding,
    grade,
    not_judged,
    percent,
)
from skgan.metrics.diagnosis._quality import LEVEL

_MIN_PRESENT = 50
_MAX_DECIMALS = 6
# Beyond it whole numbers of float64 have gaps.
_LARGEST = 2.0**50
# Fewer different values say nothing of steps and endings.
_MIN_DISTINCT = 10
_MAX_ENDINGS = 100
_SHAPE = "more updates (max_iter, max_time), wider layers (hidden_dims), or "
_SHAPE += "prior='trees'."
_GRID = "fit on a DataFrame, whose columns keep their decimals and steps "
_GRID += "(TableEncoder), or round samples."


def judge_columns(real: Rows, synthetic: Rows, other: Rows) -> list[Finding]:
    """Return whether columns of numbers are distributed and rounded as in real rows."""
    if real.are_images:
        return not_judged("Pixels are not judged one by one.", "columns", "decimals")
    parts = [
        [part for block in rows.blocks if block.is_numeric for part in block.split()]
        for rows in (real, synthetic, other)
    ]
    triples = list(zip(*parts, strict=True))
    return [_judge_shapes(triples), _judge_decimals(triples)]


def _numbers(part: Block) -> NDArray:
    values = part.values[:, 0].astype(np.float64)
    return values[~np.isnan(values)]


def _judge_shapes(triples: list[tuple[Block, ...]]) -> Finding:
    """Look for the largest Kolmogorov-Smirnov statistic.

    No fewer samples than it says are out of place. Chance in the rows that the sampler
    knows counts, too.
    """
    found = []
    for triple in triples:
        sets = [_numbers(part) for part in triple]
        if min(map(len, sets)) >= _MIN_PRESENT:
            chance = sum(1 / len(values) for values in sets)
            found.append((triple[0].labels[0], *_shift(*sets[:2]), chance))
    if not found:
        return not_judged("No column holds numbers.", "columns")[0]
    scale = np.sqrt(-np.log(LEVEL / (2 * len(found))) / 2)
    excess = [size - scale * np.sqrt(chance) for _, size, _, chance in found]
    off = [place for place in found if place[1] >= SMALL_SHARE]
    off = [p for p in off if p[1] > scale * np.sqrt(p[3])]
    worst = max(off, key=lambda place: place[1], default=found[np.argmax(excess)])
    label, size, word, chance = worst
    message = f"Each column of numbers ({len(found)}) is distributed as in real rows."
    verdict = GOOD
    if off:
        verdict = grade(size, True)
        message = f"At least {percent(size)} of samples are too {word} in column "
        message += f"{label!r}"
        others = sorted(off, key=lambda place: -place[1])[1:]
        if others:
            message += "; others that differ: "
            message += ", ".join(repr(place[0]) for place in others[:3])
            message += f" and {len(others) - 3} more" if len(others) > 3 else ""
        message += "."
    limit = float(scale * np.sqrt(chance))
    advice = "" if verdict == GOOD else _SHAPE
    return Finding("columns", verdict, message, size, 0.0, limit, advice)


def _shift(real: NDArray, synthetic: NDArray) -> tuple[float, str]:
    """Kolmogorov and Smirnov's statistic, and where samples are too many."""
    points = np.unique(np.concatenate([real, synthetic]))
    shares = [
        np.searchsorted(np.sort(values), points, side="right") / len(values)
        for values in (real, synthetic)
    ]
    difference = shares[1] - shares[0]
    above, below = float(difference.max()), float(-difference.min())
    if min(above, below) > max(above, below) / 2:
        is_narrow = difference.argmax() > difference.argmin()
        return max(above, below), "central" if is_narrow else "far from the centre"
    return max(above, below), "low" if above > below else "high"


class _Grid(NamedTuple):
    """The values that a column can have: `offset` and steps, in its last decimal."""

    decimals: int
    offset: int
    step: int

    def places(self, values: NDArray) -> tuple[NDArray, NDArray]:
        """Values in units of the last decimal, and which are on the grid."""
        scaled, is_whole = _scaled(values, self.decimals)
        return scaled, is_whole & ((scaled - self.offset) % self.step == 0)


def _scaled(values: NDArray, decimals: int) -> tuple[NDArray, NDArray]:
    with np.errstate(over="ignore"):
        scaled = values * 10.0**decimals
    nearest = np.rint(np.clip(scaled, -_LARGEST, _LARGEST))
    is_whole = np.abs(scaled - nearest) <= 1e-6 + 1e-9 * np.abs(scaled)
    return nearest.astype(np.int64), is_whole


def _grid_of(values: NDArray) -> _Grid | None:
    """Return the grid of a column, None of one without."""
    if len(np.unique(values)) < _MIN_DISTINCT:
        return None
    for decimals in range(_MAX_DECIMALS + 1):
        if np.abs(values).max() * 10.0**decimals > _LARGEST:
            return None
        scaled, is_whole = _scaled(values, decimals)
        if is_whole.all():
            step = int(np.gcd.reduce(scaled - scaled[0]))
            return _Grid(decimals, int(scaled[0]), step)
    return None


def _judge_decimals(triples: list[tuple[Block, ...]]) -> Finding:
    """Compare how finely columns are rounded, and which endings their values have."""
    grids, moments = [], []
    for triple in triples:
        sets = [_numbers(part) for part in triple]
        if min(map(len, sets)) >= _MIN_PRESENT:
            name, grid = repr(triple[0].labels[0]), _grid_of(sets[2])
            if grid is not None:
                grids.append((name, grid, sets))
            if triple[0].is_moment:
                moments.append((name, *sets))
    if not grids and not moments:
        return not_judged("No column of numbers has steps.", "decimals")[0]
    names = {moment[0] for moment in moments}
    numbers = [found for found in grids if found[0] not in names]
    found = (
        _off_grid(grids) if grids else None,
        _endings(numbers) if numbers else None,
        find_wrong_dates(moments),
    )
    parts = [part for part in found if part is not None]
    worst = max((share for share, _ in parts), default=0.0)
    if not parts:
        n_columns = len({name for name, _, _ in grids} | names)
        message = f"Each column with steps ({n_columns}) is rounded as real ones."
        return Finding("decimals", GOOD, message, worst, 0.0)
    verdict = grade(max(worst, SMALL_SHARE), True)
    message = "; ".join(text for _, text in parts) + "."
    return Finding("decimals", verdict, message, worst, 0.0, advice=_GRID)


def _off_grid(grids: list) -> tuple[float, str] | None:
    """Samples between the steps of a column: their largest share, and what to say."""
    found = []
    for name, grid, (real, synthetic, _) in grids:
        n_real, n_drawn = (
            int((~grid.places(values)[1]).sum()) for values in (real, synthetic)
        )
        n, m = len(real), len(synthetic)
        excess = n_drawn / m - n_real / n
        p_value = hypergeom.sf(n_drawn - 1, n + m, n_real + n_drawn, m)
        if p_value < LEVEL / len(grids) and excess >= SMALL_SHARE:
            found.append((excess, name))
    if not found:
        return None
    found.sort(reverse=True)
    names = ", ".join(name for _, name in found[:3])
    names += f" and {len(found) - 3} more" if len(found) > 3 else ""
    text = f"{percent(found[0][0])} of samples lie between the steps of real values: "
    return found[0][0], text + names


def _endings(grids: list) -> tuple[float, str] | None:
    """Last digits that come too often, such as .00 in place of .99."""
    names, counts, sizes = [], [], []
    for name, grid, (real, synthetic, _) in grids:
        places = [grid.places(values) for values in (real, synthetic)]
        # Endings are two digits of numbers with cents, and one of whole numbers.
        base = 10 ** min(max(grid.decimals, 1), 2)
        tallies = [Counter((k[fits] % base).tolist()) for k, fits in places]
        if not 1 < len(set().union(*tallies)) <= _MAX_ENDINGS:
            continue
        for ending in sorted(set().union(*tallies)):
            width = grid.decimals if grid.decimals <= 2 else 2
            text = f".{ending:0{width}d}" if grid.decimals else str(ending)
            names.append(f"{text} of {name}")
            counts.append(tuple(tally[ending] for tally in tallies))
            sizes.append(tuple(int(fits.sum()) for _, fits in places))
    if not names:
        return None
    n_real, n_drawn = np.array(counts).T
    totals = np.maximum(np.array(sizes).T, 1)
    above = deviations(n_real, n_drawn, len(names), (totals[0], totals[1]))[1]
    excess = n_drawn / totals[1] - n_real / totals[0]
    off = [int(i) for i in np.argsort(-excess) if above[i] and excess[i] >= SMALL_SHARE]
    if not off:
        return None
    named = ", ".join(f"{names[i]} ({percent(n_drawn[i] / totals[1][i])})" for i in off)
    return float(excess[off[0]]), f"endings that are too frequent: {named}"
