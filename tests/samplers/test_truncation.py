"""sample(truncation=...): latents held near their mean, fidelity against variety."""

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm
from sklearn.preprocessing import StandardScaler

from skgan import ConditionalGANSampler, GANSampler, InfoGANSampler, SamplerPipeline
from skgan.modules import MLPGenerator

SMALL = {"hidden_dims": (8,), "batch_size": 32, "max_iter": 3, "random_state": 0}
X = np.random.default_rng(0).normal(size=(120, 2))
y = np.repeat(["a", "b"], 60)


class Shows(MLPGenerator):
    """Rows are the latents themselves."""

    def forward(self, z, condition=None):
        return z + 0 * super().forward(z, condition)


@pytest.fixture(scope="module")
def sampler():
    params = {"generator": Shows, "latent_dim": 2, "encoder": "auto"}
    return GANSampler(**SMALL, **params, prior="normal").fit(X)


@pytest.fixture(scope="module")
def labelled():
    return ConditionalGANSampler(**SMALL, prior="normal").fit(X, y)


def latents_of(sampler, rows):
    return sampler.encoder_.encode(rows).ravel()


def test_latents_are_those_drawn_anew_until_they_fit(sampler):
    rows = sampler.sample(3000, truncation=0.5, random_state=0)
    latents = latents_of(sampler, rows)
    assert np.abs(latents).max() <= 0.5 + 1e-5
    # Not put on the bound, nor shrunk: the law of values within it.
    assert kstest(latents, truncnorm(-0.5, 0.5).cdf).pvalue > 0.01


def test_no_bound_and_a_wide_one_are_the_same(sampler):
    plain = sampler.sample(50, random_state=0)
    assert np.array_equal(sampler.sample(50, truncation=None, random_state=0), plain)
    wide = sampler.sample(50, truncation=9, random_state=0)
    np.testing.assert_allclose(wide, plain, atol=1e-5)


def test_a_short_draw_is_the_start_of_a_long_one(sampler, labelled):
    long = sampler.sample(1500, truncation=1, random_state=0)
    assert np.array_equal(sampler.sample(7, truncation=1, random_state=0), long[:7])
    rows, labels = labelled.sample(90, truncation=1, random_state=0)
    start, start_labels = labelled.sample(9, truncation=1, random_state=0)
    assert np.array_equal(start, rows[:9])
    assert np.array_equal(start_labels, labels[:9])


def test_labels_and_codes_stay_as_they_are(labelled):
    _, plain = labelled.sample(40, random_state=0)
    assert np.array_equal(labelled.sample(40, truncation=0.3, random_state=0)[1], plain)
    _, asked = labelled.sample(y=["b", "a"], truncation=0.3, random_state=0)
    assert asked.tolist() == ["b", "a"]
    coded = InfoGANSampler(**SMALL, n_categories=2).fit(X)
    rows = coded.sample(codes=[0, 1] * 30, truncation=1e-6, random_state=0)
    free = coded.sample(codes=[0, 1] * 30, random_state=0)
    # Without latents rows of a category still differ by their continuous codes.
    assert rows.shape == free.shape
    assert 0 < rows[::2].std() < free[::2].std()


def test_with_what_is_given(sampler):
    asked = {"given": lambda rows: rows[:, 0] > 0, "random_state": 0}
    rows = sampler.sample(20, truncation=0.5, **asked)
    assert (rows[:, 0] > 0).all()
    assert np.abs(latents_of(sampler, rows)).max() <= 0.5 + 1e-5


def test_through_a_pipeline():
    sampler = GANSampler(**SMALL, prior="normal")
    pipeline = SamplerPipeline([("scale", StandardScaler()), ("sample", sampler)])
    pipeline.fit(100 * X)
    narrow = pipeline.sample(200, truncation=0.1, random_state=0)
    assert narrow.std() < 0.5 * pipeline.sample(200, random_state=0).std()


@pytest.mark.parametrize("wrong", [0, -1, np.nan, np.inf])
def test_bounds_that_are_none(sampler, labelled, wrong):
    for fitted in (sampler, labelled):
        with pytest.raises(ValueError, match="truncation must be"):
            fitted.sample(2, truncation=wrong)
    with pytest.raises(TypeError, match="truncation"):
        sampler.sample(2, truncation="much")


def test_other_latents_than_normal_ones():
    trees = GANSampler(max_iter=0, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"truncation=0\.5 .*prior='normal'"):
        trees.sample(2, truncation=0.5)
    pool = {"latents": np.zeros((3, 2), np.float32)}
    params = {"latent_dim": 2, "prior": "normal", "net_params": pool}
    pooled = GANSampler(**SMALL, **params).fit(X)
    with pytest.raises(ValueError, match=r"truncation=1 .*latents"):
        pooled.sample(2, truncation=1)
