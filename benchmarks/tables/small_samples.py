"""Small samples of large tables: GANSampler's prior beside the plain chain of trees.

The suite's small sets have few test rows, so that one draw says little. Here a small
table is a sample of a large one's training rows, and up to 1500 of the others judge;
the suite's small sets are split anew, three to two, for each seed. Fits are of the
trees alone (``max_iter=0``). C2ST is by boosted trees.

    python -m benchmarks.tables.small_samples --out runs/small_samples.jsonl
"""

import numpy as np

from benchmarks.lib import harness, suite_sets
from benchmarks.lib.tree_chain import TreeChain
from skgan import GANSampler
from skgan.metrics import c2st, membership_auc

N_JUDGES = 1500
LARGE = ("abalone", "adult", "beijing_pm25", "credit_default")
SMALL = ("auto_imports", "breast_cancer", "diabetes", "wine")
SIZES = (150, 500)
METHODS = {
    "default": "default",
    "chain 5": "chain, leaf 5",
    "chain 20": "chain, leaf 20",
}
MEASURES = {
    "c2st": "C2ST",
    "membership": "membership AUC",
    "correlations": "mean abs Δr",
}


def run(trial):
    """Fit one sampler to a small table; return a list of one row of measures."""
    table, seed = suite_sets.load(trial["set"]), trial["seed"]
    rows = table.train.sample(frac=1, random_state=1000 + seed)
    n = trial["n_rows"] or int(0.6 * len(rows))
    train = rows[:n].reset_index(drop=True)
    test = rows[n : n + N_JUDGES].reset_index(drop=True)
    n_drawn = max(len(train), len(test))
    with harness.stopwatch() as seconds:
        synthetic = _draw(trial["method"], train, n_drawn, seed)
    judged = synthetic[: len(test)]
    return [
        {
            "c2st": float(c2st(test, judged, random_state=seed)),
            "membership": float(
                membership_auc(train, test[:n], synthetic, random_state=seed)
            ),
            "correlations": _mean_change(test, judged),
            **seconds,
        }
    ]


def _draw(method, train, n, seed):
    if method != "default":
        leaf = int(method.split()[1])
        return TreeChain(leaf, seed).fit(train).sample(n, seed)
    sampler = GANSampler(
        max_iter=0, rejection=None, early_stopping=False, random_state=seed
    )
    return sampler.fit(train).sample(n)


def _mean_change(real, synthetic):
    """Mean over pairs of number columns of how far their correlations are off."""
    names = [name for name in real if real[name].dtype.kind in "iuf"]
    first, second = (rows[names].corr().to_numpy() for rows in (real, synthetic))
    upper = np.triu_indices(len(names), 1)
    return float(np.nanmean(np.abs(first - second)[upper]))


def result_table(rows):
    """Return the lines of a table: a place each, a column for each method."""
    lines = []
    places = dict.fromkeys((row["set"], row["n_rows"]) for row in rows)
    for name, n in places:
        cells = []
        for method in METHODS:
            found = harness.select(rows, set=name, n_rows=n, method=method)
            if not found:
                cells.append("–")
                continue
            means = [harness.values(found, key).mean() for key in MEASURES]
            cells.append(", ".join(f"{mean:.3f}" for mean in means))
        lines.append([name, str(n or "three in five"), *cells])
    return harness.table(["set", "rows", *METHODS.values()], lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=4)
    options = harness.parse(parser)
    known = (*LARGE, *SMALL)
    sets = [
        name
        for name in harness.choose(parser, "sets", options.sets, known)
        if suite_sets.is_there(name)
    ]
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    trials = [
        {"set": name, "n_rows": n, "method": method, "seed": seed}
        for seed in range(1 if options.quick else options.seeds)
        for name in sets
        for n in (SIZES if name in LARGE else (0,))
        for method in methods
    ]
    heading, records = harness.get_records("Small samples", run, trials, options)
    rows = harness.rows_of(records)
    lines = [*heading, ", ".join(MEASURES.values()), "", *result_table(rows)]
    print("\n".join([*lines, *harness.warnings_note(records)]), flush=True)


if __name__ == "__main__":
    main()
