"""Where latents come from: one hook for steps, validation, sampling and callbacks."""

import numpy as np
import pytest
import torch
from skorch.dataset import ValidSplit

import skgan
from skgan import GANSampler
from skgan.callbacks import MomentCalibration
from skgan.modules import CalibratedResidualLatentGenerator, TableGenerator
from skgan.nets import AdversarialNet

POOL = torch.arange(12.0).reshape(4, 3)


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def test_latents_are_normal_by_default(make_net):
    net = make_net().initialize()
    latents = net.draw_latents(5, stream())
    assert torch.equal(latents, torch.randn(5, 3, generator=stream()))


def test_a_pool_is_drawn_from_with_replacement(make_net):
    net = make_net(latents=POOL).initialize()
    latents = net.draw_latents(200, stream())
    rows, counts = latents.unique(dim=0, return_counts=True)
    assert torch.equal(rows, POOL)
    assert counts.min() > 25
    assert torch.equal(latents, net.draw_latents(200, stream()))
    assert not torch.equal(latents, net.draw_latents(200, stream(1)))


def test_arrays_are_pools_too(make_net):
    net = make_net(latents=POOL.numpy().astype("float64")).initialize()
    latents = net.draw_latents(2, stream())
    assert latents.dtype == torch.float32
    assert torch.equal(
        latents, make_net(latents=POOL).initialize().draw_latents(2, stream())
    )


def test_noise_that_decides_levels_stays_normal(make_net):
    params = {"n_numbers": 1, "block_widths": (2, 3)}
    net = make_net(
        generator=TableGenerator,
        latents=POOL,
        generator__output_shape=(6,),
        **{f"generator__{name}": value for name, value in params.items()},
    ).initialize()
    latents = net.draw_latents(3, stream())
    assert latents.shape == (3, 3 + 2)
    assert torch.equal(latents[:, 3:], torch.randn(3, 2, generator=stream()))
    assert all(any(torch.equal(row, z) for z in POOL) for row in latents[:, :3])


class Counting(AdversarialNet):
    """Counts the latents asked for, and gives zeros."""

    n_drawn = 0

    def draw_latents(self, n, stream=None):
        type(self).n_drawn += n
        return torch.zeros(n, self.latent_dim)


def test_both_steps_and_validation_draw_by_the_hook(make_net, X):
    Counting.n_drawn = 0
    net = make_net(Counting, max_epochs=1, train_split=ValidSplit(3)).fit(X)
    assert Counting.n_drawn == len(net.history[-1, "batches"]) * 32
    made = net.train_step((torch.as_tensor(X[:5]), torch.empty(5, 0)))["y_pred"]
    assert (made == made[0]).all()
    seen = net.validation_step((torch.as_tensor(X[:5]), torch.empty(5, 0)))["y_pred"]
    assert (seen == seen[0]).all()


def test_several_discriminator_steps_draw_latents_each(make_net, X):
    Counting.n_drawn = 0
    net = make_net(Counting, n_discriminator_steps=3).initialize()
    net.train_step((torch.as_tensor(X[:30]), torch.empty(30, 0)))
    assert Counting.n_drawn == 30


def test_a_sampler_trains_and_draws_from_its_pool(X, tmp_path):
    pool = torch.tensor([[0.0, 0.0, 0.0], [5.0, 5.0, 5.0]])
    params = {"latents": pool, "average_halflife": None}
    sampler = GANSampler(
        latent_dim=3, max_iter=5, random_state=0, generator="mlp", net_params=params
    ).fit(X)
    drawn = sampler.sample(50, random_state=1)
    assert len(np.unique(drawn.round(4), axis=0)) == 2
    skgan.save(sampler, tmp_path / "pool.skgan")
    loaded = skgan.load(tmp_path / "pool.skgan")
    assert np.array_equal(loaded.sample(50, random_state=1), drawn)


def test_another_pool_can_be_set_later(make_net, X):
    net = make_net().fit(X)
    weights = net.generator_.layers[0].weight
    net.set_params(latents=POOL[:1])
    assert net.generator_.layers[0].weight is weights
    assert torch.equal(net.draw_latents(2), POOL[[0, 0]])
    net.set_params(latents=None)
    assert not torch.equal(net.draw_latents(2), POOL[[0, 0]])


@pytest.mark.parametrize(
    ("latents", "match"),
    [
        (torch.zeros(4, 2), r"latents must be of shape \(n_latents, 3\)"),
        (torch.zeros(0, 3), "hold one or more"),
        (torch.zeros(3), "latents must be of shape"),
        (torch.full((2, 3), torch.nan), "NaN"),
    ],
)
def test_what_is_no_pool_is_refused(make_net, latents, match):
    with pytest.raises(ValueError, match=match):
        make_net(latents=latents).initialize()


def test_calibration_measures_on_latents_of_the_pool(make_net, X):
    # A pool far from zero: moments measured on normal latents would miss by far.
    pool = 7 + 3 * torch.randn(2000, 3, generator=stream(5))
    net = make_net(
        generator=CalibratedResidualLatentGenerator,
        latents=pool,
        callbacks=[MomentCalibration()],
        max_epochs=1,
        lr=1e-4,
    ).fit(X)
    net.eval()
    with torch.no_grad():
        rows = net.generator_(net.draw_latents(20_000, stream()))
    assert rows.mean(0).tolist() == pytest.approx(X.mean(0).tolist(), abs=0.2)
