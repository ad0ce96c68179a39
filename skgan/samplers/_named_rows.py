"""Rows that are named instead of held: what a fit reads of them."""

from __future__ import annotations

import logging
from typing import Any

from skgan.encoding import read_source
from skgan.frames import as_rows, as_source

_LOG = logging.getLogger("skgan")


def read_named(sampler, X, y) -> tuple[Any, Any]:
    """Return rows and labels as `as_rows` does, or, where `X` names rows, those kept.

    Labels are then columns, which `y` names.
    """
    source = as_source(X)
    if source is None:
        return as_rows(X), y
    names = _read_names(y) if sampler.__sklearn_tags__().target_tags.required else []
    rows = read_source(source, sampler.encoder)
    unknown = [name for name in names if name not in rows.X.columns]
    if unknown:
        raise ValueError(
            f"y names {unknown}, which the rows do not have; their columns are "
            f"{list(rows.X.columns)}."
        )
    n_kept = len(rows.X)
    message = f"Read {rows.n_rows} rows of {rows.n_parts} files; kept "
    message += "all." if n_kept == rows.n_rows else f"{n_kept} to learn from."
    _LOG.info(message)
    if sampler.verbose:
        print(message)
    if not names:
        return rows.X, None
    labels = rows.X[names[0]] if isinstance(y, str) else rows.X[names]
    return rows.X.drop(columns=names), labels


def _read_names(y) -> list[str]:
    names = [y] if isinstance(y, str) else y
    if isinstance(names, list | tuple) and all(isinstance(n, str) for n in names):
        return list(names)
    raise TypeError(
        "y must be the name of a column, or a list of names, where X names rows that "
        f"are read in batches; got a {type(y).__name__}."
    )
