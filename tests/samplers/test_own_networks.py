"""Networks and objectives of the user's own that cannot be trained are refused.

Before any update, by an error that names the network or function, what it gave and
what is expected; and what is right is trained as if nothing had been tried.
"""

import numpy as np
import pytest
import torch
from torch import nn

from skgan import ConditionalGANSampler, GANOutlierDetector, GANSampler, InfoGANSampler
from skgan.nets import AdversarialNet
from skgan.objectives import LOSSES, PENALTIES

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.arange(60) % 3
IMAGES = np.random.default_rng(0).integers(256, size=(40, 6, 6), dtype=np.uint8)


class Generator(nn.Module):
    def __init__(self, latent_dim, output_shape, condition_dim=0, **kwargs):
        super().__init__()
        self.shape = tuple(output_shape)
        self.layer = nn.Linear(latent_dim + condition_dim, int(np.prod(output_shape)))

    def forward(self, z, condition=None):
        z = z if condition is None else torch.cat([z, condition], dim=1)
        return self.change(self.layer(z).reshape(-1, *self.shape))

    def change(self, rows):
        return rows


class Discriminator(nn.Module):
    def __init__(self, input_shape, condition_dim=0, **kwargs):
        super().__init__()
        width = int(np.prod(input_shape)) + condition_dim
        self.layers = nn.Sequential(nn.Linear(width, 8), nn.Tanh())
        self.head = nn.Linear(8, 1)

    def features(self, x, condition=None):
        x = x.flatten(1)
        x = x if condition is None else torch.cat([x, condition], dim=1)
        return self.layers(x)

    def forward(self, x, condition=None):
        return self.change(self.head(self.features(x, condition)))

    def change(self, logits):
        return logits


def changed(base, change):
    """A network whose output is changed by a function."""
    return type("Own", (base,), {"change": lambda self, output: change(output)})


def scalar_of(change):
    """A loss whose discriminator's function is changed."""
    right = LOSSES["nonsaturating"]
    return (lambda real, fake: change(right.discriminator(real, fake)), right.generator)


def make(kind=GANSampler, **params):
    rest = {"max_iter": 2, "random_state": 0, "early_stopping": False}
    return kind(**{**rest, "prior": "normal", **params})


WRONG_GENERATORS = [
    (lambda rows: rows[:, :2], r"rows of shape \(4, 2\).*\(4, 3\)"),
    (lambda rows: torch.cat([rows, rows]), r"\(8, 3\).*must give rows.*\(4, 3\)"),
    (lambda rows: rows[0], r"rows of shape \(3,\).*\(4, 3\)"),
    (lambda rows: rows.double(), r"dtype torch.float64.*dtype torch.float32"),
    (lambda rows: rows.long(), r"dtype torch.int64.*dtype torch.float32"),
    (lambda rows: (rows, rows), r"gave a tuple.*tensor: rows of shape \(4, 3\)"),
    (lambda rows: rows.detach().numpy(), r"gave a ndarray.*must give a tensor"),
    (lambda rows: None, r"gave a NoneType.*must give a tensor"),
    (lambda rows: rows * np.nan, r"NaN"),
    (lambda rows: rows / 0, r"infinity"),
    (lambda rows: rows.detach(), r"without a gradient"),
]
WRONG_DISCRIMINATORS = [
    (lambda logits: torch.cat([logits] * 2, 1), r"logits of shape \(8, 2\).*\(8, 1\)"),
    (lambda logits: logits.reshape(-1, 2)[:, :1], r"shape \(4, 1\).*\(8, 1\)"),
    (lambda logits: logits[:, 0], r"shape \(8,\).*\(8, 1\)"),
    (lambda logits: logits.mean(), r"shape \(\).*\(8, 1\)"),
    (lambda logits: (logits, None), r"gave a tuple"),
    (lambda logits: logits > 0, r"dtype torch.bool"),
    (lambda logits: logits + torch.inf, r"infinity"),
    (lambda logits: logits.detach(), r"without a gradient"),
    (lambda logits: logits.nope, r"failed with AttributeError.*nope"),
]


@pytest.mark.parametrize(("change", "message"), WRONG_GENERATORS)
def test_a_wrong_generator_is_named(change, message):
    sampler = make(generator=changed(Generator, change))
    with pytest.raises((ValueError, TypeError), match=f"(?s)generator Own.*{message}"):
        sampler.fit(X)
    assert not hasattr(sampler, "net_")


