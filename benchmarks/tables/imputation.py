"""GANImputer beside scikit-learn's imputers, on tables of which cells are hidden.

Of each table some rows lose a share of their cells, completely at random or with a
chance that rises with another column, and are completed; as many fresh rows judge.
What each measure is, `imputation_judge.py` says; how scikit-learn's imputers get
levels, `imputation_methods.py`. Errors are of the best single guess, which
GANImputer makes with ``strategy="expected"``; all else is of one draw. The method
"given" is a sampler that is given what is there, with its missing draws drawn again.

The files are read from the folder that the environment variable SKGAN_DATA names.

    python -m benchmarks.tables.imputation --out runs/imputation.jsonl
"""

import sys

import numpy as np

from benchmarks.lib import harness, imputation_judge, table_sets
from benchmarks.lib.imputation_methods import METHODS, N_DRAWS, impute

SHARES = (0.3, 0.1, 0.5)
KINDS = ("mcar", "mar")
QUICK_ROWS = 300
# Key -> its heading, its form, and what is best: 1 the largest, -1 the least.
MEASURES = {
    "error_numbers": ("error, numbers", "{:.3f}", -1),
    "error_levels": ("error, levels", "{:.3f}", -1),
    "energy": ("energy × 1000", "{:.2f}", -1),
    "c2st": ("C2ST", "{:.3f}", 1),
    "cover": ("coverage", "{:.3f}", 0),
    "utility": ("utility", "{:.3f}", 1),
    "cpu_seconds": ("CPU s", "{:.1f}", -1),
}
COVERAGE = 0.9


def run(trial):
    """Complete one table by one method; return a list of one row of results."""
    rows, fresh, target = imputation_judge.load(
        trial["set"], trial["rows"], trial["seed"]
    )
    is_hidden = imputation_judge.hide(
        rows, trial["share"], trial["kind"], trial["seed"]
    )
    frame = imputation_judge.as_hidden(rows, is_hidden)
    with harness.stopwatch() as seconds:
        n_draws = trial.get("draws", N_DRAWS)
        guess, draws = impute(trial["method"], frame, trial["seed"], n_draws)
    measures = imputation_judge.judge(
        rows, fresh, is_hidden, guess, draws, target, trial["seed"]
    )
    return [{**measures, **seconds}]


def distance_from_best(values, direction):
    """Return how far values are from the best there can be, 0 at the best."""
    if direction == 0:
        return np.abs(np.array(values) - COVERAGE)
    return -direction * np.array(values)


def condition_table(rows, name):
    """Return the lines of one table: a row for each kind, share and method."""
    lines = []
    for kind, share in _conditions(rows):
        for method, title in METHODS.items():
            here = harness.select(rows, set=name, kind=kind, share=share, method=method)
            if here:
                cells = [_cell(here, key) for key in MEASURES]
                lines.append([f"{kind.upper()} {share:.0%}", title, *cells])
    headings = [title for title, _, _ in MEASURES.values()]
    return harness.table(["hidden", "", *headings], lines)


def _conditions(rows):
    found = {(row["kind"], row["share"]) for row in rows}
    return sorted(found, key=lambda pair: (KINDS.index(pair[0]), pair[1]))


def _cell(rows, key):
    """Return the mean of a measure as the table shows it."""
    column = harness.values(rows, key) * (1000 if key == "energy" else 1)
    return MEASURES[key][1].format(column.mean()) if len(column) else "–"


def verdict(rows):
    """Return the lines that say in how many conditions GANImputer is first."""
    lines = []
    for key, (title, _, direction) in MEASURES.items():
        found = [means_of(rows, *place, key) for place in _places(rows)]
        found = [means for means in found if "gan" in means and len(means) > 1]
        if not found:
            continue
        n_first = sum(_is_first(means, direction) for means in found)
        n_near = sum(m["gan"] <= 1.05 * min(m.values()) for m in found)
        n = len(found)
        within = f"{n_near} of {n}" if key.startswith("error") else ""
        lines.append([title, f"{n_first} of {n}", within])
    return harness.table(["", "GANImputer is first", "within 5 % of the best"], lines)


