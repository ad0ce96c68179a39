"""One class of MNIST: which images are of another digit?

Each detector learns the training images of one digit and scores all test images; the
table shows the area under the ROC curve, the inliers being the images of that digit.

GANOutlierDetector has its defaults. IsolationForest has 200 trees, on pixels;
OneClassSVM looks at 64 principal components; PCA and the autoencoder, with 32
components or a code of 32, score by the squared error of their reconstructions. The
autoencoder is convolutional and trains for as long as GANOutlierDetector, 90 seconds.
GANOutlierDetector forgives pixels that are a place off and divides errors by the
contrast of images; the rows that say so do the same to the reconstructions of others.

    python -m benchmarks.images.outliers --jobs 2 --out runs/outliers.jsonl

takes about forty minutes of CPU. With `--sets held-out` the test images are a fifth of
the digit's training images and a part of the others': settings are chosen there.
`--sheets DIR` draws, for each digit, the outliers that were missed most.
"""

from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.lib import harness, report_page
from benchmarks.lib.outlier_methods import OTHERS
from skgan import GANOutlierDetector

DETECTOR = "GANOutlierDetector"
SETS = ("test", "held-out")
METHODS = (DETECTOR, *OTHERS)
TARGET = 0.95
# Of the autoencoder's training: about what GANOutlierDetector takes.
SECONDS = 90
PUBLISHED = (
    "Published, mean of the ten: OCGAN .975, VAE .970, autoencoder .957, Deep SVDD "
    ".948, AnoGAN .913."
)


def images_of(trial):
    """Return images to learn from, images to score, and which are inliers."""
    mnist, digit = report_page.mnist(), trial["digit"]
    own = mnist.data[mnist.target == digit]
    if trial["set"] == "test":
        return own, mnist.data_test, mnist.target_test == digit
    n = int(0.8 * len(own))
    others = mnist.data[mnist.target != digit][::18]
    test = np.concatenate([own[n:], others])
    return own[:n], test, np.arange(len(test)) < len(own) - n


def run(trial):
    """Fit one detector to one digit."""
    train, test, is_inlier = images_of(trial)
    if trial["method"] == DETECTOR:
        with harness.stopwatch() as spent:
            detector = fit(train, trial)
        scores = {"": detector.score_samples(test)}
        draw_sheet(detector, test, is_inlier, trial)
    else:
        images = [(x / 255).astype(np.float32) for x in (train, test)]
        seconds = 2 if trial["max_iter"] else SECONDS
        with harness.stopwatch() as spent:
            scores = OTHERS[trial["method"]](*images, trial["seed"], seconds)
    return [
        {"name": trial["method"] + kind, "auc": roc_auc_score(is_inlier, s), **spent}
        for kind, s in scores.items()
    ]


def fit(train, trial):
    params = harness.iterations(trial)
    return GANOutlierDetector(random_state=trial["seed"], **params).fit(train)


def draw_sheet(detector, test, is_inlier, trial):
    """Draw the outliers with the best scores, if a folder for it was named."""
    if trial["sheets"] is None:
        return
    from skgan.plotting import OutlierDisplay

    scores = detector.decision_function(test)
    missed = np.flatnonzero(~is_inlier)[np.argsort(-scores[~is_inlier])[:6]]
    false_alarms = np.flatnonzero(is_inlier)[np.argsort(scores[is_inlier])[:6]]
    shown = np.concatenate([missed, false_alarms])
    made = detector.reconstruct(test[shown])
    display = OutlierDisplay.from_images(test[shown], made, scores=scores[shown])
    folder = Path(trial["sheets"])
    folder.mkdir(parents=True, exist_ok=True)
    name = f"outliers_{trial['set']}_{trial['digit']}_{trial['seed']}.png"
    display.figure_.savefig(folder / name, dpi=100)


def make_trials(options, sets, methods, digits):
    """Return the trials: each set, digit and seed."""
    sheets = None if options.sheets is None else str(options.sheets)
    return [
        {
            "set": name,
            "method": method,
            "digit": digit,
            "seed": seed,
            "max_iter": options.max_iter,
            "sheets": sheets,
        }
        for name in sets
        for method in methods
        for digit in digits
        for seed in range(options.seeds)
    ]


def auc_table(rows, digits):
    """Return the lines of the table: a method a row, a digit a column."""
    lines = []
    for name in SETS:
        for method in dict.fromkeys(row["name"] for row in rows):
            found = [
                harness.select(rows, set=name, name=method, digit=d) for d in digits
            ]
            if not any(found):
                continue
            cells = [harness.middle(part, "auc") for part in found]
            means = [harness.values(part, "auc").mean() for part in found if part]
            every = [row for part in found for row in part]
            lines.append(
                [
                    name,
                    method,
                    *cells,
                    f"**{np.mean(means):.3f}**",
                    harness.middle(every, "cpu_seconds", "{:.0f}"),
                    str(len(every) // len(means)),
                ]
            )
    columns = ["images", "detector", *map(str, digits), "mean", "CPU s a fit", "seeds"]
    return harness.table(columns, lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=1)
    parser.add_argument(
        "--digits", type=int, nargs="+", choices=range(10), help="only these"
    )
    parser.add_argument(
        "--sheets", type=Path, metavar="DIR", help="where to put a picture a digit"
    )
    options = harness.parse(parser)
    sets = harness.choose(parser, "sets", options.sets or ["test"], SETS)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    digits = options.digits or ([3] if options.quick else list(range(10)))
    trials = make_trials(options, sets, methods, digits)
    title = "Outliers: one class of MNIST"
    heading, records = harness.get_records(title, run, trials, options)
    rows = [{**record["trial"], **row} for record in records for row in record["rows"]]
    digits = sorted({row["digit"] for row in rows})
    lines = [
        *heading,
        *harness.iterations_note(records),
        f"Area under the ROC curve; wanted is a mean of {TARGET} over the digits.",
        "",
        *auc_table(rows, digits),
        PUBLISHED,
        *harness.warnings_note(records),
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
