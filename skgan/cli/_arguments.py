"""What can be typed: a subparser a verb. It imports nothing that takes a while."""

from __future__ import annotations

import argparse
from pathlib import Path

from skgan._version import __version__
from skgan.cli._options import (
    Parser,
    add_csv,
    add_debug,
    add_device,
    add_dialect,
    add_force,
    add_images,
    add_max_iter,
    add_seed,
    amount,
    condition,
    seconds,
    threshold,
    whole_number,
)

# As `cli/_demo`, `metrics` and `metrics/diagnosis` have them, whose import takes
# seconds.
DEMO_DATA = ("digits", "mnist")
SCORES = (
    "alpha_precision",
    "beta_recall",
    "c2st",
    "column_shapes",
    "coverage",
    "density",
    "energy_distance",
    "frechet_distance",
    "kernel_distance",
    "mmd",
    "pair_trends",
    "precision",
    "recall",
    "sliced_wasserstein",
)
MIN_REPORT_ROWS = 50


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, a subparser a verb."""
    parser = Parser(
        prog="skgan",
        description="Draw synthetic rows that resemble yours, and judge them. Tables "
        "are learnt by decision trees with a GAN on top, images by a GAN.",
    )
    parser.add_argument("--version", action="version", version=f"skgan {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for add in (_add_demo, _add_fit, _add_sample, _add_score, _add_report):
        add(verbs)
    return parser


def _add_demo(verbs) -> None:
    demo = verbs.add_parser(
        "demo",
        help="learn handwritten digits, print scores, write a picture",
        description="Learn handwritten digits with a GANSampler, print its score "
        "beside that of a Gaussian mixture and of real digits, and write a picture of "
        "real and generated digits side by side; or, with --table, write files of rows "
        "to try the other verbs on.",
    )
    demo.add_argument(
        "--table",
        nargs="?",
        const=".",
        metavar="FOLDER",
        help="only write people.csv and holdout.csv, made-up rows to learn from and to "
        "judge by, into a folder (default: this one)",
    )
    demo.add_argument(
        "--data",
        choices=DEMO_DATA,
        default="digits",
        help="scikit-learn's digits, or MNIST from the folder SKGAN_DATA or OpenML "
        "(default: %(default)s)",
    )
    demo.add_argument(
        "--output",
        type=Path,
        default=Path("demo.png"),
        metavar="FILE",
        help="the picture (default: %(default)s)",
    )
    demo.add_argument(
        "--seed",
        type=whole_number(0),
        default=0,
        help="fixes everything that is drawn at random (default: %(default)s)",
    )
    add_max_iter(demo)
    add_device(demo)
    add_force(demo)
    add_debug(demo)


def _add_fit(verbs) -> None:
    fit = verbs.add_parser(
        "fit",
        help="learn from a file of rows or a folder of images, write a model file",
        description="Learn to draw rows like those of a file: of CSV or Parquet as a "
        "table, of an npz file with an array X as vectors or images and, if it holds "
        "labels y, by label; or images like those of a folder of PNG, JPEG and other "
        "files, by label if they lie in sub-folders. Several files of tables, and one "
        "of more than half a gigabyte, are read in batches and need not fit into "
        "memory.",
    )
    fit.add_argument(
        "data",
        nargs="+",
        help="rows: .csv, .tsv, .csv.gz, .tsv.gz, .parquet, .npz or a folder of "
        "images; several files of one table or, in quotes, a pattern such as "
        "'rows/*.parquet'; - reads CSV from a pipe",
    )
    fit.add_argument(
        "-o", "--output", required=True, metavar="MODEL", help="the model file"
    )
    _add_columns(fit)
    add_csv(fit)
    add_images(fit)
    add_seed(fit, "the whole fit")
    fit.add_argument(
        "--time",
        type=seconds,
        metavar="SECONDS",
        help="end training after so long (default: when all updates are done)",
    )
    add_max_iter(fit, minimum=0)
    fit.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="save the state of training in this folder at intervals: the same "
        "command, given again, goes on from there",
    )
    fit.add_argument(
        "--scratch",
        metavar="DIR",
        help="read rows in batches, and keep encoded ones of a long training in this "
        "folder until the fit ends",
    )
    add_device(fit)
    fit.add_argument(
        "-q", "--quiet", action="store_true", help="show no progress, only errors"
    )
    add_force(fit)
    add_debug(fit)


def _add_columns(fit) -> None:
    """Add what is said of columns."""
    ask = fit.add_mutually_exclusive_group()
    ask.add_argument(
        "--condition-on",
        action="append",
        metavar="COLUMN",
        help="a column that can be given when rows are drawn; may be repeated "
        "(default: those of at most 20 levels)",
    )
    ask.add_argument(
        "--target",
        metavar="COLUMN",
        help="learn the other columns under this one, with a ConditionalGANSampler",
    )
    fit.add_argument(
        "--identifiers",
        choices=["raise", "draw"],
        default="draw",
        help="whether a column of text that is hardly ever repeated, such as names or "
        "numbers of orders, is an error or drawn fresh (default: %(default)s)",
    )
    for option, what in (
        ("--categorical", "holds levels, such as codes, whatever they look like"),
        ("--identifier", "names rows: it is not learnt, and fresh values are drawn"),
        ("--ignore", "is left out"),
    ):
        fit.add_argument(
            option,
            action="append",
            metavar="COLUMN",
            help=f"a column that {what}; may be repeated",
        )


def _add_sample(verbs) -> None:
    sample = verbs.add_parser(
        "sample",
        help="draw rows from a model file",
        description="Draw rows from a model file. They have the columns of the rows "
        "that the model was fitted to, in the same order and of the same kinds.",
    )
    sample.add_argument("model", help="a file that skgan fit, or skgan.save, wrote")
    sample.add_argument(
        "-n",
        "--n-samples",
        type=amount,
        default=1000,
        metavar="N",
        help="rows to draw, such as 1000 or 1e9 (default: %(default)s)",
    )
    sample.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="the rows: .csv, .tsv, .csv.gz, .tsv.gz, .parquet or, of arrays, .npz; - "
        "writes CSV (of arrays npz) to standard output; a name that ends in / is a "
        "folder of Parquet files, which the same command, given again, completes; of "
        "images, one sheet, .png, or a new folder/ of PNG files, by label where there "
        "are labels",
    )
    _add_folder(sample)
    sample.add_argument(
        "--given",
        type=condition,
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="what all rows shall have in a column: a value, several with commas "
        "between them, a range LOW..HIGH of numbers or dates, nothing for missing; as "
        "they are written in the file. Of a model with labels, the label. May be "
        "repeated, for a column with several values, too",
    )
    sample.add_argument(
        "--truncation",
        type=threshold,
        metavar="BOUND",
        help="fidelity against variety, of a generator of normal latents, such as one "
        "of images: no latent is further from 0, in standard deviations; 1 gives more "
        "typical rows with less variety (default: no bound)",
    )
    add_dialect(sample)
    add_seed(sample, "the rows")
    add_force(sample)
    add_debug(sample)


def _add_folder(sample) -> None:
    """Add what is said of a folder of files."""
    sample.add_argument(
        "--rows-per-file",
        type=whole_number(1),
        metavar="N",
        help="the output is a folder of Parquet files of so many rows each (default: "
        "1000000)",
    )
    workers = sample.add_mutually_exclusive_group()
    workers.add_argument(
        "--jobs",
        type=whole_number(1),
        metavar="N",
        help="processes that draw files (default: 1)",
    )
    workers.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="draw files on a cluster of Dask, whose scheduler has this address, such "
        "as tcp://10.0.0.1:8786",
    )
    sample.add_argument(
        "-q", "--quiet", action="store_true", help="show no progress, only errors"
    )


def _add_score(verbs) -> None:
    score = verbs.add_parser(
        "score",
        help="compare a model file with rows held out",
        description="Print the score of a model on rows that it was not fitted to: "
        "minus the energy distance between them and rows that it draws; 0 is perfect.",
    )
    score.add_argument("model", help="a file that skgan fit, or skgan.save, wrote")
    score.add_argument(
        "data",
        help="rows: .csv, .tsv, .csv.gz, .tsv.gz, .parquet, .npz or a folder of "
        "images; - reads CSV from a pipe",
    )
    score.add_argument(
        "--metric",
        action="append",
        choices=SCORES,
        default=[],
        metavar="NAME",
        help="print this, too; more is better, distances are negative. May be "
        f"repeated. Known: {', '.join(SCORES)}",
    )
    add_csv(score)
    add_debug(score)


def _add_report(verbs) -> None:
    report = verbs.add_parser(
        "report",
        help="write a page that says how good the rows are that a model draws",
        description="Judge the rows that a model draws by rows that it was not fitted "
        "to, and write one page of HTML, pictures included: verdicts, what to try, "
        "columns and pairs or images, coverage, copying, attacks, training and "
        "settings.",
    )
    report.add_argument("model", help="a file that skgan fit, or skgan.save, wrote")
    report.add_argument(
        "data",
        help="rows held out: .csv, .tsv, .csv.gz, .tsv.gz, .parquet, .npz or a folder "
        "of images; - reads CSV from a pipe",
    )
    report.add_argument(
        "-o",
        "--output",
        default="report.html",
        metavar="FILE",
        help="the page, .html; - writes it to standard output (default: %(default)s)",
    )
    report.add_argument(
        "--train",
        metavar="DATA",
        help="the rows that the model was fitted to, without which copying is not "
        "judged",
    )
    report.add_argument(
        "--target",
        metavar="COLUMN",
        help="the column that models learn to predict from samples (default: the "
        "label, or the last column)",
    )
    report.add_argument("--title", help="heading of the page")
    report.add_argument(
        "--attacks",
        action="store_true",
        help="run all attacks on privacy, not the fast ones alone, and count the worst "
        "among the verdicts; needs --train",
    )
    report.add_argument(
        "-n",
        "--n-samples",
        type=whole_number(MIN_REPORT_ROWS),
        default=5000,
        metavar="N",
        help="rows to draw, and rows of each file to look at (default: %(default)s)",
    )
    report.add_argument(
        "--seed",
        type=whole_number(0),
        help="fixes the page (default: a seed that the model keeps)",
    )
    report.add_argument(
        "-q", "--quiet", action="store_true", help="show no progress, only errors"
    )
    add_csv(report)
    add_force(report)
    add_debug(report)
