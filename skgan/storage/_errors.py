"""What can be wrong with a file, or with what is to be saved."""

from __future__ import annotations


class FileFormatError(ValueError):
    """A file is not what `skgan.save` writes; nothing of it was loaded."""


class StructureError(FileFormatError):
    """The file is no archive of the form that `skgan.save` writes."""


class IntegrityError(FileFormatError):
    """The file holds other bytes than were written: it is damaged or was changed."""


class SchemaError(FileFormatError):
    """The file follows a schema that this version of skgan does not read."""


class ContentError(FileFormatError):
    """The file holds something that no saved estimator holds."""


class MissingDefinitionError(FileFormatError):
    """The file needs a class, function or object that `load` was not given."""


class UnsaveableError(TypeError):
    """The estimator holds something that a file cannot hold."""
