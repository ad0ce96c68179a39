"""Calibrated generators: moments restored, training untouched, when by default."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from skgan import GANSampler
from skgan.callbacks import MomentCalibration
from skgan.modules import CalibratedResidualLatentGenerator, ResidualLatentGenerator
from skgan.modules._residual_latent import optimal_map

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(300, 3)) @ RNG.normal(size=(3, 3)) + [5.0, -9.0, 100.0]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def moved_generator(**params):
    """One that shifts, scales and bends."""
    generator = CalibratedResidualLatentGenerator(
        latent_dim=4, output_shape=(3,), hidden_dims=(16,), **params
    )
    with torch.no_grad():
        generator.head.weight.copy_(normal(3, 16, seed=1))
        generator.head.bias.copy_(torch.tensor([4.0, -2.0, 0.5]))
    return generator


def moments(rows):
    return rows.mean(0).numpy(), np.cov(rows.T.numpy(), bias=True)


def make_sampler(**params):
    defaults = {"hidden_dims": (16,), "max_iter": 300, "learning_rate": 0.01}
    return GANSampler(**{"prior": "normal", **defaults, "random_state": 0, **params})


def encoded_means(sampler, generator):
    rows = generator(normal(20_000, sampler.net_.latent_dim, seed=2))
    return rows.detach().numpy().mean(0)


# -- the map


@pytest.mark.parametrize("d", [1, 2, 7])
def test_the_map_takes_one_covariance_to_the_other(d):
    source, target = (np.cov(normal(50, d, seed=s).numpy().T) for s in (3, 4))
    source, target = (
        torch.as_tensor(np.atleast_2d(c)).double() for c in (source, target)
    )
    mixing = optimal_map(source, target)
    torch.testing.assert_close(mixing, mixing.T)
    torch.testing.assert_close(mixing @ source @ mixing, target)
    torch.testing.assert_close(
        optimal_map(source, source), torch.eye(d, dtype=torch.float64)
    )


def test_a_direction_without_variance_does_no_harm():
    flat = torch.diag(torch.tensor([1.0, 0.0], dtype=torch.float64))
    assert optimal_map(flat, flat).isfinite().all()
    assert optimal_map(torch.eye(2).double(), flat).abs().max() < 1.01


# -- the generator


def test_calibrated_rows_have_the_moments_they_were_told():
    generator, z = moved_generator(), normal(2000, 4)
    mean = torch.tensor([1.0, 2.0, 3.0])
    covariance = torch.tensor([[2.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 0.1]])
    raw = generator(z).detach()
    generator.calibrate(z, mean, covariance)
    assert torch.equal(generator(z).detach(), raw), "training sees none of it"
    found_mean, found = moments(generator.eval()(z).detach())
    np.testing.assert_allclose(found_mean, mean, atol=1e-4)
    np.testing.assert_allclose(found, covariance, atol=1e-4)
    # Again, in evaluation mode: from the raw rows, not from those just calibrated.
    generator.calibrate(z, mean, covariance)
    np.testing.assert_allclose(moments(generator(z).detach())[1], covariance, atol=1e-4)


def test_without_calibration_evaluation_changes_nothing():
    generator, z = moved_generator(), normal(50, 4)
    assert torch.equal(generator(z), generator.eval()(z))


def test_rows_that_are_not_finite_do_not_calibrate():
    generator = moved_generator()
    before = deepcopy(generator.state_dict())
    z = normal(50, 4)
    z[3, 0] = torch.inf
    generator.calibrate(z, torch.zeros(3), torch.eye(3))
    assert all(torch.equal(v, before[k]) for k, v in generator.state_dict().items())


def test_calibration_is_saved_with_the_weights():
    generator, z = moved_generator(), normal(500, 4)
    generator.calibrate(z, torch.zeros(3), torch.eye(3))
    other = moved_generator()
    other.load_state_dict(generator.state_dict())
    assert torch.equal(other.eval()(z), generator.eval()(z))


# -- the fit


@pytest.mark.parametrize("average_halflife", [None, 20.0])
def test_samples_have_the_moments_of_the_rows(average_halflife):
    params = {"average_halflife": average_halflife, "learning_rate": 0.03}
    sampler = make_sampler(**params).fit(ROWS)
    assert type(sampler.net_.generator_) is CalibratedResidualLatentGenerator
    plain = make_sampler(generator="transport", **params).fit(ROWS)
    wanted = sampler.encoder_.encode_for_training(ROWS, 0).mean(0)
    ours, theirs = (
        np.abs(encoded_means(s, s.net_.sampling_generator_) - wanted).max()
        for s in (sampler, plain)
    )
    assert ours < min(0.05, 0.7 * theirs)
    drawn = sampler.sample(20_000)
    deviations = (drawn.mean(0) - ROWS.mean(0)) / ROWS.std(0)
    assert np.abs(deviations).max() < 0.1


@pytest.mark.parametrize("average_halflife", [None, 20.0])
def test_the_weights_are_those_of_the_plain_generator(average_halflife):
    """Nothing of it reaches training, nor the random streams."""
    params = {"average_halflife": average_halflife, "max_iter": 250}
    ours = make_sampler(**params).fit(ROWS)
    theirs = make_sampler(generator="transport", **params).fit(ROWS)
    for name in ("generator_", "discriminator_"):
        found = dict(getattr(ours.net_, name).named_parameters())
        for key, value in getattr(theirs.net_, name).named_parameters():
            assert torch.equal(found[key], value), key


def test_going_on_starts_from_the_raw_generator():
    params = {"max_iter": 40, "warm_start": True}
    ours, theirs = make_sampler(**params), make_sampler(generator="transport", **params)
    for sampler in (ours, theirs):
        sampler.fit(ROWS).fit(ROWS)
    for one, two in zip(
        ours.net_.generator_.parameters(),
        theirs.net_.generator_.parameters(),
        strict=True,
    ):
        assert torch.equal(one, two)


def test_what_is_scored_is_what_samples():
    sampler = make_sampler(early_stopping=True).fit(ROWS)
    scores = [row["valid_score"] for row in sampler.history_ if "valid_score" in row]
    X_held_out = sampler._hold_out(ROWS, sampler._seeds.split)[1]
    assert sampler.score(X_held_out) == pytest.approx(max(scores), abs=1e-9)


def test_conditional_generators_and_others_are_left_alone():
    class Net:
        latent_dim, device = 4, "cpu"

    for generator in (
        ResidualLatentGenerator(latent_dim=4, output_shape=(3,)),
        moved_generator(condition_dim=2),
    ):
        Net.sampling_generator_ = generator
        before = deepcopy(generator.state_dict())
        callback = MomentCalibration(n_latents=64)
        callback.on_train_begin(Net, X=normal(30, 3))
        callback.on_epoch_end(Net)
        callback.on_train_end(Net)
        for key, value in generator.state_dict().items():
            assert torch.equal(value, before[key])


def test_few_rows_draw_the_covariance_towards_the_identity():
    class Net:
        latents, device = None, "cpu"
        sampling_generator_ = moved_generator()

        @staticmethod
        def draw_latents(n, stream):
            return torch.randn(n, 4, generator=stream)

    for n_rows, far in [(4, True), (10_000, False)]:
        rows = 3 * normal(n_rows, 3)
        callback = MomentCalibration(n_latents=64)
        callback.on_train_begin(Net, X=rows)
        measured = np.diag(np.cov(rows.T.numpy(), bias=True))
        wanted = callback.wanted_[2].diagonal().numpy()
        assert (np.abs(wanted - measured).max() > 0.5) == far
        callback.on_train_end(Net)
        assert callback.wanted_ is None
