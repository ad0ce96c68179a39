"""One way to validate rows, for encoders and for the estimators above them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from math import prod

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from skgan.frames import (
    ROW_ENDINGS,
    RawColumn,
    flatten_rows,
    frame_library,
    number_formats,
)


def check_rows(estimator, X, *, reset: bool, allow_missing: bool = False) -> NDArray:
    """Validate `X` for `estimator` and return its rows, flattened, as numbers.

    `X` is what `skgan.frames.as_rows` returns. With `reset`, as in ``fit``, the number
    and names of features are learnt, and two rows are the least.
    """
    refuse_repeated_names(X)
    _refuse_what_is_no_number(X)
    values = validate_data(
        estimator,
        flatten_rows(X),
        reset=reset,
        dtype="numeric",
        ensure_all_finite=False,
        ensure_min_samples=2 if reset else 1,
    )
    if values.dtype.kind == "O":
        # scikit-learn 1.6 leaves pandas.NA beside None as they are.
        holes = import_module("pandas").isna(values)
        values = np.where(holes, np.nan, values).astype(np.float64)
    if values.dtype.kind == "f":
        names = getattr(estimator, "feature_names_in_", None)
        _refuse(values, np.isinf, "infinity", names, estimator)
        if not allow_missing:
            _refuse(values, np.isnan, "NaN", names, estimator)
    return values


def check_frame(estimator, X, labels, *, reset: bool) -> None:
    """Validate the shape and names of a frame; `labels` are the columns of fit."""
    refuse_repeated_names(X)
    if not len(X.columns):
        raise ValueError(
            f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is "
            "required."
        )
    minimum = 2 if reset else 1
    if len(X) < minimum:
        raise ValueError(
            f"Found array with {len(X)} sample(s) (shape={X.shape}) while a minimum of "
            f"{minimum} is required by {type(estimator).__name__}."
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if not reset and labels is not None and list(X.columns) != list(labels):
        raise ValueError(
            f"The columns of X must be those of fit, in their order: "
            f"{list(labels)}; got {list(X.columns)}."
        )


def check_encoded(estimator, Z, width: int) -> NDArray:
    """Validate encoded rows for ``inverse_transform``; images may keep their axes."""
    Z = np.asarray(Z)
    Z = Z if Z.dtype.kind == "f" else Z.astype(np.float64)
    Z = Z.reshape(len(Z), prod(Z.shape[1:])) if Z.ndim > 1 else Z
    if Z.ndim != 2 or Z.shape[1] != width:
        raise ValueError(
            f"{type(estimator).__name__}.inverse_transform expects encoded rows of "
            f"shape (n_samples, {width}), got {Z.shape}."
        )
    if not np.isfinite(Z).all():
        raise ValueError("Encoded rows hold NaN or infinity.")
    return Z


def _refuse(values, test, what: str, names, estimator) -> None:
    bad = test(values)
    if not bad.any():
        return
    columns = show_columns(bad.any(axis=0), names)
    advice = (
        "Impute it (sklearn.impute) or pass a DataFrame, where NaN is kept as missing."
        if what == "NaN"
        else "Clip it or drop these rows."
    )
    raise ValueError(
        f"Input X contains {what} in column {columns}; "
        f"{type(estimator).__name__} does not accept {what} there. {advice}"
    )


def show_columns(chosen, names) -> str:
    """Return the places of some columns, and their names if they have any."""
    columns = np.flatnonzero(chosen)
    shown = ", ".join(
        str(i) if names is None else f"{i} ({str(names[i])!r})" for i in columns[:5]
    )
    return shown + (f" and {len(columns) - 5} more" if len(columns) > 5 else "")


def _refuse_what_is_no_number(X) -> None:
    """Name the columns that scikit-learn's own messages leave to be guessed."""
    library = frame_library(X)
    if library is not None:
        if not len(X.columns):
            raise ValueError(
                f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of "
                "1 is required."
            )
        number_formats(X)
        return
    kind = getattr(getattr(X, "dtype", None), "kind", "f")
    _refuse_what_is_no_table(X, kind)
    if kind in "mM":
        raise ValueError(
            f"X holds dates or durations ({X.dtype}); turn them into numbers first, "
            "with X.astype('int64')."
        )
    if kind != "O" or X.ndim != 2:
        return
    for i, column in enumerate(X.T):
        try:
            column.astype(np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(
                f"Column {i} of X holds something else than numbers: {error}. Encode "
                "it first, with sklearn.preprocessing.OrdinalEncoder or OneHotEncoder "
                "for categories, drop it, or pass a DataFrame, whose columns may be "
                "of any kind."
            ) from error


def _refuse_what_is_no_table(X, kind: str) -> None:
    """Say in one line what scikit-learn says below a print of the whole array."""
    n_axes = getattr(X, "ndim", 2)
    if n_axes == 0 and kind in "US":
        raise ValueError(
            f"Expected 2D array, got the string {str(X)!r}. Only fit of GANSampler and "
            "of ConditionalGANSampler reads files; read it first, with pandas.read_csv "
            "for example. Reshape your data if it is a single row."
        )
    if n_axes == 1:
        if kind == "U" and len(X):
            _refuse_names_of_files(X.tolist())
        raise ValueError(
            f"Expected 2D array, got 1D array instead: X has shape {X.shape}. Reshape "
            "your data: X.reshape(-1, 1) if it has a single feature, X.to_frame() of a "
            "Series, X.reshape(1, -1) if it contains a single sample."
        )
    if kind in "US":
        raise ValueError(
            f"X is an array of text ({X.dtype}). Pass a DataFrame, whose columns of "
            "text are categories. Convert your data to numeric values if they are "
            "numbers, with X.astype(float)."
        )


def _refuse_names_of_files(texts: list[str]) -> None:
    """Raise if texts are paths, or the letters of one."""
    if all(text.lower().endswith(tuple(ROW_ENDINGS)) for text in texts):
        raise ValueError(
            f"Expected 2D array, got a list of files, {texts[0]!r} the first. Pass "
            "RowSource(files) to fit of GANSampler or of ConditionalGANSampler, which "
            "read files; elsewhere read them first."
        )
    if all(len(text) == 1 for text in texts):
        raise ValueError(
            "Expected 2D array, got a list of single letters. Those of a path, of "
            "which a search has taken some for rows? Searches need rows in memory: "
            "read the file first. Reshape your data if the letters are one column."
        )


def refuse_repeated_names(X) -> None:
    """Raise a ValueError if two columns of a frame share a name."""
    if frame_library(X) is None:
        return
    names = list(X.columns)
    repeated = sorted({str(name) for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            f"Column names are repeated: {', '.join(repeated)}. Rename them, so that "
            "each column can be told apart."
        )


def refuse_infinity(names: Iterable, columns: list[RawColumn]) -> None:
    """Raise a ValueError if a column holds infinity."""
    for name, column in zip(names, columns, strict=True):
        present = column.raw[~column.missing]
        if present.dtype.kind == "f" and np.isinf(present).any():
            raise ValueError(
                f"Column {name!r} contains infinity; clip it or drop these rows."
            )
