"""What a report is about: the rows of each set, and what was found of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from inspect import signature
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import resample
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skgan._validation import check_stream
from skgan.augmentation import takes_labels
from skgan.frames import as_rows, frame_library, with_columns
from skgan.metrics import (
    AttackPower,
    CopyingWarning,
    Diagnosis,
    Finding,
    ReferenceSpace,
    diagnose,
    membership_attacks,
)
from skgan.metrics.diagnosis import MIN_ROWS, NOT_JUDGED, advise, judge_attacks
from skgan.samplers import DiagnosisMixin

_LABEL = "label"  # what labels without a name are called
_MAX_TRAIN = 20_000
_MAX_SEED = 2**31 - 1
# Of more held-out rows no more are compared by columns.
_MAX_BY_COLUMNS = 50_000
# As the scorers in `skgan.metrics.SCORERS` draw.
_SCORER_SEED = 0
# All pairs of more columns take too long.
_MAX_PAIRED = 60
# Attacks that take little time, and rows that they and all attacks are run on.
_FAST_ATTACKS = (
    "distance",
    "relative_distance",
    "calibrated_distance",
    "neighbor_ratio",
    "domias_kernels",
)
_MAX_FAST, _MAX_ATTACKED = 1000, 2000


@dataclass(frozen=True)
class Rows:
    """Rows of one set and, where they were given, their labels."""

    X: Any
    y: Any = None

    def __len__(self) -> int:
        return int(self.X.shape[0])

    def take(self, n: int, seed: int) -> Rows:
        """At most `n` of the rows, chosen at random, in random order."""
        chosen = resample(
            self.X,
            *(() if self.y is None else (self.y,)),
            replace=False,
            n_samples=min(n, len(self)),
            random_state=seed,
        )
        return Rows(*chosen) if self.y is not None else Rows(chosen)

    def without(self, names: list) -> Rows:
        """The rows without columns of these names; all of them if none is left."""
        kept = [name for name in getattr(self.X, "columns", ()) if name not in names]
        return Rows(self.X[kept], self.y) if kept and names else self

    @property
    def pair(self) -> Any:
        """The rows as `diagnose` takes them."""
        return self.X if self.y is None else (self.X, self.y)

    def columns(self) -> Any:
        """The rows with the labels of a table among its columns."""
        if self.y is None or frame_library(self.X) is None:
            return self.X
        return with_columns(self.X, _label_columns(self.y, list(self.X.columns)))


@dataclass(frozen=True)
class Evaluation:
    """A fitted sampler, its samples, the rows beside which they stand, and verdicts.

    Parameters
    ----------
    sampler : estimator
        Fitted, with a method ``sample``.
    holdout, synthetic : Rows
        The rows that are shown, at most as many as are judged.
    train : Rows or None
        Training rows, at most 20 000.
    diagnosis : Diagnosis
        What was found.
    n_given : dict of str to int
        How many rows of each set were given.
    seed : int
        What all else that is random starts from.
    real, drawn : Rows
        What is compared by columns: held-out rows, and as many samples, drawn as the
        scorers draw them, so that these give the same figures.
    powers : dict of str to AttackPower
        What attacks on membership achieve; empty where none could be run.
    attack_finding : Finding or None
        The worst of them in words.
    has_all_attacks : bool
        Whether all attacks were asked for, or the fast ones are run.
    """

    sampler: Any
    holdout: Rows
    synthetic: Rows
    train: Rows | None
    diagnosis: Diagnosis
    n_given: dict[str, int]
    seed: int
    real: Rows
    drawn: Rows
    powers: dict[str, AttackPower]
    attack_finding: Finding | None
    has_all_attacks: bool = False
    max_paired: int = _MAX_PAIRED

    @property
    def final_estimator(self) -> Any:
        """The sampler itself, where it stands in a pipeline."""
        final_estimator = self.sampler
        while isinstance(final_estimator, Pipeline):
            final_estimator = final_estimator[-1]
        return final_estimator

    @property
    def history(self) -> Any:
        """Epochs of the fit; None where there are none."""
        return getattr(self.final_estimator, "history_", None)

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """Shape of an image, its channels last; None of other rows."""
        if frame_library(self.holdout.X) is not None:
            return None
        shape: tuple[int, ...] = self.holdout.X.shape[1:]
        if len(shape) == 1:  # images may have come flat
            encoder = getattr(self.final_estimator, "encoder_", None)
            stated = getattr(encoder, "shape", None)
            if self.final_estimator is self.sampler and isinstance(
                stated, tuple | list
            ):
                shape = tuple(stated)
        if len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4)):
            return shape
        return None

    def images(self, rows: Rows) -> np.ndarray:
        """Rows of images in their shape."""
        return np.asarray(rows.X).reshape(len(rows), *(self.image_shape or ()))

    def make_space(self) -> ReferenceSpace:
        """Where distances are taken, as in the diagnosis."""
        known = getattr(self.sampler, "_reference", None)
        if known is not None:
            return known
        return ReferenceSpace().fit((self.train or self.holdout).X)


def evaluate(
    sampler,
    X_holdout,
    X_train,
    y_holdout,
    y_train,
    max_samples,
    random_state,
    attacks=False,
) -> Evaluation:
    """Draw samples and judge them.

    Raises
    ------
    TypeError
        If the sampler cannot sample, or draws no labels where some were given.
    ValueError
        If rows or labels do not fit to each other or to the sampler.
    """
    if isinstance(sampler, type) or not hasattr(sampler, "sample"):
        name = sampler.__name__ if isinstance(sampler, type) else type(sampler).__name__
        raise TypeError(
            f"sampler is {name}, which draws no rows: give a fitted sampler, such as "
            "GANSampler().fit(X)."
        )
    check_is_fitted(sampler)
    holdout = _read("holdout", X_holdout, y_holdout, sampler)
    train = None if X_train is None else _read("train", X_train, y_train, sampler)
    if train is not None and (train.y is None) != (holdout.y is None):
        raise ValueError("Give both y_holdout and y_train, or neither.")
    if random_state is not None and not isinstance(random_state, Integral):
        rng = check_stream("random_state", random_state)
        random_state = int(rng.randint(_MAX_SEED))
    with warnings.catch_warnings():
        # Said once, by whoever makes the report, to whoever asked for it.
        warnings.simplefilter("ignore", CopyingWarning)
        judge = _judge_own if isinstance(sampler, DiagnosisMixin) else _judge_any
        diagnosis, synthetic, seed = judge(
            sampler, holdout, train, max_samples, random_state
        )
    # Identifiers are drawn fresh, and so are like none of the real rows.
    fresh = getattr(getattr(sampler, "encoder_", None), "identifiers_", [])
    holdout, synthetic = holdout.without(fresh), synthetic.without(fresh)
    train = None if train is None else train.without(fresh)
    real = holdout
    if len(real) > _MAX_BY_COLUMNS:
        real = real.take(_MAX_BY_COLUMNS, _SCORER_SEED)
    powers, finding = _attack(sampler, holdout, train, synthetic, seed, attacks)
    known = diagnosis.findings["membership_auc"]
    if finding is not None and known.verdict == NOT_JUDGED:
        powers, finding = {}, Finding("attacks", NOT_JUDGED, known.message)
    if finding is not None and attacks:
        diagnosis = Diagnosis([*diagnosis, finding], diagnosis.n_rows)
    n_given = {"held-out": len(holdout), "synthetic": len(synthetic)}
    n_given |= {} if train is None else {"training": len(train)}
    return Evaluation(
        sampler=sampler,
        holdout=holdout.take(max_samples, seed),
        synthetic=synthetic,
        train=None if train is None else train.take(_MAX_TRAIN, seed),
        diagnosis=diagnosis,
        n_given=n_given,
        seed=seed,
        real=real,
        drawn=_draw_as_scorers(sampler, real).without(fresh),
        powers=powers,
        attack_finding=finding,
        has_all_attacks=attacks,
    )


def _attack(
    sampler, holdout: Rows, train: Rows | None, synthetic: Rows, seed: int, attacks
) -> tuple[dict[str, AttackPower], Finding | None]:
    """Return what attacks achieve, and the worst in words; nothing of few rows."""
    if train is None or min(map(len, (holdout, train, synthetic))) < MIN_ROWS:
        return {}, None
    powers = membership_attacks(
        *(rows.columns() for rows in (train, holdout, synthetic)),
        attacks=None if attacks else _FAST_ATTACKS,
        max_samples=_MAX_ATTACKED if attacks else _MAX_FAST,
        random_state=seed,
    )
    final_estimator = sampler[-1] if isinstance(sampler, Pipeline) else sampler
    stage = getattr(final_estimator, "stage_", None)
    (finding,) = advise([judge_attacks(powers)], stage)
    return powers, finding


def _draw_as_scorers(sampler, real: Rows) -> Rows:
    """Draw as many rows as there are held-out ones, for their labels if they have."""
    takes_seed = "random_state" in signature(sampler.sample).parameters
    params = {"random_state": _SCORER_SEED} if takes_seed else {}
    if real.y is None:
        return _as_drawn(sampler.sample(len(real), **params), False)
    return _as_drawn(sampler.sample(y=real.y, **params), True)


def _read(name: str, X, y, sampler) -> Rows:
    X = as_rows(X)
    if not getattr(X, "shape", (0,))[0]:
        raise ValueError(f"X_{name} has no rows.")
    if y is None:
        return Rows(X)
    if not takes_labels(sampler):
        raise TypeError(
            f"y_{name}: {type(sampler).__name__} draws rows without labels; leave the "
            "labels out."
        )
    check_consistent_length(X, y)
    y = y if hasattr(y, "dtype") or hasattr(y, "columns") else np.asarray(y)
    return Rows(X, y)


def _judge_own(sampler, holdout: Rows, train: Rows | None, max_samples, random_state):
    """Ask the sampler, and draw the very rows that it judged."""
    labels = {}
    if holdout.y is not None:
        labels = {"y_holdout": holdout.y, "y_train": None if train is None else train.y}
    diagnosis = sampler.diagnose(
        holdout.X,
        None if train is None else train.X,
        max_samples=max_samples,
        random_state=random_state,
        **labels,
    )
    seed = sampler._diagnosis_seed(random_state)
    drawn = sampler._drawn_beside(holdout.pair, max_samples, seed)
    return diagnosis, _as_drawn(drawn, holdout.y is not None), seed


def _judge_any(sampler, holdout: Rows, train: Rows | None, max_samples, random_state):
    """Judge rows of a sampler that cannot do so itself."""
    seed = 0 if random_state is None else int(random_state)
    takes_seed = "random_state" in signature(sampler.sample).parameters
    params = {"random_state": seed} if takes_seed else {}
    if holdout.y is None:
        drawn = sampler.sample(max_samples, **params)
    else:
        asked = resample(
            holdout.y,
            replace=max_samples > len(holdout),
            n_samples=max_samples,
            random_state=seed,
        )
        drawn = sampler.sample(y=asked, **params)
    synthetic = _as_drawn(drawn, holdout.y is not None)
    final_estimator = sampler[-1] if isinstance(sampler, Pipeline) else sampler
    diagnosis = diagnose(
        holdout.pair,
        synthetic.pair,
        None if train is None else train.pair,
        history=getattr(final_estimator, "history_", None),
        stage=getattr(final_estimator, "stage_", None),
        max_samples=max_samples,
        random_state=seed,
    )
    return diagnosis, synthetic, seed


def _as_drawn(drawn: Any, has_labels: bool) -> Rows:
    """Rows as ``sample`` gave them; labels that nobody compares are left out."""
    X, y = drawn if isinstance(drawn, tuple) else (drawn, None)
    return Rows(as_rows(X), y if has_labels else None)


def _label_columns(y: Any, taken: list) -> dict[str, Any]:
    """Labels by names that no column has."""
    if hasattr(y, "columns"):
        named = {name: y[name] for name in y.columns}
    else:
        values = np.asarray(y)
        values = values.reshape(len(values), -1)
        name = getattr(y, "name", None) or _LABEL
        named = {name: values[:, 0]}
        if values.shape[1] > 1:
            named = {f"{name} {i}": column for i, column in enumerate(values.T)}
    return {
        f"{_LABEL} {name}" if name in taken else name: np.asarray(values)
        for name, values in named.items()
    }
