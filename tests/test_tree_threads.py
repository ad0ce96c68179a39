"""How many threads boosted trees use: one, unless the user says how many."""

import os
import textwrap

import pytest

FREE = {k: None for k in os.environ if k.endswith("_NUM_THREADS")}
START = """
    import numpy as np
    import sklearn.ensemble
    from threadpoolctl import threadpool_info, threadpool_limits
    used = []
    def openmp():
        infos = [i for i in threadpool_info() if i["user_api"] == "openmp"]
        return max(info["num_threads"] for info in infos)
    class Watched(sklearn.ensemble.HistGradientBoostingClassifier):
        def fit(self, *args, **kwargs):
            used.append(openmp())
            return super().fit(*args, **kwargs)
    threadpool_limits(2, user_api="openmp")
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 3))
"""
PLACES = {
    "the test of two samples": """
        import skgan.metrics._classifier as room
        room.HistGradientBoostingClassifier = Watched
        room.c2st(rows, rng.normal(size=(500, 3)), random_state=0)
    """,
    "a fit that judges and rejects": """
        sklearn.ensemble.HistGradientBoostingClassifier = Watched
        from skgan import GANSampler
        GANSampler(max_iter=0, random_state=0).fit(rows)
    """,
}


@pytest.fixture
def threads_used(run_script):
    """Return what gives threads inside and after, where two were allowed before."""
    end = "print(*sorted(set(used)), openmp(), len(used) > 1)"

    def run(code, **variables):
        script = "\n".join(map(textwrap.dedent, (START, code, end)))
        output, errors = run_script(script, **FREE | variables)
        assert not errors, errors
        return output.split()

    return run


@pytest.mark.parametrize("place", PLACES)
def test_one_thread_inside_and_the_old_number_afterwards(threads_used, place):
    assert threads_used(PLACES[place]) == ["1", "2", "True"]


def test_the_variable_of_the_environment_is_obeyed(threads_used):
    code = """
        from skgan._tree_threads import tree_threads
        for _ in range(2):
            with tree_threads():
                used.append(openmp())
    """
    assert threads_used(code) == ["1", "2", "True"]
    assert threads_used(code, OMP_NUM_THREADS="2") == ["2", "2", "True"]
