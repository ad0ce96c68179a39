"""An affine map of drawn numbers, after which they vary together as real ones do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skgan._validation import check_array

from ._base import LevelColumn, Schema
from ._numbers import NumberScale

Scales = Sequence[NumberScale | None]

# A column is moved where so large a share of its rows belongs to the continuum.
MIN_CONTINUUM = 0.2
# Levels and missing values are features where so many training rows hold them.
MIN_FEATURE_ROWS = 5
# With more columns to move none is; of more features levels are left out.
MAX_MOVED, MAX_FEATURES = 100, 200
# For so many rows of a unit feature the penalty counts by which what real rows have
# otherwise than drawn ones is drawn to nothing.
PENALTY_ROWS = 5.0
# Added to the variances of features, so that they can be divided by.
RIDGE = 1e-4
# Drawn rows that say how the chain's numbers vary together; of wide ones fewer.
MIN_DRAWN, MAX_DRAWN, DRAWN_CELLS = 1000, 4000, 200_000
# Rows that keep so much of the correlations of training rows are not moved: what chance
# makes of a straight line would cost more than it mends.
MAX_KEPT = 0.95
# Nor where the share is within so many of its standard errors of all.
N_ERRORS = 2.0
# Nor where a feature has fewer rows than that: their covariance is then mostly chance.
ROWS_A_FEATURE = 5
# What is asked of a column in place of a level.
SCORE, MISSING = -1, -2
PARTS = ("moved", "beside", "means", "covariances")


@dataclass(frozen=True)
class MomentMap:
    """Moves the continuum of number columns; levels, grids and missing values stay.

    Features are the scores of the columns that are moved, then of each row of `beside`
    a column and a level of it, or `SCORE`, or `MISSING`. `means` are those of drawn
    rows, `covariances` theirs and those that they have once they are moved. Means and
    variances stay.
    """

    moved: np.ndarray
    beside: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def move(
        self, columns: np.ndarray, scales: Scales, is_given: np.ndarray | None = None
    ) -> np.ndarray:
        """Return rows whose numbers are moved, but for given cells.

        Numbers that are given stand beside the others like what is never moved.
        """
        x = _features(columns, scales, self.moved, self.beside)
        columns = columns.copy()
        if is_given is None:
            is_given = np.zeros(columns.shape, bool)
        patterns, pattern = np.unique(
            is_given[:, self.moved], axis=0, return_inverse=True
        )
        for index, is_fixed in enumerate(patterns):
            if is_fixed.all():
                continue
            rows = np.flatnonzero(pattern.reshape(-1) == index)
            weights, offset = self._affine(is_fixed)
            # No product of matrices, whose last bits are those of threads and blocks.
            scores = np.einsum("ij,jk->ik", x[rows], weights) + offset
            for column, score in zip(self.moved[~is_fixed], scores.T, strict=True):
                scale = scales[column]
                assert scale is not None
                values = columns[rows, column]
                items = scale.to_items(values)
                moved = scale.to_values(score, items)
                is_moved = items == scale.continuum
                columns[rows, column] = np.where(is_moved, moved, values)
        return columns

    def get_state(self) -> dict[str, np.ndarray]:
        """Return what `check_moment_map` reads; moments are whole in float32."""
        moments = (self.means, self.covariances)
        arrays = (part.astype(np.float32) for part in moments)
        return dict(zip(PARTS, (self.moved, self.beside, *arrays), strict=True))

    def _affine(self, is_fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights of the features, and what is added, for scores that are not fixed.

        A score's mean given the fixed features becomes that of real rows, and the
        covariance of what this leaves over as well.
        """
        is_fixed = np.concatenate([is_fixed, np.ones(len(self.beside), bool)])
        parts = [_regress(part, is_fixed) for part in self.covariances]
        (from_drawn, rest_drawn), (from_real, rest_real) = parts
        weights = np.empty((len(is_fixed), len(rest_real)))
        weights[~is_fixed] = optimal_transport(rest_drawn, rest_real)
        weights[is_fixed] = from_real - from_drawn @ weights[~is_fixed]
        # Rounded, threads change hardly any result.
        weights = weights.astype(np.float32).astype(np.float64)
        return weights, self.means[~is_fixed] - self.means @ weights


