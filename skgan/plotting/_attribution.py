"""AttributionDisplay: what moves the discriminator's verdict, on images or columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._validation import check_integer
from skgan.frames import as_rows, take_rows
from skgan.plotting._matplotlib import FIRST_COLOR, SECOND_COLOR, get_axes
from skgan.plotting._outliers import _GAP, _gap, _in_a_row
from skgan.plotting._samples import _as_images, _brightness_range

_INCHES = 0.9  # side of one image
_BAR_INCHES = 0.22  # height of one bar


class AttributionDisplay:
    """Images above heat maps of what moves the verdict on them, or bars of columns.

    Make it with `from_estimator`, or with `from_attributions` of shares that there are
    already. All parameters are stored as attributes.

    Parameters
    ----------
    attributions : array-like of shape (n_rows, n_columns) or \
            (n_rows, height, width[, channels])
        What each column or pixel adds to the verdict on a row, such as ``explain`` of a
        sampler: positive where the row looks real, negative where it gives itself away.
    images : array-like of the same shape or None, default=None
        The images that were judged; None for rows of columns.
    column_names : sequence of str or None, default=None
        Names of the columns; None numbers them.
    row_names : sequence or None, default=None
        Names of the rows; None numbers them.
    n_columns : int, default=5
        Bars of a row, those that move most first; all if there are fewer.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the pictures.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    image_, heat_map_ : matplotlib AxesImage
        The two strips, an image beside the other. The channels of a heat map are
        summed; red speaks for real and blue against it, on one scale for all images.
    bars_ : matplotlib BarContainer
        The bars, those of a row one below the other.

    See Also
    --------
    OutlierDisplay : What makes rows odd to a detector.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.plotting import AttributionDisplay
    >>> display = AttributionDisplay.from_attributions(
    ...     np.array([[0.5, -2.0, 0.1]]), column_names=["age", "height", "weight"]
    ... )
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['height', 'age', 'weight']
    """

    def __init__(
        self,
        *,
        attributions,
        images=None,
        column_names=None,
        row_names=None,
        n_columns=5,
    ):
        self.attributions = attributions
        self.images = images
        self.column_names = column_names
        self.row_names = row_names
        self.n_columns = n_columns

    @classmethod
    def from_estimator(
        cls,
        sampler,
        X,
        y=None,
        *,
        baselines=None,
        n_rows=8,
        n_columns=5,
        ax=None,
        **kwargs,
    ):
        """Explain the verdicts of a sampler's discriminator on rows, and show them.

        Parameters
        ----------
        sampler : GANSampler, ConditionalGANSampler or InfoGANSampler
            Fitted.
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows, real or drawn.
        y : array-like, Series or DataFrame, default=None
            Their labels, for a sampler that has learnt some.
        baselines : array-like or DataFrame of shape (n_baselines, ...), default=None
            Rows to compare with; None draws some, see ``GANSampler.explain``.
        n_rows : int, default=8
            How many rows are shown, the first ones; all if there are fewer.
        n_columns : int, default=5
            Bars of a row of columns.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, or of ``Axes.barh``.

        Returns
        -------
        AttributionDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the sampler is not fitted.
        TypeError
            If the sampler has no method ``explain``.
        ValueError
            If rows or labels are not like those given to ``fit``, or `n_rows` is below
            1.
        """
        n_rows = check_integer("n_rows", n_rows, 1)
        if not hasattr(sampler, "explain"):
            raise TypeError(
                f"{type(sampler).__name__} has no method explain; give a sampler with "
                "a discriminator, such as GANSampler."
            )
        X = as_rows(X)
        X = take_rows(X, np.arange(min(n_rows, len(X))))
        y = None if y is None else y[: len(X)]
        shares = sampler.explain(X, y, baselines=baselines)
        return cls.from_attributions(
            shares,
            images=np.asarray(X) if shares.ndim > 2 else None,
            column_names=getattr(sampler, "feature_names_in_", None),
            n_columns=n_columns,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_attributions(
        cls,
        attributions,
        *,
        images=None,
        column_names=None,
        row_names=None,
        n_columns=5,
        ax=None,
        **kwargs,
    ):
        """Show shares that there are already.

        Parameters
        ----------
        attributions : array-like of shape (n_rows, n_columns) or \
                (n_rows, height, width[, channels])
            What each column or pixel adds.
        images : array-like of the same shape or None, default=None
            The images that were judged.
        column_names : sequence of str or None, default=None
            Names of the columns; None numbers them.
        row_names : sequence or None, default=None
            Names of the rows; None numbers them.
        n_columns : int, default=5
            Bars of a row, those that move most first.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, or of ``Axes.barh``.

        Returns
        -------
        AttributionDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If images and shares differ in shape, or names are of another number than
            columns or rows.
        """
        display = cls(
            attributions=attributions,
            images=images,
            column_names=column_names,
            row_names=row_names,
            n_columns=n_columns,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw both strips, or the bars.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, for the images; heat maps have
            colours of their own. Of bars, keywords of ``Axes.barh``.

        Returns
        -------
        AttributionDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If images and shares differ in shape, or names are of another number than
            columns or rows.
        """
        shares = np.asarray(self.attributions, dtype=float)
        if self.images is None:
            return self._plot_bars(shares, ax, **kwargs)
        images = _as_images("images", self.images)
        shares = shares.reshape(*shares.shape[:3], -1) if shares.ndim > 2 else shares
        if shares.shape != images.shape:
            raise ValueError(
                f"images and attributions differ in shape: {images.shape} and "
                f"{shares.shape}."
            )
        return self._plot_images(images, shares.sum(axis=3, keepdims=True), ax, kwargs)

    def _plot_images(self, images: NDArray, heat: NDArray, ax, options: dict[str, Any]):
        n, height, width = images.shape[:3]
        low, high = _brightness_range(images)
        span = float(np.abs(heat).max()) or 1.0
        size = (_INCHES * (n + 1.4), _INCHES * 2 + 0.5)
        self.ax_ = get_axes(ax, "AttributionDisplay", size)
        self.figure_ = self.ax_.figure
        limits = {"vmin": low, "vmax": high} if "norm" not in options else {}
        plain: dict[str, Any] = {"interpolation": "nearest", "cmap": "gray", **limits}
        colored = {"cmap": "RdBu_r", "vmin": -span, "vmax": span}
        strips = (_in_a_row(images, low, high), _in_a_row(heat, -span, span))
        step, drawn = height * (1 + _GAP), []
        for place, choice in enumerate((plain | options, {**plain, **colored})):
            top, strip = place * step, strips[place]
            extent = (0, strip.shape[1], top + height, top)
            drawn.append(self.ax_.imshow(strip, **choice | {"extent": extent}))
        self.image_, self.heat_map_ = drawn
        self.ax_.set(xlim=(0, drawn[0].get_extent()[1]), ylim=(step + height, 0))
        names = ["image", "verdict"]
        self.ax_.set_yticks([height / 2, step + height / 2], labels=names)
        rows = self._names("row_names", self.row_names, n, "")
        middles = np.arange(n) * (width + _gap(width)) + width / 2
        self.ax_.set_xticks(middles, labels=rows)
        self.ax_.tick_params(left=False, bottom=False)
        self.ax_.set_frame_on(False)
        return self

    def _plot_bars(self, shares: NDArray, ax, **kwargs):
        if shares.ndim != 2:
            raise ValueError(
                f"attributions has shape {shares.shape}; it must be (n_rows, "
                "n_columns), or come with images of its own shape."
            )
        n, d = shares.shape
        k = min(check_integer("n_columns", self.n_columns, 1), d)
        columns = self._names("column_names", self.column_names, d, "x")
        rows = self._names("row_names", self.row_names, n, "row ")
        most = np.argsort(-np.abs(shares), axis=1, kind="stable")[:, :k]
        places = (np.arange(n)[:, None] * (k + 1) + np.arange(k)).ravel()
        size = (6.4, _BAR_INCHES * n * (k + 1) + 0.8)
        self.ax_ = get_axes(ax, "AttributionDisplay", size)
        self.figure_ = self.ax_.figure
        widths = np.take_along_axis(shares, most, axis=1).ravel()
        colors = [FIRST_COLOR if width >= 0 else SECOND_COLOR for width in widths]
        self.bars_ = self.ax_.barh(places, widths, **{"color": colors} | kwargs)
        self.ax_.set_yticks(places, labels=[columns[j] for j in most.ravel()])
        self.ax_.axvline(0, color="0.5", linewidth=0.8)
        self.ax_.set(
            xlabel="adds to the verdict: right for real, left against it",
            ylim=(n * (k + 1) - 0.5, -0.5),
        )
        for i, row in enumerate(rows):
            place = (1.01, i * (k + 1) + (k - 1) / 2)
            data = ("axes fraction", "data")
            self.ax_.annotate(row, place, xycoords=data, va="center")
        return self

    @staticmethod
    def _names(name: str, given, wanted: int, prefix: str) -> list[str]:
        names = list(range(wanted)) if given is None else list(given)
        if len(names) != wanted:
            raise ValueError(f"{name} must be {wanted}, got {len(names)}.")
        return [f"{prefix}{value}" if given is None else str(value) for value in names]
