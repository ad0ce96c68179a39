"""The net that reads codes: what trains what, what the history gets, what is seen."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import GradientNormClipping
from torch import nn

from skgan.modules import (
    DISCRIMINATORS,
    CodeHead,
    MLPDiscriminator,
    MLPGenerator,
    StridedConvDiscriminator,
)
from skgan.nets import InfoGANNet, read_hidden


def make_net(**params):
    return InfoGANNet(
        MLPGenerator,
        params.pop("discriminator", MLPDiscriminator),
        **{
            "latent_dim": 3,
            "n_categories": 4,
            "n_continuous": 2,
            "loss": "relativistic",
            "penalty": "r1+r2",
            "batch_size": 16,
            "max_epochs": 1,
            "verbose": 0,
            "random_state": 0,
            "generator__output_shape": (2,),
            "generator__hidden_dims": (8,),
            "discriminator__input_shape": (2,),
            "discriminator__hidden_dims": (8,),
            **params,
        },
    )


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(48, 2)).astype("float32")


def weights(module):
    return [p.detach().clone() for p in module.parameters()]


def differ(module, before):
    return any(
        not torch.equal(p, q) for p, q in zip(module.parameters(), before, strict=True)
    )


def test_all_three_modules_learn_and_the_history_holds_the_code_loss(rows):
    net = make_net().initialize()
    before = {name: weights(getattr(net, f"{name}_")) for name in net.network_names}
    net.partial_fit(rows)
    for name, values in before.items():
        assert differ(getattr(net, f"{name}_"), values), name
    assert net.network_names == ("generator", "discriminator", "code_head")
    for name in ("code_loss", "clustering_loss", "generator_loss"):
        batches = net.history[-1, "batches", :, name]
        assert len(batches) == 3 and np.isfinite(batches).all()
        assert net.history[-1, name] == pytest.approx(np.mean(batches))


def test_the_paper_has_no_clustering_loss(rows):
    net = make_net(clustering_weight=0).fit(rows)
    assert "clustering_loss" not in net.history[-1]
    assert "code_loss" in net.history[-1]


def test_the_discriminators_optimizer_trains_the_code_head():
    net = make_net().initialize()
    groups = net.optimizer_discriminator_.param_groups
    trained = {id(p) for group in groups for p in group["params"]}
    assert {id(p) for p in net.code_head_.parameters()} <= trained
    assert {id(p) for p in net.discriminator_.parameters()} <= trained
    names = [name for name, _ in net.get_all_learnable_params()]
    assert "code_head.head.weight" in names


def test_gradients_of_the_code_head_are_clipped_with_the_discriminators(rows):
    net = make_net(optimizer_discriminator=torch.optim.SGD, lr=1.0).initialize()
    net.callbacks_ = [("clip", GradientNormClipping(1e-8).initialize())]
    before = weights(net.code_head_)
    net.partial_fit(rows)
    for p, q in zip(net.code_head_.parameters(), before, strict=True):
        assert torch.allclose(p, q, atol=1e-6)


def loss_of(net, real, codes):
    """The discriminator's loss with and without what codes add to it."""
    torch.manual_seed(0)
    fake = net.call(net.generator_, net.draw_latents(len(real)), codes).detach()
    return net._discriminator_loss(real, fake, codes), fake


def gradient_norms(net, loss):
    parts = {name: list(getattr(net, f"{name}_").parameters()) for name in SEEN}
    return {
        name: [
            0.0 if g is None else float(g.norm())
            for g in torch.autograd.grad(
                loss, values, retain_graph=True, allow_unused=True
            )
        ]
        for name, values in parts.items()
    }


SEEN = ("discriminator", "code_head")


def test_the_generator_pays_for_codes_that_cannot_be_read(rows):
    """Equation 6: the loss falls with log Q(c | G(z, c)), in the generator too."""
    net = make_net(clustering_weight=0, n_continuous=0).initialize()
    net.penalty_weight_ = 0.0
    real = torch.as_tensor(rows[:16])
    codes = net.draw_codes(16)
    latents = net.draw_latents(16)
    fake = net.call(net.generator_, latents, codes)
    logits, _ = net.read_codes(fake)
    wanted = -(logits.log_softmax(1) * codes).sum(1).mean()
    losses = {}
    for weight in (0.0, 1.0, 3.0):
        net.code_weight = weight
        net.code_losses_ = {}
        losses[weight] = net._generator_loss(real, fake, codes).item()
    assert losses[1.0] - losses[0.0] == pytest.approx(wanted.item(), rel=1e-4)
    assert losses[3.0] - losses[0.0] == pytest.approx(3 * wanted.item(), rel=1e-4)
    assert wanted > 0.5


