"""How time and memory grow with rows, columns, levels and processes.

    python -m benchmarks.speed.growth --plot benchmarks/sheets/growth.png
    python -m benchmarks.speed.growth --axes rows --only path --upto 1e6

Every fit runs in a process of its own, which then draws rows: 10 000, or 1000 of many
columns. Seconds are those of the processor, the peak is that of the whole process, of
which importing takes .3 GiB. Beside each figure stands its slope from the size before,
in logarithms: 1 is linear. Of rows by path at most two million differ: their files have
several names each, for the rest. Several processes share a fit, whose seconds are those
of each, for a hundred updates.
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

ROWS_PER_FILE = 500_000
N_DISTINCT_FILES = 4
N_DRAWN = 10_000
PRIOR = {"max_iter": 0, "rejection": None}
NETWORKS = {"prior": "normal", "max_iter": 20}
DEFAULT = {"max_iter": 20}
AXES = ["rows", "columns", "levels", "processes"]
# Name, axis, parameters, sizes, and whether rows are read from files. A size is a
# number of rows of 10 columns, of columns of 2000 rows, or of levels of 2 * 10**6 rows.
SERIES = {
    "rows, trees": ("rows", PRIOR, (1e4, 1e5, 1e6), False),
    "rows, networks": ("rows", NETWORKS, (1e4, 1e5, 1e6), False),
    "rows, default": ("rows", DEFAULT, (1e4, 1e5, 1e6), False),
    "rows, trees, path": ("rows", PRIOR, (1e4, 1e5, 1e6, 1e7, 1e8), True),
    "rows, default, path": ("rows", DEFAULT, (1e4, 1e5, 1e6, 1e7), True),
    "columns, trees": ("columns", PRIOR, (10, 100, 500, 2000), False),
    "columns, networks": ("columns", NETWORKS, (10, 100, 500, 2000), False),
    "columns, default": ("columns", DEFAULT, (10, 100, 500, 2000), False),
    "levels, trees": ("levels", PRIOR, (10, 1e3, 1e5, 1e6), False),
    "levels, networks": ("levels", NETWORKS, (10, 1e3, 1e5, 1e6), False),
    "levels, default": ("levels", DEFAULT, (10, 1e3, 1e5, 1e6), False),
    "processes, images": ("processes", "images", (1, 2), False),
    "processes, images by 512": ("processes", "images by 512", (1, 2), False),
    "processes, table": ("processes", "table", (1, 2), False),
    "processes, vectors": ("processes", "vectors", (1, 2), False),
}


def make_rows(n, n_columns, n_levels, seed):
    """Return rows of columns that go together, every third of them of levels."""
    rng = np.random.default_rng(seed)
    weights = np.random.default_rng(0).normal(size=(3, n_columns))
    factors = rng.normal(size=(n, 3))
    frame = {}
    for i in range(n_columns):
        values = factors @ weights[:, i] + rng.normal(size=n)
        if i % 3 == 2:
            scaled = 0.5 + np.arctan(values) / np.pi
            codes = np.minimum((scaled * n_levels).astype(np.int64), n_levels - 1)
            values = pd.Categorical.from_codes(codes, np.arange(n_levels).astype(str))
        frame[f"x{i}"] = values.round(3) if i % 3 == 1 else values
    return pd.DataFrame(frame)


def make_levels(n, n_levels, seed):
    """Return numbers, and levels that they have to do with."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(n_levels, size=n)
    names = np.arange(n_levels).astype(str).astype(object)
    numbers = codes / n_levels + rng.normal(size=n)
    return pd.DataFrame({"number": numbers, "level": names[codes]})


