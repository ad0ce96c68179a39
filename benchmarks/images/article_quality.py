"""How good the article's GAN gets on MNIST in skgan and written by hand.

The same networks (100 noise to 256 ReLU to 784 sigmoid; 784 to 256 ReLU to one
logit), optimizers (Adam, 2e-4, beta1 .5), batch (128), objective and number of
updates in either, one run a seed. A classifier of real digits looks at 10 000
samples of each: of how many is it at least .9 sure, and how rare is the rarest
digit (a tenth would be fair)? The real test images show what it says of the truth.
"""

import statistics
import time

import torch
from joblib import Parallel, delayed

from benchmarks.lib import paired_loops, report_page
from benchmarks.lib.mnist_judge import SURE, Judge
from benchmarks.lib.skgan_loop import make_sampler
from benchmarks.lib.training_loops import ARTICLE, HandWritten


def train_skgan(data, seed, options):
    """Return samples of skgan after the updates asked for."""
    sampler = make_sampler(ARTICLE, options.objective, seed, max_iter=options.updates)
    return sampler.fit(data).sample(options.samples)


def train_by_hand(data, seed, options):
    """Return samples of the hand-written loop after as many updates."""
    loop = HandWritten(data, ARTICLE, options.objective, seed)
    loop.run(options.updates)
    return loop.sample(options.samples)


CONTENDERS = {"skgan": train_skgan, "torch, by hand": train_by_hand}


def train_and_judge(name, seed, mnist, options):
    """Train one contender with one seed; return what the judge says, and seconds."""
    if options.threads:
        # A worker process starts with threads of its own choice.
        torch.set_num_threads(options.threads)
    data = report_page.as_vectors(mnist.data)
    start = time.perf_counter()
    samples = CONTENDERS[name](data, seed, options)
    seconds = time.perf_counter() - start
    sure, rarest = Judge(mnist).verdict(samples)
    print(f"{name}, seed {seed}: {sure:.1%} sure, rarest {rarest:.2%}", flush=True)
    return sure, rarest, seconds


def results(mnist, options):
    """Return what each contender got, by name, a list of a tuple a seed."""
    tasks = [(name, seed) for seed in options.seeds for name in CONTENDERS]
    verdicts = Parallel(n_jobs=options.jobs)(
        delayed(train_and_judge)(name, seed, mnist, options) for name, seed in tasks
    )
    by_name = {name: [] for name in CONTENDERS}
    for (name, _), verdict in zip(tasks, verdicts, strict=True):
        by_name[name].append(verdict)
    return by_name


def rows(by_name, options):
    """Yield the rows of the table: every run, then the means."""
    for number, seed in enumerate(options.seeds):
        for name, verdicts in by_name.items():
            sure, rarest, seconds = verdicts[number]
            yield [name, str(seed), f"{sure:.1%}", f"{rarest:.2%}", f"{seconds:.0f}"]
    for name, verdicts in by_name.items():
        sure, rarest, seconds = (
            statistics.mean(column) for column in zip(*verdicts, strict=True)
        )
        yield [
            f"**{name}**",
            "mean",
            f"**{sure:.1%}**",
            f"**{rarest:.2%}**",
            f"{seconds:.0f}",
        ]


def parse():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("--updates", type=int, default=31_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument(
        "--objective", choices=["nonsaturating", "minimax"], default="nonsaturating"
    )
    options = report_page.parse(parser)
    if options.quick:
        options.updates, options.seeds = 1500, options.seeds[:1]
    return options


def main():
    options = parse()
    mnist = report_page.mnist()
    judge = Judge(mnist)
    sure, rarest = judge.verdict(mnist.data_test / 255)
    by_name = results(mnist, options)
    lines = report_page.heading("The article's GAN on MNIST: quality")
    lines += [
        f"{options.updates} updates, {options.objective}, {options.samples} samples, "
        f"a judge that is right on {judge.accuracy:.2%} of the test images.",
        "",
        *report_page.table(
            ["run", "seed", f"judge at least {SURE} sure", "rarest digit", "seconds"],
            [
                *rows(by_name, options),
                ["real test images", "", f"{sure:.1%}", f"{rarest:.2%}", ""],
            ],
        ),
        paired_loops.sentence(
            report_page.as_vectors(mnist.data), ARTICLE, min(options.updates, 2000)
        ),
        "",
    ]
    report_page.publish(lines, options)


if __name__ == "__main__":
    main()
