"""Steps as CUDA graphs: the same as plain ones, and plain where that cannot be."""

import copy
import pickle
import time
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback
from torch.utils.data import DataLoader

from skgan import GANSampler
from skgan.callbacks import Annealing, AugmentationRamp, LRScheduler
from skgan.modules import DISCRIMINATORS
from skgan.nets import _graph
from skgan.nets import _skorch as _loop
from skgan.nets._recording import CUDARecording

on_cuda = pytest.mark.skipif(
    not torch.cuda.is_available(),
    reason="no CUDA device: whether graphs agree with plain steps was NOT tested",
)

# Powers of two are the same in every precision.
EXACT = {"lr": 2.0**-7, "penalty_weight": 0.5}
FUSED = {"optimizer_generator__fused": True, "optimizer_discriminator__fused": True}

OPTIONS = {
    "bare": {},
    "r1": {"penalty": "r1+r2", "loss": "relativistic"},
    "drawn": {"penalty": "wgan-gp", "augmentation": "instance_noise"},
    "steps": {"penalty": "r1", "n_discriminator_steps": 2, "average_halflife": 3.0},
    "interval": {"penalty": "r1+r2", "penalty_interval": 3},
    "spectral": {"discriminator": DISCRIMINATORS["spectral_mlp"]},
}


class Replayed:
    """Stands in for a recording on a device: takes the step at each replay.

    As there, results lie in one place.
    """

    def __init__(self, net):
        self.n_warm_up = self.n_replays = 0
        self.made.append(self)

    def warm_up(self, step):
        self.n_warm_up += 1
        return step()

    def record(self, step):
        self.step = step
        self.outputs = None

    def replay(self):
        self.n_replays += 1
        results = self.step()
        if self.outputs is None:
            self.outputs = results
        for name, value in results.items():
            self.outputs[name].copy_(value)
        return self.outputs


@pytest.fixture
def replayed(monkeypatch):
    """Let steps on the CPU go the way of those on a GPU; return what was recorded."""

    def use(recording_class=Replayed):
        recording_class.made = []
        monkeypatch.setattr(
            _loop,
            "make_step_graph",
            lambda net: _graph.StepGraph(recording_class) if net.cuda_graph else None,
        )
        return recording_class.made

    return use


def annealing():
    return Annealing(20, learning_rate=("cosine", 0.1), penalty_weight=("linear", 3.0))


def twenty_updates(make_net, X, **params):
    params = {"max_epochs": 2, "iterator_train__n_batches": 10, **params}
    return make_net(**params).fit(X)


def losses(net):
    names = ("discriminator_loss", "generator_loss")
    return np.array(net.history[:, "batches", :, names])


def assert_close(net, other, weights, tolerance):
    for found, wanted in zip(weights(net), weights(other), strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=tolerance)
    np.testing.assert_allclose(losses(net), losses(other), rtol=0, atol=tolerance)


def assert_plain_settings(net):
    for optimizer in (net.optimizer_generator_, net.optimizer_discriminator_):
        for group in optimizer.param_groups:
            assert isinstance(group["lr"], float) and not group["capturable"]
    assert isinstance(net.penalty_weight_, float)
    assert net.step_graph_ is None


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_without_cuda_nothing_changes(make_net, X, weights, options):
    plain, other = (
        make_net(cuda_graph=value, **options).fit(X) for value in (False, True)
    )
    assert all(map(torch.equal, weights(plain), weights(other)))
    assert np.array_equal(losses(plain), losses(other))


def test_it_is_a_parameter(make_net, X):
    net = clone(make_net(cuda_graph=True))
    assert net.get_params()["cuda_graph"] is True
    assert make_net().get_params()["cuda_graph"] is False
    net.fit(X).set_params(cuda_graph=False)
    assert clone(net).get_params()["cuda_graph"] is False
    assert not any("graph_" in name for name in net.get_params())


