"""The same bits whatever the threads."""

PROGRAM = """
import hashlib
import sys
import numpy as np
import torch
from threadpoolctl import threadpool_limits
from skgan.priors import LevelColumn, NumberColumn, TreesPrior
threadpool_limits(int(sys.argv[1]))
torch.set_num_threads(int(sys.argv[1]))
rng = np.random.default_rng(0)
columns = rng.normal(size=(1200, 3)) @ rng.normal(size=(3, 8))
columns += 0.3 * rng.normal(size=columns.shape)
columns[:, 0] = columns[:, 0] > 0
schema = (LevelColumn(2),) + (NumberColumn(),) * 7
drawn = TreesPrior().fit(columns, schema, random_state=0).sample(500, 1)
print(hashlib.sha256(drawn.tobytes()).hexdigest())
"""


def test_threads_change_nothing(run_script):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    one, four = (
        run_script(PROGRAM, threads, **dict.fromkeys(names, threads))
        for threads in ("1", "4")
    )
    assert one[0], one[1]
    assert one == four
