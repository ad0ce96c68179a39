"""Fits a sampler to a table, in a process of its own, and judges what it draws."""

import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pandas as pd
import torch
from sklearn.base import clone

from benchmarks.lib import harness, table_samplers, table_sets
from benchmarks.lib.table_conditions import check_conditions
from benchmarks.lib.table_judge import judge
from skgan import GANSampler

METHODS = {
    "real": "real rows, held out",
    "copy": "copy of train",
    "bootstrap": "bootstrap of train",
    "marginals": "independent marginals",
    "smotenc": "SMOTENC",
    "ctgan": "CTGAN",
    "skgan-brief": "GANSampler, 1/20 of CTGAN's time",
    "skgan": "GANSampler",
}
# What the trials inherit from the command line.
CTGAN_PYTHON = "SKGAN_CTGAN_PYTHON"
CTGAN_FOLDER = "SKGAN_CTGAN_FOLDER"
BRIEF_SHARE = 1 / 20
_TRAINING_SHARE = 0.95  # of that: encoding takes time, too
# Rows that the rate of sampling is measured on.
_N_TIMED_ROWS = 100_000
_ABSENT = "?"


def run(trial):
    """Fit one method to one set, and return its rows of results.

    Parameters
    ----------
    trial : dict
        ``set``, ``method``, ``seed``, ``max_iter``, ``max_time``, ``quick`` and
        ``given``: whether conditions are checked, too.
    """
    method, seed = trial["method"], trial["seed"]
    table = table_sets.load(trial["set"], seed, trial["quick"])
    if method == "real":
        return [_judge_real(table, seed, trial["quick"]) | _sizes(table)]
    groups = []
    if method == "ctgan":
        synthetic, facts = _ctgan(trial, table)
    elif method.startswith("skgan"):
        synthetic, facts, groups = _apart(_fit_skgan, trial, table)
    else:
        synthetic, facts = _apart(_fit_baseline, method, table, seed)
    start = time.process_time()
    row = judge(
        table.train, table.test, synthetic, seed, table.target, quick=trial["quick"]
    )
    row["judge_cpu_seconds"] = time.process_time() - start
    return [row | facts | _sizes(table), *groups]


def run_given(trial):
    """Fit GANSampler, and return only what it does under conditions."""
    table = table_sets.load(trial["set"], trial["seed"], trial["quick"])
    return _apart(_fit_skgan, trial, table)[2]


def _sizes(table):
    n_rows, n_columns = table.train.shape
    return {"n_train": n_rows, "n_test": len(table.test), "n_columns": n_columns}


def _judge_real(table, seed, is_quick):
    """What fresh real rows get, which no sampler can be asked to exceed.

    The test rows take the place of the synthetic ones, half of the training rows
    that of the test rows. Shape, Trend and duplicates are against all training rows,
    and TSTR is that of a model that learnt on all of them.
    """
    rows = table.train.sample(frac=1, random_state=seed)
    half = len(rows) // 2
    row = judge(
        rows[half:], rows[:half], table.test, seed, table.target, quick=is_quick
    )
    whole = judge(*table[:2], table.test, seed, table.target, quick=True)
    row |= {name: whole[name] for name in ("shape", "trend", "tstr_real")}
    return row | {"tstr": whole["tstr_real"]}


def _fit_baseline(method, table, seed):
    with harness.stopwatch() as seconds:
        synthetic = table_samplers.METHODS[method](table, seed)
    return synthetic, seconds | {"peak_mb": peak_megabytes()}