def test_without_clustering_fakes_teach_the_code_head_their_categories(rows):
    real = torch.as_tensor(rows[:16])
    norms = {}
    for weight in (0.0, 1.0):
        net = make_net(clustering_weight=0, n_continuous=0, code_weight=weight)
        net.initialize()
        net.penalty_weight_ = 0.0
        loss, _ = loss_of(net, real, net.draw_codes(16))
        norms[weight] = gradient_norms(net, loss)
    assert sum(norms[0.0]["code_head"]) == 0 < sum(norms[1.0]["code_head"])
    # The trunk is shared: it learns to tell codes apart, too.
    assert norms[0.0]["discriminator"] != norms[1.0]["discriminator"]


def test_with_clustering_real_rows_alone_teach_the_categories(rows):
    net = make_net(n_continuous=0).initialize()
    net.penalty_weight_ = 0.0
    real = torch.as_tensor(rows[:16])
    grads = []
    for seed in (0, 1):
        codes = net.draw_codes(16, torch.Generator().manual_seed(seed))
        loss, _ = loss_of(net, real, codes)
        grads.append(gradient_norms(net, loss)["code_head"])
    assert grads[0] == pytest.approx(grads[1]) and sum(grads[0]) > 0


def generator_loss_of_numbers(net, weight, sureness, monkeypatch):
    """What numbers add to the generator's loss, by what of them is not read."""
    codes = net.draw_codes(16, torch.Generator().manual_seed(0))
    fake = net.call(net.generator_, net.draw_latents(16), codes)
    means = torch.full((16, 2), 0.3)
    losses = []
    for continuous_code_weight in (0.0, weight):
        net.continuous_code_weight = continuous_code_weight
        net.code_losses_ = {}
        logits = sureness * codes[:, :4]
        monkeypatch.setattr(net, "read_codes", lambda x, read=(logits, means): read)
        losses.append(net._generator_loss(fake, fake, codes).item())
    unread = (means - codes[:, 4:]).square().sum(1).mean().item() / 2
    return (losses[1] - losses[0]) / unread


@pytest.mark.parametrize("weight", [0.5, 1.0, 5.0, 20.0])
def test_continuous_codes_steer_much_once_categories_are_read(weight, monkeypatch):
    net = make_net().initialize()
    found = [
        generator_loss_of_numbers(net, weight, sureness, monkeypatch)
        for sureness in (-50.0, 0.0, 2.0, 50.0)
    ]
    least = min(weight, 1.0)
    assert found[:2] == pytest.approx([least, least], rel=1e-3)
    assert found[3] == pytest.approx(weight, rel=1e-3)
    assert least <= found[2] <= weight + 1e-3
    if weight > 1:
        assert found[1] < found[2] < found[3]


def test_continuous_codes_do_not_wait_for_categories_without_effect(monkeypatch):
    net = make_net(code_weight=0.0).initialize()
    found = generator_loss_of_numbers(net, 5.0, 0.0, monkeypatch)
    assert found == pytest.approx(5.0, rel=1e-3)


@pytest.mark.parametrize("clustering_weight", [0.0, 1.0])
def test_numbers_weigh_at_most_one_where_they_are_read(clustering_weight, rows):
    real = torch.as_tensor(rows[:16])
    losses = []
    for weight in (0.0, 0.5, 1.0, 20.0):
        net = make_net(
            continuous_code_weight=weight, clustering_weight=clustering_weight
        ).initialize()
        net.penalty_weight_ = 0.0
        losses.append(loss_of(net, real, net.draw_codes(16))[0].item())
    half, one, many = np.subtract(losses[1:], losses[0])
    assert half > 0 and one == pytest.approx(2 * half, rel=1e-3)
    assert many == pytest.approx(one, rel=1e-3)


class Watched(MLPDiscriminator):
    seen: list

    def forward(self, x, condition=None):
        self.seen.append(condition)
        return super().forward(x)


def test_the_discriminator_does_not_see_codes(rows):
    Watched.seen = []
    net = make_net(discriminator=Watched, train_split=None).fit(rows)
    net.validation_step((torch.as_tensor(rows), torch.zeros(48, 0)))
    assert Watched.seen and all(condition is None for condition in Watched.seen)
    assert net.generator_.layers[0].in_features == 3 + 4 + 2


