"""skgan's own callbacks: averaging, schedules, stopping, watching, progress."""

import pickle
import re
import time
from copy import deepcopy

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback
from skorch.dataset import ValidSplit
from torch import nn

from skgan.callbacks import (
    Annealing,
    DivergenceGuard,
    DivergenceWarning,
    GeneratorAverage,
    GradientNorms,
    HeldOutScore,
    LRScheduler,
    MomentCalibration,
    StopTraining,
    TimeLimit,
    TrainingProgress,
)
from skgan.modules import MLPDiscriminator, MLPGenerator
from skgan.nets import AdversarialNet

X = np.random.default_rng(0).normal(1, 2, size=(64, 2)).astype("float32")


def make_net(*callbacks, **params):
    """Two epochs of four updates, unless told otherwise."""
    defaults = {
        "generator__output_shape": (2,),
        "generator__hidden_dims": (8,),
        "discriminator__input_shape": (2,),
        "discriminator__hidden_dims": (8,),
        "latent_dim": 3,
        "batch_size": 16,
        "max_epochs": 2,
        "lr": 0.01,
        "random_state": 0,
        "verbose": 0,
        "callbacks": list(callbacks),
    }
    return AdversarialNet(MLPGenerator, MLPDiscriminator, **{**defaults, **params})


