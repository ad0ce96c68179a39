"""What every metric costs: seconds and peak memory at 50 000 rows of 10 columns.

Each metric runs in a process of its own, with its default parameters, on correlated
normal rows: real ones, held-out ones where it takes them, and synthetic ones, as many
of each. The target of `train_on_synthetic` is the last column. The peak is of the
whole process, so what the interpreter, scikit-learn and PyTorch take is in it: the
line "nothing" has it alone.

    OMP_NUM_THREADS=1 python -m benchmarks.speed.metrics_cost --threads 1
"""

import multiprocessing
import resource
import sys
import time
from inspect import signature

import numpy as np

from benchmarks.lib import report_page
from skgan import metrics

PAIRS = [
    "energy_distance",
    "sliced_wasserstein",
    "mmd",
    "frechet_distance",
    "kernel_distance",
    "c2st",
    "precision",
    "recall",
    "density",
    "coverage",
    "alpha_precision",
    "beta_recall",
    "column_shapes",
    "pair_trends",
    "authenticity",
    "duplicate_rate",
]
TRIPLES = ["dcr_share", "membership_auc", "train_on_synthetic"]
NOTHING = "nothing"
LIMIT = 2 * 2**30


def rows(n_rows, n_columns, seed):
    rng = np.random.default_rng(seed)
    mixing = np.tri(n_columns) / np.arange(1, n_columns + 1)
    return rng.normal(size=(n_rows, n_columns)) @ mixing


def measure(name, n_rows, n_columns):
    """Return the seconds, the CPU seconds and the value of one metric."""
    sets = [rows(n_rows, n_columns, seed) for seed in range(3)]
    if name == NOTHING:
        return 0.0, 0.0, 0.0
    metric, options = getattr(metrics, name), {}
    if "random_state" in signature(metric).parameters:
        options["random_state"] = 0
    if name == "train_on_synthetic":
        options["target"] = n_columns - 1
    if name in PAIRS:
        sets = sets[:2]
    start, start_cpu = time.perf_counter(), time.process_time()
    value = metric(*sets, **options)
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    return seconds, cpu, float(value)


def report(name, options, end):
    """Measure in a process that does nothing else, and send what was found."""
    found = measure(name, options.rows, options.columns)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end.send((*found, peak))


def in_a_process(name, options):
    """Return what `measure` does of one metric, and its peak memory in bytes."""
    # Forked, a process has what was imported and nothing of what others computed.
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=report, args=(name, options, there))
    process.start()
    there.close()
    found = here.recv()
    process.join()
    return found


def main():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="of each set")
    parser.add_argument("--columns", type=int, default=10)
    options = report_page.parse(parser)
    if options.quick:
        options.rows = min(options.rows, 2000)
    lines, is_small = [], []
    for name in [NOTHING, *PAIRS, *TRIPLES]:
        seconds, cpu, value, peak = in_a_process(name, options)
        figures = [f"{seconds:.1f}", f"{cpu:.1f}", f"{value:.4f}"]
        figures = ["", "", ""] if name == NOTHING else figures
        lines.append([name, *figures, f"{peak / 2**20:.0f}"])
        is_small.append(peak < LIMIT)
        print("  ".join(lines[-1]), file=sys.stderr, flush=True)
    text = report_page.heading("Cost of the metrics", numpy=np.__version__)
    text += [
        f"{options.rows} rows of {options.columns} columns in each set, one run each. "
        f"Under 2 GiB: {sum(is_small)} of {len(is_small)}.",
        "",
    ]
    text += report_page.table(["metric", "s", "CPU s", "value", "peak MiB"], lines)
    report_page.publish(text, options)


if __name__ == "__main__":
    main()
