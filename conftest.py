"""What every test and doctest runs under; read before scikit-learn and torch."""

import gc
import os

# Without this scikit-learn skips one of its estimator checks.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# The networks in the tests are tiny: a second thread costs more than it gives.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")


def pytest_collection_finish(session):
    """Leave what imports and collection have made out of later collections."""
    gc.collect()
    gc.freeze()
