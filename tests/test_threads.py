"""How many threads PyTorch uses in a fit: few, unless the user says how many."""

import os
import textwrap

import pytest
import torch

from skgan._torch_globals import training_threads

VARIABLES = {k for k in os.environ if k.endswith("_NUM_THREADS")}
VARIABLES |= {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}


@pytest.fixture
def run(run_script):
    """Run a script where PyTorch found two processors; return what it prints."""
    start = """
        import os, sys
        os.cpu_count = lambda: 2
        os.sched_getaffinity = lambda pid: {0, 1}
        import torch
        from contextlib import suppress
        from concurrent.futures import ThreadPoolExecutor
        # As PyTorch does when it is imported, of variables as of processors.
        torch.set_num_threads(2)
        sys.modules.pop("skgan._torch_globals", None)
        def inside(n=None):
            from skgan._torch_globals import training_threads
            with training_threads(*([n] if n else [])):
                return torch.get_num_threads()
    """

    def run(code, **variables):
        script = textwrap.dedent(start) + textwrap.dedent(code)
        variables = dict.fromkeys(VARIABLES) | variables
        output, errors = run_script(script, **variables)
        assert not errors, errors
        return output.split()

    return run


def test_one_thread_inside_and_the_old_number_afterwards(run):
    code = """
        from skgan._torch_globals import training_threads
        print(inside(), torch.get_num_threads())
        with suppress(ZeroDivisionError), training_threads():
            1 / 0
        print(torch.get_num_threads())
        with training_threads():
            print(inside(), torch.get_num_threads())
        print(torch.get_num_threads())
    """
    assert run(code) == ["1", "2", "2", "1", "1", "2"]


@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_variables_of_the_environment_are_obeyed(run, variable):
    """joblib gives them to its workers, to share the processors."""
    code = "n = torch.get_num_threads(); print(inside(1) == n, inside(5) == n)"
    assert run(code, **{variable: "2"}) == ["True", "True"]


def test_what_was_set_in_python_is_obeyed(run):
    before = "torch.set_num_threads(3); print(inside(), torch.get_num_threads())"
    assert run(before) == ["3", "3"]
    after = "print(inside()); torch.set_num_threads(3); print(inside(), inside(2))"
    assert run(after) == ["1", "3", "3"]


def test_several_threads_at_once(run):
    code = """
        from threading import Barrier
        from skgan._torch_globals import training_threads
        barrier = Barrier(4)
        def train(_):
            with training_threads():
                barrier.wait()
                n = torch.get_num_threads()
                barrier.wait()
            return n
        with ThreadPoolExecutor(4) as pool:
            print(*pool.map(train, range(4)))
        print(torch.get_num_threads(), inside(), torch.get_num_threads())
        with ThreadPoolExecutor(1) as pool:
            print(pool.submit(torch.get_num_threads).result())
    """
    assert run(code) == ["1", "1", "1", "1", "2", "1", "2", "2"]


def test_tests_take_one_thread_a_worker_unless_told_otherwise():
    n_threads = int(os.environ["OMP_NUM_THREADS"])
    assert torch.get_num_threads() == n_threads
    with training_threads(n_threads + 1):
        assert torch.get_num_threads() == n_threads