def state_of(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def equal_states(ours, theirs):
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


class Stub:
    """A net as far as an average looks at it: one weight that counts the steps."""

    def __init__(self):
        self.generator_, self.averaged_generator_ = nn.Linear(1, 1), nn.Linear(1, 1)
        self.set(0.0)
        self.averaged_generator_.load_state_dict(self.generator_.state_dict())

    def set(self, value):
        for parameter in self.generator_.parameters():
            nn.init.constant_(parameter, value)

    @property
    def mean(self):
        weight, bias = self.averaged_generator_.parameters()
        assert weight.item() == bias.item()
        return weight.item()


class TestGeneratorAverage:
    def test_ramp_and_recursion(self):
        net, average, mean = Stub(), GeneratorAverage(2.0).initialize(), 0.0
        for i in range(1, 61):
            net.set(float(i))
            average.on_batch_end(net)
            # Half-lives of a twentieth of the updates seen, then of 2 for good.
            kept = 2.0 ** (-1 / min(2.0, i / 20))
            mean = kept * mean + (1 - kept) * i
            assert net.mean == pytest.approx(mean, rel=1e-4)

    def test_the_start_is_forgotten(self):
        net, average = Stub(), GeneratorAverage(1e9).initialize()
        net.averaged_generator_.load_state_dict(
            {
                name: torch.full_like(value, 1e6)
                for name, value in net.averaged_generator_.state_dict().items()
            }
        )
        net.set(1.0)
        for _ in range(300):
            average.on_batch_end(net)
        assert net.mean == pytest.approx(1, abs=0.1)

    def test_after_a_halflife_a_share_has_halved(self):
        net, average = Stub(), GeneratorAverage(4.0).initialize()
        average.n_updates_ = 1000
        net.averaged_generator_.load_state_dict(
            {
                name: torch.ones_like(value)
                for name, value in net.averaged_generator_.state_dict().items()
            }
        )
        for _ in range(4):
            average.on_batch_end(net)
        assert net.mean == pytest.approx(0.5, rel=1e-5)

    def test_validation_does_not_count(self):
        net, average = Stub(), GeneratorAverage(2.0).initialize()
        net.set(5.0)
        average.on_batch_end(net, training=False)
        assert net.mean == 0 and average.n_updates_ == 0

    def test_counts_on_over_calls_and_anew_over_fits(self):
        net = make_net(average_halflife=5.0).fit(X)
        average = dict(net.callbacks_)["average"]
        assert average.n_updates_ == 8
        net.partial_fit(X)
        assert average.n_updates_ == 16
        assert dict(net.fit(X).callbacks_)["average"].n_updates_ == 8

    def test_training_itself_is_not_changed(self):
        with_it = make_net(average_halflife=5.0).fit(X).generator_
        without = make_net().fit(X).generator_
        assert equal_states(with_it.state_dict(), without.state_dict())

    def test_oscillations_cancel(self):
        net, average = Stub(), GeneratorAverage(20.0).initialize()
        for i in range(1000):
            net.set((-1.0) ** i)
            average.on_batch_end(net)
        assert abs(net.mean) < 0.05


class TestTrainingProgress:
    def test_nothing_is_written_when_it_is_absent(self, capfd):
        make_net().fit(X)
        assert capfd.readouterr() == ("", "")

    def test_counts_updates_and_says_how_long_they_took(self, capfd):
        make_net(TrainingProgress(8)).fit(X)
        out, err = capfd.readouterr()
        assert out == ""
        last = re.split(r"[\r\n]", err.strip())[-1]
        assert "8/8 updates, in 0 s" in last and "100%" in last
        assert "score" not in last and "=" not in last

    def test_shows_both_losses_to_those_who_ask(self, capfd):
        net = make_net(TrainingProgress(8, losses=True)).fit(X)
        out, err = capfd.readouterr()
        assert out == ""
        last = re.split(r"[\r\n]", err.strip())[-1]
        assert "8/8" in last and "100%" in last and "update" in last
        for short, name in (("D", "discriminator_loss"), ("G", "generator_loss")):
            value = net.history[-1, "batches", -1, name]
            assert f"{short}={value:.3f}" in last
        assert "score" not in last

    def test_says_how_long_it_takes_still(self, capfd):
        make_net(TrainingProgress(100, interval=0.0)).fit(X)
        shown = re.split(r"[\r\n]", capfd.readouterr().err.strip())
        assert any(re.search(r"4/100 updates, \d+ s left", line) for line in shown)

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(0.4, "0 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (7380, "2 h 3 min")],
    )
    def test_says_times_as_one_would(self, seconds, words, capfd):
        class Late(Callback):
            def on_train_begin(self, net, **kwargs):
                progress.start_ -= 1e6  # so slow that the limit of time comes first

        progress = TrainingProgress(100, interval=0.0)
        make_net(progress, Late(), TimeLimit(seconds)).fit(X)
        assert f", {words} left" in capfd.readouterr().err

    def test_under_a_time_limit_it_counts_what_there_is_time_for(self, capfd):
        class Sleeps(Callback):
            def on_batch_end(self, net, **kwargs):
                time.sleep(0.02)

        progress = TrainingProgress(100_000, interval=0.0)
        limit = TimeLimit(0.5)
        make_net(Sleeps(), progress, limit, max_epochs=1000).fit(X)
        shown = re.split(r"[\r\n]", capfd.readouterr().err.strip())
        totals = [int(n) for line in shown for n in re.findall(r"\d+/(\d+) ", line)]
        assert totals[0] == 100_000 and max(totals[1:]) < 100
        assert "100%" in shown[-1] and f"{totals[-1]}/{totals[-1]} " in shown[-1]

    def test_a_time_limit_that_is_not_reached_changes_nothing(self, capfd):
        make_net(TrainingProgress(8, interval=0.0), TimeLimit(1000)).fit(X)
        shown = re.split(r"[\r\n]", capfd.readouterr().err.strip())
        assert all("/8 " in line for line in shown)

    def test_shows_the_score_where_there_is_one(self, capfd):
        class Score(Callback):
            def on_epoch_end(self, net, **kwargs):
                net.history.record("valid_score", -0.125 * len(net.history))

        make_net(TrainingProgress(8), Score()).fit(X)
        assert "held-out score -0.25" in capfd.readouterr().err

    def test_one_bar_for_the_whole_fit(self, capfd):
        make_net(TrainingProgress(8), max_epochs=2).fit(X)
        assert capfd.readouterr().err.count("\n") == 1

    def test_refreshes_are_spaced(self, capfd):
        make_net(TrainingProgress(40, interval=1e6), max_epochs=10).fit(X)
        rare = capfd.readouterr().err.count("\r")
        make_net(TrainingProgress(40, interval=0.0), max_epochs=10).fit(X)
        often = capfd.readouterr().err.count("\r")
        assert rare <= 6 and often >= 30

    def test_an_interruption_closes_it_where_it_was(self, capfd):
        class Breaks(Callback):
            def on_batch_end(self, net, **kwargs):
                if len(net.history[-1, "batches"]) == 3:
                    raise KeyboardInterrupt

        progress = TrainingProgress(8)
        net = make_net(progress, Breaks()).fit(X)
        assert net.interrupted_ and progress.bar_ is None
        lines = re.split(r"[\r\n]", capfd.readouterr().err.strip())
        assert "3/8" in lines[-1]

    def test_validation_does_not_count(self, capfd):
        make_net(TrainingProgress(6), train_split=ValidSplit(4)).fit(X)
        assert "6/6" in capfd.readouterr().err

    @pytest.mark.parametrize(
        "copy", [deepcopy, lambda callback: pickle.loads(pickle.dumps(callback))]
    )
    def test_copies_while_it_runs(self, copy, capfd):
        copies = []

        class Copies(Callback):
            def on_epoch_end(self, net, **kwargs):
                copies.append(copy(progress))

        progress = TrainingProgress(8, interval=0.5)
        make_net(progress, Copies()).fit(X)
        assert len(copies) == 2 and copies[0].interval == 0.5
        assert progress.n_updates_ == 8 and "8/8" in capfd.readouterr().err


class TestStopping:
    def test_time_limit_finishes_the_step_under_way(self):
        net = make_net(TimeLimit(0.0), max_epochs=50).fit(X)
        assert len(net.history) == 1 and net.history[-1, "train_batch_count"] == 1
        assert not net.interrupted_
        assert np.isfinite(net.history[-1, "generator_loss"])

    def test_time_limit_that_is_not_reached(self):
        assert len(make_net(TimeLimit(1e6)).fit(X).history) == 2

    def test_time_limit_starts_with_each_call(self):
        net = make_net(TimeLimit(0.0)).fit(X)
        net.partial_fit(X)
        assert len(net.history) == 2

    def test_a_limit_cuts_short_no_later_fit(self):
        net = make_net(TimeLimit(0.0)).fit(X)
        net.set_params(callbacks=[]).fit(X)
        assert net.history[:, "train_batch_count"] == [4, 4]

    def test_stop_training_is_no_interruption_by_the_user(self):
        class Stops(Callback):
            def on_epoch_end(self, net, **kwargs):
                raise StopTraining

        net = make_net(Stops()).fit(X)
        assert len(net.history) == 1 and not net.interrupted_


class TestHeldOutScore:
    def scores(self, values):
        left = iter(values)
        return lambda net: next(left)

    def test_scores_at_intervals_and_at_the_end(self):
        watch = HeldOutScore(self.scores([1.0, 2.0, 3.0]), every=2)
        net = make_net(watch, max_epochs=5).fit(X)
        found = [row.get("valid_score") for row in net.history]
        assert found == [None, 1.0, None, 2.0, 3.0]

    def test_restores_the_best_generator(self):
        states = []

        class Keep(Callback):
            def on_epoch_end(self, net, **kwargs):
                states.append(state_of(net.sampling_generator_))

        for average_halflife in (None, 3.0):
            states.clear()
            watch = HeldOutScore(self.scores([1.0, 5.0, 2.0, 3.0]), every=1)
            net = make_net(
                Keep(), watch, max_epochs=4, average_halflife=average_halflife
            ).fit(X)
            assert (watch.best_score_, watch.best_epoch_) == (5.0, 2)
            assert equal_states(net.sampling_generator_.state_dict(), states[1])
            assert not equal_states(states[1], states[3])
            assert net.history[:, "valid_score_best"] == [True, True, False, False]

    def test_patience_and_tolerance(self):
        values = [1.0, 1.5, 1.9, 2.2, 9.0, 9.0]
        watch = HeldOutScore(self.scores(values), every=1, patience=2, tol=1.0)
        net = make_net(watch, max_epochs=6).fit(X)
        assert len(net.history) == 3 and not net.interrupted_
        assert watch.best_score_ == 1.9

    def test_without_patience_training_never_ends_early(self):
        watch = HeldOutScore(self.scores([3.0, 2.0, 1.0, 0.0]), every=1)
        assert len(make_net(watch, max_epochs=4).fit(X).history) == 4


class TestGradientNorms:
    def test_medians_are_those_by_hand(self):
        batches = []

        class Keep(Callback):
            def on_batch_end(self, net, batch, **kwargs):
                batches.append(batch[0])

        net = make_net(Keep(), GradientNorms()).fit(X)
        norms = []
        for row in batches[-1]:
            row = row[None].clone().requires_grad_()
            (slope,) = torch.autograd.grad(net.discriminator_(row).sum(), row)
            norms.append(slope.norm().item())
        # Of an even number of rows PyTorch's median is the lower of the middle two.
        assert net.history[-1, "real_gradient_norm"] == pytest.approx(
            sorted(norms)[len(norms) // 2 - 1], rel=1e-4
        )
        assert net.history[-1, "fake_gradient_norm"] > 0

    def test_watching_changes_nothing(self):
        watched, alone = make_net(GradientNorms()).fit(X), make_net().fit(X)
        for name in ("generator_", "discriminator_"):
            states = (getattr(net, name).state_dict() for net in (watched, alone))
            assert equal_states(*states)


class TestDivergenceGuard:
    def test_nothing_happens_to_a_sound_fit(self):
        guard = DivergenceGuard()
        guarded, alone = make_net(guard).fit(X), make_net().fit(X)
        assert not guard.diverged_
        assert equal_states(
            guarded.generator_.state_dict(), alone.generator_.state_dict()
        )

    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e7])
    def test_goes_back_to_the_last_good_state(self, bad):
        states = []

        class Breaks(Callback):
            def on_epoch_end(self, net, **kwargs):
                states.append(state_of(net.generator_))
                if len(net.history) == 3:
                    net.history[-1, "batches"][-1]["generator_loss"] = bad

        guard = DivergenceGuard()
        net = make_net(Breaks(), guard, max_epochs=9)
        with pytest.warns(DivergenceWarning, match=r"generator loss .* update 8 were"):
            net.fit(X)
        assert guard.diverged_ and len(net.history) == 3 and not net.interrupted_
        assert equal_states(net.generator_.state_dict(), states[1])

    def test_weights_are_looked_at(self):
        class Breaks(Callback):
            def on_epoch_end(self, net, **kwargs):
                nn.init.constant_(net.discriminator_.head.bias, float("nan"))

        net = make_net(Breaks(), DivergenceGuard())
        with pytest.warns(DivergenceWarning, match="weight is no longer finite"):
            net.fit(X)
        for module in (net.generator_, net.discriminator_):
            assert all(p.isfinite().all() for p in module.parameters())


