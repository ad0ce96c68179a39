"""What a sampler of tables is compared with, none of which trains a network."""

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, SMOTENC


def marginals(table, seed, n_rows=None):
    """Each column drawn apart, with replacement: no dependence is left."""
    rng = np.random.default_rng(seed)
    n = len(table.train)
    return pd.DataFrame(
        {
            name: table.train[name].array.take(rng.integers(n, size=n_rows or n))
            for name in table.train
        }
    )


def copy(table, seed):
    """The training rows themselves."""
    return table.train.reset_index(drop=True)


def bootstrap(table, seed):
    """Training rows drawn with replacement."""
    return table.train.sample(
        len(table.train), replace=True, random_state=seed, ignore_index=True
    )


def smotenc(table, seed):
    """As many rows as there are, interpolated between neighbours of one class.

    The protocol of TabDDPM (Kotelnikov et al., 2023): imbalanced-learn doubles every
    class with its own defaults, and its original rows are thrown away. A target of
    numbers is cut at its median into two classes, and interpolated like the others.
    A missing number is a category of its own beside a column filled by its median.
    """
    numbers, levels = without_holes(table.train)
    features = pd.concat([numbers, levels], axis=1)
    if table.target in levels:
        classes = features.pop(table.target)
    else:
        target = numbers[table.target]
        classes = target > (target.median() if target.nunique() > 2 else target.min())
    counts = classes.value_counts()
    settings = {
        "sampling_strategy": {level: 2 * n for level, n in counts.items()},
        "random_state": seed,
    }
    names = [name for name in levels if name in features]
    smote = SMOTENC(names, **settings) if names else SMOTE(**settings)
    rows, classes = smote.fit_resample(features, classes)
    rows = rows.assign(**{table.target: classes}) if table.target in levels else rows
    drawn = rows.iloc[len(table.train) :].reset_index(drop=True)
    return with_holes(drawn, table.train)


METHODS = {
    "marginals": marginals,
    "copy": copy,
    "bootstrap": bootstrap,
    "smotenc": smotenc,
}
_ABSENT = "?"


def _is_number(column):
    return column.dtype.kind in "iufMm"


def without_holes(train):
    """Numbers without holes as float64, and all else as strings.

    A column with a missing number adds a column that says where.
    """
    numbers, levels = {}, {}
    for name in train:
        column = train[name]
        if not _is_number(column):
            levels[name] = column.astype(object).where(column.notna(), _ABSENT)
            levels[name] = levels[name].map(str)
            continue
        if column.isna().any():
            levels[_holes(name)] = column.isna().map(str)
        if column.dtype.kind in "Mm":
            units = column.astype("int64")
            column = units.where(column.notna()).astype("float64")
        column = column.astype("float64")
        numbers[name] = column.fillna(column.median())
    return pd.DataFrame(numbers), pd.DataFrame(levels).astype(object)


def _holes(name):
    return f"{name} is missing"


def with_holes(rows, train):
    """Undo `without_holes`: the columns and dtypes of the training rows."""
    columns = {}
    for name in train:
        like, drawn = train[name], rows[name]
        if not _is_number(like):
            known = {str(level): level for level in like.dropna().unique()}
            columns[name] = drawn.map(known).astype(like.dtype)
            continue
        present = like.dropna()
        is_whole = like.dtype.kind in "iuMm" or (present % 1 == 0).all()
        drawn = drawn.round() if is_whole else drawn
        if like.dtype.kind in "iuMm":
            drawn = drawn.astype("int64")
        drawn = drawn.astype(like.dtype)
        if _holes(name) in rows:
            drawn = drawn.mask(rows[_holes(name)] == "True")
        columns[name] = drawn
    return pd.DataFrame(columns)
