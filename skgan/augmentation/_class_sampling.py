"""A sampler of any kind: made ready, fitted to classes, asked for rows of each."""

from __future__ import annotations

from inspect import signature

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skgan._callback_tasks import (
    CallbackSupport,
    InnerFits,
    fit_untold,
    with_callbacks,
)
from skgan._estimator import VersionedEstimator, persistent
from skgan._messages import counted
from skgan.augmentation._sampling_strategy import class_sizes
from skgan.encoding import TableEncoder, find_identifiers
from skgan.frames import (
    cast_like,
    concatenate_rows,
    frame_library,
    take_rows,
    with_columns,
)
from skgan.samplers import ConditionalGANSampler

_MAX_SEED = 2**31 - 1
# Rows of all classes together from which the default's chains learn. On 11 900 rows of
# 20 columns all of them took 4.3 CPU s.
_DEFAULT_MAX_ROWS = 7000


def default_sampler(X, of_classes: bool):
    """Return what draws rows like those of `X` where no sampler is named.

    Of columns it is the chain of trees alone, of classes one for each: a classifier
    that is trained on them is as good as with adversarial training, at a fiftieth of
    the cost, and leaves that mix classes blur what tells them apart. Of many rows the
    chains of the largest classes learn from some.
    """
    if isinstance(X, np.ndarray | list) and np.ndim(X) > 2:
        return ConditionalGANSampler()
    chain = ConditionalGANSampler(max_iter=0, rejection=None, early_stopping=False)
    return SamplerPerClass(chain, None, _DEFAULT_MAX_ROWS) if of_classes else chain


def clone_and_seed(sampler, rng: np.random.RandomState, X, *, of_classes: bool):
    """Return an unfitted copy of a sampler, of None the default, with a seed.

    A fitted one within `FrozenEstimator` is returned as it is. `of_classes` says
    whether rows of classes, not of numbers, will be drawn.
    """
    if sampler is None:
        sampler = default_sampler(X, of_classes)
    if isinstance(sampler, type) or not all(
        hasattr(sampler, name) for name in ("fit", "sample")
    ):
        raise TypeError(
            "sampler must be an instance with the methods fit and sample, such as "
            f"ConditionalGANSampler() or GANSampler(), got {sampler!r}."
        )
    if isinstance(sampler, FrozenEstimator):
        return sampler
    if _is_fitted(sampler):
        raise ValueError(
            f"sampler={type(sampler).__name__} is fitted already. What it learnt "
            "would not be used: a copy is fitted to the training rows alone, since "
            "a sampler that has seen rows on which the estimator is judged leaks "
            "them. Pass an unfitted one, sklearn.base.clone(sampler). If it learnt "
            "from other rows and shall be used as it is, pass "
            "sklearn.frozen.FrozenEstimator(sampler)."
        )
    copy = clone(sampler)
    for name in _names_of(copy, "random_state", None):
        copy.set_params(**{name: int(rng.randint(_MAX_SEED))})
    return copy


def _names_of(sampler, parameter: str, value) -> list[str]:
    """Return where a parameter has a value, in the sampler or what it is made of."""
    found = [
        name
        for name, own in sampler.get_params().items()
        if name.rpartition("__")[2] == parameter
        and (own is value or (isinstance(own, str) and own == value))
    ]
    return sorted(found, key=lambda name: (name.count("__"), name))


def _is_fitted(sampler) -> bool:
    try:
        check_is_fitted(sampler)
        # An estimator with nothing to learn is never called unfitted.
        return get_tags(sampler).requires_fit
    except (NotFittedError, TypeError, AttributeError):
        return False


def takes_labels(sampler) -> bool:
    """Whether ``sampler.sample`` has a parameter ``y``."""
    return "y" in signature(sampler.sample).parameters


