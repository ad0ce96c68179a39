"""`skgan sample`: from a model file to a file of rows."""

from __future__ import annotations

import argparse

from skgan.cli._conditions import condition, read_given
from skgan.cli._models import drawn_rows, load_sampler
from skgan.cli._options import (
    add_debug,
    add_force,
    add_seed,
    choose_seed,
    say,
    whole_number,
)
from skgan.cli._read_write import (
    STANDARD,
    check_format,
    check_output,
    format_of,
    write_rows,
)


def add_parser(verbs) -> None:
    """Add the verb to the command line."""
    sample = verbs.add_parser(
        "sample",
        help="draw rows from a model file",
        description="Draw rows from a model file: like those that it was fitted to, "
        "columns, their order and their kinds included.",
    )
    sample.add_argument("model", help="a file that skgan fit, or skgan.save, wrote")
    sample.add_argument(
        "-n",
        "--n-samples",
        type=whole_number(0),
        default=1000,
        metavar="N",
        help="rows to draw (default: %(default)s)",
    )
    sample.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="the rows: .csv, .csv.gz, .parquet or, of arrays, .npz; - writes CSV (of "
        "arrays npz) to standard output",
    )
    sample.add_argument(
        "--given",
        type=condition,
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="what all rows shall have in a column: a value, a range LOW..HIGH of "
        "numbers or dates, nothing for missing; of a model with labels, the label. "
        "May be repeated, for a column with several values, too",
    )
    add_seed(sample, "the rows")
    add_force(sample)
    add_debug(sample)
    sample.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Load a sampler, draw, write."""
    if options.output != STANDARD:
        format_of(options.output)
    check_output(options.output, options.force)
    sampler = load_sampler(options.model)
    check_format(drawn_rows(sampler.sample(0, random_state=0)), options.output)
    given = read_given(options.given, sampler)
    seed = choose_seed(options.seed)
    drawn = sampler.sample(options.n_samples, random_state=seed, **given)
    write_rows(drawn_rows(drawn), options.output)
    if options.output != STANDARD:
        say(f"{options.output}: {options.n_samples} rows")