def _places(rows):
    return sorted({(row["set"], row["kind"], row["share"]) for row in rows})


def means_of(rows, name, kind, share, key):
    """Return the mean of a measure over seeds, by method."""
    means = {}
    for method in METHODS:
        here = harness.select(rows, set=name, kind=kind, share=share, method=method)
        column = harness.values(here, key)
        if len(column):
            means[method] = float(column.mean())
    return means


def seeds_table(rows):
    """Return the lines of conditions of several seeds: means, and in how many first.

    The best other mean is of methods that have all seeds of the condition.
    """
    lines = []
    for place in _places(rows):
        here = harness.select(
            rows, **dict(zip(("set", "kind", "share"), place, strict=True))
        )
        found = {m: harness.select(here, method=m) for m in METHODS}
        seeds = [row["seed"] for row in found["gan"]]
        found = {m: f for m, f in found.items() if [r["seed"] for r in f] == seeds}
        if len(seeds) < 2 or len(found) < 2:
            continue
        name, kind, share = place
        others = ", ".join(method for method in found if method != "gan")
        cells = [_seeds_cell(found, key) for key in MEASURES if key != "cpu_seconds"]
        lines.append(
            [name, f"{kind.upper()} {share:.0%}", str(len(seeds)), others, *cells]
        )
    headings = [t for key, (t, _, _) in MEASURES.items() if key != "cpu_seconds"]
    return harness.table(["table", "hidden", "seeds", "others", *headings], lines)


def _seeds_cell(found, key):
    """Return "mean (the best other mean), in how many seeds first"."""
    _, form, direction = MEASURES[key]
    values = {m: harness.values(rows, key) for m, rows in found.items()}
    values = {m: column for m, column in values.items() if len(column)}
    unit = 1000 if key == "energy" else 1
    own, others = values.pop("gan"), list(values.values())
    text = form.format(own.mean() * unit)
    if not others:
        return text
    means = [column.mean() for column in others]
    best = means[int(np.argmin(distance_from_best(means, direction)))]
    off = distance_from_best(np.stack([own, *others]), direction)
    n_first = int((off[0] <= off.min(axis=0)).sum())
    return f"{text} ({form.format(best * unit)}), {n_first} of {len(own)}"


def _is_first(means, direction):
    off = distance_from_best(list(means.values()), direction)
    return off[list(means).index("gan")] <= off.min()


def main():
    parser = harness.argument_parser(__doc__, seeds=3)
    parser.add_argument(
        "--rows", type=int, default=5000, help="rows to complete (default: %(default)s)"
    )
    parser.add_argument(
        "--shares", type=float, nargs="+", default=SHARES, help="of cells hidden"
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument(
        "--draws",
        type=int,
        default=N_DRAWS,
        help="completed frames; coverage of 90 %% needs 19 (default: %(default)s)",
    )
    options = harness.parse(parser)
    sets = harness.choose(parser, "sets", options.sets, imputation_judge.SETS)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    is_there = [table_sets.path_of(imputation_judge.SETS[name][0]) for name in sets]
    if not all(is_there) and not options.table:
        print("Set SKGAN_DATA to the folder with the files.", file=sys.stderr)
        sys.exit(1)
    trials = [
        {
            "set": name,
            "kind": kind,
            "share": share,
            "method": method,
            "seed": seed,
            "rows": QUICK_ROWS if options.quick else options.rows,
            # Records of the usual number do not name it.
            **({} if options.draws == N_DRAWS else {"draws": options.draws}),
        }
        # A run that is broken off has some of every table.
        for seed in range(options.seeds)
        for share in options.shares
        for kind in options.kinds
        for name in sets
        for method in methods
    ]
    heading, records = harness.get_records("Imputation", run, trials, options)
    rows = harness.rows_of(records)
    lines = list(heading)
    for name in sets:
        if any(row["set"] == name for row in rows):
            lines += [f"### {name}", "", *condition_table(rows, name)]
    lines += [*seeds_table(rows), *verdict(rows)]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
