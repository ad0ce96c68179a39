"""What every benchmark shares: its arguments, its heading and its table."""

import argparse
import datetime
import os
import platform
import shlex
import sys
from pathlib import Path

import torch

from skgan.datasets import load_mnist


def argument_parser(description):
    """Return a parser with the options that all benchmarks have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="a minute's run that shows it works"
    )
    parser.add_argument(
        "--threads", type=int, help="threads of torch (default: its own choice)"
    )
    parser.add_argument("--out", type=Path, help="also append the report to this file")
    return parser


def parse(parser):
    """Parse the command line and set the number of threads."""
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    return options


def mnist():
    """MNIST from $SKGAN_DATA, from the folder beside the project, or OpenML."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist.npz"
    if not os.environ.get("SKGAN_DATA") and beside.is_file():
        return load_mnist(beside)
    return load_mnist()


def as_vectors(images):
    """Pixels in [0, 1], a flat float32 row an image."""
    return images.reshape(len(images), -1).astype("float32") / 255


def heading(title, **versions):
    """Return the lines that say what was run, where and when."""
    versions = {"torch": torch.__version__, **versions}
    command = shlex.join(["python", "-m", _module(sys.argv[0]), *sys.argv[1:]])
    return [
        f"## {title}",
        "",
        f"- Command: `{command}`",
        f"- Machine: {_processor()}, {os.cpu_count()} cores, "
        f"{torch.get_num_threads()} torch threads, {platform.system()}, "
        f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"- Date: {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
        "",
    ]


def table(columns, rows):
    """Return the lines of a markdown table; `rows` are sequences of strings."""
    lines = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def publish(lines, options):
    """Print the report and, if asked, append it to a file."""
    text = "\n".join(lines)
    print(text, flush=True)
    if options.out:
        with options.out.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def _module(path):
    """The dotted name of a file of the project, so that no folder is shown."""
    root = Path(__file__).resolve().parents[2]
    path = Path(path).resolve()
    path = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    return ".".join(path.with_suffix("").parts)


def _processor():
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
