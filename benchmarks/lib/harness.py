"""Many independent fits: run in processes, kept in a file of JSON lines, tabulated.

A trial is a dict of plain values that says what to fit; a function turns it into a
list of dicts, the rows of results. Each line of the file is ``{"trial": …, "rows":
[…], "warnings": […]}``, or has ``"error"`` in place of rows; a line with
``"heading"`` says what was run, where and when.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from benchmarks.lib import report_page

JOBS = "fits at a time, 0 for this process alone (default: %(default)s)"


def argument_parser(description, seeds):
    """Return a parser with the options that benchmarks of many fits have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="a minute's run that shows it works")
    add(
        "--seeds",
        type=int,
        default=seeds,
        help="number of seeds (default: %(default)s)",
    )
    add("--sets", nargs="+", metavar="SET", help="only these sets")
    add("--methods", nargs="+", metavar="METHOD", help="only these methods")
    add("--max-iter", type=int, help="updates of a fit (default: the estimator's own)")
    add("--jobs", type=int, default=1, help=JOBS)
    add(
        "--threads", type=int, default=1, help="threads of a fit (default: %(default)s)"
    )
    add(
        "--out",
        type=Path,
        metavar="FILE.jsonl",
        help="keep results in this file as they come; what it holds is not run again",
    )
    add(
        "--table",
        type=Path,
        metavar="FILE.jsonl",
        help="run nothing, print the report of this file",
    )
    return parser


def choose(parser, kind, wanted, known):
    """Return those of `known` that are `wanted`, all if None; end if one is unknown."""
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        parser.error(f"unknown {kind} {unknown}; choose from {list(known)}")
    return [name for name in known if wanted is None or name in wanted]


def parse(parser):
    """Parse the command line; a quick run has one seed and 30 updates a fit."""
    options = parser.parse_args()
    if options.quick:
        options.seeds = 1
        options.max_iter = options.max_iter or 30
    # The processes of the fits inherit it.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    torch.set_num_threads(options.threads)
    return options


def iterations(trial):
    """Return the keywords of an estimator that set its updates, if the trial does."""
    return {} if trial["max_iter"] is None else {"max_iter": trial["max_iter"]}


def iterations_note(records):
    """Return the lines that say how long fits were, where not as long as always."""
    chosen = {record["trial"]["max_iter"] for record in records}
    if chosen <= {None}:
        return []
    text = ", ".join(
        "default" if n is None else str(n) for n in sorted(chosen, key=str)
    )
    return [f"**Updates a fit: {text}**, not the default alone.", ""]


def get_records(title, function, trials, options):
    """Return headings and records: those of a table's file, or of a run.

    Parameters
    ----------
    title : str
        Of the report.
    function : callable
        Of a module's top level: turns a trial into a list of rows.
    trials : list of dict
        What to run.
    options : argparse.Namespace
        As `parse` returns it.

    Returns
    -------
    heading : list of str
        Lines that say what was run, where and when, and which trials failed.
    records : list of dict
        Of the trials that did not fail.
    """
    if options.table:
        heading, known = _read(options.table)
        return _split(heading, known.values())
    headings, known = _read(options.out) if options.out else ([], {})
    done = {key for key, record in known.items() if "error" not in record}
    left = [trial for trial in trials if _key(trial) not in done]
    if len(left) < len(trials):
        _say(f"{len(trials) - len(left)} of {len(trials)} are in {options.out} already")
    heading = report_page.heading(title)
    if left:
        _append(options.out, {"heading": heading})
    if left or not headings:
        headings += heading[2 if headings else 0 :]
    kept = [known[key] for key in map(_key, trials) if key in done]
    return _split(headings, kept + _run(function, left, options))


def _split(heading, records):
    """Return the heading, with what failed added to it, and the other records."""
    lines = [
        f"- **FAILED** {_name(record['trial'])}: {record['error'].splitlines()[-1]}"
        for record in records
        if "error" in record
    ]
    found = [record for record in records if "error" not in record]
    return [*heading, *lines, *([""] if lines else [])], found


