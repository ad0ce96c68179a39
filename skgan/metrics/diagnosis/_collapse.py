"""Findings of a diagnosis that say what samples lack: groups, levels, variance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.stats import beta, binom
from sklearn.cluster import KMeans

from skgan._messages import counted
from skgan.metrics._blocks import Block
from skgan.metrics._inputs import draw_seed
from skgan.metrics.diagnosis._compared_rows import Rows
from skgan.metrics.diagnosis._findings import (
    BAD,
    GOOD,
    LARGE_SHARE,
    SMALL_SHARE,
    WARN,
    Finding,
    grade,
    not_judged,
    percent,
)
from skgan.metrics.diagnosis._quality import (
    LEVEL,
    permuted_labels,
    principal_axes,
    quantile,
)

# Enough for chance to be told from half of a group.
_ROWS_A_GROUP = 50
_MAX_GROUPS = 100
# The extremes of both sets count as much as the one at these quantiles.
_QUANTILES = (0.005, 0.995)
# Of the pooled variance, added to both where chance is drawn by lot: some draws of a
# rare value have none of it.
_FLOOR = 0.05
# A level's count is off by this share of what is expected at least.
_LEVEL_MARGIN = 0.25
_MISSING, _PRESENT = "missing", "a number"
_VARIETY = "a higher penalty_weight, or more updates (max_iter, max_time)."
_LEVELS = "conditions on the column (TableEncoder(condition_on=[...])), a higher "
_LEVELS += "penalty_weight, or more updates (max_iter, max_time)."
_SPREAD = "more updates (max_iter, max_time), or a lower last penalty_weight "
_SPREAD += "(schedule)."


def judge_collapse(
    real: Rows, synthetic: Rows, other: Rows, rng, known: Rows | None = None
) -> list[Finding]:
    """Return what samples lack beside real rows."""
    return [
        _judge_modes(real, synthetic, other, rng),
        _judge_levels(real, synthetic, known),
        _judge_variance(real, synthetic, other, rng),
    ]


def _judge_modes(real: Rows, synthetic: Rows, other: Rows, rng) -> Finding:
    n_distinct = len(np.unique(other.vectors, axis=0))
    n_groups = min(len(other), len(real)) // _ROWS_A_GROUP
    n_groups = min(n_groups, _MAX_GROUPS, n_distinct)
    if n_groups < 2:
        message = "Too few rows, or too few different ones, to make groups of them."
        return not_judged(message, "modes")[0]
    groups = KMeans(n_groups, n_init=1, max_iter=30, random_state=draw_seed(rng))
    groups.fit(other.vectors)
    n_real, n_synthetic = (
        np.bincount(groups.predict(rows.vectors), minlength=n_groups)
        for rows in (real, synthetic)
    )
    missing, rare, lost = _shortages(n_real, n_synthetic, n_groups)
    held = n_real[missing].sum() / len(real)
    n_missing = int(missing.sum())
    message = f"None of {n_groups} groups of real rows is missing or rare."
    if n_missing:
        message = f"{n_missing} of {n_groups} groups of real rows, {percent(held)} of "
        message += "them, have next to no samples."
    elif rare.any():
        message = (
            f"{rare.sum()} of {n_groups} groups of real rows are less than half as "
        )
        message += f"frequent in samples, which lack {percent(lost)} of all rows there."
    verdict = BAD if n_missing else grade(lost, True)
    advice = "" if verdict == GOOD else _VARIETY
    return Finding("modes", verdict, message, float(n_missing), 0.0, 0.0, advice)


def _judge_levels(real: Rows, synthetic: Rows, known: Rows | None = None) -> Finding:
    """Compare how often each level comes with how often it is expected."""
    names, counts = _count_levels(real, synthetic, known)
    if not names:
        return not_judged("No column holds categories or missing values.", "levels")[0]
    n_real, n_synthetic = np.array(counts).T
    sizes = (len(real) + (0 if known is None else len(known)), len(synthetic))
    missing, rare, lost = _shortages(n_real, n_synthetic, len(names), sizes)
    below, above = deviations(n_real, n_synthetic, len(names), sizes)
    lacking = missing | rare | below
    expected = n_real * sizes[1] / sizes[0]
    parts = [
        ("Missing or less than half as frequent in samples", missing | rare),
        ("Too rare in samples", below & ~missing & ~rare),
        ("In no real row, but in samples", above & (n_real == 0)),
        # Where levels lack, others are too frequent: that says nothing more.
        ("Too frequent in samples", above & (n_real > 0) & ~lacking.any()),
    ]
    complaints = [
        f"{what}: {_named(names, chosen, np.abs(n_synthetic - expected))}"
        for what, chosen in parts
        if chosen.any()
    ]
    message = (
        f"None of {counted(len(names), 'level')} is missing, rare or too frequent."
    )
    verdict = GOOD
    if complaints:
        verdict = WARN
        if lacking.any():
            worst = float(((expected - n_synthetic)[lacking] / sizes[1]).max())
            complaints.append(f"{percent(worst)} of rows lack one of them")
            is_grave = missing.any() or not below[lacking].all()
            verdict = grade(max(lost, SMALL_SHARE), True) if is_grave else WARN
        verdict = BAD if missing.any() else verdict
        message = "; ".join(complaints) + "."
    n_missing = float(missing.sum())
    advice = "" if verdict == GOOD else _LEVELS
    return Finding("levels", verdict, message, n_missing, 0.0, 0.0, advice)


def _count_levels(
    real: Rows, synthetic: Rows, known: Rows | None
) -> tuple[list[str], list[tuple[int, int]]]:
    """Names of levels, and how often they come in real and in synthetic rows."""
    names, counts = [], []
    further = [] if known is None else [known]
    for ours, theirs, *others in _parts_with_levels(real, synthetic, *further):
        # A number counts as one of two levels: missing or not.
        in_real, drawn = (Counter(_levels_of(block)) for block in (ours, theirs))
        for block in others:
            in_real.update(_levels_of(block))
        seen = dict.fromkeys([*in_real, *drawn])
        levels = [v for v in seen if not (ours.is_numeric and v == _PRESENT)]
        names += [f"{level!r} of {ours.labels[0]!r}" for level in levels]
        counts += [(in_real[level], drawn[level]) for level in levels]
    return names, counts


def _named(names: list[str], chosen: np.ndarray, sizes: np.ndarray) -> str:
    """Return the first three of some names, those of the largest sizes first."""
    places = np.flatnonzero(chosen)
    places = places[np.argsort(-sizes[places], kind="stable")]
    named = ", ".join(names[i] for i in places[:3])
    return named + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _parts_with_levels(*sets: Rows) -> Iterator[tuple[Block, ...]]:
    """Columns that hold categories, or numbers of which some are missing."""
    for blocks in zip(*(rows.blocks for rows in sets), strict=True):
        is_numeric = blocks[0].is_numeric
        if not is_numeric or any(np.isnan(block.values).any() for block in blocks):
            yield from zip(*(block.split() for block in blocks), strict=True)


def _levels_of(block: Block) -> list[Any]:
    if block.is_numeric:
        is_missing = np.isnan(block.values[:, 0])
        return np.where(is_missing, _MISSING, _PRESENT).tolist()
    return [_MISSING if value is None else value for value in block.values.tolist()]


def _shortages(
    n_real: np.ndarray,
    n_synthetic: np.ndarray,
    n_tests: int,
    sizes: tuple[int, int] | None = None,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return which cells are missing, which are rare, and the share of rows they lack.

    Given how many rows of both sets a cell holds, those of one are binomial; the
    upper limit of their ratio is Clopper and Pearson's, at a level for all cells.
    """
    total, total_drawn = sizes or (n_real.sum(), n_synthetic.sum())
    expected = n_real * total_drawn / total
    upper = beta.ppf(1 - LEVEL / n_tests, n_synthetic + 1, np.maximum(n_real, 1))
    with np.errstate(divide="ignore"):
        ratio = upper / (1 - upper) * total / total_drawn
    short = (n_real > 0) & (ratio < LARGE_SHARE)
    missing = short & (n_synthetic < SMALL_SHARE * expected)
    lost = (expected - n_synthetic)[short].sum() / total_drawn
    return missing, short & ~missing, float(lost)