def fit_moment_map(
    columns: np.ndarray,
    schema: Schema,
    scales: Scales,
    draw: Callable[[int], np.ndarray],
    *,
    max_kept: float | None = MAX_KEPT,
) -> MomentMap | None:
    """Learn the map from training rows and from rows that are drawn by their number.

    Return None where there is nothing to move, rows are few, or drawn ones keep more of
    what the correlations are than `max_kept`, or all for what chance allows.
    """
    moved = _moved(scales)
    if not 0 < len(moved) <= MAX_MOVED or len(columns) <= MIN_FEATURE_ROWS:
        return None
    beside = _beside(columns, schema, moved)[: MAX_FEATURES - len(moved)]
    few = ROWS_A_FEATURE * (len(moved) + len(beside))
    if max_kept is not None and len(columns) < few:
        return None
    n = int(np.clip(DRAWN_CELLS // len(schema), MIN_DRAWN, MAX_DRAWN))
    real, drawn = (
        _features(rows, scales, moved, beside) for rows in (columns, draw(n))
    )
    kept, error = kept_share(real, drawn, len(moved))
    if max_kept is not None and kept > min(max_kept, 1 - N_ERRORS * error):
        return None
    return _match(real, drawn, moved, beside, kept)


def kept_share(real, drawn, n_moved: int) -> tuple[float, float]:
    """How large correlations of moved features are beside those of real rows.

    The slope of the ones on the others through the origin, 1 where chance makes all of
    them; and its standard error, if a correlation of n rows has one of 1 / √n.
    """
    first, second = np.triu_indices(real.shape[1], 1)
    pairs = first[first < n_moved], second[first < n_moved]
    ours, theirs = (_correlations(rows)[pairs] for rows in (real, drawn))
    n, m = len(real), len(ours)
    square = (ours**2).sum()
    beyond_chance = square - m / n
    if beyond_chance <= N_ERRORS * np.sqrt(2 * m) / n:
        return 1.0, 0.0
    return float(ours @ theirs / square), float(1 / np.sqrt(n * beyond_chance))


def _correlations(rows):
    """Correlations of features; 0 with one that does not vary."""
    rows = rows - rows.mean(axis=0)
    rows = rows / np.maximum(np.sqrt((rows**2).mean(axis=0)), RIDGE)
    return rows.T @ rows / len(rows)


def check_moment_map(
    state: Mapping[str, np.ndarray], schema: Schema, scales: Scales
) -> MomentMap:
    """Return the map that a state holds, or raise."""
    moved, beside, means, covariances = (state[name] for name in PARTS)
    check_array("moved", moved, "int64", minimum=0, maximum=len(schema) - 1)
    k, allowed = len(moved), _moved(scales, 0.0)
    if not k or len(np.unique(moved)) < k or not np.isin(moved, allowed).all():
        raise ValueError("moved must name columns of numbers, each once.")
    check_array("beside", beside.reshape(-1), "int64", minimum=MISSING)
    n = k + len(beside)
    shapes = (len(beside), 2), (n,), (2, n, n)
    arrays = {"beside": beside, "means": means, "covariances": covariances}
    for (name, array), shape in zip(arrays.items(), shapes, strict=True):
        if np.shape(array) != shape:
            raise ValueError(f"{name} must be of shape {shape}.")
    for name in ("means", "covariances"):
        check_array(name, arrays[name].reshape(-1), "float32")
    if not np.array_equal(covariances, covariances.transpose(0, 2, 1)):
        raise ValueError("covariances must be symmetric.")
    for place, test in beside.tolist():
        if not 0 <= place < len(schema) or (
            isinstance(schema[place], LevelColumn) != (test >= 0)
        ):
            raise ValueError("beside must ask columns for what they may hold.")
    return MomentMap(moved, beside, *(arrays[part].astype(float) for part in PARTS[2:]))


def _match(real, drawn, moved, beside, kept: float) -> MomentMap:
    """Covariances of drawn features, and those that they shall have."""
    k = len(moved)
    is_fixed = np.arange(real.shape[1]) >= k
    mean, covariance = drawn.mean(axis=0), np.cov(drawn.T, ddof=0)
    covariance = covariance.reshape(real.shape[1], -1)
    slopes, rest_drawn = _regress(covariance, is_fixed)
    # What real rows have otherwise than drawn ones follows from few rows: a ridge.
    real = real - real.mean(axis=0)
    fixed, left = real[:, k:], real[:, :k] - real[:, k:] @ slopes
    penalty = PENALTY_ROWS * np.eye(len(beside))
    other = np.linalg.solve(fixed.T @ fixed + penalty, fixed.T @ left)
    rest = shrunk_covariance(left - fixed @ other, rest_drawn, kept)
    slopes = slopes + other
    wanted = covariance.copy()
    wanted[k:, :k] = covariance[k:, k:] @ slopes
    wanted[:k, k:] = wanted[k:, :k].T
    wanted[:k, :k] = slopes.T @ wanted[k:, :k] + rest
    scale = np.sqrt((np.diag(covariance) + RIDGE) / (np.diag(wanted) + RIDGE))
    wanted = scale[:, None] * (wanted + wanted.T) / 2 * scale
    covariances = np.stack([(covariance + covariance.T) / 2, wanted])
    # Threads change the last bits of matrix products; rounded, hardly any result.
    mean, covariances = (
        part.astype(np.float32).astype(np.float64) for part in (mean, covariances)
    )
    return MomentMap(moved, beside, mean, covariances)


def shrunk_covariance(x: np.ndarray, target: np.ndarray, shared: float) -> np.ndarray:
    """Return the covariance of centered rows, drawn to a target as chance asks for.

    The target's weight is the best one in the sense of Ledoit and Wolf (2004), section
    3.2, for any target: ∑ (var sᵢⱼ - cov(sᵢⱼ, tᵢⱼ)) / ∑ (sᵢⱼ - tᵢⱼ)². One that was
    learnt from the same rows has a share of their noise, as much as it has of what they
    tell, and so the covariance is `shared` times the variance.
    """
    n = len(x)
    covariance = x.T @ x / n
    variance = ((x**2).T @ x**2 / n - covariance**2).sum() / n
    noise = (1 - np.clip(shared, 0, 1)) * variance
    distance = ((covariance - target) ** 2).sum()
    weight = min(noise / distance, 1.0) if distance > 0 else 1.0
    return weight * target + (1 - weight) * covariance


def optimal_transport(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the linear map from one centered normal distribution to another.

    A = S^-½ (S^½ T S^½)^½ S^-½ moves rows the least on average (Olkin and Pukelsheim
    1982); it is the identity for two that are alike.
    """
    root, inverse = _roots(start)
    return inverse @ _roots(root @ end @ root)[0] @ inverse


def _roots(matrix):
    """The root of a symmetric matrix, and the inverse of that root."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    values = np.sqrt(np.maximum(values, RIDGE**2))
    return (vectors * values) @ vectors.T, (vectors / values) @ vectors.T


def _regress(covariance, is_fixed):
    """Slopes of the other features on fixed ones, and the covariance of the rest."""
    inner = covariance[np.ix_(is_fixed, is_fixed)]
    across = covariance[np.ix_(is_fixed, ~is_fixed)]
    slopes = np.linalg.solve(inner + RIDGE * np.eye(len(inner)), across)
    rest = covariance[np.ix_(~is_fixed, ~is_fixed)] - across.T @ slopes
    return slopes, rest


def _moved(scales: Scales, least: float = MIN_CONTINUUM) -> np.ndarray:
    """Columns of numbers most of which belong to a continuum."""
    return np.array(
        [
            place
            for place, scale in enumerate(scales)
            if scale is not None and not scale.is_grid and scale.shares[-1] >= least
        ],
        np.int64,
    )


def _beside(columns, schema, moved) -> np.ndarray:
    """Features that are not moved: scores, missing values, levels but the commonest."""
    scores: list[tuple[int, int]] = []
    missing: list[tuple[int, int]] = []
    levels: list[tuple[int, int, int]] = []
    for place, column in enumerate(schema):
        values = columns[:, place]
        if isinstance(column, LevelColumn):
            codes, counts = np.unique(values.astype(np.int64), return_counts=True)
            order = np.argsort(-counts, kind="stable")[1:]
            levels += [
                (-int(counts[i]), place, int(codes[i]))
                for i in order
                if counts[i] >= MIN_FEATURE_ROWS
            ]
            continue
        if place not in moved:
            scores.append((place, SCORE))
        if MIN_FEATURE_ROWS <= np.isnan(values).sum() < len(values):
            missing.append((place, MISSING))
    pairs = [*scores, *missing, *((place, code) for _, place, code in sorted(levels))]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _features(columns, scales: Scales, moved, beside) -> np.ndarray:
    """Scores of the columns that are moved, and what stands beside them."""
    features = np.empty((len(columns), len(moved) + len(beside)))
    tests = [*((place, SCORE) for place in moved), *beside]
    for index, (place, test) in enumerate(tests):
        values, scale = columns[:, place], scales[place]
        if test == MISSING:
            features[:, index] = np.isnan(values)
        elif scale is None:
            features[:, index] = values == test
        else:
            items = scale.to_items(values)
            scores = scale.to_scores(values, items)
            features[:, index] = np.where(items == scale.missing, 0.0, scores)
    return features
