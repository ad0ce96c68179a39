"""skgan's own run of the article's GAN, through its public names."""

import time

from _loops import BATCH_SIZE, BETAS, LEARNING_RATE
from skorch.callbacks import Callback

from skgan import GANSampler
from skgan.encoding import ImageEncoder


class _Stopwatch(Callback):
    """Times the training alone, as the other loops are timed with data in place."""

    def on_train_begin(self, net, **kwargs):
        self.start_ = time.perf_counter()

    def on_train_end(self, net, **kwargs):
        self.seconds_ = time.perf_counter() - self.start_


class Skgan:
    """`GANSampler` with the networks of ``_loops``, trained on by warm starts."""

    def __init__(self, data, networks, objective, seed, device="cpu"):
        self.data = data
        self.stopwatch = _Stopwatch()
        net_params = {
            f"optimizer_{name}__betas": BETAS for name in ("generator", "discriminator")
        }
        if networks.bounded:
            net_params["generator__output_activation"] = "sigmoid"
        self.sampler = GANSampler(
            latent_dim=networks.latent_dim,
            hidden_dims=(networks.hidden_dim,),
            generator="mlp",
            discriminator="mlp",
            loss=objective,
            penalty=None,
            learning_rate=LEARNING_RATE,
            batch_size=BATCH_SIZE,
            average_halflife=None,
            encoder=ImageEncoder(value_range=(0, 1)) if networks.bounded else "auto",
            callbacks=[self.stopwatch],
            net_params=net_params,
            warm_start=True,
            device=device,
            random_state=seed,
        )

    def run(self, n_updates):
        self.sampler.set_params(max_iter=n_updates).fit(self.data)
        return self.stopwatch.seconds_

    def sample(self, n_samples):
        return self.sampler.sample(n_samples)
