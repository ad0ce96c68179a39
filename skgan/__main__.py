"""The program ``skgan``, also ``python -m skgan``."""

import sys

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code; see `skgan.cli`."""
    try:
        from skgan.cli import main as run

        return run(arguments)
    except KeyboardInterrupt:
        # While it read what was typed.
        print("skgan: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
