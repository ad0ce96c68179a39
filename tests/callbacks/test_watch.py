"""HeldOutScore and GradientNorms: what they keep, when they look, what they forget."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from skgan.callbacks import GradientNorms, HeldOutScore
from skgan.modules import MLPDiscriminator, MLPGenerator
from skgan.nets import AdversarialNet

X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")


def make_net(*callbacks, **params):
    """Epochs of two updates, with an averaged generator."""
    defaults = {
        "generator__output_shape": (2,),
        "generator__hidden_dims": (8,),
        "discriminator__input_shape": (2,),
        "discriminator__hidden_dims": (8,),
        "latent_dim": 3,
        "batch_size": 32,
        "max_epochs": 5,
        "lr": 0.01,
        "average_halflife": 3.0,
        "random_state": 0,
        "verbose": 0,
        "callbacks": list(callbacks),
    }
    return AdversarialNet(MLPGenerator, MLPDiscriminator, **{**defaults, **params})


def planted(*scores):
    left = iter(scores)
    return lambda net: next(left)


class States(Callback):
    """The generators as they are at the end of each epoch."""

    def on_train_begin(self, net, **kwargs):
        self.averaged, self.last = [], []

    def on_epoch_end(self, net, **kwargs):
        self.averaged.append(deepcopy(net.averaged_generator_.state_dict()))
        self.last.append(deepcopy(net.generator_.state_dict()))


def equal(ours, theirs):
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("best", [0, 2, 4])
def test_only_the_generator_to_draw_from_goes_back(best):
    scores = np.zeros(5)
    scores[best] = 1.0
    states, watch = States(), HeldOutScore(planted(*scores), every=1)
    net = make_net(states, watch).fit(X)
    assert equal(net.averaged_generator_.state_dict(), states.averaged[best])
    assert equal(net.generator_.state_dict(), states.last[-1])
    assert watch.best_epoch_ == best + 1 and watch.best_score_ == 1.0
    assert watch.best_state_ is None


class StartsAnew(Callback):
    """Says of the second epoch that it ended with other weights."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            net.history.record("started_anew", True)


def test_a_generator_that_was_given_up_does_not_come_back():
    watch = HeldOutScore(planted(9.0, 1.0, 2.0, 1.0), every=1, patience=3)
    net = make_net(StartsAnew(), watch).fit(X)
    assert len(net.history) == 5 and "valid_score" not in net.history[1]
    assert watch.best_epoch_ == 4 and watch.best_score_ == 2.0


def test_the_first_of_equal_scores_is_kept():
    states, watch = States(), HeldOutScore(planted(1.0, 2.0, 2.0, 1.0, 2.0), every=1)
    net = make_net(states, watch).fit(X)
    assert watch.best_epoch_ == 2
    assert equal(net.averaged_generator_.state_dict(), states.averaged[1])


def test_a_score_that_is_not_a_number_is_never_the_best():
    states = States()
    watch = HeldOutScore(planted(np.nan, -3.0, np.nan, -4.0, np.nan), every=1)
    net = make_net(states, watch).fit(X)
    assert watch.best_epoch_ == 2
    assert equal(net.averaged_generator_.state_dict(), states.averaged[1])


@pytest.mark.parametrize(
    ("patience", "scores", "n_epochs"),
    [
        (1, [1, 1, 9, 9, 9], 2),
        (2, [1, 2, 3, 4, 5], 5),
        (2, [1, 0, 2, 1, 1], 5),
        (3, [5, 4, 3, 2, 9], 4),
        (2, [5, np.nan, np.nan, 9, 9], 3),
    ],
)
def test_misses_in_a_row_end_training(patience, scores, n_epochs):
    watch = HeldOutScore(planted(*scores), every=1, patience=patience)
    net = make_net(watch).fit(X)
    assert len(net.history) == n_epochs and not net.interrupted_
    assert net.history[:, "valid_score"] == pytest.approx(
        scores[:n_epochs], nan_ok=True
    )


def test_patience_counts_scores_not_epochs():
    watch = HeldOutScore(planted(5.0, 1.0, 1.0), every=2, patience=2)
    net = make_net(watch, max_epochs=20).fit(X)
    assert len(net.history) == 6


