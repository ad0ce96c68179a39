"""Other tables: what `adult.py` measures, on rows that no default was set by.

A third of the rows, the seed's choice, is held out; GANSampler has its defaults.
Abalone and mammography are read from the folder that the environment variable
SKGAN_DATA names, and left out without it. Two more tables have categories, dates,
decimals and missing values: the orders of a shop, generated, and scikit-learn's
diabetes patients. CTGAN takes neither of these two as they are.

TSTR is the ROC AUC, for abalone and diabetes R². Each sampler draws as many rows as
it learnt from. What each measure compares is said in `table_judge.py`.

    python -m benchmarks.tables.others --out runs/tables.jsonl
"""

from benchmarks.lib import harness, table_sets
from benchmarks.lib import table_report as report
from benchmarks.lib.table_fits import METHODS, run


def main():
    parser = report.argument_parser(__doc__)
    options = report.parse(parser)
    known = [name for name in table_sets.SETS if name != "adult"]
    chosen = harness.choose(parser, "sets", options.sets, known)
    sets = table_sets.available(chosen)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    trials = report.make_trials(options, sets, methods)
    heading, records = harness.get_records("Tables", run, trials, options)
    rows = harness.rows_of(records)
    lines = [*heading, *harness.iterations_note(records)]
    for name in known:
        here = [row for row in rows if row["set"] == name]
        lines += report.set_report(name, here) if here else []
    print("\n".join([*lines, *harness.warnings_note(records)]), flush=True)


if __name__ == "__main__":
    main()
