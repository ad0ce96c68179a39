"""From what was typed to an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module

from skgan.cli._arguments import make_parser

# As shells have it: 128 and the number of the signal.
_INTERRUPTED, _NOBODY_READS = 130, 141


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
        is_table = getattr(options, "table", None) is not None
        run = _import_verb("demo_table" if is_table else options.verb, name)
        with warnings.catch_warnings():
            if not options.debug:
                warnings.showwarning = _show_in_one_line(name)
            code = run(options)
            sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        _close_bars()
        # A verb may have said what is left of its work.
        rest = "".join(f"; {text}" for text in interrupt.args)
        print(f"{name}: interrupted{rest}", file=sys.stderr)
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
    return code or 0


def _import_verb(verb: str, name: str) -> Callable[[argparse.Namespace], int | None]:
    """Return what runs a verb; what it needs takes seconds to import."""
    with _leaving_at_once(name):
        return import_module(f"skgan.cli._{verb}").run


@contextmanager
def _leaving_at_once(name: str) -> Iterator[None]:
    """Let Ctrl-C end the process where nothing has been begun.

    Libraries that are being imported would turn a KeyboardInterrupt into errors of
    their own.
    """

    def leave(number, frame):
        os.write(2, f"{name}: interrupted\n".encode())
        os._exit(_INTERRUPTED)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _close_bars() -> None:
    """End the lines of progress bars that training left open."""
    tqdm = sys.modules.get("tqdm")
    for bar in list(getattr(getattr(tqdm, "tqdm", None), "_instances", ())):
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
