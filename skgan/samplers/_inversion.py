"""From rows back to latents: an encoder trained against a generator, then refined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, check_is_fitted
from torch import Tensor, nn

from skgan._deadline import Deadline
from skgan._estimator import persistent
from skgan._messages import counted
from skgan._torch_globals import borrow_global_stream, torch_defaults
from skgan._validation import check_integer, check_real
from skgan.encoding import BaseEncoder, TableEncoder
from skgan.frames import as_rows, frame_library
from skgan.modules import LatentEncoder, MLPEncoder, StridedConvEncoder
from skgan.nets import AdversarialNet

_SPACES = ("rows", "latents")


class InversionMixin:
    """What a sampler of vectors or images can do with latents.

    Latents are the normal vectors z that the generator makes rows of. ``generate``
    makes rows of latents that are given; the rest looks for the latents of rows, by
    an encoder that ``fit_inverter`` trains.
    """

    # Of the sampler that it is mixed into.
    net_: AdversarialNet
    encoder_: BaseEncoder
    prior_: Any
    inverter_: Inverter
    _conditions: Any
    _seeds: Any
    _check_rows: Callable[..., None]
    _shape: Callable[..., NDArray]

    @torch_defaults()
    def fit_inverter(self, X, y=None, *, max_iter=2000, feature_weight=1.0):
        """Train an encoder that finds the latents of rows.

        It is a network of its own: the sampler draws what it drew before. Fitting the
        sampler again forgets it.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows to learn from, best those given to ``fit``; at least 2.
        y : array-like of shape (n_samples,) or (n_samples, n_columns), default=None
            Their labels, which a `ConditionalGANSampler` needs and others ignore.
        max_iter : int, default=2000
            Updates of the encoder, each of as many rows as one of the fit.
        feature_weight : float, default=1.0
            Times the error in the discriminator's features, beside that of the row
            itself: κ of f-AnoGAN [1]_. More asks for the same kind of row, less for
            the same entries; 0, and a discriminator without the method ``features``,
            leave features out.

        Returns
        -------
        self

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        TypeError
            If the sampler's rows are those of a table: their columns have levels,
            between which no latent can be looked for.
        ValueError
            If a parameter is out of its range, `X` is not like the rows of ``fit``,
            or `y` is missing.

        Notes
        -----
        `random_state` fixes the encoder as it does the networks; the stream of later
        draws and the global ones are not touched.

        References
        ----------
        .. [1] Schlegl et al., "f-AnoGAN: Fast unsupervised anomaly detection with
           generative adversarial networks", Medical Image Analysis 54, 2019.
        """
        conditions = self._conditions_of(X, y)
        config = InverterConfig(
            check_integer("max_iter", max_iter, 1),
            check_real("feature_weight", feature_weight, 0),
            self._seeds.net,
        )
        return self._fit_inverter(X, conditions, config)

    @torch_defaults()
    def invert(self, X, y=None, *, n_refinements=50):
        """Find latents of which the generator makes rows like those of `X`.

        The encoder's answer is refined by steps of Adam down the error of each row,
        in the latent. The latents found stay where drawn ones are, in a ball around
        zero; a row that the generator cannot make keeps a large error.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.
        y : array-like of shape (n_samples,) or (n_samples, n_columns), default=None
            Their labels, which a `ConditionalGANSampler` needs and others ignore.
        n_refinements : int, default=50
            Steps behind the encoder's answer. More come closer and cost as much
            each; 0 takes the answer as it is.

        Returns
        -------
        Inversion
            A pair ``(latents, errors)``: latents of shape (n_samples, latent_dim),
            and the mean squared error of each row, as a share of the variance of the
            rows that the encoder learnt from. 0 is the row itself.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit`` and ``fit_inverter``.
        TypeError
            If the sampler's rows are those of a table.
        ValueError
            If `X` or `y` are not like those of ``fit``.

        Examples
        --------
        >>> import numpy as np
        >>> from skgan import GANSampler
        >>> X = np.random.default_rng(0).normal([10, 50], [1, 5], size=(500, 2))
        >>> sampler = GANSampler(max_iter=50, prior="normal", random_state=0).fit(X)
        >>> latents, errors = sampler.fit_inverter(X, max_iter=50).invert(X[:3])
        >>> latents.shape, errors.shape
        ((3, 2), (3,))
        >>> bool(abs(sampler.generate(latents) - X[:3]).max() < 1)
        True
        """
        result = self._invert(X, self._conditions_of(X, y), n_refinements)
        return Inversion(result.latents.numpy(), result.residuals.numpy())

    @torch_defaults()
    def reconstruct(self, X, y=None, *, n_refinements=50):
        """Return what the generator makes of the latents of `X`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.
        y : array-like of shape (n_samples,) or (n_samples, n_columns), default=None
            As in ``invert``.
        n_refinements : int, default=50
            As in ``invert``.

        Returns
        -------
        array or DataFrame of shape (n_samples, ...)
            Like the X given to ``fit``: ``generate(invert(X).latents)``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit`` and ``fit_inverter``.
        TypeError
            If the sampler's rows are those of a table.
        ValueError
            If `X` or `y` are not like those of ``fit``.
        """
        result = self._invert(X, self._conditions_of(X, y), n_refinements)
        return self.encoder_.inverse_transform(result.rows.flatten(1).numpy())

    @torch_defaults()
    def generate(self, latents, y=None):
        """Return the rows that the generator makes of latents.

        Parameters
        ----------
        latents : array-like of shape (n_samples, latent_dim)
            Latents z; those of drawn rows are normal, of mean 0 and variance 1.
        y : scalar or array-like, default=None
            Labels wanted, one for all rows or one each, which a
            `ConditionalGANSampler` needs and others ignore.

        Returns
        -------
        array or DataFrame of shape (n_samples, ...)
            Like the X given to ``fit``. The averaged generator is used where there is
            one, as in ``sample``, but in double precision.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        TypeError
            If the sampler's rows are those of a table.
        ValueError
            If `latents` have another width, NaN or infinity, or `y` is missing or was
            not seen.
        """
        self._check_invertible()
        latents = self._as_latents("latents", latents)
        conditions = self._conditions_wanted(y, len(latents))
        runner = InverterRunner(self.net_)
        rows = runner.generate(torch.as_tensor(latents), conditions)
        return self.encoder_.inverse_transform(rows.flatten(1).numpy())

    @torch_defaults()
    def interpolate(
        self, start, end, n_steps=10, y=None, *, space="rows", n_refinements=50
    ):
        """Return rows on the way from one row to another, through the latents.

        Parameters
        ----------
        start, end : array-like or DataFrame
            One row each, with or without a first axis of length 1; or, with
            ``space="latents"``, one latent each.
        n_steps : int, default=10
            Rows to return, at least 2. The first and the last are the reconstructions
            of `start` and `end`.
        y : scalar or array-like, default=None
            One label for all, which a `ConditionalGANSampler` needs and others
            ignore.
        space : {"rows", "latents"}, default="rows"
            What `start` and `end` are.
        n_refinements : int, default=50
            As in ``invert``, for rows.

        Returns
        -------
        array or DataFrame of shape (n_steps, ...)
            Like the X given to ``fit``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit`` and, for rows, ``fit_inverter``.
        TypeError
            If the sampler's rows are those of a table.
        ValueError
            If `start` or `end` is not one row or latent, or a parameter is out of its
            range.

        Notes
        -----
        The way is an arc of the sphere near which normal latents lie [1]_: a straight
        one would pass where hardly any row was drawn from.

        References
        ----------
        .. [1] White, "Sampling Generative Networks", arXiv:1609.04468, 2016.
        """
        self._check_invertible()
        n_steps = check_integer("n_steps", n_steps, 2)
        if not isinstance(space, str) or space not in _SPACES:
            raise ValueError(f"space must be one of {_SPACES}, got {space!r}.")
        ends: list[NDArray] = []
        for name, value in (("start", start), ("end", end)):
            if space == "rows":
                row = self._as_one_row(name, value)
                result = self._invert(row, self._conditions_wanted(y, 1), n_refinements)
                ends.append(result.latents.numpy()[0])
            else:
                ends.append(self._as_latents(name, np.atleast_2d(value))[0])
        shares = np.linspace(0, 1, n_steps)
        return self.generate(interpolate_on_sphere(ends[0], ends[1], shares), y)

    @torch_defaults()
    def _fit_inverter(self, X, conditions: Tensor | None, config: InverterConfig):
        rows = self._encode_rows(X).float()
        if len(rows) < 2:
            raise ValueError(f"fit_inverter needs at least 2 rows of X, got {len(X)}.")
        self.inverter_ = train_inverter(self.net_, rows, conditions, config)
        return self

    def _check_invertible(self) -> None:
        check_is_fitted(self, "net_")
        if self.prior_ is not None:
            raise TypeError(
                f"{type(self).__name__} started from a prior of trees, whose rows "
                "have no latents to look for; fit with prior='normal'."
            )
        if isinstance(self.encoder_, TableEncoder):
            raise TypeError(
                "The rows of a table have no latents to look for: their columns have "
                "levels, which are drawn. Latents are for vectors and images; give "
                "numbers alone, or set encoder=VectorEncoder()."
            )

    def _invert(
        self, X, conditions: Tensor | None, n_refinements: int
    ) -> Reconstruction:
        self._check_invertible()
        if not hasattr(self, "inverter_"):
            raise NotFittedError(
                f"This {type(self).__name__} has no encoder of latents yet: call "
                "fit_inverter(X) first, with the rows given to fit."
            )
        n_refinements = check_integer("n_refinements", n_refinements, 0)
        rows = self._encode_rows(X)
        return InverterRunner(self.net_, self.inverter_)(
            rows, conditions, n_refinements
        )

    def _encode_rows(self, X) -> Tensor:
        X = as_rows(X)
        self._check_rows(X, self.encoder_, reset=False)
        encoded = self.encoder_.encode(X).astype(np.float64)
        return torch.as_tensor(self._shape(encoded))

    def _as_one_row(self, name: str, row):
        self._check_invertible()
        row = as_rows(row)
        if frame_library(row) is None:
            shape = getattr(self.encoder_.output_builder_, "row_shape", None)
            n_axes = 2 if shape is None else 1 + len(shape)
            row = row[None] if row.ndim == n_axes - 1 else row
        if len(row) != 1:
            raise ValueError(f"{name} must be one row, got {len(row)}.")
        return row

    def _as_latents(self, name: str, latents) -> NDArray:
        self._check_invertible()
        latents = np.asarray(latents, dtype=np.float64)
        width = self.net_.latent_dim
        if latents.ndim != 2 or latents.shape[1] != width:
            raise ValueError(
                f"{name} must be of width {width}, latent_dim of the sampler; got the "
                f"shape {latents.shape}."
            )
        if not np.isfinite(latents).all():
            raise ValueError(f"{name} hold NaN or infinity.")
        return latents

    def _conditions_of(self, X, y) -> Tensor | None:
        """Return what labelled rows are conditioned on; None without labels."""
        labels = self._labels_needed(y)
        if labels is None:
            return None
        check_consistent_length(X, y)
        return torch.as_tensor(labels.encode(labels.read(y)))

    def _conditions_wanted(self, y, n_rows: int) -> Tensor | None:
        """Return what the labels wanted, one or one a row, condition on."""
        labels = self._labels_needed(y)
        if labels is None:
            return None
        values = labels.read_request(y, n_rows)
        if len(values) != n_rows:
            raise ValueError(
                f"y has {counted(len(values), 'label')} for {counted(n_rows, 'row')}."
            )
        return torch.as_tensor(labels.encode(values))

    def _labels_needed(self, y):
        self._check_invertible()
        labels = getattr(self._conditions, "labels", None)
        if labels is not None and y is None:
            raise ValueError(
                f"{type(self).__name__} makes rows of latents and labels: pass y."
            )
        return labels


# The learning rate of the encoder falls by half a cosine to a fiftieth.
_LEARNING_RATE, _BETAS, _LAST_SHARE = 1e-3, (0.9, 0.99), 0.02
# Learning rate of the steps that refine latents.
_REFINING_RATE = 0.05
# Rows that are inverted at once.
_BLOCK = 64
# Rows that variances are measured on.
_MAX_MEASURED = 2048


class Inversion(NamedTuple):
    """What ``invert`` returns.

    Attributes
    ----------
    latents : ndarray of shape (n_samples, latent_dim)
        Latents z, of which the generator makes something like the rows.
    errors : ndarray of shape (n_samples,)
        Mean squared difference between each encoded row and what the generator makes
        of its latent, as a share of the variance of the rows that the encoder was
        trained on: 0 is the row itself, 1 is no better than their mean.
    """

    latents: NDArray
    errors: NDArray


class Reconstruction(NamedTuple):
    """Inverted latents, the rows made of them, and their errors, one per row.

    `feature_sizes` are mean squares of features in the units of `feature_errors`.
    """

    latents: Tensor
    rows: Tensor
    residuals: Tensor
    feature_errors: Tensor
    feature_sizes: Tensor


class InverterConfig(NamedTuple):
    """How an encoder is trained."""

    max_iter: int
    # κ of f-AnoGAN.
    feature_weight: float
    seed: int
    # Of the ball of latents; see `skgan.modules.MLPEncoder`.
    radius: float | None = None
    # When training ends, if not after its last update.
    deadline: Deadline = Deadline()


@persistent()
class Inverter:
    """An encoder of rows to latents, and the units that its errors are measured in.

    Parameters
    ----------
    encoder : LatentEncoder
        Trained for one generator.
    row_variance, feature_variance : float
        Of an entry of the rows trained on, and of a discriminator's feature of them;
        0 where there are no features.
    feature_weight : float
        Times the feature error, in training and in refining.
    """

    def __init__(
        self,
        encoder: LatentEncoder,
        row_variance: float,
        feature_variance: float,
        feature_weight: float,
    ):
        self.encoder = encoder
        self.row_variance = row_variance
        self.feature_variance = feature_variance
        self.feature_weight = feature_weight

    def errors(
        self, features, x: Tensor, rebuilt: Tensor, condition
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Residuals, feature errors and feature sizes: Schlegl et al. (2019), eq. 4.

        In units of the variance of the training rows and of their features.
        """
        residuals = (x - rebuilt).square().flatten(1).mean(1) / self.row_variance
        if not self.feature_variance:
            return residuals, torch.zeros_like(residuals), torch.zeros_like(residuals)
        wanted, rebuilt = features(x, condition), features(rebuilt, condition)
        errors = (wanted - rebuilt).square().mean(1) / self.feature_variance
        sizes = (wanted.square() + rebuilt.square()).mean(1) / self.feature_variance
        return residuals, errors, sizes