def deviations(
    n_real: np.ndarray, n_synthetic: np.ndarray, n_tests: int, sizes: tuple[Any, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Which levels are certainly less, and which more frequent than expected.

    Given how many rows of both sets have a level, those of one are binomial; the test
    has a level for all levels. What is proven of many rows must also be a quarter off.
    """
    total = n_real + n_synthetic
    share = sizes[1] / (sizes[0] + sizes[1])
    expected = n_real * sizes[1] / sizes[0]
    level = LEVEL / (2 * n_tests)
    below = binom.cdf(n_synthetic, total, share) < level
    above = binom.sf(n_synthetic - 1, total, share) < level
    below &= n_synthetic < (1 - _LEVEL_MARGIN) * expected
    return below, above & (n_synthetic > expected / (1 - _LEVEL_MARGIN))


def _judge_variance(real: Rows, synthetic: Rows, other: Rows, rng) -> Finding:
    names, pairs = _measured(real, synthetic, other)
    # A sampler knows no more than its rows say, of which chance has a part, too.
    ratios = [_log_ratio(*pair, len(other)) for pair in pairs]
    valid = [i for i, (log, _) in enumerate(ratios) if np.isfinite(log)]
    if not valid:
        return not_judged("No column varies.", "variance")[0]
    logs, deviations = np.array([ratios[i] for i in valid]).T
    limits = quantile(LEVEL / (2 * len(valid))) * deviations
    sizes = 1 - np.exp(-np.abs(logs))
    is_proven = np.abs(logs) > limits
    if (is_proven & (sizes >= SMALL_SHARE)).any():
        # Of rare values and long tails that is not enough.
        drawn, by_lot = _drawn_limits([pairs[i] for i in valid], len(other), rng)
        is_proven &= drawn > by_lot
        limits = np.maximum(limits, by_lot)
    shares = np.where(is_proven, sizes, 0.0)
    # Proven differences come first, then large ones.
    worst = int(np.lexsort((np.abs(logs) / limits, shares))[-1])
    ratio, name = float(np.exp(logs[worst])), names[valid[worst]]
    verdict = grade(float(shares[worst]), bool(is_proven[worst]))
    message = f"{name} varies {ratio:.2g} times as much as in real rows"
    n_bad = int((shares >= SMALL_SHARE).sum())
    message += f"; {n_bad - 1} others are off, too." if n_bad > 1 else "."
    if verdict == GOOD:
        message = f"Each column and axis ({len(valid)}) varies as much as in real rows."
    advice: Any = _VARIETY if ratio < 1 else _SPREAD
    limit = float(np.exp(np.sign(logs[worst]) * limits[worst]))
    advice = "" if verdict == GOOD else advice
    return Finding("variance", verdict, message, ratio, 1.0, limit, advice)


def _measured(
    real: Rows, synthetic: Rows, other: Rows
) -> tuple[list[str], list[tuple[np.ndarray, np.ndarray]]]:
    """Columns of numbers and principal axes: their names, and values of both sets."""
    names, pairs = [], []
    if not real.are_images:
        for block, drawn in zip(real.blocks, synthetic.blocks, strict=True):
            if block.is_numeric:
                names += [f"Column {label!r}" for label in block.labels]
                both = zip(block.values.T, drawn.values.T, strict=True)
                pairs += [(x.astype(np.float64), y.astype(np.float64)) for x, y in both]
    axes = principal_axes(other.vectors)
    names += [f"Principal axis {i + 1}" for i in range(axes.shape[1])]
    pairs += zip((real.vectors @ axes).T, (synthetic.vectors @ axes).T, strict=True)
    return names, pairs


def _clipped(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Both, one after the other, with the extremes of both at a quantile."""
    values = np.concatenate([x, y])
    return np.clip(values, *np.nanquantile(values, _QUANTILES))


def _log_ratio(x: np.ndarray, y: np.ndarray, n_other: int) -> tuple[float, float]:
    """Log of the ratio of variances, and its standard deviation were they alike."""
    x, y = x[~np.isnan(x)], y[~np.isnan(y)]
    if min(len(x), len(y)) < _ROWS_A_GROUP:
        return np.nan, np.nan
    values = _clipped(x, y)
    x, y = values[: len(x)], values[len(x) :]
    variance, drawn = x.var(), y.var()
    if not variance > 1e-12 * max(np.abs(values).max(), 1e-300) ** 2:
        return np.nan, np.nan
    kurtosis = np.mean((x - x.mean()) ** 4) / variance**2
    shares = 1 / len(x) + 1 / len(y) + 1 / n_other
    deviation = np.sqrt(max(kurtosis - 1, 0.1) * shares)
    # A column without variance has a ratio of 0.
    return float(np.log(max(drawn / variance, 1e-12))), float(deviation)


def _drawn_limits(
    pairs: list[tuple[np.ndarray, np.ndarray]], n_other: int, rng
) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of log ratios of variances, and what none of 999 permutations exceeds.

    In none of the columns, each in units of its own deviation under permutations.
    """
    values = np.column_stack([_clipped(*pair) for pair in pairs])
    values = (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0)
    is_there, values = ~np.isnan(values), np.nan_to_num(values)
    n, m = map(len, pairs[0])
    labels = permuted_labels(n, m, rng).T
    variances = []
    for chosen in (labels, 1 - labels):
        counts, first, second = (
            chosen @ X.astype(np.float32) for X in (is_there, values, values**2)
        )
        counts = np.maximum(counts, 1)
        variances.append(second / counts - (first / counts) ** 2 + _FLOOR)
    logs = np.log(variances[1] / variances[0])
    sizes = np.abs(logs) / logs[1:].std(axis=0)
    # Chance in the rows that the sampler knows comes on top.
    scale = np.sqrt(1 + 1 / (n_other * (1 / n + 1 / m))) * logs[1:].std(axis=0)
    return np.abs(logs[0]), sizes[1:].max() * scale
