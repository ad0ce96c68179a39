"""EmbeddingDisplay: real and synthetic rows together in two dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from skgan._validation import check_integer, check_stream
from skgan.metrics import ReferenceSpace
from skgan.plotting._comparison import draw_rows
from skgan.plotting._matplotlib import FIRST_COLOR, SECOND_COLOR, get_axes


class EmbeddingDisplay:
    """Real and synthetic rows in the plane of their two principal components.

    Rows of any kind, tables and images too, are placed in the space in which
    ``score`` measures (`skgan.metrics.ReferenceSpace`, fitted on the real rows), and
    the components are those of as many real as synthetic rows.

    Make it with `from_estimator` or `from_samples`. All parameters are stored as
    attributes.

    Parameters
    ----------
    real, synthetic : array-like of shape (n_points, 2)
        Coordinates of the rows.
    explained_variance_ratio : sequence of two float or None, default=None
        Shares of the variance along both axes, written at them.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the points.
    figure_ : matplotlib Figure
        Figure that holds the axes.
    real_points_, synthetic_points_ : matplotlib PathCollection
        The points.

    See Also
    --------
    MarginalsDisplay : One column at a time.

    Notes
    -----
    Two components show where modes are missing or made up; rows that agree in the
    plane can differ in all other directions.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.plotting import EmbeddingDisplay
    >>> rng = np.random.default_rng(0)
    >>> real, synthetic = rng.normal(size=(2, 100, 5))
    >>> display = EmbeddingDisplay.from_samples(synthetic, real=real)
    >>> display.real_points_.get_offsets().shape
    (100, 2)
    """

    def __init__(self, *, real, synthetic, explained_variance_ratio=None):
        self.real = real
        self.synthetic = synthetic
        self.explained_variance_ratio = explained_variance_ratio

    @classmethod
    def from_estimator(
        cls,
        sampler,
        X,
        *,
        max_points=1000,
        random_state=0,
        ax=None,
        **kwargs,
    ):
        """Draw rows from a fitted sampler and show them among those of `X`.

        Parameters
        ----------
        sampler : GANSampler
            Fitted; any estimator with a method ``sample`` will do.
        X : array-like or DataFrame of shape (n_rows, ...)
            Real rows, best held out.
        max_points : int, default=1000
            Rows of each set at most; of more, so many are chosen at random.
        random_state : int, RandomState instance or None, default=0
            Fixes the sample and the choice.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.scatter``, for both sets.

        Returns
        -------
        EmbeddingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the sampler is not fitted.
        """
        max_points = check_integer("max_points", max_points, 1)
        rng = check_stream("random_state", random_state)
        n_samples = min(len(X), max_points)
        return cls.from_samples(
            draw_rows(sampler, X, n_samples, rng),
            real=X,
            max_points=max_points,
            random_state=rng,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_samples(
        cls,
        synthetic,
        *,
        real,
        max_points=1000,
        random_state=0,
        ax=None,
        **kwargs,
    ):
        """Show rows that were drawn already.

        Parameters
        ----------
        synthetic : array-like or DataFrame of shape (n_synthetic, ...)
            Rows drawn from a sampler.
        real : array-like or DataFrame of shape (n_real, ...)
            Real rows.
        max_points : int, default=1000
            Rows of each set at most; as many are chosen of one set as of the other.
        random_state : int, RandomState instance or None, default=0
            Fixes the choice.
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.scatter``, for both sets.

        Returns
        -------
        EmbeddingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a set is empty, or the columns differ.
        """
        max_points = check_integer("max_points", max_points, 1)
        space = ReferenceSpace().fit(real)
        vectors = [space.transform(rows) for rows in (real, synthetic)]
        n = min(max_points, *map(len, vectors))
        if not n:
            raise ValueError("synthetic has no rows.")
        rng = check_stream("random_state", random_state)
        vectors = [rows[rng.permutation(len(rows))[:n]] for rows in vectors]
        points, shares = _principal_plane(np.vstack(vectors))
        display = cls(
            real=points[:n], synthetic=points[n:], explained_variance_ratio=shares
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the points, synthetic ones over real ones.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.
        **kwargs
            Keywords of ``matplotlib.axes.Axes.scatter``, for both sets.

        Returns
        -------
        EmbeddingDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the points are not of two coordinates.
        """
        sets = {"real": np.asarray(self.real), "synthetic": np.asarray(self.synthetic)}
        for name, points in sets.items():
            if points.ndim != 2 or points.shape[1] != 2:
                raise ValueError(
                    f"{name} has shape {points.shape}, not (n_points, 2); rows go to "
                    "EmbeddingDisplay.from_samples."
                )
        self.ax_ = get_axes(ax, "EmbeddingDisplay", (5.0, 4.5))
        self.figure_ = self.ax_.figure
        drawn = []
        for (name, points), color in zip(
            sets.items(), (FIRST_COLOR, SECOND_COLOR), strict=True
        ):
            look = {"color": color, "label": name, "s": 12, "alpha": 0.5}
            look |= {"linewidths": 0} | kwargs
            drawn.append(self.ax_.scatter(points[:, 0], points[:, 1], **look))
        self.real_points_, self.synthetic_points_ = drawn
        texts = ["first component", "second component"]
        if self.explained_variance_ratio is not None:
            ratios = zip(texts, self.explained_variance_ratio, strict=True)
            texts = [f"{text} ({ratio:.0%} of variance)" for text, ratio in ratios]
        self.ax_.set(xlabel=texts[0], ylabel=texts[1])
        legend = self.ax_.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False
        )
        for handle in legend.legend_handles:
            handle.set(alpha=1, sizes=[30])
        return self


def _principal_plane(vectors: NDArray) -> tuple[NDArray, NDArray]:
    """Return coordinates along the first two components, and shares of variance."""
    if not np.ptp(vectors, axis=0).any():
        return np.zeros((len(vectors), 2)), np.zeros(2)
    pca = PCA(min(2, *vectors.shape), svd_solver="full").fit(vectors)
    pca.set_output(transform="default")
    points, shares = np.zeros((len(vectors), 2)), np.zeros(2)
    points[:, : pca.n_components_] = pca.transform(vectors)
    shares[: pca.n_components_] = pca.explained_variance_ratio_
    return points, shares
