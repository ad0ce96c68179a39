"""Rows of any container: chosen, cast like others, put below others."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skgan.frames._output import (
    frame_library,
    holds_numbers_only,
    make_container,
)


def take_rows(X, is_chosen: NDArray):
    """Return the rows of an array or frame where a mask is true."""
    return X.filter(is_chosen) if frame_library(X) == "polars" else X[is_chosen]


def cast_like(new, X):
    """Return rows in the container and dtypes of other rows.

    Samplers that know nothing of frames and integers return arrays of floats: whole
    numbers are rounded, and columns get their names back.

    Parameters
    ----------
    new : array-like or DataFrame of shape (m, ...)
        Rows that a sampler drew.
    X : ndarray or DataFrame of shape (n, ...)
        What it learnt from.

    Returns
    -------
    ndarray or DataFrame of shape (m, ...)

    Raises
    ------
    ValueError
        If rows of `new` have another shape or other columns than those of `X`.
    """
    library = frame_library(X)
    if library is not None and frame_library(new) == library:
        if list(new.columns) != list(X.columns):
            raise ValueError(
                f"The sampler returned the columns {list(new.columns)} for "
                f"{list(X.columns)}."
            )
        if library == "polars":
            return new if new.schema == X.schema else new.cast(dict(X.schema))
        return new if (new.dtypes == X.dtypes).all() else new.astype(X.dtypes.to_dict())
    new = np.asarray(new)
    if new.shape[1:] != X.shape[1:]:
        raise ValueError(
            f"The sampler returned rows of shape {new.shape[1:]} for rows of shape "
            f"{X.shape[1:]}."
        )
    if library is None and (new.dtype == X.dtype or X.dtype.kind not in "biuf"):
        return new
    flat = new.reshape(len(new), -1).astype(np.float64)
    container: Any = make_container(X, flat)
    room = container.allocate(len(new))
    container.write(room, 0, flat)
    return container.wrap(room)


def stack_rows(X, new):
    """Return the rows of `new`, as of `cast_like`, below those of `X`.

    Parameters
    ----------
    X : ndarray or DataFrame of shape (n, ...)
        First rows.
    new : ndarray or DataFrame of shape (m, ...)
        Rows of the same container and dtypes.

    Returns
    -------
    ndarray or DataFrame of shape (n + m, ...)
        A frame of pandas has a new index.
    """
    library = frame_library(X)
    if library is None:
        return np.concatenate([X, new])
    if library == "polars":
        return import_module("polars").concat([X, new])
    return import_module("pandas").concat([X, new], ignore_index=True)


def repeat_rows(X, n: int, scale: float, rng: np.random.RandomState):
    """Return rows chosen at random, with normal noise on their numbers.

    Parameters
    ----------
    X : ndarray or DataFrame of shape (n_rows, n_columns)
        Rows of one class.
    n : int
        Rows to return.
    scale : float
        Times the noise: 0 is none, 1 is the width of a kernel density estimate by the
        normal reference rule.
    rng : RandomState
        Chooses rows and draws the noise.

    Returns
    -------
    ndarray or DataFrame of shape (n, n_columns)
        Within the range of each column. Columns of no numbers, and those of at most
        two whole ones, have no noise.
    """
    library = frame_library(X)
    chosen = rng.randint(len(X), size=n)
    rows = X.iloc[chosen].reset_index(drop=True) if library == "pandas" else X[chosen]
    if scale == 0:
        return rows
    if library is None:
        return cast_like(_with_noise(X, chosen, scale, rng), X)
    names = [name for name in X.columns if holds_numbers_only(X[:1][[name]], library)]
    if not names:
        return rows
    numbers = X[names]
    if library == "polars":
        polars = import_module("polars")
        values = numbers.cast(polars.Float64).to_numpy()
    else:
        values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    jittered = cast_like(_with_noise(values, chosen, scale, rng), numbers)
    if library == "polars":
        return rows.with_columns(jittered.get_columns())
    return rows.assign(**{name: jittered[name] for name in names})


def _with_noise(X, chosen: NDArray, scale: float, rng: np.random.RandomState):
    values = np.asarray(X, dtype=np.float64)
    n, d = values.shape
    present = np.ma.masked_invalid(values)
    is_flag = np.array(
        [
            len(levels) <= 2 and bool((levels == np.rint(levels)).all())
            for levels in (np.unique(column.compressed()) for column in present.T)
        ]
    )
    width = scale * (4 / ((d + 2) * n)) ** (1 / (d + 4))
    deviation = np.where(is_flag, 0, present.std(axis=0).filled(0))
    noise = rng.standard_normal((len(chosen), d)) * width * deviation
    low, high = present.min(axis=0).filled(0), present.max(axis=0).filled(0)
    # What is missing stays so.
    return np.clip(values[chosen] + noise, low, high)
