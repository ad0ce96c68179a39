"""The article's GAN, written by hand in torch in three ways, and in skorch.

Every loop has the same networks, optimizers, batch size and objective, and takes
the rows generated for the discriminator's step into the generator's step as well,
which saves a forward pass. ``run(n_updates)`` trains on and returns the seconds it
took.
"""

import time
from dataclasses import dataclass
from itertools import islice

import skorch
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from torch.utils.data import DataLoader, TensorDataset

BATCH_SIZE = 128
LEARNING_RATE = 2e-4
BETAS = (0.5, 0.999)


@dataclass(frozen=True)
class Networks:
    """Sizes of the two networks, one hidden layer each."""

    latent_dim: int
    hidden_dim: int
    n_features: int
    bounded: bool

    def generator(self):
        layers = [
            nn.Linear(self.latent_dim, self.hidden_dim),
            nn.ReLU(),
            nn.Linear(self.hidden_dim, self.n_features),
        ]
        return nn.Sequential(*layers, *([nn.Sigmoid()] if self.bounded else []))

    def discriminator(self):
        return nn.Sequential(
            nn.Linear(self.n_features, self.hidden_dim),
            nn.ReLU(),
            nn.Linear(self.hidden_dim, 1),
        )


# 100 Gaussian noise to 256 ReLU to 784 sigmoid; 784 to 256 ReLU to one logit.
ARTICLE = Networks(latent_dim=100, hidden_dim=256, n_features=784, bounded=True)
# So little arithmetic that what is left is the loop itself.
TINY = Networks(latent_dim=100, hidden_dim=16, n_features=100, bounded=False)


def generator_loss(logits, objective):
    """The generator's loss, given the discriminator's logits of generated rows."""
    if objective == "nonsaturating":
        return softplus(-logits).mean()  # -E log D(G(z))
    if objective == "minimax":
        return -softplus(logits).mean()  # E log(1 - D(G(z)))
    raise ValueError(f"unknown objective {objective!r}")


class _Loop:
    """Networks, optimizers and noise, the same for every loop."""

    fused = False

    def __init__(self, data, networks, objective, seed, device="cpu"):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.generator = networks.generator().to(device)
            self.discriminator = networks.discriminator().to(device)
        self.networks = networks
        self.objective = objective
        self.device = device
        self.data = torch.as_tensor(data).to(device)
        self.random = torch.Generator(device).manual_seed(seed)
        self.optimizer_generator, self.optimizer_discriminator = (
            torch.optim.Adam(
                module.parameters(), lr=LEARNING_RATE, betas=BETAS, fused=self.fused
            )
            for module in (self.generator, self.discriminator)
        )

    def noise(self, n_rows=BATCH_SIZE):
        shape = (n_rows, self.networks.latent_dim)
        return torch.randn(shape, generator=self.random, device=self.device)

    def run(self, n_updates):
        start = time.perf_counter()
        for real in islice(self.batches, n_updates):
            self.update(real)
        if self.device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    @torch.no_grad()
    def sample(self, n_samples):
        return self.generator(self.noise(n_samples)).cpu().numpy()


class HandWritten(_Loop):
    """The fastest plain loop: whole batches by index, fused Adam, one D forward."""

    fused = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.batches = self._batches()
        is_real = torch.ones(BATCH_SIZE, 1, device=self.device)
        self.targets = torch.cat([is_real, torch.zeros_like(is_real)])
        self.generator_parameters = list(self.generator.parameters())

    def _batches(self):
        while True:
            order = torch.randperm(
                len(self.data), generator=self.random, device=self.device
            )
            for index in order.split(BATCH_SIZE):
                if len(index) == BATCH_SIZE:
                    yield self.data.index_select(0, index)

    def update(self, real):
        generated = self.generator(self.noise())
        logits = self.discriminator(torch.cat([real, generated.detach()]))
        # The mean over both halves is half the value; Adam does not see the factor.
        loss = binary_cross_entropy_with_logits(logits, self.targets)
        self.optimizer_discriminator.zero_grad()
        loss.backward()
        self.optimizer_discriminator.step()

        logits = self.discriminator(generated)
        loss = generator_loss(logits, self.objective)
        self.optimizer_generator.zero_grad()
        loss.backward(inputs=self.generator_parameters)
        self.optimizer_generator.step()


class Textbook(_Loop):
    """The loop of most tutorials: a default DataLoader, two D forwards."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        loader = DataLoader(
            TensorDataset(self.data.cpu()),
            batch_size=BATCH_SIZE,
            shuffle=True,
            drop_last=True,
            generator=torch.Generator().manual_seed(0),
        )
        self.batches = (batch for _ in iter(int, 1) for (batch,) in loader)
        self.criterion = nn.BCEWithLogitsLoss()

    def update(self, real):
        real = real.to(self.device)
        ones = torch.ones(len(real), 1, device=self.device)
        zeros = torch.zeros(len(real), 1, device=self.device)

        self.optimizer_discriminator.zero_grad()
        loss_real = self.criterion(self.discriminator(real), ones)
        loss_real.backward()
        generated = self.generator(self.noise())
        loss_generated = self.criterion(self.discriminator(generated.detach()), zeros)
        loss_generated.backward()
        self.optimizer_discriminator.step()

        self.optimizer_generator.zero_grad()
        logits = self.discriminator(generated)
        generator_loss(logits, self.objective).backward()
        self.optimizer_generator.step()


class _SkorchNet(skorch.NeuralNet):
    """Two modules and two optimizers on skorch, everything else its default."""

    def __init__(self, *args, loop, **kwargs):
        self.loop = loop
        super().__init__(*args, **kwargs)

    def initialize_module(self):
        self.generator_ = self.loop.generator
        self.discriminator_ = self.loop.discriminator
        return self

    def initialize_optimizer(self):
        self.optimizer_generator_ = self.loop.optimizer_generator
        self.optimizer_discriminator_ = self.loop.optimizer_discriminator
        return self

    def train_step(self, batch, **fit_params):
        self._set_training(True)
        real = skorch.utils.to_tensor(batch[0], device=self.device)
        Textbook.update(self.loop, real)
        return {"loss": torch.zeros(()), "y_pred": None}


class SkorchDefaults(Textbook):
    """The textbook update inside skorch's fit loop, with its default iterators."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.net = _SkorchNet(
            None,
            nn.BCEWithLogitsLoss,
            loop=self,
            batch_size=BATCH_SIZE,
            max_epochs=1,
            train_split=None,
            iterator_train__shuffle=True,
            iterator_train__drop_last=True,
            device=self.device,
            verbose=0,
        ).initialize()

    def run(self, n_updates):
        # An epoch of exactly so many batches.
        rows = self.data[: n_updates * BATCH_SIZE].cpu()
        if len(rows) < n_updates * BATCH_SIZE:
            raise ValueError(f"an epoch has fewer than {n_updates} updates")
        start = time.perf_counter()
        self.net.partial_fit(rows)
        return time.perf_counter() - start
