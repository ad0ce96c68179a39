"""Blocks of accepted rows, each filled by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._acceptance import accept

_SURPLUS = 1.1  # candidates over those expected to be enough
_FIRST_SHARE = 0.5  # assumed to be kept before anything is known


def fill_block(
    n_rows: int,
    draw: Callable[[int, np.random.Generator], np.ndarray],
    log_accept: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
    max_tries: int = 20,
    *,
    share: float | None = None,
) -> np.ndarray:
    """Return exactly `n_rows` accepted rows, from no other state than `rng`.

    Parameters
    ----------
    n_rows : int
        Rows wanted, at least 0.
    draw : callable
        ``draw(n, rng)`` returns (n, d) float64 candidates.
    log_accept : callable
        Log-probabilities of acceptance, (n,), of (n, d) candidates; `log_accept` of a
        `RejectionRule`.
    rng : numpy.random.Generator
        Made from (seed, number of the block): then a block is the same whatever was
        drawn before it, and ``sample(n)`` is the start of ``sample(m)`` if blocks are
        of one size and the last is cut.
    max_tries : int, default=20
        Batches of candidates at most, at least 1.
    share : float, default=None
        Candidates expected to be kept, which sizes the first batch; `share_` of a
        `RejectionRule`. Later batches follow what was kept.

    Returns
    -------
    rows : ndarray of shape (n_rows, d), dtype float64
        In the order drawn. If `max_tries` batches did not give enough, the refused
        candidates most likely to be accepted fill up the end, each by its
        log-probability plus Gumbel noise, which draws without replacement in
        proportion to the probabilities.

    Raises
    ------
    ValueError
        If `max_tries` is below 1.

    Notes
    -----
    No batch is larger than four times the rows wanted, and none smaller than 64.

    Examples
    --------
    >>> import numpy as np
    >>> from skgan.rejection import fill_block
    >>> def draw(n, rng):
    ...     return rng.normal(size=(n, 1))
    >>> def above_zero(columns):
    ...     return np.where(columns[:, 0] > 0, 0.0, -np.inf)
    >>> rows = fill_block(100, draw, above_zero, np.random.default_rng(0))
    >>> rows.shape, bool((rows > 0).all())
    ((100, 1), True)
    """
    if max_tries < 1:
        raise ValueError(f"max_tries must be at least 1, got {max_tries!r}")
    kept, refused, refused_log = [], [], []
    n_kept = n_drawn = 0
    expected = _FIRST_SHARE if share is None else share
    for _ in range(max_tries):
        wanted = _SURPLUS * (n_rows - n_kept) / max(expected, 1e-3)
        n = int(np.clip(wanted, 64, max(64, 4 * n_rows)))
        candidates = draw(n, rng)
        log_probability = log_accept(candidates)
        mask = accept(log_probability, rng)
        kept.append(candidates[mask])
        refused.append(candidates[~mask])
        refused_log.append(log_probability[~mask])
        n_kept += int(mask.sum())
        n_drawn += n
        if n_kept >= n_rows:
            return np.concatenate(kept)[:n_rows]
        expected = max(n_kept, 1) / n_drawn
    others, logs = np.concatenate(refused), np.concatenate(refused_log)
    keys = logs + rng.gumbel(size=len(logs))
    best = np.argsort(-keys, kind="stable")[: n_rows - n_kept]
    return np.concatenate([*kept, others[np.sort(best)]])
