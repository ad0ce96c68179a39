"""From what was typed to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import warnings

from tqdm import tqdm

from skgan import __version__
from skgan.cli import _demo, _fit, _report, _sample, _score
from skgan.cli._options import Parser

_VERBS = (_demo, _fit, _sample, _score, _report)
# As shells have it: 128 and the number of the signal.
_INTERRUPTED, _NOBODY_READS = 130, 141


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, a subparser a verb."""
    parser = Parser(
        prog="skgan",
        description="Generative adversarial networks as scikit-learn estimators.",
    )
    parser.add_argument("--version", action="version", version=f"skgan {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in _VERBS:
        verb.add_parser(verbs)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code.

    Parameters
    ----------
    arguments : list of str or None, default=None
        What was typed after the program's name; None reads the command line.

    Returns
    -------
    int
        0 when all went well, 1 after an error, 130 when the user broke off, 141 when
        nobody reads what is written any more. Wrong usage exits with 2.
    """
    options = make_parser().parse_args(arguments)
    name = f"skgan {options.verb}"
    try:
        with warnings.catch_warnings():
            if not options.debug:
                warnings.showwarning = _show_in_one_line(name)
            options.run(options)
            sys.stdout.flush()
    except KeyboardInterrupt:
        _close_bars()
        print(f"{name}: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # As in `skgan sample ... | head`. What is left is not to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    except Exception as error:
        if options.debug:
            raise
        _close_bars()
        print(f"{name}: error: {_describe(error)}", file=sys.stderr)
        return 1
    return 0


def _close_bars() -> None:
    """End the lines of progress bars that training left open."""
    for bar in list(getattr(tqdm, "_instances", ())):
        bar.close()


def _describe(error: Exception) -> str:
    """Return the message of an error in one line."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__


def _show_in_one_line(name: str):
    def show(message, category, filename, lineno, file=None, line=None):
        text = " ".join(str(message).split())
        print(f"{name}: warning: {text}", file=sys.stderr)

    return show
