"""`skgan score`: how far what a model draws is from rows held out."""

from __future__ import annotations

import argparse

from skgan.cli._models import drawn_rows, load_sampler, match_rows
from skgan.cli._options import add_debug
from skgan.cli._read_write import read_rows
from skgan.metrics import SCORERS


def add_parser(verbs) -> None:
    """Add the verb to the command line."""
    score = verbs.add_parser(
        "score",
        help="compare a model file with rows held out",
        description="Print the score of a model on rows that it was not fitted to: "
        "minus the energy distance between them and rows that it draws; 0 is perfect.",
    )
    score.add_argument("model", help="a file that skgan fit, or skgan.save, wrote")
    score.add_argument(
        "data", help="rows: .csv, .csv.gz, .parquet or .npz; - reads CSV from a pipe"
    )
    score.add_argument(
        "--metric",
        action="append",
        choices=sorted(SCORERS),
        default=[],
        metavar="NAME",
        help="print this, too; more is better, distances are negative. May be "
        f"repeated. Known: {', '.join(sorted(SCORERS))}",
    )
    add_debug(score)
    score.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Load a sampler, read rows, print a line a score."""
    sampler = load_sampler(options.model)
    drawn = sampler.sample(0, random_state=0)
    rows = read_rows(options.data, like=drawn_rows(drawn))
    rows = match_rows(rows, drawn)
    print(f"score\t{sampler.score(rows.X, rows.y):.6f}")
    for name in options.metric:
        print(f"{name}\t{SCORERS[name](sampler, rows.X, rows.y):.6f}")
