"""Singling out: predicates that one sample fulfils, and exactly one person."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skgan.metrics.privacy._column_sets import ColumnSets

# Predicates that are tried, for each that is wanted.
_MAX_TRIES = 5
_EQUAL, _AT_MOST, _AT_LEAST, _MISSING = range(4)


class Condition(NamedTuple):
    """What a row is asked: a column, how to compare it, and with what."""

    column: int
    relation: int
    value: float

    def holds(self, rows: np.ndarray) -> np.ndarray:
        """Whether it is so in each of some rows."""
        values = rows[:, self.column]
        if self.relation == _EQUAL:
            return values == self.value
        if self.relation == _AT_MOST:
            return values <= self.value
        if self.relation == _AT_LEAST:
            return values >= self.value
        return np.isnan(values)


Predicate = tuple[Condition, ...]


def univariate_predicates(
    sets: ColumnSets, n_attacks: int, generator: np.random.RandomState
) -> list[Predicate]:
    """Return predicates on one column each that one sample fulfils.

    Values that occur once, the least and the greatest number, and the one gap.
    """
    rows = sets.values["synthetic"]
    found: list[Predicate] = []
    for j, is_level in enumerate(sets.is_level):
        values = rows[:, j]
        is_missing = np.isnan(values)
        met, counts = np.unique(values[~is_missing], return_counts=True)
        found += [(Condition(j, _EQUAL, value),) for value in met[counts == 1].tolist()]
        if is_missing.sum() == 1:
            found.append((Condition(j, _MISSING, 0.0),))
        if not is_level and len(met):
            ends = ((_AT_MOST, met[0], counts[0]), (_AT_LEAST, met[-1], counts[-1]))
            found += [
                (Condition(j, relation, float(value)),)
                for relation, value, count in ends
                if count == 1
            ]
    order = generator.permutation(len(found))[:n_attacks]
    return [found[i] for i in order]


def multivariate_predicates(
    sets: ColumnSets,
    n_columns: int,
    n_attacks: int,
    generator: np.random.RandomState,
) -> list[Predicate]:
    """Return predicates on several columns each that one sample fulfils.

    A sample's level, or its number and all beyond, away from the median.
    """
    rows = sets.values["synthetic"]
    with np.errstate(all="ignore"):
        middle = np.array([_median(column) for column in rows.T])
    found: dict[Predicate, None] = {}
    for _ in range(_MAX_TRIES * n_attacks):
        sample = rows[generator.randint(len(rows))]
        columns = generator.permutation(len(sample))[:n_columns]
        predicate = tuple(
            _condition_of(int(j), sample[j], middle[j], bool(sets.is_level[j]))
            for j in sorted(columns)
        )
        if _count(predicate, rows) == 1:
            found[predicate] = None
            if len(found) == n_attacks:
                break
    return list(found)


def random_predicates(
    sets: ColumnSets,
    n_columns: int,
    n_attacks: int,
    generator: np.random.RandomState,
) -> list[Predicate]:
    """Return predicates that anyone makes up who knows ranges and levels alone."""
    rows = sets.values["synthetic"]
    found = []
    for _ in range(n_attacks):
        columns = generator.permutation(rows.shape[1])[:n_columns]
        predicate = []
        for j in columns.tolist():
            present = rows[~np.isnan(rows[:, j]), j]
            if len(present) == 0:
                predicate.append(Condition(j, _MISSING, 0.0))
            elif sets.is_level[j]:
                value = float(generator.choice(np.unique(present)))
                predicate.append(Condition(j, _EQUAL, value))
            else:
                value = float(generator.uniform(present.min(), present.max()))
                relation = (_AT_MOST, _AT_LEAST)[generator.randint(2)]
                predicate.append(Condition(j, relation, value))
        found.append(tuple(predicate))
    return found


def singled_out(predicates: list[Predicate], rows: np.ndarray) -> float:
    """Return the share of predicates that exactly one row fulfils."""
    if not predicates:
        return 0.0
    return float(np.mean([_count(predicate, rows) == 1 for predicate in predicates]))


def _count(predicate: Predicate, rows: np.ndarray) -> int:
    holds = predicate[0].holds(rows)
    for condition in predicate[1:]:
        holds &= condition.holds(rows)
    return int(holds.sum())


def _condition_of(j: int, value: float, middle: float, is_level: bool) -> Condition:
    if np.isnan(value):
        return Condition(j, _MISSING, 0.0)
    if is_level:
        return Condition(j, _EQUAL, float(value))
    return Condition(j, _AT_LEAST if value >= middle else _AT_MOST, float(value))


def _median(values: np.ndarray) -> float:
    present = values[~np.isnan(values)]
    return float(np.median(present)) if len(present) else 0.0
