"""A hundred million rows of 20 columns, named by path: memory, speed, a kill, quality.

    python -m benchmarks.speed.many_rows --folder FOLDER --distinct 10 --copies 10

A chain of trees that was fitted to Adult and five columns more draws the distinct
millions into files, which are then named several times over, by hard links: drawing
all of them would take hours. A fit by path, long enough to visit 25.6 million of the
rows, encodes these, and is killed (SIGKILL) after its first checkpoint; given again, it
goes on, and ends after 2000 updates. Fresh rows of the same chain judge its samples,
and those of fits in memory to 30 000 of the rows.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FIT = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from skorch.callbacks import Callback
import skgan
from skgan import GANSampler, RowSource
from skgan._packed_rows import PackedRows
from skgan.callbacks import TrainingCheckpoint
from skgan.samplers import _base, _named_rows
where, folder, params = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
spent = {"batches": 0, "CPU s in batches": 0.0}

def tell(event, **more):
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "event": event, "CPU s": round(time.process_time(), 1),
        "s": round(time.perf_counter() - start),
        "GiB": round(used.ru_maxrss / 2**20, 2), "faults": used.ru_majflt,
        **spent, **more,
    }), flush=True)

start = time.perf_counter()
read, encode, unpack = (
    _base.read_named, _named_rows.NamedRows.encode, PackedRows.__getitem__
)
def timed_read(*arguments):
    found = read(*arguments)
    tell("read", kept=len(found[0]))
    return found
def timed_encode(self, *arguments):
    tell("prior fitted")
    rows = encode(self, *arguments)
    tell("encoded", rows=len(rows), bytes=rows.packing.dtype.itemsize)
    return rows
def timed_batch(self, index):
    begin = time.thread_time()
    rows = unpack(self, index)
    spent["batches"] += 1
    spent["CPU s in batches"] += time.thread_time() - begin
    return rows
_base.read_named, _named_rows.NamedRows.encode = timed_read, timed_encode
PackedRows.__getitem__ = timed_batch

class Tell(Callback):
    def on_epoch_end(self, net, **kwargs):
        tell("epoch", updates=sum(len(epoch["batches"]) for epoch in net.history))

tell("start")
more = {}
if where == "path":
    X = RowSource(folder + "/all/*.parquet", scratch=folder + "/scratch")
    more["checkpoint"] = TrainingCheckpoint(folder + "/checkpoint", updates=1)
else:
    X = pd.read_parquet(folder + "/distinct").sample(30_000, random_state=0)
sampler = GANSampler(**params, callbacks=[Tell()], **more).fit(X)
tell("fitted", stage=sampler.stage_)
skgan.save(sampler.set_params(callbacks=None, checkpoint=None), sys.argv[4])
tell("saved")
"""
LONG = {
    "random_state": 0,
    "max_iter": 100_000,
    # All rows that so many updates visit are encoded, though training ends early.
    "net_params": {"iterator_train__n_batches": 500, "max_epochs": 4},
}


def widen(adult, seed=0):
    """Return Adult with five columns more that have to do with it."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    age, hours = adult["age"], adult["hours-per-week"]
    schooling = adult["education-num"]
    years = np.maximum(age - schooling - 6 - rng.poisson(2, len(adult)), 0)
    logarithm = 1.5 + 0.1 * schooling + 0.01 * years + rng.normal(0, 0.4, len(adult))
    regions = [f"region {i}" for i in range(30)]
    place = (adult["race"].astype("category").cat.codes * 7).to_numpy()
    return adult.assign(
        **{
            "years-worked": years,
            "hourly-wage": np.exp(logarithm).round(2),
            "age-band": pd.cut(age, [0, 25, 35, 45, 55, 65, 120]).astype(str),
            "overtime": hours > 40,
            "region": np.array(regions)[(place + rng.geometric(0.15, len(age))) % 30],
        }
    )


def make_rows(folder, n_distinct, n_copies):
    """Write millions of rows, their links, and fresh rows to judge by."""
    from skgan import GANSampler, datasets, sample_to

    adult = widen(datasets.load_adult().train)
    chain = GANSampler(max_iter=0, rejection=None, random_state=0).fit(adult)
    chain.sample(10_000, random_state=10**6).to_parquet(folder / "truth.parquet")
    begin = time.process_time()
    files = sample_to(chain, folder / "distinct", n_distinct * 10**6, random_state=1)
    print(f"drawn in {time.process_time() - begin:.0f} CPU s", flush=True)
    (folder / "all").mkdir(exist_ok=True)
    for copy in range(n_copies):
        for i, file in enumerate(files):
            os.link(file, folder / "all" / f"{copy:02d}-{i:02d}.parquet")


def start(where, folder, params, model):
    """Fit in a process of its own, which prints what it does."""
    command = [sys.executable, "-c", FIT, where, str(folder), json.dumps(params)]
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [*command, str(model)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": root},
    )


def fit(where, folder, params, model):
    """Fit, and stop where that fails."""
    if start(where, folder, params, model).wait():
        raise SystemExit(f"the fit by {where} failed")


def judge(folder, model):
    """Print how samples of a model stand beside fresh rows, three draws."""
    import pandas as pd

    import skgan
    from skgan.metrics import c2st, column_shapes, pair_trends

    sampler, truth = skgan.load(model), pd.read_parquet(folder / "truth.parquet")
    for seed in range(3):
        real = truth.sample(5000, random_state=seed)
        drawn = sampler.sample(5000, random_state=seed)
        print(
            f"| {model.stem} | {sampler.stage_} | {seed} | "
            f"{c2st(real, drawn, random_state=0):.3f} | "
            f"{column_shapes(real, drawn):.4f} | {pair_trends(real, drawn):.4f} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True, help="for all files")
    parser.add_argument("--distinct", type=int, default=10, help="millions of rows")
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--only", nargs="+", default=["rows", "path", "memory"])
    options = parser.parse_args()
    folder = options.folder
    (folder / "scratch").mkdir(parents=True, exist_ok=True)
    models = {name: folder / f"{name}.skgan" for name in ("path", "memory", "default")}
    if "rows" in options.only:
        make_rows(folder, options.distinct, options.copies)
    if "path" in options.only:
        first = start("path", folder, LONG, models["path"])
        while not (folder / "checkpoint" / "training.checkpoint").exists():
            if first.poll() is not None:
                raise SystemExit("the fit ended before it could be killed")
            time.sleep(0.2)
        first.send_signal(signal.SIGKILL)
        first.wait()
        left = {file.name: file.stat().st_size for file in folder.glob("scratch/*")}
        print(f"killed; scratch holds {left}", flush=True)
        fit("path", folder, LONG, models["path"])
        print(f"scratch holds {[*folder.glob('scratch/*')]}", flush=True)
        judge(folder, models["path"])
    if "memory" in options.only:
        for name, how in {"default": {"random_state": 0}, "memory": LONG}.items():
            fit("memory", folder, how, models[name])
            judge(folder, models[name])


if __name__ == "__main__":
    main()
