"""`skgan report`: a page on how good what a model draws is."""

from __future__ import annotations

import argparse
from pathlib import Path

from skgan.cli._models import load_sampler, read_for
from skgan.cli._options import say
from skgan.cli._read_write import STANDARD, FileRows, check_output, write_out
from skgan.metrics.diagnosis import warn_of_copies
from skgan.reporting import compose

_ENDINGS = (".html", ".htm")


def run(options: argparse.Namespace) -> None:
    """Load a sampler, read rows, judge, write the page."""
    output = options.output
    if output != STANDARD and not output.lower().endswith(_ENDINGS):
        raise ValueError(f"{output!r} must end in one of {', '.join(_ENDINGS)}.")
    check_output(output, options.force)
    if options.data == options.train == STANDARD:
        raise ValueError("only one of the two sets of rows can come from a pipe.")
    if options.attacks and options.train is None:
        raise ValueError("--attacks needs the rows of the fit: give --train, too.")
    sampler = load_sampler(options.model)
    drawn = sampler.sample(0, random_state=0)
    holdout, train = read_for(sampler, drawn, options.data, options), FileRows(None)
    if options.train is not None:
        train = read_for(sampler, drawn, options.train, options)
    # Labels of both sets are judged, or of none.
    has_labels = holdout.y is not None and (train.X is None or train.y is not None)
    report = compose(
        sampler,
        holdout.X,
        train.X,
        labels=(holdout.y, train.y) if has_labels else (None, None),
        title=options.title,
        target=options.target,
        sources=_sources(options),
        attacks=options.attacks,
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


def _sources(options: argparse.Namespace) -> dict[str, str]:
    """Return the names of the files, without their folders."""
    named = {"model": options.model, "held-out rows": options.data}
    named |= {} if options.train is None else {"training rows": options.train}
    return {
        what: "standard input" if path == STANDARD else Path(path).name
        for what, path in named.items()
    }