def features_of(discriminator: nn.Module):
    """Return the features of a discriminator as a function; None if it has none."""
    method: Any = getattr(discriminator, "features", None)
    if method is None:
        return None
    takes_condition = len(signature(method).parameters) > 1

    def features(x: Tensor, condition: Tensor | None) -> Tensor:
        arguments = _arguments(x, condition if takes_condition else None)
        return method(*arguments).flatten(1).to(x.dtype)

    return features


def train_inverter(
    net: AdversarialNet,
    rows: Tensor,
    conditions: Tensor | None,
    config: InverterConfig,
) -> Inverter:
    """Train an encoder on rows, for the generator that `net` draws with.

    The izi form of Schlegl et al. (2019), eq. 3, with feature residual: rows are
    encoded and generated again. Drawn rows, whose latents are known, are encoded too,
    which keeps the encoder from latents that are never drawn.
    """
    rows, stream = rows.to(net.device), torch.Generator().manual_seed(config.seed)
    conditions = None if conditions is None else conditions.to(net.device)
    encoder = _make_encoder(net, rows, conditions, config)
    generator = _frozen(net.sampling_generator_)
    features = _in_precision(net, features_of(_frozen(net.discriminator_)))
    inverter = _measure_units(encoder, features, rows, conditions, config)
    optimizer = torch.optim.Adam(
        encoder.parameters(), lr=_LEARNING_RATE, betas=_BETAS, fused=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, config.max_iter, _LAST_SHARE * _LEARNING_RATE
    )
    for index in _batches(len(rows), net.batch_size, config.max_iter, stream):
        x = rows[index]
        c = None if conditions is None else conditions[index]
        latents = net.draw_latents(len(x), stream)
        loss = _loss(net, inverter, generator, features, x, c, latents)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if config.deadline.left <= 0:
            break
    encoder.requires_grad_(False).eval()
    return inverter