def fit_to_classes(sampler, X, y: NDArray, wanted: list, fit=fit_untold):
    """Fit a sampler so that rows of the `wanted` classes can be drawn.

    One that takes no labels is fitted once a class, see `SamplerPerClass`. `fit` fits
    it, and may tell callbacks of that: `InnerFits.fit`.
    """
    if takes_labels(sampler):
        if not isinstance(sampler, FrozenEstimator):
            # Many small classes, numbered, would be taken for numbers.
            for name in _names_of(sampler, "y_kind", "auto"):
                sampler.set_params(**{name: "classes"})
        if isinstance(sampler, SamplerPerClass):
            sampler.set_params(classes=wanted)
        return fit("fit-sampler", sampler, X, y)
    if isinstance(sampler, FrozenEstimator):
        raise TypeError(
            f"{type(sampler.estimator).__name__} draws rows without a class, so a "
            "fitted one cannot be asked for rows of a class. Pass it unfitted, and "
            "one copy is fitted to each class, or pass a fitted "
            "ConditionalGANSampler."
        )
    return fit("fit-sampler", SamplerPerClass(sampler, wanted), X, y)


@persistent(rebuilt=("_skl_callbacks",))
class SamplerPerClass(CallbackSupport, VersionedEstimator):
    """One copy of a sampler for each class.

    Parameters
    ----------
    sampler : object
        Cloned for each class; its ``sample`` returns rows or a tuple whose first
        item is rows. One that takes labels is told the one that its rows have.
    classes : list or None
        Classes to fit; None is all.
    max_rows : int or None, default=None
        Rows on which all copies are fitted together. Of more, the largest classes
        have as many each as that leaves them, chosen by the sampler's `random_state`.

    Attributes
    ----------
    samplers_ : dict
        Class to fitted sampler.
    class_counts_ : dict
        Class to training rows, of those fitted.
    """

    # Older files do not hold it.
    max_rows: int | None = None

    def __init__(self, sampler, classes, max_rows=None):
        self.sampler = sampler
        self.classes = classes
        self.max_rows = max_rows

    @with_callbacks
    def fit(self, X, y):
        """Fit each copy to the rows of its class."""
        sizes = class_sizes(y)
        names = list(sizes) if self.classes is None else self.classes
        self.class_counts_ = {name: sizes[name] for name in names}
        fits = InnerFits(self, len(names), X, y)
        self.samplers_ = {
            name: self._fit_class(X, y, name, lines, fits)
            for name, lines in self._lines_of(names, y).items()
        }
        fits.finish()
        return self

    def _lines_of(self, names: list, y: NDArray) -> dict:
        """Return the places of the rows from which each class is learnt."""
        lines = {name: np.flatnonzero(y == name) for name in names}
        if self.max_rows is None:
            return lines
        sizes = np.array([len(found) for found in lines.values()])
        if sizes.sum() <= self.max_rows:
            return lines
        most = largest_size(sizes, self.max_rows)
        rng = np.random.RandomState(self.sampler.random_state)
        return {
            name: np.sort(rng.permutation(found)[:most])
            for name, found in lines.items()
        }

    def _fit_class(self, X, y: NDArray, name, lines: NDArray, fits: InnerFits):
        """Return a copy that was fitted to the rows of a class."""
        sampler = clone(self.sampler)
        if takes_labels(sampler):
            # Of a single row it can learn to repeat it.
            lines = np.resize(lines, max(len(lines), 2))
            return fits.fit(f"fit-{name}", sampler, take_rows(X, lines), y[lines])
        if len(lines) < 2:
            raise ValueError(
                f"Class {name!r} has 1 row, from which "
                f"{type(self.sampler).__name__} cannot learn. Drop the class, "
                "leave it out of sampling_strategy (a dict class -> rows), or "
                "use a sampler that learns all classes together, such as "
                "ConditionalGANSampler."
            )
        return fits.fit(f"fit-{name}", sampler, take_rows(X, lines))

    def sample(self, n_samples=1, *, y=None, random_state=None):
        """Draw one row of each class in `y`, in their order; None is as they came."""
        rng = np.random.RandomState(random_state)
        if y is None:
            counts = np.array(list(self.class_counts_.values()))
            lines = rng.choice(len(counts), n_samples, p=counts / counts.sum())
            y = np.array(list(self.class_counts_))[lines]
        y = np.asarray(y)
        unknown = set(np.unique(y).tolist()) - set(self.samplers_)
        if unknown or not len(y):
            raise ValueError(
                f"y must hold at least one class, of {list(self.samplers_)}, which "
                f"have a sampler; got {sorted(unknown, key=str)}."
            )
        if n_samples not in (1, len(y)):
            raise ValueError(
                f"y has {counted(len(y), 'label')} for n_samples={n_samples}."
            )
        parts, lines = [], []
        for name, n in class_sizes(y).items():
            drawn = draw(self.samplers_[name], n, rng)
            parts.append(drawn[0] if isinstance(drawn, tuple) else drawn)
            lines.append(np.flatnonzero(y == name))
        order = np.argsort(np.concatenate(lines))
        return take_rows(concatenate_rows(parts), order), y


