"""What the default objective costs a step, and what watching costs a fit.

The default of `GANSampler` on 20 000 rows of a rotated grid, against the same networks,
objective, schedule and average written by hand, in turns; and the same fit with and
without early stopping. Each figure is the median of the rounds, each ratio the median
of the rounds' ratios.
"""

import math
import statistics
import time

import torch
from torch.nn.functional import softplus

from benchmarks.lib import report_page
from skgan import GANSampler
from skgan.datasets import make_grid
from skgan.modules import KaimingMLPDiscriminator, ResidualLatentGenerator
from skgan.samplers._auto import automatic_values


def train_by_hand(rows, n_updates):
    """Train as the default does, with nothing around it; return the seconds."""
    values = automatic_values(len(rows), rows.shape[1:])
    shape, size, rate = rows.shape[1:], values["batch_size"], values["learning_rate"]
    generator = ResidualLatentGenerator(values["latent_dim"], shape, 0, (128,) * 3)
    discriminator = KaimingMLPDiscriminator(shape, 0, (128,) * 4)
    weights = [list(network.parameters()) for network in (generator, discriminator)]
    average = [weight.detach().clone() for weight in weights[0]]
    adams = [
        torch.optim.Adam(group, rate, betas=values["betas"], fused=True)
        for group in weights
    ]
    first = values["penalty_weight"]
    factor = values["schedule"]["penalty_weight"][1]
    order, at = torch.randperm(len(rows)), 0
    start = time.perf_counter()
    for update in range(n_updates):
        progress = update / n_updates
        rate_now = rate * (0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2)
        for adam in adams:
            adam.param_groups[0]["lr"] = rate_now
        if at + size > len(rows):
            order, at = torch.randperm(len(rows)), 0
        real = rows.index_select(0, order[at : at + size])
        at += size
        fake = generator(torch.randn(size, values["latent_dim"]))
        joint = torch.cat([real, fake.detach()]).requires_grad_()
        logits = discriminator(joint)
        real_logits, fake_logits = logits.chunk(2)
        (slopes,) = torch.autograd.grad(logits.sum(), joint, create_graph=True)
        penalty = slopes.square().sum(1).mean()
        loss = softplus(fake_logits - real_logits).mean()
        loss = loss + first * factor**progress * penalty
        adams[1].zero_grad()
        loss.backward()
        adams[1].step()
        discriminator.requires_grad_(False)
        with torch.no_grad():
            real_logits = discriminator(real)
        loss = softplus(real_logits - discriminator(fake)).mean()
        adams[0].zero_grad()
        loss.backward()
        adams[0].step()
        discriminator.requires_grad_(True)
        halflife = min(0.05 * n_updates, 0.05 * (update + 1))
        share = 1 - 0.5 ** (1 / halflife)
        torch._foreach_lerp_(average, [w.detach() for w in weights[0]], share)
    return time.perf_counter() - start


def fit_seconds(X, n_updates, **params):
    """Return the seconds that the epochs of one fit took, and those of the whole."""
    start = time.perf_counter()
    sampler = GANSampler(max_iter=n_updates, random_state=0, **params).fit(X)
    whole = time.perf_counter() - start
    return sum(sampler.history_[:, "dur"]), whole


def main():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("--updates", type=int, default=500, help="updates a round")
    parser.add_argument("--rounds", type=int, default=7)
    options = report_page.parse(parser)
    if options.quick:
        options.updates, options.rounds = 100, 3
    X = make_grid(20_000, angle=0.5, random_state=0)[0]
    encoder = GANSampler(max_iter=1, random_state=0).fit(X).encoder_
    rows = torch.as_tensor(encoder.encode_for_training(X, 0), dtype=torch.float32)
    n = options.updates
    seconds = {"skgan": [], "torch, by hand": [], "skgan, watched": []}
    for number in range(options.rounds):
        seconds["skgan"].append(fit_seconds(X, n)[0])
        seconds["torch, by hand"].append(train_by_hand(rows, n))
        watched = fit_seconds(X, n, early_stopping=True, n_iter_no_change=1000)
        seconds["skgan, watched"].append(watched[0])
        print(f"round {number + 1} of {options.rounds}", flush=True)
    table = []
    for name, values in seconds.items():
        ratios = [a / b for a, b in zip(values, seconds["torch, by hand"], strict=True)]
        own = [a / b for a, b in zip(values, seconds["skgan"], strict=True)]
        table.append(
            [
                name,
                f"{1e3 * statistics.median(values) / n:.2f}",
                f"{statistics.median(ratios):.3f}",
                f"{statistics.median(own):.3f}",
            ]
        )
    lines = report_page.heading("Cost of a step of the default objective")
    lines += [
        f"Rotated grid, 20 000 rows, median of {options.rounds} interleaved rounds of "
        f"{n} updates, {torch.get_num_threads()} threads.",
        "",
        *report_page.table(["loop", "ms a step", "by hand is 1", "skgan is 1"], table),
    ]
    report_page.publish(lines, options)


if __name__ == "__main__":
    main()
