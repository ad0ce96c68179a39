"""How many threads pay for the networks that are trained by default.

    python benchmarks/speed/threads.py                      # alone
    python benchmarks/speed/threads.py --busy 1             # beside a busy process

Each fit is a process of its own, so that PyTorch begins with the number it is given.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

FIT = """
import sys, time
from pathlib import Path
kind, updates = sys.argv[1], int(sys.argv[2])
import numpy as np, torch
from skgan import GANSampler, datasets
if kind == "vectors":
    X = np.random.default_rng(0).normal(size=(2000, 8)).cumsum(axis=1)
elif kind == "table":
    X = datasets.load_adult().train.head(8000)
else:
    X = datasets.load_mnist().data[:4000]
# The first fit warms up.
sampler = GANSampler(max_iter=2, random_state=0, warm_start=True).fit(X)
sampler.max_iter = updates
wall, cpu = time.perf_counter(), time.process_time()
sampler.fit(X)
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(f"{wall / updates * 1e3:8.1f} {cpu / updates * 1e3:8.1f}")
"""
UPDATES = {"vectors": 150, "table": 40, "images": 12}


def spin():
    """Keep a processor busy."""
    while True:
        sum(range(10_000))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--busy", type=int, default=0, help="busy processes beside it")
    parser.add_argument("--kinds", nargs="+", choices=UPDATES, default=list(UPDATES))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    others = [
        multiprocessing.Process(target=spin, daemon=True) for _ in range(options.busy)
    ]
    for other in others:
        other.start()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"{os.cpu_count()} processors, load {load:.1f}, {options.busy} busy processes"
    )
    print("            threads  ms/update  CPU ms")
    root = str(Path(__file__).parents[2])
    for kind in options.kinds:
        for n_threads in options.threads:
            done = subprocess.run(
                [sys.executable, "-c", FIT, kind, str(UPDATES[kind])],
                env=os.environ
                | {"OMP_NUM_THREADS": str(n_threads), "PYTHONPATH": root},
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            print(f"{kind:12} {n_threads:6} {done.stdout.rstrip()}", flush=True)
    for other in others:
        other.terminate()


if __name__ == "__main__":
    main()
