"""Files drawn by the workers of a cluster of Dask."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from skgan.io._sample_files import write_in_one_thread

# Workers that a file may take down with it before it counts as the file's fault.
_TRIES = 3
_SECONDS_TO_CONNECT = 30


def draw_on_cluster(scheduler: Any, files: Any, missing: list[int]) -> Iterator[int]:
    """Draw files on the workers of a cluster; yield their numbers as they are done.

    A worker that is lost loses nothing: what it was drawing is drawn by another.
    """
    if not missing:
        return
    with _client_of(scheduler) as client, warnings.catch_warnings():
        # A few megabytes of model that travel once a worker.
        warnings.filterwarnings("ignore", message="Sending large graph")
        distributed = import_module("distributed")
        # Dask's own pickle takes functions without a name, too, as `given` may be.
        sent = import_module("cloudpickle").dumps(files)
        # A task, and no scattered data: Dask makes it again where workers are lost.
        source = client.submit(pickle.loads, sent, pure=False)
        tasks = [
            client.submit(write_in_one_thread, source, i, pure=False, retries=_TRIES)
            for i in missing
        ]
        try:
            for task in distributed.as_completed(tasks):
                yield task.result()
        finally:
            client.cancel(tasks)


@contextmanager
def _client_of(scheduler: Any) -> Iterator[Any]:
    """Give a client; one that was made here is closed again."""
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise ImportError(
            "scheduler= needs dask, which is not installed. Install it with: pip "
            'install "skgan[scale]"'
        ) from error
    if isinstance(scheduler, distributed.Client):
        yield scheduler
        return
    if not isinstance(scheduler, str):
        raise TypeError(
            "scheduler must be the address of a Dask scheduler, such as "
            f"'tcp://10.0.0.1:8786', or a dask.distributed.Client, got {scheduler!r}."
        )
    try:
        client = distributed.Client(scheduler, timeout=_SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"scheduler={scheduler!r} does not answer: {error}. Start one with: dask "
            "scheduler, and workers with: dask worker ADDRESS --nthreads 1"
        ) from error
    with client:
        yield client
