"""The program ``skgan``: a file a verb, and what the verbs share."""

from skgan.cli._program import main, make_parser

__all__ = ["main", "make_parser"]
