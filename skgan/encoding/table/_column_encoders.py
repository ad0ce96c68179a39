"""One column to scores or codes of levels, which networks see, and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from skgan._estimator import persistent
from skgan.encoding._grid import (
    AnyGrid,
    chance_free_divisor,
    find_any_grid,
    find_clock_times,
)
from skgan.encoding.dependencies._date_parts import Clock
from skgan.encoding.table._calendar import Cycles, Months, find_calendar
from skgan.encoding.vector._normal_scores import NormalScores

# Rows that a level needs for its own mean to count as much as that of all rows.
_PRIOR_ROWS = 20.0
_MAX_BLOCK = 64


class Groups(NamedTuple):
    """A label for each level, and its place among the levels of its group."""

    labels: NDArray
    places: NDArray


def group_levels(
    codes: NDArray,
    n_levels: int,
    others: list[EncodedColumn],
    n_groups: int,
    last=False,
) -> Groups:
    """Put levels into groups that are alike in the other columns.

    With `last`, the last level is alone in one more group.
    """
    counts = np.bincount(codes, minlength=n_levels).astype(np.float64)
    profiles = _profiles(codes, counts, others)
    n_grouped = n_levels - bool(last)
    labels = np.zeros(n_levels, dtype=np.int64)
    places = np.zeros(n_levels)
    labels[:n_grouped], places[:n_grouped] = _split(
        profiles[:n_grouped], counts[:n_grouped], n_groups
    )
    if last:
        labels[-1] = labels[:n_grouped].max(initial=-1) + 1
    return Groups(labels, places)


def _profiles(codes: NDArray, counts: NDArray, others: list[EncodedColumn]) -> NDArray:
    """Return means of the other columns over the rows of each level.

    They are drawn towards the mean of all rows, the more so the fewer rows a level
    has: what is rare ends up together.
    """
    means = []
    for encoded in others:
        if encoded.scores is not None and encoded.codes is None:
            means.append(_means(codes, counts, encoded.scores)[:, None])
        elif encoded.codes is not None:
            width = min(int(encoded.codes.max(initial=0)) + 1, _MAX_BLOCK)
            pairs = codes * width + np.clip(encoded.codes, 0, width - 1)
            table = np.bincount(pairs, minlength=len(counts) * width)
            means.append(table.reshape(len(counts), width) / counts[:, None])
    # Frequencies tell levels apart where the other columns do not.
    frequency = np.log(counts)
    means.append(0.1 * (frequency - frequency.mean())[:, None])
    profiles = np.hstack(means)
    center = counts @ profiles / counts.sum()
    weight = counts / (counts + _PRIOR_ROWS)
    return (profiles - center) * weight[:, None]


def _means(codes: NDArray, counts: NDArray, values: NDArray) -> NDArray:
    return np.bincount(codes, weights=values, minlength=len(counts)) / counts


def _split(profiles: NDArray, counts: NDArray, n_groups: int) -> tuple:
    """Split the group that varies most along its main axis, again and again."""
    members = [np.arange(len(profiles))]
    splits = [_best_split(profiles, counts)]
    while len(members) < n_groups:
        widest = int(np.argmax([gain for gain, _ in splits]))
        gain, is_high = splits[widest]
        if gain <= 0:
            break
        group = members[widest]
        for half in (group[~is_high], group[is_high]):
            members.append(half)
            splits.append(_best_split(profiles[half], counts[half]))
        del members[widest], splits[widest]
    labels = np.empty(len(profiles), dtype=np.int64)
    places = np.empty(len(profiles))
    for label, group in enumerate(members):
        labels[group] = label
        places[group] = _main_axis(profiles[group], counts[group])
    return labels, places


def _main_axis(profiles: NDArray, counts: NDArray) -> NDArray:
    """Return where levels stand along the axis on which they vary most."""
    centered = profiles - counts @ profiles / counts.sum()
    covariance = (centered * counts[:, None]).T @ centered
    axis = np.linalg.eigh(covariance)[1][:, -1]
    return centered @ (axis * np.sign(axis[np.abs(axis).argmax()]))


def _best_split(profiles: NDArray, counts: NDArray) -> tuple[float, NDArray]:
    """Return the variance that the best split in two explains, and the split."""
    is_high = np.zeros(len(profiles), dtype=bool)
    if len(profiles) < 2:
        return 0.0, is_high
    place = _main_axis(profiles, counts)
    order = np.argsort(place, kind="stable")
    weight = np.cumsum(counts[order])
    moment = np.cumsum(counts[order] * place[order])
    low, rest = weight[:-1], weight[-1] - weight[:-1]
    gain = (moment[:-1] - moment[-1] * low / weight[-1]) ** 2 * weight[-1] / low / rest
    # Levels at the same place cannot be separated.
    gain[np.diff(place[order]) <= 1e-12] = 0.0
    best = int(gain.argmax())
    is_high[order[best + 1 :]] = True
    return float(gain[best]), is_high


# A column of at most so many distinct values, each seen so often on average, is a list
# of values rather than a scale.
_MAX_LISTED_VALUES = 1000


_MIN_ROWS_A_VALUE = 5


_SMALLEST_SHARE = 1e-15


# Numbers of so few values, or of so many with one of them in most rows, are levels.
_FEW_VALUES = 10


_MAX_SPIKES = 256


_SPIKY_ROWS = 10


class EncodedColumn(NamedTuple):
    """What an encoder makes of a column."""

    scores: NDArray | None  # standard normal on the rows learnt from
    codes: NDArray | None  # the level in its block; -1 is none of them


@persistent("_unit", "_grid", "_calendar")
class NumberEncoder:
    """Numbers as normal scores, rounded and bounded on the way back.

    Values are whole multiples of `step`, or have so many `decimals`, where known.
    """

    n_scores = 1
    n_codes = 0
    # Files of the first schema hold none.
    _grid: AnyGrid | None = None
    _calendar: Months | Cycles | None = None

    def __init__(self, step: float | None = None, decimals: int | None = None):
        self.step = step
        self.decimals = decimals

    def fit(self, values: NDArray, clock: Clock | None = None) -> NumberEncoder:
        """Learn from values of shape (n,), two distinct ones at least, no NaN.

        Of moments `clock` says how they are counted.
        """
        unique = np.unique(values)
        n = len(values)
        self.minimum_, self.maximum_ = float(unique[0]), float(unique[-1])
        self._learn_grid(values, unique)
        largest = max(abs(self.minimum_), abs(self.maximum_))
        # A power of two, so that dividing by it loses nothing.
        self._unit = 2.0 ** np.clip(np.frexp(largest)[1], -1022, 1023)
        # With few rows, detail is noise, and following it would copy the rows.
        tolerance = float(np.clip(0.8 * (2000 / n) ** 0.6, 0.2, 0.8))
        is_listed = len(unique) <= min(_MAX_LISTED_VALUES, n / _MIN_ROWS_A_VALUE)
        if is_listed:
            normal = NormalScores(tolerance, min_repeats=2, min_share=0)
        else:
            normal = NormalScores(tolerance)
        self.map_ = normal.fit(values / self._unit)
        self._calendar = None
        if clock is not None:
            repeated = self.map_.atoms_ * self._unit
            self._calendar = find_calendar(values, repeated, clock, self._draw)
        return self

    def _draw(self, ranks: NDArray) -> NDArray:
        return self.decode(_score_of(ranks), None)

    def _learn_grid(self, values: NDArray, unique: NDArray) -> None:
        """Take what all differences are multiples of for the step."""
        self._grid = find_clock_times(unique) if self.step == 1 else None
        if self.step is not None:
            self.step *= chance_free_divisor((unique - unique[0]) / self.step)
        else:
            self._grid = find_any_grid(values, self.decimals)
            self.step = getattr(self._grid, "step", None)

    def encode(self, values: NDArray, rng: np.random.Generator | None) -> EncodedColumn:
        """Return scores; missing ones are normal, or 0 without rng."""
        missing = np.isnan(values)
        if not missing.any():
            return EncodedColumn(self.map_.transform(values / self._unit, rng), None)
        filled = np.where(missing, self.minimum_, values)
        scores = self.map_.transform(filled / self._unit, rng)
        # Scores of what is present are normal, too.
        scores[missing] = 0.0
        if rng is not None:
            scores[missing] = rng.standard_normal(len(values))[missing]
        return EncodedColumn(scores, None)

    def decode(self, scores: NDArray | None, codes: NDArray | None) -> NDArray:
        """Return values of scores."""
        assert scores is not None
        # Overflow gives infinity, which is clipped to the range.
        with np.errstate(over="ignore"):
            values = self.map_.inverse_transform(scores) * self._unit
        return self.snap(values)

    def snap(self, values: NDArray) -> NDArray:
        """Move values into the range and onto the grid seen."""
        values = self._on_grid(np.clip(values, self.minimum_, self.maximum_))
        if self._calendar is None:
            return values
        is_repeated = np.isin(values, self.map_.atoms_ * self._unit)
        moved = np.where(is_repeated, values, self._calendar.snap(values))
        return np.clip(moved, self.minimum_, self.maximum_)

    def _on_grid(self, values: NDArray) -> NDArray:
        if self._grid is not None:
            # An ending may stand beyond the extremes, which are on the grid.
            return np.clip(self._grid.snap(values), self.minimum_, self.maximum_)
        if self.step == 1 and self.decimals is None:
            return np.rint(values)
        if self.step is not None:
            n_steps = np.rint((values - self.minimum_) / self.step)
            values = self.minimum_ + n_steps * self.step
        return values if self.decimals is None else np.round(values, self.decimals)

    def encode_range(self, low: float, high: float) -> tuple[float, float]:
        """Return the interval of scores that the values of a range take up."""
        edges = []
        for value, side in ((low, 0), (high, 1)):
            score = float(self.map_.transform(np.array([value / self._unit]))[0])
            hit = np.flatnonzero(self.map_.atoms_ == value / self._unit)
            if len(hit):
                rank = float(self.map_.atom_ranks_[hit[0], side])
                score = float(_score_of(np.array([rank]))[0])
            edges.append(score)
        return edges[0], max(edges)


def _score_of(ranks: NDArray) -> NDArray:
    return np.clip(ndtri(ranks), -8.0, 8.0)


@persistent("n_codes", "_decoded", values={"n_codes": range(2**24)})
class LevelEncoder:
    """Few levels as one block; what is missing is one more of them."""

    n_scores = 0

    def fit(self, values: NDArray) -> LevelEncoder:
        """Learn from canonical values of shape (n,), NaN where missing."""
        missing = np.isnan(values)
        self.values_, counts = np.unique(values[~missing], return_counts=True)
        self.has_missing_ = bool(missing.any())
        if self.has_missing_:
            counts = np.r_[counts, missing.sum()]
        self.shares_ = counts / len(values)
        self.n_codes = len(counts)
        # What each code is decoded to; the last one is missing.
        self._decoded = np.r_[self.values_, np.nan]
        return self

    def code(self, values: NDArray) -> NDArray:
        """Return codes; -1 for what ``fit`` did not see."""
        if not len(self.values_):
            return np.zeros(len(values), dtype=np.int64)
        codes = np.searchsorted(self.values_, values).clip(0, len(self.values_) - 1)
        codes[self.values_[codes] != values] = -1
        if self.has_missing_:
            codes[np.isnan(values)] = self.n_codes - 1
        return codes

    def encode(self, values: NDArray, rng: np.random.Generator | None) -> EncodedColumn:
        """Return codes."""
        return EncodedColumn(None, self.code(values))

    def decode(self, scores: NDArray | None, codes: NDArray | None) -> NDArray:
        """Return the canonical values of codes."""
        return self._decoded[codes]


@persistent(
    "n_codes", "_top", "_bottom", "_rank", "_label", values={"n_codes": range(2**24)}
)
class GroupedLevelEncoder:
    """Many levels as a block of groups and the place within the group, a score.

    Levels whose rows are alike in the other columns share a group. A level takes up
    the interval of scores that its share of the group makes, so that a normal score
    draws levels as often as they were seen, and the inverse is exact.
    """

    n_scores = 1

    def __init__(self, n_groups: int):
        self.n_groups = n_groups

    def fit(self, values: NDArray, others: list[EncodedColumn]) -> GroupedLevelEncoder:
        """Learn from canonical values of shape (n,) and encoded other columns."""
        self.levels_ = LevelEncoder().fit(values)
        codes = self.levels_.code(values)
        n_levels = self.levels_.n_codes
        if self.levels_.has_missing_:
            groups = group_levels(codes, n_levels, others, self.n_groups - 1, last=True)
        else:
            groups = group_levels(codes, n_levels, others, self.n_groups)
        self.groups_ = groups.labels
        self.n_codes = int(groups.labels.max()) + 1
        # Levels in the order of their group and of their place in it.
        self.order_ = np.lexsort([groups.places, groups.labels])
        label = groups.labels[self.order_]
        share = self.levels_.shares_[self.order_]
        total = np.bincount(label, weights=share)
        top = np.cumsum(share)
        start = np.cumsum(total) - total
        self._top = np.clip((top - start[label]) / total[label], 0, 1)
        is_last = np.r_[label[1:] != label[:-1], True]
        self._top[is_last] = 1.0
        self._bottom = np.r_[0.0, self._top[:-1]]
        self._bottom[np.r_[True, is_last[:-1]]] = 0.0
        self._rank = np.empty(n_levels, dtype=np.int64)
        self._rank[self.order_] = np.arange(n_levels)
        self._label = label
        self.shares_ = total
        return self

    def encode(self, values: NDArray, rng: np.random.Generator | None) -> EncodedColumn:
        """Return scores within groups, and groups."""
        codes = self.levels_.code(values)
        rank = self._rank[codes]
        share = 0.5 if rng is None else rng.uniform(size=len(values))
        place = self._bottom[rank] + (self._top[rank] - self._bottom[rank]) * share
        scores = _score_of(place)
        groups = self._label[rank]
        is_unseen = codes < 0
        scores[is_unseen], groups[is_unseen] = 0.0, -1
        return EncodedColumn(scores, groups)

    def decode(self, scores: NDArray | None, codes: NDArray | None) -> NDArray:
        """Return the canonical values of scores within groups."""
        assert scores is not None and codes is not None
        place = np.clip(ndtr(scores), _SMALLEST_SHARE, 1 - _SMALLEST_SHARE)
        rank = np.searchsorted(self._label + self._top, codes + place, side="left")
        # Rounding of the sum must not move a value into another group.
        first = np.searchsorted(self._label, codes, side="left")
        last = np.searchsorted(self._label, codes, side="right") - 1
        return self.levels_.decode(None, self.order_[np.clip(rank, first, last)])


def is_spiky(values: NDArray) -> bool:
    """Whether a number's values are few and far between.

    There are at most ten, or at most 256 of which one holds more than half of the rows;
    and ten rows a value at least.
    """
    present = values[~np.isnan(values)]
    n_values = len(present) // _SPIKY_ROWS
    if n_values < 2:
        return False
    _, counts = np.unique(present, return_counts=True)
    most = _MAX_SPIKES if 2 * counts.max() > len(present) else _FEW_VALUES
    return len(counts) <= min(most, n_values)


@persistent()
class MissingPatternEncoder:
    """Which of several columns are missing, as one block of the patterns seen.

    Where there are more patterns than a block may have levels, each column gets a
    block of its own: present or missing.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.encoding.table._column_encoders import MissingPatternEncoder
    >>> missing = np.array([[0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]], dtype=bool)
    >>> encoder = MissingPatternEncoder(8).fit(missing)
    >>> encoder.widths_, encoder.encode(missing)
    ((3,), [array([0, 2, 0, 1])])
    """

    def __init__(self, max_levels: int):
        self.max_levels = max_levels

    def fit(self, missing: NDArray) -> MissingPatternEncoder:
        """Learn the patterns of bool rows of shape (n, n_columns)."""
        # The patterns stay None if each column has a block of its own.
        self.patterns_: NDArray | None = None
        # Widths of the blocks.
        self.widths_: tuple[int, ...] = ()
        n_columns = missing.shape[1]
        if not n_columns:
            return self
        _, first = np.unique(pattern_keys(missing), return_index=True)
        if len(first) > self.max_levels:
            self.widths_ = (2,) * n_columns
            return self
        self.patterns_ = missing[first]
        self.widths_ = (len(first),)
        return self

    def encode(self, missing: NDArray) -> list[NDArray]:
        """Return the codes of each block; -1 for a pattern that was not seen."""
        if not self.widths_:
            return []
        if self.patterns_ is None:
            return [column.astype(np.int64) for column in missing.T]
        seen = {key.tobytes(): i for i, key in enumerate(pattern_keys(self.patterns_))}
        unique, inverse = np.unique(pattern_keys(missing), return_inverse=True)
        codes = [seen.get(key.tobytes(), -1) for key in unique]
        return [np.array(codes, dtype=np.int64)[inverse]]

    def decode(self, codes: list[NDArray]) -> NDArray:
        """Return bool rows of shape (n, n_columns) from the codes of each block."""
        if self.patterns_ is None:
            return np.column_stack(codes).astype(bool)
        return self.patterns_[codes[0]]


def pattern_keys(rows: NDArray) -> NDArray:
    """Return one key for each bool row, equal where the rows are."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    return packed.view(np.dtype((np.void, packed.shape[1])))[:, 0]
