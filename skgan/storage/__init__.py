"""Files that are written whole, and read without executing anything.

An archive of fixed form (`_archive`), JSON (`_json`) and arrays (`_tensors`) in it,
and plain values to these and back (`_values`, `_arrays`).
"""

from skgan.storage._archive import describe, pack, unpack, write_whole
from skgan.storage._errors import (
    ContentError,
    FileFormatError,
    IntegrityError,
    MissingDefinitionError,
    SchemaError,
    StructureError,
    UnsaveableError,
)
from skgan.storage._json import read_json, write_json
from skgan.storage._tensors import TensorReader, TensorWriter
from skgan.storage._values import ValueDecoder, ValueEncoder

__all__ = [
    "ContentError",
    "FileFormatError",
    "IntegrityError",
    "MissingDefinitionError",
    "SchemaError",
    "StructureError",
    "TensorReader",
    "TensorWriter",
    "UnsaveableError",
    "ValueDecoder",
    "ValueEncoder",
    "describe",
    "pack",
    "read_json",
    "unpack",
    "write_json",
    "write_whole",
]
