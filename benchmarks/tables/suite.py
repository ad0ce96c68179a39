"""Eleven tables, ten samplers, every measure: one command.

    python -m benchmarks.tables.suite
    python -m benchmarks.tables.suite --sets wine abalone --samplers chain skgan
    python -m benchmarks.tables.suite --quick

Every set is split once (`suite_sets.py`), every sampler draws as many rows as it
learnt from, and `suite_judge.py` says what each measure compares. Two seeds a sampler,
five on sets of fewer than 1500 training rows. "real rows" are the test rows, judged as
if a sampler had drawn them. SMOTE-NC interpolates the training rows, so near copies
are its nature. The samplers of other environments are left out, loudly, where these
are not there, and so is the judge of XGBoost without that library.

Each result is kept as it comes in `results.jsonl` of the folder --out, so that a run
which was broken off goes on; skgan's are made anew when its code has changed. The
report is written there, too: `suite.md`, which begins with all sets in one table,
`suite.csv` and, with matplotlib, `suite.png`; with --table of what is there already.
"""

import argparse
import hashlib
import os
import sys
from pathlib import Path

import pandas as pd

from benchmarks.lib import (
    harness,
    suite_judge,
    suite_plot,
    suite_samplers,
    suite_sets,
)

ROOT = Path(__file__).resolve().parents[2]
N_SEEDS, N_SEEDS_SMALL = 2, 5
# What one table shows of all sets.
OVERVIEW = ("c2st", "tstr", "membership", "correlations", "fit_cpu_seconds")


def run(trial):
    """Fit one sampler to one set, and return its row of results."""
    table = suite_sets.load(trial["set"], trial["quick"])
    train, test, target = table
    if trial["sampler"] == "real":
        return [suite_judge.judge_real(train, test, target, trial["seed"])]
    synthetic, costs, stages = suite_samplers.fit_and_sample(
        trial["sampler"], table, trial["seed"], trial["quick"]
    )
    found = suite_judge.judge(train, test, synthetic, target, trial["seed"])
    for stage, drawn in stages.items():
        found |= suite_judge.judge_copies(train, test, drawn, trial["seed"], stage)
    return [found | costs]


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="300 rows a set and one seed")
    add("--sets", nargs="+", metavar="SET", help="only these sets")
    add("--samplers", nargs="+", metavar="SAMPLER", help="only these samplers")
    add("--seeds", nargs="+", type=int, metavar="SEED", help="only these seeds")
    add("--out", type=Path, default=default_folder(), metavar="FOLDER")
    add("--jobs", type=int, default=1, help=harness.JOBS)
    add("--table", action="store_true", help="run nothing, report all of the folder")
    options = parser.parse_args()
    options.sets = harness.choose(parser, "sets", options.sets, suite_sets.SETS)
    options.samplers = harness.choose(
        parser, "samplers", options.samplers, suite_samplers.SAMPLERS
    )
    options.folder = options.out
    options.out = options.folder / "results.jsonl"
    options.table = options.out if options.table else None
    os.environ["OMP_NUM_THREADS"] = "1"  # the processes of the fits inherit it
    return options


def default_folder():
    """A folder of the user's cache, outside of the project."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "skgan-benchmarks" / "suite"


def make_trials(options):
    """Return one dict a fit; what changes its result is in it."""
    trials = []
    samplers = [s for s in options.samplers if suite_samplers.is_there(s)]
    for name in options.sets:
        if not suite_sets.is_there(name):
            print(
                f"*** {name} IS LEFT OUT: set SKGAN_DATA to the folder with its "
                f"file. ***",
                file=sys.stderr,
            )
            continue
        for sampler in samplers:
            for seed in seeds_of(name, options):
                trial = {"set": name, "sampler": sampler, "seed": seed}
                trial |= {"quick": options.quick, "judges": judges()}
                if sampler.startswith("skgan"):
                    trial["code"] = digest_of_code()
                trials.append(trial)
    return trials


def seeds_of(name, options):
    if options.seeds is not None:
        return options.seeds
    if options.quick:
        return [0]
    is_small = len(suite_sets.load(name).train) < suite_samplers.MAX_SMALL
    return list(range(N_SEEDS_SMALL if is_small else N_SEEDS))


def judges():
    return "all" if suite_judge.has_xgboost() else "no XGBoost"


def digest_of_code():
    """A few characters that change with skgan's code."""
    digest = hashlib.sha256()
    for file in sorted(ROOT.glob("skgan/**/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def overview_lines(rows):
    """Return one table of all sets and samplers: medians over seeds."""
    shown = [suite_judge.MEASURES[key] for key in OVERVIEW]
    cells = []
    for name in dict.fromkeys(row["set"] for row in rows):
        for sampler, title in suite_samplers.SAMPLERS.items():
            found = harness.select(rows, set=name, sampler=sampler)
            if found:
                medians = [
                    harness.middle(found, key, form)
                    for key, (_, form) in zip(OVERVIEW, shown, strict=True)
                ]
                cells.append([name, title, *medians, str(len(found))])
    columns = ["set", "sampler", *(head for head, _ in shown), "seeds"]
    return harness.table(columns, cells)


def report_lines(rows):
    """Return a table a set: medians over seeds."""
    lines = []
    for name in dict.fromkeys(row["set"] for row in rows):
        here = [row for row in rows if row["set"] == name]
        measures = {
            key: shown
            for key, shown in suite_judge.MEASURES.items()
            if len(harness.values(here, key))
        }
        cells = []
        for sampler, title in suite_samplers.SAMPLERS.items():
            found = [row for row in here if row["sampler"] == sampler]
            if found:
                shown = [
                    harness.middle(found, key, form)
                    for key, (_, form) in measures.items()
                ]
                cells.append([title, *shown, str(len(found))])
        train = suite_sets.load(name, here[0]["quick"]).train
        columns = ["", *(head for head, _ in measures.values()), "seeds"]
        lines += [f"### {name}, {len(train)} × {train.shape[1]}", ""]
        lines += harness.table(columns, cells)
    return lines


def main():
    options = parse()
    if not suite_judge.has_xgboost():
        print("*** NO XGBOOST JUDGE: pip install xgboost ***", file=sys.stderr)
    trials = [] if options.table else make_trials(options)
    heading, records = harness.get_records("Tables, the suite", run, trials, options)
    # In the order of the sets, whenever they were run.
    places = list(suite_sets.SETS)
    rows = sorted(harness.rows_of(records), key=lambda row: places.index(row["set"]))
    if not rows:
        sys.exit("nothing was run")
    pd.DataFrame(rows).to_csv(options.folder / "suite.csv", index=False)
    lines = [*heading, *overview_lines(rows), *report_lines(rows)]
    lines += harness.warnings_note(records)
    text = "\n".join(lines)
    (options.folder / "suite.md").write_text(text, encoding="utf-8")
    print(text, flush=True)
    if not suite_plot.draw(rows, options.folder / "suite.png"):
        print("*** NO PLOT: pip install matplotlib ***", file=sys.stderr)


if __name__ == "__main__":
    main()
