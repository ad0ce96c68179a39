"""Which encoder suits the data at hand."""

from __future__ import annotations

from sklearn.base import clone

from skgan.encoding._base import BaseEncoder
from skgan.encoding._image import ImageEncoder
from skgan.encoding.table._columns import EXACT_INTEGERS
from skgan.encoding.table._learn_columns import is_key
from skgan.encoding.table._table import TableEncoder
from skgan.encoding.vector._vector import VectorEncoder
from skgan.frames import frame_library, holds_numbers_only, read_columns


def make_encoder(encoder, X) -> BaseEncoder:
    """Return a fresh encoder: a clone of `encoder`, or the one that suits `X`.

    Parameters
    ----------
    encoder : BaseEncoder or "auto"
        "auto" takes an array of more than two axes for images, a frame with anything
        but numbers and booleans, or with whole numbers that name rows or that float64
        does not tell apart, for a table, everything else for vectors.
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
    needs_columns = not holds_numbers_only(X) or _holds_keys_or_large_integers(X)
    return TableEncoder() if needs_columns else VectorEncoder()


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
