"""The program ``skgan``, also ``python -m skgan``."""

import sys

from skgan.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
