"""PairsDisplay: columns by twos, real against synthetic."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skgan._validation import check_integer, check_stream
from skgan.metrics import pair_trend_scores
from skgan.plotting._comparison import (
    MISSING,
    ColumnPair,
    choose_columns,
    date_texts,
    divide,
    draw_rows,
    read_column_pairs,
    shorten,
    title_of,
)
from skgan.plotting._matplotlib import FIRST_COLOR, SECOND_COLOR, get_axes

_MAX_LEVELS = 8  # the others share one place
_SPREAD = 0.3  # of the way to the next level, what a level's points take up
_LEAST_SCALE = 0.1  # differences below are pale: those of good samples
_MAX_WRITTEN = 10  # columns of which differences are written as numbers
_PANEL_INCHES = (3.4, 3.0)


class _Axis(NamedTuple):
    """Where the rows of one column stand, by set, and what is written there."""

    sides: list[NDArray]
    ticks: list[float] | None
    texts: list[str]


def draw_pair(panel, across: ColumnPair, up: ColumnPair, rows: list, rng) -> list:
    """Draw rows of two columns, and return the points of both sets."""
    x, y = (_place(column, rows, rng) for column in (across, up))
    points = []
    colors = {"real": FIRST_COLOR, "synthetic": SECOND_COLOR}
    for side, (name, color) in enumerate(colors.items()):
        points.append(
            panel.scatter(
                x.sides[side],
                y.sides[side],
                s=9,
                color=color,
                alpha=0.5,
                linewidths=0,
                label=name,
            )
        )
    panel.set(xlabel=title_of(across.label), ylabel=title_of(up.label))
    for set_ticks, axis in ((panel.set_xticks, x), (panel.set_yticks, y)):
        if axis.ticks is not None:
            set_ticks(axis.ticks, labels=axis.texts)
    if not across.is_numeric and max(map(len, x.texts), default=0) > 4:
        panel.tick_params("x", rotation=30)
        for text in panel.get_xticklabels():
            text.set(ha="right", rotation_mode="anchor")
    panel.tick_params(labelsize="small")
    panel.spines[["top", "right"]].set_visible(False)
    return points


def _place(column: ColumnPair, rows: list, rng) -> _Axis:
    sides = [column.real[rows[0]], column.synthetic[rows[1]]]
    if column.is_numeric:
        return _place_numbers(column, sides, rng)
    names = _level_names(column)
    ticks = sorted(set(names.values()))
    places = [
        np.array([names[value] for value in side.tolist()], dtype=float)
        for side in sides
    ]
    texts = {
        place: MISSING if level is None else str(level)
        for level, place in names.items()
    }
    if len(names) > len(ticks):
        texts[_MAX_LEVELS - 1] = "others"
    labels = [shorten(texts[tick], 12).replace("$", r"\$") for tick in ticks]
    spread = [
        place + _spread(len(place), 1.0, side, rng) for side, place in enumerate(places)
    ]
    return _Axis(spread, [float(tick) for tick in ticks], labels)


def _level_names(column: ColumnPair) -> dict:
    """Return the place of each level, those that are frequent in real rows first."""
    total = Counter(column.real.tolist()) + Counter(column.synthetic.tolist())
    counts = Counter(column.real.tolist())
    levels = sorted(
        (level for level in total if level is not None),
        key=lambda level: -counts[level],
    )
    many = len(levels) > _MAX_LEVELS
    places = {
        level: min(i, _MAX_LEVELS - 1) if many else i for i, level in enumerate(levels)
    }
    if None in total:
        places[None] = max(places.values(), default=-1) + 1
    return places


def _place_numbers(column: ColumnPair, sides: list[NDArray], rng) -> _Axis:
    """Return numbers as they are, and what is missing below the smallest of them."""
    values = np.concatenate([column.real, column.synthetic])
    present = values[~np.isnan(values)]
    low, high = (present.min(), present.max()) if len(present) else (0.0, 0.0)
    span = high - low or 1.0
    spot = low - 0.15 * span
    has_missing = len(present) < len(values)
    placed = []
    for number, side in enumerate(sides):
        spread = spot + _spread(len(side), 0.12 * span, number, rng)
        placed.append(np.where(np.isnan(side), spread, side))
    if not (has_missing or column.is_date):
        return _Axis(placed, None, [])
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(2 if column.is_date else 4).tick_values(low, high)
    ticks = [float(tick) for tick in ticks if low <= tick <= high]
    texts = date_texts(ticks) if column.is_date else [f"{tick:g}" for tick in ticks]
    if has_missing:
        ticks, texts = [spot, *ticks], [MISSING, *texts]
    return _Axis(placed, ticks, texts)


def _spread(n: int, room: float, side: int, rng) -> NDArray:
    """Return offsets around a place: real rows to the left, synthetic to the right."""
    middle = (side - 0.5) * 1.2 * _SPREAD
    return room * (middle + rng.uniform(-0.5, 0.5, n) * _SPREAD)


class PairsDisplay:
    """How alike pairs of columns are in real and in synthetic rows.

    `plot` draws a heat map of the differences, one minus
    `skgan.metrics.pair_trend_scores`: 0 where two columns have as much to do with each
    other in the one set as in the other, 1 where nothing agrees. `plot_pairs` draws
    the rows themselves, two columns at a time.

    Make it with `from_estimator` or `from_samples`. All parameters are stored as
    attributes.

    Parameters
    ----------
    real : array-like of shape (n_real, n_columns) or DataFrame
        Real rows.
    synthetic : array-like of shape (n_synthetic, n_columns) or DataFrame
        Rows drawn from a sampler, with the same columns.
    columns : list of column names or None, default=None
        Which columns are drawn, in this order; those of arrays are called by their
        positions. None draws all of them or, where there are more than
        `max_columns`, those whose pairs differ most.
    max_columns : int, default=20
        Columns drawn at most if `columns` is None.

    Attributes
    ----------
    scores_ : dict of pair of column names to float
        Scores of all pairs.
    columns_ : list of column names
        Those that were drawn.
    image_ : matplotlib AxesImage
        The heat map: below the diagonal a difference a pair.
    colorbar_ : matplotlib Colorbar
        Its scale.
    text_ : list of matplotlib Text
        The differences as numbers, if there are at most ten columns.
    ax_ : matplotlib Axes
        Axes with the heat map or, after `plot_pairs`, those in whose place the panels
        stand.
    axes_ : ndarray of matplotlib Axes, of shape (n_pairs,)
        The panels; after `plot_pairs`.
    legend_ : matplotlib Legend
        Which colour is which, above the panels; after `plot_pairs`.
    figure_ : matplotlib Figure
        Figure that holds the axes.

    See Also
    --------
    MarginalsDisplay : One column at a time.
    EmbeddingDisplay : All columns at once.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.plotting import PairsDisplay
    >>> rng = np.random.default_rng(0)
    >>> real, synthetic = rng.normal(size=(2, 100, 3))
    >>> real[:, 1] = real[:, 0]
    >>> display = PairsDisplay.from_samples(synthetic, real=real)
    >>> min(display.scores_, key=display.scores_.get)
    (0, 1)
    """

    def __init__(self, *, real, synthetic, columns=None, max_columns=20):
        self.real = real
        self.synthetic = synthetic
        self.columns = columns
        self.max_columns = max_columns

    @classmethod
    def from_estimator(
        cls,
        sampler,
        X,
        *,
        columns=None,
        max_columns=20,
        n_samples=None,
        random_state=0,
        ax=None,
        **kwargs,
    ):
        """Draw rows from a fitted sampler and compare their pairs to those of `X`.

        Parameters
        ----------
        sampler : GANSampler
            Fitted; any estimator with a method ``sample`` will do.
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Real rows, best held out.
        columns : list of column names or None, default=None
            Which columns are drawn; None draws all, or the worst.
        max_columns : int, default=20
            Columns drawn at most if `columns` is None.
        n_samples : int or None, default=None
            Rows to draw; None takes as many as in `X`, at most 10 000.
        random_state : int, RandomState instance or None, default=0
            Fixes the sample.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``.

        Returns
        -------
        PairsDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the sampler is not fitted.
        ValueError
            If the columns differ, there is only one, or none of a name.
        """
        return cls.from_samples(
            draw_rows(sampler, X, n_samples, random_state),
            real=X,
            columns=columns,
            max_columns=max_columns,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_samples(
        cls, synthetic, *, real, columns=None, max_columns=20, ax=None, **kwargs
    ):
        """Compare rows that were drawn already.

        Parameters
        ----------
        synthetic : array-like of shape (n_synthetic, n_columns) or DataFrame
            Rows drawn from a sampler.
        real : array-like of shape (n_real, n_columns) or DataFrame
            Real rows.
        columns : list of column names or None, default=None
            Which columns are drawn; None draws all, or the worst.
        max_columns : int, default=20
            Columns drawn at most if `columns` is None.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``.

        Returns
        -------
        PairsDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a set is empty, the columns differ, there is only one, or none of a
            name.
        """
        display = cls(
            real=real, synthetic=synthetic, columns=columns, max_columns=max_columns
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the heat map of differences.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, such as ``vmax``, the
            difference drawn darkest (default: the largest, at least 0.1).

        Returns
        -------
        PairsDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a set is empty, the columns differ, there is only one, or none of a
            name.
        """
        self._score()
        n = len(self.columns_)
        differences = self._differences()
        side = min(max(0.55 * n, 3.0), 9.0)
        self.ax_ = get_axes(ax, "PairsDisplay", (side + 2.2, side + 1.0))
        self.figure_ = self.ax_.figure
        # Each pair is shown once, below the diagonal.
        below = np.tril(np.ones((n, n), dtype=bool), -1)
        shown = np.where(below, differences, np.nan)[1:, :-1]
        top = max(_LEAST_SCALE, float(np.nanmax(shown)))
        look = {"cmap": "Blues", "vmin": 0, "vmax": top} | kwargs
        self.image_ = self.ax_.imshow(shown, **look)
        names = [title_of(label) for label in self.columns_]
        self.ax_.set_xticks(range(n - 1), labels=names[:-1])
        self.ax_.set_yticks(range(n - 1), labels=names[1:])
        self.ax_.tick_params("x", rotation=90 if n > 4 else 0)
        self.ax_.tick_params(length=0)
        self.ax_.spines[:].set_visible(False)
        self.colorbar_ = self.figure_.colorbar(
            self.image_, ax=self.ax_, label="difference of the pair's trend", shrink=0.8
        )
        mean = np.mean(list(self.scores_.values()))
        self.ax_.set_title(f"pair trends: {mean:.3f} on average", fontsize="medium")
        self.text_ = self._write(shown) if n <= _MAX_WRITTEN else []
        return self

    def plot_pairs(
        self, pairs=None, *, n_pairs=3, max_points=500, random_state=0, ax=None
    ):
        """Draw rows of both sets, two columns at a time.

        A point is a row. Categories are spread a little, real rows to the one and
        synthetic ones to the other side, and so is what is missing, which is placed
        below the smallest number.

        Parameters
        ----------
        pairs : list of pair of column names or None, default=None
            Which columns are drawn against each other; None takes the pairs that
            differ most.
        n_pairs : int, default=3
            How many those are.
        max_points : int, default=500
            Points of each set at most; of more rows, so many are chosen at random.
        random_state : int, RandomState instance or None, default=0
            Fixes the choice and how points are spread.
        ax : matplotlib Axes or None, default=None
            Axes that are divided into panels; None makes a new figure.

        Returns
        -------
        PairsDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a set is empty, the columns differ, there is only one, or none of a
            name.
        """
        self._score()
        chosen = self._choose_pairs(pairs, check_integer("n_pairs", n_pairs, 1))
        max_points = check_integer("max_points", max_points, 1)
        columns = read_column_pairs(self.real, self.synthetic)
        rng = check_stream("random_state", random_state)
        n_real, n_drawn = (
            len(getattr(columns[chosen[0][0]], side)) for side in ("real", "synthetic")
        )
        n_points = min(max_points, n_real, n_drawn)
        rows = [rng.permutation(n)[:n_points] for n in (n_real, n_drawn)]
        n_across = min(len(chosen), 3)
        n_down = -(-len(chosen) // n_across)
        size = (_PANEL_INCHES[0] * n_across, _PANEL_INCHES[1] * n_down + 0.3)
        self.ax_ = get_axes(ax, "PairsDisplay", size)
        self.figure_ = self.ax_.figure
        self.axes_, strip = divide(self.ax_, len(chosen), n_across)
        for panel, (first, second) in zip(self.axes_, chosen, strict=True):
            points = draw_pair(panel, columns[first], columns[second], rows, rng)
            score = self._score_of(first, second)
            panel.set_title(f"score {score:.2f}", fontsize="medium")
        self.legend_ = strip.legend(
            handles=points, loc="center", ncols=2, frameon=False
        )
        for handle in self.legend_.legend_handles:
            handle.set(alpha=1, sizes=[30])
        return self

    def _score(self) -> None:
        max_columns = check_integer("max_columns", self.max_columns, 2)
        names = list(read_column_pairs(self.real, self.synthetic))
        self.scores_ = pair_trend_scores(self.real, self.synthetic)
        worst = {
            name: min(score for pair, score in self.scores_.items() if name in pair)
            for name in names
        }
        columns = choose_columns(names, self.columns, worst, max_columns)
        if len(set(columns)) < 2:
            raise ValueError(
                f"columns={self.columns!r} must name two columns or more, once each."
            )
        self.columns_ = columns

    def _score_of(self, first, second) -> float:
        pair = (first, second)
        return self.scores_[pair if pair in self.scores_ else pair[::-1]]

    def _choose_pairs(self, pairs, n_pairs: int) -> list[tuple]:
        if pairs is None:
            return sorted(self.scores_, key=lambda pair: self.scores_[pair])[:n_pairs]
        pairs = [tuple(pair) for pair in pairs]
        for pair in pairs:
            if pair not in self.scores_ and pair[::-1] not in self.scores_:
                raise ValueError(f"pairs: {pair!r} is no pair of two of the columns.")
        if not pairs:
            raise ValueError("pairs is empty; None takes the worst.")
        return pairs

    def _differences(self) -> NDArray:
        """Return one minus each score, a row and a column for each column drawn."""
        names = self.columns_
        differences = np.zeros((len(names), len(names)))
        for i, first in enumerate(names):
            for j, second in enumerate(names[:i]):
                differences[i, j] = 1 - self._score_of(first, second)
        return differences

    def _write(self, shown: NDArray) -> list:
        """Write each difference into its square, in white where that is dark."""
        half = self.image_.norm.vmax / 2
        return [
            self.ax_.text(
                j,
                i,
                f"{shown[i, j]:.2f}".replace("0.", ".", 1),
                ha="center",
                va="center",
                fontsize="small",
                color="white" if shown[i, j] > half else "black",
            )
            for i, j in np.argwhere(~np.isnan(shown))
        ]
