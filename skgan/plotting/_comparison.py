"""What the displays of real beside synthetic rows share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skgan._validation import check_stream
from skgan.frames import is_table
from skgan.metrics import Block, match_blocks, read_blocks

MISSING = "missing"
_MAX_DRAWN = 10_000  # more rows change no picture
_STRIP_INCHES = 0.3


class ColumnPair(NamedTuple):
    """One column of both sets.

    Numbers, dates among them in seconds since 1970, are float64, NaN where missing;
    categories are objects, None where missing.
    """

    label: Any
    real: NDArray
    synthetic: NDArray
    is_date: bool

    @property
    def is_numeric(self) -> bool:
        """Whether the column has an axis of numbers."""
        return self.real.dtype != object


def draw_rows(sampler, X, n_samples, random_state):
    """Draw rows, without labels, to be shown beside `X`."""
    check_is_fitted(sampler)
    n_samples = min(len(X), _MAX_DRAWN) if n_samples is None else n_samples
    rng = check_stream("random_state", random_state)
    drawn = sampler.sample(n_samples, random_state=rng)
    return drawn[0] if isinstance(drawn, tuple) else drawn


def read_column_pairs(real, synthetic) -> dict[Any, ColumnPair]:
    """Return the columns of both sets by their names, in the order of the real one."""
    like = read_blocks(real, "real")
    blocks = match_blocks(synthetic, like, is_table(real), "synthetic")
    for name, found in (("real", like), ("synthetic", blocks)):
        if not len(found[0].values):
            raise ValueError(f"{name} has no rows.")
    pairs = {}
    for block, other in zip(like, blocks, strict=True):
        for one, two in zip(block.split(), other.split(), strict=True):
            label = one.labels[0]
            values = _as_column(one), _as_column(two)
            pairs[label] = ColumnPair(label, *values, _holds_dates(real, label))
    return pairs


def _as_column(block: Block) -> NDArray:
    if not block.is_numeric:
        return block.values
    return block.values[:, 0].astype(np.float64)


def _holds_dates(X, label) -> bool:
    if not is_table(X):
        return False
    dtype = X[label].dtype
    return getattr(dtype, "kind", "") == "M" or str(dtype).startswith("Date")


def title_of(label: Any) -> str:
    """Return how a column is called in a picture; those of arrays have numbers."""
    text = f"column {label}" if isinstance(label, int) else str(label)
    # A dollar sign would begin a formula.
    return shorten(text).replace("$", r"\$")


def shorten(text: str, length: int = 18) -> str:
    """Return a text that is no longer than `length`."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def date_texts(seconds) -> list[str]:
    """Return moments as text: days, or minutes where they lie within two days."""
    seconds = np.asarray(seconds, dtype=float)
    unit = "D" if np.ptp(seconds) > 2 * 86_400 else "m"
    moments = seconds.astype("datetime64[s]").astype(f"datetime64[{unit}]")
    return [str(moment).replace("T", " ") for moment in moments]


def choose_columns(names: list, chosen, scores: dict, max_columns: int) -> list:
    """Return the columns to draw: those asked for, or at most so many of the worst."""
    if chosen is not None:
        chosen = list(chosen)
        unknown = [name for name in chosen if name not in names]
        if unknown or not chosen:
            raise ValueError(
                f"columns={chosen!r} must name some of the columns: "
                f"{', '.join(map(repr, names[:50]))}."
            )
        return chosen
    if len(names) <= max_columns:
        return names
    return sorted(names, key=lambda name: scores[name])[:max_columns]


def divide(ax, n: int, n_columns: int):
    """Return `n` axes in the place of `ax`, and a strip for the legend above them.

    `ax` itself is kept, with nothing to be seen of it.
    """
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            "ax stands in no grid and cannot be divided; make it with plt.subplots()."
        )
    ax.set_axis_off()
    figure = ax.figure
    height = ax.get_position().height * figure.get_size_inches()[1]
    ratios = (_STRIP_INCHES, max(height - _STRIP_INCHES, _STRIP_INCHES))
    above, below = place.subgridspec(2, 1, height_ratios=ratios)
    strip = figure.add_subplot(above)
    strip.set_axis_off()
    grid = below.subgridspec(-(-n // n_columns), n_columns)
    panels = [figure.add_subplot(grid[i]) for i in range(n)]
    return np.array(panels, dtype=object), strip
