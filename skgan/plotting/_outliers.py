"""OutlierDisplay: images beside their reconstructions, or columns of odd rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._messages import counted
from skgan._validation import check_integer
from skgan.frames import as_rows, take_rows
from skgan.plotting._matplotlib import get_axes
from skgan.plotting._samples import _as_images, _brightness_range, _tile

_GAP = 0.08  # of an image's side, between two images
_INCHES = 0.9  # side of one image
_BAR_INCHES = 0.22  # height of one bar


class OutlierDisplay:
    """Images above their reconstructions, or bars of the columns of odd rows.

    Of images, residuals are below. Of rows of columns, bars show what the columns that
    are oddest add to minus the score. Make it with `from_estimator`, `from_images` or
    `from_contributions`. All parameters are stored as attributes.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width[, channels])
        What was looked at. One channel is drawn in greys, three as red, green and
        blue.
    reconstructions : array-like of the same shape
        What the detector's generator makes in their place.
    scores : array-like of shape (n_images,) or None, default=None
        What is written at each image or row, such as ``decision_function``: negative
        for outliers.
    contributions : array-like of shape (n_rows, n_columns) or None, default=None
        What each column adds to how odd a row is, in place of images.
    column_names : sequence of str or None, default=None
        Names of the columns; None numbers them.
    row_names : sequence or None, default=None
        Names of the rows; None numbers them.
    n_columns : int, default=3
        Bars of a row.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the pictures.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    image_, reconstruction_, residual_ : matplotlib AxesImage
        The three strips, an image beside the other. Residuals are the means of
        ``image - reconstruction`` over the channels: red where the image is brighter,
        blue where it is darker.
    bars_ : matplotlib BarContainer
        The bars, those of a row one below the other.

    See Also
    --------
    SamplesDisplay : Images that a sampler draws.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.plotting import OutlierDisplay
    >>> images = np.random.default_rng(0).integers(0, 256, size=(6, 8, 8))
    >>> display = OutlierDisplay.from_images(images, images[::-1])
    >>> len(display.ax_.images)
    3
    """

    def __init__(
        self,
        *,
        images=None,
        reconstructions=None,
        scores=None,
        contributions=None,
        column_names=None,
        row_names=None,
        n_columns=3,
    ):
        self.images = images
        self.reconstructions = reconstructions
        self.scores = scores
        self.contributions = contributions
        self.column_names = column_names
        self.row_names = row_names
        self.n_columns = n_columns

    @classmethod
    def from_estimator(cls, detector, X, *, n_images=8, ax=None, **kwargs):
        """Show the images, or rows, that a fitted detector finds oddest.

        Parameters
        ----------
        detector : GANOutlierDetector
            Fitted on images of shape (n, height, width[, channels]), or on vectors or
            tables.
        X : array-like or DataFrame of shape (n_samples, ...)
            Images or rows.
        n_images : int, default=8
            How many of them are shown, the oddest first; all if there are fewer.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, or of ``Axes.barh``.

        Returns
        -------
        OutlierDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the detector is not fitted.
        ValueError
            If vectors are scored by their reconstruction.
        """
        n_images = check_integer("n_images", n_images, 1)
        X = as_rows(X)
        decisions = detector.decision_function(X)
        oddest = np.argsort(decisions, kind="stable")[:n_images]
        if hasattr(detector, "columns_"):
            return cls.from_contributions(
                detector.explain(take_rows(X, oddest)),
                column_names=getattr(detector, "feature_names_in_", None),
                row_names=oddest,
                scores=decisions[oddest],
                ax=ax,
                **kwargs,
            )
        X = np.asarray(X)
        return cls.from_images(
            X[oddest],
            detector.reconstruct(X[oddest]),
            scores=decisions[oddest],
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_images(cls, images, reconstructions, *, scores=None, ax=None, **kwargs):
        """Show images and reconstructions that there are already.

        Parameters
        ----------
        images : array-like of shape (n_images, height, width[, channels])
            What was looked at.
        reconstructions : array-like of the same shape
            What stands in their place.
        scores : array-like of shape (n_images,) or None, default=None
            What is written below each.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``.

        Returns
        -------
        OutlierDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the rows are not images, or the two sets differ in shape, or in length
            from the scores.
        """
        display = cls(images=images, reconstructions=reconstructions, scores=scores)
        return display.plot(ax=ax, **kwargs)

    @classmethod
    def from_contributions(
        cls,
        contributions,
        *,
        column_names=None,
        row_names=None,
        scores=None,
        n_columns=3,
        ax=None,
        **kwargs,
    ):
        """Show what columns add to how odd rows are.

        Parameters
        ----------
        contributions : array-like of shape (n_rows, n_columns)
            Such as ``explain`` of a detector.
        column_names : sequence of str or None, default=None
            Names of the columns; None numbers them.
        row_names : sequence or None, default=None
            Names of the rows; None numbers them.
        scores : array-like of shape (n_rows,) or None, default=None
            What is written at each row.
        n_columns : int, default=3
            Bars of a row, the oddest column first; all if there are fewer.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.barh``.

        Returns
        -------
        OutlierDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If names or scores are of another number than columns or rows.
        """
        display = cls(
            scores=scores,
            contributions=contributions,
            column_names=column_names,
            row_names=row_names,
            n_columns=n_columns,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the three strips, or the bars.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, such as ``cmap`` of grey
            images (default "gray"); residuals have colours of their own. Of bars,
            keywords of ``Axes.barh``.

        Returns
        -------
        OutlierDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the rows are not images, or the two sets differ in shape, or in length
            from the scores.
        """
        if self.contributions is not None:
            return self._plot_bars(ax, **kwargs)
        images, made = self._check_images()
        low, high = _brightness_range(images)
        span = high - low
        gaps = (images.astype(float) - made.astype(float)).mean(axis=3, keepdims=True)
        n, height, width = images.shape[:3]
        self.ax_ = get_axes(
            ax, "OutlierDisplay", (_INCHES * (n + 1.4), _INCHES * 3 + 0.4)
        )
        self.figure_ = self.ax_.figure
        limits = {"vmin": low, "vmax": high} if "norm" not in kwargs else {}
        plain: dict[str, Any] = {"interpolation": "nearest", "cmap": "gray", **limits}
        colored = {"cmap": "RdBu_r", "vmin": -span, "vmax": span}
        drawn = []
        step = height * (1 + _GAP)
        for place, (strip, options) in enumerate(
            [
                (_in_a_row(images, low, high), plain | kwargs),
                (_in_a_row(made, low, high), plain | kwargs),
                (_in_a_row(gaps, low, high), {**plain, **colored}),
            ]
        ):
            top = place * step
            extent = (0, strip.shape[1], top + height, top)
            drawn.append(self.ax_.imshow(strip, **options | {"extent": extent}))
        self.image_, self.reconstruction_, self.residual_ = drawn
        self.ax_.set(xlim=(0, drawn[0].get_extent()[1]), ylim=(2 * step + height, 0))
        self._label(height, step, width)
        return self

    def _plot_bars(self, ax, **kwargs):
        shares, columns, rows = self._check_contributions()
        n, k = len(shares), min(self.n_columns, shares.shape[1])
        oddest = np.argsort(-shares, axis=1, kind="stable")[:, :k]
        places = (np.arange(n)[:, None] * (k + 1) + np.arange(k)).ravel()
        self.ax_ = get_axes(
            ax, "OutlierDisplay", (6.4, _BAR_INCHES * n * (k + 1) + 0.8)
        )
        self.figure_ = self.ax_.figure
        widths = np.take_along_axis(shares, oddest, axis=1).ravel()
        self.bars_ = self.ax_.barh(places, widths, **kwargs)
        names = [columns[j] for j in oddest.ravel()]
        self.ax_.set_yticks(places, labels=names)
        self.ax_.set(xlabel="adds to minus the score", ylim=(n * (k + 1) - 0.5, -0.5))
        scores = [""] * n if self.scores is None else [f"{s:.2f}" for s in self.scores]
        for i, (row, score) in enumerate(zip(rows, scores, strict=True)):
            self.ax_.annotate(
                f"row {row}  {score}".rstrip(),
                (1.01, i * (k + 1) + (k - 1) / 2),
                xycoords=("axes fraction", "data"),
                va="center",
            )
        return self

    def _check_contributions(self) -> tuple[NDArray[Any], list[str], list]:
        shares = np.asarray(self.contributions, dtype=float)
        if shares.ndim != 2:
            raise ValueError(f"contributions must have two axes, got {shares.ndim}.")
        n, d = shares.shape
        columns, rows = self.column_names, self.row_names
        columns = [f"x{j}" for j in range(d)] if columns is None else list(columns)
        rows = list(range(n)) if rows is None else list(rows)
        given: list[tuple[str, Any, int]] = [
            ("column_names", columns, d),
            ("row_names", rows, n),
            ("scores", self.scores if self.scores is not None else rows, n),
        ]
        for name, values, wanted in given:
            if len(values) != wanted:
                raise ValueError(f"{name} must be {wanted}, got {len(values)}.")
        return shares, [str(name) for name in columns], rows

    def _label(self, height: int, step: float, width: int) -> None:
        ax = self.ax_
        names = ["image", "reconstruction", "residual"]
        ax.set_yticks([place * step + height / 2 for place in range(3)], labels=names)
        texts = [] if self.scores is None else [f"{s:.2f}" for s in self.scores]
        middles = [i * (width + _gap(width)) + width / 2 for i in range(len(texts))]
        ax.set_xticks(middles, labels=texts)
        ax.tick_params(left=False, bottom=False)
        ax.set_frame_on(False)

    def _check_images(self) -> tuple[NDArray[Any], NDArray[Any]]:
        images = _as_images("images", self.images)
        made = _as_images("reconstructions", self.reconstructions)
        if images.shape != made.shape:
            raise ValueError(
                "images and reconstructions differ in shape: "
                f"{images.shape} and {made.shape}."
            )
        if self.scores is not None and len(self.scores) != len(images):
            raise ValueError(
                f"scores has {counted(len(self.scores), 'number')} for "
                f"{counted(len(images), 'image')}."
            )
        return images, made


def _gap(width: int) -> int:
    return max(1, round(_GAP * width))


def _in_a_row(images: NDArray[Any], low: float, high: float) -> NDArray[Any]:
    """One strip of images, gaps transparent."""
    return _tile(images, low, high, len(images), _gap(images.shape[2]))
