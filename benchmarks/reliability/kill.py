"""Kill fits at random moments, let them go on, and compare what comes out.

Run as ``python -m benchmarks.reliability.kill``. Each trial fits vectors in a process
of its own, kills it (SIGKILL) after a random number of updates and some random
milliseconds, fits again with the same folder, and compares every weight, moment and
stream, the losses and a sample with those of a fit that nobody has killed.
"""

import hashlib
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from skorch.callbacks import Callback

from benchmarks.lib import report_page
from skgan import GANSampler
from skgan.callbacks import TrainingCheckpoint


class Tell(Callback):
    """Write a byte to a pipe after each update."""

    def __init__(self, pipe):
        self.pipe = pipe

    def on_batch_end(self, net, **kwargs):
        os.write(self.pipe, b".")


def fit(folder, result, pipe, options):
    """Fit, and write down what came out."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2000, 4)) @ rng.normal(size=(4, 4))
    sampler = GANSampler(
        hidden_dims=(32, 32),
        max_iter=options.updates,
        early_stopping=True,
        callbacks=[Tell(pipe)],
        checkpoint=TrainingCheckpoint(folder, updates=1) if folder else None,
        random_state=0,
    ).fit(rows)
    Path(result).write_text(fingerprint(sampler), encoding="utf-8")


def fingerprint(sampler):
    """Hash weights, moments, streams, losses and a sample."""
    net = sampler.net_
    digest = hashlib.sha256(sampler.sample(100, random_state=0).tobytes())
    for name in net._modules:
        for value in getattr(net, f"{name}_").state_dict().values():
            digest.update(value.numpy().tobytes())
    for name in net._optimizers:
        for moments in getattr(net, f"{name}_").state_dict()["state"].values():
            for value in moments.values():
                digest.update(value.numpy().tobytes())
    for stream in (net.latent_stream_, net.order_stream_):
        digest.update(stream.get_state().numpy().tobytes())
    for epoch in net.history:
        losses = [batch["generator_loss"] for batch in epoch["batches"]]
        digest.update(np.array(losses).tobytes())
    return digest.hexdigest()


def in_process(folder, result, options, n_updates=None, wait=0.0):
    """Fit in a process of its own; kill it after so many updates and seconds.

    Return the updates that it made and whether it was killed.
    """
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        fit(folder, result, theirs, options)
        os._exit(0)
    os.close(theirs)
    n_done = 0
    while n_done != n_updates and os.read(ours, 1):
        n_done += 1
    if n_updates is not None:
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    while os.read(ours, 1):
        n_done += 1
    os.close(ours)
    assert code in (0, -signal.SIGKILL)
    return n_done, code != 0


def main():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("--trials", type=int, default=20, help="fits that are killed")
    parser.add_argument("--updates", type=int, default=800, help="of each fit")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = report_page.parse(parser)
    if options.quick:
        options.trials, options.updates = 3, 300
    moments = random.Random(options.seed)
    table, n_same = [], 0
    with tempfile.TemporaryDirectory() as place:
        result = Path(place) / "result"
        in_process(None, result, options)
        whole = result.read_text(encoding="utf-8")
        for trial in range(options.trials):
            folder = Path(place) / f"trial {trial}"
            result.unlink()
            n_updates = moments.randrange(options.updates)
            wait = moments.uniform(0, 0.05)
            done, is_killed = in_process(folder, result, options, n_updates, wait)
            size = sum(file.stat().st_size for file in folder.glob("*.checkpoint"))
            left, _ = in_process(folder, result, options)
            is_same = result.read_text(encoding="utf-8") == whole
            n_same += is_same
            table.append(
                [
                    f"{trial + 1}",
                    f"{done}" if is_killed else "had ended",
                    f"{size / 1e6:.2f} MB" if size else "none yet",
                    f"{left}",
                    "yes" if is_same else "NO",
                ]
            )
            assert not list(folder.iterdir()), "something was left behind"
    lines = report_page.heading("Fits killed at random moments")
    lines += [
        f"Vectors, {options.updates} updates in epochs of 100, a checkpoint at the end "
        f"of each; {n_same} of {options.trials} end with the same bits.",
        "",
        *report_page.table(
            ["trial", "killed after update", "checkpoint", "updates then", "same bits"],
            table,
        ),
    ]
    report_page.publish(lines, options)
    return n_same < options.trials


if __name__ == "__main__":
    sys.exit(main())
