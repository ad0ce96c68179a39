"""Other processes: the same rows, no hanging, nothing left behind."""

import os
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib.externals.loky import get_reusable_executor

LIST = str(Path(__file__).with_name("conftest.py"))


def outcome(public, X):
    """Rows of a fit, and whether a global stream was moved."""
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    rows = public.rows(public.fitted(X), X)
    is_still = torch.equal(torch.get_rng_state(), before)
    return rows, is_still and np.array_equal(np.random.get_state()[1], numpy_before)


def fit_in_process(sampler):
    """Fits of all, and draws of a sampler, in another process or in this one."""
    every = runpy.run_path(LIST)["PUBLIC"]
    X = np.random.default_rng(0).normal([5, -3, 0], [2, 1, 0.1], (24, 3))
    found = {name: outcome(public, X) for name, public in every.items()}
    normal = every["GANSampler"].fitted(X, prior="normal", random_state=1)
    found["normal"] = normal.sample(20, random_state=0), True
    found["score"] = normal.score(X), True
    found["drawn"] = sampler.sample(1500, random_state=1), True
    return found


def test_loky_gives_what_one_process_gives(everything, X):
    sampler = everything["GANSampler"].fitted(X)
    # One of the workers that joblib starts.
    executor = get_reusable_executor(max_workers=1)
    there = executor.submit(fit_in_process, sampler)
    alone = fit_in_process(sampler)
    found = there.result(timeout=300)
    executor.shutdown()
    assert found.keys() == alone.keys() > everything.keys()
    for name, (rows, is_as_it_should) in found.items():
        assert is_as_it_should, name
        np.testing.assert_array_equal(rows, alone[name][0], err_msg=name)


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
def test_forks_draw_and_fit_the_same(run_script):
    output, errors = run_script(START + FORKS, LIST)
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
            for prior in ("trees", "normal"):
                params = {"early_stopping": True, "encoder": "auto", "prior": prior}
                PUBLIC["GANSampler"].fitted(X, **params).sample(10)

    state = torch.get_rng_state()
    fit(2)
    before = size()
    fit(3)
    assert torch.equal(torch.get_rng_state(), state)
    print(before, size(), len(os.listdir("/proc/self/fd")))
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc")
def test_many_fits_leak_nothing(run_script):
    output, errors = run_script(START + MANY, LIST)
    assert output, errors
    before, after, n_files = map(int, output.split())
    assert after < before + 4 * 2**20
    assert n_files < 20