def _loss(net, inverter: Inverter, generator, features, x, c, latents) -> Tensor:
    encoder = inverter.encoder
    rebuilt = net.call(generator, net.call(encoder, x, c), c)
    residuals, feature_errors, _ = inverter.errors(features, x, rebuilt, c)
    loss = residuals + inverter.feature_weight * feature_errors
    with torch.no_grad():
        drawn = net.call(generator, latents, c)
    latent_errors = (net.call(encoder, drawn, c) - latents).square().mean(1)
    return (loss + latent_errors).mean()


def _frozen(network: nn.Module) -> nn.Module:
    return deepcopy(network).requires_grad_(False).eval()


def _in_precision(net: AdversarialNet, features):
    """Features computed in the precision that the networks were trained in."""
    if features is None:
        return None

    def call(x: Tensor, condition: Tensor | None) -> Tensor:
        with net.autocast(x.device.type):
            return features(x, condition).float()

    return call


def _make_encoder(
    net, rows: Tensor, conditions, config: InverterConfig
) -> LatentEncoder:
    encoder_class = StridedConvEncoder if rows.ndim == 4 else MLPEncoder
    with borrow_global_stream(config.seed):
        encoder = encoder_class(
            latent_dim=net.latent_dim,
            input_shape=tuple(rows.shape[1:]),
            condition_dim=0 if conditions is None else conditions.shape[1],
            radius=config.radius,
        )
    return encoder.to(net.device)


