"""Finding about pairs of columns, of which one is never above the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from skgan._messages import counted
from skgan.encoding import find_orders
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

    Orders are those of `other`, and what real rows break of them is chance.
    """
    if real.are_images:
        return not_judged("Pixels are not judged one by one.", "orders")[0]
    numbers = [_numbers(rows) for rows in (real, synthetic, other)]
    pairs = find_orders(numbers[2])
    if not pairs:
        return not_judged("No column is never above another.", "orders")[0]
    found = []
    for low, high in pairs:
        is_broken = [rows[low] > rows[high] for rows in numbers[:2]]
        n_real, n_drawn = (int(broken.sum()) for broken in is_broken)
        n, m = map(len, is_broken)
        p_value = hypergeom.sf(n_drawn - 1, n + m, n_real + n_drawn, m)
        excess = n_drawn / m - n_real / n
        if p_value < LEVEL / len(pairs) and excess >= _LEAST_SHARE:
            found.append((excess, f"{low!r} above {high!r}"))
    if not found:
        message = f"Columns keep the order of real rows: {counted(len(pairs), 'pair')}."
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
