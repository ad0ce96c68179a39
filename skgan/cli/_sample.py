"""`skgan sample`: from a model file to rows in a file, or images in a folder."""

from __future__ import annotations

import argparse

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
    with_dialect,
    write_rows,
    written_format_of,
)
from skgan.datasets import import_pillow


def run(options: argparse.Namespace) -> None:
    """Load a sampler, draw, write."""
    output = options.output
    kind = None if output == STANDARD else written_format_of(output)
    if kind == "folder":
        check_folder(output)
    else:
        check_output(output, options.force)
    if kind in ("PNG", "folder"):
        import_pillow("writing images")
    sampler = load_sampler(options.model)
    empty = drawn_rows(sampler.sample(0, random_state=0))
    check_format(empty, output)
    if kind not in ("PNG", "folder"):
        check_dialect(empty, output, options.sep, options.encoding)
    given = read_given(options.given, sampler)
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


def _pixel_range(sampler) -> tuple[float, float]:
    """Return the darkest and the brightest pixel that were learnt."""
    learnt = getattr(getattr(sampler, "encoder_", None), "pixel_range_", None)
    return (0.0, 255.0) if learnt is None else learnt
