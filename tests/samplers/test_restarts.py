"""InfoGANSampler starts anew where a start found no categories, within its budget."""

import logging

import numpy as np
import pytest
import torch
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from skorch.callbacks import Callback
from torch.nn.functional import cross_entropy

from skgan import InfoGANSampler, load, save
from skgan.callbacks import TrainingCheckpoint

PER_EPOCH, N_EPOCHS = 4, 15
NOISE = np.random.default_rng(0).integers(0, 256, (60, 6, 6), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _few_updates_suffice(monkeypatch):
    monkeypatch.setattr("skgan.samplers._infogan.MIN_UPDATES", PER_EPOCH * N_EPOCHS)


def make_sampler(**params):
    epochs = {"iterator_train__n_batches": PER_EPOCH, "max_epochs": N_EPOCHS}
    defaults = {
        "n_categories": 3,
        "hidden_dims": (8,),
        "batch_size": 16,
        "max_iter": PER_EPOCH * N_EPOCHS,
        "random_state": 0,
        "net_params": epochs,
    }
    return InfoGANSampler(**{**defaults, **params})


class Rates(Callback):
    """Learning rates, epoch by epoch, and an exception when one is over."""

    def __init__(self, fails_after=None):
        self.rates, self.fails_after = [], fails_after

    def on_epoch_end(self, net, **kwargs):
        self.rates.append(net.optimizer_generator_.param_groups[0]["lr"])

    def on_batch_begin(self, net, **kwargs):
        if len(net.history) - 1 == self.fails_after:
            raise RuntimeError("the power is off")


@pytest.fixture(scope="module")
def expected():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skgan.samplers._infogan.MIN_UPDATES", PER_EPOCH * N_EPOCHS)
        rates = Rates()
        return make_sampler(callbacks=[rates]).fit(NOISE), rates.rates


def anew(sampler):
    return [i for i, e in enumerate(sampler.history_) if e.get("started_anew")]


def test_noise_has_no_categories(expected, caplog):
    sampler, rates = expected
    # A third of 15 epochs, of the 10 left, and of the 6 left then.
    assert sampler.n_restarts_ == 2
    assert anew(sampler)[:2] == [4, 8]
    assert sampler.n_iter_ == PER_EPOCH * N_EPOCHS
    assert rates[5] > rates[4] and rates[9] > rates[8]
    # Each start has a whole schedule: it ends where one start does.
    assert rates[-1] < 0.1 * rates[0]
    with caplog.at_level(logging.INFO, "skgan"):
        again = make_sampler().fit(NOISE)
    told = [r.message for r in caplog.records if "starting anew" in r.message]
    assert len(told) == 2 and "update 20: categories tell" in told[0]
    assert np.array_equal(again.sample(9), sampler.sample(9, random_state=None))


@pytest.mark.parametrize("epoch", [6, 10, 13])
def test_a_fit_that_breaks_off_goes_on_bit_by_bit(expected, tmp_path, epoch):
    checkpoint = TrainingCheckpoint(tmp_path, updates=1)
    broken = make_sampler(checkpoint=checkpoint, callbacks=[Rates(epoch)])
    with pytest.raises(RuntimeError, match="the power is off"):
        broken.fit(NOISE)
    resumed = make_sampler(checkpoint=checkpoint).fit(NOISE)
    sampler, _ = expected
    assert resumed.n_restarts_ == 2 and anew(resumed) == anew(sampler)
    for name, module in resumed.net_.modules_.items():
        theirs = sampler.net_.modules_[name].state_dict()
        for key, value in module.state_dict().items():
            assert torch.equal(value, theirs[key]), (name, key)


def test_the_best_start_goes_on(monkeypatch):
    found, begun, ended = iter([0.05, 0.15, 0.01]), [], []
    monkeypatch.setattr(
        "skgan.nets.InfoGANNet.category_information", lambda *args: next(found)
    )

    class Weights(Callback):
        def on_epoch_begin(self, net, **kwargs):
            begun.append(net.discriminator_.state_dict()["layers.0.weight"].clone())

        def on_epoch_end(self, net, **kwargs):
            ended.append(net.discriminator_.state_dict()["layers.0.weight"].clone())

    sampler = make_sampler(discriminator="mlp", callbacks=[Weights()]).fit(NOISE)
    second, third = anew(sampler)[1:]
    assert sampler.n_restarts_ == 2
    # The second start was given up, and goes on where the third is.
    assert not torch.equal(begun[second + 1], ended[second])
    assert torch.equal(begun[third + 1], ended[second])


def test_what_is_enough_is_left_alone(monkeypatch, expected):
    monkeypatch.setattr(
        "skgan.nets.InfoGANNet.category_information", lambda *args: 0.99
    )
    monkeypatch.setattr("skgan.samplers._restarts.regroup", lambda *args: None)
    sampler = make_sampler().fit(NOISE)
    assert sampler.n_restarts_ == 0 and not anew(sampler)
    monkeypatch.setattr("skgan.samplers._infogan.MIN_UPDATES", 10**6)
    plain = make_sampler().fit(NOISE)
    assert np.array_equal(plain.sample(5), sampler.sample(5))


def test_divergence_starts_anew_half_as_fast(caplog):
    rates = Rates()
    rows = np.random.default_rng(0).normal(size=(60, 2))
    params = {"learning_rate": 1e3, "callbacks": [rates], "schedule": "constant"}
    with caplog.at_level(logging.INFO, "skgan"), pytest.warns(UserWarning):
        sampler = make_sampler(**params).fit(rows)
    assert sampler.n_restarts_ == 2
    assert rates.rates[:3] == [1000, 500, 250]
    assert "starting anew, half as fast" in caplog.text
    assert np.isfinite(sampler.sample(5)).all()


def test_not_where_categories_mean_nothing_or_a_fit_goes_on(expected):
    assert make_sampler(clustering_weight=0).fit(NOISE).n_restarts_ == 0
    sampler = make_sampler(max_iter=4).fit(NOISE)
    assert sampler.partial_fit(NOISE).n_restarts_ == 0


def test_files_know_how_often(expected, tmp_path):
    save(expected[0].set_params(callbacks=None), tmp_path / "a.skgan")
    again = load(tmp_path / "a.skgan")
    assert again.n_restarts_ == 2
    assert again.n_regroupings_ == expected[0].n_regroupings_


BLOBS, _ = make_blobs(
    240, centers=[[0, 0], [9, 0], [0, 9]], cluster_std=0.7, random_state=0
)
# Encoded columns are normal scores: a third of them, those of a blob, are above.
THIRD = 0.43


class Confusion(Callback):
    """Teach the head, once, that two blobs are of one category and one is of two."""

    def __init__(self):
        self.rows, self.read = [], None

    def on_epoch_begin(self, net, **kwargs):
        if self.read is None and len(net.history) == 7:
            self.read = self.rows.numpy(), net.read_codes(self.rows)[0].argmax(dim=1)
        elif self.read is None:
            self.rows = []

    def on_batch_end(self, net, batch, training, **kwargs):
        if self.read is None:
            self.rows.append(batch[0])

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) != 6:
            return
        rows = self.rows = torch.cat(self.rows)
        is_third = rows[:, 1] > THIRD
        is_right = rows[:, 0] > rows[is_third, 0].median()
        wrong = torch.where(is_third, 1 + is_right.long(), 0)
        optimizer = torch.optim.Adam(net.code_head_.parameters(), lr=0.01)
        features = net.discriminator_.features(rows).detach()
        for _ in range(100):
            optimizer.zero_grad()
            cross_entropy(net.code_head_(features)[0], wrong).backward()
            optimizer.step()


def test_confused_categories_exchange_what_they_hold(monkeypatch, caplog):
    monkeypatch.setattr(
        "skgan.nets.InfoGANNet.category_information", lambda *args: 0.99
    )
    confusion = Confusion()
    with caplog.at_level(logging.INFO, "skgan"):
        sampler = make_sampler(batch_size=48, callbacks=[confusion]).fit(BLOBS)
    told = [r.message for r in caplog.records if "update 24:" in r.message]
    assert "categories 1 and 2 are of one kind and 0 is of two" in told[0]
    assert sampler.n_regroupings_ >= 1 and sampler.n_restarts_ == 0
    assert sampler.history_[5]["regrouped"]
    rows, read = confusion.read
    kinds = np.where(rows[:, 1] > THIRD, 2, rows[:, 0] > THIRD)
    # Blobs touch in these scores; what was taught before has .4.
    assert adjusted_rand_score(kinds, read) > 0.65
