"""LatentTraversalDisplay: what each code of a sampler does, image beside image."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgan._validation import check_stream
from skgan.plotting._matplotlib import get_axes
from skgan.plotting._samples import _as_images, _brightness_range, _tile

_INCHES = 0.55  # of an image


class LatentTraversalDisplay:
    """A sheet of images along which a sampler's codes change and nothing else does.

    Make it with `from_estimator`, or with `from_images` of images drawn already. All
    parameters are stored as attributes.

    Parameters
    ----------
    images : array-like of shape (n_rows, n_columns, height, width[, channels])
        What is drawn.
    row_names, column_names : sequence of str or None
        What rows and columns stand for; None names none.
    row_title, column_title : str, default=""
        What changes down the rows, and along the columns.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the sheet.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    image_ : matplotlib AxesImage
        The sheet.

    See Also
    --------
    SamplesDisplay : Samples beside real images.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.plotting import LatentTraversalDisplay
    >>> images = np.random.default_rng(0).integers(0, 256, size=(3, 5, 8, 8))
    >>> display = LatentTraversalDisplay.from_images(images, row_names="abc")
    >>> display.image_.get_array().shape
    (26, 44)
    """

    def __init__(
        self,
        *,
        images,
        row_names=None,
        column_names=None,
        row_title="",
        column_title="",
    ):
        self.images = images
        self.row_names = row_names
        self.column_names = column_names
        self.row_title = row_title
        self.column_title = column_title

    @classmethod
    def from_estimator(
        cls,
        sampler,
        *,
        code=0,
        category=None,
        n_columns=10,
        random_state=0,
        ax=None,
        **kwargs,
    ):
        """Draw images whose codes change step by step, and show them.

        Parameters
        ----------
        sampler : InfoGANSampler
            Fitted on images of shape (n, height, width[, channels]).
        code : int or None, default=0
            Which continuous code goes from -1 to 1 along the columns, while the
            others are 0; a row has one latent. None takes another latent and other
            continuous codes for each column, the same for all categories.
        category : int or None, default=None
            None draws a row for each category. An integer draws a row for each
            continuous code, of this category; `code` is not looked at then.
        n_columns : int, default=10
            Steps, or latents.
        random_state : int, RandomState instance or None, default=0
            Fixes the latents.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``.

        Returns
        -------
        LatentTraversalDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the sampler has no codes.
        ValueError
            If the sampler has no such code or category, or its rows are not images.
        """
        check_is_fitted(sampler)
        net = sampler.net_
        if not hasattr(net, "n_categories"):
            raise TypeError(
                f"{type(sampler).__name__} has no codes to change; give an "
                "InfoGANSampler."
            )
        if not 0 <= (category or 0) < net.n_categories:
            raise ValueError(
                f"category={category} must be None or from 0 to {net.n_categories - 1}."
            )
        is_swept = category is not None or code is not None
        if is_swept and not 0 <= (code or 0) < net.n_continuous:
            raise ValueError(
                f"code={code}: the sampler has {net.n_continuous} continuous codes, "
                "counted from 0; None changes the latent instead."
            )
        seed = int(check_stream("random_state", random_state).randint(2**31 - 1))
        if not is_swept:
            images = np.stack(
                [
                    sampler.sample(codes=[row] * n_columns, random_state=seed)
                    for row in range(net.n_categories)
                ]
            )
            steps: dict[str, Any] = {"column_title": "latent"}
        else:
            values = np.linspace(-1, 1, n_columns)
            images = np.stack(
                [
                    sampler.sample(
                        codes=_codes(net, code, category, value), random_state=seed
                    )
                    for value in values
                ],
                axis=1,
            )
            title = f"code {code}" if category is None else "its value"
            names = [f"{value:.1f}" for value in values]
            steps = {"column_title": title, "column_names": names}
        title = "category" if category is None else f"category {category}: code"
        names = [str(row) for row in range(len(images))]
        steps |= {"row_title": title, "row_names": names}
        return cls(images=images, **steps).plot(ax=ax, **kwargs)

    @classmethod
    def from_images(
        cls,
        images,
        *,
        row_names=None,
        column_names=None,
        row_title="",
        column_title="",
        ax=None,
        **kwargs,
    ):
        """Show images that were drawn already.

        Parameters
        ----------
        images : array-like of shape (n_rows, n_columns, height, width[, channels])
            What is drawn.
        row_names, column_names : sequence of str or None
            What rows and columns stand for; None names none.
        row_title, column_title : str, default=""
            What changes down the rows, and along the columns.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``.

        Returns
        -------
        LatentTraversalDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If these are not images in rows and columns, or names are missing.
        """
        display = cls(
            images=images,
            row_names=row_names,
            column_names=column_names,
            row_title=row_title,
            column_title=column_title,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the sheet.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.imshow``, such as ``cmap`` of grey
            images (default "gray").

        Returns
        -------
        LatentTraversalDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If these are not images in rows and columns, or names are missing.
        """
        grid = np.asarray(self.images)
        if grid.ndim < 4:
            raise ValueError(
                f"images has shape {grid.shape}; it must be (n_rows, n_columns, "
                "height, width[, channels])."
            )
        n_rows, n_columns = grid.shape[:2]
        images = _as_images("images", grid.reshape(-1, *grid.shape[2:]))
        low, high = _brightness_range(images)
        sheet = _tile(images, low, high, n_columns)
        size = (_INCHES * n_columns + 0.7, _INCHES * n_rows + 0.6)
        self.ax_ = get_axes(ax, "LatentTraversalDisplay", size)
        self.figure_ = self.ax_.figure
        options: dict[str, Any] = {"interpolation": "nearest", "cmap": "gray"}
        if "vmin" not in kwargs and "norm" not in kwargs:
            options |= {"vmin": low, "vmax": high}
        self.image_ = self.ax_.imshow(sheet, **options | kwargs)
        for axis, names, step, n in (
            (self.ax_.yaxis, self.row_names, images.shape[1] + 1, n_rows),
            (self.ax_.xaxis, self.column_names, images.shape[2] + 1, n_columns),
        ):
            names = [] if names is None else list(names)
            if names and len(names) != n:
                raise ValueError(
                    f"There are {len(names)} names for {n} rows of images."
                )
            middles = np.arange(len(names)) * step + step / 2 - 1
            axis.set_ticks(middles, labels=names)
        self.ax_.set(xlabel=self.column_title, ylabel=self.row_title)
        self.ax_.tick_params(length=0)
        self.ax_.set_frame_on(False)
        return self


def _codes(net, code, category, value):
    """Codes of one column: of each category, or of each continuous code."""
    n_rows = net.n_categories if category is None else net.n_continuous
    codes = np.zeros((n_rows, 1 + net.n_continuous))
    codes[:, 0] = np.arange(n_rows) if category is None else category
    rows = np.arange(n_rows)
    codes[rows, 1 + (code if category is None else rows)] = value
    return codes
