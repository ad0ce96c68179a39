"""Ways to treat scarce classes, two classifiers, and what they score."""

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, SMOTENC, RandomOverSampler
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    make_scorer,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.lib import harness
from benchmarks.lib.tree_chain import TreeChain
from skgan import AugmentedClassifier, ConditionalGANSampler
from skgan.imblearn import GANOverSampler

# What a trial fits.
FITS = {
    "nothing": "the rows as they are",
    "weights": "class weights",
    "random": "RandomOverSampler",
    "smote": "SMOTE, SMOTENC on tables",
    "chain": "a plain chain of trees for each class, filled up",
    "skgan": "GANOverSampler and AugmentedClassifier as they come",
    "auto": "AugmentedClassifier, n_synthetic='auto', by average precision",
    "gan": "both with one ConditionalGANSampler, fitted to all classes",
}
DEFAULT_FITS = ("nothing", "weights", "random", "smote", "chain", "skgan", "auto")
METHODS = {
    "nothing": "nothing",
    "weights": "class weights",
    "random": "RandomOverSampler",
    "smote": "SMOTE / SMOTENC",
    "chain": "plain chain of trees",
    "over": "GANOverSampler",
    "augmented": "AugmentedClassifier",
    "auto": "AugmentedClassifier, auto",
    "over-gan": "GANOverSampler, ConditionalGANSampler",
    "augmented-gan": "AugmentedClassifier, ConditionalGANSampler",
}
# A leaf of the plain chain holds so many rows.
_CHAIN_LEAF = 5
CLASSIFIERS = {"trees": "boosted trees", "linear": "logistic regression"}


def make_classifier(name, X, class_weight=None):
    """Return an untrained classifier for rows like `X`."""
    if name == "trees":
        # Early stopping would hold out rows that the training rows repeat.
        return HistGradientBoostingClassifier(
            class_weight=class_weight, early_stopping=False, random_state=0
        )
    scaler = StandardScaler()
    if isinstance(X, pd.DataFrame):
        is_category = make_column_selector(dtype_include="category")
        levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        scaler = make_column_transformer((levels, is_category), remainder=scaler)
    return make_pipeline(
        scaler, LogisticRegression(class_weight=class_weight, max_iter=2000)
    )


def judge(model, X, y):
    """Return average precision, macro over more than two classes, and the other."""
    chances = model.predict_proba(X)
    if chances.shape[1] == 2:
        chances = chances[:, 1]
    return {
        "ap": float(average_precision_score(y, chances)),
        "balanced": float(balanced_accuracy_score(y, model.predict(X))),
    }


def targets(fold):
    """Return what imbalanced-learn shall fill classes up to."""
    if fold.share is None:
        return "auto"
    classes, sizes = np.unique(fold.y_train, return_counts=True)
    wanted = np.rint(sizes * (1 + fold.share)).astype(int)
    return dict(zip(classes.tolist(), wanted.tolist(), strict=True))


def smote(fold, seed):
    """Return the rows of a fold with SMOTE's, neighbours in standardised numbers."""
    X, options = (
        fold.X_train,
        {"sampling_strategy": targets(fold), "random_state": seed},
    )
    if not isinstance(X, pd.DataFrame):
        scaler = StandardScaler().fit(X)
        found, y = SMOTE(**options).fit_resample(scaler.transform(X), fold.y_train)
        return scaler.inverse_transform(found), y
    numbers = X.select_dtypes("number").columns
    scaler = StandardScaler().fit(X[numbers])
    scaled = X.assign(**dict(zip(numbers, scaler.transform(X[numbers]).T, strict=True)))
    method = SMOTENC("auto", **options)
    found, y = method.fit_resample(scaled, fold.y_train)
    back = scaler.inverse_transform(found[numbers])
    return found.assign(**dict(zip(numbers, back.T, strict=True))), y


