import numpy as np
import pytest
import torch

from skgan.modules import MLPDiscriminator, MLPGenerator
from skgan.nets import AdversarialNet


@pytest.fixture(scope="session")
def X():
    """96 rows of two columns: three full batches of 32."""
    return np.random.default_rng(0).normal(1, 2, size=(96, 2)).astype("float32")


@pytest.fixture
def make_net():
    """Return a function that makes a tiny net, with parameters of one's choice."""

    def make(net_class=AdversarialNet, **params):
        defaults = {
            "generator": MLPGenerator,
            "discriminator": MLPDiscriminator,
            "latent_dim": 3,
            "batch_size": 32,
            "max_epochs": 2,
            "lr": 1e-2,
            "random_state": 0,
            "verbose": 0,
            "generator__output_shape": (2,),
            "generator__hidden_dims": (8,),
            "discriminator__input_shape": (2,),
            "discriminator__hidden_dims": (8,),
        }
        return net_class(**{**defaults, **params})

    return make


def flat(module):
    """All weights of a network as one vector."""
    return torch.cat([p.detach().flatten() for p in module.parameters()]).clone()


@pytest.fixture
def weights():
    """Return a function from a net to the weights of both its networks."""

    def of(net):
        return flat(net.generator_), flat(net.discriminator_)

    return of
