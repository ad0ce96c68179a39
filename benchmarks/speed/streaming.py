"""Rows that are named instead of held: memory, speed of the pass, quality.

    python benchmarks/speed/streaming.py --rows 100000 1000000 10000000

Rows are drawn from a chain of trees that was fitted to Adult, and written to Parquet
files of a million rows. Each fit is a process of its own: by path, and, up to
``--in-memory`` rows, of the same rows read by pandas. Fresh rows of the same chain
judge what both draw.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS_PER_FILE = 1_000_000

PASS = """
import json, resource, sys, time
from skgan import RowSource
from skgan.encoding import read_source
files = sys.argv[1:]
start = time.process_time()
source = RowSource(files)
reader = source.open()
n = sum(batch.num_rows for _, batch in reader.batches())
reading = time.process_time() - start
from skgan.encoding.table._one_pass import keep_rows
start = time.process_time()
kept = keep_rows(reader, source.max_rows, 0)
one_pass = time.process_time() - start
start = time.process_time()
read_source(source)
print(json.dumps({
    "rows": n, "cells": n * len(reader.schema.names), "kept": len(kept.places),
    "reading": reading, "pass": one_pass, "whole": time.process_time() - start,
    "GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
}))
"""
FIT = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from skgan import GANSampler, RowSource
from skgan.metrics import c2st
how, params, truth, files = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
start, clock = time.process_time(), time.perf_counter()
X = RowSource(files)
if how == "memory":
    X = pd.concat(map(pd.read_parquet, files), ignore_index=True)
sampler = GANSampler(**json.loads(params)).fit(X)
fit, wall = time.process_time() - start, time.perf_counter() - clock
GiB = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
real = pd.read_parquet(truth)
drawn = sampler.sample(len(real), random_state=1)
score = c2st(real, drawn, random_state=0)
print(json.dumps({
    "CPU s": fit, "s": wall, "GiB": GiB, "c2st": score, "stage": sampler.stage_,
}))
"""

STEPS = """
import json, sys, tempfile, time, warnings
warnings.simplefilter("ignore")
from skgan import GANSampler, RowSource
from skgan.loader import BatchLoader, TensorData
from skgan.samplers import _base, _named_rows
files, sizes, encoded = sys.argv[1:], [], []
encode, train = _named_rows.NamedRows.encode, _base.train
found, passes = {"memory": [], "file": []}, {}
def timed_encode(self, n, *arguments):
    start = time.process_time()
    rows = encode(self, n, *arguments)
    cells = len(rows) * len(self.source.open().schema.names)
    encoded.append(cells / (time.process_time() - start) / 1e6)
    sizes.append([rows.packing.dtype.itemsize, 4 * rows.shape[1], len(rows)])
    return rows
def timed_train(net, rows, settings, callbacks, *arguments):
    train(net, rows, settings._replace(max_iter=5), callbacks, *arguments)
    loaders = {
        where: iter(BatchLoader(TensorData(X), 256, shuffle=True, n_batches=10**6))
        for where, X in {"memory": rows[:], "file": rows}.items()
    }
    # Steps in turn, and by themselves the batches of two passes, with their orders.
    for turn in range(400):
        for where in ("memory", "file") if turn % 2 else ("file", "memory"):
            start = time.process_time()
            net.train_step(next(loaders[where]))
            found[where].append(time.process_time() - start)
    for where, loader in loaders.items():
        n = 2 * len(rows) // 256
        start = time.process_time()
        for _ in range(n):
            next(loader)
        passes[where] = (time.process_time() - start) / n
_named_rows.NamedRows.encode, _base.train = timed_encode, timed_train
with tempfile.TemporaryDirectory() as folder:
    # More rows are visited than twice those kept, so that more are encoded.
    sampler = GANSampler(max_iter=1000, early_stopping=False, rejection=None)
    sampler.fit(RowSource(files, max_rows=20_000, scratch=folder))
print(json.dumps({"encoded": encoded, "sizes": sizes[-1], "passes": passes, **found}))
"""


