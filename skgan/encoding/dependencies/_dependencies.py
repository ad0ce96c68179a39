"""Dependencies between columns, found on the training rows by themselves."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from skgan.encoding.dependencies._date_parts import Clock, find_date_parts
from skgan.encoding.dependencies._discovery import Table, find_functions, is_surprising
from skgan.encoding.dependencies._relations import (
    Dependency,
    LinearDependency,
    ProductDependency,
    Rounding,
    weighted_sum,
)

_MAX_TERMS = 12
_SAMPLE = 1000
_MAX_ROWS = 50_000
# Relative squared residuals: above the first a column is no sum of others, below the
# second it is linearly dependent on those before it.
_LARGEST_RESIDUAL, _SMALLEST_RESIDUAL = 2e-3, 1e-12
# More numbers have too many pairs.
_MAX_NUMBERS = 100
# Most pairs fail on the first rows.
_FIRST_ROWS = 16
__all__ = ["Dependency", "find_dependencies", "restore_all"]


def find_sums(table: Table) -> Iterator[Dependency]:
    """Find numbers that are a weighted sum of others and a constant.

    Columns are taken one after the other, the missing values of each deciding which
    rows and columns it can be compared on; one that the columns before it explain
    gives the weights, which are then tried as short decimals on every row.
    """
    numbers = sorted(set(table.columns) - set(table.discrete), key=table.rank)
    masks = {name: np.isnan(table.columns[name]) for name in numbers}
    gaps: dict[bytes, list[Hashable]] = {}
    for name in numbers:
        gaps.setdefault(np.packbits(masks[name]).tobytes(), []).append(name)
    taken: set[Hashable] = set()
    for group in gaps.values():
        rows = ~masks[group[0]]
        others = [
            name
            for name in numbers
            if name not in group and name not in taken and not masks[name][rows].any()
        ]
        is_searching = True
        while is_searching:
            is_searching = False
            left = [name for name in group if name not in taken]
            for relation in _near_relations(table, others, left, rows):
                dependency = _best_target(table, relation, set(left))
                if dependency is None or dependency.target in taken:
                    continue
                taken.add(dependency.target)
                yield dependency
                if dependency.target != next(reversed(relation)):
                    # The target explained other columns: search again without it.
                    is_searching = True
                    break


def _near_relations(
    table: Table, others: list, group: list, rows: NDArray
) -> Iterator[dict[Hashable, float]]:
    """Yield weights (-1 of the explained column) by Cholesky, a column at a time."""
    names = others + group
    if len(names) < 2 or rows.sum() < 3:
        return
    some = np.flatnonzero(rows)
    if len(some) > _MAX_ROWS:
        some = np.random.default_rng(0).choice(some, _MAX_ROWS, replace=False)
    values = np.column_stack([table.columns[name][some] for name in names])
    # Columns whose span overflows become NaN and are left out below.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        values = values - values[0]
        values -= values.mean(axis=0)
        norms = np.sqrt((values**2).sum(axis=0))
        values /= norms
    usable = np.flatnonzero(np.isfinite(values).all(axis=0) & (norms > 0))
    products = values[:, usable].T @ values[:, usable]
    factor = np.zeros((len(usable), len(usable)))
    basis: list[int] = []
    for j, column in enumerate(usable):
        m = len(basis)
        lower = factor[:m, :m]
        row = solve_triangular(lower, products[basis, j], lower=True)
        residual = products[j, j] - row @ row
        if column >= len(others) and m and residual < _LARGEST_RESIDUAL:
            weights = solve_triangular(lower.T, row)
            for smallest in (1e-2, 1e-4, 1e-7):
                chosen = np.flatnonzero(np.abs(weights) > smallest)
                scale = norms[column] / norms[usable[basis]]
                relation = {
                    names[usable[basis[i]]]: weights[i] * scale[i] for i in chosen
                }
                if 0 < len(chosen) <= _MAX_TERMS:
                    yield {**relation, names[column]: -1.0}
        if residual > _SMALLEST_RESIDUAL:
            factor[m, :m], factor[m, m] = row, np.sqrt(residual)
            basis.append(j)


def _best_target(
    table: Table, relation: dict[Hashable, float], allowed: set[Hashable]
) -> Dependency | None:
    """Return the dependency of a relation's best target, if it holds.

    A total is better than its parts: restored by adding it stays in its range.
    """
    explained = next(reversed(relation))
    if explained not in allowed:
        return None

    def is_total(name: Hashable) -> bool:
        signs = {np.sign(-w / relation[name]) for k, w in relation.items() if k != name}
        return signs == {1.0} and len(relation) > 2

    targets = [name for name in relation if name in allowed and name not in table.keep]
    targets.sort(key=lambda name: (not is_total(name), name != explained))
    for target in targets[:2]:
        weights = {
            name: -weight / relation[target]
            for name, weight in sorted(
                relation.items(), key=lambda item: table.order[item[0]]
            )
            if name != target
        }
        dependency = _fit_sum(table, target, weights)
        if dependency is not None:
            return dependency
    return None


def _fit_sum(table: Table, target: Hashable, weights: dict) -> Dependency | None:
    """Return target as a sum with the shortest weights that hold on every row."""
    column = table.columns[target]
    if not is_surprising(table, target, len(weights)):
        return None
    rounding = Rounding.of(column)
    terms = [table.columns[name] for name in weights]
    rows = np.flatnonzero(~np.isnan(column))[:_SAMPLE]
    close = None
    for tried in _short_weights(np.array(list(weights.values())), rounding.is_single):
        total = weighted_sum([term[rows] for term in terms], tried)
        for constant in _short_constants(column[rows] - total, rounding):
            kind = _kind(tried, constant)
            dependency = LinearDependency(
                target, tuple(weights), kind, tried, constant, rounding
            )
            match = _match(dependency, table.columns, rows) and _match(
                dependency, table.columns, slice(None)
            )
            if match == 2:
                return dependency
            close = close or (dependency if match else None)
    return close


def _match(dependency: LinearDependency, columns: dict, rows) -> int:
    """Return 2 where all rows are met, 1 up to rounding errors, 0 elsewhere."""
    wanted = columns[dependency.target][rows]
    sources = {name: columns[name][rows] for name in dependency.sources}
    got = dependency.restore(sources)
    if np.array_equal(got, wanted, equal_nan=True):
        return 2
    if not dependency.rounding.error or (np.isnan(got) != np.isnan(wanted)).any():
        return 0
    terms = zip(sources.values(), dependency.weights, strict=True)
    size = abs(dependency.constant) + sum(np.abs(values * w) for values, w in terms)
    off = np.nan_to_num(np.abs(got - wanted) - dependency.rounding.error * size)
    return int((off <= 0).all())


def _short_weights(weights: NDArray, is_single: bool) -> Iterator[tuple[float, ...]]:
    """Yield weights with more and more digits, or with a short reciprocal."""
    choices = []
    for digits in (1, 2, 3, 4, 6, 9, 12, 17):
        choices.append([float(f"{w:.{digits}g}") for w in weights])
        if len(weights) == 1 and digits < 5:
            choices.append([1 / float(f"{1 / weights[0]:.{digits}g}")])
    if is_single:
        choices += [np.array(c, np.float32).astype(float).tolist() for c in choices]
    yield from dict.fromkeys(map(tuple, choices))


def _short_constants(rest: NDArray, rounding: Rounding) -> Iterator[float]:
    """Yield constants near the middle of `rest`, if it varies no more than allowed."""
    low, high = float(rest.min()), float(rest.max())
    middle = low / 2 + high / 2
    unit = 0.0 if rounding.decimals is None else 10.0**-rounding.decimals
    allowed = unit * (1 + 1e-6) + 1e-6 * max(abs(low), abs(high))
    if rounding.decimals is None:
        # Without decimals any constant is tried; the exact test then decides.
        allowed = np.inf
    if not high - low <= allowed:
        return
    choices = [0.0, *(round(middle, digits) for digits in range(10)), middle]
    yield from dict.fromkeys(c for c in choices if abs(c - middle) <= allowed)


def _kind(weights: tuple[float, ...], constant: float) -> str:
    if len(weights) > 1 or weights[0] == -1:
        return "sum"
    if weights[0] == 1:
        return "constant offset" if constant else "copy"
    return "linear" if constant else "scale"


def find_products(table: Table) -> Iterator[Dependency]:
    """Find numbers that are the product of two others, then those that are a quotient.

    They are compared after rounding to the target's decimals.
    """
    numbers = [name for name in table.columns if name not in table.discrete]
    if not 3 <= len(numbers) <= _MAX_NUMBERS:
        return
    rows = np.random.default_rng(0).permutation(table.n_rows)[:_FIRST_ROWS]
    first = np.column_stack([table.columns[name][rows] for name in numbers])
    roundings = {name: Rounding.of(table.columns[name]) for name in numbers}
    decimals = [roundings[name].decimals for name in numbers]
    units = np.array([0.0 if d is None else 10.0**-d for d in decimals])
    allowed = 0.5001 * units + 1e-6 * np.abs(first)
    for kind in ("product", "quotient"):
        for i, j, k in _near_products(first, allowed, kind):
            target = numbers[k]
            if k in (i, j) or target in table.keep:
                continue
            dependency = ProductDependency(
                target, (numbers[i], numbers[j]), kind, roundings[target]
            )
            if dependency.holds(table.columns).all() and is_surprising(
                table, target, 2
            ):
                yield dependency


def _near_products(
    first: NDArray, allowed: NDArray, kind: str
) -> list[tuple[int, int, int]]:
    """Return i, j and k where column k of the first rows is i times j, or i by j."""
    combine = np.multiply if kind == "product" else np.divide
    is_missing = np.isnan(first)
    found = []
    with np.errstate(all="ignore"):
        for i, j in _pairs(first.shape[1], kind):
            value = combine(first[:, i], first[:, j])[:, None]
            is_none = ~np.isfinite(value) & is_missing
            is_same = (np.abs(value - first) <= allowed) | is_none
            found += [(i, j, int(k)) for k in np.flatnonzero(is_same.all(axis=0))]
    return found


def _pairs(n: int, kind: str) -> Iterator[tuple[int, int]]:
    for i, j in combinations(range(n), 2):
        yield i, j
        if kind == "quotient":
            yield j, i


def find_dependencies(
    columns: Mapping[Any, NDArray],
    discrete: Collection[Hashable] = frozenset(),
    keep: Collection[Hashable] = frozenset(),
    clocks: Mapping[Hashable, Clock] | None = None,
) -> list[Dependency]:
    """Find columns that others determine on every row.

    Found are copies (also under other level names), constant offsets and factors,
    sums with fixed weights up to the decimals of the column, products and quotients of
    two columns, parts of dates whose `clocks` say what they count, and columns that are
    a function of one other, where the rows hold evidence enough that it is no chance.


    Notes
    -----
    A relation counts if independent columns would show it, or any other, in less
    than one table in a million, judged by the length of a code that uses it [1]_.
    What the commonest value of a column and the first row of each value of a source
    show does not count, so that near-unique and near-constant columns prove nothing.
    Besides, half the rows of a category, and four fifths of the rows of a number,
    must repeat a value for the column to be the source of a function.


    References
    ----------
    .. [1] Barron, "Logically smooth density estimation", PhD thesis, Stanford
       University, 1985, theorem 3.1: no code saves s nats with a probability above
       exp(-s).


    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.dependencies._dependencies import (
    ...     find_dependencies,
    ...     restore_all,
    ... )
    >>> rng = np.random.default_rng(0)
    >>> net, tax = rng.integers(100, size=(2, 500)) / 4
    >>> columns = {"net": net, "tax": tax, "total": net + tax}
    >>> dependencies = find_dependencies(columns)
    >>> dependencies
    [total = net + tax]
    >>> restored = restore_all(dependencies, {"net": net[:1] + 1, "tax": tax[:1]})
    >>> bool(restored["total"] == net[0] + tax[0] + 1)
    True
    """
    table = Table(dict(columns), frozenset(discrete), frozenset(keep))
    by_target: dict[Hashable, Dependency] = {}
    found = chain(
        find_sums(table),
        find_products(table),
        find_date_parts(table, clocks or {}),
        find_functions(table),
    )
    for dependency in found:
        if dependency.target in by_target:
            continue
        if not _needs(dependency.target, dependency.sources, by_target):
            by_target[dependency.target] = dependency
    return in_order(by_target)


def restore_all(
    dependencies: list[Dependency], columns: Mapping[Any, NDArray]
) -> dict[Hashable, NDArray]:
    """Return `columns` with the targets of all dependencies, in the given order."""
    restored = {name: np.asarray(column) for name, column in columns.items()}
    for dependency in dependencies:
        restored[dependency.target] = dependency.restore(restored)
    return restored


def _needs(
    target: Hashable,
    sources: tuple[Hashable, ...],
    by_target: dict[Hashable, Dependency],
) -> bool:
    """Whether any of `sources` is restored from `target`."""
    for source in sources:
        if source == target:
            return True
        if source in by_target and _needs(target, by_target[source].sources, by_target):
            return True
    return False


def in_order(by_target: dict[Hashable, Dependency]) -> list[Dependency]:
    """Sort, so that each target comes before the dependencies that need it."""
    ordered: dict[Hashable, Dependency] = {}

    def place(target: Hashable) -> None:
        if target in by_target and target not in ordered:
            for source in by_target[target].sources:
                place(source)
            ordered[target] = by_target[target]

    for target in by_target:
        place(target)
    return list(ordered.values())
