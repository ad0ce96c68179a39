"""Adult rows drawn into files: what it costs beside memory, and what kills leave.

    python -m benchmarks.speed.sample_to                 # 10**7 rows, two processes
    python -m benchmarks.speed.sample_to --rows 0        # kills alone

Rows a second are those of a second of one processor, since others may share it.
"""

import argparse
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
import pyarrow.parquet

import skgan
from skgan import GANSampler, datasets, sample_to

DRAW = """
import sys
import skgan
path, folder, n, per_file, jobs = sys.argv[1:]
if __name__ == "__main__":
    skgan.sample_to(
        skgan.load(path), folder, int(n), rows_per_file=int(per_file),
        random_state=1, n_jobs=int(jobs),
    )
"""


def start(model, folder, n, per_file, jobs):
    """Draw in processes of their own."""
    numbers = [str(number) for number in (n, per_file, jobs)]
    return subprocess.Popen(
        [sys.executable, "-c", DRAW, str(model), str(folder), *numbers],
        start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def in_memory_and_files(sampler, n, folder):
    """Print the processor's seconds of `sample` and of `sample_to`, turn by turn."""
    stage, shares = sampler.stage_, []
    for turn in range(5):
        seconds = []
        for draw in (
            lambda: sampler.sample(n, random_state=1),
            lambda turn=turn: sample_to(
                sampler,
                folder / f"{sampler.stage_}{turn}",
                n,
                random_state=1,
                rows_per_file=n,
            ),
        ):
            begin = time.process_time()
            draw()
            seconds.append(time.process_time() - begin)
        shares.append(seconds[0] / seconds[1])
        print(
            f"{stage}, {n} rows: sample {n / seconds[0]:8.0f} rows/s, sample_to "
            f"{n / seconds[1]:8.0f} rows/s, {shares[-1]:.2f} of it"
        )
    print(f"median: {statistics.median(shares):.2f}")


def with_workers(model, folder, n, per_file, jobs):
    """Print rows a second of each worker, and the most memory that one had."""
    begin, spent, most = time.perf_counter(), {}, {}
    drawing = start(model, folder, n, per_file, jobs)
    root = psutil.Process(drawing.pid)
    while drawing.poll() is None:
        for process in root.children(recursive=True):
            try:
                times, memory = process.cpu_times(), process.memory_info()
            except psutil.Error:
                continue
            spent[process.pid] = times.user + times.system
            most[process.pid] = max(most.get(process.pid, 0), memory.rss)
        time.sleep(0.2)
    wall = time.perf_counter() - begin
    workers = sorted(spent, key=spent.get)[-jobs:]
    total = sum(spent[pid] for pid in workers)
    print(
        f"{n} rows, {jobs} processes: {n / total:.0f} rows a second of a core, their "
        f"start included, {wall:.0f} s; at most "
        f"{max(most[pid] for pid in workers) / 2**20:.0f} MiB a process"
    )


def with_kills(sampler, folder, n, per_file, jobs, n_kills, longest):
    """Kill runs that draw into one folder at random times, go on, and compare."""
    rng = random.Random(0)
    fork = multiprocessing.get_context("fork")

    def draw():
        sample_to(sampler, folder, n, rows_per_file=per_file, random_state=1)

    for _ in range(n_kills):
        n_before = len(list(folder.glob("*.parquet")))
        runs = [fork.Process(target=draw) for _ in range(jobs)]
        for run in runs:
            run.start()
        time.sleep(rng.uniform(0, longest))
        n_alive = sum(run.is_alive() for run in runs)
        for run in runs:
            run.kill()
            run.join()
        files = sorted(folder.glob("*.parquet"))
        rows = [pyarrow.parquet.read_metadata(file).num_rows for file in files]
        assert set(rows) <= {per_file}, rows
        aside = len(list(folder.glob(".rows-*.tmp")))
        print(
            f"killed {n_alive}: {n_before} -> {len(files)} of {n // per_file} files, "
            f"{aside} aside"
        )
    draw()
    drawn = pd.read_parquet(folder)
    wanted = sampler.sample(n, random_state=1)
    assert not list(folder.glob(".*"))
    print(f"equal to sample: {drawn.equals(wanted)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=1e7)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument(
        "--longest", type=float, default=3, help="seconds of writing before a kill"
    )
    parser.add_argument("--time", type=float, default=120, help="of the fit")
    options = parser.parse_args()
    n = int(options.rows)
    with tempfile.TemporaryDirectory() as name:
        folder, model = Path(name), Path(name) / "adult.skgan"
        train = datasets.load_adult().train
        sampler = GANSampler(max_time=options.time, random_state=0).fit(train)
        skgan.save(sampler, model)
        print(f"fitted to {len(train)} rows, stage {sampler.stage_}")
        if n:
            for stage in sampler.stages_:
                in_memory_and_files(sampler.at_stage(stage), min(n, 10**6), folder)
            with_workers(model, folder / "many", n, min(n // 10, 10**6), options.jobs)
        (folder / "kills").mkdir()
        kills = options.kills, options.longest
        with_kills(sampler, folder / "kills", 10**6, 20_000, options.jobs, *kills)


if __name__ == "__main__":
    main()
