"""`skgan sample`: from a model file to a file of rows."""

from __future__ import annotations

import argparse

from skgan.cli._conditions import read_given
from skgan.cli._models import drawn_rows, load_sampler
from skgan.cli._options import choose_seed, say
from skgan.cli._read_write import (
    STANDARD,
    check_dialect,
    check_format,
    check_output,
    format_of,
    with_dialect,
    write_rows,
)


def run(options: argparse.Namespace) -> None:
    """Load a sampler, draw, write."""
    if options.output != STANDARD:
        format_of(options.output)
    check_output(options.output, options.force)
    sampler = load_sampler(options.model)
    empty = drawn_rows(sampler.sample(0, random_state=0))
    check_format(empty, options.output)
    check_dialect(empty, options.output, options.sep, options.encoding)
    given = read_given(options.given, sampler)
    if options.truncation is not None:
        given["truncation"] = options.truncation
    seed = choose_seed(options.seed)
    drawn = drawn_rows(sampler.sample(options.n_samples, random_state=seed, **given))
    learnt = getattr(sampler, "table_format_", None)
    written = with_dialect(learnt, options.sep, options.encoding)
    write_rows(drawn._replace(table_format=written), options.output, options.sep)
    if options.output != STANDARD:
        say(f"{options.output}: {options.n_samples} rows")
