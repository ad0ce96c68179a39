"""The samplers of the tables' suite: fitted, timed, and asked for rows."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import torch

from benchmarks.lib import harness, table_samplers
from benchmarks.lib.gaussian_copula import GaussianCopula
from benchmarks.lib.tree_chain import TreeChain

N_TIMED_ROWS = 20_000
# Rows below which a set is small: more seeds, and leaves of five rows.
MAX_SMALL = 1500
# Sampler -> the variable that names what it runs with, and how that is had.
ELSEWHERE = {
    "arf": (
        "SKGAN_ARF_PYTHON",
        "python -m venv arf-env && arf-env/bin/pip install arfpy 'numpy<2.4' "
        "'pandas<3'; "
        "export SKGAN_ARF_PYTHON=arf-env/bin/python",
    ),
    "tabular-argn": (
        "SKGAN_ARGN_PYTHON",
        "python -m venv argn-env && argn-env/bin/pip install mostlyai-engine; "
        "export SKGAN_ARGN_PYTHON=argn-env/bin/python",
    ),
    "release": (
        "SKGAN_RELEASE",
        "git worktree add ../skgan-release 0eceedd; "
        "export SKGAN_RELEASE=../skgan-release",
    ),
}
SCRIPT = Path(__file__).with_name("suite_elsewhere.py")


def fit_marginals(table, seed):
    return lambda n, seed: table_samplers.marginals(table, seed, n)


def fit_copula(table, seed):
    return GaussianCopula(seed).fit(table.train).sample


def fit_chain(table, seed):
    n_rows = len(table.train)
    leaf = 5 if n_rows < 1000 else 60 if table.target == "income" else 20
    return TreeChain(leaf, seed).fit(table.train).sample


def fit_skgan(table, seed, **settings):
    from skgan import GANSampler

    sampler = GANSampler(random_state=seed, **settings).fit(table.train)

    def sample(n, seed, stage=None):
        drawn_from = sampler if stage is None else sampler.at_stage(stage)
        return drawn_from.sample(n, random_state=seed)

    # With rejection is what is kept: the suite's other columns have it.
    sample.stages = tuple(s for s in sampler.stages_ if "rejection" not in s)
    return sample


def fit_prior(table, seed):
    return fit_skgan(table, seed, max_iter=0)


FITTED = {
    "marginals": fit_marginals,
    "copula": fit_copula,
    "chain": fit_chain,
    "skgan-prior": fit_prior,
    "skgan": fit_skgan,
}
# In the tables' order.
SAMPLERS = {
    "real": "real rows",
    "marginals": "independent marginals",
    "copula": "Gaussian copula",
    "smotenc": "SMOTE-NC",
    "chain": "chain of trees",
    "arf": "arfpy",
    "tabular-argn": "TabularARGN",
    "release": "last release",
    "skgan-prior": "skgan, prior alone",
    "skgan": "skgan",
}


def fit_and_sample(name, table, seed, is_quick):
    """Return as many rows as `table.train` has, what fit and draws cost, and stages.

    Stages are rows of each stage of the fit by its name, none of other samplers.
    """
    if name in ELSEWHERE:
        return *_elsewhere(name, table, seed, is_quick), {}
    if name == "smotenc":  # fits and draws in one
        with harness.stopwatch() as seconds:
            rows = table_samplers.smotenc(table, seed)
        return rows, _costs(seconds, seconds, len(rows)), {}
    torch.set_num_threads(1)
    with harness.stopwatch() as fitting:
        sample = FITTED[name](table, seed)
    sample(100, 0)
    n = N_TIMED_ROWS // 10 if is_quick else N_TIMED_ROWS
    with harness.stopwatch() as drawing:
        sample(n, seed)
    n_rows = len(table.train)
    names = getattr(sample, "stages", ())
    stages = {stage: sample(n_rows, seed, stage) for stage in names}
    return sample(n_rows, seed), _costs(fitting, drawing, n), stages


def _costs(fitting, drawing, n_rows):
    return {
        "fit_seconds": fitting["seconds"],
        "fit_cpu_seconds": fitting["cpu_seconds"],
        "rows_per_cpu_second": n_rows / max(drawing["cpu_seconds"], 1e-9),
    }


def is_there(name):
    """Whether a sampler can be run; one that cannot is named, with what it lacks."""
    variable, how = ELSEWHERE.get(name, (None, None))
    if variable is None or os.environ.get(variable):
        return True
    print(f"*** {name} IS LEFT OUT. To have it: {how} ***", file=sys.stderr)
    return False


def _elsewhere(name, table, seed, is_quick):
    """Fit in another environment: rows go and come as files."""
    python, environment = os.environ[ELSEWHERE[name][0]], dict(os.environ)
    if name == "release":
        environment["PYTHONPATH"], python = str(Path(python).resolve()), sys.executable
    # arfpy takes no missing numbers: they are a column of their own beside it.
    rows = table.train
    if name == "arf":
        numbers, levels = table_samplers.without_holes(rows)
        rows = pd.concat([numbers, levels], axis=1)
    with tempfile.TemporaryDirectory() as made:
        files = [Path(made) / part for part in ("train.csv", "drawn.csv", "costs.json")]
        rows.to_csv(files[0], index=False)
        n_timed = N_TIMED_ROWS // 10 if is_quick else N_TIMED_ROWS
        command = [python, "-W", "ignore", SCRIPT, name, *files, "--seed", str(seed)]
        command += ["--timed", str(n_timed)]
        subprocess.run(command, check=True, stdout=sys.stderr, env=environment)
        drawn = pd.read_csv(files[1], na_values="?" if name != "arf" else None)
        costs = pd.read_json(files[2], typ="series").to_dict()
    if name == "arf":
        drawn = drawn.astype({c: str for c in drawn if c not in numbers})
        return table_samplers.with_holes(drawn, table.train), costs
    return _as_train(drawn, table.train), costs


def _as_train(drawn, train):
    """The columns and dtypes of the training rows; a file keeps only values."""
    columns = {}
    for name, like in train.items():
        column = drawn[name]
        if like.dtype.kind in "iu":
            column = column.round()
        elif like.dtype.kind != "f":
            known = {str(level): level for level in like.dropna().unique()}
            column = column.map(lambda level, known=known: known.get(str(level)))
        columns[name] = column.astype(like.dtype)
    return pd.DataFrame(columns)
