"""Features of the discriminator: what a linear model does with 1000 labels.

GANSampler learns from the 60 000 training images of MNIST, without labels. Then 1000
of them get their labels, five times over, and a logistic regression and a linear
support vector machine learn from `GANSampler.transform` of these, from their pixels
and from their principal components, which have seen all 60 000, too. Everything is
standardised, C (and the number of components) chosen by three folds of the 1000; the
10 000 test images judge. The margin is that of GANSampler over each of the others,
draw by draw, with the standard error of its mean.

    python -m benchmarks.images.features --out runs/features.jsonl

takes about ten minutes of CPU.
"""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from benchmarks.lib import harness, report_page
from skgan import GANSampler

N_LABELS = 1000
N_DRAWS = 5
N_COMPONENTS = (30, 60, 120)
_BATCH = 1000
MODELS = {
    "logistic regression": (
        LogisticRegression(max_iter=200, tol=1e-3),
        np.logspace(-3, 0, 4),
    ),
    "linear SVC": (
        LinearSVC(dual=True, max_iter=1000, random_state=0),
        np.logspace(-5, -1, 5),
    ),
}
KINDS = {
    "gan": "GANSampler.transform",
    "pixels": "pixels",
    "pca": "principal components",
}


class _Leading(TransformerMixin, BaseEstimator):
    """The first so many columns: principal components come in order."""

    def __init__(self, n_columns):
        self.n_columns = n_columns

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[:, : self.n_columns]


def transformed(sampler, images):
    """Return the features of many images, which would need much memory at once."""
    parts = np.split(images, range(_BATCH, len(images), _BATCH))
    return np.concatenate([sampler.transform(part) for part in parts])


def draws_of_labels(labels, seed):
    """Return the indices of each draw's 1000 images, and all of them."""
    rng = np.random.default_rng(seed)
    draws = [rng.choice(len(labels), N_LABELS, replace=False) for _ in range(N_DRAWS)]
    return draws, np.unique(draws)


def accuracy(kind, model, train, y, test, y_test):
    """Return the share of test images that a model is right about."""
    estimator, strengths = MODELS[model]
    name = type(estimator).__name__.lower()
    steps, grid = [StandardScaler(), estimator], {f"{name}__C": strengths}
    if kind == "pca":
        steps.insert(0, _Leading(N_COMPONENTS[0]))
        grid["_leading__n_columns"] = N_COMPONENTS
    search = GridSearchCV(make_pipeline(*steps), grid, cv=3)
    with warnings.catch_warnings():
        # A C so large that it does not converge is not chosen for its accuracy.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(train, y)
    return float(search.score(test, y_test)), search.best_params_


def _told(chosen):
    return ", ".join(f"{name.split('__')[1]} {v:g}" for name, v in chosen.items())


def run(trial):
    """Fit one sampler, and the models on each draw of labels."""
    mnist = report_page.mnist()
    params = harness.iterations(trial)
    sampler = GANSampler(random_state=trial["seed"], **params)
    with harness.stopwatch() as seconds:
        sampler.fit(mnist.data)
    draws, some = draws_of_labels(mnist.target, trial["seed"])
    flat = {
        "train": report_page.as_vectors(mnist.data[some]),
        "test": report_page.as_vectors(mnist.data_test),
    }
    components = PCA(max(N_COMPONENTS), random_state=0)
    components.fit(report_page.as_vectors(mnist.data))
    sets = {
        "gan": [transformed(sampler, X) for X in (mnist.data[some], mnist.data_test)],
        "pixels": [flat["train"], flat["test"]],
        "pca": [components.transform(flat[part]) for part in ("train", "test")],
    }
    rows = []
    for number, draw in enumerate(draws[: trial["n_draws"]]):
        where = np.searchsorted(some, draw)
        for kind, (train, test) in sets.items():
            for model in MODELS:
                found, chosen = accuracy(
                    kind,
                    model,
                    train[where],
                    mnist.target[draw],
                    test,
                    mnist.target_test,
                )
                row = {"draw": number, "kind": kind, "model": model}
                row |= {"accuracy": found, "updates": sampler.n_iter_}
                rows.append({**row, "chosen": _told(chosen), **seconds})
    return rows


def accuracy_table(rows):
    """Return the lines of each model's accuracies, and of the margins."""
    lines = []
    for model in MODELS:
        of_kind = {
            kind: np.array(
                [
                    row["accuracy"]
                    for row in harness.select(rows, kind=kind, model=model)
                ]
            )
            for kind in KINDS
        }
        for kind, title in KINDS.items():
            found = of_kind[kind]
            cells = [f"{found.mean():.2%}", f"{found.min():.2%} – {found.max():.2%}"]
            margin = of_kind["gan"] - found
            error = margin.std(ddof=1) / np.sqrt(len(margin)) if len(margin) > 1 else 0
            is_met = margin.mean() > 2 * error
            verdict = "" if kind == "gan" else "yes" if is_met else "**no**"
            shown = "" if kind == "gan" else f"{margin.mean():+.2%} ± {error:.2%}"
            lines.append([model, title, *cells, shown, verdict])
    columns = ["model", "features", "accuracy", "draws", "GANSampler's margin"]
    return harness.table([*columns, "ahead"], lines)


def main():
    parser = harness.argument_parser(__doc__, seeds=1)
    options = harness.parse(parser)
    trials = [
        {
            "seed": seed,
            "max_iter": options.max_iter,
            "n_draws": 1 if options.quick else N_DRAWS,
        }
        for seed in range(options.seeds)
    ]
    heading, records = harness.get_records("Features", run, trials, options)
    rows = harness.rows_of(records)
    lines = [
        *heading,
        *harness.iterations_note(records),
        *(accuracy_table(rows) if rows else []),
        *harness.warnings_note(records),
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
