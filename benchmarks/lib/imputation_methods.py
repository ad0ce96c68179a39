"""Imputers that the benchmark compares, each by its draws and its best single guess."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.linear_model import BayesianRidge

from skgan import GANImputer, GANSampler

# Of draws, the truth's rank is first or last with a chance of one in ten.
N_DRAWS = 19
# Levels of a column up to which scikit-learn's imputers get an indicator of each.
MAX_INDICATORS = 10
# Rounds of boosted trees: more take minutes and change little.
BOOSTING_ROUNDS = 4
# Times that cells are drawn by a sampler that may draw them as missing.
GIVEN_ROUNDS = 6

METHODS = {
    "gan": "GANImputer",
    "given": "GANSampler(max_iter=0).sample(given=)",
    "simple": "SimpleImputer",
    "knn": "KNNImputer",
    "bayes": "IterativeImputer, BayesianRidge, sampled",
    "boosting": "IterativeImputer, HistGradientBoosting",
}


def impute(method, frame, seed, n_draws=N_DRAWS):
    """Return the best single guess and draws of a frame's missing cells.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    frame : DataFrame
        Numbers, and categories for levels, incomplete.
    seed : int
        Of the imputer.
    n_draws : int
        Completed frames of methods that draw.

    Returns
    -------
    guess : DataFrame
        Completed; means and modes where the method draws.
    draws : list of DataFrame
        Completed frames, one where the method does not draw.
    """
    if method == "gan":
        imputer = GANImputer(random_state=seed).fit(frame)
        draws = imputer.sample_imputations(frame, n_draws)
        return imputer.set_params(strategy="expected").transform(frame), draws
    if method == "given":
        draws = _draw_given(frame, seed, n_draws)
        return _best_of(frame, draws), draws
    numbers = Numbers(frame)
    if method == "bayes":
        model = IterativeImputer(
            BayesianRidge(), sample_posterior=True, random_state=seed
        ).fit(numbers.values)
        drawn = [model.transform(numbers.values) for _ in range(n_draws)]
        return numbers.back(np.mean(drawn, axis=0)), [numbers.back(z) for z in drawn]
    boosting = HistGradientBoostingRegressor(random_state=seed)
    model = {
        "simple": SimpleImputer(),
        "knn": KNNImputer(),
        "boosting": IterativeImputer(
            boosting, max_iter=BOOSTING_ROUNDS, random_state=seed
        ),
    }[method]
    guess = numbers.back(model.fit_transform(numbers.values))
    return guess, [guess]


def _draw_given(frame, seed, n_draws):
    """Draws of a sampler that is given what is there.

    It learns from the incomplete rows, and so draws missing cells, too: these are
    drawn again, given all that the round before drew. What is still missing after the
    last round gets any value of its column.
    """
    sampler = GANSampler(max_iter=0, random_state=seed).fit(frame)
    _ignore_misfits(sampler.prior_)
    rows = pd.concat([frame] * n_draws, ignore_index=True)
    for place in range(GIVEN_ROUNDS):
        is_open = rows.isna().any(axis=1).to_numpy()
        if not is_open.any():
            break
        part = rows[is_open]
        drawn = sampler.sample(len(part), given=part, random_state=seed + 1000 * place)
        rows = rows.fillna(drawn.set_axis(part.index))
    for name, column in rows.items():
        n_open = int(column.isna().sum())
        if n_open:
            present = column.dropna().sample(n_open, replace=True, random_state=seed)
            rows.loc[column.isna(), name] = present.to_numpy()
    n = len(frame)
    starts = range(0, n * n_draws, n)
    return [rows[start : start + n].reset_index(drop=True) for start in starts]


def _ignore_misfits(prior):
    """Have a prior draw rows whose given cells do not fit together, not refuse them."""
    strict = prior.sample_given

    def sample_given(values, is_given, rng, on_impossible="raise"):
        return strict(values, is_given, rng, on_impossible="relax")

    prior.sample_given = sample_given


def _best_of(frame, draws):
    """Means of numbers and modes of levels over draws."""
    best = {}
    for name, column in frame.items():
        drawn = np.stack([_plain(draw[name]) for draw in draws])
        if column.dtype != "category":
            best[name] = column.fillna(pd.Series(drawn.mean(axis=0)))
            continue
        counts = [
            (drawn == code).sum(axis=0) for code in range(len(column.cat.categories))
        ]
        codes = np.argmax(counts, axis=0)
        best[name] = pd.Series(pd.Categorical.from_codes(codes, dtype=column.dtype))
    return pd.DataFrame(best)


def _plain(column):
    return column.cat.codes if column.dtype == "category" else column


class Numbers:
    """A frame as numbers for imputers that know nothing else, and back.

    Numbers are standardised; levels get an indicator each, of which the largest
    counts on the way back, or, where there are many, their place by frequency.
    Numbers come back within the range seen, whole ones rounded.
    """

    def __init__(self, frame):
        self.frame = frame
        self.values = np.column_stack([self._forth(c) for _, c in frame.items()])

    def _forth(self, column):
        if column.dtype != "category":
            return ((column - column.mean()) / _deviation(column)).to_numpy()[:, None]
        codes = column.cat.codes.to_numpy().astype(float)
        n_levels = len(column.cat.categories)
        if n_levels <= MAX_INDICATORS:
            block = (codes[:, None] == np.arange(n_levels)).astype(float)
        else:
            places = np.argsort(_by_frequency(column))
            block = places[codes.astype(int)][:, None] / MAX_INDICATORS
        block[codes < 0] = np.nan
        return block

    def back(self, values):
        """Return the frame with its missing cells from imputed numbers."""
        filled, start = {}, 0
        for name, column in self.frame.items():
            width = 1
            if column.dtype != "category":
                new = values[:, start] * _deviation(column) + column.mean()
                if (column.dropna() % 1 == 0).all():
                    new = np.rint(new)
                new = pd.Series(new.clip(column.min(), column.max()), column.index)
                filled[name] = column.fillna(new)
            else:
                n_levels = len(column.cat.categories)
                if n_levels <= MAX_INDICATORS:
                    width = n_levels
                    new = values[:, start : start + width].argmax(axis=1)
                else:
                    place = np.rint(values[:, start] * MAX_INDICATORS)
                    place = place.clip(0, n_levels - 1).astype(int)
                    new = _by_frequency(column)[place]
                codes = column.cat.codes.to_numpy()
                codes = np.where(codes < 0, new, codes)
                filled[name] = pd.Categorical.from_codes(codes, dtype=column.dtype)
            start += width
        return pd.DataFrame(filled, index=self.frame.index)


def _by_frequency(column):
    """Codes of a column's levels, the most frequent first."""
    codes = column.cat.codes.to_numpy()
    counts = np.bincount(codes[codes >= 0], minlength=len(column.cat.categories))
    return np.argsort(-counts, kind="stable")


def _deviation(column):
    return column.std() or 1.0
