"""BaseGANSampler: validate, encode, train, draw, decode."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skgan._defaults import Settings, resolve_settings
from skgan._validation import check_integer
from skgan.callbacks import TrainingProgress
from skgan.encoding import make_encoder
from skgan.encoding._container import as_rows, frame_library
from skgan.encoding._validation import check_rows
from skgan.metrics import ReferenceSpace, energy_distance
from skgan.modules import DISCRIMINATORS, GENERATORS, resolve_network
from skgan.nets import AdversarialNet

# Energy distances take the square of this in distances: half a second.
_MAX_SCORED_ROWS = 5000
_EPOCHS_A_FIT = 100


class BaseGANSampler(
    ClassNamePrefixFeaturesOutMixin, DensityMixin, TransformerMixin, BaseEstimator
):
    """What every sampler shares: X → encoder → tensor → net → tensor → encoder → X.

    Think twice before adding to it; a subclass says what it conditions on and which
    net it trains.
    """

    def fit(self, X, y=None):
        """Learn to sample rows like those of `X`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features) or \
                (n_samples, height, width[, channels])
            At least 2 rows.
        y : Ignored
            For scikit-learn's pipelines.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a parameter is of the wrong type, or `X` is sparse.
        ValueError
            If a parameter is out of its range, or `X` has fewer than 2 rows, holds
            infinity, text, or, in an array, NaN.
        KeyboardInterrupt
            If the user breaks training off; what was learnt so far can sample.
        """
        X = as_rows(X)
        goes_on = self.warm_start and hasattr(self, "net_")
        self._check_rows(X, reset=not goes_on)
        if not goes_on:
            rng = check_random_state(self.random_state)
            self._seed, stream_seed, self._score_seed = (
                int(seed) for seed in rng.randint(2**31 - 1, size=3)
            )
            self._stream = np.random.RandomState(stream_seed)
            self.encoder_ = make_encoder(self.encoder, X).fit(X)
            self._reference = ReferenceSpace().fit(X)
        rows = self._encode(X)
        settings = resolve_settings(self, len(rows), self.encoder_.tensor_shape_)
        if not goes_on:
            self.net_ = self._make_net(settings)
        return self._train(rows, settings)

    def sample(self, n_samples=1, *, given=None, random_state=None):
        """Draw rows.

        Parameters
        ----------
        n_samples : int, default=1
            Rows to draw; 0 gives an empty result of the right kind.
        given : None
            Values to condition on; the encoders of this class condition on none.
        random_state : int, RandomState instance or None, default=None
            Fixes the rows. For one seed, ``sample(n)`` is the start of ``sample(m)``
            for n < m. None draws on along the stream that the constructor's
            `random_state` fixed.

        Returns
        -------
        array or DataFrame of shape (n_samples, ...)
            Like what ``fit`` was given: container, columns, dtypes, range, trailing
            shape.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        TypeError
            If `n_samples` is no integer.
        ValueError
            If `n_samples` is negative, or `given` is not None.
        """
        check_is_fitted(self)
        n_samples = check_integer("n_samples", n_samples, 0)
        if given is not None:
            raise ValueError(
                f"given={given!r}: {type(self.encoder_).__name__} does not condition "
                "on values; draw without `given` and select rows."
            )
        stream = self._stream if random_state is None else random_state
        seed = int(check_random_state(stream).randint(2**31 - 1))
        return self._draw(n_samples, seed)

    def score(self, X, y=None):
        """Return minus the energy distance between `X` and a sample.

        The sample is drawn with a seed of its own, fixed in ``fit``. Distances are
        taken between rows standardised by the training rows, whatever the encoder,
        so that the scores of any two settings compare.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows, best held out; of more than 5000 some 5000 are used.
        y : Ignored
            For scikit-learn's searches.

        Returns
        -------
        float
            At most about 0, which a perfect sampler has on average; higher is
            better.
        """
        check_is_fitted(self)
        X = as_rows(X)
        self._check_rows(X, reset=False)
        n_samples = max(2, min(len(X), _MAX_SCORED_ROWS))
        sample = self._draw(n_samples, self._score_seed)
        return -energy_distance(
            self._reference.transform(X),
            self._reference.transform(sample),
            standardize=False,
            max_samples=_MAX_SCORED_ROWS,
            random_state=self._score_seed,
        )

    def transform(self, X):
        """Return the discriminator's features of `X`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those given to ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            What the discriminator's ``features`` method returns, flattened.

        Raises
        ------
        TypeError
            If the discriminator has no method ``features``.
        """
        check_is_fitted(self)
        X = as_rows(X)
        self._check_rows(X, reset=False)
        if not hasattr(self.net_.discriminator_, "features"):
            raise TypeError(
                f"{type(self.net_.discriminator_).__name__} has no method "
                "features(x); give it one, or choose a registered discriminator."
            )
        # In float64, so that a row's features do not depend on its neighbours.
        discriminator = deepcopy(self.net_.discriminator_).double()
        rows = torch.as_tensor(self._encode_double(X), device=self.net_.device)
        with torch.inference_mode():
            return discriminator.features(rows).flatten(1).cpu().numpy()

    def _check_rows(self, X, *, reset: bool) -> NDArray:
        # An encoder that cannot keep what is missing says so itself.
        is_frame = frame_library(X) is not None
        return check_rows(self, X, reset=reset, allow_missing=is_frame)

    def _encode_double(self, X) -> NDArray:
        rows = np.asarray(self.encoder_.transform(X), dtype=np.float64)
        return rows.reshape(-1, *self.encoder_.tensor_shape_)

    def _encode(self, X) -> torch.Tensor:
        return torch.as_tensor(self._encode_double(X).astype(np.float32))

    def _make_net(self, settings: Settings) -> AdversarialNet:
        shape = self.encoder_.tensor_shape_
        params = {
            "generator": resolve_network(settings.generator, GENERATORS, "generator"),
            "discriminator": resolve_network(
                settings.discriminator, DISCRIMINATORS, "discriminator"
            ),
            "generator__output_shape": shape,
            "discriminator__input_shape": shape,
            "latent_dim": settings.latent_dim,
            "loss": self.loss,
            "penalty": self.penalty,
            "penalty_weight": settings.penalty_weight,
            "n_discriminator_steps": settings.n_discriminator_steps,
            "average_halflife": settings.average_halflife,
            "lr": settings.learning_rate,
            "batch_size": settings.batch_size,
            "device": settings.device,
            "random_state": self._seed,
            "callbacks__print_log": None,
            "verbose": 0,
        }
        for name in ("generator", "discriminator"):
            params[f"{name}__hidden_dims"] = settings.hidden_dims
            params[f"{name}__condition_dim"] = 0
            params[f"optimizer_{name}__fused"] = True
        params.update(self.net_params or {})
        params["callbacks"] = [
            *(self.callbacks or ()),
            *((self.net_params or {}).get("callbacks") or ()),
        ]
        net = AdversarialNet(**params)
        if self.verbose:
            net.callbacks.append(("progress", TrainingProgress(settings.max_iter)))
        return net.initialize()

    def _train(self, rows: torch.Tensor, settings: Settings):
        net = self.net_
        per_epoch = max(1, settings.max_iter // _EPOCHS_A_FIT)
        net.set_params(
            iterator_train__n_batches=per_epoch,
            iterator_train__n_total=settings.max_iter,
            max_epochs=-(-settings.max_iter // per_epoch),
        )
        net.partial_fit(rows)
        net._set_training(False)
        self.history_ = net.history
        self.n_iter_ = sum(len(epoch["batches"]) for epoch in net.history)
        if hasattr(net.discriminator_, "features"):
            with torch.inference_mode():
                features = net.discriminator_.features(rows[:1].to(net.device))
            self._n_features_out = features.flatten(1).shape[1]
        if net.interrupted_:
            raise KeyboardInterrupt
        return self

    def _draw(self, n_samples: int, seed: int):
        """Draw rows in blocks of one size, block i seeded by (seed, i).

        Blocks are always generated whole: the bits of a matrix product depend on
        its size.
        """
        net, encoder = self.net_, self.encoder_
        size = 1024 if np.prod(encoder.tensor_shape_) <= 256 else 256
        room = encoder.container_.allocate(n_samples)
        for i, start in enumerate(range(0, n_samples, size)):
            entropy = np.random.SeedSequence([seed, i]).generate_state(1, np.uint64)
            stream = torch.Generator().manual_seed(int(entropy[0]))
            latents = torch.randn(size, net.latent_dim, generator=stream)
            with torch.inference_mode():
                rows = net.sampling_generator_(latents.to(net.device))
            rows = rows.flatten(1).cpu().numpy()[: n_samples - start]
            encoder.write_decoded(room, start, rows)
        return encoder.container_.wrap(room)
