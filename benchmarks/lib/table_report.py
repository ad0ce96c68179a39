"""Command line and report of the benchmarks of tables."""

import os
from pathlib import Path

import numpy as np

from benchmarks.lib import harness, table_fits
from benchmarks.lib.table_judge import MEASURES

_COSTS = {
    "seconds": ("s to fit", "{:.0f}"),
    "cpu_seconds": ("CPU s to fit", "{:.0f}"),
    "encode_seconds": ("s of it encoding", "{:.1f}"),
    "rows_per_second": ("rows/s sampled", "{:.0f}"),
    "rows_per_cpu_second": ("rows/CPU s sampled", "{:.0f}"),
    "peak_mb": ("peak MiB", "{:.0f}"),
}


def argument_parser(description):
    """Return a parser with the options that all benchmarks of tables have."""
    parser = harness.argument_parser(description, seeds=3)
    parser.add_argument(
        "--max-time", type=float, help="seconds of a fit (default: the estimator's own)"
    )
    parser.add_argument(
        "--ctgan-python",
        metavar="PYTHON",
        help="interpreter of an environment with CTGAN: see table_ctgan.py",
    )
    parser.add_argument(
        "--ctgan-folder",
        type=Path,
        metavar="FOLDER",
        help="where CTGAN's samples are kept; one that is there is not made again "
        "(default: ctgan beside the file of --out)",
    )
    return parser


def parse(parser):
    """Parse the command line, and tell the processes of the fits about CTGAN."""
    options = harness.parse(parser)
    parent = (options.out or options.table or Path("runs") / "_").parent
    folder = options.ctgan_folder or parent / "ctgan"
    os.environ[table_fits.CTGAN_FOLDER] = str(folder)
    if options.ctgan_python:
        os.environ[table_fits.CTGAN_PYTHON] = options.ctgan_python
    return options


def make_trials(options, sets, methods, given=False):
    """Return the trials, in an order in which CTGAN comes before what needs its time.

    Unless asked for, CTGAN, and what is fitted in a share of its time, come only
    where it can be run or its sample is there.
    """
    has_ctgan = bool(os.environ.get(table_fits.CTGAN_PYTHON))
    trials = []
    for seed in range(options.seeds):
        for name in sets:
            for method in methods:
                is_ours = method.startswith("skgan")
                sample = Path(os.environ[table_fits.CTGAN_FOLDER]) / f"{name}-{seed}"
                is_left_out = method in ("ctgan", "skgan-brief") and not (
                    has_ctgan or options.methods or (sample / "facts.json").is_file()
                )
                if is_left_out:
                    continue
                trials.append(
                    {
                        "set": name,
                        "method": method,
                        "seed": seed,
                        "max_iter": options.max_iter if is_ours else None,
                        "max_time": options.max_time if is_ours else None,
                        "quick": options.quick,
                        "given": given and method == "skgan",
                    }
                )
    return trials


def measure_table(rows):
    """Return the lines of one set's table of measures: medians over seeds."""
    lines = []
    for method, title in table_fits.METHODS.items():
        found = harness.select(rows, method=method)
        if not found:
            continue
        cells = [
            harness.middle(found, key, form) for key, (_, form) in MEASURES.items()
        ]
        lines.append([title, str(len(found)), *cells])
    titles = [title for title, _ in MEASURES.values()]
    return harness.table(["rows of", "seeds", *titles], lines)


def cost_table(rows):
    """Return the lines of one set's table of time and memory: medians over seeds."""
    lines = []
    for method, title in table_fits.METHODS.items():
        found = [r for r in harness.select(rows, method=method) if "seconds" in r]
        if not found:
            continue
        cells = [harness.middle(found, key, form) for key, (_, form) in _COSTS.items()]
        lines.append([title, str(len(found)), *cells])
    titles = [title for title, _ in _COSTS.values()]
    return harness.table(["sampler", "seeds", *titles], lines)


def spread_table(rows):
    """Return the lines of GANSampler's measures: least / median / most of the seeds."""
    ours = harness.select(rows, method="skgan")
    if len(ours) < 2:
        return []
    lines = [
        [title, harness.spread(ours, key, form)]
        for key, (title, form) in MEASURES.items()
    ]
    return harness.table(["GANSampler", "least / median / most of seeds"], lines)


def set_report(name, rows):
    """Return the lines about one set."""
    first = rows[0]
    real = harness.middle(rows, "tstr_real")
    return [
        f"**{name}**, {first['n_train']} rows to train on, {first['n_test']} held out, "
        f"{first['n_columns']} columns. A model that learnt on the training rows "
        f"scores {real} (TSTR's own measure).",
        "",
        *measure_table(rows),
        *spread_table(rows),
        *cost_table(rows),
    ]


def median_of(rows, method, key):
    """Return the median over seeds of a method's figure, None if there is none."""
    found = harness.values(harness.select(rows, method=method), key)
    return float(np.median(found)) if len(found) else None


def title_of(key):
    """Return how a table heads a measure or a cost."""
    return (MEASURES | _COSTS)[key][0]


def fewer_seconds(rows, method):
    """Return the seconds of a fit by the wall or the processor, whichever are fewer."""
    return min(median_of(rows, method, key) for key in ("seconds", "cpu_seconds"))


def higher_rate(rows, method):
    """Return the rows sampled a second by the wall or the processor, if more."""
    keys = ("rows_per_second", "rows_per_cpu_second")
    return max(median_of(rows, method, key) for key in keys)
