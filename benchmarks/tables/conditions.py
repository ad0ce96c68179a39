"""Adult with `given`: are the other columns spread as they are among real rows?

GANSampler learns from the official training rows. For each combination of the given
columns' levels with at least 500 rows in the whole set, 20 000 rows are drawn, and
each other column is compared with the real rows of the group: by the total variation
distance of its levels, or of its numbers in 10 bins between quantiles. So few real
rows are themselves some way off; what a perfect sampler would be expected to get
stands in brackets beside each distance, and no smaller figure means anything.

    python -m benchmarks.tables.conditions --out runs/conditions.jsonl

`adult.py --given` does the same to the samplers that it fits.
"""

import sys

from benchmarks.lib import harness, table_sets
from benchmarks.lib import table_report as report
from benchmarks.lib.table_conditions import condition_report
from benchmarks.lib.table_fits import run_given


def main():
    parser = report.argument_parser(__doc__)
    options = report.parse(parser)
    if not table_sets.available(["adult"]) and not options.table:
        sys.exit(1)
    trials = report.make_trials(options, ["adult"], ["skgan"], given=True)
    heading, records = harness.get_records("Conditions", run_given, trials, options)
    lines = [*heading, *harness.iterations_note(records)]
    lines += condition_report(harness.rows_of(records))
    print("\n".join([*lines, *harness.warnings_note(records)]), flush=True)


if __name__ == "__main__":
    main()