@torch.no_grad()
def _measure_units(
    encoder, features, rows: Tensor, conditions, config: InverterConfig
) -> Inverter:
    x = rows[:_MAX_MEASURED]
    c = None if conditions is None else conditions[:_MAX_MEASURED]
    variance = 0.0
    if features is not None and config.feature_weight:
        blocks = [
            features(x[i : i + _BLOCK], None if c is None else c[i : i + _BLOCK])
            for i in range(0, len(x), _BLOCK)
        ]
        variance = _variance(torch.cat(blocks))
    return Inverter(encoder, _variance(x) or 1.0, variance, config.feature_weight)


def _variance(values: Tensor) -> float:
    variance = float(values.double().var(0, correction=0).mean())
    return variance if np.isfinite(variance) else 0.0


def _batches(
    n_rows: int, size: int, n_batches: int, stream: torch.Generator
) -> Iterator[Tensor]:
    """Give indices of batches: every row once, in a new order, before any again."""
    order = torch.empty(0, dtype=torch.int64)
    size = min(size, n_rows)
    for _ in range(n_batches):
        if len(order) < size:
            order = torch.cat([order, torch.randperm(n_rows, generator=stream)])
        index, order = order[:size], order[size:]
        yield index


def _arguments(x: Tensor, condition: Tensor | None) -> tuple[Tensor, ...]:
    return (x,) if condition is None else (x, condition)


