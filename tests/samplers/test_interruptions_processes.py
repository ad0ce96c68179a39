"""Threads with checkpoints, and forks beside threads: the same, and nothing hangs."""

import os
import threading

import numpy as np
import pytest

from skgan import GANSampler
from skgan.callbacks import TrainingCheckpoint

SMALL = {"hidden_dims": (8,), "batch_size": 16, "max_iter": 6, "random_state": 0}


def make_rows():
    return np.random.default_rng(0).normal(size=(60, 3))


def test_threads_with_checkpoints_of_their_own(tmp_path):
    found = {}

    def fit(seed):
        checkpoint = TrainingCheckpoint(tmp_path / str(seed), updates=1)
        sampler = GANSampler(
            **{**SMALL, "random_state": seed},
            checkpoint=checkpoint,
            net_params={"max_epochs": 3, "iterator_train__n_batches": 2},
        )
        found[seed] = sampler.fit(make_rows()).sample(20)

    threads = [threading.Thread(target=fit, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        plain = GANSampler(
            **{**SMALL, "random_state": seed},
            net_params={"max_epochs": 3, "iterator_train__n_batches": 2},
        ).fit(make_rows())
        np.testing.assert_array_equal(found[seed], plain.sample(20))


FORKS = """
    import os, signal, sys, threading, warnings
    import numpy as np
    import torch
    from skgan import GANSampler
    from skgan._torch_globals import GLOBAL_STREAM

    # Later versions of Python warn of any fork beside a thread.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    rows = np.random.default_rng(0).normal(size=(60, 3))
    def make(**params):
        return GANSampler(
            hidden_dims=(8,), batch_size=16, max_iter=6, random_state=0, **params
        )
    sampler = make().fit(rows)
    expected = sampler.sample(1500, random_state=0)
    again = make().fit(rows).sample(5)

    def in_child(check):
        child = os.fork()
        if child == 0:
            # What hangs is ended.
            signal.alarm(60)
            try:
                check()
            except BaseException as error:
                print(repr(error), file=sys.stderr)
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0, check.__name__

    def draws():
        assert (sampler.sample(1500, random_state=0) == expected).all()

    def fits():
        assert (make().fit(rows).sample(5) == again).all()

    in_child(draws)
    in_child(fits)
    # A fit that draws from the global stream is under way in a thread.
    begun, may_end = threading.Event(), threading.Event()
    def hold():
        with GLOBAL_STREAM:
            begun.set()
            may_end.wait()
    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    begun.wait()
    in_child(draws)
    in_child(fits)
    assert GLOBAL_STREAM.locked()
    may_end.set()
    thread.join()
    fits()
    print("same")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
def test_forks_draw_and_fit_whatever_threads_do(run_script):
    output, errors = run_script(FORKS)
    assert output == "same", errors
