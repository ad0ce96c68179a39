"""What a second process brings: the same batches trained by one and by two.

    OMP_NUM_THREADS=1 python benchmarks/speed/process_group.py

Every process has one thread. Rounds alternate, so that a busy machine hurts both. The
clock says what was gained; CPU seconds, which other programs do not change much, say
what could be at best: the step of two processes lasts no shorter than the CPU time
that one of them spends on it.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
from pathlib import Path

FIT = """
import json, os, resource, sys, time
kind, updates = sys.argv[1], int(sys.argv[2])
import numpy as np, torch
from skgan import GANSampler, datasets
params = {"prior": "normal", "random_state": 0, "warm_start": True}
params["net_params"] = {"precision": "float32"}
if kind == "vectors":
    X = np.random.default_rng(0).normal(size=(20_000, 8)).cumsum(axis=1)
    params["batch_size"] = 512
elif kind == "table":
    X, params["batch_size"] = datasets.load_adult().train.head(20_000), 512
else:
    X = datasets.load_mnist().data[:4000]
    params["batch_size"] = 512 if kind == "images by 512" else 128
# The first fit warms up.
sampler = GANSampler(max_iter=3, **params).fit(X)
sampler.max_iter = updates
spent = []
def now():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime
net = sampler.net_
loop = type(net).run_single_epoch
def timed(self, iterator, training, **kwargs):
    start = now()
    loop(self, iterator, training, **kwargs)
    if training:
        spent.append([b - a for a, b in zip(start, now())])
type(net).run_single_epoch = timed
sampler.fit(X)
seconds = np.sum(spent, axis=0) / updates * 1e3
weights = sum(float(w.detach().double().sum()) for w in net.generator_.parameters())
if os.environ.get("RANK", "0") == "0":
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps([*seconds, weights, peak]))
"""
UPDATES = {"vectors": 100, "table": 40, "images": 10, "images by 512": 6}


def fit(kind, n_processes, updates):
    """Return ms of the clock and CPU ms of a process an update, a checksum, and GiB."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    if n_processes > 1:
        shared |= {"WORLD_SIZE": str(n_processes)}
        shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", FIT, kind, str(updates)],
            env={**os.environ, **shared, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(n_processes)
    ]
    printed = [process.communicate()[0] for process in processes]
    return json.loads(printed[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=list(UPDATES), choices=UPDATES)
    parser.add_argument("--updates", type=int, help="in place of each kind's own")
    options = parser.parse_args()
    print("| rows | processes | ms an update | CPU ms a process | gain | at best |")
    print("|---|---|---|---|---|---|")
    for kind in options.kinds:
        updates = options.updates or UPDATES[kind]
        found = {1: [], 2: []}
        for _ in range(options.rounds):
            for n_processes, runs in found.items():
                runs.append(fit(kind, n_processes, updates))
        medians = {
            n: [statistics.median(run[place] for run in runs) for place in range(2)]
            for n, runs in found.items()
        }
        for n, (wall, cpu) in medians.items():
            gains = [medians[1][place] / medians[n][place] for place in range(2)]
            print(
                f"| {kind} | {n} | {wall:.1f} | {cpu:.1f} | {gains[0]:.2f} | "
                f"{gains[1]:.2f} |",
                flush=True,
            )
        checks = [runs[0][2] for runs in found.values()]
        print(f"sums of the generators' weights: {checks}", file=sys.stderr)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} processors, load {load:.1f} at the end")


if __name__ == "__main__":
    main()
