"""Other processes: the same rows, no hanging, nothing left behind."""

import os
import runpy
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed

LIST = str(Path(__file__).with_name("conftest.py"))


def outcome(public, X):
    """Rows of a fit, and whether a global stream was moved."""
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    rows = public.rows(public.fitted(X), X)
    is_still = torch.equal(torch.get_rng_state(), before)
    return rows, is_still and np.array_equal(np.random.get_state()[1], numpy_before)


def fit_in_process(names):
    """Fits by name, in another process or in this one."""
    every = runpy.run_path(LIST)["PUBLIC"]
    X = np.random.default_rng(0).normal([5, -3, 0], [2, 1, 0.1], (24, 3))
    return [outcome(every[name], X) for name in names]


def test_loky_gives_what_one_process_gives(everything):
    names = list(everything)
    halves = [names[::2], names[1::2]]
    together = Parallel(n_jobs=2, backend="loky")(
        delayed(fit_in_process)(half) for half in halves
    )
    for half, found in zip(halves, together, strict=True):
        for name, (rows, is_still), (alone, _) in zip(
            half, found, fit_in_process(half), strict=True
        ):
            assert is_still, name
            np.testing.assert_array_equal(rows, alone, err_msg=name)


def run(script):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), LIST],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    return done.stdout.strip(), done.stderr


START = """
    import gc, os, runpy, signal, sys, warnings
    import numpy as np
    import torch

    warnings.filterwarnings("ignore", category=DeprecationWarning)
    PUBLIC = runpy.run_path(sys.argv[1])["PUBLIC"]
    X = np.random.default_rng(0).normal(size=(24, 3))
"""
FORKS = """
    fitted = {name: public.fitted(X) for name, public in PUBLIC.items()}
    rows = {name: public.rows(fitted[name], X) for name, public in PUBLIC.items()}
    child = os.fork()
    if child == 0:
        # What hangs is ended.
        signal.alarm(120)
        try:
            for name, public in PUBLIC.items():
                assert (public.rows(fitted[name], X) == rows[name]).all(), name
                assert (public.rows(public.fitted(X), X) == rows[name]).all(), name
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print("same")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_forks_draw_and_fit_the_same():
    output, errors = run(START + FORKS)
    assert output == "same", errors


MANY = """
    def size():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def fit(n):
        for _ in range(n):
            for public in PUBLIC.values():
                public.rows(public.fitted(X), X)

    fit(3)
    before = size()
    fit(4)
    print(before, size(), len(os.listdir("/proc/self/fd")))
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc")
def test_many_fits_leak_nothing():
    output, errors = run(START + MANY)
    assert output, errors
    before, after, n_files = map(int, output.split())
    assert after < 1.012 * before
    assert n_files < 20
