"""Every measure of the tables' suite, of one sample."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier

from skgan.metrics import (
    c2st,
    column_shapes,
    coverage,
    dcr_share,
    duplicate_rate,
    energy_distance,
    global_utility,
    membership_auc,
    pair_trends,
    train_on_synthetic_scores,
)

# Key -> how a table is headed and how it shows the figure, in the tables' order.
MEASURES = {
    "shape": ("shape", "{:.3f}"),
    "trend": ("trend", "{:.3f}"),
    "tstr": ("TSTR trees", "{:.3f}"),
    "tstr_linear": ("TSTR linear", "{:.3f}"),
    "global_utility": ("global utility", "{:.3f}"),
    "c2st": ("C2ST trees", "{:.3f}"),
    "c2st_xgboost": ("C2ST XGBoost", "{:.3f}"),
    "c2st_network": ("C2ST network", "{:.3f}"),
    "coverage": ("coverage", "{:.3f}"),
    "energy": ("energy", "{:.4f}"),
    "dcr_share": ("DCR share", "{:.3f}"),
    "membership": ("membership AUC", "{:.3f}"),
    "duplicates": ("duplicates", "{:.4f}"),
    "duplicates_real": ("of real rows", "{:.4f}"),
    "duplicates_prior": ("duplicates, prior alone", "{:.4f}"),
    "dcr_share_prior": ("DCR, prior alone", "{:.3f}"),
    "membership_prior": ("membership, prior alone", "{:.3f}"),
    "duplicates_generator": ("duplicates, with training", "{:.4f}"),
    "dcr_share_generator": ("DCR, with training", "{:.3f}"),
    "membership_generator": ("membership, with training", "{:.3f}"),
    "correlations": ("mean abs Δr", "{:.3f}"),
    "rare_levels": ("rare levels, σ", "{:.1f}"),
    "fit_cpu_seconds": ("fit, CPU s", "{:.3g}"),
    "rows_per_cpu_second": ("rows a CPU s", "{:.3g}"),
}
MAX_NETWORK_ROWS = 4000
MAX_ENERGY_ROWS = 5000
MAX_LEVELS = 20  # whole numbers of no more values are levels, too
N_SUBSETS = 5


def judge(train, test, synthetic, target, seed):
    """Return the measures of synthetic rows, but for those of cost.

    Parameters
    ----------
    train, test : DataFrame
        Rows that the sampler has and has not seen.
    synthetic : DataFrame
        Its rows, with the same columns; best as many as in `train`.
    target : str
        The column that models learn to predict: by its ROC AUC, or by R² if it
        holds numbers of more than three values.
    seed : int
        Shuffles folds and chooses rows where there are too many.

    Returns
    -------
    measures : dict of str to float
        Keys of `MEASURES`, and ``tstr_real``, ``tstr_linear_real``: of models that
        learnt on `train`.

    Notes
    -----
    C2ST is 1 - 2 max(0, AUC - ½) of test rows against as many synthetic ones, over
    five shuffled folds (the mean of three draws and shuffles where test rows are
    fewer than 1000); the network sees 4000 rows of each at most. Coverage and energy
    distance compare the same rows. Shape, trend, duplicates, correlations and levels
    are against the training rows; TSTR and the membership AUC take all synthetic rows,
    global utility as many as training rows and 10 000 at most.

    ``correlations`` is the mean over pairs of number columns of abs(Δr), taken of
    as many synthetic as test rows (the mean of five such subsets), so that chance
    weighs as much for every sampler as for the test rows themselves.
    ``rare_levels`` is the largest distance of a level's count from what its share of
    the training rows asks for, in standard deviations of a binomial count. Missing
    values are a level. Of M levels chance alone leaves about √(2 ln M).
    """
    return {
        **_against_train(train, test, synthetic, target, seed),
        **_against_test(train, test, synthetic, seed),
    }


def judge_copies(train, test, synthetic, seed, stage):
    """Return what rows of one stage of a fit copy; keys end in the stage's name."""
    held_out = _some(test, min(len(test), len(synthetic)), seed)
    fixed = {"random_state": seed}
    found = {
        "duplicates": duplicate_rate(train, synthetic),
        "dcr_share": dcr_share(train, held_out, synthetic, **fixed),
        "membership": membership_auc(train, held_out, synthetic, **fixed),
    }
    return {f"{name}_{stage}": value for name, value in found.items()}


def judge_real(train, test, target, seed):
    """What fresh real rows get: the test rows, in the place of synthetic ones.

    Half of the training rows takes the place of the test rows where those judge.
    """
    rows = train.sample(frac=1, random_state=seed)
    half = len(rows) // 2
    found = _against_train(train, test, test, target, seed)
    for name in ("tstr", "tstr_linear"):
        found[name] = found[f"{name}_real"]
    found["global_utility"] = 1.0
    return {**found, **_against_test(rows[half:], rows[:half], test, seed)}


