"""What it costs to start: CPU seconds, as ratios to `import torch, sklearn.base`.

    python benchmarks/speed/start.py --runs 3

Each round measures all of them, one after the other, in processes of their own, and is
printed as it ends; the median of the rounds is shown last. Byte code is there, as in an
installed package. A round takes about 25 CPU seconds, most of them PyTorch's own start.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

GOALS = {
    "import skgan": 0.05,
    "skgan --help": 0.1,
    "skgan --version": 0.1,
    "skgan fit --colour": 0.1,
    "from skgan import GANSampler": 1.05,
    "skgan sample table.skgan -n 5": 1.3,
    "skgan sample images.skgan -n 5": 1.3,
}
BASE = "import torch, sklearn.base"
# A table as trees learn it, and images as networks do, with each default.
MODELS = """
import numpy as np, pandas as pd, skgan
rng = np.random.default_rng(0)
frame = pd.DataFrame({"a": rng.normal(size=90), "b": rng.choice(["x", "y"], 90)})
images = rng.random((64, 8, 8, 1))
for name, data in {"table": frame, "images": images}.items():
    sampler = skgan.GANSampler(max_iter=2, random_state=0).fit(data)
    skgan.save(sampler, f"{name}.skgan")
"""


def command_of(task):
    """Return what Python is started with."""
    if not task.startswith("skgan"):
        return ["-c", task]
    words = ["-m", *task.split()]
    return [*words, "-o", "-", "--seed", "0"] if "sample" in words else words


def cpu_seconds(arguments, folder):
    """Return the CPU seconds of a process, children's included."""
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
    )
    if done.returncode not in (0, 2):  # 2: the option that is not one
        raise RuntimeError(f"{arguments}: {done.stderr.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    seconds = {task: [] for task in (BASE, *GOALS)}
    with tempfile.TemporaryDirectory() as folder:
        cpu_seconds(["-c", MODELS], folder)
        for task in list(GOALS)[-2:]:  # writes byte code
            cpu_seconds(command_of(task), folder)
        for number in range(options.runs):
            for task, found in seconds.items():
                found.append(cpu_seconds(command_of(task), folder))
            shown = ", ".join(f"{found[-1]:.3f}" for found in seconds.values())
            print(f"round {number + 1}: {shown}", flush=True)
    base = statistics.median(seconds[BASE])
    print(f"{BASE}: {base:.2f} CPU s, median of {options.runs} runs")
    for task, goal in GOALS.items():
        middle = statistics.median(seconds[task])
        print(f"{task:30} {middle:6.3f} s  {middle / base:6.3f}  (goal {goal})")


if __name__ == "__main__":
    main()
