"""How many threads scikit-learn's boosted trees use inside skgan."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "OMP_NUM_THREADS"


@contextmanager
def tree_threads(n_threads: int = 1) -> Iterator[None]:
    """Let boosted trees use `n_threads`, unless the user has said how many.

    That is by ``OMP_NUM_THREADS``, which joblib's workers have too. A tree is hundreds
    of short loops: beside another process, threads spend their time waiting for each
    other at the end of each.
    """
    if _VARIABLE in os.environ:
        yield
        return
    # OpenMP's library must be there to be limited.
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    # The limit is the calling thread's own: fits in several threads do not meet.
    with threadpool_limits(n_threads, user_api="openmp"):
        yield
