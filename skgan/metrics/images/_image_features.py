"""ImageFeatures: features of images, learnt on the spot from real ones."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from skgan._estimator import VersionedEstimator
from skgan._messages import counted
from skgan._torch_globals import torch_defaults
from skgan._validation import check_integer, check_real, check_stream
from skgan.encoding import ImageEncoder
from skgan.frames import as_rows
from skgan.metrics._inputs import draw_seed
from skgan.metrics.images._image_network import (
    FeatureNetwork,
    class_task,
    learn,
    pairs_task,
)

_PART = 10_000  # images encoded at a time
_BATCH = 256  # images whose features are worked out at a time


class ImageFeatures(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, VersionedEstimator
):
    """Features of images, learnt from real ones by a small convolutional network.

    Distances between samples want features, and pretrained networks are large, come
    over a network and know photographs. This one is trained on the images at hand,
    in half a minute of one core for MNIST, a minute without labels, and in seconds for
    digits of 8 x 8.

    Parameters
    ----------
    n_features : int, default=64
        Width of the features.
    shape : tuple of int or None, default=None
        ``(height, width)`` or ``(height, width, channels)`` of images handed over
        flat. None reads it off X's trailing axes; flat rows without a shape count
        as one line of pixels.
    max_iter : int, default=1000
        Updates of the network. More make the features more faithful to the task.
    batch_size : int, default=128
        Images an update.
    learning_rate : float, default=0.003
        The highest, of Adam; it rises and falls over the fit [1]_.
    random_state : int, RandomState instance or None, default=None
        Fixes initial weights and batches. The global random streams are not touched.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or None
        The classes, sorted; None if it was fitted without labels.
    encoder_ : ImageEncoder
        What scales pixels.
    weights_ : dict of str to ndarray
        Of the network.
    center_ : ndarray of shape (n_features,)
        Mean of the network's features over the images given to ``fit``.
    scale_ : float
        Their root mean square deviation from it.
    n_iter_ : int
        Updates done.
    n_features_in_ : int
        Pixels of an image.

    See Also
    --------
    image_scores : Judges synthetic images by such features.

    Notes
    -----
    With labels the network learns to tell the classes, and features are what its last
    hidden layer says. Without, it learns to tell which two of many views, each turned,
    sheared, shifted and zoomed a little, show the same image [2]_. Such features see
    what labelled ones see, but less of it: on MNIST, three digits left out make the
    Fréchet distance 20 times its floor, and 63 times by labelled features. Predicting
    how images were turned and mirrored, or compressing them, saw dropped digits less
    (14 and 12 times). What the views differ in, small shifts above all, such features
    hardly see.

    Features are centred and divided by one number, so that their variances sum to
    their number on the images given to ``fit``: a Fréchet distance has that for a
    yardstick. They are those of this network on this data: distances of different
    networks do not compare, and no network sees everything.

    References
    ----------
    .. [1] Smith, L. N. and Topin, N. (2018). Super-convergence: very fast training of
       neural networks using large learning rates. arXiv 1708.07120.
    .. [2] Chen, T. et al. (2020). A simple framework for contrastive learning of
       visual representations. ICML.

    Examples
    --------
    >>> from skgan.datasets import load_digit_images
    >>> from skgan.metrics import ImageFeatures
    >>> X, y = load_digit_images(return_X_y=True)
    >>> features = ImageFeatures(n_features=8, max_iter=20, random_state=0)
    >>> features.fit(X, y).transform(X[:5]).shape
    (5, 8)
    """

    def __init__(
        self,
        n_features=64,
        *,
        shape=None,
        max_iter=1000,
        batch_size=128,
        learning_rate=3e-3,
        random_state=None,
    ):
        self.n_features = n_features
        self.shape = shape
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @torch_defaults()
    def fit(self, X, y=None):
        """Learn features of images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width[, channels]) or \
                (n_samples, n_pixels)
            Real images, at least 2.
        y : array-like of shape (n_samples,), default=None
            Classes that the network learns to tell; None has it learn without.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X holds no finite numbers, or y not one class an image.
        """
        self._check_parameters()
        X = as_rows(X)
        encoder = ImageEncoder(shape=self.shape)
        encoder.check_features(self, X, reset=True)
        images = _encode(encoder.fit(X), X)
        classes, task = None, pairs_task()
        if y is not None:
            classes, codes = _read_classes(y, len(images))
            task = class_task(codes, len(classes))
        seed = draw_seed(check_stream("random_state", self.random_state))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = FeatureNetwork(
                encoder.tensor_shape_, self.n_features, task.n_outputs
            )
        learn(
            network,
            images,
            task,
            max_iter=self.max_iter,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random=torch.Generator().manual_seed(seed),
        )
        self.encoder_, self.classes_ = encoder, classes
        self.weights_ = {
            name: weights.numpy() for name, weights in network.state_dict().items()
        }
        self._n_features_out, self.n_iter_ = self.n_features, self.max_iter
        features = _extract(network, images)
        self.center_ = features.mean(axis=0)
        self.scale_ = float(np.sqrt(features.var(axis=0).mean())) or 1.0
        return self

    @torch_defaults()
    def transform(self, X):
        """Return the features of images.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Images of the shape and units given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_features), float64

        Raises
        ------
        ValueError
            If the images are of another shape, or hold NaN or infinity.
        """
        check_is_fitted(self)
        X = as_rows(X)
        self.encoder_.check_features(self, X, reset=False)
        self.encoder_.check_axes(X)
        features = _extract(self._network(), _encode(self.encoder_, X))
        return (features - self.center_) / self.scale_

    def _network(self) -> FeatureNetwork:
        n_outputs = len(self.weights_["head.bias"])
        shape = self.encoder_.tensor_shape_
        # Its initial weights are of no account, but drawn all the same.
        with torch.random.fork_rng(devices=[]):
            network = FeatureNetwork(shape, self._n_features_out, n_outputs)
        network.load_state_dict(
            {name: torch.as_tensor(array) for name, array in self.weights_.items()}
        )
        return network

    def _check_parameters(self) -> None:
        for name in ("n_features", "max_iter", "batch_size"):
            check_integer(name, getattr(self, name), 1)
        check_real("learning_rate", self.learning_rate, 0, strict=True)


def _encode(encoder: ImageEncoder, X) -> torch.Tensor:
    """Images as the network takes them; part by part, as float64 is large."""
    starts = range(0, len(X), _PART)
    parts = [encoder.encode(X[start : start + _PART]) for start in starts]
    rows = np.concatenate([part.astype(np.float32) for part in parts])
    return torch.as_tensor(rows).reshape(-1, *encoder.tensor_shape_)


@torch.inference_mode()
def _extract(network: FeatureNetwork, images: torch.Tensor) -> NDArray:
    """Features, by batches of one size: so no row's depend on its neighbours."""
    parts = []
    for part in images.split(_BATCH):
        batch = images.new_zeros(_BATCH, *images.shape[1:])
        batch[: len(part)] = part
        parts.append(network.features(batch)[: len(part)])
    return torch.cat(parts).numpy().astype(np.float64)


def _read_classes(y, n_images: int) -> tuple[NDArray, torch.Tensor]:
    """The classes, and which of them each image is of."""
    y = column_or_1d(y, warn=True)
    if len(y) != n_images:
        raise ValueError(
            f"y has {counted(len(y), 'label')} and X {counted(n_images, 'image')}."
        )
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    return classes, torch.as_tensor(codes)
