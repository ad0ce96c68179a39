"""`sample_to`: as many rows as one likes, in files that are each drawn alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed, effective_n_jobs

from skgan._validation import check_integer
from skgan.io._cluster import draw_on_cluster
from skgan.io._sample_files import (
    RowFiles,
    import_pyarrow,
    read_manifest,
    write_in_one_thread,
)
from skgan.samplers import SampleRows

_OF_PARALLEL = signature(Parallel).parameters


def sample_to(
    sampler: Any,
    path: str | os.PathLike,
    n_samples: int,
    *,
    rows_per_file: int = 1_000_000,
    given: Any = None,
    y: Any = None,
    codes: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
    scheduler: Any = None,
    verbose: int = 0,
) -> list[str]:
    """Draw rows into a folder of Parquet files, as many as the disk holds.

    Put together, in the order of their names, the files hold what
    ``sampler.sample(n_samples, random_state=random_state)`` returns. Each is a function
    of the seed and its number alone: any process can draw any file, and a call that
    was broken off, given again, draws those that are missing. A file is there whole or
    not at all.

    Parameters
    ----------
    sampler : GANSampler, ConditionalGANSampler or InfoGANSampler
        Fitted to a table or to vectors. Columns of an array are called x0, x1 and so
        on; labels stand behind them, by their name or as y.
    path : str or path-like
        The folder; it is made if there is none. Of a cluster, one that all workers
        see. It also holds ``_manifest.json``, which says what was asked for, so that
        the folder can be told from others, and no other sample gets into it.
    n_samples : int
        Rows in all, at least 0.
    rows_per_file : int, default=1_000_000
        Rows of a file, at least 1; the last one has what is left. A process holds some
        65 000 rows at once, however many a file has.
    given : dict, list of dict, DataFrame or callable, default=None
        What rows shall have, as in ``GANSampler.sample``.
    y : scalar or array-like, default=None
        Labels, as in ``ConditionalGANSampler.sample``.
    codes : int or array-like, default=None
        Codes, as in ``InfoGANSampler.sample``.
    random_state : int, RandomState instance or None, default=None
        Fixes the rows, as in ``sample``. None goes on with the seed of a folder that
        was begun, and else draws one from the sampler's own stream.
    n_jobs : int or None, default=None
        Processes that draw, one thread each, by joblib; -1 takes all cores. None is 1
        unless in a ``joblib.parallel_config`` context.
    scheduler : str, dask.distributed.Client or None, default=None
        Draws on a cluster of Dask in place of `n_jobs`: the address of its scheduler,
        such as "tcp://10.0.0.1:8786", or a client.
    verbose : int, default=0
        1 shows a bar with the files that are done.

    Returns
    -------
    files : list of str
        Paths of all files, in the order of their rows.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the sampler is not fitted.
    TypeError
        If it is no sampler, or draws no rows by what is given; if a number is none.
    ValueError
        If a number is out of its range; rows are images, or cannot be kept in Parquet;
        the constraint `Unique` ties each row to all before it; or the folder was begun
        with another sampler, seed or number of rows, which the message names.
    FileExistsError, NotADirectoryError, FileNotFoundError
        If the folder holds other Parquet files, is a file, or lies in none that exists.
    OSError
        If the disk is full: what is written stays, and no half file.
    ConnectionError
        If no scheduler answers.
    ImportError
        Without pyarrow or, for a scheduler, dask: ``pip install "skgan[scale]"``.

    Warns
    -----
    UserWarning
        As ``GANSampler.sample``, where `given` leaves few candidates for a row.

    See Also
    --------
    GANSampler.sample : Rows in memory.

    Notes
    -----
    Two calls into one folder at once do not harm each other; they may draw a file
    twice. On processors of another kind the last bits of numbers may differ.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from skgan import GANSampler, sample_to
    >>> people = pd.DataFrame({"age": [31, 45, 27, 60] * 25, "sex": list("mf") * 50})
    >>> sampler = GANSampler(max_iter=0, random_state=0).fit(people)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = sample_to(sampler, folder, 500, rows_per_file=200, random_state=1)
    ...     rows = pd.concat(map(pd.read_parquet, files), ignore_index=True)
    >>> len(files), rows.equals(sampler.sample(500, random_state=1))
    (3, True)
    """
    import_pyarrow()
    rows_per_file = check_integer("rows_per_file", rows_per_file, 1)
    verbose = check_integer("verbose", verbose, 0)
    if scheduler is not None and n_jobs is not None:
        raise ValueError("Give n_jobs or scheduler: one of them says who draws.")
    folder = Path(os.path.realpath(path))
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{str(path)!r} is a file; name a folder.")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"{str(path)!r} lies in no folder that exists.")
    begun = read_manifest(folder) if random_state is None else None
    seed = None if begun is None else begun["seed"]
    rows = SampleRows(
        sampler, n_samples, random_state, seed=seed, given=given, y=y, codes=codes
    )
    files = RowFiles(rows, folder, rows_per_file)
    folder.mkdir(exist_ok=True)
    files.claim(random_state if begun is None else begun["random_state"])
    files.tidy()
    missing = files.missing()
    if scheduler is not None:
        done = draw_on_cluster(scheduler, files, missing)
    else:
        done = _draw_here(files, missing, n_jobs, verbose)
    _watch(done, files, len(missing), verbose)
    files.tidy(everything=True)
    return [str(files.path_of(i)) for i in range(files.n_files)]


def _draw_here(
    files: RowFiles, missing: list[int], n_jobs: int | None, verbose: int
) -> Iterator:
    """Draw files in processes of this machine; yield as they are done."""
    if not missing:
        return
    if n_jobs == 1 or effective_n_jobs(n_jobs) == 1:
        for i in missing:
            yield files.write(i)
        return
    jobs = (delayed(write_in_one_thread)(files, i) for i in missing)
    # Older versions of joblib, and some backends, tell of files when all are done.
    tells = verbose and "return_as" in _OF_PARALLEL
    as_done = {"return_as": "generator"} if tells else {}
    yield from Parallel(n_jobs=n_jobs, batch_size=1, **as_done)(jobs)


def _watch(done: Iterable, files: RowFiles, n_missing: int, verbose: int) -> None:
    from tqdm.auto import tqdm

    with tqdm(
        total=files.n_files,
        initial=files.n_files - n_missing,
        unit="file",
        disable=not verbose,
    ) as bar:
        for _ in done:
            bar.update()