def open_rows(axis, size, is_path, folder):
    """Return rows of a size, or the pattern of files that hold them."""
    if axis == "levels":
        return make_levels(2_000_000, size, 0)
    if axis == "columns":
        return make_rows(2000, size, 10, 0)
    if not is_path:
        return make_rows(size, 10, 10, 0)
    folder = Path(folder) / str(size)
    folder.mkdir(exist_ok=True)
    for i in range(-(-size // ROWS_PER_FILE)):
        file = folder / f"{i:04d}.parquet"
        if i >= N_DISTINCT_FILES and not file.exists():
            os.link(folder / f"{i % N_DISTINCT_FILES:04d}.parquet", file)
        elif not file.exists():
            n = min(ROWS_PER_FILE, size - i * ROWS_PER_FILE)
            make_rows(n, 10, 10, i).to_parquet(file, index=False)
    return f"{folder}/*.parquet"


def measure(case):
    """Print CPU seconds of a fit and of a sample, and the most memory held."""
    from skgan import GANSampler

    axis, params, size, is_path, folder = case
    if folder is not None and is_path:
        # Made in a process of its own, so that its memory is not counted.
        command = [sys.executable, "-m", "benchmarks.speed.growth", "--make"]
        subprocess.run([*command, json.dumps(case)], check=True)
    warnings.simplefilter("ignore")
    X = open_rows(axis, size, is_path, folder)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    start = time.process_time()
    sampler = GANSampler(random_state=0, **params).fit(X)
    fitted = time.process_time()
    n_drawn = N_DRAWN if axis != "columns" else N_DRAWN // 10
    sampler.sample(n_drawn, random_state=1)
    drawn = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps([fitted - start, drawn - fitted, held, peak]))


def share(kind, n_processes):
    """Return what `measure` prints, of a fit that processes share; nothing is drawn."""
    from benchmarks.speed.process_group import UPDATES, fit

    _, cpu_ms, _, peak = fit(kind, n_processes, UPDATES[kind])
    return [cpu_ms / 10, math.nan, math.nan, peak]


def run(case, seconds):
    """Measure a case in a process of its own; None where it takes too long."""
    if case[0] == "processes":
        return share(case[1], case[2])
    command = [sys.executable, "-m", "benchmarks.speed.growth", "--case"]
    try:
        done = subprocess.run(
            [*command, json.dumps(case)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            # Of the processor: the clock counts what other programs take.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds,) * 2),
        )
    except subprocess.CalledProcessError as error:
        print(f"{case}: ended with {error.returncode}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def slope(sizes, values):
    """Return how the last of some values grew, in logarithms."""
    if len(values) < 2 or math.isnan(values[-1]):
        return "-"
    grown = math.log(max(values[-1], 1e-9) / max(values[-2], 1e-9))
    return f"{grown / math.log(sizes[-1] / sizes[-2]):.2f}"


def plot(found, path):
    """Draw CPU seconds and memory of all series, an axis a column of panels."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    axes = list(dict.fromkeys(SERIES[name][0] for name in found))
    figure, panels = plt.subplots(
        3, len(axes), figsize=(3.6 * len(axes), 8), squeeze=False, sharex="col"
    )
    titles = ("fit, CPU s", "sample, CPU s", "peak, GiB")
    for (place, axis), row in ((a, r) for a in enumerate(axes) for r in range(3)):
        panel = panels[row, place]
        for name, (sizes, values) in found.items():
            if SERIES[name][0] == axis and sizes:
                label = name.removeprefix(f"{axis}, ")
                column = [v[(0, 1, 3)[row]] for v in values]
                panel.loglog(sizes, column, "o-", label=label)
        low, high = panel.get_xlim()
        floor = panel.get_ylim()
        if axis != "processes":
            # Lines of slope 1, to compare with, from every tenth part on.
            for start in range(-3, 6):
                ends = [floor[0] * 10.0**start, floor[0] * 10.0**start * high / low]
                panel.plot([low, high], ends, "k:", lw=0.6)
        elif row == 1:
            panel.set_axis_off()
        panel.set(
            xlim=(low, high), ylim=floor, ylabel=titles[row] if not place else None
        )
        if row == 0:
            panel.legend(fontsize=7)
        if row == 2:
            panel.set_xlabel(axis)
            if axis == "processes":
                panel.set_xticks([1, 2], ["1", "2"], minor=False)
                panel.set_xticks([], minor=True)
    figure.suptitle("dotted: linear growth", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=70)


def measure_all(options, folder, before):
    """Print a row for each size of each series, and return what was found.

    What was found before is not measured again.
    """
    print("| series | size | fit CPU s | slope | sample CPU s | slope | GiB | slope |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    found = {}
    for name, (axis, params, sizes, is_path) in SERIES.items():
        done, values = found.setdefault(name, ([], []))
        is_asked = axis in options.axes and options.only in name
        for size in map(int, sizes):
            result = before.get(name, {}).get(str(size))
            if result is None and is_asked and size <= options.upto:
                result = run((axis, params, size, is_path, folder), options.limit)
            if result is None:
                continue
            done.append(size)
            values.append(result)
            cells = [name, f"{size:,}".replace(",", " ")]
            for place in (0, 1, 3):
                column = [value[place] for value in values]
                shown = "-" if math.isnan(column[-1]) else f"{column[-1]:.2f}"
                cells += [shown, slope(done, column)]
            print(f"| {' | '.join(cells)} |", flush=True)
            keep(options.found, found)
    return {name: value for name, value in found.items() if value[0]}


def keep(path, found):
    """Write down what was found so far, for a run that goes on from there."""
    if path is not None:
        kept = json.loads(path.read_text()) if path.exists() else {}
        for name, (sizes, values) in found.items():
            kept.setdefault(name, {}).update(zip(map(str, sizes), values, strict=True))
        path.write_text(json.dumps(kept))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--axes", nargs="+", default=AXES)
    parser.add_argument("--only", default="", help="series whose name holds this")
    parser.add_argument(
        "--upto", type=float, default=math.inf, help="the greatest size"
    )
    parser.add_argument("--limit", type=int, default=600, help="CPU seconds a fit")
    parser.add_argument("--folder", help="keeps the files that are made")
    parser.add_argument(
        "--found", type=Path, help="JSON: goes on from it, and adds to it"
    )
    parser.add_argument("--plot", help="writes the picture here")
    parser.add_argument("--case", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("--make", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        measure(options.case)
        return
    if options.make:
        axis, _, size, is_path, folder = options.make
        open_rows(axis, size, is_path, folder)
        return
    before = {}
    if options.found and options.found.exists():
        before = json.loads(options.found.read_text())
    with tempfile.TemporaryDirectory() as temporary:
        found = measure_all(options, options.folder or temporary, before)
    if options.plot:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
