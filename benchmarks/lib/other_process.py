"""A loop in a process of its own, so that two libraries' threads do not mix."""

import importlib
import multiprocessing


class Elsewhere:
    """Has the `run` of a loop of `keras_loops`, and runs it in another process.

    TensorFlow's pool and PyTorch's slow each other down where both live in one
    process, even while one of them waits.
    """

    def __init__(self, name, *arguments):
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(other, name, arguments), daemon=True
        )
        self.process.start()

    def run(self, n_updates):
        self.connection.send(n_updates)
        return self.connection.recv()


def _serve(connection, name, arguments):
    loop = getattr(importlib.import_module("benchmarks.lib.keras_loops"), name)(
        *arguments
    )
    try:
        while True:
            connection.send(loop.run(connection.recv()))
    except EOFError:
        return  # the benchmark is over
