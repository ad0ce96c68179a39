"""Digits by class: does a classifier that saw synthetic ones alone know real ones?

ConditionalGANSampler learns 1297 of scikit-learn's 1797 digits, as vectors of 64 pixels
or as images of 8 x 8; which, is the seed's choice. A logistic regression and a random
forest are trained on as many synthetic digits as there are real ones, labels drawn as
often as they were seen, and recognise the 500 real digits held out. Beside each stands
what the same classifier gets from the real digits that the sampler learnt from.

The energy distance of each class is that between held-out and synthetic digits of it,
in units of a pixel, which reaches 16 in the vectors and 255 in the images; that of real
training digits is around zero.

    python -m benchmarks.images.conditional_digits --out runs/conditional_digits.jsonl

takes about six minutes of CPU, most of it for the images.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from benchmarks.lib import harness
from skgan import ConditionalGANSampler
from skgan.datasets import load_digit_images
from skgan.metrics import energy_distance

N_HELD_OUT = 500
SETS = {"vectors": load_digits, "images": load_digit_images}
METHODS = {"default": {}}
CLASSIFIERS = {
    "linear": (LogisticRegression, {"max_iter": 5000}),
    "forest": (RandomForestClassifier, {}),
}
TITLES = {"linear": "logistic regression", "forest": "random forest"}
TARGET = 0.90


def recognised(name, train, test, seed):
    """Return the share of test digits that a classifier of `train` is right about."""
    kind, params = CLASSIFIERS[name]
    return kind(**params, random_state=seed).fit(*train).score(*test)


def class_distances(digits, test):
    """Return the energy distance of each class from the test digits of it."""
    (X, y), (X_test, y_test) = digits, test
    return [
        energy_distance(X_test[y_test == label], X[y == label], standardize=False)
        for label in np.unique(y_test)
    ]


def run(trial):
    """Fit one sampler and judge its digits, and the real ones."""
    X, y = SETS[trial["set"]](return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=N_HELD_OUT, random_state=trial["seed"]
    )
    params = harness.iterations(trial)
    with harness.stopwatch() as seconds:
        sampler = ConditionalGANSampler(random_state=trial["seed"], **params).fit(X, y)
    X_new, y_new = sampler.sample(len(X))
    test = X_test.reshape(N_HELD_OUT, -1), y_test
    real, synthetic = (X.reshape(len(X), -1), y), (X_new.reshape(len(X), -1), y_new)
    row = {}
    for name in CLASSIFIERS:
        row[name] = recognised(name, synthetic, test, trial["seed"])
        row[f"{name}_real"] = recognised(name, real, test, trial["seed"])
        row[f"{name}_ratio"] = row[name] / row[f"{name}_real"]
    row["distances"] = class_distances(synthetic, test)
    row["distances_real"] = class_distances(real, test)
    return [{**row, **seconds}]


def make_trials(options, sets, methods):
    """Return the trials: each set, method and seed."""
    return [
        {"set": name, "method": method, "seed": seed, "max_iter": options.max_iter}
        for name in sets
        for method in methods
        for seed in range(options.seeds)
    ]


def accuracy_table(rows):
    """Return the lines of the table of what classifiers recognise."""
    lines = []
    for name in SETS:
        for method in METHODS:
            found = harness.select(rows, set=name, method=method)
            for classifier, title in TITLES.items():
                if not found:
                    continue
                worst = harness.values(found, f"{classifier}_ratio").min()
                lines.append(
                    [
                        name,
                        method,
                        title,
                        harness.spread(found, f"{classifier}_real"),
                        harness.spread(found, classifier),
                        harness.spread(found, f"{classifier}_ratio"),
                        "yes" if worst >= TARGET else "**no**",
                        harness.middle(found, "seconds", "{:.1f}"),
                        harness.middle(found, "cpu_seconds", "{:.1f}"),
                        str(len(found)),
                    ]
                )
    columns = ["digits as", "sampler", "classifier", "trained on real"]
    columns += ["on synthetic", "ratio", f"ratio ≥ {TARGET:.2f}", "s a fit"]
    columns += ["CPU s a fit", "seeds"]
    return harness.table(columns, lines)


def distance_table(rows):
    """Return the lines of the table of each class's energy distance."""
    lines = []
    for name in SETS:
        for method in METHODS:
            found = harness.select(rows, set=name, method=method)
            kinds = {"synthetic": "distances", "real": "distances_real"}
            for kind, column in kinds.items() if found else ():
                medians = np.median([row[column] for row in found], axis=0)
                cells = [f"{value:.2f}" for value in medians]
                lines.append([f"{name}, {method}: {kind}", *cells])
    columns = ["energy distance of class", *map(str, range(10))]
    return harness.table(columns, lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=3)
    options = harness.parse(parser)
    sets = harness.choose(parser, "sets", options.sets, SETS)
    wanted = options.methods or ["default"]
    methods = harness.choose(parser, "methods", wanted, METHODS)
    trials = make_trials(options, sets, methods)
    heading, records = harness.get_records("Digits by class", run, trials, options)
    rows = harness.rows_of(records)
    lines = [
        *heading,
        *harness.iterations_note(records),
        "Smallest / median / largest over the seeds; distances are medians.",
        "",
        *accuracy_table(rows),
        *distance_table(rows),
        *harness.warnings_note(records),
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
