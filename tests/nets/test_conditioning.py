"""What a step is conditioned on, what is matched beside it, and its precision."""

import numpy as np
import pytest
import torch

from skgan.modules import ConditionMask, TableDiscriminator, TableGenerator
from skgan.nets import AdversarialNet
from skgan.objectives import PENALTIES

UNITS = [(1, 2)]


class FirstHalf:
    """Gives the block of the first half of the rows."""

    def __init__(self):
        self.given = ConditionMask(UNITS, width=3)
        self.seen = []

    def __call__(self, rows, y, stream):
        self.seen.append(y.shape)
        masks = torch.zeros(len(rows), 1)
        masks[: len(rows) // 2] = 1
        return self.given.condition(rows, masks)


class Recorder:
    """A matching loss of nothing that keeps what it is shown."""

    def __init__(self, weight=0.0):
        self.weight = weight
        self.shown = []

    def __call__(self, expected):
        self.shown.append(expected.detach())
        return self.weight * expected.square().sum()


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    level = rng.integers(2, size=64)
    return np.column_stack([rng.normal(size=64), level, 1 - level]).astype("float32")


def make_net(**params):
    return AdversarialNet(
        TableGenerator,
        TableDiscriminator,
        **{
            "latent_dim": 3,
            "loss": "relativistic",
            "batch_size": 16,
            "max_epochs": 2,
            "verbose": 0,
            "random_state": 0,
            "generator__output_shape": (3,),
            "generator__block_widths": (2,),
            "generator__hidden_dims": (16, 16),
            "discriminator__input_shape": (3,),
            "discriminator__hidden_dims": (16, 16),
            **params,
        },
    )


def conditional(**params):
    return make_net(
        conditioning=FirstHalf(),
        generator__units=UNITS,
        generator__condition_dim=3,
        discriminator__condition_dim=3,
        **params,
    )


def test_conditions_are_drawn_from_the_real_rows_of_each_step(rows):
    recorder = Recorder()
    net = conditional(matching=recorder).fit(rows, np.ones((64, 1)))
    assert net.conditioning.seen == [(16, 1)] * 8
    for expected in recorder.shown:
        assert set(expected[:8, 1:].unique().tolist()) == {0.0, 1.0}
        assert expected[8:, 1:].min() > 0


def test_several_discriminator_steps_share_out_the_conditions(rows):
    net = conditional(n_discriminator_steps=2, matching=Recorder()).fit(rows)
    assert net.conditioning.seen[0] == (32, 0)
    assert len(net.matching.shown[0]) == 16


def test_what_is_matched_trains_the_generator(rows):
    plain = make_net(matching=Recorder(0.0), lr=1e-2).fit(rows)
    pulled = make_net(matching=Recorder(10.0), lr=1e-2).fit(rows)
    z = plain.draw_latents(500, torch.Generator().manual_seed(0))
    sizes = [net.generator_.eval()(z)[:, 0].square().mean() for net in (plain, pulled)]
    assert sizes[1] < 0.95 * sizes[0]


def test_latents_hold_what_levels_are_drawn_from(rows):
    net = make_net().fit(rows)
    assert net.draw_latents(7).shape == (7, 4)


def test_half_precision_stays_out_of_weights_losses_and_logits(rows):
    net = make_net(precision="bfloat16", penalty="r1+r2").fit(rows)
    single = make_net(precision="float32", penalty="r1+r2").fit(rows)
    for module in (net.generator_, net.discriminator_):
        assert {p.dtype for p in module.parameters()} == {torch.float32}
    logits = net.call(net.discriminator_, torch.as_tensor(rows), None)
    assert logits.dtype == torch.float32
    losses = [n.history[:, "discriminator_loss"] for n in (net, single)]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(*losses, rtol=0.05)


def test_half_precision_reaches_the_hidden_layers_only(rows):
    net = make_net(precision="bfloat16").initialize()
    dtypes = []
    net.discriminator_.layers.register_forward_hook(
        lambda module, inputs, output: dtypes.append(output.dtype)
    )
    net.discriminator_.head.register_forward_hook(
        lambda module, inputs, output: dtypes.append(output.dtype)
    )
    net.call(net.discriminator_, torch.as_tensor(rows), None)
    assert dtypes == [torch.bfloat16, torch.float32]


def test_a_penalty_comes_in_every_so_many_steps(rows):
    calls = []

    def cost(squared_norms):
        calls.append(1)
        return squared_norms.mean()

    points = PENALTIES["r1+r2"].points
    net = make_net(penalty=(cost, points), penalty_interval=3).fit(rows)
    assert len(net.history[-1, "batches"]) == 4
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"precision": "float8"}, ValueError, "precision must be one of"),
        ({"penalty_interval": 0}, ValueError, "penalty_interval must be at least 1"),
        ({"penalty_interval": 1.5}, TypeError, "penalty_interval must be an integer"),
    ],
)
def test_what_cannot_be_computed_is_refused(params, error, message):
    with pytest.raises(error, match=message):
        make_net(**params).initialize()