def plain_chain(fold, seed):
    """Return the rows of a fold with those of a plain chain of trees for each class."""
    wanted = targets(fold)
    classes, sizes = np.unique(fold.y_train, return_counts=True)
    frame = pd.DataFrame(fold.X_train)
    rows, labels = [frame], [fold.y_train]
    for name, size in zip(classes.tolist(), sizes.tolist(), strict=True):
        n = (max(sizes) if wanted == "auto" else wanted[name]) - size
        if n:
            own = frame[fold.y_train == name].reset_index(drop=True)
            drawn = TreeChain(_CHAIN_LEAF, seed).fit(own).sample(int(n), seed)
            rows.append(drawn.astype(frame.dtypes.to_dict()))
            labels.append(np.full(n, name))
    found = pd.concat(rows, ignore_index=True)
    is_frame = isinstance(fold.X_train, pd.DataFrame)
    return found if is_frame else found.to_numpy(), np.concatenate(labels)


def treat(method, fold, seed):
    """Return the rows and classes to train on, by a method that is not skgan's."""
    if method == "chain":
        return plain_chain(fold, seed)
    if method == "random":
        over = RandomOverSampler(sampling_strategy=targets(fold), random_state=seed)
        return over.fit_resample(fold.X_train, fold.y_train)
    return smote(fold, seed) if method == "smote" else (fold.X_train, fold.y_train)


def run_simple(method, fold, seed):
    """Return the rows of results of a method that is not skgan's."""
    with harness.stopwatch() as treating:
        X, y = treat(method, fold, seed)
    weight = "balanced" if method == "weights" else None
    found = []
    for name in CLASSIFIERS:
        with harness.stopwatch() as seconds:
            model = make_classifier(name, fold.X_train, weight).fit(X, y)
        found.append(_row(method, name, fold, model, treating, seconds, len(y)))
    return found


def run_skgan(fold, seed, sampler=None, suffix=""):
    """Return the rows of results of both of skgan's, each with a fit of its own.

    A frozen `sampler` has seen the training rows of the fold alone, as it would inside
    either.
    """
    with harness.stopwatch() as treating:
        over = GANOverSampler(
            sampling_strategy=targets(fold), sampler=sampler, random_state=seed
        )
        X, y = over.fit_resample(fold.X_train, fold.y_train)
    found = []
    share = 1.0 if fold.share is None else fold.share
    for name in CLASSIFIERS:
        with harness.stopwatch() as seconds:
            model = make_classifier(name, fold.X_train).fit(X, y)
        found.append(
            _row(f"over{suffix}", name, fold, model, treating, seconds, len(y))
        )
        found.append(_augmented(f"augmented{suffix}", name, fold, seed, sampler, share))
    return found


def run_auto(fold, seed):
    """Return the rows of results with an amount that inner folds choose."""
    return [
        _augmented("auto", name, fold, seed, None, "auto", "average_precision")
        for name in CLASSIFIERS
    ]


def run_gan(fold, seed, params):
    """Return the rows of results of both with one sampler of all classes."""
    sampler = ConditionalGANSampler(random_state=seed, **params)
    with harness.stopwatch() as fitting:
        sampler.fit(fold.X_train, fold.y_train)
    found = run_skgan(fold, seed, FrozenEstimator(sampler), "-gan")
    for row in found:
        for cost in ("seconds", "cpu_seconds"):
            row[cost] += fitting[cost]
    return found


def _augmented(method, name, fold, seed, sampler, amount, scoring=None):
    if len(np.unique(fold.y_train)) > 2 and scoring is not None:
        # As the folds are judged: macro over classes.
        scoring = make_scorer(average_precision_score, response_method="predict_proba")
    with harness.stopwatch() as seconds:
        model = AugmentedClassifier(
            make_classifier(name, fold.X_train),
            sampler,
            n_synthetic=amount,
            scoring=scoring,
            random_state=seed,
        ).fit(fold.X_train, fold.y_train)
    none = {"seconds": 0.0, "cpu_seconds": 0.0}
    n = len(fold.y_train) + sum(model.n_synthetic_.values())
    return _row(method, name, fold, model, none, seconds, n)


def _row(method, classifier, fold, model, treating, seconds, n_rows):
    return {
        "method": method,
        "classifier": classifier,
        **judge(model, fold.X_test, fold.y_test),
        "n_train": len(fold.y_train),
        "n_rows": n_rows,
        "n_scarcest": int(np.unique(fold.y_train, return_counts=True)[1].min()),
        "seconds": treating["seconds"] + seconds["seconds"],
        "cpu_seconds": treating["cpu_seconds"] + seconds["cpu_seconds"],
        "treating_cpu_seconds": treating["cpu_seconds"],
    }
