"""What "auto" stands for: rules over many sizes, and explicit values that win."""

import ast
import inspect
import re
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from skgan import GANSampler
from skgan.callbacks import Annealing
from skgan.encoding import ImageEncoder, VectorEncoder
from skgan.modules import DISCRIMINATORS, GENERATORS
from skgan.priors import TreesPrior
from skgan.samplers._auto import (
    SCHEDULES,
    Settings,
    automatic_values,
    fast_precision,
    resolve_schedule,
    resolve_settings,
)
from skgan.samplers._training import epoch_length

SIZES = list(product([2, 30, 500, 20_000, 10**6], [1, 2, 10, 60]))
IMAGES = [(1, 8, 8), (1, 28, 28), (3, 32, 32)]


def resolve(n_rows, shape, value_range=None, starts_from="normal", **params):
    encoder = SimpleNamespace(tensor_shape_=shape)
    if value_range is not None:
        encoder.value_range = value_range
    return resolve_settings(
        GANSampler(**params), n_rows, encoder, starts_from=starts_from
    )


def documented():
    """Names, types and defaults of the parameters, as the docstring has them."""
    text = inspect.getdoc(GANSampler)
    text = text[text.index("Parameters\n") : text.index("Attributes\n")]
    return re.findall(r"^(\w+) : (.*), default=(.*)$", text, flags=re.MULTILINE)


# -- the docstring


def test_the_docstring_has_every_parameter_and_its_default():
    assert [name for name, *_ in documented()] == list(
        inspect.signature(GANSampler).parameters
    )
    defaults = GANSampler().get_params()
    for name, _, default in documented():
        assert ast.literal_eval(default) == defaults[name], name


def test_every_documented_auto_is_replaced():
    automatic = {
        name
        for name, kinds, _ in documented()
        if '"auto"' in kinds or name in ("generator", "discriminator", "device")
    }
    defaults = GANSampler().get_params()
    assert automatic == {k for k, v in defaults.items() if v == "auto"}
    # What a fit decides before its settings and after them.
    of_fits = {"encoder", "prior", "early_stopping", "rejection"}
    assert automatic - set(Settings._fields) == of_fits
    for starts_from in ("normal", "trees"):
        for n_rows, shape in [(500, (3,)), (500, (1, 8, 8))]:
            settings = resolve(n_rows, shape, starts_from=starts_from)
            for name in automatic - of_fits:
                value = getattr(settings, name)
                assert not (isinstance(value, str) and value == "auto"), name


def test_what_a_fit_decides():
    rows = np.random.default_rng(0).normal(size=(450, 2))
    params = {"max_iter": 2, "random_state": 0, "hidden_dims": (4,)}
    few, many = (GANSampler(**params).fit(rows[:n]) for n in (399, 450))
    for sampler in (few, many):
        assert type(sampler.encoder_) is VectorEncoder
        assert type(sampler.prior_) is TreesPrior
    # With few rows none are held out, by which a stage and a rejection are chosen.
    assert few.stage_ == "prior" and few.stage_scores_ == {}
    assert few.rejection_ is None
    assert {"prior", "generator"} <= set(many.stage_scores_)
    ends_in_rejection = many.stage_.endswith("+rejection")
    assert ends_in_rejection == (many.rejection_ is not None)
    assert GANSampler(latent_dim=3, **params).fit(rows).prior_ is None


@pytest.mark.parametrize("shape", [(4,), *IMAGES])
def test_annealed_is_what_the_docstring_says(shape):
    text = " ".join(inspect.getdoc(GANSampler).split())
    assert "half a cosine to a fiftieth" in text
    schedule = resolve(5000, shape).schedule
    curve, factor = schedule["learning_rate"]
    if len(shape) == 1:
        assert (curve, factor) == ("cosine", 1 / 50)
        assert schedule["penalty_weight"][0] == "geometric"
    else:
        assert "for images to a twentieth" in text
        assert (curve, factor) == ("cosine", 1 / 20)
        assert "penalty's weight to a tenth, or, up to 256 pixels, not at all" in text
        falls = np.prod(shape) > 256
        assert schedule.get("penalty_weight") == (
            ("geometric", 1 / 10) if falls else None
        )


