"""Feed `skgan.load` changed files, and log what it makes of them.

    python benchmarks/fuzz_loader.py                  # a million, in steps of 1000
    python benchmarks/fuzz_loader.py --inputs 20000   # a shorter run

A third of the inputs are files changed anywhere; the others are files of which one
member was changed, its bytes or, parsed, its values, and whose sizes, checksums and
hashes were then made right again. Each must load or be refused by a `FileFormatError`;
nothing may be imported but parts of libraries that frames come from, and no memory be
taken beyond a bound. Input i depends on i alone: a run that was ended goes on behind
the last line of its log.
"""

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from skgan import ConditionalGANSampler, GANSampler, load, save
from skgan.persistence import FileFormatError
from skgan.storage._archive import pack, unpack

STEP = 1_000
MAX_GROWTH = 512 * 2**20
LIBRARIES = ("skgan", "numpy", "pandas", "polars", "pyarrow", "torch", "sklearn")
SMALL = {"max_iter": 2, "hidden_dims": (2,), "latent_dim": 3, "random_state": 0}
STRANGE = [
    *(None, True, -1, 0, 1, 10**6, 10**12, 2**63, 10**38, 0.5, 1e308, [], {}, [[]]),
    *("", "os.system", "fit", "__class__", "../../x"),
    *({"again": 0}, {"again": 5}, {"tuple": []}, {"float": "nan"}),
    *({"definition": "make_date"}, {"object": ["Pick", {"levels": []}]}),
]


def make_corpus(folder):
    """Return the members of small honest files."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    letters = np.array(["x", "y", "z"])[rng.integers(0, 3, 60)]
    table = pd.DataFrame({"a": X[:, 0].round(1), "b": letters, "c": X[:, 1] > 0})
    table["d"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(range(60), unit="D")
    samplers = {
        "vectors": GANSampler(warm_start=True, **SMALL).fit(X),
        "images": GANSampler(**SMALL).fit(rng.integers(0, 9, (60, 3, 3))),
        "pandas": GANSampler(**SMALL | {"latent_dim": 9}).fit(table),
        "polars": GANSampler(**SMALL | {"latent_dim": 9}).fit(pl.from_pandas(table)),
        "labels": ConditionalGANSampler(**SMALL).fit(X, letters),
    }
    corpus = []
    for name, sampler in samplers.items():
        path = Path(folder) / name
        save(sampler, path)
        load(path)
        corpus.append(unpack(path)[1])
    return corpus


def change_bytes(rng, data):
    """Return data with some bytes changed, moved, doubled or lost."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place, other = rng.randrange(len(changed)), rng.randrange(len(changed))
        action, size = rng.randrange(6), rng.choice((1, 2, 4, 8, 64))
        if action == 0:
            changed[place] ^= 1 << rng.randrange(8)
        elif action == 1:
            changed[place : place + size] = rng.randbytes(size)
        elif action == 2 and len(changed) > 2 * size:
            del changed[place : place + size]
        elif action == 3:
            changed[place:place] = changed[other : other + size]
        elif action == 4:
            changed[place : place + size] = changed[other : other + size]
        else:
            changed[place : place + size] = bytes([255]) * size
    return bytes(changed)


def change_values(rng, data):
    """Return JSON of which some values, keys or items were changed."""
    root = json.loads(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        node = root
        # A walk to somewhere; it ends the sooner, the higher it is.
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = rng.choice(keys)
            child = node[key]
            if isinstance(child, dict | list) and child and rng.random() < 0.9:
                node = child
                continue
            action = rng.randrange(4)
            if action == 0:
                node[key] = rng.choice(STRANGE)
            elif action == 1:
                del node[key]
            elif action == 2 and isinstance(node, list):
                node.insert(key, node[rng.choice(keys)])
            elif action == 2:
                node[rng.choice(("fit", "x", "__class__", "net_"))] = child
            elif isinstance(child, int) and not isinstance(child, bool):
                node[key] = child * rng.choice((-1, 2, 1000, 10**9))
            else:
                node[key] = node[rng.choice(keys)]
            break
    return json.dumps(root).encode()


def make_input(corpus, i):
    """Return input `i`: a changed file."""
    rng = random.Random(i)
    members = rng.choice(corpus)
    kind = rng.randrange(3)
    if kind == 0:
        return change_bytes(rng, b"".join(pack(members, 1)))
    names = [n for n in members if kind == 1 or n.endswith(".json")]
    name = rng.choice(names)
    change = change_bytes if kind == 1 else change_values
    return b"".join(pack({**members, name: change(rng, members[name])}, 1))


def peak():
    """Return the most memory taken so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run_step(corpus, start, stop, path):
    """Load inputs `start` to `stop`, and return what came of them."""
    outcomes, slowest = Counter(), 0.0
    for i in range(start, stop):
        path.write_bytes(make_input(corpus, i))
        began = time.perf_counter()
        try:
            load(path)
            outcomes["loaded"] += 1
        except FileFormatError as error:
            outcomes[type(error).__name__] += 1
        except BaseException:
            print(f"input {i} was neither loaded nor refused", file=sys.stderr)
            raise
        slowest = max(slowest, time.perf_counter() - began)
    return dict(sorted(outcomes.items())), slowest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--log", type=Path, default=Path("fuzz_loader.log"))
    arguments = parser.parse_args()
    lines = arguments.log.read_text().splitlines() if arguments.log.exists() else []
    done = json.loads(lines[-1])["inputs"] if lines else 0
    with tempfile.TemporaryDirectory() as folder:
        corpus = make_corpus(folder)
        path = Path(folder) / "input"
        path.touch()
        files = sorted(os.listdir(folder))
        modules, memory = set(sys.modules), peak()
        while done < arguments.inputs:
            stop = min(done + STEP, arguments.inputs)
            began = time.perf_counter()
            outcomes, slowest = run_step(corpus, done, stop, path)
            seconds = time.perf_counter() - began
            new = {name.partition(".")[0] for name in set(sys.modules) - modules}
            foreign = new - set(LIBRARIES) - set(sys.stdlib_module_names)
            assert not foreign, f"imported: {foreign}"
            assert peak() - memory < MAX_GROWTH, "too much memory was taken"
            assert sorted(os.listdir(folder)) == files, "another file was written"
            entry = {
                "inputs": stop,
                "outcomes": outcomes,
                "a_second": round((stop - done) / seconds, 1),
                "slowest_s": round(slowest, 3),
                "memory_grown_mib": round((peak() - memory) / 2**20, 1),
            }
            done = stop
            with arguments.log.open("a") as log:
                log.write(json.dumps(entry) + "\n")
            print(json.dumps(entry), flush=True)


if __name__ == "__main__":
    main()
