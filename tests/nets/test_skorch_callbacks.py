"""skorch's callbacks, each doing its work on both networks."""

import json
import pickle

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    Initializer,
    LoadInitState,
    LRScheduler,
    ParamMapper,
    PassthroughScoring,
    ProgressBar,
    TensorBoard,
    TrainEndCheckpoint,
    Unfreezer,
)
from skorch.dataset import ValidSplit
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.nn.utils import get_total_norm
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from torch.utils.tensorboard import SummaryWriter

from skgan import callbacks

NETWORKS = ("generator", "discriminator")
# The names under which skorch saves what a net with one module has.
FILES = {"f_params": None, "f_optimizer": None, "f_criterion": None} | {
    f"f_{name}": f"{name}.pt"
    for name in (*NETWORKS, *(f"optimizer_{network}" for network in NETWORKS))
}


def same_state(ours, theirs):
    ours, theirs = ours.state_dict(), theirs.state_dict()
    if "state" in ours:
        ours, theirs = (s["state"][0] for s in (ours, theirs))
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


def assert_same_state(ours, theirs):
    for name in (*NETWORKS, *(f"optimizer_{network}" for network in NETWORKS)):
        assert same_state(getattr(ours, f"{name}_"), getattr(theirs, f"{name}_"))


class Rates(Callback):
    """The learning rates that each step is taken with."""

    def on_train_begin(self, net, **kwargs):
        self.rates_ = {name: [] for name in NETWORKS}

    def on_epoch_begin(self, net, **kwargs):
        for name, rates in self.rates_.items():
            rates.append(getattr(net, f"optimizer_{name}_").param_groups[0]["lr"])


class TestCheckpoint:
    def test_saves_and_loads_both_networks_and_optimizers(self, make_net, X, tmp_path):
        checkpoint = Checkpoint(dirname=str(tmp_path), monitor=None, **FILES)
        net = make_net(callbacks=[checkpoint], max_epochs=3).fit(X)
        assert {file.name for file in tmp_path.iterdir()} == {
            "history.json",
            *filter(None, FILES.values()),
        }
        other = make_net(random_state=9).initialize()
        assert not same_state(other.generator_, net.generator_)
        other.load_params(checkpoint=checkpoint)
        assert_same_state(net, other)
        assert len(other.history) == 3

    def test_keeps_the_best_epoch(self, make_net, X, tmp_path):
        kept = {}

        class Keep(Callback):
            def on_epoch_end(self, net, **kwargs):
                if net.history[-1, "generator_loss_best"]:
                    state = net.generator_.state_dict()
                    kept.update({n: v.clone() for n, v in state.items()})

        checkpoint = Checkpoint(
            dirname=str(tmp_path), monitor="generator_loss_best", **FILES
        )
        make_net(callbacks=[Keep(), checkpoint], max_epochs=6).fit(X)
        other = make_net().initialize()
        other.load_params(checkpoint=checkpoint)
        for name, value in other.generator_.state_dict().items():
            assert torch.equal(value, kept[name])

    def test_names_of_one_module_stand_for_the_generator(self, make_net, X, tmp_path):
        checkpoint = Checkpoint(dirname=str(tmp_path), monitor=None, f_criterion=None)
        net = make_net(callbacks=[checkpoint]).fit(X)
        other = make_net(random_state=9).initialize()
        other.load_params(checkpoint=checkpoint)
        assert same_state(net.generator_, other.generator_)
        assert same_state(net.optimizer_generator_, other.optimizer_generator_)

    @pytest.mark.parametrize("progress", [[], [callbacks.TrainingProgress(6)]])
    def test_the_whole_net_is_saved_as_it_trains(
        self, make_net, X, tmp_path, capfd, progress
    ):
        checkpoint = Checkpoint(
            dirname=str(tmp_path),
            monitor=None,
            f_pickle="net.pkl",
            **{**dict.fromkeys(FILES), "f_history": None},
        )
        net = make_net(callbacks=[checkpoint, *progress]).fit(X)
        loaded = pickle.loads((tmp_path / "net.pkl").read_bytes())
        assert_same_state(net, loaded)

    def test_at_the_end_of_training(self, make_net, X, tmp_path):
        checkpoint = TrainEndCheckpoint(dirname=str(tmp_path), **FILES)
        net = make_net(callbacks=[checkpoint]).fit(X)
        other = make_net(random_state=9).initialize()
        other.load_params(checkpoint=checkpoint.checkpoint_)
        assert_same_state(net, other)

    def test_training_goes_on_from_one(self, make_net, X, tmp_path):
        checkpoint = Checkpoint(dirname=str(tmp_path), monitor=None, **FILES)
        make_net(callbacks=[checkpoint], max_epochs=3).fit(X)
        other = make_net(callbacks=[LoadInitState(checkpoint)], max_epochs=1).fit(X)
        assert len(other.history) == 4
        assert other.optimizer_generator_.state_dict()["state"][0]["step"] == 12
        assert other.optimizer_discriminator_.state_dict()["state"][0]["step"] == 12


