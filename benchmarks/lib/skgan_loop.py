"""skgan's own run of the article's GAN, through its public names."""

import threading
import time
from queue import SimpleQueue

from skorch.callbacks import Callback

from benchmarks.lib.training_loops import BATCH_SIZE, BETAS, LEARNING_RATE
from skgan import GANSampler
from skgan.encoding import ImageEncoder


def make_sampler(networks, objective, seed, device="cpu", **params):
    """Return a `GANSampler` with the networks and optimizers of `training_loops`."""
    return GANSampler(
        latent_dim=networks.latent_dim,
        hidden_dims=(networks.hidden_dim,),
        generator="mlp",
        discriminator="mlp",
        loss=objective,
        penalty=None,
        learning_rate=LEARNING_RATE,
        schedule="constant",
        batch_size=BATCH_SIZE,
        average_halflife=None,
        # Pixels in [0, 1] make the generator end in a sigmoid.
        encoder=ImageEncoder(value_range=(0, 1)) if networks.bounded else "auto",
        net_params={
            "optimizer_generator__betas": BETAS,
            "optimizer_discriminator__betas": BETAS,
        },
        device=device,
        random_state=seed,
        **params,
    )


class _TakesTurns(Callback):
    """Lets a fit go on for as many updates as it is granted, then waits."""

    def __init__(self):
        self.grants = SimpleQueue()
        self.answers = SimpleQueue()

    def wait(self):
        self.answers.put(None)
        self.n_left = self.grants.get()

    def on_train_begin(self, net, **kwargs):
        self.wait()

    def on_batch_end(self, net, **kwargs):
        self.n_left -= 1
        if not self.n_left:
            self.wait()


class Skgan:
    """One long fit of `GANSampler`, held up while the other loops take their turns.

    So it is timed as it is, at the epochs' ends too, but for the encoding of the
    data before it starts: the others are handed theirs encoded.
    """

    def __init__(self, data, networks, objective, seed, device="cpu"):
        self.turns = _TakesTurns()
        self.sampler = make_sampler(
            networks, objective, seed, device, max_iter=31_000, callbacks=[self.turns]
        )
        threading.Thread(target=self._fit, args=(data,), daemon=True).start()
        self._wait()

    def _fit(self, data):
        try:
            self.sampler.fit(data)
        except BaseException as error:
            self.turns.answers.put(error)

    def _wait(self):
        error = self.turns.answers.get()
        if error is not None:
            raise error

    def run(self, n_updates):
        start = time.perf_counter()
        self.turns.grants.put(n_updates)
        self._wait()
        return time.perf_counter() - start