def _against_train(train, test, synthetic, target, seed):
    return {
        "shape": column_shapes(train, synthetic),
        "trend": pair_trends(train, synthetic),
        **_utility(train, test, synthetic, target, seed),
        "global_utility": global_utility(train, test, synthetic, random_state=seed),
        "duplicates": duplicate_rate(train, synthetic),
        "duplicates_real": duplicate_rate(train, test),
        "correlations": _correlations(train, synthetic, len(test), seed),
        "rare_levels": _rare_levels(train, synthetic),
    }


def _against_test(train, test, synthetic, seed):
    n = min(len(test), len(synthetic))
    held_out, drawn = _some(test, n, seed), _some(synthetic, n, seed + 1)
    fixed = {"random_state": seed}
    few = [_some(rows, MAX_ENERGY_ROWS, seed) for rows in (held_out, drawn)]
    return {
        **_c2st(held_out, synthetic, seed),
        "coverage": coverage(held_out, drawn, **fixed),
        "energy": energy_distance(*few),
        "dcr_share": dcr_share(train, held_out, drawn, **fixed),
        "membership": membership_auc(train, held_out, synthetic, **fixed),
    }


def has_xgboost():
    """Whether the judge of that library is there."""
    try:
        import xgboost  # noqa: F401
    except ImportError:
        return False
    return True


def _some(rows, n, seed):
    """Return n rows chosen by the seed, all if there are no more."""
    return rows if len(rows) <= n else rows.sample(n, random_state=seed)


def _c2st(held_out, synthetic, seed):
    """Return the scores of the three judges, of two without XGBoost."""
    judges = {"c2st": (None, None), "c2st_network": (_network, MAX_NETWORK_ROWS)}
    if has_xgboost():
        judges["c2st_xgboost"] = (_xgboost, None)
    n_shuffles = 3 if len(held_out) < 1000 else 1
    found = {}
    for name, (make, most) in judges.items():
        real = _some(held_out, most or len(held_out), seed)
        scores = []
        for shuffle in range(seed, seed + n_shuffles):
            drawn = _some(synthetic, len(real), shuffle + 1)
            estimator = make(shuffle) if make else None
            with warnings.catch_warnings():
                # Of copies of few rows: the figure shows it.
                warnings.filterwarnings("ignore", "c2st: the AUC", UserWarning)
                warnings.simplefilter("ignore", ConvergenceWarning)
                score = c2st(real, drawn, estimator=estimator, random_state=shuffle)
            scores.append(score)
        found[name] = float(np.mean(scores))
    return found


def _network(seed):
    return MLPClassifier((64, 64), alpha=1e-3, max_iter=30, random_state=seed)


def _xgboost(seed):
    from xgboost import XGBClassifier

    return XGBClassifier(n_jobs=1, random_state=seed, tree_method="hist")


def _utility(train, test, synthetic, target, seed):
    """Scores of models that learnt on synthetic rows, and of those on real ones."""
    is_number = train[target].dtype.kind in "iuf"
    is_classes = not is_number or train[target].nunique() <= 3
    pairs = []
    for rows in (train, test, synthetic):
        rows = rows[rows[target].notna()]
        y = np.asarray(rows[target])
        # A quarter more is no whole number, so that the trees take it for a measure.
        pairs.append((rows.drop(columns=target), y if is_classes else y + 0.25))
    linear = LogisticRegression(max_iter=300) if is_classes else RidgeCV()
    found = {}
    for name, estimator in (("tstr", None), ("tstr_linear", linear)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found[name], found[f"{name}_real"] = train_on_synthetic_scores(
                *pairs, estimator=estimator, random_state=seed
            )
    return found


def _correlations(train, synthetic, n, seed):
    names = [name for name in train if train[name].dtype.kind in "iuf"]
    upper = np.triu_indices(len(names), 1)
    # A column that never changes has no correlation: it counts as 0.
    real = train[names].corr().fillna(0).to_numpy()[upper]
    differences = [
        real - drawn[names].corr().fillna(0).to_numpy()[upper]
        for drawn in (_some(synthetic, n, seed + i) for i in range(N_SUBSETS))
    ]
    return float(np.abs(differences).mean())


def _rare_levels(train, synthetic):
    """The largest standardised deviation of a level's count; None without levels."""
    n, found = len(synthetic), []
    for name, real in train.items():
        drawn = synthetic[name]
        if real.dtype.kind in "iuf" and real.nunique() > MAX_LEVELS:
            real, drawn = real.isna(), drawn.isna()
        shares = real.value_counts(normalize=True, dropna=False)
        counts = drawn.value_counts(dropna=False).reindex(shares.index, fill_value=0)
        if len(shares) > 1:
            deviations = (counts - n * shares) / np.sqrt(n * shares * (1 - shares))
            found.append(deviations.abs().max())
    return float(max(found)) if found else None
