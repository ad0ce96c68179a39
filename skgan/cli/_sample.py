"""`skgan sample`: from a model file to a file of rows or images, or to a folder."""

from __future__ import annotations

import argparse
import os
from typing import Any

from skgan._messages import counted
from skgan.cli._given_values import read_given
from skgan.cli._images import as_bytes, check_folder, write_folder, write_sheet
from skgan.cli._models import drawn_rows, load_sampler
from skgan.cli._options import choose_seed, say
from skgan.cli._read_write import (
    STANDARD,
    FileRows,
    check_dialect,
    check_format,
    check_output,
    count_labels,
    is_folder,
    is_images,
    with_dialect,
    write_rows,
    written_format_of,
)
from skgan.datasets import import_pillow

_ROWS_PER_FILE = 1_000_000
_OF_FOLDERS = ("rows_per_file", "jobs", "scheduler")


def run(options: argparse.Namespace) -> None:
    """Load a sampler, draw, write."""
    output = options.output
    if _is_folder(options) or is_folder(output):
        sampler = load_sampler(options.model)
        _draw_into_folder(
            options, sampler, drawn_rows(sampler.sample(0, random_state=0))
        )
        return
    kind = None if output == STANDARD else written_format_of(output)
    check_output(output, options.force)
    if kind == "PNG":
        import_pillow("writing images")
    sampler = load_sampler(options.model)
    empty = drawn_rows(sampler.sample(0, random_state=0))
    check_format(empty, output)
    check_dialect(empty, output, options.sep, options.encoding)
    drawn = _draw(options, sampler)
    if kind == "PNG":
        write_sheet(as_bytes(drawn.X, _pixel_range(sampler)), drawn.y, output)
        _say_images(output, drawn)
        return
    learnt = getattr(sampler, "table_format_", None)
    written = with_dialect(learnt, options.sep, options.encoding)
    write_rows(drawn._replace(table_format=written), output, options.sep)
    if output != STANDARD:
        say(f"{output}: {counted(options.n_samples, 'row')}")


def _draw(options: argparse.Namespace, sampler: Any) -> FileRows:
    """Draw what was typed."""
    given = read_given(options.given, sampler)
    if options.truncation is not None:
        given["truncation"] = options.truncation
    seed = choose_seed(options.seed)
    return drawn_rows(sampler.sample(options.n_samples, random_state=seed, **given))


def _say_images(output: str, drawn: FileRows) -> None:
    labels = "" if drawn.y is None else f"; labels: {count_labels(drawn.y)}"
    say(f"{output}: {counted(len(drawn.X), 'image')}{labels}")


def _pixel_range(sampler: Any) -> tuple[float, float]:
    """Return the darkest and the brightest pixel that were learnt."""
    learnt = getattr(getattr(sampler, "encoder_", None), "pixel_range_", None)
    return (0.0, 255.0) if learnt is None else learnt


def _typed_of_folders(options: argparse.Namespace) -> list[str]:
    return [name for name in _OF_FOLDERS if getattr(options, name) is not None]


def _is_folder(options: argparse.Namespace) -> bool:
    """Whether rows go into a folder: -o ends in a slash, or an option is of folders."""
    typed = _typed_of_folders(options)
    ends_so = options.output.endswith(("/", os.sep))
    if typed and options.output == STANDARD:
        option = typed[0].replace("_", "-")
        raise ValueError(f"--{option} is about a folder of files; name one with -o.")
    return ends_so or bool(typed)


def _draw_into_folder(
    options: argparse.Namespace, sampler: Any, empty: FileRows
) -> None:
    """Write images, each as a file of its own, or else files of rows."""
    output = options.output
    if not empty.is_table and is_images(empty.X) and not _typed_of_folders(options):
        check_folder(output)
        check_dialect(empty, output, options.sep, options.encoding)
        import_pillow("writing images")
        drawn = _draw(options, sampler)
        write_folder(as_bytes(drawn.X, _pixel_range(sampler)), drawn.y, output)
        _say_images(output, drawn)
    elif _is_folder(options):
        _complete_folder(options, sampler)
    else:
        check_output(output, options.force)


def _complete_folder(options: argparse.Namespace, sampler: Any) -> None:
    """Draw files that are missing in a folder of Parquet files."""
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
    rows, written = counted(options.n_samples, "row"), counted(len(files), "file")
    say(f"{options.output}: {rows} in {written}")
