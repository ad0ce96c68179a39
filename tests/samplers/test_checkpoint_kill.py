"""kill -9 at any moment: the next fit ends where the first would have ended."""

import os
import signal

import pytest

# It has imported everything and never computed anything: it can be forked.
SCRIPT = """
    import hashlib, os, random, signal, sys, time, warnings
    import numpy as np
    from skgan import ConditionalGANSampler
    from skgan.callbacks import TrainingCheckpoint
    from skorch.callbacks import Callback

    warnings.simplefilter("error")
    folder, result = sys.argv[1:]

    class Tell(Callback):
        def __init__(self, pipe):
            self.pipe = pipe
        def on_batch_end(self, net, **kwargs):
            os.write(self.pipe, b".")

    def fit(pipe):
        rows = np.random.default_rng(0).normal(size=(60, 3))
        sampler = ConditionalGANSampler(
            hidden_dims=(8,), batch_size=16, max_iter=30, random_state=0,
            early_stopping=True, callbacks=[Tell(pipe)],
            checkpoint=TrainingCheckpoint(folder, updates=1),
            net_params={"max_epochs": 10, "iterator_train__n_batches": 3},
        ).fit(rows, np.repeat([0, 1, 2], 20))
        net = sampler.net_
        digest = hashlib.sha256(sampler.sample(9, random_state=0)[0].tobytes())
        for name in net.modules_:
            for value in getattr(net, f"{name}_").state_dict().values():
                digest.update(value.numpy().tobytes())
        for name in net.optimizers_:
            for moments in getattr(net, f"{name}_").state_dict()["state"].values():
                for value in moments.values():
                    digest.update(value.numpy().tobytes())
        with open(result, "w") as file:
            file.write(digest.hexdigest())

    def in_process(n_steps=None, wait=0.0):
        \"\"\"Fit in a child, killed after so many steps and some more time.\"\"\"
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ours)
            fit(theirs)
            os._exit(0)
        os.close(theirs)
        n_done = 0
        while (n_steps is None or n_done < n_steps) and os.read(ours, 1):
            n_done += 1
        if n_steps is not None:
            time.sleep(wait)
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        while os.read(ours, 1):
            n_done += 1
        os.close(ours)
        assert code == (0 if n_steps is None else -signal.SIGKILL), code
        return n_done

    def read():
        with open(result) as file:
            return file.read()

    assert in_process() == 30
    whole = read()
    moments = random.Random(0)
    for n_kills in (2, 1):
        # Twice the same fit: it may be killed again before it ends.
        os.unlink(result)
        for _ in range(n_kills):
            done = in_process(moments.randint(1, 15), moments.uniform(0, 0.01))
        left = in_process()
        assert left <= 30 - 3 * ((done - 3) // 3), (done, left)
        assert read() == whole, done
        assert os.listdir(folder) == []
    print("same")
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="it kills")
def test_killed_at_random_moments(run_script, tmp_path):
    output, errors = run_script(SCRIPT, tmp_path / "checkpoint", tmp_path / "result")
    assert output == "same", errors