# -- rules


@pytest.mark.parametrize(("n_rows", "d"), SIZES)
def test_values_for_vectors_are_in_their_ranges(n_rows, d):
    settings = resolve(n_rows, (d,))
    assert settings.latent_dim == d, "the transport generator starts at the identity"
    assert settings.generator in GENERATORS
    assert settings.discriminator in DISCRIMINATORS
    assert 1 <= settings.batch_size <= min(n_rows, 1024)
    assert 1e-5 <= settings.learning_rate <= 1e-2
    assert np.isfinite(settings.penalty_weight) and settings.penalty_weight > 0
    assert 300 <= settings.max_iter <= 4000
    assert settings.average_halflife == pytest.approx(0.05 * settings.max_iter)
    # The penalty never grows on the way.
    assert 0 < settings.schedule["penalty_weight"][1] <= 1
    Annealing(settings.max_iter, **settings.schedule)
    for dims in (settings.hidden_dims, settings.discriminator_dims):
        assert all(16 <= width <= 1024 for width in dims) and dims


def test_fewer_rows_a_column_are_trained_on_more_gently():
    def at(n_rows, d):
        settings = resolve(n_rows, (d,))
        last = settings.penalty_weight * settings.schedule["penalty_weight"][1]
        return settings.learning_rate, settings.penalty_weight, last

    for larger, smaller in [((50_000, 4), (200, 4)), ((2000, 2), (2000, 50))]:
        (rate, first, last), (gentle, heavy, heavier) = at(*larger), at(*smaller)
        assert gentle < rate
        assert heavy >= first and heavier > last
    previous = at(20, 5)
    for n_rows in (60, 200, 1000, 10_000, 10**5, 10**7):
        now = at(n_rows, 5)
        assert now[0] >= previous[0]
        assert now[1] <= previous[1] and now[2] <= previous[2]
        previous = now
    # There is an end to either.
    assert at(10**7, 1) == at(10**9, 1)


def test_few_rows_a_column_are_calibrated_and_trained_on_briefly():
    def at(n_rows, d):
        settings = resolve(n_rows, (d,))
        return settings.generator, settings.max_iter

    assert at(89, 13) == at(89 * 4, 13 * 4) == ("calibrated_transport", 300)
    assert at(2088, 8) == ("calibrated_transport", 3132)
    assert at(499, 1) == ("calibrated_transport", 4000)
    assert at(500, 1) == at(20_000, 2) == ("transport", 4000)


def test_values_depend_on_the_rows_a_column_alone():
    for name in ("learning_rate", "penalty_weight", "max_iter", "generator"):
        ours, theirs = automatic_values(900, (3,)), automatic_values(3000, (10,))
        assert ours[name] == (
            theirs[name] if name == "generator" else pytest.approx(theirs[name])
        )


@pytest.mark.parametrize("shape", IMAGES)
@pytest.mark.parametrize("n_rows", [2, 1000, 10**6])
def test_values_for_images_are_in_their_ranges(shape, n_rows):
    settings = resolve(n_rows, shape)
    assert settings.latent_dim >= 16
    assert settings.generator in GENERATORS and settings.generator != "transport"
    assert settings.batch_size <= n_rows
    assert settings.max_iter >= 1000 and settings.penalty_weight > 0
    assert settings.average_halflife == pytest.approx(0.05 * settings.max_iter)


def test_large_images_get_convolutions_where_they_are_fast():
    small, large = (resolve(1000, shape) for shape in IMAGES[:2])
    assert small.generator == small.discriminator == "residual_mlp"
    assert large.generator == large.discriminator == "strided_conv"
    assert small.precision == "float32"
    assert large.precision == fast_precision(large.device)
    assert resolve(1000, IMAGES[1], generator="mlp").precision == "float32"


