"""Generator updates per second of the article's GAN on MNIST, side by side.

The same networks (100 noise to 256 ReLU to 784 sigmoid; 784 to 256 ReLU to one
logit), optimizers (Adam, 2e-4, beta1 .5), batch (128) and objective in skgan, in
torch written by hand twice, in skorch with its defaults and, where TensorFlow is
installed, in Keras thrice. All take turns, Keras in processes of its own, in rounds
of a few hundred updates; each figure is the median of the rounds, each ratio the
median of the rounds' ratios, so that a busy moment falls on all of them.

A second table has networks so small that nearly only the loop's own work is left.
"""

import importlib.metadata
import importlib.util
import os
import statistics

import numpy as np

from benchmarks.lib import report_page
from benchmarks.lib.other_process import Elsewhere
from benchmarks.lib.skgan_loop import Skgan
from benchmarks.lib.training_loops import (
    ARTICLE,
    TINY,
    HandWritten,
    SkorchDefaults,
    Textbook,
)

REFERENCE = "torch, by hand: batches by index, fused Adam, one D forward"
KERAS_NOTE = (
    "TensorFlow is not installed: KERAS WAS NOT MEASURED. "
    "Install it with: pip install tensorflow-cpu"
)


def contenders(data, options):
    """Return the contenders of the article's networks and the updates of a round."""
    arguments = (data, ARTICLE, options.objective, 0)
    n_updates = options.updates
    found = {
        "skgan": (Skgan(*arguments, device=options.device), n_updates),
        REFERENCE: (HandWritten(*arguments, device=options.device), n_updates),
        "torch, textbook: DataLoader, two D forwards": (
            Textbook(*arguments, device=options.device),
            n_updates,
        ),
        "skorch, default iterators": (
            SkorchDefaults(*arguments, device=options.device),
            n_updates,
        ),
    }
    if options.keras and options.device == "cpu":
        found["Keras, `tf.function` step: as in TensorFlow's tutorial"] = (
            Elsewhere("KerasFunction", *arguments),
            n_updates,
        )
        found["Keras, `tf.function` step: batches by index, one D forward"] = (
            Elsewhere("KerasByHand", *arguments),
            n_updates,
        )
        if options.objective == "nonsaturating":
            # Ten times as slow: fewer updates a round do.
            found["Keras, `train_on_batch`"] = (
                Elsewhere("KerasTrainOnBatch", *arguments),
                max(n_updates // 10, 5),
            )
    return found


def interleave(contenders, n_rounds):
    """Return the seconds an update of every contender in every round."""
    seconds = {name: [] for name in contenders}
    for loop, n_updates in contenders.values():
        loop.run(max(n_updates // 10, 3))
    for number in range(n_rounds):
        for name, (loop, n_updates) in contenders.items():
            seconds[name].append(loop.run(n_updates) / n_updates)
        rates = ", ".join(f"{1 / values[-1]:.0f}" for values in seconds.values())
        print(f"round {number + 1} of {n_rounds}: {rates} updates/s", flush=True)
    return seconds


def article_table(seconds):
    """Return the lines of the table of the article's networks."""
    reference = np.array(seconds[REFERENCE])
    skgan = np.array(seconds["skgan"])
    rows = [
        [
            name,
            f"{1 / statistics.median(values):.1f}",
            f"{np.median(reference / values):.2f}",
            f"{np.median(np.array(values) / skgan):.2f}",
        ]
        for name, values in seconds.items()
    ]
    columns = ["loop", "updates/s", "against by hand", "skgan is faster by"]
    return report_page.table(columns, rows)


def tiny_table(options):
    """Return the lines of the table of the tiny networks."""
    data = np.random.default_rng(0).normal(size=(10_000, TINY.n_features))
    arguments = (data.astype(np.float32), TINY, options.objective, 0)
    n_updates = 2 * options.updates
    # skorch's epoch needs a row for every one of its updates' batches.
    short = min(n_updates, len(data) // 128)
    found = {
        "skgan": (Skgan(*arguments, device=options.device), n_updates),
        REFERENCE: (HandWritten(*arguments, device=options.device), n_updates),
        "skorch, default iterators": (
            SkorchDefaults(*arguments, device=options.device),
            short,
        ),
    }
    seconds = interleave(found, options.rounds)
    reference = np.array(seconds[REFERENCE])
    rows = [
        [
            name,
            f"{1e6 * statistics.median(values):.0f}",
            f"{1e6 * np.median(values - reference):+.0f}",
        ]
        for name, values in seconds.items()
    ]
    return report_page.table(["loop", "µs a step", "over by hand"], rows)


def parse():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("--updates", type=int, default=300, help="updates a round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument(
        "--objective", choices=["nonsaturating", "minimax"], default="nonsaturating"
    )
    parser.add_argument(
        "--no-keras", dest="keras", action="store_false", help="leave Keras out"
    )
    options = report_page.parse(parser)
    if options.quick:
        options.updates, options.rounds = 50, 3
    if options.keras and importlib.util.find_spec("tensorflow") is None:
        options.keras = False
        print(f"*** {KERAS_NOTE} ***", flush=True)
    return options


def main():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options = parse()
    versions = {}
    if options.keras:
        versions = {
            name: importlib.metadata.version(name)
            for name in ("tensorflow-cpu", "keras")
        }
    data = report_page.as_vectors(report_page.mnist().data)
    lines = report_page.heading("Training speed", **versions)
    lines += [
        f"The article's networks on MNIST, {options.objective}, {options.device}: "
        f"median of {options.rounds} interleaved rounds of {options.updates} updates.",
        "",
        *article_table(interleave(contenders(data, options), options.rounds)),
        f"Tiny networks ({TINY.latent_dim}-{TINY.hidden_dim}-{TINY.n_features} and "
        f"{TINY.n_features}-{TINY.hidden_dim}-1), the same batch:",
        "",
        *tiny_table(options),
    ]
    if not options.keras:
        lines += [KERAS_NOTE, ""]
    report_page.publish(lines, options)


if __name__ == "__main__":
    main()