def test_the_estimator_hands_it_on(X):
    sampler = GANSampler(max_iter=2, net_params={"cuda_graph": True}, device="cpu")
    assert sampler.fit(X).net_.cuda_graph is True
    assert np.isfinite(sampler.sample(3, random_state=0)).all()


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_recorded_steps_are_those_of_a_plain_fit(
    make_net, X, weights, replayed, options
):
    made = replayed()
    nets = [
        twenty_updates(
            make_net, X, cuda_graph=value, callbacks=[annealing()], **FUSED, **options
        )
        for value in (False, True)
    ]
    n_kinds = 2 if "penalty_interval" in options else 1
    assert [recording.n_warm_up for recording in made] == [3] * n_kinds
    assert sum(recording.n_replays for recording in made) == 20 - 3 * n_kinds
    assert_close(*nets, weights, 1e-5)
    assert nets[0].n_penalty_steps_ == nets[1].n_penalty_steps_
    assert_plain_settings(nets[1])


def test_schedules_reach_recorded_steps(make_net, X, weights, replayed):
    replayed()
    for schedule in (annealing(), LRScheduler("StepLR", step_size=1, gamma=0.1)):
        nets = [
            twenty_updates(
                make_net, X, cuda_graph=True, penalty="r1", callbacks=callbacks, **FUSED
            )
            for callbacks in ([], [schedule])
        ]
        assert (weights(nets[0])[0] - weights(nets[1])[0]).abs().max() > 1e-3


def test_a_fit_that_goes_on_records_anew(make_net, X, weights, replayed):
    made = replayed()
    nets = [make_net(cuda_graph=value, **FUSED).fit(X) for value in (False, True)]
    for net in nets:
        net.partial_fit(X)
    assert len(made) == 2
    assert_close(*nets, weights, 1e-5)


def test_other_batch_sizes_are_plain(make_net, X, weights, replayed):
    made = replayed()
    nets = [
        make_net(
            cuda_graph=value,
            iterator_train=DataLoader,
            batch_size=40,
            max_epochs=6,
            **FUSED,
        ).fit(X)
        for value in (False, True)
    ]
    assert nets[1].history[-1, "batches", :, "train_batch_size"] == [40, 40, 16]
    # Two of three batches go the recorded way, three of those warm up.
    assert [(r.n_warm_up, r.n_replays) for r in made] == [(3, 2 * 6 - 3)]
    assert_close(*nets, weights, 1e-5)


class Failing(Replayed):
    """Fails where it is told to, with the step half taken or done."""

    where = "record"

    def fail(self, name, step):
        if self.where == name:
            step()
            raise RuntimeError("operation not permitted\nwhen stream is capturing")

    def warm_up(self, step):
        if self.n_warm_up:
            self.fail("warm_up", step)
        return super().warm_up(step)

    def record(self, step):
        self.fail("record", step)
        super().record(step)

    def replay(self):
        self.fail("replay", self.step)
        return super().replay()


