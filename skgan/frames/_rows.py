"""Rows of arrays and frames, chosen by place and put one behind the other."""

from __future__ import annotations

from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from skgan.frames import frame_library


def rows_at(X, places: NDArray):
    """Return the rows of an array or frame at some places, in their order."""
    library = frame_library(X)
    if library == "pandas":
        return X.iloc[places].reset_index(drop=True)
    return X[places]


def join_rows(parts: list):
    """Return rows of like arrays or frames, one part behind the other."""
    library = frame_library(parts[0])
    if len(parts) == 1:
        return parts[0]
    if library == "pandas":
        return import_module("pandas").concat(parts, ignore_index=True)
    if library == "polars":
        return import_module("polars").concat(parts)
    return np.concatenate(parts)
