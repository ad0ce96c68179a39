"""`skgan sample`: from a model file to rows or images, in a file or a folder."""

from __future__ import annotations

import argparse
from typing import Any

from skgan.cli._conditions import read_given
from skgan.cli._images import as_bytes, check_folder, write_folder, write_sheet
from skgan.cli._models import drawn_rows, load_sampler
from skgan.cli._options import choose_seed, say
from skgan.cli._read_write import (
    STANDARD,
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
    in_folder = _is_folder(options)
    kind = "folder" if in_folder else None
    if not in_folder:
        kind = None if output == STANDARD else written_format_of(output)
        check_output(output, options.force)
    sampler = load_sampler(options.model)
    empty = drawn_rows(sampler.sample(0, random_state=0))
    if in_folder and (empty.is_table or not is_images(empty.X)):
        _draw_into_folder(options, sampler)
        return
    check_format(empty, output)
    if kind in ("PNG", "folder"):
        _check_images(options, in_folder)
    else:
        check_dialect(empty, output, options.sep, options.encoding)
    given = read_given(options.given, sampler)
    if options.truncation is not None:
        given["truncation"] = options.truncation
    seed = choose_seed(options.seed)
    drawn = drawn_rows(sampler.sample(options.n_samples, random_state=seed, **given))
    if kind in ("PNG", "folder"):
        labels = "" if drawn.y is None else f"; labels: {count_labels(drawn.y)}"
        images = as_bytes(drawn.X, _pixel_range(sampler))
        write = write_sheet if kind == "PNG" else write_folder
        write(images, drawn.y, output)
        say(f"{output}: {options.n_samples} images{labels}")
        return
    learnt = getattr(sampler, "table_format_", None)
    written = with_dialect(learnt, options.sep, options.encoding)
    write_rows(drawn._replace(table_format=written), output, options.sep)
    if output != STANDARD:
        say(f"{output}: {options.n_samples} rows")


def _check_images(options: argparse.Namespace, in_folder: bool) -> None:
    """Raise unless images can be written; asked before anything takes long."""
    typed = [name for name in _OF_FOLDERS if getattr(options, name) is not None]
    if typed:
        option = typed[0].replace("_", "-")
        raise ValueError(f"--{option} is about Parquet files, and the rows are images.")
    if in_folder:
        check_folder(options.output)
    import_pillow("writing images")


def _is_folder(options: argparse.Namespace) -> bool:
    """Whether rows go into a folder: it ends so, or what concerns one is typed."""
    typed = [name for name in _OF_FOLDERS if getattr(options, name) is not None]
    if typed and options.output == STANDARD:
        option = typed[0].replace("_", "-")
        raise ValueError(f"--{option} is about a folder of files; name one with -o.")
    return is_folder(options.output) or bool(typed)


def _draw_into_folder(options: argparse.Namespace, sampler: Any) -> None:
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


def _pixel_range(sampler) -> tuple[float, float]:
    """Return the darkest and the brightest pixel that were learnt."""
    learnt = getattr(getattr(sampler, "encoder_", None), "pixel_range_", None)
    return (0.0, 255.0) if learnt is None else learnt
