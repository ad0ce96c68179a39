"""The chain: in which order columns follow each other, and the fit of all."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from skgan._deadline import Deadline
from skgan._validation import check_integer

from ._column import ColumnModel
from ._grower import Grower
from ._numbers import fit_scale
from ._predictors import Predictors, to_predictor
from ._schema import NumberColumn, Schema

# With more columns none is compared with sums of the others.
_MAX_LINEAR_COLUMNS = 1000
# Where time is short, rows are halved down to so many.
_FEWEST_ROWS = 400


def chain_order(schema: Schema, first: Sequence[int], order: str) -> tuple[int, ...]:
    """Columns in the order of the chain."""
    last = len(schema) - 1
    first = [check_integer("each of first", index, 0, last) for index in first]
    if len(set(first)) < len(first):
        raise ValueError(f"first must name a column once, got {first}.")
    rest = [index for index in range(len(schema)) if index not in first]
    if order == "levels_first":
        rest.sort(key=lambda index: isinstance(schema[index], NumberColumn))
    return (*first, *rest)


def fit_chain(
    columns: np.ndarray,
    schema: Schema,
    order: Sequence[int],
    *,
    max_features: int,
    leaf_size: int,
    split_cost: float,
    linear: bool,
    rng: np.random.Generator,
    deadline: Deadline,
    forms: Mapping[int, str],
) -> list[ColumnModel]:
    """Fit each column on those before it; models stand by position.

    Where the pace of the columns so far will not do, the next ones are fitted on half
    of the rows; once the time is over, without those before them.
    """
    scales = [
        fit_scale(values, discrete=column.discrete)
        if isinstance(column, NumberColumn)
        else None
        for values, column in zip(columns.T, schema, strict=True)
    ]
    x = np.stack([to_predictor(*pair) for pair in zip(columns.T, scales, strict=True)])
    predictors = Predictors(x, schema, max_features)
    linear = linear and len(schema) <= _MAX_LINEAR_COLUMNS
    grower = Grower(predictors, leaf_size, linear, rng, split_cost, forms)
    models: dict[int, ColumnModel] = {}
    for place, target in enumerate(order):
        start = time.perf_counter()
        before, scale = np.array(order[:place], np.intp), scales[target]
        if deadline.left <= 0:
            before = before[:0]
        column = schema[target]
        if scale is not None:
            models[target] = grower.numbers(target, before, columns[:, target], scale)
        elif not isinstance(column, NumberColumn):
            models[target] = grower.levels(target, before, column.n_levels)
        if deadline.is_set:
            # A column costs as much as there are predictors among which it chooses.
            n_tried = np.minimum(np.arange(len(order)), max_features) + 1
            ahead = n_tried[place + 1 :].sum() / n_tried[place]
            expected = ahead * (time.perf_counter() - start)
            while expected > deadline.left and len(columns) >= 2 * _FEWEST_ROWS:
                columns, expected = columns[::2], expected / 2
                grower = grower.of_half()
    return [models[index] for index in range(len(schema))]