class TestAnnealing:
    def steps(self, **params):
        taken = []

        class Keep(Callback):
            def on_batch_end(self, net, **kwargs):
                group = net.optimizer_discriminator_.param_groups[0]
                other = net.optimizer_generator_.param_groups[0]
                assert group["lr"] == other["lr"] and group["betas"] == other["betas"]
                taken.append((group["lr"], group["betas"], net.penalty_weight_))

        make_net(Annealing(8, **params), Keep(), penalty="r1", lr=0.1).fit(X)
        rates, betas, weights = zip(*taken, strict=True)
        return list(rates), list(betas), list(weights)

    def test_curves(self):
        t = np.arange(8) / 8
        rates, betas, weights = self.steps(
            learning_rate=("cosine", 0.2),
            penalty_weight=("linear", 0.5),
            beta2=("geometric", 0.9, 0.99),
        )
        cosine = 0.02 + 0.08 * (1 + np.cos(np.pi * t)) / 2
        assert rates == pytest.approx(list(cosine))
        assert weights == pytest.approx(list(1 - t / 2))
        assert {beta1 for beta1, _ in betas} == {0.9}
        assert [b for _, b in betas] == pytest.approx(list(0.9 * 1.1**t))

    def test_constant_and_none_leave_alone(self):
        rates, betas, weights = self.steps(learning_rate=("constant", 0.1))
        assert set(rates) == {0.1} and set(weights) == {1.0}
        assert set(betas) == {(0.9, 0.999)}

    def test_time_used_up_counts_too(self):
        rates, _, _ = self.steps(learning_rate=("linear", 0.0), max_time=1e-9)
        assert rates == [0.0] * 8


@pytest.mark.parametrize(
    "callback",
    [
        Annealing(10, learning_rate=("cosine", 0.1)),
        DivergenceGuard(5.0),
        GeneratorAverage(3.0),
        GradientNorms(),
        HeldOutScore(len, every=2, patience=3),
        LRScheduler(torch.optim.lr_scheduler.StepLR, "discriminator", step_size=2),
        MomentCalibration(64),
        TimeLimit(3.0),
        TrainingProgress(5),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_callbacks_copy_with_their_parameters(callback):
    params = callback.get_params()
    for copy in (deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        assert copy.get_params() == params
    if not isinstance(callback, LRScheduler):  # its keywords are open-ended
        assert clone(callback).get_params() == params
