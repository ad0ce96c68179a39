"""Outliers among vectors and tables: detectors beside scikit-learn's.

Each detector learns half of the inliers and scores the other half and the outliers. The
first table shows the area under the ROC curve, the second the share of new inliers that
GANOutlierDetector takes for outliers, one in twenty being what it promises.

Detectors have their defaults; those of scikit-learn get standardised numbers and
one-hot levels, missing values filled by the mean. PCA scores by the squared error of
components that explain nine tenths. "chain of trees" is the likelihood alone. With
`--contaminated SHARE` so many of the rows learnt from are outliers.

    python -m benchmarks.tables.outliers --jobs 2

takes about ten minutes of CPU. Settings of GANOutlierDetector were chosen on the sets
that a star marks.
"""

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from benchmarks.lib import harness
from benchmarks.lib.outlier_sets import TUNED_ON, available, make_set, plain_numbers
from skgan import GANOutlierDetector

DETECTOR, CHAIN, PCA_ERROR = "GANOutlierDetector", "chain of trees", "PCA"
OTHERS = {
    "IsolationForest": lambda seed: IsolationForest(random_state=seed),
    "LocalOutlierFactor": lambda seed: LocalOutlierFactor(novelty=True),
    "OneClassSVM": lambda seed: OneClassSVM(),
    "EllipticEnvelope": lambda seed: EllipticEnvelope(random_state=seed),
}
METHODS = (DETECTOR, *OTHERS, PCA_ERROR)
NAMES = (DETECTOR, CHAIN, *OTHERS, PCA_ERROR)


def run(trial):
    """Fit one detector to one set."""
    rows = make_set(trial["set"], trial["seed"], trial["contaminated"])
    with harness.stopwatch() as spent:
        scores, extra = score(trial["method"], rows, trial["seed"])
    return [
        {
            "name": name,
            "auc": roc_auc_score(rows.is_inlier, np.nan_to_num(values)),
            **extra,
            **spent,
            "n_train": len(rows.train),
        }
        for name, values in scores.items()
    ]


def score(method, rows, seed):
    """Return scores of the rows to score, by name, and what else there is to tell."""
    if method == DETECTOR:
        detector = GANOutlierDetector(random_state=seed).fit(rows.train)
        scores = detector.score_samples(rows.test)
        false_alarms = scores[rows.is_inlier] < detector.offset_
        model = detector.columns_
        values = model._read(rows.test)[:, model.places_]
        chain = model.normality_.score_cells(values).likelihood.sum(axis=1)
        extra = {"alarms": false_alarms.mean(), "n_new": len(false_alarms)}
        return {DETECTOR: scores, CHAIN: chain}, extra
    to_numbers = plain_numbers(rows.train).fit(rows.train)
    train, test = to_numbers.transform(rows.train), to_numbers.transform(rows.test)
    if method == PCA_ERROR:
        pca = PCA(0.9, random_state=seed).fit(train)
        made = pca.inverse_transform(pca.transform(test))
        return {method: -((test - made) ** 2).sum(axis=1)}, {}
    return {method: OTHERS[method](seed).fit(train).score_samples(test)}, {}


def auc_table(rows, methods):
    """Return the lines of the table: a set a row, a detector a column."""
    lines, found = [], {}
    for name in dict.fromkeys(row["set"] for row in rows):
        of_set = [row for row in rows if row["set"] == name]
        means = {
            m: harness.values(harness.select(of_set, name=m), "auc").mean()
            for m in methods
            if harness.select(of_set, name=m)
        }
        best = max(v for m, v in means.items() if m != CHAIN)
        found[name] = means
        own = harness.select(of_set, name=DETECTOR)
        cells = [_cell(means.get(m), best) for m in methods]
        seconds = harness.values(own, "cpu_seconds")
        lines.append(
            [
                name + ("*" if name in TUNED_ON else ""),
                str(of_set[0]["n_train"]),
                *cells,
                f"{seconds.mean():.1f}" if len(seconds) else "–",
            ]
        )
    for title, names in (
        ("mean", [n for n in found if n not in TUNED_ON]),
        ("mean*", [n for n in found if n in TUNED_ON]),
    ):
        if not names:
            continue
        means = [
            np.mean([found[n][m] for n in names if m in found[n]]) for m in methods
        ]
        lines.append([title, "", *(f"{v:.3f}" for v in means), ""])
    return harness.table(["set", "rows", *methods, "CPU s, ours"], lines)


def _cell(value, best):
    if value is None:
        return "–"
    return f"**{value:.3f}**" if value >= best - 0.01 else f"{value:.3f}"


def alarms_table(rows):
    """Return the lines of the table of false alarms, all seeds taken together."""
    lines = []
    own = [row for row in rows if row["name"] == DETECTOR]
    for name in dict.fromkeys(row["set"] for row in own):
        found = harness.select(own, set=name)
        n = int(harness.values(found, "n_new").sum())
        shares = harness.values(found, "alarms")
        width = 1.96 * np.sqrt(0.05 * 0.95 / (n / len(found)))
        inside = np.mean(np.abs(shares - 0.05) <= width + 0.5 * len(found) / n)
        lines.append(
            [
                name,
                str(n // len(found)),
                f"{shares.mean():.3f}",
                f"0.05 ± {width:.3f}",
                f"{inside:.0%}",
            ]
        )
    columns = ["set", "new inliers", "share, mean", "95 % interval", "seeds inside"]
    return harness.table(columns, lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=5)
    parser.add_argument("--contaminated", type=float, default=0.0, metavar="SHARE")
    options = harness.parse(parser)
    names = available()
    sets = harness.choose(parser, "sets", options.sets, names)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    if options.quick and options.sets is None:
        sets = sets[:1]
    trials = [
        {
            "set": name,
            "method": method,
            "seed": seed,
            "contaminated": options.contaminated,
            "max_iter": None,
        }
        for name in sets
        for method in methods
        for seed in range(options.seeds)
    ]
    title = "Outliers: vectors and tables"
    heading, records = harness.get_records(title, run, trials, options)
    rows = harness.rows_of(records)
    lines = [
        *heading,
        "Area under the ROC curve, mean over seeds; in bold what is within .01 of the "
        "best detector. Means are over sets, with a star those that settings were "
        "chosen on.",
        "",
        *auc_table(rows, [m for m in NAMES if any(row["name"] == m for row in rows)]),
        "False alarms among new inliers:",
        "",
        *alarms_table(rows),
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
