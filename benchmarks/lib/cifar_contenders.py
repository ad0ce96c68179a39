"""GANs for colour photographs, each given as many of the process's seconds."""

import time
from functools import partial

from benchmarks.lib import image_contenders
from benchmarks.lib.image_contenders import ProcessTime
from skgan import ConditionalGANSampler, GANSampler
from skgan.callbacks import Annealing

# A fit of so many updates says how many the seconds are enough for.
_N_TRIED = 10
_ROWS_TRIED = 256
_DCGAN_WIDTHS = (64, 128, 128)


class ProcessProgress:
    """The share of a schedule that is done, by the process's own clock.

    It stands in for `skgan.callbacks.Annealing.progress_`, as `max_time` has it by
    the clock on the wall.
    """

    def __init__(self, seconds):
        self.seconds, self.start, self.n_updates = seconds, time.process_time(), 0

    @property
    def share(self):
        return min(1.0, (time.process_time() - self.start) / self.seconds)


class WholeSchedule(ProcessTime):
    """End training after so many seconds, with the schedule at its end."""

    def on_train_begin(self, net, **kwargs):
        super().on_train_begin(net, **kwargs)
        for _, callback in net.callbacks_:
            if isinstance(callback, Annealing):
                callback.progress_ = ProcessProgress(self.seconds)


def timed(kind, seconds, seed, X, y=None, **params):
    """Return a fitted sampler of the defaults whose fit took as many seconds.

    The half-life of its averaged weights is the default's share of the updates that
    it has time for, as a short fit tells.
    """
    make = partial(kind, random_state=seed, **params)
    few = (X[:_ROWS_TRIED],) if y is None else (X[:_ROWS_TRIED], y[:_ROWS_TRIED])
    make(max_iter=1).fit(*few)
    start = time.process_time()
    make(max_iter=_N_TRIED).fit(*few)
    n_updates = round(_N_TRIED * seconds / (time.process_time() - start))
    sampler = make(
        max_iter=2 * n_updates,
        average_halflife=0.05 * n_updates,
        callbacks=[WholeSchedule(seconds)],
    )
    return sampler.fit(X) if y is None else sampler.fit(X, y)


def default(seconds, seed, X):
    """`GANSampler`, whose schedule ends with the time."""
    return timed(GANSampler, seconds, seed, X)


def conditional(seconds, seed, X, y):
    """`ConditionalGANSampler`, whose schedule ends with the time."""
    return timed(ConditionalGANSampler, seconds, seed, X, y)


def _of_mnist(make, **params):
    """A contender of MNIST's benchmark; its networks follow from the images."""
    return lambda seconds, seed, X: make(seconds, seed, None, **params).fit(X)


CONTENDERS = {
    "default": (default, "GANSampler"),
    "dcgan": (_of_mnist(image_contenders.dcgan), "DCGAN"),
    "wgan-gp": (_of_mnist(image_contenders.wgan_gp, widths=_DCGAN_WIDTHS), "WGAN-GP"),
    "article": (_of_mnist(image_contenders.article), "the article's GAN"),
}
