"""GANOutlierDetector: rows unlike the training rows."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OutlierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted
from torch import Tensor
from torch.nn.functional import max_pool2d

from skgan._callback_tasks import CallbackSupport, InnerFits, with_callbacks
from skgan._deadline import Deadline, read_deadline
from skgan._estimator import VersionedEstimator, persistent
from skgan._torch_globals import torch_defaults
from skgan._validation import check_integer, check_real, check_stream
from skgan.encoding import (
    BaseEncoder,
    ImageEncoder,
    TableEncoder,
    VectorEncoder,
    make_encoder,
)
from skgan.frames import as_rows
from skgan.samplers._base import keeps_features
from skgan.samplers._column_outliers import MIN_FOLDED_ROWS, ColumnOutlierModel
from skgan.samplers._gan import GANSampler
from skgan.samplers._inversion import InverterConfig, InverterRunner
from skgan.samplers._row_normality import N_CHAINS

# A stroke may be off its place by one pixel for so many of the image's shorter side.
_SIZE_A_PIXEL = 28
# The least denominator, so that 0 / 0 is finite.
TINY = 1e-12


def compare_images(one: Tensor, other: Tensor) -> Tensor:
    """Return how unlike images are to others: their difference over their contrast.

    A pixel differs by how far it lies outside of what the other image has nearby, so
    that a stroke a little off its place is none. What is left is squared and divided by
    the squared contrast of both: nearly empty images are made well by anything.


    Examples
    --------
    >>> import torch
    >>> from skgan.samplers._outlier import compare_images
    >>> image = torch.zeros(1, 1, 28, 28)
    >>> image[0, 0, 5:20, 10:12] = 1
    >>> shifted = image.roll(1, dims=3)
    >>> compare_images(image, shifted), compare_images(image, image.mT) > 0.5
    (tensor([0.]), tensor([True]))
    """
    return compare_pixels(one, other).flatten(1).sum(1)


def compare_pixels(one: Tensor, other: Tensor) -> Tensor:
    """Return what each pixel adds to ``compare_images(one, other)``."""
    gaps = _outside(one, other).square() + _outside(other, one).square()
    contrasts = _squared_sum(one - one.mean((2, 3), keepdim=True))
    contrasts += _squared_sum(other - other.mean((2, 3), keepdim=True))
    return gaps / contrasts.clamp_min(TINY)[:, None, None, None]


def _outside(images: Tensor, others: Tensor) -> Tensor:
    """How far each pixel is outside of the range that other images have near it."""
    radius = round(min(images.shape[2:]) / _SIZE_A_PIXEL)
    size = 2 * radius + 1
    high = max_pool2d(others, size, 1, radius)
    low = -max_pool2d(-others, size, 1, radius)
    return (images - high).clamp_min(0) + (low - images).clamp_min(0)


def _squared_sum(images: Tensor) -> Tensor:
    return images.square().flatten(1).sum(1)


# Values of latent_dim and max_iter that "auto" stands for, of images.
_IMAGE_LATENTS, _IMAGE_UPDATES = 16, 750
# The share of new inliers that are taken for outliers, if not told another, and the
# share of rows that is held out to find where that is.
_FALSE_ALARMS, _HELD_OUT, _MIN_SPLIT_ROWS = 0.05, 0.1, 20
# Of the time left: for the sampler, then for the encoder of its latents.
_SAMPLER_SHARE, _INVERTER_SHARE = 0.5, 0.9
_METHODS = ("auto", "likelihood", "reconstruction")
# Whoever sets one of these has a generator in mind.
_OF_GENERATORS = ("latent_dim", "generator", "discriminator")


@persistent("_units", rebuilt=("_skl_callbacks",))
class GANOutlierDetector(CallbackSupport, OutlierMixin, VersionedEstimator):
    """Outlier detection by likelihood, or by how badly a GAN makes a row.

    Vectors and tables are scored by the trees that samplers start from: how likely
    each cell is given others of its row, beside how far out it is in its column, and
    how far the row is from its nearest training rows and from the middle of all [2]_
    [3]_.

    Of images, a generative adversarial network learns the training rows, and an encoder
    learns to find their latents. The generator makes an image anew from the latent that
    the encoder finds; the more the two differ, in their pixels and in the features of
    the discriminator, the odder the image is [1]_. Parameters from `feature_weight` on
    are those of the network, except for `encoder` and `random_state`; they do nothing
    where none is trained.

    Parameters
    ----------
    method : {"auto", "likelihood", "reconstruction"}, default="auto"
        "likelihood" needs no network and takes numbers, categories, dates and missing
        values; "reconstruction" takes vectors and images. "auto" is "reconstruction"
        for images, and where `latent_dim`, `generator` or `discriminator` is set.
    contamination : float or "auto", default="auto"
        Where ``predict`` draws the line. A number is the share of the training rows,
        at most .5, that are outliers: those with the largest errors. "auto" takes all
        for inliers and accepts false alarms for one new row in twenty. The line is
        drawn among the scores of 20 or more training rows by models that were fitted
        to others; by "reconstruction", among a tenth that is not trained on.
    feature_weight : float, default=1.0
        Times the error in the discriminator's features, beside that in the row
        itself; each is in units of its mean over the training rows.
    latent_dim : int or "auto", default="auto"
        Dimension of the latent z. More makes better inliers, and better outliers.
        "auto" is 16 for images, half the number of columns for vectors.
    hidden_dims : sequence of int or "auto", default="auto"
        Widths of the hidden layers of both networks; see `GANSampler`.
    generator : str or type, default="auto"
        As in `GANSampler`; "auto" is a residual perceptron for vectors.
    discriminator : str or type, default="auto"
        As in `GANSampler`. Without a method ``features(x)`` errors are of entries
        alone.
    loss : str or tuple, default="relativistic"
        The losses of both networks, by name or as functions; see `GANSampler`.
    penalty : str, tuple or None, default="r1+r2"
        The gradient penalty, by name or as functions; see `GANSampler`.
    penalty_weight : float or "auto", default="auto"
        Times the penalty; see `GANSampler`.
    learning_rate : float or "auto", default="auto"
        Of both optimizers (Adam).
    batch_size : int or "auto", default="auto"
        As in `GANSampler`; also that of the encoder.
    max_iter : int or "auto", default="auto"
        Generator updates; the encoder then has as many. "auto" is 750 for images.
    n_discriminator_steps : int, default=1
        Discriminator steps a generator update.
    average_halflife : float, None or "auto", default="auto"
        Half-life, in updates, of the averaged generator; see `GANSampler`.
    schedule : str or dict, default="annealed"
        How learning rate and penalty change over the fit; see `GANSampler`.
    max_time : float or None, default=None
        Seconds that the whole fit may take; rows are read and encoded in any case.
        Of "likelihood", chains are then fitted on fewer rows, and the line is drawn
        among fewer. Of "reconstruction", half of it is the GAN's, the rest mostly that
        of the encoder of latents; each makes its first update.
    encoder : BaseEncoder or "auto", default="auto"
        How X is read: `ImageEncoder`, `VectorEncoder` or, for likelihoods,
        `TableEncoder`.
    callbacks : list or None, default=None
        skorch callbacks, as in `skorch.NeuralNet`.
    net_params : dict or None, default=None
        Parameters of the net, applied last; see `GANSampler`.
    device : str, default="auto"
        A PyTorch device, or "auto"; see `GANSampler`.
    random_state : int, RandomState instance or None, default=None
        Fixes the whole fit. The global random streams are not touched.
    verbose : int, default=0
        1 shows a progress bar of the GAN's training.

    Attributes
    ----------
    method_ : {"likelihood", "reconstruction"}
        What rows are scored by.
    sampler_ : GANSampler
        The GAN, with its encoder of latents: ``sampler_.invert(X)``. Only of
        "reconstruction".
    columns_ : object
        Chains of trees and neighbours. Only of "likelihood".
    offset_ : float
        Score at which ``predict`` draws the line.
    n_iter_ : int
        Generator updates done; the encoder had as many. Of "likelihood", chains.
    n_features_in_ : int
        Features of a row, trailing axes flattened.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where X had them.

    See Also
    --------
    sklearn.ensemble.IsolationForest : For tables of numbers, in no time.

    Notes
    -----
    Train on inliers, or mostly: what is in the training rows is learnt.

    The score of a row of columns is the mean of four, each measured from where it is
    usually, in units of the distance from there to the worst twentieth, and at most .5:
    the log-likelihood, averaged over four chains of trees in random orders of the
    columns; the sum over columns of numbers of the log-probability of a value further
    out; minus the logarithm of the mean distance to the ten nearest training rows, in
    standard deviations and levels that differ; and minus that of the squared
    Mahalanobis distance of the numbers' normal scores. A fitted detector holds up to
    2000 training rows.

    Errors of images are relative: differences are divided by the contrast of the image
    and its reconstruction, those of features by their size. A pixel is compared with
    what lies near it, within a twenty-eighth of the image's side.

    References
    ----------
    .. [1] Schlegl et al., "f-AnoGAN: Fast unsupervised anomaly detection with
       generative adversarial networks", Medical Image Analysis 54, 2019, eq. 4.
    .. [2] J. P. Reiter, "Using CART to generate partially synthetic public use
       microdata", Journal of Official Statistics 21, 2005, section 2.
    .. [3] S. Ramaswamy, R. Rastogi, K. Shim, "Efficient algorithms for mining outliers
       from large data sets", SIGMOD 2000, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan import GANOutlierDetector
    >>> X = np.random.default_rng(0).normal([10, 50], [1, 5], size=(300, 2))
    >>> detector = GANOutlierDetector(random_state=0).fit(X)
    >>> detector.predict([[10, 52], [10, 20]])
    array([ 1, -1])
    >>> detector.explain([[10, 20]]).argmax(axis=1)
    array([1])
    """

    def __init__(
        self,
        *,
        method="auto",
        contamination="auto",
        feature_weight=1.0,
        latent_dim="auto",
        hidden_dims="auto",
        generator="auto",
        discriminator="auto",
        loss="relativistic",
        penalty="r1+r2",
        penalty_weight="auto",
        learning_rate="auto",
        batch_size="auto",
        max_iter="auto",
        n_discriminator_steps=1,
        average_halflife="auto",
        schedule="annealed",
        max_time=None,
        encoder="auto",
        callbacks=None,
        net_params=None,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.method = method
        self.contamination = contamination
        self.feature_weight = feature_weight
        self.latent_dim = latent_dim
        self.hidden_dims = hidden_dims
        self.generator = generator
        self.discriminator = discriminator
        self.loss = loss
        self.penalty = penalty
        self.penalty_weight = penalty_weight
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.n_discriminator_steps = n_discriminator_steps
        self.average_halflife = average_halflife
        self.schedule = schedule
        self.max_time = max_time
        self.encoder = encoder
        self.callbacks = callbacks
        self.net_params = net_params
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    @keeps_features
    def fit(self, X, y=None):
        """Learn what inliers are like.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features) or \
                (n_samples, height, width[, channels])
            Inliers, or mostly: at least 2 rows.
        y : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a parameter is of the wrong type, or `X` is sparse, or has columns of
            categories that are to be reconstructed.
        ValueError
            If a parameter is out of its range, or `X` has fewer than 2 rows, holds
            infinity, text, or, in an array, NaN.
        """
        deadline = read_deadline(self.max_time)
        share = self._check_contamination()
        check_real("feature_weight", self.feature_weight, 0)
        X = as_rows(X)
        encoder = make_encoder(self.encoder, X)
        if self._choose_method(encoder) == "likelihood":
            return self._fit_columns(X, encoder, share, deadline)
        return self._fit_network(X, encoder, share, deadline)

    def _choose_method(self, encoder: BaseEncoder) -> str:
        """Return what rows are scored by."""
        if not isinstance(self.method, str) or self.method not in _METHODS:
            raise ValueError(f"method must be one of {_METHODS}, got {self.method!r}.")
        has_columns = type(encoder).schema_ is not BaseEncoder.schema_
        if self.method == "likelihood" and not has_columns:
            raise ValueError(
                f"method='likelihood' is of columns, and {type(encoder).__name__} has "
                "none; set method='reconstruction'."
            )
        if self.method != "auto":
            return self.method
        are_set = [not _is_auto(getattr(self, name)) for name in _OF_GENERATORS]
        is_own = any(are_set) and not isinstance(encoder, TableEncoder)
        return "likelihood" if has_columns and not is_own else "reconstruction"

    def _fit_columns(
        self, X, encoder: BaseEncoder, share: float | None, deadline: Deadline
    ):
        """Fit chains of trees, and draw the line."""
        encoder.check_features(self, X, reset=True)
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        if n < 2:
            raise ValueError(f"GANOutlierDetector needs 2 samples at least, got {n}.")
        rng = check_stream("random_state", self.random_state)
        seed = int(rng.randint(2**31 - 1))
        fits = InnerFits(self, 0, X)
        columns = ColumnOutlierModel(encoder.fit(X)).fit(X, seed, deadline)
        if share is None and n >= MIN_FOLDED_ROWS:
            # A new row is below with a chance of one in twenty, whatever the scores.
            offset = np.quantile(
                columns.held_out_scores_, _FALSE_ALARMS, method="weibull"
            )
        else:
            share = _FALSE_ALARMS if share is None else share
            offset = np.percentile(columns.score_samples(X), 100 * share)
        self._forget()
        self.method_, self.columns_, self.n_iter_ = "likelihood", columns, N_CHAINS
        self.offset_ = float(offset)
        fits.finish()
        return self

    def _fit_network(
        self, X, encoder: BaseEncoder, share: float | None, deadline: Deadline
    ):
        """Train the networks, and draw the line."""
        params = self._sampler_params(X, encoder)
        if not _is_auto(params["max_iter"]):
            check_integer("max_iter", params["max_iter"], 1)
        fits = InnerFits(self, 1, X)
        X, held_out = self._hold_out(X) if share is None else (X, X)
        if deadline.is_set:
            params["max_time"] = max(_SAMPLER_SHARE * deadline.left, 1e-3)
        sampler = fits.fit("fit-sampler", GANSampler(**params), X)
        is_image = len(sampler.encoder_.tensor_shape_) > 1
        # Were the generator to learn reconstructing, too, it would learn to make what
        # is odd: on MNIST's eights the area under the curve falls from .93 to .89.
        training = InverterConfig(
            sampler.n_iter_,
            float(self.feature_weight),
            sampler._seeds.net,
            radius=sampler.net_.latent_dim**0.5 if is_image else None,
            deadline=deadline.share(_INVERTER_SHARE),
        )
        sampler._fit_inverter(X, None, training)
        self._forget()
        self.method_ = "reconstruction"
        self.sampler_, self.n_iter_ = sampler, sampler.n_iter_
        errors = self._measure(X)
        # An error of zero says that all rows are made exactly: any unit will do.
        self._units = np.array([error.mean() or 1.0 for error in errors])
        scores = self._scores(errors if held_out is X else self._measure(held_out))
        share = _FALSE_ALARMS if share is None else share
        self.offset_ = float(np.percentile(scores, 100 * share))
        fits.finish()
        return self

    def _forget(self) -> None:
        """Drop what a fit by another score has left."""
        for name in ("sampler_", "columns_", "_units"):
            self.__dict__.pop(name, None)

    def score_samples(self, X):
        """Return how normal rows are.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Higher is more normal. Of "likelihood" about 0 is usual, and about -1 one
            row in twenty. Of "reconstruction" the score is minus the error, and the
            mean of the rows trained on ``-1 - feature_weight``: each error is in
            units of their mean.
        """
        check_is_fitted(self, "offset_")
        if not hasattr(self, "columns_"):
            return self._scores(self._measure(X))
        return self.columns_.score_samples(self._check_columns(X))

    @torch_defaults()
    def explain(self, X):
        """Return what each column or pixel adds to how odd a row is.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Of "likelihood", the shares of the columns: the sum of a row is
            ``-score_samples(X)``, and columns that are as normal as is usual are near
            0. Of images, the shares of the pixels in the error of reconstruction, that
            in the discriminator's features left out.

        Raises
        ------
        ValueError
            If vectors are scored by "reconstruction".
        """
        check_is_fitted(self, "offset_")
        if hasattr(self, "columns_"):
            return self.columns_.explain(self._check_columns(X))
        rows = self._encode(X)
        if rows.ndim != 4:
            raise ValueError(
                "Of vectors, only method='likelihood' can be explained; for the "
                "difference to a reconstruction see reconstruct(X)."
            )
        reconstruction = InverterRunner(self.sampler_.net_, self.sampler_.inverter_)(
            rows
        )
        errors = compare_pixels(rows, reconstruction.rows).permute(0, 2, 3, 1)
        return errors.flatten(1).numpy() / self._units[0]

    def decision_function(self, X):
        """Return ``score_samples(X) - offset_``: negative for outliers.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Return 1 for inliers and -1 for outliers.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,), int
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def reconstruct(self, X):
        """Return what the generator makes in place of rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        array or DataFrame of shape (n_samples, ...)
            Like the X given to ``fit``. The difference shows where a row is odd.

        Raises
        ------
        ValueError
            If rows are scored by "likelihood", for which no generator is trained.
        """
        check_is_fitted(self, "offset_")
        if hasattr(self, "columns_"):
            raise ValueError(
                "method='likelihood' trains no generator that could reconstruct rows: "
                "see explain(X), or set method='reconstruction'."
            )
        X = as_rows(X)
        self.sampler_.encoder_.check_features(self, X, reset=False)
        return self.sampler_.reconstruct(X, n_refinements=0)

    def _check_columns(self, X):
        X = as_rows(X)
        encoder = self.columns_.encoder
        encoder.check_features(self, X, reset=False)
        encoder.check_axes(X)
        return X

    def _hold_out(self, X):
        """Split off the rows that the line is drawn among; all if there are few."""
        shape = getattr(X, "shape", ())
        if not shape or shape[0] < _MIN_SPLIT_ROWS:
            return X, X
        rng = check_stream("random_state", self.random_state)
        return train_test_split(
            X, test_size=_HELD_OUT, random_state=rng.randint(2**31 - 1)
        )

    def _check_contamination(self) -> float | None:
        share = self.contamination
        if isinstance(share, str) and share == "auto":
            return None
        if isinstance(share, bool) or not isinstance(share, Real):
            raise TypeError(f"contamination must be 'auto' or a share, got {share!r}.")
        value = float(share)
        if not 0 < value <= 0.5:
            raise ValueError(f"contamination must be in (0, 0.5], got {value}.")
        return value

    def _sampler_params(self, X, encoder: BaseEncoder) -> dict:
        """What the sampler is made with: what was set, and what suits detection."""
        if isinstance(encoder, TableEncoder):
            raise TypeError(
                "method='reconstruction' takes vectors and images. The columns of X "
                "hold categories, text or dates, of which no latents can be looked "
                "for: set method='likelihood', or encode them as numbers first, as "
                "with sklearn.preprocessing.OneHotEncoder in a pipeline."
            )
        # In its own name, before its sampler would say it in its.
        encoder.check_features(self, X, reset=True)
        automatic: dict = {"prior": "normal"}
        if isinstance(encoder, ImageEncoder):
            automatic |= {"latent_dim": _IMAGE_LATENTS, "max_iter": _IMAGE_UPDATES}
        elif isinstance(encoder, VectorEncoder):
            n_features = X.shape[1] if getattr(X, "ndim", 2) > 1 else 1
            latent_dim = max(1, n_features // 2)
            automatic |= {"latent_dim": latent_dim, "generator": "residual_mlp"}
        names = GANSampler().get_params(deep=False)
        params = {k: v for k, v in self.get_params(deep=False).items() if k in names}
        return params | {
            name: value
            for name, value in automatic.items()
            if name not in params or _is_auto(params[name])
        }

    def _encode(self, X) -> Tensor:
        X = as_rows(X)
        self.sampler_.encoder_.check_features(self, X, reset=False)
        return self.sampler_._encode_rows(X)

    @torch_defaults()
    def _measure(self, X) -> list[NDArray]:
        """Errors of rows, and of their features."""
        rows = self._encode(X)
        reconstruction = InverterRunner(self.sampler_.net_, self.sampler_.inverter_)(
            rows
        )
        if rows.ndim != 4:
            return [
                reconstruction.residuals.numpy(),
                reconstruction.feature_errors.numpy(),
            ]
        sizes = reconstruction.feature_sizes.clamp_min(TINY)
        relative = reconstruction.feature_errors / sizes
        return [compare_images(rows, reconstruction.rows).numpy(), relative.numpy()]

    def _scores(self, errors: list[NDArray]) -> NDArray:
        residuals, feature_errors = errors / self._units[:, None]
        return -(residuals + self.feature_weight * feature_errors)


def _is_auto(value) -> bool:
    return isinstance(value, str) and value == "auto"
