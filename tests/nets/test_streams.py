"""Randomness and interruptions: one seed, no global stream, threads apart."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping
from skorch.dataset import ValidSplit

from skgan.modules import MLPGenerator

OPTIONS = {
    "plain": {},
    "penalty": {"penalty": "wgan-gp"},
    "dragan": {"penalty": "dragan", "n_discriminator_steps": 2},
    "average": {"average_halflife": 3.0},
    "split": {"train_split": ValidSplit(4)},
    "entropy": {"random_state": None},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_global_streams_are_not_touched(make_net, X, options):
    numpy_before = np.random.get_state()
    torch_before = torch.get_rng_state()
    net = make_net(**options).fit(X)
    net.draw_latents(5)
    net.predict(np.zeros((5, 3)))
    net.partial_fit(X)
    assert torch.equal(torch.get_rng_state(), torch_before)
    numpy_after = np.random.get_state()
    for before, after in zip(numpy_before, numpy_after, strict=True):
        assert np.array_equal(before, after)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_global_streams_do_not_matter(make_net, X, weights, options):
    options = {**options, "random_state": 4}
    first = weights(make_net(**options).fit(X))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)
        second = weights(make_net(**options).fit(X))
    assert all(map(torch.equal, first, second))


def test_seeds_matter(make_net, X, weights):
    fits = [weights(make_net(random_state=seed).fit(X)) for seed in (1, 2)]
    assert not torch.equal(fits[0][0], fits[1][0])
    fits = [make_net(random_state=None).initialize() for _ in range(2)]
    assert not torch.equal(*(weights(net)[0] for net in fits))


def test_a_random_state_is_drawn_from(make_net, weights):
    rng = np.random.RandomState(0)
    nets = [make_net(random_state=rng).initialize() for _ in range(2)]
    assert not torch.equal(*(weights(net)[0] for net in nets))
    rng = np.random.RandomState(0)
    again = [make_net(random_state=rng).initialize() for _ in range(2)]
    for net, other in zip(nets, again, strict=True):
        assert torch.equal(weights(net)[0], weights(other)[0])


def test_latents_are_standard_normal(make_net):
    z = make_net(latent_dim=4).initialize().draw_latents(20_000)
    assert z.shape == (20_000, 4)
    torch.testing.assert_close(z.mean(0), torch.zeros(4), atol=0.03, rtol=0)
    torch.testing.assert_close(z.T.cov(), torch.eye(4), atol=0.05, rtol=0)


class Slow(MLPGenerator):
    """Takes its time between two draws of weights, so that threads meet there."""

    def __init__(self, **kwargs):
        time.sleep(0.01)
        super().__init__(**kwargs)
        time.sleep(0.01)


def test_fits_in_threads_give_what_one_gives(make_net, X, weights):
    def fit(seed):
        return weights(
            make_net(random_state=seed, generator=Slow, penalty="wgan-gp").fit(X)
        )

    alone = [fit(seed) for seed in range(4)]
    before = torch.get_rng_state()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fit, [0, 1, 2, 3] * 2))
    for seed, found in enumerate(together):
        assert all(map(torch.equal, found, alone[seed % 4]))
    assert torch.equal(torch.get_rng_state(), before)


class Breaks(Callback):
    """Raise what Ctrl-C raises, in the midst of the second epoch."""

    def on_batch_end(self, net, training=True, **kwargs):
        if len(net.history) == 2:
            raise KeyboardInterrupt


def test_the_users_interruption_is_remembered(make_net, X):
    net = make_net(callbacks=[Breaks()], max_epochs=9).fit(X)
    assert net.interrupted_ and len(net.history) == 2
    assert np.isfinite(net.predict(np.zeros((3, 3)))).all()
    net.set_params(callbacks=[]).fit(X)
    assert not net.interrupted_ and len(net.history) == 9


def test_early_stopping_is_no_interruption(make_net, X):
    stopping = EarlyStopping(monitor="generator_loss", patience=2, threshold=1e6)
    net = make_net(callbacks=[stopping], max_epochs=20).fit(X)
    assert len(net.history) == 3 and not net.interrupted_


def test_an_interruption_beside_early_stopping_is_one(make_net, X):
    callbacks = [EarlyStopping(monitor="generator_loss", patience=5), Breaks()]
    assert make_net(callbacks=callbacks, max_epochs=9).fit(X).interrupted_


def test_a_callback_that_draws_does_not_change_training(make_net, X):
    modes = []

    class Draws(Callback):
        def on_batch_begin(self, net, **kwargs):
            net.predict(np.zeros((2, 3)))

        def on_grad_computed(self, net, **kwargs):
            modes.append((net.generator_.training, net.discriminator_.training))

    net = make_net(callbacks=[Draws()]).fit(X)
    assert len(modes) == 12 and set(modes) == {(True, True)}
    assert net.history[-1, "train_batch_count"] == 3
