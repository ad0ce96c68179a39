"""The program ``skgan``: a file a verb, and what the verbs share.

What is typed is understood before anything that takes long is imported.
"""

from skgan.cli._arguments import make_parser
from skgan.cli._program import main

__all__ = ["main", "make_parser"]
