"""Seconds of `skgan.save` and `skgan.load`, and the size of the file.

Every estimator, with its default networks, on vectors (wine, 178 rows of 13 columns),
images (digits, 1797 of 8x8 pixels) and a table (400 rows of numbers, categories, dates
and missing values), and a sampler of Adult (32 561 rows of 15 columns), which is read
from the folder that the environment variable SKGAN_DATA names. Fits are short: neither
the size nor the seconds depend on their length, but for the history. Each figure is
the median of several runs. "Same" says whether the loaded estimator does, bit for bit,
what the saved one does: it draws the same rows, or gives the same scores.

    OMP_NUM_THREADS=1 python -m benchmarks.speed.save_load --threads 1
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_digits, load_wine
from sklearn.dummy import DummyClassifier, DummyRegressor

from benchmarks.lib import report_page
from skgan import (
    AugmentedClassifier,
    AugmentedRegressor,
    ConditionalGANSampler,
    GANOutlierDetector,
    GANSampler,
    InfoGANSampler,
    load,
    save,
)
from skgan.datasets import load_adult
from skgan.imblearn import GANOverSampler
from skgan.metrics import ImageFeatures

SHORT = {"max_iter": 50, "random_state": 0}
OTHERS = ("estimator", "estimator_")
LARGEST, LONGEST = 5_000_000, 1.0


def make_table():
    rng = np.random.default_rng(0)
    n = 400
    return pd.DataFrame(
        {
            "size": rng.lognormal(size=n),
            "count": rng.poisson(3, n),
            "level": pd.Categorical(rng.choice(list("abcde"), n)),
            "place": rng.choice([f"place {i}" for i in range(60)], n),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(range(n), "h"),
            "partly": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
        }
    )


def rows(kind):
    """Return rows of a kind, and a class for each."""
    if kind == "vectors":
        return load_wine(return_X_y=True)
    if kind == "images":
        digits = load_digits()
        return digits.images.astype(np.uint8), digits.target
    return make_table(), np.arange(400) % 3


def draw(sampler, X):
    drawn = sampler.sample(1000, random_state=7)
    return drawn if isinstance(drawn, tuple) else (drawn,)


def draw_inside(model, X):
    return draw(model.sampler_, X)


def score(detector, X):
    return (detector.score_samples(X),)


def features(model, X):
    return (model.transform(X),)


def cases():
    """Return the name, the kind of rows, the estimator and its use, of each line."""
    labelled = ConditionalGANSampler(**SHORT)
    everywhere = [
        (GANSampler(**SHORT), draw),
        (GANSampler(warm_start=True, **SHORT), draw),
        (ConditionalGANSampler(**SHORT), draw),
        (AugmentedClassifier(DummyClassifier(), labelled, random_state=0), draw_inside),
        (AugmentedRegressor(DummyRegressor(), labelled, random_state=0), draw_inside),
    ]
    numeric = [(InfoGANSampler(**SHORT), draw), (GANOutlierDetector(**SHORT), score)]
    over = [(GANOverSampler(sampler=labelled, random_state=0), draw_inside)]
    images = [(ImageFeatures(max_iter=50, random_state=0), features)]
    return [
        *(("vectors", *case) for case in (*everywhere, *numeric, *over)),
        *(("images", *case) for case in (*everywhere, *numeric, *images)),
        *(("table", *case) for case in (*everywhere, *over)),
    ]


def name_of(estimator):
    is_warm_start = getattr(estimator, "warm_start", False)
    return type(estimator).__name__ + (", warm_start=True" if is_warm_start else "")


def fit(estimator, X, y):
    if hasattr(estimator, "fit_resample"):
        estimator.fit_resample(X, np.minimum(y, 1))
        return estimator
    return estimator.fit(X, y)


def same(first, second):
    """Whether what two estimators made is the same, bit for bit."""
    return all(
        one.equals(other)
        if hasattr(one, "equals")
        else np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        for one, other in zip(first, second, strict=True)
    )


def measure(kind, estimator, use, X, n_runs):
    """Return a line of the table, and whether it is fast, small and the same."""
    left_out = [name for name in OTHERS if hasattr(estimator, name)]
    kept = {name: getattr(estimator, name) for name in left_out}
    seconds = np.empty((n_runs, 2))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.skgan"
        for run in range(n_runs):
            start = time.perf_counter()
            save(estimator, path, leave_out=left_out)
            saved = time.perf_counter()
            loaded = load(path, objects=kept)
            seconds[run] = saved - start, time.perf_counter() - saved
        size = path.stat().st_size
    saving, loading = np.median(seconds, axis=0)
    is_same = same(use(estimator, X), use(loaded, X))
    line = [name_of(estimator), kind, f"{saving:.3f}", f"{loading:.3f}"]
    line += [f"{size / 1000:.0f}", "yes" if is_same else "NO"]
    is_good = is_same and size < LARGEST and max(saving, loading) < LONGEST
    print("  ".join(line), file=sys.stderr, flush=True)
    return line, is_good


def main():
    parser = report_page.argument_parser(__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each estimator")
    options = report_page.parse(parser)
    n_runs, results = 1 if options.quick else options.runs, []
    for kind, estimator, use in cases():
        X, y = rows(kind)
        fitted = fit(clone(estimator), X, y)
        results.append(measure(kind, fitted, use, X, n_runs))
    if os.environ.get("SKGAN_DATA"):
        people = load_adult().train
        sampler = GANSampler(**SHORT).fit(people)
        results.append(measure("Adult", sampler, draw, people, n_runs))
    else:
        print("*** Adult IS LEFT OUT: set SKGAN_DATA to its folder", file=sys.stderr)
    n_good = sum(is_good for _, is_good in results)
    text = report_page.heading("Saving and loading", numpy=np.__version__)
    text += [
        f"Medians of {n_runs} runs. The same, under 1 s and under 5 MB: {n_good} of "
        f"{len(results)}.",
        "",
    ]
    columns = ["estimator", "rows", "save s", "load s", "file kB", "same"]
    text += report_page.table(columns, [line for line, _ in results])
    report_page.publish(text, options)


if __name__ == "__main__":
    main()
