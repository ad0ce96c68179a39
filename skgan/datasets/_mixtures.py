"""Mixtures of Gaussians with known modes: the standard tests of mode collapse."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan._validation import check_stream


def make_ring(
    n_samples: int = 100,
    *,
    n_modes: int = 8,
    radius: float = 1.0,
    scale: float = 0.01,
    angle: float = 0.0,
    return_centers: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[Any], ...]:
    """Draw from a mixture of Gaussians spaced evenly on a circle.

    A standard test of mode collapse: the modes are narrow, far apart and equally
    likely, so a sampler that loses one is easily found out.

    Parameters
    ----------
    n_samples : int, default=100
        Number of points, at least 1. Each picks its mode independently, so that
        the modes hold about, not exactly, as many points each.

    n_modes : int, default=8
        Number of Gaussians on the circle, at least 1.

    radius : float, default=1.0
        Radius of the circle, at least 0.

    scale : float, default=0.01
        Standard deviation of each Gaussian in either direction, at least 0. 0 puts
        every point on its centre.

    angle : float, default=0.0
        Rotation of the whole ring about the origin, in radians, counterclockwise.

    return_centers : bool, default=False
        If True, the centres are returned as well.

    random_state : int, RandomState instance or None, default=None
        Seed of the draw. Pass an int for the same points on every call.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), dtype float64
        The points.

    y : ndarray of shape (n_samples,), dtype int64
        The index of the mode that each point comes from.

    centers : ndarray of shape (n_modes, 2), dtype float64
        The centre of each mode. Only returned if `return_centers` is True.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    make_grid : The same on a square grid.

    Notes
    -----
    With the defaults this is the "2D-ring" of [1]_, Section 4.1. A share of
    ``1 - exp(-4.5)``, that is 98.9 %, of the true mixture lies within three
    standard deviations of its centre.

    References
    ----------
    .. [1] Z. Lin, A. Khetan, G. Fanti, S. Oh, "PacGAN: The power of two samples in
       generative adversarial networks", NeurIPS 2018.

    Examples
    --------
    >>> from skgan.datasets import make_ring
    >>> X, y, centers = make_ring(1000, n_modes=4, return_centers=True, random_state=0)
    >>> X.shape, y.shape
    ((1000, 2), (1000,))
    >>> centers.round(2) + 0.0
    array([[ 1.,  0.],
           [ 0.,  1.],
           [-1.,  0.],
           [ 0., -1.]])
    """
    _check_integer("n_modes", n_modes)
    _check_real("radius", radius, minimum=0)
    _check_real("angle", angle)
    turn = 2 * np.pi * np.arange(n_modes) / n_modes + angle
    centers = radius * np.column_stack([np.cos(turn), np.sin(turn)])
    return _draw_mixture(centers, n_samples, scale, return_centers, random_state)


def make_grid(
    n_samples: int = 100,
    *,
    n_per_side: int = 5,
    spacing: float = 2.0,
    scale: float = 0.05,
    angle: float = 0.0,
    return_centers: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[Any], ...]:
    """Draw from a mixture of Gaussians on a square grid around the origin.

    Rotated, it is the harder test: each column on its own then looks like a blur,
    and only a model of both together finds the modes.

    Parameters
    ----------
    n_samples : int, default=100
        Number of points, at least 1. Each picks its mode independently, so that
        the modes hold about, not exactly, as many points each.

    n_per_side : int, default=5
        Number of Gaussians along either side, at least 1; the mixture has
        ``n_per_side ** 2`` modes.

    spacing : float, default=2.0
        Distance between neighbouring centres, at least 0.

    scale : float, default=0.05
        Standard deviation of each Gaussian in either direction, at least 0. 0 puts
        every point on its centre.

    angle : float, default=0.0
        Rotation of the whole grid about the origin, in radians, counterclockwise.

    return_centers : bool, default=False
        If True, the centres are returned as well.

    random_state : int, RandomState instance or None, default=None
        Seed of the draw. Pass an int for the same points on every call.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), dtype float64
        The points.

    y : ndarray of shape (n_samples,), dtype int64
        The index of the mode that each point comes from. The first coordinate
        changes slowest; both rise.

    centers : ndarray of shape (n_per_side ** 2, 2), dtype float64
        The centre of each mode. Only returned if `return_centers` is True.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    make_ring : The same on a circle.

    Notes
    -----
    With the defaults this is the "2D-grid" of [1]_, Section 4.1: 25 modes on
    {-4, -2, 0, 2, 4} squared.

    References
    ----------
    .. [1] Z. Lin, A. Khetan, G. Fanti, S. Oh, "PacGAN: The power of two samples in
       generative adversarial networks", NeurIPS 2018.

    Examples
    --------
    >>> from skgan.datasets import make_grid
    >>> X, y, centers = make_grid(
    ...     1000, n_per_side=2, return_centers=True, random_state=0
    ... )
    >>> centers
    array([[-1., -1.],
           [-1.,  1.],
           [ 1., -1.],
           [ 1.,  1.]])
    >>> bool((abs(X - centers[y]) < 0.5).all())
    True
    """
    _check_integer("n_per_side", n_per_side)
    _check_real("spacing", spacing, minimum=0)
    _check_real("angle", angle)
    side = spacing * (np.arange(n_per_side) - (n_per_side - 1) / 2)
    corners = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    cosine, sine = np.cos(angle), np.sin(angle)
    centers = corners @ np.array([[cosine, sine], [-sine, cosine]])
    return _draw_mixture(centers, n_samples, scale, return_centers, random_state)


def _draw_mixture(
    centers: NDArray[np.float64],
    n_samples: int,
    scale: float,
    return_centers: bool,
    random_state: int | np.random.RandomState | None,
) -> tuple[NDArray[Any], ...]:
    """Draw from equally likely, equally wide Gaussians around `centers`."""
    _check_integer("n_samples", n_samples)
    _check_real("scale", scale, minimum=0)
    rng = check_stream("random_state", random_state)
    y = rng.randint(len(centers), size=n_samples, dtype=np.int64)
    X = centers[y] + scale * rng.standard_normal((n_samples, centers.shape[1]))
    return (X, y, centers) if return_centers else (X, y)


def _check_integer(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, got {value!r}.")


def _check_real(name: str, value: Any, minimum: float = -np.inf) -> None:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not np.isfinite(value) or value < minimum:
        least = f" of at least {minimum}" if minimum > -np.inf else ""
        raise ValueError(f"{name} must be a finite number{least}, got {value!r}.")
