"""Relations that hold on every row of a table, searched for and tested for chance."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skgan.encoding.dependencies._relations import Dependency, FunctionDependency

# Chance of one relation too many in a table of independent columns.
FALSE_ALARMS = 1e-6
# Share of the rows that must repeat a value of the source seen in another row.
_MIN_REPEATS = {True: 0.5, False: 0.8}
# A number with more distinct values than these (whole numbers, others) and few rows
# for each value is near-unique.
_MANY_WHOLE, _MANY_BROKEN = 100, 10
_SAMPLE = 1000


@dataclass
class Factor:
    """A column as codes of its distinct values, missing being one of them."""

    column: NDArray
    values: NDArray = field(init=False)
    codes: NDArray = field(init=False)
    counts: NDArray = field(init=False)

    def __post_init__(self):
        is_missing = np.isnan(self.column)
        present = self.column[~is_missing] if is_missing.any() else self.column
        self.values, codes = _distinct(present)
        self.codes = np.full(len(self.column), len(self.values), dtype=np.int32)
        self.codes[~is_missing] = codes
        self.counts = np.bincount(self.codes)

    @property
    def n_levels(self) -> int:
        """Number of distinct values, missing among them if it occurs."""
        return len(self.counts)

    def self_information(self) -> NDArray:
        """Nats that each level's occurrence is worth; none for the commonest."""
        nats = -np.log(self.counts / len(self.codes))
        nats[self.counts.argmax()] = 0.0
        return nats


def _distinct(present: NDArray) -> tuple[NDArray, NDArray]:
    """Return sorted distinct values and codes; whole numbers need no sorting."""
    if not len(present):
        return present, np.zeros(0, dtype=np.int32)
    low, span = present.min(), present.max() / 2 - present.min() / 2
    if span < 2 * len(present) and (np.floor(present) == present).all():
        offsets = (present - low).astype(np.int64)
        is_seen = np.bincount(offsets) > 0
        return np.flatnonzero(is_seen) + low, (np.cumsum(is_seen) - 1)[offsets]
    values, codes = np.unique(present, return_inverse=True)
    return values, codes


@dataclass
class Table:
    """Columns that vary, and which of two equally good ones to keep."""

    columns: dict[Hashable, NDArray]
    discrete: Collection[Hashable]  # codes of levels, which neither add up nor differ
    keep: Collection[Hashable]  # columns that are no targets
    factors: dict[Hashable, Factor] = field(init=False)

    def __post_init__(self):
        self.factors = {name: Factor(col) for name, col in self.columns.items()}
        rows = _rows_without_copies(self.factors, self.discrete, self.n_rows)
        if rows is not None:
            self.columns = {name: col[rows] for name, col in self.columns.items()}
            self.factors = {name: Factor(col) for name, col in self.columns.items()}
        self.factors = {k: f for k, f in self.factors.items() if f.n_levels > 1}
        self.columns = {name: self.columns[name] for name in self.factors}
        self.order = {name: i for i, name in enumerate(self.columns)}

    @property
    def n_rows(self) -> int:
        """Number of rows that count as evidence."""
        return len(next(iter(self.columns.values()), ()))

    def rank(self, name: Hashable) -> tuple:
        """What sorts columns, those first that are to be kept."""
        return (
            name not in self.keep,
            name not in self.discrete,
            -self.factors[name].n_levels,
            self.order[name],
        )


def _rows_without_copies(
    factors: dict[Hashable, Factor], discrete: Collection[Hashable], n_rows: int
) -> NDArray | None:
    """Return one row of each set of copies where the table was resampled.

    A resampled row repeats its near-unique numbers together with everything else,
    which is no evidence that they determine anything. In a table without such
    numbers copies are natural and stay: None is returned.
    """
    rng = np.random.default_rng(0)
    keys = np.zeros(n_rows, dtype=np.uint64)
    for factor in factors.values():
        if factor.n_levels:
            words = rng.integers(2**64, size=factor.n_levels, dtype=np.uint64)
            keys += words[factor.codes]
    rows = np.unique(keys, return_index=True)[1]
    if len(rows) > 0.9 * n_rows:
        return None
    for name in factors.keys() - set(discrete):
        values = factors[name].values
        n_many = _MANY_WHOLE if (np.floor(values) == values).all() else _MANY_BROKEN
        if factors[name].n_levels > max(n_many, 0.5 * len(rows)):
            return np.sort(rows)
    return None


