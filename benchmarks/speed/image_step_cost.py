"""What a step of the convolutional pair costs, and what makes it fast.

The default of `GANSampler` on MNIST's images against the same networks, objective,
schedule and average written by hand, in turns; by hand also in float32, and with
images and kernels in PyTorch's usual memory layout. Each figure is the median of the
rounds, each ratio the median of the rounds' ratios. Seconds are those of the process.
"""

import math
import statistics
import time

import torch
from skorch.callbacks import Callback
from torch.nn.functional import softplus

from benchmarks.lib import report_page
from skgan import GANSampler
from skgan.modules import StridedConvDiscriminator, StridedConvGenerator
from skgan.samplers._auto import automatic_values, fast_precision

BY_HAND = "torch, by hand"
_SHAPE = (1, 28, 28)


def train_by_hand(images, n_updates, precision, channels_last=True):
    """Train as the default does, with nothing around it; return the seconds."""
    values = automatic_values(len(images), _SHAPE)
    size, rate, dims = (
        values[name] for name in ("batch_size", "learning_rate", "hidden_dims")
    )
    generator = StridedConvGenerator(
        values["latent_dim"], _SHAPE, hidden_dims=dims, output_activation="tanh"
    )
    discriminator = StridedConvDiscriminator(_SHAPE, hidden_dims=dims)
    if not channels_last:
        for network in (generator, discriminator):
            network.to(memory_format=torch.contiguous_format)
    weights = [list(network.parameters()) for network in (generator, discriminator)]
    average = [weight.detach().clone() for weight in weights[0]]
    adams = [
        torch.optim.Adam(group, rate, betas=values["betas"], fused=True)
        for group in weights
    ]
    first, interval = values["penalty_weight"], values.get("penalty_interval", 1)
    factor = values["schedule"]["penalty_weight"][1]
    lowest = values["schedule"]["learning_rate"][1]

    def run(network, x):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            return network(x).float()

    order, at = torch.randperm(len(images)), 0
    start = time.process_time()
    for update in range(n_updates):
        progress = update / n_updates
        fall = (1 + math.cos(math.pi * progress)) / 2
        for adam in adams:
            adam.param_groups[0]["lr"] = rate * (lowest + (1 - lowest) * fall)
        if at + size > len(images):
            order, at = torch.randperm(len(images)), 0
        real = images.index_select(0, order[at : at + size])
        at += size
        fake = run(generator, torch.randn(size, values["latent_dim"]))
        is_due = update % interval == 0
        joint = torch.cat([real, fake.detach()]).requires_grad_(is_due)
        logits = run(discriminator, joint)
        real_logits, fake_logits = logits.chunk(2)
        loss = softplus(fake_logits - real_logits).mean()
        if is_due:
            (slopes,) = torch.autograd.grad(logits.sum(), joint, create_graph=True)
            penalty = slopes.square().flatten(1).sum(1).mean()
            loss = loss + first * factor**progress * penalty
        adams[1].zero_grad()
        loss.backward()
        adams[1].step()
        discriminator.requires_grad_(False)
        with torch.no_grad():
            real_logits = run(discriminator, real)
        loss = softplus(real_logits - run(discriminator, fake)).mean()
        adams[0].zero_grad()
        loss.backward()
        adams[0].step()
        discriminator.requires_grad_(True)
        halflife = min(0.05 * n_updates, 0.05 * (update + 1))
        share = 1 - 0.5 ** (1 / halflife)
        torch._foreach_lerp_(average, [w.detach() for w in weights[0]], share)
    return time.process_time() - start


class Stopwatch(Callback):
    """Measures the epochs alone, as the loop by hand does, by the process's clock."""

    seconds = 0.0

    def on_epoch_begin(self, net, **kwargs):
        self.began_ = time.process_time()

    def on_epoch_end(self, net, **kwargs):
        self.seconds += time.process_time() - self.began_


def train_skgan(images, n_updates):
    """Return the seconds that the epochs of one default fit took."""
    watch = Stopwatch()
    GANSampler(max_iter=n_updates, random_state=0, callbacks=[watch]).fit(images)
    return watch.seconds


def main():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("--updates", type=int, default=100, help="updates a round")
    parser.add_argument("--rounds", type=int, default=9)
    options = report_page.parse(parser)
    if options.quick:
        options.updates, options.rounds = 20, 3
    images = report_page.mnist().data[:10_000]
    rows = torch.as_tensor(images).float().div(127.5).sub(1).unsqueeze(1)
    best = fast_precision("cpu")
    contenders = {
        "skgan": lambda n: train_skgan(images, n),
        BY_HAND: lambda n: train_by_hand(rows, n, best),
        "by hand, float32": lambda n: train_by_hand(rows, n, "float32"),
        "by hand, channels first": lambda n: train_by_hand(rows, n, best, False),
    }
    seconds = {name: [] for name in contenders}
    for number in range(options.rounds):
        for name, train in contenders.items():
            seconds[name].append(train(options.updates))
        print(f"round {number + 1} of {options.rounds}", flush=True)
    table = []
    for name, values in seconds.items():
        ratios = [a / b for a, b in zip(values, seconds[BY_HAND], strict=True)]
        per_step = 1e3 * statistics.median(values) / options.updates
        table.append([name, f"{per_step:.1f}", f"{statistics.median(ratios):.3f}"])
    lines = report_page.heading("Cost of a step of the convolutional pair")
    lines += [
        f"MNIST, the default's batch, {best}, median of {options.rounds} interleaved "
        f"rounds of {options.updates} updates, {torch.get_num_threads()} threads.",
        "",
        *report_page.table(["loop", "CPU ms a step", "by hand is 1"], table),
    ]
    report_page.publish(lines, options)


if __name__ == "__main__":
    main()
