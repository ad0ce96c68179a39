"""Dense discriminators that project: the label meets the row's features alone."""

import numpy as np
import pytest
import torch
from torch import nn

from skgan import ConditionalGANSampler
from skgan.io import load, save
from skgan.modules import DISCRIMINATORS

NAMES = ["projection_mlp", "projection_residual_mlp"]
PROJECTING = [DISCRIMINATORS[name] for name in NAMES]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("network", PROJECTING)
class TestProjection:
    def test_is_a_linear_logit_and_the_product_with_the_class(self, network):
        discriminator = network(input_shape=(5,), condition_dim=3, hidden_dims=(8, 6))
        x, classes = torch.randn(4, 5), torch.tensor([2, 0, 1, 2])
        features = discriminator.features(x)
        head = discriminator.head
        embedded = head.embedding.weight.T[classes]
        by_hand = head.linear(features)[:, 0] + (embedded * features).sum(1)
        logits = discriminator(x, nn.functional.one_hot(classes, 3).float())
        torch.testing.assert_close(logits[:, 0], by_hand)

    def test_features_know_no_label(self, network):
        discriminator = network(input_shape=(5,), condition_dim=3, hidden_dims=(8,))
        x, condition = torch.randn(4, 5), torch.eye(3)[[0, 1, 2, 0]]
        features = discriminator.features(x, condition)
        assert torch.equal(features, discriminator.features(x))
        assert features.std() > 0

    def test_without_a_condition_the_linear_logit_is_left(self, network):
        discriminator = network(input_shape=(5,), condition_dim=3, hidden_dims=(8,))
        x = torch.randn(4, 5)
        linear = discriminator.head.linear(discriminator.features(x))
        assert torch.equal(discriminator(x), linear)
        assert torch.equal(discriminator(x, torch.zeros(4, 3)), linear)

    def test_what_is_real_of_each_class_is_learnt(self, network):
        discriminator = network(input_shape=(1,), condition_dim=2, hidden_dims=(16, 16))
        optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.01)
        classes = torch.arange(200) % 2
        real = 2.0 * classes[:, None] - 1
        condition = nn.functional.one_hot(classes, 2).float()
        first = {k: v.clone() for k, v in discriminator.state_dict().items()}

        def margin():
            return discriminator(real, condition) - discriminator(-real, condition)

        for _ in range(100):
            optimizer.zero_grad()
            nn.functional.softplus(-margin()).mean().backward()
            optimizer.step()
        assert (margin() > 1).all()
        last = discriminator.state_dict()
        unmoved = [name for name in first if torch.equal(first[name], last[name])]
        # A difference of logits does not see their bias.
        assert unmoved == ["head.linear.bias"]


@pytest.mark.parametrize("name", NAMES)
def test_projecting_samplers_train_and_are_saved(name, tmp_path):
    y = np.array(["a", "b"]).repeat(60)
    X = np.random.default_rng(0).normal(size=(120, 4)) + 3 * (y == "b")[:, None]
    if name == "projection_residual_mlp":
        X = X.reshape(120, 2, 2)
    sampler = ConditionalGANSampler(discriminator=name, max_iter=5, random_state=0)
    save(sampler.fit(X, y), tmp_path / "sampler.zip")
    loaded = load(tmp_path / "sampler.zip")
    assert type(loaded.net_.discriminator_) is DISCRIMINATORS[name]
    drawn, again = (
        s.sample(y=["b", "a"], random_state=1)[0] for s in (sampler, loaded)
    )
    np.testing.assert_array_equal(drawn, again)
    np.testing.assert_array_equal(loaded.transform(X), sampler.transform(X))
    widths = sampler.net_.discriminator__hidden_dims
    assert sampler.transform(X).shape == (120, widths[-1])
