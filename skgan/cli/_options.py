"""Options that verbs share, and what may be typed behind them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from math import isfinite
from secrets import randbits
from typing import NoReturn

_MOST_ROWS = 10**15


class Parser(argparse.ArgumentParser):
    """A parser whose errors take one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the usage, and exit with 2."""
        line = " ".join(message.split())
        self.exit(2, f"{self.prog}: error: {line} (--help tells more)\n")


def whole_number(minimum: int) -> Callable[[str], int]:
    """Return a type of arguments: whole numbers of at least `minimum`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if not minimum <= value < 2**32:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number of at least {minimum}"
            )
        return value

    return parse


def amount(text: str) -> int:
    """Read how many rows: ``1000``, or ``1e9``."""
    try:
        value = int(text)
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        value = int(number) if isfinite(number) and number.is_integer() else -1
    if not 0 <= value <= _MOST_ROWS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number of at least 0, such as 1000 or 1e9"
        )
    return value


def condition(text: str) -> tuple[str, str]:
    """Read ``COLUMN=VALUE``."""
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN=VALUE")
    return name, value


def seconds(text: str) -> float:
    """Read a time that is longer than nothing."""
    return _positive(text, "number of seconds")


def image_size(text: str) -> tuple[int, int]:
    """Read a side of squares, or a height and a width with an x between them."""
    sides = text.lower().split("x")
    sides = sides * 2 if len(sides) == 1 else sides
    if len(sides) != 2 or not all(side.isdecimal() and int(side) for side in sides):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size of images, such as 32 or 48x64 (height x width)"
        )
    return int(sides[0]), int(sides[1])


def threshold(text: str) -> float:
    """Read a bound of normal numbers, in standard deviations."""
    return _positive(text, "number")


def _positive(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no {what} above 0")
    return value


def separator(text: str) -> str:
    """Read what stands between cells: a sign, or the name of one."""
    text = {"tab": "\t", "\\t": "\t", "space": " "}.get(text, text)
    if len(text) != 1 or text in '"\r\n':
        raise argparse.ArgumentTypeError(f"{text!r} is not one sign, such as ; or tab")
    return text


def add_csv(parser: argparse.ArgumentParser) -> None:
    """Add how CSV files are to be read, where it is not to be found out."""
    parser.add_argument(
        "--sep",
        type=separator,
        metavar="SIGN",
        help="what separates the cells of a CSV file, such as tab (default: found out)",
    )
    parser.add_argument(
        "--encoding", help="of a CSV file, such as cp1252 (default: found out)"
    )
    parser.add_argument(
        "--decimal",
        choices=[".", ","],
        help="the decimal mark of a CSV file (default: found out)",
    )
    parser.add_argument(
        "--na",
        action="append",
        metavar="WORD",
        help="a word that stands for what is missing, in every column of a CSV file; "
        "may be repeated (default: words such as ? or n/a among numbers and dates; an "
        "empty cell always does)",
    )


def add_images(parser: argparse.ArgumentParser) -> None:
    """Add how the images of a folder are to be read."""
    parser.add_argument(
        "--size",
        type=image_size,
        metavar="SIDE",
        help="scale and crop the images of a folder to squares of this side, or to "
        "HEIGHTxWIDTH (default: as they are if all have one size of at most 64, else "
        "32)",
    )
    parser.add_argument(
        "--mode",
        choices=["L", "RGB", "RGBA"],
        help="read the images of a folder as greys, colours, or colours with opacity "
        "(default: greys if none of them shows colour, else RGB)",
    )
    parser.add_argument(
        "--no-labels",
        action="store_true",
        help="read the images of a folder without the labels that its sub-folders are",
    )


def add_dialect(parser: argparse.ArgumentParser) -> None:
    """Add how CSV is to be written, where it is not as the rows came."""
    parser.add_argument(
        "--sep",
        type=separator,
        metavar="SIGN",
        help="what separates the cells of CSV, such as tab (default: as in the file "
        "that was learnt)",
    )
    parser.add_argument(
        "--encoding",
        help="of CSV, such as cp1252 (default: as in the file that was learnt)",
    )


def add_max_iter(parser: argparse.ArgumentParser, minimum: int = 1) -> None:
    """Add how long is trained."""
    help = "updates of the generator (default: enough for the data)"
    if minimum == 0:
        help += "; 0 leaves tables and vectors to decision trees alone"
    parser.add_argument(
        "--max-iter", type=whole_number(minimum), metavar="N", help=help
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add where is trained."""
    parser.add_argument(
        "--device", default="auto", help="a PyTorch device (default: %(default)s)"
    )


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Add the way to see where an error came from."""
    parser.add_argument(
        "--debug", action="store_true", help="show the traceback of an error"
    )


def add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the seed of `what`; without one it is drawn and said."""
    parser.add_argument(
        "--seed",
        type=whole_number(0),
        help=f"fixes {what} (default: drawn, and said on standard error)",
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add the leave to replace a file."""
    parser.add_argument(
        "--force", action="store_true", help="replace the output if it exists"
    )


def choose_seed(seed: int | None) -> int:
    """Return the seed that was typed or, without one, one that can be typed again."""
    if seed is not None:
        return seed
    seed = randbits(32)
    say(f"seed {seed}")
    return seed


def say(text: str) -> None:
    """Tell the user something that is not the data."""
    print(text, file=sys.stderr)
