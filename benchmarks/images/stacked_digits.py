"""Stacked MNIST: how many of 1000 modes a fit finds, and how fast.

An image has three random MNIST digits as its colour channels. A classifier trained
here on MNIST says which three digits each of 25 600 generated images shows; a mode
counts with one image of it, as in the published figures. KL is of the modes' shares
from those of the digits. A point of the curve is printed every few minutes of
training; its seconds are the wall's, those of judging included, and beside them those
of the processor, which count on a machine that has other work to do.

    python -m benchmarks.images.stacked_digits --max-time 3600 --threads 2

Any parameter of GANSampler can be set: --set batch_size=64 hidden_dims=[256,256].
"""

import json
import time

import numpy as np
import torch
from skorch.callbacks import Callback

from benchmarks.lib import report_page
from benchmarks.lib.mnist_judge import Judge
from skgan import GANSampler

N_JUDGED = 25_600
N_MODES = 1000
PUBLISHED = [
    ["DCGAN", "99", "3.40"],
    ["VEEGAN", "150", "2.95"],
    ["WGAN-GP", "959", ".73"],
    ["StyleGAN2", "940", ".42"],
    ["PacDCGAN2", "1000", ".06"],
    ["R3GAN", "1000", ".029"],
]
COLUMNS = ["updates", "seconds", "CPU seconds", "modes", "KL", "sure of all three"]


def stack(images, labels, n_rows, rng):
    """Return images of three digits and their modes, 0 to 999."""
    index = rng.integers(len(images), size=(n_rows, 3))
    return np.moveaxis(images[index], 1, -1), labels[index] @ [100, 10, 1]


def mode_weights(labels):
    """Return the share of each mode: digits are drawn independently."""
    digit = np.bincount(labels, minlength=10) / len(labels)
    return np.einsum("i,j,k->ijk", digit, digit, digit).ravel()


class Census:
    """Counts modes of images of shape (n, 3, 28, 28) in [0, 1]."""

    def __init__(self, judge, weights):
        self.judge = judge
        self.weights = weights

    def __call__(self, images):
        """Return modes seen, KL, and the share of which the judge is sure."""
        probabilities = self.judge.probabilities(images).reshape(-1, 3, 10)
        modes = probabilities.argmax(axis=2) @ [100, 10, 1]
        shares = np.bincount(modes, minlength=N_MODES) / len(modes)
        seen = shares > 0
        divergence = shares[seen] * np.log(shares[seen] / self.weights[seen])
        sure = (probabilities.max(axis=2) >= 0.9).all(axis=1).mean()
        return int(seen.sum()), float(divergence.sum()), float(sure)


class Curve(Callback):
    """Takes the census of the sampling generator at intervals and at the end."""

    def __init__(self, census, every):
        self.census = census
        self.every = every

    def on_train_begin(self, net, **kwargs):
        self.points_ = []
        self.n_updates_ = 0
        self.start_, self.cpu_start_ = time.perf_counter(), time.process_time()
        self.next_ = self.every

    def on_batch_end(self, net, training=True, **kwargs):
        if not training:
            return
        self.n_updates_ += 1
        if time.perf_counter() - self.start_ >= self.next_:
            self._take(net)
            self.next_ = time.perf_counter() - self.start_ + self.every

    def on_train_end(self, net, **kwargs):
        self._take(net)

    def _take(self, net):
        seconds = time.perf_counter() - self.start_
        modes, divergence, sure = self.census(self._draw(net))
        cpu_seconds = time.process_time() - self.cpu_start_
        point = [f"{self.n_updates_}", f"{seconds:.0f}", f"{cpu_seconds:.0f}"]
        point += [f"{modes}", f"{divergence:.3f}", f"{100 * sure:.1f} %"]
        self.points_.append(point)
        print(
            "  ".join(f"{n} {v};" for n, v in zip(COLUMNS, point, strict=True)),
            flush=True,
        )

    @torch.inference_mode()
    def _draw(self, net):
        """The same latents each time, decoded as `ImageEncoder` does."""
        stream = torch.Generator().manual_seed(0)
        generator, parts = net.sampling_generator_, []
        was_training = generator.training
        generator.eval()
        for size in [256] * (N_JUDGED // 256):
            latents = torch.randn(size, net.latent_dim, generator=stream)
            parts.append(generator(latents.to(net.device)).cpu())
        generator.train(was_training)
        return torch.cat(parts).add(1).div(2).clamp(0, 1).numpy()


def setting(text):
    """Parse ``name=value``: the value is JSON, or else text."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def parse():
    parser = report_page.argument_parser(__doc__)
    add = parser.add_argument
    add("--max-time", type=float, default=3600, help="seconds (default: %(default)s)")
    add("--max-iter", type=int, default=100_000, help="updates (default: %(default)s)")
    add("--rows", type=int, default=30_000, help="images (default: %(default)s)")
    add("--points", type=int, default=12, help="of the curve (default: %(default)s)")
    add("--seed", type=int, default=0)
    add(
        "--set",
        nargs="+",
        type=setting,
        default=[],
        metavar="NAME=VALUE",
        help="parameters of GANSampler; values are JSON or text",
    )
    options = report_page.parse(parser)
    if options.quick:
        options.max_time, options.max_iter, options.rows = 20, 100, 3000
        options.points = 2
    return options


def main():
    options = parse()
    heading = report_page.heading("Stacked MNIST")
    mnist = report_page.mnist()
    rng = np.random.default_rng(options.seed)
    X, _ = stack(mnist.data, mnist.target, options.rows, rng)
    census = Census(Judge(mnist), mode_weights(mnist.target))
    real, _ = stack(mnist.data_test, mnist.target_test, N_JUDGED, rng)
    floor = census(np.moveaxis(real, -1, 1) / np.float32(255))
    curve = Curve(census, options.max_time / options.points)
    settings = {name: value for name, value in options.set}
    sampler = GANSampler(
        max_time=options.max_time,
        max_iter=options.max_iter,
        callbacks=[curve],
        random_state=options.seed,
        **settings,
    ).fit(X)
    # skorch trains with the callback itself, not with a copy of it.
    n_weights = [
        sum(p.numel() for p in network.parameters()) / 1e6
        for network in (sampler.net_.generator_, sampler.net_.discriminator_)
    ]
    lines = [
        *heading,
        f"{options.rows} images; settings {json.dumps(settings)}; generator and "
        f"discriminator of {n_weights[0]:.2f} and {n_weights[1]:.2f} million weights.",
        "",
        *report_page.table(COLUMNS, curve.points_),
        f"Real test images, judged in the same way: {floor[0]} modes, KL "
        f"{floor[1]:.3f}, sure of {100 * floor[2]:.1f} %; the judge is right on "
        f"{100 * census.judge.accuracy:.2f} % of MNIST's test digits.",
        "",
        "Published (modes of 1000 and KL):",
        "",
        *report_page.table(["", "modes", "KL"], PUBLISHED),
    ]
    report_page.publish(lines, options)


if __name__ == "__main__":
    main()
