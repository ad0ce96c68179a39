"""`skgan fit`: from rows to a file with a fitted sampler."""

from __future__ import annotations

import argparse

from skgan import ConditionalGANSampler, GANSampler
from skgan.cli._models import split_labels
from skgan.cli._options import (
    add_debug,
    add_device,
    add_force,
    add_max_iter,
    add_seed,
    choose_seed,
    say,
    seconds,
)
from skgan.cli._read_write import STANDARD, FileRows, check_output, read_rows
from skgan.encoding import TableEncoder
from skgan.io import save


def add_parser(verbs) -> None:
    """Add the verb to the command line."""
    fit = verbs.add_parser(
        "fit",
        help="learn from a file of rows, write a model file",
        description="Learn to draw rows like those of a file: of CSV or Parquet as a "
        "table, of an npz file with an array X as vectors or images and, if it holds "
        "labels y, by label.",
    )
    fit.add_argument(
        "data", help="rows: .csv, .csv.gz, .parquet or .npz; - reads CSV from a pipe"
    )
    fit.add_argument(
        "-o", "--output", required=True, metavar="MODEL", help="the model file"
    )
    ask = fit.add_mutually_exclusive_group()
    ask.add_argument(
        "--condition-on",
        action="append",
        metavar="COLUMN",
        help="a column that can be given when rows are drawn; may be repeated "
        "(default: those of at most 20 levels)",
    )
    ask.add_argument(
        "--target",
        metavar="COLUMN",
        help="learn the other columns under this one, with a ConditionalGANSampler",
    )
    fit.add_argument(
        "--identifiers",
        choices=["raise", "draw"],
        default="raise",
        help="whether a column of text that is hardly ever repeated, such as names or "
        "numbers of orders, is an error or drawn fresh (default: %(default)s)",
    )
    add_seed(fit, "the whole fit")
    fit.add_argument(
        "--time",
        type=seconds,
        metavar="SECONDS",
        help="end training after so long (default: when all updates are done)",
    )
    add_max_iter(fit)
    add_device(fit)
    fit.add_argument(
        "-q", "--quiet", action="store_true", help="show no progress, only errors"
    )
    add_force(fit)
    add_debug(fit)
    fit.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Read rows, fit a sampler, save it."""
    if options.output == STANDARD:
        raise ValueError("a model file cannot go to standard output; name a file.")
    check_output(options.output, options.force)
    rows = read_rows(options.data)
    if not options.quiet:
        say(f"{options.data}: {len(rows.X)} rows{_shape(rows)}")
    if options.target is not None:
        rows = split_labels(rows, [options.target])
    sampler = _make_sampler(options, rows).fit(rows.X, rows.y)
    save(sampler, options.output)
    if not options.quiet:
        name, n_iter = type(sampler).__name__, sampler.n_iter_
        say(f"{options.output}: {name} after {n_iter} updates")


def _shape(rows: FileRows) -> str:
    if rows.is_table:
        return f", {len(rows.X.columns)} columns"
    shape = " x ".join(map(str, rows.X.shape[1:]))
    return f" of {shape}" + ("" if rows.y is None else ", with labels")


def _make_sampler(options: argparse.Namespace, rows: FileRows):
    seed = options.seed
    params = {
        "max_iter": "auto" if options.max_iter is None else options.max_iter,
        "max_time": options.time,
        "device": options.device,
        "random_state": choose_seed(seed) if not options.quiet else seed,
        "verbose": 0 if options.quiet else 1,
    }
    if options.condition_on or options.identifiers != "raise":
        if not rows.is_table:
            raise ValueError(
                "--condition-on and --identifiers are about columns, and the rows are "
                "arrays."
            )
        params["encoder"] = TableEncoder(
            condition_on=options.condition_on or "auto",
            identifiers=options.identifiers,
        )
    if rows.y is not None:
        return ConditionalGANSampler(**params)
    return GANSampler(**params)