def test_small_steps_forward_are_kept_though_they_end_training():
    states = States()
    watch = HeldOutScore(planted(1.0, 1.1, 1.2, 9.0), every=1, patience=2, tol=0.5)
    net = make_net(states, watch).fit(X)
    assert len(net.history) == 3 and watch.best_score_ == 1.2
    assert equal(net.averaged_generator_.state_dict(), states.averaged[2])


def test_a_fit_shorter_than_the_interval_is_scored_at_its_end():
    calls = []

    def scorer(net):
        calls.append(len(net.history))
        return 1.0

    make_net(HeldOutScore(scorer, every=100)).fit(X)
    assert calls == [5]
    calls.clear()
    make_net(HeldOutScore(scorer, every=5)).fit(X)
    assert calls == [5], "the last epoch must not be scored twice"


def test_a_fit_broken_off_is_scored_as_it_is():
    class Breaks(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(net.history) == 4:
                raise KeyboardInterrupt

    states, watch = States(), HeldOutScore(planted(3.0, 2.0, 1.0, 0.0), every=1)
    net = make_net(states, Breaks(), watch).fit(X)
    assert net.history[:, "valid_score"] == [3.0, 2.0, 1.0, 0.0]
    assert equal(net.averaged_generator_.state_dict(), states.averaged[0])


def test_each_call_looks_for_its_own_best():
    states = States()
    watch = HeldOutScore(planted(9.0, 8.0, 1.0, 2.0), every=1)
    net = make_net(states, watch, max_epochs=2).fit(X)
    net.partial_fit(X)
    assert watch.best_score_ == 2.0 and watch.best_epoch_ == 4
    assert equal(net.averaged_generator_.state_dict(), states.averaged[1])


def test_scoring_does_not_change_the_training():
    def scorer(net):
        net.averaged_generator_(torch.randn(4, 3, generator=torch.Generator()))
        return -float(len(net.history))

    states, alone = States(), States()
    make_net(states, HeldOutScore(scorer, every=1)).fit(X)
    make_net(alone).fit(X)
    for ours, theirs in zip(states.last, alone.last, strict=True):
        assert equal(ours, theirs)


class TestGradientNorms:
    @pytest.mark.parametrize("penalty", [None, "wgan-gp", "r1+r2"])
    def test_the_same_weights_with_and_without(self, penalty):
        params = {"penalty": penalty, "n_discriminator_steps": 2}
        watched = make_net(GradientNorms(), **params).fit(X)
        alone = make_net(**params).fit(X)
        for name in ("generator_", "discriminator_", "averaged_generator_"):
            states = (getattr(net, name).state_dict() for net in (watched, alone))
            assert equal(*states)
        assert torch.equal(
            watched.latent_stream_.get_state(), alone.latent_stream_.get_state()
        )

    def test_both_norms_each_epoch(self):
        net = make_net(GradientNorms()).fit(X)
        norms = net.history[:, ("real_gradient_norm", "fake_gradient_norm")]
        assert len(norms) == 5
        assert all(type(norm) is float for pair in norms for norm in pair)
        assert (np.array(norms) > 0).all()

    def test_a_linear_critic_is_as_steep_everywhere(self):
        net = make_net(GradientNorms(), discriminator__hidden_dims=()).fit(X)
        slope = net.discriminator_.head.weight.norm().item()
        for name in ("real_gradient_norm", "fake_gradient_norm"):
            assert net.history[-1, name] == pytest.approx(slope, rel=1e-5)

    def test_no_gradient_is_left_behind(self):
        kept = []

        class Last(Callback):
            def on_batch_end(self, net, **kwargs):
                parameters = net.discriminator_.parameters()
                kept.append([p.grad.clone() for p in parameters])

        net = make_net(Last(), GradientNorms(), max_epochs=1).fit(X)
        for ours, before in zip(net.discriminator_.parameters(), kept[-1], strict=True):
            assert torch.equal(ours.grad, before)

    @pytest.mark.parametrize("breaks", [False, True])
    def test_no_row_is_kept(self, breaks):
        class Breaks(Callback):
            def on_batch_end(self, net, **kwargs):
                if breaks and len(net.history) == 2:
                    raise KeyboardInterrupt

        norms = GradientNorms()
        make_net(norms, Breaks()).fit(X)
        needle = X[0].tobytes()
        assert needle not in pickle.dumps(norms) and norms.batch_ is None
