"""The same bits whatever the threads."""

import os
import subprocess
import sys

PROGRAM = """
import hashlib
import numpy as np
from skgan.priors import LevelColumn, NumberColumn, TreesPrior
rng = np.random.default_rng(0)
columns = rng.normal(size=(1200, 3)) @ rng.normal(size=(3, 8))
columns += 0.3 * rng.normal(size=columns.shape)
columns[:, 0] = columns[:, 0] > 0
schema = (LevelColumn(2),) + (NumberColumn(),) * 7
drawn = TreesPrior().fit(columns, schema, random_state=0).sample(500, 1)
print(hashlib.sha256(drawn.tobytes()).hexdigest())
"""


def test_threads_change_nothing():
    digests = set()
    for threads in ("1", "4"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, threads)
        digests.add(
            subprocess.run(
                [sys.executable, "-c", PROGRAM],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
    assert len(digests) == 1
