"""The article's GAN by hand on skgan's own random streams: the same weights?"""

import copy

import numpy as np
import torch
from torch.nn.functional import softplus

from benchmarks.lib.skgan_loop import make_sampler
from benchmarks.lib.training_loops import BATCH_SIZE, BETAS, LEARNING_RATE


def largest_difference(data, networks, n_updates):
    """Return the largest difference between weights of both loops after training."""
    sampler = make_sampler(networks, "nonsaturating", 0, max_iter=n_updates).fit(data)
    net = sampler.net_
    untrained = copy.deepcopy(net).initialize()
    generator, discriminator = untrained.generator_, untrained.discriminator_
    train_by_hand(
        generator,
        discriminator,
        torch.as_tensor(data),
        untrained.latent_stream_,
        untrained.order_stream_,
        n_updates,
    )
    pairs = [
        *zip(net.generator_.parameters(), generator.parameters(), strict=True),
        *zip(net.discriminator_.parameters(), discriminator.parameters(), strict=True),
    ]
    return max(float((ours - theirs).detach().abs().max()) for ours, theirs in pairs)


def train_by_hand(generator, discriminator, rows, latents, orders, n_updates):
    """Train two networks in place, with nothing but torch."""
    adams = [
        torch.optim.Adam(network.parameters(), LEARNING_RATE, BETAS, fused=True)
        for network in (generator, discriminator)
    ]
    latent_dim = next(generator.parameters()).shape[1]
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(n_updates):
        if len(order) < BATCH_SIZE:
            order = torch.cat([order, torch.randperm(len(rows), generator=orders)])
        real = rows.index_select(0, order[:BATCH_SIZE])
        real = real.reshape(-1, 1, 1, rows.shape[1])
        order = order[BATCH_SIZE:]
        fake = generator(torch.randn(BATCH_SIZE, latent_dim, generator=latents))
        both = discriminator(torch.cat([real, fake.detach()]))
        real_logits, fake_logits = both.chunk(2)
        loss = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        adams[1].zero_grad()
        loss.backward()
        adams[1].step()
        discriminator.requires_grad_(False)
        loss = softplus(-discriminator(fake)).mean()
        adams[0].zero_grad()
        loss.backward()
        adams[0].step()
        discriminator.requires_grad_(True)


def sentence(data, networks, n_updates):
    """Say in words how far both loops are apart."""
    difference = largest_difference(np.asarray(data), networks, n_updates)
    return (
        f"On the same random streams, after {n_updates} updates, no weight of skgan's "
        f"networks differs from the hand-written loop's by more than {difference:.2g}: "
        "what the rows differ by is their seeds."
    )
