"""What a training step and encoding cost in two trees of skgan, in turns.

    python -m benchmarks.speed.two_trees OLD NEW

`git worktree add` makes a second tree. Each has one process, and only one of them works
at a time; a round is a turn of each, and which goes first changes from round to round.
Seconds are those of the processor, so that other work of the machine counts little, and
of all rounds the least. The same tree twice shows what chance does to the ratios.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile

from benchmarks.lib import report_page

# A process of its own imports the tree that is looked at, and does a round a line.
_ROUNDS = """
import json, sys, time, warnings
import numpy as np
import pandas as pd
import torch
from skgan import GANSampler
from skgan.encoding import TableEncoder, VectorEncoder
from skgan.nets import AdversarialNet

warnings.simplefilter("ignore")
torch.set_num_threads(1)
rng = np.random.default_rng(0)
X = rng.normal(size=(4000, 8)) @ rng.normal(size=(8, 8))
n = 1500
frame = pd.DataFrame({f"x{i}": rng.normal(size=n).round(i) for i in range(5)})
for i in range(4):
    frame[f"kind {i}"] = rng.choice(list("abcdefgh")[: 2 + i], n)
days = pd.to_timedelta(rng.integers(0, 300, n), "D")
frame["day"] = pd.Timestamp("2024-01-01") + days
steps = []
train_step = AdversarialNet.train_step


def timed_step(self, *args, **kwargs):
    start = time.process_time()
    result = train_step(self, *args, **kwargs)
    steps.append(time.process_time() - start)
    return result


AdversarialNet.train_step = timed_step
given = {"hidden_dims": (128, 128, 128), "latent_dim": 16, "batch_size": 256}
if "prior" in GANSampler().get_params():
    given["prior"] = "normal"


def fit(rows):
    steps.clear()
    GANSampler(max_iter=40, random_state=0, **given).fit(rows)
    return sorted(steps[5:])[len(steps) // 4]


def seconds_of(call, *args):
    # What takes milliseconds is timed more than once, the least of these counting.
    least, spent = float("inf"), 0.0
    while spent < 0.1:
        start = time.process_time()
        result = call(*args)
        seconds = time.process_time() - start
        least, spent = min(least, seconds), spent + seconds
    return least, result


def round_of(kinds):
    found = {}
    for kind, name, encoder, rows in (
        ("vectors", "vectors, 4000 x 8", VectorEncoder(), X),
        ("table", "table, 1500 x 10", TableEncoder(), frame),
    ):
        if kind not in kinds:
            continue
        found[f"training step, {name}"] = fit(rows)
        found[f"fit an encoder, {name}"], _ = seconds_of(encoder.fit, rows)
        found[f"transform, {name}"], Z = seconds_of(encoder.transform, rows)
        seconds, _ = seconds_of(encoder.inverse_transform, Z)
        found[f"inverse_transform, {name}"] = seconds
    return found


for line in sys.stdin:
    print(json.dumps(round_of(line.split())), flush=True)
"""


def start(tree, folder):
    """Return a process that times a tree, in a folder without any."""
    return subprocess.Popen(
        [sys.executable, "-c", _ROUNDS],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.path.abspath(tree), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def take_turn(process, kinds):
    process.stdin.write(" ".join(kinds) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def table_of(rounds):
    """Return the rows of the table: ms of either tree, and two ratios."""
    rows = []
    for name in rounds[0][0]:
        old, new = (
            [found[name] for found in tree] for tree in zip(*rounds, strict=True)
        )
        ratio = statistics.median(b / a for a, b in zip(old, new, strict=True))
        rows.append(
            [
                *(name, f"{1e3 * min(old):.2f}", f"{1e3 * min(new):.2f}"),
                *(f"{min(new) / min(old):.3f}", f"{ratio:.3f}"),
            ]
        )
    return rows


def main():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("trees", nargs=2, metavar="TREE", help="the old one, the new")
    parser.add_argument("--rounds", type=int, default=8)
    kinds = ("vectors", "table")
    parser.add_argument("--kinds", nargs="+", choices=kinds, default=kinds)
    options = report_page.parse(parser)
    if options.quick:
        options.rounds = 2
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        processes = [start(tree, folder) for tree in options.trees]
        for process in processes:
            take_turn(
                process, options.kinds
            )  # the first is for what a process does but once
        for number in range(options.rounds):
            first = number % 2
            found = {
                i: take_turn(processes[i], options.kinds) for i in (first, 1 - first)
            }
            rounds.append([found[0], found[1]])
            print(f"round {number + 1} of {options.rounds}", flush=True)
        for process in processes:
            process.stdin.close()
            process.wait()
    columns = ["", "old, ms", "new, ms", "ratio of the least", "median ratio"]
    lines = report_page.heading("Speed of two trees")
    lines += report_page.table(columns, table_of(rounds))
    report_page.publish(lines, options)


if __name__ == "__main__":
    main()