@pytest.mark.parametrize(("change", "message"), WRONG_DISCRIMINATORS)
def test_a_wrong_discriminator_is_named(change, message):
    sampler = make(discriminator=changed(Discriminator, change))
    match = f"(?s)discriminator Own.*{message}"
    with pytest.raises((ValueError, TypeError), match=match):
        sampler.fit(X)
    assert not hasattr(sampler, "net_")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (GANSampler, (X,)),
        (GANSampler, (IMAGES,)),
        (ConditionalGANSampler, (X, Y)),
        (InfoGANSampler, (X,)),
        (GANOutlierDetector, (X,)),
    ],
)
def test_every_estimator_that_makes_networks_tries_them(kind, data):
    own = changed(Discriminator, lambda logits: torch.cat([logits] * 2, 1))
    params = {"discriminator": own, "random_state": 0}
    if kind is GANOutlierDetector:
        sampler = kind(method="reconstruction", **params)
    else:
        sampler = kind(max_iter=2, **params)
    with pytest.raises(ValueError, match=r"discriminator Own.*\(8, 2\).*\(8, 1\)"):
        sampler.fit(*data)


def test_networks_given_as_net_params_are_tried_with_a_prior_of_trees():
    own = changed(Generator, lambda rows: rows[:, :1])
    sampler = make(prior="trees", net_params={"generator": own})
    with pytest.raises(ValueError, match=r"generator Own.*\(4, 1\).*\(4, 3\)"):
        sampler.fit(X)


class Needy(Generator):
    def __init__(self, latent_dim, output_shape, height):
        super().__init__(latent_dim, output_shape)


def test_keywords_that_a_network_does_not_take_are_named():
    with pytest.raises(TypeError, match=r"generator Needy.*keywords.*'output_shape'"):
        make(generator=Needy).fit(X)


class BatchNorm(Discriminator):
    def __init__(self, input_shape, **kwargs):
        super().__init__(input_shape, **kwargs)
        self.layers.append(nn.BatchNorm1d(8))
        self.layers.append(nn.Dropout(0.5))


def test_batch_normalisation_over_one_row_is_refused_by_name():
    sampler = make(discriminator=BatchNorm, penalty=None, batch_size=1)
    with pytest.raises(ValueError, match=r"discriminator BatchNorm.*batch_size >= 2"):
        sampler.fit(X)
    make(discriminator=BatchNorm, penalty=None, batch_size=2).fit(X)


class Blind(Discriminator):
    def __init__(self, input_shape, condition_dim=0, **kwargs):
        super().__init__(input_shape)

    def features(self, x):
        return super().features(x)

    def forward(self, x, condition=None):
        return self.head(self.features(x))


class BlindGenerator(Generator):
    def __init__(self, latent_dim, output_shape, condition_dim=0, **kwargs):
        super().__init__(latent_dim, output_shape)

    def forward(self, z, condition=None):
        return super().forward(z)


class Deaf(Blind):
    def forward(self, x):
        return super().forward(x)


class Embedding(Blind):
    """Looks at its condition by steps, and at first not at all."""

    def __init__(self, input_shape, condition_dim=0, **kwargs):
        super().__init__(input_shape)
        self.table = nn.Embedding(condition_dim, 1)
        nn.init.zeros_(self.table.weight)

    def forward(self, x, condition=None):
        return super().forward(x) + self.table(condition.argmax(1))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"discriminator": Blind}, "discriminator Blind.*whatever the condition"),
        ({"generator": BlindGenerator}, "generator BlindGenerator.*whatever the cond"),
        ({"discriminator": Deaf}, r"discriminator Deaf.*condition of shape \(8, 3\)"),
    ],
)
def test_networks_that_ignore_labels_are_refused(network, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make(ConditionalGANSampler, **network).fit(X, Y)


def test_a_generator_that_ignores_codes_is_refused():
    sampler = InfoGANSampler(generator=BlindGenerator, max_iter=2)
    with pytest.raises(ValueError, match=r"BlindGenerator.*whatever the condition"):
        sampler.fit(X)


@pytest.mark.parametrize("network", [Discriminator, Embedding])
def test_networks_that_look_at_labels_are_taken(network):
    sampler = make(ConditionalGANSampler, discriminator=network).fit(X, Y)
    assert sampler.sample(3)[0].shape == (3, 3)


def test_a_table_warns_of_networks_that_ignore_its_conditions():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": X[:, 0], "b": ["u", "v", "w"] * 20})
    sampler = make(generator=BlindGenerator)
    with pytest.warns(UserWarning, match="BlindGenerator.*do not follow what is given"):
        sampler.fit(frame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.detach(), "without a gradient"),
        (lambda value: value.item(), "gave a float and must give a scalar tensor"),
        (lambda value: value * torch.ones(3), r"shape \(3,\).*scalar"),
        (lambda value: (value * 0).round() + 1, "no gradient"),
        (lambda value: value.nope, "failed with AttributeError"),
    ],
)
def test_a_wrong_loss_is_named(change, message):
    with pytest.raises((ValueError, TypeError), match=f"discriminator's.*{message}"):
        make(loss=scalar_of(change)).fit(X)


