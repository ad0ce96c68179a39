"""How many synthetic rows: of each class, or in all."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray

from skgan._messages import counted
from skgan._validation import check_integer, check_real

STRATEGIES = ("auto", "all", "minority", "not minority", "not majority")


def class_sizes(y: NDArray) -> dict:
    """Return class -> rows, in the order of ``numpy.unique``."""
    classes, sizes = np.unique(y, return_counts=True)
    return dict(zip(classes.tolist(), sizes.tolist(), strict=True))


def missing_rows(strategy, y: NDArray) -> dict:
    """Return how many rows of each class a strategy of imbalanced-learn wants added.

    That is one of `STRATEGIES`; the rows that classes shall have; the rows of the
    smaller of two classes over those of the larger; or a function of `y` that returns
    the rows that classes shall have.
    """
    sizes = class_sizes(y)
    if isinstance(strategy, str):
        wanted = _named_targets(strategy, sizes)
    elif isinstance(strategy, Real) and not isinstance(strategy, bool):
        wanted = _ratio_targets(float(strategy), sizes)
    elif callable(strategy) or isinstance(strategy, Mapping):
        wanted = strategy(y) if callable(strategy) else strategy
        if not isinstance(wanted, Mapping):
            raise TypeError(
                "sampling_strategy, a function, must return a dict class -> rows, "
                f"got {wanted!r}."
            )
    else:
        raise TypeError(
            f"sampling_strategy must be None, one of {STRATEGIES}, a dict class -> "
            f"rows, a float or a function of y, got {strategy!r}."
        )
    unknown = [name for name in wanted if name not in sizes]
    if unknown:
        raise ValueError(
            f"sampling_strategy names classes without training rows: {unknown}; there "
            f"are {list(sizes)}."
        )
    for name, n in wanted.items():
        if check_integer(f"sampling_strategy[{name!r}]", n, 0) < sizes[name]:
            raise ValueError(
                f"sampling_strategy asks for {counted(n, 'row')} of class {name!r}, "
                f"which has {sizes[name]} already; rows are added, not removed."
            )
    return {name: int(wanted.get(name, n)) - n for name, n in sizes.items()}


def _named_targets(strategy: str, sizes: dict) -> dict:
    if strategy not in STRATEGIES:
        raise ValueError(
            f"sampling_strategy={strategy!r} is not known; choose one of {STRATEGIES}, "
            "a dict class -> rows, a float or a function of y."
        )
    largest = max(sizes, key=sizes.__getitem__)
    smallest = min(sizes, key=sizes.__getitem__)
    chosen = {
        "all": list(sizes),
        "minority": [smallest],
        "not minority": [name for name in sizes if name != smallest],
    }.get(strategy, [name for name in sizes if name != largest])
    return {name: sizes[largest] for name in chosen}


def _ratio_targets(ratio: float, sizes: dict) -> dict:
    if len(sizes) != 2:
        raise ValueError(
            f"sampling_strategy={ratio} is a ratio of two classes, but y has "
            f"{len(sizes)}; pass a name or a dict."
        )
    if not 0 < ratio <= 1:
        raise ValueError(
            f"sampling_strategy must be above 0 and at most 1, got {ratio}."
        )
    largest = max(sizes, key=sizes.__getitem__)
    return {name: int(sizes[largest] * ratio) for name in sizes if name != largest}


def scale_counts(n_synthetic, counts: dict) -> dict:
    """Return `counts` times a share, a float, or in their proportion a total, an int.

    Counts are rounded so that their total is exact.
    """
    whole = sum(counts.values())
    total = count_rows(n_synthetic, whole)
    if whole == 0:
        return dict(counts)
    exact = np.array(list(counts.values())) * (total / whole)
    rounded = np.floor(exact + 1e-9).astype(int)
    most_left = np.argsort(rounded - exact, kind="stable")
    rounded[most_left[: total - rounded.sum()]] += 1
    return dict(zip(counts, rounded.tolist(), strict=True))


def count_rows(n_synthetic, n_rows: int) -> int:
    """Return a share of `n_rows`, rounded, or the count itself."""
    if isinstance(n_synthetic, Integral):
        return check_integer("n_synthetic", n_synthetic, 0)
    return round(check_real("n_synthetic", n_synthetic, 0) * n_rows)
