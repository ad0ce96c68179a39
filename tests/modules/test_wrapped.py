"""Spectral normalisation and packing: what they promise, alone and in a fit."""

import pickle
from copy import deepcopy
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from skgan import GANSampler
from skgan.modules import PackedMLPDiscriminator, SpectralMLPDiscriminator
from skgan.modules._wrapped import SpectralLinear

ROWS = np.random.default_rng(0).normal(size=(90, 3))


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def make_sampler(**params):
    defaults = {
        "hidden_dims": (16, 16),
        "penalty": None,
        "max_iter": 20,
        "batch_size": 30,
        "random_state": 0,
    }
    return GANSampler(**{**defaults, **params})


def spectral_sampler(**params):
    return make_sampler(discriminator="spectral_mlp", loss="hinge", **params)


def effective_weights(module):
    """The matrices that the layers multiply by, found by asking them."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            unit = torch.eye(layer.in_features)
            yield (layer(unit) - layer(torch.zeros_like(unit))).T


class TestSpectral:
    def test_every_layer_is_one(self):
        critic = SpectralMLPDiscriminator(input_shape=(6,), hidden_dims=(32, 24))
        with torch.no_grad():
            for layer in critic.modules():
                if isinstance(layer, nn.Linear):
                    layer.weight.mul_(50)
            for _ in range(60):
                critic(torch.randn(2, 6))
        norms = [torch.linalg.matrix_norm(w, 2) for w in effective_weights(critic)]
        assert len(norms) == 3
        torch.testing.assert_close(torch.stack(norms), torch.ones(3), rtol=0.02, atol=0)

    def test_stays_so_while_it_is_trained(self):
        sampler = spectral_sampler(max_iter=60, learning_rate=5e-3).fit(ROWS)
        critic = sampler.net_.discriminator_
        assert isinstance(critic, SpectralMLPDiscriminator)
        norms = [torch.linalg.matrix_norm(w, 2) for w in effective_weights(critic)]
        assert len(norms) == 3 and max(norms) <= 1.05 and min(norms) > 0.9

    def test_is_lipschitz(self):
        critic = SpectralMLPDiscriminator(input_shape=(4,), hidden_dims=(32, 32)).eval()
        a, b = torch.randn(2, 500, 4)
        slopes = (critic(a) - critic(b)).abs().squeeze() / (a - b).norm(dim=1)
        assert slopes.max() <= 1.05

    def test_evaluating_moves_nothing(self):
        critic = SpectralMLPDiscriminator(input_shape=(4,)).eval()
        before = deepcopy(critic.state_dict())
        x = torch.randn(5, 4)
        assert torch.equal(critic(x), critic(x))
        for name, value in critic.state_dict().items():
            assert torch.equal(value, before[name])
        critic.train()(x)
        assert any(
            not torch.equal(value, before[name])
            for name, value in critic.state_dict().items()
        )

    def test_gradients_are_those_of_the_formula(self):
        layer = SpectralLinear(4, 3).eval()
        x = torch.randn(7, 4)
        layer(x).square().sum().backward()
        weight = layer.weight.detach().clone().requires_grad_()
        norm = layer.left @ weight @ layer.right
        (x @ (weight / norm).T + layer.bias).square().sum().backward()
        torch.testing.assert_close(layer.weight.grad, weight.grad)
        # A longer weight changes nothing: no gradient along the weight itself.
        assert abs((layer.weight.grad * layer.weight).sum().item()) < 1e-4

    def test_trains_and_samples(self):
        sampler = spectral_sampler().fit(ROWS)
        assert sampler.n_iter_ == 20
        assert np.isfinite(sampler.history_[:, "discriminator_loss"]).all()
        drawn = sampler.sample(500, random_state=0)
        assert np.isfinite(drawn).all() and np.isfinite(sampler.score(ROWS))

    @pytest.mark.parametrize("penalty", ["r1+r2", "wgan-gp"])
    def test_may_pay_a_penalty_too(self, penalty):
        sampler = spectral_sampler(max_iter=3).set_params(penalty=penalty).fit(ROWS)
        assert np.isfinite(sampler.sample(9)).all()

    @pytest.mark.parametrize(
        "copy", [deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
    )
    def test_copies_and_pickles(self, copy):
        sampler = spectral_sampler(max_iter=5).fit(ROWS)
        twin = copy(sampler)
        np.testing.assert_array_equal(
            twin.sample(9, random_state=0), sampler.sample(9, random_state=0)
        )
        np.testing.assert_array_equal(twin.transform(ROWS), sampler.transform(ROWS))
        critic = SpectralMLPDiscriminator(input_shape=(2,)).eval()
        x = torch.randn(5, 2)
        assert torch.equal(copy(critic)(x), critic(x))

    def test_features_in_double_do_not_depend_on_neighbours(self):
        sampler = spectral_sampler(max_iter=5).fit(ROWS)
        features = sampler.transform(ROWS)
        assert (features.shape, features.dtype) == ((90, 16), np.float64)
        alone = np.vstack([sampler.transform(row[None]) for row in ROWS[:9]])
        np.testing.assert_allclose(alone, features[:9], rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(features, sampler.transform(ROWS))

    def test_states_are_saved_and_loaded(self):
        critic, other = (SpectralMLPDiscriminator(input_shape=(3,)) for _ in range(2))
        other.load_state_dict(critic.state_dict())
        x = torch.randn(4, 3)
        assert torch.equal(other.eval()(x), critic.eval()(x))

    def test_conditions(self):
        critic = SpectralMLPDiscriminator(input_shape=(3,), condition_dim=2)
        assert critic(torch.randn(5, 3), torch.randn(5, 2)).shape == (5, 1)


class Spy(PackedMLPDiscriminator):
    """Keeps the rows it was shown, a call an entry."""

    seen: ClassVar[list] = []

    def forward(self, x, condition=None):
        self.seen.append(x.detach().clone())
        return super().forward(x, condition)


class TestPacked:
    @pytest.mark.parametrize("pack_size", [1, 2, 3, 5])
    @pytest.mark.parametrize("n", [1, 2, 6, 7])
    def test_a_logit_a_pack(self, n, pack_size):
        critic = PackedMLPDiscriminator(input_shape=(1, 2), pack_size=pack_size)
        assert critic(torch.randn(n, 1, 2)).shape == (-(-n // pack_size), 1)

    def test_packs_are_neighbours_in_their_order(self):
        critic = PackedMLPDiscriminator(input_shape=(2,), pack_size=3)
        x = torch.randn(6, 2)
        logits = critic(x)
        for pack in range(2):
            rows = x[3 * pack : 3 * pack + 3]
            torch.testing.assert_close(critic(rows), logits[pack : pack + 1])
        # Another row changes the logit of its own pack alone.
        moved = x.clone()
        moved[4] += 1
        changed = (critic(moved) - logits).abs().squeeze() > 1e-6
        assert changed.tolist() == [False, True]

    def test_a_short_pack_is_filled_from_the_start(self):
        critic = PackedMLPDiscriminator(input_shape=(2,), pack_size=3)
        x = torch.randn(4, 2)
        torch.testing.assert_close(critic(x)[1], critic(x[[3, 0, 1]])[0])
        torch.testing.assert_close(critic(x[:1])[0], critic(x[[0, 0, 0]])[0])

    def test_one_row_a_pack_is_the_plain_perceptron(self):
        critic = PackedMLPDiscriminator(input_shape=(2,), pack_size=1)
        x = torch.randn(5, 2)
        torch.testing.assert_close(critic(x), critic.head(critic.features(x)))

    def test_variety_is_seen(self):
        """Only a critic of packs tells twins from others of the same marginals."""
        critic = PackedMLPDiscriminator(input_shape=(1,), hidden_dims=(32,))
        optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)
        stream = torch.Generator().manual_seed(0)
        for _ in range(300):
            others = torch.randn(128, 1, generator=stream)
            twins = torch.randn(64, 1, generator=stream).repeat_interleave(2, dim=0)
            loss = nn.functional.softplus(critic(twins) - critic(others)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.45 < np.log(2)

    @pytest.mark.parametrize("loss", ["relativistic", "nonsaturating", "hinge"])
    @pytest.mark.parametrize("batch_size", [2, 30, 7, 1])
    def test_trains_and_transforms(self, loss, batch_size):
        sampler = make_sampler(
            discriminator="packed_mlp", loss=loss, batch_size=batch_size, max_iter=4
        ).fit(ROWS)
        assert np.isfinite(sampler.history_[:, "discriminator_loss"]).all()
        assert np.isfinite(sampler.sample(9)).all()
        features = sampler.transform(ROWS)
        assert features.shape == (90, 16)
        np.testing.assert_allclose(features[:1], sampler.transform(ROWS[:1]))

    @pytest.mark.parametrize("penalty", ["r1", "r1+r2", "wgan-gp"])
    @pytest.mark.parametrize("batch_size", [8, 9])
    def test_with_a_penalty(self, penalty, batch_size):
        sampler = make_sampler(
            discriminator="packed_mlp", batch_size=batch_size, max_iter=4
        ).set_params(penalty=penalty)
        assert np.isfinite(sampler.fit(ROWS).sample(9)).all()

    @pytest.mark.parametrize(
        ("batch_size", "pack_size"), [(8, 2), (9, 3), (9, 2), (8, 3), (5, 4)]
    )
    def test_real_rows_are_never_packed_with_fake_ones(
        self, monkeypatch, batch_size, pack_size
    ):
        monkeypatch.setattr(Spy, "seen", [])
        batches = []

        def generator_loss(real_logits, fake_logits):
            return -fake_logits.mean()

        def discriminator_loss(real_logits, fake_logits):
            batches.append((len(real_logits), len(fake_logits)))
            return fake_logits.mean() - real_logits.mean()

        sampler = make_sampler(
            discriminator=Spy,
            loss=(discriminator_loss, generator_loss),
            batch_size=batch_size,
            max_iter=3,
            encoder="auto",
            net_params={"discriminator__pack_size": pack_size},
        ).fit(ROWS)
        n_packs = -(-batch_size // pack_size)
        assert batches == [(n_packs, n_packs)] * 3
        encoded = sampler.encoder_.encode_for_training(ROWS, sampler._seeds.net)
        real = {row.tobytes() for row in encoded.astype(np.float32)}
        n_real = 0
        for rows in Spy.seen:
            is_real = np.array([row.numpy().tobytes() in real for row in rows])
            n_real += int(is_real.sum())
            for start in range(0, len(rows), pack_size):
                index = np.arange(start, start + pack_size) % len(rows)
                assert len(set(is_real[index])) == 1
        assert n_real >= 3 * batch_size

    def test_pickles(self):
        sampler = make_sampler(discriminator="packed_mlp", max_iter=3).fit(ROWS)
        twin = pickle.loads(pickle.dumps(sampler))
        np.testing.assert_array_equal(twin.transform(ROWS), sampler.transform(ROWS))

    def test_errors(self):
        with pytest.raises(ValueError, match="condition_dim is 0"):
            PackedMLPDiscriminator(input_shape=(2,), condition_dim=1)
        with pytest.raises(ValueError, match="pack_size must be at least 1, got 0"):
            PackedMLPDiscriminator(input_shape=(2,), pack_size=0)
