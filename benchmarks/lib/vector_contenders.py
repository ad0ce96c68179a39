"""What GANSampler is compared with: densities that sample, and two classical GANs."""

import itertools

import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from skgan import GANSampler
from skgan.encoding import BaseEncoder

# Rows that a bandwidth is chosen on: its cost is quadratic in them.
_MAX_BANDWIDTH_ROWS = 2000
_COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


class StandardEncoder(BaseEncoder):
    """Columns of mean 0 and variance 1, and nothing more.

    Decoded, they are rounded where they were whole and clipped to the range seen.
    """

    def _fit_rows(self, values):
        self.finish_ = Finish(values)
        self.mean_ = values.mean(axis=0)
        deviation = values.std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        self.tensor_shape_ = (values.shape[1],)

    def _encode(self, values):
        return (values - self.mean_) / self.scale_

    def _decode(self, rows):
        return self.finish_(rows * self.scale_ + self.mean_)


class Finish:
    """Rounds columns that were whole and clips to the range seen, as skgan does."""

    def __init__(self, X):
        self.low, self.high = X.min(axis=0), X.max(axis=0)
        self.is_whole = (np.rint(X) == X).all(axis=0)

    def __call__(self, X):
        X = np.clip(X, self.low, self.high)
        return np.where(self.is_whole, np.rint(X), X)


class _Standardised:
    """A density of standardised rows that samples in their own units."""

    def __init__(self, random_state):
        self.random_state = random_state

    def fit(self, X):
        self.scaler = StandardScaler().fit(X)
        self._fit(self.scaler.transform(X))
        return self

    def sample(self, n_samples):
        rows = self._sample(n_samples)
        return self.scaler.inverse_transform(rows)


class Mixture(_Standardised):
    """A GaussianMixture whose BIC is least, of 1 to `max_components` components.

    One with a component of too few rows to tell its covariance is out of the
    question: it closes in on single rows, and no BIC holds it back.
    """

    def __init__(
        self, random_state, covariance_types=_COVARIANCE_TYPES, max_components=30
    ):
        super().__init__(random_state)
        self.covariance_types = covariance_types
        self.max_components = max_components

    def _fit(self, X):
        sizes = range(1, min(self.max_components, len(X) - 1) + 1)
        best = np.inf
        for n, kind in itertools.product(sizes, self.covariance_types):
            model = GaussianMixture(
                n, covariance_type=kind, random_state=self.random_state
            ).fit(X)
            least = X.shape[1] + 1 if kind == "full" else 2
            is_sound = n == 1 or model.weights_.min() * len(X) >= least
            if is_sound and (bic := model.bic(X)) < best:
                best, self.model = bic, model

    def _sample(self, n_samples):
        rows = self.model.sample(n_samples)[0]
        # They come sorted by component.
        return np.random.RandomState(self.random_state).permutation(rows)

    def describe(self):
        return f"{self.model.n_components} {self.model.covariance_type}"


class Kernel(_Standardised):
    """A KernelDensity whose bandwidth five folds choose.

    Of more than 2000 rows it is chosen on 2000, and narrowed for all by the rate
    n ** (-1 / (d + 4)).
    """

    def _fit(self, X):
        n, d = X.shape
        rng = np.random.RandomState(self.random_state)
        some = X[rng.permutation(n)[:_MAX_BANDWIDTH_ROWS]]
        search = GridSearchCV(
            KernelDensity(), {"bandwidth": np.geomspace(0.01, 2, 24)}, cv=5
        ).fit(some)
        chosen = search.best_params_["bandwidth"]
        bandwidth = float(chosen * (len(some) / n) ** (1 / (d + 4)))
        self.model = KernelDensity(bandwidth=bandwidth).fit(X)

    def _sample(self, n_samples):
        return self.model.sample(n_samples, random_state=self.random_state)

    def describe(self):
        return f"bandwidth {self.model.bandwidth:.3g}"


def _classical(random_state, **settings):
    """A perceptron pair on standardised columns, without any of the default's parts."""
    return GANSampler(
        latent_dim=64,
        generator="mlp",
        discriminator="mlp",
        hidden_dims=(128, 128),
        batch_size=128,
        schedule="constant",
        average_halflife=None,
        encoder=StandardEncoder(),
        random_state=random_state,
        **settings,
    )


def _adam(beta1, beta2):
    names = ("generator", "discriminator")
    return {f"optimizer_{name}__betas": (beta1, beta2) for name in names}


def textbook_gan(random_state, **settings):
    """Radford et al. (2016): the non-saturating loss, Adam of 2e-4 and β1 = .5."""
    return _classical(
        random_state,
        loss="nonsaturating",
        penalty=None,
        learning_rate=2e-4,
        net_params=_adam(0.5, 0.999),
        **settings,
    )


def wgan_gp(random_state, **settings):
    """Gulrajani et al. (2017), algorithm 1: its own defaults."""
    return _classical(
        random_state,
        loss="wasserstein",
        penalty="wgan-gp",
        penalty_weight=10,
        n_discriminator_steps=5,
        learning_rate=1e-4,
        net_params=_adam(0.0, 0.9),
        **settings,
    )