class TestEarlyStopping:
    @pytest.mark.parametrize("monitor", ["generator_loss", "discriminator_loss"])
    def test_stops(self, make_net, X, monitor):
        stopping = EarlyStopping(monitor=monitor, patience=2, threshold=1e6)
        net = make_net(callbacks=[stopping], max_epochs=20).fit(X)
        assert len(net.history) == 3

    def test_on_held_out_rows(self, make_net, X):
        stopping = EarlyStopping(patience=3, threshold=1e6)
        net = make_net(
            callbacks=[stopping], max_epochs=20, train_split=ValidSplit(4)
        ).fit(X)
        assert len(net.history) == 4
        assert all(np.isfinite(net.history[:, "valid_loss"]))

    def test_goes_back_to_the_best_generator(self, make_net, X):
        seen = []

        class Keep(Callback):
            def on_epoch_end(self, net, **kwargs):
                state = net.generator_.state_dict()
                seen.append({name: v.clone() for name, v in state.items()})

        stopping = EarlyStopping(
            monitor="generator_loss", patience=2, threshold=1e6, load_best=True
        )
        net = make_net(callbacks=[Keep(), stopping], max_epochs=20).fit(X)
        assert len(seen) == 3
        for name, value in net.generator_.state_dict().items():
            assert torch.equal(value, seen[0][name])


class TestLearningRates:
    @pytest.mark.parametrize("network", NETWORKS)
    def test_one_network_is_scheduled_alone(self, make_net, X, network):
        (other,) = set(NETWORKS) - {network}
        rates = Rates()
        scheduler = callbacks.LRScheduler(
            StepLR, network=network, step_size=2, gamma=0.1
        )
        net = make_net(callbacks=[scheduler, rates], max_epochs=5, lr=0.1).fit(X)
        wanted = [0.1, 0.1, 0.01, 0.01, 0.001]
        assert rates.rates_[network] == pytest.approx(wanted)
        assert rates.rates_[other] == [0.1] * 5
        assert net.history[:, f"{network}_lr"] == pytest.approx(wanted)

    def test_both_at_once(self, make_net, X):
        rates = Rates()
        schedulers = [
            callbacks.LRScheduler(StepLR, network=network, step_size=1, gamma=gamma)
            for network, gamma in zip(NETWORKS, (0.5, 0.1), strict=True)
        ]
        make_net(callbacks=[*schedulers, rates], max_epochs=3, lr=1.0).fit(X)
        assert rates.rates_["generator"] == pytest.approx([1, 0.5, 0.25])
        assert rates.rates_["discriminator"] == pytest.approx([1, 0.1, 0.01])

    def test_every_batch(self, make_net, X):
        scheduler = callbacks.LRScheduler(
            StepLR, network="discriminator", step_size=1, gamma=0.5, step_every="batch"
        )
        net = make_net(callbacks=[scheduler], max_epochs=2, lr=1.0).fit(X)
        rates = net.history[:, "batches", :, "discriminator_lr"]
        assert np.ravel(rates) == pytest.approx([0.5**i for i in range(6)])

    def test_plateaus(self, make_net, X):
        rates = Rates()
        scheduler = callbacks.LRScheduler(
            ReduceLROnPlateau,
            network="discriminator",
            monitor="generator_loss",
            patience=0,
            threshold=1e6,
            factor=0.1,
        )
        make_net(callbacks=[scheduler, rates], max_epochs=4, lr=1.0).fit(X)
        assert rates.rates_["discriminator"][-1] < 0.2
        assert rates.rates_["generator"] == [1.0] * 4

    @pytest.mark.parametrize("policy", ["WarmRestartLR", "StepLR"])
    def test_by_name(self, make_net, X, policy):
        given = {"step_size": 1} if policy == "StepLR" else {}
        scheduler = callbacks.LRScheduler(policy, network="discriminator", **given)
        net = make_net(callbacks=[scheduler]).fit(X)
        assert len(net.history[:, "discriminator_lr"]) == 2

    def test_skorchs_own_moves_the_generators(self, make_net, X):
        rates = Rates()
        scheduler = LRScheduler(StepLR, step_size=1, gamma=0.1)
        net = make_net(callbacks=[scheduler, rates], max_epochs=3, lr=1.0).fit(X)
        assert rates.rates_["generator"] == pytest.approx([1, 0.1, 0.01])
        assert rates.rates_["discriminator"] == [1.0] * 3
        assert net.history[:, "event_lr"] == pytest.approx([1, 0.1, 0.01])

    def test_simulation_shows_the_schedule(self):
        scheduler = callbacks.LRScheduler(StepLR, step_size=2, gamma=0.1)
        assert scheduler.simulate(4, 1.0) == pytest.approx([1, 1, 0.1, 0.1])


