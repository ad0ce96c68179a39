"""`skgan fit`: from rows to a file with a fitted sampler."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from contextlib import redirect_stdout
from typing import Any

from skgan import ConditionalGANSampler, GANSampler, RowSource
from skgan._messages import counted
from skgan.callbacks import TrainingCheckpoint
from skgan.cli._interrupts import FinishEpoch
from skgan.cli._many_rows import read_many
from skgan.cli._models import split_labels, was_interrupted
from skgan.cli._options import choose_seed, say
from skgan.cli._read_write import (
    STANDARD,
    FileRows,
    FolderOptions,
    check_output,
    csv_options,
    read_rows,
)
from skgan.encoding import TableEncoder
from skgan.io import save
from skgan.nets import is_first_process


def run(options: argparse.Namespace) -> None:
    """Read rows, fit a sampler, save it; or what is trained, if the user breaks off."""
    output = options.output
    # Of several processes that fit together, one speaks and writes.
    is_first = is_first_process()
    options.quiet = options.quiet or not is_first
    if output == STANDARD:
        raise ValueError("a model file cannot go to standard output; name a file.")
    begun = _find_begun(options.checkpoint) if is_first else None
    # A fit that goes on replaces what it has left there itself.
    is_own = begun is not None and os.path.isfile(output) and was_interrupted(output)
    check_output(output, options.force or is_own or not is_first)
    folder = _folder(options)
    rows = read_many(options) or _read_one(options, folder)
    if options.max_iter == 0 and getattr(rows.X, "ndim", 2) > 2:
        raise ValueError(
            "--max-iter 0 leaves rows to decision trees, and images are drawn by "
            "networks; give more updates."
        )
    table_format = rows.table_format
    stop = FinishEpoch("skgan fit")
    sampler = _make_sampler(options, rows, _choose_seed(options, begun))
    sampler.set_params(callbacks=[("finish_epoch", stop)])
    interrupted = False
    try:
        # Standard output is for what was asked for.
        with stop.listening(), redirect_stdout(sys.stderr):
            sampler.fit(rows.X, rows.y)
    except KeyboardInterrupt:
        interrupted = stop.n_pressed_ == 1 and getattr(sampler, "n_iter_", 0) > 0
        if not interrupted:
            raise
    if table_format is not None:
        sampler.table_format_ = table_format
    if not is_first:
        return
    # Callbacks and checkpoint belong to this run, and no file holds them.
    save(sampler.set_params(callbacks=None, checkpoint=None), output)
    name, n_iter = type(sampler).__name__, sampler.n_iter_
    if interrupted:
        text = f"{output} holds the {name} so far, after {n_iter} updates"
        if options.checkpoint is not None:
            text += "; the same command goes on from there"
        raise KeyboardInterrupt(text)
    if not options.quiet:
        say(f"{output}: {name} after {n_iter} updates")


def _folder(options: argparse.Namespace) -> FolderOptions | None:
    """Return what was typed about a folder of images; None if none is read."""
    path = options.data[0]
    if len(options.data) == 1 and path != STANDARD and os.path.isdir(path):
        size = "auto" if options.size is None else options.size
        labels = None if options.no_labels else "auto"
        return FolderOptions(size, options.mode or "auto", labels)
    if options.size or options.mode or options.no_labels:
        raise ValueError(
            "--size, --mode and --no-labels are about one folder of images, and "
            f"{path!r} is none."
        )
    return None


def _read_one(options: argparse.Namespace, folder: FolderOptions | None) -> FileRows:
    """Return the rows of one file, or the images of a folder."""
    (path,) = options.data
    rows = read_rows(path, csv_options(options), folder=folder)
    if not options.quiet:
        say(f"{path}: {counted(len(rows.X), 'row')}{_shape(rows)}")
        if rows.guesses:
            say(f"{path}: {'; '.join(rows.guesses)}")
    if folder is not None and rows.y is not None and len(set(rows.y)) == 1:
        say(f"{path}: one label says nothing, and is not learnt")
        rows = FileRows(rows.X)
    return rows if options.target is None else split_labels(rows, [options.target])


def _find_others(rows: FileRows, options: argparse.Namespace) -> list[str]:
    """Return columns that are identifiers besides those that were named."""
    named = {*options.identifier, *(options.categorical or ())}
    others = [name for name in rows.X.columns if name not in named]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = TableEncoder().fit(rows.X[others]).identifiers_ if others else []
    if found and options.identifiers == "raise":
        raise ValueError(
            f"column {found[0]!r} holds almost unique values, from which nothing can "
            "be learnt: --identifier or --ignore it, or leave --identifiers raise out."
        )
    if found:
        say(f"taken for identifiers, too: {', '.join(found)}")
    return found


def _find_begun(folder: str | None) -> dict[str, Any] | None:
    """Return the checkpoint of a fit that did not end."""
    return None if folder is None else TrainingCheckpoint(folder).prepare()


def _choose_seed(options: argparse.Namespace, begun: dict[str, Any] | None):
    """Return the seed that was typed, that of the fit that goes on, or a new one."""
    if options.seed is None and begun is not None:
        text = begun["identity"].get("random_state", "")
        return int(text) if text.isdecimal() else None
    return options.seed if options.quiet else choose_seed(options.seed)


def _shape(rows: FileRows) -> str:
    if rows.is_table:
        table_format = rows.table_format
        if table_format is None or not table_format.columns:
            return f", {counted(len(rows.X.columns), 'column')}"
        dialect = f"; {table_format.dialect}"
        return f", {counted(len(rows.X.columns), 'column')}{dialect}"
    shape = " x ".join(map(str, rows.X.shape[1:]))
    return f" of {shape}" + ("" if rows.y is None else ", with labels")


def _make_sampler(options: argparse.Namespace, rows: FileRows, seed: int | None):
    params = {
        "max_iter": "auto" if options.max_iter is None else options.max_iter,
        "max_time": options.time,
        "checkpoint": options.checkpoint,
        "device": options.device,
        "random_state": seed,
        "verbose": 0 if options.quiet else 1,
    }
    identifiers = options.identifiers
    if options.identifier and rows.is_table:
        is_read = not isinstance(rows.X, RowSource)
        others = _find_others(rows, options) if is_read else []
        identifiers = [*options.identifier, *others]
    if options.condition_on or identifiers != "draw":
        if not rows.is_table:
            raise ValueError(
                "--condition-on and --identifiers are about columns, and the rows are "
                "arrays."
            )
        params["encoder"] = TableEncoder(
            condition_on=options.condition_on or "auto",
            identifiers=identifiers,
        )
    if rows.y is not None:
        return ConditionalGANSampler(**params)
    return GANSampler(**params)