def test_colour_is_learnt_more_slowly():
    grey, colour, alpha = (resolve(1000, (n, 32, 32)) for n in (1, 3, 4))
    assert grey.learning_rate == pytest.approx(3e-3)
    assert colour.learning_rate == alpha.learning_rate == pytest.approx(1e-3)
    assert resolve(9, (3, 8, 8)).learning_rate == resolve(9, (1, 8, 8)).learning_rate
    assert resolve(9, (3, 32, 32), learning_rate=0.2).learning_rate == 0.2


def test_a_weight_of_ones_own_is_meant_for_every_step():
    image = (1, 28, 28)
    automatic = resolve(1000, image)
    assert automatic.net_params["penalty_interval"] == 4
    assert automatic.penalty_weight == 4.0
    for params in ({"penalty_weight": 10.0}, {"penalty": "wgan-gp"}, {"penalty": None}):
        assert "penalty_interval" not in resolve(1000, image, **params).net_params
    assert "penalty_interval" not in resolve(1000, (1, 8, 8)).net_params


def test_large_images_get_wide_networks():
    small, large = (resolve(1000, shape).hidden_dims for shape in IMAGES[:2])
    assert max(small) < max(large)


@pytest.mark.parametrize(
    ("value_range", "activation"),
    [((-1, 1), "tanh"), ((0, 1), "sigmoid"), ((-3.0, 2.0), None), (None, None)],
)
def test_the_generators_last_activation_covers_the_pixels(value_range, activation):
    params = resolve(100, (1, 8, 8), value_range).net_params
    assert params.get("generator__output_activation") == activation
    assert resolve(100, (1, 8, 8), value_range, generator=nn.Linear).net_params == {}


def test_pixels_stay_clean_in_a_fit():
    images = np.random.default_rng(0).integers(0, 2, (40, 8, 8)).astype(np.uint8) * 255
    params = {"hidden_dims": (8,), "max_iter": 2, "random_state": 0}
    bounds = {
        value_range: GANSampler(encoder=ImageEncoder(value_range=value_range), **params)
        .fit(images)
        .net_.sampling_generator_(
            100 * torch.randn(200, 64, generator=torch.Generator())
        )
        for value_range in ((-1, 1), (0, 1))
    }
    for (low, high), pixels in bounds.items():
        assert low <= pixels.min() and pixels.max() <= high
    own = GANSampler(net_params={"generator__output_activation": "identity"}, **params)
    layers = list(own.fit(images).net_.generator_.modules())
    assert not any(isinstance(layer, nn.Tanh | nn.Sigmoid) for layer in layers)


def test_the_device():
    has_cuda = torch.cuda.is_available()
    assert resolve(10, (2,)).device == ("cuda" if has_cuda else "cpu")
    assert resolve(10, (2,), device=torch.device("cpu")).device == "cpu"


# -- explicit values

EXPLICIT = {
    "latent_dim": 7,
    "hidden_dims": (5, 6),
    "generator": "mlp",
    "discriminator": "residual_mlp",
    "loss": "hinge",
    "penalty": None,
    "penalty_weight": 0.125,
    "learning_rate": 0.25,
    "batch_size": 3,
    "max_iter": 11,
    "n_discriminator_steps": 2,
    "average_halflife": None,
    "max_time": 9.0,
    "n_iter_no_change": 4,
    "device": "cpu",
}


@pytest.mark.parametrize("shape", [(3,), (1, 8, 8)])
@pytest.mark.parametrize("name", EXPLICIT)
def test_an_explicit_value_wins_and_leaves_the_others(name, shape):
    value = EXPLICIT[name]
    ours, automatic = resolve(50, shape, **{name: value}), resolve(50, shape)
    assert getattr(ours, name) == value
    follows = {
        "hidden_dims": {"discriminator_dims"},
        "max_iter": {"average_halflife"},
    }.get(name, set())
    if name == "hidden_dims":
        assert ours.discriminator_dims == value
    if name == "max_iter":
        assert ours.average_halflife == pytest.approx(0.05 * value)
    for other in set(Settings._fields) - {name} - follows:
        assert getattr(ours, other) == getattr(automatic, other), other


