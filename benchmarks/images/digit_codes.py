"""Clusters of scikit-learn's digits: InfoGANSampler beside k-means and a mixture.

All 1797 digits of 8 x 8 are learnt without labels, and grouped into ten. Groups are
matched with the digits, one to one, so that as many as possible are right: that share
is the accuracy. Beside it the normalised mutual information, how often InfoGAN gave a
start up for another, and how often two categories took the halves of a third. k-means
takes the best of ten starts on pixels; the Gaussian mixture, the best of five with full
covariances, the first 30 principal components.

    python -m benchmarks.images.digit_codes --out runs/digit_codes.jsonl
"""

from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import normalized_mutual_info_score
from sklearn.mixture import GaussianMixture

from benchmarks.images.infogan import match
from benchmarks.lib import harness
from skgan import InfoGANSampler
from skgan.datasets import load_digit_images

METHODS = {
    "infogan": "InfoGANSampler, as it comes",
    "kmeans": "k-means, ten starts",
    "gmm": "Gaussian mixture on 30 principal components, five starts",
}
TARGET, TARGET_SECONDS = 0.92, 30


def cluster(trial, images):
    """Return the group of each image, the restarts and the exchanges."""
    seed, pixels = trial["seed"], images.reshape(len(images), -1).astype(float)
    if trial["method"] == "kmeans":
        return KMeans(10, n_init=10, random_state=seed).fit_predict(pixels), 0, 0
    if trial["method"] == "gmm":
        scores = PCA(30, random_state=seed).fit_transform(pixels)
        mixture = GaussianMixture(10, n_init=5, random_state=seed, reg_covar=1.0)
        return mixture.fit_predict(scores), 0, 0
    sampler = InfoGANSampler(random_state=seed, **harness.iterations(trial))
    sampler.fit(images)
    return sampler.labels_, sampler.n_restarts_, sampler.n_regroupings_


def run(trial):
    """Group the digits, and judge the groups."""
    images, digits = load_digit_images(return_X_y=True)
    with harness.stopwatch() as seconds:
        groups, n_restarts, n_exchanges = cluster(trial, images)
    row = {
        "accuracy": float(match(digits, groups)[1]),
        "nmi": float(normalized_mutual_info_score(digits, groups)),
        "restarts": n_restarts,
        "exchanges": n_exchanges,
    }
    return [{**row, **seconds}]


def report(rows):
    """Return the lines of the table: a line a method."""
    lines = []
    for method, title in METHODS.items():
        found = harness.select(rows, method=method)
        if found:
            n_good = sum(row["accuracy"] >= TARGET for row in found)
            cells = [harness.spread(found, key) for key in ("accuracy", "nmi")]
            cells += [f"{n_good} of {len(found)}"]
            for key in ("restarts", "exchanges"):
                cells += [str(sum(row[key] for row in found))]
            lines.append(
                [title, *cells, harness.middle(found, "cpu_seconds", "{:.1f}")]
            )
    columns = ["", "accuracy", "NMI", f"at least {TARGET:.2f}", "restarts", "exchanges"]
    return harness.table([*columns, "CPU s a fit"], lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=5)
    options = harness.parse(parser)
    methods = harness.choose(parser, "methods", options.methods, METHODS)
    trials = [
        {"method": method, "seed": seed, "max_iter": options.max_iter}
        for method in methods
        for seed in range(options.seeds)
    ]
    heading, records = harness.get_records("Digits' codes", run, trials, options)
    rows = harness.rows_of(records)
    lines = [*heading, *harness.iterations_note(records)]
    lines += ["Smallest / median / largest over the seeds.", "", *report(rows)]
    print("\n".join([*lines, *harness.warnings_note(records)]), flush=True)


if __name__ == "__main__":
    main()