@pytest.mark.parametrize("limit", [1e-3, 1e9])
def test_gradients_are_clipped_network_by_network(make_net, X, limit):
    norms = {name: [] for name in NETWORKS}

    class Measuring(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            names, parameters = zip(*named_parameters, strict=True)
            norm = get_total_norm([p.grad for p in parameters])
            norms[names[0].split(".")[0]].append(norm.item())

    make_net(callbacks=[GradientNormClipping(limit), Measuring()]).fit(X)
    for values in norms.values():
        assert len(values) == 6
        if limit < 1:
            assert values == pytest.approx([limit] * 6, rel=1e-2)
        else:
            assert all(limit > value > 1e-2 for value in values)


def test_clipping_changes_what_is_learnt(make_net, X, weights):
    params = {"optimizer_generator": torch.optim.SGD, "lr": 0.1}
    params["optimizer_discriminator"] = torch.optim.SGD
    start = weights(make_net(**params).initialize())
    clipped = weights(make_net(callbacks=[GradientNormClipping(1e-6)], **params).fit(X))
    for before, after in zip(start, clipped, strict=True):
        torch.testing.assert_close(before, after, atol=1e-6, rtol=0)


class TestScoring:
    def test_a_function_of_the_net(self, make_net, X):
        def spread(net, X, y=None):
            return float(net.predict(np.eye(3, dtype="float32")).std())

        scoring = EpochScoring(
            spread, lower_is_better=False, on_train=True, use_caching=False
        )
        net = make_net(callbacks=[scoring]).fit(X)
        assert all(value > 0 for value in net.history[:, "spread"])
        assert net.history[0, "spread_best"] is True

    def test_on_held_out_rows_with_caching(self, make_net, X):
        def gap(net, held_out, y=None):
            rows = net.predict(held_out)
            assert len(rows) == len(held_out) == 24
            return float(rows.mean())

        scoring = EpochScoring(gap, name="gap")
        net = make_net(
            callbacks=[scoring], train_split=ValidSplit(4), batch_size=10
        ).fit(X)
        assert all(np.isfinite(net.history[:, "gap"]))

    def test_cached_rows_of_training(self, make_net, X):
        scoring = EpochScoring(
            lambda net, X, y=None: float(len(net.predict(X))), name="n", on_train=True
        )
        assert make_net(callbacks=[scoring]).fit(X).history[:, "n"] == [96.0, 96.0]

    def test_a_batch_at_a_time(self, make_net, X):
        scoring = BatchScoring(
            lambda net, X, y=None: float(net.predict(X).mean()),
            name="mean",
            on_train=True,
        )
        net = make_net(callbacks=[scoring]).fit(X)
        assert len(net.history[-1, "batches", :, "mean"]) == 3
        assert np.isfinite(net.history[-1, "mean"])

    def test_passed_through(self, make_net, X):
        class Record(Callback):
            def on_batch_end(self, net, **kwargs):
                net.history.record_batch("seven", 7.0)

        callbacks = [Record(), PassthroughScoring("seven", on_train=True)]
        assert make_net(callbacks=callbacks).fit(X).history[-1, "seven"] == 7


class TestFreezing:
    @pytest.mark.parametrize("network", NETWORKS)
    def test_frozen_layers_stay_and_the_others_learn(self, make_net, X, network):
        frozen = f"{network}.layers.0.*"
        net = make_net(callbacks=[Freezer(frozen)]).initialize()
        before = {n: p.detach().clone() for n, p in net.get_all_learnable_params()}
        net.partial_fit(X)
        for name, parameter in net.get_all_learnable_params():
            is_frozen = name.startswith(frozen[:-1])
            assert torch.equal(parameter, before[name]) == is_frozen, name
            assert parameter.requires_grad != is_frozen, name

    def test_thawing(self, make_net, X):
        mappers = [Freezer("generator.*0*"), Unfreezer("generator.*0*", at=2)]
        net = make_net(callbacks=mappers, max_epochs=3).initialize()
        before = net.generator_.layers[0].weight.detach().clone()
        net.partial_fit(X)
        assert not torch.equal(before, net.generator_.layers[0].weight)

    def test_initializer_reaches_both(self, make_net, X):
        initializer = Initializer("*.bias", torch.nn.init.zeros_)
        biases = {}

        class Look(Callback):
            def on_batch_begin(self, net, **kwargs):
                for name, parameter in net.get_all_learnable_params():
                    if name.endswith("bias"):
                        biases.setdefault(name, parameter.detach().clone())

        make_net(callbacks=[initializer, Look()], max_epochs=1).fit(X)
        assert len(biases) == 4
        assert not any(bias.any() for bias in biases.values())

    def test_mapper_of_ones_own(self, make_net, X):
        reached = set()
        mapper = ParamMapper("discriminator.head.*", lambda p: reached.add(p.shape))
        make_net(callbacks=[mapper], max_epochs=1).fit(X)
        assert reached == {torch.Size([1, 8]), torch.Size([1])}


class TestReports:
    def test_print_log_has_a_column_a_loss(self, make_net, X, capsys):
        make_net(verbose=1).fit(X)
        table = capsys.readouterr().out
        assert "generator_loss" in table and "discriminator_loss" in table
        assert len(table.strip().splitlines()) == 4

    def test_verbose_zero_is_silent(self, make_net, X, capfd):
        make_net(verbose=0, average_halflife=2.0).fit(X).set_params(latent_dim=2)
        assert capfd.readouterr() == ("", "")

    def test_progress_bar(self, make_net, X, capfd):
        shown = []

        class Look(Callback):
            def on_batch_end(self, net, **kwargs):
                shown.append((bar.pbar_.n, bar.pbar_.total, bar.pbar_.postfix))

        bar = ProgressBar(postfix_keys=["generator_loss", "discriminator_loss"])
        make_net(callbacks=[bar, Look()]).fit(X)
        assert [(n, total) for n, total, _ in shown] == [(1, 3), (2, 3), (3, 3)] * 2
        for *_, postfix in shown:
            assert "generator_loss=" in postfix and "discriminator_loss=" in postfix
        assert "0/3" in capfd.readouterr().err

    def test_tensorboard(self, make_net, X, tmp_path):
        writer = SummaryWriter(str(tmp_path))
        net = make_net(callbacks=[TensorBoard(writer)]).fit(X)
        events = EventAccumulator(str(tmp_path)).Reload()
        for name in ("generator_loss", "discriminator_loss"):
            values = [event.value for event in events.Scalars(name)]
            assert values == pytest.approx(net.history[:, name], rel=1e-5)

    def test_history_is_json(self, make_net, X):
        history = make_net(average_halflife=2.0).fit(X).history
        assert json.loads(json.dumps(history.to_list())) == history.to_list()


def test_callbacks_parameters_are_reached_by_name(make_net, X):
    clipping = ("clip", GradientNormClipping(1.0))
    net = make_net(callbacks=[clipping], callbacks__clip__gradient_clip_value=0.5)
    assert dict(net.fit(X).callbacks_)["clip"].gradient_clip_value == 0.5
    net.set_params(callbacks__clip__gradient_clip_value=0.25)
    assert dict(net.callbacks_)["clip"].gradient_clip_value == 0.25
    net = make_net(callbacks=[clipping], callbacks__clip=None).fit(X)
    assert "clip" not in dict(net.callbacks_)


def test_callbacks_can_be_disabled_altogether(make_net, X, weights):
    assert all(
        map(
            torch.equal,
            weights(make_net(callbacks="disable").fit(X)),
            weights(make_net().fit(X)),
        )
    )
