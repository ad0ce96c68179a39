"""Adult, its official split: GANSampler against CTGAN, SMOTENC and simpler things.

Every sampler learns from the 32 561 training rows and draws as many; the 16 281 test
rows judge, by `skgan.metrics`. What each measure compares is said in
`table_judge.py`; TSTR is the ROC AUC of boosted trees that predict the income. A
question mark in the files is read as a missing value; CTGAN and SMOTENC get it as a
level. Real rows: the test rows are judged as if a sampler had drawn them.

The files are read from the folder that the environment variable SKGAN_DATA names.

CTGAN is fitted where `--ctgan-python` names the interpreter of an environment that
has it, or its sample is already there; then GANSampler is fitted a second time, in a
twentieth of CTGAN's seconds.

    python -m benchmarks.tables.adult --out runs/adult.jsonl

With `--given`, what GANSampler draws under conditions is compared with real rows,
too: see `conditions.py`.
"""

import sys

from benchmarks.lib import harness, table_sets
from benchmarks.lib import table_report as report
from benchmarks.lib.table_conditions import condition_report
from benchmarks.lib.table_fits import BRIEF_SHARE, METHODS, run

# Key -> what is wanted of the median over seeds: least, most.
WANTED = {
    "shape": (0.994, None),
    "trend": (0.986, None),
    "tstr": (0.916, None),
    "c2st": (0.92, None),
    "beta_recall": (0.50, None),
    "dcr_share": (0.48, 0.53),
    "seconds": (None, 600),
    "encode_seconds": (None, 2),
}
# arXiv 2603.23016, tables on Adult: five models each, judged by their own protocols.
PUBLISHED = {
    "shape": "TabPC .994, TabDiff .993, CTGAN .809",
    "trend": "TabPC .986, TabDiff .985, CTGAN .758",
    "tstr": "TabPC .916, TabDiff .913, CTGAN .862",
    "c2st": "TabPC .855, TabDiff .841, CTGAN < .0001",
    "beta_recall": "TabPC .500, TabDiff .526, CTGAN .131 (train)",
    "seconds": "TabPC 273, TabDiff 11605, CTGAN 3798 (on a GPU)",
}


def is_within(value, limits):
    least, most = limits
    return (least is None or value >= least) and (most is None or value <= most)


def wanted_table(rows):
    """Return the lines that set the medians against what is wanted of them."""
    lines = []
    for key, (least, most) in WANTED.items():
        ours = report.median_of(rows, "skgan", key)
        if ours is None:
            continue
        wanted = " – ".join(str(v) for v in (least, most) if v is not None)
        wanted = ("≥ " * (most is None)) + ("≤ " * (least is None)) + wanted
        ctgan = report.median_of(rows, "ctgan", key)
        lines.append(
            [
                report.title_of(key),
                wanted,
                f"{ours:.4g}",
                "–" if ctgan is None else f"{ctgan:.4g}",
                PUBLISHED.get(key, ""),
                _yes(is_within(ours, (least, most))),
            ]
        )
    columns = ["", "wanted", "GANSampler", "CTGAN here", "published", "met"]
    return harness.table(columns, lines)


def against_ctgan(rows):
    """Return the lines that compare with CTGAN: a 20th of its time, and sampling."""
    methods = ("skgan-brief", "ctgan")
    if any(report.median_of(rows, method, "tstr") is None for method in methods):
        return []
    lines, is_level = [], True
    for key in ("shape", "trend", "tstr", "c2st"):
        ours, theirs = (report.median_of(rows, method, key) for method in methods)
        is_level &= ours >= theirs
        lines.append([report.title_of(key), f"{ours:.4f}", f"{theirs:.4f}"])
    seconds = [report.fewer_seconds(rows, method) for method in methods]
    rates = [report.higher_rate(rows, method) for method in methods]
    is_brief = seconds[0] <= BRIEF_SHARE * seconds[1]
    columns = ["", f"GANSampler, {seconds[0]:.0f} s", f"CTGAN, {seconds[1]:.0f} s"]
    return [
        *harness.table(columns, lines),
        f"CTGAN's own quality: {_yes(is_level)}. Within 1/20 of its time: "
        f"{_yes(is_brief)}, {seconds[0] / seconds[1]:.3f} of it. Sampling: "
        f"{rates[0]:.0f} rows/s against {rates[1]:.0f}, {rates[0] / rates[1]:.1f} "
        f"times as many (wanted: 5 times). For both, time is the wall's or the "
        f"processor's, whichever is less: other work on the machine is left out.",
        "",
    ]


def _yes(is_met):
    return "yes" if is_met else "**no**"


def main():
    parser = report.argument_parser(__doc__)
    parser.add_argument(
        "--given", action="store_true", help="check draws under conditions, too"
    )
    options = report.parse(parser)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    if not table_sets.available(["adult"]) and not options.table:
        sys.exit(1)
    trials = report.make_trials(options, ["adult"], methods, options.given)
    heading, records = harness.get_records("Adult", run, trials, options)
    rows = harness.rows_of(records)
    judged = [row for row in rows if "shape" in row]
    lines = [*heading, *harness.iterations_note(records)]
    if judged:
        lines += report.set_report("Adult", judged)
        lines += [*wanted_table(judged), *against_ctgan(judged)]
    lines += condition_report(rows)
    print("\n".join([*lines, *harness.warnings_note(records)]), flush=True)


if __name__ == "__main__":
    main()