def largest_size(sizes: NDArray, total: int) -> int:
    """Return the size to which groups are cut so that they have `total` rows at most.

    It is 2 at least, whatever the total.
    """
    sizes = np.sort(sizes)
    # If those from one on are cut, this much is left for each of them.
    left = total - np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shares = left // np.arange(len(sizes), 0, -1)
    return max(int(shares[shares < sizes][0]), 2)


def draw(sampler, n: int, rng: np.random.RandomState, **wanted):
    """Return what ``sampler.sample`` returns, seeded if it takes a seed."""
    if "random_state" in signature(sampler.sample).parameters:
        wanted["random_state"] = int(rng.randint(_MAX_SEED))
    return sampler.sample(n, **wanted)


def draw_classes(sampler, X, labels: NDArray, rng: np.random.RandomState):
    """Draw one row of each label, in the container and dtypes of `X`."""
    drawn = draw(sampler, len(labels), rng, y=labels)
    new = cast_like(drawn[0] if isinstance(drawn, tuple) else drawn, X)
    check_length(sampler, new, len(labels))
    return new


def draw_pairs(sampler, X, y: NDArray, n: int, rng: np.random.RandomState):
    """Draw `n` rows with their targets, in the containers and dtypes of `X` and `y`."""
    drawn = draw(sampler, n, rng)
    if not isinstance(drawn, tuple) or len(drawn) != 2:
        raise TypeError(
            f"{type(sampler).__name__}.sample must return (X, y), got a "
            f"{type(drawn).__name__}."
        )
    new, targets = cast_like(drawn[0], X), np.asarray(drawn[1])
    check_length(sampler, new, n)
    return new, cast_like(targets.reshape(n, *y.shape[1:]), y)


def renew_identifiers(new, X, rng: np.random.RandomState):
    """Give drawn rows identifiers of their own where rows of `X` have some.

    A sampler of one class sees too few rows to find them, and not those of others.
    """
    names = [] if frame_library(X) is None else find_identifiers(X)
    names = [name for name in names if name in list(new.columns)]
    if not names:
        return new
    try:
        encoder = TableEncoder(identifiers=names).fit(X[names])
    except ValueError:
        # No fresh ones can be drawn, of which the sampler has told.
        return new
    renewed = encoder.renew_identifiers(new[names], int(rng.randint(_MAX_SEED)), 0)
    columns = {name: renewed[name].to_numpy() for name in names}
    return cast_like(with_columns(new, columns), X)


def check_length(sampler, rows, n: int) -> None:
    """Raise unless there are `n` rows."""
    if len(rows) != n:
        raise ValueError(
            f"{type(sampler).__name__} returned {counted(len(rows), 'row')} where "
            f"{n} were asked for."
        )
