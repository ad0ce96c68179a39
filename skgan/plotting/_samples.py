"""SamplesDisplay: sheets of images, real beside synthetic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._validation import check_stream
from skgan.metrics import nearest
from skgan.plotting._matplotlib import get_axes

_GAP = 1  # pixels between two images of a sheet
_INCHES = 4.0  # side of one sheet
_NEIGHBORS = "synthetic | nearest in training"


class SamplesDisplay:
    """Sheets of images: synthetic ones, with real ones to their left.

    With training images, the one that is nearest stands beside each sample: a sampler
    that copies shows pairs of twins.

    Make it with `from_estimator` or `from_samples`. All parameters are stored as
    attributes.

    Parameters
    ----------
    real : array-like of shape (n_real, height, width[, channels]) or None
        Real images; None draws the synthetic sheet alone.
    synthetic : array-like of shape (n_synthetic, height, width[, channels])
        Images drawn from a sampler. One channel is drawn in greys, three as red,
        green and blue, four with opacity as the fourth.
    neighbors : array-like of the shape of `synthetic`, or None, default=None
        An image for each sample, such as the nearest training image, which touches it
        on its right; None draws the samples alone.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the sheets.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    synthetic_image_ : matplotlib AxesImage
        The sheet of synthetic images, with their neighbours where there are any.
    real_image_ : matplotlib AxesImage or None
        The sheet of real images, if there is one.

    See Also
    --------
    TrainingDisplay : The losses over the updates.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.plotting import SamplesDisplay
    >>> images = np.random.default_rng(0).integers(0, 256, size=(32, 8, 8))
    >>> display = SamplesDisplay.from_samples(images[:16], real=images[16:])
    >>> display.synthetic_image_.get_array().shape
    (35, 35)
    """

    def __init__(self, *, real=None, synthetic, neighbors=None):
        self.real = real
        self.synthetic = synthetic
        self.neighbors = neighbors

    @classmethod
    def from_estimator(
        cls,
        sampler,
        X=None,
        *,
        X_train=None,
        n_samples=64,
        random_state=0,
        ax=None,
        **kwargs,
    ):
        """Draw images from a fitted sampler and show them.

        Parameters
        ----------
        sampler : GANSampler
            Fitted on images of shape (n, height, width[, channels]).
        X : array-like of shape (n_images, height, width[, channels]) or None
            Real images, of which `n_samples` are chosen at random and shown to the
            left; fewer where there are fewer.
        X_train : array-like of shape (n_train, height, width[, channels]) or None
            Training images, of which the nearest one is shown beside each sample.
        n_samples : int, default=64
            Images a sheet.
        random_state : int, RandomState instance or None, default=0
            Fixes the sample and the choice of real images.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``.

        Returns
        -------
        SamplesDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the rows are not images, or the real ones differ in shape.
        """
        rng = check_stream("random_state", random_state)
        synthetic = sampler.sample(n_samples, random_state=rng)
        if isinstance(synthetic, tuple):  # with labels
            synthetic = synthetic[0]
        real = None
        if X is not None:
            X = np.asarray(X)
            real = X[rng.permutation(len(X))[:n_samples]]
        return cls.from_samples(synthetic, real=real, train=X_train, ax=ax, **kwargs)

    @classmethod
    def from_samples(cls, synthetic, *, real=None, train=None, ax=None, **kwargs):
        """Show images that were drawn already, every one of them.

        Parameters
        ----------
        synthetic : array-like of shape (n_synthetic, height, width[, channels])
            Images drawn from a sampler.
        real : array-like of shape (n_real, height, width[, channels]) or None
            Real images, shown to the left.
        train : array-like of shape (n_train, height, width[, channels]) or None
            Training images, of which the nearest one is shown beside each sample; by
            the Euclidean distance between pixels.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``.

        Returns
        -------
        SamplesDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the rows are not images, or the sets differ in shape.
        """
        neighbors = None if train is None else nearest_images(synthetic, train)
        display = cls(real=real, synthetic=synthetic, neighbors=neighbors)
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the sheets.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, such as ``cmap`` of grey
            images (default "gray").

        Returns
        -------
        SamplesDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the rows are not images, or the sets differ in shape.
        """
        sets = self._check_images()
        low, high = _brightness_range(next(iter(sets.values())))
        sheets = self._make_sheets(sets, low, high)
        size = (_INCHES * len(sheets) + 0.2 * (len(sheets) - 1), _INCHES + 0.3)
        self.ax_ = get_axes(ax, "SamplesDisplay", size)
        self.figure_ = self.ax_.figure
        options: dict[str, Any] = {"interpolation": "nearest", "cmap": "gray"}
        if "vmin" not in kwargs and "norm" not in kwargs:
            options |= {"vmin": low, "vmax": high}
        left, bottom, drawn, middles = 0.0, 0, {}, []
        for name, sheet in sheets.items():
            height, width = sheet.shape[:2]
            extent = (left, left + width, height, 0)
            drawn[name] = self.ax_.imshow(
                sheet, **options | kwargs | {"extent": extent}
            )
            middles.append(left + width / 2)
            right, bottom = left + width, max(bottom, height)
            left = right + 0.05 * width
        self.ax_.set(xlim=(0, right), ylim=(bottom, 0), yticks=[])
        # As ticks, the names make room for a title above them.
        self.ax_.set_xticks(middles, labels=list(sheets))
        self.ax_.tick_params(top=False, bottom=False, labeltop=True, labelbottom=False)
        self.ax_.set_frame_on(False)
        self.real_image_ = drawn.get("real")
        self.synthetic_image_ = drawn[list(drawn)[-1]]
        return self

    def _make_sheets(self, sets, low: float, high: float) -> dict[str, NDArray[Any]]:
        """Return a sheet a set; samples stand with their neighbours."""
        sets, neighbors = dict(sets), sets.get("neighbors")
        sheets = {}
        if neighbors is not None:
            synthetic = sets.pop("synthetic")
            del sets["neighbors"]
            n, height, width = synthetic.shape[:3]
            # About as wide as high, with a gap that shows which two belong together.
            gap = max(2, width // 4)
            n_columns = np.sqrt(n * (height + gap) / (2 * width + gap))
            twos = np.concatenate([synthetic, neighbors], axis=2)
            n_columns = max(1, round(n_columns))
            sheets = {_NEIGHBORS: _tile(twos, low, high, n_columns, gap)}
        return {
            name: _tile(images, low, high) for name, images in sets.items()
        } | sheets

    def _check_images(self) -> dict[str, NDArray[Any]]:
        """Return the sets to draw, real first, each (n, height, width, channels)."""
        sets = {} if self.real is None else {"real": _as_images("real", self.real)}
        sets["synthetic"] = _as_images("synthetic", self.synthetic)
        if self.neighbors is not None:
            sets["neighbors"] = _as_images("neighbors", self.neighbors)
            if len(sets["neighbors"]) != len(sets["synthetic"]):
                raise ValueError(
                    f"There are {len(sets['neighbors'])} neighbors of "
                    f"{len(sets['synthetic'])} synthetic images: give one for each."
                )
        _check_alike(sets)
        return sets


def nearest_images(synthetic: Any, train: Any) -> NDArray[Any]:
    """Return the training image that is nearest to each synthetic one."""
    train = np.asarray(train)
    sets = {"synthetic": synthetic, "train": train}
    sets = {name: _as_images(name, images) for name, images in sets.items()}
    _check_alike(sets)
    # Half the memory of float64, and whole numbers of 8 bits stay exact.
    drawn, train_rows = (
        images.reshape(len(images), -1).astype(np.float32) for images in sets.values()
    )
    return train[nearest(drawn, train_rows)[1]]


def _check_alike(sets: dict[str, NDArray[Any]]) -> None:
    shapes = {name: images.shape[1:] for name, images in sets.items()}
    if len(set(shapes.values())) > 1:
        names, sizes = " and ".join(shapes), " and ".join(map(str, shapes.values()))
        raise ValueError(
            f"{names} images differ in (height, width, channels): {sizes}."
        )


def _as_images(name: str, images: Any) -> NDArray[Any]:
    images = np.asarray(images)
    if images.ndim == 2:
        raise ValueError(
            f"{name} has shape {images.shape}: rows, not images. Give it the shape "
            "of images, as in rows.reshape(-1, height, width), or "
            "rows.reshape(-1, height, width, channels) for colour."
        )
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[3] not in (1, 3, 4):
        raise ValueError(
            f"{name} has shape {images.shape}; images have the shape (n, height, "
            "width) or (n, height, width, channels) with 1, 3 or 4 channels, the "
            "channels last."
        )
    if not images.size:
        raise ValueError(f"{name} holds no image: its shape is {images.shape}.")
    return images


def _brightness_range(images: NDArray[Any]) -> tuple[float, float]:
    """Values drawn darkest and brightest, the same for both sheets."""
    if images.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(np.nanmin(images)), float(np.nanmax(images))
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high if high > low else low + 1.0


def _tile(
    images: NDArray[Any],
    low: float,
    high: float,
    n_columns: int | None = None,
    gap: int = _GAP,
) -> NDArray[Any]:
    """One picture of many, about as many rows as columns, gaps transparent."""
    n, height, width, channels = images.shape
    n_columns = n_columns or int(np.ceil(np.sqrt(n)))
    n_rows = -(-n // n_columns)
    step = (height + gap, width + gap)
    images = images.astype(float)
    if channels > 1:
        images = np.clip((images - low) / (high - low), 0, 1)
    if channels == 3:
        images = np.concatenate([images, np.ones_like(images[..., :1])], axis=3)
    empty = np.nan if channels == 1 else 0.0
    sheet = np.full((n_rows * n_columns, *step, images.shape[3]), empty)
    sheet[:n, :height, :width] = images
    sheet = sheet.reshape(n_rows, n_columns, *step, -1).transpose(0, 2, 1, 3, 4)
    sheet = sheet.reshape(n_rows * step[0], n_columns * step[1], -1)
    sheet = sheet[:-gap, :-gap]
    return sheet[..., 0] if channels == 1 else sheet
