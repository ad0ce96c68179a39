"""Time and memory of fits that are bounded, or wide.

Each fit runs in a process of its own; the peak is that of the whole process, of which
importing takes some 300 MB.

    OMP_NUM_THREADS=1 python -m benchmarks.reliability.limits
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np
from scipy import sparse

from benchmarks.lib import report_page
from skgan import ConditionalGANSampler, GANOutlierDetector, GANSampler
from skgan.imblearn import GANOverSampler

KINDS = {
    "GANSampler": GANSampler,
    "ConditionalGANSampler": ConditionalGANSampler,
    "GANOutlierDetector": GANOutlierDetector,
    "GANOverSampler": GANOverSampler,
}
# Estimator, its parameters, rows, columns, what these are: "normal", "whole" numbers,
# or "sparse", of which one in twenty is not 0.
CASES = [
    ("GANSampler", {"max_time": 1}, 100_000, 12, "normal"),
    ("GANSampler", {"max_time": 1, "prior": "normal"}, 100_000, 12, "normal"),
    ("GANSampler", {"max_time": 10}, 300_000, 8, "normal"),
    ("GANSampler", {"max_iter": 50, "prior": "normal"}, 1_000_000, 3, "normal"),
    ("GANSampler", {"max_time": 10}, 1_000_000, 3, "normal"),
    ("GANSampler", {"max_time": 1}, 100, 2000, "whole"),
    ("GANOutlierDetector", {"max_time": 5}, 20_000, 8, "normal"),
    (
        "GANOutlierDetector",
        {"max_time": 5, "method": "reconstruction"},
        20_000,
        8,
        "normal",
    ),
    ("ConditionalGANSampler", {}, 300, 1000, "normal"),
    ("ConditionalGANSampler", {"prior": "normal"}, 300, 1000, "normal"),
    ("ConditionalGANSampler", {}, 300, 5000, "normal"),
    ("ConditionalGANSampler", {"prior": "normal"}, 300, 5000, "normal"),
    ("GANOverSampler", {}, 200, 700, "normal"),
    ("GANOverSampler", {}, 300, 3000, "sparse"),
]


def measure(case):
    """Print seconds, gigabytes and updates of one fit."""
    name, params, n, d, kind = case
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    if kind == "whole":
        X = rng.integers(0, 1000, (n, d))
    elif kind == "sparse":
        X = sparse.csr_array(np.where(rng.random((n, d)) < 0.05, X, 0.0))
    else:
        X = X @ rng.normal(size=(d, d))
    start = time.perf_counter(), time.process_time()
    estimator = KINDS[name](random_state=0, **params)
    if name == "GANOverSampler":
        estimator.fit_resample(X, (np.arange(n) % 4 == 0).astype(int))
        fitted = estimator.sampler_
    else:
        fitted = estimator.fit(X, np.arange(n) % 2)
    seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    n_iter = getattr(fitted, "n_iter_", 0)
    found = (*seconds, peak, n_iter, getattr(fitted, "stage_", "-"))
    print(json.dumps(found))


def main():
    """Measure every case, and report."""
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("--case", help="measure this one here")
    parser.add_argument("--only", help="measure cases whose estimator is so named")
    options = report_page.parse(parser)
    if options.case:
        measure(json.loads(options.case))
        return
    rows = []
    cases = [case for case in CASES if options.only in (None, case[0])]
    for case in cases[:1] if options.quick else cases:
        command = [sys.executable, "-m", "benchmarks.reliability.limits"]
        run = subprocess.run(
            [*command, "--case", json.dumps(case)],
            capture_output=True,
            text=True,
            check=True,
        )
        wall, cpu, peak, n_iter, stage = json.loads(run.stdout)
        given = ", ".join(f"{k}={v!r}" for k, v in case[1].items())
        size = f"{case[2]:,} x {case[3]:,}".replace(",", " ")
        size += "" if case[4] == "normal" else f" {case[4]}"
        figures = [f"{wall:.1f}", f"{cpu:.1f}", f"{peak:.2f}", str(n_iter), stage]
        rows.append([f"{case[0]}({given})", size, *figures])
        print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    text = report_page.heading("Limits of time and memory", numpy=np.__version__)
    columns = ["fit", "rows", "s", "CPU s", "peak GiB", "updates", "stage"]
    report_page.publish(text + report_page.table(columns, rows), options)


if __name__ == "__main__":
    main()
