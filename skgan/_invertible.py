"""InversionMixin: from rows to latents and back, for samplers of vectors and images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_consistent_length, check_is_fitted
from torch import Tensor

from skgan._inversion import (
    Inversion,
    Inverter,
    Measure,
    Measured,
    Training,
    interpolate_on_sphere,
    train_inverter,
)
from skgan._validation import check_integer, check_real
from skgan.encoding import BaseEncoder, TableEncoder
from skgan.encoding._container import as_rows, frame_library
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
    inverter_: Inverter
    _conditions: Any
    _seeds: Any
    _check_rows: Callable[..., None]
    _shape: Callable[..., NDArray]

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
        training = Training(
            check_integer("max_iter", max_iter, 1),
            check_real("feature_weight", feature_weight, 0),
            self._seeds.net,
        )
        return self._fit_inverter(X, conditions, training)

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
        >>> sampler = GANSampler(max_iter=50, random_state=0).fit(X)
        >>> latents, errors = sampler.fit_inverter(X, max_iter=50).invert(X[:3])
        >>> latents.shape, errors.shape
        ((3, 2), (3,))
        >>> bool(abs(sampler.generate(latents) - X[:3]).max() < 1)
        True
        """
        found = self._invert(X, self._conditions_of(X, y), n_refinements)
        return Inversion(found.latents.numpy(), found.residuals.numpy())

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
        found = self._invert(X, self._conditions_of(X, y), n_refinements)
        return self.encoder_.inverse_transform(found.made.flatten(1).numpy())

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
        latents = self._as_latents("latents", latents)
        conditions = self._conditions_wanted(y, len(latents))
        made = Measure(self.net_).make(torch.as_tensor(latents), conditions)
        return self.encoder_.inverse_transform(made.flatten(1).numpy())

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
        n_steps = check_integer("n_steps", n_steps, 2)
        if not isinstance(space, str) or space not in _SPACES:
            raise ValueError(f"space must be one of {_SPACES}, got {space!r}.")
        ends: list[NDArray] = []
        for name, given in (("start", start), ("end", end)):
            if space == "rows":
                row = self._as_one_row(name, given)
                found = self._invert(row, self._conditions_wanted(y, 1), n_refinements)
                ends.append(found.latents.numpy()[0])
            else:
                ends.append(self._as_latents(name, np.atleast_2d(given))[0])
        shares = np.linspace(0, 1, n_steps)
        way = interpolate_on_sphere(ends[0], ends[1], shares)
        return self.generate(way, y)

    def _train(self, *args):
        # What was learnt for the generator there was says nothing of the next one.
        vars(self).pop("inverter_", None)
        return super()._train(*args)  # type: ignore[misc]

    def _fit_inverter(self, X, conditions: Tensor | None, training: Training):
        rows = self._encode_rows(X).float()
        if len(rows) < 2:
            raise ValueError(f"fit_inverter needs at least 2 rows of X, got {len(X)}.")
        self.inverter_ = train_inverter(self.net_, rows, conditions, training)
        return self

    def _check_invertible(self) -> None:
        check_is_fitted(self, "net_")
        if isinstance(self.encoder_, TableEncoder):
            raise TypeError(
                "The rows of a table have no latents to look for: their columns have "
                "levels, which are drawn. Latents are for vectors and images; give "
                "numbers alone, or set encoder=VectorEncoder()."
            )

    def _invert(self, X, conditions: Tensor | None, n_refinements: int) -> Measured:
        self._check_invertible()
        if not hasattr(self, "inverter_"):
            raise NotFittedError(
                f"This {type(self).__name__} has no encoder of latents yet: call "
                "fit_inverter(X) first, with the rows given to fit."
            )
        n_refinements = check_integer("n_refinements", n_refinements, 0)
        rows = self._encode_rows(X)
        return Measure(self.net_, self.inverter_)(rows, conditions, n_refinements)

    def _encode_rows(self, X) -> Tensor:
        X = as_rows(X)
        self._check_rows(X, self.encoder_, reset=False)
        encoded = self.encoder_.transform(X).astype(np.float64)
        return torch.as_tensor(self._shape(encoded))

    def _as_one_row(self, name: str, row):
        self._check_invertible()
        row = as_rows(row)
        if frame_library(row) is None:
            shape = getattr(self.encoder_.container_, "row_shape", None)
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
        """What rows are conditioned on, which have a label each."""
        labels = self._labels_needed(y)
        if labels is None:
            return None
        check_consistent_length(X, y)
        return torch.as_tensor(labels.encode(labels.read(y)))

    def _conditions_wanted(self, y, n_rows: int) -> Tensor | None:
        """What rows are to be conditioned on, of one label or one each."""
        labels = self._labels_needed(y)
        if labels is None:
            return None
        values = labels.read_request(y, n_rows)
        if len(values) != n_rows:
            raise ValueError(f"y has {len(values)} labels for {n_rows} rows.")
        return torch.as_tensor(labels.encode(values))

    def _labels_needed(self, y):
        self._check_invertible()
        labels = getattr(self._conditions, "labels", None)
        if labels is not None and y is None:
            raise ValueError(
                f"{type(self).__name__} makes rows of latents and labels: pass y."
            )
        return labels
