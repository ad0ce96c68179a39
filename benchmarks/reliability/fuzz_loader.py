"""Feed `skgan.load` changed files, and log what it makes of them.

    python -m benchmarks.reliability.fuzz_loader            # a million, 20 000 a line
    python -m benchmarks.reliability.fuzz_loader --inputs 20000  # a shorter run
    python -m benchmarks.reliability.fuzz_loader --jobs 2   # in two processes

The inputs are made of small files of every estimator: changed anywhere; or in one
member, its bytes, its parsed values, or its header of tensors, or by a part of another
file in the place of its own, and then with sizes, checksums and hashes made right
again. Each must load or be refused by a `FileFormatError`; nothing may be imported but
parts of libraries that frames come from, nothing run, no file opened but itself, and
no memory be taken beyond a bound. Input i depends on i alone: a run that was ended goes
on behind the last line of its log.
"""

import argparse
import gc
import json
import multiprocessing
import os
import platform
import resource
import shlex
import sys
import sysconfig
import tempfile
import time
import zoneinfo
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import torch

import skgan
from benchmarks.lib.loader_inputs import KINDS, OTHERS, SHARES, make_corpus, make_input
from skgan.io import FileFormatError
from skgan.io._registry import named
from skgan.storage import pack

MODULE = "benchmarks.reliability.fuzz_loader"
TASK, LINE = 1_000, 20_000
MAX_GROWTH = 512 * 2**20
LIBRARIES = ("skgan", "numpy", "pandas", "polars", "pyarrow", "torch", "sklearn")
# What Python tells its auditors of before it is done.
NEVER = (
    *("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile"),
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod"),
    *("os.link", "os.symlink", "os.kill", "os.putenv", "subprocess", "pty.", "shutil."),
    *("pickle.", "socket.", "urllib.", "ftplib.", "http.", "webbrowser.", "ctypes."),
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_state = {}


class Watch:
    """Notes what a load does that none may do, while it is open."""

    def __init__(self, path):
        self.path, self.is_open, self.noted = os.fspath(path), False, []
        paths = sysconfig.get_paths().values()
        self.readable = (*paths, sys.base_prefix, *zoneinfo.TZPATH)
        sys.addaudithook(self._hear)

    def _hear(self, event, args):
        # An error raised here could be taken for one of the file's.
        if not self.is_open:
            return
        if event == "open":
            path, _, flags = args
            is_own = path == self.path or str(path).startswith(self.readable)
            if flags & WRITING or not is_own:
                self.noted.append((event, str(path)))
        elif event.startswith(NEVER):
            self.noted.append((event, repr(args)[:200]))

    def __enter__(self):
        self.is_open = True

    def __exit__(self, *error):
        self.is_open = False


def peak():
    """Return the most memory taken so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def begin(corpus, folder):
    """Prepare a process; what was there before the inputs is not collected again."""
    torch.set_num_threads(1)
    path = Path(folder) / f"input-{os.getpid()}"
    # The first networks have PyTorch import more of itself, which makes folders.
    for members in corpus.values():
        path.write_bytes(pack(members, 1))
        skgan.load(path, objects=OTHERS)
    # An unknown name is looked for in all rooms, which are imported for it.
    named()
    _state.update(corpus=corpus, path=path, watch=Watch(path))
    run(0, 200)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)
    _state.update(modules=set(sys.modules), memory=peak())


def run(start, stop):
    """Load inputs `start` to `stop`, and return what came of them."""
    corpus, path, watch = _state["corpus"], _state["path"], _state["watch"]
    outcomes, slowest = Counter(), (0.0, start)
    for i in range(start, stop):
        kind, _, data = make_input(corpus, i)
        path.write_bytes(data)
        began = time.perf_counter()
        try:
            with watch:
                skgan.load(path, objects=OTHERS)
            outcomes[kind, "loaded"] += 1
        except FileFormatError as error:
            outcomes[kind, type(error).__name__] += 1
        except BaseException as error:
            error.add_note(f"Input {i} was neither loaded nor refused.")
            raise
        slowest = max(slowest, (time.perf_counter() - began, i))
        if watch.noted:
            raise AssertionError(f"Input {i} did {watch.noted}")
    return outcomes, slowest, growth(start, stop)


def growth(start, stop):
    """Return the bytes taken since this process began, nothing foreign imported."""
    if "memory" not in _state:
        return 0
    new = {name.partition(".")[0] for name in set(sys.modules) - _state["modules"]}
    foreign = new - set(LIBRARIES) - set(sys.stdlib_module_names)
    assert not foreign, f"imported by inputs {start} to {stop}: {foreign}"
    grown = peak() - _state["memory"]
    assert grown < MAX_GROWTH, f"{grown} bytes taken by inputs {start} to {stop}"
    return grown


def run_line(map_tasks, n_jobs, start, stop):
    """Return a line of the log: what came of inputs `start` to `stop`."""
    began = time.perf_counter()
    starts = list(range(start, stop, TASK))
    stops = [min(first + TASK, stop) for first in starts]
    outcomes, slowest, grown = Counter(), (0.0, start), 0
    for counts, slow, taken in map_tasks(run, starts, stops):
        outcomes += counts
        slowest, grown = max(slowest, slow), max(grown, taken)
    return {
        "inputs": stop,
        "outcomes": by_kind(outcomes),
        "seconds": round(time.perf_counter() - began, 1),
        "slowest_s": round(slowest[0], 3),
        "slowest_input": slowest[1],
        "memory_grown_mib": round(grown / 2**20, 1),
        "processes": n_jobs,
    }


def by_kind(outcomes):
    return {
        kind: {what: n for (k, what), n in sorted(outcomes.items()) if k == kind}
        for kind in KINDS
    }


def head(corpus):
    """Return the first line of a log."""
    return {
        "command": shlex.join(["python", "-m", MODULE, *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "machine": f"{processor()}, {os.cpu_count()} cores",
        "versions": {
            "skgan": skgan.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "shares": SHARES,
        "files": {name: sum(map(len, f.values())) for name, f in corpus.items()},
    }


def processor():
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


def total(lines):
    """Return the last line of a log: the sums and extremes of the others."""
    outcomes = Counter()
    for line in lines:
        for kind, counts in line["outcomes"].items():
            outcomes += Counter({(kind, what): n for what, n in counts.items()})
    slowest = max(lines, key=lambda line: line["slowest_s"])
    n_loaded = sum(n for (_, what), n in outcomes.items() if what == "loaded")
    return {
        "total": sum(outcomes.values()),
        "loaded": n_loaded,
        "refused": sum(outcomes.values()) - n_loaded,
        "neither": 0,
        "outcomes": by_kind(outcomes),
        "slowest_s": slowest["slowest_s"],
        "slowest_input": slowest["slowest_input"],
        "memory_grown_mib": max(line["memory_grown_mib"] for line in lines),
        "hours": round(sum(line["seconds"] for line in lines) / 3600, 2),
    }


def write(log, entry):
    with log.open("a") as file:
        file.write(json.dumps(entry) + "\n")
    print(json.dumps(entry), flush=True)


def fuzz(n_inputs, log, n_jobs, folder):
    """Run the inputs that `log` lacks."""
    corpus = make_corpus(folder)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    if not entries:
        write(log, head(corpus))
    lines = [entry for entry in entries if "inputs" in entry]
    context = multiprocessing.get_context("spawn")
    if n_jobs == 1:
        begin(corpus, folder)
        pool = nullcontext()
    else:
        pool = ProcessPoolExecutor(n_jobs, context, begin, (corpus, folder))
    with pool as executor:
        map_tasks = executor.map if executor else map
        for start in range(lines[-1]["inputs"] if lines else 0, n_inputs, LINE):
            stop = min(start + LINE, n_inputs)
            lines.append(run_line(map_tasks, n_jobs, start, stop))
            write(log, lines[-1])
    left = [file.name for file in Path(folder).iterdir()]
    assert all(name.startswith("input-") for name in left), f"written: {left}"
    write(log, total(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--log", type=Path, default=Path("fuzz_loader.log"))
    arguments = parser.parse_args()
    arguments.log.touch()
    # Where there is one, a folder in memory.
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        fuzz(arguments.inputs, arguments.log, arguments.jobs, folder)


if __name__ == "__main__":
    main()
