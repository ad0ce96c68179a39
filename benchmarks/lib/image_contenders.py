"""GANs for MNIST: skgan's default, three classical ones through it, one by hand."""

import time

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from skgan import GANSampler
from skgan.callbacks import StopTraining
from skgan.encoding import ImageEncoder

# More than any of them does: the seconds end it.
_MANY_UPDATES = 10**6
_LATENT_DIM = 100
_WIDTHS = (64, 128)
_LEARNING_RATE = 2e-4
_BETAS = (0.5, 0.999)


class ProcessTime(Callback):
    """End training after so many seconds of the process's own clock.

    Unlike those of the wall, they are the same beside other work.
    """

    def __init__(self, seconds):
        self.seconds = seconds

    def on_train_begin(self, net, **kwargs):
        self.deadline_ = time.process_time() + self.seconds

    def on_batch_end(self, net, training=True, **kwargs):
        net.ends_epoch_ = net.ends_epoch_ or time.process_time() >= self.deadline_

    def on_epoch_end(self, net, **kwargs):
        if time.process_time() >= self.deadline_:
            raise StopTraining


def _classical(seconds, seed, betas, net_params=None, **params):
    optimizers = {
        "optimizer_generator__betas": betas,
        "optimizer_discriminator__betas": betas,
    }
    return GANSampler(
        latent_dim=_LATENT_DIM,
        schedule="constant",
        average_halflife=None,
        max_iter=_MANY_UPDATES,
        callbacks=[ProcessTime(seconds)],
        net_params={**optimizers, **(net_params or {})},
        random_state=seed,
        **params,
    )


def default(seconds, seed, max_iter):
    """`GANSampler` with no parameter, which may end before the time is over."""
    return GANSampler(
        max_iter=max_iter or "auto",
        callbacks=[ProcessTime(seconds)],
        random_state=seed,
    )


def article(seconds, seed, max_iter):
    """100 noise to 256 ReLU to 784 sigmoid; 784 to 256 ReLU to one logit."""
    return _classical(
        seconds,
        seed,
        _BETAS,
        hidden_dims=(256,),
        generator="mlp",
        discriminator="mlp",
        loss="nonsaturating",
        penalty=None,
        learning_rate=_LEARNING_RATE,
        batch_size=128,
        encoder=ImageEncoder(value_range=(0, 1)),
    )


def dcgan(seconds, seed, max_iter):
    """Radford et al. (2016): batch normalisation in both networks."""
    return _classical(
        seconds,
        seed,
        _BETAS,
        generator="dcgan",
        discriminator="dcgan",
        loss="nonsaturating",
        penalty=None,
        learning_rate=_LEARNING_RATE,
        batch_size=128,
    )


def wgan_gp(seconds, seed, max_iter, widths=_WIDTHS):
    """Gulrajani et al. (2017), algorithm 1: its own defaults.

    DCGAN's networks, without batch normalisation in the critic, as there.
    """
    return _classical(
        seconds,
        seed,
        (0.0, 0.9),
        {"discriminator__channels": widths},
        hidden_dims=(),
        generator="dcgan",
        discriminator="strided_conv",
        loss="wasserstein",
        penalty="wgan-gp",
        penalty_weight=10,
        n_discriminator_steps=5,
        learning_rate=1e-4,
        batch_size=64,
    )


class HandWrittenDCGAN:
    """The same DCGAN as a plain loop in torch, with what makes such a loop fast.

    Whole batches by index, fused Adam, channels-last memory, and one generated batch
    for both networks.
    """

    def __init__(self, seconds, seed, max_iter):
        self.seconds, self.seed = seconds, seed

    def fit(self, X):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self._generator = _started(_generator())
            self._discriminator = _started(_discriminator())
        self._random = torch.Generator().manual_seed(self.seed)
        networks = (self._generator, self._discriminator)
        self._optimizers = [
            torch.optim.Adam(n.parameters(), _LEARNING_RATE, _BETAS, fused=True)
            for n in networks
        ]
        rows = torch.as_tensor(X).float().div(127.5).sub(1).unsqueeze(1)
        rows = rows.contiguous(memory_format=torch.channels_last)
        self.n_iter_, deadline = 0, time.process_time() + self.seconds
        while time.process_time() < deadline:
            order = torch.randperm(len(rows), generator=self._random)
            for index in order.split(128)[: len(rows) // 128]:
                self._update(rows[index])
                self.n_iter_ += 1
                if time.process_time() >= deadline:
                    break
        return self

    def _update(self, real):
        for_generator, for_discriminator = self._optimizers
        ones = torch.ones(len(real), 1)
        generated = self._generator(self._noise(len(real)))
        loss = cross_entropy(self._discriminator(real), ones) + cross_entropy(
            self._discriminator(generated.detach()), torch.zeros_like(ones)
        )
        for_discriminator.zero_grad()
        loss.backward()
        for_discriminator.step()
        loss = cross_entropy(self._discriminator(generated), ones)
        for_generator.zero_grad()
        loss.backward(inputs=list(self._generator.parameters()))
        for_generator.step()

    def _noise(self, n):
        return torch.randn(n, _LATENT_DIM, generator=self._random)

    @torch.inference_mode()
    def sample(self, n_samples):
        self._generator.eval()
        parts = [self._generator(self._noise(500)) for _ in range(-(-n_samples // 500))]
        images = torch.cat(parts)[:n_samples, 0].add(1).mul(127.5)
        return images.round().clamp(0, 255).numpy().astype(np.uint8)


def _generator():
    narrow, wide = _WIDTHS
    return nn.Sequential(
        nn.Linear(_LATENT_DIM, wide * 7 * 7),
        nn.Unflatten(1, (wide, 7, 7)),
        nn.BatchNorm2d(wide),
        nn.ReLU(),
        nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1),
        nn.BatchNorm2d(narrow),
        nn.ReLU(),
        nn.ConvTranspose2d(narrow, 1, 4, stride=2, padding=1),
        nn.Tanh(),
    )


def _discriminator():
    narrow, wide = _WIDTHS
    return nn.Sequential(
        nn.Conv2d(1, narrow, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(narrow, wide, 4, stride=2, padding=1),
        nn.BatchNorm2d(wide),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(wide * 7 * 7, 1),
    )


def _started(network):
    """Weights from N(0, 0.02): Radford et al. (2016), section 4."""
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, mean=1, std=0.02)
        elif hasattr(layer, "weight"):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
    return network.to(memory_format=torch.channels_last)


CONTENDERS = {
    "default": (default, "GANSampler"),
    "article": (article, "the article's GAN"),
    "dcgan": (dcgan, "DCGAN"),
    "wgan-gp": (wgan_gp, "WGAN-GP"),
    "by-hand": (HandWrittenDCGAN, "DCGAN by hand, in torch"),
}
