"""Fits CTGAN to a table and samples it: a script for an environment of its own.

CTGAN is no dependency of this project, its licence is not an open one. Only its
public interface is called here:

    python -m venv ctgan-env && ctgan-env/bin/pip install torch ctgan
    ctgan-env/bin/python benchmarks/lib/table_ctgan.py TRAIN.csv FOLDER --seed 0

writes FOLDER/sample.csv.gz, as many rows as it was given, and, last of all,
FOLDER/facts.json. Times are the wall's and the processor's.
"""

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path

import ctgan
import numpy as np
import pandas as pd
import torch
from ctgan.data_transformer import DataTransformer

# Rows that the rate of sampling is measured on.
N_TIMED_ROWS = 100_000


def timed(function, *arguments):
    """Return the result, and the seconds by the wall and by the processor."""
    start, start_cpu = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return result, time.perf_counter() - start, time.process_time() - start_cpu


def peak_megabytes():
    """Return the largest resident size of this process since it began."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise OSError("The system does not tell the peak of resident memory.")


def encode_rows(train, discrete):
    """Do what a fit does before it trains networks."""
    transformer = DataTransformer()
    transformer.fit(train, discrete)
    transformer.transform(train)


def fit_and_sample(train, discrete, seed, epochs):
    """Return a sample and the facts of the fit."""
    _, encode, encode_cpu = timed(encode_rows, train, discrete)
    np.random.seed(seed)  # noqa: NPY002 - where CTGAN draws from
    torch.manual_seed(seed)
    model = ctgan.CTGAN(epochs=epochs, enable_gpu=False)
    _, seconds, cpu_seconds = timed(model.fit, train, discrete)
    peak = peak_megabytes()
    model.sample(1000)
    _, drawing, drawing_cpu = timed(model.sample, N_TIMED_ROWS)
    facts = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "encode_seconds": encode,
        "encode_cpu_seconds": encode_cpu,
        "rows_per_second": N_TIMED_ROWS / drawing,
        "rows_per_cpu_second": N_TIMED_ROWS / drawing_cpu,
        "peak_mb": peak,
        "version": f"CTGAN {version('ctgan')}, {epochs} epochs",
    }
    return model.sample(len(train)), facts


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("train", type=Path, help="a CSV file with a header")
    parser.add_argument("folder", type=Path, help="where results are written")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=300)
    options = parser.parse_args()
    # Nothing is read as missing: CTGAN takes what is written there as a level.
    train = pd.read_csv(options.train, keep_default_na=False)
    discrete = list(train.select_dtypes(exclude="number"))
    sample, facts = fit_and_sample(train, discrete, options.seed, options.epochs)
    options.folder.mkdir(parents=True, exist_ok=True)
    sample.to_csv(options.folder / "sample.csv.gz", index=False)
    (options.folder / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