def report_steps(files):
    """Print how fast rows are encoded, and what a step costs that reads them."""
    found = run(STEPS, *files)
    memory, file = (statistics.median(found[where]) for where in ("memory", "file"))
    fair = random.Random(0)
    pairs = list(zip(found["memory"], found["file"], strict=True))
    shares = sorted(
        statistics.median(pair[0] for pair in drawn)
        / statistics.median(pair[1] for pair in drawn)
        for drawn in (fair.choices(pairs, k=len(pairs)) for _ in range(400))
    )
    batches = found["passes"]
    packed, plain, n = found["sizes"]
    print(f"{n} rows of {packed} bytes each in the file, {plain} as float32")
    print(
        f"encoded {statistics.median(found['encoded']):.2f} M cells a CPU s "
        f"({min(found['encoded']):.2f} to {max(found['encoded']):.2f}); a step takes "
        f"{memory * 1e3:.2f} CPU ms from memory and {file * 1e3:.2f} from a file: "
        f"{memory / file:.3f} of its speed ({shares[10]:.3f} to {shares[-11]:.3f})"
    )
    rest = memory - batches["memory"]
    print(
        f"a batch takes {batches['memory'] * 1e6:.0f} CPU µs from memory and "
        f"{batches['file'] * 1e6:.0f} from a file, orders included, which makes "
        f"{memory / (rest + batches['file']):.4f} of its speed"
    )


def run(code, *arguments):
    """Run a process, and return what it prints last."""
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": root},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def make_rows(folder, n_rows):
    """Write rows that a chain of trees draws, and fresh ones; return the files."""
    from skgan import GANSampler, datasets

    files = [folder / f"rows{i}.parquet" for i in range(-(-n_rows // ROWS_PER_FILE))]
    truth = folder / "truth.parquet"
    if truth.exists() and all(file.exists() for file in files):
        return files, truth
    adult = datasets.load_adult().train
    chain = GANSampler(max_iter=0, rejection=None, random_state=0).fit(adult)
    chain.sample(5000, random_state=10**6).to_parquet(truth)
    for i, file in enumerate(files):
        if not file.exists():
            n = min(ROWS_PER_FILE, n_rows - i * ROWS_PER_FILE)
            chain.sample(n, random_state=i).to_parquet(file, index=False)
            print(f"wrote {file.name}", file=sys.stderr, flush=True)
    return files, truth


def main():
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10**5, 10**6])
    parser.add_argument("--in-memory", type=int, default=10**6)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--prior-only", action="store_true", help="train no networks")
    parser.add_argument("--skip-pass", action="store_true", help="only fit")
    parser.add_argument("--folder", type=Path, help="keeps the rows that are made")
    parser.add_argument("--steps", action="store_true", help="only encode, and train")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        base = options.folder or Path(temporary)
        if options.steps:
            base.mkdir(parents=True, exist_ok=True)
            report_steps(make_rows(base, options.rows[0])[0])
            return
        print("| rows | kept | read | with the pass | verified | M cells/s | GiB |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        sets = {}
        for n in options.rows:
            folder = base / str(min(n, ROWS_PER_FILE))
            folder.mkdir(parents=True, exist_ok=True)
            sets[n] = make_rows(folder, n)
            if options.skip_pass:
                continue
            found = run(PASS, *sets[n][0])
            speed = found["cells"] / found["pass"] / 1e6
            print(
                f"| {n:,} | {found['kept']:,} | {found['reading']:.1f} | "
                f"{found['pass']:.1f} | {found['whole']:.1f} | {speed:.1f} | "
                f"{found['GiB']:.2f} |",
                flush=True,
            )
        print("\n| rows | fit | seed | CPU s | s | GiB | c2st | stage |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        for n, (files, truth) in sets.items():
            for how in ("path", "memory") if n <= options.in_memory else ("path",):
                for seed in options.seeds:
                    params = {"random_state": seed}
                    if options.prior_only:
                        params |= {"max_iter": 0, "rejection": None}
                    found = run(FIT, how, json.dumps(params), truth, *files)
                    print(
                        f"| {n:,} | {how} | {seed} | {found['CPU s']:.0f} | "
                        f"{found['s']:.0f} | {found['GiB']:.2f} | "
                        f"{found['c2st']:.3f} | {found['stage']} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
