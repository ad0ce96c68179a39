"""Draw rows given any of their cells: likelihood weighting, particles resampled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Cells that a block of particles holds at most.
BLOCK_CELLS = 2_000_000
# Particles are resampled where fewer than that share is effective.
RESAMPLE_SHARE = 0.5
# A row for which nothing fits is tried again with more particles, so many times.
RETRIES = 2
RETRY_FACTOR = 8


def draw_given(
    models, order, given, is_given, n_particles, rng, *, relaxes: bool, to_predictor
):
    """Return rows and effective sample sizes for given cells.

    `models` and `order` are those of the chain, `to_predictor(column, values)` turns
    given cells into predictors.
    """
    n = len(given)
    columns, sizes = np.empty_like(given), np.empty(n)
    first, last = _span(order, is_given)
    a_row = n_particles if first < last else 1
    step = max(1, BLOCK_CELLS // (a_row * given.shape[1]))
    for start in range(0, n, step):
        part = slice(start, start + step)
        columns[part], sizes[part] = _draw_block(
            models, order, given[part], is_given[part], n_particles, rng, relaxes,
            to_predictor, RETRIES,
        )  # fmt: skip
    columns[is_given] = given[is_given]
    return columns, sizes


def _draw_block(
    models, order, given, is_given, n_particles, rng, relaxes, to_predictor, retries
):
    """The same for rows whose particles are held at once."""
    n, d = given.shape
    first, last = _span(order, is_given)
    # Before the first drawn cell all particles would be alike, after the last given
    # one nothing weighs them: there one is enough.
    k = 1
    x = np.zeros((d, n), np.float32)
    values = np.zeros((d, n))
    log_weight = np.zeros((n, k))
    size = np.full(n, float(n_particles))
    failed = np.full(n, -1)
    for place, column in enumerate(order):
        if place == first and first < last:
            k = n_particles
            x, values = np.repeat(x, k, axis=1), np.repeat(values, k, axis=1)
            log_weight = np.zeros((n, k))
        if place == last and k > 1:
            chosen = _choose_one(log_weight, rng)
            x, values = x[:, chosen], values[:, chosen]
            k, log_weight = 1, np.zeros((n, 1))
        known = is_given[:, column]
        if not known.all():
            values[column], x[column] = models[column].draw(x, rng)
        if not known.any():
            continue
        rows = np.flatnonzero(np.repeat(known, k))
        cells = np.repeat(given[known, column], k)
        weights = models[column].log_density(x[:, rows], cells, strict=True)
        weights = weights.reshape(-1, k)
        nothing = np.isneginf(weights + log_weight[known]).all(axis=1)
        if nothing.any():
            misfits = np.flatnonzero(known)[nothing]
            failed[misfits] = np.where(failed[misfits] < 0, column, failed[misfits])
            weights[nothing] = 0.0
        log_weight[known] += weights
        values[column, rows] = cells
        x[column, rows] = to_predictor(column, cells)
        if k > 1:
            effective = _effective(log_weight)
            size[known] = np.minimum(size[known], effective[known])
            poor = known & (effective < RESAMPLE_SHARE * k)
            if poor.any():
                chosen = _resample(log_weight, poor, rng)
                x, values = x[:, chosen], values[:, chosen]
                log_weight[poor] = 0.0
    if k > 1:
        chosen = _choose_one(log_weight, rng)
        values = values[:, chosen]
    columns = values.T.copy()
    again = failed >= 0
    if again.any():
        columns[again], size[again] = _try_again(
            models, order, given[again], is_given[again], n_particles, rng, relaxes,
            to_predictor, retries, failed[again], columns[again],
        )  # fmt: skip
    return columns, size


def _try_again(
    models, order, given, is_given, n_particles, rng, relaxes, to_predictor, retries,
    failed, columns,
):  # fmt: skip
    """Rows for which nothing fitted: more particles, an error, or as they are."""
    # With one particle all drawn cells stand after the given ones: nothing changes.
    first, last = _span(order, is_given)
    if retries and first < last:
        more = RETRY_FACTOR * n_particles
        parts = [
            _draw_block(
                models, order, given[[row]], is_given[[row]], more, rng, relaxes,
                to_predictor, retries - 1,
            )
            for row in range(len(given))
        ]  # fmt: skip
        return (
            np.concatenate([part[0] for part in parts]),
            np.concatenate([part[1] for part in parts]),
        )
    if not relaxes:
        column = int(failed[0])
        raise ValueError(
            f"nothing fits {len(given)} of the given rows: column {column} cannot be "
            f"{given[0, column]!r} together with the cells given before it. "
            f"on_impossible='relax' ignores such cells when the others are drawn."
        )
    return columns, np.zeros(len(given))


def _span(order: Sequence[int], is_given) -> tuple[int, int]:
    """Places of the first column that is drawn, and after the last that is given."""
    is_given = is_given[:, order]
    drawn = np.flatnonzero(~is_given.all(axis=0))
    known = np.flatnonzero(is_given.any(axis=0))
    first = int(drawn[0]) if len(drawn) else len(order)
    last = int(known[-1]) + 1 if len(known) else 0
    return first, last


def _effective(log_weight):
    """Effective sample size of each row's particles."""
    weight = _normalised(log_weight)
    return 1 / (weight**2).sum(axis=1)


def _normalised(log_weight):
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def _choose_one(log_weight, rng):
    """One particle a row, by weight, as places in the flat array."""
    n, k = log_weight.shape
    ends = np.cumsum(_normalised(log_weight), axis=1)
    chosen = (ends <= rng.random(n)[:, None] * ends[:, -1:]).sum(axis=1)
    return np.minimum(chosen, k - 1) + np.arange(n) * k


def _resample(log_weight, poor, rng):
    """Systematic resampling of the particles of poor rows, others as they are."""
    n, k = log_weight.shape
    chosen = np.arange(n * k).reshape(n, k)
    ends = np.cumsum(_normalised(log_weight[poor]), axis=1)
    ends /= ends[:, -1:]
    marks = (rng.random(len(ends))[:, None] + np.arange(k)) / k
    # Rows side by side: row i covers the stretch from i to i + 1.
    shift = np.arange(len(ends))[:, None]
    places = np.searchsorted((ends + shift).ravel(), (marks + shift).ravel())
    places = places.reshape(-1, k) - shift * k
    chosen[poor] = np.clip(places, 0, k - 1) + np.flatnonzero(poor)[:, None] * k
    return chosen.ravel()