def find_functions(table: Table) -> Iterator[Dependency]:
    """Find columns that are a function of one other column.

    The code that says the target's value once for each value of the source has to
    be shorter than the one that says it in each row, by so much that independent
    columns would not be as lucky once in a million tables.
    """
    names = list(table.columns)
    if not names:
        return
    n = table.n_rows
    codes = np.column_stack([table.factors[name].codes for name in names])
    sample = np.random.default_rng(0).integers(n, size=min(n, _SAMPLE))
    functions = []
    for source in names:
        factor, is_discrete = table.factors[source], source in table.discrete
        if factor.n_levels > (1 - _MIN_REPEATS[is_discrete]) * n:
            continue
        example = example_rows(factor)
        is_possible = (codes[example[factor.codes[sample]]] == codes[sample]).all(0)
        for target in [names[i] for i in np.flatnonzero(is_possible)]:
            if target in table.keep or target == source:
                continue
            if is_function(table, source, target, example):
                functions.append((_preference(table, source, target), source, target))
    for _, source, target in sorted(functions, key=lambda entry: entry[0]):
        yield _tabulate(table, source, target)


def example_rows(factor: Factor) -> NDArray:
    """Return a row of each level."""
    example = np.empty(factor.n_levels, dtype=np.int64)
    example[factor.codes] = np.arange(len(factor.codes))
    return example


def is_surprising(table: Table, target: Hashable, n_terms: int) -> bool:
    """Whether a formula of so many terms hardly gives a column by chance."""
    factor = table.factors[target]
    target_factor = factor.counts @ factor.self_information()
    paid = (n_terms + 1) * np.log(table.n_rows * len(table.columns))
    return bool(target_factor - paid > -np.log(FALSE_ALARMS))


def _preference(table: Table, source: Hashable, target: Hashable) -> tuple:
    factor = table.factors[source]
    where = (table.order[target], source not in table.discrete)
    return (*where, factor.n_levels, table.order[source])


def is_function(
    table: Table, source: Hashable, target: Hashable, example: NDArray
) -> bool:
    """Whether source determines target on all rows, and hardly by chance."""
    given, target_factor = table.factors[source], table.factors[target]
    if target_factor.n_levels > given.n_levels:
        return False
    entries = target_factor.codes[example]
    if (entries[given.codes] != target_factor.codes).any():
        return False
    if target_factor.n_levels == given.n_levels and table.rank(target) < table.rank(
        source
    ):
        return False
    self_information = target_factor.self_information()[entries]
    repeats = given.counts - 1
    # Rows of the commonest value agree by chance too easily to count.
    is_rare = self_information > 0
    wanted = _MIN_REPEATS[source in table.discrete] * given.counts[is_rare].sum()
    if repeats[is_rare].sum() < wanted:
        return False
    saved = (repeats * self_information).sum() - 0.5 * target_factor.n_levels * np.log(
        table.n_rows
    )
    n_pairs = len(table.columns) ** 2
    return bool(saved > np.log(n_pairs / FALSE_ALARMS))


def _tabulate(table: Table, source: Hashable, target: Hashable) -> Dependency:
    given, target_factor = table.factors[source], table.factors[target]
    entries = np.empty(given.n_levels)
    entries[given.codes] = table.columns[target]
    commonest = np.r_[target_factor.values, np.nan][target_factor.counts.argmax()]
    n_keys = len(given.values)
    both_discrete = {source, target} <= set(table.discrete)
    is_renamed = both_discrete and target_factor.n_levels == given.n_levels
    return FunctionDependency(
        target,
        (source,),
        "copy" if is_renamed else "function",
        given.values,
        entries[:n_keys],
        float(entries[n_keys]) if given.n_levels > n_keys else float(commonest),
        float(commonest),
        source in table.discrete,
    )
