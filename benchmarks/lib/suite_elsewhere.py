"""Fits a sampler of another environment to a file: a script for that environment.

It needs nothing of this project. `suite_samplers.py` says how each is installed, and
calls ``PYTHON suite_elsewhere.py NAME TRAIN.csv DRAWN.csv COSTS.json --seed 0``.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd


def fit_arf(train, seed):
    """Adversarial random forests, Watson et al. (2023), with their own defaults."""
    from arfpy import arf

    np.random.seed(seed)  # noqa: NPY002 - where arfpy draws from
    levels = [name for name in train if train[name].dtype.kind not in "iuf"]
    model = arf.arf(
        x=train.astype(dict.fromkeys(levels, "category")),
        random_state=seed,
        verbose=False,
    )
    model.forde()

    def sample(n, seed):
        np.random.seed(seed)  # noqa: NPY002
        return model.forge(n=n)

    return sample


def fit_argn(train, seed):
    """TabularARGN of mostlyai-engine, with its own defaults."""
    from mostlyai.engine import TabularARGN, set_random_state

    set_random_state(seed)
    model = TabularARGN(random_state=seed).fit(train)
    return lambda n, seed: model.sample(n_samples=n)


def fit_release(train, seed):
    """The `GANSampler` of another checkout of skgan, the first in PYTHONPATH."""
    from skgan import GANSampler

    sampler = GANSampler(random_state=seed).fit(train)
    return lambda n, seed: sampler.sample(n, random_state=seed)


FITS = {"arf": fit_arf, "tabular-argn": fit_argn, "release": fit_release}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=FITS)
    for name in ("train", "drawn", "costs"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timed", type=int, default=20_000)
    options = parser.parse_args()
    train = pd.read_csv(options.train)
    start, start_cpu = time.perf_counter(), time.process_time()
    sample = FITS[options.name](train, options.seed)
    costs = {
        "fit_seconds": time.perf_counter() - start,
        "fit_cpu_seconds": time.process_time() - start_cpu,
    }
    sample(100, 0)
    start_cpu = time.process_time()
    sample(options.timed, options.seed)
    seconds = time.process_time() - start_cpu
    costs["rows_per_cpu_second"] = options.timed / seconds
    sample(len(train), options.seed).to_csv(options.drawn, index=False)
    options.costs.write_text(json.dumps(costs) + "\n")


if __name__ == "__main__":
    main()
