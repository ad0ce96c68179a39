"""Annealing through real fits: exact values, restarts, time, groups, bad input."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from skgan import GANSampler
from skgan.callbacks import Annealing
from skgan.callbacks._schedules import CURVES

N_UPDATES = 8
ROWS = np.random.default_rng(0).normal(size=(60, 2))


class Values(Callback):
    """What each update was taken with."""

    def __init__(self):
        self.steps = []

    def on_batch_end(self, net, **kwargs):
        groups = [
            *net.optimizer_generator_.param_groups,
            *net.optimizer_discriminator_.param_groups,
        ]
        self.steps.append(
            (
                [group["lr"] for group in groups],
                [group.get("betas", (None, None))[1] for group in groups],
                net.penalty_weight_,
            )
        )

    @property
    def rates(self):
        return np.array([rates for rates, _, _ in self.steps])

    @property
    def betas(self):
        return np.array([betas for _, betas, _ in self.steps])

    @property
    def weights(self):
        return np.array([weight for _, _, weight in self.steps])


def train(schedule, **params):
    values = Values()
    defaults = {
        "hidden_dims": (4,),
        "learning_rate": 0.01,
        "penalty_weight": 2.0,
        "batch_size": 16,
        "max_iter": N_UPDATES,
        "random_state": 0,
        "callbacks": [values],
        "prior": "normal",
    }
    sampler = GANSampler(schedule=schedule, **{**defaults, **params}).fit(ROWS)
    return sampler, values


@pytest.mark.parametrize(
    ("curve", "formula"),
    [
        ("constant", lambda a, b, t: a + 0 * t),
        ("linear", lambda a, b, t: a * (1 - t) + b * t),
        ("cosine", lambda a, b, t: b + (a - b) * np.cos(np.pi * t / 2) ** 2),
        ("geometric", lambda a, b, t: np.exp((1 - t) * np.log(a) + t * np.log(b))),
    ],
)
def test_every_curve_on_every_value(curve, formula):
    _, values = train(
        {
            "learning_rate": (curve, 0.1),
            "penalty_weight": (curve, 0.25),
            "beta2": (curve, 0.9, 0.999),
        }
    )
    t = np.arange(N_UPDATES) / N_UPDATES
    for column in (0, 1):
        np.testing.assert_allclose(values.rates[:, column], formula(0.01, 0.001, t))
        np.testing.assert_allclose(values.betas[:, column], formula(0.9, 0.999, t))
    np.testing.assert_allclose(values.weights, formula(2.0, 0.5, t))


@pytest.mark.parametrize(
    ("name", "middle"),
    [("constant", 4.0), ("linear", 2.5), ("cosine", 2.5), ("geometric", 2.0)],
)
def test_curves_at_their_start_middle_and_end(name, middle):
    assert CURVES[name](4.0, 1.0, 0.0) == pytest.approx(4.0)
    assert CURVES[name](4.0, 1.0, 0.5) == pytest.approx(middle)
    end = 4.0 if name == "constant" else 1.0
    assert CURVES[name](4.0, 1.0, 1.0) == pytest.approx(end)


class Moves(Callback):
    """By how much of its gradient each update moves a weight."""

    def __init__(self):
        self.shares = []

    def on_batch_begin(self, net, **kwargs):
        self.before = net.generator_.head.weight.detach().clone()

    def on_batch_end(self, net, **kwargs):
        weight = net.generator_.head.weight
        moved = (self.before - weight).detach().norm() / weight.grad.norm()
        self.shares.append(moved.item())


def test_each_step_is_taken_with_its_own_rate():
    moves = Moves()
    train(
        {"learning_rate": ("linear", 0.0)},
        callbacks=[moves],
        net_params={
            "optimizer_generator": torch.optim.SGD,
            "optimizer_discriminator": torch.optim.SGD,
        },
    )
    expected = 0.01 * (1 - np.arange(8) / 8)
    np.testing.assert_allclose(moves.shares, expected, rtol=1e-2)


def test_annealed_is_what_the_docstring_says():
    _, values = train("annealed", max_iter=100)
    rates = values.rates[:, 0]
    assert rates[0] == pytest.approx(0.01)
    assert rates[50] == pytest.approx(0.01 * (1 + 0.02) / 2)
    assert 0.01 / 50 < rates[-1] < 0.01 / 50 * 1.02
    assert (np.diff(rates) < 0).all()
    # Equal factors all the way, if it changes at all.
    np.testing.assert_allclose(np.diff(np.log(values.weights), 2), 0, atol=1e-9)
    assert values.betas.min() == values.betas.max()


def test_constant_leaves_everything_alone():
    sampler, values = train("constant")
    assert np.unique(values.rates) == [0.01]
    assert np.unique(values.weights) == [2.0]
    assert len(np.unique(values.betas)) == 1
    names = [name for name, _ in sampler.net_.callbacks_]
    assert "annealing" not in names


def test_what_a_dict_does_not_name_is_left_alone():
    _, values = train({"penalty_weight": ("linear", 0.0)})
    assert np.unique(values.rates) == [0.01]
    np.testing.assert_allclose(values.weights, 2 * (1 - np.arange(8) / 8))
    _, values = train({"learning_rate": None, "beta2": ["linear", 0.5, 0.9]})
    assert np.unique(values.rates) == [0.01]
    np.testing.assert_allclose(values.betas[:, 0], 0.5 + 0.4 * np.arange(8) / 8)


def test_a_penalty_that_counts_nothing_stays_so():
    _, values = train({"penalty_weight": ("geometric", 0.1)}, penalty_weight=0)
    assert not values.weights.any()


def test_going_on_starts_from_the_top():
    values = Values()
    sampler, _ = train(
        {"learning_rate": ("cosine", 0.01), "penalty_weight": ("linear", 0.5)},
        warm_start=True,
        callbacks=[values],
    )
    sampler.fit(ROWS)
    assert len(values.rates) == 2 * N_UPDATES
    np.testing.assert_array_equal(values.rates[:N_UPDATES], values.rates[N_UPDATES:])
    np.testing.assert_array_equal(
        values.weights[:N_UPDATES], values.weights[N_UPDATES:]
    )
    assert values.rates[0, 0] == pytest.approx(0.01)
    assert values.rates[N_UPDATES - 1, 0] < 0.001


def test_each_networks_own_rate_is_scaled():
    _, values = train(
        {"learning_rate": ("linear", 0.5)},
        net_params={"optimizer_discriminator__lr": 0.08},
    )
    np.testing.assert_allclose(values.rates[:, 0], 0.01 * (1 - np.arange(8) / 16))
    np.testing.assert_allclose(values.rates[:, 1], 8 * values.rates[:, 0])


def test_each_groups_own_rate_is_scaled():
    _, values = train(
        {"learning_rate": ("linear", 0.5)},
        net_params={
            "optimizer_generator__param_groups": [("head.*", {"lr": 0.04})],
        },
    )
    assert values.rates.shape == (8, 3)
    for column, start in enumerate((0.04, 0.01, 0.01)):
        np.testing.assert_allclose(
            values.rates[:, column], start * (1 - np.arange(8) / 16)
        )


def test_an_optimizer_without_betas():
    sampler, values = train(
        {"learning_rate": ("linear", 0.5), "beta2": ("linear", 0.5, 0.9)},
        net_params={"optimizer_generator": torch.optim.SGD},
    )
    assert values.betas[:, 0].tolist() == [None] * 8
    np.testing.assert_allclose(values.betas[:, 1].astype(float)[4], 0.7)
    assert np.isfinite(sampler.sample(9)).all()
    assert "betas" not in sampler.net_.optimizer_generator_.param_groups[0]


class TimeUnit:
    """Seconds that pass when one says so."""

    def __init__(self):
        self.now = 100.0

    def perf_counter(self):
        return self.now


class Stub:
    """A net as far as a schedule looks at it."""

    penalty_weight = 3.0

    def __init__(self):
        weights = [torch.zeros(1, requires_grad=True)]
        self.optimizer_generator_ = torch.optim.SGD(weights, lr=1.0)
        self.optimizer_discriminator_ = torch.optim.Adam(weights, lr=2.0)


def test_the_schedule_follows_what_is_nearer_its_end(monkeypatch):
    time_unit = TimeUnit()
    monkeypatch.setattr("skgan.callbacks._schedules.time", time_unit)
    net = Stub()
    annealing = Annealing(10, max_time=8.0, learning_rate=("linear", 0.0))
    annealing.on_train_begin(net)
    found = []
    for seconds in (0, 0, 4, 0, 4, 8):
        time_unit.now += seconds
        annealing.on_batch_begin(net)
        found.append(net.optimizer_generator_.param_groups[0]["lr"])
    # By updates: 0, .1; by time: .5, .5; at its end; and it stays there.
    np.testing.assert_allclose(found, [1.0, 0.9, 0.5, 0.5, 0.0, 0.0])
    assert net.optimizer_discriminator_.param_groups[0]["lr"] == 0


def test_validation_counts_no_update():
    net = Stub()
    annealing = Annealing(4, learning_rate=("linear", 0.0))
    annealing.on_train_begin(net)
    for training in (True, False, False, True, True):
        annealing.on_batch_begin(net, training=training)
    assert net.optimizer_generator_.param_groups[0]["lr"] == 0.5


BAD = [
    ({"learning_rate": ("cosin", 0.1)}, r"learning_rate: curve 'cosin' is not known"),
    ({"beta2": (["linear"], 0.1, 0.2)}, r"beta2: curve .* is not known"),
    ({"learning_rate": "cosine"}, r"learning_rate must be a tuple \(curve, factor\)"),
    ({"learning_rate": ("cosine",)}, r"must be a tuple \(curve, factor\)"),
    ({"beta2": ("linear", 0.9)}, r"beta2 must be a tuple \(curve, start, end\)"),
    ({"beta2": ("linear", 0.9, 1.0)}, r"beta2 must be .* less than 1"),
    ({"penalty_weight": ("linear", -0.5)}, r"penalty_weight must be .* at least 0"),
    ({"penalty_weight": ("linear", np.nan)}, r"penalty_weight must be finite"),
    ({"learning_rate": ("linear", np.inf)}, r"learning_rate must be finite"),
    ({"learning_rate": ("linear", "low")}, r"learning_rate must hold numbers"),
    ({"learning_rate": ("geometric", 0)}, r"learning_rate: equal factors lead"),
    ({"momentum": ("linear", 0.5)}, r"unknown keys \['momentum'\]"),
]


@pytest.mark.parametrize(("schedule", "message"), BAD, ids=[m[:30] for _, m in BAD])
def test_a_schedule_that_cannot_be_followed(schedule, message):
    sampler, _ = train("constant", max_iter=1)
    before = sampler.sample(5, random_state=0)
    with pytest.raises(ValueError, match=message):
        sampler.set_params(schedule=schedule).fit(ROWS)
    # A refit that was refused leaves the sampler as it was.
    np.testing.assert_array_equal(sampler.sample(5, random_state=0), before)


def test_an_unknown_curve_names_the_known_ones():
    with pytest.raises(ValueError, match="not known") as caught:
        Annealing(3, beta2=("quadratic", 0.1, 0.2)).on_train_begin(Stub())
    assert all(repr(name) in str(caught.value) for name in CURVES)
