"""Which encoder suits the data at hand."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from skgan.encoding._base import BaseEncoder
from skgan.encoding._image import ImageEncoder
from skgan.encoding.dependencies._dependencies import find_dependencies
from skgan.encoding.dependencies._formulas import find_formulas
from skgan.encoding.table._columns import EXACT_INTEGERS
from skgan.encoding.table._learn_columns import is_key, varies
from skgan.encoding.table._table import TableEncoder
from skgan.encoding.vector._vector import VectorEncoder
from skgan.frames import frame_library, holds_numbers_only, read_columns

# Of more rows some, and of more columns none are looked at for what ties them.
_MAX_ROWS, _MAX_COLUMNS = 5000, 100
_MIN_ROWS = 50


def make_encoder(encoder, X) -> BaseEncoder:
    """Return a fresh encoder: a clone of `encoder`, or the one that suits `X`.

    Parameters
    ----------
    encoder : BaseEncoder or "auto"
        "auto" takes an array of more than two axes for images, a frame with anything
        but numbers and booleans, or with whole numbers that name rows or that float64
        does not tell apart, or with columns that follow from others, for a table,
        everything else for vectors.
    X : ndarray or DataFrame of shape (n_samples, ...)
        The data.

    Returns
    -------
    BaseEncoder

    Raises
    ------
    TypeError
        If `encoder` is neither "auto" nor an encoder.
    """
    if isinstance(encoder, BaseEncoder):
        return clone(encoder)
    if not (isinstance(encoder, str) and encoder == "auto"):
        raise TypeError(
            "encoder must be 'auto' or an encoder of skgan.encoding, such as "
            f"ImageEncoder(shape=(28, 28)); got {encoder!r}."
        )
    if getattr(X, "ndim", 2) > 2:
        return ImageEncoder()
    if frame_library(X) is None:
        return VectorEncoder()
    needs_columns = (
        not holds_numbers_only(X)
        or _holds_keys_or_large_integers(X)
        or _holds_formulas(X)
    )
    return TableEncoder() if needs_columns else VectorEncoder()


def _holds_formulas(X) -> bool:
    """Whether columns of numbers follow from others, by some of the rows."""
    raw_columns = read_columns(X)
    n_rows = len(raw_columns[0].raw) if raw_columns else 0
    if n_rows < _MIN_ROWS or len(raw_columns) > _MAX_COLUMNS:
        return False
    rows = np.arange(n_rows)
    if n_rows > _MAX_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(n_rows, _MAX_ROWS, False))
    columns = {
        name: np.where(column.missing[rows], np.nan, column.raw[rows].astype(float))
        for name, column in zip(X.columns, raw_columns, strict=True)
    }
    varying = {name: values for name, values in columns.items() if varies(values)}
    if any(np.isinf(values).any() for values in varying.values()):
        return False
    return bool(find_dependencies(varying) or find_formulas(varying))


def _holds_keys_or_large_integers(X) -> bool:
    """Whether integers name rows, or are beyond those that float64 tells apart."""
    raw_columns = read_columns(X)
    if any(is_key(*pair) for pair in zip(X.columns, raw_columns, strict=True)):
        return True
    columns = [
        column.raw[~column.missing]
        for column in raw_columns
        if column.column_format.storage.itemsize == 8
        and column.column_format.storage.kind in "iu"
    ]
    return any(
        len(raw) and max(-int(raw.min()), int(raw.max())) > EXACT_INTEGERS
        for raw in columns
    )