@pytest.mark.parametrize("where", ["warm_up", "record", "replay"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_failure_changes_nothing_and_warns_once(
    make_net, X, weights, replayed, monkeypatch, where, options
):
    made = replayed(Failing)
    monkeypatch.setattr(Failing, "where", where)
    options = {**EXACT, **FUSED, **options}
    plain = twenty_updates(make_net, X, **options)
    with pytest.warns(UserWarning, match="cuda_graph=True has no effect") as caught:
        net = twenty_updates(make_net, X, cuda_graph=True, **options)
    assert len(caught) == 1 and "(operation not permitted)" in str(caught[0].message)
    assert sum(recording.n_replays for recording in made) == 0
    assert all(map(torch.equal, weights(net), weights(plain)))
    assert np.array_equal(losses(net), losses(plain))
    assert net.n_penalty_steps_ == plain.n_penalty_steps_
    assert_plain_settings(net)


def test_a_broken_off_step_leaves_the_net_usable(make_net, X, replayed):
    class BrokenOff(Replayed):
        def record(self, step):
            step()
            raise KeyboardInterrupt

    replayed(BrokenOff)
    net = make_net(cuda_graph=True, max_epochs=3, **FUSED).fit(X)
    assert net.interrupted_
    assert_plain_settings(net)


class Gradients(Callback):
    def on_train_begin(self, net, **kwargs):
        self.n_seen = 0

    def on_grad_computed(self, net, **kwargs):
        self.n_seen += 1


def test_steps_whose_gradients_are_looked_at_are_plain(make_net, X, weights, replayed):
    made = replayed()
    watch = Gradients()
    net = make_net(cuda_graph=True, callbacks=[watch], **FUSED).fit(X)
    assert watch.n_seen == 12 and not made
    assert all(map(torch.equal, weights(net), weights(make_net(**FUSED).fit(X))))


def unchanged(rows, generator, probability=1.0):
    return rows


REFUSED = {
    "sgd": ({"optimizer_discriminator": torch.optim.SGD}, "discriminator=SGD"),
    "beta2": (
        {"callbacks": [Annealing(20, beta2=("linear", 0.9, 0.99))], **FUSED},
        "betas of optimizer_generator_",
    ),
    "ramp": (
        {"augmentation": unchanged, "callbacks": [AugmentationRamp(100)], **FUSED},
        "augmentation_ changed",
    ),
}


@pytest.mark.parametrize(("options", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_recorded_is_named(
    make_net, X, weights, replayed, options, reason
):
    made = replayed()
    with pytest.warns(UserWarning, match=reason) as caught:
        net = twenty_updates(make_net, X, cuda_graph=True, **options)
    assert len(caught) == 1
    assert sum(recording.n_replays for recording in made) == 0
    assert_close(net, twenty_updates(make_net, X, **options), weights, 1e-5)


def test_results_stay_what_they_were(make_net, X, replayed):
    replayed()
    kept = []

    class Keeps(Callback):
        def on_batch_end(self, net, y_pred=None, training=True, **kwargs):
            kept.append((y_pred, y_pred.clone()))

    twenty_updates(make_net, X, cuda_graph=True, callbacks=[Keeps()], **FUSED)
    assert len(kept) == 20
    assert all(torch.equal(held, then) for held, then in kept)


def test_copies_hold_no_recording(make_net, X, replayed):
    replayed()
    copies = []

    class Copies(Callback):
        def on_epoch_end(self, net, **kwargs):
            graph = net.step_graph_
            assert graph.kinds
            copies.extend([copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))])

    twenty_updates(make_net, X, cuda_graph=True, callbacks=[Copies()], **FUSED)
    assert len(copies) == 4
    assert not any(graph.kinds or graph.inputs for graph in copies)


def test_replaced_buffers_are_written_to_where_they_were(make_net, X, replayed):
    replayed()
    seen = []

    class Looks(Callback):
        def on_batch_end(self, net, **kwargs):
            buffers = list(net.discriminator_.buffers())
            seen.append((buffers, [buffer.clone() for buffer in buffers]))

    spectral = {**OPTIONS["spectral"], "lr": 0.1}
    twenty_updates(
        make_net, X, cuda_graph=True, callbacks=[Looks()], **FUSED, **spectral
    )
    (first, values), (last, later) = seen[0], seen[-1]
    assert first and all(a is b for a, b in zip(first, last, strict=True))
    assert not all(map(torch.equal, values, later))


class FakeCUDA:
    """Writes down what is asked of ``torch.cuda``, and keeps to its contract."""

    def __init__(self, monkeypatch):
        self.calls = []
        self.current = "default"
        for name in ("CUDAGraph", "Stream", "current_stream", "graph", "stream"):
            monkeypatch.setattr(torch.cuda, name, getattr(self, name))
        monkeypatch.setattr(
            torch.cuda, "synchronize", lambda device: self.calls.append("synchronize")
        )

    def Stream(self, device):
        return FakeStream("side", self.calls)

    def current_stream(self, device):
        return FakeStream(self.current, self.calls)

    def CUDAGraph(self):
        calls = self.calls

        class Graph:
            def register_generator_state(self, generator):
                assert isinstance(generator, torch.Generator)
                calls.append("register")
                warnings.warn("no longer needed", FutureWarning, stacklevel=1)

            def replay(self):
                calls.append("replay")

        return Graph()

    @contextmanager
    def stream(self, stream):
        before, self.current = self.current, stream.name
        try:
            yield
        finally:
            self.current = before

    @contextmanager
    def graph(self, graph, stream, capture_error_mode):
        assert stream.name == self.current == "side"
        self.calls.append("begin")
        try:
            yield
        except ValueError:
            # As there: the stream stays, and what is raised is another error.
            raise RuntimeError("capture was invalidated") from None
        self.calls.append("end")


class FakeStream:
    def __init__(self, name, calls):
        self.name, self.calls = name, calls

    def wait_stream(self, other):
        self.calls.append(f"{self.name} waits for {other.name}")


def test_steps_are_recorded_on_a_stream_of_their_own(make_net, monkeypatch):
    cuda = FakeCUDA(monkeypatch)
    recording = CUDARecording(make_net().initialize())
    there_and_back = ["side waits for default", "default waits for side"]
    assert recording.warm_up(lambda: cuda.current) == "side"
    assert cuda.current == "default" and cuda.calls == there_and_back
    cuda.calls.clear()
    recording.record(lambda: {"loss": cuda.current})
    there, back = there_and_back
    assert cuda.calls == ["register", there, "begin", "end", back]
    assert recording.replay() == {"loss": "side"} and cuda.calls[-1] == "replay"


def test_a_failed_recording_leaves_its_stream(make_net, monkeypatch):
    cuda = FakeCUDA(monkeypatch)
    recording = CUDARecording(make_net().initialize())

    def fail():
        raise ValueError("no")

    with pytest.raises(RuntimeError, match="invalidated"):
        recording.record(fail)
    assert cuda.current == "default" and cuda.calls[-1] == "synchronize"
    with pytest.raises(ValueError, match="no"):
        recording.warm_up(fail)
    assert cuda.current == "default" and cuda.calls[-1] == "synchronize"


def make_cuda_net(make_net, X, monkeypatch, **params):
    """Fit on the GPU; return the net and how many steps were replayed."""
    replays = []
    replay = CUDARecording.replay
    monkeypatch.setattr(
        CUDARecording, "replay", lambda self: replays.append(1) or replay(self)
    )
    net = twenty_updates(make_net, X, device="cuda", **params)
    monkeypatch.undo()
    return net, len(replays)


@on_cuda
@pytest.mark.parametrize("fused", [True, False], ids=["fused", "foreach"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_graphs_agree_with_plain_steps(
    make_net, X, weights, monkeypatch, options, fused
):
    nets, counts = [], []
    for value in (False, True):
        net, n_replays = make_cuda_net(
            make_net,
            X,
            monkeypatch,
            cuda_graph=value,
            callbacks=[annealing()],
            **(FUSED if fused else {}),
            **options,
        )
        nets.append(net)
        counts.append(n_replays)
    assert counts == [0, 20 - 3 * (2 if "penalty_interval" in options else 1)]
    assert_close(*nets, weights, 1e-4)
    assert_plain_settings(nets[1])
    assert_close(*(net.partial_fit(X) for net in nets), weights, 1e-3)


@on_cuda
def test_graphs_follow_schedules(make_net, X, weights, monkeypatch):
    nets = [
        make_cuda_net(
            make_net, X, monkeypatch, cuda_graph=True, penalty="r1", callbacks=callbacks
        )[0]
        for callbacks in ([], [annealing()])
    ]
    assert (weights(nets[0])[0] - weights(nets[1])[0]).abs().max() > 1e-3


@on_cuda
def test_what_synchronizes_is_not_recorded(make_net, X, weights, monkeypatch):
    def shift(rows, generator):
        return rows + rows.mean().item()

    plain, _ = make_cuda_net(make_net, X, monkeypatch, augmentation=shift)
    with pytest.warns(UserWarning, match="recording a step failed") as caught:
        net, n_replays = make_cuda_net(
            make_net, X, monkeypatch, cuda_graph=True, augmentation=shift
        )
    assert len(caught) == 1 and n_replays == 0
    assert_close(net, plain, weights, 1e-4)


@on_cuda
def test_graphs_are_faster_for_small_networks(make_net, X):
    seconds = {}
    for value in (False, True, False, True):
        net = make_net(
            device="cuda",
            cuda_graph=value,
            penalty="r1+r2",
            max_epochs=1,
            iterator_train__n_batches=300,
            **FUSED,
        ).initialize()
        torch.cuda.synchronize()
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            net.partial_fit(X)
        torch.cuda.synchronize()
        seconds[value] = time.perf_counter() - start
    assert seconds[True] < seconds[False] / 1.5
