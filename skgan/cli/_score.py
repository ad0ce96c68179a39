"""`skgan score`: how far what a model draws is from rows held out."""

from __future__ import annotations

import argparse

from skgan.cli._models import load_sampler, read_for
from skgan.metrics import SCORERS


def run(options: argparse.Namespace) -> None:
    """Load a sampler, read rows, print a line a score."""
    sampler = load_sampler(options.model)
    drawn = sampler.sample(0, random_state=0)
    rows = read_for(sampler, drawn, options.data, options)
    print(f"score\t{sampler.score(rows.X, rows.y):.6f}")
    for name in options.metric:
        print(f"{name}\t{SCORERS[name](sampler, rows.X, rows.y):.6f}")
