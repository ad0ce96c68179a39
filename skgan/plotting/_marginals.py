"""MarginalsDisplay: each column, real against synthetic."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._validation import check_integer
from skgan.metrics import column_shape_scores
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

_INCHES = (2.9, 2.2)  # of one column's panel
_PANELS_A_ROW = {5: 3, 6: 3, 9: 3}  # of so many; else four
_MIN_BINS, _MAX_BINS = 8, 30
_MAX_BINS_OF_VALUES = 40  # whole numbers up to so far apart get a bin each
_MAX_LEVELS = 8  # the others share one bar
_BAR = 0.4
SIDES = {"real": FIRST_COLOR, "synthetic": SECOND_COLOR}


class MarginalsDisplay:
    """Each column of real rows against that of synthetic ones.

    Numbers and dates are drawn as shares of bins that both sets have in common,
    categories as a pair of bars a level; what is missing has bars of its own. Above
    each panel stands the column's score, `skgan.metrics.column_shape_scores`: 1 where
    both are alike.

    Make it with `from_estimator` or `from_samples`. All parameters are stored as
    attributes.

    Parameters
    ----------
    real : array-like of shape (n_real, n_columns) or DataFrame
        Real rows; of images each pixel is a column.
    synthetic : array-like of shape (n_synthetic, n_columns) or DataFrame
        Rows drawn from a sampler, with the same columns.
    columns : list of column names or None, default=None
        Which columns are drawn, in this order; those of arrays are called by their
        positions. None draws all of them or, where there are more than
        `max_columns`, those that differ most, the worst first.
    max_columns : int, default=12
        Columns drawn at most if `columns` is None.

    Attributes
    ----------
    scores_ : dict of column name to float
        Scores of all columns.
    columns_ : list of column names
        Those that were drawn.
    axes_ : ndarray of matplotlib Axes, of shape (n_drawn,)
        The panels.
    ax_ : matplotlib Axes
        The empty axes in whose place the panels stand.
    legend_ : matplotlib Legend
        Which colour is which, above the panels.
    figure_ : matplotlib Figure
        Figure that holds the axes.

    See Also
    --------
    PairsDisplay : Columns by twos.
    EmbeddingDisplay : All columns at once.

    Notes
    -----
    Marginals that agree say nothing about what columns have to do with each other:
    look at pairs, too.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.plotting import MarginalsDisplay
    >>> rng = np.random.default_rng(0)
    >>> real, synthetic = rng.normal(size=(2, 100, 3))
    >>> display = MarginalsDisplay.from_samples(synthetic, real=real)
    >>> display.columns_, len(display.axes_)
    ([0, 1, 2], 3)
    """

    def __init__(self, *, real, synthetic, columns=None, max_columns=12):
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
        max_columns=12,
        n_samples=None,
        random_state=0,
        ax=None,
        **kwargs,
    ):
        """Draw rows from a fitted sampler and show their columns beside those of `X`.

        Parameters
        ----------
        sampler : GANSampler
            Fitted; any estimator with a method ``sample`` will do.
        X : array-like or DataFrame of shape (n_rows, n_columns)
            Real rows, best held out.
        columns : list of column names or None, default=None
            Which columns are drawn; None draws all, or the worst.
        max_columns : int, default=12
            Columns drawn at most if `columns` is None.
        n_samples : int or None, default=None
            Rows to draw; None takes as many as in `X`, at most 10 000.
        random_state : int, RandomState instance or None, default=0
            Fixes the sample.
        ax : matplotlib Axes or None, default=None
            Axes that are divided into panels; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.stairs``, for numbers.

        Returns
        -------
        MarginalsDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the sampler is not fitted.
        ValueError
            If the columns differ, or there is no column of a name.
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
        cls, synthetic, *, real, columns=None, max_columns=12, ax=None, **kwargs
    ):
        """Show rows that were drawn already.

        Parameters
        ----------
        synthetic : array-like of shape (n_synthetic, n_columns) or DataFrame
            Rows drawn from a sampler.
        real : array-like of shape (n_real, n_columns) or DataFrame
            Real rows.
        columns : list of column names or None, default=None
            Which columns are drawn; None draws all, or the worst.
        max_columns : int, default=12
            Columns drawn at most if `columns` is None.
        ax : matplotlib Axes or None, default=None
            Axes that are divided into panels; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.stairs``, for numbers.

        Returns
        -------
        MarginalsDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a set is empty, the columns differ, or there is no column of a name.
        """
        display = cls(
            real=real, synthetic=synthetic, columns=columns, max_columns=max_columns
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw a panel a column.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes that are divided into panels; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.stairs``, for numbers.

        Returns
        -------
        MarginalsDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a set is empty, the columns differ, or there is no column of a name.
        """
        max_columns = check_integer("max_columns", self.max_columns, 1)
        pairs = read_column_pairs(self.real, self.synthetic)
        self.scores_ = column_shape_scores(self.real, self.synthetic)
        self.columns_ = choose_columns(
            list(pairs), self.columns, self.scores_, max_columns
        )
        n = len(self.columns_)
        n_across = _PANELS_A_ROW[n] if n in _PANELS_A_ROW else min(n, 4)
        size = (_INCHES[0] * n_across, _INCHES[1] * -(-n // n_across) + 0.3)
        self.ax_ = get_axes(ax, "MarginalsDisplay", size)
        self.figure_ = self.ax_.figure
        self.axes_, strip = divide(self.ax_, n, n_across)
        for panel, label in zip(self.axes_, self.columns_, strict=True):
            pair = pairs[label]
            if pair.is_numeric:
                _draw_numbers(panel, pair, kwargs)
            else:
                _draw_levels(panel, pair)
            panel.set_title(
                f"{title_of(label)}  {self.scores_[label]:.2f}", fontsize="medium"
            )
            panel.spines[["top", "right"]].set_visible(False)
            panel.tick_params(labelsize="small")
        self.legend_ = _add_legend(strip)
        return self


def _add_legend(strip):
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=name) for name, color in SIDES.items()]
    return strip.legend(handles=handles, loc="center", ncols=2, frameon=False)


def bin_edges(pair: ColumnPair) -> NDArray:
    """Return the edges of the bins that both sets of a column have in common."""
    values = np.concatenate([pair.real, pair.synthetic])
    values = values[~np.isnan(values)]
    if not len(values):
        return np.array([-0.5, 0.5])
    low, high = values.min(), values.max()
    is_whole = bool((values == np.rint(values)).all())
    if is_whole and high - low < _MAX_BINS_OF_VALUES:
        return np.arange(low, high + 2) - 0.5
    if not high > low:
        return np.array([low - 0.5, low + 0.5])
    # Rice's rule for the smaller set: more bins would show nothing but chance.
    n_rows = min(len(pair.real), len(pair.synthetic))
    n_bins = int(np.clip(np.ceil(2 * np.cbrt(n_rows)), _MIN_BINS, _MAX_BINS))
    if is_whole:
        # A bin of as many whole numbers as the next, or bins would come out uneven.
        step = np.ceil((high - low + 1) / n_bins)
        return np.arange(low, high + step + 0.5, step) - 0.5
    return np.linspace(low, high, n_bins + 1)


def _draw_numbers(panel, pair: ColumnPair, kwargs: dict[str, Any]) -> None:
    """Draw shares of bins as steps, and of what is missing as bars behind them."""
    edges = bin_edges(pair)
    span = edges[-1] - edges[0]
    sides = {"real": pair.real, "synthetic": pair.synthetic}
    has_missing = any(np.isnan(values).any() for values in sides.values())
    spot, width = edges[-1] + 0.12 * span, 0.04 * span
    for place, (name, values) in enumerate(sides.items()):
        color = SIDES[name]
        present = values[~np.isnan(values)]
        shares = np.histogram(present, edges)[0] / len(values)
        look = {"color": color, "linewidth": 1.5, "label": name}
        if name == "real":
            panel.stairs(shares, edges, fill=True, color=color, alpha=0.25)
        panel.stairs(shares, edges, **look | kwargs)
        if has_missing:
            share = 1 - len(present) / len(values)
            panel.bar(spot + (place - 0.5) * width, share, width, color=color)
    room = 0.2 if has_missing else 0.03
    panel.set_xlim(edges[0] - 0.03 * span, edges[-1] + room * span)
    panel.set_ylim(bottom=0)
    panel.set_ylabel("share of rows", fontsize="small")
    if has_missing or pair.is_date:
        _set_ticks(panel, edges, pair.is_date, spot if has_missing else None)


def _set_ticks(panel, edges: NDArray, is_date: bool, spot: float | None) -> None:
    """Set a few ticks, as dates where they are, and one for what is missing."""
    from matplotlib.ticker import MaxNLocator

    low, high = edges[0], edges[-1]
    ticks = MaxNLocator(2 if is_date else 4).tick_values(low, high)
    # The last one leaves room for the word behind it.
    end = high if spot is None else high - 0.15 * (high - low)
    ticks = [float(tick) for tick in ticks if low <= tick <= end]
    texts = date_texts(ticks) if is_date else [f"{tick:g}" for tick in ticks]
    if spot is not None:
        ticks, texts = [*ticks, spot], [*texts, MISSING]
    panel.set_xticks(ticks, labels=texts)


def level_shares(pair: ColumnPair) -> dict[str, tuple[float, float]]:
    """Return the shares of the levels, real and synthetic, the most frequent first.

    Rare levels are put together, and what is missing comes last.
    """
    counts = [Counter(side.tolist()) for side in (pair.real, pair.synthetic)]
    total = counts[0] + counts[1]
    levels = [level for level, _ in counts[0].most_common() if level is not None]
    levels += [level for level in total if level is not None and level not in counts[0]]
    n_shown = len(levels) if len(levels) <= _MAX_LEVELS else _MAX_LEVELS - 1
    groups: list[tuple[str, list]]
    groups = [(str(level), [level]) for level in levels[:n_shown]]
    if levels[n_shown:]:
        groups.append((f"{len(levels) - n_shown} others", levels[n_shown:]))
    if None in total:
        groups.append((MISSING, [None]))
    n_rows = len(pair.real), len(pair.synthetic)
    return {
        name: (
            sum(counts[0][level] for level in members) / n_rows[0],
            sum(counts[1][level] for level in members) / n_rows[1],
        )
        for name, members in groups
    }


def _draw_levels(panel, pair: ColumnPair) -> None:
    """Draw a pair of bars a level, the most frequent one at the top."""
    shares = level_shares(pair)
    places = np.arange(len(shares))
    for side, (name, color) in enumerate(SIDES.items()):
        widths = [both[side] for both in shares.values()]
        offset = (side - 0.5) * _BAR
        panel.barh(places + offset, widths, _BAR, color=color, label=name)
    names = [shorten(name, 14).replace("$", r"\$") for name in shares]
    panel.set_yticks(places, labels=names)
    # A column of one or two levels has bars no thicker than the others.
    panel.set_ylim(max(len(shares), 4) - 0.4, -0.6)
    panel.set_xlabel("share of rows", fontsize="small")
