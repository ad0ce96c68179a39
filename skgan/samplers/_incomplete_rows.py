"""Rows with missing cells: read for an encoder, and what to tell of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from skgan._messages import counted, warn_user
from skgan.encoding import TableEncoder
from skgan.frames import frame_library, read_columns

_MAX_SHOWN = 5
# Of more rows than this, levels name them if there are as many for each as that.
_MIN_NAMED_ROWS = 20
_NAME_SHARE = 0.5


def read_incomplete(X: Any) -> tuple[Any, NDArray | None]:
    """Return rows that an encoder takes, and which cells are missing.

    Encoders take missing cells of frames; those of arrays get values of their column.
    The mask, of shape (n, n_columns), is None where `X` is no table at all.
    """
    if issparse(X):
        return X, None
    if frame_library(X) is not None:
        names = list(X.columns)
        if not names or not len(X) or len(set(names)) < len(names):
            return X, None
        missing = [column.missing for column in read_columns(X)]
        return X, np.column_stack(missing)
    if X.ndim != 2 or not X.size:
        return X, None
    if X.dtype.kind == "O":
        try:
            X = X.astype(np.float64)
        except (TypeError, ValueError):
            return X, None
    if X.dtype.kind != "f":
        return X, np.zeros(X.shape, dtype=bool)
    is_missing = np.isnan(X)
    return _filled(X, is_missing), is_missing


def _filled(X: NDArray, is_missing: NDArray) -> NDArray:
    """Return a copy with observed values of each column, in turns; 0 if it has none."""
    X = X.copy()
    for j in np.flatnonzero(is_missing.any(axis=0)):
        missing = is_missing[:, j]
        present = X[~missing, j]
        X[missing, j] = np.resize(present, int(missing.sum())) if len(present) else 0
    return X


def with_words(encoder: TableEncoder, X: Any, is_missing: NDArray) -> NDArray:
    """Return the mask with the cells whose texts are words for what is missing."""
    values = encoder.canonical_columns(X, names_of(X))
    return is_missing | np.isnan(np.column_stack(values))


def names_of(X: Any) -> list[Hashable]:
    """Return the names of columns, or their positions in an array."""
    return list(range(X.shape[1]) if frame_library(X) is None else X.columns)


def places_of(encoder: TableEncoder, names: list[Hashable]) -> NDArray:
    """Return the places, among all columns, of those that an encoder makes plain."""
    assert encoder.schema_ is not None
    plain = [encoder.name_of(place) for place in range(len(encoder.schema_))]
    return np.array([names.index(name) for name in plain], dtype=np.int64)


def tell_of_gaps(names: list[Hashable], is_missing: NDArray) -> None:
    """Warn of columns without a value, and of pairs without a row that has both."""
    is_empty = np.logical_and.reduce(is_missing, axis=0)
    if is_empty.any():
        warn_user(
            f"No value of {_list_names(names, is_empty)} is observed: nothing can be "
            "learnt, and what is missing there stays missing."
        )
    observed = (~is_missing).astype(np.float64)
    together = observed.T @ observed
    never = (together == 0) & ~is_empty & ~is_empty[:, None]
    pairs = np.argwhere(np.triu(never, 1))
    if len(pairs):
        shown = ", ".join(f"{names[i]!r} and {names[j]!r}" for i, j in pairs[:5])
        more = f" and {len(pairs) - 5} more pairs" if len(pairs) > 5 else ""
        warn_user(
            f"No row has values of both {shown}{more}: what they have to do with each "
            "other beyond the other columns cannot be learnt, and imputations of one "
            "do not tell of the other."
        )


def tell_of_copies(names: list[Hashable], columns: NDArray, is_observed: NDArray):
    """Warn of columns of levels, by codes (n, n_columns), of which most rows differ."""
    are_names = np.zeros(len(names), dtype=bool)
    for j, is_known in enumerate(is_observed.T):
        n_levels = len(np.unique(columns[is_known, j]))
        are_names[j] = n_levels > max(_MIN_NAMED_ROWS, _NAME_SHARE * is_known.sum())
    if are_names.any():
        warn_user(
            f"Most values of {_list_names(names, are_names)} are different: missing "
            "ones are filled with those of other rows, word for word, which the fitted "
            "imputer and its files hold. Drop these columns before fit if they are not "
            "to be told."
        )


def tell_of_new_levels(names: list[Hashable], is_new: NDArray) -> None:
    """Warn of levels that `fit` did not see, by a mask of shape (n, n_columns)."""
    found = np.logical_or.reduce(is_new, axis=0)
    if found.any():
        hold = "holds" if found.sum() == 1 else "hold"
        rows = counted(int(is_new.any(axis=1).sum()), "row")
        warn_user(
            f"{_list_names(names, found)} {hold} levels that fit did not see, in "
            f"{rows}. They are kept, but say nothing of what is missing beside them."
        )


def _list_names(names: list[Hashable], chosen: NDArray) -> str:
    places = np.flatnonzero(chosen)
    shown = ", ".join(repr(names[j]) for j in places[:_MAX_SHOWN])
    more = len(places) - _MAX_SHOWN
    return shown + (f" and {more} more" if more > 0 else "")