def _run(function, trials, options):
    """Run trials in processes; say, and keep, what each gave as soon as it is there."""
    records, start = [], time.perf_counter()

    def keep(record):
        _append(options.out, record)
        records.append(record)
        seconds = time.perf_counter() - start
        _say_record(record, len(records), len(trials), seconds)

    if not options.jobs:
        for trial in trials:
            keep(_attempt(function, trial))
        return records
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context) as pool:
        futures = [pool.submit(_attempt, function, trial) for trial in trials]
        try:
            for future in as_completed(futures):
                keep(future.result())
        finally:
            # Broken off, the fits under way end and no other one starts.
            pool.shutdown(wait=False, cancel_futures=True)
    return records


def _attempt(function, trial):
    """Run one trial; an error ends it, not the others."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            found = {"rows": function(trial)}
        except Exception:
            found = {"error": traceback.format_exc()}
    said = {f"{w.category.__name__}: {w.message}" for w in caught}
    return {"trial": trial, **found, "warnings": sorted(said)}


@contextmanager
def stopwatch():
    """Give a dict that gets the wall's and the processor's seconds of the block."""
    seconds = {}
    start, start_cpu = time.perf_counter(), time.process_time()
    yield seconds
    seconds["seconds"] = time.perf_counter() - start
    seconds["cpu_seconds"] = time.process_time() - start_cpu


def _key(trial):
    return json.dumps(trial, sort_keys=True)


def _name(trial):
    return " ".join(str(value) for value in trial.values() if value is not None)


def _read(file):
    """Return the headings and the last record of each trial, empty if no file."""
    headings, records = [], {}
    if not file.is_file():
        return headings, records
    for line in file.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if "heading" in record:
            # Later runs into the same file are told without a title of their own.
            headings += record["heading"][2 if headings else 0 :]
        else:
            records[_key(record["trial"])] = record
    return headings, records


def _append(file, record):
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _say_record(record, number, total, seconds):
    name = _name(record["trial"])
    for warning in record["warnings"]:
        _say(f"  {name}: {warning}")
    rows = record.get("rows")
    if rows is None:
        found = record["error"]
    else:
        found = "; ".join(
            ", ".join(f"{k} {show(v)}" for k, v in row.items()) for row in rows
        )
    _say(f"[{number}/{total}, {seconds:.0f} s] {name}: {found}")


def rows_of(records):
    """Return the rows of records, each with what its trial says."""
    return [{**record["trial"], **row} for record in records for row in record["rows"]]


def select(rows, **wanted):
    """Return the rows whose values are the `wanted` ones, in the order of seeds."""
    found = [row for row in rows if all(row[k] == v for k, v in wanted.items())]
    return sorted(found, key=lambda row: row["seed"])


def values(rows, name):
    """Return the values of one column of results, where a row has it."""
    return np.array([row[name] for row in rows if row.get(name) is not None])


def show(value, digits=3):
    """Return a number as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.{digits}g}" if abs(value) < 1 else f"{value:.4g}"
    return str(value)


def spread(rows, name, form="{:.3f}"):
    """Return smallest / median / largest value of a column, "–" if there is none."""
    column = values(rows, name)
    if not len(column):
        return "–"
    middle = statistics.median(column.tolist())
    return " / ".join(form.format(v) for v in (column.min(), middle, column.max()))


def middle(rows, name, form="{:.3f}"):
    """Return the median of a column, "–" if there is none."""
    column = values(rows, name)
    return form.format(np.median(column)) if len(column) else "–"


def table(columns, lines):
    """Return the lines of a markdown table, none if it would be empty."""
    return report_page.table(columns, lines) if lines else []


def warnings_note(records):
    """Return the lines that list the warnings that fits gave, none if none did."""
    counts = {}
    for record in records:
        for warning in record["warnings"]:
            counts[warning] = counts.get(warning, 0) + 1
    if not counts:
        return []
    lines = [f"- {text} ({count} fits)" for text, count in sorted(counts.items())]
    return ["Warnings of the fits:", "", *lines, ""]