def test_codes_are_drawn_from_the_prior():
    net = make_net().initialize()
    codes = net.draw_codes(4000, torch.Generator().manual_seed(0))
    categories, numbers = codes[:, :4], codes[:, 4:]
    assert (categories.sum(1) == 1).all() and set(categories.unique().tolist()) == {
        0,
        1,
    }
    assert categories.mean(0).numpy() == pytest.approx([0.25] * 4, abs=0.03)
    assert numbers.abs().max() <= 1
    assert numbers.std(0).numpy() == pytest.approx([3**-0.5] * 2, abs=0.02)


def test_moved_rows_are_what_the_clustering_loss_compares(rows):
    def halve(x, stream):
        assert isinstance(stream, torch.Generator)
        return x / 2

    net = make_net(perturb=halve).initialize()
    x = torch.as_tensor(rows)
    assert torch.equal(net._moved(x, x[:, :0]), x / 2)
    near = make_net(perturb=None).initialize()._moved(x, x)
    assert {tuple(r) for r in near.tolist()} <= {tuple(r) for r in x.tolist()}
    assert not torch.equal(near, x)


def test_coordinates_do_not_reach_the_generator(rows):
    net = make_net().fit(rows, rows)
    assert np.isfinite(net.history[-1, "clustering_loss"])
    assert net.generator_.layers[0].in_features == 3 + 4 + 2


@pytest.mark.parametrize("name", sorted(set(DISCRIMINATORS) - {"table"}))
def test_codes_are_read_off_every_registered_discriminator(name):
    torch.manual_seed(0)
    shape = (1, 8, 8) if "conv" in name or name == "dcgan" else (6,)
    discriminator = DISCRIMINATORS[name](shape, hidden_dims=(12,)).eval()
    x = torch.randn(5, *shape)
    hidden = read_hidden(discriminator, x)
    assert hidden.ndim == 2 and len(hidden) == 5
    if name not in ("residual_conv", "dcgan"):
        assert hidden.shape[1] == 12


def test_the_hidden_layer_of_convolutions_is_what_the_logit_sees():
    torch.manual_seed(0)
    discriminator = StridedConvDiscriminator((1, 8, 8), hidden_dims=(12,)).eval()
    x = torch.randn(5, 1, 8, 8)
    logits = discriminator.head(discriminator.hidden(x))
    assert torch.equal(logits, discriminator(x))


class Closed(nn.Module):
    """A discriminator that shows nothing but its logits."""

    def __init__(self, input_shape, **ignored):
        super().__init__()
        self.layer = nn.Linear(input_shape[0], 1)

    def forward(self, x, condition=None):
        return self.layer(x)


class Shown(Closed):
    def hidden(self, x):
        return x.repeat(1, 3)


def test_a_discriminator_without_a_hidden_layer_is_refused(rows):
    with pytest.raises(TypeError, match=r"Closed has neither a method hidden\(x\)"):
        make_net(discriminator=Closed).fit(rows)
    net = make_net(discriminator=Shown).fit(rows)
    assert net.code_head_.layers[0].in_features == 6


def test_measuring_the_hidden_layer_leaves_the_discriminator_as_it_was():
    net = make_net(
        discriminator=DISCRIMINATORS["dcgan"],
        penalty=None,
        discriminator__input_shape=(1, 8, 8),
        generator__output_shape=(1, 8, 8),
    ).initialize()
    assert net.discriminator_.training
    for norm in net.discriminator_.norms:
        if isinstance(norm, nn.BatchNorm2d):
            assert norm.num_batches_tracked == 0
    images = np.random.default_rng(0).normal(size=(32, 1, 8, 8)).astype("float32")
    net.partial_fit(images)
    assert np.isfinite(net.history[-1, "code_loss"])


def test_parameters_reach_the_head_and_survive_a_clone(rows):
    net = make_net(code_head__hidden_dims=(5, 6))
    for one in (net, clone(net)):
        one.fit(rows)
        assert [layer.out_features for layer in one.code_head_.layers[::2]] == [5, 6]
    assert isinstance(net.code_head_, CodeHead)
    for p, q in zip(
        net.code_head_.parameters(), one.code_head_.parameters(), strict=True
    ):
        assert torch.equal(p, q)


def test_the_logits_are_in_full_precision_where_networks_are_not(rows):
    net = make_net(precision="bfloat16").fit(rows)
    logits, means = net.read_codes(torch.as_tensor(rows))
    assert logits.dtype == means.dtype == torch.float32


def test_several_discriminator_steps_get_codes_of_their_own(rows):
    net = make_net(n_discriminator_steps=2).fit(rows)
    assert np.isfinite(net.history[-1, "code_loss"])
