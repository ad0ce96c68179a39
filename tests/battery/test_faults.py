"""What breaks from outside: keys, disks, memory, divergence; and threads."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

import skgan
from skgan import (
    ConditionalGANSampler,
    GANOutlierDetector,
    GANSampler,
    SamplerPipeline,
)
from skgan.callbacks import DivergenceWarning, TrainingCheckpoint
from skgan.imblearn import GANOverSampler
from skgan.modules import MLPGenerator

# Four epochs of three updates.
EPOCHS = {
    "max_iter": 12,
    "net_params": {"max_epochs": 4, "iterator_train__n_batches": 3},
}


class Raise(Callback):
    """Raise when the third epoch begins."""

    def __init__(self, exception):
        self.exception = exception

    def on_train_begin(self, net, **kwargs):
        self.n_epochs = 0

    def on_epoch_begin(self, net, **kwargs):
        self.n_epochs += 1
        if self.n_epochs == 3:
            raise self.exception


class Poison(Callback):
    """Write NaN into the generator in the midst of the third epoch."""

    def on_train_begin(self, net, **kwargs):
        self.n_updates = 0

    def on_batch_end(self, net, **kwargs):
        self.n_updates += 1
        if self.n_updates == 8:
            nn.init.constant_(next(net.generator_.parameters()), np.nan)


class Hungry(MLPGenerator):
    def forward(self, *arguments):
        if self.training:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return super().forward(*arguments)


# -- training that breaks off


def test_ctrl_c_is_raised_again(public, X):
    with pytest.raises(KeyboardInterrupt):
        public.fitted(X, callbacks=[Raise(KeyboardInterrupt)], **EPOCHS)


def test_after_ctrl_c_what_was_learnt_draws_and_goes_on(lasting, X):
    estimator = lasting.make(callbacks=[Raise(KeyboardInterrupt)], **EPOCHS)
    with pytest.raises(KeyboardInterrupt):
        lasting.fit(estimator, X)
    assert estimator.n_iter_ == 6
    assert np.isfinite(lasting.rows(estimator, X)).all()
    assert np.isfinite(estimator.score(X))
    lasting.fit(estimator.set_params(callbacks=None, warm_start=True), X)
    assert estimator.n_iter_ == 18


@pytest.mark.parametrize("exception", [KeyboardInterrupt, ZeroDivisionError])
def test_a_fit_that_broke_off_ends_where_it_would_have_ended(
    lasting, X, exception, tmp_path
):
    whole = lasting.fitted(X, **EPOCHS)
    checkpoint = TrainingCheckpoint(tmp_path, updates=1)
    violations = lasting.make(
        callbacks=[Raise(exception)], checkpoint=checkpoint, **EPOCHS
    )
    with pytest.raises(exception):
        lasting.fit(violations, X)
    assert len(list(tmp_path.iterdir())) == 1
    resumed = lasting.fitted(X, checkpoint=tmp_path, **EPOCHS)
    assert resumed.n_iter_ == 12 and list(tmp_path.iterdir()) == []
    for name in ("generator_", "discriminator_", "averaged_generator_"):
        ours, theirs = (
            getattr(sampler.net_, name).state_dict() for sampler in (resumed, whole)
        )
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(value, theirs[key]) for key, value in ours.items())
    np.testing.assert_array_equal(lasting.rows(resumed, X), lasting.rows(whole, X))


def test_divergence_is_restored_and_warned_of(public, X):
    estimator = public.make(callbacks=[Poison()], **EPOCHS)
    with pytest.warns(DivergenceWarning, match="update 6 were restored"):
        public.fit(estimator, X)
    assert public.sampler(estimator).n_iter_ == 9
    assert np.isfinite(public.rows(estimator, X)).all()
    if public.kind is GANOutlierDetector:
        assert np.isfinite(estimator.score_samples(X)).all()


def test_a_step_that_does_not_fit_into_memory_says_what_to_do(public, X):
    with pytest.raises(torch.cuda.OutOfMemoryError, match=r"lower batch_size, then"):
        public.fitted(X, generator=Hungry)


def test_draws_that_do_not_fit_into_memory_are_halved(drawing, X, monkeypatch):
    # Rows of trees need no network.
    takes_prior = drawing.kind in (GANSampler, ConditionalGANSampler, SamplerPipeline)
    params = {"prior": "normal"} if takes_prior else {}
    estimator = drawing.fitted(X, **params)
    net, sizes = type(drawing.sampler(estimator).net_), []
    whole, call = drawing.rows(estimator, X, n=1100), net.call

    def hungry(self, module, x, condition):
        sizes.append(len(x))
        if len(x) > 600:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return call(self, module, x, condition)

    monkeypatch.setattr(net, "call", hungry)
    parts = drawing.rows(estimator, X, n=1100)
    assert set(sizes) == {1024, 512}
    np.testing.assert_allclose(parts, whole, rtol=1e-3, atol=1e-3)


def test_more_epochs_than_updates(public, X):
    """The shorter of both ends a fit."""
    for params, n_updates in [
        ({"max_epochs": 100}, 7),
        ({"max_epochs": 100, "iterator_train__n_batches": 2}, 7),
        ({"iterator_train__n_batches": 2}, 7),
        ({"max_epochs": 2, "iterator_train__n_batches": 2}, 4),
    ]:
        sampler = public.sampler(public.fitted(X, max_iter=7, net_params=params))
        assert sampler.n_iter_ == n_updates
        assert np.isfinite(sampler.history_[:, "real_gradient_norm"]).all()


# -- files


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(public, X, failing, tmp_path, monkeypatch):
    estimator, path = public.fitted(X), tmp_path / "kept.skgan"
    if public.kind is GANOverSampler:
        del estimator.resampled_  # the test's own
    # Estimators of others, which files do not hold, are handed over.
    meta = [name for name in ("estimator", "estimator_") if hasattr(estimator, name)]
    outside = [*meta, "first"] if public.kind is SamplerPipeline else meta
    if public.kind is SamplerPipeline:
        estimator = public.sampler(estimator)
        outside = []
    skgan.save(estimator, path, leave_out=outside)
    old = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, failing, fail)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            skgan.save(estimator, path, leave_out=outside)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["kept.skgan"]
    objects = {name: getattr(estimator, name) for name in outside}
    loaded = skgan.load(path, objects=objects or None)
    assert type(loaded) is type(estimator)


# -- threads


def test_eight_threads_draw_what_one_does(public, X):
    estimator = public.fitted(X)

    def draw(seed):
        return public.rows(estimator, X, n=1100, seed=seed)

    alone = [draw(seed) for seed in range(4)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(draw, [*range(4)] * 4))
    for i, rows in enumerate(together):
        np.testing.assert_array_equal(rows, alone[i % 4])


def test_eight_threads_fit_what_one_does(public, X):
    rows = public.rows(public.fitted(X), X)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda _: public.rows(public.fitted(X), X), range(8)))
    for others in together:
        np.testing.assert_array_equal(others, rows)