def test_all_of_them_reach_the_net():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    sampler = GANSampler(**EXPLICIT, schedule="constant", random_state=0).fit(rows)
    net = sampler.net_
    assert (net.latent_dim, net.batch_size, net.n_discriminator_steps) == (7, 3, 2)
    assert (net.loss, net.penalty, net.penalty_weight) == ("hinge", None, 0.125)
    assert type(net.generator_) is GENERATORS["mlp"]
    assert type(net.discriminator_) is DISCRIMINATORS["residual_mlp"]
    assert not hasattr(net, "averaged_generator_") and sampler.n_iter_ == 11
    widths = [m.out_features for m in net.generator_.modules() if hasattr(m, "weight")]
    assert widths == [5, 6, 3]
    for optimizer in (net.optimizer_generator_, net.optimizer_discriminator_):
        assert optimizer.param_groups[0]["lr"] == 0.25


@pytest.mark.parametrize("prior", ["normal", "trees"])
def test_automatic_ones_reach_the_net(prior):
    rows = np.random.default_rng(0).normal(size=(80, 3))
    sampler = GANSampler(max_iter=2, random_state=0, prior=prior).fit(rows)
    settings = resolve(80, (3,), max_iter=2, starts_from=prior)
    net = sampler.net_
    for name in ("penalty_weight", "average_halflife", "batch_size"):
        assert getattr(net, name) == getattr(settings, name)
    # A generator that starts from a prior has latents as wide as its rows.
    assert net.latent_dim == 3
    if prior == "normal":
        assert settings.latent_dim == 3
    assert net.lr == settings.learning_rate
    assert type(net.generator_) is GENERATORS[settings.generator]
    widths = [
        tuple(m.out_features for m in module.modules() if isinstance(m, nn.Linear))[:-1]
        for module in (net.generator_, net.discriminator_)
    ]
    assert widths == [settings.hidden_dims, settings.discriminator_dims]
    for optimizer in (net.optimizer_generator_, net.optimizer_discriminator_):
        assert optimizer.param_groups[0]["betas"] == settings.betas


@pytest.mark.parametrize("prior", ["normal", "trees"])
def test_rows_held_out_do_not_count(prior):
    rows = np.random.default_rng(0).normal(size=(200, 3))
    params = {"max_iter": 2, "random_state": 0, "hidden_dims": (4,), "prior": prior}
    held_out = GANSampler(early_stopping=True, validation_fraction=0.5, **params)
    net = held_out.fit(rows).net_
    settings = resolve(100, (3,), starts_from=prior)
    assert net.penalty_weight == settings.penalty_weight
    assert net.batch_size == settings.batch_size == 100


# -- schedules and epochs


def test_schedules_by_name():
    annealed = {"learning_rate": ("linear", 0.5)}
    assert set(SCHEDULES) == {"annealed", "constant"}
    assert resolve_schedule("annealed", annealed) == annealed
    assert resolve_schedule("constant", annealed) == {}
    own = {"penalty_weight": ("cosine", 2.0)}
    resolved = resolve_schedule(own, annealed)
    assert {k: v for k, v in resolved.items() if v is not None} == own
    with pytest.raises(ValueError, match=r"'anealed' is not known; .*'annealed'"):
        resolve_schedule("anealed", annealed)
    with pytest.raises(TypeError, match="must be a name or a dict"):
        resolve_schedule(None, annealed)
    with pytest.raises(ValueError, match=r"curve 'step' is not known; .*'cosine'"):
        resolve_schedule({"learning_rate": ("step", 0.5)}, annealed)


@pytest.mark.parametrize("max_iter", [1, 7, 99, 101, 999, 4000, 10**6])
def test_epochs_cover_a_fit(max_iter):
    length = epoch_length(max_iter)
    n_epochs = -(-max_iter // length)
    assert 1 <= length <= max_iter and n_epochs <= 101
    if max_iter >= 10**6:
        assert n_epochs == 100
