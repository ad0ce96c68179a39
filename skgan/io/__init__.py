"""Files of fitted estimators, from which nothing is ever executed.

A file is a ZIP archive of five members, stored one behind the other:

``manifest.json``
    the schema, and the size and SHA-256 of each other member;
``config.json``
    the estimator's name and parameters, and the versions it was written by;
``state.json``, ``state.safetensors``
    what was learnt, and the arrays of it;
``weights.safetensors``
    the weights of the networks, which any tool for that format reads.
"""

from skgan._estimator import InconsistentVersionWarning
from skgan.io._sample_files import is_begun as is_begun
from skgan.io._sample_to import sample_to
from skgan.io._save_load import SCHEMA, load, save
from skgan.storage import (
    ContentError,
    FileFormatError,
    IntegrityError,
    MissingDefinitionError,
    SchemaError,
    StructureError,
    UnsaveableError,
)

__all__ = [
    "SCHEMA",
    "ContentError",
    "FileFormatError",
    "InconsistentVersionWarning",
    "IntegrityError",
    "MissingDefinitionError",
    "SchemaError",
    "StructureError",
    "UnsaveableError",
    "load",
    "sample_to",
    "save",
]
