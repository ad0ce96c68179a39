"""sampler.explain(X): what each column or pixel adds to the discriminator's verdict."""

import numpy as np
import pandas as pd
import pytest
from torch import nn

from skgan import ConditionalGANSampler, GANSampler, InfoGANSampler
from skgan.encoding import BaseEncoder, VectorEncoder

SMALL = {"hidden_dims": (8,), "batch_size": 32, "max_iter": 5, "random_state": 0}
rng = np.random.default_rng(0)
X = rng.normal([3, 1, -1], [1, 2, 3], size=(150, 3))
y = np.arange(150) % 2
IMAGES = rng.integers(0, 256, size=(60, 4, 5, 3), dtype=np.uint8)
TABLE = pd.DataFrame(
    {
        "n": X[:, 0],
        "level": np.where(X[:, 1] > 1, "p", "q"),
        "gaps": np.where(np.arange(150) % 5, X[:, 2], np.nan),
        "same": 1.0,
    }
)


class Weighs(nn.Module):
    """A verdict that is known: a weighted sum of the row, and of what is given."""

    def __init__(self, input_shape, condition_dim=0, **kwargs):
        super().__init__()
        self.net = nn.Linear(int(np.prod(input_shape)), 1)
        self.given = nn.Linear(condition_dim, 1) if condition_dim else None

    def forward(self, x, condition=None):
        verdict = self.net(x.flatten(1))
        if self.given is not None:
            verdict = verdict + self.given(condition) * x.flatten(1)[:, :1]
        return verdict


def verdicts(sampler, rows):
    """Verdicts of a sampler of images without labels."""
    encoded = sampler._shape(sampler.encoder_.encode(rows)).astype(np.float32)
    network = sampler.net_.discriminator_
    tensor = next(network.parameters()).new_tensor(encoded)
    return network(tensor).detach().numpy().ravel()


def test_of_a_linear_verdict_shares_are_the_weighted_ways():
    sampler = GANSampler(**SMALL, discriminator=Weighs).fit(IMAGES)
    black = np.zeros((1, 4, 5, 3), dtype=np.uint8)
    shares = sampler.explain(IMAGES[:3], baselines=black, n_steps=1)
    weights = sampler.net_.discriminator_.net.weight.detach().numpy()
    weights = weights.reshape(3, 4, 5).transpose(1, 2, 0)
    encode = sampler.encoder_.encode
    way = (encode(IMAGES[:3]) - encode(black)).reshape(3, 3, 4, 5)
    np.testing.assert_allclose(shares, way.transpose(0, 2, 3, 1) * weights, atol=1e-6)


@pytest.mark.parametrize("prior", ["normal", "trees"])
@pytest.mark.parametrize("rows", [X, TABLE], ids=["vectors", "table"])
def test_a_column_that_is_alike_adds_nothing(rows, prior):
    sampler = GANSampler(**SMALL, prior=prior).fit(rows)
    few = rows[:4]
    start = few[:1]
    shares = sampler.explain(few, baselines=start)
    assert shares.shape == (4, rows.shape[1])
    assert not shares[0].any()
    assert shares[1:].any()
    other = few[1:2].copy()
    if isinstance(rows, pd.DataFrame):
        for name in ("n", "gaps", "same"):
            other[name] = start[name].to_numpy()
        other["level"] = "q" if start["level"].iloc[0] == "p" else "p"
    else:
        other[:, [0, 2]] = start[:, [0, 2]]
    moved = sampler.explain(other, baselines=start)[0]
    assert moved[1] != 0
    assert moved[[0, 2]] == pytest.approx(0, abs=1e-9)


def test_turned_columns_are_turned_back():
    corners = rng.choice([0, 4.0], size=(300, 2)) @ np.array([[1, 1], [-1, 1.0]])
    rows = corners + rng.normal(scale=0.2, size=(300, 2))
    sampler = GANSampler(**SMALL, prior="normal", discriminator="kaiming_mlp").fit(rows)
    assert sampler.encoder_.rotation_ is not None
    start, end = rows[:1], rows[1:2].copy()
    end[:, 0] = start[:, 0]
    shares = sampler.explain(end, baselines=start)
    assert shares[0, 0] == pytest.approx(0, abs=1e-9)
    assert shares[0, 1] != 0


