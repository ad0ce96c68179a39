"""Model files: samplers, and rows as they give them."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import Any

import numpy as np

from skgan.cli._options import say
from skgan.cli._read_write import (
    FileRows,
    FolderOptions,
    csv_options,
    is_images,
    read_rows,
)
from skgan.frames import (
    TableFormat,
    format_like,
    label_columns,
    to_pandas,
    with_columns,
)
from skgan.io import FileFormatError, load


def load_sampler(path: str) -> Any:
    """Return the sampler that a file holds."""
    sampler = load(path)
    if not hasattr(sampler, "sample"):
        raise TypeError(
            f"{path!r} holds a {type(sampler).__name__}, which draws no rows."
        )
    if _is_interrupted(sampler):
        say(f"{path}: training was interrupted after {sampler.n_iter_} updates")
    return sampler


def was_interrupted(path: str) -> bool:
    """Whether a file holds a sampler whose training the user broke off."""
    try:
        return _is_interrupted(load(path))
    except FileFormatError:
        return False


def _is_interrupted(sampler: Any) -> bool:
    return bool(getattr(getattr(sampler, "net_", None), "interrupted_", False))


def drawn_rows(drawn: Any) -> FileRows:
    """Return what ``sample`` gave, the labels of a table as its last columns."""
    X, y = drawn if isinstance(drawn, tuple) else (drawn, None)
    if not hasattr(X, "columns"):
        return FileRows(X, None if y is None else np.asarray(y))
    # From here on a frame is one of pandas.
    return FileRows(with_columns(to_pandas(X), label_columns(y)))


def table_format_of(sampler: Any, rows: FileRows) -> TableFormat | None:
    """Return how the tables of a model are written; None if its rows are no table."""
    if not rows.is_table:
        return None
    learnt = getattr(sampler, "table_format_", None) or TableFormat()
    if learnt.columns:
        return learnt
    return replace(format_like(rows.X), index=learnt.index)


def read_for(
    sampler: Any, drawn: Any, path: str, options: argparse.Namespace
) -> FileRows:
    """Read rows that a model is compared with, columns in the formats it learnt."""
    empty = drawn_rows(drawn)
    like = table_format_of(sampler, empty)
    folder = _folder_like(empty, path) if os.path.isdir(path) else None
    rows = read_rows(path, csv_options(options), like, folder)
    if folder is not None:
        rows = rows._replace(X=rows.X.reshape(-1, *empty.X.shape[1:]))
    if rows.guesses:
        say(f"{path}: {'; '.join(rows.guesses)}")
    return match_rows(rows, drawn)


def _folder_like(drawn: FileRows, path: str) -> FolderOptions:
    """Return how images of a folder are read so that they are like those drawn."""
    if drawn.is_table or not is_images(drawn.X):
        raise ValueError(f"{path!r} is a folder, and the model's rows are no images.")
    if drawn.X.dtype != np.uint8:
        raise ValueError(
            f"{path!r} is a folder, whose images are uint8, and the model's are "
            f"{drawn.X.dtype}: give an npz file of such images."
        )
    modes = {1: "L", 3: "RGB", 4: "RGBA"}
    height, width, n_channels = (*drawn.X.shape[1:], 1)[:3]
    labels = None if drawn.y is None else "auto"
    return FolderOptions((height, width), modes[n_channels], labels)


def split_labels(rows: FileRows, names: list) -> FileRows:
    """Return rows with the columns `names` of a table as their labels."""
    if not rows.is_table:
        raise ValueError(
            "the rows are arrays: their labels are the array y of the file or the "
            "sub-folders of the folder."
        )
    columns = list(rows.X.columns)
    for name in names:
        if name not in columns:
            shown = ", ".join(map(repr, columns[:20]))
            raise ValueError(f"there is no column {name!r}; the columns are {shown}.")
    if len(columns) == len(names):
        raise ValueError(f"there is no column but {names[0]!r}.")
    y = rows.X[names[0]] if len(names) == 1 else rows.X[names]
    return FileRows(rows.X.drop(columns=names), y)


def match_rows(rows: FileRows, drawn) -> FileRows:
    """Return rows with labels, or without, as the sampler gives them."""
    X, y = drawn if isinstance(drawn, tuple) else (drawn, None)
    if rows.is_table != hasattr(X, "columns"):
        kinds = {True: "a table", False: "an array"}
        raise ValueError(
            f"the rows are {kinds[rows.is_table]}, and the model's are "
            f"{kinds[not rows.is_table]}."
        )
    if y is None:
        return FileRows(rows.X)
    return split_labels(rows, list(label_columns(y))) if rows.is_table else rows
