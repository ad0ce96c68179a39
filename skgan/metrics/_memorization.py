"""Whether samples were copied from the training rows.

Only a comparison of training rows with held-out ones, or of training rows with each
other, can tell. None of these is to be maximised: noise would win.
The order of arguments is training rows, held-out rows, synthetic rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from skgan._validation import check_stream
from skgan.frames import is_table
from skgan.metrics._blocks import match_blocks, read_blocks, without
from skgan.metrics._inputs import (
    as_vectors,
    check_count,
    check_n_rows,
    draw_rows,
)
from skgan.metrics._nearest import nearest, nearest_other
from skgan.metrics._row_names import shared_identifiers


def authenticity(
    X_train: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    max_samples: int | None = 20_000,
    random_state: Any = None,
) -> float:
    """Share of synthetic rows that are not near-copies of a training row.

    Parameters
    ----------
    X_train : array-like of shape (n_train, ...) or DataFrame
        Rows that the sampler was trained on. At least two.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_train`; with False, numeric
        columns are taken in their own units.
    max_samples : int or None, default=20_000
        More synthetic rows than these are reduced to so many, drawn at random. The
        training rows are all used, or copies of those left out would go unseen.
    random_state : int, RandomState instance or None, default=None
        Chooses the synthetic rows when there are more than `max_samples`.

    Returns
    -------
    authenticity : float
        In [0, 1]. About ½ is expected of fresh rows, 0 of copies; noise has 1.

    Raises
    ------
    ValueError
        If a set has too few rows, or the columns differ.

    Notes
    -----
    Share of synthetic rows s whose nearest training row t is farther away than the
    nearest other training row is from t [1]_. Copies of any one training row,
    however many, are not authentic.

    References
    ----------
    .. [1] Alaa, A. M. et al. (2022). How faithful is your synthetic data?
       Sample-level metrics for evaluating and auditing generative models. ICML
       (authenticity).

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.metrics import authenticity
    >>> X_train = np.random.default_rng(0).normal(size=(100, 2))
    >>> authenticity(X_train, X_train)
    0.0
    >>> authenticity(X_train, X_train + 100)
    1.0
    """
    train, synthetic = as_vectors(
        ("X_train", X_train),
        ("X_synthetic", X_synthetic),
        standardize=standardize,
        min_rows=(2, 1),
    )
    synthetic = _at_most(
        max_samples, synthetic, check_stream("random_state", random_state)
    )
    to_train, which = nearest(synthetic, train)
    met, which = np.unique(which, return_inverse=True)
    to_other = nearest_other(train, met)
    return float(np.mean(to_train > to_other[which]))


def dcr_share(
    X_train: Any,
    X_holdout: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    max_samples: int | None = 20_000,
    random_state: Any = None,
) -> float:
    """Share of synthetic rows that are closer to training than to held-out rows.

    Parameters
    ----------
    X_train : array-like of shape (n_train, ...) or DataFrame
        Rows that the sampler was trained on. At least one.
    X_holdout : array-like of shape (n_holdout, ...) or DataFrame
        Rows of the same distribution that it has not seen. At least one.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_train`; with False, numeric
        columns are taken in their own units.
    max_samples : int or None, default=20_000
        More synthetic rows than these are reduced to so many, drawn at random.
    random_state : int, RandomState instance or None, default=None
        Chooses those, and rows of the larger of `X_train` and `X_holdout`, which is
        reduced to the size of the other: it would be closer by its size alone.

    Returns
    -------
    share : float
        In [0, 1]. ½ is ideal, 1 means copies; `confidence_interval` says how far
        chance alone goes. A measure of overfitting, not a guarantee of privacy.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    Notes
    -----
    P(d(s, train) < d(s, holdout)), the distance to the closest record [1]_; ties
    count half.

    References
    ----------
    .. [1] Platzer, M. and Reutterer, T. (2021). Holdout-based empirical assessment
       of mixed-type synthetic data. Frontiers in Big Data 4 (distance to
       the closest record).

    Examples
    --------
    >>> from skgan.metrics import dcr_share
    >>> dcr_share([[0.0], [1.0]], [[2.0], [3.0]], [[0.1], [0.9], [2.9], [1.5]])
    0.625
    """
    train, holdout, synthetic = as_vectors(
        ("X_train", X_train),
        ("X_holdout", X_holdout),
        ("X_synthetic", X_synthetic),
        standardize=standardize,
        min_rows=1,
    )
    n_rows = min(len(train), len(holdout))
    generator = check_stream("random_state", random_state)
    synthetic = _at_most(max_samples, synthetic, generator)
    to_train, _ = nearest(synthetic, draw_rows(train, n_rows, generator))
    to_holdout, _ = nearest(synthetic, draw_rows(holdout, n_rows, generator))
    closer, equal = to_train < to_holdout, to_train == to_holdout
    return float(np.mean(closer) + np.mean(equal) / 2)


def membership_auc(
    X_train: Any,
    X_holdout: Any,
    X_synthetic: Any,
    *,
    standardize: bool = True,
    max_samples: int | None = 20_000,
    random_state: Any = None,
) -> float:
    """How well the nearest synthetic row tells training from held-out rows.

    Parameters
    ----------
    X_train : array-like of shape (n_train, ...) or DataFrame
        Rows that the sampler was trained on. At least one.
    X_holdout : array-like of shape (n_holdout, ...) or DataFrame
        Rows of the same distribution that it has not seen. At least one.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one; more make
        the attack stronger.
    standardize : bool, default=True
        Measure in a `ReferenceSpace` fitted on `X_train`; with False, numeric
        columns are taken in their own units.
    max_samples : int or None, default=20_000
        More training or held-out rows than these are reduced to so many, drawn at
        random. The synthetic rows are all used.
    random_state : int, RandomState instance or None, default=None
        Chooses the rows when there are more than `max_samples`.

    Returns
    -------
    auc : float
        In [0, 1]. ½ is ideal: nothing is learned about who was in the training
        set. `confidence_interval` says how far chance alone goes.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    Notes
    -----
    Area under the ROC curve of an attack that takes a row for a training row when a
    synthetic row is close [1]_.

    References
    ----------
    .. [1] Chen, D. et al. (2020). GAN-Leaks: a taxonomy of membership inference
       attacks against generative models. CCS (full black-box attack).

    Examples
    --------
    >>> from skgan.metrics import membership_auc
    >>> X_train, X_holdout = [[0.0], [1.0], [2.0]], [[0.5], [1.5], [2.5]]
    >>> membership_auc(X_train, X_holdout, X_train)
    1.0
    """
    train, holdout, synthetic = as_vectors(
        ("X_train", X_train),
        ("X_holdout", X_holdout),
        ("X_synthetic", X_synthetic),
        standardize=standardize,
        min_rows=1,
    )
    generator = check_stream("random_state", random_state)
    train, holdout = (
        _at_most(max_samples, rows, generator) for rows in (train, holdout)
    )
    distances = [nearest(rows, synthetic)[0] for rows in (train, holdout)]
    is_member = np.repeat([1, 0], [len(train), len(holdout)])
    return float(roc_auc_score(is_member, -np.concatenate(distances)))


def duplicate_rate(X_train: Any, X_synthetic: Any) -> float:
    """Share of synthetic rows that equal a training row in every column.

    Parameters
    ----------
    X_train : array-like of shape (n_train, ...) or DataFrame
        Rows that the sampler was trained on. At least one.
    X_synthetic : array-like of shape (n_synthetic, ...) or DataFrame
        Rows drawn from the sampler, with the same columns. At least one.

    Returns
    -------
    rate : float
        In [0, 1]. Real tables with few columns repeat themselves too: compare with
        ``duplicate_rate(X_train, X_holdout)``.

    Raises
    ------
    ValueError
        If a set is empty, or the columns differ.

    Notes
    -----
    Values are compared exactly, as numbers or as categories; a missing value equals
    a missing value. Columns of frames that name rows, as `TableEncoder` finds them,
    take no part.

    Examples
    --------
    >>> from skgan.metrics import duplicate_rate
    >>> duplicate_rate([[0, 1], [2, 3]], [[2, 3], [0, 3]])
    0.5
    """
    ignored = shared_identifiers(X_train, X_synthetic)
    like = without(read_blocks(X_train, "X_train"), ignored)
    framed = is_table(X_train)
    blocks = match_blocks(X_synthetic, like, framed, "X_synthetic", ignored)
    n_train, n_synthetic = len(like[0].values), len(blocks[0].values)
    check_n_rows("X_train", n_train, 1)
    check_n_rows("X_synthetic", n_synthetic, 1)
    codes = np.zeros((n_train + n_synthetic, len(like)), dtype=np.int64)
    for i, (train, synthetic) in enumerate(zip(like, blocks, strict=True)):
        codes[:, i] = _row_codes(train.values, synthetic.values)
    codes = _row_codes(codes[:n_train], codes[n_train:])
    return float(np.mean(np.isin(codes[n_train:], codes[:n_train])))


def _at_most(
    max_samples: int | None, rows: np.ndarray, generator: np.random.RandomState
) -> np.ndarray:
    if max_samples is not None:
        check_count("max_samples", max_samples)
    return draw_rows(rows, max_samples, generator)


def _row_codes(train: np.ndarray, synthetic: np.ndarray) -> np.ndarray:
    """One whole number a row, equal where rows are equal."""
    rows = np.concatenate([train, synthetic])
    keys: list[Any]
    if rows.ndim == 1:
        keys = rows.tolist()
    else:
        if rows.dtype.kind == "f":
            rows = rows + 0.0  # -0.0 becomes 0.0
            rows[np.isnan(rows)] = np.nan  # and every kind of NaN the same bytes
        keys = [row.tobytes() for row in rows]
    codes: dict[Any, int] = {}
    return np.array([codes.setdefault(key, len(codes)) for key in keys])
