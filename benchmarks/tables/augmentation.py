"""Scarce classes: do synthetic rows help, and more than SMOTE's?

Two classifiers, boosted trees and a logistic regression, are trained on rows as they
are, with class weights, and on rows to which RandomOverSampler, SMOTE (SMOTENC on
tables, neighbours in standardised numbers), a plain chain of trees for each class,
GANOverSampler or AugmentedClassifier add. They are judged on rows left as they are, in
5 x 2 cross-validation. skgan's have their defaults: over-samplers fill classes up to
the largest, AugmentedClassifier adds as many rows again in the shares of the classes,
and with `n_synthetic="auto"` what inner folds choose by average precision.

Sets: mammography (2.3 % positives); credit_default (22 %); wine, whose third cultivar
has ten rows to train on; Adult with 6000 of its negatives, so that a fit stays short,
and 10 % or 1 % of its positives, each repetition's own choice; digits with 20 rows of
each of ten classes, to each of which 20 or 80 are added. The first two and Adult are
read from the folder that the environment variable SKGAN_DATA names, and left out
without it.

    python -m benchmarks.tables.augmentation --jobs 2 --out runs/augmentation.jsonl

The fits called `gan`, one ConditionalGANSampler of all classes with its defaults,
adversarial training included, are made if they are named in `--methods`.
"""

import numpy as np

from benchmarks.lib import augmentation_sets, harness
from benchmarks.lib.augmentation_methods import (
    CLASSIFIERS,
    DEFAULT_FITS,
    FITS,
    METHODS,
    run_auto,
    run_gan,
    run_simple,
    run_skgan,
)

METRICS = {"ap": "average precision", "balanced": "balanced accuracy"}
REFERENCES = ("nothing", "smote")
# Differences of fewer standard errors than this are taken for none.
_CLEAR = 2


def run(trial):
    """Treat one fold in one way and judge both classifiers."""
    fold = augmentation_sets.load(
        trial["set"], trial["seed"], trial["half"], trial["is_quick"]
    )
    method, seed = trial["method"], trial["seed"]
    if method == "skgan":
        return run_skgan(fold, seed)
    if method == "auto":
        return run_auto(fold, seed)
    if method == "gan":
        return run_gan(fold, seed, harness.iterations(trial))
    return run_simple(method, fold, seed)


def make_trials(options, sets, methods):
    """Return the trials: each set, method, repetition and half."""
    return [
        {
            "set": name,
            "method": method,
            "seed": seed,
            "half": half,
            "max_iter": options.max_iter if method == "gan" else None,
            "is_quick": options.quick,
        }
        for seed in range(options.seeds)
        for half in range(1 if options.quick else 2)
        for name in sets
        for method in methods
        # Of equal classes all weights are one.
        if not (method == "weights" and name.startswith("digits"))
    ]


def by_fold(rows, **wanted):
    """Return the rows that are wanted by seed and half."""
    return {(row["seed"], row["half"]): row for row in harness.select(rows, **wanted)}


def mean_and_error(column):
    """Return the mean and its standard error, NaN for one value."""
    column = np.asarray(column)
    error = column.std(ddof=1) / np.sqrt(len(column)) if len(column) > 1 else np.nan
    return column.mean(), error


def difference(ours, theirs, metric):
    """Return cells: the mean difference over the folds of both, and the verdict."""
    folds = sorted(ours.keys() & theirs.keys())
    if not folds:
        return ["–", "–"]
    gain, error = mean_and_error(
        [ours[fold][metric] - theirs[fold][metric] for fold in folds]
    )
    if np.isnan(error):
        return [f"{gain:+.3f}", "–"]
    is_clear = abs(gain) > _CLEAR * error
    verdict = ("**better**" if gain > 0 else "worse") if is_clear else "no difference"
    return [f"{gain:+.3f} ± {error:.3f}", verdict]


def metric_table(rows, classifier, metric):
    """Return the lines of the table of one set, classifier and metric."""
    found = {
        method: by_fold(rows, classifier=classifier, method=method)
        for method in METHODS
    }
    lines = []
    for method, ours in found.items():
        if not ours:
            continue
        mean, error = mean_and_error([row[metric] for row in ours.values()])
        cells = [METHODS[method], f"{mean:.3f} ± {error:.3f}"]
        for reference in REFERENCES:
            own = method == reference
            cells += ["", ""] if own else difference(ours, found[reference], metric)
        cells += [
            f"{np.median([row[cost] for row in ours.values()]):.1f}"
            for cost in ("seconds", "cpu_seconds")
        ]
        lines.append([*cells, str(len(ours))])
    title = f"{CLASSIFIERS[classifier]}: {METRICS[metric]}"
    columns = [title, "mean ± s.e."]
    columns += ["to nothing", "verdict", "to SMOTE", "verdict", "s a fit"]
    columns += ["CPU s a fit", "folds"]
    return harness.table(columns, lines)


def set_report(name, rows):
    """Return the lines of one set."""
    n_train = np.median([row["n_train"] for row in rows])
    n_scarcest = np.median([row["n_scarcest"] for row in rows])
    lines = [
        f"**{name}**, {n_train:.0f} rows to train on, {n_scarcest:.0f} of the scarcest "
        "class",
        "",
    ]
    for metric in METRICS:
        for classifier in CLASSIFIERS:
            lines += metric_table(rows, classifier, metric)
    return lines


def summary(rows):
    """Return the lines that count verdicts of the GAN's methods."""
    lines = []
    for method in METHODS:
        if not any(row["method"] == method for row in rows) or method in REFERENCES:
            continue
        cells = [METHODS[method]]
        for reference in REFERENCES:
            verdicts = [
                difference(
                    by_fold(rows, set=name, classifier=classifier, method=method),
                    by_fold(rows, set=name, classifier=classifier, method=reference),
                    metric,
                )[1]
                for name in augmentation_sets.SETS
                for classifier in CLASSIFIERS
                for metric in METRICS
            ]
            cells += [
                str(verdicts.count(verdict))
                for verdict in ("**better**", "no difference", "worse")
            ]
        lines.append(cells)
    columns = ["of all cases"]
    for title in ("nothing", "SMOTE"):
        columns += [f"better than {title}", "no difference", "worse"]
    return harness.table(columns, lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=5)
    options = harness.parse(parser)
    chosen = harness.choose(parser, "sets", options.sets, augmentation_sets.SETS)
    sets = augmentation_sets.available(chosen)
    methods = harness.choose(parser, "methods", options.methods, FITS)
    if options.methods is None:
        methods = list(DEFAULT_FITS)
    trials = make_trials(options, sets, methods)
    heading, records = harness.get_records("Augmentation", run, trials, options)
    rows = harness.rows_of(records)
    lines = [
        *heading,
        *harness.iterations_note(r for r in records if r["trial"]["method"] == "gan"),
        "Means over the folds with their standard errors; differences are taken fold "
        f"by fold, and clear from {_CLEAR} standard errors on. Folds share rows, so "
        "that these errors are somewhat too small. Seconds include the sampler's fit.",
        "",
    ]
    for name in augmentation_sets.SETS:
        here = [row for row in rows if row["set"] == name]
        lines += set_report(name, here) if here else []
    print(
        "\n".join([*lines, *summary(rows), *harness.warnings_note(records)]), flush=True
    )


if __name__ == "__main__":
    main()
