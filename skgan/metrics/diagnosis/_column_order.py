"""Finding about pairs of columns, of which one is never above the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from skgan._messages import counted
from skgan.encoding import find_absences, find_orders
from skgan.metrics.diagnosis._compared_rows import Rows
from skgan.metrics.diagnosis._findings import (
    GOOD,
    SMALL_SHARE,
    Finding,
    grade,
    not_judged,
    percent,
)
from skgan.metrics.diagnosis._quality import LEVEL

# A row that cannot be is worse than one that is a little off.
_LEAST_SHARE = 0.01
_ADVICE = "TableEncoder, which keeps the orders that all training rows keep, or its "
_ADVICE += "constraints (Inequality)."


def judge_orders(real: Rows, synthetic: Rows, other: Rows) -> Finding:
    """Look for samples that break an order which real rows keep.

    Orders are those of `other`, what is missing wherever another column is among them,
    and what real rows break of them is chance.
    """
    if real.are_images:
        return not_judged("Pixels are not judged one by one.", "orders")[0]
    numbers = [_numbers(rows) for rows in (real, synthetic, other)]
    pairs = find_orders(numbers[2])
    broken = {
        f"{low!r} above {high!r}": [rows[low] > rows[high] for rows in numbers[:2]]
        for low, high in pairs
    }
    broken |= _broken_absences(real, synthetic, other)
    if not broken:
        return not_judged("No column is never above another.", "orders")[0]
    found = []
    for text, is_broken in broken.items():
        n_real, n_drawn = (int(broken.sum()) for broken in is_broken)
        n, m = map(len, is_broken)
        p_value = hypergeom.sf(n_drawn - 1, n + m, n_real + n_drawn, m)
        excess = n_drawn / m - n_real / n
        if p_value < LEVEL / len(broken) and excess >= _LEAST_SHARE:
            found.append((excess, text))
    if not found:
        message = (
            f"Columns keep the order of real rows: {counted(len(broken), 'pair')}."
        )
        return Finding("orders", GOOD, message, 0.0, 0.0)
    found.sort(reverse=True)
    worst = found[0][0]
    named = ", ".join(f"{text} in {percent(share)}" for share, text in found[:3])
    named += f", and {len(found) - 3} more" if len(found) > 3 else ""
    message = f"Samples that no real row is like: {named}."
    verdict = grade(max(worst, SMALL_SHARE), True)
    return Finding("orders", verdict, message, worst, 0.0, advice=_ADVICE)


def _numbers(rows: Rows) -> dict[object, NDArray]:
    return {
        part.labels[0]: part.values[:, 0].astype(np.float64)
        for block in rows.blocks
        if block.is_numeric
        for part in block.split()
    }


def _broken_absences(real: Rows, synthetic: Rows, other: Rows) -> dict[str, list]:
    """Rows of both sets with what is missing wherever another column of `other` is."""
    missing = [_missing(rows) for rows in (real, synthetic, other)]
    names = list(missing[2])
    pairs = zip(*find_absences(np.column_stack(list(missing[2].values()))), strict=True)
    named = [(names[first], names[second]) for first, second in pairs]
    return {
        f"{second!r} where {first!r} is missing": [
            rows[first] & ~rows[second] for rows in missing[:2]
        ]
        for first, second in named
    }


def _missing(rows: Rows) -> dict[object, NDArray]:
    return {
        part.labels[0]: np.isnan(part.values[:, 0].astype(np.float64))
        if part.is_numeric
        else np.equal(part.values, None)
        for block in rows.blocks
        for part in block.split()
    }
