"""Parameters: set, got, cloned, pickled, before and after initialisation."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch import NeuralNet

from skgan.loader import BatchLoader
from skgan.modules import (
    MLPDiscriminator,
    MLPGenerator,
    ResidualMLPDiscriminator,
    ResidualMLPGenerator,
)
from skgan.nets import AdversarialNet
from skgan.objectives import LOSSES, PENALTIES

STAGES = ("made", "initialized", "fitted")


@pytest.fixture(params=STAGES)
def net(request, make_net, X):
    net = make_net()
    if request.param == "initialized":
        net.initialize()
    if request.param == "fitted":
        net.fit(X)
    return net


def learning_rates(net):
    return tuple(
        getattr(net, f"optimizer_{name}_").param_groups[0]["lr"]
        for name in ("generator", "discriminator")
    )


CHANGES = {
    "generator__hidden_dims": (5, 4),
    "discriminator__hidden_dims": (6,),
    "generator": ResidualMLPGenerator,
    "discriminator": ResidualMLPDiscriminator,
    "optimizer_generator": torch.optim.SGD,
    "optimizer_discriminator": torch.optim.RMSprop,
    "optimizer_generator__lr": 0.123,
    "optimizer_discriminator__lr": 0.456,
    "optimizer_generator__betas": (0.5, 0.9),
    "optimizer_discriminator__betas": (0.0, 0.99),
    "lr": 0.321,
    "iterator_train__n_batches": 2,
    "iterator_train__batch_size": 16,
    "iterator_valid__batch_size": 7,
    "batch_size": 20,
    "max_epochs": 1,
    "latent_dim": 5,
    "loss": "hinge",
    "penalty": "r1",
    "penalty_weight": 2.5,
    "n_discriminator_steps": 2,
    "average_halflife": 4.0,
    "random_state": 3,
    "warm_start": True,
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_set_is_got_and_cloned_and_trained_with(net, name, X):
    value = CHANGES[name]
    assert net.set_params(**{name: value}) is net
    for copy in (net, clone(net), deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert copy.get_params()[name] == value
    net.set_params(max_epochs=1).fit(X)
    copy = clone(net)
    assert not copy.initialized_ and copy.get_params()[name] == value
    assert np.isfinite(copy.fit(X).history[-1, "generator_loss"])


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"warm_start"}))
def test_it_matters_not_when_a_parameter_was_set(make_net, X, weights, name):
    changed = {name: CHANGES[name], "max_epochs": 1}
    at_once = weights(make_net(**changed).fit(X))
    before = weights(make_net().set_params(**changed).fit(X))
    after = make_net().fit(X).set_params(**changed)
    for wanted, early, late in zip(at_once, before, weights(after.fit(X)), strict=True):
        assert torch.equal(early, wanted) and torch.equal(late, wanted)


def test_networks_are_rebuilt_as_set(net):
    net.set_params(
        generator__hidden_dims=(5,),
        discriminator=ResidualMLPDiscriminator,
        discriminator__hidden_dims=(6,),
    )
    net = net if net.initialized_ else net.initialize()
    assert net.generator_.layers[0].out_features == 5
    assert isinstance(net.discriminator_, ResidualMLPDiscriminator)
    for name in ("generator", "discriminator"):
        (group,) = getattr(net, f"optimizer_{name}_").param_groups
        own = list(getattr(net, f"{name}_").parameters())
        assert all(a is b for a, b in zip(group["params"], own, strict=True))


def test_latent_dim_reaches_the_generator_and_the_latents(net, X):
    net.set_params(latent_dim=5).partial_fit(X)
    assert net.generator_.layers[0].in_features == 5
    assert net.draw_latents(4).shape == (4, 5)


def test_learning_rates_are_live_and_last(net, X):
    net.set_params(lr=0.2)
    net = net if net.initialized_ else net.initialize()
    assert learning_rates(net) == (0.2, 0.2)
    net.set_params(optimizer_discriminator__lr=0.3)
    assert learning_rates(net) == (0.2, 0.3)
    net.set_params(lr=0.4)
    assert learning_rates(net) == (0.4, 0.3)
    assert learning_rates(net.fit(X)) == (0.4, 0.3)
    assert learning_rates(clone(net).initialize()) == (0.4, 0.3)


def test_live_changes_keep_what_was_learnt(make_net, X, weights):
    net = make_net().fit(X)
    before, moments = weights(net), net.optimizer_generator_.state_dict()["state"]
    net.set_params(
        lr=0.2,
        optimizer_generator__betas=(0.5, 0.9),
        loss="hinge",
        penalty="r1",
        penalty_weight=3.0,
        iterator_train__n_batches=1,
        batch_size=5,
        n_discriminator_steps=2,
        max_epochs=1,
    )
    assert all(map(torch.equal, before, weights(net)))
    assert net.optimizer_generator_.param_groups[0]["betas"] == (0.5, 0.9)
    assert net.optimizer_generator_.state_dict()["state"][0]["step"] == 6
    assert moments
    assert net.loss_ is LOSSES["hinge"] and net.penalty_ is PENALTIES["r1"]
    net.partial_fit(X)
    assert net.history[-1, "batches", :, "train_batch_size"] == [10]


def test_penalty_weight_counts_from_the_next_call_on(make_net, X, weights):
    params = {"penalty": "r1", "max_epochs": 1}
    light, heavy = (make_net(**params).fit(X) for _ in range(2))
    heavy.set_params(penalty_weight=100.0)
    gap = [
        (a - b).abs().max()
        for a, b in zip(
            weights(light.partial_fit(X)), weights(heavy.partial_fit(X)), strict=True
        )
    ]
    assert gap[1] > 1e-4


def test_zero_penalty_weight_is_no_penalty(make_net, X, weights):
    without = weights(make_net().fit(X))
    zero = weights(make_net(penalty="r1+r2", penalty_weight=0).fit(X))
    for a, b in zip(without, zero, strict=True):
        torch.testing.assert_close(a, b)


def test_users_functions_are_parameters_too(make_net, X):
    loss = (lambda r, f: (f - r).mean(), lambda r, f: -f.mean())
    penalty = (lambda s: s.mean(), lambda r, f, g: r)
    net = make_net(loss=loss, penalty=penalty).fit(X)
    assert clone(net).get_params()["loss"] == loss
    by_name = make_net(loss="wasserstein").fit(X)
    assert net.history[0, "batches", 0, "generator_loss"] == pytest.approx(
        by_name.history[0, "batches", 0, "generator_loss"], abs=0.5
    )


@pytest.mark.parametrize(
    "params",
    [
        {"genrator__hidden_dims": (3,)},
        {"optimizer__lr": 1.0},
        {"module__hidden_dims": (3,)},
        {"iterator_trn__n_batches": 2},
        {"nonsense": 1},
    ],
)
def test_what_is_no_parameter_is_refused(net, params):
    (name,) = params
    with pytest.raises((ValueError, TypeError), match=name.split("__")[0]):
        net.set_params(**params).initialize()


@pytest.mark.parametrize(
    ("name", "match"),
    [("loss", r"loss='no' is not known"), ("penalty", r"penalty='no' is not known")],
)
def test_unknown_objectives_are_named(net, name, match):
    with pytest.raises(ValueError, match=match):
        net.set_params(**{name: "no"}).initialize()


def test_parameters_hold_what_users_set_and_nothing_of_the_fit(make_net, X):
    net = make_net(average_halflife=3.0, penalty="r1")
    before = net.get_params(deep=False)
    after = net.fit(X).get_params(deep=False)
    assert before == after
    assert not {"module", "criterion", "optimizer"} & set(after)
    assert not [name for name in after if name.endswith("_")]


def test_a_clone_trains_to_the_same_weights(make_net, X, weights):
    net = make_net(average_halflife=3.0, penalty="wgan-gp").fit(X)
    assert all(map(torch.equal, weights(net), weights(clone(net).fit(X))))


@pytest.mark.parametrize(
    "copy", [deepcopy, lambda net: pickle.loads(pickle.dumps(net))]
)
def test_a_copy_goes_on_as_its_original_would(make_net, X, weights, copy):
    net = make_net(average_halflife=3.0, penalty="wgan-gp").fit(X)
    twin = copy(net)
    assert all(map(torch.equal, weights(net), weights(twin)))
    assert twin.history == net.history
    net.partial_fit(X)
    assert not torch.equal(weights(net)[0], weights(twin)[0])
    twin.partial_fit(X)
    assert all(map(torch.equal, weights(net), weights(twin)))
    assert torch.equal(net.draw_latents(3), twin.draw_latents(3))


def test_an_unfitted_net_pickles(make_net, X, weights):
    net = pickle.loads(pickle.dumps(make_net()))
    assert all(map(torch.equal, weights(net.fit(X)), weights(make_net().fit(X))))


FILES = {
    f"f_{name}": f"{name}.pt"
    for name in (
        "generator",
        "discriminator",
        "averaged_generator",
        "optimizer_generator",
        "optimizer_discriminator",
    )
} | {"f_history": "history.json"}


def test_saved_parameters_load(make_net, X, weights, tmp_path):
    params = {"average_halflife": 3.0}
    files = {key: str(tmp_path / name) for key, name in FILES.items()}
    net = make_net(**params).fit(X)
    net.save_params(**files)
    other = make_net(**params, random_state=9).initialize()
    other.load_params(**files)
    assert all(map(torch.equal, weights(net), weights(other)))
    z = np.ones((2, 3), dtype="float32")
    assert np.array_equal(net.predict(z), other.predict(z))
    state = net.averaged_generator_.state_dict()
    for name, value in other.averaged_generator_.state_dict().items():
        assert torch.equal(value, state[name])
    for name in ("optimizer_generator_", "optimizer_discriminator_"):
        ours, theirs = (getattr(n, name).state_dict()["state"] for n in (net, other))
        assert torch.equal(ours[0]["exp_avg"], theirs[0]["exp_avg"])
    assert other.history == net.history
    # The same latents and orders from here on: the same training.
    for stream in ("latent_stream_", "order_stream_"):
        getattr(other, stream).set_state(getattr(net, stream).get_state())
    assert all(
        map(torch.equal, weights(net.partial_fit(X)), weights(other.partial_fit(X)))
    )


def test_the_generator_is_the_module_of_callbacks_that_know_one(make_net, X):
    net = make_net().fit(X)
    assert net.module_ is net.generator_
    assert net.optimizer_ is net.optimizer_generator_


def test_learnable_parameters_are_those_of_both_by_name(make_net):
    net = make_net(average_halflife=2.0).initialize()
    names = [name for name, _ in net.get_all_learnable_params()]
    assert len(names) == len(set(names)) == 8
    assert {name.split(".")[0] for name in names} == {"generator", "discriminator"}


def test_rows_and_latents_are_on_the_nets_device(make_net, X):
    dataset = make_net(device="meta").get_dataset(X, X)
    assert dataset.X.device.type == dataset.y.device.type == "meta"
    net = make_net(device="cpu").initialize()
    assert net.draw_latents(2).device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_training_on_a_gpu(make_net, X):
    net = make_net(device="cuda", penalty="wgan-gp", average_halflife=2.0).fit(X)
    for name in ("generator_", "discriminator_", "averaged_generator_"):
        assert {p.device.type for p in getattr(net, name).parameters()} == {"cuda"}
    assert type(net.history[-1, "batches", 0, "generator_loss"]) is float
    assert np.isfinite(net.history[-1, "generator_loss"])


def test_iterators_can_be_exchanged(net, X):
    class Halving(BatchLoader):
        def __len__(self):
            return 1

    net.set_params(iterator_train=Halving).fit(X)
    assert net.history[-1, "train_batch_count"] == 1
    net.set_params(iterator_train=torch.utils.data.DataLoader).fit(X)
    assert net.history[-1, "train_batch_count"] == 3
    net.set_params(batch_size=-1, iterator_train=BatchLoader).fit(X)
    assert net.history[-1, "batches", :, "train_batch_size"] == [96]


def test_a_subclass_of_the_loader_is_shuffled_by_the_nets_stream(make_net, X, weights):
    class Renamed(BatchLoader):
        pass

    ours, theirs = make_net(iterator_train=Renamed).fit(X), make_net().fit(X)
    assert all(map(torch.equal, weights(ours), weights(theirs)))


def test_compiled_networks_keep_their_names_and_type(make_net, X, monkeypatch):
    compiled = []
    monkeypatch.setattr(
        torch.nn.Module, "compile", lambda self, **kw: compiled.append((self, kw))
    )
    net = make_net(compile=True, compile__dynamic=False).fit(X)
    assert [module for module, _ in compiled] == [net.generator_, net.discriminator_]
    assert all(kwargs == {"dynamic": False} for _, kwargs in compiled)
    assert type(net.generator_) is MLPGenerator
    assert type(net.discriminator_) is MLPDiscriminator


def test_the_net_is_a_skorch_net():
    assert issubclass(AdversarialNet, NeuralNet)