def test_a_generators_loss_that_does_not_look_at_fake_rows_is_named():
    loss = (LOSSES["hinge"].discriminator, lambda real, fake: real.mean(), True)
    with pytest.raises(ValueError, match=r"generator's function of loss.*no gradient"):
        make(loss=loss).fit(X)
    blind = (LOSSES["hinge"].discriminator, lambda real, fake: (real - fake).mean())
    with pytest.raises(ValueError, match=r"called with \(None, fake_logits\)"):
        make(loss=blind).fit(X)


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        ((lambda norms: norms, PENALTIES["r1"].points), "cost function.*scalar"),
        ((lambda norms: 1.0, PENALTIES["r1"].points), "cost function.*float"),
        ((PENALTIES["r1"].cost, lambda real, fake, rng: real[:, :2]), "penalty="),
    ],
)
def test_a_wrong_penalty_is_named(penalty, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(penalty=penalty).fit(X)


class Kink(torch.autograd.Function):
    """Has a gradient, but none of the gradient."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, slope):
        return slope


def test_a_layer_without_second_derivatives_is_told_of_the_way_out():
    class Kinked(Discriminator):
        def features(self, x, condition=None):
            return Kink.apply(super().features(x))

    with pytest.raises(ValueError, match=r"penalty='r1\+r2'.*r1\+r2-difference"):
        make(discriminator=Kinked, penalty="r1+r2").fit(X)
    make(discriminator=Kinked, penalty="r1+r2-difference").fit(X)


@pytest.mark.parametrize("name", ["augmentation", "perturb"])
def test_a_function_of_rows_that_changes_their_shape_is_named(name):
    kind = GANSampler if name == "augmentation" else InfoGANSampler
    sampler = kind(
        max_iter=2,
        net_params={name: lambda rows, rng: rows[:, :1]},
        **({"prior": "normal"} if kind is GANSampler else {}),
    )
    with pytest.raises(ValueError, match=f"{name}.*\\(., 1\\).*\\(., 3\\)"):
        sampler.fit(X)


def test_features_that_cannot_be_taken_are_refused_before_training():
    class Narrow(Discriminator):
        def features(self, x, condition=None):
            return self.layers(x[:, :2])

        def forward(self, x, condition=None):
            return self.head(self.layers(x))

    with pytest.raises(ValueError, match=r"features of the discriminator Narrow"):
        make(discriminator=Narrow, max_iter=10**9).fit(X)


def test_a_code_head_of_another_width_is_named():
    class Head(nn.Module):
        def __init__(self, n_features, **kwargs):
            super().__init__()
            self.layer = nn.Linear(n_features, 3)

        def forward(self, features):
            return self.layer(features), self.layer(features)

    sampler = InfoGANSampler(max_iter=2, net_params={"code_head": Head})
    with pytest.raises(ValueError, match=r"code head Head.*\(4, 3\).*\(4, 10\)"):
        sampler.fit(X)


def test_a_refused_refit_leaves_what_was_fitted():
    sampler = make().fit(X)
    before = sampler.sample(5, random_state=0)
    sampler.set_params(loss=scalar_of(torch.detach), warm_start=False)
    with pytest.raises(ValueError, match="without a gradient"):
        sampler.fit(X[:, :2])
    assert np.array_equal(sampler.sample(5, random_state=0), before)


@pytest.mark.parametrize("kind", [GANSampler, ConditionalGANSampler, InfoGANSampler])
def test_trying_changes_no_bit_of_a_fit(kind, monkeypatch):
    """Weights, statistics of batches, and every random stream are as without it."""

    def state():
        params = {"discriminator": BatchNorm, "penalty": None, "max_iter": 5}
        if kind is not InfoGANSampler:
            params["prior"] = "normal"
        torch.manual_seed(5)
        sampler = kind(random_state=0, **params).fit(X, Y)
        networks = sampler.net_.modules_.values()
        tensors = [t for network in networks for t in network.state_dict().values()]
        return [*tensors, torch.get_rng_state()]

    tried = state()
    monkeypatch.setattr(AdversarialNet, "probe", lambda self, X, y=None: None)
    for one, other in zip(tried, state(), strict=True):
        assert torch.equal(one, other)
