"""Rows and frames that cannot be learnt, and what each is told: the one table of them.

Every door is tried with them: samplers in tests/test_bad_input.py, all estimators in
tests/battery, readers and metrics in tests/frames, encoders in tests/encoding.
"""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

N = 12


def make_rows(n_columns=2):
    return np.random.default_rng(0).normal(size=(N, n_columns))


def with_value(value, row=3, column=1):
    rows = make_rows()
    rows[row, column] = value
    return rows


def objects(*values):
    rows = make_rows().astype(object)
    for row, value in enumerate(values):
        rows[row, 1] = value
    return rows


def frame(**columns):
    return pd.DataFrame({"good": np.arange(float(N)), **columns})


def polars_frame(**columns):
    return pl.DataFrame({"good": np.arange(float(N)), **columns})


def mixed_frame(**columns):
    """A frame with a column of words, so that it is a table."""
    return pd.DataFrame({"word": list("abc") * (N // 3), "real": 0.5, **columns})


def column_of(values):
    """A column of objects, lists and arrays among them."""
    column = pd.Series([None] * N, dtype=object)
    for i, value in enumerate(values):
        column[i] = value
    return column


ARRAYS = {
    "NaN": (with_value(np.nan), ValueError, r"contains NaN in column 1; .* Impute it"),
    "infinity": (with_value(np.inf), ValueError, r"infinity in column 1; .* Clip it"),
    "minus infinity": (with_value(-np.inf), ValueError, r"infinity in column 1"),
    "NaN in many columns": (
        np.full((N, 9), np.nan),
        ValueError,
        r"column 0, 1, 2, 3, 4 and 4 more",
    ),
    "NaN in float16": (with_value(np.nan).astype("f2"), ValueError, "NaN in column 1"),
    "NaN among images": (
        np.full((N, 2, 2), np.nan),
        ValueError,
        "NaN in 12 of 12 images, the first being",
    ),
    "None among objects": (objects(None), ValueError, "NaN in column 1"),
    "one row": (make_rows()[:1], ValueError, r"1 sample\(s\).* minimum of 2"),
    "one image": (np.zeros((1, 4, 4)), ValueError, r"1 sample\(s\).* minimum of 2"),
    "no rows": (make_rows()[:0], ValueError, r"0 sample\(s\)"),
    "no images": (np.zeros((0, 4, 4)), ValueError, r"0 sample\(s\)"),
    "no columns": (np.zeros((N, 0)), ValueError, r"0 feature\(s\)"),
    "one axis": (make_rows()[:, 0], ValueError, r"Expected 2D array.*reshape\(-1, 1\)"),
    "a path": ("people.csv", FileNotFoundError, "There is no file 'people.csv'"),
    "text": ("people", FileNotFoundError, "There is no file 'people'"),
    "no axis": (np.float64(3), ValueError, "Expected 2D array"),
    "five axes": (np.zeros((N, 2, 2, 2, 2)), ValueError, r"height, width\[, channels"),
    "sparse matrix": (scipy.sparse.csr_matrix(make_rows()), TypeError, r"'\.toarray"),
    "sparse array": (scipy.sparse.csc_array(make_rows()), TypeError, r"'\.toarray"),
    "complex": (make_rows() * 1j, ValueError, "Complex data not supported"),
    "complex objects": (objects(1j), TypeError, "Column 1 of X .* not 'complex'"),
    "strings": (np.full((N, 2), "a"), ValueError, "array of text.* Pass a DataFrame"),
    "digits in strings": (np.full((N, 2), "1"), ValueError, "Convert your data to num"),
    "bytes": (np.full((N, 2), b"a"), ValueError, "Convert your data to numeric"),
    "string among objects": (
        objects("red"),
        ValueError,
        r"Column 1 of X holds .* 'red'.* OneHotEncoder",
    ),
    "list among objects": (objects([1, 2]), ValueError, "Column 1 of X holds"),
    "dict among objects": (
        objects({"a": 1}),
        TypeError,
        "Column 1 of X holds .*'dict'",
    ),
    "dates": (
        np.full((N, 1), "2020-01-01", "M8[D]"),
        ValueError,
        r"dates or durations \(datetime64\[D\]\).*astype",
    ),
    "durations": (np.ones((N, 1), "m8[s]"), ValueError, r"dates or durations"),
    "ragged": ([[1.0, 2.0], [3.0]], ValueError, "inhomogeneous"),
    "masked": (
        np.ma.masked_less(make_rows(), 0),
        ValueError,
        "masked array with masked values; fill them",
    ),
}


FRAMES = {
    "infinity": (
        frame(bad=[np.inf] * N),
        ValueError,
        r"infinity in column 1 \('bad'\)",
    ),
    "strings": (
        frame(bad=["x"] * N),
        ValueError,
        r"hold no numbers: 'bad' \(.*\)\. .*OneHotEncoder .*or drop them",
    ),
    "object strings": (
        frame(bad=np.array(["x"] * N, dtype=object)),
        ValueError,
        "hold no numbers: 'bad'",
    ),
    "categories": (
        frame(bad=pd.Categorical(["x", "y"] * (N // 2))),
        ValueError,
        r"hold no numbers: 'bad' \(category\)\. .*OrdinalEncoder",
    ),
    "categories of numbers": (
        frame(bad=pd.Categorical([1, 2] * (N // 2))),
        ValueError,
        r"hold no numbers: 'bad' \(category\)",
    ),
    "dates": (
        frame(bad=pd.date_range("2020", periods=N)),
        ValueError,
        r"hold no numbers: 'bad' \(datetime64",
    ),
    "durations": (
        frame(bad=pd.to_timedelta(np.arange(N), "s")),
        ValueError,
        r"hold no numbers: 'bad' \(timedelta64",
    ),
    "periods": (
        frame(bad=pd.period_range("2020", periods=N)),
        ValueError,
        r"hold no numbers: 'bad' \(period",
    ),
    "complex": (
        frame(bad=np.full(N, 1j)),
        ValueError,
        r"hold no numbers: 'bad' \(complex128\)",
    ),
    "sparse": (
        frame(bad=pd.arrays.SparseArray(np.zeros(N))),
        ValueError,
        r"hold no numbers: 'bad' \(Sparse",
    ),
    "lists": (frame(bad=[[1]] * N), ValueError, "hold no numbers: 'bad' .object"),
    "dicts": (frame(bad=[{"a": 1}] * N), ValueError, "hold no numbers: 'bad' .object"),
    "two such columns": (
        frame(bad=["x"] * N, worse=["y"] * N),
        ValueError,
        r"'bad' \(.*\), 'worse' \(",
    ),
    "no rows": (frame()[:0], ValueError, r"0 sample\(s\)"),
    "one row": (frame()[:1], ValueError, r"1 sample\(s\)"),
    "no columns": (pd.DataFrame(index=range(N)), ValueError, r"0 feature\(s\)"),
    "nothing": (pd.DataFrame(), ValueError, r"0 feature\(s\)"),
    "repeated names": (
        pd.DataFrame(make_rows(3), columns=["a", "b", "a"]),
        ValueError,
        "Column names are repeated: a. Rename them",
    ),
    "mixed names": (
        pd.DataFrame(make_rows(), columns=["a", 1]),
        TypeError,
        "Feature names are only supported if all",
    ),
    "a series": (pd.Series(make_rows()[:, 0]), ValueError, "Expected 2D array"),
    "polars strings": (
        polars_frame(bad=["x"] * N),
        ValueError,
        r"hold no numbers: 'bad' \(String\)",
    ),
    "polars categories": (
        polars_frame(bad=pl.Series(["x"] * N, dtype=pl.Categorical)),
        ValueError,
        r"hold no numbers: 'bad' \(Categorical\)",
    ),
    "polars dates": (
        polars_frame(bad=[datetime.date(2020, 1, 1)] * N),
        ValueError,
        r"hold no numbers: 'bad' \(Date\)",
    ),
    "polars lists": (polars_frame(bad=[[1]] * N), ValueError, r"'bad' \(List"),
    "polars nothing but nulls": (
        polars_frame(bad=[None] * N),
        ValueError,
        r"hold no numbers: 'bad' \(Null\)",
    ),
    "polars infinity": (
        polars_frame(bad=[np.inf] * N),
        ValueError,
        r"infinity in column 1 \('bad'\)",
    ),
    "polars integers of 128 bits": (
        polars_frame(bad=pl.Series(range(N)).cast(pl.Int128)),
        ValueError,
        r"'bad' \(Int128\).*cast them",
    ),
    "polars no rows": (polars_frame()[:0], ValueError, r"0 sample\(s\)"),
    "polars no columns": (pl.DataFrame(), ValueError, r"0 feature\(s\)"),
    "polars lazy": (
        polars_frame(bad=[np.inf] * N).lazy(),
        ValueError,
        r"rows\.parquet'.*'bad' contains infinity",
    ),
}


# Beside those whose message says that they hold no numbers.
TABLES = {"two such columns", "polars integers of 128 bits"}


# What is no number makes a table, unless it is in this list.
NO_TABLES = {
    "complex": (TypeError, r"Column 'bad' holds complex128"),
    "lists": (TypeError, r"'bad' holds nested or mutable objects, such as list"),
    "dicts": (TypeError, r"'bad' holds nested or mutable objects, such as dict"),
    "polars lists": (TypeError, r"'bad' holds nested values \(List"),
}


NO_NUMBERS = [name for name, (*_, why) in FRAMES.items() if "hold no numbers" in why]


# Beside a column of words. What FRAMES has is not repeated.
MIXED = {
    "repeated names": (
        pd.concat([mixed_frame(), mixed_frame()[["word"]]], axis=1),
        ValueError,
        "Column names are repeated: word. Rename them",
    ),
    "arrays": (
        mixed_frame(bad=column_of([np.zeros(2)] * N)),
        TypeError,
        "'bad' holds nested.*ndarray",
    ),
    "one list among words": (
        mixed_frame(bad=column_of(["a"] * (N - 1) + [[1]])),
        TypeError,
        "'bad' holds nested.*list",
    ),
    "polars structs": (
        pl.DataFrame({"word": ["a"] * N, "bad": [{"b": 1}] * N}),
        TypeError,
        "'bad' holds nested.*Struct",
    ),
    "infinity": (
        mixed_frame(bad=[np.inf] + [0.5] * (N - 1)),
        ValueError,
        "'bad' contains infinity; clip it or drop",
    ),
    "minus infinity of float32": (
        mixed_frame(bad=np.array([-np.inf] * N, "f4")),
        ValueError,
        "'bad' contains infinity",
    ),
    "infinity among objects": (
        mixed_frame(bad=column_of([np.inf, 1.5] * (N // 2))),
        ValueError,
        "'bad' contains infinity",
    ),
    "polars infinity": (
        pl.DataFrame({"word": ["a"] * N, "bad": [np.inf] * N}),
        ValueError,
        "'bad' contains infinity",
    ),
}

# What no reader of columns takes.
NESTED = {name: FRAMES[name][0] for name in NO_TABLES} | {
    name: rows for name, (rows, error, _) in MIXED.items() if error is TypeError
}


# -- what is neither an array nor a frame


X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)


class Plain(Dataset):
    """Tensors, and nothing around them."""

    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        return torch.from_numpy(X[i])


class Endless(IterableDataset):
    """Rows without an end."""

    def __iter__(self):
        while True:
            yield torch.zeros(2)


class Ragged(Plain):
    """Tensors of several lengths."""

    def __getitem__(self, i):
        return torch.zeros(1 + i % 2)


CONTAINERS = {
    "None": (None, "X is None; pass an array"),
    "generator": ((row for row in X), r"generator, which is read once; pass list"),
    "iterator": (iter(X.tolist()), "read once"),
    "dict": ({"a": [1, 2]}, r"X is a dict; pass pandas.DataFrame\(X\)"),
    "dicts": ([{"a": 1}, {"a": 2}], r"list of dicts; pass pandas.DataFrame\(X\)"),
    "structured": (
        np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        r"structured array with the fields \['a', 'b'\]",
    ),
    "records": (np.rec.array([(1, 2.0)]), "structured array"),
    "loader": (DataLoader(Plain()), "DataLoader, which gives batches"),
    "endless loader": (DataLoader(Endless()), "DataLoader, which gives batches"),
    "endless": (Endless(), "IterableDataset, which has no length"),
    "ragged": (Ragged(), r"shapes \(1,\) and \(2,\); they must be equal"),
    "pairs": (
        TensorDataset(torch.from_numpy(X), torch.zeros(len(X))),
        "items hold 2 values; pass the first ones",
    ),
}