def test_rows_of_many_columns_are_shared_out_too():
    encoder = VectorEncoder()
    rows = np.random.default_rng(0).normal(size=(30, 520))
    rows += rows[:, :1]
    encoder.fit(rows)
    slopes = np.random.default_rng(1).normal(size=(3, 520))
    shares = encoder.share_out(rows[:3], rows[3:4], slopes)
    way = encoder.encode(rows[:3]) - encoder.encode(rows[3:4])
    np.testing.assert_allclose(shares.sum(axis=1), (way * slopes).sum(axis=1))


@pytest.mark.parametrize("kind", [GANSampler, InfoGANSampler])
def test_shares_add_up_to_the_difference_of_verdicts(kind):
    sampler = kind(**SMALL).fit(IMAGES[..., 0])
    few, starts = IMAGES[:3, ..., 0], IMAGES[9:11, ..., 0]
    shares = sampler.explain(few, baselines=starts, n_steps=200)
    expected = verdicts(sampler, few) - verdicts(sampler, starts).mean()
    np.testing.assert_allclose(shares.sum(axis=(1, 2)), expected, atol=0.02)


@pytest.mark.parametrize("prior", ["normal", "trees"])
def test_labels_count_where_they_are_given(prior):
    sampler = ConditionalGANSampler(**SMALL, prior=prior).fit(X, y)
    few, labels = X[:6], y[:6]
    given = sampler.explain(few, labels)
    assert given.shape == few.shape
    assert not np.allclose(given, sampler.explain(few, 1 - labels))
    assert not np.allclose(given, sampler.explain(few))
    np.testing.assert_allclose(given[2:4], sampler.explain(few[2:4], labels[2:4]))


def test_the_same_again_and_the_stream_is_left_alone():
    sampler, other = (GANSampler(**SMALL).fit(X) for _ in range(2))
    shares = sampler.explain(X[:3])
    np.testing.assert_array_equal(sampler.explain(X[:3]), shares)
    np.testing.assert_array_equal(sampler.sample(5), other.sample(5))


class Sums(BaseEncoder):
    """Rows of two entries, whose owners nobody knows."""

    def _check_parameters(self):
        pass

    def _fit_rows(self, values):
        self.tensor_shape_ = (2,)

    def _encode(self, values):
        return np.column_stack([values.sum(axis=1), values[:, 0]])

    def _decode(self, rows):
        return np.column_stack([rows[:, 1], rows[:, 0] - rows[:, 1], 0 * rows[:, 0]])


class Doubles(Sums):
    """Rows of an entry for each feature."""

    def _encode(self, values):
        return 2 * values


def test_an_encoder_of_an_entry_for_each_feature_needs_no_method():
    encoder, slopes = Doubles().fit(X), np.arange(9.0).reshape(3, 3)
    shares = encoder.share_out(X[:3], X[3:4], slopes)
    np.testing.assert_allclose(shares, 2 * (X[:3] - X[3:4]) * slopes)


def test_what_cannot_be_explained():
    untrained = GANSampler(max_iter=0).fit(X)
    with pytest.raises(ValueError, match="No update has trained the discriminator"):
        untrained.explain(X)
    sampler = GANSampler(**SMALL).fit(X)
    with pytest.raises(ValueError, match="n_steps"):
        sampler.explain(X, n_steps=0)
    with pytest.raises(ValueError, match="features"):
        sampler.explain(X[:, :2])
    with pytest.raises(ValueError, match="features"):
        sampler.explain(X, baselines=X[:1, :2])
    labelled = ConditionalGANSampler(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match="inconsistent numbers"):
        labelled.explain(X[:3], y[:2])
    with pytest.raises(TypeError, match=r"Sums does not say .* _share_out"):
        GANSampler(**SMALL, prior="normal", encoder=Sums()).fit(X).explain(X[:2])
