"""`skgan report`: a page on how good what a model draws is."""

from __future__ import annotations

import argparse

from skgan.cli._models import drawn_rows, load_sampler, match_rows
from skgan.cli._options import add_debug, add_force, say, whole_number
from skgan.cli._read_write import STANDARD, FileRows, check_output, read_rows, write_out
from skgan.metrics.diagnosis._diagnose import MIN_ROWS, warn_of_copies
from skgan.reporting._report import compose

_ENDINGS = (".html", ".htm")


def add_parser(verbs) -> None:
    """Add the verb to the command line."""
    report = verbs.add_parser(
        "report",
        help="write a page on how good what a model draws is",
        description="Judge what a model draws by rows that it was not fitted to, and "
        "write one page of HTML, pictures included: verdicts, what to try, columns and "
        "pairs or images, coverage, copying, training and settings.",
    )
    report.add_argument("model", help="a file that skgan fit, or skgan.save, wrote")
    report.add_argument(
        "data",
        help="rows held out: .csv, .csv.gz, .parquet or .npz; - reads CSV from a pipe",
    )
    report.add_argument(
        "-o",
        "--output",
        default="report.html",
        metavar="FILE",
        help="the page, .html; - writes it to standard output (default: %(default)s)",
    )
    report.add_argument(
        "--train",
        metavar="DATA",
        help="the rows that the model was fitted to, without which copying is not "
        "judged",
    )
    report.add_argument("--title", help="heading of the page")
    report.add_argument(
        "-n",
        "--n-samples",
        type=whole_number(MIN_ROWS),
        default=5000,
        metavar="N",
        help="rows to draw, and rows of each file to look at (default: %(default)s)",
    )
    report.add_argument(
        "--seed",
        type=whole_number(0),
        help="fixes the page (default: a seed that the model keeps)",
    )
    report.add_argument(
        "-q", "--quiet", action="store_true", help="show no progress, only errors"
    )
    add_force(report)
    add_debug(report)
    report.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Load a sampler, read rows, judge, write the page."""
    output = options.output
    if output != STANDARD and not output.lower().endswith(_ENDINGS):
        raise ValueError(f"{output!r} must end in one of {', '.join(_ENDINGS)}.")
    check_output(output, options.force)
    if options.data == options.train == STANDARD:
        raise ValueError("only one of the two sets of rows can come from a pipe.")
    sampler = load_sampler(options.model)
    drawn = sampler.sample(0, random_state=0)
    holdout = _read(options.data, drawn)
    train = FileRows(None) if options.train is None else _read(options.train, drawn)
    # Labels of both sets are judged, or of none.
    has_labels = holdout.y is not None and (train.X is None or train.y is not None)
    report = compose(
        sampler,
        holdout.X,
        train.X,
        labels=(holdout.y, train.y) if has_labels else (None, None),
        title=options.title,
        max_columns=12,
        max_samples=options.n_samples,
        random_state=options.seed,
        tell=(lambda step: None) if options.quiet else (lambda step: say(f"  {step}")),
    )
    warn_of_copies(report.diagnosis, stacklevel=2)
    page = report.html.encode("utf-8")
    if output == STANDARD:
        write_out(page)
        return
    report.save(output)
    if not options.quiet:
        verdict, size = report.diagnosis.verdict, len(page) / 1e6
        say(f"{output}: {verdict}, {size:.1f} MB")


def _read(path: str, drawn) -> FileRows:
    return match_rows(read_rows(path, like=drawn_rows(drawn)), drawn)