class InverterRunner:
    """Networks in float64, in which no row's result depends on its neighbours.

    Parameters
    ----------
    net : AdversarialNet
        Trained.
    inverter : Inverter or None, default=None
        Trained for it; None suffices for ``generate``.
    """

    inverter: Inverter

    def __init__(self, net: AdversarialNet, inverter: Inverter | None = None):
        self.device = net.device
        self.generator = _frozen(net.sampling_generator_).double()
        if inverter is not None:
            self.inverter = inverter
            self.encoder = _frozen(inverter.encoder).to(self.device).double()
            self.features = features_of(_frozen(net.discriminator_).double())

    def __call__(
        self, rows: Tensor, conditions: Tensor | None = None, n_refinements: int = 0
    ) -> Reconstruction:
        """Encode rows of shape (n, *tensor_shape), generate them again, and compare."""
        blocks = [
            self._measure(x, c, n_refinements)
            for x, c in self._blocks(rows, conditions)
        ]
        return Reconstruction(
            *(torch.cat(values).cpu() for values in zip(*blocks, strict=True))
        )

    @torch.no_grad()
    def generate(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Return the encoded rows that the generator makes of latents, on the CPU."""
        blocks = self._blocks(latents, conditions)
        return torch.cat([self.generator(*_arguments(z, c)) for z, c in blocks]).cpu()

    def _blocks(self, x: Tensor, conditions: Tensor | None) -> Iterator[tuple]:
        for start in range(0, max(len(x), 1), _BLOCK):
            block = slice(start, start + _BLOCK)
            c = None if conditions is None else conditions[block].to(self.device)
            yield x[block].to(self.device), None if c is None else c.double()

    def _measure(
        self, x: Tensor, c: Tensor | None, n_refinements: int
    ) -> Reconstruction:
        with torch.no_grad():
            latents = self.encoder(*_arguments(x, c))
        if n_refinements:
            latents = self._refine(x, c, latents, n_refinements)
        with torch.no_grad():
            rebuilt = self.generator(*_arguments(latents, c))
            errors = self.inverter.errors(self.features, x, rebuilt, c)
        return Reconstruction(latents, rebuilt, *errors)

    def _refine(self, x: Tensor, c, start: Tensor, n_steps: int) -> Tensor:
        """Take Adam's steps down each row's error; no row ends worse than it began."""
        latents = start.clone().requires_grad_()
        best, least = start.clone(), x.new_full((len(x),), torch.inf)
        optimizer = torch.optim.Adam([latents], lr=_REFINING_RATE, betas=_BETAS)
        for step in range(n_steps + 1):
            rebuilt = self.generator(*_arguments(latents, c))
            residuals, errors, _ = self.inverter.errors(self.features, x, rebuilt, c)
            costs = residuals + self.inverter.feature_weight * errors
            with torch.no_grad():
                is_better = costs < least
                best[is_better] = latents[is_better]
                least = torch.where(is_better, costs, least)
            if step == n_steps:
                break
            (latents.grad,) = torch.autograd.grad(costs.sum(), latents)
            optimizer.step()
            with torch.no_grad():
                latents.copy_(self.inverter.encoder.project(latents))
        return best


def interpolate_on_sphere(start: NDArray, end: NDArray, shares: NDArray) -> NDArray:
    """Return latents on the arc from `start` to `end`: White (2016), section 2.1.

    Opposite or zero directions have no arc between them and are joined by a line.
    """
    norms = np.linalg.norm(start) * np.linalg.norm(end)
    cosine = np.clip(start @ end / norms, -1, 1) if norms else 1.0
    angle, shares = np.arccos(cosine), shares[:, None]
    if np.sin(angle) < 1e-6:
        return (1 - shares) * start + shares * end
    return (
        np.sin((1 - shares) * angle) * start + np.sin(shares * angle) * end
    ) / np.sin(angle)
