"""Rows that are named instead of held: files, datasets of Arrow, lazy frames."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from skgan._validation import check_integer
from skgan.frames._reader import as_rows
from skgan.frames._row_files import BATCH_ROWS, CsvRows, import_arrow, make_files

# All rows are kept up to this number.
MAX_ROWS = 200_000
_MIN_ROWS = 1000
_SMALL_BATCH = 16_384


class RowSource:
    """Rows that ``fit`` reads in batches, so that they never have to fit into memory.

    ``fit`` makes one of what names rows by itself; make it yourself to set what its
    parameters are about.

    Parameters
    ----------
    rows : str, path-like, list of these, pyarrow.dataset.Dataset, \
            dask.dataframe.DataFrame or polars.LazyFrame
        What names the rows: paths of Parquet or CSV files (``.parquet``, ``.pq``,
        ``.csv``, ``.csv.gz``, ``.tsv``, ``.tsv.gz``) or patterns such as
        ``"rows/*.parquet"``, all with the same columns; a dataset; or a lazy frame,
        of Dask read a partition at a time, of polars written to a Parquet file in
        `scratch` first.
    columns : list of str or None, default=None
        The columns that are read; None reads all.
    max_rows : int, default=200_000
        Rows kept, 1000 at least: a uniform sample. All rows up to this number. A share
        p of all rows is right to within ``sqrt(p * (1 - p) / max_rows)``, and so is
        the place of a quantile: 0.0011 at the median of 200 000 rows. More need more
        memory and, beyond 50 000, teach a prior of trees nothing.
    scratch : str, path-like or None, default=None
        A folder for files that are needed while ``fit`` runs; None is the system's own
        for such files. Where ``fit`` is killed or fails, the rows that it has encoded
        for a long training stay there, in ``skgan-encoded.rows``, so that the same fit
        finds them when it is started again. Else the folder is left as it was. One fit
        at a time has encoded rows there.
    random_state : int, default=0
        Fixes which rows are kept.

    Notes
    -----
    Text of CSV is read as pandas does, words for missing cells included, and ISO dates
    as dates.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgan import GANSampler, RowSource
    >>> rng = np.random.default_rng(0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part in range(3):
    ...         frame = pd.DataFrame({"age": rng.integers(18, 90, 500), "city": "Rome"})
    ...         frame.to_parquet(Path(folder) / f"{part}.parquet")
    ...     rows = RowSource(f"{folder}/*.parquet", max_rows=1000)
    ...     sampler = GANSampler(max_iter=0, random_state=0).fit(rows)
    >>> sampler.sample(2, random_state=0).columns.tolist()
    ['age', 'city']
    """

    def __init__(
        self,
        rows,
        *,
        columns: Sequence[str] | None = None,
        max_rows: int = MAX_ROWS,
        scratch: str | os.PathLike | None = None,
        random_state: int = 0,
    ):
        self.rows = rows
        self.columns = columns
        self.max_rows = max_rows
        self.scratch = scratch
        self.random_state = random_state

    def open(self) -> RowReader:
        """Return what reads the rows, with schemas compared.

        Returns
        -------
        RowReader

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If a file cannot be read or has other columns, or other types, than the
            first; the file is named.
        ImportError
            If pyarrow is not installed.
        """
        check_integer("max_rows", self.max_rows, _MIN_ROWS)
        check_integer("random_state", self.random_state, 0)
        if self.scratch is not None and not os.path.isdir(self.scratch):
            raise FileNotFoundError(
                f"scratch is {os.fspath(self.scratch)!r}, and there is no such folder."
            )
        import_arrow()
        rows, folder = self.rows, None
        if is_polars_lazy(rows):
            folder = tempfile.TemporaryDirectory(prefix="skgan-", dir=self.scratch)
            rows = _sink(rows, folder)
        if is_dask(rows):
            parts: list[Any] = _dask_parts(rows)
        elif is_dataset(rows):
            parts = [_DatasetRows(rows)]
        else:
            several = isinstance(rows, list | tuple)
            paths = [os.fspath(path) for path in (rows if several else [rows])]
            if not paths:
                raise ValueError("rows is an empty list; name files.")
            parts = make_files(paths)
        return RowReader(parts, self.columns, folder)


class RowReader:
    """Reads rows again and again, in batches of one schema."""

    def __init__(self, parts: list, columns, folder: Any = None):
        self._parts, self._columns, self._folder = parts, columns, folder
        try:
            self.read_schema()
        except BaseException:
            self.close()
            raise

    def read_schema(self) -> None:
        """Read the schema; anew after `TypesChanged`."""
        self.schema = self._agree(self._columns)

    @property
    def n_parts(self) -> int:
        """How many files or partitions there are."""
        return len(self._parts)

    def marks(self) -> list | None:
        """Return paths, sizes and times of the files; None if some rows have none."""
        marks: list = []
        for part in self._parts:
            if self._folder is not None or not part.marks():
                return None
            marks += part.marks()
        return marks

    def batches(self, columns: list[str] | None = None) -> Iterator[tuple[str, Any]]:
        """Yield batches of rows, of all columns or some, each with its file's name."""
        chosen = self.schema.names if columns is None else columns
        arrow = import_arrow()
        schema = arrow.schema([self.schema.field(name) for name in chosen])
        for part in self._parts:
            batches = (_cast(b, schema, part.path) for b in part.batches(chosen))
            for batch in _join_small(batches):
                yield part.path, batch

    def frame_of(self, rows: Any) -> Any:
        """Return a batch, a list of batches, or a table, as a frame of pandas."""
        arrow = import_arrow()
        table = rows
        if not isinstance(rows, arrow.Table):
            batches = rows if isinstance(rows, list) else [rows]
            table = arrow.Table.from_batches(batches)
        table = table.replace_schema_metadata(self.schema.metadata)
        return as_rows(table.unify_dictionaries())

    def close(self) -> None:
        """Delete files that were made for reading."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _agree(self, columns) -> Any:
        """Return the schema that all parts have, or raise."""
        arrow = import_arrow()
        schemas = [part.schema() for part in self._parts]
        # A CSV file may have widened the types of those before it.
        schemas = [
            part.schema() if isinstance(part, CsvRows) else schema
            for part, schema in zip(self._parts, schemas, strict=True)
        ]
        first = schema = schemas[0]
        repeated = sorted({n for n in first.names if first.names.count(n) > 1})
        if repeated:
            raise ValueError(f"{self._parts[0].path!r} has several columns {repeated}.")
        for part, other in zip(self._parts[1:], schemas[1:], strict=True):
            schema = _unite(schema, other, self._parts[0].path, part.path)
        # Of these, few functions of Arrow take rows.
        of_views = {"string_view": arrow.large_string()}
        of_views["binary_view"] = arrow.large_binary()
        for place, field in enumerate(schema):
            if str(field.type) in of_views:
                field = field.with_type(of_views[str(field.type)])
                schema = schema.set(place, field)
        if columns is not None:
            unknown = [name for name in columns if name not in schema.names]
            if unknown:
                raise ValueError(
                    f"columns names {unknown}, which the rows do not have; they have "
                    f"{schema.names}."
                )
            metadata = schema.metadata
            schema = arrow.schema([schema.field(name) for name in columns])
            schema = schema.with_metadata(metadata)
        return schema


class _DatasetRows:
    """Rows of a dataset of Arrow."""

    path = "the dataset"

    def __init__(self, dataset: Any):
        self._dataset = dataset

    def schema(self) -> Any:
        return self._dataset.schema

    def marks(self) -> list:
        """Return what tells its files from others; nothing where it holds its rows."""
        paths = getattr(self._dataset, "files", [])
        found = self._dataset.filesystem.get_file_info(paths) if paths else []
        return [(file.path, file.size, file.mtime_ns) for file in found]

    def batches(self, columns: list[str]) -> Iterator[Any]:
        arrow, last = import_arrow(), "its first file"
        scanner = self._dataset.scanner(
            columns=columns,
            batch_size=BATCH_ROWS,
            batch_readahead=2,
            fragment_readahead=1,
            use_threads=False,
        )
        try:
            for tagged in scanner.scan_batches():
                path = getattr(tagged.fragment, "path", None)
                last = f"what follows a batch of {path!r}" if path else last
                yield tagged.record_batch
        except (arrow.ArrowException, OSError) as error:
            raise ValueError(
                f"The dataset cannot be read in {last}: {error}"
            ) from error


class _DaskPartition:
    """Rows of one partition of a frame of Dask."""

    def __init__(self, frame: Any, place: int, schema: Any):
        self.path, self._frame, self._place = f"partition {place}", frame, place
        self._schema = schema

    def schema(self) -> Any:
        return self._schema

    def marks(self) -> list:
        """Return nothing: its rows may be worked out anew."""
        return []

    def batches(self, columns: list[str]) -> Iterator[Any]:
        arrow = import_arrow()
        frame = self._frame.get_partition(self._place)[columns].compute()
        table = arrow.Table.from_pandas(frame, preserve_index=False)
        yield from table.to_batches(max_chunksize=BATCH_ROWS)


def _dask_parts(frame: Any) -> list[_DaskPartition]:
    """Return the partitions of a frame, whose types are those of the first rows."""
    arrow = import_arrow()
    head = frame.get_partition(0).compute()
    schema = arrow.Schema.from_pandas(head, preserve_index=False)
    return [_DaskPartition(frame, i, schema) for i in range(frame.npartitions)]


def _sink(frame: Any, folder: tempfile.TemporaryDirectory) -> str:
    """Write a lazy frame of polars to a file, a part at a time."""
    path = os.path.join(folder.name, "rows.parquet")
    try:
        frame.sink_parquet(path)
    except BaseException as error:
        folder.cleanup()
        # Errors of the system have types of polars' own in some of its versions.
        if not isinstance(error, OSError) and "os error" not in str(error):
            raise
        raise OSError(
            f"The lazy frame could not be written to {folder.name!r}: {error}. Name a "
            "folder with more room: RowSource(frame, scratch=...)."
        ) from error
    return path


def _unite(one: Any, other: Any, first: str, path: str) -> Any:
    """Return the schema that two files have in common; integers and floats mix."""
    arrow = import_arrow()
    lacking = [name for name in one.names if name not in other.names]
    more = [name for name in other.names if name not in one.names]
    if lacking or more:
        said = [f"lacks {lacking}"] if lacking else []
        said += [f"has {more} besides"] if more else []
        raise ValueError(
            f"{path!r} has other columns than {first!r}: it {' and '.join(said)}."
        )
    fields = []
    for field in one:
        theirs = other.field(field.name).type
        wide = _wider(field.type, theirs)
        if wide is None:
            raise ValueError(
                f"Column {field.name!r} is {theirs} in {path!r} and {field.type} in "
                f"{first!r}; cast it, so that all files have the same types."
            )
        fields.append(arrow.field(field.name, wide))
    return arrow.schema(fields, metadata=one.metadata)


def _wider(one: Any, other: Any) -> Any:
    """Return a type that holds both; None if there is none."""
    types = import_arrow(".types")
    if one == other or types.is_null(other):
        return one
    if types.is_null(one):
        return other
    are_floats = [types.is_floating(one), types.is_floating(other)]
    are_integers = [types.is_integer(one), types.is_integer(other)]
    if all(are_integers) or all(are_floats):
        return one if one.bit_width >= other.bit_width else other
    if any(are_floats) and any(are_integers):
        return import_arrow().float64()
    if _is_text(one) and _is_text(other):
        return import_arrow().large_string()
    return None


def _is_text(kind: Any) -> bool:
    return str(kind) in ("string", "large_string", "string_view") or (
        str(kind).startswith("dictionary<values=") and "string, indices" in str(kind)
    )


def _join_small(batches: Iterator[Any]) -> Iterator[Any]:
    """Yield batches, several small ones as one: each costs as much as many rows."""
    arrow = import_arrow()
    small: list[Any] = []
    n_small = 0

    def join(parts: list[Any]) -> list[Any]:
        table = arrow.Table.from_batches(parts).unify_dictionaries()
        return table.combine_chunks().to_batches()

    for batch in batches:
        if not small and batch.num_rows >= _SMALL_BATCH:
            yield batch
            continue
        small.append(batch)
        n_small += batch.num_rows
        if n_small >= _SMALL_BATCH:
            yield from join(small)
            small, n_small = [], 0
    yield from join(small) if n_small else ()


def _cast(batch: Any, schema: Any, path: str) -> Any:
    """Return a batch in a schema; its columns may stand in another order."""
    arrow = import_arrow()
    if batch.schema.equals(schema):
        return batch
    columns = []
    for field in schema:
        column = batch.column(field.name)
        try:
            columns.append(
                column if column.type == field.type else column.cast(field.type)
            )
        except (arrow.ArrowException, OverflowError) as error:
            raise ValueError(
                f"Column {field.name!r} of {path!r} is no {field.type}: {error}"
            ) from error
    return arrow.RecordBatch.from_arrays(columns, schema=schema)


def as_source(X: Any) -> RowSource | None:
    """Return what reads the rows that `X` names; None if it holds them."""
    if isinstance(X, RowSource):
        return X
    names_rows = isinstance(X, str | Path) or is_polars_lazy(X) or is_dask(X)
    return RowSource(X) if names_rows or is_dataset(X) else None


def is_polars_lazy(X: Any) -> bool:
    """Whether `X` is a lazy frame of polars."""
    return _comes_from(X, "polars", "LazyFrame")


def is_dask(X: Any) -> bool:
    """Whether `X` is a frame of Dask."""
    return hasattr(X, "npartitions") and _comes_from(X, "dask", "DataFrame")


def is_dataset(X: Any) -> bool:
    """Whether `X` is a dataset of Arrow."""
    return _comes_from(X, "pyarrow", "Dataset")


def _comes_from(X: Any, library: str, name: str) -> bool:
    return any(
        base.__name__ == name and base.__module__.partition(".")[0] == library
        for base in type(X).__mro__
    )
