"""`skgan sample`: from a model file to a file of rows, or to a folder of them."""

from __future__ import annotations

import argparse
import os
from typing import Any

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

_ROWS_PER_FILE = 1_000_000
_OF_FOLDERS = ("rows_per_file", "jobs", "scheduler")


def run(options: argparse.Namespace) -> None:
    """Load a sampler, draw, write."""
    if _is_folder(options):
        _draw_into_folder(options)
        return
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


def _is_folder(options: argparse.Namespace) -> bool:
    """Whether rows go into a folder: it ends so, or what concerns one is typed."""
    typed = [name for name in _OF_FOLDERS if getattr(options, name) is not None]
    ends_so = options.output.endswith(("/", os.sep))
    if typed and options.output == STANDARD:
        option = typed[0].replace("_", "-")
        raise ValueError(f"--{option} is about a folder of files; name one with -o.")
    return ends_so or bool(typed)


def _draw_into_folder(options: argparse.Namespace) -> None:
    """Draw files that are missing in a folder."""
    from skgan.io import is_begun, sample_to

    for name in ("force", "sep", "encoding"):
        if getattr(options, name):
            raise ValueError(
                f"--{name} is not for a folder of Parquet files, which is completed "
                "and never replaced."
            )
    if options.truncation is not None:
        raise ValueError(
            "--truncation is not for a folder of files; name one file with -o."
        )
    sampler = load_sampler(options.model)
    given: dict[str, Any] = read_given(options.given, sampler)
    seed = options.seed
    if not is_begun(options.output):
        seed = choose_seed(seed)
    files = sample_to(
        sampler,
        options.output,
        options.n_samples,
        rows_per_file=options.rows_per_file or _ROWS_PER_FILE,
        random_state=seed,
        n_jobs=options.jobs,
        scheduler=options.scheduler,
        verbose=int(not options.quiet),
        **given,
    )
    say(f"{options.output}: {options.n_samples} rows in {len(files)} files")
