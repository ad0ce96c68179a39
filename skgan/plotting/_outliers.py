"""OutlierDisplay: images, what a detector makes of them, and the difference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._validation import check_integer
from skgan.plotting._matplotlib import get_axes
from skgan.plotting._samples import _as_images, _brightness_range

_GAP = 0.08  # of an image's side, between two images
_INCHES = 0.9  # side of one image


class OutlierDisplay:
    """Images above their reconstructions, and the residuals below.

    Make it with `from_estimator` or `from_images`. All parameters are stored as
    attributes.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width[, channels])
        What was looked at. One channel is drawn in greys, three as red, green and
        blue.
    reconstructions : array-like of the same shape
        What the detector's generator makes in their place.
    scores : array-like of shape (n_images,) or None, default=None
        What is written below each image, such as ``decision_function``: negative for
        outliers.

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

    def __init__(self, *, images, reconstructions, scores=None):
        self.images = images
        self.reconstructions = reconstructions
        self.scores = scores

    @classmethod
    def from_estimator(cls, detector, X, *, n_images=8, ax=None, **kwargs):
        """Show the images that a fitted detector finds oddest.

        Parameters
        ----------
        detector : GANOutlierDetector
            Fitted on images of shape (n, height, width[, channels]).
        X : array-like of shape (n_samples, height, width[, channels])
            Images.
        n_images : int, default=8
            How many of them are shown, the oddest first; all if there are fewer.
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
        sklearn.exceptions.NotFittedError
            If the detector is not fitted.
        ValueError
            If the rows are not images.
        """
        n_images = check_integer("n_images", n_images, 1)
        X = np.asarray(X)
        decisions = detector.decision_function(X)
        oddest = np.argsort(decisions, kind="stable")[:n_images]
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

    def plot(self, ax=None, **kwargs):
        """Draw the three strips.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, such as ``cmap`` of grey
            images (default "gray"); residuals have colours of their own.

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
        self._label(n, height, step, width)
        return self

    def _label(self, n: int, height: int, step: float, width: int) -> None:
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
                f"{len(self.scores)} scores were given for {len(images)} images."
            )
        return images, made


def _gap(width: int) -> int:
    return max(1, round(_GAP * width))


def _in_a_row(images: NDArray[Any], low: float, high: float) -> NDArray[Any]:
    """One strip of images, gaps transparent."""
    n, height, width, channels = images.shape
    step = width + _gap(width)
    images = images.astype(float)
    if channels > 1:
        images = np.clip((images - low) / (high - low), 0, 1)
    if channels == 3:
        images = np.concatenate([images, np.ones_like(images[..., :1])], axis=3)
    gap = np.nan if channels == 1 else 0.0
    strip = np.full((height, n, step, images.shape[3]), gap)
    strip[:, :, :width] = images.transpose(1, 0, 2, 3)
    strip = strip.reshape(height, n * step, -1)[:, : n * step - _gap(width)]
    return strip[..., 0] if channels == 1 else strip