def _fit_skgan(trial, table):
    """Return as many rows as trained, facts, and rows of results for conditions."""
    seed, max_time = trial["seed"], trial["max_time"]
    if trial["method"] == "skgan-brief":
        max_time = _brief_seconds(trial)
    settings = {"max_time": max_time, **harness.iterations(trial)}
    settings = {name: value for name, value in settings.items() if value is not None}
    with harness.stopwatch() as seconds:
        sampler = GANSampler(random_state=seed, **settings).fit(table.train)
    facts = {**seconds, "peak_mb": peak_megabytes(), "max_time": max_time}
    facts["threads"] = torch.get_num_threads()
    facts["n_iter"] = sampler.n_iter_
    with harness.stopwatch() as encoding:
        encoder = clone(sampler.encoder_).fit(table.train)
        encoder.encode_for_training(table.train, 0)
    sampler.sample(1000, random_state=0)
    with harness.stopwatch() as drawing:
        sampler.sample(_N_TIMED_ROWS, random_state=seed)
    facts |= {
        "encode_seconds": encoding["seconds"],
        "encode_cpu_seconds": encoding["cpu_seconds"],
        "rows_per_second": _N_TIMED_ROWS / drawing["seconds"],
        "rows_per_cpu_second": _N_TIMED_ROWS / drawing["cpu_seconds"],
    }
    groups = []
    if trial["given"]:
        found = check_conditions(sampler, pd.concat(table[:2]), seed)
        groups = [{"method": "given", **row} for row in found]
    return sampler.sample(len(table.train), random_state=seed), facts, groups


def _ctgan_folder(trial):
    size = "-quick" if trial["quick"] else ""
    return Path(os.environ[CTGAN_FOLDER]) / f"{trial['set']}-{trial['seed']}{size}"


def _brief_seconds(trial):
    """A twentieth of the seconds that CTGAN took, with this seed if there is one.

    Of its seconds by the wall and by the processor, the fewer: other work on the
    machine must not lend time to us.
    """
    own = _ctgan_folder(trial) / "facts.json"
    files = [own] if own.is_file() else []
    files = files or sorted(own.parent.parent.glob(f"{trial['set']}-?/facts.json"))
    if not files:
        raise FileNotFoundError("CTGAN has not run: its seconds are not known.")
    found = [json.loads(file.read_text()) for file in files]
    seconds = statistics.median(min(f["seconds"], f["cpu_seconds"]) for f in found)
    return _TRAINING_SHARE * BRIEF_SHARE * seconds


def _ctgan(trial, table):
    """Run CTGAN in its own environment, if its sample is not in the folder yet."""
    folder = _ctgan_folder(trial)
    if not (folder / "facts.json").is_file():
        python = os.environ.get(CTGAN_PYTHON)
        if not python:
            raise FileNotFoundError(
                f"{CTGAN_PYTHON} names no interpreter: see table_ctgan.py."
            )
        with tempfile.TemporaryDirectory() as made:
            file = Path(made) / "train.csv"
            _without_holes(table.train).to_csv(file, index=False)
            script = Path(__file__).with_name("table_ctgan.py")
            command = [python, script, file, folder, "--seed", str(trial["seed"])]
            command += ["--epochs", "2"] if trial["quick"] else []
            subprocess.run(command, check=True, stdout=sys.stderr)
    facts = json.loads((folder / "facts.json").read_text())
    drawn = pd.read_csv(folder / "sample.csv.gz", keep_default_na=False, dtype=str)
    columns = {name: _as_dtype(drawn[name], like) for name, like in table.train.items()}
    return pd.DataFrame(columns), facts


def _without_holes(rows):
    """Missing categories as a level; CTGAN takes no missing numbers, nor dates."""
    for name, column in rows.items():
        kind = column.dtype.kind
        if kind in "Mm" or (kind in "iuf" and column.isna().any()):
            raise ValueError(f"CTGAN does not take the column {name!r} as it is.")
    return rows.astype(
        {name: object for name in rows if rows[name].dtype.kind not in "iuf"}
    ).fillna(_ABSENT)


def _as_dtype(drawn, like):
    """Strings of a file as a column of the training rows."""
    if like.dtype.kind in "iuf":
        return drawn.astype("float64").astype(like.dtype)
    levels = {str(level): level for level in like.dropna().unique()}
    return drawn.map(levels).astype(like.dtype)


def _apart(function, *arguments):
    """Call a function in a new process, whose memory is then its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        is_done, result = ours.recv()
    except EOFError:
        raise RuntimeError("The process of the fit was killed.") from None
    finally:
        process.join()
    if not is_done:
        raise RuntimeError(result)
    return result


def _serve(connection, function, arguments):
    try:
        result = True, function(*arguments)
    except Exception:
        result = False, traceback.format_exc()
    connection.send(result)


def peak_megabytes():
    """Return the largest resident size of this process, libraries included."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
