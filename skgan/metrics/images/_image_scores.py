"""Images judged by features of a network that no sampler had a hand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skgan._messages import counted
from skgan._validation import check_stream
from skgan.metrics._distances import frechet_distance, kernel_distance
from skgan.metrics._inputs import check_count, draw_rows, draw_seed
from skgan.metrics._memorization import dcr_share
from skgan.metrics._nearest import count_balls, nearest
from skgan.metrics.images._image_features import ImageFeatures

_MAX_IMAGES = 10_000
_MAX_COPIES_LOOKED_FOR = 2000  # pixels are many: each costs as much as ten features
_MIN_IMAGES = 2


class ImageScore(NamedTuple):
    """One figure of synthetic images, and what real ones get.

    Parameters
    ----------
    synthetic : float
        Of synthetic images against test images.
    floor : float
        Of training images against test images, as many of each.
    """

    synthetic: float
    floor: float

    @property
    def ratio(self) -> float:
        """Synthetic over floor; NaN where the floor is not above 0."""
        return self.synthetic / self.floor if self.floor > 0 else float("nan")


class ImageScores(dict):
    """Figures by name, as `image_scores` returns them; printed, a small table.

    Parameters
    ----------
    scores : dict of str to ImageScore
        What was measured.
    n_images : int
        Images of each set.
    """

    def __init__(self, scores: dict[str, ImageScore], n_images: int):
        super().__init__(scores)
        self.n_images = n_images

    def __repr__(self) -> str:
        lines = [f"{self.n_images} images a set", f"{'':18}synthetic    floor   ratio"]
        lines += [
            f"{name:18}{score.synthetic:9.4g}{score.floor:9.4g}{score.ratio:8.3g}"
            for name, score in self.items()
        ]
        return "\n".join(lines)


def image_scores(
    X_train: Any,
    X_test: Any,
    X_synthetic: Any,
    *,
    features: Any = None,
    n_images: int | None = None,
    k: int = 5,
    random_state: Any = None,
) -> ImageScores:
    """Fidelity and diversity of images, each beside what real images get.

    Every set is turned into features by a network that was trained on real images
    alone. Synthetic images are measured against test images; so are training images,
    as many of them, which gives the floor that no sampler can be expected to beat.

    Parameters
    ----------
    X_train : array-like of shape (n_train, height, width[, channels])
        Real images that the sampler was trained on.
    X_test : array-like of shape (n_test, height, width[, channels])
        Real images that it has not seen.
    X_synthetic : array-like of shape (n_synthetic, height, width[, channels])
        Images drawn from the sampler, in the same units.
    features : transformer, callable or None, default=None
        Turns images into features: something fitted with ``transform``, as
        `ImageFeatures`, or a function ``images -> (n, d)``. None fits
        `ImageFeatures` on `X_train`, without labels; give a fitted one to judge
        several samplers by the same features, and one fitted with labels where
        there are any: it sees more. **Never the discriminator of the sampler that is
        judged**: that one was trained to be content with it.
    n_images : int or None, default=None
        Images of each set, drawn at random where there are more. None takes as many
        as the smallest set has, at most 10 000. Distances depend on it: compare at
        equal numbers only.
    k : int, default=5
        Neighbours that the radius of a ball reaches to, in precision, recall,
        density and coverage.
    random_state : int, RandomState instance or None, default=None
        Draws images, and subsets of the kernel distance, and fits `ImageFeatures`.

    Returns
    -------
    scores : ImageScores
        A dict of names to `ImageScore`, each with ``synthetic``, ``floor`` and
        ``ratio``. ``frechet_distance`` and ``kernel_distance`` (less is better);
        ``precision``, ``recall``, ``density`` and ``coverage`` (more is better);
        ``dcr_share``, of images closer to training than to test images, pixel by
        pixel (½ is ideal, 1 means copies).

    Raises
    ------
    ValueError
        If the sets differ in shape or units, have too few images, or `features`
        does not return one row of finite numbers an image.
    TypeError
        If `features` is neither a transformer nor a function.

    Notes
    -----
    The ratio of the Fréchet distance [1]_ to its floor says more than the distance,
    whose unit is that of the features. The kernel distance [2]_ is unbiased: its
    floor is around 0, and the ratio NaN where it is below. What the features cannot
    see is not measured: a figure near the floor is no proof. Time is quadratic in
    `n_images`, memory linear.

    References
    ----------
    .. [1] Heusel, M. et al. (2017). GANs trained by a two time-scale update rule
       converge to a local Nash equilibrium. NeurIPS.
    .. [2] Bińkowski, M. et al. (2018). Demystifying MMD GANs. ICLR.

    Examples
    --------
    >>> from skgan.datasets import load_digit_images
    >>> from skgan.metrics import ImageFeatures, image_scores
    >>> X, y = load_digit_images(return_X_y=True)
    >>> train, test, fresh = X[:600], X[600:1200], X[1200:]
    >>> features = ImageFeatures(max_iter=200, random_state=0).fit(train, y[:600])
    >>> blurred = fresh // 2 + fresh[:, :, ::-1] // 2
    >>> scores = image_scores(train, test, blurred, features=features, random_state=0)
    >>> scores["frechet_distance"].ratio > 5
    True
    """
    check_count("k", k)
    sets = {"X_train": X_train, "X_test": X_test, "X_synthetic": X_synthetic}
    images = {name: _as_images(name, X) for name, X in sets.items()}
    _check_alike(images)
    n = _count_images(n_images, images, k)
    generator = check_stream("random_state", random_state)
    if features is None:
        features = ImageFeatures(random_state=draw_seed(generator)).fit(
            images["X_train"]
        )
    drawn = {name: draw_rows(X, n, generator) for name, X in images.items()}
    extract = _extractor(features)
    train, test, synthetic = (_features_of(extract, *item) for item in drawn.items())
    seed = draw_seed(generator)
    figures, floors = (_figures(test, judged, k, seed) for judged in (synthetic, train))
    scores = {name: ImageScore(figures[name], floors[name]) for name in figures}
    copied = dcr_share(
        *drawn.values(),
        standardize=False,
        max_samples=_MAX_COPIES_LOOKED_FOR,
        random_state=seed,
    )
    # Fresh images are as close to the one set as to the other.
    scores["dcr_share"] = ImageScore(copied, 0.5)
    return ImageScores(scores, n)


def _figures(
    real: np.ndarray, judged: np.ndarray, k: int, seed: int
) -> dict[str, float]:
    """The formulas of `_neighbors`, which share what is quadratic in rows."""
    radii, _ = nearest(real, k=k)
    own_radii, _ = nearest(judged, k=k)
    closest, _ = nearest(real, judged)
    n_balls = count_balls(judged, real, radii)
    n_own_balls = count_balls(real, judged, own_radii)
    return {
        "frechet_distance": frechet_distance(real, judged, standardize=False),
        "kernel_distance": kernel_distance(
            real, judged, standardize=False, random_state=seed
        ),
        "precision": float(np.mean(n_balls > 0)),
        "recall": float(np.mean(n_own_balls > 0)),
        "density": float(np.mean(n_balls) / k),
        "coverage": float(np.mean(closest <= radii)),
    }


def _as_images(name: str, X: Any) -> np.ndarray:
    images = np.asarray(X)
    if images.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold pixels, that is numbers, got {X!r:.80}.")
    if images.ndim not in (3, 4):
        raise ValueError(
            f"{name} must be images of shape (n, height, width[, channels]), got "
            f"{images.shape}; give flat ones their axes back with X.reshape."
        )
    if not np.isfinite(images).all():
        raise ValueError(f"{name} holds NaN or infinity.")
    return images


def _check_alike(images: dict[str, np.ndarray]) -> None:
    test = images["X_test"]
    for name, X in images.items():
        if X.shape[1:] != test.shape[1:]:
            raise ValueError(
                f"{name} has images of shape {X.shape[1:]}, X_test of {test.shape[1:]}."
            )
        if _has_fractions(X) != _has_fractions(test):
            raise ValueError(
                f"Pixels of {name} reach {X.max():g} and those of X_test "
                f"{test.max():g}: give all sets in the same units."
            )


def _has_fractions(X: np.ndarray) -> bool:
    """Whether pixels are shares of the brightest; black images may be anything."""
    return X.dtype.kind == "f" and 0 < float(np.abs(X).max(initial=0)) <= 1


def _count_images(n_images: int | None, images: dict[str, np.ndarray], k: int) -> int:
    sizes = {name: len(X) for name, X in images.items()}
    least = max(_MIN_IMAGES, k + 1)
    for name, size in sizes.items():
        if size < least:
            raise ValueError(f"{name} has {size} image(s), k={k} needs {least}.")
    if n_images is None:
        return min(*sizes.values(), _MAX_IMAGES)
    check_count("n_images", n_images, minimum=least)
    short = [name for name, size in sizes.items() if size < n_images]
    if short:
        raise ValueError(
            f"n_images={n_images}, but {short[0]} has "
            f"{counted(sizes[short[0]], 'image')}; every set needs as many."
        )
    return int(n_images)


def _extractor(features: Any) -> Callable[[np.ndarray], Any]:
    if hasattr(features, "transform") and not isinstance(features, type):
        # A frame where `set_output` asks for one.
        return lambda images: np.asarray(features.transform(images))
    if callable(features) and not isinstance(features, type):
        return features
    raise TypeError(
        "features must be a fitted transformer, a function of images or None, got "
        f"{features!r:.80}."
    )


def _features_of(
    extract: Callable[[np.ndarray], Any], name: str, images: np.ndarray
) -> np.ndarray:
    features = np.asarray(extract(images))
    if (
        features.ndim != 2
        or len(features) != len(images)
        or features.dtype.kind not in "biuf"
    ):
        raise ValueError(
            f"features must return {len(images)} rows of numbers for {name}, one an "
            f"image; it returned {features.dtype} of shape {features.shape}."
        )
    if not np.isfinite(features).all():
        raise ValueError(f"features returned NaN or infinity for {name}.")
    return features.astype(np.float64, copy=False)
