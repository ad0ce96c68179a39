"""One reader and one writer of containers: NumPy, pandas, polars."""

from skgan.frames._containers import (
    LIBRARIES,
    as_rows,
    flatten_rows,
    frame_library,
    is_table,
    list_series,
    open_container,
    refuse_what_has_no_rows,
    series_library,
)
from skgan.frames._csv_columns import KINDS, CsvColumn, parse_texts
from skgan.frames._files import (
    CsvOptions,
    TableFormat,
    format_like,
    read_csv,
    write_csv,
)
from skgan.frames._fill import fill_cells
from skgan.frames._formats import UNITS, ColumnFormat, RawColumn, cast_numbers
from skgan.frames._library import (
    cast_like,
    concatenate_rows,
    drop_rows,
    label_columns,
    repeat_rows,
    take_rows,
    with_columns,
)
from skgan.frames._objects import (
    is_missing,
    level_key,
    local_time,
    make_objects,
    read_objects,
)
from skgan.frames._reader import (
    holds_numbers_only,
    number_formats,
    read_columns,
    read_values,
)
from skgan.frames._row_files import ROW_ENDINGS, TypesChanged
from skgan.frames._row_source import RowReader, RowSource, as_source
from skgan.frames._writer import (
    ArrayOutputBuilder,
    FrameOutputBuilder,
    cast_column,
    make_frame,
    make_output_builder,
    make_series,
)

__all__ = [
    "KINDS",
    "LIBRARIES",
    "ROW_ENDINGS",
    "UNITS",
    "ArrayOutputBuilder",
    "ColumnFormat",
    "CsvColumn",
    "CsvOptions",
    "FrameOutputBuilder",
    "RawColumn",
    "RowReader",
    "RowSource",
    "TableFormat",
    "TypesChanged",
    "as_rows",
    "as_source",
    "cast_column",
    "cast_like",
    "cast_numbers",
    "concatenate_rows",
    "drop_rows",
    "fill_cells",
    "flatten_rows",
    "format_like",
    "frame_library",
    "holds_numbers_only",
    "is_missing",
    "is_table",
    "label_columns",
    "level_key",
    "list_series",
    "local_time",
    "make_frame",
    "make_objects",
    "make_output_builder",
    "make_series",
    "number_formats",
    "open_container",
    "parse_texts",
    "read_columns",
    "read_csv",
    "read_objects",
    "read_values",
    "refuse_what_has_no_rows",
    "repeat_rows",
    "series_library",
    "take_rows",
    "with_columns",
    "write_csv",
]
